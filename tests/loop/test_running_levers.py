"""Levers of the running plant on its books: what they are worth against chance, hand and brute force; lists; sizes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.outside import free_port

from luban.connect.modbus.device import ModbusDevice
from luban.core.errors import InputError
from luban.core.time import DAY, HOUR, MINUTE, SECOND, now
from luban.decide.maintain import Prices, age, due_tasks, weibull_life
from luban.decide.setpoint.envelope import Envelope
from luban.decide.setpoint.proposal import Knob, propose
from luban.ledger import Ledger, LedgerWriter
from luban.loop.deciding.dispatch import Operation
from luban.loop.deciding.due import DueMaintenance
from luban.loop.deciding.energy import Resting, StandbyRules
from luban.loop.deciding.floor import Act, Heard, LotSeen, MachineSeen, Proposal, Seen, Worth
from luban.loop.deciding.quality import Quality
from luban.loop.deciding.record import Stage
from luban.loop.deciding.relisting import Planned, Relisting
from luban.loop.deciding.settle import LOST, settle
from luban.loop.levers import decider_of
from luban.loop.places import places
from luban.loop.plans import Plans
from luban.loop.plant_loop import PlantLoop
from luban.loop.pricing import Pricing, avoided
from luban.loop.running import _moment
from luban.loop.seeing import Seeing
from luban.loop.tariff import Electricity
from luban.norms.tariffs import tariff
from luban.plant import EnergyRule, LeverRule, Plant, load
from luban.understand.quality.data import individuals

OFFSET = "holding:300:float32"
PLANT = """
[plant]
id = "p"
name = "P"
time_zone = "Asia/Shanghai"

[energy]
tariff = ["cn-example"]

[[equipment]]
path = "lathe"
name = "Lathe"

[[source]]
id = "cell"
type = "modbus"
url = "modbus://127.0.0.1:1"
writable = ["holding:300:float32"]

[[signal]]
id = "lathe:offset"
source = "cell"
address = "holding:300:float32"
unit = "µm"

