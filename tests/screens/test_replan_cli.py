"""`luban promise` and `luban repair`: dates, ways to go on, what they refuse, and that nothing is changed unasked."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from luban.ledger import LedgerWriter
from luban.loop.places import places
from luban.loop.plans import Plans
from tests.screens import schedule_shop

Cli = Callable[..., tuple[int, str, str]]

LA01 = Path(__file__).parents[2] / "tests" / "decide" / "schedule" / "data" / "la01.txt"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = schedule_shop.write(tmp_path / "plant")
    LedgerWriter(places(folder).ledger).close()
    schedule_shop.seed(folder, schedule_shop.problem())
    return folder


def test_a_promise_says_dates_prices_and_who_is_later(folder: Path, run_cli: Cli) -> None:
    args = ("promise", str(folder), "--like", "PO-101", "--due", "2026-01-09T12:00", "--now", "0", "--time", "0.5")
    code, out, err = run_cli(*args)
    assert code == 0
    assert "2026-01-" in out
    assert "best" in out
    assert "alone in the plant it would end" in err
    found = json.loads(run_cli(*args, "--json")[1])
    quotes = found["quotes"]
    assert quotes[found["best"]]["end"] >= found["alone"]
    assert any(own["harmless"] and not own["harmed"] for own in quotes)
    for own in quotes:
        assert own["late"] == max(0, own["end"] - found["due"])


def test_ways_to_go_on_change_nothing_until_one_is_taken(folder: Path, run_cli: Cli) -> None:
    before = [plan.id for plan in Plans(folder).all()]
    args = ("repair", str(folder), "--breakdown", "lathe01,2026-01-05T10:00,2026-01-05T15:00", "--now", "180",
            "--time", "0.5")  # fmt: skip
    code, out, err = run_cli(*args)
    assert code == 0
    assert "chosen" in out
    assert "operations hit" in err
    assert [plan.id for plan in Plans(folder).all()] == before
    code, out, err = run_cli(*args, "--take", "1", "--json")
    assert code == 0, err
    found = json.loads(out)
    made = Plans(folder).get(found["made"])
    lathe = next(at for at, name in enumerate(made.schedule.problem.machines) if name.endswith("lathe01"))
    mine = made.schedule.machine == lathe
    down, up = 4 * 60, 9 * 60
    fresh = mine & (made.schedule.start >= down) & (made.schedule.start < up)
    assert not fresh.any()
    assert made.made["mended"]["plan"] in before


def test_a_file_is_planned_first(run_cli: Cli) -> None:
    code, out, _ = run_cli("promise", str(LA01), "--like", "J3", "--time", "0.3", "--json")
    assert code == 0
    assert json.loads(out)["alone"] > 0


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("repair", "PLANT"), "nothing happened"),
        (("repair", "PLANT", "--breakdown", "lathe01,10"), "UNIT,FROM,TO"),
        (("repair", "PLANT", "--breakdown", "lathe99,10,20"), "lathe99"),
        (("repair", "PLANT", "--breakdown", "lathe01,soon,20"), "soon"),
        (("repair", "PLANT", "--people", "setter,10,20,few"), "not a number"),
        (("repair", "PLANT", "--material", "PO-999,20"), "PO-999"),
        (("repair", "PLANT", "--plan", "no", "--material", "PO-101,20"), "no"),
        (("promise", "PLANT", "--like", "PO-999"), "PO-999"),
    ],
)
def test_what_is_wrong_is_said_in_one_message(folder: Path, run_cli: Cli, args: tuple[str, ...], said: str) -> None:
    code, _, err = run_cli(*(str(folder) if own == "PLANT" else own for own in args))
    assert code == 2
    assert said in err
    assert "Traceback" not in err
