"""Deciders of flow, furnaces, energy and maintenance: against sequences by hand, all sequences, and prices by hand."""

from __future__ import annotations

import itertools

import pytest

from luban.core.time import DAY, HOUR, MINUTE
from luban.loop.deciding.dispatch import DispatchList, DispatchRule, Operation
from luban.loop.deciding.energy import Resting, StandbyRules, wait_before_standby
from luban.loop.deciding.floor import Act, Heard, LotSeen, MachineSeen, Seen
from luban.loop.deciding.furnace import Furnace, FurnaceLoads
from luban.loop.deciding.maintenance import AgeMaintenance, ConditionMaintenance
from luban.loop.deciding.release import ReleaseWhenReady

NOW = 20_000 * DAY + 6 * HOUR


def lot(order: str, item: str = "A", *, place: str = "queue", quantity: int = 10, **more: int | str | None) -> LotSeen:
    own = {"station": "mill", "step": 0, "received": NOW - DAY, "since": NOW - HOUR} | more
    return LotSeen(order, item, quantity, place, **own)  # type: ignore[arg-type]


def seen(*lots: LotSeen, now: int = NOW, **machines: MachineSeen) -> Seen:
    return Seen(now, machines, lots)


# ---- release


def test_an_order_goes_when_its_material_is_there_and_no_sooner() -> None:
    pool = [
        lot("late", place="pool", received=NOW - 2 * DAY, ready=NOW - HOUR),
        lot("first", place="pool", received=NOW - 3 * DAY, ready=NOW - 3 * DAY),
        lot("waits", place="pool", ready=None),
        lot("comes", place="pool", ready=NOW + 1),
        lot("floor", ready=NOW - DAY),
    ]
    found = ReleaseWhenReady(by_rule=False, hour=2.0, usual=84.0).decide(seen(*pool))
    assert [one.act for one in found] == [Act("release", "first"), Act("release", "late")]
    assert {one.worth for one in found} == {168.0}


def test_where_an_mes_has_a_rule_it_is_told_once() -> None:
    decider = ReleaseWhenReady(hour=2.0, usual=84.0)
    assert [one.act for one in decider.decide(seen())] == [Act("rule", "release", "at once")]
    assert decider.decide(seen()) == ()


# ---- dispatch

ROUTES = {
    name: [Operation("mill", "10", setup, fixed=0, each=each)]
    for name, setup, each in (("A", "s1", 5.0), ("B", "s2", 1.0), ("C", "s1", 2.0), ("D", "s3", 1.0))
}
SETUPS = {("s1", "s1"): 20.0, ("s2", "s2"): 20.0, ("s3", "s3"): 20.0, ("s1", "s2"): 55.0, ("s2", "s1"): 55.0}


def mill(setup: str = "s1") -> MachineSeen:
    return MachineSeen("M1", "mill", "idle", NOW, setup=setup)


def test_equal_setups_follow_each_other_the_shortest_first() -> None:
    lots = [lot("o1", "B"), lot("o2", "A"), lot("o3", "C"), lot("o4", "D")]
    (found,) = DispatchList(ROUTES, SETUPS, other=95.0, minute=2.0).decide(seen(*lots, M1=mill()))
    assert [order for order, _ in found.act.value] == ["o3", "o2", "o1", "o4"]
    # in the order of arrival: 55 + 55 + 20 + 95; by the list: 20 + 20 + 55 + 95
    assert found.worth == pytest.approx(2.0 * (225 - 190))


def test_no_other_sequence_of_these_takes_less_setup() -> None:
    lots = [lot("o1", "B"), lot("o2", "A"), lot("o3", "C"), lot("o4", "B"), lot("o5", "D")]
    decider = DispatchList(ROUTES, SETUPS, other=95.0)
    (found,) = decider.decide(seen(*lots, M1=mill()))
    of = {one.order: ROUTES[one.item][0].setup for one in lots}

    def setup(orders: tuple[str, ...]) -> float:
        keys = ["s1", *(of[order] for order in orders)]
        return sum(SETUPS.get(pair, 95.0) for pair in itertools.pairwise(keys))

    mine = tuple(order for order, _ in found.act.value)
    assert setup(mine) == min(map(setup, itertools.permutations(of)))


def test_what_is_due_soon_goes_first_and_a_list_is_given_once() -> None:
    lots = [lot("o1", "A"), lot("o2", "D", due=NOW + 3 * HOUR)]
    decider = DispatchList(ROUTES, SETUPS, other=95.0, late=24.0)
    (found,) = decider.decide(seen(*lots, M1=mill()))
    assert found.act.value[0] == ("o2", "10")
    assert decider.decide(seen(*lots, M1=mill())) == []


def test_a_machine_is_told_nothing_that_it_may_not_do() -> None:
    routes = {"A": [Operation("mill", "10", machines=frozenset({"M2"}))]}
    machines = {"M1": mill(), "M2": MachineSeen("M2", "mill", "idle", NOW)}
    found = DispatchList(routes, {}).decide(Seen(NOW, machines, [lot("o1")]))
    assert [one.act.target for one in found] == ["M2"]


def test_rules_are_given_once() -> None:
    decider = DispatchRule({"mill": ("setup", "spt")})
    assert [one.act.value for one in decider.decide(seen())] == [("setup", "spt")]
    assert not decider.decide(seen())


# ---- energy


def test_standby_pays_from_where_waking_costs_as_much_as_waiting() -> None:
    # waking: 4 min at 6 kW instead of 1.2; waiting in ready: 1.3 kW more, so 4 x 4.8 / 1.3 min
    assert wait_before_standby(Resting(2.5, 1.2, 4.0, 6.0), 5.0) == pytest.approx(4 * 4.8 / 1.3)
    assert wait_before_standby(Resting(2.5, 1.2, 1.0, 6.0), 5.0) == 5.0
    assert wait_before_standby(Resting(2.0, 2.0), 5.0) is None


