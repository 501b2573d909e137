"""The switching rules of MIL-STD-105E, and the account of a supplier's item folded from the books."""

import pytest
from hypothesis import given, settings, strategies as st

from luban.core.errors import InputError
from luban.norms.sampling import Severity
from luban.understand.book import row
from luban.understand.quality.sampling import (
    LotResult,
    Standing,
    account,
    accounts,
    after_change,
    after_lot,
    limit_of,
    lot_data,
    lots_to_go,
    plan_of,
    start,
    subject_of,
)
from tests.understand.quality.gauging import Gauging


def lots(marks: str, severity: Severity = "normal", units: int = 80, found: int = 0) -> list[LotResult]:
    """a accepted, r rejected, g accepted in the gap, x rejected on resubmission."""
    return [
        LotResult(f"{at}", 1000, severity, units, found, mark in "ag", mark == "g", mark != "x")
        for at, mark in enumerate(marks)
    ]


@pytest.mark.parametrize(
    ("marks", "severity"),
    [
        ("rr", "tightened"), ("raaar", "tightened"), ("raaaar", "normal"), ("r", "normal"), ("rxxa", "normal"),
        ("aaaarar", "tightened"),
    ],
)  # fmt: skip
def test_two_of_five_lots_tighten(marks: str, severity: str) -> None:
    assert start(1.0, lots(marks)).severity == severity


def test_five_accepted_lots_lead_back_to_normal() -> None:
    standing = start(1.0, lots("rr") + lots("aaaa", "tightened"))
    assert standing.severity == "tightened"
    assert lots_to_go(standing) == 1
    standing = after_lot(standing, lots("a", "tightened")[0])
    assert standing.severity == "normal"
    assert [one.rule for one in standing.switches] == ["tighten", "relax"]


def test_a_rejected_lot_starts_the_count_again() -> None:
    standing = start(1.0, lots("rr") + lots("aaaaraaaa", "tightened"))
    assert standing.severity == "tightened"
    assert lots_to_go(standing) == 1


def test_five_rejected_lots_on_tightened_inspection_stop_it() -> None:
    standing = start(1.0, lots("rr") + lots("rararar", "tightened"))
    assert not standing.stopped
    standing = after_lot(standing, lots("r", "tightened")[0])
    assert standing.stopped
    assert standing.switches[-1].rule == "stop"
    late = after_lot(standing, lots("a", "tightened")[0])
    assert "discontinued" in late.doubts[-1]
    again = after_change(late, resume=True)
    assert (again.stopped, again.severity, again.phase) == (False, "tightened", ())


def test_ten_good_lots_reduce_only_where_it_is_wished_steady_and_under_the_limit() -> None:
    assert start(1.0, lots("a" * 10), permit=True).severity == "reduced"
    assert start(1.0, lots("a" * 9), permit=True).severity == "normal"
    assert start(1.0, lots("a" * 10)).severity == "normal"
    assert start(1.0, lots("a" * 10), permit=True, steady=False).severity == "normal"
    # 800 pieces at AQL 1.0: at most 4 nonconforming in ten lots (Table VIII)
    few, many = lots("a" * 10), lots("a" * 10)
    few[3] = LotResult("x", 1000, "normal", 80, 4, accepted=True)
    many[3] = LotResult("x", 1000, "normal", 80, 5, accepted=True)
    assert start(1.0, few, permit=True).severity == "reduced"
    assert start(1.0, many, permit=True).severity == "normal"


def test_where_ten_lots_hold_too_few_pieces_more_lots_are_taken() -> None:
    """AQL 0.10 with 13 pieces a lot: the table has no number before 2000 pieces."""
    standing = start(0.10, lots("a" * 153, units=13), permit=True)
    assert standing.severity == "normal"
    assert limit_of(standing)[2] is None
    standing = after_lot(standing, lots("a", units=13)[0])
    assert standing.severity == "reduced"


@pytest.mark.parametrize("mark", ["r", "g"])
def test_reduced_inspection_ends_with_a_rejected_lot_or_one_in_the_gap(mark: str) -> None:
    standing = start(1.0, lots("a" * 10) + lots("a" + mark, "reduced"), permit=True)
    assert standing.severity == "normal"
    assert standing.switches[-1].rule == {"r": "reject", "g": "gap"}[mark]


def test_reduced_inspection_ends_when_production_becomes_irregular() -> None:
    standing = after_change(start(1.0, lots("a" * 10), permit=True), steady=False)
    assert (standing.severity, standing.switches[-1].rule) == ("normal", "unsteady")


def test_a_lot_inspected_less_strictly_than_due_is_a_doubt() -> None:
    standing = start(1.0, lots("rr") + lots("a", "normal"))
    assert "tightened was due" in standing.doubts[0]


