"""Pilot C4: the as-is promise is kept as stated, decisions do not peek, queues agree with theory."""

from __future__ import annotations

import pickle
from dataclasses import replace
from statistics import mean

import pytest

from luban.core.errors import InputError
from luban.pilot.network import minds
from luban.pilot.network.minds import WaitingLot
from luban.pilot.network.pilot import NetworkPilot, poisoned
from luban.pilot.network.rules import DAY
from luban.pilot.network.shops import Shops
from luban.pilot.plan import COSTS, TARGETS, Arm, Figures
from luban.pilot.registry import open_pilot


@pytest.fixture(scope="module")
def pilot() -> NetworkPilot:
    found = open_pilot("c4_network").pilot
    assert isinstance(found, NetworkPilot)
    return found


@pytest.fixture(scope="module")
def short(pilot: NetworkPilot) -> NetworkPilot:
    """The same with two weeks of warm-up."""
    return replace(pilot, facts=replace(pilot.facts, network=replace(pilot.facts.network, warmup=10, window=20)))


@pytest.fixture(scope="module")
def as_is(pilot: NetworkPilot) -> list[Figures]:
    return [pilot.run(Arm(), seed) for seed in range(3)]


def every(pilot: NetworkPilot) -> frozenset[str]:
    return frozenset(one.id for one in pilot.levers if not one.capital)


def test_seven_of_ten_promises_are_kept_as_is(as_is: list[Figures]) -> None:
    assert mean(one.more["promises kept"] for one in as_is) == pytest.approx(0.70, abs=0.04)
    assert all(one.more["promise"] == pytest.approx(15 * 7 / 5) for one in as_is)


def test_levers_help_on_tuning_seeds(pilot: NetworkPilot, as_is: list[Figures]) -> None:
    one = pilot.run(Arm(levers=every(pilot)), 1)
    assert one.cycle < 0.6 * as_is[1].cycle
    assert one.defects < 0.6 * as_is[1].defects
    assert one.more["promise"] < 0.6 * as_is[1].more["promise"]  # kept, and shorter at that
    assert set(one.costs) == set(COSTS)
    assert set(one.more) == set(pilot.units)


def test_decisions_do_not_peek(short: NetworkPilot) -> None:
    arm = Arm(levers=every(short))
    assert short.run(arm, 7, days=28) == poisoned(short).run(arm, 7, days=28)


def test_a_decision_that_peeks_is_caught(short: NetworkPilot, monkeypatch: pytest.MonkeyPatch) -> None:
    world: list[Shops] = []
    begun = Shops.__init__

    def remembered(self: Shops, *given: object, **named: object) -> None:
        begun(self, *given, **named)  # type: ignore[arg-type]
        world.append(self)

    def peeks(lots: list[WaitingLot], group: int, now: float, *, rule: str) -> int:
        draw = world[-1].hidden.chance
        return min(lots, key=lambda lot: draw.lognormal(1.0, 0.3, "setup", lot.id, 0)).id

    monkeypatch.setattr(Shops, "__init__", remembered)
    monkeypatch.setattr(minds, "next_lot", peeks)
    arm = Arm(levers=frozenset({"dispatch"}))
    assert short.run(arm, 7, days=28) != poisoned(short).run(arm, 7, days=28)


def test_orders_do_not_depend_on_how_they_are_served(short: NetworkPilot) -> None:
    a, b = Shops(short.facts, 4), Shops(short.facts, 4, demand=1.5)
    begins = short.facts.network.warmup * DAY
    assert [o for o in a.hidden.coming if o[0] < begins] == [o for o in b.hidden.coming if o[0] < begins]
    after = [sum(o[0] >= begins and o[1] < 0 for o in w.hidden.coming) for w in (a, b)]
    assert after[1] / after[0] == pytest.approx(1.5, rel=0.1)
    assert short.run(Arm(levers=every(short), silent=True), 5, days=28) == short.run(Arm(), 5, days=28)
    assert pickle.loads(pickle.dumps(short)) == short


def test_one_shop_with_one_machine_waits_as_pollaczek_and_khinchine_say(pilot: NetworkPilot) -> None:
    """M/G/1 in order of arrival: mean wait = rate x mean square of the service / 2 / (1 - load)."""
    kind = replace(pilot.facts.kinds[0], near=60.0, other=60.0, cycle=1e-9, shops=(1.0,), share=1.0)
    network = replace(pilot.facts.network, shops=1, first=30.0, setup_sigma=0.3, move=1e-9, pack=1e-9, window=1500)
    facts = replace(
        pilot.facts, kinds=(kind,), network=network, demand=replace(pilot.facts.demand, own=3.5, sold=0.0, week=0.0)
    )
    world = Shops(facts, 1)
    world.run(60 * DAY)
    world.change(world.rules)
    world.run(1500 * DAY)
    rate, service = 3.5 / DAY, 90.0
    square = 60.0**2 * 2.718281828 ** (0.3**2) + 2 * 60.0 * 30.0 + 2 * 30.0**2
    expected = service + rate * square / 2 / (1 - rate * service)
    assert mean(world.totals.own) == pytest.approx(expected, rel=0.1)


def test_no_order_is_lost(pilot: NetworkPilot) -> None:
    world = Shops(pilot.facts, 2)
    world.run(20 * DAY)
    came = sum(time <= 20 * DAY for time, _ in world.hidden.coming)
    assert world.totals.done + len(world.open) == came
    for key, load in world.load.items():
        assert load >= -1e-6, key


def test_next_lot() -> None:
    lots = [
        WaitingLot(1, 0, 5.0, 9000.0, 100.0), WaitingLot(2, 1, 3.0, 8000.0, 100.0),
        WaitingLot(3, 0, 4.0, 9500.0, 100.0, own=True),
    ]  # fmt: skip
    assert minds.next_lot(lots, 0, 0.0, rule="came") == 2
    assert minds.next_lot(lots, 0, 0.0, rule="own") == 3
    assert minds.next_lot(lots, 0, 0.0, rule="date") == 2
    assert minds.next_lot(lots, 0, 0.0, rule="setup") == 1
    assert minds.next_lot(lots, 0, 7700.0, rule="setup") == 2  # its promise is in danger


def test_promises_follow_what_earlier_orders_took() -> None:
    assert minds.promised(500.0, [0.0] * 10, 6750.0) == 6750.0
    assert minds.promised(500.0, [float(i) for i in range(101)], 6750.0) == pytest.approx(597.0)


def test_what_the_pilot_says_of_itself(pilot: NetworkPilot) -> None:
    assert set(pilot.meanings) == set(TARGETS) == set(pilot.binds)
    with pytest.raises(InputError, match="no such arm"):
        pilot.run(Arm(levers=frozenset({"magic"})), 1)
    with pytest.raises(InputError, match="four weeks"):
        pilot.run(Arm(), 1, days=3.0)
