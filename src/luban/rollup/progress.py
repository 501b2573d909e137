"""Is an indicator on its way? Growth so far against the growth that the target needs, and a word for it.

The ratio R of observed to required growth a year decides: reached, from 95 % on track, from 60 % acceleration needed,
from 0 limited, below 0 deterioration. Without a target, growth itself is held against 1.5 % and 0.5 % a year, both
lowered near a natural limit. Where a rate of growth has no meaning (zero, both signs, changes in points) the slope of
a straight line takes its place.

Reads   a series, a milestone    Writes  nothing
Source  Statistics Canada and Open SDG, Progress Measurement Methodology for the Sustainable Development Goals
        (open-sdg docs/progress-methodology.md); after Eurostat, Sustainable development in the European Union (2014)
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from luban.core.errors import InputError
from luban.rollup.points import Point, levels, ordered, reaches

if TYPE_CHECKING:
    from luban.norms.plans import Indicator, Milestone, TargetPlan

__all__ = ["STATUSES", "Progress", "Standing", "assess", "path", "plan_progress", "progress"]

STATUSES: Final = (
    "achieved", "on track", "acceleration needed", "limited progress", "deterioration", "not assessable", "qualitative",
)  # fmt: skip
"""Words for where an indicator stands, the best one first."""

_TRACK, _ENOUGH = 0.95, 0.60
_FAST, _SLOW, _FULL = 0.015, 0.005, 0.02
_SHRINK = 4.44  # of the published factor near a limit
_TINY = 0.001  # what the published method puts in place of a zero


@dataclass(frozen=True, slots=True)
class Progress:
    """Where an indicator stands.

    status              one of `STATUSES`
    ratio               R, observed over required change in the wanted direction [1]; None where there is none
    observed, required  change a year: growth [1], or slope [unit/year] for the straight line
    method              growth, linear, or rate (average growth against average growth)
    base, latest        the two points it is judged by
    target, target_year the milestone; None without one
    score               -5 … 5, as the published method counts
    coefficient         factor C that lowers the thresholds near a limit [1]; 1 elsewhere
    met                 whether the milestone was met in its year; None where that is not known (yet)
    between             status at the worse and at the better end of the latest value's interval
    gap                 latest value above (+) or below (-) the path, in the wanted direction [unit]
    reason              why nothing can be said
    notes               what a reader must know of the figures
    """

    status: str
    ratio: float | None = None
    observed: float | None = None
    required: float | None = None
    method: str = ""
    base: Point | None = None
    latest: Point | None = None
    target: float | None = None
    target_year: int | None = None
    score: float | None = None
    coefficient: float = 1.0
    met: bool | None = None
    between: tuple[str, str] = ("", "")
    gap: float | None = None
    reason: str = ""
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json` and the REST service; unknown figures are null."""
        return {key: _plain(value) for key, value in asdict(self).items()}


@dataclass(frozen=True, slots=True)
class Standing:
    """One milestone of one indicator of a plan, and where it stands."""

    indicator: Indicator
    milestone: Milestone
    points: tuple[Point, ...]
    progress: Progress


@dataclass(frozen=True, slots=True)
class _Ask:
    """A question as `assess` takes it, with the sign of what is wanted."""

    target: float | None
    target_year: int | None
    sign: int
    limit: float | None


