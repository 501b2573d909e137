"""A plant in virtual time: the same chances whoever decides, everything under guard, nobody looks behind the panels."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from tests.loop.honest import HonestFloor

from luban.core.errors import InputError
from luban.core.time import DAY, HOUR, MINUTE
from luban.loop.deciding.floor import Act, Proposal
from luban.loop.deciding.quality import QualityMoney
from luban.loop.virtual import VirtualFloor
from luban.loop.virtual_quality import by_hand, gauged, quality
from luban.plant import load
from luban.twin.kernel.trace import Kind, mask
from luban.twin.load import load_twin
from luban.twin.run import Run

FOLDER = Path(__file__).parents[2] / "examples" / "c2_machining"
MONEY = QualityMoney(piece=40, rework=15, edge=15, reading=0.7, confirm=0.7)
BEGIN = 20 * DAY
END = 42 * DAY
EARLY = 8 * DAY


@pytest.fixture(scope="module")
def shop():
    return load_twin(FOLDER), load(FOLDER)


class Told:
    """A decider that does what it was told, once."""

    lever, every = "told", 0
    concerns = frozenset({"begun"})

    def __init__(self, *acts, times=1, **more):
        self.acts, self.heard, self.pictures, self.times, self.more = acts, [], [], times, more

    def hear(self, told):
        self.heard += told

    def decide(self, seen):
        self.pictures.append(seen.now)
        if self.times <= 0:
            return []
        self.times -= 1
        return [Proposal(self.lever, "test", act, **self.more) for act in self.acts]


def books(run):
    t = run.totals()
    return [t.finished, t.good, t.scrap, t.rework, t.wip_time, t.sojourn, *t.machine_time.ravel().tolist()]


def defects(floor, begin=BEGIN):
    floor.to(begin)
    before = floor.run.totals()
    after = floor.to(END).run.totals()
    bad = after.scrap - before.scrap + after.rework - before.rework
    return bad / (after.good - before.good + after.scrap - before.scrap)


@pytest.fixture(scope="module")
def as_is(shop):
    floor = VirtualFloor(*shop, seed=3)
    return defects(floor), books(floor.run)


@pytest.fixture(scope="module")
def controlled(shop):
    floor = VirtualFloor(*shop, seed=3, deciders=[quality(*shop, MONEY)], begin=BEGIN)
    return defects(floor), floor


def test_a_run_that_is_watched_brings_what_one_that_is_not_brings(shop, as_is):
    assert books(Run(shop[0], seed=3, trace="lots").to(END)) == as_is[1]


def test_readings_come_at_their_own_time_with_the_pieces_made_by_then(shop):
    run = Run(shop[0], seed=3, trace="floor")
    rows = run.to(9 * DAY).take_trace()
    kinds = rows["kind"]
    assert (kinds == Kind.MEASURED).sum() > 300
    made: dict[int, int] = {}
    pieces: dict[tuple[int, int], int] = {}
    seen = []
    for row in rows[np.isin(kinds, (Kind.BEGUN, Kind.COUNT, Kind.MEASURED))]:
        key = (int(row["machine"]), int(row["lot"]))
        if row["kind"] == Kind.BEGUN:
            pieces[key], made[key[0]] = 0, int(row["time"])
        elif row["kind"] == Kind.MEASURED and key in pieces:
            seen.append((key, int(row["b"]), int(row["time"])))
        elif key in pieces:
            pieces[key] += int(row["a"]) + int(row["b"]) + int(row["x"])
            if seen and seen[-1][0] == key and seen[-1][2] == row["time"]:
                assert pieces[key] == seen[-1][1] + 1
    gaps = [b[2] - a[2] for a, b in pairwise(seen) if a[0] == b[0] and b[1] - a[1] == 10]
    assert min(gaps) > 10 * MINUTE  # ten pieces of at least 1.2 min


def test_a_run_pauses_at_what_was_asked_for(shop):
    run = Run(shop[0], seed=3, trace="floor")
    wanted = mask(Kind.FAILED, Kind.RELEASED)
    stops = 0
    while run.to(12 * DAY, pause=wanted).now < 12 * DAY:
        kinds = Counter(run.take_trace()["kind"].tolist())
        assert kinds[Kind.FAILED] or kinds[Kind.RELEASED]
        stops += 1
    assert stops > 2
    assert books(run) == books(Run(shop[0], seed=3).to(12 * DAY))


def test_a_plant_that_does_not_answer_is_the_plant_as_it_is(shop):
    """The null test's plant: everything is decided and written, and nothing comes of it."""
    floor = VirtualFloor(*shop, seed=3, deciders=[quality(*shop, MONEY)], begin=BEGIN, silent=True)
    until = BEGIN + 2 * DAY
    assert books(floor.to(until).run) == books(Run(shop[0], seed=3).to(until))
    assert Counter(one.state for one in floor.acts)["done"] > 100


