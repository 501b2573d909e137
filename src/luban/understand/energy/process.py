"""Process balances that close: measured streams of mass, energy or a substance, reconciled by weighted least squares.

Every unit takes in what it gives off. Measurements do not add up to that; the smallest changes, each in terms of its
own standard error, that make them do so are looked for. What is not measured follows where the balances give it, and
is called unknown where they do not.

Reads   streams between units, in memory    Writes  nothing
Source  S. Narasimhan, C. Jordache, Data Reconciliation and Gross Error Detection (2000), chapters 3 and 7;
        R. S. H. Mah, A. C. Tamhane, AIChE J. 28 (1982) 828-830, doi 10.1002/aic.690280519 (test of a measurement)
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from luban.core.errors import InputError
from luban.understand.quality.data import Floats

__all__ = ["Balanced", "BalancedStream", "Stream", "reconcile"]

_TINY = 1e-9


@dataclass(frozen=True)
class Stream:
    """A flow from one unit to another; "" is the world outside.

    value     measured [any unit of flow, the same for all]; None: not measured
    error     its standard error [same]; needed where there is a value
    contents  further quantities per unit of flow that balance too: heat [kWh/kg], a substance [kg/kg]
    """

    name: str
    source: str
    target: str
    value: float | None = None
    error: float = 0.0
    contents: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class BalancedStream:
    """One stream after the balance.

    value     reconciled [unit of flow]; NaN where nothing gives it
    error     its standard error now
    change    reconciled less measured; NaN without a measurement
    score     change over its own standard error; NaN where the measurement has nothing to be checked against
    """

    name: str
    value: float
    error: float
    change: float
    score: float


@dataclass(frozen=True)
class Balanced:
    """A process whose balances close.

    closure     largest remainder of a balance over its throughput [1], after
    before      the same for the measurements, over units whose streams are all measured [1]; NaN if none
    misfit      weighted sum of squared changes, `checks` its degrees of freedom, `p` its probability by chance
    suspects    measurements whose score is too large for chance (5 % over all of them), the largest first
    """

    streams: tuple[BalancedStream, ...]
    closure: float
    before: float
    misfit: float
    checks: int
    p: float
    suspects: tuple[str, ...]


def reconcile(streams: Sequence[Stream]) -> Balanced:
    """Make the balances of all units close.

    Raises   InputError: a stream from nowhere to nowhere, two of one name, a value without error, no unit at all
    Example  two meters on one pipe, 10 ± 1 and 12 ± 1, make 11 ± 0.7 of it
    """
    _checked(streams)
    balances = _balances(streams)
    free = _null(balances)
    measured = np.array([one.value is not None for one in streams])
    value = np.array([math.nan if one.value is None else one.value for one in streams])
    error = np.array([one.error if one.value is not None else math.nan for one in streams])
    seen = free[measured] / error[measured, None]
    inverse = np.linalg.pinv(seen, rcond=1e-10)
    x = free @ (inverse @ (value[measured] / error[measured]))
    cover = free @ inverse
    spread = np.sqrt((cover**2).sum(axis=1))
    known = np.linalg.norm(free @ (np.eye(free.shape[1]) - inverse @ seen), axis=1) < 1e-7
    x, spread = np.where(known, x, math.nan), np.where(known, spread, math.nan)
    change = x - value
    room = np.sqrt(np.maximum(error**2 - spread**2, 0.0))
    score = np.divide(change, room, out=np.full(len(x), math.nan), where=room > 1e-6 * np.nan_to_num(error, nan=1.0))
    checks = int(measured.sum() - np.linalg.matrix_rank(seen, tol=1e-9 * max(float(np.abs(seen).max()), _TINY)))
    misfit = float(np.nansum((change / error) ** 2))
    return Balanced(
        streams=tuple(
            BalancedStream(one.name, *map(float, row))
            for one, row in zip(streams, np.column_stack([x, spread, change, score]), strict=True)
        ),
        closure=_remainder(balances, x), before=_remainder(balances, value), misfit=misfit, checks=checks,
        p=_chance(misfit, checks), suspects=_suspects(streams, score),
    )  # fmt: skip


def _checked(streams: Sequence[Stream]) -> None:
    names = [one.name for one in streams]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError("two streams of one name", came=", ".join(twice))
    for one in streams:
        if not one.source and not one.target:
            raise InputError("a stream from nowhere to nowhere", where=one.name)
        if one.value is not None and not (math.isfinite(one.value) and one.error > 0):
            raise InputError("how good is the measurement?", came=f"{one.value} ± {one.error}", where=one.name,
                             expected="a standard error above zero")  # fmt: skip
    if not any(one.value is not None for one in streams):
        raise InputError("nothing is measured", came=f"{len(streams)} streams")


def _balances(streams: Sequence[Stream]) -> Floats:
    """In less out for each unit: of the flow, and of each content that all its streams state."""
    rows = []
    for unit in sorted({one for s in streams for one in (s.source, s.target) if one}):
        here = [s for s in streams if unit in {s.source, s.target}]
        signs = np.array([float(s.target == unit) - float(s.source == unit) for s in streams])
        rows.append(signs)
        rows.extend(
            signs * np.array([s.contents.get(content, 0.0) for s in streams])
            for content in sorted(set.intersection(*(set(s.contents) for s in here)))
        )
    return np.array(rows)


def _null(balances: Floats) -> Floats:
    """Directions in which streams may move while every balance closes."""
    _, sizes, turned = np.linalg.svd(balances / np.maximum(np.abs(balances).max(axis=1, keepdims=True), _TINY))
    out: Floats = turned[int((sizes > _TINY * sizes.max()).sum()) :].T
    if not out.shape[1]:
        raise InputError("only a process that stands still balances", hint="look at the contents of the streams")
    return out


def _remainder(balances: Floats, values: Floats) -> float:
    parts = balances * values
    whole = np.isfinite(np.where(balances != 0, parts, 0.0)).all(axis=1)
    if not whole.any():
        return math.nan
    parts = np.where(balances[whole] != 0, parts[whole], 0.0)
    return float((np.abs(parts.sum(axis=1)) / np.maximum(np.abs(parts).sum(axis=1) / 2, _TINY)).max())


def _chance(misfit: float, checks: int) -> float:
    from scipy.stats import chi2

    return float(chi2.sf(misfit, checks)) if checks else math.nan


def _suspects(streams: Sequence[Stream], score: Floats) -> tuple[str, ...]:
    from scipy.stats import norm

    tried = int(np.isfinite(score).sum())
    if not tried:
        return ()
    limit = float(norm.ppf(1 - 0.05 / 2 / tried))
    order = sorted(np.flatnonzero(np.abs(np.nan_to_num(score)) > limit), key=lambda at: -abs(float(score[at])))
    return tuple(streams[int(at)].name for at in order)
