"""A composite index: sub-indicators brought to one scale and weighed, and what its ranks owe to the weights.

A part that is not known is not made up: the index is withheld and names it. Weights that nobody published are ours,
and are said to be; how much the order rests on them is drawn, not argued.

Source  OECD/JRC, Handbook on Constructing Composite Indicators (2008), steps 5-7, DOI 10.1787/9789264043466-en
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from luban.core.errors import InputError
from luban.understand.quality.data import Floats

__all__ = ["Composite", "Part", "RankRange", "Score", "Sensitivity", "composite", "sensitivity"]

_FLOOR = 0.01


class Part(Protocol):
    """A sub-indicator (`luban.norms.plans.Part` is one).

    weight     its share, more than 0; weights need not sum up to 1
    low, high  the levels that get no and full marks; low above high where less is better
    """

    @property
    def id(self) -> str:
        """Its id."""
        ...

    @property
    def weight(self) -> float:
        """Its weight."""
        ...

    @property
    def low(self) -> float:
        """What gets no marks."""
        ...

    @property
    def high(self) -> float:
        """What gets full marks."""
        ...


@dataclass(frozen=True, slots=True)
class Score:
    """The index of one unit.

    value    on the scale; None = withheld
    missing  parts that are not known
    marks    part → 0 … 1
    """

    value: float | None
    missing: tuple[str, ...]
    marks: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Composite:
    """The index of every unit. scale: what no and full marks give."""

    scores: Mapping[str, Score]
    scale: tuple[float, float]


@dataclass(frozen=True, slots=True)
class RankRange:
    """Ranks of one unit over many drawn weights.

    rank              with the weights as they are
    middle, low, high median, 5 % and 95 % of the drawn ranks
    first             share of draws in which it is first, 0 … 1
    variants          method → rank: equal weights, geometric mean, without <part>
    """

    rank: int
    middle: float
    low: float
    high: float
    first: float
    variants: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """What ranks owe to the weights.

    ranks     unit → its ranks; units whose index is withheld are not there
    draws     weights drawn
    spread    each weight was drawn within ± this share of itself
    shift     mean change of rank over draws and units [ranks]
    """

    ranks: Mapping[str, RankRange]
    draws: int
    spread: float
    shift: float


def composite(
    values: Mapping[str, Mapping[str, float | None]], parts: Sequence[Part], *, scale: tuple[float, float] = (60, 100)
) -> Composite:
    """The index of each unit: weighted mean of marks between the anchors, brought to the scale.

    values   unit → part → value; None or not there = not known
    Raises   InputError: no parts, a weight or anchors that are none
    Example  composite({"a": {"q": 5.0}}, [part]).scores["a"].value == 80.0 with anchors 0 and 10
    """
    weights = _weights(parts)
    scores = {}
    for unit, known in values.items():
        marks = {one.id: _mark(float(value), one) for one in parts
                 if (value := known.get(one.id)) is not None and np.isfinite(value)}  # fmt: skip
        missing = tuple(one.id for one in parts if one.id not in marks)
        share = float(weights @ [marks[one.id] for one in parts]) if not missing else None
        index = None if share is None else scale[0] + (scale[1] - scale[0]) * share
        scores[unit] = Score(index, missing, marks)
    return Composite(scores, scale)


def sensitivity(
    values: Mapping[str, Mapping[str, float | None]], parts: Sequence[Part], *, draws: int = 1000, spread: float = 0.5,
    seed: int = 1,
) -> Sensitivity:  # fmt: skip
    """How much the order of units rests on the weights.

    spread   each weight is drawn evenly within ± this share of itself, then all are brought to sum up to 1; 0 … 1
    Raises   InputError: as `composite`; fewer than two units with an index
    """
    if not 0 < spread <= 1 or draws < 1:
        raise InputError("no such draw", came=f"{draws} draws of ± {spread:g}", expected="1 or more, 0 < spread ≤ 1")
    scores = composite(values, parts).scores
    units = [unit for unit, one in scores.items() if one.value is not None]
    if len(units) < 2:
        raise InputError("an order needs two units", came=f"{len(units)} with an index",
                         hint="the index is withheld where a part is not known")  # fmt: skip
    marks = np.array([[scores[unit].marks[one.id] for one in parts] for unit in units])
    weights = _weights(parts)
    drawn = weights * np.random.default_rng(seed).uniform(1 - spread, 1 + spread, (draws, weights.size))
    ranks = np.array([_ranks(marks @ (one / one.sum())) for one in drawn])
    own = _ranks(marks @ weights)
    others = {name: _ranks(score) for name, score in _variants(marks, weights, parts)}
    low, high = np.quantile(ranks, (0.05, 0.95), axis=0)
    found = {
        unit: RankRange(int(own[at]), float(np.median(ranks[:, at])), float(low[at]), float(high[at]),
                        float((ranks[:, at] == 1).mean()), {name: int(one[at]) for name, one in others.items()})
        for at, unit in enumerate(units)
    }  # fmt: skip
    return Sensitivity(found, draws, spread, float(np.abs(ranks - own).mean()))


def _weights(parts: Sequence[Part]) -> Floats:
    if not parts:
        raise InputError("an index needs parts")
    for one in parts:
        if not one.weight > 0 or not np.isfinite(one.low - one.high) or one.low == one.high:
            came = f"weight {one.weight:g}, anchors {one.low:g} … {one.high:g}"
            raise InputError("this part cannot be weighed", came=came, where=one.id,
                             expected="weight > 0, two different anchors")  # fmt: skip
    weights = np.array([one.weight for one in parts], dtype=np.float64)
    return np.asarray(weights / weights.sum())


def _mark(value: float, part: Part) -> float:
    return min(max((value - part.low) / (part.high - part.low), 0.0), 1.0)


def _ranks(scores: Floats) -> Floats:
    """1 = the highest; who is level shares the better rank."""
    return np.asarray(1 + (scores[None, :] > scores[:, None] + 1e-12).sum(1))


def _variants(marks: Floats, weights: Floats, parts: Sequence[Part]) -> list[tuple[str, Floats]]:
    found: list[tuple[str, Floats]] = [
        ("equal weights", marks.mean(1)),
        ("geometric mean", np.exp(np.log(np.maximum(marks, _FLOOR)) @ weights)),
    ]
    if len(parts) > 1:
        for at, one in enumerate(parts):
            rest = np.delete(weights, at)
            found.append((f"without {one.id}", np.delete(marks, at, axis=1) @ (rest / rest.sum())))
    return found
