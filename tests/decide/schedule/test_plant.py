"""A plant folder and what schedule.toml adds, as a problem."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from luban.core.errors import InputError
from luban.core.time import MINUTE, parse_time
from luban.decide.schedule.check import require
from luban.decide.schedule.objective import Objective
from luban.decide.schedule.plant import check_schedule, plant_problem, schedule_schema
from luban.decide.schedule.problem import MAINTENANCE, NEVER, Problem
from luban.decide.schedule.read import read_objective, read_problem
from luban.plant import load

EXAMPLES = Path(__file__).parents[3] / "examples"
TINY = EXAMPLES / "tiny_workshop"
LATHE1, LATHE2, MILL = (f"tiny/machining/{name}" for name in ("lathe01", "lathe02", "mill01"))
WASH = "tiny/finishing/wash01"
START = "2026-11-16T06:30"
TABLES = ("plant.toml", "items.csv", "orders.csv", "routing.csv", "bom.csv", "characteristics.csv")


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """The tiny workshop without its schedule.toml."""
    for name in TABLES:
        shutil.copy(TINY / name, tmp_path / name)
    return tmp_path


def added(folder: Path, text: str) -> Problem:
    (folder / "schedule.toml").write_text(text, "utf-8")
    return plant_problem(folder, now=START)


def refused(folder: Path, text: str) -> str:
    with pytest.raises(InputError) as caught:
        added(folder, text)
    return str(caught.value)


def operation(p: Problem, name: str) -> int:
    return p.operations.index(name)


def modes(p: Problem, name: str) -> dict[str, int]:
    return {p.machines[machine]: ticks for machine, ticks in p.modes(operation(p, name))}


def test_plant_alone(tiny: Path) -> None:
    p = plant_problem(tiny, now=START)
    assert p.machines == (LATHE1, LATHE2, MILL, WASH)
    assert p.jobs == ("PO-101", "PO-102", "PO-103", "PO-104", "PO-106", "PO-107", "PO-108", "PO-109")
    assert p.start == parse_time(START + "+08:00")
    assert modes(p, "PO-101/10") == {LATHE1: 820 * 48}
    assert modes(p, "PO-103/10") == {LATHE1: 1500 * 36, LATHE2: 1500 * 36}
    assert p.release.tolist()[:3] == [0, 0, 16 * 3600]
    assert p.due.tolist()[0] == (2 * 24 + 16) * 3600
    assert p.weight.tolist() == [3, 3, 2, 2, 2, 2, 1, 1]
    require(p)


def test_work_waits_over_breaks_and_nights(tiny: Path) -> None:
    p = plant_problem(tiny, now=START)
    assert p.calendars == ("two_shift", "three_shift")
    assert p.calendar_interrupts.tolist() == [1, 1]
    ahead = p.window_end > 0
    hours = np.stack([p.window_start, p.window_end], 1)[ahead][:4] / 3600
    # 06:30-10:00, 10:15-18:00, 18:15-22:30 and the next morning
    assert hours.tolist() == [[0, 3.5], [3.75, 11.5], [11.75, 16], [24, 27.5]]


def test_setups_are_paid_when_the_item_changes(tiny: Path) -> None:
    p = plant_problem(tiny, now=START)
    shaft, flange, bushing = (p.families.index(name) for name in ("shaft", "flange", "bushing"))
    mill = p.setup_time[p.machine_table[p.machines.index(MILL)]]
    assert (mill[shaft, flange], mill[flange, shaft], mill[shaft, shaft]) == (2400, 2400, 0)
    assert mill[-1, shaft] == 2400, "from nothing it is set up too"
    lathe2 = p.setup_time[p.machine_table[p.machines.index(LATHE2)]]
    assert lathe2[flange, bushing] == 2100


def test_orders_tick_and_days_may_be_chosen(tiny: Path) -> None:
    p = plant_problem(load(tiny), orders=["PO-103", "PO-101"], now=parse_time(START + "+08:00"), tick=MINUTE, days=30)
    assert p.jobs == ("PO-103", "PO-101")
    assert modes(p, "PO-101/10") == {LATHE1: 656}
    assert int(p.window_end.max()) <= 30 * 1440
    with pytest.raises(InputError, match="unknown order · came: 'PO-11'"):
        plant_problem(tiny, orders=["PO-11"])


def test_a_group_stands_for_its_units_and_a_units_own_row_goes_first(tiny: Path) -> None:
    with (tiny / "routing.csv").open("a") as file:
        file.write("shaft,40,machining,10,60\nshaft,40,machining/mill01,5,30\n")
    p = plant_problem(tiny, now=START)
    assert modes(p, "PO-101/40") == {LATHE1: 8200, LATHE2: 8200, MILL: 4100}
    # the lathe and the mill see a shaft twice, so each visit is a family of its own
    assert p.families[p.family[operation(p, "PO-101/40")]] == "shaft/40"
    assert p.families[p.family[operation(p, "PO-101/30")]] == "shaft"


def test_the_example(tmp_path: Path) -> None:
    p = read_problem(TINY)
    require(p)
    assert p.start == parse_time(START + "+08:00")
    assert p.pools == ("setters", "plug gauge")
    assert read_objective(TINY) == Objective.parse("tardiness > setup_time + 0.1*makespan")
    check = p.jobs.index("spindle check tiny/machining/mill01")
    assert (p.job_kind[check], p.release[check], p.deadline[check]) == (MAINTENANCE, 24 * 3600, 112 * 3600)
    bushing = operation(p, "PO-103/10")
    assert p.need_pool[p.need_first[bushing]] == 1
    assert p.lag[operation(p, "PO-101/20")] == 1800
    assert p.move[p.machines.index(LATHE1), p.machines.index(WASH)] == 600
    # two setters by day, one at night (22:30 to 06:30), none in the break of the night
    first, last = int(p.level_first[0]), int(p.level_first[1])
    at = np.searchsorted(p.level_time[first:last], np.array([1, 17, 19.6]) * 3600, "right") - 1
    assert p.level_size[first:last][at].tolist() == [2, 1, 0]


def test_schemas_of_the_examples_are_made_of_the_settings() -> None:
    made = json.dumps(schedule_schema(), indent=2, ensure_ascii=False) + "\n"
    assert (TINY / "schedule.schema.json").read_text("utf-8") == made


def test_what_schedule_toml_adds(tiny: Path) -> None:
    p = added(
        tiny,
        """
