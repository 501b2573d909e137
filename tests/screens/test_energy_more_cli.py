"""`luban energy savings` and `luban energy shift` as a person runs them."""

from __future__ import annotations

import json
from pathlib import Path
from shutil import copytree, ignore_patterns

import numpy as np
import pytest

from luban.core.time import iso
from luban.decide.schedule.construct import first_schedule
from luban.decide.schedule.objective import Objective
from luban.loop.plans import Plans
from luban.screens.cli.main import run as run_it
from luban.screens.service.schedule_stops import plan_problem
from tests.understand.energy.test_towt import HOUR, noisy, shop

EXAMPLE = Path(__file__).parents[2] / "examples" / "tiny_workshop"


@pytest.fixture(scope="module")
def hourly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two short years of 91 days by the hour; 15 % less in the second."""
    times, warm, true = shop(5, 182, 91)
    y = true + noisy(5, 182, 0.2, 5.0)
    y[91 * 24 :] -= 0.15 * true[91 * 24 :]
    path = tmp_path_factory.mktemp("hours") / "hours.csv"
    lines = [f"{iso(int(at))},{kwh:.3f},{t:.2f}" for at, kwh, t in zip(times, y, warm, strict=True)]
    lines[100] = lines[100].replace(lines[100].split(",")[1], "?")
    path.write_text("\n".join(["time,energy [kWh],outside [°C]", *lines]), "utf-8")
    return path


class Run:
    """Runs `luban energy` with words: the exit code, and what it printed."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys = capsys

    def __call__(self, *words: object) -> tuple[int, str]:
        code = run_it(None, ["energy", *map(str, words)])  # type: ignore[arg-type]
        told = self.capsys.readouterr()
        return code, told.out + ("" if "--json" in words else told.err)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    return Run(capsys)


def test_savings_by_the_hour(run: Run, hourly: Path, tmp_path: Path) -> None:
    asked = ("savings", hourly, "--energy", "energy", "--temperature", "outside", "--until", "2022-04-04")
    code, text = run(*asked)
    assert code == 0
    assert "A saving is shown" in text
    code, text = run(*asked, "--json")
    told = json.loads(text)
    assert told["step"] == "hour"
    assert told["unit"] == "kWh"
    assert told["share_low"] < 0.15 < told["share_high"]
    assert told["share"] == pytest.approx(0.15, abs=0.05)
    assert told["periods"] == 91
    assert told["baseline"]["rows"] == 91 * 24 - 1
    out = tmp_path / "saved.html"
    code, _ = run(*asked, "--lang", "zh", "-o", out)
    assert "节能得到证实" in out.read_text("utf-8")
    assert run(*asked, "--seasons", "months", "--json")[0] == 0


def test_quarters_of_an_hour_and_days_say_the_same(run: Run, hourly: Path, tmp_path: Path) -> None:
    rows = [line.split(",") for line in hourly.read_text("utf-8").splitlines()[1:]]
    values = [(np.nan if kwh == "?" else float(kwh), float(t)) for _, kwh, t in rows]
    start = int(shop(5, 182, 91)[0][0])
    quarters = ["time,kwh"]
    for at, (kwh, _) in enumerate(values):
        quarters += [
            f"{iso(start + at * HOUR + part * HOUR // 4)},{kwh / 4 if kwh == kwh else ''}" for part in range(4)
        ]
    (tmp_path / "q.csv").write_text("\n".join(quarters), "utf-8")
    code, text = run("savings", tmp_path / "q.csv", "--energy", "kwh", "--until", "2022-04-04", "--json")
    fine = json.loads(text)
    assert fine["step"] == "hour"
    assert fine["baseline"]["rows"] == 91 * 24 - 1
    days = ["day,kwh,warm"]
    for day in range(182):
        own = values[24 * day : 24 * day + 24]
        days.append(f"{iso(start + 24 * day * HOUR)[:10]},{sum(k for k, _ in own)},{np.mean([t for _, t in own])}")
    (tmp_path / "d.csv").write_text("\n".join(days).replace("nan", ""), "utf-8")
    code, text = run("savings", tmp_path / "d.csv", "--energy", "kwh", "--temperature", "warm", "--until", "2022-04-04",
                     "--json")  # fmt: skip
    told = json.loads(text)
    assert told["step"] == "day"
    assert told["baseline"]["rows"] == 90
    assert told["periods"] == 91
    assert code == (0 if told["low"] > 0 else 1)


