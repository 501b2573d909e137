"""Run lengths by simulation: many charts side by side, each from its first point until it signals.

Every result states how many charts ran and its standard error. What can be solved is in `arl` and `arl_rules`; this is
for the rest (rules on values, moving averages of three and more) and to check the solved ones by a second way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from luban.core.errors import InputError
from luban.understand.quality.spc.arl_rules import Pattern, patterns

__all__ = [
    "RunLength",
    "counts_run_length",
    "cusum_run_length",
    "ewma_run_length",
    "individuals_range_run_length",
    "mewma_run_length",
    "moving_average_run_length",
    "rules_run_length",
    "t2_run_length",
]

_Numbers = NDArray[np.float64]
_State = dict[str, NDArray[Any]]
_Step = Callable[[_Numbers, _State, int], NDArray[np.bool_]]
_LONGEST = 200_000


@dataclass(frozen=True, slots=True)
class RunLength:
    """An average run length with its doubt.

    mean       points until the first signal
    error      standard error of the mean [points]
    deviation  standard deviation of a run [points]
    runs       charts that ran; all of them signalled
    """

    mean: float
    error: float
    deviation: float
    runs: int


def rules_run_length(
    rules: Sequence[str],
    shift: float = 0.0,
    *,
    width: float = 3.0,
    spread: float = 1.0,
    range_width: float | None = None,
    beside: float = 0.0,
    runs: int = 20_000,
    seed: int = 1,
) -> RunLength:
    """Run length of a chart with these rules; shift, width and spread in standard errors of the limits.

    range_width  upper limit of the moving range that is drawn beside single values; None: there is none
    beside       chance that a second, independent panel signals at a point

    Example  rules_run_length(["nelson_1"], 3.0, runs=2000).mean is near 2.0
    """
    wanted = patterns(rules, width)
    keys = [str(at) for at in range(len(wanted))]
    state: _State = {key: np.zeros((runs, _width(pattern))) for key, pattern in zip(keys, wanted, strict=True)}
    state["last"] = np.full(runs, np.nan)
    other = np.random.default_rng([seed, 1])

    def step(draw: _Numbers, own: _State, _point: int) -> NDArray[np.bool_]:
        fired = np.zeros(len(draw), bool)
        for key, pattern in zip(keys, wanted, strict=True):
            fired |= _fires(pattern, own[key], draw, own["last"])
        if range_width is not None:
            fired |= np.abs(draw - own["last"]) > range_width  # nan before the first point: no signal
        if beside:
            fired |= other.random(len(draw)) < beside
        own["last"][:] = draw
        return fired

    return _simulate(step, state, shift, spread, runs, seed)


def counts_run_length(
    kind: str,
    rate: float,
    rules: Sequence[str],
    *,
    centre: float,
    size: float = 1.0,
    width: float = 3.0,
    runs: int = 20_000,
    seed: int = 1,
) -> RunLength:
    """Run length of a chart of counts; the rules are those that counts have: limits, one side, trend, alternation.

    kind    p or np: binomial; c or u: Poisson
    rate    true share or true defects by unit of area; centre: the one that the limits rest on
    size    pieces, or area, of a subgroup
    Raises  InputError for another kind or a rule on zones
    """
    wanted = patterns(rules, width)
    if kind not in {"p", "np", "c", "u"} or any(p.kind in {"hug", "mixture"} or p.span > 1 for p in wanted):
        raise InputError("not a chart of counts, or not a rule for one", came=f"{kind}: {', '.join(rules)}")
    error = np.sqrt(centre * (1 - centre) / size if kind in {"p", "np"} else centre / size)
    keys = [str(at) for at in range(len(wanted))]
    state: _State = {key: np.zeros((runs, _width(pattern))) for key, pattern in zip(keys, wanted, strict=True)}
    state["last"] = np.full(runs, np.nan)

    def draw(random: np.random.Generator, active: int) -> _Numbers:
        found = random.binomial(int(size), rate, active) if kind in {"p", "np"} else random.poisson(rate * size, active)
        return np.asarray((found / size - centre) / error, np.float64)

    def step(drawn: _Numbers, own: _State, _point: int) -> NDArray[np.bool_]:
        fired = np.zeros(len(drawn), bool)
        for key, pattern in zip(keys, wanted, strict=True):
            fired |= _fires(pattern, own[key], drawn, own["last"])
        own["last"][:] = drawn
        return fired

    return _simulate(step, state, 0.0, 1.0, runs, seed, draw=draw)


def ewma_run_length(
    shift: float = 0.0, *, weight: float, width: float, growing: bool = True, runs: int = 20_000, seed: int = 1
) -> RunLength:
    """Run length of a two-sided EWMA; growing limits are what a drawn chart has."""
    edge = width * np.sqrt(weight / (2 - weight))

    def step(draw: _Numbers, own: _State, point: int) -> NDArray[np.bool_]:
        own["z"] += weight * (draw - own["z"])
        limit = edge * np.sqrt(1 - (1 - weight) ** (2 * point)) if growing else edge
        return np.asarray(np.abs(own["z"]) > limit)

    return _simulate(step, {"z": np.zeros(runs)}, shift, 1.0, runs, seed)


def cusum_run_length(
    shift: float = 0.0, *, reference: float, interval: float, head_start: float = 0.0, runs: int = 20_000, seed: int = 1
) -> RunLength:
    """Run length of a two-sided tabular CUSUM."""

    def step(draw: _Numbers, own: _State, _point: int) -> NDArray[np.bool_]:
        np.maximum(0.0, own["up"] + draw - reference, out=own["up"])
        np.maximum(0.0, own["down"] - draw - reference, out=own["down"])
        return np.asarray((own["up"] > interval) | (own["down"] > interval))

    state = {"up": np.full(runs, float(head_start)), "down": np.full(runs, float(head_start))}
    return _simulate(step, state, shift, 1.0, runs, seed)


def moving_average_run_length(
    shift: float = 0.0, *, span: int, width: float = 3.0, runs: int = 20_000, seed: int = 1
) -> RunLength:
    """Run length of a moving average of `span` subgroups, the first points with the wider limits of fewer subgroups."""
    if span < 1:
        raise InputError("a moving average has no span", came=str(span), expected="a whole number of 1 or more")

    def step(draw: _Numbers, own: _State, point: int) -> NDArray[np.bool_]:
        own["window"][:, point % span] = draw
        taken = min(point, span)
        return np.asarray(np.abs(own["window"].sum(axis=1)) > width * np.sqrt(taken))

    return _simulate(step, {"window": np.zeros((runs, span))}, shift, 1.0, runs, seed)


def individuals_range_run_length(
    shift: float = 0.0,
    *,
    width: float = 3.0,
    range_width: float = 3.6863,
    spread: float = 1.0,
    runs: int = 20_000,
    seed: int = 1,
) -> RunLength:
    """Run length of an individuals chart together with its moving range chart."""

    def step(draw: _Numbers, own: _State, point: int) -> NDArray[np.bool_]:
        out = np.abs(draw) > width
        if point > 1:
            out |= np.abs(draw - own["last"]) > range_width
        own["last"][:] = draw
        return out

    return _simulate(step, {"last": np.zeros(runs)}, shift, spread, runs, seed)


def t2_run_length(shift: float = 0.0, *, limit: float, variables: int, runs: int = 20_000, seed: int = 1) -> RunLength:
    """Run length of a T² chart with known mean and covariance; shift: length of the shift in standard units."""

    def step(draw: _Numbers, _own: _State, _point: int) -> NDArray[np.bool_]:
        return np.asarray((draw * draw).sum(axis=1) > limit)

    return _simulate(step, {}, shift, 1.0, runs, seed, variables)


def mewma_run_length(
    shift: float = 0.0, *, weight: float, limit: float, variables: int, growing: bool = False,
    runs: int = 20_000, seed: int = 1,
) -> RunLength:  # fmt: skip
    """Run length of a multivariate EWMA; shift: length of the shift in standard units."""
    steady = weight / (2 - weight)

    def step(draw: _Numbers, own: _State, point: int) -> NDArray[np.bool_]:
        own["z"] += weight * (draw - own["z"])
        variance = steady * (1 - (1 - weight) ** (2 * point)) if growing else steady
        return np.asarray((own["z"] * own["z"]).sum(axis=1) > limit * variance)

    return _simulate(step, {"z": np.zeros((runs, variables))}, shift, 1.0, runs, seed, variables)


def _simulate(
    step: _Step,
    state: _State,
    shift: float,
    spread: float,
    runs: int,
    seed: int,
    variables: int = 0,
    draw: Callable[[np.random.Generator, int], _Numbers] | None = None,
) -> RunLength:
    """Run every chart to its first signal; those that signalled leave."""
    if runs < 2:
        raise InputError("too few runs to tell an average", came=str(runs), expected="2 or more")
    random = np.random.default_rng(seed)
    lengths = np.empty(runs)
    done = point = 0
    active = runs
    while active:
        point += 1
        if point > _LONGEST:
            raise InputError("the chart does not signal", came=f"{active} of {runs} runs after {_LONGEST} points")
        if draw is not None:
            drawn = draw(random, active)
        elif variables:
            drawn = random.standard_normal((active, variables))
            drawn[:, 0] += shift
        else:
            drawn = shift + spread * random.standard_normal(active)
        fired = step(drawn, state, point)
        ended = int(np.count_nonzero(fired))
        if ended:
            lengths[done : done + ended] = point
            done, active = done + ended, active - ended
            state = {key: column[~fired] for key, column in state.items()}
    deviation = float(lengths.std(ddof=1))
    return RunLength(float(lengths.mean()), deviation / float(np.sqrt(runs)), deviation, runs)


def _width(pattern: Pattern) -> int:
    """How many numbers a pattern remembers: bits by side and age, or counters by side."""
    return 2 * pattern.span if pattern.kind == "beyond" else 2


def _fires(pattern: Pattern, own: NDArray[Any], draw: _Numbers, last: _Numbers) -> NDArray[np.bool_]:
    """Whether the pattern is complete at this point; `own` is carried on in place."""
    if pattern.kind == "beyond":
        span = pattern.span
        if span > 1:
            own[:, 1:] = own[:, :-1]
        own[:, 0], own[:, span] = draw > pattern.zone, draw < -pattern.zone
        return np.asarray((own[:, :span].sum(axis=1) >= pattern.count) | (own[:, span:].sum(axis=1) >= pattern.count))
    if pattern.kind in {"hug", "mixture"}:
        inside = np.abs(draw) < pattern.zone
        _count(own[:, 0], inside if pattern.kind == "hug" else ~inside)
        return np.asarray(own[:, 0] >= pattern.count)
    if pattern.kind == "side":
        _count(own[:, 0], draw > 0)
        _count(own[:, 1], draw < 0)
        return np.asarray(own.max(axis=1) >= pattern.count)
    rising, falling = draw > last, draw < last
    if pattern.kind == "trend":  # n points in a row have n - 1 steps
        _count(own[:, 0], rising)
        _count(own[:, 1], falling)
        return np.asarray(own.max(axis=1) >= pattern.count - 1)
    # alternate: own[:, 0] steps in a row that turned each time, own[:, 1] the direction of the last one
    turn = np.where(rising, 1, np.where(falling, -1, 0))
    own[:, 0] = np.where(turn == 0, 0, np.where(turn == -own[:, 1], own[:, 0] + 1, 1))
    own[:, 1] = turn
    return np.asarray(own[:, 0] >= pattern.count - 1)


def _count(run: NDArray[Any], grows: NDArray[np.bool_]) -> None:
    """A counter goes on where the condition holds and begins again where it does not."""
    run += 1
    run *= grows
