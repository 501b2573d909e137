"""`luban pilot`: a morning on real wires and the proof; a pilot by name, any plant, a workshop."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from luban.core.errors import InputError
from luban.screens.cli.doors import Doors
from luban.screens.cli.options import AsJson, output
from luban.screens.cli.sheets import Language

__all__ = ["register"]

_EXAMPLES = (
    "Examples: `luban pilot` · `luban pilot list` · `luban pilot c2_machining` · `luban pilot c2_machining --quick` · "
    "`luban pilot c2_machining --seeds 30 --method shapley -o proof.html` · "
    "`luban pilot c1_process --without purge --weeks 20 -o proof.pdf --lang zh` · "
    "`luban pilot --plant DIR` · `luban pilot --plant DIR --enrol 2026-03-02` · `luban pilot workshop --live`"
)
_STUDY, _BOOKS, _WIRES = "A pilot in virtual time", "A plant's own books", "On real wires"


def register(app: typer.Typer) -> None:
    """Hang the command into the tree."""
    app.command("pilot", epilog=_EXAMPLES)(pilot)


def pilot(
    context: typer.Context,
    name: Annotated[
        str, typer.Argument(metavar="[NAME]", help="A pilot, `list`, `story` (by default), or `workshop`.")
    ] = "",
    plant: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Any plant's folder instead: its twin, or its books.")
    ] = None,
    seeds: Annotated[
        int | None, typer.Option(min=2, max=10_000, help="Runs of an arm; 30, --quick 5.", rich_help_panel=_STUDY)
    ] = None,
    first: Annotated[
        int | None, typer.Option(min=0, help="First seed: 0 to tune, 1000 to report.", rich_help_panel=_STUDY)
    ] = None,
    weeks: Annotated[
        float | None, typer.Option(min=0.5, max=520, help="Weeks measured in each run.", rich_help_panel=_STUDY)
    ] = None,
    levers: Annotated[str, typer.Option(metavar="A,B", help="Only these levers.", rich_help_panel=_STUDY)] = "",
    without: Annotated[
        list[str] | None, typer.Option(metavar="X", help="Not this lever; may be repeated.", rich_help_panel=_STUDY)
    ] = None,
    method: Annotated[
        str, typer.Option(help="Waterfall: sequential or shapley.", rich_help_panel=_STUDY)
    ] = "sequential",
    quick: Annotated[
        bool, typer.Option("--quick", help="Five short runs, levers by field.", rich_help_panel=_STUDY)
    ] = False,
    arms: Annotated[
        str, typer.Option(help="all, or main: none of the pilot's own.", rich_help_panel=_STUDY)
    ] = "all",
    workers: Annotated[
        int | None, typer.Option(min=1, max=256, help="Processes; one a core by default.", rich_help_panel=_STUDY)
    ] = None,
    enrol: Annotated[
        str, typer.Option(metavar="DATE", help="With --plant: levers go on then; fix the state before.",
                          rich_help_panel=_BOOKS)
    ] = "",
    since: Annotated[
        str, typer.Option(metavar="DATE", help="With --enrol: the state before begins here.", rich_help_panel=_BOOKS)
    ] = "",
    twin: Annotated[
        bool, typer.Option("--twin", help="With --plant: its twin, though it is enrolled.", rich_help_panel=_BOOKS)
    ] = False,
    live: Annotated[
        bool, typer.Option("--live", help="The workshop's machines stay, with the page.", rich_help_panel=_WIRES)
    ] = False,
    seconds: Annotated[
        float, typer.Option(min=20, max=3600, help="How long the machines run [s].", rich_help_panel=_WIRES)
    ] = 40.0,
    port: Annotated[
        int, typer.Option(min=1, max=65535, help="Port of the web page.", rich_help_panel=_WIRES)
    ] = 8080,
    report: Annotated[
        Path | None,
        typer.Option("--report", "-o", "--output", metavar="FILE", help="Report: .html, .pdf, .xlsx or .json."),
    ] = None,
    language: Language = "en",
    as_json: AsJson = False,
) -> int:  # fmt: skip
    """Operating cost, production cycle and defects as is and with luban: three targets, by how much, thanks to what.

    The plant runs in virtual time, as it is and with levers on, under the same chances. Each run is kept: Ctrl-C loses
    nothing, the same command goes on. Exit code 1 if a target got worse, or a check of the workshop does not hold.
    """
    from luban.screens.cli import pilot_study

    say = output(as_json)
    asked = pilot_study.Asked(seeds, first, weeks, levers, tuple(without or ()), method, quick, workers, arms)
    if plant is not None:
        if name:
            raise InputError("a pilot by name or a plant's folder, not both", came=f"{name} and {plant}")
        return pilot_study.run_plant(say, plant, asked, (enrol, since, twin), report, language)
    if enrol or since or twin:
        raise InputError("whose books?", expected="--plant DIR", where="--enrol")
    if name == "list":
        return pilot_study.list_pilots(say)
    if name in ("", "story") and not live:
        from luban.screens.cli.pilot_story import run_story

        return run_story(say, seconds=seconds, report=report, port=port, language=language)
    if name in ("", "workshop"):
        from luban.screens.cli.pilot_workshop import run_workshop

        doors: Doors = context.obj
        return run_workshop(say, doors, live=live, seconds=seconds, report=report, port=port)
    from luban.pilot.registry import open_pilot

    return pilot_study.run_study(say, open_pilot(name), Path.cwd(), asked, report, language)
