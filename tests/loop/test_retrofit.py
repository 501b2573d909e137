"""A press with nothing but a power meter: its states, counts and OEE, turn by turn."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from luban.core.time import DAY, HOUR, MINUTE, parse_time
from luban.ledger import Intake, Ledger, LedgerWriter
from luban.loop.retrofit import Retrofitting
from luban.plant import check, load
from luban.understand.book import entries
from luban.understand.kpi import read

TOML = """\
[plant]
id = "old"
name = "Old works"
time_zone = "UTC"
calendar = "day"
[[calendar]]
id = "day"
shifts = [{ name = "day", start = "06:00", end = "14:00" }]
[[equipment]]
path = "press"
[[source]]
id = "meter"
type = "mqtt"
url = "mqtt://127.0.0.1"
[[signal]]
id = "press:power"
source = "meter"
address = "p"
unit = "kW"
[[retrofit]]
equipment = "press"
power = "press:power"
"""
START = parse_time("2026-11-23T05:00:00Z")


def day() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Power of a day, every 5 s: off, then from 6 to 14 h cycles of 60 s with 15 s of loading, two long waits."""
    time = START + np.arange(0, 10 * HOUR, 5_000_000)
    hour = (time - START) / HOUR + 5
    on = (hour >= 6) & (hour < 14)
    waits = ((hour >= 9) & (hour < 9.5)) | ((hour >= 12) & (hour < 12.25))
    working = on & ~waits
    phase = ((time - START) / 1e6) % 60
    rng = np.random.default_rng(5)
    power = np.where(on, 1.5, 0.05) + np.where(working & (phase >= 15), 4.0, 0.0)
    return time, power * (1 + 0.01 * rng.normal(size=len(time))), working


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "plant.toml").write_text(TOML, "utf-8")
    return tmp_path


def test_states_counts_and_oee_come_from_power_alone(folder: Path) -> None:
    plant = load(folder)
    time, power, working = day()
    books = folder / "books"
    writer = LedgerWriter(books)
    reading = Retrofitting(plant, Ledger(books), books / "spool")
    begun = 0
    for upto in np.linspace(len(time) // 2, len(time), 7).astype(int).tolist():
        rows = {"time": time[begun:upto], "subject": ["old/press:power"] * (upto - begun), "value": power[begun:upto],
                "quality": np.zeros(upto - begun, np.uint8)}  # fmt: skip
        writer.append("signal", rows, source="meter")
        begun = upto
        if upto > len(time) * 0.7:  # a restart: all is told again from the books
            reading.close()
            reading = Retrofitting(plant, Ledger(books), books / "spool")
        reading.turn(now=int(time[upto - 1]))
        Intake(books / "spool", writer).drain()
    reading.close()
    ledger = Ledger(books)
    states = ledger.table("state").to_pylist()
    assert {row["mapping"] for row in states} == {"power@1"}
    assert {row["source"] for row in states} == {"retrofit.press"}
    assert all(a["state"] != b["state"] for a, b in itertools.pairwise(states))
    starts = np.array([row["time"] for row in states])
    words = np.array([row["state"] for row in states])
    inside = (time >= starts[0]) & (time < time[-1] - 20 * MINUTE)
    told = words[np.searchsorted(starts, time[inside], "right") - 1] == "running"
    assert (told == working[inside]).mean() > 0.99
    made = sum(row["good"] for row in ledger.table("count").to_pylist())
    assert abs(made - 7.25 * 60) <= 3
    fitted = entries(ledger, "model", "old/press")
    assert [entry.code for entry in fitted] == ["fit"]
    assert fitted[0].data["hours"] >= 4
    begin = parse_time("2026-11-23T06:00:00Z")
    figures = {f.name: f for f in read(ledger, plant, begin, begin + 8 * HOUR, now=begin + DAY)}
    assert figures["availability"].value == pytest.approx(7.25 / 8, abs=0.01)
    writer.close()


def test_a_machine_of_which_power_tells_only_on_and_off_stays_out_of_figures(folder: Path) -> None:
    plant = load(folder)
    time, _, _ = day()
    hour = (time - START) / HOUR + 5
    power = np.where((hour >= 6) & (hour < 14), 8.0, 0.0)
    books = folder / "books"
    writer = LedgerWriter(books)
    rows = {"time": time, "subject": ["old/press:power"] * len(time), "value": power,
            "quality": np.zeros(len(time), np.uint8)}  # fmt: skip
    writer.append("signal", rows, source="meter")
    reading = Retrofitting(plant, Ledger(books), books / "spool")
    reading.turn(now=int(time[-1]))
    Intake(books / "spool", writer).drain()
    reading.close()
    assert {row["quality"] for row in Ledger(books).table("state").to_pylist()} == {8}
    assert any("only on and off" in note for note in reading.notes["old/press"])
    writer.close()


def test_too_little_power_is_said_and_nothing_is_written(folder: Path) -> None:
    plant = load(folder)
    books = folder / "books"
    writer = LedgerWriter(books)
    reading = Retrofitting(plant, Ledger(books), books / "spool")
    assert reading.turn() == 0
    assert "no power" in reading.notes["old/press"][0]
    reading.close()
    writer.close()


@pytest.mark.parametrize(("old", "new", "field"), [
    ('equipment = "press"', 'equipment = "pres"', "equipment"),
    ('power = "press:power"', 'power = "press:powr"', "power"),
    ('power = "press:power"', 'power = "press:power"\ncycle = "soon"', "cycle"),
    ('unit = "kW"', 'unit = "kW"\nrole = "state"\nmapping = "generic@1"', "equipment"),
])  # fmt: skip
def test_a_retrofit_that_cannot_be_is_said_with_its_line(folder: Path, old: str, new: str, field: str) -> None:
    assert check(folder) == []
    (folder / "plant.toml").write_text(TOML.replace(old, new), "utf-8")
    found = [complaint for complaint in check(folder) if complaint.field == field]
    assert found
    assert found[0].line > 10


def test_a_new_meter_is_learned_within_a_day_and_an_idle_day_changes_nothing(folder: Path) -> None:
    plant = load(folder)
    time, power, _ = day()
    books = folder / "books"
    writer = LedgerWriter(books)
    reading = Retrofitting(plant, Ledger(books), books / "spool")
    codes = []
    for at, factor in enumerate((1.0, 1.0, 0.0, 1000.0, 1000.0)):  # as learned, a holiday, then W for kW
        rows = {"time": time + at * DAY, "subject": ["old/press:power"] * len(time), "value": factor * power,
                "quality": np.zeros(len(time), np.uint8)}  # fmt: skip
        writer.append("signal", rows, source="meter")
        reading.turn(now=int(time[-1]) + at * DAY)
        Intake(books / "spool", writer).drain()
        codes.append([entry.code for entry in entries(Ledger(books), "model", "old/press")])
    reading.close()
    assert codes == [["fit"], ["fit"], ["fit"], ["fit", "adapt"], ["fit", "adapt"]]
    writer.close()
