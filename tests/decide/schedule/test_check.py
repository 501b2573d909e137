"""The checker: finds every kind of fault planted, agrees with a tick-by-tick look, and is fast."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from luban.decide.schedule.build import Builder
from luban.decide.schedule.check import find_faults
from luban.decide.schedule.problem import NEVER, NONE, Problem
from luban.decide.schedule.schedule import Schedule
from tests.decide.schedule.shops import FEATURES, shop, witness
from tests.decide.schedule.ticks import broken_rules, is_open


def full_shop() -> Problem:
    """Two calendars, a pool, setters, setups, an oven, lags, limits: one thing of each, all by hand."""
    b = Builder("full")
    b.calendar("day", [(0, 8), (24, 32), (48, 1000)])
    b.calendar("whole", [(0, 10), (12, 100)], interrupts=False)
    b.pool("crew", [(0, 1), (40, 2)])
    b.pool("setter", 1)
    b.setup("dyes", "", "red", 1)
    b.setup("dyes", "red", "blue", 2)
    b.machine("lathe", calendar="day", table="dyes", setup_pool="setter")
    b.machine("mill", calendar="whole", ready=1)
    b.machine("oven", batch=3)
    b.move("lathe", "mill", 1)
    b.job("A", due=40)
    b.operation("A", {"lathe": 4}, family="red", needs={"crew": 1}, lag=2, max_lag=9)
    b.operation("A", {"mill": 3, "lathe": 5}, fixed_machine="mill")
    b.operation("A", {"oven": 5}, batch="hot", size=2)
    b.job("B", release=5, deadline=60)
    b.operation("B", {"lathe": 3}, family="blue", needs={"crew": 1})
    b.operation("B", {"oven": 6}, batch="hot", size=1)
    b.job("C")
    b.operation("C", {"mill": 2}, fixed_start=20)
    b.operation("C", {"oven": 2}, batch="cold")
    return b.problem()


def sound() -> Schedule:
    """A/2 waits for an opening of the mill that holds it whole; B/1 waits over the night; A/3 and B/2 share a run."""
    start = np.array([1, 12, 27, 7, 27, 20, 33])
    return Schedule(
        full_shop(),
        machine=np.array([0, 1, 2, 0, 2, 1, 2]),
        start=start,
        end=np.array([5, 15, 33, 26, 33, 22, 35]),
        setup_start=np.where(np.arange(7) == 0, 0, np.where(np.arange(7) == 3, 5, start)),
        setup_end=np.where(np.arange(7) == 0, 1, start),
        batch=np.array([NONE, NONE, 4, NONE, 4, NONE, NONE]),
    )


def changed(schedule: Schedule, **arrays: dict[int, int]) -> Schedule:
    """The same schedule with some numbers changed: `start={0: 3}`."""
    new = {}
    for name, values in arrays.items():
        new[name] = getattr(schedule, name).copy()
        new[name][list(values)] = list(values.values())
    return replace(schedule, **new)


def shifted(schedule: Schedule, operation: int, ticks: int) -> Schedule:
    """One operation moved in time, with its setup."""
    names = ("start", "end", "setup_start", "setup_end")
    moved = {name: {operation: int(getattr(schedule, name)[operation]) + ticks} for name in names}
    return changed(schedule, **moved)


def test_sound_schedule_has_no_fault() -> None:
    assert find_faults(sound()) == ()


A1, A2, A3, B1, B2, C1, C2 = range(7)

PLANTED = [
    (
        "route",
        shifted(sound(), A2, -5),
        "R1",
        "A/2 starts at tick 7, before the end of A/1 at tick 5 and a lag of 2 ticks and transport of 1 tick",
    ),
    (
        "longest wait",
        shifted(sound(), A2, 11),
        "R1",
        "A/2 starts at tick 23, 18 ticks after A/1 ends; at most 9 ticks is allowed",
    ),
    ("overlap", shifted(sound(), C2, -1), "R2", "C/2 starts at tick 32 on oven, where A/3 runs until tick 33"),
    (
        "machine not ready",
        changed(shifted(sound(), A2, -12), start={A2: 0}),
        "R2",
        "A/2 starts at tick 0, but mill is free from tick 1 only",
    ),
    (
        "setup missing",
        changed(sound(), setup_start={B1: 7}),
        "R2",
        "B/1 on lathe lacks its setup from red to blue of 2 ticks",
    ),
    (
        "setup short",
        changed(sound(), setup_start={B1: 6}),
        "R2",
        "the setup of B/1 on lathe from red to blue takes 1 tick, not 2 ticks",
    ),
    (
        "setup not needed",
        changed(sound(), setup_start={C2: 33}, setup_end={C2: 34}, start={C2: 34}, end={C2: 36}),
        "R2",
        "C/2 on oven has a setup though none is needed",
    ),
    (
        "setup into the operation before",
        changed(sound(), setup_start={B1: 4}, setup_end={B1: 6}),
        "R2",
        "the setup of B/1 begins at tick 4 while lathe is busy with A/1 until tick 5",
    ),
    (
        "setup after the start",
        changed(sound(), setup_start={B1: 6}, setup_end={B1: 8}),
        "R2",
        "B/1 starts at tick 7, before its setup ends at tick 8",
    ),
    (
        "wrong length",
        changed(sound(), end={C2: 36}),
        "R3",
        "C/2 on oven from tick 33 to tick 36 is worked for 3 ticks, not 2 ticks",
    ),
    (
        "starts closed",
        changed(sound(), start={B1: 9}, end={B1: 27}, setup_end={B1: 7}),
        "R3",
        "B/1 starts at tick 9, when lathe is closed",
    ),
    (
        "ends closed",
        changed(sound(), start={A1: 4}, end={A1: 9}, setup_start={A1: 3}, setup_end={A1: 4}),
        "R3",
        "A/1 ends at tick 9, when lathe is closed",
    ),
    (
        "not whole",
        shifted(sound(), A2, -4),
        "R3",
        "A/2 from tick 8 to tick 11 does not lie in one opening of mill, whose work may not be interrupted",
    ),
    ("pool", None, "R4", "crew at tick 13: 2 are needed and 1 are there (A/2, C/1)"),
    ("setter", None, "R4", "setter at tick 0: 1 are needed and 0 are there (A/1)"),
    ("batch too full", None, "R5", "the run of A/3 at tick 27 on oven holds 3; 2 fit"),
    (
        "batch families",
        changed(sound(), batch={C2: 4}, start={C2: 27}, end={C2: 33}),
        "R5",
        "C/2 and A/3 may not share a run: their batch families differ",
    ),
    (
        "batch out of step",
        changed(sound(), start={B2: 28}, end={B2: 34}),
        "R5",
        "B/2 and A/3 share a run on oven, but not its times",
    ),
    (
        "batch too short",
        changed(sound(), end={A3: 32, B2: 32}),
        "R5",
        "A/3 on oven from tick 27 to tick 32 is worked for 5 ticks, not 6 ticks",
    ),
    (
        "batch on two machines",
        changed(sound(), batch={C1: 4}),
        "R5",
        "C/1 on mill and A/3 on oven are said to share one run",
    ),
    (
        "batch where there is none",
        changed(sound(), batch={A2: 9, C1: 9}),
        "R5",
        "A/2 shares a run on mill, which takes one at a time",
    ),
    ("release", None, "R6", "B/1 starts at tick 7, before its release at tick 8"),
    ("deadline", None, "R6", "B/2 ends at tick 33, after its deadline at tick 30"),
    ("fixed start", shifted(sound(), C1, 3), "R6", "C/1 starts at tick 23; it is fixed at tick 20"),
    ("fixed machine", changed(sound(), machine={A2: 0}), "R6", "A/2 is on lathe; it is fixed on mill"),
    ("not scheduled", changed(sound(), machine={C2: NONE}), "R0", "C/2 is not scheduled: it has no machine"),
    ("no such machine", changed(sound(), machine={C2: 7}), "R0", "C/2 is on machine number 7; there are 0 to 2"),
    ("not able", changed(sound(), machine={C2: 0}), "R0", "C/2 is on lathe, which cannot do it"),
    ("backwards", changed(sound(), end={C2: 30}), "R0", "C/2 or its setup ends before it starts"),
    ("no time", changed(sound(), end={C2: NEVER}), "R0", "C/2 has a time that does not come"),
]

OTHER_PROBLEM = {
    "pool": {"need_first": [0, 0, 1, 1, 1, 1, 2, 2]},
    "setter": {"level_size": [0, 1, 2, 0]},
    "batch too full": {"machine_batch": [0, 0, 2]},
    "release": {"release": [0, 8, 0]},
    "deadline": {"deadline": [NEVER, 30, NEVER]},
}


@pytest.mark.parametrize(("what", "schedule", "rule", "sentence"), PLANTED, ids=[row[0] for row in PLANTED])
def test_finds_a_planted_fault(what: str, schedule: Schedule | None, rule: str, sentence: str) -> None:
    if schedule is None:
        arrays = {name: np.array(values, np.int64) for name, values in OTHER_PROBLEM[what].items()}
        schedule = replace(sound(), problem=replace(full_shop(), **arrays))
        if what == "pool":
            schedule = shifted(schedule, C1, -7)
    said = {(fault.rule, fault.sentence) for fault in find_faults(schedule)}
    assert (rule, sentence) in said


@pytest.mark.parametrize("name", ["machine", "start", "end", "setup_start", "setup_end", "batch"])
def test_arrays_of_a_wrong_size_are_told(name: str) -> None:
    faults = find_faults(replace(sound(), **{name: getattr(sound(), name)[:-1]}))
    assert [fault.rule for fault in faults] == ["R0"]
    assert faults[0].sentence == f"{name} is int64, shape (6,); it must be int64, one number an operation (7,)"


def test_others_and_machine_are_named() -> None:
    fault = next(f for f in find_faults(shifted(sound(), C2, -1)) if f.rule == "R2")
    assert (fault.operation, fault.machine, fault.others) == (C2, 2, (A3,))


def test_times_are_said_in_the_zone_asked_for() -> None:
    b = Builder("real", start=1_767_571_200_000_000, tick=60_000_000)  # 2026-01-05 00:00 UTC
    b.machine("saw")
    b.job("A", release=90)
    b.operation("A", {"saw": 4})
    early = Schedule.plain(b.problem(), np.array([0]), np.array([30]))
    zone = ZoneInfo("Asia/Shanghai")
    assert [fault.sentence for fault in find_faults(early, zone)] == [
        "A/1 starts at 2026-01-05 08:30, before its release at 2026-01-05 09:30"
    ]


def test_in_progress_operation_is_not_held_to_release_ready_and_opening() -> None:
    b = Builder("begun")
    b.calendar("late", [(0, 20)])
    b.setup("t", "", "red", 5)
    b.machine("saw", calendar="late", table="t", ready=6)
    b.job("A", release=3)
    b.operation("A", {"saw": 4}, fixed_start=-3, family="red")
    b.job("B")
    b.operation("B", {"saw": 4}, family="red")
    p = b.problem()
    start = np.array([-3, 6])
    begun = Schedule(p, np.zeros(2), start, np.array([4, 10]), start, start, np.array([NONE, NONE]))
    assert find_faults(begun) == ()


@pytest.mark.parametrize("seed", range(60))
def test_the_witness_of_any_shop_is_sound(seed: int) -> None:
    assert find_faults(witness(any_shop(seed))) == ()


def any_shop(seed: int) -> Problem:
    random = np.random.default_rng(seed)
    names = random.choice(FEATURES, random.integers(0, 10), replace=False).tolist()
    size = {name: int(random.integers(1, most)) for name, most in (("jobs", 6), ("machines", 5), ("steps", 5))}
    return shop(seed, **size, **dict.fromkeys(names, True))


def noisy(problem: Problem, random: np.random.Generator) -> Schedule:
    """Anywhere in time, mostly of the right length, with setups and batches thrown in."""
    p, count = problem, problem.operation_count
    machine = np.array([p.modes(o)[random.integers(len(p.modes(o)))][0] for o in range(count)])
    start = random.integers(0, 75, count)
    start[p.fixed_start < NEVER] = p.fixed_start[p.fixed_start < NEVER]
    end, setup = start.copy(), start.copy()
    batch = np.where(random.random(count) < 0.2, random.integers(0, 2, count), NONE)
    for o in range(count):
        left = p.mode_on(o, int(machine[o])) + (random.random() < 0.05)
        calendar = p.machine_calendar[machine[o]]
        while left:
            left -= calendar == NONE or not p.calendar_interrupts[calendar] or is_open(p, int(machine[o]), int(end[o]))
            end[o] += 1
        setup[o] -= random.integers(0, 4) if random.random() < 0.3 else 0
    return Schedule(p, machine, start, end, setup, start, batch)


def test_agrees_with_a_look_at_every_tick() -> None:
    """Over 360 random schedules, sound and not, each rule is told broken by both or by neither."""
    seen: Counter[tuple[str, bool]] = Counter()
    for seed in range(360):
        random = np.random.default_rng(seed)
        problem = any_shop(seed % 120)
        schedule = noisy(problem, random)
        if seed % 3 == 0:
            schedule = nudged(witness(problem), random)
        ours = {fault.rule for fault in find_faults(schedule)}
        theirs = broken_rules(schedule, int(schedule.end.max()))
        assert ours == theirs, (seed, find_faults(schedule))
        seen.update((rule, rule in theirs) for rule in ("R1", "R2", "R3", "R4", "R5", "R6"))
    assert min(seen[rule, broken] for rule in ("R1", "R2", "R3", "R4", "R5", "R6") for broken in (True, False)) >= 20


def nudged(schedule: Schedule, random: np.random.Generator) -> Schedule:
    """One operation of a sound schedule a little earlier or later."""
    return shifted(schedule, int(random.integers(len(schedule.start))), int(random.integers(-6, 7)))


@pytest.mark.slow
def test_hundred_thousand_operations_in_a_few_seconds() -> None:
    b = Builder("large")
    b.calendar("day", [(day * 96, day * 96 + 64) for day in range(400)])
    b.pool("crew", 40)
    for machine in range(200):
        b.machine(f"M{machine}", calendar="day", table="t", setup_pool="crew")
    b.setup("t", "a", "b", 1)
    b.setup("t", "b", "a", 2)
    for job in range(10_000):
        b.job(f"J{job}")
        for step in range(10):
            at = (job * 7 + step * 13) % 199
            b.operation(f"J{job}", {f"M{at}": 5, f"M{at + 1}": 6}, family="ab"[job % 2], needs={"crew": 1})
    problem = b.problem()
    start = np.random.default_rng(1).integers(0, 400 * 96, problem.operation_count)
    schedule = Schedule.plain(problem, problem.mode_machine[problem.mode_first[:-1]], start)
    before = time.process_time()
    assert len(find_faults(schedule)) > 100_000
    assert time.process_time() - before < 20