def test_quality_halves_defects_and_charts_by_hand_lie_between(shop, as_is, controlled):
    hands = defects(VirtualFloor(*shop, seed=3, deciders=[by_hand(*shop)], begin=BEGIN))
    assert controlled[0] < 0.55 * as_is[0]
    assert controlled[0] < hands < as_is[0]


def test_people_confirm_in_one_to_five_minutes_by_chances_of_their_own(shop, controlled):
    floor = controlled[1]
    assert floor.confirmed > 200
    assert {one.state for one in floor.acts} <= {"done", "refused", "replaced", "expired"}
    drawn = VirtualFloor(*shop, seed=3)
    takes = [drawn._takes(4) for _ in range(500)]
    assert MINUTE <= min(takes) < 2 * MINUTE < 4 * MINUTE < max(takes) <= 5 * MINUTE
    other = VirtualFloor(*shop, seed=3)
    [other._takes(2) for _ in range(50)]  # another machine is confirmed often: this one's chances are the same
    assert [other._takes(4) for _ in range(500)] == takes


def test_no_decision_shifts_the_chances_of_orders(shop, controlled):
    plain = VirtualFloor(*shop, seed=3).to(END)
    rows = [one.taken() for one in (plain, controlled[1])]
    orders = [one[one["kind"] == Kind.ORDERED][["time", "lot", "a", "b"]] for one in rows]
    assert np.array_equal(orders[0], orders[1])


def test_nobody_looks_behind_the_panels(shop, controlled):
    """Garbage over what is hidden while the lever decides: the same decisions to the bit."""
    honest = HonestFloor(*shop, seed=3, deciders=[quality(*shop, MONEY)], begin=BEGIN)
    honest.to(BEGIN + 2 * DAY)
    assert honest.poisoned > 300
    until = honest._start + BEGIN + 2 * DAY
    told = [(one.time, one.state, one.proposal.act) for one in honest.acts]
    assert len(told) > 100
    assert told == [(one.time, one.state, one.proposal.act) for one in controlled[1].acts if one.time <= until]


def test_who_peeks_is_found_out(shop):
    """A decider that reads the true wear decides otherwise over garbage: the test above can fail."""

    class Peeking(Told):
        def __init__(self):
            super().__init__()
            self.floor = None

        def decide(self, seen):
            used = self.floor.run.world["machines"]["tool_used"]
            self.pictures.append(float(used.sum()))
            return []

    looks = []
    for kind in (VirtualFloor, HonestFloor):
        who = Peeking()
        who.floor = kind(*shop, seed=3, deciders=[who], begin=EARLY)
        who.floor.to(EARLY + 2 * DAY)
        looks.append(who.pictures)
    assert len(looks[0]) == len(looks[1]) > 20
    assert looks[0] != looks[1]


def test_nothing_leaves_the_envelope(shop):
    path = "c2/turning/L1"
    wrong = [
        (Act("set", f"{path}:offset", 500.0), "outside the safe envelope"),
        (Act("set", f"{path}:offset", 11.0), "larger than allowed"),
        (Act("set", f"{path}:offset", float("nan")), "no number"),
        (Act("set", f"{path}:feed_override", 120.0), "may not be moved"),
        (Act("set", "c2/turning/L99:offset", 1.0), "may not be moved"),
        (Act("maintain", path, "a wish"), "unknown maintenance"),
        (Act("release", "nobody's order"), "no such order"),
        (Act("rule", "c2/turning", ("fastest",)), "unknown key"),
        (Act("rule", "release", "whenever"), "no such rule of release"),
        (Act("change tool", "c2/finishing/D1"), "no such method"),
    ]
    for act, why in wrong:
        floor = VirtualFloor(*shop, seed=3, deciders=[Told(act)], begin=EARLY)
        floor.to(EARLY + 10 * HOUR)
        assert [one.state for one in floor.acts] == ["refused"], act
        assert why in floor.acts[0].reason, act


def test_what_has_expired_is_not_done_and_of_two_the_newer_number_holds(shop):
    now = shop[0].start + EARLY
    floor = VirtualFloor(*shop, seed=3, deciders=[Told(Act("release", "x"), expires=now - HOUR)], begin=EARLY)
    floor.to(EARLY + 2 * DAY)
    assert [one.state for one in floor.acts] == ["expired"]


