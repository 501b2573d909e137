"""A proposed change of a target, with its effect and its reasons: for people to decide, never done by itself.

Reads   the course of an indicator, its milestone, evaluations of acts    Writes  nothing
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final, Literal

from luban.norms.plans import Indicator, Milestone
from luban.rollup.evaluation.judge import Evaluation
from luban.rollup.forecast import Forecast, indicator_forecast
from luban.rollup.points import Point
from luban.rollup.progress import Progress, progress

__all__ = ["RULE", "Extension", "Proposal", "Rule", "propose"]

Kind = Literal["keep", "raise", "lower", "unknown"]


@dataclass(frozen=True, slots=True)
class Rule:
    """When a change is proposed, by the chance of meeting the target as it is [1].

    sure      from here on it asks for nothing more: raise it to what is met with the chance `ambitious`
    unlikely  up to here it guides nobody: lower it to what is met with the chance `even`
    """

    sure: float = 0.95
    unlikely: float = 0.20
    ambitious: float = 0.70
    even: float = 0.50


RULE: Final = Rule()
"""Own convention: a plan says that targets are adjusted where needed, not when."""


@dataclass(frozen=True, slots=True)
class Extension:
    """An act that helped, taken in all other units too: so much more [unit], by its effect where it was taken.

    untreated   share of the whole where it was not taken [1]
    overlaps    other acts that helped in some of the same units and years: each one's effect holds part of the other's
    """

    policy: str
    effect: float
    low: float
    high: float
    untreated: float
    overlaps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposed change of a target.

    old, new                   value of the milestone [unit]; the same for keep; NaN for unknown
    chance_old, chance_new     of meeting it [1]
    required_old, required_new   change a year that it asks for, as `Progress.required`;  observed  so far
    expected, low, high        at the milestone's year by the forecast, and its interval [unit]
    extensions                 what acts that helped would add elsewhere
    reasons                    in sentences
    """

    indicator: str
    year: int
    kind: Kind
    old: float
    new: float
    chance_old: float = math.nan
    chance_new: float = math.nan
    required_old: float = math.nan
    required_new: float = math.nan
    observed: float = math.nan
    expected: float = math.nan
    low: float = math.nan
    high: float = math.nan
    extensions: tuple[Extension, ...] = ()
    reasons: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """For `--json`, the book and a bundle; what is not known is None."""
        found: dict[str, Any] = {}
        for name in self.__dataclass_fields__:
            value = getattr(self, name)
            found[name] = None if isinstance(value, float) and not math.isfinite(value) else value
        found["extensions"] = [{name: getattr(one, name) for name in one.__slots__} for one in self.extensions]
        return found | {"reasons": list(self.reasons)}


def propose(
    points: Sequence[Point],
    indicator: Indicator,
    milestone: Milestone,
    *,
    evaluations: Sequence[tuple[Evaluation, float]] = (),
    rule: Rule = RULE,
) -> Proposal:
    """What to do with a target in the light of the course so far.

    points       the indicator's own values, one a year
    evaluations  of acts on this indicator, each with the share of the whole where it was not taken [1]
    Example      propose(points, plan.indicator("I08"), milestone_of_2025).kind
    """
    old = milestone.value
    if old is None:
        return Proposal(indicator.id, milestone.year, "unknown", math.nan, math.nan, reasons=("it has no number",))
    unknown = Proposal(indicator.id, milestone.year, "unknown", old, old, extensions=_extensions(evaluations))
    found = indicator_forecast(points, indicator, milestone)
    if found.reason or found.chance is None or milestone.year not in found.years:
        return replace(unknown, reasons=(found.reason or "no forecast reaches its year",))
    stand = progress(points, indicator, milestone)
    at = found.years.index(milestone.year)
    known = replace(
        unknown, kind="keep", chance_old=found.chance, chance_new=found.chance, expected=found.middle[at],
        low=found.low[at], high=found.high[at], required_old=_or_nan(stand.required),
        required_new=_or_nan(stand.required), observed=_or_nan(stand.observed), reasons=tuple(_why(found, stand, old)),
    )  # fmt: skip
    up = indicator.kind == "cut" or indicator.direction == "up"
    if found.chance >= rule.sure:
        return _moved(known, points, indicator, milestone, rule.ambitious, "raise", up=up)
    if found.chance <= rule.unlikely:
        return _moved(known, points, indicator, milestone, rule.even, "lower", up=up)
    return known


