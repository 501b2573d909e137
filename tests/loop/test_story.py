"""The story: what its parts make of what they hear; and the whole morning over real wires."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from luban.act.command import State, fold
from luban.core.errors import InputError, LubanError
from luban.core.time import HOUR, MINUTE, SECOND
from luban.decide.schedule import Objective, find_faults, lanes
from luban.ledger import Ledger
from luban.loop.story import Step, tell_story
from luban.loop.story.floor import OBJECTIVE, Clock, Floor, Planned, dispatch, laid, planned, problem_of, rows_in
from luban.loop.story.folder import GROUPS, REACH, STEP, make_folder
from luban.loop.story.offsets import Offsets
from luban.loop.story.planning import load_planner
from luban.plant import check, load
from luban.understand.book import entries

C2 = Path(__file__).parents[2] / "examples" / "c2_machining"
MONDAY = 1_768_176_000_000_000 - 2 * HOUR  # 2026-01-12 06:00 in Shanghai


# ---- the folder


def test_the_folder_can_be_served_here_and_nothing_is_set_unasked(tmp_path: Path) -> None:
    home = make_folder(C2, tmp_path / "wires")
    plant = load(home)
    assert check(home) == []
    urls = re.findall(r"opc\.tcp://[\d.:]+", (home / "plant.toml").read_text())
    assert len(set(urls)) == 4
    assert set(urls).isdisjoint(re.findall(r"opc\.tcp://[\d.:]+", (C2 / "plant.toml").read_text()))
    tools = {unit for unit in plant.work_units if unit.split("/")[1] in GROUPS}
    assert {own.unit_path for own in plant.actuators.values()} == tools
    assert {own.mode for own in plant.actuators.values()} == {"advise"}
    assert {(own.lower, own.upper, own.step) for own in plant.actuators.values()} == {(-REACH, REACH, STEP)}
    make_folder(C2, tmp_path / "wires")  # an earlier story's is replaced


def test_a_folder_with_something_else_in_it_stays(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(LubanError, match="holds something else"):
        make_folder(C2, tmp_path)
    with pytest.raises(InputError, match="not there"):
        make_folder(tmp_path / "nowhere", tmp_path / "wires")
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


# ---- the floor


def lot(
    order: str, item: str, operation: str, place: str = "queue", unit: str = "", due: int = MONDAY
) -> dict[str, object]:
    started = MONDAY - HOUR if unit else None
    return {"order": order, "item": item, "quantity": 20, "place": place, "operation": operation, "unit": unit,
            "received": MONDAY, "due": due + 10 * 24 * HOUR, "started": started}  # fmt: skip


LOTS = [
    lot("A", "J01", "10", "machine", "c2/turning/L2"), lot("B", "J01", "10"), lot("C", "J01", "20"),
    lot("D", "J08", "20", due=MONDAY - 8 * 24 * HOUR), lot("E", "J04", "10", "pool"), lot("F", "J07", "80", "outside"),
]  # fmt: skip


def floor() -> Floor:
    return Floor.told(load(C2), LOTS)


def test_the_two_clocks_agree_both_ways() -> None:
    clock = Clock(MONDAY, 5 * SECOND, 300.0)
    assert clock.shop_at(6 * SECOND) == MONDAY + 300 * SECOND
    assert clock.wall_at(clock.shop_at(123 * SECOND)) == 123 * SECOND
    assert clock.tick == MINUTE // 300


def test_a_problem_holds_what_is_left_and_nothing_else() -> None:
    own = floor()
    p = problem_of(own, Clock(MONDAY, 0, 300.0), 0)
    assert "A/10" not in p.operations  # it runs: the machine is taken, the lot comes out of it
    assert "A/20" in p.operations
    assert set(p.jobs) == {"A", "B", "C", "D", "F"}  # E is not released
    assert p.machine_ready[p.machines.index("c2/turning/L2")] > 0
    assert p.release[p.jobs.index("A")] > p.machine_ready[p.machines.index("c2/turning/L2")]
    assert p.tick == MINUTE // 300


def test_the_planner_is_compiled_before_the_morning_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "_LOADED", set())
    load_planner()
    loaded = set(lanes._LOADED)
    lanes.load_kernels(problem_of(floor(), Clock(MONDAY, 0, 300.0), 0), Objective.parse(OBJECTIVE))
    assert loaded == lanes._LOADED, "what is left of the floor wants another search than the one that was loaded"


def test_bookings_and_states_move_lots_on() -> None:
    own = floor()
    own.booked("A", "10", 19, MONDAY)
    assert (own.lots["A"].operation, own.lots["A"].place, own.lots["A"].quantity) == ("20", "moving", 19)
    own.works("c2/turning/L2", "running", "B", MONDAY)
    assert own.lots["B"].unit == "c2/turning/L2"
    own.works("c2/turning/L2", "down", "B", MONDAY + 5)
    own.works("c2/turning/L2", "down", "B", MONDAY + 9)
    assert own.down == {"c2/turning/L2": MONDAY + 5}
    own.works("c2/turning/L2", "running", "B", MONDAY + 10)
    assert own.down == {}
    own.booked("C", "90", 20, MONDAY)
    own.booked("D", "20", 0, MONDAY)
    assert set(own.lots) == {"A", "B", "E", "F"}


def test_an_old_plan_is_laid_on_the_floor_as_it_is_now() -> None:
    own, clock = floor(), Clock(MONDAY, 0, 300.0)
    old = planned(problem_of(own, clock, 0), 0.3)
    assert not find_faults(old)
    own.booked("C", "20", 20, MONDAY + HOUR)
    now = clock.wall_at(MONDAY + HOUR)
    new = laid(problem_of(own, clock, now), old)
    assert not find_faults(new)
    assert "C/20" in old.problem.operations
    assert "C/20" not in new.problem.operations
    both = [name for name in new.problem.operations if name in old.problem.operations]
    where = {name: (int(s.machine[s.problem.operations.index(name)])) for s in (old,) for name in both}
    assert where == {name: int(new.machine[new.problem.operations.index(name)]) for name in both}


def test_a_list_names_only_what_lies_there() -> None:
    own, clock = floor(), Clock(MONDAY, 0, 300.0)
    plan = Planned(planned(problem_of(own, clock, 0), 0.3), MONDAY)
    lists = dispatch(plan, own, list(own.plant.work_units))
    assert sorted(name for names in lists.values() for name in names) == ["B/10", "C/20", "D/20"]


def test_files_of_the_mes_are_read_once(tmp_path: Path) -> None:
    (tmp_path / "operations_1.csv").write_text("time,order\n1,A\n")
    known: set[str] = set()
    assert rows_in(tmp_path, "operations_*.csv", known) == [{"time": "1", "order": "A"}]
    (tmp_path / "operations_2.csv").write_text("time,order\n2,B\n")
    assert rows_in(tmp_path, "operations_*.csv", known) == [{"time": "2", "order": "B"}]


# ---- offsets


def told(values: list[float], start: int = 0) -> list[tuple[int, str, str, str | float]]:
    """A lathe that runs, a piece every 4 minutes, each read."""
    found: list[tuple[int, str, str, str | float]] = [(start, "L", "program", "J/10"), (start, "L", "state", "running")]
    for n, value in enumerate(values, 1):
        at = start + 4 * n * MINUTE
        found += [(at, "L", "reading_of", "J:size"), (at, "L", "reading", value), (at, "L", "good_count", n)]
    return found


def test_an_offset_follows_a_drift_and_never_goes_beyond_its_step() -> None:
    own = Offsets({"L": "turning"}, REACH, STEP, {"turning": 4.0})
    own.hear(told([15.0, 14.0, 16.0, 15.0]))
    (wanted,) = own.wanted(17 * MINUTE)
    assert wanted.now == 0.0
    assert wanted.off == pytest.approx(15.0, abs=4.0)
    assert wanted.value == -STEP
    assert own.wanted(17 * MINUTE, busy=["L"]) == []


def test_nothing_is_wanted_of_a_machine_on_target_or_at_rest() -> None:
    quiet = Offsets({"L": "turning"}, REACH, STEP, {"turning": 4.0})
    quiet.hear(told(list(np.random.default_rng(1).normal(0, 1, 12))))
    assert quiet.wanted(60 * MINUTE) == []
    still = Offsets({"L": "turning"}, REACH, STEP, {"turning": 4.0})
    still.hear([*told([15.0] * 4), (20 * MINUTE, "L", "state", "idle")])
    assert still.wanted(21 * MINUTE) == []


def test_values_that_come_late_or_from_elsewhere_do_no_harm() -> None:
    own = Offsets({"L": "turning"}, REACH, STEP, {"turning": 4.0})
    own.hear([*told([15.0] * 4), (2 * MINUTE, "L", "reading", 15.0), (1, "M", "reading", 99.0)])
    assert own.wanted(17 * MINUTE)[0].value == -STEP


# ---- honesty, and the whole


def test_who_tells_the_story_cannot_look_into_the_shop() -> None:
    code = "import sys, luban.loop.story.telling\nprint('\\n'.join(sys.modules))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    known = set(out.stdout.split())
    assert "luban.loop.plant_loop" in known
    assert known.isdisjoint({f"luban.twin.{name}" for name in ("run", "show", "senses", "control", "kernel", "load")})


@pytest.mark.alone
def test_a_morning_over_real_wires(tmp_path: Path) -> None:
    steps: list[Step] = []
    story = asyncio.run(tell_story(tmp_path / "wires", seconds=26, heard=steps.append))
    assert story.missing == ()
    assert tuple(steps) == story.steps
    order = [step.kind for step in steps]
    assert order.index("breakdown") < order.index("dispatch")
    assert story.verdict in {"helped", "no effect", "made worse", "unverified", "not evaluable"}
    assert story.commands["confirmed"] >= 3
    assert sum(one.energy for one in story.energy) > 10
    ledger = Ledger(tmp_path / "wires" / ".luban" / "ledger")
    commands = fold(entries(ledger, "command"))
    modes = entries(ledger, "automation")
    outcomes = entries(ledger, "outcome")
    report = ledger.verify()
    ledger.close()
    assert report.ok
    for command in commands.values():
        if command.state is State.CONFIRMED:
            assert [entry.code for entry in command.history] == ["propose", "approved", "sending", "confirmed"]
            assert command.value == command.told
            assert abs(command.value - float(command.before or 0.0)) <= STEP
            assert abs(command.value) <= REACH
    first = min(command.proposed for command in commands.values())
    assert max(entry.time for entry in modes) <= first  # nothing was proposed before people allowed it
    assert not outcomes or outcomes[0].time <= first  # and what it is judged by was fixed before
