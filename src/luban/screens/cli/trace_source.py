"""Where a trace comes from: a plant's books, a file, a folder of files; and the conditions that are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from luban.core.errors import InputError
from luban.core.time import now, parse_time

if TYPE_CHECKING:
    from luban.plant import Plant
    from luban.understand.quality.data import Excluded
    from luban.understand.trace import Condition, Trace, Window

__all__ = [
    "Alarm", "AsOf", "Customers", "From", "Gauge", "High", "Item", "Low", "Margin", "Opened", "Operation", "Order",
    "Person", "Sheet", "Signal", "Slack", "Source", "To", "Tool", "Unit", "condition_of", "opened",
]  # fmt: skip

Source = Annotated[
    Path, typer.Argument(metavar="FILE|DIR", help="A plant's folder, a file (table, EPCIS JSON) or a folder of them.")
]
Customers = Annotated[list[str] | None, typer.Option("--customer", help="A place that is a customer; may be repeated.")]
Slack = Annotated[float, typer.Option(min=0, help="How much two clocks may differ before a use is too early [s].")]
Tool = Annotated[str, typer.Option(help="Lots that this tool worked on.")]
Person = Annotated[str, typer.Option(help="Lots that this person worked on.")]
Unit = Annotated[str, typer.Option(help="Lots that went through this work unit, or a folder of them.")]
Order = Annotated[str, typer.Option(help="Lots of this production order.")]
Operation = Annotated[str, typer.Option(help="Lots of this operation.")]
Item = Annotated[str, typer.Option(help="Steps that made this item.")]
Gauge = Annotated[str, typer.Option(help="Lots measured with this gauge.")]
Alarm = Annotated[str, typer.Option(help="With DIR: lots that ran during an alarm of this code, or of this work unit.")]
Signal = Annotated[str, typer.Option(help="With DIR: lots that ran while this signal was out of --low and --high.")]
Low = Annotated[float | None, typer.Option(help="With --signal: its lower limit.")]
High = Annotated[float | None, typer.Option(help="With --signal: its upper limit.")]
Margin = Annotated[
    float, typer.Option(min=0, help="With --alarm or --signal: so much before and after counts too [s].")
]

From = Annotated[str, typer.Option("--from", help="Steps that ran from then on, ISO 8601.")]
To = Annotated[str, typer.Option("--to", help="Steps that began before, ISO 8601.")]
Sheet = Annotated[str, typer.Option(help="Sheet of the workbook.")]
AsOf = Annotated[int | None, typer.Option(min=0, help="With DIR: the books as they stood at this seq.")]

_YEAR_S = 366 * 86_400


@dataclass(slots=True)
class Opened:
    """A trace with what is known of its source."""

    trace: Trace
    source: str
    zone: tzinfo
    folder: Path | None = None
    excluded: Sequence[Excluded] = ()
    passed: dict[str, int] = field(default_factory=dict)
    plant: Plant | None = None


def opened(
    source: Path, *, customers: Sequence[str] = (), slack: float = 0.0, sheet: str = "", as_of: int | None = None
) -> Opened:
    """The trace of a source. Raises InputError where nothing can be made of it."""
    from luban.understand.trace import read_trace, trace_of

    if not 0 <= slack < _YEAR_S:
        raise InputError("slack is a time of less than a year", came=f"{slack:g} s", where="--slack")

    if source.is_dir() and (source / "plant.toml").is_file():
        from luban.ledger import Ledger
        from luban.plant import load
        from luban.screens.service import places

        plant = load(source)
        ledger = Ledger(places(source).ledger)
        try:
            partners = (*customers, *plant.customers)
            trace = trace_of(ledger, as_of=as_of, partners=partners, slack=int(slack * 1e6))
        finally:
            ledger.close()
        return Opened(trace, plant.name, plant.zone, source, plant=plant)
    if not source.exists():
        raise InputError("no such file or folder", where=str(source))
    found = read_trace(source, partners=customers, slack=int(slack * 1e6), sheet=sheet)
    return Opened(found.trace, found.source, UTC, None, found.excluded, found.passed)


def condition_of(
    own: Opened, *, names: dict[str, str], start: str, end: str, alarm: str, signal: str, low: float | None,
    high: float | None, margin: float = 0.0,
) -> Condition | None:  # fmt: skip
    """The condition that the options ask for; None where they ask for none."""
    from luban.understand.trace import Condition

    zone = own.zone if isinstance(own.zone, ZoneInfo) else ZoneInfo("UTC")
    since = parse_time(start, zone) if start else None
    until = parse_time(end, zone) if end else None
    windows = _windows(own, alarm, signal, low, high, margin, since, until) if alarm or signal else ()
    if not (any(names.values()) or windows or since is not None):
        return None
    return Condition(**names, since=since, until=until, windows=windows)


def _windows(
    own: Opened, alarm: str, signal: str, low: float | None, high: float | None, margin: float, since: int | None,
    until: int | None,
) -> tuple[Window, ...]:  # fmt: skip
    from luban.ledger import Ledger
    from luban.screens.service import places
    from luban.understand.trace import windows_asked

    if own.folder is None:
        raise InputError("alarms and signals are in a plant's books", came=own.source, expected="a plant's folder")
    if not margin < _YEAR_S:
        raise InputError("a margin is a time of less than a year", came=f"{margin:g} s", where="--margin")
    ledger = Ledger(places(own.folder).ledger)
    try:
        return windows_asked(
            ledger, alarm=alarm, signal=signal, low=low, high=high, margin=int(margin * 1e6), since=since,
            until=now() if until is None else until,
        )  # fmt: skip
    finally:
        ledger.close()
