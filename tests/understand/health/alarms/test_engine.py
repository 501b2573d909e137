"""Alarms of a plant on its facts: found once, also after a restart; suppressed by design; their log."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from luban.core.errors import InputError
from luban.core.quality import Quality
from luban.core.time import HOUR, SECOND
from luban.ledger import Ledger, LedgerWriter
from luban.plant import AlarmRule
from luban.understand.book import Entry, entries
from luban.understand.health.alarms import (
    AlarmEngine,
    Change,
    State,
    act_row,
    alarm_list,
    change_row,
    device_log,
    log_of,
)

LOAD, WISH, DOOR = "shop/m1:load", "shop/m1:wish", "shop/m1:door"
RULES = (
    AlarmRule(
        "high", LOAD, "high", limit=80.0, on_delay_s=2.0, priority="high", suppress_in=("off*",), cause="chip jam"
    ),
    AlarmRule("apart", LOAD, "deviation", limit=10.0, other=WISH),
    AlarmRule("door", DOOR, "is", word="open", latch=True),
    AlarmRule("differs", DOOR, "discrepancy", other="shop/m1:lock"),
    AlarmRule("dead", LOAD, "silent", limit=60.0),
    AlarmRule("broken", LOAD, "bad"),
    AlarmRule("odd", "shop/m1", "anomaly"),
    AlarmRule("worn", "shop/m1", "life", limit=48.0),
)


def facts(*rows: tuple[float, str, float | str | None]) -> pa.Table:
    values = [value if isinstance(value, float) else None for _, _, value in rows]
    return pa.table(
        {
            "seq": list(range(len(rows))), "time": [round(at * SECOND) for at, _, _ in rows],
            "subject": [name for _, name, _ in rows], "value": pa.array(values, pa.float64()),
            "text": pa.array([value if isinstance(value, str) else None for _, _, value in rows], pa.string()),
            "quality": [int(Quality.BAD if value is None else Quality.GOOD) for _, _, value in rows],
        }
    )  # fmt: skip


def states(*rows: tuple[float, str]) -> pa.Table:
    return pa.table(
        {
            "seq": list(range(len(rows))), "time": [round(at * SECOND) for at, _ in rows],
            "subject": ["shop/m1"] * len(rows), "state": [state for _, state in rows],
        }
    )  # fmt: skip


def told(changes: list[Change]) -> list[tuple[float, str, str]]:
    return [(one.time / SECOND, one.alarm, one.code) for one in changes]


ROWS = (
    (0.0, LOAD, 50.0), (0.0, WISH, 50.0), (0.0, DOOR, "shut"), (0.0, "shop/m1:lock", "shut"), (1.0, LOAD, 85.0),
    (5.0, DOOR, "open"), (6.0, LOAD, None), (7.0, LOAD, 50.0), (8.0, DOOR, "shut"),
)  # fmt: skip
FOUND = [
    (1.0, "apart", "raise"), (3.0, "high", "raise"), (5.0, "differs", "raise"), (5.0, "door", "raise"),
    (6.0, "broken", "raise"), (7.0, "apart", "return"), (7.0, "broken", "return"), (7.0, "high", "return"),
    (8.0, "differs", "return"), (8.0, "door", "return"), (67.0, "dead", "raise"),
]  # fmt: skip


def test_every_condition_on_facts() -> None:
    assert sorted(told(AlarmEngine(RULES).feed(facts(*ROWS), until=100 * SECOND))) == FOUND


@pytest.mark.parametrize("cut", range(1, len(ROWS)))
def test_fact_by_fact_as_in_one(cut: int) -> None:
    engine = AlarmEngine(RULES)
    found = engine.feed(facts(*ROWS[:cut])) + engine.feed(facts(*ROWS[cut:])) + engine.feed(until=100 * SECOND)
    assert sorted(told(found)) == FOUND


@pytest.mark.parametrize("cut", range(1, len(ROWS)))
def test_a_restart_finds_nothing_twice_and_misses_nothing(cut: int) -> None:
    first = AlarmEngine(RULES)
    before = first.feed(facts(*ROWS[:cut]), until=round(ROWS[cut - 1][0] * SECOND))
    standing = alarm_list(entry(at, one) for at, one in enumerate(before))
    second = AlarmEngine(RULES, standing)
    after = second.feed(facts(*ROWS), until=100 * SECOND)  # fed from the beginning again
    assert sorted(told(before + after)) == FOUND


def entry(seq: int, change: Change) -> Entry:
    rule = next(rule for rule in RULES if rule.id == change.alarm)
    one = {name: column[0] for name, column in change_row(change, rule, "%").items()}
    return Entry(seq, one["time"], 0, "annunciation", one["code"], one["subject"], "", "", json.loads(one["data"]))


def test_an_alarm_is_suppressed_by_design_while_the_unit_is_off() -> None:
    engine = AlarmEngine(RULES[:1])
    found = engine.feed(facts((0, LOAD, 90.0)), states((0, "off now"), (10, "running")), 20 * SECOND)
    assert told(found) == [(0.0, "high", "suppress"), (2.0, "high", "raise"), (10.0, "high", "unsuppress")]
    listed = alarm_list(entry(at, one) for at, one in enumerate(found))
    assert listed["high"].state() is State.UNACKNOWLEDGED
    assert (listed["high"].raised, listed["high"].shown) == (2 * SECOND, 10 * SECOND)
    log = log_of(entry(at, one) for at, one in enumerate(found))
    assert (log.raised.tolist(), log.hidden) == ([10 * SECOND], 1)


def test_a_value_counts_only_while_its_machine_is_in_a_state_that_is_watched() -> None:
    rule = AlarmRule("shakes", LOAD, "high", limit=5.0, on_delay_s=3.0, watch_in=("run*",))
    moves = (  # (at, signal or state, what)
        (0, "state", "running"), (1, LOAD, 9.0), (2, "state", "idle"), (3, LOAD, 0.1), (8, LOAD, 0.1),
        (10, "state", "running now"), (11, LOAD, 9.0), (20, "state", "idle"), (21, LOAD, 0.1), (30, "state", "running"),
        (31, LOAD, 9.0), (40, LOAD, 1.0),
    )  # fmt: skip
    signals = facts(*((at, name, value) for at, name, value in moves if name == LOAD))
    seqs = [seq for seq, move in enumerate(moves) if move[1] == LOAD]
    signals = signals.set_column(0, "seq", [seqs])
    turns = states(*((at, value) for at, name, value in moves if name == "state"))
    turns = turns.set_column(0, "seq", [[seq for seq, move in enumerate(moves) if move[1] == "state"]])
    wanted = [(14.0, "shakes", "raise"), (40.0, "shakes", "return")]
    assert told(AlarmEngine([rule]).feed(signals, turns, 60 * SECOND)) == wanted
    for cut in range(1, len(moves)):
        engine, found = AlarmEngine([rule]), []
        for low, high in ((0, cut), (cut, len(moves))):
            inside = [pc.and_(pc.greater_equal(one["seq"], low), pc.less(one["seq"], high)) for one in (signals, turns)]
            found += engine.feed(signals.filter(inside[0]), turns.filter(inside[1]))
        assert told(found + engine.feed(until=60 * SECOND)) == wanted
    always = AlarmEngine([replace(rule, watch_in=())]).feed(signals, turns, 60 * SECOND)
    assert len(always) == 4  # without it, every stop is a return


def test_findings_of_health_raise_alarms() -> None:
    engine = AlarmEngine(RULES)
    (odd,) = engine.report("odd", 5 * SECOND, 1.0, "vibration")
    assert (odd.code, odd.text) == ("raise", "vibration")
    assert engine.report("odd", 6 * SECOND, 1.0) == []
    assert [one.code for one in engine.report("odd", 7 * SECOND, 0.0)] == ["return"]
    assert engine.report("worn", 5 * SECOND, 100.0) == []
    (worn,) = engine.report("worn", 6 * SECOND, 40.0)
    assert (worn.code, worn.value) == ("raise", 40.0)
    with pytest.raises(InputError):
        engine.report("high", 0, 1.0)


def test_the_books_keep_the_list(tmp_path: Path) -> None:
    found = AlarmEngine(RULES).feed(facts(*ROWS), until=100 * SECOND)
    rules = {rule.id: rule for rule in RULES}
    with LedgerWriter(tmp_path) as writer:
        for change in found:
            writer.append("event", change_row(change, rules[change.alarm], "%"), source="alarms")
    ledger = Ledger(tmp_path)
    listed = alarm_list(entries(ledger, "annunciation"))
    assert listed["high"].state() is State.RETURNED
    assert (listed["high"].priority, listed["high"].value, listed["high"].unit, listed["high"].text) == (
        "high", 85.0, "%", "chip jam",
    )  # fmt: skip
    assert listed["door"].state() is State.LATCHED_UNACKNOWLEDGED
    assert listed["door"].place == "shop/m1"
    log = log_of(entries(ledger, "annunciation"), start=0, end=HOUR)
    assert (len(log), log.hidden, log.end) == (6, 0, HOUR)
    seen = act_row(listed["door"], "acknowledge", person="li", time=200 * SECOND)
    with LedgerWriter(tmp_path) as writer:
        writer.append("event", seen, source="screens")
    again = alarm_list(entries(Ledger(tmp_path), "annunciation"))
    assert (again["door"].state(), again["door"].seen_by) == (State.LATCHED, "li")


def test_alarms_that_devices_sent(tmp_path: Path) -> None:
    rows = {"time": [0, 5], "subject": ["shop/m1"] * 2, "kind": ["alarm"] * 2, "code": ["E7", "E7"], "end": [2, None]}
    with LedgerWriter(tmp_path) as writer:
        writer.append("event", rows, source="wire")
    log = device_log(Ledger(tmp_path), start=0, end=10)
    assert (log.names, log.raised.tolist(), log.returned.tolist()[0]) == (("shop/m1 E7",), [0, 5], 2)
