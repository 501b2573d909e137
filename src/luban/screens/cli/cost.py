"""`luban cost`: a plant's cost books from its facts, and what one piece of an order or item really cost."""

from __future__ import annotations

import contextlib
import csv
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from luban.core.errors import InputError
from luban.core.time import iso
from luban.screens.cli.options import AsJson, output
from luban.screens.cli.output import NO, OK
from luban.screens.cli.sheets import Language, Out, give

if TYPE_CHECKING:
    from luban.plant import Plant
    from luban.screens.cli.output import Output
    from luban.understand.cost import Card, PostedBooks
    from luban.understand.cost.facts import PlantCost

__all__ = ["register"]

_EXAMPLES = (
    "Examples: `luban cost plant` · `luban cost plant PO-101 -o cost.pdf` · `luban cost plant shaft --json` · "
    "`luban cost plant --standard` · `luban cost plant --differences` · `luban cost plant --post` · "
    "`luban cost plant --journal postings.csv`"
)
_WAIT = 30.0  # for the running plant to take postings in [s]


def register(app: typer.Typer) -> None:
    """Hang the command into the tree."""
    app.command("cost", epilog=_EXAMPLES)(cost)


def cost(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A plant's folder.")],
    name: Annotated[
        str, typer.Argument(metavar="[ORDER|ITEM]", help="An order or an item; without one, the books of all.")
    ] = "",
    standard: Annotated[bool, typer.Option("--standard", help="Standard cost, rolled up along the parts.")] = False,
    differences: Annotated[
        bool, typer.Option("--differences", help="What --post would post: where the posted books differ.")
    ] = False,
    post: Annotated[
        bool, typer.Option("--post", help="Post into the books; a corrected fact posts a reversal and the new entry.")
    ] = False,
    since: Annotated[int | None, typer.Option(min=0, help="What the facts after this seq changed.")] = None,
    journal: Annotated[Path | None, typer.Option(help="Write the postings as a CSV file.")] = None,
    as_of: Annotated[int | None, typer.Option(min=0, help="The books as they stood at this seq.")] = None,
    out: Out = None,
    language: Language = "en",
    as_json: AsJson = False,
) -> int:
    """Trial balance, work in progress, cost of orders; or what a piece cost by element, against its standard.

    Prices are in prices.csv, exchange rates in rates.csv, accounts in accounts.csv, the rule for scrap and the day
    before which books are closed in [cost] of plant.toml. Exit code 1 if the posted books differ after posting.
    """
    from luban.plant import load
    from luban.screens.i18n import words
    from luban.screens.report.cost import books_document, books_sheet

    say = output(as_json)
    plant = load(folder)
    if not plant.prices:
        raise InputError(
            "the plant has no prices", where=str(folder / "prices.csv"), expected="kind, of, price, per",
            hint="a line of it: machine,machining/lathe01,60,h",
        )  # fmt: skip
    asked = [one for one, wanted in (("--standard", standard), ("--differences", differences), ("--post", post),
                                     ("--since", since is not None)) if wanted]  # fmt: skip
    if len(asked) > 1 or (asked and as_of is not None) or (name and asked not in ([], ["--standard"])):
        came = " ".join([name, *asked, *(["--as-of"] if as_of is not None else [])]).strip()
        raise InputError("these do not go together", came=came, expected="one of them, for the books of all")
    if standard:
        _standard(say, plant, name, out, language)
        return OK
    found = _books(folder, plant, as_of)
    if journal is not None:
        _write(found, plant, journal)
        say.say(f"written: {journal}, {len(found.book.entries):,} entries")
    if since is not None:
        _changes(say, found, _books(folder, plant, since), plant, since, out, language)
    elif differences or post:
        return _postings(say, folder, found, plant, out, language, post=post)
    elif name:
        _piece(say, found, plant, name, out, language)
    else:
        give(say, books_sheet(found, words(language), source=plant.name), books_document(found), out, language)
    return OK


def _books(folder: Path, plant: Plant, as_of: int | None) -> PlantCost:
    from luban.ledger import Ledger
    from luban.screens.service import places
    from luban.understand.cost.facts import plant_cost

    ledger = Ledger(places(folder).ledger)
    try:
        return plant_cost(ledger, plant, as_of=as_of)
    finally:
        ledger.close()


