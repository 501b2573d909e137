"""`luban pilot`: a workshop on real wires, and the proof that its figures are right."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from luban.screens.cli.doors import Doors
from luban.screens.cli.options import AsJson, output
from luban.screens.cli.output import NO, OK, Output

if TYPE_CHECKING:
    from luban.loop.pilot import PilotResult

__all__ = ["register"]

_EXAMPLES = "Examples: `luban pilot` · `luban pilot --live` · `luban pilot --seconds 30 --report report.html --json`"


def register(app: typer.Typer) -> None:
    """Hang the command into the tree."""
    app.command("pilot", epilog=_EXAMPLES)(pilot)


def pilot(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Which pilot.")] = "workshop",
    live: Annotated[
        bool, typer.Option("--live", help="Keep the machines running and show them on the web page.")
    ] = False,
    seconds: Annotated[float, typer.Option(min=20, max=3600, help="How long the machines run [s].")] = 40.0,
    report: Annotated[Path | None, typer.Option(metavar="FILE", help="Self-contained HTML report to write.")] = None,
    port: Annotated[int, typer.Option(min=1, max=65535, help="With --live: port of the web page.")] = 8080,
    as_json: AsJson = False,
) -> int:
    """Run machines on real wires, kill one, and check every figure against what the machines really did.

    Exit code 1 if a check does not hold.
    """
    import asyncio

    from luban.loop.pilot import run_pilot

    say = output(as_json)
    if live:
        doors: Doors = context.obj
        doors.show_pilot(name, host="127.0.0.1", port=port, say=say.say)
        return OK
    with say.progress(f"Pilot {name}: machines are running", total=seconds) as advance:
        done = 0.0

        def passed(more: float) -> None:
            nonlocal done
            done += more
            advance(done, "" if done < seconds else "Judging: figures, gaps, books")

        result = asyncio.run(run_pilot(name, seconds=seconds, advance=passed))
    if report is not None:
        from luban.screens.report.report import pilot_report

        with say.progress("Writing the report"):
            pilot_report(report, result)
    if as_json:
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
