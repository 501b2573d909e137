"""The alarm list of a plant folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from luban.plant import check, load

TOML = """
[plant]
id = "shop"
name = "Shop"
time_zone = "UTC"

[[equipment]]
path = "m1"
kind = "work unit"

[[source]]
id = "wire"
type = "memory"

[[signal]]
id = "m1:load"
source = "wire"
address = "a"
unit = "%"

[[signal]]
id = "m1:wish"
source = "wire"
address = "b"
unit = "%"
"""
HEAD = "signal,condition,limit,word,other,window_s,priority,latch,suppress_in,action\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "plant.toml").write_text(TOML, "utf-8")
    return tmp_path


def test_a_list_is_read(folder: Path) -> None:
    (folder / "alarms.csv").write_text(
        HEAD
        + "m1:load,high,80,,,,high,yes,idle; off*,slow down\n"
        + "m1:load,deviation,5,,m1:wish,,,,,\n"
        + "m1,life,48,,,,medium,,,plan the repair\n"
    )
    assert check(folder) == []
    high, apart, life = load(folder).alarms
    assert (high.id, high.signal, high.unit_path) == ("shop/m1:load high 80", "shop/m1:load", "shop/m1")
    assert (high.latch, high.suppress_in, high.priority) == (True, ("idle", "off*"), "high")
    assert (apart.other, apart.priority, apart.action, apart.latch) == ("shop/m1:wish", "low", "", False)
    assert (life.signal, life.unit_path, life.limit) == ("shop/m1", "shop/m1", 48.0)


def test_a_plant_without_a_list_has_none(folder: Path) -> None:
    assert load(folder).alarms == ()


@pytest.mark.parametrize(
    ("row", "message", "column"),
    [
        ("m1:lod,high,80,,,,,,,", "unknown signal", "signal"),
        ("m1:load,hihg,80,,,,,,,", "unknown word", "condition"),
        ("m1:load,high,80,,,,urgent,,,", "unknown word", "priority"),
        ("m1:load,high,80,,,,,maybe,,", "unknown word", "latch"),
        ("m1:load,high,,,,,,,,", "the condition high needs a limit", "limit"),
        ("m1:load,rate,5,,,,,,,", "the condition rate needs a window_s", "window_s"),
        ("m1:load,rate,0,,,10,,,,", "a rate of 0 is no limit", "limit"),
        ("m1:load,is,,,,,,,,", "the condition is needs a word", "word"),
        ("m1:load,deviation,5,,m1:wsh,,,,,", "unknown signal", "other"),
        ("m1:load,deviation,-5,,m1:wish,,,,,", "not above 0", "limit"),
        ("m1:load,anomaly,,,,,,,,", "unknown equipment", "signal"),
        ("m1:load,high,80,,,,,,,\nm1:load,high,80,,,,high,,,", "an alarm given twice", "id"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(folder: Path, row: str, message: str, column: str) -> None:
    (folder / "alarms.csv").write_text(HEAD + row + "\n")
    (complaint,) = check(folder)
    assert (complaint.message, complaint.field) == (message, column)
    assert (complaint.file, complaint.line) == ("alarms.csv", 2 + row.count("\n"))
