"""`luban health indicators`: what a machine's signals look like, stretch by stretch and regime by regime."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from luban.core.errors import InputError
from luban.core.time import parse_duration
from luban.screens.cli.options import AsJson, output
from luban.screens.cli.output import OK
from luban.screens.cli.sheets import Language, Out, give

if TYPE_CHECKING:
    from collections.abc import Sequence

    from luban.screens.report.health_indicators import Looked
    from luban.understand.health.indicators import Bearing, Look, Stretch
    from luban.understand.health.machine import Readings

__all__ = ["register"]

_EXAMPLES = (
    "Examples: `luban health indicators mill.csv --length 10min --regime program` · "
    "`luban health indicators shaker.csv --rate 12000 --length 2s --speed 1797 --bearing 9,7.94,39.04` · "
    "`luban health indicators pump.parquet --driven load --driven speed --channel vibration -o pump.pdf`"
)
_RATE_LENGTH = 1.0  # s of a stretch of an evenly sampled signal, where nobody says


def register(group: typer.Typer) -> None:
    """Hang the command into `luban health`."""
    group.command("indicators", epilog=_EXAMPLES)(indicators)


def indicators(
    file: Annotated[Path, typer.Argument(help="Signals of one machine: CSV, Excel or Parquet.")],
    channel: Annotated[list[str] | None, typer.Option(help="Column to look at; all numbers by default.")] = None,
    time: Annotated[str, typer.Option(help="Column of the clock; by its name.")] = "",
    regime: Annotated[str, typer.Option(help="Column of product, program, load: compared within itself.")] = "",
    driven: Annotated[
        list[str] | None, typer.Option(help="Column that says how the machine is driven: regimes are found in it.")
    ] = None,
    length: Annotated[str, typer.Option(help="Of a stretch, e.g. 10min; 1s for a sampled signal.")] = "",
    rate: Annotated[
        float | None, typer.Option(help="Samples per second [Hz], if evenly spaced: gives spectra.")
    ] = None,
    speed: Annotated[float | None, typer.Option(help="Of the shaft [turns per minute], for a bearing.")] = None,
    bearing: Annotated[
        str, typer.Option(help="balls,ball diameter,pitch diameter[,contact angle], mm and degrees.")
    ] = "",
    band: Annotated[list[str] | None, typer.Option(help="low-high [Hz]: adds its root mean square; repeats.")] = None,
    good: Annotated[int | None, typer.Option(min=1, help="Stretches, from the first on, that are good; half.")] = None,
    sheet: Annotated[str, typer.Option(help="Sheet of the workbook.")] = "",
    where: Annotated[list[str] | None, typer.Option(help="Only rows with column=text; may be repeated.")] = None,
    out: Out = None,
    language: Language = "en",
    as_json: AsJson = False,
) -> int:
    """RMS, peak, kurtosis, crest, spectra, envelope and bearing lines of each stretch, against the usual of its regime.

    A score states no rate of false alarms: `luban health FILE` watches with one that is known.
    """
    say = output(as_json)
    if not file.is_file():
        raise InputError("no such file", where=str(file))
    from luban.screens.cli.spc_data import pairs
    from luban.screens.i18n import words
    from luban.screens.report.health_indicators import indicators_sheet
    from luban.understand.health.machine import Asked, read_readings

    found = read_readings(file, Asked(time, "", regime, "", "", (), sheet, None, pairs(where or (), "--where")))
    if len(found) > 1:
        raise InputError("signals of several machines", came=", ".join(one.machine for one in found[:5]),
                         expected="one machine", hint="--where column=machine takes one of them")  # fmt: skip
    table = found[0]
    look = _look(table, length, rate, speed, bearing, band or ())
    names = [_called(table, name) for name in channel or ()] or list(table.channels)
    given = _regimes(table, look, [_called(table, name) for name in driven or ()], good)
    looked = [_looked(table, name, look, given, good) for name in names]
    document = {"source": table.source, "channels": [one.as_dict() for one in looked]}
    give(say, indicators_sheet(looked, words(language), source=table.source), document, out, language)
    return OK


def _look(
    table: Readings, length: str, rate: float | None, speed: float | None, bearing: str, bands: Sequence[str]
) -> Look:
    from luban.understand.health.indicators import Look

    if rate is None and not (table.timed or table.age_unit == "h"):
        hint = "--rate HZ for evenly spaced samples"
        came = table.age_unit or "no clock"
        raise InputError("a signal without times", came=came, expected="moments or seconds", hint=hint)
    seconds = parse_duration(length) / 1e6 if length else (600.0 if rate is None else _RATE_LENGTH)
    return Look(seconds, rate, _bearing(bearing), speed, tuple(_band(text) for text in bands))


def _bearing(text: str) -> Bearing | None:
    from luban.understand.health.indicators import Bearing

    if not text:
        return None
    try:
        balls, *sizes = (float(part) for part in text.split(","))
    except ValueError:
        sizes, balls = [], 0.0
    if len(sizes) not in {2, 3} or balls != int(balls):
        expected = "balls,ball diameter,pitch diameter[,contact angle]"
        raise InputError("no bearing looks like that", came=text, expected=expected, where="--bearing")
    return Bearing(int(balls), *sizes)


def _band(text: str) -> tuple[float, float]:
    low, _, high = text.partition("-")
    try:
        return float(low), float(high)
    except ValueError:
        raise InputError("no such band", came=text, expected="low-high, e.g. 10-1000", where="--band") from None


def _called(table: Readings, name: str) -> str:
    known = {one.casefold(): one for one in table.channels}
    bare = name.split("(")[0].split("[")[0].strip().casefold()
    for wanted in (name.casefold(), bare):
        if wanted in known:
            return known[wanted]
    raise InputError("no such column", came=name, expected=", ".join(table.channels), where=table.source)


def _cut(table: Readings, name: str, look: Look) -> tuple[list[Stretch], list[Any]]:
    """Stretches of a channel, and what is odd about its data."""
    import numpy as np

    from luban.understand.health.indicators import IndicatorStream

    stream = IndicatorStream(look, name)
    stamps = table.time if table.timed else np.rint(table.age * 3.6e9).astype(np.int64)
    untimed = look.rate is not None and not table.timed and table.age_unit != "h"
    found = stream.run(table.column(name), None if untimed else stamps, list(table.regimes or ()) or "")
    return [*found, *stream.flush()], [*stream.doubts]


def _regimes(table: Readings, look: Look, driven: Sequence[str], good: int | None) -> list[str] | None:
    """Regime of each stretch, found in the channels that say how the machine is driven; None: none are looked for."""
    if not driven:
        return None
    import numpy as np

    from luban.understand.health.indicators import Regimes

    cut = [_cut(table, name, look)[0] for name in driven]
    rows = np.array([[one.values.get("mean", np.nan) for one in own] for own in cut]).T
    words = [one.regime for one in cut[0]]
    first = good or max(1, len(rows) // 2)
    learned = Regimes.learn(words=filter(None, words[:first]), names=driven, values=rows[:first])
    return learned.of(words=words, values=rows)


def _looked(table: Readings, name: str, look: Look, regimes: list[str] | None, good: int | None) -> Looked:
    from dataclasses import replace

    from luban.screens.report.health_indicators import Looked
    from luban.understand.health.indicators import learn_usual

    cut, doubts = _cut(table, name, look)
    if regimes is not None:
        cut = [replace(one, regime=regime) for one, regime in zip(cut, regimes, strict=True)]
    first = good or max(1, len(cut) // 2)
    usual = learn_usual(cut[:first])
    return Looked(name, table.unit_of(name), tuple(cut), tuple(usual.compare(one) for one in cut), first, tuple(doubts))