def test_a_running_plant_becomes_another_one(shop):
    """A known effect: setups take half as long from that day on, and chance is the same."""
    model, plant = shop
    twice = VirtualFloor(model, plant, seed=3), VirtualFloor(model, plant, seed=3)
    for floor in twice:
        floor.to(BEGIN)
    before = twice[1].run.model
    setups = tuple(
        replace(own, times={pair: 0.5 * time for pair, time in own.times.items()}, other=0.5 * own.other, extra=None)
        for own in before.setups
    )
    twice[1].become(replace(before, setups=setups))
    spent = []
    for floor in twice:
        first = floor.run.totals()
        last = floor.to(END).run.totals()
        lots = (last.machine_setups - first.machine_setups).sum()
        spent.append(float((last.machine_time - first.machine_time)[:, 2].sum()) / lots / MINUTE)
    mean = 25.0  # of the waiting for the first-article check, which is gone
    assert spent[1] == pytest.approx(0.5 * (spent[0] - mean), rel=0.08)


def test_rules_of_the_plant_change_and_nothing_else(shop):
    floor = VirtualFloor(
        *shop, seed=3, begin=EARLY,
        deciders=[Told(
            Act("rule", "release", "at once"), Act("rule", "c2/milling", ("setup", "edd")),
            Act("rule", "sampling c2/turning", (2, 5)), Act("rule", "edge c2/milling", 20.0),
            Act("rule", "batch c2/heat/H1", (100, 3600.0)), Act("rule", "standby c2/turning/L1", 15),
        )],
    )  # fmt: skip
    floor.to(EARLY + 6 * DAY)
    model = floor.run.model
    assert Counter(one.state for one in floor.acts) == {"done": 6}
    assert model.release.instants == ()
    assert floor.run.totals().pool < VirtualFloor(*shop, seed=3).to(EARLY + 6 * DAY).run.totals().pool
    assert {own.id: own.rule for own in model.stations}["c2/milling"] == ("setup", "edd")
    assert floor.rules == {"standby c2/turning/L1": 15}
    rows = floor.taken()
    late = rows[(rows["time"] > EARLY + 2 * DAY) & (rows["kind"] == Kind.TOOL) & (rows["a"] == 1)]
    mills = [k for k, own in enumerate(model.machines) if own.station == "c2/milling"]
    used = late[np.isin(late["machine"], mills)]["x"]
    assert used.min() >= 20 * 60
    assert np.median(used) < 24 * 60
    read = rows[(rows["time"] > EARLY + 2 * DAY) & (rows["kind"] == Kind.MEASURED)]
    turned = [k for k, own in enumerate(model.machines) if own.station == "c2/turning"]
    assert {0, 1, 5, 10} <= set(read[np.isin(read["machine"], turned)]["b"].tolist())


def test_another_shape_is_no_plant_to_become(shop):
    floor = VirtualFloor(*shop, seed=3)
    fewer = replace(shop[0], machines=shop[0].machines[:-1])
    with pytest.raises(InputError, match="cannot become"):
        floor.become(fewer)


def test_what_is_shown_are_panels_and_bookings(shop):
    model, plant = shop
    who = Told()
    floor = VirtualFloor(model, plant, seed=3, deciders=[who], begin=EARLY)
    floor.to(EARLY + DAY + 9 * HOUR)
    seen = floor.seen()
    assert len(seen.machines) == len(model.machines)
    lathe = seen.machines["c2/turning/L1"]
    assert lathe.state in {"running", "setup", "idle", "waiting", "down", "planned_stop", "off", "standby"}
    assert lathe.ran is not None
    assert 0 < lathe.ran < 16 * 15
    assert 0 <= lathe.signals["vibration"] < 50
    totals = floor.run.totals()
    places = Counter(lot.place for lot in seen.lots)
    assert places["pool"] == totals.pool
    assert places.total() == totals.pool + totals.wip
    waits = Counter(lot.station for lot in seen.lots if lot.place == "queue")
    assert [waits[own.id] for own in model.stations] == totals.queue_length.tolist()
    for lot in seen.lots:
        assert lot.received <= seen.now
        assert lot.ready is None or lot.ready <= seen.now
    assert any(lot.ready is None for lot in seen.lots)
    begun = [one for one in who.heard if one.name == "begun"]
    assert all(a.time <= b.time for a, b in pairwise(begun))


def test_only_papers_of_the_plant_are_handed_to_quality(shop):
    model, plant = shop
    wild = replace(
        model,
        routes=tuple(
            replace(route, steps=tuple(
                replace(step, characteristics=tuple(
                    replace(size, noise=9.0 * size.noise, wear=77.0, heat=5.0, setup_offset=1.0)
                    for size in step.characteristics
                )) for step in route.steps
            )) for route in model.routes
        ),
    )  # fmt: skip
    assert gauged(wild, plant) == gauged(model, plant)
    assert len(gauged(model, plant)) == 14
