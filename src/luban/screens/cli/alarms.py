"""`luban alarms`: how well an alarm list serves its operators, from a log in a file or from a plant's books."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from luban.core.errors import InputError
from luban.screens.cli.options import AsJson, output
from luban.screens.cli.output import NO, OK
from luban.screens.cli.sheets import Language, Out, give

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

__all__ = ["register"]

_EXAMPLES = (
    "Examples: `luban alarms journal.csv -o alarms.pdf` · "
    "`luban alarms log.xlsx --alarm tag --event state --positions 2` · "
    "`luban alarms my_plant --list` · `luban alarms my_plant --devices --from 2026-03-01`"
)


def register(app: typer.Typer) -> None:
    """Hang the command into the tree."""
    app.command("alarms", epilog=_EXAMPLES)(alarms)


def alarms(
    source: Annotated[Path, typer.Argument(help="A CSV, Excel or Parquet file of alarms, or a plant's folder.")],
    positions: Annotated[int, typer.Option(min=1, help="Operators that share the alarms.")] = 1,
    since: Annotated[str, typer.Option("--from", help="From here on, ISO 8601.")] = "",
    until: Annotated[str, typer.Option("--to", help="Up to here, ISO 8601.")] = "",
    listed: Annotated[
        bool, typer.Option("--list", help="The alarm list of a plant and what is wrong with it, instead of its log.")
    ] = False,
    devices: Annotated[
        bool, typer.Option("--devices", help="Alarms that devices sent, instead of those of the alarm list.")
    ] = False,
    time: Annotated[str, typer.Option(help="Column of the time at which alarms came.")] = "",
    end: Annotated[str, typer.Option(help="Column of the time at which they went.")] = "",
    alarm: Annotated[str, typer.Option(help="Column of the alarm or tag.")] = "",
    event: Annotated[str, typer.Option(help="Column that says what happened: alarm, return, acknowledge.")] = "",
    priority: Annotated[str, typer.Option(help="Column of the priority.")] = "",
    seen: Annotated[str, typer.Option(help="Column of the time of acknowledgement.")] = "",
    sheet: Annotated[str, typer.Option(help="Sheet of the workbook.")] = "",
    out: Out = None,
    language: Language = "en",
    as_json: AsJson = False,
) -> int:
    """Rates, floods, chattering, fleeting, standing and stale alarms against ISA-18.2; the most frequent; priorities.

    Exit code 1 if an alarm of the list has no action or another grave fault (--list), or a measure is missed.
    """
    from luban.screens.i18n import words
    from luban.screens.report.health_alarms import list_sheet, statistics_sheet
    from luban.understand.health.alarms import alarm_statistics, rationalisation

    say, spoken = output(as_json), words(language)
    if not source.is_dir() and (listed or devices):
        raise InputError("this needs a plant", came=str(source), expected="the folder of a plant", where="SOURCE")
    if listed:
        from luban.plant import load

        plant = load(source)
        findings = rationalisation(plant)
        document: Any = {
            "plant": plant.id, "alarms": [rule.id for rule in plant.alarms],
            "findings": [one.as_dict() for one in findings],
        }  # fmt: skip
        give(say, list_sheet(plant.name, plant.alarms, findings, spoken), document, out, language)
        return NO if any(one.heavy for one in findings) else OK
    if source.is_dir():
        log, zone = _of_plant(source, since, until, devices=devices)
    else:
        from luban.understand.health.alarms import read_alarm_log

        zone = None
        log = read_alarm_log(
            source, time=time, end=end, alarm=alarm, event=event, priority=priority, seen=seen, sheet=sheet
        )
        log = log.between(*_span(since, until, None)) if since or until else log
    made = alarm_statistics(log, positions=positions)
    give(say, statistics_sheet(made, spoken, zone), made.as_dict(), out, language)
    return NO if any(one.verdict in {"too many", "missed"} for one in made.measures) else OK


def _of_plant(folder: Path, since: str, until: str, *, devices: bool) -> tuple[Any, ZoneInfo]:
    """The log of a plant's books and its time zone."""
    from luban.ledger import Ledger
    from luban.plant import load
    from luban.screens.service import places
    from luban.understand.book import entries
    from luban.understand.health.alarms import device_log, log_of

    plant = load(folder)
    home = places(folder).ledger
    if not home.is_dir():
        raise InputError("the plant has no books yet", where=str(home), hint="`luban up` starts it")
    ledger = Ledger(home)
    try:
        start, end = _span(since, until, plant.zone)
        if devices:
            return device_log(ledger, start=start, end=end, source=plant.name), plant.zone
        return log_of(entries(ledger, "annunciation"), start=start, end=end, source=plant.name), plant.zone
    finally:
        ledger.close()


def _span(since: str, until: str, zone: ZoneInfo | None) -> tuple[int | None, int | None]:
    from zoneinfo import ZoneInfo

    from luban.core.time import parse_time

    zone = zone or ZoneInfo("UTC")  # as the wall-clock times of a file are read
    return parse_time(since, zone) if since else None, parse_time(until, zone) if until else None
