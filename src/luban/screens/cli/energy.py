"""`luban energy`: what meters come to, whose it was, what it cost and emitted; from a plant's books or a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from luban.core.errors import InputError
from luban.core.time import parse_time
from luban.screens.cli.energy_saved import EXAMPLES as SAVED_EXAMPLES, savings
from luban.screens.cli.energy_shift import EXAMPLES as SHIFT_EXAMPLES, shift
from luban.screens.cli.options import AsJson, output
from luban.screens.cli.output import NO, OK
from luban.screens.cli.sheets import Language, Out, give
from luban.screens.cli.usual import Usual

if TYPE_CHECKING:
    from luban.understand.energy.books import EnergyAccount
    from luban.understand.quality.data import Excluded

__all__ = ["group", "register"]

_EXAMPLES = (
    "Examples: `luban energy readings.csv --meters meters.csv` · `luban energy plant --tariff cn-example -o e.pdf` · "
    "`luban energy readings.xlsx --tariff contract.toml --region CN-east` · `luban energy plant --order M-102`"
)


class _Accounts(Usual):
    """`luban energy FILE` is `luban energy account FILE`."""

    usual = "account"


group = typer.Typer(
    cls=_Accounts, no_args_is_help=True,
    help="Energy, water and air: what meters come to, what was saved, and what can be moved to cheap hours. "
    "`luban energy FILE` is `luban energy account FILE`.",
)  # fmt: skip


def register(app: typer.Typer) -> None:
    """Hang the commands into the tree."""
    app.add_typer(group, name="energy")
    group.command("savings", epilog=SAVED_EXAMPLES)(savings)
    group.command("shift", epilog=SHIFT_EXAMPLES)(shift)


@group.command("account", epilog=_EXAMPLES)
def energy(
    source: Annotated[Path, typer.Argument(metavar="FILE|DIR", help="A table of meter readings, or a plant's folder.")],
    meters: Annotated[
        Path | None, typer.Option(help="Table of the meters; meters.csv of the plant by default.")
    ] = None,
    swaps: Annotated[
        Path | None, typer.Option(help="Table of replaced meters; meter_swaps.csv of the plant by default.")
    ] = None,
    tariff: Annotated[
        str, typer.Option(help="A tariff by its id, a TOML file, or FILE.toml#ID; the plant's by default.")
    ] = "",
    factors: Annotated[
        Path | None, typer.Option(help="A TOML file of emission factors; they go before luban's own.")
    ] = None,
    region: Annotated[
        str, typer.Option(help="Where the plant lies, for emission factors, e.g. CN-east; as plant.toml says, else CN.")
    ] = "",
    idle: Annotated[
        str, typer.Option(help="How energy of no order comes to orders: direct, time or apart; as plant.toml says.")
    ] = "",
    lot: Annotated[str, typer.Option(help="Only what this lot took, or this piece by its serial number.")] = "",
    order: Annotated[str, typer.Option(help="Only what this order took.")] = "",
    unit: Annotated[str, typer.Option(help="Only what this work unit took, by state.")] = "",
    start: Annotated[str, typer.Option("--from", help="From here on, ISO 8601.")] = "",
    end: Annotated[str, typer.Option("--to", help="Up to here, ISO 8601.")] = "",
    sheet: Annotated[str, typer.Option(help="Sheet of the workbook.")] = "",
    out: Out = None,
    language: Language = "en",
    as_json: AsJson = False,
) -> int:
    """The meter tree and its balance, energy of orders, idling, bill, greenhouse gases; doubtful readings by name.

    With --lot, --order or --unit: what that took of each medium, measured, shared by rule, and of idling.
    Exit code 1 if more flows out below a meter than comes in, or a meter seems to speak another unit.
    """
    from luban.screens.i18n import words
    from luban.screens.report.energy_books import energy_document, energy_sheet
    from luban.screens.report.energy_whose import whose_sheet

    say = output(as_json)
    if not source.is_dir():
        if lot or order or unit:
            raise InputError("whose energy it was is asked of a plant's books", came=str(source), expected="a folder")
        account, excluded = _of_file(source, meters, swaps, tariff, factors, region, idle, start, end, sheet)
        zone, name = ZoneInfo("UTC"), source.name
    else:
        from luban.screens.cli.energy_plant import books_of, whose_of

        books = books_of(source, meters=meters, swaps=swaps, tariff=tariff, factors=factors, region=region, idle=idle)
        zone, name, excluded = books.view.plant.zone, books.view.plant.name, ()
        if lot or order or unit:
            found = whose_of(books, lot=lot, order=order, unit=unit, start=start, end=end)
            give(say, whose_sheet(found, words(language), zone, name), found.as_dict(), out, language)
            return OK
        account = books.account(books.range("all" if not start and not end else "", start, end))
    document = energy_document(account) | {"left_out": [one.as_dict() for one in excluded]}
    give(say, energy_sheet(account, words(language), zone, name, len(excluded)), document, out, language)
    return NO if any(node.verdict == "over" or node.unit_like for node in account.tree.nodes) else OK


def _of_file(
    source: Path, meters: Path | None, swaps: Path | None, tariff: str, factors: Path | None, region: str, idle: str,
    start: str, end: str, sheet: str,
) -> tuple[EnergyAccount, tuple[Excluded, ...]]:  # fmt: skip
    """The account of a table of readings, and the rows that are none."""
    from luban.norms.emissions import factors as known_factors, read_factors
    from luban.norms.tariffs import tariffs_named
    from luban.understand.energy.books import energy_account
    from luban.understand.energy.read import read_meters, read_readings, read_swaps

    zone = ZoneInfo("UTC")
    readings, excluded = read_readings(source, sheet=sheet, zone=zone)
    account = energy_account(
        readings,
        meters=read_meters(meters) if meters else (),
        swaps=read_swaps(swaps, zone) if swaps else None,
        tariffs=tariffs_named(tariff) if tariff else (),
        factors=known_factors().values(),
        own_factors=read_factors(factors).values() if factors else (),
        region=region or "CN",
        idle=idle or "direct",
        start=parse_time(start, zone) if start else None,
        end=parse_time(end, zone) if end else None,
    )
    return account, excluded
