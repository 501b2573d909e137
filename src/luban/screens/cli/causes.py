"""`luban pareto` and `luban relations`: which causes bring most, and what goes with a measured value."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from luban.core.errors import InputError
from luban.screens.cli.options import AsJson, Characteristic, End, Span, Start, chosen_span, output, plant_folder
from luban.screens.cli.output import OK
from luban.screens.cli.sheets import Language, Out, give

if TYPE_CHECKING:
    from luban.understand.quality.pareto import Pareto
    from luban.understand.quality.relations import Relations

__all__ = ["register"]

_PARETO = (
    "Examples: `luban pareto defects.csv --by defect --amount pieces` · `luban pareto plant --by subject --range 7d` · "
    "`luban pareto plant --kind nonconformance --by cause --amount cost -o causes.html`"
)
_RELATIONS = (
    "Examples: `luban relations holes.csv --value diameter` · "
    "`luban relations plant --characteristic shaft:diameter --range 30d -o relations.pdf`"
)
_MOST_CLASSES = 50
_FEW_NUMBERS = 12  # so few whole numbers name machines or operators


def register(app: typer.Typer) -> None:
    """Hang the commands into the tree."""
    app.command("pareto", epilog=_PARETO)(pareto)
    app.command("relations", epilog=_RELATIONS)(relations)


def pareto(
    what: Annotated[Path, typer.Argument(metavar="FILE|DIR", help="A table, or a plant's folder.")],
    by: Annotated[
        str,
        typer.Option(help="Column of the cause; with DIR item, subject, operation, order, or a field of the event."),
    ] = "",
    amount: Annotated[str, typer.Option(help="Column or field to sum; rows or events are counted by default.")] = "",
    kind: Annotated[str, typer.Option(help="With DIR: events of this kind instead of scrap.")] = "",
    rework: Annotated[bool, typer.Option("--rework", help="With DIR: count pieces to rework too.")] = False,
    wanted: Annotated[float, typer.Option(min=0.01, max=1.0, help="Share the vital few bring together [1].")] = 0.8,
    sheet: Annotated[str, typer.Option(help="Sheet of the workbook.")] = "",
    span: Span = "",
    start: Start = "",
    end: End = "",
    out: Out = None,
    language: Language = "en",
    as_json: AsJson = False,
) -> int:
    """Which few causes bring most of the loss, with intervals: scrap of the books, events, or a table."""
    from luban.screens.i18n import words
    from luban.screens.report.quality_causes import pareto_sheet

    if what.is_dir():
        found = _of_books(what, by, amount, kind, rework=rework, wanted=wanted, window=(span, start, end))
    else:
        found = _of_file(what, sheet, by, amount, wanted)
    give(output(as_json), pareto_sheet(found, words(language)), found.as_dict(), out, language)
    return OK


def relations(
    what: Annotated[Path, typer.Argument(metavar="FILE|DIR", help="A table, or a plant's folder.")],
    value: Annotated[str, typer.Option(help="Column of the measured value.")] = "",
    sheet: Annotated[str, typer.Option(help="Sheet of the workbook.")] = "",
    characteristic: Characteristic = "",
    other: Annotated[
        list[str] | None,
        typer.Option("--with", help="With DIR: another characteristic of the same pieces; may be repeated."),
    ] = None,
    by: Annotated[str, typer.Option(help="With --with: serial or lot, by which pieces are matched.")] = "serial",
    span: Span = "",
    start: Start = "",
    end: End = "",
    confidence: Annotated[float, typer.Option(min=0.5, max=0.9999, help="Of the intervals [1].")] = 0.95,
    out: Out = None,
    language: Language = "en",
    as_json: AsJson = False,
) -> int:
    """What goes with a measured value: machines, people, gauges, shifts, lots, and every number beside it."""
    from luban.screens.i18n import words
    from luban.screens.report.quality_causes import relations_sheet

    if what.is_dir():
        found = _relations_of_books(what, characteristic, other or [], by, (span, start, end), confidence)
    else:
        found = _relations_of_file(what, sheet, value, confidence)
    give(output(as_json), relations_sheet(found, words(language)), found.as_dict(), out, language)
    return OK


def _of_file(path: Path, sheet: str, by: str, amount: str, wanted: float) -> Pareto:
    from luban.understand.quality.pareto import pareto as sort
    from luban.understand.quality.read import read_columns

    columns = read_columns(path, sheet)
    if not by:
        words = [name for name in columns.names if not columns.numeric(name)]
        if len(words) != 1:
            raise InputError("which column names the cause", came=", ".join(columns.names), where="--by")
        by = words[0]
    names = columns.text(by)
    if not amount:
        return sort(names, by=by, unit="row", wanted=wanted, source=columns.source)
    numbers = columns.numbers(amount)
    kept = [row for row in range(len(columns)) if row not in numbers.excluded]
    return sort(
        [names[row] for row in kept], numbers.values[kept], by=by, unit=numbers.unit or amount, wanted=wanted,
        left_out=len(numbers.excluded), source=columns.source,
    )  # fmt: skip


def _of_books(
    folder: Path, by: str, amount: str, kind: str, *, rework: bool, wanted: float, window: tuple[str, str, str]
) -> Pareto:
    from luban.screens.service import PlantView
    from luban.understand.quality.pareto import events_pareto, scrap_pareto

    view = PlantView(plant_folder(folder))
    begin, until = chosen_span(view, *window)
    if kind:
        return events_pareto(view.ledger, kind, begin, until, by=by or "code", amount=amount, wanted=wanted)
    return scrap_pareto(view.ledger, begin, until, by=by or "item", rework=rework, wanted=wanted)


def _relations_of_books(
    folder: Path, characteristic: str, others: list[str], by: str, window: tuple[str, str, str], confidence: float
) -> Relations:
    from luban.screens.service import PlantView
    from luban.understand.quality.measured import characteristics_with_data, measured
    from luban.understand.quality.relations import beside, paired, relations as look

    view = PlantView(plant_folder(folder))
    if not characteristic:
        known = ", ".join(list(characteristics_with_data(view.ledger, view.plant))[:20])
        expected = known or "a plant with measured values"
        raise InputError("which characteristic", came="none", expected=expected, where="--characteristic")
    begin, until = chosen_span(view, *window)
    held = measured(view.ledger, view.plant, characteristic, begin, until)
    pairs = [
        paired(held, measured(view.ledger, view.plant, one, begin, until), by=by, level=confidence) for one in others
    ]
    return beside(look(held, level=confidence), pairs)


def _relations_of_file(path: Path, sheet: str, value: str, confidence: float) -> Relations:
    """Every other column: words sort the values into classes, numbers are correlated."""
    from luban.understand.quality.gauge_study.columns import value_columns
    from luban.understand.quality.read import read_columns
    from luban.understand.quality.relations import ranked

    columns = read_columns(path, sheet)
    (own, *more) = value_columns(columns, value, [])
    if more:
        raise InputError("which column holds the values", came=", ".join((own, *more)), where="--value")
    taken = columns.usable([own])
    classes, numbers = {}, {}
    for name in columns.names:
        if name == own:
            continue
        cells = columns.text(name)
        told = [cells[row] for row in taken.rows]
        few = len(set(told)) <= _FEW_NUMBERS and all(one.isdecimal() for one in told if one)
        if columns.numeric(name) and not few:
            numbers[name] = columns.numbers(name).values[list(taken.rows)]
        elif 1 < len(set(told)) <= _MOST_CLASSES:
            classes[name] = told
    return ranked(
        taken.numbers[own], classes, numbers, characteristic=own, unit=taken.units[own], level=confidence,
        excluded=len(taken.excluded), source=columns.source,
    )  # fmt: skip