[[actuator]]
signal = "lathe:offset"
lower = -30
upper = 30
mode = "automatic"
"""
TABLES = {
    "items.csv": "id,name,unit,lot\nshaft,Shaft,piece,20\nbar,Bar,piece,\n",
    "bom.csv": "parent,item,quantity\nshaft,bar,1\n",
    "characteristics.csv": "item,name,unit,nominal,lower,upper\nshaft,size,µm,0,-25,25\nshaft,ra,µm,,,3\n",
    "routing.csv": "item,operation,unit,ideal_cycle_s,setup_s\nshaft,10,lathe,60,600\n",
    "orders.csv": "id,item,quantity,release,due,priority\nO-1,shaft,10,,,\n",
    "prices.csv": "kind,of,price,per,lot,state,basis,start,currency\nmaterial,bar,30,piece,,,,,\nmachine,,60,h,,,,,\n",
    "maintenance.csv": (
        "asset,task,part,policy,interval,clock,duration,skill,people,parts,checklist,planned_cost,failure_cost,"
        "failure_duration,hour_cost\nlathe,new belt,belt,calendar,30d,calendar,1h,,,,,100,900,8h,50\n"
    ),
}


@dataclass
class Books:
    """A plant with books and a writer of them."""

    folder: Path
    plant: Plant
    ledger: Ledger
    writer: LedgerWriter

    def put(self, stream: str, **columns: Sequence[Any]) -> None:
        self.writer.append(stream, columns, source="cell")

    def decider(self, rule: LeverRule) -> Any:
        return decider_of(rule, self.plant, self.ledger, Plans(self.folder), self.folder)


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., Books]]:
    open_: list[Any] = []

    def made(**tables: str) -> Books:
        (tmp_path / "plant.toml").write_text(PLANT, "utf-8")
        for name, text in (TABLES | {f"{name}.csv": text for name, text in tables.items()}).items():
            (tmp_path / name).write_text(text, "utf-8")
        writer = LedgerWriter(places(tmp_path).ledger)
        own = Books(tmp_path, load(tmp_path), Ledger(places(tmp_path).ledger), writer)
        open_.extend((own.ledger, writer))
        return own

    yield made
    for one in open_:
        one.close()


# ---- what maintenance is worth


def test_what_an_exchange_avoids_is_what_two_long_stories_differ_by() -> None:
    """Ten thousand stories of either choice, each going on by replacement by age for a long while."""
    life, prices = weibull_life(3.0, 1000.0), Prices(900.0, 100.0, hour=50.0, failure_hours=8.0, planned_hours=1.0)
    best = age(life, prices).interval
    chance = np.random.default_rng(1)
    old, wait, end, runs = 700.0, 300.0, 40_000.0, 10_000

    def cost(first: np.ndarray, spent: np.ndarray, lives: np.ndarray) -> np.ndarray:
        at, total = first.copy(), spent.copy()
        for drawn in lives:
            failed = drawn < best
            going = at < end
            length = np.where(failed, drawn + 8.0, best + 1.0)
            share = np.clip((end - at) / length, 0.0, 1.0)  # of the last cycle only what lies within the story
            total += going * share * np.where(failed, prices.of_failure, prices.of_planned)
            at += length
        return total

    lives = 1000.0 * chance.weibull(3.0, (120, runs))
    left = (-np.log(chance.uniform(0, 1, runs)) + (old / 1000.0) ** 3) ** (1 / 3) * 1000.0 - old
    by_now = cost(np.full(runs, 1.0), np.full(runs, prices.of_planned), lives)
    broke = left < wait
    paid = np.where(broke, prices.of_failure, prices.of_planned)
    by_waiting = cost(np.where(broke, left + 8.0, wait + 1.0), paid, lives)
    gap = by_waiting - by_now
    assert 0.1 < broke.mean() < 0.6
    assert avoided(life, prices, old, wait) == pytest.approx(gap.mean(), abs=4 * gap.std() / runs**0.5)
    assert avoided(life, prices, 50.0, 100.0) < 0 < avoided(life, prices, best, 100.0)


def test_due_maintenance_is_priced_by_the_lives_on_record_or_says_what_is_missing(make: Callable[..., Books]) -> None:
    books = make()
    moment = now()
    books.put("state", time=[moment - 400 * DAY], subject=["p/lathe"], state=["running"], mapping=["generic@1"],
              quality=[0])  # fmt: skip
    lever = books.decider(LeverRule("maintenance"))
    assert isinstance(lever, DueMaintenance)
    (one,) = lever.decide(Seen(moment, {}))
    assert (one.worth, one.facts["unpriced"]) == (None, "when belt was made new is not on record")
    for number, (day, why) in enumerate([(300, "failure"), (260, "failure"), (215, "failure"), (170, "failure"),
                                         (132, "failure"), (40, "age")]):  # fmt: skip
        at, name = moment - day * DAY, f"WO-{number:04}"
        for code, data in (("plan", {"machine": "p/lathe", "task": "new belt", "part": "belt", "why": why}),
                           ("begin", {}), ("finish", {"hours": 1})):  # fmt: skip
            from luban.understand.book import row

            books.writer.append("event", row("workorder", name, code, person="li", data=data, time=at), source="act")
            at += HOUR
    (one,) = lever.decide(Seen(moment, {}))
    assert one.worth is not None, one.facts
    assert one.low is not None
    assert one.high is not None
    assert 0 < one.low < one.worth < one.high < 900 + 8 * 50
    assert one.facts["priced"] == "against leaving it out until belt is due again, by its lives on record"
    # what is priced displaces what is not worth as much
    other = Proposal("other", "x", Act("maintain", "p/lathe:clean"), one.worth / 2, takes=one.takes)
    settled = settle([other, one])
    assert (settled.taken, settled.dropped[0].reason) == ((one,), LOST)
    (task,) = [own for own in due_tasks(books.ledger, books.plant, moment) if own.state == "overdue"]
    bare = replace(task, task=replace(task.task, failure_cost=None))
    assert Pricing(books.plant, books.ledger).maintenance(bare, moment).why.endswith("in maintenance.csv")


# ---- what a set-point is worth


def test_a_set_point_is_worth_the_scrap_of_a_day_at_standard_cost(make: Callable[..., Books]) -> None:
    books = make()
    moment = now()
    pricing = Pricing(books.plant, books.ledger)
    values = np.random.default_rng(3).normal(18.0, 6.0, 400)
    sample = replace(individuals(values, characteristic="shaft:size", unit="µm"), lower=-25.0, upper=25.0, target=0.0)
    plan = propose(sample, Knob("lathe:offset", "µm", 1.0, 0.0, Envelope(-30.0, 30.0))).as_dict()
    assert pricing.set_point(plan, "shaft:size", "p/lathe").why == "no piece was counted at p/lathe within a day"
    books.put("count", time=[moment - HOUR, moment - 2 * DAY], subject=["p/lathe"] * 2, good=[170.0, 500.0],
              scrap=[30.0, 0.0], rework=[0.0, 0.0], quality=[0, 0])  # fmt: skip
    worth = pricing.set_point(plan, "shaft:size", "p/lathe")
    # a bar of 30, a minute at 60 an hour, and a twentieth of ten minutes of setting up
    assert worth.facts == {"pieces": 200.0, "piece": pytest.approx(30 + 1 + 0.5)}
    drawn = np.random.default_rng(4).normal(18.0, 6.0, 400_000)
    outside = float((np.abs(drawn) > 25.0).mean())
    assert worth.value == pytest.approx(200 * 31.5 * outside, rel=0.25), "the sample's own mean and spread, not mine"
    assert worth.low is not None
    assert worth.high is not None
    assert worth.low < worth.value < worth.high
    assert "limits" in pricing.set_point({"effects": {}}, "shaft:ra", "p/lathe").why
    assert pricing.set_point(plan, "bolt:size", "p/lathe").why == "no standard price of bolt in the price list"


# ---- dispatch lists

NOW = 20_000 * DAY
ROUTES = {
    "A": [Operation("cell", "10", "A:10", each=1.0, machines=frozenset({"saw"})),
          Operation("cell", "20", "A:20", each=2.0, machines=frozenset({"mill"}), change=30.0)],
    "B": [Operation("cell", "20", "B:20", each=1.0, machines=frozenset({"mill"}), change=10.0)],
}  # fmt: skip


def lot(order: str, item: str, step: int, place: str, **more: Any) -> LotSeen:
    return LotSeen(order, item, 30, place, "cell", step, NOW - DAY, **{"since": NOW - HOUR, **more})


def picture(*lots: LotSeen, setup: str = "", state: str = "idle") -> Seen:
    machines = {name: MachineSeen(name, "cell", state, NOW, setup=setup) for name in ("saw", "mill")}
    return Seen(NOW, machines, lots)


def lists(plan: Mapping[str, Sequence[Planned]], **given: Any) -> Relisting:
    return Relisting(ROUTES, lambda: plan, **given)


PLAN = {"saw": [Planned("a", "10", NOW + 90 * MINUTE)],
        "mill": [Planned("a", "20", NOW + 180 * MINUTE), Planned("b", "20", NOW + 220 * MINUTE)]}  # fmt: skip


def test_where_the_next_one_is_not_there_another_goes_first_and_what_that_wins_is_right() -> None:
    late = picture(lot("a", "A", 0, "machine", since=NOW), lot("b", "B", 0, "queue"))
    hour = lambda _machine: Worth(120.0)  # noqa: E731 - a price
    (found,) = lists(PLAN, hour=hour).decide(late)
    assert found.act == Act("dispatch", "mill", (("b", "20"), ("a", "20")))
    # as planned: wait 90 min for a, 30 + 60 on it, 10 + 30 on b = 220; b first: 40, then a from 90 on until 180
    assert found.worth == pytest.approx(2.0 * (220 - 180))
    assert "a is not there yet: mill is done 40 min sooner if it takes b first" in found.why
    (unpriced,) = lists(PLAN, hour=lambda _machine: Worth(why="nobody knows")).decide(late)
    assert (unpriced.worth, unpriced.facts["unpriced"]) == (None, "nobody knows")
    given = {"mill": [("b", "20"), ("a", "20")]}
    assert not lists(PLAN, hour=hour, given=lambda: given).decide(late), "people have that list already"
    assert not lists(PLAN, hour=hour).decide(picture(*late.lots, state="down"))


def test_what_is_as_planned_and_what_wins_little_is_not_spoken_of() -> None:
    here = picture(lot("a", "A", 1, "queue"), lot("b", "B", 0, "queue"))
    assert not lists(PLAN).decide(here)
    assert not lists({}).decide(picture(lot("b", "B", 0, "queue")))
    soon = picture(lot("a", "A", 0, "machine", since=NOW - 89 * MINUTE), lot("b", "B", 0, "queue"))
    near = {**PLAN, "saw": [Planned("a", "10", NOW + MINUTE)]}
    assert not lists(near).decide(soon)


def test_lateness_is_bought_only_at_its_price() -> None:
    # b first makes a end at 180 as before, but c, due at 100, would wait: here c is the one that is missing
    plan = {"saw": [Planned("c", "10", NOW + 5 * MINUTE)],
            "mill": [Planned("c", "20", NOW + 95 * MINUTE), Planned("b", "20", NOW + 200 * MINUTE)]}  # fmt: skip
    lots = picture(
        lot("c", "A", 0, "machine", since=NOW - 10 * MINUTE, due=NOW + 115 * MINUTE), lot("b", "B", 0, "queue")
    )
    hour = lambda _machine: Worth(120.0)  # noqa: E731 - a price
    (found,) = lists(plan, hour=hour, late_hour=1.0).decide(lots)
    assert found.act.value[0] == ("b", "20")
    assert not lists(plan, hour=hour, late_hour=10_000.0).decide(lots)
    assert not lists(plan, hour=hour).decide(lots)


def test_a_list_that_wins_by_lateness_alone_does_not_say_that_it_ends_sooner() -> None:
    # a first: from 60 until 120 without a setup, b until 160; b first: until 40, a from 60 until 180 with its setup
    plan = {"saw": [Planned("a", "10", NOW + 60 * MINUTE)],
            "mill": [Planned("a", "20", NOW + 120 * MINUTE), Planned("b", "20", NOW + 160 * MINUTE)]}  # fmt: skip
    here = (lot("a", "A", 0, "machine", since=NOW), lot("b", "B", 0, "queue", due=NOW + 45 * MINUTE))
    hour = lambda _machine: Worth(60.0)  # noqa: E731 - a price
    routes = {**ROUTES, "A": [ROUTES["A"][0], replace(ROUTES["A"][1], change=60.0)]}
    lever = Relisting(routes, lambda: plan, hour=hour, late_hour=600.0)
    (found,) = lever.decide(picture(*here, setup="A:20"))
    assert found.worth == pytest.approx(-20 * 1.0 + 115 * 10.0)
    assert found.why == "a is not there yet: with b first at mill orders are 115 min less late in all"


def test_what_nobody_planned_goes_where_it_saves_setting_up() -> None:
    both = picture(lot("x", "A", 1, "queue", since=NOW - 3 * HOUR), lot("y", "B", 0, "queue"),
                   lot("z", "A", 1, "queue"), setup="A:20")  # fmt: skip
    (found,) = lists({}, hour=lambda _machine: Worth(60.0)).decide(both)
    assert [order for order, _ in found.act.value] == ["x", "z", "y"]
    assert found.worth == pytest.approx(30.0), "one setup of thirty minutes less"
    assert "in no plan" in found.why


def test_an_operation_ends_however_long_it_took_and_an_open_order_keeps_its_old_steps(
    make: Callable[..., Books],
) -> None:
    books = make(routing="item,operation,unit,ideal_cycle_s,setup_s\nshaft,10,lathe,60,600\nshaft,20,lathe,60,600\n",
                 orders="id,item,quantity,release,due,priority\nO-1,shaft,10,,,\nO-2,shaft,10,,,\n")  # fmt: skip
    moment = now()

    def put(begun: int, order: str, operation: str, end: int | None) -> None:
        books.put("operation", time=[begun], subject=["p/lathe"], order=[order], operation=[operation], item=["shaft"],
                  end=[end])  # fmt: skip

    def stands(seeing: Seeing, at: int) -> dict[str, tuple[str, int]]:
        seeing.heard(at)
        return {one.order: (one.place, one.step) for one in seeing.look(at).lots}

    put(moment - 40 * DAY, "O-2", "10", moment - 40 * DAY + HOUR)
    put(moment - 2 * HOUR, "O-1", "10", None)
    running = Seeing(books.ledger, books.plant)
    assert stands(running, moment) == {"O-1": ("machine", 0), "O-2": ("queue", 1)}
    put(moment, "O-2", "20", None)
    assert stands(running, moment + SECOND)["O-2"] == ("machine", 1)
    put(moment - 2 * HOUR, "O-1", "10", moment - HOUR)
    for seeing in (running, Seeing(books.ledger, books.plant)):
        assert stands(seeing, moment + MINUTE) == {"O-1": ("queue", 1), "O-2": ("machine", 1)}
    books.put("state", time=[moment], subject=["p/lathe"], state=["running"], mapping=["generic@1"], quality=[0])
    running.heard(moment + MINUTE)
    lathe = running.look(moment + MINUTE).machines["p/lathe"]
    assert (lathe.order, lathe.operation, lathe.setup) == ("O-2", "20", "shaft:20"), "what came late is not the newest"


# ---- standby by the tariff


def test_a_lever_is_asked_when_the_tariff_turns(make: Callable[..., Books]) -> None:
    books = make()
    own, electricity = tariff("cn-example"), Electricity(books.plant, books.folder)
    from zoneinfo import ZoneInfo

    from luban.core.time import to_datetime

    def band(moment: int) -> str:
        return own.band(to_datetime(moment).astimezone(ZoneInfo(own.zone)))

    moment = now()
    for _ in range(12):
        following = electricity.next(moment)
        steps = range(moment // MINUTE + 1, following // MINUTE)
        assert all(band(at * MINUTE) == band(moment) for at in steps)
        assert band(following) != band(moment)
        assert electricity.price(following) == float(own.prices[band(following)])
        moment = following
    asked = _moment(books.plant, LeverRule("energy"), books.folder)
    assert asked is not None
    assert asked(moment) == electricity.next(moment)
    hourly = _moment(books.plant, LeverRule("energy", every=HOUR), books.folder)
    assert hourly is not None
    assert hourly(NOW + 1) == NOW + HOUR
    assert _moment(replace(books.plant, energy=EnergyRule()), LeverRule("energy"), books.folder) is None


def test_standby_is_worth_what_idle_times_of_the_last_week_would_have_saved() -> None:
    price = {10: 0.5, 11: 0.7, 12: 0.9, 20: 1.5, 21: 1.2, 23: 1.4, 0: 0.3, 1: 0.2, 2: 0.6}
    rules = StandbyRules({"m": Resting(2.5, 0.5, 6.0, 8.5)}, least=5.0, price=lambda at: price[at // HOUR % 24])
    begin = NOW - 2 * DAY
    told = [(0, "running"), (10, "idle"), (12, "running"), (20, "waiting"), (21, "running"),
            (23, "idle"), (26, "running"), (30, "running")]  # fmt: skip
    rules.hear([Heard(begin + at * HOUR, "m", "state", word) for at, word in told])
    (one,) = rules.decide(Seen(NOW, {}))
    wait = max(5.0, 6 * 8.0 / 2.0)  # waking takes 6 min at 8 kW more: worth 24 min of waiting
    assert one.act == Act("rule", "standby m", wait)
    waking = 0.1 * 8.0
    saved = 0.0
    for start, end in ((10, 12), (20, 21), (23, 26)):  # minute by minute, at the price of its hour
        minutes = range(start * 60 + int(wait), end * 60)
        saved += sum(2.0 / 60 * price[at // 60 % 24] for at in minutes) - waking * price[end % 24]
    assert one.worth == pytest.approx(saved / 2)
    fresh = StandbyRules({"m": Resting(2.5, 0.5)}, price=lambda _at: 1.0)
    assert fresh.decide(Seen(NOW, {}))[0].facts["unpriced"] == "m was watched for less than a day"
    assert StandbyRules({"m": Resting(2.5, 0.5)}).decide(Seen(NOW, {})), "without prices it is said once"


# ---- sizes


def measured_lots(books: Books, end: int, bias: float, lots: int = 45, offset: float | None = 0.0) -> None:
    """Lots of five measured pieces as a plant books them: setup, run, readings, counts."""
    chance = np.random.default_rng(5)
    begin = end - lots * 4 * HOUR
    for number in range(lots):
        at = begin + number * 4 * HOUR
        off = bias + chance.normal(0, 2.0)
        times = [at + (20 + 20 * piece) * MINUTE for piece in range(5)]
        words = ["changeover", "running", "idle"] if number < lots - 1 else ["changeover", "running"]
        books.put("state", time=[at, at + 10 * MINUTE, at + 2 * HOUR][: len(words)], subject=["p/lathe"] * len(words),
                  state=words, mapping=["generic@1"] * len(words), quality=[0] * len(words))  # fmt: skip
        books.put("operation", time=[at], subject=["p/lathe"], order=[f"O-{number}"], operation=["10"], item=["shaft"])
        books.put("measurement", time=times, subject=["shaft:size"] * 5, unit=["p/lathe"] * 5, quality=[0] * 5,
                  value=(off + chance.normal(0, 1.5, 5)).tolist())  # fmt: skip
        books.put("count", time=times, subject=["p/lathe"] * 5, good=[4.0] * 5, scrap=[0.0] * 5, rework=[0.0] * 5,
                  quality=[0] * 5)  # fmt: skip
    if offset is not None:
        books.put("signal", time=[begin], subject=["p/lathe:offset"], value=[offset], quality=[0])


def test_the_offset_before_the_first_change_of_the_last_month_is_known(make: Callable[..., Books]) -> None:
    books = make()
    moment = now()
    for days, value in ((50, 3.0), (40, 12.0), (2, 7.0)):
        books.put("signal", time=[moment - days * DAY], subject=["p/lathe:offset"], value=[value], quality=[0])
    names = books.decider(LeverRule("quality")).concerns
    told = Seeing(books.ledger, books.plant).heard(moment, names, past=True)
    assert [(one.time, one.value) for one in told if one.name == "offset"] == [
        (moment - 40 * DAY, 12.0), (moment - 2 * DAY, 7.0),
    ]  # fmt: skip


@pytest.mark.parametrize("told", [31 * DAY, None])
def test_an_offset_told_long_ago_still_holds_and_without_one_none_is_proposed(
    make: Callable[..., Books], told: int | None
) -> None:
    books = make()
    moment = now()
    measured_lots(books, moment + 2 * HOUR, 20.0, offset=None)
    if told is not None:
        books.put("signal", time=[moment - told], subject=["p/lathe:offset"], value=[12.0], quality=[0])
    lever = books.decider(LeverRule("quality", "automatic"))
    seeing = Seeing(books.ledger, books.plant)
    lever.hear(seeing.heard(moment, lever.concerns, past=True))
    made = [one for one in lever.decide(seeing.look(moment)) if one.act.kind == "set"]
    assert lever.governs("p/lathe:offset")
    newest = books.ledger.table("measurement", since=moment - 2 * HOUR)["value"].to_pylist()
    values = [one.act.value for one in made]
    assert values == ([] if told is None else [pytest.approx(12.0 - np.mean(newest), abs=1.5)])


def test_sizes_are_held_from_what_the_books_tell_and_a_restart_knows_the_same(make: Callable[..., Books]) -> None:
    books = make()
    moment = now()
    measured_lots(books, moment + 2 * HOUR, 20.0)
    found = []
    for _ in range(2):  # a second process reads the same past
        lever = books.decider(LeverRule("quality", "automatic", settings={"reading": 0.5}))
        assert isinstance(lever, Quality)
        assert not lever.governs("p/lathe:offset"), "run-to-run goes on until enough is known"
        seeing = Seeing(books.ledger, books.plant)
        lever.hear(seeing.heard(moment, lever.concerns, past=True))
        made = lever.decide(seeing.look(moment))
        assert lever.governs("p/lathe:offset")
        found.append([one for one in made if one.act.kind == "set"])
        assert [one.act.target for one in made if one.act.kind == "rule"] == ["correct p", "sampling p"]
    (first,), (again,) = found
    assert first == again
    assert first.act.target == "p/lathe:offset"
    newest = books.ledger.table("measurement", since=moment - 2 * HOUR)["value"].to_pylist()
    assert first.act.value == pytest.approx(-np.mean(newest), abs=1.5), "what the lot in work shows"
    assert first.worth is not None
    assert first.worth > 0
    # a piece costs what it costs: by the books 31.5, and at twice the price twice the worth
    worth = []
    for settings in ({}, {"piece": 31.5}, {"piece": 63.0}):
        lever = books.decider(LeverRule("quality", "automatic", settings=settings))
        seeing = Seeing(books.ledger, books.plant)
        lever.hear(seeing.heard(moment, lever.concerns, past=True))
        worth += [one.worth for one in lever.decide(seeing.look(moment)) if one.act.kind == "set"]
    assert worth == pytest.approx([worth[0], worth[0], 2 * worth[0]])


@pytest.mark.parametrize("event", [("state", "setup"), ("tool_number", 7)])
def test_a_restart_knows_the_setup_and_the_edge_that_no_reading_followed_yet(
    make: Callable[..., Books], event: tuple[str, object]
) -> None:
    books = make()
    moment = now()
    measured_lots(books, moment, 20.0)
    told = Seeing(books.ledger, books.plant).heard(moment, books.decider(LeverRule("quality")).concerns, past=True)
    last = [Heard(moment - HOUR, "p/lathe", *event), Heard(moment - HOUR // 2, "p/lathe", "state", "running")]
    known = []
    for parts in ([*told, *last],), (told, last):  # all is heard at once after a restart; or as it happened
        lever = books.decider(LeverRule("quality", "automatic"))
        for part in parts:
            lever.hear(part)
            lever.decide(Seeing(books.ledger, books.plant).look(moment))
        control = lever._own["p/lathe"].control
        control.pass_to(moment)
        known.append(control.known)
    restarted, went_on = known
    assert restarted.mean == pytest.approx(went_on.mean)
    assert restarted.spread == pytest.approx(went_on.spread)


def test_an_offset_stays_over_a_setup_and_late_facts_do_no_harm(make: Callable[..., Books]) -> None:
    books = make()
    lever = books.decider(LeverRule("quality", settings={"piece": 10.0}))
    told = [(0, "state", "running"), (5, "offset", -7.0), (6, "state", "setup"), (3, "reading", 1.0)]
    lever.hear([Heard(NOW + at * SECOND, "p/lathe", name, value) for at, name, value in told])
    assert lever._own["p/lathe"].control.offset == -7.0


@pytest.mark.parametrize(("nominal", "target", "half"), [("5", 5.0, 20.0), ("", 0.0, 25.0), ("25", 0.0, 25.0)])
def test_a_size_is_held_on_its_nominal_and_judged_by_the_nearer_limit(
    make: Callable[..., Books], nominal: str, target: float, half: float
) -> None:
    books = make(characteristics=f"item,name,unit,nominal,lower,upper\nshaft,size,µm,{nominal},-25,25\n")
    lever = books.decider(LeverRule("quality", settings={"piece": 10.0}))
    gauged = lever._own["p/lathe"].what
    assert (gauged.targets, gauged.half) == ({"shaft:size": target}, {"shaft:size": half})


@pytest.mark.parametrize(
    ("tables", "missing"),
    [
        ({"prices": "kind,of,price,per,lot,state,basis,start,currency\n"}, "no standard price"),
        ({"characteristics": "item,name,unit,nominal,lower,upper\nshaft,size,mm,0,-25,25\n"}, "both limits"),
        ({"routing": "item,operation,unit,ideal_cycle_s,setup_s\n"}, "both limits"),
        ({"bom": "parent,item,quantity\nshaft,bar,1\nbar,shaft,1\n"}, "goes into itself"),
    ],
)
def test_the_lever_of_sizes_says_what_it_lacks(
    make: Callable[..., Books], tables: Mapping[str, str], missing: str
) -> None:
    with pytest.raises(InputError, match=missing):
        make(**tables).decider(LeverRule("quality"))


def test_a_machine_that_the_setting_of_sizes_names_must_be_there_and_a_name_alone_is_one(
    make: Callable[..., Books],
) -> None:
    books = make(characteristics="item,name,unit,nominal,lower,upper\nshaft,size,µm,0,-25,25\nshaft,z,µm,0,-9,9\n")

    def sizes(**named: str | list[str]) -> list[str]:
        lever = books.decider(LeverRule("quality", settings={"piece": 10.0, "sizes": named}))
        return list(lever._own["p/lathe"].what.targets)

    with pytest.raises(InputError, match="no such machine") as wrong:
        sizes(lahte=["size"])
    assert wrong.value.came == "lahte"
    assert sizes() == ["shaft:size", "shaft:z"]
    assert sizes(lathe="size") == sizes(lathe=["size"]) == ["shaft:size"]


def test_the_lever_of_lists_says_what_it_lacks(make: Callable[..., Books]) -> None:
    with pytest.raises(InputError, match=r"needs routing.csv and orders.csv"):
        make(orders="id,item,quantity,release,due,priority\n").decider(LeverRule("dispatch"))


async def test_the_running_plant_holds_a_size_over_a_real_wire(make: Callable[..., Books], tmp_path: Path) -> None:
    books = make()
    port = free_port()
    text = PLANT.replace("127.0.0.1:1", f"127.0.0.1:{port}").replace(
        'type = "modbus"', 'type = "modbus"\ninterval = "50ms"'
    )
    (tmp_path / "plant.toml").write_text(text + '\n[[lever]]\nid = "quality"\nmode = "automatic"\n', "utf-8")
    measured_lots(books, now() + 2 * HOUR, 20.0)
    off = float(np.mean(books.ledger.table("measurement", since=now() - 2 * HOUR)["value"].to_pylist()))
    books.ledger.close()
    books.writer.close()
    device = ModbusDevice([], writable={OFFSET: None}, port=port)
    async with device, PlantLoop(tmp_path) as loop:
        for _ in range(100):
            await asyncio.sleep(0.1)
            if abs(float(device.get(OFFSET) or 0.0)) > 1:  # type: ignore[arg-type]
                break
        for _ in range(50):
            await asyncio.sleep(0.1)
            assert loop.running is not None
            made = [one for one in loop.running.turns.decisions.values() if one.act.kind == "set"]
            if made and made[-1].stage is Stage.DONE:
                break
    assert float(device.get(OFFSET) or 0.0) == pytest.approx(-off, abs=1.5)  # type: ignore[arg-type]
    assert (made[-1].lever, made[-1].mode, made[-1].stage) == ("quality", "automatic", Stage.DONE)
    assert made[-1].worth is not None
