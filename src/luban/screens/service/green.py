"""The green factory to the screens: account and sheet of a window, statements of people, evidence, projects.

Reads   Fact(meter, state, count, genealogy, movement, event)
Writes  Fact(event) of kind `green` through the screens' spool
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from luban.core.errors import InputError
from luban.decide.green import Appraisal, Sign, ranked, read_projects, screen
from luban.ledger import Ledger
from luban.norms.green_factory import edition
from luban.screens.service.energy import EnergyBooks
from luban.screens.service.view import Range
from luban.screens.users import Act
from luban.understand.green import Facts, GreenAccount, ScoreSheet, green_account, score, statement_row

__all__ = ["PROJECTS", "GreenDesk", "fact_rows", "facts_behind", "projects_in"]

PROJECTS: Final = "green_projects.toml"
"""Name of the file of projects beside plant.toml."""

_KEPT: Final = 6  # accounts
_EVIDENCE: Final = 200  # facts shown of one number


class GreenDesk:
    """What pages and REST may ask about the green factory. Safe from any thread."""

    def __init__(self, books: EnergyBooks) -> None:
        self.books = books
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[int, int, int], GreenAccount] = OrderedDict()

    def account(self, span: Range) -> GreenAccount:
        """The account of a window by the books as they stand; the same books give the same account."""
        view, priced = self.books.view, self.books.priced
        with self._lock:
            head = view.ledger.head
            key = (span.start, span.end, head)
            if key not in self._kept:
                self._kept[key] = green_account(
                    view.ledger, view.plant, priced.known, own=priced.own, start=span.start, end=span.end, as_of=head
                )
                while len(self._kept) > _KEPT:
                    self._kept.popitem(last=False)
            return self._kept[key]

    def sheet(self, span: Range, year: str = "2025") -> tuple[GreenAccount, ScoreSheet]:
        """Account and score by an edition. Raises InputError for an unknown one."""
        account = self.account(span)
        return account, score(edition(year), account.found, account.stated)

    def evidence(self, span: Range, name: str, year: str = "2025") -> list[dict[str, Any]]:
        """Facts that a point or a number rests on, at most 200, with their stream.

        name  as `facts_behind` takes it
        """
        return self.evidence_of(*self.sheet(span, year), name)

    def evidence_of(self, account: GreenAccount, sheet: ScoreSheet, name: str) -> list[dict[str, Any]]:
        """The same for an account and sheet that are at hand. Raises InputError for what is in neither."""
        return fact_rows(self.books.view.ledger, facts_behind(account, sheet, name), account.as_of, _EVIDENCE)

    def state(
        self, name: str, value: float | None, span: Range, *, person: str, document: str = "",
        baseline: float | None = None, leading: float | None = None, applies: bool = True,
    ) -> int:  # fmt: skip
        """Put a statement on record for a window; returns the act's seq."""
        rows = statement_row(name, value, span.start, span.end, person=person, document=document, baseline=baseline,
                             leading=leading, applies=applies)  # fmt: skip
        return self.books.write(Act(person, "green statement", name, document), "event", rows)

    def signs(self, span: Range) -> tuple[Sign, ...]:
        """Signs of the six families in the books of a window."""
        items = [(item.id, item.name) for item in self.books.view.plant.items.values()]
        return screen(self.account(span), items)

    def projects(self) -> tuple[Appraisal, ...]:
        """The projects of green_projects.toml, the best first; none without the file."""
        return projects_in(self.books.view.folder)


def projects_in(folder: Path) -> tuple[Appraisal, ...]:
    """The projects beside a plant.toml, the best first; none without the file."""
    path = folder / PROJECTS
    return ranked(read_projects(path)) if path.is_file() else ()


def facts_behind(account: GreenAccount, sheet: ScoreSheet, name: str) -> tuple[Facts, ...]:
    """The facts that something rests on. Raises InputError for what there is not, with what there is.

    name  id of a point of the edition, name of a number of the account, or `footprint:ITEM`
    """
    found: dict[str, tuple[Facts, ...]] = {line.point.id: line.facts for line in sheet.lines}
    found |= {f"footprint:{one.item}": one.facts for one in account.footprints}
    found |= {key: one.facts for key, one in account.found.items() if key not in found}
    if name not in found:
        raise InputError("no such point or number", came=name, expected=", ".join(found))
    return found[name]


def fact_rows(ledger: Ledger, behind: Iterable[Facts], as_of: int, most: int | None = None) -> list[dict[str, Any]]:
    """The facts themselves, by stream and seq, at most so many, each with its stream."""
    import narwhals as nw

    rows: list[dict[str, Any]] = []
    for facts in behind:
        wanted = list(facts.seqs if most is None else facts.seqs[: most - len(rows)])
        if wanted:
            frame = ledger.frame(facts.stream, as_of=as_of).filter(nw.col("seq").is_in(wanted)).sort("seq")
            got: list[dict[str, Any]] = frame.collect("pyarrow").to_native().to_pylist()
            rows += [{"stream": facts.stream, **row} for row in got]
    return rows
