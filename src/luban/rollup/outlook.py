"""All of a plan at a glance: each milestone with status, path, forecast and doubts; reports of others beside it.

Reads   series of the plan's indicators, or public series that stand near them    Writes  nothing
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from luban.core.errors import InputError
from luban.rollup.forecast import Forecast, forecast, indicator_forecast
from luban.rollup.points import Point, ordered
from luban.rollup.progress import Progress, assess, plan_progress, progress
from luban.rollup.public import Proxy, PublicData, lacking, proxies, proxy_levels, proxy_points, proxy_signals
from luban.rollup.reports import Beside, Report, beside, conflicts, populations
from luban.rollup.signals import Signal, series_signals

if TYPE_CHECKING:
    from luban.norms.plans import Indicator, Milestone, TargetPlan

__all__ = ["Line", "Outlook", "outlook", "public_outlook"]


@dataclass(frozen=True, slots=True)
class Line:
    """One milestone of one indicator, or of a proxy for it.

    proxy     the public series that stands near the indicator; None for the indicator itself
    points    in the indicator's own quantity; of a proxy for a level, the level
    progress  against the milestone. A proxy for a level is held against the same growth that the plan asks for
    ahead     what the trend makes of it, with the chance of meeting the milestone
    """

    indicator: Indicator
    milestone: Milestone
    points: tuple[Point, ...]
    progress: Progress
    ahead: Forecast
    proxy: Proxy | None = None

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json` and the REST service."""
        return {
            "indicator": self.indicator.id, "proxy": self.proxy.id if self.proxy else None, "unit": self.unit,
            "year": self.milestone.year, "points": [{"year": one.year, "value": one.value} for one in self.points],
            "progress": self.progress.as_dict(), "forecast": self.ahead.as_dict(),
        }  # fmt: skip

    @property
    def unit(self) -> str:
        """Unit of the values: the indicator's, or the proxy's where levels are shown."""
        return self.proxy.unit if self.proxy is not None and self.indicator.kind == "level" else self.indicator.unit


