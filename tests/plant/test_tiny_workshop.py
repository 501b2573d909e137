"""The tiny workshop is sound: it loads, its week is reproducible, its truth adds up, its traps are there."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import pytest

from luban.core.time import DAY, SECOND, parse_time
from luban.norms import state_mapping
from luban.plant import check, load
from luban.plant.starter import schema_text

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "examples" / "tiny_workshop"
FACTS = FOLDER / "facts"


@pytest.fixture(scope="module")
def plant():
    return load(FOLDER)


def rows(pattern: str) -> list[dict[str, str]]:
    lines = [path.read_text("utf-8").splitlines() for path in sorted(FACTS.glob(pattern))]
    return [row for file in lines for row in csv.DictReader(file)]


def test_loads(plant):
    assert check(FOLDER) == []
    assert len(plant.work_units) == 4
    assert {step.item for step in plant.routing} == {"shaft", "flange", "bushing"}
    assert (FOLDER / "plant.schema.json").read_text("utf-8") == schema_text()


def test_same_seed_same_bytes(tmp_path):
    subprocess.run([sys.executable, ROOT / "tools" / "make_tiny_workshop.py", tmp_path], check=True)
    made = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert made == {path.name: path.read_bytes() for path in FACTS.iterdir()}
    assert sum(len(content) for content in made.values()) < 300_000


def test_words_and_names_are_known(plant):
    mapping = state_mapping("generic@1")
    assert {row["state"] for row in rows("states_*.csv")} <= set(mapping.states)
    assert {f"{plant.id}/{row['unit']}" for row in rows("states_*.csv")} == set(plant.work_units)
    assert {row["item"] for row in rows("counts.csv")} <= set(plant.items)
    assert {row["order"] for row in rows("states_*.csv")} - {""} <= set(plant.orders)


def test_calendar_has_exactly_the_shifts_of_the_truth(plant):
    start = parse_time("2026-11-16T00:00", plant.zone)
    found = {
        (unit.removeprefix("tiny/"), shift.day.isoformat(), shift.name): (shift.end - shift.start, shift.planned)
        for unit in plant.work_units
        for shift in plant.shifts(unit, start, start + 7 * DAY)
    }
    expected = {
        (row["unit"], row["day"], row["shift"]): (int(row["length_s"]) * SECOND, int(row["planned_s"]) * SECOND)
        for row in rows("expected.csv")
    }
    assert found == expected


def test_truth_tiles_every_shift():
    for row in rows("expected.csv"):
        assert sum(int(row[f"{name}_s"]) for name in ("APT", "AUST", "ADET", "ADOT", "PDOT", "UNKNOWN")) == int(
            row["length_s"]
        )


def test_pieces_fit_into_the_running_time_but_for_the_traps(plant):
    """Ideal work never exceeds the running time, except on the impossible Saturday."""
    for row in rows("expected.csv"):
        unit = f"tiny/{row['unit']}"
        made = sum(int(row[kind]) for kind in ("good", "scrap", "rework"))
        fastest = min(step.ideal_cycle_s for step in plant.routing if step.unit == unit)
        impossible = (row["unit"], row["shift"]) == ("finishing/wash01", "overtime")
        assert (made * fastest > int(row["APT_s"])) == impossible, row


def test_trap_silent_hour():
    silent = [
        r
        for name in ("states_*.csv", "counts.csv")
        for r in rows(name)
        if "2026-11-18T11:00:00" < r["time"][:19] < "2026-11-18T12"
    ]
    assert silent == []
    said_again = {row["unit"] for row in rows("states_*.csv") if row["time"] == "2026-11-18T12:00:00+08:00"}
    assert len(said_again) == 4
    assert {
        row["UNKNOWN_s"] for row in rows("expected.csv") if (row["day"], row["shift"]) == ("2026-11-18", "early")
    } == {"3600"}
    assert rows("coverage.csv")[0]["end"] == "2026-11-18T11:00:00+08:00"


def test_trap_impossible_count():
    (count,) = [r for r in rows("counts.csv") if r["unit"] == "finishing/wash01" and r["time"] > "2026-11-21"]
    ran = [r["time"] for r in rows("states_*.csv") if r["unit"] == "finishing/wash01" and r["time"] > "2026-11-21T07"]
    assert (count["good"], parse_time(ran[1]) - parse_time(ran[0])) == ("18", 18 * SECOND)


def test_trap_night_over_midnight():
    night = [row for row in rows("states_*.csv") if row["unit"] == "machining/lathe02"]
    assert not [
        row for row in night if row["time"][11:19] in {"00:00:00", "22:30:00"} and row["time"] < "2026-11-20T22"
    ]
    friday = [row for row in rows("expected.csv") if (row["day"], row["shift"]) == ("2026-11-19", "night")]
    assert len(friday) == 1


def test_trap_correction():
    (correction,) = rows("corrections.csv")
    (count,) = [
        row for row in rows("counts.csv") if (row["time"], row["unit"]) == (correction["time"], correction["unit"])
    ]
    assert count[correction["column"]] == correction["wrong"] == "220"
    assert correction["right"] == "22"
