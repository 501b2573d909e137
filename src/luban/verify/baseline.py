"""A baseline: what is held against the time after an act, fixed before it.

It says what is measured, over which time, by which method, in which drivers, and the digest of the very facts. Chosen
once, it is not chosen anew when the result is known. A time that is too short, that drifts, shifts or is out of control
makes no baseline: it is kept all the same, with what is missing, and what rests on it is `not evaluable`.

Reads   a series of before an act    Writes  nothing itself: `record` puts it into the books
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from luban.core.errors import InputError
from luban.understand.quality.data import Floats
from luban.verify.methods import apart, drivers_fit, explained, sloped
from luban.verify.metric import METHODS, Metric
from luban.verify.season import find_season
from luban.verify.serial import fit_line
from luban.verify.series import Series
from luban.verify.stability import STRICT, strange, unstable

__all__ = ["LEAST_AFTER", "LEAST_BEFORE", "LEAST_KNOWN", "Baseline", "columns_of", "freeze"]

LEAST_BEFORE: Final = 20
"""Periods before the act from which on intervals hold; each further column of the fit asks for one more."""

LEAST_AFTER: Final = 8
"""Periods after the act from which on intervals hold."""

LEAST_KNOWN: Final = 0.7
"""Share of the periods before the act that must be known [1]."""

_PARALLEL = 0.01


@dataclass(frozen=True)
class Baseline:
    """A baseline as it was fixed.

    act, metric   what it is for
    method        one of METHODS
    start, end    its time [µs UTC]; end: the act
    period        distance of periods [µs];  count  periods in it
    drivers, controls, temperature, form, season  options of the method, fixed
    level         of confidence [1]
    model         coefficients and size of the noise by name
    digest        SHA-256 of the facts;  head  of the books when it was fixed;  fixed  when that was [µs UTC]
    source        where the facts come from (`measure`), for a new reading; None: given by hand
    lacks         why it is none, in sentences; empty: it is fit to judge by
    """

    act: str
    metric: Metric
    method: str
    start: int
    end: int
    period: int
    count: int
    drivers: tuple[str, ...] = ()
    controls: tuple[str, ...] = ()
    temperature: str = ""
    form: str = "auto"
    season: int = 0
    level: float = 0.95
    model: Mapping[str, float] = field(default_factory=dict)
    digest: str = ""
    head: int = 0
    fixed: int = 0
    source: Mapping[str, Any] | None = None
    lacks: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def usable(self) -> bool:
        """Whether anything may be judged by it."""
        return not self.lacks

    def as_dict(self) -> dict[str, Any]:
        """For the entry and `--json`."""
        found = {name: getattr(self, name) for name in self.__dataclass_fields__}
        for name in ("drivers", "controls", "lacks", "notes"):
            found[name] = list(found[name])
        return found | {"metric": self.metric.as_dict(), "model": dict(self.model)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Baseline:
        """From what `as_dict` gave. Raises InputError where it cannot be read."""
        try:
            fields = {name: data[name] for name in cls.__dataclass_fields__}
            for name in ("drivers", "controls", "lacks", "notes"):
                fields[name] = tuple(fields[name])
            return cls(**fields | {"metric": Metric(**data["metric"])})
        except (KeyError, TypeError) as error:
            raise InputError("a baseline cannot be read", came=str(error), where=str(data.get("act", ""))) from None


def freeze(
    before: Series,
    metric: Metric,
    *,
    act: str,
    end: int,
    method: str = "auto",
    temperature: str = "",
    form: str = "auto",
    season: int | None = None,
    level: float = 0.95,
    head: int = 0,
    fixed: int = 0,
    source: Mapping[str, Any] | None = None,
) -> Baseline:
    """Fix a baseline.

    before   the series; only periods that are over at `end` count
    end      when the act takes effect [µs UTC]
    method   one of METHODS but replications; auto: by what the series has (controls, exposure), and where the figure
             drifts without drivers, as an interrupted series
    season   periods a round; 0: none; None: looked for
    Raises   InputError: unknown method, a level outside 0.5 … 1
    Example  freeze(daily, Metric("scrap", "kg"), act="offset 12", end=moment).usable
    """
    if method not in (*METHODS, "auto") or method == "replications":
        raise InputError("no such method for a series", came=method, expected="auto, " + ", ".join(METHODS))
    if not 0.5 < level < 1:
        raise InputError("a level of confidence lies between 0.5 and 1", came=f"{level}")
    some = before.between(None, end - before.period + 1)
    chosen = _chosen(some, metric) if method == "auto" else method
    made = _made(some, metric, chosen, act, end, temperature, form, season, level)
    if method == "auto" and chosen == "regression" and not some.drivers and any("drift" in one for one in made.lacks):
        other = _made(some, metric, "interrupted", act, end, temperature, form, season, level)
        made = other if other.usable else made
    return replace(made, digest=some.digest(), head=head, fixed=fixed, source=source)


def columns_of(baseline: Baseline, before: Series) -> tuple[Floats, Floats]:
    """(values, columns) that the method fits to the periods before."""
    if baseline.method == "interrupted":
        return before.figures, sloped(before.at, int(before.at[0]), baseline.season)
    if baseline.method == "differences":
        return apart(before), explained(before, None, before, baseline.season)
    fitted = None
    if baseline.method == "regression" and before.drivers:
        fitted = drivers_fit(before, baseline.temperature, baseline.form)
    return before.figures, explained(before, fitted, before, baseline.season)


def _chosen(some: Series, metric: Metric) -> str:
    if some.controls:
        return "differences"
    if some.exposure is not None:
        return "share" if metric.unit in ("1", "%") and (some.values <= some.exposure).all() else "rate"
    return "regression"


def _made(
    some: Series, metric: Metric, method: str, act: str, end: int, temperature: str, form: str, season: int | None,
    level: float,
) -> Baseline:  # fmt: skip
    made = Baseline(
        act=act, metric=metric, method=method, start=int(some.times[0]) if len(some) else end, end=end,
        period=some.period, count=len(some), drivers=tuple(some.drivers), controls=tuple(some.controls),
        temperature=temperature, form=form, season=season or 0, level=level,
    )  # fmt: skip
    if lacks := _short(made, some):
        return replace(made, lacks=tuple(lacks))
    try:
        values, columns = columns_of(made, some)
        if season is None and method not in ("share", "rate"):
            made = replace(made, season=find_season(values, columns, some.at, some.period))
            values, columns = columns_of(made, some)
        more = columns.shape[1] - (2 if method == "interrupted" else 1)
        if len(some) < LEAST_BEFORE + more:
            return replace(made, lacks=(_few(len(some), LEAST_BEFORE + more),))
        line = fit_line(values, columns, some.at)
    except InputError as error:
        return replace(made, lacks=(": ".join(part for part in (error.message, error.came) if part),))
    lacks = unstable(some, values, columns, trend=method == "interrupted", strict=_strict(method))
    if method == "differences":
        lacks = [one.replace("the figure drifts", "the figure and its controls drift apart") for one in lacks]
    model = {f"coefficient {at + 1}": float(one) for at, one in enumerate(line.mean)}
    model |= {"standard deviation": line.size, "autocorrelation": line.rho}
    notes = tuple(strange(some, values, columns)) if not lacks else ()
    return replace(made, lacks=tuple(lacks), model=model, notes=notes)


def _strict(method: str) -> float:
    return _PARALLEL if method == "differences" else STRICT


def _short(made: Baseline, some: Series) -> list[str]:
    least = LEAST_BEFORE
    if len(some) < least:
        return [_few(len(some), least)]
    span = int(some.at[-1] - some.at[0]) + 1
    late = max(0, math.floor((made.end - int(some.times[-1])) / some.period) - 1)
    known = len(some) / (span + late)
    if known < LEAST_KNOWN:
        return [f"only {known:.0%} of the periods before the act are known, {LEAST_KNOWN:.0%} are needed"]
    if some.exposure is not None and not some.values.sum() > 0:
        return ["no event at all before the act: nothing to be better than"]
    return []


def _few(came: int, least: int) -> str:
    return f"{came} known periods before the act, {least} are needed"
