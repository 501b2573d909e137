"""What devices show: the run's own counters and states, sensors with noise; never what a real machine cannot know."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from luban.core.errors import InputError
from luban.core.time import DAY, HOUR, MINUTE, SECOND
from luban.norms import TimeElement, mappings
from luban.twin.distribution import Distribution
from luban.twin.kernel.trace import Kind
from luban.twin.model import STATES, Characteristic, Failure, Machine, Model, Route, Station, Step
from luban.twin.run import Run
from luban.twin.senses import Warmth
from luban.twin.show import STATE_WORDS, Change, Show, state_word
from tests.twin.shop import shop

LATHE = "shop/turning/lathe01"


def watched(
    model: Model, until: int, *, every: int = 20 * MINUTE, **run: Any
) -> tuple[Show, list[Change], list[dict[str, Any]]]:
    """A run watched at every look: panel, changes, readings."""
    show = Show(Run(model, trace="facts", **run))
    changes: list[Change] = []
    looks = []
    for at in range(every, until + 1, every):
        show._run.to(at)
        changes += show.see(show._run.take_trace())
        looks.append(show.read())
    return show, changes, looks


def test_words_are_those_of_the_published_mappings() -> None:
    read_from_power = {"power@1"}  # no machine speaks it: a power meter's readings are told in it
    assert set(STATE_WORDS) == set(mappings()) - read_from_power
    for name, words in STATE_WORDS.items():
        mapping = mappings()[name]
        assert len(words) == len(STATES)
        assert all(mapping.meaning(word) is not None for word in words), name
        assert mapping.element(state_word("run", name)) is TimeElement.APT
        assert mapping.element(state_word("idle", name)) in {TimeElement.ADOT, TimeElement.UNKNOWN}
        assert mapping.is_failure(state_word("down", name)) or name == "mtconnect-execution@1"
    with pytest.raises(InputError, match="does not speak"):
        state_word("run", "packml@9")


def test_counters_states_and_registers_are_the_books_of_the_run() -> None:
    show, changes, looks = watched(shop(days=3), 3 * DAY)
    totals, last = show._run.totals(), looks[-1]
    for m, path in enumerate(show.machines):
        assert last[f"{path}:part_count"] == totals.machine_pieces[m]
        assert last[f"{path}:scrap_count"] == totals.machine_scrap[m]
        assert last[f"{path}:rework_count"] == totals.machine_rework[m]
        assert last[f"{path}:good_count"] == (totals.machine_pieces - totals.machine_scrap - totals.machine_rework)[m]
        assert last[f"{path}:energy"] == totals.machine_energy[m] // 3_600_000_000 / 1000
        spent = dict.fromkeys(STATES, 0)
        state, since = "idle", 0
        for change in (c for c in changes if c.machine == m and c.name == "state"):
            spent[state] += change.time - since
            state, since = str(change.value), change.time
        spent[state] += totals.now - since
        assert list(spent.values()) == totals.machine_time[m].tolist()
    assert last["shop:orders_waiting"] == totals.pool


def test_pieces_belong_to_the_order_shown_when_they_are_counted() -> None:
    """Whoever sums the counter by the order on the panel gets what the operations of that order made."""
    run = Run(shop(days=3), trace="facts")
    show, made, want = Show(run), {}, {}
    order, count = "", 0
    for at in range(7 * MINUTE, 3 * DAY, 7 * MINUTE):
        run.to(at)
        trace = run.take_trace()
        for row in trace[(trace["machine"] == 0) & (trace["kind"] == Kind.COUNT)]:
            name = run.lot_name(int(row["lot"]))
            want[name] = want.get(name, 0) + int(row["a"] + row["b"] + row["x"])
        for change in show.see(trace):
            if change.machine == 0 and change.name == "order":
                order = str(change.value)
            elif change.machine == 0 and change.name == "part_count":
                made[order] = made.get(order, 0) + int(change.value) - count
                count = int(change.value)
    assert made == want
    assert "" not in made
    assert len(made) > 10


def test_one_instant_shows_one_value() -> None:
    _, changes, _ = watched(shop(days=2), 2 * DAY)
    seen = [(c.time, c.machine, c.name) for c in changes]
    assert len(seen) == len(set(seen))
    assert [c.time for c in changes] == sorted(c.time for c in changes)


def hidden(model: Model, **change: Any) -> Model:
    """The same plant with other secrets: lives, wear that no gauge has met yet, demand that is yet to come."""
    machines = tuple(
        replace(m, failures=tuple(replace(f, life=f.life.scaled(change.get("life", 1))) for f in m.failures))
        for m in model.machines
    )
    arrivals = [
        replace(a, interval=a.interval.scaled(change.get("later", 1)), first=Distribution.constant(1e5))
        for a in model.arrivals
    ]
    return replace(model, machines=machines, arrivals=(*model.arrivals, *(replace(a, id=f"{a.id}2") for a in arrivals)))


def test_what_is_not_expressed_yet_does_not_show() -> None:
    """Two plants that differ in drawn lives (beyond the day) and in tomorrow's demand look the same all day."""
    one = hidden(shop(days=4, life=3e8))
    other = hidden(shop(days=4, life=3e8), life=7.0, later=0.2)
    day = 100_000 * SECOND - 1  # the new demand begins then
    _, seen, looks = watched(one, day, seed=6)
    _, seen2, looks2 = watched(other, day, seed=6)
    assert seen == seen2
    assert looks == looks2
    assert len(seen) > 200
    assert watched(one, 3 * DAY, seed=6)[2][-1] != watched(other, 3 * DAY, seed=6)[2][-1], "the secret never mattered"


