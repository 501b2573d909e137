"""`luban recall`: what suspect lots went into, where it is, who got it and who is to be told; mock recalls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from luban.core.errors import InputError
from luban.screens.cli.options import AsJson, output
from luban.screens.cli.output import NO, OK
from luban.screens.cli.sheets import Language, Out, give
from luban.screens.cli.trace_source import (
    Alarm,
    AsOf,
    Customers,
    From,
    Gauge,
    High,
    Item,
    Low,
    Margin,
    Opened,
    Operation,
    Order,
    Person,
    Sheet,
    Signal,
    Slack,
    Source,
    To,
    Tool,
    Unit,
    condition_of,
    opened,
)

if TYPE_CHECKING:
    from luban.screens.cli.output import Output
    from luban.understand.trace import Recall, RecallCase

__all__ = ["register"]

_EXAMPLES = (
    "Examples: `luban recall plant S-0815 -o recall.xlsx` · `luban recall plant --tool T7 --from 2026-11-16` · "
    "`luban recall uses.csv --mock 5` · `luban recall plant --case R-1 --letters letters`"
)


def register(app: typer.Typer) -> None:
    """Hang the command into the tree."""
    app.command("recall", epilog=_EXAMPLES)(recall)


def recall(
    source: Source,
    lots: Annotated[
        list[str] | None, typer.Argument(metavar="[LOT]...", help="Suspect lots or serial numbers.")
    ] = None,
    tool: Tool = "",
    person: Person = "",
    unit: Unit = "",
    order: Order = "",
    operation: Operation = "",
    item: Item = "",
    gauge: Gauge = "",
    start: From = "",
    end: To = "",
    alarm: Alarm = "",
    signal: Signal = "",
    low: Low = None,
    high: High = None,
    margin: Margin = 0.0,
    mock: Annotated[int, typer.Option(min=0, help="Draw so many lots and call each back, checked both ways.")] = 0,
    seed: Annotated[int, typer.Option(min=0, help="With --mock: of the draw.")] = 1,
    times: Annotated[bool, typer.Option(help="Grade by time too.")] = True,
    case: Annotated[str, typer.Option(metavar="ID", help="With DIR: how far a recall on record has come.")] = "",
    notices: Annotated[Path | None, typer.Option(help="Write the list of notices: .html, .pdf, .xlsx.")] = None,
    letters: Annotated[Path | None, typer.Option(help="Write a letter a customer, in its language, into DIR.")] = None,
    reason: Annotated[str, typer.Option(help="With --letters: why it is called back.")] = "",
    customer: Customers = None,
    slack: Slack = 0.0,
    sheet: Sheet = "",
    as_of: AsOf = None,
    out: Out = None,
    language: Language = "en",
    as_json: AsJson = False,
) -> int:
    """Affected lots down to customer orders, each with its confidence, what to hold, and a notice a customer.

    Exit code 1 where some of it has left the plant, where a mock recall misses, or while a recall is not closed.
    """
    say = output(as_json)
    if case:
        paper = _Paper(notices, letters, reason, customer or (), slack, language)
        return _case(say, source, case, as_of, out, paper)
    own = opened(source, customers=customer or (), slack=slack, sheet=sheet, as_of=as_of)
    if mock:
        return _mock(say, own, mock, seed, out, language)
    names = {"tool": tool, "person": person, "unit": unit, "order": order, "operation": operation, "item": item,
             "gauge": gauge}  # fmt: skip
    asked = condition_of(own, names=names, start=start, end=end, alarm=alarm, signal=signal, low=low, high=high,
                         margin=margin)  # fmt: skip
    if (asked is None) == (not lots):
        raise InputError("what is suspect?", expected="lots, or a condition such as --tool T7")
    paper = _Paper(notices, letters, reason, customer or (), slack, language)
    return _recall(say, own, lots or [], asked, times, out, paper)


@dataclass(frozen=True, slots=True)
class _Paper:
    """What is to be written to customers."""

    notices: Path | None
    letters: Path | None
    reason: str
    customers: Sequence[str]
    slack: float
    language: str

    def write(self, say: Output, own: Opened, found: Recall, case: RecallCase | None = None) -> None:
        """Write the list of notices and the letters, as far as they are asked for."""
        from luban.screens.i18n import words
        from luban.screens.report.sheet_file import file_of
        from luban.screens.report.trace_notice import letters, notice_list, printed

        known = own.plant.customers if own.plant is not None else {}
        if self.notices is not None:
            kind = self.notices.suffix.lower().removeprefix(".")
            if kind not in ("html", "pdf", "xlsx"):
                raise InputError("what kind of file?", came=str(self.notices), expected=".html, .pdf, .xlsx")
            sheet = notice_list(found, known, words(self.language), own.zone, case=case, source=own.source)
            _put(self.notices, file_of(sheet, kind, self.language)[0])
            say.say(f"written: {self.notices}")
        if self.letters is not None:
            units = {one.id: one.unit for one in own.plant.items.values()} if own.plant is not None else {}
            made = letters(
                found, known, self.language, own.zone, sender=own.source, id=case.id if case is not None else "",
                reason=self.reason or (case.reason if case is not None else ""), units=units,
            )  # fmt: skip
            for name, content in printed(made).items():
                _put(self.letters / name, content)
            say.say(f"written: {len(made):,} letters into {self.letters}")


def _put(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise InputError("the file could not be written", came=str(error), where=str(path)) from error


def _recall(
    say: Output, own: Opened, lots: list[str], asked: object, times: bool, out: Path | None, paper: _Paper
) -> int:
    from luban.screens.i18n import words
    from luban.screens.report.trace import recall_sheet
    from luban.understand.trace import Condition, recall as call_back, same

    suspects: object = lots
    if isinstance(asked, Condition):
        suspects = same(own.trace, asked).lots
    found = call_back(own.trace, suspects, times=times)  # type: ignore[arg-type]
    sheet = recall_sheet(found, words(paper.language), own.zone, source=own.source)
    give(say, sheet, found.as_dict(), out, paper.language)
    paper.write(say, own, found)
    return NO if len(found.rows) else OK


def _mock(say: Output, own: Opened, count: int, seed: int, out: Path | None, language: str) -> int:
    from dataclasses import asdict

    from luban.screens.i18n import words
    from luban.screens.report.trace import mock_sheet
    from luban.understand.trace import mock_recall

    found = mock_recall(own.trace, count, seed=seed)
    shown = mock_sheet(found, own.trace, words(language), source=own.source)
    give(say, shown, {"mocks": [asdict(one) for one in found]}, out, language)
    good = all(share is None or share > 1 - 1e-9 for one in found for share in (one.recall, one.precision))
    return OK if good else NO


def _case(say: Output, folder: Path, case: str, as_of: int | None, out: Path | None, paper: _Paper) -> int:
    from dataclasses import asdict

    from luban.ledger import Ledger
    from luban.plant import load
    from luban.screens.cli.options import plant_folder
    from luban.screens.i18n import words
    from luban.screens.report.trace_case import case_sheet
    from luban.screens.service import places
    from luban.understand.trace import recall as call_back, recall_cases

    plant = load(plant_folder(folder))
    ledger = Ledger(places(folder).ledger)
    try:
        known = recall_cases(ledger, as_of=as_of)
    finally:
        ledger.close()
    if case not in known:
        raise InputError("no such recall", came=case, expected=", ".join(known) or "none is on record")
    one = known[case]
    document = asdict(one) | {"closure": one.closure, "answered": one.answered}
    give(say, case_sheet(one, words(paper.language), plant.zone), document, out, paper.language)
    if paper.notices is not None or paper.letters is not None:
        own = opened(folder, customers=paper.customers, slack=paper.slack, as_of=as_of)
        paper.write(say, own, call_back(own.trace, one.suspects), one)
    return OK if one.closed is not None else NO
