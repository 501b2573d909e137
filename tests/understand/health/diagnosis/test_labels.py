from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from luban.core.time import DAY, HOUR
from luban.ledger import Ledger, LedgerWriter
from luban.understand.book import row
from luban.understand.health.diagnosis import (
    Firing,
    ailments,
    diagnose,
    dismiss_row,
    gather_cases,
    joined,
    labels,
    learn,
    learn_baseline,
    learned_before,
    model_row,
    name_row,
    open_row,
    propose_row,
)
from luban.understand.health.diagnosis.labels import LEAD
from luban.understand.quality.data import Floats
from tests.understand.health.diagnosis.worlds import NAMES, machine

L1 = "turning/L1"


class Book:
    def __init__(self, folder: Path) -> None:
        self.folder, self.time, self.seq = folder, 100 * DAY, 0
        LedgerWriter(folder).close()

    def put(self, one: dict[str, list[object]], hours: float = 1) -> None:
        self.time += round(hours * HOUR)
        with LedgerWriter(self.folder) as writer:
            writer.append("event", {**one, "time": [self.time]}, source="screens")
        self.seq += 1

    def order(self, code: str, **data: object) -> None:
        self.put(row("workorder", "WO-0001", code, person="li", data=data))

    def ledger(self) -> Ledger:
        return Ledger(self.folder)


@pytest.fixture
def book(tmp_path: Path) -> Book:
    return Book(tmp_path)


def test_a_case_from_its_begin_to_its_name(book: Book):
    baseline = learn_baseline(machine(np.random.default_rng(1), 400), NAMES, window=30)
    verdict = diagnose(baseline, machine(np.random.default_rng(2), 40, "leak"))
    book.put(open_row(L1, "C1", 5 * DAY, verdict=verdict, model="abc"))
    (one,) = ailments(book.ledger())
    assert (one.id, one.machine, one.state, one.start, one.end, one.cause) == ("C1", L1, "open", 5 * DAY, None, "")
    assert one.verdict["stands_out"]
    assert one.model == "abc"
    assert labels(book.ledger()) == ()
    book.put(propose_row(L1, "C1", "worn seal", person="", text="looks like June"))
    assert labels(book.ledger()) == ()  # a proposal is no label
    book.put(name_row(L1, "C1", "leak", person="wang", text="hose torn", end=6 * DAY))
    (one,) = ailments(book.ledger(), L1)
    assert (one.state, one.cause, one.person, one.text, one.end) == ("named", "leak", "wang", "hose torn", 6 * DAY)
    assert [(told.cause, told.text) for told in one.proposals] == [("worn seal", "looks like June")]
    (label,) = labels(book.ledger())
    assert (label.id, label.cause, label.start, label.end, label.person) == ("C1", "leak", 5 * DAY, 6 * DAY, "wang")
    assert ailments(book.ledger(), "milling/M1") == ()
    assert one.as_dict()["proposals"][0]["cause"] == "worn seal"


def test_the_newest_word_counts_and_the_book_knows_the_older(book: Book):
    book.put(open_row(L1, "C1", 5 * DAY, person="li"))
    book.put(name_row(L1, "C1", "leak", person="wang"))
    before = book.seq
    book.put(name_row(L1, "C1", "worn seal", person="wang"))
    assert [one.cause for one in labels(book.ledger())] == ["worn seal"]
    assert [one.cause for one in labels(book.ledger(), before)] == ["leak"]
    book.put(dismiss_row(L1, "C1", person="li", text="a new product"))
    assert labels(book.ledger()) == ()
    assert ailments(book.ledger())[0].state == "dismissed"


def test_a_work_order_is_a_label(book: Book):
    book.order("plan", machine=L1, part="spindle", why="failure")
    opened = book.time
    book.order("begin")
    book.order("finding", machine=L1, part="spindle", found="failed", cause="bearing seized")
    book.order("finding", machine=L1, part="belt", found="sound")
    (label,) = labels(book.ledger())
    assert (label.id, label.machine, label.cause, label.source) == ("WO-0001", L1, "bearing seized", "workorder")
    assert (label.start, label.end) == (opened - LEAD, opened)


def test_a_planned_order_ends_the_ailing_where_work_began(book: Book):
    book.order("plan", machine=L1, part="spindle", why="condition")
    book.order("begin")
    begun = book.time
    book.order("finding", machine=L1, part="spindle", found="worn")
    (label,) = labels(book.ledger())
    assert (label.cause, label.end) == ("spindle: worn", begun)