def test_what_savings_cannot_be_asked(run: Run, hourly: Path, tmp_path: Path) -> None:
    assert run("savings", hourly, "--energy", "watts", "--until", "2022-04-04")[0] == 2
    assert run("savings", hourly, "--energy", "energy", "--until", "2022-04-04", "--zone", "Mars/Base")[0] == 2
    code, text = run("savings", hourly, "--energy", "energy", "--until", "2022-04-04", "--act", "2022-01-01")
    assert code == 2
    assert "after the baseline" in text
    back = tmp_path / "back.csv"
    back.write_text("time,kwh\n2022-01-02,1\n2022-01-01,2\n2022-01-03,2\n", "utf-8")
    assert "order of time" in run("savings", back, "--energy", "kwh", "--until", "2022-01-03")[1]


def test_shifting_keeps_due_dates_and_says_what_it_saves(run: Run, tmp_path: Path) -> None:
    asked = (
        "shift",
        EXAMPLE,
        "--tariff",
        "cn-example",
        "--power",
        "mill01=15",
        "--power",
        "lathe01=8",
        "--time",
        "0.5",
    )
    code, text = run(*asked, "--json")
    assert code == 0
    told = json.loads(text)
    assert told["currency"] == "CNY"
    assert told["cost"][1] <= told["cost"][0]
    assert told["bound"] <= told["cost"][1]
    assert set(told["late"][1]) <= set(told["late"][0])
    assert told["saved"] == pytest.approx(told["cost"][0] - told["cost"][1])
    assert sum(band["after_kWh"] for band in told["bands"]) == pytest.approx(told["energy_kWh"][1])
    out = tmp_path / "shift.html"
    code, text = run(*asked, "--demand", "--lang", "ko", "-o", out)
    assert code == 0
    page = out.read_text("utf-8")
    assert "부하 이전" in page
    assert "Load shifting" not in page


def test_shifting_without_prices_or_powers_says_what_is_missing(run: Run, tmp_path: Path) -> None:
    assert "no machine has a power" in run("shift", EXAMPLE, "--time", "0.2")[1]
    assert run("shift", EXAMPLE, "--tariff", "cn-example", "--power", "mill09=3")[0] == 2
    assert run("shift", EXAMPLE, "--tariff", "cn-example", "--power", "mill01=x")[0] == 2
    orders = tmp_path / "orders.csv"
    orders.write_text("order,operation,machine,time\nA,10,saw,30 min\n", "utf-8")
    code, text = run("shift", orders, "--power", "saw=3")
    assert code == 2
    assert "no tariff" in text


def test_the_plan_in_force_is_shifted_and_what_is_locked_stays(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "plant"
    copytree(EXAMPLE, folder, ignore=ignore_patterns(".luban"))
    plan = first_schedule(plan_problem(folder).problem, Objective.parse("tardiness > flow_time"))
    plans = Plans(folder)
    told = {"objective": "tardiness", "value": [0.0], "bound": None, "gap": None, "reason": "time", "seconds": 0.0}
    plans.make(plan, told, who="li", locked=range(plan.problem.operation_count))
    asked = ("shift", folder, "--tariff", "cn-example", "--power", "mill01=15", "--power", "lathe01=8", "--json")
    code, text = run(*asked)
    assert code == 0
    assert json.loads(text)["moved"] == []
    plans.make(plan, told, who="li")
    moved = json.loads(run(*asked, "--time", 2)[1])
    assert moved["moved"] != []
    assert json.loads(run(*asked, "--plan", "P0001")[1])["moved"] == []
    assert run(*asked, "--plan", "P0009")[0] == 2
