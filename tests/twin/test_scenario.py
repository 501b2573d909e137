"""What a scenario changes, against formulas; what it does not change stays the same to the microsecond."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from luban.core.errors import ConfigError, InputError
from luban.core.time import DAY, HOUR
from luban.twin.intervals import student_t
from luban.twin.model import Failure, Model, Pool, Release, SetupTable, Station
from luban.twin.run import Run
from luban.twin.scenario import Scenario, read_scenarios
from tests.twin.models import SECOND, constant, exponential, mm1, queue, tandem
from tests.twin.shop import shop as shop_model


def sojourn(model: Model, *, runs: int = 24, length: int = 30_000) -> tuple[float, float]:
    """Mean time in the plant by Little's law over independent runs: mean and half width [s]."""
    found = []
    for replication in range(runs):
        run = Run(model, seed=7, replication=replication, trace="none").to(2000 * SECOND)
        before = run.totals()
        after = run.to((2000 + length) * SECOND).totals()
        found.append((after.wip_time - before.wip_time) / (after.finished - before.finished) / 1e6)
    interval = student_t(found, 0.999)
    return interval.mean, interval.half


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, 1 / (1 - 0.6)),  # M/M/1
        ({"demand": 1.25}, 1 / (1 - 0.75)),
        ({"time": 0.5}, 0.5 / (1 - 0.3)),
        ({"machines.S": "+1"}, 1 / (1 - 0.3**2)),  # M/M/2: 1 / (μ(1 - ρ²))
        ({"machines.S": 2, "demand": 2}, 1 / (1 - 0.6**2)),
    ],
)
def test_the_changed_plant_behaves_as_theory_says(settings: dict[str, object], expected: float):
    mean, half = sojourn(Scenario.of("s", settings).apply(mm1(0.6)))
    assert half < 0.12 * expected
    assert abs(mean - expected) <= half


@pytest.fixture(scope="module")
def shop() -> Model:
    return shop_model()


def test_what_has_nothing_to_do_with_the_change_meets_the_same_chances():
    """A second route that shares nothing with the changed station finishes its lots at the same microseconds."""
    one, other = tandem(0.5, [1.0, 1.2]), queue(0.4, exponential(1))
    route = replace(other.routes[0], id="Q", steps=(replace(other.routes[0].steps[0], station="Q"),))
    both = replace(
        one,
        stations=(*one.stations, Station("Q")),
        machines=(*one.machines, replace(other.machines[0], id="Q0", station="Q")),
        routes=(*one.routes, route),
        arrivals=(*one.arrivals, replace(other.arrivals[0], id="q", route="Q")),
    )

    def of_q(model: Model) -> list[tuple[int, ...]]:
        rows = Run(model, seed=3).to(3000 * SECOND).lots()
        return [tuple(row) for row in rows[rows["route"] == 1].tolist()]

    changed = Scenario.of("s", {"machines.S0": "+1", "rule.S1": ["lifo"], "time.S1": 0.7}).apply(both)
    assert len(of_q(both)) > 800
    assert of_q(changed) == of_q(both)


def test_setups_and_failures_are_counted_down_to_nothing(shop: Model):
    before = Run(shop, seed=3).to(4 * DAY).totals()
    assert before.failures.sum() > 0
    setup = 2  # place in STATES
    assert before.machine_time[:, setup].sum() > 0
    none = Scenario.of("s", {"failures": 0, "setup": 0}).apply(shop)
    after = Run(none, seed=3).to(4 * DAY).totals()
    assert after.failures.sum() == 0
    assert all(own.extra is not None or own.times == dict.fromkeys(own.times, 0.0) for own in none.setups)


def test_factors_are_exact(shop: Model):
    half = Scenario.of("s", {"failures": 0.5, "repair": 0.25, "setup": 0.1}).apply(shop)
    for old, new in zip(shop.machines, half.machines, strict=True):
        for was, becomes in zip(old.failures, new.failures, strict=True):
            assert becomes.life.mean == pytest.approx(2 * was.life.mean)
            assert becomes.repair.mean == pytest.approx(was.repair.mean / 4)
    for was, becomes in zip(shop.setups, half.setups, strict=True):
        assert becomes.times == {pair: pytest.approx(0.1 * time) for pair, time in was.times.items()}


