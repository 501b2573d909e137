"""`luban pilot workshop`: machines on real wires, and the proof that their figures are right."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from luban.screens.cli.doors import Doors
from luban.screens.cli.output import NO, OK, Output

if TYPE_CHECKING:
    from luban.loop.pilot import PilotResult

__all__ = ["run_workshop"]


def run_workshop(say: Output, doors: Doors, *, live: bool, seconds: float, report: Path | None, port: int) -> int:
    """Run machines on real wires, kill one, and check every figure; NO if a check does not hold."""
    import asyncio

    from luban.loop.pilot import run_pilot

    if live:
        doors.show_pilot("workshop", host="127.0.0.1", port=port, say=say.say)
        return OK
    with say.progress("Pilot workshop: machines are running", total=seconds) as advance:
        done = 0.0

        def passed(more: float) -> None:
            nonlocal done
            done += more
            advance(done, "" if done < seconds else "Judging: figures, gaps, books")

        result = asyncio.run(run_pilot("workshop", seconds=seconds, advance=passed))
    if report is not None:
        from luban.screens.report.report import pilot_report

        with say.progress("Writing the report"):
            pilot_report(report, result)
    if say.as_json:
        say.document({**result.as_dict(), "report": str(report) if report else None})
    else:
        _tell(say, result, report)
    return OK if result.ok else NO


def _tell(say: Output, result: PilotResult, report: Path | None) -> None:
    say.line(f"{result.plant.name}: {sum(result.facts.values()):,} facts in {(result.end - result.start) / 1e6:.0f} s")
    columns, rows, notes = _pivot(result)
    say.table(columns, rows)
    for note in notes:
        say.line(note)
    say.line("")
    say.table(
        ("check", "", "what was found"), [(c.name, "holds" if c.holds else "FAILS", c.text) for c in result.checks]
    )
    for remark in result.remarks:
        say.say(f"note: {remark}")
    say.say(f"books: {result.folder} · {result.head}")
    say.say(f"report: {report}" if report else "more: --report report.html · --live")


def _pivot(result: PilotResult) -> tuple[list[str], list[list[str]], list[str]]:
    """A row a unit, a column a figure; why a figure is withheld stands below, numbered."""
    names = list(dict.fromkeys(figure.name for figure in result.figures))
    labels = {figure.name: "OEE" if figure.name == "oee" else figure.label for figure in result.figures}
    units: dict[str, dict[str, str]] = {}
    reasons: dict[str, int] = {}
    for figure in result.figures:
        row = units.setdefault(figure.subject, dict.fromkeys(names, "–"))
        if figure.value is None:
            row[figure.name] = f"withheld ({reasons.setdefault(figure.withheld, len(reasons) + 1)})"
        else:
            row[figure.name] = _amount(figure.value, figure.unit)
    rows = [[unit, *(row[name] for name in names)] for unit, row in units.items()]
    return ["unit", *(labels[name] for name in names)], rows, [f"({n}) {reason}" for reason, n in reasons.items()]


def _amount(value: float, unit: str) -> str:
    return f"{100 * value:.1f} %" if unit == "1" else f"{value:,.4g} {unit}"