def _standard(say: Output, plant: Plant, name: str, out: Path | None, language: str) -> None:
    from luban.core.time import now
    from luban.screens.i18n import words
    from luban.screens.report.cost_standard import standard_document, standard_sheet
    from luban.understand.cost import roll_up
    from luban.understand.cost.facts import prices_of

    rolled = roll_up(plant, prices_of(plant), now())
    if name and name not in rolled:
        raise InputError("no such item", came=name, expected=", ".join(list(rolled)[:12]) or "none is in the tables")
    document = standard_document(plant, rolled, name)
    give(say, standard_sheet(plant, rolled, words(language), name), document, out, language)


def _changes(
    say: Output, found: PlantCost, before: PlantCost, plant: Plant, since: int, out: Path | None, language: str
) -> None:
    from luban.core.time import now
    from luban.screens.i18n import words
    from luban.screens.report.cost_posting import changes_document, changes_sheet
    from luban.understand.cost import differences

    changes = differences(before.book.entries, found.book.entries, now())
    sheet = changes_sheet(found, changes, since, words(language), plant.zone)
    give(say, sheet, changes_document(found, changes, since), out, language)


def _postings(
    say: Output, folder: Path, found: PlantCost, plant: Plant, out: Path | None, language: str, *, post: bool
) -> int:
    from luban.screens.i18n import words
    from luban.screens.report.cost_posting import agreed, posting_document, posting_sheet
    from luban.understand.cost import digits_of, to_post

    digits = digits_of(found.currency)
    if post:
        _take_in(folder)
    posted = _posted(folder, digits)
    rows = to_post(found.book.entries, posted, found.chart, found.currency, digits, closed=plant.cost.closed)
    if post and rows["time"]:
        _append(say, folder, rows, len(posted.lines))
        posted = _posted(folder, digits)
    sheet = posting_sheet(found, posted, rows, words(language), plant.zone, done=post)
    give(say, sheet, posting_document(found, posted, rows, done=post), out, language)
    return NO if post and not agreed(found, posted) else OK


def _posted(folder: Path, digits: int) -> PostedBooks:
    from luban.ledger import Ledger
    from luban.screens.service import places
    from luban.understand.cost import posted_books

    ledger = Ledger(places(folder).ledger)
    try:
        return posted_books(ledger.table("posting").to_pylist(), digits)
    finally:
        ledger.close()


def _take_in(folder: Path) -> None:
    """What was left on disk by an earlier run; the running plant does it where there is one."""
    from luban.core.errors import LedgerBusyError
    from luban.ledger import Intake, LedgerWriter
    from luban.screens.service import places

    home = places(folder)
    with contextlib.suppress(LedgerBusyError), LedgerWriter(home.ledger) as writer:
        Intake(home.spool, writer).drain()


def _append(say: Output, folder: Path, rows: dict[str, list[object]], before: int) -> None:
    """Into the books; through the running plant where there is one, which holds them."""
    import time

    from luban.core.errors import LedgerBusyError
    from luban.ledger import LedgerWriter, Spool
    from luban.screens.service import places
    from luban.understand.cost.posted import SOURCE

    home = places(folder)
    try:
        with LedgerWriter(home.ledger) as writer:
            writer.append("posting", rows, source=SOURCE)
        return
    except LedgerBusyError:
        say.say("the running plant takes it in")
    spool = Spool(home.spool, SOURCE)
    spool.put("posting", rows)
    spool.close()
    end = time.monotonic() + _WAIT
    while len(_posted(folder, 2).lines) < before + len(rows["time"]):
        if time.monotonic() > end:
            raise LedgerBusyError(
                "the running plant has not taken the postings in yet", where=str(home.spool),
                hint="they are on disk and not lost; look with --differences before you post again",
            )  # fmt: skip
        time.sleep(0.2)


def _piece(say: Output, found: PlantCost, plant: Plant, name: str, out: Path | None, language: str) -> None:
    from luban.screens.i18n import words
    from luban.screens.report.cost import piece_document, piece_sheet
    from luban.screens.service.cost_variance import compared
    from luban.understand.cost import unit_cost

    cards = _cards(found, name)
    unit = unit_cost(cards)
    against = compared(found, plant, {one.order for one in cards})
    variances = list(against.variances.values())
    unpriced = [text for names in against.unpriced.values() for text in names]
    sheet = piece_sheet(
        found, name, unit, cards, variances, words(language), unpriced=unpriced, still=against.open
    )  # fmt: skip
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