def assess(
    points: Sequence[Point],
    *,
    target: float | None = None,
    target_year: int | None = None,
    direction: str = "up",
    base_year: int | None = None,
    method: str = "auto",
    limit: float | None = None,
) -> Progress:
    """Where a series stands against a target, or by its own growth without one.

    points     values in any order, one a year
    target     wanted value in `target_year`; None: judged by growth alone
    direction  up or down: where better lies
    base_year  counted from there, or from the first known year after it; the first known year by default
    method     auto: growth where every value has one sign, a straight line elsewhere; growth: as published to the
               letter, with 0.001 in place of a zero; linear; rate: the values are averages of growth since the base
    limit      natural limit in the wanted direction, 100 for a share; it counts only without a target, as published
    Raises     InputError for an unknown direction or method, a target without a year

    Example    >>> r = assess([Point(2015, 33), Point(2021, 55.3)], target=64, target_year=2025)
               >>> r.status, round(r.ratio, 2)
               ('on track', 1.31)
    """
    if direction not in ("up", "down"):
        raise InputError("no such direction", came=direction, expected="up, down")
    if method not in ("auto", "growth", "linear", "rate"):
        raise InputError("no such method", came=method, expected="auto, growth, linear, rate")
    if (target is None) != (target_year is None):
        raise InputError("a target has a value and a year", came=f"{target}, {target_year}")
    ask = _Ask(target, target_year, 1 if direction == "up" else -1, limit)
    series = [one for one in ordered(points) if base_year is None or one.year >= base_year]
    base, latest, notes = _ends(series, base_year, target_year)
    if base is None or latest is None:
        reason = _too_few(series, base_year, target_year)
        return Progress("not assessable", target=target, target_year=target_year, base=base, reason=reason, notes=notes)
    chosen, own = _method(method, base.value, latest.value, target)
    found = _judged(ask, base, latest, chosen)
    return Progress(
        found.status, found.ratio, found.observed, found.required, chosen, base, latest, target, target_year,
        found.score, _coefficient(base.value, ask), _met(ask, latest), _between(ask, base, latest, chosen),
        _ahead(ask, base, latest, chosen), found.reason, (*notes, *own),
    )  # fmt: skip


def progress(
    points: Sequence[Point], indicator: Indicator, milestone: Milestone | None, *, base_year: int | None = None
) -> Progress:
    """Where an indicator of a plan stands against one of its milestones.

    points     in the indicator's own quantity: levels, % cut, points of change, % a year of average growth
    milestone  None: judged by growth alone. A milestone without a number is qualitative: it is never scored
    base_year  the indicator's own; else the first known year
    """
    if milestone is None:
        limit = indicator.ceiling if indicator.direction == "up" and indicator.kind == "level" else None
        method = "linear" if indicator.kind == "change in points" else "auto"
        behind = levels(points, indicator)
        return assess(behind, direction=indicator.direction, base_year=base_year, limit=limit, method=method)
    if milestone.value is None:
        return Progress("qualitative", target_year=milestone.year, reason="the plan gives no number here")
    base = base_year if base_year is not None else indicator.base_year
    asked: dict[str, Any] = {"target": milestone.value, "target_year": milestone.year}
    if indicator.kind == "level":
        found = assess(points, direction=indicator.direction, base_year=base, **asked)
    elif indicator.kind == "change in points":
        found = assess(_from(points, base), direction="up", base_year=base, method="linear", **asked)
    elif indicator.kind == "average growth":
        first = (milestone.period[0] if milestone.period else milestone.year) - 1
        inside = [one for one in points if first < one.year <= milestone.year]
        found = assess(_from(inside, first), direction="up", base_year=first, method="rate", **asked)
    else:
        found = _cut(points, base, milestone)
    return _approximate(found, milestone)


def plan_progress(points: Mapping[str, Sequence[Point]], plan: TargetPlan) -> tuple[Standing, ...]:
    """Every milestone of every indicator of a plan, in the plan's order.

    points  series by id of the indicator; an indicator without one is not assessable, and that is said
    A level is counted from the last year that the plan itself prints as observed; where the series lacks that year,
    the printed value stands in, and that is said too.
    """
    standings = []
    for indicator in plan.indicators.values():
        series = ordered(points.get(indicator.id, ()), where=indicator.id)
        base, notes = indicator.base_year, tuple[str, ...]()
        observed = indicator.observed
        if indicator.kind == "level" and observed:
            printed = observed[-1]
            base = printed.year
            if series and base not in {one.year for one in series} and printed.value is not None:
                series = ordered((*series, Point(base, printed.value, source=plan.id)))
                notes = (f"the value of {base} is the plan's own",)
        for milestone in indicator.milestones:
            if milestone.role == "observed":
                continue
            found = progress(series, indicator, milestone, base_year=base if indicator.kind == "level" else None)
            standings.append(Standing(indicator, milestone, series, _noted(found, notes)))
    return tuple(standings)


