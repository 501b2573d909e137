"""Work orders of maintenance as stops: in the search of page, REST and command line, in Gantt, reasons and repairs."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from luban.core.time import HOUR, parse_time
from luban.decide.maintain import WorkOrder
from luban.decide.schedule.check import find_faults
from luban.decide.schedule.problem import MAINTENANCE
from luban.decide.schedule.schedule import Schedule
from luban.ledger import LedgerWriter, MasterData
from luban.loop.places import places
from luban.loop.plans import Plans, read_problem
from luban.plant import load
from luban.screens.i18n import words
from luban.screens.service import PlantView
from luban.screens.service.schedule import Desk
from luban.screens.service.schedule_repair import mended
from luban.screens.service.schedule_runs import Searches
from luban.screens.service.schedule_stops import Taken, changed_stops, plan_problem, standing
from luban.screens.service.schedule_work import work
from luban.screens.web.schedule_texts import stops_said
from luban.understand.book import row
from tests.screens import schedule_shop
from tests.screens.schedule_shop import START, ZONE

LATHE, OTHER = "jinan/turning/lathe01", "jinan/turning/lathe02"
FIXED = WorkOrder("WO-0001", LATHE, "spindle service", state="released", start=START + 2 * HOUR, minutes=120)
PLACED = WorkOrder("WO-0002", OTHER, "grease", start=START + 26 * HOUR, minutes=30)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = schedule_shop.write(tmp_path / "plant")
    LedgerWriter(places(made).ledger).close()
    return made


def take(folder: Path, *orders: WorkOrder, at: int = START) -> tuple[Taken, dict[str, str]]:
    found = plan_problem(folder, orders, at=at)
    return found, {stop.order: stop.how for stop in found.stops}


def spans(found: Taken, name: str) -> list[tuple[int, int]]:
    """(fixed start, length) of the jobs of a stop [min]."""
    p = found.problem
    jobs = [at for at, job in enumerate(p.jobs) if job.startswith(f"{name} ") and p.job_kind[at] == MAINTENANCE]
    return [(int(p.fixed_start[at]), p.modes(at)[0][1]) for at in (int(p.job_first[job]) for job in jobs)]


def keep(folder: Path, *orders: WorkOrder) -> None:
    """Write them into the books."""
    with LedgerWriter(places(folder).ledger) as writer:
        for one in orders:
            data = {"machine": one.machine, "task": one.task, "start": one.start, "minutes": one.minutes}
            steps = [("plan", data), *([("release", {})] if one.state == "released" else [])]
            for code, more in steps:
                told = row("workorder", one.id, code, person="li", data=more, time=START - HOUR)
                writer.append("event", told, source="screens")


def test_each_state_is_taken_as_it_stands(folder: Path) -> None:
    begun = replace(FIXED, id="WO-0003", machine=OTHER, state="running", begun=START - HOUR, start=None, minutes=90)
    over = [replace(FIXED, id=f"WO-001{n}", state=state) for n, state in enumerate(("done", "closed", "cancelled"))]
    timeless = replace(PLACED, id="WO-0005", start=None)
    found, how = take(folder, FIXED, PLACED, begun, timeless, *over)
    assert how == {"WO-0001": "fixed", "WO-0002": "placed", "WO-0003": "running"}
    assert spans(found, "WO-0001") == [(120, 120)]
    assert spans(found, "WO-0003") == [(0, 30)], "an hour of it is over"
    at = next(at for at, job in enumerate(found.problem.jobs) if job.startswith("WO-0002 "))
    assert found.problem.release[at] == 26 * 60
    assert found.problem.deadline[at] == (26 + 7 * 24) * 60


def test_what_should_have_begun_is_still_to_be_done(folder: Path) -> None:
    at = START + 5 * HOUR
    late = replace(FIXED, minutes=60)
    slow = replace(PLACED, state="running", begun=START, minutes=120)  # five hours, two were planned
    found, how = take(folder, late, slow, at=at)
    assert how == {"WO-0001": "overdue", "WO-0002": "overrun"}
    (stop,) = (job for job, name in enumerate(found.problem.jobs) if name.startswith("WO-0001 "))
    assert found.problem.release[stop] == 5 * 60
    ((begin, length),) = spans(found, "WO-0002")
    assert begin == 0
    assert length == 5 * 60 + 30, "to half an hour from now"


def test_a_work_order_never_keeps_a_plant_from_a_plan(folder: Path) -> None:
    clash = replace(FIXED, id="WO-0002", start=FIXED.start + HOUR, minutes=60)  # type: ignore[operator]
    endless = replace(PLACED, id="WO-0003", machine=LATHE, minutes=60 * 24 * 8)
    gone = replace(PLACED, id="WO-0004", machine="jinan/turning/lathe77")
    far = replace(PLACED, id="WO-0005", start=START + 24 * HOUR * 2000)
    found, how = take(folder, clash, FIXED, endless, gone, far)
    assert how == {
        "WO-0001": "fixed", "WO-0002": "freed", "WO-0003": "freed", "WO-0004": "machine", "WO-0005": "beyond",
    }  # fmt: skip
    assert spans(found, "WO-0001") == [(120, 120)]
    toml = folder / "schedule.toml"
    toml.write_text(toml.read_text("utf-8") + '[[machine]]\nid = "turning"\ninterrupts = false\n', "utf-8")
    found, how = take(folder, FIXED, endless)
    assert how == {"WO-0001": "fixed", "WO-0003": "impossible"}
    assert "longest opening" in found.stops[1].why
    block = f'[[maintenance]]\nmachine = "turning/lathe01"\nid = "{FIXED.id} {FIXED.task}"\ntime = "2 h"\n'
    toml.write_text(toml.read_text("utf-8") + block, "utf-8")
    assert take(folder, FIXED)[1] == {"WO-0001": "given"}


def test_a_search_keeps_them_free_and_the_plan_says_so(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("luban.screens.service.schedule_stops.now", lambda: START)
    keep(folder, FIXED, PLACED)
    desk = Desk(PlantView(folder))
    job = {"folder": str(folder), "objective": "tardiness > setup_time", "seconds": 0.5, "seed": 0, "workers": 1}
    made = work(job, lambda _told: None, threading.Event())["result"]
    problem = read_problem(desk.plans.problems, made["problem"])
    plan = Schedule(problem, **{name: np.array(own) for name, own in made["columns"].items()})
    assert find_faults(plan) == ()
    id_ = desk.plans.make(plan, made["told"], who="li").id
    first, second = desk.told(id_)["stops"]
    assert (first["order"], first["begin"], first["end"]) == ("WO-0001", 120, 240)
    assert 26 * 60 <= second["begin"] < (26 + 7 * 24) * 60
    row_ = problem.machines.index(LATHE)
    others = (plan.machine == row_) & ~np.isin(problem.job_of, [problem.jobs.index(f"WO-0001 spindle service {LATHE}")])
    assert not (others & (plan.start < 240) & (plan.end > 120)).any()
    chart = desk.chart(id_)
    assert {job["stop"] for job in chart["jobs"] if job["kind"] == 1} == {"WO-0001 spindle service", "WO-0002 grease"}
    said = " ".join(link["text"] for order in problem.jobs if order.startswith("PO-")
                    for link in desk.why(id_, order)["links"])  # fmt: skip
    assert "WO-0001 spindle service" in said
    assert "WO-0001 spindle service, lathe01 120 – 240 (已下达" in stops_said(words("zh"), [first], str)
    assert desk.told(id_)["stale"] is None
    plain = work({**job, "stops": False}, lambda _told: None, threading.Event())["result"]
    assert plain["told"]["stops"] is None
    assert not (read_problem(desk.plans.problems, plain["problem"]).job_kind == MAINTENANCE).any()

    # a repair goes on with them, and a plan from it knows them
    down = {"kind": "breakdown", "machine": "jinan/milling/mill02", "start": 60, "end": 400, "resume": True}
    told = mended(desk.plans.get(id_), [down], 60, rounds=5)
    assert all(own["columns"]["start"][_at(problem, "WO-0001")] == 120 for own in told["options"])
    told = desk.repair(id_, [down], version=0, now=60, seconds=0.2)
    after = desk.take_repair(id_, told["id"], 0, who="li")
    assert desk.told(after)["stops"][0]["begin"] == 120

    # the books go on: a plan that does not know it says so
    keep(folder, replace(PLACED, id="WO-0003"))
    assert desk.told(id_)["stale"] == {"new": [], "gone": [], "stops": ["WO-0003"]}

    # what is locked in a plan does not hold a work order that was moved since
    desk.lock(id_, _at(problem, "WO-0002"), version=0, who="li")
    with LedgerWriter(places(folder).ledger) as writer:
        moved = {"start": parse_time("2026-01-07T09:00", ZONE), "minutes": 30}
        for code, data in (("move", moved), ("release", {})):
            writer.append(
                "event", row("workorder", "WO-0002", code, person="li", data=data, time=START), source="screens"
            )
    again = work({**job, "locks_of": id_}, lambda _told: None, threading.Event())["result"]
    columns = {name: np.array(own) for name, own in again["columns"].items()}
    last = Schedule(read_problem(desk.plans.problems, again["problem"]), **columns)
    begins = {own["order"]: own["begin"] for own in standing(last, again["told"]["stops"])}
    assert begins["WO-0002"] == (2 * 24 + 3) * 60


def _at(problem: object, order: str) -> int:
    return next(at for at, name in enumerate(problem.operations) if name.startswith(order))  # type: ignore[attr-defined]


def test_a_plan_is_old_where_orders_are_new_moved_or_cancelled() -> None:
    stops = [{"order": one.id, "machine": one.machine, "start": one.start, "minutes": one.minutes}
             for one in (FIXED, PLACED)]  # fmt: skip
    assert changed_stops(stops, [FIXED, replace(PLACED, state="released")]) == []
    assert changed_stops(stops, [replace(FIXED, state="running", begun=START), replace(PLACED, state="closed")]) == []
    assert changed_stops(stops, [replace(FIXED, minutes=60), replace(PLACED, state="cancelled")]) == [
        "WO-0001",
        "WO-0002",
    ]
    assert changed_stops(stops[:1], [FIXED, PLACED]) == ["WO-0002"]


def test_the_command_takes_them_or_leaves_them_out(
    folder: Path, monkeypatch: pytest.MonkeyPatch, run_cli: Callable[..., tuple[int, str, str]]
) -> None:
    monkeypatch.setattr("luban.screens.service.schedule_stops.now", lambda: START)
    keep(folder, FIXED, replace(PLACED, machine="jinan/turning/lathe77"))
    code, out, _ = run_cli("schedule", str(folder), "--time", "0.5", "--json", "--workers", "1")
    assert code == 0
    told = json.loads(out)
    assert [(own["order"], own["begin"], own["how"]) for own in told["stops"]] == [
        ("WO-0001", 120, "fixed"), ("WO-0002", None, "machine"),
    ]  # fmt: skip
    assert any(own["operation"].startswith("WO-0001 ") for own in told["operations"])
    code, _, err = run_cli("schedule", str(folder), "--time", "0.2", "--workers", "1")
    assert "WO-0001 spindle service" in err
    assert "left out of the plan: WO-0002 grease" in err
    code, out, _ = run_cli("schedule", str(folder), "--time", "0.2", "--json", "--workers", "1", "--no-stops")
    assert not any(own["operation"].startswith("WO-") for own in json.loads(out)["operations"])


def test_a_folder_without_books_has_no_stops(tmp_path: Path) -> None:
    made = schedule_shop.write(tmp_path / "plant")
    assert plan_problem(made).stops == ()
    assert not places(made).ledger.exists(), "looking makes no books"
    assert load(made).orders


def test_a_folder_with_nothing_but_people_has_no_stops(tmp_path: Path) -> None:
    made = schedule_shop.write(tmp_path / "plant")
    MasterData(places(made).ledger).close()  # as a first user or grant leaves it, before the plant ever ran
    assert plan_problem(made, at=START).stops == ()


@pytest.mark.parametrize("stops", [True, False])
def test_page_and_rest_hand_on_whether_they_are_wanted(folder: Path, stops: bool) -> None:
    heard: list[dict[str, Any]] = []

    async def ask() -> None:
        searches = Searches(Plans(folder), str(folder))
        searches._worker.run = lambda job, *_rest: heard.append(job)  # type: ignore[method-assign,assignment,func-returns-value,return-value]
        searches.begin("li", "makespan", stops=stops)
        await searches.end()

    asyncio.run(ask())
    assert [job["stops"] for job in heard] == [stops]
