"""Every building block against times worked out by hand (constants) or a published law."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from luban.core.errors import InputError
from luban.twin.control import Control
from luban.twin.distribution import Distribution
from luban.twin.kernel.layout import Where
from luban.twin.kernel.trace import Kind
from luban.twin.model import (
    STATES,
    Arrival,
    Batch,
    Branch,
    Calendar,
    Characteristic,
    Failure,
    LotOrder,
    Machine,
    Maintenance,
    Model,
    Pool,
    QueueLimit,
    Release,
    Route,
    SetupTable,
    Station,
    Step,
    Stock,
    Tool,
)
from luban.twin.run import BoundError, DeadlockError, Run

S = 1_000_000
HOUR = 3600 * S
DAY = 24 * HOUR
sec = Distribution.constant


def plant(steps: dict[str, tuple[Step, ...]], machines: tuple[Machine, ...], **more: Any) -> Model:
    """A model with a station for each that a machine names, and the given routes."""
    names = dict.fromkeys(machine.station for machine in machines)
    stations = more.pop("stations", tuple(Station(name) for name in names))
    routes = tuple(Route(name, own, weight=1.0) for name, own in steps.items())
    return Model("hand", 0, 10**16, stations, machines, routes, **more)


def order(number: int, route: str = "r", at: int = 0, quantity: int = 1, **more: Any) -> LotOrder:
    return LotOrder(f"o{number}", route, quantity, at, **more)


def starts(run: Run, machine: int | None = None) -> list[tuple[str, float]]:
    """(lot, start [s]) in the order of starting."""
    rows = run.take_trace()
    rows = rows[rows["kind"] == Kind.STARTED]
    if machine is not None:
        rows = rows[rows["machine"] == machine]
    return [(run.lot_name(int(row["lot"])), row["time"] / S) for row in rows]


def ends(run: Run) -> list[float]:
    return [row["finish"] / S for row in run.lots()]


def share(run: Run, state: str, machine: int = 0) -> float:
    """Time of the machine in that state [s]."""
    return run.totals().machine_time[machine][STATES.index(state)] / S


ONE = (Machine("a", "A"),)
R = {"r": (Step("1", "A", sec(10)),)}


def test_pieces_lots_speed_and_loading_make_the_time_of_an_operation() -> None:
    model = plant(
        {"r": (Step("1", "A", sec(10), per="piece"),), "lot": (Step("1", "A", sec(10)),)},
        (Machine("a", "A", speed=1.5, load=2, unload=3),),
        orders=(order(0, quantity=4), order(1, "lot", quantity=4)),
    )
    run = Run(model).to(HOUR)
    assert ends(run) == [65, 65 + 20]
    assert run.totals().machine_pieces.tolist() == [8]


def test_unrelated_machines_have_their_own_times_and_eligibility() -> None:
    step = Step("1", "A", sec(10), machines={"a": sec(7), "c": None})
    model = plant(
        {"r": (step,)}, tuple(Machine(name, "A") for name in "abc"), orders=tuple(order(number) for number in range(3))
    )
    run = Run(model, trace="facts").to(HOUR)
    rows = run.take_trace()
    began = rows[rows["kind"] == Kind.STARTED]
    assert [(int(row["machine"]), row["time"] / S) for row in began] == [(0, 0), (2, 0), (0, 7)]
    assert ends(run) == [7, 10, 14]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (("fifo",), "o0 o1 o2 o3"),
        (("lifo",), "o0 o3 o2 o1"),
        (("spt",), "o0 o2 o3 o1"),
        (("lpt",), "o0 o1 o3 o2"),
        (("edd",), "o0 o3 o2 o1"),
        (("hot", "spt"), "o0 o3 o2 o1"),
        (("slack",), "o0 o3 o1 o2"),
        (("cr",), "o0 o3 o1 o2"),
    ],
)
def test_rules_give_their_order(rule: tuple[str, ...], expected: str) -> None:
    """Slack and critical ratio at 10 s: o1 (100-10-60, 90/60), o2 (90-10-5, 80/5), o3 (40-10-20, 30/20)."""
    steps = {f"r{time}": (Step("1", "A", sec(time)),) for time in (10, 60, 5, 20)}
    orders = (
        order(0, "r10", due=1000 * S),
        order(1, "r60", 1, due=100 * S),
        order(2, "r5", 2, due=90 * S),
        order(3, "r20", 3, due=40 * S, priority=1),
    )
    model = plant(steps, ONE, stations=(Station("A", rule),), orders=orders)
    if rule == ("cr",):
        model = replace(model, orders=(*orders[:1], replace(orders[1], due=105 * S), *orders[2:]))
    assert " ".join(name for name, _ in starts(Run(model, trace="facts").to(HOUR))) == expected


def test_setups_depend_on_the_sequence_and_a_rule_saves_them() -> None:
    table = SetupTable("t", {("k1", "k2"): 30, ("k2", "k1"): 60, ("", "k1"): 5, ("k1", "k1"): 1}, other=100)
    steps = {key: (Step("1", "A", sec(10), setup=key),) for key in ("k1", "k2")}
    orders = tuple(order(number, key, number) for number, key in enumerate(["k1", "k2", "k1", "k2"]))
    model = plant(steps, (Machine("a", "A", setups="t"),), setups=(table,), orders=orders)
    run = Run(model, trace="facts").to(HOUR)
    assert [time for _, time in starts(run)] == [0, 15, 55, 125]  # 5+10, 30+10, 60+10
    assert share(run, "setup") == 5 + 30 + 60 + 30
    saving = replace(model, stations=(Station("A", ("setup", "fifo")),))
    assert [name for name, _ in starts(Run(saving, trace="facts").to(HOUR))] == ["o0", "o2", "o1", "o3"]
    assert Run(saving).to(HOUR).totals().machine_setups.tolist() == [3]  # 5, then 1 within k1, then 30


def test_a_second_machine_that_is_already_set_up_takes_the_lot() -> None:
    machines = (Machine("a", "A", setups="t", setup="k1"), Machine("b", "A", setups="t", setup="k2"))
    model = plant(
        {"k2": (Step("1", "A", sec(10), setup="k2"),)},
        machines,
        setups=(SetupTable("t", {}, other=100),),
        orders=(order(0, "k2"),),
    )
    assert ends(Run(model).to(HOUR)) == [10]


@pytest.mark.parametrize(("hold", "expected"), [(True, ["o0", "o3", "o1", "o2"]), (False, ["o0", "o1", "o2", "o3"])])
def test_a_minimum_run_is_held_or_only_preferred(hold: bool, expected: list[str]) -> None:
    """After o0 (key k1, minimum run 2) only o3 has k1; with hold the machine waits for it until 40 s."""
    steps = {key: (Step("1", "A", sec(10), setup=key),) for key in ("k1", "k2")}
    other = Machine("b", "A", setups="t", setup="k1", failures=(Failure("f", sec(0), sec(9000), "calendar"),))
    model = plant(
        steps,
        (Machine("a", "A", setups="t"), other),
        stations=(Station("A", ("minrun", "fifo")),),
        setups=(SetupTable("t", {}, other=1, min_run={"k1": 2, "k2": 1}, hold=hold),),
        orders=(order(0, "k1"), order(1, "k2", 1), order(2, "k2", 2), order(3, "k1", 40 * S)),
    )
    assert [name for name, _ in starts(Run(model, trace="facts").to(HOUR), 0)] == expected


def test_batches_form_by_family_and_weight_and_do_not_wait_for_ever() -> None:
    batch = Batch("hard", maximum=30, minimum=20, measure="weight", max_wait=100)
    steps = {"r": (Step("1", "A", sec(50), per="batch", batch=batch),)}
    orders = (order(0, quantity=12), order(1, at=S, quantity=9), order(2, at=2 * S, quantity=15))
    run = Run(plant(steps, ONE, orders=orders), trace="facts").to(HOUR)
    # 12 + 9 kg start at 1 s; o2 alone is below the minimum and starts when it has waited 100 s
    assert starts(run) == [("o0", 1), ("o1", 1), ("o2", 102)]
    assert ends(run) == [51, 51, 152]


def test_a_controller_may_start_a_batch_early() -> None:
    steps = {"r": (Step("1", "A", sec(50), per="batch", batch=Batch("f", 4, 4)),)}
    run = Run(plant(steps, ONE, orders=(order(0),))).to(10 * S)
    assert run.totals().queue_length.tolist() == [1]
    Control(run).start_batch("A")
    assert ends(run.to(HOUR)) == [60]


def test_a_cascade_begins_the_next_lot_after_the_interval_and_holds_no_more_than_it_can() -> None:
    step = Step("1", "A", sec(100), interval=sec(30))
    machine = Machine("a", "A", cascade=2, load=5, unload=2)
    run = Run(plant({"r": (step,)}, (machine,), orders=tuple(order(number) for number in range(4)))).to(HOUR)
    # first: 5 + 100 + 2; second taken at 30, loaded beside it; third enters when the first has left, fourth likewise
    assert ends(run) == [107, 137, 107 + 107, 137 + 107]
    assert share(run, "run") == 244


def test_a_long_setup_does_not_delay_the_entrance_of_a_cascade() -> None:
    """The second lot enters when the setup ends (its 30 s are long over) and waits inside."""
    step = Step("1", "A", sec(100), interval=sec(30), setup="k")
    table = SetupTable("t", {}, other=200)
    machine = Machine("a", "A", cascade=2, setups="t")
    run = Run(plant({"r": (step,)}, (machine,), setups=(table,), orders=(order(0), order(1))), trace="facts").to(HOUR)
    assert starts(run) == [("o0", 0), ("o1", 200)]
    assert ends(run) == [300, 330]


def test_an_end_that_comes_during_a_closure_waits_for_it_and_costs_no_events() -> None:
    """Work of one hour, started a second before the night: nights, a failure and a cascade leave few events."""
    open_hours = tuple((day * DAY, day * DAY + HOUR) for day in range(5))
    machine = Machine("a", "A", calendar="c", failures=(Failure("f", sec(1), sec(3600 * 30), "run", first=sec(1)),))
    model = plant(
        {"r": (Step("1", "A", sec(3)),)},
        (machine,),
        calendars=(Calendar("c", open_hours),),
        orders=(order(0, at=HOUR - S), order(1, at=HOUR - S)),
    )
    run = Run(replace(model, machines=(replace(machine, failures=()),))).to(4 * DAY)
    assert ends(run) == [24 * 3600 + 2, 24 * 3600 + 5]
    assert run.totals().events < 20
    failing = Run(model, most_events=100).to(4 * DAY)
    assert failing.totals().failures.tolist() == [1]
    for cascade in (0, 2):
        stopped = replace(machine, failures=(), cascade=cascade, setups="t")
        table = SetupTable("t", {}, other=2)
        step = Step("1", "A", sec(3), setup="k", interval=sec(2))
        night = replace(model, machines=(stopped,), setups=(table,), routes=(Route("r", (step,)),))
        run = Run(night).to(4 * DAY)
        # setup 1 s before the night and 1 s after it
        assert ends(run) == [24 * 3600 + 4, 24 * 3600 + (6 if cascade else 7)]
        assert run.totals().events < 30


@pytest.mark.parametrize(("buffer", "rate"), [(0, 2 / 3), (1, 3 / 4), (4, 6 / 7)])
def test_a_blocking_line_makes_what_hunt_found(buffer: int, rate: float) -> None:
    """Two exponential machines of equal rate, never starved: (b+2)/(b+3) (Hunt 1956, doi 10.1287/opre.4.6.674)."""
    steps = {"r": (Step("1", "A", Distribution.exponential(1)), Step("2", "B", Distribution.exponential(1)))}
    model = plant(
        steps,
        (Machine("a", "A"), Machine("b", "B")),
        stations=(Station("A"), Station("B", buffer=buffer)),
        arrivals=(Arrival("x", "r", sec(0.9)),),
    )
    run = Run(model, trace="none").to(400_000 * S)
    assert run.totals().finished / 400_000 == pytest.approx(rate, rel=0.006)


def test_a_deadlock_is_shown_as_the_circle_of_holders() -> None:
    stations = (Station("A", buffer=1), Station("B", buffer=1))
    route = tuple(Step(str(number), "AB"[number % 2], Distribution.exponential(10)) for number in range(4))
    model = plant(
        {"r": route},
        (Machine("a", "A"), Machine("b", "B")),
        stations=stations,
        arrivals=(Arrival("x", "r", Distribution.exponential(15)),),
    )
    with pytest.raises(DeadlockError, match=r"b holds .* for A") as caught:
        Run(model).to(10**13)
    assert {machine for machine, _, _ in caught.value.holders} == {"a", "b"}


def test_an_endless_run_is_stopped() -> None:
    steps = {"r": (Step("1", "A", sec(0), branches=(Branch(1.0, 0),)),)}
    with pytest.raises(BoundError, match="too many events"):
        Run(plant(steps, ONE, orders=(order(0),)), most_events=10_000).to(HOUR)


def test_a_closure_interrupts_running_work_or_lets_it_end() -> None:
    open_hours = tuple((day * DAY + 6 * HOUR, day * DAY + 14 * HOUR) for day in range(5))
    steps = {"r": (Step("1", "A", sec(10 * 3600)),)}
    machine = (Machine("a", "A", calendar="c"),)
    broken = plant(steps, machine, calendars=(Calendar("c", open_hours),), orders=(order(0), order(1)))
    assert ends(Run(broken).to(4 * DAY)) == [(24 + 8) * 3600, (48 + 10) * 3600]
    whole = replace(broken, calendars=(Calendar("c", open_hours, interrupts=False),))
    run = Run(whole).to(4 * DAY)
    assert ends(run) == [16 * 3600, (24 + 16) * 3600]
    assert run.totals().machine_time[0].sum() == 4 * DAY


def test_abutting_spans_of_a_calendar_are_no_interruption() -> None:
    calendar = Calendar("c", ((0, HOUR), (HOUR, 2 * HOUR)))
    model = plant(R, (Machine("a", "A", calendar="c"),), calendars=(calendar,), orders=(order(0, at=HOUR - 5 * S),))
    run = Run(model, trace="facts").to(90 * 60 * S)
    rows = run.take_trace()
    assert "off" not in [STATES[int(row["a"])] for row in rows[rows["kind"] == Kind.STATE]]
    assert ends(run) == [3605]


def test_a_failure_by_running_time_interrupts_and_work_resumes() -> None:
    machine = Machine("a", "A", failures=(Failure("f", sec(25), sec(7), "run"),), power={"run": 100, "down": 10})
    run = Run(plant(R, (machine,), orders=tuple(order(number, at=number * 20 * S) for number in range(4)))).to(HOUR)
    # runs 0-10, 20-30, 40-45 fails at 25 s of running, repaired at 52, goes on to 57, then the next lot
    assert ends(run) == [10, 30, 57, 70]
    assert share(run, "down") == 7
    assert run.totals().machine_energy.tolist() == [40 * 100 * S + 7 * 10 * S]


def test_failures_by_calendar_and_by_pieces() -> None:
    calendar = Machine("a", "A", failures=(Failure("f", sec(15), sec(4), "calendar"),))
    assert ends(Run(plant(R, (calendar,), orders=(order(0), order(1)))).to(25 * S)) == [10, 24]
    pieces = Machine("a", "A", failures=(Failure("f", sec(3), sec(50), "piece"),))
    run = Run(plant(R, (pieces,), orders=(order(0, quantity=2), order(1, quantity=2), order(2)))).to(HOUR)
    assert ends(run) == [10, 20, 80]


def test_a_crew_repairs_one_machine_after_the_other_in_its_own_hours() -> None:
    crew = Pool("crew", 1, calendar="c")
    failure = Failure("f", sec(1800), sec(3600), "calendar", pool="crew")
    model = plant(
        R,
        (Machine("a", "A", failures=(failure,)), Machine("b", "A", failures=(failure,))),
        pools=(crew,),
        calendars=(Calendar("c", ((HOUR, 2 * HOUR + HOUR // 2), (10 * HOUR, 20 * HOUR))),),
    )
    run = Run(model, trace="facts").to(11 * HOUR)
    rows = run.take_trace()
    repaired = rows[rows["kind"] == Kind.REPAIRED]["time"]
    # crew comes at 1 h; first done at 2 h; second has half an hour before the crew leaves, the rest from 10 h
    assert (repaired / HOUR).tolist() == [2.0, 10.5]


def test_maintenance_waits_for_the_lot_and_is_counted_from_start_to_start() -> None:
    machine = Machine("a", "A", maintenance=(Maintenance("pm", sec(20), sec(100)),))
    model = plant({"r": (Step("1", "A", sec(95)),)}, (machine,), orders=tuple(order(number) for number in range(3)))
    run = Run(model, trace="facts").to(600 * S)
    rows = run.take_trace()
    begun = rows[rows["kind"] == Kind.MAINTAINED]["time"] / S
    # due at 100, begins when the second lot ends at 190; due at 290, begins when the third ends at 305
    assert begun.tolist() == [190, 305, 405, 505]


def test_maintenance_by_use_renews_a_part() -> None:
    machine = Machine(
        "a",
        "A",
        failures=(Failure("f", sec(35), sec(1000), "run"),),
        maintenance=(Maintenance("pm", sec(5), sec(30), clock="run", renews=("f",)),),
    )
    run = Run(plant(R, (machine,), orders=tuple(order(number) for number in range(12)))).to(HOUR)
    assert run.totals().failures.tolist() == [0]
    assert run.totals().maintenances.tolist() == [4]


def test_a_failure_due_in_maintenance_begins_after_it() -> None:
    machine = Machine(
        "a",
        "A",
        failures=(Failure("f", sec(110), sec(30), "calendar"),),
        maintenance=(Maintenance("pm", sec(20), sec(100)),),
    )
    run = Run(plant(R, (machine,))).to(190 * S)
    assert (share(run, "maintenance"), share(run, "down")) == (20, 30)


def test_setters_and_operators_are_waited_for() -> None:
    model = plant(
        {"r": (Step("1", "A", sec(10), setup="k", pool="people"),)},
        (Machine("a", "A", setups="t"), Machine("b", "A", setups="t")),
        setups=(SetupTable("t", {}, other=5, pool="people"),),
        pools=(Pool("people", 1),),
        orders=(order(0), order(1)),
    )
    run = Run(model).to(HOUR)
    # one person: sets up a 0-5, sets up b 5-10, runs a 10-20, runs b 20-30
    assert ends(run) == [20, 30]
    assert (share(run, "operator", 0), share(run, "operator", 1)) == (5, 15)


def test_absent_people_are_missing_for_the_whole_span() -> None:
    spans = tuple((day * DAY, day * DAY + 8 * HOUR) for day in range(400))
    model = plant(
        {"r": (Step("1", "A", sec(8 * 3600), pool="people"),)},
        (Machine("a", "A", calendar="c"),),
        pools=(Pool("people", 1, calendar="c", absence=0.25),),
        calendars=(Calendar("c", spans),),
        arrivals=(Arrival("x", "r", sec(3600)),),
    )
    finished = Run(model).to(400 * DAY - HOUR).totals().finished
    assert 300 - 35 < finished < 300 + 35  # 400 days, 3 of 4 with the operator: 4 standard deviations


def test_vehicles_limit_moves_and_moves_may_keep_office_hours() -> None:
    steps = {"r": (Step("1", "A", sec(1)), Step("2", "B", sec(1)))}
    machines = (Machine("a", "A"), Machine("b", "B"))
    model = plant(
        steps, machines, transport=sec(60), transport_pool="v", pools=(Pool("v", 1),), orders=(order(0), order(1))
    )
    assert ends(Run(model).to(HOUR)) == [62, 122]
    calendar = Calendar("c", ((0, 30 * S), (1000 * S, 2000 * S)))
    office = replace(model, transport_pool=None, transport_calendar="c", calendars=(calendar,))
    assert ends(Run(office).to(HOUR)) == [1032, 1033]


def test_a_delay_needs_no_machine() -> None:
    model = plant({"r": (Step("1", None, sec(500)), *R["r"])}, ONE, orders=(order(0), order(1)))
    assert ends(Run(model).to(HOUR)) == [510, 520]


def test_queue_limits_count_scrap_or_send_back() -> None:
    def run(action: str | int, since: str = "start") -> Run:
        route = (
            Step("1", "A", sec(10), limit=QueueLimit(1, 25, action, since)),
            Step("2", "B", sec(30)),
        )
        model = plant({"r": route}, (Machine("a", "A"), Machine("b", "B")), orders=tuple(order(n) for n in range(3)))
        return Run(model).to(HOUR)

    # starts at A 0, 10, 20; at B 10, 40, 70: o1 after 30, o2 after 50
    counted = run("count")
    assert (counted.totals().violations, counted.totals().finished) == (2, 3)
    assert run("count", "end").totals().violations == 1  # waits 0, 20, 40
    scrapped = run("scrap")
    assert (scrapped.totals().scrapped_lots, scrapped.totals().good) == (1, 2)  # o2 then starts at 40, after 20
    back = run(0)
    assert back.totals().good == 3
    assert back.totals().violations >= 1


def test_a_lot_returns_to_the_machine_it_is_bound_to() -> None:
    route = (Step("1", "A", sec(10), dedicate_to=2), Step("2", "B", sec(1)), Step("3", "A", sec(10)))
    machines = (Machine("a", "A"), Machine("a2", "A"), Machine("b", "B"))
    model = plant({"r": route}, machines, arrivals=(Arrival("x", "r", Distribution.exponential(13)),))
    run = Run(model, trace="facts").to(HOUR)
    rows = run.take_trace()
    rows = rows[rows["kind"] == Kind.STARTED]
    first = {int(row["lot"]): int(row["machine"]) for row in rows if row["step"] == 0}
    again = [(first[int(row["lot"])], int(row["machine"])) for row in rows if row["step"] == 2]
    assert len(again) > 200
    assert {old for old, _ in again} == {0, 1}
    assert all(old == new for old, new in again)


def test_branches_rework_once_leave_and_scrap() -> None:
    route = (
        Step("1", "A", sec(10), branches=(Branch(1.0, 0, once=True),)),
        Step("2", "A", sec(5), branches=(Branch(0.5, None), Branch(0.5, -1))),
        Step("never", "A", sec(1000)),
    )
    model = plant({"r": route}, ONE, arrivals=(Arrival("x", "r", sec(30)),))
    run = Run(model).to(3000 * HOUR)
    totals = run.totals()
    lots = run.lots()
    assert set((lots["finish"] - lots["release"]).tolist()) == {25 * S}
    assert totals.scrapped_lots / totals.finished == pytest.approx(0.5, abs=4 * 0.5 / np.sqrt(totals.finished))


def test_a_sampled_step_is_done_by_its_share() -> None:
    model = plant({"r": (Step("1", "A", sec(10), sample=0.3),)}, ONE, arrivals=(Arrival("x", "r", sec(30)),))
    totals = Run(model).to(3000 * HOUR).totals()
    assert totals.machine_lots[0] / totals.finished == pytest.approx(0.3, abs=4 * 0.46 / np.sqrt(totals.finished))


def test_release_by_cap_by_instants_and_by_hand() -> None:
    orders = tuple(order(number) for number in range(5))
    capped = Run(plant(R, ONE, orders=orders, release=Release("conwip", cap=2)), trace="facts").to(15 * S)
    assert (capped.totals().wip, capped.totals().pool) == (2, 2)
    weekly = plant(R, ONE, orders=orders, release=Release(instants=(100 * S, 200 * S)))
    assert ends(Run(weekly).to(HOUR))[0] == 110
    run = Run(plant(R, ONE, orders=orders, release=Release("manual"))).to(50 * S)
    assert run.totals().released == 0
    Control(run).release(3)
    assert ends(run.to(100 * S)) == [60]
    with pytest.raises(InputError, match="no such lot"):
        Control(run).release(3)


def test_material_holds_a_release_back_until_it_comes() -> None:
    stock = Stock("bar", reorder=1, up_to=10, lead=sec(500), initial=3)
    route = Route("r", R["r"], material={"bar": 2.0})
    model = replace(plant(R, ONE, orders=(order(0), order(1)), stocks=(stock,)), routes=(route,))
    run = Run(model).to(HOUR)
    assert ends(run) == [10, 510]
    assert run.totals().stock_level.tolist() == [3 - 2 - 2 + 9]


def test_a_given_schedule_is_kept_even_when_the_machine_has_to_wait() -> None:
    model = plant(R, ONE, orders=(order(0), order(1), order(2, at=50 * S)), release=Release("manual"))
    run = Run(model, trace="facts").to(0)
    control = Control(run)
    control.set_schedule("a", [(2, 0), (1, 0)])
    control.release(0)
    control.release(1)
    run.to(60 * S)
    control.release(2)
    run.to(HOUR)
    assert starts(run) == [("o2", 60), ("o1", 70), ("o0", 80)]


def test_orders_of_a_controller() -> None:
    machine = Machine("a", "A", maintenance=(Maintenance("pm", sec(7)),))
    run = Run(plant(R, (machine,), orders=tuple(order(number) for number in range(4))), trace="facts").to(5 * S)
    control = Control(run)
    control.set_priority(3, 1)
    control.set_rule("A", ("hot", "fifo"))
    control.hold(1)
    control.maintain("a", "pm")
    run.to(30 * S)
    control.standby("a", True)
    run.to(100 * S)
    control.standby("a", False)
    control.hold(1, False)
    run.to(HOUR)
    # o0 to 10, maintenance to 17, o3 to 27, o2 to 37, standby to 100, then o1
    assert starts(run) == [("o0", 0), ("o3", 17), ("o2", 27), ("o1", 100)]
    assert share(run, "standby") == 63
    for wrong in (
        lambda: control.set_rule("A", ("fastest",)),
        lambda: control.set_rule("Q", ("fifo",)),
        lambda: control.maintain("a", "nothing"),
        lambda: control.change_tool("a"),
        lambda: control.correct("a", "r/1/size", 1.0),
        lambda: control.set_cap(0),
    ):
        with pytest.raises(InputError):
            wrong()


@pytest.mark.parametrize("every", [None, 7 * S])
def test_a_python_policy_may_decide_on_the_way(every: int | None) -> None:
    """The policy gives priority to the lot with the highest number: last in, first out."""
    model = plant(R, ONE, stations=(Station("A", ("hot", "fifo")),), orders=tuple(order(n, at=n * S) for n in range(5)))
    run = Run(model, trace="facts")

    def policy(control: Control) -> None:
        for row in control.run.world["lots"]:
            if row["where"] == Where.QUEUE:
                control.set_priority(int(row["key"]), float(row["key"]))

    Control(run).drive(HOUR, policy, every)
    assert [name for name, _ in starts(run)] == ["o0", "o4", "o3", "o2", "o1"]


SIZE = Characteristic("size", "µm", -25, 25, noise=0.0)


def quality(size: Characteristic, quantity: int = 10, **more: Any) -> Run:
    steps = {"r": (Step("1", "A", sec(60), per="piece", setup="k", characteristics=(size,)),)}
    machine = Machine("a", "A", setups="t", **more)
    table = SetupTable("t", {}, other=0.001)
    return Run(plant(steps, (machine,), setups=(table,), orders=(order(0, quantity=quantity),)), trace="facts")


def test_wear_moves_the_size_until_the_edge_is_changed() -> None:
    """Life 300 s of cutting, 60 s a piece: deviations 4, 8, 12, 16 µm, changed after 240 s."""
    tool = Tool(sec(300), sec(90), replace_at=240)
    run = quality(replace(SIZE, wear=20, sample_every=1), 8, tool=tool).to(HOUR)
    rows = run.take_trace()
    assert rows[rows["kind"] == Kind.MEASURED]["x"] == pytest.approx([4, 8, 12, 0, 4, 8, 12, 0])
    assert run.lots()["finish"][0] / S == pytest.approx(8 * 60 + 2 * 90, abs=0.01)


def test_an_edge_that_ends_early_spoils_a_piece() -> None:
    run = quality(SIZE, 10, tool=Tool(sec(200), sec(90))).to(HOUR)
    assert run.totals().scrap == 2  # pieces 4 and 8 end their edges
    assert run.totals().good == 8


def test_a_cold_machine_warms_while_it_runs() -> None:
    run = quality(replace(SIZE, heat=12, heat_tau=600, sample_every=1), 5).to(HOUR)
    rows = run.take_trace()
    assert rows[rows["kind"] == Kind.MEASURED]["x"] == pytest.approx(12 * np.exp(-0.1 * np.arange(5)), rel=1e-4)


def test_oversize_is_reworked_undersize_is_scrap() -> None:
    high = quality(replace(SIZE, wear=10, upper=5, rework_above=True, rework_time=0.5), 4, tool=Tool(sec(240), sec(0)))
    totals = high.to(HOUR).totals()
    assert (totals.rework, totals.scrap) == (1, 1)  # 2.5, 5.0, 7.5 reworked, 10 with the end of the edge: scrap
    low = quality(replace(SIZE, wear=-10, lower=-5, rework_above=True), 3, tool=Tool(sec(300), sec(0)))
    assert low.to(HOUR).totals().scrap == 1


def test_the_operators_rule_corrects_what_is_read() -> None:
    run = quality(replace(SIZE, setup_offset=8, sample_first=1, sample_every=2, correct_first=True), 4).to(HOUR)
    rows = run.take_trace()
    read = rows[rows["kind"] == Kind.MEASURED]["x"]
    assert abs(read[0]) > 0.1
    assert read[1] == pytest.approx(0, abs=1e-9)
    corrected = rows[rows["kind"] == Kind.CORRECTED]["x"]
    assert corrected == pytest.approx([-read[0]])


def test_a_correction_between_windows_holds_for_the_pieces_still_to_come() -> None:
    run = quality(replace(SIZE, sample_every=1), 6).to(150 * S)
    Control(run).correct("a", "r/1/size", 3.0)
    rows = run.to(HOUR).take_trace()
    assert rows[rows["kind"] == Kind.MEASURED]["x"].tolist() == [0, 0, 3, 3, 3, 3]


def test_noise_gauge_and_defects_follow_the_normal_law() -> None:
    size = replace(SIZE, noise=10, gauge=5, sample_every=1, cluster=(0.0, 0.0))
    run = quality(size, 40_000).to(40_000 * 60 * S + HOUR)
    rows = run.take_trace()
    read = rows[rows["kind"] == Kind.MEASURED]["x"]
    assert read.std() == pytest.approx(np.hypot(10, 5), rel=0.02)
    beyond = 2 * 0.00620967  # two-sided tail of the standard normal at 2.5
    assert run.totals().scrap / 40_000 == pytest.approx(beyond, abs=4 * np.sqrt(beyond / 40_000))


def test_clusters_hit_their_share() -> None:
    steps = {"r": (Step("1", "A", sec(1), per="piece", characteristics=(replace(SIZE, cluster=(0.2, 0.5)),)),)}
    model = plant(steps, ONE, arrivals=(Arrival("x", "r", sec(20), quantity=sec(10)),))
    run = Run(model).to(2000 * HOUR // 10)
    lots = run.lots()
    hit = (lots["scrap"] > 0).mean()
    assert hit == pytest.approx(0.2 * (1 - 0.5**10), abs=4 * 0.4 / np.sqrt(len(lots)))
    assert lots["scrap"].sum() / lots["quantity"].sum() == pytest.approx(0.1, abs=0.012)


def test_work_in_progress_starts_where_it_stands() -> None:
    route = (Step("1", "A", sec(1000)), Step("2", "A", sec(10)))
    model = plant({"r": route}, ONE, orders=(order(0, at=-HOUR, step=1),), release=Release("manual"))
    run = Run(model).to(HOUR)
    lot = run.lots()[0]
    assert (lot["arrival"], lot["finish"]) == (-HOUR, 10 * S)


def test_a_run_refuses_to_go_back_or_beyond_its_model() -> None:
    run = Run(replace(plant(R, ONE), horizon=DAY)).to(HOUR)
    with pytest.raises(InputError, match="does not go back"):
        run.to(0)
    with pytest.raises(InputError, match="beyond the model's horizon"):
        run.to(2 * DAY)


def test_a_decision_shifts_nobody_elses_draws() -> None:
    """Common random numbers: with another rule every lot still has its own processing times."""
    steps = {name: (Step("1", "A", Distribution.lognormal(mean, cv=0.6)),) for name, mean in (("r", 30), ("q", 60))}
    arrivals = tuple(Arrival(f"x{name}", name, Distribution.exponential(110)) for name in steps)
    found = []
    for rule in (("fifo",), ("spt", "lifo")):
        run = Run(plant(steps, ONE, stations=(Station("A", rule),), arrivals=arrivals), trace="facts").to(50 * HOUR)
        rows = run.take_trace()
        state = rows[rows["kind"] == Kind.ENDED]
        found.append({int(row["lot"]): row["time"] - row["y"] for row in state})
    both = found[0].keys() & found[1].keys()
    assert len(both) > 2000
    assert all(found[0][key] == found[1][key] for key in both)


def test_equal_seeds_are_equal_runs_in_any_windows() -> None:
    steps = {"r": (Step("1", "A", Distribution.exponential(8), scrap=0.1, per="piece"),)}
    arrivals = (Arrival("x", "r", Distribution.exponential(100), quantity=Distribution.uniform(1, 20)),)
    model = plant(steps, ONE, arrivals=arrivals)
    whole = Run(model, seed=5).to(100 * HOUR)
    pieces = Run(model, seed=5)
    for hour in range(1, 101):
        pieces.to(hour * HOUR)
    assert (whole.lots() == pieces.lots()).all()
    other = Run(model, seed=5, replication=1).to(100 * HOUR)
    assert other.totals().finished != whole.totals().finished or other.totals().good != whole.totals().good
