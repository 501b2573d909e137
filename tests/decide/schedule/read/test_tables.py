"""Tables of a planner: what they say is read as it is said; all that is wrong is told at once, each with its place."""

from __future__ import annotations

import time
from pathlib import Path

import openpyxl
import pytest

from luban.core.errors import InputError
from luban.core.time import parse_time
from luban.decide.schedule.check import require
from luban.decide.schedule.objective import Objective
from luban.decide.schedule.problem import MAINTENANCE, NEVER, Problem
from luban.decide.schedule.read import read_objective, read_problem
from luban.decide.schedule.read.template import write_template

MONDAY = "2026-01-05T00:00+00:00"
OPERATIONS = "order,operation,machine,time [min]\nA,10,saw,30\nA,20,mill,45\nB,10,saw,15\n"


def folder(tmp_path: Path, **tables: str) -> Path:
    for name, text in tables.items():
        (tmp_path / f"{name}.csv").write_text(text, "utf-8")
    return tmp_path


def read(tmp_path: Path, now: str | None = MONDAY, **tables: str) -> Problem:
    return read_problem(folder(tmp_path, **({"operations": OPERATIONS} | tables)), now=now)


def refused(tmp_path: Path, **tables: str) -> str:
    with pytest.raises(InputError) as caught:
        read(tmp_path, **tables)
    return str(caught.value)


def alone(tmp_path: Path, text: str | bytes) -> Problem:
    path = tmp_path / "routing.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_problem(path, now=MONDAY)


def names_of(p: Problem, o: int) -> dict[str, int]:
    return {p.machines[machine]: ticks for machine, ticks in p.modes(o)}


def test_one_file_of_operations(tmp_path: Path) -> None:
    p = alone(tmp_path, OPERATIONS)
    assert (p.name, p.jobs, p.machines, p.tick) == ("routing", ("A", "B"), ("saw", "mill"), 1_000_000)
    assert p.operations == ("A/10", "A/20", "B/10")
    assert p.places == ("routing.csv:2", "routing.csv:3", "routing.csv:4")
    assert p.mode_time.tolist() == [1800, 2700, 900]
    assert p.start == parse_time(MONDAY)


def test_bare_numbers_are_abstract_ticks(tmp_path: Path) -> None:
    p = alone(tmp_path, "order,operation,machine,time\nA,1,saw,3\nA,2,mill | saw = 5,4\n")
    assert (p.tick, p.start) == (0, 0)
    assert [names_of(p, o) for o in range(2)] == [{"saw": 3}, {"mill": 4, "saw": 5}]


@pytest.mark.parametrize(
    "title", ["time [h]", "time_h", "Time (hours)", "加工时间（小时）", "Duration [hr]", "시간 (시간)"]
)
def test_units_in_the_header(tmp_path: Path, title: str) -> None:
    assert alone(tmp_path, f"order,operation,machine,{title}\nA,1,saw,1.5\n").mode_time.tolist() == [5400]


@pytest.mark.parametrize("text", ["90 min", "1.5h", "1 h 30 min", "5400 s", "90分钟", "1小时30分", "1시간 30분"])
def test_units_in_the_cell(tmp_path: Path, text: str) -> None:
    assert alone(tmp_path, f"order,operation,machine,time [d]\nA,1,saw,{text}\n").mode_time.tolist() == [5400]


@pytest.mark.parametrize(
    "content",
    [
        "订单,工序,设备,时间 [min]\n甲,10,车床 | 铣床,30\n".encode("gb18030"),
        "订单\t工序\t设备\t时间 [min]\n甲\t10\t车床 | 铣床\t30\n".encode("utf-16"),
        "订单;工序;设备;时间 [min]\n甲;10;车床 | 铣床;30\n".encode("utf-8-sig"),
    ],
)
def test_encodings_and_chinese_titles(tmp_path: Path, content: bytes) -> None:
    p = alone(tmp_path, content)
    assert (p.jobs, p.machines, p.mode_time.tolist()) == (("甲",), ("车床", "铣床"), [1800, 1800])