def test_true_sizes_do_not_show_beyond_the_gauge() -> None:
    """Without a reading, what pieces truly are leaves no trace but the count of scrap."""

    def plant(noise: float) -> Model:
        size = Characteristic("d", "µm", -1e9, 1e9, noise, setup_offset=noise, wear=noise, heat=noise)
        step = Step("turn", "S", Distribution.constant(60.0), per="piece", characteristics=(size,))
        orders = shop(days=1).arrivals[0]
        return Model(
            "p", 0, DAY, (Station("S"),), (Machine("M", "S", power={"run": 1e3}),), (Route("J01", (step,)),),
            arrivals=(replace(orders, route="J01"),),
        )  # fmt: skip

    assert watched(plant(1.0), DAY)[2] == watched(plant(50.0), DAY)[2]


def aged(life: float, count: int = 60) -> Model:
    failure = Failure("bearing", Distribution.weibull(2.5, life * 3600), Distribution.constant(60.0))
    machines = tuple(Machine(f"M{n}", "S", failures=(failure,)) for n in range(count))
    step = Step("turn", "S", Distribution.constant(30 * 86400.0))
    arrival = replace(shop(days=1).arrivals[0], route="R", interval=Distribution.constant(1e-3), limit=count)
    return Model("p", 0, 40 * DAY, (Station("S"),), machines, (Route("R", (step,)),), arrivals=(arrival,))


def test_vibration_announces_most_failures_of_parts_that_wear() -> None:
    """From 70 % of a life on; 30 % are missed; sound machines do not cry wolf."""
    run = Run(aged(100.0), trace="facts", seed=3)
    show = Show(run)
    history: list[dict[str, Any]] = []
    failed: dict[int, int] = {}
    for hour in range(1, 60):
        run.to(hour * HOUR)
        trace = run.take_trace()
        for row in trace[trace["kind"] == Kind.FAILED]:
            failed.setdefault(int(row["machine"]), hour)
        show.see(trace)
        history.append(show.read())
    felt = early = 0
    for machine, hour in failed.items():
        values = [look[f"p/M{machine}:vibration"] for look in history[: hour - 1]]
        felt += max(values[-2:], default=0.0) > 2.5
        early += any(v > 2.2 for v in values[: int(hour * 0.68)])
    whole = [look[f"p/M{n}:vibration"] for n in range(60) if n not in failed for look in history]
    assert len(failed) > 10
    assert 0.45 < felt / len(failed) < 0.92
    assert early == 0
    assert np.mean(np.array(whole) > 2.2) < 0.2


def test_chance_failures_are_not_announced() -> None:
    model = aged(100.0)
    chance = tuple(
        replace(m, failures=(replace(m.failures[0], life=Distribution.exponential(100 * 3600.0)),))
        for m in model.machines
    )
    _, _, looks = watched(replace(model, machines=chance), 60 * HOUR, every=HOUR, seed=3)
    values = np.array([value for look in looks for tag, value in look.items() if tag.endswith(":vibration")])
    assert values.max() < 1.4 + 6 * 0.15


def test_sensors_have_the_noise_that_was_promised() -> None:
    _, _, looks = watched(aged(1e9, 40), 12 * HOUR, every=10 * MINUTE)
    loads = np.array([[look[f"p/M{n}:spindle_load"] for n in range(40)] for look in looks])
    assert loads.std() / loads.mean() == pytest.approx(0.05, rel=0.15)
    warm = np.array([[look[f"p/M{n}:temperature"] for n in range(40)] for look in looks])
    assert (warm - warm.mean(axis=1, keepdims=True)).std() == pytest.approx(1.0, rel=0.1)
    assert warm[-1].mean() - warm[0].mean() > 5, "a running machine warms up"


def test_a_machine_warms_while_it_runs_and_cools_while_it_rests() -> None:
    warmth = Warmth(3600.0, 1800.0)
    warmth.turn(True, 0)
    assert warmth.at(3600 * SECOND) == pytest.approx(1 - np.exp(-1))
    warmth.turn(False, 3600 * SECOND)
    assert warmth.at(5400 * SECOND) == pytest.approx((1 - np.exp(-1)) * np.exp(-1))


def test_looking_twice_shows_the_same() -> None:
    show, _, _ = watched(shop(days=1), DAY)
    assert show.read() == show.read()


