"""Plans of a plant: kept in sealed logs, moved, locked, undone, compared; what the Gantt and the load table show."""

import json
import threading
from pathlib import Path

import numpy as np
import pytest

from luban.core.errors import InputError, IntegrityError
from luban.decide.schedule.build import Builder
from luban.decide.schedule.check import find_faults
from luban.decide.schedule.schedule import Schedule
from luban.ledger import LedgerWriter
from luban.loop.places import places
from luban.loop.plans import COLUMNS, Plans, read_problem, write_problem
from luban.screens.service import PlantView
from luban.screens.service.schedule import Desk
from luban.screens.service.schedule_chart import critical, load
from luban.screens.users import Act
from tests.screens import schedule_shop


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = schedule_shop.write(tmp_path / "plant")
    LedgerWriter(places(made).ledger).close()
    schedule_shop.seed(made, schedule_shop.problem(), name="Week 2")
    return made


@pytest.fixture
def acts() -> list[Act]:
    return []


@pytest.fixture
def desk(folder: Path, acts: list[Act]) -> Desk:
    return Desk(PlantView(folder), acts.append)


def find(desk: Desk, name: str) -> int:
    return desk.plans.get("P0001").schedule.problem.operations.index(name)


def log_of(folder: Path) -> Path:
    return folder / ".luban" / "plans" / "P0001.jsonl"


def test_the_plan_of_these_tests_is_sound():
    for problem in (schedule_shop.problem(), schedule_shop.big(60, 8)):
        assert find_faults(schedule_shop.by_hand(problem)) == ()


def test_a_problem_keeps_what_it_says(tmp_path: Path):
    problem = schedule_shop.problem()
    seal = write_problem(tmp_path, problem)
    again = read_problem(tmp_path, seal)
    assert write_problem(tmp_path / "other", again) == seal
    assert again.operations == problem.operations
    assert (again.setup_time == problem.setup_time).all()
    with pytest.raises(IntegrityError):
        read_problem(tmp_path, "0" * 64)


def test_moves_locks_and_undo_are_lines_of_a_log(desk: Desk, folder: Path, acts: list[Act]):
    before = desk.plans.get("P0001").schedule
    operation = find(desk, "PO-104/10")
    told = desk.preview("P0001", operation, 1, int(before.start[operation]) + 300)
    assert desk.plans.get("P0001").n == 0, "a preview changes nothing"
    assert told["changes"][0][0] == operation or operation in [row[0] for row in told["changes"]]
    desk.take("P0001", operation, 1, int(before.start[operation]) + 300, version=0, who="li")
    moved = desk.plans.get("P0001").schedule
    assert moved.machine[operation] == 1
    assert find_faults(moved) == ()
    assert desk.lock("P0001", operation, version=1, who="wang") is True
    with pytest.raises(InputError, match="PO-104/10 is locked"):
        desk.preview("P0001", operation, 1, 2000)
    assert desk.step("P0001", "undo", who="li") == "PO-104/10"
    assert desk.step("P0001", "undo", who="li") == "PO-104/10 → jinan/turning/lathe02"
    back = desk.plans.get("P0001")
    assert all((getattr(back.schedule, name) == getattr(before, name)).all() for name in COLUMNS)
    assert (back.undo, back.redo, back.locked) == ((), (2, 1), frozenset())
    assert desk.step("P0001", "redo", who="li").startswith("PO-104/10 →")
    # another process reads the same from the file
    again = Plans(folder).get("P0001")
    assert [own.act for own in again.history] == ["made", "moved", "locked", "undone", "undone", "redone"]
    assert [own.who for own in again.history][1:4] == ["li", "wang", "li"]
    assert all((getattr(again.schedule, name) == getattr(moved, name)).all() for name in COLUMNS)
    assert [act.code for act in acts] == ["plan moved", "plan locked", "plan undone", "plan undone", "plan redone"]
    assert again.history[1].hash[:16] in acts[0].text, "the books hold the seal of the line"


