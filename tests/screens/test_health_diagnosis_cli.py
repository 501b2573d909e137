"""`luban health diagnose`: a table with causes, or a plant, in; verdicts with their evidence out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from luban.ledger import LedgerWriter
from luban.loop.places import places
from luban.screens.cli.main import run
from luban.screens.cli.output import NO, OK, WRONG
from tests.screens.health_shop import write
from tests.understand.health.diagnosis.worlds import NAMES, machine

CAUSES = ("leak", "hot oil", "dull tool", "worn bearing")


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]) -> Any:
    def run_it(*arguments: object, code: int = OK) -> tuple[str, str]:
        assert run(None, ["health", "diagnose", *(str(one) for one in arguments)]) == code  # type: ignore[arg-type]
        told = capsys.readouterr()
        return told.out, told.err

    return run_it


def table(folder: Path, *last: tuple[str, str]) -> Path:
    """A minute a row: good operation, a case of each cause, then what is asked."""
    rng = np.random.default_rng(3)
    parts, causes = list[Any](), list[str]()
    stretches = [(400, "", ""), *((80, cause, cause) for cause in CAUSES), *((50, fault, told) for fault, told in last)]
    for count, fault, told in stretches:
        parts.append(machine(rng, count, fault))
        causes += [told] * count
    heads = ["time", *(f"{name} [°C]" if name == "temperature" else name for name in NAMES), "fault"]
    rows = [f"2026-01-{1 + at // 1440:02d}T{at // 60 % 24:02d}:{at % 60:02d}:00Z," + ",".join(f"{x:.4f}" for x in row)
            + f",{causes[at]}" for at, row in enumerate(np.concatenate(parts))]  # fmt: skip
    file = folder / "pump.csv"
    file.write_text("\n".join([",".join(heads), *rows]), "utf-8")
    return file


def test_a_table_is_learned_from_and_asked(ask: Any, tmp_path: Path):
    file = table(tmp_path, ("leak", "?"), ("", "good"), ("slipping belt", "?"))
    (tmp_path / "rules.toml").write_text(
        '[[rule]]\nname = "low"\ncause = "leak"\nwhen = "pressure < 12 for 3 min"\n'
        '[[rule]]\nname = "oil"\ncause = "x"\nwhen = "oil > 3"\n', "utf-8",
    )  # fmt: skip
    out, _ = ask(file, "--cause", "fault", "--rules", tmp_path / "rules.toml", "--json", code=NO)
    told = json.loads(out)
    assert told["causes"] == sorted(CAUSES)
    assert told["rate"] == pytest.approx(1 / 6)
    leak, belt = told["told"]
    assert (leak["first"], leak["last"], leak["cause"]) == (720, 769, "leak")
    assert leak["causes"][0]["rules"][0]["rule"] == "low"
    assert {one["signal"] for one in leak["causes"][0]["evidence"][:2]} == {"pressure", "flow"}
    assert leak["causes"][0]["case"] == "pump 401"
    assert not belt["known"]
    assert belt["reason"].startswith("unknown")
    assert told["rules_skipped"] == {"oil": "no signal of this name: oil"}
    assert all(one["right"] > 0.5 for one in told["check"])
    paper = tmp_path / "pump.html"
    out, _ = ask(file, "--cause", "fault", "--lang", "zh", "-o", paper, code=NO)
    assert "支持的证据" in out
    assert "支持的证据" in paper.read_text("utf-8")


def test_nothing_unusual_is_told_as_such(ask: Any, tmp_path: Path):
    out, _ = ask(table(tmp_path, ("", "good"), ("", "?")), "--cause", "fault")
    assert "nothing stands out from good operation" in out


def test_bad_questions_have_an_answer(ask: Any, tmp_path: Path):
    file = table(tmp_path, ("leak", "?"))
    assert "no such column" in ask(file, code=WRONG)[1]
    assert "no machine has enough good operation" in ask(file, "--cause", "fault", "--window", 200, code=WRONG)[1]
    assert "no such file" in ask(tmp_path / "none.csv", code=WRONG)[1]
    bare = tmp_path / "bare.csv"
    bare.write_text("a,cause\n" + "".join(f"{at % 7},\n" for at in range(300)), "utf-8")
    assert "nothing is asked" in ask(bare, code=WRONG)[1]
    (tmp_path / "rules.toml").write_text('[[rule]]\nname = "low"\ncause = "leak"\nwhen = "a >"\n', "utf-8")
    assert "rules.toml:4" in ask(bare, "--rules", tmp_path / "rules.toml", code=WRONG)[1]
    (tmp_path / "rules.toml").write_text('[[rule]]\nname = "low"\ncause = "leak"\nwhen = "a > 3"\n', "utf-8")
    assert "rules need a clock" in ask(bare, "--rules", tmp_path / "rules.toml", code=WRONG)[1]


def test_a_plant_without_readings_says_why(ask: Any, tmp_path: Path):
    folder = write(tmp_path / "plant")
    LedgerWriter(places(folder).ledger).close()
    out, _ = ask(folder)
    assert "nothing was read of this machine yet" in out
    told = json.loads(ask(folder, "--machine", "jinan/mill", "--json")[0])
    assert (told["verdict"], told["cases"]) == (None, [])