def path(base: Point, target: float, target_year: int, method: str = "growth") -> tuple[Point, ...]:
    """What each year from the base to the target has to show: one rate of growth, or one straight line."""
    years = range(base.year, target_year + 1)
    return tuple(Point(year, _path(base, target, target_year, year, method)) for year in years)


# ---------------------------------------------------------------------------------------------------- how


@dataclass(frozen=True, slots=True)
class _Found:
    status: str
    ratio: float | None = None
    observed: float | None = None
    required: float | None = None
    score: float | None = None
    reason: str = ""


def _ends(
    series: Sequence[Point], base_year: int | None, target_year: int | None
) -> tuple[Point | None, Point | None, tuple[str, ...]]:
    """First and last point that count: the last one not after the target year, else the first one after it."""
    if not series:
        return None, None, ()
    base, notes = series[0], tuple[str, ...]()
    if base_year is not None and base.year != base_year:
        notes = (f"{base_year} is unknown: counted from {base.year}",)
    later = series[1:]
    if target_year is not None:
        inside = [one for one in later if one.year <= target_year]
        if not inside and later:
            return base, later[0], (*notes, f"{target_year} is unknown: {later[0].year} is taken")
        later = inside
    return base, later[-1] if later else None, notes


def _too_few(series: Sequence[Point], base_year: int | None, target_year: int | None) -> str:
    if not series:
        return "no value is known" if base_year is None else f"no value is known from {base_year} on"
    if target_year is not None and series[0].year >= target_year:
        return f"no value is known before {target_year}"
    return f"one value is known, of {series[0].year}: two are needed"


def _method(asked: str, base: float, latest: float, target: float | None) -> tuple[str, tuple[str, ...]]:
    values = [base, latest] if target is None else [base, latest, target]
    one_sign = all(value > 0 for value in values) or all(value < 0 for value in values)
    if asked != "auto":
        zero = asked == "growth" and (base == 0 or target == 0)
        return asked, ("a zero was counted as 0.001",) if zero else ()
    if one_sign:
        return "growth", ()
    return "linear", ("zero or both signs: a straight line in place of a rate of growth",)


def _judged(ask: _Ask, base: Point, latest: Point, method: str) -> _Found:
    if ask.target is None:
        return _by_growth(ask, base, latest, method)
    done = reaches(latest.value, ask.target, ask.sign)
    if method == "rate":
        done = done and ask.target_year is not None and latest.year >= ask.target_year
    target = ask.target or (_TINY if method == "growth" else 0.0)
    observed = _change(base.value, latest.value, latest.year - base.year, method)
    required = _change(base.value, target, (ask.target_year or 0) - base.year, method)
    if observed is None or required is None:
        status = "achieved" if done else "not assessable"
        return _Found(status, score=5.0 if done else None, reason="" if done else "values of both signs have no growth")
    flip = -1 if method == "growth" and base.value < 0 else 1
    if required == 0:
        if done:
            return _Found("achieved", None, observed, required, 5.0)
        return _Found("deterioration", None, observed, required, -5.0, "the base year had reached the target already")
    ratio = ask.sign * flip * observed / abs(required)
    score = 5.0 if done else _score(ratio)
    return _Found("achieved" if done else _word(ratio, _TRACK, _ENOUGH), ratio, observed, required, score)


def _by_growth(ask: _Ask, base: Point, latest: Point, method: str) -> _Found:
    observed = _change(base.value, latest.value, latest.year - base.year, method)
    if method != "growth" or observed is None:
        return _Found(
            "not assessable", observed=observed, reason="no target, and no rate of growth: no threshold holds"
        )
    wanted = ask.sign * (-1 if base.value < 0 else 1) * observed
    factor = _coefficient(base.value, ask)
    if wanted >= 0 and factor == 0:
        return _Found("on track", None, observed, None, 5.0)
    return _Found(_word(wanted, _FAST * factor, _SLOW * factor), None, observed, None, _free_score(wanted, factor))


def _change(first: float, last: float, years: int, method: str) -> float | None:
    """Growth a year [1], slope [unit/year], or the average growth itself; None where it has no meaning."""
    if years <= 0:
        return None
    if method == "linear":
        return (last - first) / years
    if method == "rate":
        return last
    ratio = last / (first or _TINY)
    return float(ratio ** (1 / years)) - 1 if ratio >= 0 else None


