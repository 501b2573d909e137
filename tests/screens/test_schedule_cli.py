"""`luban schedule`: what it prints, writes, refuses, and how it ends."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

Cli = Callable[..., tuple[int, str, str]]

ROOT = Path(__file__).parents[2]
SHOP = ROOT / "tests" / "decide" / "schedule" / "data"
TINY = ROOT / "examples" / "tiny_workshop"


def test_a_published_shop_is_proved_and_said_so(run_cli: Cli) -> None:
    code, out, err = run_cli("schedule", str(SHOP / "la01.txt"), "--time", "30")
    assert code == 0
    assert "makespan = 666: proven optimal" in out
    assert "10 orders, 50 operations, 5 machines" in err


def test_json_is_one_document_with_every_operation(run_cli: Cli) -> None:
    code, out, _ = run_cli(
        "schedule", str(SHOP / "la01.txt"), "--time", "30", "--json", "--why", "J3", "--machine", "M0"
    )
    found = json.loads(out)
    assert code == 0
    assert (found["value"], found["bound"], found["gap"], found["proved"]) == ([666.0], 666.0, 0.0, True)
    assert len(found["operations"]) == 50
    assert max(row["end"] for row in found["operations"]) == 666
    assert sum(found["why"]["totals"].values()) == max(
        row["end"] for row in found["operations"] if row["order"] == "J3"
    )
    assert len(found["dispatch"]) == 10


@pytest.mark.parametrize("kind", ["xlsx", "pdf", "csv", "json"])
def test_a_plan_is_written_in_each_form(kind: str, tmp_path: Path, run_cli: Cli) -> None:
    file = tmp_path / f"plan.{kind}"
    code, _, _ = run_cli("schedule", str(TINY), "--time", "0.5", "-o", str(file))
    assert code == 0
    if kind == "xlsx":
        assert len(openpyxl.load_workbook(file).sheetnames) >= 4
    elif kind == "pdf":
        assert file.read_bytes().startswith(b"%PDF")
    elif kind == "csv":
        rows = list(csv.DictReader(file.read_text("utf-8-sig").splitlines()))
        assert {"PO-101/10", "PO-102/20"} <= {row["operation"] for row in rows}
        assert all(row["starts"] < row["ends"] for row in rows)
    else:
        assert json.loads(file.read_text("utf-8"))["objective"].startswith("tardiness")
    assert list(tmp_path.iterdir()) == [file]


def test_a_template_can_be_filled_and_read(tmp_path: Path, run_cli: Cli) -> None:
    file = tmp_path / "orders.xlsx"
    assert run_cli("schedule", str(file), "--template")[0] == 0
    code, out, _ = run_cli("schedule", str(file), "--time", "0.5")
    assert code == 0
    assert "Orders, the latest first" in out
    code, _, err = run_cli("schedule", str(file), "--template")
    assert code == 2
    assert "a template is a new Excel file" in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere.txt"], "nowhere.txt"),
        ([str(SHOP / "la01.txt"), "--objective", "profit"], "unknown term of an objective"),
        ([str(SHOP / "la01.txt"), "--why", "J99"], "unknown order"),
        ([str(SHOP / "la01.txt"), "--machine", "M99"], "unknown machine"),
        ([str(SHOP / "la01.txt"), "-o", "plan.docx"], "unknown kind of file"),
        ([str(SHOP / "la01.txt"), "--workers", "3"], "workers"),
    ],
)
def test_wrong_questions_are_answered_in_one_message(arguments: list[str], message: str, run_cli: Cli) -> None:
    code, out, err = run_cli("schedule", *arguments)
    assert code == 2
    assert out == ""
    assert message in err
    assert "Traceback" not in err


def test_ctrl_c_ends_with_the_best_so_far() -> None:
    command = [sys.executable, "-m", "luban", "schedule", str(SHOP / "mk01.txt"), "--time", "100"]
    command += ["--objective", "flow_time"]
    # what runs in the background of a script ignores Ctrl-C, and hands that on
    run = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    assert run.stderr is not None
    while "Searching" not in run.stderr.readline():
        assert run.poll() is None
    time.sleep(3.0)  # CP-SAT, which would like to catch it, is at work by then
    run.send_signal(signal.SIGINT)
    out, err = run.communicate(timeout=60)
    assert run.returncode == 130, err
    assert "ended: stopped" in out
    assert "Orders, the latest first" in out
