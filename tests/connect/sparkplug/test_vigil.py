"""Presence of edge nodes: silence is told, losses are told, stored values come first."""

from __future__ import annotations

from luban.connect.sparkplug.vigil import Vigil
from luban.connect.wire import Sample
from luban.core.quality import Quality
from luban.core.time import MINUTE, SECOND
from tests.connect.mqtt.sink import Heard

N, D = "g/n:cpu", "g/n/press:load"
START = 1_000 * SECOND


def made(*, history_first: bool = False) -> Vigil:
    vigil = Vigil(
        [("g/n", "", frozenset({N})), ("g/n", "press", frozenset({D}))], 5 * SECOND, history_first=history_first
    )
    vigil.begin(START)
    return vigil


def born(vigil: Vigil, at: int) -> None:
    for device in ("", "press"):
        vigil.born("g/n", device, at)
        vigil.heard("g/n", at, historical=False)


def test_who_does_not_announce_itself_is_not_there() -> None:
    vigil, sink = made(), Heard()
    vigil.born("g/n", "", START + SECOND)
    assert vigil.ready(START + 2 * SECOND, sink) == []
    (silence,) = vigil.ready(START + 7 * SECOND, sink)
    assert (silence.address, silence.quality, silence.value) == (D, Quality.NO_COMMUNICATION, None)
    assert vigil.ready(START + 8 * SECOND, sink) == []
    vigil.born("g/n", "press", START + 60 * SECOND)
    vigil.ready(START + 61 * SECOND, sink)
    assert sink.losses == [(START + SECOND, START + 60 * SECOND, "the edge node or device was away", [D])]


def test_a_rebirth_alone_is_no_loss() -> None:
    vigil, sink = made(), Heard()
    born(vigil, START + SECOND)
    born(vigil, START + 30 * SECOND)
    assert vigil.ready(START + 60 * SECOND, sink) == []
    assert sink.losses == []


def test_a_node_death_takes_all_devices_from_the_last_message() -> None:
    vigil, sink = made(), Heard()
    born(vigil, START)
    vigil.heard("g/n", START + 10 * SECOND, historical=False)
    vigil.died("g/n", "", START + 40 * SECOND)
    silence = vigil.ready(START + 41 * SECOND, sink)
    assert {(s.address, s.time) for s in silence} == {(N, START + 10 * SECOND), (D, START + 10 * SECOND)}
    born(vigil, START + 50 * SECOND)
    vigil.put("g/n", Sample(D, START + 50 * SECOND, 1.0))
    assert vigil.ready(START + 50 * SECOND, sink) == []  # held: what was stored may come first
    assert len(vigil.ready(START + 51 * SECOND, sink)) == 1
    assert [(start, end) for start, end, _, _ in sink.losses] == [(START + 10 * SECOND, START + 50 * SECOND)] * 2


def test_a_quiet_node_was_alive_until_the_broker_could_know() -> None:
    vigil, sink = made(), Heard()
    born(vigil, START)
    vigil.died("g/n", "", START + 60 * MINUTE)
    assert {s.time for s in vigil.ready(START + 60 * MINUTE, sink)} == {START + 60 * MINUTE - 90 * SECOND}


def test_a_device_death_is_told_at_once() -> None:
    vigil, sink = made(), Heard()
    born(vigil, START)
    vigil.died("g/n", "press", START + 40 * SECOND)
    assert [(s.address, s.time) for s in vigil.ready(START + 40 * SECOND, sink)] == [(D, START + 40 * SECOND)]


def test_stored_values_fill_the_gap_and_come_in_order() -> None:
    vigil, sink = made(), Heard()
    born(vigil, START)
    vigil.died("g/n", "", START + 10 * SECOND)
    vigil.ready(START + 10 * SECOND, sink)
    back = START + 30 * SECOND
    born(vigil, back)
    vigil.put("g/n", Sample(D, back, 9.0))
    for second in (12, 15, 20):
        vigil.heard("g/n", back + second, historical=True)
        vigil.put("g/n", Sample(D, START + second * SECOND, float(second)))
    assert vigil.ready(back + SECOND // 4, sink) == []
    assert [s.value for s in vigil.ready(back + SECOND, sink)] == [12.0, 15.0, 20.0, 9.0]
    assert sink.losses == []


def test_a_long_store_is_held_no_longer_than_ten_seconds() -> None:
    vigil, sink = made(history_first=True), Heard()
    born(vigil, START)
    handed = 0
    for tenth in range(1, 200):
        at = START + tenth * SECOND // 10
        vigil.heard("g/n", at, historical=True)
        vigil.put("g/n", Sample(D, at - 60 * MINUTE, 1.0))
        handed += len(vigil.ready(at, sink))
        if tenth == 99:
            assert handed == 0
    assert handed == 199


def test_nothing_held_is_lost_with_the_link() -> None:
    vigil, sink = made(history_first=True), Heard()
    born(vigil, START)
    vigil.put("g/n", Sample(D, START, 1.0))
    vigil.give_up(sink)
    assert [s.value for s in sink.all] == [1.0]
