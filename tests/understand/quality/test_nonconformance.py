"""From the finding to the proof: holds, dispositions, actions and their effect."""

from __future__ import annotations

from typing import Any

import pytest

from luban.core.errors import InputError
from luban.core.time import DAY
from luban.understand.quality.inspection import (
    NonConformance,
    blocked_lots,
    check_effect,
    known_nonconformance,
    next_id,
    nonconformance,
    nonconformances,
    open_row,
    step_row,
)
from tests.understand.quality.gauging import DIAMETER, Gauging

CHECK = {"statistic": "out", "subject": DIAMETER}


class Case:
    """One non-conformance, told step by step."""

    def __init__(self, shop: Gauging, **options: Any) -> None:
        self.shop = shop
        given = {"subject": DIAMETER, "lots": ["L1", "L2"], "severity": "major"} | options
        self.id, row = open_row(shop.ledger, "bore too wide", person="li", **given)
        shop.writer.append("event", row, source="screens")

    def step(self, code: str, text: str = "", **data: Any) -> NonConformance:
        row = step_row(self.shop.ledger, self.id, code, person="wu", text=text, data=data, plant=self.shop.plant)
        self.shop.writer.append("event", row, source="screens")
        return self.now

    @property
    def now(self) -> NonConformance:
        return known_nonconformance(self.shop.ledger, self.id)


@pytest.fixture
def case(gauging: Gauging) -> Case:
    return Case(gauging)


def test_opened_it_holds_its_lots(case: Case) -> None:
    one = case.now
    assert (one.id, one.state, one.item, one.severity, one.title) == ("NC-0001", "held", "g7", "major", "bore too wide")
    assert blocked_lots([one]) == {"L1": ("NC-0001",), "L2": ("NC-0001",)}
    assert "a lot has no disposition yet" in one.missing
    assert next_id(nonconformances(case.shop.ledger)) == "NC-0002"


def test_opened_without_a_hold_and_held_later(gauging: Gauging) -> None:
    case = Case(gauging, hold=False)
    assert (case.now.state, case.now.held) == ("open", frozenset())
    assert case.step("hold", lots=["L2", "L9"]).held == {"L2", "L9"}
    assert case.now.lots == ("L1", "L2", "L9")


def test_what_becomes_of_a_lot(case: Case) -> None:
    assert case.step("dispose", "customer agreed", lots=["L1"], decision="use_as_is").held == {"L2"}
    one = case.step("dispose", "too wide", lots=["L2"], decision="scrap")
    assert (one.state, one.held) == ("disposed", frozenset({"L2"}))
    assert one.disposed == {"L1": "use_as_is", "L2": "scrap"}
    with pytest.raises(InputError, match="never released"):
        case.step("release", lots=["L2"])


def test_a_reworked_lot_is_released_only_after_it_was_measured_again(case: Case) -> None:
    case.shop.measure([10.0], lot="L1")  # before the disposition: proves nothing
    case.step("dispose", "hone it", lots=["L1"], decision="rework")
    case.step("dispose", "hone it", lots=["L2"], decision="rework")
    with pytest.raises(InputError, match="not measured again"):
        case.step("release", lots=["L1"])
    case.shop.measure([10.3], lot="L1", quality=64)
    case.shop.measure([10.0], lot="L2", begin="09:00")
    with pytest.raises(InputError, match="not measured again"):
        case.step("release", lots=["L1"])
    case.shop.measure([10.0, 10.3], lot="L1", begin="09:00")
    with pytest.raises(InputError, match="newest value is out of its limits") as raised:
        case.step("release", lots=["L1"])
    assert raised.value.came == "L1: g7:diameter 10.3 mm"
    case.shop.measure([10.0], lot="L1", begin="09:05")
    assert case.step("release", lots=["L1"]).held == {"L2"}
    assert "a reworked, repaired or sorted lot is not released yet" in case.now.missing


def test_two_non_conformances_hold_one_lot_until_both_let_go(gauging: Gauging) -> None:
    first, second = Case(gauging), Case(gauging, lots=["L1"])
    first.step("dispose", "agreed", lots=["L1"], decision="use_as_is")
    assert blocked_lots(nonconformances(gauging.ledger).values())["L1"] == (second.id,)


def whole(case: Case) -> None:
    """Everything up to the action that is done, four days before 6 March."""
    case.step("dispose", "agreed", decision="use_as_is")
    case.step("cause", "worn insert")
    case.step("action", "change the insert every 200 pieces", owner="wu", check=CHECK)
    case.step("done", action="A1")


