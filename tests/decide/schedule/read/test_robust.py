"""Whatever a file holds, the answer is a problem or an InputError, never anything else."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from luban.core.errors import InputError
from luban.decide.schedule.check import find_faults, require
from luban.decide.schedule.read import read_problem
from luban.decide.schedule.read.text import KINDS, read_text_problem
from tests.decide.schedule.shops import shops, witness

HERE = Path(__file__).parents[1] / "data"
FILES = ("ft06.txt", "mk01.txt", "uneven.txt", "Fattahi_setup_01.fjs")

TABLES = {
    "operations": "order,operation,after,machine,time [min],family,needs,batch,size,lag [min],longest_wait [min]\n"
    "A,1,,saw | mill = 3 h,30,red,crew = 2,,,5,60\nA,2,1,oven,60,,,hot,2,,\nB,1,,oven,60,,,hot,1,,\n",
    "orders": "order,release,due,deadline,weight\nA,2026-01-05,2026-01-06,2026-02-01,2\nB,,,,\n",
    "machines": "machine,group,calendar,interrupts,setups,family,ready,batch,power,setup_pool\n"
    "saw,cut,day,yes,dye,red,2026-01-05T07:00,,3,crew\nmill,cut,day,no,,,,,,\noven,,,,,,,4,,\n",
    "calendars": "calendar,days,start,end,breaks,closed\nday,Mon-Fri,06:00,22:00,10:00-10:15,2026-01-07\n",
    "pools": "pool,size,calendar\ncrew,2,day\n",
    "setups": "setups,before,after,time [min],cost\ndye,*,*,10,3\n",
    "moves": "before,after,time [min]\n*,oven,5\n",
    "maintenance": "machine,time [min],start,earliest,latest\nsaw,60,2026-01-05T12:00,,\n"
    "mill,60,,2026-01-05,2026-01-09\n",
    "locks": "order,operation,machine,start\nB,1,oven,2026-01-05T08:00\n",
    "tariff": "days,start,price\nMon-Sun,00:00,0.1\n",
    "settings": "key,value\ntime_zone,Asia/Shanghai\nstart,2026-01-05T00:00\n",
}
STRAY = (
    "",
    "0",
    "-1",
    "1e99",
    "nan",
    "inf",
    "x",
    "*",
    "=",
    "|",
    "2026-13-01",
    "99:99",
    "1/0",
    "🙂",
    "A",
    "saw",
    "9" * 40,
)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(FILES), st.sampled_from(("", *KINDS)))
def test_job_shop_files(seed: int, name: str, kind: str) -> None:
    rng = random.Random(seed)
    parts = (HERE / name).read_text().split(" ")
    for _ in range(rng.randrange(1, 4)):
        at = rng.randrange(len(parts))
        parts[at] = rng.choice([*STRAY, "\n", "7\n", "# ", str(rng.randrange(20))])
    try:
        require(read_text_problem(" ".join(parts), name, kind))
    except InputError:
        return


@settings(max_examples=1500, deadline=None)
@given(st.text(max_size=60), st.sampled_from(("x.txt", "x.fjs", "x.jsp")))
def test_any_text(text: str, name: str) -> None:
    try:
        read_text_problem("2 2\n" + text, name)
    except InputError:
        return


@settings(max_examples=1500, deadline=None)
@given(st.integers(0, 2**32))
def test_tables(seed: int) -> None:
    rng = random.Random(seed)
    tables = dict(TABLES)
    for _ in range(rng.randrange(3)):
        name = rng.choice(list(tables))
        lines = [line.split(",") for line in tables[name].splitlines()]
        row = rng.choice(lines)
        row[rng.randrange(len(row))] = rng.choice(STRAY)
        tables[name] = "\n".join(",".join(line) for line in lines) + "\n"
    with tempfile.TemporaryDirectory() as folder:
        for name, text in tables.items():
            (Path(folder) / f"{name}.csv").write_text(text, "utf-8")
        try:
            require(read_problem(folder))
        except InputError:
            return


def test_the_tables_are_sound_as_they_are(tmp_path: Path) -> None:
    for name, text in TABLES.items():
        (tmp_path / f"{name}.csv").write_text(text, "utf-8")
    p = read_problem(tmp_path)
    require(p)
    assert (p.job_count, p.operation_count, p.machine_count) == (4, 5, 3)


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf", b"\xff\xfe", b"order\n", b"order,operation\n,,,\n"])
def test_hardly_any_content(tmp_path: Path, content: bytes) -> None:
    for name in ("x.csv", "x.txt", "x.xlsx"):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InputError):
            read_problem(tmp_path / name)


@settings(max_examples=100, deadline=None)
@given(shops())
def test_random_shops_pass_the_door_and_their_witness_passes_the_checker(problem) -> None:  # type: ignore[no-untyped-def]
    require(problem)
    assert find_faults(witness(problem)) == ()
