"""A week of the tiny workshop, from its files through the collectors and the books to its figures.

The expected sums were counted second by second by a program that knows nothing of luban.
"""

from __future__ import annotations

import asyncio
import csv
import shutil
import time
from pathlib import Path

import pytest

from luban.core.time import DAY, SECOND, parse_time
from luban.ledger import Ledger, LedgerWriter
from luban.loop.plant_loop import PlantLoop
from luban.plant import load
from luban.understand.kpi.books import open_books
from luban.understand.kpi.read import read, sums_by_shift

WORKSHOP = Path(__file__).parents[2] / "examples" / "tiny_workshop"
ELEMENTS = ("APT", "AUST", "ADET", "ADOT", "PDOT", "UNKNOWN")


def rows(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader((WORKSHOP / "facts" / name).read_text("utf-8").splitlines()))


@pytest.fixture
def collected(tmp_path):
    """The workshop's folder after its files were taken in."""
    folder = tmp_path / "tiny"
    shutil.copytree(WORKSHOP, folder, ignore=shutil.ignore_patterns(".luban"))

    async def collect() -> None:
        async with PlantLoop(folder) as loop:
            until = time.monotonic() + 60
            while loop.ledger.head == 0 or loop.ledger.table("count").num_rows < len(rows("counts.csv")):
                assert time.monotonic() < until, {name: str(status) for name, status in loop.collectors.items()}
                await asyncio.sleep(0.1)

    asyncio.run(collect())
    return folder


def differences(folder: Path) -> list[tuple[str, str, str]]:
    """Unit, day and shift of every row of the truth that luban's sums do not meet exactly."""
    plant, ledger = load(folder), Ledger(folder / ".luban" / "ledger")
    start = parse_time("2026-11-16T00:00", plant.zone)
    sums = sums_by_shift(open_books(ledger, plant, start, start + 7 * DAY, plant.work_units, None, None))
    starts = {
        (unit, shift.day.isoformat(), shift.name): shift.start
        for unit in plant.work_units
        for shift in plant.shifts(unit, start, start + 7 * DAY)
    }
    found = []
    for row in rows("expected.csv"):
        unit = f"tiny/{row['unit']}"
        got = sums[unit, starts[unit, row["day"], row["shift"]]]
        told = [*(got.time(name) / SECOND for name in ELEMENTS), got.failures]
        told += [round(sum(getattr(made, kind) for made in got.made)) for kind in ("good", "scrap", "rework")]
        want = [*(int(row[f"{name}_s"]) for name in ELEMENTS), int(row["failures"])]
        want += [int(row[kind]) for kind in ("good", "scrap", "rework")]
        if told != want:
            found.append((row["unit"], row["day"], row["shift"]))
    return found


def correct(folder: Path) -> None:
    """What Li Na did on Tuesday: a new fact that supersedes the wrong one."""
    (correction,) = rows("corrections.csv")
    ledger = Ledger(folder / ".luban" / "ledger")
    facts = ledger.table("count", subjects=[f"tiny/{correction['unit']}"]).to_pylist()
    (wrong,) = [fact for fact in facts if fact["time"] == parse_time(correction["time"])]
    right = {name: [wrong[name]] for name in ("time", "subject", "good", "scrap", "rework", "item", "quality")}
    right |= {correction["column"]: [float(correction["right"])], "supersedes": [wrong["seq"]]}
    with LedgerWriter(folder / ".luban" / "ledger") as writer:
        writer.append("count", right, source=correction["person"])


def effectiveness(folder: Path, unit: str, day: str, as_of: int | None = None):
    plant, ledger = load(folder), Ledger(folder / ".luban" / "ledger")
    start = parse_time(f"{day}T06:30", plant.zone)
    end = plant.shifts(unit, start, start + SECOND)[0].end
    (figure,) = read(ledger, plant, start, end, [unit], as_of, names=["effectiveness"])
    return figure


def test_week(collected):
    assert differences(collected) == [("machining/lathe01", "2026-11-17", "early")]  # the typing error
    before = Ledger(collected / ".luban" / "ledger").head
    assert "work inside" in effectiveness(collected, "tiny/machining/lathe01", "2026-11-17").withheld

    correct(collected)
    assert differences(collected) == []
    lathe = effectiveness(collected, "tiny/machining/lathe01", "2026-11-17")
    assert lathe.value == pytest.approx(598 * 36 / 23395)
    then = effectiveness(collected, "tiny/machining/lathe01", "2026-11-17", as_of=before)
    assert then.value is None

    impossible = effectiveness(collected, "tiny/finishing/wash01", "2026-11-21")
    assert impossible.value is None
    assert "72 s of work inside 18 s" in impossible.withheld
