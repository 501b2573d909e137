"""Returns to the screens: forms, reviews, takings, confirmations, questions, own books, who has returned.

Reads   Fact(enterprise, return, event), files that are handed in
Writes  Fact(enterprise, return) and Fact(event) of kind `return` through the screens' spool
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa

from luban.core.errors import InputError
from luban.ledger import Ledger, Rows
from luban.norms.emissions import Factor, read_factors
from luban.norms.plans import TargetPlan, load_plan, plans
from luban.plant import Plant
from luban.rollup.returns import (
    Batch,
    OwnReturn,
    Review,
    Taken,
    answer_row,
    confirm_row,
    form_model,
    form_of,
    history_of,
    kin,
    own_return,
    query_row,
    read_returns,
    register,
    registered,
    review,
    standing,
    state_row,
    take,
    unit_returns,
    vintage_row,
    vintages,
)
from luban.screens.service.books import Books
from luban.screens.users import Act
from luban.understand.book import entries

__all__ = [
    "ReturnsDesk",
    "as_of_seq",
    "has_returned",
    "open_query",
    "own_factors",
    "plan_named",
    "prefilled",
    "read_sent",
    "reviewed",
    "sent_file",
    "unnamed",
]


def plan_named(name: str, folder: Path | None = None) -> TargetPlan:
    """A plan of luban's by its name, or one in a folder; a folder beside plant.toml goes before. Raises ConfigError."""
    if name in plans():
        return load_plan(name)
    beside = None if folder is None else folder / name
    return load_plan(beside if beside is not None and beside.is_dir() else name)


def own_factors(folder: Path, plant: Plant) -> tuple[Factor, ...]:
    """Emission factors that the plant names. Raises ConfigError."""
    return tuple(one for name in plant.energy.factors for one in read_factors(folder / name).values())


def as_of_seq(ledger: Ledger, told: str) -> int | None:
    """Seq of a vintage by its name, or a seq as it is written; a name goes first; None for "". Raises InputError."""
    told = told.strip()
    if not told:
        return None
    named = {one.name: one.seq for one in vintages(ledger)}
    if told not in named and told.isdecimal():
        return int(told)
    if told not in named:
        raise InputError("no such vintage", came=told, expected=", ".join(named) or "a seq: no vintage has a name yet")
    return named[told]


def unnamed(ledger: Ledger, vintage: str) -> str:
    """The name as the books would hold it. Raises InputError for one that is taken."""
    name = vintage.strip()
    if name in {one.name for one in vintages(ledger)}:
        raise InputError("a vintage of this name is there", came=name, hint="a vintage is never renamed")
    return name


def prefilled(
    ledger: Ledger, plan: TargetPlan, unit: str, year: int
) -> tuple[dict[str, Any], dict[str, Any], dict[str, str]]:
    """(about the unit, element → value, element → why it is not known) as the books have them."""
    known = pa.table(register(ledger, years=[year]).collect("pyarrow").to_native()).to_pylist()
    about: dict[str, Any] = next((one for one in known if one["unit"] == unit), {})
    rows = standing(ledger, plan, years=[year], units=[unit]).collect("pyarrow").to_native()
    values: dict[str, Any] = {}
    texts: dict[str, str] = {}
    for one in pa.table(rows).to_pylist():
        values[one["element"]] = one["value"]
        if one["value"] is None and one["text"]:
            texts[one["element"]] = one["text"]
    return about | {"unit": unit}, values, texts


def read_sent(content: bytes, name: str, plan: TargetPlan) -> Batch:
    """Returns of a file that somebody sent, under its own name. Raises InputError."""
    with sent_file(content, name, "returns.csv") as file:
        return read_returns(file, plan)


@contextmanager
def sent_file(content: bytes, name: str, otherwise: str) -> Iterator[Path]:
    """A file that somebody sent, for as long as it is read, under its own name. Raises InputError."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / (Path(name).name or otherwise)
        try:
            file.write_bytes(content)
        except (OSError, ValueError):
            expected = f"a plain name, e.g. {otherwise}"
            raise InputError("no file can have that name", came=name[:80], expected=expected) from None
        yield file


def reviewed(ledger: Ledger, plan: TargetPlan, batch: Batch) -> Review:
    """A batch against the rules, against itself and against what stands in the books."""
    years = sorted({int(one) for one in batch.years if one})
    known = registered(ledger, years) if years else {}
    return review(batch, plan, history=history_of(ledger, plan, units=kin(ledger, batch)), known=known)


def has_returned(ledger: Ledger, plan: TargetPlan, unit: str, year: int) -> None:
    """Raises InputError where nothing of the unit's return of a year stands."""
    rows = standing(ledger, plan, years=[year], units=[unit]).select("seq").collect("pyarrow").to_native()
    if not pa.table(rows).num_rows:
        raise InputError("nothing was returned", came=f"{unit} {year}", hint="luban returns status DIR")


