"""`luban maintain`: which policy a part needs, from a file of lives and prices; what is due in a plant, and orders."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from luban.core.errors import InputError
from luban.screens.cli.options import AsJson, output
from luban.screens.cli.output import NO, OK
from luban.screens.cli.sheets import Language, Out, give

if TYPE_CHECKING:
    from collections.abc import Sequence

    from luban.decide.maintain import Life, Prices, Signs
    from luban.screens.cli.output import Output
    from luban.understand.health.lifetime import LifeFit
    from luban.understand.quality.data import Excluded

__all__ = ["register"]

_EXAMPLES = (
    "Examples: `luban maintain bearings.csv --failure 5000 --planned 1200 --hour 150 --failure-hours 20 "
    "--planned-hours 6 -o bearings.pdf` · `luban maintain --shape 2.5 --mean 887 --failure 5 --planned 1` · "
    "`luban maintain parts.csv --visit 800` · `luban maintain plant` · "
    "`luban maintain plant --stops >> plant/schedule.toml`"
)


def register(app: typer.Typer) -> None:
    """Hang the command into the tree."""
    app.command("maintain", epilog=_EXAMPLES)(maintain)


def maintain(
    source: Annotated[
        Path | None, typer.Argument(metavar="FILE|DIR", help="A table of lives, or a plant's folder.")
    ] = None,
    failure: Annotated[float | None, typer.Option(help="Cost of a failure, without lost output [money].")] = None,
    planned: Annotated[float | None, typer.Option(help="Cost of a planned replacement, likewise [money].")] = None,
    hour: Annotated[float, typer.Option(min=0, help="Output lost per hour of stop [money/h].")] = 0.0,
    failure_hours: Annotated[float, typer.Option(min=0, help="A failure stops the machine [h].")] = 0.0,
    planned_hours: Annotated[float, typer.Option(min=0, help="A planned replacement stops it [h].")] = 0.0,
    inspection: Annotated[float, typer.Option(min=0, help="Cost of a look at its condition [money].")] = 0.0,
    inspection_hours: Annotated[float, typer.Option(min=0, help="A look stops it [h].")] = 0.0,
    currency: Annotated[str, typer.Option(help="Of the prices.")] = "CNY",
    signs: Annotated[float | None, typer.Option(min=0, max=1, help="Share of failures that give a sign [1].")] = None,
    begins: Annotated[float, typer.Option(min=0, max=0.99, help="Share of the life at which it begins [1].")] = 0.7,
    false_every: Annotated[float | None, typer.Option(help="Hours between alarms without cause [h].")] = None,
    every: Annotated[float, typer.Option(help="Hours between looks at the condition [h].")] = 24.0,
    lead: Annotated[float, typer.Option(min=0, help="Hours from asking for a stop to having it [h].")] = 0.0,
    as_old: Annotated[bool, typer.Option("--as-old", help="A repair leaves the age as it is.")] = False,
    pace: Annotated[float | None, typer.Option(help="Units of the life an hour, where it is not in hours.")] = None,
    shape: Annotated[float | None, typer.Option(help="Weibull shape: held with FILE, given without.")] = None,
    mean: Annotated[float | None, typer.Option(help="Without FILE: mean life [h].")] = None,
    family: Annotated[str, typer.Option(help="With FILE: family of lives, as `luban lifetime` has it.")] = "weibull",
    life: Annotated[str, typer.Option(help="With FILE: column of the lives.")] = "",
    status: Annotated[str, typer.Option(help="With FILE: column that says which units failed.")] = "",
    unit: Annotated[str, typer.Option(help="With FILE: unit of the lives.")] = "",
    sheet: Annotated[str, typer.Option(help="Sheet of the workbook.")] = "",
    where: Annotated[list[str] | None, typer.Option(help="Only rows with column=text; may be repeated.")] = None,
    visit: Annotated[
        float | None,
        typer.Option(
            min=0, help="Cost of one stop: FILE is a table of parts: part, shape, mean [h], failure, planned."
        ),
    ] = None,
    order: Annotated[str, typer.Option(metavar="WO", help="With DIR: one work order.")] = "",
    task: Annotated[str, typer.Option(metavar="MACHINE:TASK", help="With DIR: policies of that task's part.")] = "",
    stops: Annotated[bool, typer.Option("--stops", help="With DIR: stops for schedule.toml.")] = False,
    as_of: Annotated[int | None, typer.Option(min=0, help="With DIR: the books as they stood at this seq.")] = None,
    out: Out = None,
    language: Language = "en",
    as_json: AsJson = False,
) -> int:
    """Policies by age, at fixed times, by condition and at failure, priced with intervals; what is due in a plant.

    Exit code 1 if something is overdue, or where no policy can be told.
    """
    say = output(as_json)
    if source is not None and source.is_dir():
        return _plant(say, source, order, task, as_of, out, language, stops=stops)
    if visit is not None:
        return _together(say, source, visit, sheet, out, language)
    prices = _prices(
        failure, planned, hour=hour, failure_hours=failure_hours, planned_hours=planned_hours, inspection=inspection,
        inspection_hours=inspection_hours, currency=currency,
    )  # fmt: skip
    felt = _signs(signs, begins, false_every)
    if source is None:
        return _given(say, shape, mean, prices, felt, every, lead, pace, out, language, as_old=as_old)
    from luban.screens.cli.spc_data import pairs
    from luban.understand.health.lifetime import fit_life, fit_lives, read_lives

    lives = read_lives(source, life=life, status=status, sheet=sheet, unit=unit, where=pairs(where or (), "--where"))
    fit = fit_lives(lives)[0] if family == "auto" else fit_life(lives, family, shape=shape)
    if fit.reason:
        raise InputError(fit.reason, where=lives.source, hint="luban lifetime says more")
    return _advise(
        say,
        fit,
        prices,
        felt,
        every,
        lead,
        pace,
        lives.name,
        lives.source,
        out,
        language,
        lives.excluded,
        as_old=as_old,
    )


def _prices(failure: float | None, planned: float | None, **rest: Any) -> Prices:
    from luban.decide.maintain import Prices

    if failure is None or planned is None:
        raise InputError("prices of a failure and of a planned replacement are needed", where="--failure, --planned")
    return Prices(failure=failure, planned=planned, **rest)


def _signs(share: float | None, begins: float, false_every: float | None) -> Signs | None:
    import math

    from luban.decide.maintain import Signs

    return None if share is None else Signs(share, begins, math.inf if false_every is None else false_every)


def _given(
    say: Output, shape: float | None, mean: float | None, prices: Prices, signs: Signs | None, every: float,
    lead: float, pace: float | None, out: Path | None, language: str, *, as_old: bool,
) -> int:  # fmt: skip
    from luban.decide.maintain import weibull_of_mean

    if shape is None or mean is None:
        raise InputError("no file", expected="a file of lives, a plant's folder, or --shape and --mean", where="FILE")
    life = weibull_of_mean(shape, mean)
    return _advise(say, life, prices, signs, every, lead, pace, "Weibull", "", out, language, as_old=as_old)


def _together(say: Output, source: Path | None, visit: float, sheet: str, out: Path | None, language: str) -> int:
    from luban.decide.maintain.parts import COLUMNS, read_parts, together
    from luban.screens.i18n import words
    from luban.screens.report.health_maintenance import together_sheet

    if source is None:
        raise InputError("no file", expected=", ".join(COLUMNS), where="FILE")
    parts, excluded, where = read_parts(source, sheet)
    found = together(parts, visit, excluded)
    give(say, together_sheet(found, words(language), where), found.as_dict(), out, language)
    return OK


def _advise(
    say: Output, life: Life | LifeFit, prices: Prices, signs: Signs | None, every: float, lead: float,
    pace: float | None, name: str, source: str, out: Path | None, language: str, excluded: Sequence[Excluded] = (),
    *, as_old: bool,
) -> int:  # fmt: skip
    from luban.decide.maintain import advise
    from luban.screens.i18n import words
    from luban.screens.report.health_maintenance import advice_sheet

    advice = advise(life, prices, signs=signs, every=every, lead=lead, as_old=as_old, pace=pace)
    sheet = advice_sheet(advice, words(language), name=name, source=source, excluded=excluded)
    document = advice.as_dict() | {"excluded": [one.as_dict() for one in excluded]}
    give(say, sheet, document, out, language)
    return OK


def _plant(
    say: Output, folder: Path, order: str, task: str, as_of: int | None, out: Path | None, language: str, *, stops: bool
) -> int:
    from luban.core.time import now
    from luban.decide.maintain import known_order
    from luban.ledger import Ledger
    from luban.plant import load
    from luban.screens.cli.options import plant_folder
    from luban.screens.i18n import words
    from luban.screens.plain import plain
    from luban.screens.report.health_maintenance import advice_sheet, order_sheet, standing_sheet
    from luban.screens.service import places
    from luban.screens.service.maintenance import advice_of, standing_of

    spoken, plant = words(language), load(plant_folder(folder))
    ledger = Ledger(places(folder).ledger)
    try:
        if order:
            one = known_order(ledger, order)
            give(say, order_sheet(one, spoken, plant.zone), plain(one.as_dict()), out, language)
            return OK
        if task:
            name = task if task.startswith(f"{plant.id}/") else f"{plant.id}/{task}"
            advice = advice_of(ledger, plant, name, now(), folder=folder)
            give(say, advice_sheet(advice, spoken, name=task, source=plant.name), advice.as_dict(), out, language)
            return OK
        standing = standing_of(ledger, plant, now(), as_of=as_of)
        if stops:
            return _stops(say, list(standing.orders.values()), plant, out)
        sheet = standing_sheet(plant.name, standing.due, list(standing.orders.values()), standing.shelves,
                               standing.week.lacks, spoken, plant.zone)  # fmt: skip
        give(say, sheet, plain(standing.as_dict()), out, language)
        return NO if any(one.state in {"overdue", "asked"} for one in standing.due) else OK
    finally:
        ledger.close()


def _stops(say: Output, orders: list[Any], plant: Any, out: Path | None) -> int:
    from luban.decide.maintain import stops_text, windows

    rows = windows(orders, plant=plant.id)
    text = stops_text(rows, plant.zone)
    if out is not None:
        try:
            out.write_text(text, "utf-8")
        except OSError as error:
            raise InputError("the stops could not be written", came=str(error), where=str(out)) from None
    say.answer({"maintenance": rows}, text.rstrip())
    return OK
