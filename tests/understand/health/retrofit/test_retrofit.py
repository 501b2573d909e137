"""Machines read from their power: known signals, a twin's trace as the judge, and what power cannot tell."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from luban.core.errors import InputError
from luban.core.time import DAY, HOUR
from luban.understand.health.retrofit import Meter, count_rows, learn_meter, pulses_of, read_meter, state_rows

SECOND = 1_000_000


def shift(
    seed: int = 1, *, step: float = 2.0, hours: float = 10.0, work: float = 6.0, idle: float = 2.0, cycle: float = 90.0,
    cuts: tuple[float, ...] = (0.3, 0.4), noise: float = 0.015, unit: float = 1.0,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:  # fmt: skip
    """Power of a shift: an hour off, then lots of 20 pieces with waits between; loading takes a fifth of a cycle.

    Returns  times, power, whether it works (loading within a lot counts as work), pieces
    """
    rng = np.random.default_rng(seed)
    time = (np.arange(0, hours * 3600, step) * SECOND).astype(np.int64)
    now = time / 1e6
    power = np.where(now < 3600, 0.03 * idle, idle)
    working = np.zeros(len(time), bool)
    at, pieces = 3600.0 + 600.0, 0
    while at + 21 * cycle < hours * 3600 - 600:
        begin = at
        for _ in range(20):
            at += cycle * 0.2 * rng.lognormal(0, 0.2)
            for k, cut in enumerate(cuts):
                inside = (now >= at) & (now < at + cut * cycle)
                power = np.where(inside, work * (1.0 + 0.25 * k), power)
                at += cut * cycle + 0.03 * cycle
            pieces += 1
        working |= (now >= begin) & (now < at)
        at += rng.uniform(600, 1800)
    return time, unit * power * (1 + noise * rng.normal(size=len(time))), working, pieces


@pytest.mark.parametrize("seed", range(5))
def test_run_idle_and_pieces_of_a_known_shift(seed: int) -> None:
    time, power, working, pieces = shift(seed)
    told = read_meter(time, power)
    states = np.array(told.at(time))
    assert ((states == "running") == working).mean() > 0.985
    assert ((states == "off") == (time < 3600 * SECOND)).mean() > 0.999
    assert told.pieces == pytest.approx(pieces, abs=2)
    assert told.low <= pieces <= told.high
    assert told.confidence > 0.95
    assert sum(told.hours.values()) == pytest.approx(10, abs=0.01)


@pytest.mark.parametrize("kind", [
    {"cuts": (0.75,)}, {"cuts": (0.15, 0.2, 0.1, 0.2)}, {"noise": 0.05}, {"idle": 4.0}, {"idle": 0.4}, {"cycle": 30.0},
    {"cycle": 600.0, "hours": 40.0}, {"step": 10.0}, {"step": 60.0, "cycle": 600.0, "hours": 40.0},
])  # fmt: skip
def test_shifts_of_other_kinds(kind: dict[str, float]) -> None:
    """Other programs, meters and levels; where the meter is too slow for the cycle, the range of the count says so."""
    time, power, working, pieces = shift(11, **kind)  # type: ignore[arg-type]
    told = read_meter(time, power)
    assert ((np.array(told.at(time)) == "running") == working).mean() >= 0.97
    assert told.low <= pieces <= told.high
    assert any("cannot be counted" in note for note in told.notes) == (kind.get("step", 2.0) > 2)


def test_products_at_different_levels_are_all_work() -> None:
    """7 and 11 kW, waiting at 3.5: the lower one is no idling, since work hardly ever goes from one to the other."""
    rng = np.random.default_rng(1)
    power, working = [], []
    for lot in range(60):
        for level, seconds, works in (
            (7.0 if rng.random() < 0.6 else 11.0, rng.uniform(1200, 9000), True), (3.5, rng.uniform(300, 4000), False),
            (0.1, 20_000.0 if lot % 8 == 7 else 0.0, False),
        ):  # fmt: skip
            power += [level] * int(seconds / 5)
            working += [works] * int(seconds / 5)
    noisy = np.array(power) * (1 + 0.01 * rng.normal(size=len(power)))
    time = np.arange(len(power)) * 5 * SECOND
    assert ((np.array(read_meter(time, noisy).at(time)) == "running") == np.array(working)).mean() > 0.999


@pytest.mark.parametrize("unit", [1000.0, 0.001, 4.35])
def test_the_unit_does_not_matter(unit: float) -> None:
    time, power, _, _ = shift(2)
    one, other = read_meter(time, power), read_meter(time, unit * power)
    assert one.at(time[::50]) == other.at(time[::50])
    assert (one.pieces, one.low, one.high) == (other.pieces, other.low, other.high)


def test_a_meter_that_tells_changes_only_is_held() -> None:
    """Readings come when the power changes by more than noise: long steps are no gaps."""
    time, power, working, _ = shift(3, noise=0.0)
    kept = np.flatnonzero(np.concatenate([[True], np.abs(np.diff(power)) > 0.01]))
    told = read_meter(time[kept], power[kept])
    assert told.hours["unknown"] == 0
    states = np.array(told.at(time[time < time[kept[-1]]]))
    assert ((states == "running") == working[: len(states)]).mean() > 0.98


def test_a_gap_is_unknown_and_the_rest_goes_on() -> None:
    time, power, _, _ = shift(1)
    out = (time > 5 * HOUR) & (time < 6.5 * HOUR)
    told = read_meter(time[~out], power[~out])
    assert told.hours["unknown"] == pytest.approx(1.5, abs=0.05)
    assert any("1.5 h without a reading" in note for note in told.notes)


def test_bad_readings_are_left_out_and_counted() -> None:
    time, power, working, _ = shift(1)
    power = power.copy()
    power[[10, 500, 9000]] = [np.nan, np.inf, -np.inf]
    twice = np.insert(time, 4000, time[3999] - 5 * SECOND)
    told = read_meter(twice, np.insert(power, 4000, 1e5))
    assert told.excluded == 4
    assert ((np.array(told.at(time)) == "running") == working).mean() > 0.98


@pytest.mark.parametrize("levels", [(18.0, 18.0), (0.0, 0.5)])
def test_on_and_off_alone_is_said_and_believed_by_half(levels: tuple[float, float]) -> None:
    time = np.arange(0, DAY, 10 * SECOND)
    on = (time % DAY > 6 * HOUR) & (time % DAY < 14 * HOUR)
    power = np.where(on, levels[1], 0.0)
    told = read_meter(time, power)
    assert told.confidence == 0.5
    assert any("only on and off" in note for note in told.notes)
    assert told.pieces is None
    assert set(state_rows(told, "m", 0)["quality"]) == {8}


def test_one_level_is_unknown() -> None:
    told = read_meter(np.arange(0, DAY, 10 * SECOND), np.full(8640, 3.0))
    assert told.hours["unknown"] == pytest.approx(24, abs=0.1)
    assert "one level" in told.notes[0]


def test_no_cycles_means_no_count_unless_someone_knows_the_cycle_or_counts() -> None:
    time = np.arange(0, DAY, 10 * SECOND)
    rng = np.random.default_rng(4)
    level = np.repeat(rng.permutation([0.1, 2.5, 6.0] * 8), 360)
    plain = read_meter(time, level)
    assert plain.pieces is None
    assert any("cannot be counted" in note for note in plain.notes)
    by_cycle = read_meter(time, level, cycle=60.0)
    assert by_cycle.pieces == pytest.approx(8 * 60, abs=1)
    assert by_cycle.low < 480 < by_cycle.high
    assert not by_cycle.made[0].sure
    counted = read_meter(time, level, counter=time[::300])
    assert counted.pieces == counted.low == counted.high == 29


def test_a_counter_that_stands_is_no_piece_and_states_are_told_all_the_same() -> None:
    time, power, _, _ = shift(1)
    told = read_meter(time, power, counter=[])
    assert (told.pieces, told.low, told.high) == (0, 0, 0)
    assert told.hours["running"] > 1
    assert count_rows(told, "plant/m", 0)["time"] == []


def test_a_counter_is_read_over_blanks_and_resets() -> None:
    level = np.array([7.0, np.nan, 8.0, 8.5, 10.0, 0.0, 1.0, np.nan, 3.0])
    assert pulses_of(np.arange(9), level).tolist() == [2, 4, 4, 6, 8, 8]
    assert len(pulses_of(np.arange(2), np.full(2, np.nan))) == 0


def test_what_was_learned_is_kept_and_a_new_meter_is_noticed() -> None:
    time, power, _, _ = shift(1)
    meter = Meter.restore(learn_meter(time, power).save())
    later, more, working, _ = shift(7, hours=26.0)
    told = read_meter(later, more, meter)
    assert ((np.array(told.at(later)) == "running") == working).mean() > 0.98
    assert not any("no longer" in note for note in told.notes)
    assert any("no longer" in note for note in read_meter(later, 2 * more, meter).notes)
    with pytest.raises(InputError):
        Meter.restore(b"{}")


def test_facts_are_told_once_and_only_when_settled() -> None:
    time, power, _, pieces = shift(1)
    told = read_meter(time, power)
    states, counts = state_rows(told, "plant/m", 0), count_rows(told, "plant/m", 0)
    assert max(states["time"]) < told.settled
    assert set(states["mapping"]) == {"power@1"}
    half = int(time[len(time) // 2])
    later = state_rows(told, "plant/m", half, before=str(told.at(np.array([half]))[0]))
    assert later["time"] == [moment for moment in states["time"] if moment > half]
    assert sum(counts["good"]) == pytest.approx(pieces, abs=2)
    assert len(count_rows(told, "plant/m", half)["time"]) + sum(m <= half for m in counts["time"]) == len(
        counts["time"]
    )


@pytest.mark.parametrize("call", [
    lambda: learn_meter([0, SECOND], [1.0, 2.0]), lambda: learn_meter([], []), lambda: read_meter([0, 1], [1.0]),
    lambda: read_meter(*shift(1)[:2], cycle=0.0),
    lambda: pulses_of(np.arange(40), np.arange(40) % 2 * 1e9),
])  # fmt: skip
def test_what_cannot_be_read_is_refused(call: object) -> None:
    with pytest.raises(InputError):
        call()  # type: ignore[operator]


def test_a_twins_machines_agree_with_their_own_trace() -> None:
    """The states of the twin are the label; the reader sees its power every 10 s and nothing else."""
    from luban.twin.kernel.trace import Kind
    from luban.twin.load import load_twin
    from luban.twin.model import STATES
    from luban.twin.run import Run

    model = load_twin(Path(__file__).parents[4] / "examples" / "c2_machining")
    run = Run(model, seed=11, trace="facts").to(30 * DAY)
    run.take_trace()
    run.to(37 * DAY)
    trace = run.take_trace()
    time = np.arange(30 * DAY, 37 * DAY, 10 * SECOND)
    for number, machine in enumerate(model.machines):
        watts = [machine.power.get(state, 0.0) for state in STATES]
        if machine.id.split("/")[1][0] not in "LMG":  # furnaces and benches draw the same at work and waiting
            continue
        own = trace[(trace["kind"] == Kind.STATE) & (trace["machine"] == number)]
        inside = time >= own["time"][0]
        state = own["a"][np.searchsorted(own["time"], time[inside], "right") - 1].astype(int)
        told = np.array(read_meter(time[inside], np.array(watts)[state] / 1000).at(time[inside]))
        assert ((told == "running") == (state == STATES.index("run"))).mean() >= 0.97, machine.id