def test_rows_of_one_operation_are_its_machines(tmp_path: Path) -> None:
    p = alone(tmp_path, "order,operation,machine,time [min],family\nA,1,saw,3,red\nA,1,mill,4,\nA,2,saw,1,\n")
    assert [names_of(p, o) for o in range(2)] == [{"saw": 180, "mill": 240}, {"saw": 60}]
    assert p.family.tolist() == [0, -1]


def test_operations_by_what_comes_before(tmp_path: Path) -> None:
    text = "order,operation,after,machine,time\nA,30,20,saw,3\nA,10,,saw,1\nA,20,10,mill,2\n"
    p = alone(tmp_path, text)
    assert p.operations == ("A/10", "A/20", "A/30")


def test_orders(tmp_path: Path) -> None:
    orders = "id,release,due,deadline,weight\nB,,2026-01-06,,\nA,2026-01-05T08:00,2026-01-05T20:00+08:00,2026-01-07,3\n"
    p = read(tmp_path, orders=orders)
    assert p.jobs == ("A", "B")
    assert p.release.tolist() == [8 * 3600, 0]
    assert p.due.tolist() == [12 * 3600, 24 * 3600]
    assert p.deadline.tolist() == [48 * 3600, NEVER]
    assert p.weight.tolist() == [3, 1]


def test_the_earliest_release_is_the_start_where_nobody_says_it(tmp_path: Path) -> None:
    p = read(tmp_path, now=None, orders="id,release\nA,2026-03-02T07:00\nB,2026-03-02T06:00\n")
    assert p.start == parse_time("2026-03-02T06:00+00:00")
    assert p.release.tolist() == [3600, 0]


def test_calendars_in_their_zone_with_breaks_and_closed_days(tmp_path: Path) -> None:
    calendars = "id,days,start,end,breaks,closed\nday,Mon-Fri,06:00,14:00,10:00-10:30,2026-01-06\n"
    p = read(
        tmp_path,
        now="2026-01-05T00:00",
        calendars=calendars,
        machines="id,calendar,interrupts\nsaw,day,\nmill,day,false\n",
        settings="key,value\ntime_zone,Asia/Shanghai\n",
    )
    assert p.start == parse_time("2026-01-04T16:00Z")
    assert p.calendars == ("day", "day (whole)")
    assert p.calendar_interrupts.tolist() == [1, 0]
    hours = [(a / 3600, b / 3600) for a, b in zip(p.window_start.tolist(), p.window_end.tolist(), strict=True) if a > 0]
    assert hours[:4] == [(6, 10), (10.5, 14), (54, 58), (58.5, 62)]
    require(p)


def test_a_night_shift_touches_the_day_after(tmp_path: Path) -> None:
    p = read(tmp_path, calendars="id,start,end\nall,06:00,18:00\nall,18:00,06:00\n")
    assert len(p.window_start) == 1, (
        "shifts that touch are one window; without machines the only calendar holds for all"
    )


def test_pools_by_shift(tmp_path: Path) -> None:
    p = read(
        tmp_path,
        operations=OPERATIONS.replace("time [min]", "time [min],needs").replace("30\n", "30,crew = 2 | gauge\n"),
        calendars="id,start,end\nday,06:00,14:00\n",
        machines="id\nsaw\nmill\n",
        pools="id,size,calendar\ncrew,1,\ncrew,2,day\ngauge,1,\n",
    )
    levels = dict(zip(p.level_time.tolist(), p.level_size.tolist(), strict=True))
    assert (levels[6 * 3600], levels[14 * 3600], levels[30 * 3600]) == (3, 1, 3)
    assert [p.pools[pool] for pool in p.need_pool.tolist()] == ["crew", "gauge"]
    assert p.need_amount.tolist() == [2, 1]


