"""`luban energy`: what meters come to, whose it was, what it cost and emitted; from a plant's books or a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from luban.core.errors import InputError
from luban.core.time import parse_time
from luban.screens.cli.options import AsJson, output
from luban.screens.cli.output import NO, OK
from luban.screens.cli.sheets import Language, Out, give

__all__ = ["register"]

_EXAMPLES = (
    "Examples: `luban energy readings.csv --meters meters.csv` · `luban energy plant --tariff cn-example -o e.pdf` · "
    "`luban energy readings.xlsx --tariff contract.toml --region CN-east`"
)


def register(app: typer.Typer) -> None:
    """Hang the command into the tree."""
    app.command("energy", epilog=_EXAMPLES)(energy)


def energy(
    source: Annotated[Path, typer.Argument(metavar="FILE|DIR", help="A table of meter readings, or a plant's folder.")],
    meters: Annotated[
        Path | None, typer.Option(help="Table of the meters; meters.csv of the plant by default.")
    ] = None,
    swaps: Annotated[
        Path | None, typer.Option(help="Table of replaced meters; meter_swaps.csv of the plant by default.")
    ] = None,
    tariff: Annotated[str, typer.Option(help="A tariff by its id, or a TOML file of tariffs.")] = "",
    factors: Annotated[Path | None, typer.Option(help="A TOML file of emission factors beside luban's own.")] = None,
    region: Annotated[str, typer.Option(help="Where the plant lies, for emission factors, e.g. CN-east.")] = "CN",
    idle: Annotated[
        str, typer.Option(help="How energy of no order comes to orders: direct, time or apart.")
    ] = "direct",
    start: Annotated[str, typer.Option("--from", help="From here on, ISO 8601.")] = "",
    end: Annotated[str, typer.Option("--to", help="Up to here, ISO 8601.")] = "",
    sheet: Annotated[str, typer.Option(help="Sheet of the workbook.")] = "",
    out: Out = None,
    language: Language = "en",
    as_json: AsJson = False,
) -> int:
    """The meter tree and its balance, energy of orders, idling, bill, greenhouse gases; doubtful readings by name.

    Exit code 1 if more flows out below a meter than comes in, or a meter seems to speak another unit.
    """
    from luban.norms.emissions import factors as known_factors, read_factors
    from luban.norms.tariffs import tariffs_named
    from luban.screens.i18n import words
    from luban.screens.report.energy_books import energy_document, energy_sheet
    from luban.understand.energy.books import energy_account
    from luban.understand.energy.read import read_meters, read_readings, read_swaps

    say = output(as_json)
    zone: ZoneInfo = ZoneInfo("UTC")
    facts: dict[str, Any] = {}
    excluded: tuple[Any, ...] = ()
    name = source.name
    if source.is_dir():
        readings, facts, zone, name = _of_plant(source, start, end)
        meters = meters or _beside(source, "meters.csv")
        swaps = swaps or _beside(source, "meter_swaps.csv")
    else:
        readings, excluded = read_readings(source, sheet=sheet, zone=zone)
    books = energy_account(
        readings,
        meters=read_meters(meters) if meters else (),
        swaps=read_swaps(swaps, zone) if swaps else None,
        tariffs=tariffs_named(tariff) if tariff else (),
        factors=known_factors().values(),
        own_factors=read_factors(factors).values() if factors else (),
        zone=zone,
        region=region,
        idle=idle,
        start=parse_time(start, zone) if start else None,
        end=parse_time(end, zone) if end else None,
        **facts,
    )
    document = energy_document(books) | {"left_out": [one.as_dict() for one in excluded]}
    give(say, energy_sheet(books, words(language), zone, name, len(excluded)), document, out, language)
    return NO if any(node.verdict == "over" or node.unit_like for node in books.tree.nodes) else OK


def _of_plant(folder: Path, start: str, end: str) -> tuple[Any, dict[str, Any], ZoneInfo, str]:
    """Readings, stays and good pieces of a plant's books, its clock and name."""
    from luban.core.time import now
    from luban.ledger import Ledger
    from luban.plant import load
    from luban.screens.service import places
    from luban.understand.energy.allocate import stays_of
    from luban.understand.energy.books import good_of
    from luban.understand.energy.read import readings_of

    plant = load(folder)
    home = places(folder).ledger
    if not home.is_dir():
        raise InputError("the plant has no books yet", where=str(home), hint="`luban up` starts it")
    ledger = Ledger(home)
    try:
        readings = readings_of(ledger.table("meter").to_pylist())
        stays = stays_of(ledger.table("state").to_pylist(), now())
        span = {"since": parse_time(start, plant.zone) if start else None}
        span["until"] = parse_time(end, plant.zone) if end else None
        good = good_of(ledger.table("count", **span).to_pylist())
    finally:
        ledger.close()
    if not readings:
        raise InputError("the plant's books hold no meter readings", where=str(home))
    return readings, {"stays": stays, "good": good}, plant.zone, plant.name


def _beside(folder: Path, name: str) -> Path | None:
    return folder / name if (folder / name).is_file() else None
