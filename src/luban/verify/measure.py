"""From facts to a figure a period: which stream, whose, which column, and how it comes together.

Reads   Fact(any stream)    Writes  nothing
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

import narwhals as nw
import numpy as np

from luban.core.errors import InputError
from luban.core.time import DAY
from luban.ledger import Ledger, stream
from luban.understand.quality.data import Floats, Ints
from luban.verify.series import Series, series

__all__ = ["WAYS", "Measure", "series_of"]

WAYS: Final[Mapping[str, str]] = {
    "mean": "average of the facts in a period",
    "sum": "their sum",
    "number": "how many there are; none counts as 0 where the stream holds anything in that period",
    "share": "sum of a column over the sum of some",
}
"""How facts of a period come together."""


@dataclass(frozen=True, slots=True)
class Measure:
    """Where the values of a metric come from.

    stream   of facts;  subject  whose; "" for all
    column   that is taken; "" with number
    way      one of WAYS
    over     with share: columns whose sum is the whole, e.g. good, scrap, rework
    where    column → text that a fact must have there, e.g. kind → alarm
    period   [µs];  origin  moment at which a period begins [µs UTC], e.g. midnight of the plant
    drivers  by name, further measures of the same periods;  controls  likewise

    Raises   InputError: unknown stream, column or way
    Example  Measure("count", "shop/press", "scrap", "share", over=("good", "scrap"))
    """

    stream: str
    subject: str
    column: str = ""
    way: str = "mean"
    over: tuple[str, ...] = ()
    where: Mapping[str, str] = field(default_factory=dict)
    period: int = DAY
    origin: int = 0
    drivers: Mapping[str, Measure] = field(default_factory=dict)
    controls: Mapping[str, Measure] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.way not in WAYS:
            raise InputError("no such way", came=self.way, expected=", ".join(WAYS), where=self.stream)
        known = {one.name for one in stream(self.stream).columns}
        asked = [*self.over, *self.where, *([self.column] if self.column else [])]
        strange = [name for name in asked if name not in known]
        if strange or (not self.column and self.way != "number") or (self.way == "share" and not self.over):
            came = ", ".join(strange) or "no column"
            raise InputError("no such column of this stream", came=came, expected=", ".join(sorted(known)))
        if self.period <= 0:
            raise InputError("a period lasts longer than nothing", came=f"{self.period} µs")

    def as_dict(self) -> dict[str, Any]:
        """For a baseline's entry."""
        return {**asdict(self), "over": list(self.over)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Measure:
        """From what `as_dict` gave. Raises InputError where it cannot be read."""
        try:
            more = {
                name: {one: cls.from_dict(own) for one, own in data[name].items()} for name in ("drivers", "controls")
            }
            return cls(**{**data, **more, "over": tuple(data["over"])})
        except (KeyError, TypeError) as error:
            raise InputError("a measure cannot be read", came=str(error)) from None


def series_of(
    ledger: Ledger, measure: Measure, start: int, end: int, *, unit: str = "", as_of: int | None = None
) -> Series:
    """The figure in every whole period of a time; a period without facts is not known, and listed.

    start, end  [µs UTC]
    as_of       the books as they stood at this seq: corrections after it do not count
    Raises      InputError: fewer than two whole periods
    """
    first = -((measure.origin - start) // measure.period)
    last = (end - measure.origin) // measure.period
    if last - first < 2:
        raise InputError("fewer than two whole periods", came=f"{max(0, last - first)}", where=measure.subject)
    numbers = np.arange(first, last)
    times = measure.origin + numbers * measure.period
    values, exposure = _values(ledger, measure, times, as_of)
    drivers = {name: _plain(ledger, one, times, as_of) for name, one in measure.drivers.items()}
    controls = {name: _plain(ledger, one, times, as_of) for name, one in measure.controls.items()}
    return series(
        times, values, unit=unit, drivers=drivers, controls=controls, exposure=exposure, period=measure.period
    )  # fmt: skip


def _plain(ledger: Ledger, measure: Measure, times: Ints, as_of: int | None) -> Floats:
    values, exposure = _values(ledger, measure, times, as_of)
    with np.errstate(invalid="ignore", divide="ignore"):
        return values if exposure is None else values / exposure


def _values(ledger: Ledger, measure: Measure, times: Ints, as_of: int | None) -> tuple[Floats, Floats | None]:
    """(values, exposure) of the periods that begin at `times`."""
    begin, period, count = int(times[0]), int(times[1] - times[0]), len(times)
    subjects = [measure.subject] if measure.subject else None
    columns = {one.name for one in stream(measure.stream).columns}
    frame = ledger.frame(
        measure.stream, subjects=subjects, since=begin, until=begin + period * count, as_of=as_of
    )  # fmt: skip
    for name, text in measure.where.items():
        frame = frame.filter(nw.col(name) == text)
    if "quality" in columns:
        frame = frame.filter(nw.col("quality") == 0)
    wanted = ["time", *dict.fromkeys(([measure.column] if measure.column else []) + list(measure.over))]
    table = frame.select(*wanted).collect("pyarrow").to_arrow().to_pydict()
    place = (np.asarray(table["time"], np.int64) - begin) // period
    if measure.way == "number":
        alive = _alive(ledger, measure, begin, period, count, as_of)
        return np.where(alive, np.bincount(place, minlength=count).astype(np.float64), np.nan), None
    own = _column(table[measure.column])
    known = np.isfinite(own)
    many = np.bincount(place[known], minlength=count)
    total = np.bincount(place[known], own[known], minlength=count)
    if measure.way == "share":
        whole = sum(_summed(place, _column(table[name]), count) for name in measure.over)
        return np.where(many > 0, total, np.nan), np.where(many > 0, whole, np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        found = total / many if measure.way == "mean" else total
    return np.where(many > 0, found, np.nan), None


def _alive(ledger: Ledger, measure: Measure, begin: int, period: int, count: int, as_of: int | None) -> Any:
    """Whether the stream holds any fact, of whomever, in each period."""
    frame = ledger.frame(measure.stream, since=begin, until=begin + period * count, as_of=as_of)
    times = frame.select("time").collect("pyarrow").to_arrow().to_pydict()["time"]
    return np.bincount((np.asarray(times, np.int64) - begin) // period, minlength=count) > 0


def _summed(place: Ints, values: Floats, count: int) -> Floats:
    known = np.isfinite(values)
    return np.bincount(place[known], values[known], minlength=count).astype(np.float64)


def _column(values: Iterable[Any]) -> Floats:
    return np.array([np.nan if one is None else float(one) for one in values], np.float64)