def test_machines_without_standby_get_no_rule() -> None:
    decider = StandbyRules({"M1": Resting(2.5, 1.2), "W1": Resting(18, 18)}, services={"compressor": 15.0})
    acts = [(one.act.target, one.act.value) for one in decider.decide(seen())]
    assert acts == [("standby M1", 5.0), ("hours compressor", 15.0)]


# ---- furnaces


def furnace(price: dict[int, float], *, hour: float, heat_up: float = 0.0) -> FurnaceLoads:
    def of_day(moment: int) -> int:
        return moment % DAY // HOUR

    return FurnaceLoads(
        [Furnace("H1", "heat", 300.0, 300.0, 18.0, 0.9, heat_up)], {"A": 1.0}, lambda at: price.get(of_day(at), 1.0),
        lambda at: at - at % DAY + 22 * HOUR if 6 <= of_day(at) < 22 else None, hour,
    )  # fmt: skip


def day(decider: FurnaceLoads, lots: list[LotSeen]) -> list[tuple[float, str, object]]:
    """What is done when over a day that begins at midnight, in hours, rules left out."""
    found: list[tuple[float, str, object]] = []
    running = 0
    for at in range(NOW - 6 * HOUR, NOW + 18 * HOUR, decider.every):
        state = "running" if at < running else "idle"
        there = [] if running else [one for one in lots if one.since <= at]
        picture = seen(*there, now=at, H1=MachineSeen("H1", "heat", state, 0))
        for one in decider.decide(picture):
            if one.act.kind != "rule":
                found.append((at % DAY / HOUR, one.act.kind, one.act.value))
            if one.act.kind == "start batch":
                running = at + 300 * MINUTE
    return found


def lots_at(hour: int, count: int = 5) -> list[LotSeen]:
    return [lot(f"o{n}", station="heat", since=NOW + (hour - 6) * HOUR, quantity=20) for n in range(count)]


def starts(acts: list[tuple[float, str, object]]) -> list[float]:
    return [at for at, kind, _ in acts if kind == "start batch"]


def test_a_load_waits_until_waiting_has_cost_what_holding_it_hot_will() -> None:
    # 18 kW over five hours at 1.0 are 90; five orders at 4 an hour have waited that after 4.5 h
    assert starts(day(furnace({}, hour=4.0), lots_at(12))) == [16.5]


def test_a_load_waits_for_cheap_power_where_waiting_is_cheaper() -> None:
    evening = dict.fromkeys(range(12, 18), 2.0)
    assert starts(day(furnace(evening, hour=4.0), lots_at(12))) == [18.0]
    # waiting at 20 an hour and order: 180 of holding are waited for in 1.8 h, and 144 less of power pay no 4 h more
    assert starts(day(furnace(evening, hour=20.0), lots_at(12))) == [14.0]


def test_a_full_load_waits_for_nobody() -> None:
    # one look to switch the furnace on, the next to start it
    assert starts(day(furnace({}, hour=0.5), lots_at(8, count=14))) == [8.5]


def test_a_furnace_gets_cold_and_is_heated_in_time() -> None:
    decider = furnace({}, hour=4.0, heat_up=120.0)
    acts = day(decider, lots_at(10))
    kinds = [(kind, value) for _, kind, value in acts]
    assert kinds[0] == ("standby", True)  # overnight
    heated = next(at for at, kind, value in acts if (kind, value) == ("standby", False))
    started = next(at for at, kind, _ in acts if kind == "start batch")
    assert started >= heated + 2.0


# ---- maintenance


def watched(value: float, state: str = "running") -> dict[str, MachineSeen]:
    return {"M1": MachineSeen("M1", "mill", state, 0, signals={"vibration": value})}


def test_a_look_is_asked_for_when_vibration_rises_and_what_it_finds_is_exchanged() -> None:
    decider = ConditionMaintenance(frozenset({"M1"}), threshold=0.3)
    for _ in range(60):
        assert not decider.decide(Seen(NOW, watched(1.4)))
    asked = [one for _ in range(30) for one in decider.decide(Seen(NOW, watched(4.0)))]
    assert [one.act for one in asked] == [Act("maintain", "M1", "look")]
    decider.hear([Heard(NOW, "M1", "found", "spindle")])
    assert [one.act for one in decider.decide(Seen(NOW, watched(0.1, "down")))] == [
        Act("maintain", "M1", "replace spindle")
    ]


def test_one_bad_reading_calls_nobody() -> None:
    decider = ConditionMaintenance(frozenset({"M1"}), threshold=0.3)
    values = [1.4] * 50 + [6.0] + [1.4] * 50
    assert not [one for value in values for one in decider.decide(Seen(NOW, watched(value)))]


def test_a_part_is_exchanged_at_its_age_counted_from_its_failure() -> None:
    decider = AgeMaintenance(frozenset({"M1"}), {"spindle": 10.0})
    decider.hear([Heard(NOW, "M1", "state", "running"), Heard(NOW + 20 * HOUR, "M1", "state", "down")])
    assert not decider.decide(Seen(NOW + 20 * HOUR, watched(1.4)))  # nobody knows how old it was
    decider.hear([Heard(NOW + 20 * HOUR, "M1", "alarm", "spindle")])
    decider.hear([Heard(NOW + 30 * HOUR, "M1", "state", "running"), Heard(NOW + 40 * HOUR, "M1", "state", "idle")])
    (found,) = decider.decide(Seen(NOW + 40 * HOUR, watched(1.4)))
    assert found.act == Act("maintain", "M1", "replace spindle")
    assert not decider.decide(Seen(NOW + 41 * HOUR, watched(1.4)))
