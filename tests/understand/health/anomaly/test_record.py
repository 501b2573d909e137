"""What a watch takes for usual anew is on record, once."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from luban.core.time import MINUTE
from luban.ledger import Ledger, LedgerWriter
from luban.understand.book import entries
from luban.understand.health.anomaly import Rule, SignalWatch
from luban.understand.health.anomaly.record import adaptation_row, unrecorded
from luban.understand.health.machine import Readings, fit_watch

START = 1_767_600_000_000_000
UNIT = "shop/m1"


def shifted(count: int = 2400, at: int = 1500) -> np.ndarray:
    """A signal whose level rises for good at a point."""
    values = np.random.default_rng(5).normal(size=count)
    values[at:] += 14.0
    return values


def test_a_new_level_is_on_record_once_however_often_the_watch_begins_again(tmp_path: Path):
    values, time = shifted(), START + np.arange(2400, dtype=np.int64) * MINUTE
    seen = SignalWatch(Rule(warmup=300)).run(values, time).adaptations
    level = [one for one in seen if one.kind == "new level"]
    assert level
    assert level[0].after - level[0].before > 10
    adapted = [("vibration", one) for one in seen]
    with LedgerWriter(tmp_path) as writer:
        ledger = Ledger(tmp_path)
        for _ in range(2):  # as after a restart
            for channel, one in unrecorded(entries(ledger, "model", UNIT), adapted):
                writer.append("event", adaptation_row(UNIT, channel, one), source="test")
        told = entries(ledger, "model", UNIT)
    assert [(one.code, one.time, one.data["channel"]) for one in told] == [
        ("adapt", one.time, "vibration") for one in seen
    ]
    first = next(one for one in told if one.data["kind"] == "new level")
    assert (first.data["before"], first.data["after"]) == (level[0].before, level[0].after)
    assert first.person == ""
    assert len(unrecorded((), [*adapted, ("load", seen[0])])) == len(seen) + 1  # another channel is another record


def test_a_watched_machine_tells_what_it_took_for_usual_the_same_by_parts_as_at_once():
    rows = 2400
    time = START + np.arange(rows, dtype=np.int64) * 5 * MINUTE
    readings = Readings(
        "m1", time, np.arange(1.0, rows + 1), ("vibration",), ("mm/s",), shifted()[:, None], ("A",) * rows
    )
    whole = fit_watch(readings.rows(slice(0, 400)))
    parts = type(whole).restore(whole.save(stream=False))
    whole = type(whole).restore(whole.save(stream=False))
    whole.run(readings)
    for begin in range(0, rows, 700):
        parts.run(readings.rows(slice(begin, begin + 700)))
    assert [channel for channel, _ in whole.adapted] == ["vibration"] * len(whole.adapted)
    assert any(one.kind == "new level" for _, one in whole.adapted)
    assert parts.adapted == whole.adapted
