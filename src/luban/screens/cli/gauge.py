"""`luban gauge`: gauge studies of a file, repeatability and reproducibility, bias, linearity, stability, agreement."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from luban.screens.cli.options import AsJson, output
from luban.screens.cli.output import NO, OK
from luban.screens.cli.sheets import Language, Out, give

__all__ = ["register"]

_EXAMPLES = (
    "Examples: `luban gauge study.csv` · `luban gauge study.xlsx --method range --lower 24.98 --upper 25.02 -o rr.pdf` "
    "· `luban gauge linear.csv --study linearity --process 0.12` · `luban gauge master.csv --study bias --reference 6` "
    "· `luban gauge master.csv --study stability --reference 6` · `luban gauge visual.csv --study agreement --good ok` "
    "· `luban gauge sittings.csv --study levels --repeats 6`"
)


def register(app: typer.Typer) -> None:
    """Hang the command into the tree."""
    app.command("gauge", epilog=_EXAMPLES)(gauge)


def gauge(
    what: Annotated[Path, typer.Argument(metavar="FILE", help="A CSV, Excel or Parquet file.")],
    study: Annotated[
        str, typer.Option(help="rr, bias, linearity, stability, agreement, levels or differences.")
    ] = "rr",
    method: Annotated[str, typer.Option(help="Of rr: anova, range or nested.")] = "anova",
    part: Annotated[str, typer.Option(help="Column of the part.")] = "",
    operator: Annotated[str, typer.Option(help="Column of the operator or appraiser.")] = "",
    value: Annotated[str, typer.Option(help="Column of the readings, or those of the trials with commas.")] = "",
    reference: Annotated[str, typer.Option(help="Reference value of the piece, or the column of it.")] = "",
    instrument: Annotated[str, typer.Option("--gauge", help="Levels, differences: column of the gauge.")] = "",
    run: Annotated[str, typer.Option(help="Levels: column of the run.")] = "",
    repeats: Annotated[int, typer.Option(min=0, help="Levels: readings in a sitting.")] = 0,
    good: Annotated[str, typer.Option(help="Agreement: the judgement that means a good part.")] = "",
    weights: Annotated[str, typer.Option(help="Agreement: none, linear or quadratic.")] = "none",
    order: Annotated[str, typer.Option(help="Agreement: classes from low to high, with commas.")] = "",
    lower: Annotated[float | None, typer.Option(help="Lower specification limit.")] = None,
    upper: Annotated[float | None, typer.Option(help="Upper specification limit.")] = None,
    process: Annotated[float | None, typer.Option(help="Spread of the process, 6 standard deviations.")] = None,
    pool: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Of rr: leave the interaction out where its p is above this.")
    ] = 0.25,
    confidence: Annotated[float, typer.Option(min=0.5, max=0.9999, help="Of all intervals [1].")] = 0.95,
    subgroup: Annotated[str, typer.Option(help="Stability: column of the sitting.")] = "",
    time: Annotated[str, typer.Option(help="Stability: column of the time.")] = "",
    sheet: Annotated[str, typer.Option(help="Sheet of the workbook.")] = "",
    where: Annotated[list[str] | None, typer.Option(help="Only rows with column=text; may be repeated.")] = None,
    unit: Annotated[str, typer.Option(help="Unit of the readings.")] = "",
    seed: Annotated[int, typer.Option(help="Of the draws for intervals.")] = 1,
    out: Out = None,
    language: Language = "en",
    as_json: AsJson = False,
) -> int:
    """How much of what is measured the measuring itself brings.

    Exit code 1 if the gauge is not good: gauge R&R above 30 %, a bias or a change of bias that is not chance, not
    stable, or an appraiser beyond the limits.
    """
    from luban.screens.cli.spc_data import pairs
    from luban.screens.i18n import words
    from luban.screens.report.quality_gauge import gauge_sheet
    from luban.screens.service.gauge_studies import Asked, poor, study_of
    from luban.understand.quality.read import read_columns

    columns = read_columns(what, sheet)
    if where:
        columns = columns.only(pairs(where, "--where"))
    asked = Asked(
        study=study, method=method, part=part, operator=operator, value=value, reference=reference, order=order,
        instrument=instrument, run=run, repeats=repeats, good=good, weights=weights, lower=lower, upper=upper,
        process=process, pool=pool, level=confidence, subgroup=subgroup, time=time, unit=unit, seed=seed,
    )  # fmt: skip
    found = study_of(columns, asked)
    document = [one.as_dict() for one in found] if isinstance(found, tuple) else found.as_dict()
    give(output(as_json), gauge_sheet(found, words(language)), document, out, language)
    return NO if poor(found, 1 - confidence) else OK
