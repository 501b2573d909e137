"""`luban cost`: a plant's cost books from its facts, and what one piece of an order or item really cost."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from luban.core.errors import InputError
from luban.core.time import iso
from luban.screens.cli.options import AsJson, output
from luban.screens.cli.output import OK
from luban.screens.cli.sheets import Language, Out, give

if TYPE_CHECKING:
    from luban.plant import Plant
    from luban.screens.cli.output import Output
    from luban.understand.cost import Card, Variance
    from luban.understand.cost.facts import PlantCost

__all__ = ["register"]

_EXAMPLES = (
    "Examples: `luban cost plant` · `luban cost plant PO-101 -o cost.pdf` · `luban cost plant shaft --json` · "
    "`luban cost plant --journal postings.csv`"
)


def register(app: typer.Typer) -> None:
    """Hang the command into the tree."""
    app.command("cost", epilog=_EXAMPLES)(cost)


def cost(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A plant's folder.")],
    name: Annotated[
        str, typer.Argument(metavar="[ORDER|ITEM]", help="An order or an item; without one, the books of all.")
    ] = "",
    journal: Annotated[Path | None, typer.Option(help="Write the postings as a CSV file.")] = None,
    as_of: Annotated[int | None, typer.Option(min=0, help="The books as they stood at this seq.")] = None,
    out: Out = None,
    language: Language = "en",
    as_json: AsJson = False,
) -> int:
    """Trial balance, work in progress, cost of orders; or what a piece cost by element, against its standard.

    Prices are in prices.csv, accounts in accounts.csv, the rule for scrap in [cost] of plant.toml.
    """
    from luban.ledger import Ledger
    from luban.plant import load
    from luban.screens.i18n import words
    from luban.screens.report.cost import books_document, books_sheet
    from luban.screens.service import places
    from luban.understand.cost.facts import plant_cost

    say = output(as_json)
    plant = load(folder)
    if not plant.prices:
        raise InputError(
            "the plant has no prices", where=str(folder / "prices.csv"), expected="kind, of, price, per",
            hint="a line of it: machine,machining/lathe01,60,h",
        )  # fmt: skip
    ledger = Ledger(places(folder).ledger)
    try:
        found = plant_cost(ledger, plant, as_of=as_of)
    finally:
        ledger.close()
    if journal is not None:
        _write(found, plant, journal)
        say.say(f"written: {journal}, {len(found.book.entries):,} entries")
    if name:
        _piece(say, found, plant, name, out, language)
    else:
        give(say, books_sheet(found, words(language), source=plant.name), books_document(found), out, language)
    return OK


def _piece(say: Output, found: PlantCost, plant: Plant, name: str, out: Path | None, language: str) -> None:
    from luban.screens.i18n import words
    from luban.screens.report.cost import piece_document, piece_sheet
    from luban.understand.cost import unit_cost

    cards = _cards(found, name)
    unit = unit_cost(cards)
    variances, unpriced = _variances(found, plant, cards)
    sheet = piece_sheet(found, name, unit, cards, variances, words(language), unpriced=unpriced)
    give(say, sheet, piece_document(found, unit, cards, variances), out, language)


def _cards(found: PlantCost, name: str) -> list[Card]:
    cards = found.book.cards
    if name in cards:
        return [cards[name]]
    chosen = [one for one in cards.values() if one.item == name]
    if not chosen:
        known = ", ".join([*dict.fromkeys(one.item for one in cards.values() if one.item), *cards][:12])
        raise InputError("no order and no item of that name has cost", came=name, expected=known or "none has yet")
    return chosen


def _variances(found: PlantCost, plant: Plant, cards: list[Card]) -> tuple[list[Variance], list[str]]:
    from luban.understand.cost import digits_of, standard_of, variance_of

    done: list[Variance] = []
    unpriced: list[str] = []
    latest = found.book.events[-1].time
    for card in cards:
        lines, missing = standard_of(plant, found.book.prices, card.item, latest)
        unpriced += missing
        if lines and card.good:
            done.append(variance_of(card, lines, digits=digits_of(found.currency)))
    return done, unpriced


def _write(found: PlantCost, plant: Plant, path: Path) -> None:
    from luban.understand.cost import digits_of, posting_rows

    numbers = {role: one.number for role, one in found.chart.accounts.items()}
    rows = posting_rows(found.book.entries, numbers, found.currency, digits_of(found.currency))
    part = path.with_name(path.name + ".part")
    try:
        with part.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(rows)
            for time, *cells in zip(*rows.values(), strict=True):
                writer.writerow([iso(int(str(time)), plant.zone), *cells])
        part.replace(path)
    except OSError as error:
        raise InputError("the file could not be written", came=str(error), where=str(path)) from error