def test_a_work_order_speaks_for_the_case_it_was_made_for(book: Book):
    book.put(open_row(L1, "C1", 5 * DAY, end=6 * DAY))
    book.order("plan", machine=L1, part="spindle", why="condition", case="C1")
    book.order("begin")
    book.order("finding", machine=L1, part="spindle", found="worn", cause="worn bearing")
    assert [(one.id, one.cause, one.start, one.end) for one in labels(book.ledger())] == [
        ("C1", "worn bearing", 5 * DAY, 6 * DAY)
    ]
    book.put(name_row(L1, "C1", "hot oil", person="wang"))
    assert [one.cause for one in labels(book.ledger())] == ["hot oil"]


def test_cases_are_gathered_and_what_is_not_has_a_reason(book: Book):
    baseline = learn_baseline(machine(np.random.default_rng(1), 400), NAMES, window=30)
    for case, path, cause in (("C1", L1, "leak"), ("C2", "milling/M1", "leak"), ("C3", L1, "hot oil")):
        book.put(name_row(path, case, cause, person="li", start=5 * DAY, end=6 * DAY))

    def read(path: str, start: int, end: int) -> tuple[Floats, None] | None:
        assert (path, start, end) == (L1, 5 * DAY, 6 * DAY)
        return machine(np.random.default_rng(3), 60, "leak"), None

    cases, excluded = gather_cases(labels(book.ledger()), {L1: baseline}, read)
    assert [(one.id, one.cause, one.time, len(one.signatures) > 1) for one in cases] == [
        ("C1", "leak", 5 * DAY, True), ("C3", "hot oil", 5 * DAY, True),
    ]  # fmt: skip
    assert [(one.where, one.field) for one in excluded] == [("C2", "milling/M1")]
    nothing, excluded = gather_cases(labels(book.ledger()), {L1: baseline}, lambda *_: None)
    assert nothing == ()
    assert len(excluded) == 3


def test_nothing_is_learned_without_a_record(book: Book):
    from luban.understand.health.diagnosis import Case

    baseline = learn_baseline(machine(np.random.default_rng(1), 400), NAMES, window=30)
    rng = np.random.default_rng(2)
    cases = [
        Case.of(baseline, machine(rng, 60, cause), cause, name=cause) for cause in ("leak", "hot oil", "dull tool")
    ]
    assert learned_before(book.ledger(), "signatures:lathe") is None
    first = learn(cases[:2], [baseline])
    book.put(model_row("signatures:lathe", first))
    before = learned_before(book.ledger(), "signatures:lathe")
    assert before is not None
    assert before["digest"] == first.digest()
    assert before["added"] == ["hot oil", "leak"]
    second = learn(cases[1:], [baseline])
    book.put(model_row("signatures:lathe", second, before))
    now = learned_before(book.ledger(), "signatures:lathe")
    assert now is not None
    assert (now["added"], now["removed"], now["before"]) == (["dull tool"], ["leak"], first.digest())


def test_rules_and_past_cases_make_one_verdict():
    from luban.understand.health.diagnosis import Case, LearnRule

    rng = np.random.default_rng(2)
    baseline = learn_baseline(machine(rng, 600), NAMES, window=30)
    causes = ["leak", "hot oil", "dull tool", "worn bearing"]
    learned = learn([Case.of(baseline, machine(rng, 90, cause), cause, name=cause) for cause in causes], [baseline],
                    LearnRule(false_known=0.25))  # fmt: skip
    rows = machine(rng, 60, "leak")
    alone = learned.name(baseline, rows)
    assert alone.cause == "leak"
    agrees = joined(alone, [Firing("low", "Leak", 0, 0, "pressure < 3")])
    assert agrees.causes[0].rules[0].rule == "low"
    assert "the rule low holds" in agrees.text
    other = joined(alone, [Firing("cold", "frost", 0, 0, "temperature < 0")])
    assert [one.name for one in other.causes[:2]] == ["frost", "leak"]
    assert other.known
    assert any("frost" in note and "leak" in note for note in other.notes)
    assert other.as_dict()["causes"][0]["rules"][0]["text"] == "temperature < 0"
    usual = joined(learned.name(baseline, machine(rng, 40)), [Firing("cold", "frost", 0, 0, "t")])
    assert usual.cause == "frost"
