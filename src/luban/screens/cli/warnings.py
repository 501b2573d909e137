"""`luban warnings`: overcapacity of industries, and quality of regions and industries, from a table of periods."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from luban.core.errors import InputError
from luban.screens.cli.options import AsJson, output
from luban.screens.cli.output import NO, OK
from luban.screens.cli.sheets import Language, Out, give

if TYPE_CHECKING:
    from luban.rollup.periods import Watched

__all__ = ["register"]

_EXAMPLES = "Examples: `luban warnings quarters.csv` · `luban warnings claims.csv --false-alarms 0.01 -o claims.pdf`"


def register(app: typer.Typer) -> None:
    """Hang the command into the tree."""
    app.command("warnings", epilog=_EXAMPLES)(warnings)


def warnings(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="period, industry, utilisation[, stock, price], or period, cell, count[, exposure]."
        ),
    ],
    baseline: Annotated[
        int | None, typer.Option(min=12, help="Overcapacity: first periods that show what is usual.")
    ] = None,
    season: Annotated[int, typer.Option(min=0, help="Overcapacity: periods a year where they have seasons.")] = 0,
    window: Annotated[int, typer.Option(min=12, help="Quality: periods of the past at most.")] = 24,
    false_alarms: Annotated[
        float,
        typer.Option("--false-alarms", min=0.0001, max=0.5, help="Quality: share of runs with a false alarm [1]."),
    ] = 0.05,
    out: Out = None,
    language: Language = "en",
    as_json: AsJson = False,
) -> int:
    """Overcapacity before prices fall, outbreaks of failures before they spread. Exit code 1 if there is an alarm."""
    from luban.rollup.periods import watch_counts, watch_industries
    from luban.screens.i18n import words
    from luban.screens.report.rollup_warnings import warnings_sheet
    from luban.understand.quality.read import read_columns

    say, table = output(as_json), read_columns(file)
    names = {name.strip().casefold() for name in table.names}
    found: Watched
    if "utilisation" in names:
        found = watch_industries(table, baseline=baseline, season=season)
    elif "count" in names:
        found = watch_counts(table, window=window, false_alarms=false_alarms)
    else:
        raise InputError("neither utilisation nor counts", came=", ".join(table.names), where=table.source,
                         expected="period, industry, utilisation, … or period, cell, count, …")  # fmt: skip
    sheet = warnings_sheet(found, words(language), table.source)
    give(say, sheet, found.as_dict(), out, language)
    return NO if any(one.severity == "alarm" for one in found.signals) else OK
