"""`luban verify`: a file or a plant's books in; verdict, picture, report, scoreboard and exit code out."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from luban.core.time import DAY, HOUR, iso
from luban.ledger import Intake, Ledger, LedgerWriter
from luban.screens.cli.main import run
from luban.screens.cli.output import NO, OK, WRONG
from luban.screens.service import places
from luban.verify import Decision, Measure, Metric, Prediction, freeze_row, frozen, outcomes

EXAMPLE = Path(__file__).parents[2] / "examples" / "tiny_workshop"
START = 1_893_456_000_000_000  # 2030-01-01: what is recorded now is recorded before


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]) -> Any:
    def run_it(*arguments: object, code: int = OK) -> tuple[str, str]:
        told = run(None, [str(one) for one in arguments])  # type: ignore[arg-type]
        out, err = capsys.readouterr()
        assert told == code, err
        return out, err

    return run_it


@pytest.fixture
def file(tmp_path: Path) -> Path:
    g = np.random.default_rng(4)
    lines = ["day;scrap [kg];pieces;bad;twin line"]
    for day in range(90):
        late, pieces = day >= 60, int(g.integers(400, 900))
        scrap = 12 + 0.05 * pieces + g.normal() - 4 * late
        bad, other = g.binomial(pieces, 0.03 if late else 0.06), 12 + 0.05 * pieces + g.normal()
        cells = [iso(START + day * DAY)[:10], f"{scrap:.2f}", pieces, bad, f"{other:.2f}"]
        lines.append(";".join(map(str, cells)))
    lines[4] = lines[4].replace(lines[4].split(";")[1], "broken")
    own = tmp_path / "scrap.csv"
    own.write_text("\n".join(lines), "utf-8")
    return own


def test_a_file_gives_effect_money_and_promise(file: Path, ask: Any, tmp_path: Path) -> None:
    told, _ = ask("verify", file, "--since", "2030-03-02", "--driver", "pieces", "--price", 8, "--currency", "EUR",
                  "--predicted=-5,-4,-3", "-o", tmp_path / "r.html")  # fmt: skip
    assert "helped" in told
    assert "agrees with what was promised" in told
    assert "chosen after the act" in told
    assert "EUR" in told
    page = (tmp_path / "r.html").read_text("utf-8")
    assert page.count("<svg") >= 3  # mark, course, running sum
    assert "broken" in page
    document = json.loads(ask("verify", file, "--since", "2030-03-02", "--driver", "pieces", "--json")[0])
    assert document["verdict"] == "helped"
    assert document["low"] < -4 < document["high"] < 0
    assert [(one["came"], one["where"]) for one in document["left_out"]] == [("broken", "scrap.csv:5")]


def test_other_columns_choose_other_methods(file: Path, ask: Any) -> None:
    for options, method in (
        (("--value", "bad", "--of", "pieces"), "share"),
        (("--control", "twin line"), "differences"),
        (("--driver", "pieces", "--method", "interrupted"), "interrupted"),
    ):
        document = json.loads(ask("verify", file, "--since", "2030-03-02", *options, "--json")[0])
        assert document["method"] == method
        assert document["verdict"] in ("helped", "no effect")
    worse = ask("verify", file, "--since", "2030-03-02", "--control", "twin line", "--better", "more", code=NO)[0]
    assert "made worse" in worse


def test_chinese_and_korean_reports_hold_no_english_sentence(file: Path, ask: Any, tmp_path: Path) -> None:
    for language in ("zh", "ko"):
        own = tmp_path / f"{language}.html"
        ask("verify", file, "--since", "2030-03-02", "--driver", "pieces", "--lang", language, "-o", own)
        told = re.sub(r"<style.*?</style>|<svg.*?>|<[^>]*>", " ", own.read_text("utf-8"), flags=re.DOTALL)
        left = set(re.findall(r"[A-Za-z]{3,}", told)) - {"luban", "scrap", "csv", "broken"}
        assert {one for one in left if not re.fullmatch(r"[0-9a-f]+", one)} <= {"not", "number"}
    ask("verify", file, "--since", "2030-03-02", "-o", tmp_path / "r.xlsx")
    assert (tmp_path / "r.xlsx").stat().st_size > 2000


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "when did the act take effect"),
        (("--since", "yesterday"), ""),
        (("--since", "2030-03-02", "--value", "weight"), "no such column"),
        (("--since", "2030-03-02", "--better", "faster"), "which way is better"),
        (("--since", "2030-03-02", "--predicted", "much"), "not a promise"),
        (("--since", "2030-03-02", "--zone", "Mars/Base"), "no such time zone"),
        (("--since", "2030-03-02", "--method", "guess"), "no such method"),
        (("--since", "2030-03-02", "--margin=-1"), "a margin is above 0"),
    ],
)
def test_what_cannot_be_answered_is_said(file: Path, ask: Any, options: tuple[str, ...], said: str) -> None:
    _, err = ask("verify", file, *options, code=WRONG)
    assert said in err
    assert "Traceback" not in err


def test_too_short_a_file_is_not_evaluable_and_not_an_error(file: Path, ask: Any) -> None:
    told, _ = ask("verify", file, "--since", "2030-01-10")
    assert "not evaluable" in told
    assert "20 are needed" in told
    told, _ = ask("verify", file, "--since", "2030-03-29")
    assert "unverified" in told


@pytest.fixture
def plant(tmp_path: Path) -> Path:
    """A plant whose scrap share halves after `offset 12`; another act has no time after it yet."""
    own = tmp_path / "plant"
    shutil.copytree(EXAMPLE, own)
    home, g = places(own), np.random.default_rng(1)
    measure = Measure("count", "shop/lathe", "scrap", "share", over=("good", "scrap"), origin=START)
    acts = [Decision("offset 12", START + 30 * DAY, "setpoint", "li"),
            Decision("new rule", START + 30 * DAY, "schedule", "program")]  # fmt: skip
    promise = Prediction(-0.04, -0.05, -0.03)

    def counts(first: int, last: int, chance: float) -> dict[str, list[Any]]:
        times = [START + day * DAY + hour * HOUR for day in range(first, last) for hour in (6, 14, 20)]
        bad = g.binomial(200, chance, len(times))
        return {"time": times, "subject": ["shop/lathe"] * len(times), "quality": [0] * len(times),
                "good": [200.0 - one for one in bad], "scrap": [float(one) for one in bad],
                "rework": [0.0] * len(times)}  # fmt: skip

    with LedgerWriter(home.ledger) as writer:
        writer.append("count", counts(0, 30, 0.08), source="counter")
        for act in acts:
            base = frozen(Ledger(home.ledger), measure, Metric(f"scrap share, {act.act}", "1"), act, start=START,
                          moment=START + 29 * DAY)  # fmt: skip
            row = freeze_row(Ledger(home.ledger), base, act, person="li", predicted=promise)
            writer.append("event", row, source=f"desk {act.act}")
        writer.append("count", counts(30, 45, 0.04), source="counter later")
    return own


def test_a_plant_gives_its_acts_its_scoreboard_and_writes_an_outcome_once(plant: Path, ask: Any) -> None:
    told, _ = ask("verify", plant, "--to", "2030-02-15")
    for word in ("offset 12", "setpoint", "helped", "How good our promises are", "2 / 2"):
        assert word in told
    document = json.loads(ask("verify", plant, "--to", "2030-02-15", "--json")[0])
    assert {one["name"] for one in document["by_lever"]} == {"setpoint", "schedule"}
    assert document["calibration"]["promised"] == 2
    one, _ = ask("verify", plant, "offset 12", "--to", "2030-02-15", "--save")
    assert "chosen after the act" not in one
    ask("verify", plant, "offset 12", "--to", "2030-02-15", "--save")
    home = places(plant)
    with LedgerWriter(home.ledger) as writer:
        Intake(home.spool, writer).drain()
    written = outcomes(Ledger(home.ledger), every=True)
    assert {one.outcome.verdict for one in written} == {"helped"}
    _, err = ask("verify", plant, "offset 13", code=WRONG)
    assert "no baseline of that act" in err


def test_a_plant_without_acts_says_what_to_do(tmp_path: Path, ask: Any) -> None:
    own = tmp_path / "plant"
    shutil.copytree(EXAMPLE, own)
    _, err = ask("verify", own, code=WRONG)
    assert "no books yet" in err
    with LedgerWriter(places(own).ledger):
        pass
    told, _ = ask("verify", own)
    assert "No act has a baseline yet" in told