def test_it_is_not_closed_before_the_effect_is_measured(case: Case) -> None:
    case.step("dispose", "agreed", decision="use_as_is")
    with pytest.raises(InputError, match="cannot be closed yet") as raised:
        case.step("close")
    assert "no cause is named" in raised.value.came
    case.step("cause", "worn insert")
    one = case.step("action", "change the insert every 200 pieces", owner="wu", check=CHECK)
    assert (one.state, one.actions[0].id, one.actions[0].owner) == ("acting", "A1", "wu")
    with pytest.raises(InputError, match="not done"):
        check_effect(case.shop.ledger, case.shop.plant, case.id, "A1", person="wu", now=case.now.opened)
    assert case.step("done", action="A1").state == "checking"
    with pytest.raises(InputError, match="cannot be closed yet") as raised:
        case.step("close")
    assert raised.value.came == "the effect of an action is not checked"


def measured_weeks(case: Case, after: list[float]) -> tuple[tuple[int, int], tuple[int, int]]:
    case.shop.measure([10.0, 10.2] * 20, begin="2026-03-02T08:00")
    case.shop.measure(after, begin="2026-03-10T08:00")
    start = case.shop.at("2026-03-02T00:00")
    return (start, start + 7 * DAY), (start + 7 * DAY, start + 14 * DAY)


@pytest.mark.parametrize(("after", "verdict"), [([10.0, 10.01] * 20, "better"), ([10.0, 10.2] * 20, "unclear")])
def test_the_effect_is_worked_out_from_facts_and_never_typed(case: Case, after: list[float], verdict: str) -> None:
    whole(case)
    windows = measured_weeks(case, after)
    found, row = check_effect(
        case.shop.ledger, case.shop.plant, case.id, "A1", person="wu", before=windows[0], after=windows[1], now=0
    )
    case.shop.writer.append("event", row, source="screens")
    assert found.gain is not None
    assert (found.verdict, found.gain.before) == (verdict, 0.5)
    one = case.now
    assert (one.actions[0].verdict, one.missing) == (verdict, ())
    if verdict != "better":
        with pytest.raises(InputError, match="no proven effect"):
            case.step("close")
    one = case.step("close", "" if verdict == "better" else "the insert is out of production")
    assert (one.state, one.closed is not None) == ("closed", True)
    with pytest.raises(InputError, match="it is closed"):
        case.step("cause", "another")
    assert case.step("reopen").state == "checking"


def test_how_it_stood_then(case: Case) -> None:
    head = case.shop.ledger.head
    whole(case)
    then = nonconformance(case.shop.ledger, case.id, as_of=head)
    assert then is not None
    assert (then.state, then.cause) == ("held", "")
    assert nonconformance(case.shop.ledger, "NC-0009") is None


@pytest.mark.parametrize(
    ("code", "text", "data", "message"),
    [
        ("melt", "", {}, "unknown step"),
        ("dispose", "why", {"decision": "eat"}, "unknown decision"),
        ("dispose", "", {"decision": "scrap"}, "needs a reason"),
        ("dispose", "why", {"decision": "scrap", "lots": "L1"}, "a list of names"),
        ("release", "", {"lots": ["L7"]}, "the lot is not held"),
        ("release", "", {"lots": ["L1"]}, "no disposition"),
        ("cause", " ", {}, "what the cause is"),
        ("action", "", {}, "what is to be done"),
        ("action", "x", {}, "how its effect is checked"),
        ("action", "x", {"check": {"statistic": "luck", "subject": "a"}}, "how its effect is checked"),
        ("action", "x", {"check": CHECK, "type": "magic"}, "unknown kind of action"),
        ("done", "", {"action": "A9"}, "no such action"),
        ("reopen", "", {}, "it is not closed"),
    ],
)
def test_a_step_that_does_not_fit_is_refused(
    case: Case, code: str, text: str, data: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        case.step(code, text, **data)
    assert len(case.now.entries) == 1


@pytest.mark.parametrize(
    ("text", "options"), [(" ", {"lots": ["L1"]}), ("bad", {}), ("bad", {"lots": ["L1"], "severity": "awful"})]
)
def test_what_cannot_be_opened(gauging: Gauging, text: str, options: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        open_row(gauging.ledger, text, person="li", **options)


def test_strange_entries_leave_the_others_as_they_are(case: Case) -> None:
    for code, data in (("dispose", {"decision": "eat"}), ("done", {"action": "A9"}), ("effect", {}), ("what", {})):
        case.shop.note("nonconformance", case.id, code, data)
    case.shop.note("nonconformance", "NC-0050", "close")
    assert case.now.state == "held"
    assert list(nonconformances(case.shop.ledger)) == [case.id]
    with pytest.raises(InputError, match="no such non-conformance"):
        known_nonconformance(case.shop.ledger, "NC-0050")
