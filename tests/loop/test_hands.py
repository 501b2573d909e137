"""What decides and carries out on a plant with books: a plan mended after a breakdown, work orders, the way back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from luban.act.engine import Actor
from luban.core.errors import InputError
from luban.core.time import HOUR, MINUTE, now
from luban.decide.maintain import due_tasks, work_orders
from luban.decide.schedule.build import Builder
from luban.decide.schedule.check import find_faults
from luban.decide.schedule.events import Breakdown, happen
from luban.decide.schedule.problem import NONE
from luban.decide.schedule.schedule import Schedule
from luban.ledger import Ledger, LedgerWriter
from luban.loop.deciding.due import DueMaintenance
from luban.loop.deciding.floor import Act, Heard, MachineSeen, Proposal, Seen
from luban.loop.deciding.record import Decision, Stage
from luban.loop.deciding.repairing import RepairPlan, Working, _late, _waiting
from luban.loop.hands import PlantHands, published
from luban.loop.levers import decider_of
from luban.loop.places import places
from luban.loop.seeing import Seeing, normal_word
from luban.loop.words import SILENT
from luban.plant import LeverRule, Plant, load
from luban.understand.book import entries

PLANT = """
[plant]
id = "p"
name = "P"
time_zone = "Asia/Shanghai"

[[equipment]]
path = "a"
name = "A"

[[equipment]]
path = "b"
name = "B"

[[source]]
id = "cell"
type = "mqtt"
url = "mqtt://127.0.0.1:1"

