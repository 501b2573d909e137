"""`luban health`: a machine or a fleet from a file, and a plant's machines from its books."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from luban.screens.cli.main import run
from luban.screens.cli.output import NO, OK, WRONG
from tests.screens import health_shop as shop


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]) -> Any:
    def run_it(*arguments: object, code: int = OK) -> tuple[str, str]:
        assert run(None, ["health", *(str(one) for one in arguments)]) == code  # type: ignore[arg-type]
        told = capsys.readouterr()
        return told.out, told.err

    return run_it


@pytest.fixture
def mill(tmp_path: Path) -> Path:
    """A mill whose vibration begins to rise after row 1100, as a German file."""
    random = np.random.default_rng(3)
    path = tmp_path / "mill.csv"
    lines = ["time;product;load [%];temperature [°C];vibration [mm/s]"]
    begin = datetime(2026, 3, 1, 6)  # noqa: DTZ001 - wall clock, as such files have it
    for row in range(1500):
        gear = row // 60 % 2
        load = 40 + 30 * gear + random.normal(0, 2)
        shake = 1.4 + 0.01 * load + random.normal(0, 0.15) + max(row - 1100, 0) / 200
        cells = (load, 20 + 0.3 * load + random.normal(0, 0.5), shake)
        told = [f"{cell:.3f}".replace(".", ",") for cell in cells]
        lines.append(f"{begin + timedelta(minutes=5 * row)};{'gear' if gear else 'shaft'};{';'.join(told)}")
    path.write_text("\n".join(lines), "utf-8")
    return path


def test_a_file_says_what_is_unusual_and_what_is_left(ask: Any, mill: Path):
    out, _ = ask(mill, "--limit", "vibration=6", "--json", code=NO)
    told = json.loads(out)
    assert told["state"] == "unusual"
    assert told["learned"]["regimes"] == {"gear": 240, "shaft": 260}
    found = told["findings"][-1]
    assert found["open"]
    assert 1100 < found["first"] < 1200
    assert found["parts"][0]["channel"] == "vibration"
    truth = (6 - (1.4 + 0.7 + 2.0)) * 200 * 5 / 60
    assert told["wear"][0]["low"] <= truth <= told["wear"][0]["high"]
    assert told["notes"][0].startswith("The first 500 readings in operation are taken as good")


def test_reports_in_three_languages(ask: Any, mill: Path, tmp_path: Path):
    out, err = ask("examine", mill, "-o", tmp_path / "mill.html", "--lang", "zh", code=NO)
    assert "设备健康：mill" in out
    assert "written" in err
    page = (tmp_path / "mill.html").read_text("utf-8")
    assert page.count("<svg") >= 4
    assert "异常" in page
    out, _ = ask(mill, "--lang", "ko", "--channel", "load", "--channel", "temperature")
    assert "정상" in out
    ask(mill, "-o", tmp_path / "mill.pdf", code=NO)
    assert (tmp_path / "mill.pdf").read_bytes().startswith(b"%PDF")


def test_several_machines_are_a_fleet(ask: Any, tmp_path: Path):
    random = np.random.default_rng(1)
    lines = ["machine,hour,power,flow"]
    for number in range(3):
        for hour in range(400):
            power = 5 + random.normal(0, 0.2) + (2.0 if number == 1 and hour > 350 else 0.0)
            lines.append(f"pump {number},{hour},{power:.3f},{30 + 2 * power + random.normal(0, 0.3):.3f}")
    path = tmp_path / "pumps.csv"
    path.write_text("\n".join(lines), "utf-8")
    out, _ = ask(path, code=NO)
    assert out.index("pump 1") < out.index("pump 0")
    told = json.loads(ask(path, "--json", code=NO)[0])
    assert told["machines"][0]["machine"] == "pump 1"
    assert told["machines"][0]["open"]["parts"][0]["channel"] in {"power", "flow"}
    one = json.loads(ask(path, "--where", "machine=pump 0", "--json")[0])
    assert one["state"] == "in order"


def test_what_is_wrong_is_said_with_the_way_out(ask: Any, mill: Path, tmp_path: Path):
    for arguments, said in (
        ((tmp_path / "nothing.csv",), "no such file"),
        ((mill, "--limit", "vibration"), "not name=value"),
        ((mill, "--limit", "vibration=much"), "a limit needs a channel and a number"),
        ((mill, "--limit", "pressure=3"), "load, temperature, vibration"),
        ((mill, "--regime", "tool"), "no such column"),
        ((tmp_path,), "no plant.toml"),
    ):
        _, err = ask(*arguments, code=WRONG)
        assert said in err
        assert "Traceback" not in err
    few = tmp_path / "few.csv"
    few.write_text("time,load\n" + "".join(f"{n},{n % 7}\n" for n in range(40)), "utf-8")
    out, _ = ask(few)
    assert "not enough data: 40 readings in operation, 100 are needed" in out
    assert "Usage" in ask("--help")[0]


def test_a_plant_says_which_machines_need_attention(ask: Any, tmp_path: Path):
    folder = shop.write(tmp_path / "plant")
    shop.seed(folder)
    told = json.loads(ask(folder, "--json", code=NO)[0])
    assert [one["machine"] for one in told["machines"]] == [shop.MILL, shop.LATHE, shop.SAW, shop.PRESS]
    out, _ = ask(folder, "--machine", "mill", code=NO)
    assert out.startswith("Health: Mill")
    assert "The last failure was at" in out
    out, _ = ask(folder, "--machine", shop.LATHE)
    assert "in order" in out
    _, err = ask(folder, "--machine", "drill", code=WRONG)
    assert "no such machine" in err
