"""`luban energy savings`: what was saved since a day, from a table of energy and its drivers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from luban.core.errors import InputError
from luban.screens.cli.options import AsJson, output
from luban.screens.cli.output import NO, OK
from luban.screens.cli.sheets import Language, Out, give

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from luban.screens.report.energy_saved import FromTable
    from luban.understand.quality.data import Excluded, Floats, Ints
    from luban.understand.quality.read import Columns

__all__ = ["EXAMPLES", "savings"]

EXAMPLES = (
    "Examples: `luban energy savings hourly.csv --energy kWh --temperature outside --until 2026-06-01` · "
    "`luban energy savings bills.xlsx --energy kWh --driver pieces --until 2026-01-01 --act 2026-02-01 -o saved.pdf`"
)
_HOUR = 3_600_000_000
_DAY = 24 * _HOUR
_TIMES = ("time", "timestamp", "date", "datetime", "hour", "day", "month", "时间", "日期", "시간", "일시")


def savings(
    source: Annotated[Path, typer.Argument(metavar="FILE", help="A table: CSV, Excel or Parquet, a row a period.")],
    energy: Annotated[str, typer.Option(help="Column of energy in the period that begins at its time.")],
    until: Annotated[str, typer.Option(help="The baseline rests on what is before, ISO 8601.")],
    act: Annotated[str, typer.Option(help="Savings count from here on; from --until by default.")] = "",
    time: Annotated[str, typer.Option(help="Column of times; found by its name.")] = "",
    temperature: Annotated[str, typer.Option(help="Column of the temperature [°C].")] = "",
    driver: Annotated[
        list[str] | None, typer.Option(help="Column of what else energy hangs on; may be repeated.")
    ] = None,
    seasons: Annotated[
        str, typer.Option(help="By the hour: whole, or months: a fit a month with its neighbours.")
    ] = "whole",
    zone: Annotated[str, typer.Option(help="Clock of the place, e.g. Asia/Shanghai.")] = "UTC",
    level: Annotated[float, typer.Option(min=0.5, max=0.999, help="Of the interval.")] = 0.95,
    sheet: Annotated[str, typer.Option(help="Sheet of the workbook.")] = "",
    out: Out = None,
    language: Language = "en",
    as_json: AsJson = False,
) -> int:
    """What was saved against a baseline, with its interval and a verdict in words.

    Hours (or parts of hours) get a baseline by hour of the week and temperature; days, weeks and months one that is a
    line in its drivers and bends in temperature. Exit code 1 where no saving is shown.
    """
    from luban.core.time import parse_time
    from luban.screens.i18n import words
    from luban.screens.report.energy_saved import saved_document, saved_sheet
    from luban.understand.quality.read import read_columns

    say = output(as_json)
    clock = _zone(zone)
    table = read_columns(source, sheet)
    times, left_out = _times(table, time, clock)
    names = [energy, *filter(None, [temperature]), *(driver or [])]
    values = {name: table.numbers(name) for name in names}
    unit = values[energy].unit
    columns = {name: one.values for name, one in values.items()}
    end = parse_time(until, clock)
    begin = parse_time(act, clock) if act else end
    if begin < end:
        raise InputError("savings count from after the baseline", came=act, expected=f"from {until} on", where="--act")
    made = _made(source.name, times, columns, energy, temperature, (end, begin), seasons, clock, level, unit, left_out)
    give(say, saved_sheet(made, words(language), clock), saved_document(made), out, language)
    return OK if made.found.low > 0 else NO


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise InputError("no such time zone", came=name, expected="e.g. Asia/Shanghai", where="--zone") from None


def _times(table: Columns, named: str, zone: ZoneInfo) -> tuple[Ints, tuple[Excluded, ...]]:
    """Time of each row, -1 where there is none, and those rows. Raises InputError: no column, out of order."""
    import numpy as np

    from luban.understand.quality.data import Excluded
    from luban.understand.quality.read.moments import moments_of
    from luban.understand.quality.read.numbers import text_of

    name = table.find(named) if named else next(
        (one for one in table.names if one.casefold().split("[")[0].strip() in _TIMES), ""
    )  # fmt: skip
    if not name:
        raise InputError("no column of times", came=", ".join(table.names), expected="time", hint="--time COLUMN")
    found = moments_of(table.cells[name], zone)
    out = tuple(
        Excluded(table.place(row, name), name, text_of(table.cells[name][row]), "no time")
        for row, at in enumerate(found) if at is None
    )  # fmt: skip
    times = np.array([-1 if at is None else at for at in found], np.int64)
    known = times[times >= 0]
    if len(known) < 3 or not (np.diff(known) > 0).all():
        bad = int(np.flatnonzero(np.diff(known) <= 0)[0]) + 1 if len(known) > 2 else 0
        raise InputError("rows in the order of time", came=f"{len(known)} times, row {bad + 1} is not after the one "
                         "before it" if bad else f"{len(known)} times", where=table.source)  # fmt: skip
    return times, out


def _made(
    source: str, times: Ints, columns: Mapping[str, Floats], energy: str, temperature: str, span: tuple[int, int],
    seasons: str, zone: ZoneInfo, level: float, unit: str, left_out: tuple[Excluded, ...],
) -> FromTable:  # fmt: skip
    import numpy as np

    good = times >= 0
    times, columns = times[good], {name: values[good] for name, values in columns.items()}
    apart = int(np.median(np.diff(times)))
    if apart <= _HOUR:
        times, columns = _hourly(times, columns, energy, apart)
        return _by_hour(source, times, columns, energy, temperature, span, seasons, zone, level, unit, left_out)
    return _by_row(source, times, columns, energy, temperature, span, apart, level, unit, left_out)


def _hourly(
    times: Ints, columns: Mapping[str, Floats], energy: str, apart: int
) -> tuple[Ints, dict[str, Floats]]:  # fmt: skip
    """Parts of hours put together: sums of energy, means of the others; an hour with a part missing is not known."""
    import numpy as np

    if _HOUR % apart:
        raise InputError("rows divide the hour", came=f"{apart / 6e7:g} min apart", expected="60, 30, 15, 10 or 5 min")
    hours, into = np.unique(times // _HOUR, return_inverse=True)
    count = np.bincount(into)
    found = {}
    for name, values in columns.items():
        total = np.bincount(into, values)
        found[name] = np.where(count == _HOUR // apart, total if name == energy else total / count, np.nan)
    return hours * _HOUR, found


def _by_hour(
    source: str, times: Ints, columns: Mapping[str, Floats], energy: str, temperature: str, span: tuple[int, int],
    seasons: str, zone: ZoneInfo, level: float, unit: str, left_out: tuple[Excluded, ...],
) -> FromTable:  # fmt: skip
    import numpy as np

    from luban.screens.report.energy_saved import FromTable
    from luban.understand.energy.towt import fit_hourly
    from luban.understand.energy.towt_savings import hourly_savings

    def part(own: np.ndarray) -> tuple[Ints, Floats, Floats | None, dict[str, Floats]]:
        drivers = {name: values[own] for name, values in columns.items() if name not in {energy, temperature}}
        return times[own], columns[energy][own], columns[temperature][own] if temperature else None, drivers

    when, y, warm, drivers = part(times < span[0])
    base = fit_hourly(when, y, warm, zone=zone, drivers=drivers, seasons=seasons)
    when, y, warm, drivers = part(times >= span[1])
    made = hourly_savings(base, when, y, warm, drivers=drivers, level=level)
    midnights = [_midnight(day.toordinal(), zone) for day in made.days]
    at = np.array([midnights[0], *(_midnight(day.toordinal() + 1, zone) for day in made.days)], np.int64)
    return FromTable(
        source, unit, "hour", made.savings, at, base.used, seasons, base.r2, base.cv_rmse,
        base.noise.rho, base.notes, (), made.by_hour, (*left_out, *base.excluded),
    )  # fmt: skip


def _midnight(day: int, zone: ZoneInfo) -> int:
    from datetime import datetime

    from luban.core.time import from_datetime

    return from_datetime(datetime.fromordinal(day).replace(tzinfo=zone))


def _by_row(
    source: str, times: Ints, columns: Mapping[str, Floats], energy: str, temperature: str, span: tuple[int, int],
    apart: int, level: float, unit: str, left_out: tuple[Excluded, ...],
) -> FromTable:  # fmt: skip
    import numpy as np

    from luban.screens.report.energy_saved import FromTable
    from luban.understand.energy.enpi import fit_baseline
    from luban.understand.energy.savings import savings as saved

    ends = np.append(times[1:], times[-1] + apart)
    ends = np.where(ends - times > 1.5 * apart, times + apart, ends)  # a row is missing between
    step = "day" if apart < 2 * _DAY else "week" if apart < 10 * _DAY else "month"
    days = (ends - times) / _DAY if step == "month" else np.ones(len(times))
    drivers = {name: values for name, values in columns.items() if name != energy}
    before, after = ends <= span[0], times >= span[1]

    def part(own: np.ndarray) -> tuple[Floats, dict[str, Floats], Floats]:
        return columns[energy][own], {name: values[own] for name, values in drivers.items()}, days[own]

    y, x, length = part(before)
    base = fit_baseline(y, x, temperature=temperature, length=length)
    y, x, length = part(after)
    found = saved(base, y, x, length=length, level=level)
    known = np.isfinite(y) & (y >= 0) & np.isfinite(base.expected(x, length))
    at = np.concatenate([times[after][known][:1], ends[after][known]])
    terms = tuple(
        (one.name, float(value), float(error))
        for one, value, error in zip(base.terms, base.coefficients, base.errors, strict=True)
    )
    return FromTable(
        source, unit, step, found, at, base.used, base.form, base.r2, base.cv_rmse, base.noise.rho, base.notes, terms,
        np.zeros(0), (*left_out, *base.excluded),
    )  # fmt: skip