def test_setups_with_a_star(tmp_path: Path) -> None:
    text = "order,operation,machine,time [min],family\nA,1,saw,3,red\nB,1,saw,4,blue\nC,1,saw,4,green\n"
    p = read(
        tmp_path,
        operations=text,
        machines="id,setups,family,setup_pool\nsaw,dye,red,setter\n",
        setups="setups,before,after,time [min],cost\ndye,red,blue,5,7\ndye,*,*,2,1\ndye,,*,1,\ndye,*,green,3,0\n",
        pools="id,size\nsetter,1\n",
    )
    red, blue, green, none = p.families.index("red"), p.families.index("blue"), p.families.index("green"), 3
    minutes = p.setup_time[0] // 60
    assert (minutes[red, blue], minutes[blue, red], minutes[red, green], minutes[red, red]) == (5, 2, 3, 0)
    assert minutes[none].tolist()[:3] == [1, 3, 1], "between rows with as many stars the later one counts"
    assert p.setup_cost[0, red, blue] == 7
    assert p.machine_family.tolist() == [red]


def test_moves_batches_lags_locks(tmp_path: Path) -> None:
    text = (
        "order,operation,machine,time [min],batch,size,lag [min],longest wait [min]\n"
        "A,1,saw | mill,3,,,5,30\nA,2,oven,60,hot,2,,\nB,1,oven,60,hot,1,,\n"
    )
    p = read(
        tmp_path,
        operations=text,
        machines="id,group,batch,power,ready\nsaw,cut,,4.5,2026-01-05T01:00\nmill,cut,,,\noven,,3,,\n",
        moves="before,after,time [min]\n*,*,2\ncut,oven,4\n",
        locks="order,operation,machine,start\nA,1,saw,2026-01-04T23:59\nB,1,oven,\n",
    )
    assert p.move.tolist() == [[0, 120, 240], [120, 0, 240], [120, 120, 0]]
    assert (p.lag.tolist()[0], p.max_lag.tolist()[:2]) == (300, [1800, NEVER])
    assert (p.machine_batch.tolist(), p.size.tolist(), p.batch_family.tolist()) == ([0, 0, 3], [1, 2, 1], [-1, 0, 0])
    assert (p.fixed_start.tolist(), p.fixed_machine.tolist()) == ([-60, NEVER, NEVER], [0, -1, 2])
    assert (p.machine_ready.tolist(), p.machine_power.tolist()) == ([3600, 0, 0], [4.5, 0, 0])


def test_maintenance_takes_the_open_time_of_its_span(tmp_path: Path) -> None:
    p = read(
        tmp_path,
        calendars="id,days,start,end\nday,Mon-Fri,06:00,14:00\n",
        machines="id,calendar,interrupts\nsaw,day,true\nmill,day,false\n",
        maintenance="machine,time [h],start,earliest,latest\nsaw,20,2026-01-05T13:00,,\nmill,20,2026-01-05T13:00,,\n"
        "mill,2,,2026-01-06,2026-01-08\n",
    )
    own = [job for job in range(p.job_count) if p.job_kind[job] == MAINTENANCE]
    first = p.job_first[own]
    # 13:00 to 9:00 next day: an hour on Monday, three on Tuesday
    assert [(p.fixed_start[o] / 3600, p.mode_time[p.mode_first[o]] / 3600) for o in first[:3]] == [
        (13, 4),
        (13, 1),
        (30, 3),
    ]
    assert (p.release[own[3]], p.deadline[own[3]], p.fixed_start[first[3]]) == (86400, 3 * 86400, NEVER)
    require(p)


def test_tariff(tmp_path: Path) -> None:
    p = read(tmp_path, tariff="days,start,price\nMon-Sun,00:00,0.1\nMon-Fri,08:00,0.2\n")
    steps = [(a / 3600, b) for a, b in zip(p.tariff_time.tolist(), p.tariff_price.tolist(), strict=True) if a >= 0]
    assert steps[:4] == [(0, 0.1), (8, 0.2), (24, 0.1), (32, 0.2)]