def test_a_new_edit_ends_what_could_be_redone(desk: Desk):
    operation = find(desk, "PO-104/10")
    desk.lock("P0001", operation, version=0, who="li")
    desk.step("P0001", "undo", who="li")
    desk.lock("P0001", operation + 1, version=2, who="li")
    with pytest.raises(InputError, match="nothing to redo"):
        desk.step("P0001", "redo", who="li")


def test_who_acts_on_an_old_version_is_told(desk: Desk):
    operation = find(desk, "PO-104/10")
    desk.lock("P0001", operation, version=0, who="wang")
    with pytest.raises(InputError, match="changed meanwhile") as refused:
        desk.take("P0001", operation + 1, 2, 3000, version=0, who="li")
    assert refused.value.came == "locked by wang"


def test_two_at_once_make_one_change_each_or_are_told(desk: Desk):
    told: list[str] = []

    def lock(operation: int) -> None:
        try:
            desk.lock("P0001", operation, version=0, who="li")
            told.append("done")
        except InputError as error:
            told.append(error.message)

    threads = [threading.Thread(target=lock, args=(at,)) for at in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(set(told)) == ["done", "the plan has changed meanwhile"]
    assert told.count("done") == 1 == len(desk.plans.get("P0001").locked)


def test_a_changed_log_is_found_out(desk: Desk, folder: Path):
    desk.lock("P0001", 3, version=0, who="li")
    text = log_of(folder).read_text("utf-8")
    log_of(folder).write_text(text.replace('"who":"li"', '"who":"mo"', 1), "utf-8")
    with pytest.raises(IntegrityError, match="log of the plan was changed"):
        Plans(folder).get("P0001")


def test_a_torn_line_is_dropped(desk: Desk, folder: Path):
    desk.lock("P0001", 3, version=0, who="li")
    with log_of(folder).open("ab") as file:
        file.write(b'{"n":2,"at":1')
    plans = Plans(folder)
    assert plans.get("P0001").n == 1
    plans.step(plans.get("P0001"), "undone", who="li")
    assert [json.loads(line)["n"] for line in log_of(folder).read_text("utf-8").splitlines()] == [0, 1, 2]


def test_one_plan_is_published(desk: Desk, folder: Path):
    schedule_shop.seed(folder, schedule_shop.problem(), name="Other")
    desk.publish("P0001", who="li")
    desk.publish("P0002", who="li")
    assert [(own["id"], own["published"]) for own in desk.status()["plans"]] == [("P0002", True), ("P0001", False)]
    assert desk.status()["current"] == "P0002"
    assert [own["act"] for own in desk.told("P0001")["history"]] == ["made", "published", "withdrawn"]


def test_a_plan_older_than_the_orders_says_so(desk: Desk, folder: Path):
    assert desk.status()["plans"][0]["stale"] is None
    file = folder / "orders.csv"
    file.write_text(file.read_text("utf-8").replace("PO-101,", "PO-901,"), "utf-8")
    assert desk.status()["plans"][0]["stale"] == {"new": ["PO-901"], "gone": ["PO-101"], "stops": []}


def test_the_figures_follow_the_moves(desk: Desk):
    operation = find(desk, "PO-101/40")
    before = desk.status()["plans"][0]
    told = desk.take("P0001", operation, 5, 6000, version=0, who="li")
    after = desk.status()["plans"][0]
    assert before["value"] == before["found"] == after["found"]
    assert after["value"][0] > before["value"][0]
    assert told["orders"] == [{"order": "PO-101", "before": 0, "after": told["orders"][0]["after"]}]


def test_compare_names_what_differs(desk: Desk, folder: Path):
    schedule_shop.seed(folder, schedule_shop.problem(), name="Same")
    assert desk.compare("P0002", "P0001")["moved"] == 0
    operation = find(desk, "PO-114/30")
    desk.take("P0002", operation, 5, 6000, version=0, who="li")
    told = desk.compare("P0002", "P0001")
    # 6000 lies in the break: it begins after it
    assert [(own["operation"], own["start"][1]) for own in told["operations"]] == [("PO-114/30", 6030)]
    assert told["ghosts"][0][0] == operation
    changed = {own["figure"] for own in told["figures"] if own["before"] != own["after"]}
    assert "makespan" in changed


def test_why_says_it_with_the_names_of_the_machines(desk: Desk):
    told = desk.why("P0001", "PO-110")
    assert sum(told["totals"].values()) == told["end"] - told["begin"]
    said = " ".join(own["text"] for own in told["links"])
    assert "Lathe" in said
    assert "jinan/" not in said
    with pytest.raises(InputError):
        desk.why("P0001", "PO-999")


def test_the_critical_path_leads_without_a_gap_to_the_end():
    shop = Builder("line")
    for name in ("saw", "mill"):
        shop.machine(name)
    for name in ("A", "B"):
        shop.job(name)
        shop.operation(name, {"saw": 4})
        shop.operation(name, {"mill": 6})
    plan = Schedule.plain(shop.problem(), np.array([0, 1, 0, 1]), np.array([0, 4, 4, 10]))
    assert critical(plan) == [0, 1, 3]
    assert critical(plan, 2) == [0, 2]
    late = Schedule.plain(shop.problem(), np.array([0, 1, 0, 1]), np.array([0, 4, 4, 12]))
    assert critical(late) == [3], "it waits for nobody"


def test_load_is_worked_time_over_open_time(desk: Desk):
    plan = desk.plans.get("P0001")
    told = load(plan, desk.view.plant)
    s, p = plan.schedule, plan.schedule.problem
    for row in told["rows"]:
        at = p.machines.index(row["machine"])
        mine = s.machine == at
        # by hand: every shop day has 930 open minutes, Sunday none
        for bucket, share in zip(told["buckets"], row["load"], strict=True):
            ticks = np.arange(bucket["start"], bucket["end"])
            day = ticks // 1440
            minute = ticks % 1440
            is_open = (ticks >= 0) & (day % 7 != 6) & ((minute < 240) | ((minute >= 270) & (minute < 960)))
            busy = np.zeros(len(ticks), bool)
            for a, b in [
                *zip(s.start[mine], s.end[mine], strict=True),
                *zip(s.setup_start[mine], s.setup_end[mine], strict=True),
            ]:
                busy |= (ticks >= a) & (ticks < b)
            expected = (busy & is_open).sum() / is_open.sum() if is_open.any() else None
            assert share == (None if expected is None else pytest.approx(expected, abs=1e-4))
    shifts = load(plan, desk.view.plant, by="shift")
    assert shifts["buckets"][0]["label"] == "01-05 early"
    assert max(share for row in shifts["rows"] for share in row["load"] if share is not None) > 0.9


@pytest.mark.parametrize("id_", ["P0009", "../P0001", "", "P0001/x"])
def test_a_plan_that_is_not_there(desk: Desk, id_: str):
    with pytest.raises(InputError, match="no such plan"):
        desk.told(id_)


@pytest.mark.parametrize(("operation", "machine"), [(-1, 0), (9999, 0), (0, 99)])
def test_what_is_not_in_the_plan_cannot_move(desk: Desk, operation: int, machine: int):
    with pytest.raises(InputError, match="no such"):
        desk.preview("P0001", operation, machine, 0)


def test_a_plan_that_cannot_be_read_hides_no_other(desk: Desk, folder: Path):
    schedule_shop.seed(folder, schedule_shop.problem(), name="Other")
    log_of(folder).write_text(log_of(folder).read_text("utf-8").replace("tardiness", "makespan", 1), "utf-8")
    told = desk.status()
    assert [own["id"] for own in told["plans"]] == ["P0002"]
    assert "log of the plan was changed" in told["unreadable"]["P0001"]