[schedule]
interrupts = false
tick = "1 min"
days = 21

[[order]]
id = "PO-104"
deadline = "2026-11-28"
weight = 9

[[machine]]
id = "finishing/wash01"
batch = 3
power = 4.0
ready = "2026-11-16T08:00"
interrupts = true

[[step]]
item = "bushing"
operation = "30"
batch = "wash"
size = 2
longest_wait = "2 h"

[[step]]
item = "flange"
operation = "20"
family = "plates"

[[machine]]
id = "machining/mill01"
setups = "mill"

[[setup]]
setups = "mill"
before = "*"
after = "*"
time = "20 min"
cost = 3.5

[[lock]]
order = "PO-101"
operation = "10"
machine = "machining/lathe01"
start = "2026-11-16T06:00"

[[maintenance]]
machine = "machining/lathe02"
time = "3 h"
start = "2026-11-16T21:30"

[[tariff]]
start = "00:00"
price = 0.1
""",
    )
    wash, mill, lathe = p.machines.index(WASH), p.machines.index(MILL), p.machines.index(LATHE1)
    assert p.tick == MINUTE
    assert p.calendar_interrupts[p.machine_calendar[[wash, mill]]].tolist() == [1, 0]
    assert (p.machine_batch[wash], p.machine_power[wash], p.machine_ready[wash]) == (3, 4.0, 90)
    assert (p.deadline[3], p.weight[3]) == ((11 * 24 + 17.5) * 60, 9)
    bushing = operation(p, "PO-103/30")
    assert (p.size[bushing], p.batch_family[bushing], p.max_lag[bushing]) == (2, 0, 120)
    plates, shaft = p.families.index("plates"), p.families.index("shaft")
    assert p.family[operation(p, "PO-102/20")] == plates
    assert p.setup_time[p.machine_table[mill], shaft, plates] == 20
    assert p.setup_cost[p.machine_table[mill], plates, shaft] == 3.5
    turned = operation(p, "PO-101/10")
    assert (p.fixed_start[turned], p.fixed_machine[turned]) == (-30, lathe)
    # three shifts without interruption: 21:30-22:30 and 22:30-00:30 touch
    care = p.job_first[[job for job in range(p.job_count) if p.job_kind[job] == MAINTENANCE]]
    assert [(p.fixed_start[o], p.mode_time[p.mode_first[o]]) for o in care] == [(900, 180)]
    assert len(p.tariff_time) > 0


WRONG = [
    ("[schedul]\n", "schedule.toml:1: schedul: unknown key · came: schedul · expected: schedule, order"),
    ('[schedule]\nstart = "soon"\n', "schedule.toml:2: start: not a time"),
    ("[schedule]\ndays = 0\n", "schedule.toml:2: days: not acceptable · came: 0 · expected: above 0"),
    ('[[order]]\nid = "PO-1"\n', "schedule.toml:2: id: unknown order · came: 'PO-1'"),
    ('[[step]]\nitem = "shft"\noperation = "10"\n', "unknown item of the routing · came: 'shft'"),
    ('[[step]]\nitem = "shaft"\noperation = "11"\n', "schedule.toml:3: operation: unknown operation of shaft"),
    ('[[step]]\nitem = "shaft"\noperation = "10"\nlag = 5\n', "schedule.toml:4: lag: a number without a unit of time"),
    ('[[step]]\nitem = "shaft"\noperation = "10"\nlag = "5 kg"\n', "schedule.toml:4: lag: not a duration"),
    ('[[step]]\nitem = "shaft"\noperation = "10"\nneeds = { crew = 1 }\n', "schedule.toml:4: needs: unknown pool"),
    ('[[step]]\nitem = "shaft"\noperation = "10"\nneeds = { crew = 0 }\n', "needs: not a number of units · came: 0"),
    ('[[machine]]\nid = "machining/lathe03"\n', "hint: did you mean machining/lathe02?"),
    ('[[machine]]\nid = "machining"\ncalendar = "night"\n', "schedule.toml:3: calendar: unknown calendar"),
    ('[[pool]]\nid = "crew"\nsize = -1\n', "schedule.toml:3: size: not acceptable · came: -1 · expected: 0 or above"),
    ('[pool]\nid = "crew"\nsize = 1\n', "schedule.toml:1: pool: one table where a list is meant"),
    ('[[pool]]\nid = "crew"\nsize = 1\ncalendar = "x"\n', "schedule.toml:4: calendar: unknown calendar"),
    ('[[maintenance]]\nmachine = "machining/mill01"\n', "schedule.toml:1: time: missing key"),
    ('[[lock]]\norder = "PO-101"\noperation = "10"\nmachine = "machining"\n', "a group where one machine is meant"),
    ('[tables]\nsetup = "setups.csv"\n', "schedule.toml:2: setup: no such file"),
    ('[tables]\nset = "setups.csv"\n', "schedule.toml:2: set: no list of that name"),
    ("[schedule\n", "schedule.toml:1:10: broken TOML"),
    ('[[order]]\nid = "PO-101"\ndeadline = "2026-11-15"\n', "schedule.toml:3: deadline: deadline before the release"),
]


@pytest.mark.parametrize(("text", "said"), WRONG, ids=range(len(WRONG)))
def test_what_is_wrong_is_named(tiny: Path, text: str, said: str) -> None:
    assert said in refused(tiny, text)


def test_all_that_is_wrong_is_told_at_once(tiny: Path) -> None:
    text = '[[order]]\nid = "PO-1"\n[[machine]]\nid = "mill"\n[[pool]]\nid = "x"\nsize = 1.5\n'
    said = refused(tiny, text)
    assert said.startswith("3 things are wrong:")
    assert all(f"schedule.toml:{line}:" in said for line in (2, 4, 7))


def test_check_lists_what_is_wrong(tiny: Path) -> None:
    assert check_schedule(TINY) == []
    assert check_schedule(tiny) == []
    (tiny / "schedule.toml").write_text('[[order]]\nid = "PO-1"\n[[pool]]\nid = "x"\nsize = 1.5\n')
    assert [own.where for own in check_schedule(tiny)] == ["schedule.toml:2", "schedule.toml:5"]
    (tiny / "plant.toml").write_text("[plant]\n")
    assert {own.file for own in check_schedule(tiny)} >= {"plant.toml", "schedule.toml"}


def test_a_list_may_stand_in_a_table(tiny: Path) -> None:
    (tiny / "setups.csv").write_text("setups,before,after,time [min]\nmill,shaft,flange,70\nmill,*,*,50\n")
    p = added(tiny, '[tables]\nsetup = "setups.csv"\n[[machine]]\nid = "machining/mill01"\nsetups = "mill"\n')
    shaft, flange = p.families.index("shaft"), p.families.index("flange")
    table = p.setup_time[p.machine_table[p.machines.index(MILL)]]
    assert (table[shaft, flange], table[flange, shaft]) == (4200, 3000)


def test_an_objective_that_is_none_has_its_place(tiny: Path) -> None:
    assert read_objective(tiny) is None
    (tiny / "schedule.toml").write_text('[schedule]\nobjective = "speed"\n')
    with pytest.raises(InputError, match=r"schedule.toml:2: unknown term of an objective"):
        read_objective(tiny)


def test_a_plant_without_orders_is_an_empty_problem() -> None:
    p = plant_problem(EXAMPLES / "c2_machining", now="2026-01-05")
    assert (p.job_count, p.machine_count) == (0, 20)
    require(p)


def test_dates_of_orders_beyond_the_start_stay(tiny: Path) -> None:
    p = plant_problem(tiny, now="2026-11-20T06:30")
    assert int(p.due.min()) < 0
    assert int(p.due.max()) < NEVER
    require(p)
