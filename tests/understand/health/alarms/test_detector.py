"""When a condition comes and goes: against a clock that looks at every tick, and in pieces as in one."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from luban.core.errors import InputError
from luban.plant import AlarmRule
from luban.understand.health.alarms import Changes, Detector

S = 1_000_000
RULES = {
    "high": {"limit": 2.0, "deadband": 1.0},
    "low": {"limit": -1.0, "deadband": 1.0},
    "deviation": {"limit": 2.0, "deadband": 0.5},
    "rate": {"limit": 2.0, "window_s": 4.0, "deadband": 1.0},
    "silent": {"limit": 5.0},
    "is": {"word": "x"},
}
VALUES = st.one_of(st.integers(-5, 5).map(float), st.just(math.nan))
SAMPLES = st.lists(st.tuples(st.integers(0, 6), VALUES), min_size=1, max_size=40)


def rule_of(kind: str, on: int = 0, off: int = 0, **more: object) -> AlarmRule:
    return AlarmRule("a", "shop/m1:x", kind, on_delay_s=on, off_delay_s=off, **{**RULES[kind], **more})  # type: ignore[arg-type]


class Clock:
    """The same condition by looking at every second."""

    def __init__(self, rule: AlarmRule) -> None:
        self.rule, self.active, self.since = rule, False, None
        self.past: list[tuple[int, float]] = []
        self.found: list[tuple[int, bool]] = []

    def holds(self, tick: int) -> bool | None:
        rule, (_, value) = self.rule, self.past[-1]
        if math.isnan(value):
            return None
        if rule.condition == "is":
            return value != 0
        band = rule.deadband if self.active else 0.0
        limit = rule.limit or 0.0
        if rule.condition == "low":
            return value < limit + band
        if rule.condition == "deviation":
            return abs(value) > limit - band
        if rule.condition == "rate":
            known = [(at, one) for at, one in self.past if not math.isnan(one)]
            old = [one for at, one in known if at <= tick - (rule.window_s or 0)]
            return value - old[-1] > limit - band if old else None
        return value > limit - band

    def judge(self, tick: int) -> None:
        holds = self.holds(tick)
        if holds is None or holds == self.active:
            self.since = None
            return
        self.since = tick if self.since is None else self.since
        if tick - self.since >= (self.rule.on_delay_s if holds else self.rule.off_delay_s):
            self.active, self.since = holds, None
            self.found.append((tick, holds))

    def take(self, tick: int, value: float) -> None:
        if math.isnan(value) and self.rule.condition == "rate":
            self.past.clear()
        self.past.append((tick, value))
        self.judge(tick)


def looked_at(rule: AlarmRule, times: list[int], values: list[float], end: int) -> list[tuple[int, bool]]:
    clock = Clock(rule)
    for tick in range(times[0], end):
        own = [value for at, value in zip(times, values, strict=True) if at == tick]
        for value in own:
            clock.take(tick, value)
        if not own:
            clock.judge(tick)
    return clock.found


def told(changes: Changes) -> list[tuple[int, bool]]:
    assert (changes.times % S == 0).all()
    return list(zip((changes.times // S).tolist(), changes.active.tolist(), strict=True))


@given(kind=st.sampled_from([kind for kind in RULES if kind != "silent"]), on=st.integers(0, 4), off=st.integers(0, 4),
       samples=SAMPLES)  # fmt: skip
@settings(max_examples=150, deadline=None)
def test_as_a_clock_that_looks_every_second(kind: str, on: int, off: int, samples: list[tuple[int, float]]) -> None:
    rule = rule_of(kind, on, off)
    times = np.cumsum([gap for gap, _ in samples]).tolist()
    values = [value for _, value in samples]
    end = times[-1] + 20
    changes = Detector(rule).feed(np.array(times) * S, np.array(values), end * S)
    assert told(changes) == looked_at(rule, times, values, end)


@given(kind=st.sampled_from(list(RULES)), on=st.integers(0, 3), off=st.integers(0, 3), samples=SAMPLES,
       cuts=st.lists(st.integers(0, 40), max_size=6), data=st.data())  # fmt: skip
@settings(max_examples=200, deadline=None)
def test_in_pieces_saved_and_restored_as_in_one(
    kind: str, on: int, off: int, samples: list[tuple[int, float]], cuts: list[int], data: st.DataObject
) -> None:
    rule = rule_of(kind, on, off)
    times = np.cumsum([gap for gap, _ in samples]) * S
    values = np.array([value for _, value in samples])
    end = int(times[-1]) + 20 * S
    whole = Detector(rule).feed(times, values, end)
    watch, parts = Detector(rule), []
    edges = sorted({0, *(min(cut, len(times)) for cut in cuts), len(times)})
    for start, stop in zip(edges, [*edges[1:], len(times)], strict=True):
        parts.append(watch.feed(times[start:stop], values[start:stop]))
        if 0 < stop < len(times):  # the clock may be told anywhere between two values
            parts.append(watch.advance(data.draw(st.integers(int(times[stop - 1]), int(times[stop])))))
        saved, watch = watch.save(), Detector(rule)
        watch.load(saved)
    parts.append(watch.advance(end))
    for name in ("times", "active", "values"):
        assert np.array_equal(np.concatenate([getattr(one, name) for one in parts]), getattr(whole, name),
                              equal_nan=name == "values")  # fmt: skip


def test_silence_is_raised_after_its_time_and_ends_with_the_next_value() -> None:
    changes = Detector(rule_of("silent")).feed(np.array([0, 4, 12, 13]) * S, np.ones(4), 30 * S)
    assert told(changes) == [(9, True), (12, False), (18, True)]


def test_silence_is_not_counted_while_nobody_listens() -> None:
    values = np.array([1.0, math.nan, 1.0])  # NaN: from here on nothing is expected
    assert told(Detector(rule_of("silent")).feed(np.array([0, 2, 40]) * S, values, 60 * S)) == [(45, True)]


def test_a_dead_band_keeps_an_alarm_from_chattering() -> None:
    values = 2.0 + 0.4 * np.resize([1.0, -1.0], 100)
    times = np.arange(100) * S
    assert len(Detector(rule_of("high", deadband=0.0)).feed(times, values)) == 100
    assert told(Detector(rule_of("high")).feed(times, values)) == [(0, True)]


def test_values_out_of_order_count_as_of_the_time_before_them() -> None:
    watch = Detector(rule_of("high"))
    changes = watch.feed(np.array([5, 3, 6]) * S, np.array([0.0, 9.0, 0.0]))
    assert (told(changes), watch.late) == ([(5, True), (6, False)], 1)


@pytest.mark.parametrize(
    "rule",
    [
        AlarmRule("a", "shop/m1:x", "high"),
        AlarmRule("a", "shop/m1:x", "high", limit=math.nan),
        AlarmRule("a", "shop/m1:x", "rate", limit=1.0),
        AlarmRule("a", "shop/m1:x", "hihg", limit=1.0),
    ],
)
def test_what_cannot_be_watched_is_refused(rule: AlarmRule) -> None:
    with pytest.raises(InputError):
        Detector(rule)


@pytest.mark.parametrize("saved", [{}, {"marks": [1], "value": "0x1p+0", "times": [], "values": []}, {"marks": "x"}])
def test_what_was_not_saved_is_refused(saved: dict[str, object]) -> None:
    with pytest.raises(InputError):
        Detector(rule_of("high")).load(saved)