def _coefficient(base: float, ask: _Ask) -> float:
    """C of the published method: how far the base stands from the limit."""
    if ask.limit is None or ask.target is not None:
        return 1.0
    value, limit = abs(base), abs(ask.limit)
    if value >= 2 * limit:
        return 1.0
    return 1 - float(((value if value <= limit else 2 * limit - value) / limit) ** _SHRINK)


def _word(value: float, high: float, middle: float) -> str:
    if reaches(value, high):
        return "on track"
    if reaches(value, middle):
        return "acceleration needed"
    return "limited progress" if reaches(value, 0.0) else "deterioration"


def _score(ratio: float) -> float:
    """-60 % … 60 % → -5 … 0, 60 % … 130 % → 0 … 5."""
    return min(5 * (ratio - _ENOUGH) / 0.7, 5.0) if ratio >= _ENOUGH else max(2.5 * (ratio / _ENOUGH - 1), -5.0)


def _free_score(wanted: float, factor: float) -> float:
    """-2 % → -5, 0 → -2.5, 0.5 % → 0, 1.5 % → 2.5, 2 % → 5; the last three lowered by C."""
    if wanted < 0:
        return max(125 * wanted - 2.5, -5.0)
    rate = wanted / factor
    if rate < _SLOW:
        return 500 * rate - 2.5
    return 250 * rate - 1.25 if rate < _FAST else min(500 * rate - 5, 5.0)


def _met(ask: _Ask, latest: Point) -> bool | None:
    if ask.target is None or ask.target_year is None or latest.year != ask.target_year:
        return None
    return reaches(latest.value, ask.target, ask.sign)


def _between(ask: _Ask, base: Point, latest: Point, method: str) -> tuple[str, str]:
    if not (math.isfinite(latest.low) and math.isfinite(latest.high)):
        return ("", "")
    ends = (latest.low, latest.high) if ask.sign > 0 else (latest.high, latest.low)
    worse, better = (_judged(ask, base, Point(latest.year, value), method).status for value in ends)
    return worse, better


def _ahead(ask: _Ask, base: Point, latest: Point, method: str) -> float | None:
    if ask.target is None or ask.target_year is None or latest.year > ask.target_year:
        return None
    return ask.sign * (latest.value - _path(base, ask.target, ask.target_year, latest.year, method))


def _path(base: Point, target: float, target_year: int, year: int, method: str) -> float:
    share = (year - base.year) / (target_year - base.year) if target_year != base.year else 1.0
    if method == "rate":
        return target
    if method == "growth" and base.value and target / base.value > 0:
        return float(base.value * (target / base.value) ** share)
    return base.value + (target - base.value) * share


def _from(points: Sequence[Point], base_year: int | None) -> tuple[Point, ...]:
    """A change is zero in its base year, whether somebody wrote that down or not."""
    if not points or base_year is None or any(one.year == base_year for one in points):
        return tuple(points)
    return (*points, Point(base_year, 0.0))


def _cut(points: Sequence[Point], base: int | None, milestone: Milestone) -> Progress:
    """A cut of 18 % is growth from 100 to 82: judged there, told as a cut."""
    target = milestone.value
    if target is None or not target < 100:
        raise InputError("a cut is below 100 %", came=f"{target}")
    turned = [_turned(one) for one in _from(points, base)]
    found = assess(turned, target=100 - target, target_year=milestone.year, direction="down", base_year=base)
    base_point, latest = found.base and _turned(found.base), found.latest and _turned(found.latest)
    return replace(found, base=base_point, latest=latest, target=target)


def _turned(one: Point) -> Point:
    return Point(one.year, 100 - one.value, 100 - one.high, 100 - one.low, one.n, one.source, one.population)


def _approximate(found: Progress, milestone: Milestone) -> Progress:
    return _noted(found, ("the plan says: about",) if milestone.about else ())


def _noted(found: Progress, notes: tuple[str, ...]) -> Progress:
    return replace(found, notes=(*found.notes, *notes)) if notes else found


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