def test_a_cap_holds_at_every_moment():
    capped = Scenario.of("s", {"cap": 3}).apply(queue(0.9, exponential(1), servers=4))
    run = Run(capped, seed=2)
    seen = {run.to(number * SECOND).totals().wip for number in range(1, 400)}
    assert max(seen) == 3
    free = Scenario.of("s", {"cap": "none"}).apply(capped)
    assert free.release.kind == "push"
    assert Scenario.of("s", {"cap": "+2"}).apply(capped).release.cap == 5


def test_a_cap_lets_in_when_another_leaves_whatever_the_hours_of_release():
    weekly = replace(mm1(0.5), release=Release("push", None, (7 * DAY,)))
    assert Scenario.of("s", {"cap": 9}).apply(weekly).release.instants == ()


@pytest.mark.parametrize("factor", [0.5, 0.25, 0.3])
def test_smaller_lots_make_as_many_pieces(shop: Model, factor: float):
    orders = tuple(order for order in shop.orders)
    smaller = Scenario.of("s", {"lot_size": factor}).apply(shop)
    assert sum(order.quantity for order in smaller.orders) == sum(order.quantity for order in orders)
    for old, new in zip(shop.arrivals, smaller.arrivals, strict=True):
        rate = old.quantity.mean / old.interval.mean
        assert new.quantity.mean / new.interval.mean == pytest.approx(rate)
        assert new.quantity.mean == pytest.approx(factor * old.quantity.mean)


def test_known_orders_are_split_and_keep_their_draws():
    from luban.twin.model import LotOrder

    model = replace(mm1(0.5), arrivals=(), orders=tuple(LotOrder(f"PO-{n}", "R", 7, n * HOUR) for n in range(3)))
    split = Scenario.of("s", {"lot_size": 0.5}).apply(model)
    assert [(own.id, own.quantity) for own in split.orders[:3]] == [("PO-0", 4), ("PO-0/2", 3), ("PO-1", 4)]
    assert len({own.key for own in split.orders}) == 6
    keys = Run(model, seed=3).to(DAY).lots()["key"].tolist()
    assert [own.key for own in split.orders if "/" not in own.id] == sorted(keys)


def test_people_and_copies_of_machines():
    model = replace(queue(0.5, constant(1), servers=2), pools=(Pool("setters", 2),))
    assert Scenario.of("s", {"people.setters": "+1"}).apply(model).pools[0].size == 3
    more = Scenario.of("s", {"machines.S": "+2"}).apply(model)
    assert [own.id for own in more.machines] == ["S0", "S1", "S1+1", "S1+2"]
    fewer = Scenario.of("s", {"machines.S": "-1"}).apply(model)
    assert [own.id for own in fewer.machines] == ["S0"]
    named = replace(model.routes[0], steps=(replace(model.routes[0].steps[0], machines={"S1": None}),))
    only = replace(model, routes=(named,))
    assert set(Scenario.of("s", {"machines.S": 3}).apply(only).routes[0].steps[0].machines) == {"S1", "S1+1"}
    with pytest.raises(InputError, match="only that machine can do a step"):
        Scenario.of("s", {"machines.S": 1}).apply(only)


def test_names_may_leave_out_the_plant():
    model = replace(mm1(0.5), stations=(Station("plant/hall/mills"),))
    model = replace(
        model,
        machines=(replace(model.machines[0], station="plant/hall/mills"),),
        routes=(replace(model.routes[0], steps=(replace(model.routes[0].steps[0], station="plant/hall/mills"),)),),
    )
    for name in ("plant/hall/mills", "hall/mills", "mills"):
        changed = Scenario.of("s", {f"rule.{name}": ["lifo"]}).apply(model)
        assert changed.stations[0].rule == ("lifo",)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"demnad": 1.1}, "no such lever"),
        ({"demand": "fast"}, "not a factor"),
        ({"demand": 0}, "not a factor"),
        ({"demand": "nan"}, "not a factor"),
        ({"time": -1}, "not a factor"),
        ({"machines": 2}, "which station"),
        ({"machines.X": 2}, "no station of that name"),
        ({"machines.S": "two"}, "not a number of them"),
        ({"machines.S": "-5"}, "none would be left"),
        ({"people.crew": "+1"}, "no pool of that name"),
        ({"rule": "fastest"}, "unknown key of a dispatch rule"),
        ({"rule": ""}, "unknown key of a dispatch rule"),
        ({"rule": "urgent"}, "without a time for"),
        ({"cap": "+1"}, "no cap yet"),
        ({"setup.S": 0.5}, "whole plant"),
    ],
)
def test_what_cannot_be_done_is_said(settings: dict[str, object], said: str):
    with pytest.raises(InputError, match=said):
        Scenario.of("s", settings).apply(mm1(0.5))