@settings(max_examples=150, deadline=None)
@given(st.text("arg", max_size=60), st.booleans())
def test_the_state_is_a_fold_and_every_switch_has_a_rule(marks: str, permit: bool) -> None:
    standing = Standing(1.0, permit=permit)
    before = standing
    for at, mark in enumerate(marks):
        lot = LotResult(str(at), 1000, standing.severity, 80, 0, mark in "ag", mark == "g")
        before, standing = standing, after_lot(standing, lot)
        changed = standing.severity != before.severity or standing.stopped != before.stopped
        assert changed == (len(standing.switches) > len(before.switches))
        assert permit or standing.severity != "reduced"
    assert len(standing.lots) == len(marks)


# ------------------------------------------------------------------ from the books


def inspected(shop: Gauging, supplier: str, item: str, lot: str, size: int, found: list[int]) -> None:
    data = lot_data(account(shop.ledger, supplier, item), lot, size, found)
    shop.note("sampling", subject_of(supplier, item), "lot", data)


def test_an_account_is_folded_from_its_entries(gauging: Gauging) -> None:
    shop = gauging
    shop.note("sampling", "acme:bolt", "agree", {"aql": 1.0, "level": "II", "kind": "single"})
    for lot in ("1", "2"):
        inspected(shop, "acme", "bolt", lot, 1000, [3])
    ledger = shop.ledger
    found = account(ledger, "acme", "bolt")
    assert found.standing is not None
    assert found.standing.severity == "tightened"
    assert found.standing.switches[-1].lot == "2"
    assert plan_of(found, 1000).stages[0].accept == 1
    with pytest.raises(InputError, match="decided already"):
        lot_data(found, "2", 1000, [0])
    told = found.as_dict()
    assert told["severity"] == "tightened"
    assert len(told["lots"]) == 2
    assert [one.item for one in accounts(ledger)] == ["bolt"]


def test_a_double_lot_waits_for_its_second_sample(gauging: Gauging) -> None:
    shop = gauging
    shop.note("sampling", "acme:bolt", "agree", {"aql": 1.0, "kind": "double"})
    inspected(shop, "acme", "bolt", "1", 1000, [1])
    ledger = shop.ledger
    found = account(ledger, "acme", "bolt")
    assert found.open[0].decision.size == 50
    assert found.standing is not None
    assert found.standing.lots == ()
    with pytest.raises(InputError, match="other figures"):
        lot_data(found, "1", 1000, [0, 1])
    inspected(shop, "acme", "bolt", "1", 1000, [1, 1])
    ledger = shop.ledger
    found = account(ledger, "acme", "bolt")
    assert found.open == ()
    assert found.standing is not None
    assert found.standing.lots[0].units == 100


def test_a_corrected_entry_corrects_the_state(gauging: Gauging) -> None:
    shop = gauging
    shop.note("sampling", "acme:bolt", "agree", {"aql": 1.0})
    inspected(shop, "acme", "bolt", "1", 1000, [5])
    inspected(shop, "acme", "bolt", "2", 1000, [5])
    ledger = shop.ledger
    found = account(ledger, "acme", "bolt")
    assert found.standing is not None
    seq = found.standing.lots[0].seq
    data = dict(lot_data(account(ledger, "acme", "bolt", as_of=seq - 1), "1", 1000, [0]))
    corrected = row("sampling", "acme:bolt", "lot", person="li", data=data, time=shop.at("08:00"))
    shop.writer.append("event", corrected | {"supersedes": [seq]}, source="screens")
    ledger = shop.ledger
    now = account(ledger, "acme", "bolt").standing
    assert now is not None
    assert now.severity == "normal"


def test_entries_that_cannot_be_read_are_named(gauging: Gauging) -> None:
    shop = gauging
    shop.note("sampling", "acme:bolt", "lot", {"lot": "1", "size": 100, "found": [0], "aql": 1.0})
    shop.note("sampling", "acme:bolt", "agree", {"aql": 1.1})
    shop.note("sampling", "acme:bolt", "agree", {"aql": 1.0})
    shop.note("sampling", "acme:bolt", "lot", {"size": 100})
    shop.note("sampling", "acme:bolt", "sing", {})
    ledger = shop.ledger
    found = account(ledger, "acme", "bolt")
    assert len(found.unread) == 4
    assert found.standing is not None
    assert found.standing.lots == ()


def test_nothing_agreed_is_said(gauging: Gauging) -> None:
    ledger = gauging.ledger
    found = account(ledger, "acme", "bolt")
    assert found.standing is None
    with pytest.raises(InputError, match="nothing is agreed"):
        plan_of(found, 100)
    with pytest.raises(InputError, match="supplier and item"):
        subject_of("a:b", "c")
