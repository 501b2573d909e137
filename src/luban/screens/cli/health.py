"""`luban health`: how a machine is, from a file of its signals or from a plant's books."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from luban.core.errors import InputError
from luban.screens.cli.options import AsJson, output
from luban.screens.cli.output import NO, OK
from luban.screens.cli.sheets import Language, Out, give
from luban.screens.cli.usual import Usual

if TYPE_CHECKING:
    from collections.abc import Sequence

    from luban.screens.cli.output import Output
    from luban.screens.report.sheet import Sheet
    from luban.screens.service.health_fleet import Row
    from luban.understand.health.machine import Limit, Readings

__all__ = ["group", "register"]

_EXAMPLES = (
    "Examples: `luban health pump.csv` · `luban health mill.xlsx --regime program --limit vibration=4.5 -o mill.pdf` · "
    "`luban health fleet.parquet --machine engine --failed failed` · `luban health . --machine jinan/lathe01`"
)


class _Anything(Usual):
    """`luban health pump.csv` is `luban health examine pump.csv`."""

    usual = "examine"


group = typer.Typer(
    cls=_Anything, no_args_is_help=True,
    help="The health of machines: what is unusual and why, what is left, what is odd about the data. "
    "`luban health FILE` is `luban health examine FILE`.",
)  # fmt: skip


def register(app: typer.Typer) -> None:
    """Hang the commands into the tree."""
    app.add_typer(group, name="health")


@group.command("examine", epilog=_EXAMPLES)
def examine(
    source: Annotated[
        Path, typer.Argument(metavar="FILE|DIR", help="A table of signals (CSV, Excel, Parquet), or a plant's folder.")
    ],
    machine: Annotated[
        str, typer.Option(help="With FILE: column that names the machine. With DIR: path of one machine.")
    ] = "",
    time: Annotated[str, typer.Option(help="With FILE: column of the clock, or of cycles or hours in use.")] = "",
    regime: Annotated[str, typer.Option(help="With FILE: column of product, program, load: what is compared.")] = "",
    state: Annotated[str, typer.Option(help="With FILE: column that says when it ran.")] = "",
    failed: Annotated[
        str, typer.Option(help="With FILE: column that says in a machine's last row whether it failed.")
    ] = "",
    channel: Annotated[
        list[str] | None, typer.Option(help="With FILE: column to look at; all numbers by default; may be repeated.")
    ] = None,
    good: Annotated[
        int | None, typer.Option(min=1, help="With FILE: rows in operation, from the first on, that are good.")
    ] = None,
    limit: Annotated[list[str] | None, typer.Option(help="With FILE: channel=level of wear; may be repeated.")] = None,
    sheet: Annotated[str, typer.Option(help="Sheet of the workbook.")] = "",
    where: Annotated[list[str] | None, typer.Option(help="Only rows with column=text; may be repeated.")] = None,
    out: Out = None,
    language: Language = "en",
    as_json: AsJson = False,
) -> int:
    """What is unusual about a machine and since when, the channels behind it, what is left, doubts about its data.

    Regimes are found where nobody names them, and a product change is no anomaly. Exit code 1 if something is unusual.
    """
    say = output(as_json)
    if source.is_dir():
        return _plant(say, source, machine, out, language)
    if not source.exists():
        raise InputError("no such file or folder", where=str(source))
    from luban.screens.cli.spc_data import pairs
    from luban.understand.health.machine import Asked, read_readings

    asked = Asked(
        time, machine, regime, state, failed, tuple(channel or ()), sheet, None, pairs(where or (), "--where")
    )  # fmt: skip
    found = read_readings(source, asked)
    limits = _limits(limit or (), found[0])
    if len(found) == 1:
        return _machine(say, found[0], good, limits, out, language)
    return _several(say, found, good, limits, out, language)


def _limits(given: Sequence[str], readings: Readings) -> list[Limit]:
    from luban.screens.cli.spc_data import pairs
    from luban.understand.health.machine import Limit

    found = []
    names = {name.casefold(): name for name in readings.channels}
    for name, text in pairs(given, "--limit").items():
        try:
            value = float(text)
        except ValueError:
            raise InputError("a limit needs a channel and a number", came=f"{name}={text}", where="--limit") from None
        found.append(Limit(names.get(name.casefold(), name), value, "--limit"))
    return found


def _machine(
    say: Output, readings: Readings, good: int | None, limits: Sequence[Limit], out: Path | None, language: str
) -> int:
    from luban.screens.i18n import words
    from luban.screens.report.health_machine import machine_sheet
    from luban.understand.health.machine import examine as examined

    health = examined(readings, good=good, limits=limits)
    give(say, machine_sheet(health, words(language)), health.as_dict(), out, language)
    return NO if health.state in {"unusual", "worn"} else OK


def _several(
    say: Output, found: Sequence[Readings], good: int | None, limits: Sequence[Limit], out: Path | None, language: str
) -> int:
    from luban.screens.i18n import words
    from luban.screens.report.health_fleet import fleet_sheet
    from luban.screens.service.health_fleet import Row
    from luban.understand.health.machine import examine as examined, learned_lives

    lives = learned_lives(found)
    rows = []
    for one in found:
        health = examined(one, good=good, limits=limits)
        rows.append(Row(one.machine, one.machine, health, health.reason, learned=lives.get(one.machine)))
    title = Path(found[0].source).stem
    return _give(say, rows, fleet_sheet(rows, words(language), title, found[0].source), out, language)


def _give(say: Output, rows: Sequence[Row], sheet: Sheet, out: Path | None, language: str) -> int:
    from luban.screens.service.health_fleet import in_order, row_document

    give(say, sheet, {"machines": [row_document(row) for row in in_order(rows)]}, out, language)
    return NO if any(row.health is not None and row.health.state in {"unusual", "worn"} for row in rows) else OK


def _plant(say: Output, folder: Path, machine: str, out: Path | None, language: str) -> int:
    from luban.screens.cli.options import plant_folder
    from luban.screens.i18n import words
    from luban.screens.report.health_fleet import fleet_sheet
    from luban.screens.report.health_machine import as_document
    from luban.screens.report.health_print import printed_machine
    from luban.screens.report.health_retrofit import power_document
    from luban.screens.service import PlantView
    from luban.screens.service.health import HealthBooks

    books = HealthBooks(PlantView(plant_folder(folder)))
    plant, spoken = books.view.plant, words(language)
    if not machine:
        rows = books.fleet(learn=True)
        return _give(say, rows, fleet_sheet(rows, spoken, plant.name, plant.id), out, language)
    path = machine if machine in plant.work_units else f"{plant.id}/{machine}"
    power = books.power(path, read=True)
    told = None if power is None else power_document(power)
    try:
        health, last, life = books.machine(path), books.last_time(path), books.life(path, learn=True)
    except InputError:
        if power is None:
            raise
        give(say, printed_machine(books, path, spoken), {"machine": path, "power": told}, out, language)
        return OK
    conditions = books.conditions(path, read=True)
    document = as_document(health, last, life) | {"conditions": [one.as_dict() for one in conditions], "power": told}
    give(say, printed_machine(books, path, spoken), document, out, language)
    return NO if health.state in {"unusual", "worn"} else OK