def test_the_tool_counter_is_the_cutting_time_of_the_edge() -> None:
    model = shop(days=1, edge=1e9)
    model = replace(model, machines=tuple(replace(m, calendar=None) for m in model.machines))
    show, _, looks = watched(model, DAY)
    assert looks[-1][f"{LATHE}:tool_time"] == pytest.approx(
        show._run.totals().machine_time[0, 3] / 60e6 * 0.6, abs=0.01
    )
    assert looks[-1][f"{LATHE}:tool_number"] == 1


def test_tags_describe_what_a_device_needs() -> None:
    show = Show(Run(shop(days=1), trace="facts"))
    tags = show.tags
    assert set(show.read()) == set(tags)
    offset = tags[f"{LATHE}:offset"]
    assert (offset.writable, offset.unit, offset.range) == (True, "µm", (-200.0, 200.0))
    assert not tags[f"{LATHE}:feed_override"].writable
    assert {t.name for t in tags.values() if t.writable} == {"offset", "standby"}
    assert f"{LATHE}:tool_time" in tags
    assert "shop/heat/oven:tool_time" not in tags
    assert {(m.machine, m.name) for m in show.methods} == {
        *((m, "set_schedule") for m in range(4)), *((m, name) for m in (0, 1) for name in ("change_tool", "maintain")),
        (2, "start_batch"), (-1, "release_order"),
    }  # fmt: skip


def busy() -> Show:
    """A shop in the middle of a morning."""
    run = Run(shop(days=2, life=1e9), trace="facts", seed=8)
    show = Show(run)
    for at in range(6 * HOUR, 2 * DAY, MINUTE):
        run.to(at)
        show.see(run.take_trace())
        if show.read()[f"{LATHE}:order"] and show.read()[f"{LATHE}:state"] == "run":
            return show
    raise AssertionError("never busy")


def test_an_offset_is_a_register_that_the_next_pieces_follow() -> None:
    show = busy()
    before = float(show.read()[f"{LATHE}:offset"])
    show.write(f"{LATHE}:offset", before + 8.0)
    assert show.read()[f"{LATHE}:offset"] == pytest.approx(before + 8.0)
    with pytest.raises(InputError, match=r"too large a correction.*10 µm"):
        show.write(f"{LATHE}:offset", before + 8.0 + 10.5)
    with pytest.raises(InputError, match="out of range"):
        show.write(f"{LATHE}:offset", 500.0)


def test_what_a_person_may_not_set_is_refused() -> None:
    show = busy()
    for tag in ("feed_override", "power", "part_count", "nothing"):
        with pytest.raises(InputError, match="not a set-point"):
            show.write(f"{LATHE}:{tag}", 120.0)
    with pytest.raises(InputError, match="no such method"):
        show.call(0, "start_batch")
    with pytest.raises(InputError, match="no such order waits"):
        show.call(-1, "release_order", "a-009999")


def test_standby_draws_less_until_it_ends() -> None:
    show = Show(Run(shop(days=1), trace="facts"))
    oven = "shop/heat/oven:standby"
    show.write(oven, True)
    show._run.to(HOUR)
    show.see(show._run.take_trace())
    assert show.read()["shop/heat/oven:state"] == "standby"
    assert show.read()["shop/heat/oven:power"] == 0.0
    show.write(oven, False)
    show._run.to(HOUR + 1)
    show.see(show._run.take_trace())
    assert show.read()["shop/heat/oven:state"] == "idle"


def test_a_new_edge_can_be_ordered() -> None:
    show = busy()
    used = int(show.read()[f"{LATHE}:tool_number"])
    show.call(0, "change_tool")
    show._run.to(show._run.now + 1)
    show.see(show._run.take_trace())
    assert show.read()[f"{LATHE}:tool_number"] == used + 1


def test_a_schedule_is_worked_off_in_its_order() -> None:
    run = Run(shop(days=3, life=1e9), trace="facts", seed=8)
    show, queue = Show(run), []
    while len(queue) < 3:
        run.to(run.now + 10 * MINUTE)
        trace = run.take_trace()
        for row in trace[np.isin(trace["kind"], (Kind.ARRIVED, Kind.STARTED)) & (trace["step"] % 3 == 0)]:
            name = run.lot_name(int(row["lot"]))
            queue = [*queue, name] if row["kind"] == Kind.ARRIVED else [n for n in queue if n != name]
        show.see(trace)
    plan = [queue[2], queue[0]]
    show.call(0, "set_schedule", ", ".join(f"{name}/turn" for name in plan))
    run.to(2 * DAY)
    trace = run.take_trace()
    begun = trace[(trace["kind"] == Kind.STARTED) & (trace["machine"] == 0)]
    assert [run.lot_name(int(key)) for key in begun["lot"][:2]] == plan
    with pytest.raises(InputError, match="no such work"):
        show.call(0, "set_schedule", "a-009999/turn")
    with pytest.raises(InputError, match=r"no such work.*expected: turn"):
        show.call(0, "set_schedule", f"{queue[1]}/paint")
