"""A running plant: settings are checked before anything starts, only one may write, files come in."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from luban.core.errors import ConfigError, LedgerBusyError, LedgerError
from luban.ledger import Ledger
from luban.loop.plant_loop import PlantLoop

PLANT = """
[plant]
id = "p"
name = "P"
time_zone = "Asia/Shanghai"

[[equipment]]
path = "m"
name = "M"

[[source]]
id = "drop"
type = "files"
folder = "inbox"
poll = "50ms"

[[signal]]
id = "m:load"
source = "drop"
address = "load"
unit = "%"
range = [0, 100]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "inbox").mkdir()
    (tmp_path / "plant.toml").write_text(PLANT, encoding="utf-8")
    return tmp_path


async def facts(folder: Path, count: int) -> list[dict[str, object]]:
    """Signal facts, once there are that many."""
    deadline = asyncio.get_running_loop().time() + 15
    while True:
        rows = await asyncio.to_thread(lambda: Ledger(folder / ".luban" / "ledger").table("signal").to_pylist())
        if len(rows) >= count or asyncio.get_running_loop().time() > deadline:
            return rows
        await asyncio.sleep(0.05)


async def test_a_dropped_file_becomes_facts_and_a_restart_does_not_double_them(folder: Path) -> None:
    (folder / "inbox" / "a.csv").write_text("time,load\n2026-11-24 08:00:00,71\n2026-11-24 08:00:01,171\n")
    async with PlantLoop(folder) as loop:
        rows = await facts(folder, 2)
        assert [(r["subject"], r["value"], r["quality"]) for r in rows] == [
            ("p/m:load", 71.0, 0),
            ("p/m:load", 171.0, 66),
        ]
        assert loop.collectors["drop"].state == "up"
        assert loop.intake.state == "running"
    async with PlantLoop(folder):
        (folder / "inbox" / "b.csv").write_text("time,load\n2026-11-24 08:00:02,72\n")
        rows = await facts(folder, 3)
    assert [r["value"] for r in rows] == [71.0, 171.0, 72.0]
    assert rows[0]["time"] == 1_795_478_400_000_000  # 08:00 in Shanghai is 00:00 UTC


async def test_a_second_loop_on_the_same_books_is_refused_in_words(folder: Path) -> None:
    async with PlantLoop(folder):
        with pytest.raises(LedgerBusyError, match="another writer"):
            await PlantLoop(folder).start()


async def test_bad_settings_are_told_with_their_line_before_anything_starts(folder: Path) -> None:
    (folder / "plant.toml").write_text(PLANT.replace("poll =", "pol ="), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"plant.toml:\d+.*pol is not a setting.*did you mean poll"):
        await PlantLoop(folder).start()
    assert not (folder / ".luban").exists()


async def test_notes_of_people_are_facts_too(folder: Path) -> None:
    loop = PlantLoop(folder)
    note = {"time": [1], "subject": ["p/m"], "kind": ["note"], "text": ["belt changed"]}
    with pytest.raises(LedgerError, match="not running"):
        await loop.note("event", note, source="li")
    async with loop:
        seq = await loop.note("event", note, source="li")
        assert loop.ledger.fact(seq) is not None


def test_a_start_waits_for_no_statistics() -> None:
    told = "import sys, luban.loop.plant_loop; print([name for name in ('scipy', 'numba') if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True).stdout == "[]\n"
