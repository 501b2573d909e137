"""`luban health retrofit`: run, idle, off and pieces from a file of a power meter."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from luban.core.errors import InputError
from luban.core.time import parse_duration
from luban.screens.cli.options import AsJson, output
from luban.screens.cli.output import NO, OK
from luban.screens.cli.sheets import Language, Out, give

__all__ = ["register"]

_EXAMPLES = (
    "Examples: `luban health retrofit press.csv` · `luban health retrofit meter.xlsx --power 'P (kW)' --state state` · "
    "`luban health retrofit saw.parquet --cycle 45s -o saw.pdf`"
)


def register(group: typer.Typer) -> None:
    """Hang the command into `luban health`."""
    group.command("retrofit", epilog=_EXAMPLES)(retrofit)


def retrofit(
    file: Annotated[Path, typer.Argument(help="Readings of a power meter: CSV, Excel or Parquet.")],
    power: Annotated[str, typer.Option(help="Column of power or current; by its name, or the only numbers.")] = "",
    time: Annotated[str, typer.Option(help="Column of the clock; by its name.")] = "",
    counter: Annotated[str, typer.Option(help="Column of a counter that rises by one a piece.")] = "",
    cycle: Annotated[str, typer.Option(help="Time for a piece, e.g. 45s, where the power shows no cycles.")] = "",
    state: Annotated[str, typer.Option(help="Column that says when it ran: compared with, never learned from.")] = "",
    sheet: Annotated[str, typer.Option(help="Sheet of the workbook.")] = "",
    where: Annotated[list[str] | None, typer.Option(help="Only rows with column=text; may be repeated.")] = None,
    out: Out = None,
    language: Language = "en",
    as_json: AsJson = False,
) -> int:
    """When a machine ran, idled and was off, and how many pieces it made, from its power alone.

    Nothing is labelled or set. What power cannot tell is said. Exit code 1 if the states are too unsure for figures.
    """
    say = output(as_json)
    if not file.is_file():
        raise InputError("no such file", where=str(file))
    from luban.screens.cli.spc_data import pairs
    from luban.screens.i18n import words
    from luban.screens.report.health_retrofit import retrofit_sheet
    from luban.understand.health.retrofit import SURE, retrofit_file

    seconds = parse_duration(cycle) / 1e6 if cycle else None
    found = retrofit_file(
        file, power=power, time=time, counter=counter, state=state, cycle=seconds, sheet=sheet,
        where=pairs(where or (), "--where"),
    )  # fmt: skip
    give(say, retrofit_sheet(found, words(language)), found.as_dict(), out, language)
    return OK if found.told.confidence >= SURE else NO
