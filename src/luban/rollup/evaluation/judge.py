"""The verdict on an act in a panel: effect with interval, and the same method where nothing happened.

A method earns belief only if it finds nothing where there is nothing: on units where nobody acted (placebo in space),
and at a date before the act (placebo in time). Where it finds an effect before there was one, the act cannot be judged.

Reads   a panel and a policy    Writes  nothing
Source  as of each method; A. Abadie, J. Econ. Lit. 59 (2021) 391-425, doi 10.1257/jel.20191450 (backdating, placebos)
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np

from luban.core.errors import InputError
from luban.rollup.evaluation.panel import Panel, Policy
from luban.rollup.evaluation.synthetic import LEAST_DONORS, LEAST_PERIODS, synthetic
from luban.understand.quality.data import Floats
from luban.verify.estimate import Estimate
from luban.verify.methods import by_interruption
from luban.verify.panel import LEAST_UNITS, by_units, parallel
from luban.verify.series import series

__all__ = ["LEAST_ALONE", "Course", "Evaluation", "Placebo", "differences", "evaluate", "fits", "interrupted"]

LEAST_ALONE: Final = (12, 4)
"""Periods before and after the act from which on a unit is judged by its own course."""

_DOUBT: Final = 0.05
_APART: Final = 0.01
_DRAWS: Final = 499
_BACK: Final = 2 / 3  # where in the time before the act the false date lies


@dataclass(frozen=True, slots=True)
class Placebo:
    """The method where nothing happened.

    at       false date (period), None in space
    effect   found there [unit], in space that of the act itself;  low, high  its interval
    p        probability of as large an effect by chance
    chance   effects on the units where nobody acted [unit]
    """

    at: int | None
    effect: float
    low: float
    high: float
    p: float
    chance: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Course:
    """Average of the units acted on, measured, and expected without the act [unit]; NaN: not known."""

    periods: tuple[int, ...]
    measured: tuple[float, ...]
    expected: tuple[float, ...]


@dataclass(frozen=True)
class Evaluation:
    """What an act brought.

    policy, unit        whose, in which unit
    method              that was taken, one of METHODS
    verdict             one of `luban.verify.VERDICTS`;  reasons  why, in sentences
    effect, low, high   measured less expected a period, on the average after the act [unit]; NaN where there is none
    level               of the interval: lower than asked for where few units were there to compare with
    bound               the effect is smaller than this [unit]
    p                   probability of as large an effect by chance alone
    before, after, expected   of the units acted on [unit];  n_before, n_after  periods, or units for `differences`
    weights             unit where nobody acted → its share in the mixture [1], largest first
    space, time         placebos; None where they cannot be had
    left_out            unit → why
    """

    policy: Policy
    unit: str
    method: str
    verdict: str
    reasons: tuple[str, ...] = ()
    effect: float = math.nan
    low: float = math.nan
    high: float = math.nan
    level: float = 0.95
    bound: float = math.nan
    p: float = math.nan
    before: float = math.nan
    after: float = math.nan
    expected: float = math.nan
    n_before: int = 0
    n_after: int = 0
    weights: tuple[tuple[str, float], ...] = ()
    space: Placebo | None = None
    time: Placebo | None = None
    left_out: tuple[tuple[str, str], ...] = ()
    course: Course | None = field(default=None, repr=False)

    @property
    def judged(self) -> bool:
        """Whether there is an effect with an interval that may be believed."""
        return self.verdict in ("helped", "no effect", "made worse")

    def as_dict(self) -> dict[str, Any]:
        """For `--json`, the book and a bundle; what is not known is None."""
        found: dict[str, Any] = {name: getattr(self, name) for name in self.__dataclass_fields__}
        found["policy"] = self.policy.as_dict()
        for name in ("space", "time", "course"):
            own = found[name]
            found[name] = None if own is None else {one: getattr(own, one) for one in own.__slots__}
        plain: dict[str, Any] = _plain(found)
        return plain


def evaluate(panel: Panel, policy: Policy) -> Evaluation:
    """What an act brought, by the method asked for or by the one that the panel allows.

    Raises   InputError: a unit acted on that is not in the panel, a date outside it
    Example  evaluate(panel, Policy("water", "quotas", "I11", ("CN/13",), 2016, wish=1)).verdict
    """
    own, others, act, periods, left_out = _cut(panel, policy)
    names = [name for name in panel.units if name not in policy.treated and name not in dict(left_out)]
    keep = [at for at, course in enumerate(others) if np.isfinite(course).all()]
    dropped = [(name, "a period is not known") for at, name in enumerate(names) if at not in keep]
    made = Evaluation(policy, panel.unit, policy.method, "not evaluable", level=policy.level,
                      left_out=tuple(sorted([*left_out, *dropped])))  # fmt: skip
    others, names = others[keep], [names[at] for at in keep]
    if act >= len(periods):
        return replace(made, verdict="unverified", reasons=("no period after the act is known",))
    method, lacks = _method(policy.method, own, len(others), act)
    if method == "interrupted" != policy.method:  # its own course needs every period, known or not
        own, _, act, periods, _ = _cut(panel, replace(policy, method="interrupted"))
    made = replace(made, method=method)
    if lacks:
        return replace(made, reasons=(lacks,))
    try:
        return _judged(made, own, others, names, act, periods)
    except InputError as error:
        return replace(made, reasons=(error.message,))


def fits(panel: Panel, policy: Policy) -> None:
    """Look whether an act can be looked for in a panel. Raises InputError as `evaluate`."""
    strange = [name for name in policy.treated if name not in panel.units]
    if strange:
        raise InputError("no such unit in the panel", came=", ".join(strange), where=policy.id,
                         expected=", ".join(panel.units[:12]))  # fmt: skip
    if policy.since <= panel.periods[0]:
        raise InputError("nothing is known of the time before the act", came=str(policy.since), where=policy.id,
                         expected=f"after {panel.periods[0]}")  # fmt: skip


def differences(treated: Floats, controls: Floats, act: int, *, level: float = 0.95, seed: int = 0) -> tuple[
    Estimate, tuple[float, ...]
]:  # fmt: skip
    """(the effect by `luban.verify.by_units`, effects of groups of units where nobody acted, drawn by chance).

    Raises   InputError as there
    """
    found = by_units(treated, controls, act, level=level)
    changes = np.nanmean(controls[:, act:], axis=1) - np.nanmean(controls[:, :act], axis=1)
    size = min(len(treated), len(controls) // 2)
    drawn = np.random.default_rng(seed)
    chance = []
    for _ in range(_DRAWS):
        order = drawn.permutation(len(controls))
        chance.append(float(changes[order[:size]].mean() - changes[order[size:]].mean()))
    return found, tuple(chance)


def interrupted(values: Floats, act: int, *, season: int = 0, level: float = 0.95) -> Estimate:
    """The effect on one course by itself: `luban.verify.methods.by_interruption` on numbered periods.

    values   one a period [unit]; NaN: not known
    Raises   InputError: too few periods
    """
    whole = series(list(range(len(values))), values, period=1)
    before, after = whole.between(None, act), whole.between(act, None)
    if len(before) < LEAST_ALONE[0] or len(after) < LEAST_ALONE[1]:
        raise InputError("too few periods for a course by itself", came=f"{len(before)} before, {len(after)} after",
                         expected=f"{LEAST_ALONE[0]} before, {LEAST_ALONE[1]} after")  # fmt: skip
    return by_interruption(before, after, season=season, level=level)


def _cut(panel: Panel, policy: Policy) -> tuple[Floats, Floats, int, tuple[int, ...], list[tuple[str, str]]]:
    """(units acted on, the others, periods before the act, periods, units left out).

    From the first to the last period in which all units acted on are known; in between, other methods than the course
    by itself leave out a period in which one of them is not.
    """
    fits(panel, policy)
    own = [at for at, name in enumerate(panel.units) if name in policy.treated]
    free = [at for at, name in enumerate(panel.units) if name not in policy.treated and name not in policy.spared]
    left_out = [(name, why) for name, why in policy.spared.items() if name in panel.units]
    known = np.isfinite(panel.values[own]).all(axis=0)
    inside = np.array([policy.until is None or one <= policy.until for one in panel.periods]) & known
    kept = np.flatnonzero(inside)
    if len(kept) and (policy.method == "interrupted" or not free):
        kept = np.arange(kept[0], kept[-1] + 1)
    periods = tuple(panel.periods[at] for at in kept)
    act = sum(one < policy.since for one in periods)
    return panel.values[own][:, kept], panel.values[free][:, kept], act, periods, left_out


def _method(asked: str, own: Floats, others: int, act: int) -> tuple[str, str]:
    """(method, why it cannot be)."""
    many = len(own) >= LEAST_UNITS and others >= LEAST_UNITS
    mixed = others >= LEAST_DONORS and act >= LEAST_PERIODS
    if asked == "auto":
        asked = "differences" if many else "synthetic" if mixed else "interrupted"
    if asked == "differences" and not many:
        return asked, f"{len(own)} units acted on and {others} others, {LEAST_UNITS} each are needed"
    if asked == "synthetic" and not mixed:
        said = f"{others} units to mix from and {act} periods before"
        return asked, f"{said}, {LEAST_DONORS} and {LEAST_PERIODS} are needed"
    return asked, ""


def _judged(
    made: Evaluation, own: Floats, others: Floats, names: Sequence[str], act: int, periods: tuple[int, ...]
) -> Evaluation:
    policy = made.policy
    found, space, weights, expected = _estimate(made.method, policy, own, others, names, act)
    time, why_not = _backdated(made.method, policy, own, others, act, periods)
    reasons = [why_not] if why_not else []
    if found.level < policy.level - 1e-9:
        said = f"{len(others)} units to compare with allow {found.level:.0%} at most"
        reasons.append(said)
    verdict = _verdict(found, policy.wish)
    if verdict == "no effect":
        reasons.append(f"no effect shown; it is smaller than {found.bound:.3g} {made.unit}".rstrip())
    if made.method == "differences" and act > 2:
        slope, chance = parallel(own, others, act)
        if chance < _APART:
            verdict = "not evaluable"
            reasons.append(f"both groups moved apart before the act already, by {slope:.3g} a period")
    if time is not None and time.p <= _DOUBT:
        verdict = "not evaluable"
        reasons.append(f"the method finds an effect in {time.at} too, before there was one")
    measured = _average(own)
    course = Course(periods, tuple(measured.tolist()), tuple(expected.tolist()))
    return replace(
        made, verdict=verdict, reasons=tuple(reasons), effect=found.effect, low=found.low, high=found.high,
        level=found.level, bound=found.bound, p=found.p, before=found.before, after=found.after,
        expected=found.expected, n_before=found.n_before, n_after=found.n_after, weights=weights, space=space,
        time=time, course=course,
    )  # fmt: skip


def _estimate(
    method: str, policy: Policy, own: Floats, others: Floats, names: Sequence[str], act: int
) -> tuple[Estimate, Placebo | None, tuple[tuple[str, float], ...], Floats]:
    """(effect, placebo in space, weights, expected course)."""
    if method == "synthetic":
        mixed = synthetic(own, others, act, level=policy.level)
        found = mixed.estimate
        chance = tuple(zip(names, mixed.effects.tolist(), strict=True))
        shares = mixed.weights.mean(axis=0)
        weights = sorted(
            ((n, float(w)) for n, w in zip(names, shares, strict=True) if w > 1e-6), key=lambda one: -one[1]
        )
        return (
            found,
            Placebo(None, found.effect, found.low, found.high, found.p, chance),
            tuple(weights),
            mixed.expected,
        )
    if method == "differences":
        found, drawn = differences(own, others, act, level=policy.level)
        p = (1 + sum(abs(one) >= abs(found.effect) for one in drawn)) / (len(drawn) + 1)
        group = np.nanmean(others, axis=0)
        expected = group - np.nanmean(group[:act]) + found.before
        changes = np.nanmean(others[:, act:], axis=1) - np.nanmean(others[:, :act], axis=1)
        chance = tuple(zip(names, (changes - changes.mean()).tolist(), strict=True))
        return found, Placebo(None, found.effect, found.low, found.high, p, chance), (), expected
    course = _average(own)
    found = interrupted(course, act, season=policy.season, level=policy.level)
    expected = np.full(len(course), math.nan)
    if found.course is not None:
        known = np.flatnonzero(np.isfinite(course))
        expected[known] = found.course.expected
    return found, None, (), expected


def _backdated(
    method: str, policy: Policy, own: Floats, others: Floats, act: int, periods: tuple[int, ...]
) -> tuple[Placebo | None, str]:
    """(the same method at a false date in the time before, why there is none)."""
    false = math.floor(act * _BACK)
    least = LEAST_PERIODS if method == "synthetic" else LEAST_ALONE[0] if method == "interrupted" else 2
    after = LEAST_ALONE[1] if method == "interrupted" else 1
    if false < least or act - false < after:
        return None, f"{act} periods before the act are too few for a false date among them"
    try:
        if method == "synthetic":
            found = synthetic(own[:, :act], others[:, :act], false, level=policy.level).estimate
        elif method == "differences":
            found = by_units(own[:, :act], others[:, :act], false, level=policy.level)
        else:
            found = interrupted(_average(own)[:act], false, season=policy.season, level=policy.level)
    except InputError as error:
        return None, error.message
    return Placebo(periods[false], found.effect, found.low, found.high, found.p), ""


def _average(units: Floats) -> Floats:
    """Average of the units in each period; NaN where one of them is not known: another mix is another figure."""
    average: Floats = units.mean(axis=0)
    return average


def _verdict(found: Estimate, wish: int) -> str:
    if found.low > 0 or found.high < 0:
        return "helped" if (found.effect > 0) == (wish > 0) else "made worse"
    return "no effect"


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value
