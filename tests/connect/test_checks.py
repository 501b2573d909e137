"""One quality code per value."""

from __future__ import annotations

import random
import time

from hypothesis import given, settings, strategies as st

from luban.connect.checks import NEVER, REPEATED, Check, ClockWatch
from luban.connect.mapping import Mapper
from luban.connect.wire import Sample
from luban.core.quality import Quality
from luban.core.time import HOUR, SECOND
from tests.connect.contract import Signal

ARRIVAL = 1_800_000_000 * SECOND


def judge(check: Check, at: float, value: float | str | None, quality: int = 0, **more: object) -> int:
    keys = {"skewed": False, "others": NEVER, "ordered": True} | more
    return check.judge(ARRIVAL + round(at * SECOND), value, quality, ARRIVAL + round(max(at, 0) * SECOND), **keys)  # type: ignore[arg-type]


def test_range_and_future() -> None:
    check = Check(0, 100, None)
    assert judge(check, -3, 100.0) == Quality.GOOD
    assert judge(check, -2, 100.5) == Quality.OUT_OF_RANGE
    assert (
        check.judge(ARRIVAL + 6 * SECOND, 5.0, 0, ARRIVAL, skewed=False, others=NEVER, ordered=True) == Quality.FUTURE
    )
    assert judge(check, -1, 5.0) == Quality.GOOD  # the future value did not move the clock


def test_repetition_duplicate_and_order() -> None:
    check = Check(None, None, None)
    assert judge(check, 1, 5.0) == Quality.GOOD
    assert judge(check, 1, 5.0) == REPEATED
    assert judge(check, 1, 6.0) == Quality.DUPLICATE
    assert judge(check, 0, 4.0) == Quality.OUT_OF_ORDER
    assert judge(check, 0.5, 4.0, ordered=False) == Quality.GOOD
    assert judge(check, 2, 7.0) == Quality.GOOD
    assert (
        judge(check, 2, None, Quality.UNAVAILABLE) == Quality.UNAVAILABLE
    )  # a status of the same moment is no duplicate


def test_what_comes_again_after_a_reconnect_is_a_repetition() -> None:
    check = Check(None, None, None)
    for at in range(5):
        judge(check, at, float(at))
    check.floor = check.last_time
    assert [judge(check, at, float(at)) for at in range(6)] == [REPEATED] * 5 + [Quality.GOOD]


def test_stuck_only_while_others_live() -> None:
    check = Check(None, None, 10 * SECOND)
    assert judge(check, 0, 5.0) == Quality.GOOD
    assert judge(check, 11, 5.0) == Quality.GOOD  # nothing else changes either: the machine stands
    assert judge(check, 12, 5.0, others=ARRIVAL + 12 * SECOND) == Quality.STUCK
    assert judge(check, 13, 5.1, others=ARRIVAL + 12 * SECOND) == Quality.GOOD


def test_a_value_that_is_never_sent_again_is_told_stuck_once() -> None:
    signals = [
        Signal("p/m:a", "p/m", "a", "a", unit="%", stuck_after=10 * SECOND),
        Signal("p/m:b", "p/m", "b", "b", unit="%"),
    ]
    mapper = Mapper("s", signals)
    mapper.take([Sample("a", ARRIVAL, 1.0)], ARRIVAL)
    for second in range(1, 30):
        mapper.take([Sample("b", ARRIVAL + second * SECOND, float(second))], ARRIVAL + second * SECOND)
        mapper.watch(ARRIVAL + second * SECOND)
    stuck = [i for i, q in enumerate(mapper.rows.quality) if q == Quality.STUCK]
    assert [(mapper.rows.subject[i], mapper.rows.time[i] - ARRIVAL) for i in stuck] == [("p/m:a", 11 * SECOND)]


def test_a_steady_lag_is_a_wrong_clock_a_varying_one_is_late_delivery() -> None:
    wrong, late = ClockWatch(5 * SECOND, 10 * SECOND), ClockWatch(5 * SECOND, 10 * SECOND)
    rng = random.Random(7)
    for second in range(60):
        arrival = ARRIVAL + second * SECOND
        wrong.see(arrival - HOUR - rng.randrange(SECOND // 4), arrival)
        late.see(arrival - HOUR + second * 55 * SECOND, arrival)
        assert not late.skewed
    assert wrong.skewed
    wrong.see(ARRIVAL + 61 * SECOND, ARRIVAL + 61 * SECOND)
    assert not wrong.skewed


@given(st.lists(st.tuples(st.integers(0, 20), st.sampled_from([1.0, 2.0, 3.0])), max_size=40))
@settings(max_examples=200, deadline=None)
def test_good_values_are_in_order_and_of_distinct_times(values: list[tuple[int, float]]) -> None:
    check = Check(None, None, None)
    good = [at for at, value in values if judge(check, at, value) == Quality.GOOD]
    assert good == sorted(set(good))


def test_a_core_judges_and_maps_twenty_thousand_values_a_second() -> None:
    signals = [
        Signal(f"p/m:{n}", "p/m", str(n), str(n), unit="%", range=(0.0, 200.0), stuck_after=HOUR) for n in range(1000)
    ]
    mapper = Mapper("s", signals)
    batches = [
        [Sample(str(n), ARRIVAL + turn * SECOND // 10, float((n + turn) % 200)) for n in range(1000)]
        for turn in range(50)
    ]
    begin = time.process_time()
    for turn, batch in enumerate(batches):
        arrival = ARRIVAL + turn * SECOND // 10
        mapper.take(batch, arrival)
        mapper.see_clock(batch, arrival)
    spent = time.process_time() - begin
    assert mapper.taken == 50_000
    assert set(mapper.rows.quality) == {0}
    assert 50_000 / spent > 20_000, f"{50_000 / spent:.0f} values/s"
    print(f"{50_000 / spent:,.0f} values/s")