def _moved(
    known: Proposal, points: Sequence[Point], indicator: Indicator, milestone: Milestone, chance: float, kind: Kind, *,
    up: bool,
) -> Proposal:  # fmt: skip
    """The target moved to what is met with a chance, in as many decimals as it has."""
    level = abs(2 * chance - 1) or 1e-6
    wide = indicator_forecast(points, indicator, milestone, level=level)
    at = wide.years.index(milestone.year)
    far = (chance >= 0.5) == up  # a high chance lies at the end that is easier to reach
    exact = wide.low[at] if far else wide.high[at]
    new = _rounded(exact, known.old, up=up)
    harder = new > known.old if up else new < known.old
    if new == known.old or harder != (kind == "raise"):
        return known
    moved = replace(milestone, value=new)
    found, stand = indicator_forecast(points, indicator, moved), progress(points, indicator, moved)
    reasons = list(known.reasons)
    if kind == "lower" and known.extensions:
        reasons.append(_added(known.extensions))
    return replace(
        known, kind=kind, new=new, chance_new=_or_nan(found.chance), required_new=_or_nan(stand.required),
        reasons=tuple(reasons),
    )  # fmt: skip


def _why(found: Forecast, stand: Progress, old: float) -> list[str]:
    told = [f"by its course it is met with a chance of {found.chance:.0%}, {found.n} years known"]
    told.append(f"status: {stand.status}")
    at = found.years.index(found.target_year) if found.target_year in found.years else -1
    told.append(f"expected {found.middle[at]:.3g} ({found.low[at]:.3g} … {found.high[at]:.3g}), asked for {old:g}")
    if stand.ratio is not None:
        told.append(f"R = {stand.ratio:.2f}")
    return [*told, *found.notes, *stand.notes]


def _extensions(evaluations: Sequence[tuple[Evaluation, float]]) -> tuple[Extension, ...]:
    helped = [(one, rest) for one, rest in evaluations if one.verdict == "helped"]
    return tuple(
        Extension(one.policy.id, rest * one.effect, rest * one.low, rest * one.high, rest,
                  tuple(other.policy.id for other, _ in helped if other is not one and _overlap(one, other)))
        for one, rest in helped
    )  # fmt: skip


def _overlap(one: Evaluation, other: Evaluation) -> bool:
    """Whether two acts were in effect in a same unit in a same period."""
    a, b = one.policy, other.policy
    until = min(math.inf if own.until is None else own.until for own in (a, b))
    return not set(a.treated).isdisjoint(b.treated) and max(a.since, b.since) <= until


def _added(some: Sequence[Extension]) -> str:
    """What acts that helped would add: together only where none holds part of another's effect."""
    if not any(one.overlaps for one in some):
        more = math.fsum(one.effect for one in some)
        return f"what helped, taken everywhere, would add {more:+.3g}: weigh that before lowering it"
    each = ", ".join(f"{one.effect:+.3g} ({one.policy})" for one in some)
    mixed = ", ".join(one.policy for one in some if one.overlaps)
    return (
        f"what helped, taken everywhere, would add {each}, not to be added up, as {mixed} were in effect in the same "
        "places and years: weigh that before lowering it"
    )


def _rounded(value: float, like: float, *, up: bool) -> float:
    """In as many decimals as `like`, towards the side that is easier to reach."""
    step: float = 10.0 ** max(0, -int(Decimal(str(like)).normalize().as_tuple().exponent))
    return (math.floor(value * step) if up else math.ceil(value * step)) / step


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value
