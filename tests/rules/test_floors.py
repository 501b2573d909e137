"""A floor imports only what lies below it, and each rule of `.importlinter` catches the fault it is there for."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINT = [sys.executable, "-c", "from importlinter.cli import lint_imports as run; raise SystemExit(run(no_cache=True))"]

# contract → the module and the line that breaks it
FAULTS = {
    "A floor imports only what lies below it": ("understand/kpi/fault.py", "from luban.connect import wire"),
    "Only the ledger speaks SQL": ("loop/fault.py", "import sqlite3"),
    "Only connect has wire libraries": ("ledger/fault.py", "import httpx"),
    "Only screens has web and terminal frameworks": ("plant/fault.py", "import typer"),
    "Screens reach wires only through the loop": ("screens/fault.py", "from luban.connect import registry"),
    "The twin is a plant, not a wire: what judges by it must not reach wires": (
        "twin/fault.py",
        "from luban.connect import wire",
    ),
    "Decisions reach no wire: plans become acts elsewhere": ("decide/fault.py", "from luban.connect import wire"),
    "Only decide has solver libraries": ("understand/fault.py", "import ortools"),
    "The ground floor is standard library and numpy": ("core/fault.py", "import pyarrow"),
    "The judge knows neither those who decide nor those who act": ("verify/fault.py", "import luban.act"),
    "What decides on a running plant knows it by what wires deliver, never by the twin": (
        "loop/deciding/fault.py",
        "import luban.twin.run",
    ),
    "A roll-up reads books and returns, never machines": ("rollup/fault.py", "import luban.twin.run"),
    "No cycles between sibling modules": ("norms/kpis.py", "from luban.norms import fault"),
}


def lint(folder: Path) -> str:
    environment = os.environ | {"PYTHONPATH": str(folder / "src"), "NO_COLOR": "1", "COLUMNS": "200"}
    run = subprocess.run(LINT, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return f"{run.stdout}{run.stderr}exit {run.returncode}"


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source tree with its contracts, free to be spoilt."""
    folder = tmp_path_factory.mktemp("house")
    shutil.copytree(ROOT / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / ".importlinter", folder)
    return folder


def test_the_floors_hold() -> None:
    said = lint(ROOT)
    assert "0 broken." in said, said
    assert said.endswith("exit 0")


def test_each_rule_has_a_planted_fault() -> None:
    names = [
        line.partition("=")[2].strip()
        for line in (ROOT / ".importlinter").read_text().splitlines()
        if line.startswith("name")
    ]
    assert sorted(names) == sorted(FAULTS)


def test_planted_faults_are_caught(copied: Path) -> None:
    source = copied / "src" / "luban"
    (source / "norms" / "fault.py").write_text("from luban.norms import kpis\n")
    for place, line in FAULTS.values():
        file = source / place
        file.write_text((file.read_text() if file.exists() else "") + f"\n{line}\n")
    said = lint(copied)
    missed = [name for name in FAULTS if f"{name} BROKEN" not in said]
    assert missed == [], said
    assert not said.endswith("exit 0")


def test_a_package_on_no_floor_is_caught(copied: Path) -> None:
    room = copied / "src" / "luban" / "attic"
    room.mkdir()
    (room / "__init__.py").write_text("")
    try:
        assert "attic" in lint(copied)
    finally:
        shutil.rmtree(room)