WRONG = [
    ({"operations": "order,operation,machine,time [min]\nA,1,saw,0\n"}, "operations.csv:2:4: time: a time of nothing"),
    ({"operations": "order,operation,machine,time [min]\nA,1,saw,-3\n"}, "operations.csv:2:4: time: a time of nothing"),
    ({"operations": "order,operation,machine,time [min]\nA,1,saw,x\n"}, "operations.csv:2:4: time: not a duration"),
    ({"operations": "order,operation,machine,time [min]\nA,1,saw,\n"}, "operations.csv:2:4: time: no time"),
    ({"operations": "order,operation,machine,time [kg]\nA,1,saw,1\n"}, "operations.csv:1:4: time [kg]: unknown unit"),
    ({"operations": "order,operation,machine,tme\nA,1,saw,1\n"}, "hint: did you mean time?"),
    ({"operations": "order,machine,time\nA,saw,1\n"}, "operations.csv:1: operation: missing column"),
    ({"machines": "id\nsaw\nmil\n"}, "operations.csv:3:3: machine: unknown machine · came: 'mill'"),
    ({"machines": "id\nsaw\nmill\nsaw\n"}, "machines.csv:4:1: id: a machine given twice"),
    ({"orders": "id\nA\n"}, "operations.csv:4:1: order: unknown order · came: 'B'"),
    ({"orders": "id\nA\nB\nC\n"}, "orders.csv:4:1: id: an order without operations"),
    ({"orders": "id\nA\nB\nA\n"}, "orders.csv:4:1: id: an order given twice"),
    (
        {"orders": "id,release,due\nA,2026-01-07,2026-01-06\nB,,\n"},
        "orders.csv:2:3: due: due before its release · came: 2026-01-06 · expected: after 2026-01-07",
    ),
    ({"orders": "id,due\nA,soon\nB,\n"}, "orders.csv:2:2: due: not a time · came: 'soon'"),
    ({"orders": "id,due\nA,12\nB,\n"}, "orders.csv:2:2: due: not a time · came: '12'"),
    (
        {"orders": "id,weight\nA,-1\nB,\n"},
        "orders.csv:2:2: weight: not acceptable · came: '-1' · expected: 0.0 or above",
    ),
    (
        {"operations": "order,operation,after,machine,time\nA,1,2,saw,1\nA,2,1,saw,1\n"},
        "cyclic routing of order A · came: 1 → 2 → 1",
    ),
    (
        {"operations": "order,operation,after,machine,time\nA,1,,saw,1\nA,2,3,saw,1\nA,3,2,saw,1\n"},
        "cyclic routing of order A · came: 2 → 3 → 2",
    ),
    (
        {"operations": "order,operation,after,machine,time\nA,1,,saw,1\nA,2,1,saw,1\nA,3,1,saw,1\n"},
        "operations.csv:4:3: after: order A is no chain · came: 2 and 3 after 1",
    ),
    (
        {"operations": "order,operation,after,machine,time\nA,1,,saw,1\nA,2,,saw,1\nA,3,1,saw,1\n"},
        "order A has two first operations · came: 1 and 2",
    ),
    ({"operations": "order,operation,after,machine,time\nA,1,7,saw,1\n"}, "unknown operation of order A · came: '7'"),
    (
        {"operations": "order,operation,machine,time\nA,1,saw,1\nA,2,saw,3 min\n"},
        "operations.csv:2:4: time: a number without a unit of time · came: 1",
    ),
    ({"operations": "order,operation,machine,time\nA,1,saw,1.5\n"}, "not a whole number of ticks · came: 1.5"),
    ({"operations": "order,operation,machine,time\nA,1,saw | saw,1\n"}, "machine: a name given twice · came: saw"),
    ({"operations": "order,operation,machine,time\nA,1,saw,1\nA,1,saw,2\n"}, "csv:3:3: machine: a machine given twice"),
    (
        {"operations": "order,operation,machine,time,needs\nA,1,saw,1,crew\n"},
        "operations.csv:2:5: needs: unknown pool · came: 'crew'",
    ),
    ({"machines": "id,calendar\nsaw,day\nmill,\n"}, "machines.csv:2:2: calendar: unknown calendar · came: 'day'"),
    ({"machines": "id,setups\nsaw,dye\nmill,\n"}, "machines.csv:2:2: setups: unknown setup table · came: 'dye'"),
    ({"calendars": "id,start,end\nday,06:00,25:00\n"}, "calendars.csv:2:3: end: not a time of day"),
    ({"calendars": "id,days,start,end\nday,Monday-Foo,06:00,14:00\n"}, "calendars.csv:2: not weekdays"),
    ({"locks": "order,operation,start\nA,11,2026-01-05\n"}, "locks.csv:2:2: operation: unknown operation of order A"),
    ({"settings": "key,value\ntime_zone,Asia/Shanghi\n"}, "hint: did you mean Asia/Shanghai?"),
    ({"settings": "key,value\ntick,5\n"}, "settings.csv:2:2: tick: not a length of time"),
]


