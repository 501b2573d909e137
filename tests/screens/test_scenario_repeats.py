"""A scenario asked again gives the same outcomes, byte for byte: in another process, from rows in another order."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

VALUES = [("I08", 2015 + at, value) for at, value in enumerate((33, 36.4, 38.9, 42.1, 46.3, 49.1))]
VALUES += [("I06", 2014 + at, value) for at, value in enumerate((46.0, 50.0, 54.5, 57.0, 61.2, 64.0, 69.1))]


def asked(file: Path, hashes: str, rate: str) -> bytes:
    code = "import sys; from luban.screens.cli.main import run; raise SystemExit(run(None, sys.argv[1:]))"
    more = ["--what-if", f"I08={rate}", "--what-if", "I06=0.02", "--until", "2030", "--json"]
    done = subprocess.run([sys.executable, "-c", code, "progress", str(file), *more], capture_output=True, check=True,
                          env=os.environ | {"PYTHONHASHSEED": hashes})  # fmt: skip
    return done.stdout


def test_the_same_scenario_has_the_same_outcomes(tmp_path: Path) -> None:
    file = tmp_path / "values.csv"

    def written(rows: list[tuple[str, int, float]]) -> Path:
        file.write_text("\n".join(["indicator,year,value", *(f"{i},{y},{v}" for i, y, v in rows)]))
        return file

    first = asked(written(VALUES), "1", "0.05")
    assert asked(written(VALUES[::-1]), "2", "0.05") == first
    other = asked(file, "1", "0.01")
    chances = [[line["forecast"]["chance"] for line in json.loads(told)["lines"] if line["indicator"] == "I08"]
               for told in (first, other)]  # fmt: skip
    assert chances[0][1] > chances[1][1]  # another scenario has other outcomes