def test_known_orders_alone_have_no_demand_to_multiply():
    with pytest.raises(InputError, match="only known orders") as caught:
        Scenario.of("more", {"demand": 1.1}).apply(replace(mm1(0.5), arrivals=()))
    assert caught.value.where == "scenario more: demand = 1.1"


def test_a_file_of_scenarios(tmp_path: Path):
    file = tmp_path / "scenarios.toml"
    file.write_text('["a"]\ncap = 4\nrule = { S = ["setup", "edd"] }\n[b]\nmachines.S = "+1"\ndemand = 1.25\n', "utf-8")
    found = read_scenarios(file)
    assert [str(own) for own in found["a"].changes] == ["cap = 4", "rule.S = setup, edd"]
    assert found["b"] == Scenario.parse(["machines.S=+1", "demand=1.25"], "b")
    for text, said in (
        ("cap = 4", "without a scenario"),
        ("[a", "not TOML"),
        ("[a]\ncpa = 4", "no such lever"),
    ):
        file.write_text(text, "utf-8")
        with pytest.raises(ConfigError, match=said) as caught:
            read_scenarios(file)
        assert "scenarios.toml" in caught.value.where
    with pytest.raises(ConfigError, match="no such file"):
        read_scenarios(tmp_path / "nothing.toml")
    with pytest.raises(InputError, match="not a change"):
        Scenario.parse(["cap"])


def test_a_level_of_demand_by_its_name(shop: Model):
    from luban.twin.model import Demand

    days = tuple((number * DAY, (number + 1) * DAY, 0) for number in range(9))
    demand = Demand(10.0, (("R", 1.0, constant(1)),), days)
    model = replace(mm1(0.5), arrivals=(), demand=demand)
    assert Scenario.of("s", {"demand": "high"}).apply(model, {"high": 14.0}).demand.per_day == 14.0
    assert Scenario.of("s", {"demand": 1.5}).apply(model).demand.per_day == 15.0
    drawn = Scenario.of("s", {"lot_size": 0.5}).apply(model).demand
    assert (drawn.per_day, drawn.mix[0][2].mean) == (20.0, 0.5)


def test_failures_halved_halve_the_failures():
    """Counts over a long time: life doubled, half as many; Poisson errors of both are below 5 %."""
    failing = Failure("f", exponential(50), constant(1), clock="calendar")
    model = replace(mm1(0.2), machines=(replace(mm1(0.2).machines[0], failures=(failing,)),))
    count = []
    for scenario in (Scenario("s"), Scenario.of("s", {"failures": 0.5})):
        run = Run(scenario.apply(model), seed=5).to(200_000 * SECOND)
        count.append(run.totals().failures.sum())
    assert count[1] / count[0] == pytest.approx(51 / 101, rel=0.08)


def test_setup_times_that_steps_give_are_shortened_too():
    step = replace(mm1(0.5).routes[0].steps[0], setup="a", setup_time=10.0)
    table = SetupTable("t", {("", "a"): 8.0}, other=4.0)
    model = replace(mm1(0.5), routes=(replace(mm1(0.5).routes[0], steps=(step,)),), setups=(table,))
    changed = Scenario.of("s", {"setup": 0.5}).apply(model)
    assert changed.routes[0].steps[0].setup_time == 5.0
    assert (changed.setups[0].times, changed.setups[0].other) == ({("", "a"): 4.0}, 2.0)
    assert np.isclose(model.routes[0].steps[0].setup_time, 10.0)