@pytest.mark.parametrize(("tables", "said"), WRONG, ids=range(len(WRONG)))
def test_what_is_wrong_is_named(tmp_path: Path, tables: dict[str, str], said: str) -> None:
    assert said in refused(tmp_path, **tables)


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    said = refused(
        tmp_path,
        operations="order,operation,machine,time [min]\nA,1,saw,0\nA,2,sew,3\nB,1,saw,x\n",
        machines="id,calendar\nsaw,day\n",
    )
    assert said.startswith("4 things are wrong:")
    for place in ("machines.csv:2:2", "operations.csv:2:4", "operations.csv:3:3", "operations.csv:4:4"):
        assert place in said


def test_template_is_read_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "plan.xlsx"
    write_template(path)
    p = read_problem(path)
    require(p)
    assert (p.name, p.job_count, p.operation_count) == ("Example", 5, 11)
    assert read_objective(path) == Objective.parse("tardiness > setup_time + makespan")
    sheets = openpyxl.load_workbook(path).sheetnames
    assert sheets == [
        *("operations", "orders", "machines", "calendars", "pools", "setups", "moves", "maintenance", "locks"),
        *("tariff", "settings", "help"),
    ]


def test_cells_of_a_workbook_have_their_place_and_dates_are_dates(tmp_path: Path) -> None:
    import datetime as dt

    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "whatever"
    for row in (("order", "operation", "machine", "time [min]"), (1001, 10, "saw", 30), (1002, 10, "saw", "nine")):
        sheet.append(row)
    path = tmp_path / "plan.xlsx"
    book.save(path)
    with pytest.raises(InputError, match=r"plan.xlsx!whatever!D3: time: not a duration"):
        read_problem(path)
    sheet["D3"] = 9
    sheet.title = "operations"
    orders = book.create_sheet("订单")
    orders.append(("order", "due"))
    orders.append((1001, dt.datetime(2026, 1, 6, 12)))  # noqa: DTZ001 - Excel has no zone
    orders.append((1002.0, dt.date(2026, 1, 6)))
    book.save(path)
    p = read_problem(path, now=MONDAY)
    assert (p.jobs, p.due.tolist()) == (("1001", "1002"), [36 * 3600, 24 * 3600])


@pytest.mark.parametrize(("name", "content"), [("plan.xlsx", b"no"), ("plan.csv", b"\x00\x01"), ("plan.txt", b"hi")])
def test_files_that_are_none(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError):
        read_problem(tmp_path / name)
    with pytest.raises(InputError, match="no such file"):
        read_problem(tmp_path / "nothing")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no table of operations"):
        read_problem(tmp_path / "empty")


def test_numbers_beyond_32_bits(tmp_path: Path) -> None:
    p = alone(tmp_path, f"order,operation,machine,time\nA,1,saw,{2**40}\n")
    assert p.mode_time.tolist() == [2**40]
    with pytest.raises(InputError, match="not a whole number of ticks"):
        alone(tmp_path, f"order,operation,machine,time\nA,1,saw,{2**51}\n")
    with pytest.raises(InputError, match="beyond what can be scheduled"):
        alone(tmp_path, "order,operation,machine,time [d]\nA,1,saw,99999999999999\n")


@pytest.mark.slow
def test_fifty_thousand_operations_in_a_few_seconds(tmp_path: Path) -> None:
    lines = ["order,operation,machine,time [min]"]
    for job in range(5000):
        lines += [f"PO-{job},{step},M{(job + step) % 90} | M{(job + step) % 90 + 1},{5 + step}" for step in range(10)]
    before = time.process_time()
    p = alone(tmp_path, "\n".join(lines))
    assert p.operation_count == 50_000
    assert time.process_time() - before < 25