@dataclass(frozen=True, slots=True)
class Outlook:
    """A plan's lines, what is odd about their series, and what others reported.

    source   where the values come from
    economy  of public series; "" otherwise
    signals  with the indicator, proxy or file as place
    missing  proxies that cannot be computed → files that are not there
    unknown  series that are no indicator of the plan: left out
    """

    plan: TargetPlan
    source: str
    lines: tuple[Line, ...]
    signals: tuple[Signal, ...]
    reported: tuple[Beside, ...]
    economy: str = ""
    missing: Mapping[str, str] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json` and the REST service."""
        return {
            "plan": self.plan.id, "source": self.source, "economy": self.economy,
            "lines": [one.as_dict() for one in self.lines], "signals": [one.as_dict() for one in self.signals],
            "reported": [one.as_dict() for one in self.reported], "missing": dict(self.missing),
            "unknown": list(self.unknown),
        }  # fmt: skip


def outlook(
    points: Mapping[str, Sequence[Point]],
    plan: TargetPlan,
    *,
    source: str = "",
    until: int | None = None,
    reports: Sequence[Report] = (),
    growth: Mapping[str, float] | None = None,
    level: float = 0.8,
) -> Outlook:
    """The outlook of a plan by its own indicators.

    points   series by id, in the indicators' own quantity
    until    last year of the forecasts; each milestone's own year by default
    reports  of others, to stand beside
    growth   by id, a scenario in place of the trend (see `scenario.what_if`)
    """
    lines, signals = [], []
    unknown = tuple(sorted(set(points) - set(plan.indicators)))
    if points and len(unknown) == len(points):
        raise InputError("no indicator of the plan", came=", ".join(unknown), expected=", ".join(plan.indicators))
    for one in plan_progress(points, plan):
        rate = (growth or {}).get(one.indicator.id)
        lines.append(Line(one.indicator, one.milestone, one.points, one.progress,
                          _ahead(one.points, one.indicator, one.milestone, until, rate, level)))  # fmt: skip
    for name, series in points.items():
        signals += [replace(odd, place=name) for odd in series_signals(series)]
    return Outlook(plan, source, tuple(lines), (*signals, *conflicts(reports), *populations(reports)),
                   beside(reports, points, plan), unknown=unknown)  # fmt: skip


def public_outlook(
    data: PublicData,
    plan: TargetPlan,
    economy: str,
    *,
    until: int | None = None,
    reports: Sequence[Report] = (),
    level: float = 0.8,
) -> Outlook:
    """The outlook by public series that stand near the indicators; years that only repeat the last value do not count.

    economy  three letters of ISO 3166
    """
    lines: list[Line] = []
    signals: list[Signal] = []
    computed: dict[str, tuple[Point, ...]] = {}
    missing: dict[str, str] = {}
    for proxy in proxies(plan):
        if lack := lacking(data, proxy):
            missing[proxy.id] = ", ".join(lack)
            continue
        indicator = plan.indicators[proxy.indicator]
        signals += [replace(one, place=one.place or proxy.id) for one in proxy_signals(data, proxy, economy)]
        points = proxy_points(data, proxy, economy, indicator, carried=False)
        if not points and not proxy_levels(data, proxy, economy):
            continue
        if indicator.kind != "level" and points:
            computed.setdefault(indicator.id, points)
        targets = (one for one in indicator.milestones if one.role == "target")
        lines.extend(_by_proxy(proxy, points, indicator, one, until, level) for one in targets)
    return Outlook(plan, str(data.folder.name), tuple(lines), (*signals, *conflicts(reports), *populations(reports)),
                   beside(reports, computed, plan, nearby=computed), economy, missing)  # fmt: skip


def _ahead(
    points: Sequence[Point], indicator: Indicator, milestone: Milestone, until: int | None, growth: float | None,
    level: float,
) -> Forecast:  # fmt: skip
    if not points:
        return Forecast((), (), (), (), level, reason="no value is known")
    last = max(until or 0, milestone.year)
    if indicator.kind == "average growth":  # of a period: it says nothing of the years after
        last, until = milestone.year, None
    if max(one.year for one in points) >= milestone.year:
        last = until if until is not None and until > max(one.year for one in points) else milestone.year
    try:
        return indicator_forecast(points, indicator, milestone, until=last, growth=growth, level=level)
    except InputError as error:  # one series that cannot be must not hide the others
        return Forecast((), (), (), (), level, reason=error.message)


def _by_proxy(
    proxy: Proxy, points: tuple[Point, ...], indicator: Indicator, milestone: Milestone, until: int | None, level: float
) -> Line:
    if indicator.kind != "level":
        ahead = _ahead(points, indicator, milestone, until, None, level)
        return Line(indicator, milestone, points, progress(points, indicator, milestone), ahead, proxy)
    base_year, target = _same_growth(points, indicator, milestone)
    found = assess(points, target=target, target_year=None if target is None else milestone.year,
                   direction=proxy.direction, base_year=base_year)  # fmt: skip
    ahead = Forecast((), (), (), (), level, reason=found.reason or "no value is known")
    if points:
        last = max(until or 0, milestone.year)
        if points[-1].year >= last:
            ahead = replace(ahead, reason="the year is known already")
        else:
            try:
                ahead = forecast(points, last, target=target, target_year=None if target is None else milestone.year,
                                 direction=proxy.direction, level=level)  # fmt: skip
            except InputError as error:  # as in _ahead
                ahead = replace(ahead, reason=error.message)
    return Line(indicator, milestone, points, found, ahead, proxy)


def _same_growth(
    points: Sequence[Point], indicator: Indicator, milestone: Milestone
) -> tuple[int | None, float | None]:
    """Base year of the plan, and the proxy's value there times the growth that the plan asks of its indicator."""
    observed = indicator.observed
    if not observed or not observed[-1].value or milestone.value is None:
        return None, None
    base = next((one.value for one in ordered(points) if one.year == observed[-1].year), None)
    if base is None:
        return observed[-1].year, None
    return observed[-1].year, base * milestone.value / observed[-1].value
