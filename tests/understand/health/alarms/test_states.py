"""The nine states of ISA-18.2, and what may follow on what."""

from __future__ import annotations

import pytest

from luban.core.errors import InputError
from luban.core.time import HOUR, MINUTE
from luban.understand.book import Entry
from luban.understand.health.alarms import (
    ACTS,
    CODES,
    LONGEST_SHELVING,
    Standing,
    State,
    act_row,
    alarm_list,
    ended_shelvings,
    refusal,
    step,
)

LATCH = {"latch": True, "priority": "high"}


def after(*codes: str, latch: bool = False) -> Standing:
    standing = Standing("a")
    for time, code in enumerate(codes):
        data = {"raise": LATCH if latch else {}, "shelve": {"until": HOUR, "reason": "r"}}.get(code, {"reason": "r"})
        standing = step(standing, code, time, person="li", data=data)
    return standing


@pytest.mark.parametrize(
    ("codes", "latch", "state"),
    [
        ((), False, State.NORMAL),
        (("raise",), False, State.UNACKNOWLEDGED),
        (("raise", "acknowledge"), False, State.ACKNOWLEDGED),
        (("raise", "acknowledge", "return"), False, State.NORMAL),
        (("raise", "return"), False, State.RETURNED),
        (("raise", "return", "acknowledge"), False, State.NORMAL),
        (("raise", "return", "raise"), False, State.UNACKNOWLEDGED),
        (("raise", "acknowledge", "return", "raise"), False, State.UNACKNOWLEDGED),
        (("raise", "return"), True, State.LATCHED_UNACKNOWLEDGED),
        (("raise", "return", "acknowledge"), True, State.LATCHED),
        (("raise", "acknowledge", "return"), True, State.LATCHED),
        (("raise", "acknowledge", "return", "reset"), True, State.NORMAL),
        (("raise", "acknowledge", "return", "raise"), True, State.UNACKNOWLEDGED),
        (("raise", "acknowledge", "reset"), True, State.ACKNOWLEDGED),
        (("shelve",), False, State.SHELVED),
        (("raise", "shelve"), False, State.SHELVED),
        (("raise", "acknowledge", "shelve", "unshelve"), False, State.UNACKNOWLEDGED),
        (("raise", "shelve", "return", "unshelve"), False, State.NORMAL),
        (("shelve", "raise", "unshelve"), False, State.UNACKNOWLEDGED),
        (("raise", "shelve", "return", "unshelve"), True, State.LATCHED_UNACKNOWLEDGED),
        (("suppress",), False, State.SUPPRESSED),
        (("suppress", "raise", "unsuppress"), False, State.UNACKNOWLEDGED),
        (("suppress", "raise", "return", "unsuppress"), False, State.NORMAL),
        (("suppress", "shelve"), False, State.SHELVED),
        (("suppress", "shelve", "unshelve"), False, State.SUPPRESSED),
        (("withdraw",), False, State.OUT_OF_SERVICE),
        (("suppress", "withdraw"), False, State.OUT_OF_SERVICE),
        (("shelve", "withdraw", "restore"), False, State.NORMAL),
        (("withdraw", "raise", "restore"), False, State.UNACKNOWLEDGED),
        (("raise", "comment"), False, State.UNACKNOWLEDGED),
    ],
)
def test_states(codes: tuple[str, ...], latch: bool, state: State) -> None:
    assert after(*codes, latch=latch).state(10) is state


def test_every_state_is_reached_and_every_code_means_something() -> None:
    assert len(State) == 9
    assert set(ACTS) < set(CODES)


def test_a_second_raise_or_return_changes_nothing() -> None:
    once = after("raise")
    assert step(once, "raise", 99) == once
    assert once.count == 1
    gone = after("raise", "return")
    assert step(gone, "return", 99) == gone


def test_a_shelving_that_is_over_shows_the_alarm_as_new() -> None:
    shelved = step(after("raise", "acknowledge"), "shelve", 5, person="li", data={"until": 60, "reason": "r"})
    assert shelved.state(59) is State.SHELVED
    assert shelved.state(60) is State.UNACKNOWLEDGED
    (rows,) = ended_shelvings({"a": shelved}, 60)
    assert (rows["code"], rows["time"]) == (["unshelve"], [60])
    assert list(ended_shelvings({"a": shelved}, 59)) == []


@pytest.mark.parametrize(
    ("codes", "latch", "act", "why"),
    [
        ((), False, "acknowledge", "nothing to acknowledge"),
        (("raise", "acknowledge"), False, "acknowledge", "nothing to acknowledge"),
        (("raise", "shelve"), False, "acknowledge", "nothing to acknowledge"),
        ((), False, "reset", "not latched"),
        (("raise", "acknowledge"), True, "reset", "still there"),
        (("raise", "return"), True, "reset", "acknowledge it first"),
        (("shelve",), False, "shelve", "out of the list already"),
        (("withdraw",), False, "shelve", "out of the list already"),
        (("withdraw",), False, "withdraw", "out of the list already"),
        ((), False, "unshelve", "not shelved"),
        ((), False, "restore", "in service"),
        ((), False, "comment", "needs words"),
        ((), False, "withdraw", "needs a reason"),
        ((), False, "raise", "unknown act"),
    ],
)
def test_what_may_not_be_done_says_why(codes: tuple[str, ...], latch: bool, act: str, why: str) -> None:
    data = {"until": 10 + HOUR, "reason": "r"} if act == "shelve" else {}
    assert why in refusal(after(*codes, latch=latch), act, 10, data)


def test_shelving_needs_a_reason_and_an_end_within_a_shift() -> None:
    normal = Standing("a")
    assert refusal(normal, "shelve", 0, {"until": LONGEST_SHELVING, "reason": "r"}) == ""
    for data in ({"until": LONGEST_SHELVING + 1, "reason": "r"}, {"reason": "r"}, {"until": 0, "reason": "r"}):
        assert "12 hours" in refusal(normal, "shelve", 0, data)
    assert "reason" in refusal(normal, "shelve", 0, {"until": HOUR, "reason": " "})


def test_acts_become_entries_that_fold_to_the_same() -> None:
    standing = step(Standing("a"), "raise", 0, data=LATCH)
    seen = act_row(standing, "acknowledge", person="li", time=1)
    shelved = act_row(standing, "shelve", person="li", time=2, reason="being repaired", until=30 * MINUTE)
    listed = alarm_list([entry(1, seen), entry(2, shelved)], {"a": standing})
    assert (listed["a"].seen_by, listed["a"].until, listed["a"].reason) == ("li", 30 * MINUTE, "being repaired")
    with pytest.raises(InputError, match="needs a reason"):
        act_row(standing, "withdraw", person="li", time=3)


def entry(seq: int, rows: dict[str, list[object]]) -> Entry:
    import json

    one = {name: column[0] for name, column in rows.items()}
    return Entry(
        seq, int(one["time"]), 0, "annunciation", str(one["code"]), str(one["subject"]), str(one["person"] or ""),
        str(one["text"] or ""), json.loads(str(one["data"])),
    )  # fmt: skip