[[signal]]
id = "a:vibration"
source = "cell"
address = "a/vibration#value"
unit = "mm/s"
"""
TABLES = {
    "items.csv": "id,name,unit\nshaft,Shaft,piece\n",
    "routing.csv": "item,operation,unit,ideal_cycle_s,setup_s\nshaft,10,a,60,0\nshaft,20,b,60,0\n",
    "orders.csv": "id,item,quantity,release,due,priority\nO-1,shaft,10,,,\nO-2,shaft,10,,,\nO-3,shaft,5,,,\n",
    "maintenance.csv": (
        "asset,task,part,policy,interval,clock,duration,skill,people,parts,checklist,planned_cost,failure_cost,"
        "failure_duration,hour_cost\na,grease,,calendar,1d,,30min,,,,,,,,150\na,oil,,calendar,9d,,30min,,,,,,,,\n"
    ),
}


@dataclass
class Shop:
    """A plant with books, a writer of them, and hands."""

    folder: Path
    plant: Plant
    ledger: Ledger
    writer: LedgerWriter
    hands: PlantHands

    def put(self, stream: str, **columns: Any) -> None:
        self.writer.append(stream, {name: [value] for name, value in columns.items()}, source="cell")

    def state(self, unit: str, word: str, at: int) -> None:
        self.put("state", time=at, subject=f"p/{unit}", state=word, mapping="generic@1", quality=0)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    (tmp_path / "plant.toml").write_text(PLANT, "utf-8")
    for name, text in TABLES.items():
        (tmp_path / name).write_text(text, "utf-8")
    with LedgerWriter(places(tmp_path).ledger) as writer:
        plant, ledger = load(tmp_path), Ledger(places(tmp_path).ledger)

        def note(rows: Mapping[str, list[Any]]) -> int:
            return writer.append("event", rows, source="act").first_seq

        actor = Actor({}, None, note)  # type: ignore[arg-type] - nothing is moved
        yield Shop(tmp_path, plant, ledger, writer, PlantHands(plant, ledger, tmp_path, actor, note))
        ledger.close()


def decision(proposal: Proposal, **given: Any) -> Decision:
    at = now()
    return Decision("D-1", proposal.lever, proposal.author, proposal.act, proposal.why, at, at + HOUR,
                    facts=proposal.facts, stage=Stage.TAKEN, **given)  # fmt: skip


def two_machines(begin: int) -> Schedule:
    """Three orders on a machine, each of which another one could do as well."""
    site = Builder("p", begin, MINUTE)
    site.machine("p/a")
    site.machine("p/b")
    for order in ("O-1", "O-2", "O-3"):
        site.job(order, due=240)
        site.operation(order, {"p/a": 60, "p/b": 60}, name=f"{order}/10")
    start = np.array([0, 60, 120], np.int64)
    return Schedule(site.problem(), np.zeros(3, np.int64), start, start + 60, start, start, np.full(3, NONE))


async def test_a_breakdown_is_answered_by_a_plan_that_people_take_and_take_back(shop: Shop) -> None:
    moment = now()
    begin = moment - 30 * MINUTE
    old = shop.hands.plans.make(two_machines(begin), {"objective": "tardiness"}, who="li")
    shop.hands.plans.publish(old, who="li")

    def working() -> Working:
        own = published(shop.hands.plans)
        assert own is not None
        return Working(own.id, own.n, own.schedule)

    lever = RepairPlan(working, rounds=20, late_hour=100.0, expected=8 * HOUR)
    down = MachineSeen("p/a", "p", "down", moment - 12 * MINUTE)
    lever.hear([Heard(moment - 12 * MINUTE, "p/a", "state", "down")])
    assert lever.decide(Seen(moment, {"p/a": MachineSeen("p/a", "p", "down", moment - 5 * MINUTE)})) == ()
    (asked,) = lever.decide(Seen(moment, {"p/a": down}))
    # by hand: what runs ends at 528 either way; the two others wait until 588 and 648, or go to the other machine
    assert asked.worth == pytest.approx(100.0 * (348 + 408) / 60)
    assert "2 of 2 operations move, 1 orders are late, 3 if nothing moves" in asked.why
    assert lever.decide(Seen(moment + MINUTE, {"p/a": down})) == (), "one answer to one breakdown"

    ready = shop.hands.prepare(asked)
    made = decision(ready)
    new = shop.hands.plans.get(ready.act.value["plan"])
    assert "columns" not in ready.act.value
    assert find_faults(new.schedule) == ()
    waits = new.schedule.machine[1:]
    assert (waits == 1).all(), "what had not begun goes to the machine that runs"
    assert (new.published, shop.hands.begun(made)) == (False, False)
    done = await shop.hands.carry(made)
    assert (done.stage, done.told["before"]) == (Stage.DONE, old.id)
    assert (await shop.hands.carry(made)).stage is Stage.DONE
    assert [own.id for own in shop.hands.plans.all() if own.published] == [new.id]
    later = decision(ready, told=done.told)
    assert shop.hands.undoable(later)
    await shop.hands.undo(later, "li", "the machine is back")
    assert [own.id for own in shop.hands.plans.all() if own.published] == [old.id]
    # a plan that somebody else has replaced meanwhile is left alone
    other = shop.hands.plans.make(two_machines(begin), {"objective": "tardiness"}, who="li")
    shop.hands.plans.publish(other, who="li")
    failed = await shop.hands.carry(made)
    assert (failed.stage, failed.reason) == (Stage.FAILED, "the plan has changed meanwhile")


def test_a_plan_that_nothing_can_mend_is_not_proposed_until_the_machine_stands_longer_than_thought(shop: Shop) -> None:
    begin = now() // MINUTE * MINUTE
    site = Builder("p", begin, MINUTE)
    site.machine("p/a")
    for order in ("O-1", "O-2"):
        site.job(order, due=60)
        site.operation(order, {"p/a": 60}, name=f"{order}/10")
    start = np.array([30, 90], np.int64)
    plan = Schedule(site.problem(), np.zeros(2, np.int64), start, start + 60, start, start, np.full(2, NONE))
    asked: list[int] = []

    def working() -> Working:
        asked.append(1)
        return Working("P1", 1, plan)

    for late_hour in (None, 100.0):
        lever = RepairPlan(working, rounds=5, late_hour=late_hour, expected=2 * HOUR)
        down = {"p/a": MachineSeen("p/a", "p", "down", begin - 20 * MINUTE)}
        assert lever.decide(Seen(begin, down)) == ()
        assert not lever.decide(Seen(begin + MINUTE, down))
        assert lever._answered == {("P1", "p/a", begin - 20 * MINUTE): 100}
    assert asked


def test_what_an_oven_takes_together_waits_together() -> None:
    site = Builder("site")
    site.machine("oven", batch=3)
    site.machine("mill")
    for order in ("a", "b", "c"):
        site.job(order, due=160)
        site.operation(order, {"oven": 100}, batch="hot", size=1)
    for order, machine in (("d", "mill"), ("e", "oven")):
        site.job(order, due=1000)
        site.operation(order, {machine: 40}, batch="hot" if machine == "oven" else "", size=1)
    machine = np.array([0, 0, 0, 1, 0])
    start, end = np.array([50, 50, 50, 10, 150]), np.array([150, 150, 150, 50, 190])
    plan = Schedule(site.problem(), machine, start, end, start, start, np.array([0, 0, 0, NONE, 1]))
    assert find_faults(plan) == ()
    for broken, ends, late in (("mill", [150, 150, 150, 70, 190], 0), ("oven", [180, 180, 180, 50, 220], 60)):
        until = 30 if broken == "mill" else 80
        waits = _waiting(happen(plan, [Breakdown(broken, 0, until)], 5), 5)
        assert waits is not None
        assert (waits.end.tolist(), int(_late(waits).sum())) == (ends, late)


def test_how_long_a_machine_stays_down_is_learned(shop: Shop) -> None:
    lever = RepairPlan(lambda: None)
    for at, word in ((0, "down"), (2, "running"), (10, "down"), (14, "idle"), (20, "down"), (23, "running")):
        lever.hear([Heard(at * HOUR, "p/a", "state", word)])
    plan = two_machines(24 * HOUR)
    events = lever._events(plan, {"p/a": 24 * HOUR}, 24 * HOUR)
    assert (events["p/a"].start, events["p/a"].end) == (0, 180), "the median of 2, 3 and 4 h"


async def test_due_maintenance_becomes_one_work_order_even_after_a_crash(shop: Shop) -> None:
    shop.state("a", "running", now() - 2 * 24 * HOUR)
    lever = DueMaintenance(lambda moment: due_tasks(shop.ledger, shop.plant, moment))
    grease, oil = lever.decide(Seen(now(), {}))
    assert [one.act.target for one in (grease, oil)] == ["p/a:grease", "p/a:oil"]
    assert grease.why == "grease is overdue"
    made = decision(grease, person="chen")
    first = await shop.hands.carry(made)
    again = await shop.hands.carry(made)  # a process that died before it wrote down what it did
    assert first.told == again.told
    (order,) = work_orders(shop.ledger).values()
    assert (order.id, order.machine, order.task, order.why) == (first.told["workorder"], "p/a", "grease", "calendar")
    (entry,) = entries(shop.ledger, "workorder")
    assert (entry.data["decision"], entry.person) == ("D-1", "chen")
    assert [one.act.target for one in lever.decide(Seen(now(), {}))] == ["p/a:oil"]
    await shop.hands.undo(decision(grease, told=first.told), "chen", "not now")
    assert work_orders(shop.ledger)[order.id].state == "cancelled"
    act = Act("maintain", "p/nothing:grease", None)
    lost = replace(decision(Proposal("maintenance", "luban test", act)), id="D-2")
    with pytest.raises(InputError, match="unknown machine"):
        await shop.hands.carry(lost)


def test_the_picture_is_what_the_books_show(shop: Shop) -> None:
    @dataclass
    class Up:
        last_alive: int | None

    moment = now()
    links = {"cell": Up(moment)}
    seeing = Seeing(shop.ledger, shop.plant, lambda: links)
    shop.state("a", "running", moment - HOUR)
    shop.state("a", "failure", moment - 20 * MINUTE)
    shop.state("a", "breakdown", moment - 10 * MINUTE)
    shop.put("signal", time=moment, subject="p/a:vibration", value=2.5, quality=0)
    shop.put("operation", time=moment - 2 * HOUR, subject="p/a", order="O-1", operation="10", end=moment - HOUR)
    shop.put("operation", time=moment - HOUR, subject="p/a", order="O-2", operation="10")
    told = seeing.heard(moment, frozenset({"vibration"}))
    assert [one.value for one in told] == ["running", "down", "down"]
    seen = seeing.look(moment)
    one = seen.machines["p/a"]
    assert (one.state, one.since, one.order) == ("down", moment - 20 * MINUTE, "O-2"), "down since it first was"
    assert one.signals == {"vibration": 2.5}
    assert seen.machines["p/b"].state == "unknown"
    assert [(lot.order, lot.place, lot.step) for lot in seen.lots] == [
        ("O-1", "queue", 1), ("O-2", "machine", 0), ("O-3", "pool", 0),
    ]  # fmt: skip
    assert seen.prices == {"hour p/a": 150.0}
    assert (seeing.heard(moment), seen.doubts) == ([], ())
    shop.put("signal", time=moment, subject="p/a:vibration", value=3.0, quality=0)
    assert [(own.name, own.value) for own in seeing.heard(moment, frozenset({"vibration"}))] == [("vibration", 3.0)]
    links["cell"] = Up(moment - HOUR)
    doubted = seeing.look(moment)
    assert doubted.machines["p/a"].state == "unknown"
    assert doubted.doubts == (SILENT.format(source="cell"),)


@pytest.mark.parametrize(("word", "normal"), [("running", "running"), ("changeover", "setup"), ("fault", "down"),
                                              ("starved", "waiting"), ("break", "planned_stop")])  # fmt: skip
def test_words_of_machines_become_normal_ones(word: str, normal: str) -> None:
    assert normal_word(word, "generic@1") == normal


def test_a_lever_says_what_it_lacks(shop: Shop) -> None:
    plans = shop.hands.plans
    assert decider_of(LeverRule("condition"), shop.plant, shop.ledger, plans).lever == "condition"
    for lever, missing, settings in (
        ("energy", "powers of machines", {}), ("energy", "unknown work unit", {"machines": {"z": {}}}),
        ("energy", "cannot be read", {"machines": {"a": {"watts": 3}}}), ("release", "release times", {}),
        ("magic", "no such lever", {}),
    ):  # fmt: skip
        with pytest.raises(InputError, match=missing):
            decider_of(LeverRule(lever, settings=settings), shop.plant, shop.ledger, plans)