def open_query(ledger: Ledger, plan: TargetPlan, unit: str, year: int, query: int) -> None:
    """Raises InputError where a question to the unit is not open."""
    known = [seq for one in unit_returns(ledger, plan, year) if one.unit == unit for seq, _ in one.queries]
    if query not in known:
        expected = ", ".join(map(str, known)) or "none"
        raise InputError("no such question is open", came=str(query), expected=expected, where=f"{unit} {year}")


class ReturnsDesk:
    """What pages and REST may ask about returns, and do to them. Safe from any thread."""

    def __init__(self, books: Books) -> None:
        self.books = books

    @property
    def ledger(self) -> Ledger:
        """The books."""
        return self.books.view.ledger

    @cached_property
    def plan(self) -> TargetPlan:
        """The plan that `[rollup]` of plant.toml names. Raises ConfigError."""
        return plan_named(self.books.view.plant.rollup.plan, Path(self.books.view.folder))

    def form(self, language: str, unit: str = "", year: int = 0, level: str = "enterprise") -> dict[str, Any]:
        """The form as a page builds it, filled with what stands."""
        about: dict[str, Any] = {}
        values: dict[str, Any] = {}
        texts: dict[str, str] = {}
        if unit and year:
            about, values, texts = prefilled(self.ledger, self.plan, unit, year)
        model = form_model(
            form_of(self.plan, level), language=language, unit=unit, year=year, values=values, texts=texts
        )
        return model | {"about": {key: one for key, one in about.items() if key not in ("seq", "since")}}

    def review(self, batch: Batch) -> dict[str, Any]:
        """What is wrong, doubtful or worth a look, before anything is taken."""
        return reviewed(self.ledger, self.plan, batch).as_dict()

    def take(self, batch: Batch, person: str) -> Taken:
        """Take returns into the books."""
        taken = take(self.ledger, self.plan, batch)
        for stream, rows in taken.parts():
            self._write(
                person, "returns taken" if stream == "return" else "units registered", batch.source, stream, rows
            )
        return taken

    def own(self, year: int) -> OwnReturn:
        """The return of the plant itself from its own books."""
        view = self.books.view
        factors = own_factors(Path(view.folder), view.plant)
        return own_return(self.ledger, view.plant, self.plan, year, own_factors=factors)

    def take_own(self, year: int, unit: str, about: dict[str, Any], person: str) -> Taken:
        """Put the plant's own return into the books, with its evidence."""
        found = self.own(year)
        taken = take(self.ledger, self.plan, found.batch(unit, about), method="own books", evidence=found.evidence)
        for stream, rows in taken.parts():
            self._write(person, "own return taken" if stream == "return" else "units registered", unit, stream, rows)
        return taken

    def confirm(self, unit: str, year: int, person: str, text: str = "") -> int:
        """The firm says that its return is right as it stands now. Raises InputError where nothing stands."""
        has_returned(self.ledger, self.plan, unit, year)
        rows = confirm_row(unit, year, self.ledger.head, person=person, text=text)
        return self._write(person, "return confirmed", unit, "event", rows)

    def query(self, unit: str, year: int, person: str, text: str, element: str = "") -> int:
        """A question to the firm; its seq, which the answer names.

        Raises InputError where nothing stands, or for an unknown element.
        """
        has_returned(self.ledger, self.plan, unit, year)
        if element:
            self.plan.element(element)
        rows = query_row(unit, year, person=person, text=text, element=element)
        act = self._write(person, "return queried", unit, "event", rows)
        mine = entries(self.ledger, "return", unit, as_of=act)
        return max(one.seq for one in mine if one.code == "query")

    def answer(self, unit: str, year: int, query: int, person: str, text: str) -> int:
        """The firm's answer. Raises InputError where there is no such question open."""
        open_query(self.ledger, self.plan, unit, year, query)
        rows = answer_row(unit, year, query, person=person, text=text)
        return self._write(person, "query answered", unit, "event", rows)

    def name(self, vintage: str, person: str, text: str = "") -> int:
        """Give the books of returns, as they stand now, a name. Raises InputError for one that is taken."""
        vintage = unnamed(self.ledger, vintage)
        rows = vintage_row(vintage, self.ledger.head, person=person, text=text)
        return self._write(person, "vintage named", vintage, "event", rows)

    def state(self, year: int, element: str, value: float | None, person: str, document: str) -> int:
        """A figure of the plant that no machine knows, with its document. Raises InputError."""
        self.plan.element(element)
        plant = self.books.view.plant.id
        rows = state_row(plant, year, element, value, person=person, document=document)
        return self._write(person, "return statement", element, "event", rows)

    def _write(self, person: str, code: str, subject: str, stream: str, rows: Rows) -> int:
        return self.books.write(Act(person, code, subject or "returns", ""), stream, rows)
