"""Maintenance tasks and spare parts of a plant folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from luban.core.time import DAY, HOUR
from luban.plant import check, load
from luban.plant.checks.maintenance import list_of, parts_of

TOML = """\
[plant]
id = "works"
name = "Works"
time_zone = "Asia/Shanghai"
[[equipment]]
path = "m1"
"""
HEAD = "asset,task,part,policy,interval,clock,duration,skill,people,parts,checklist\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "plant.toml").write_text(TOML, "utf-8")
    (tmp_path / "spares.csv").write_text("id,name,lead,order_at\nbearing,Bearing 6205,14d,1\nseal,,,\n")
    return tmp_path


def test_tasks_and_spares_are_read(folder: Path) -> None:
    rows = "m1,spindle service,spindle,age,500h,,4h,mechanic,2,bearing x2; seal,oil; noise\n"
    (folder / "maintenance.csv").write_text(HEAD + rows + "m1,count,,age,20000,pieces,30min,,,,\n")
    assert check(folder) == []
    plant = load(folder)
    first, second = plant.maintenance
    assert (first.id, first.every, first.clock, first.duration) == (
        "works/m1:spindle service",
        500 * HOUR,
        "running",
        4 * HOUR,
    )
    assert first.parts == (("bearing", 2), ("seal", 1))
    assert first.checklist == ("oil", "noise")
    assert first.people == 2
    assert (second.every, second.clock, second.people) == (20000, "pieces", 1)
    assert plant.spares["bearing"].lead == 14 * DAY
    assert plant.spares["bearing"].order_at == 1
    assert (plant.spares["seal"].name, plant.spares["seal"].lead, plant.spares["seal"].lot) == ("seal", None, 1)


def test_technicians_are_read(folder: Path) -> None:
    (folder / "technicians.csv").write_text("name,skills,hours\nWang,mechanic; electrician,30\nLi,,200\n")
    (complaint,) = check(folder)
    assert (complaint.field, complaint.line) == ("hours", 3)
    (folder / "technicians.csv").write_text("name,skills,hours\nWang,mechanic; electrician,30\n")
    (wang,) = load(folder).technicians
    assert (wang.name, wang.skills, wang.hours) == ("Wang", ("mechanic", "electrician"), 30)


def test_a_plant_without_them_has_none(folder: Path) -> None:
    (folder / "spares.csv").unlink()
    assert load(folder).maintenance == ()
    assert not load(folder).spares


@pytest.mark.parametrize(
    ("row", "message", "column"),
    [
        ("m2,t,,,90d,,4h,,,,", "unknown equipment", "asset"),
        ("m1,t,,,,,4h,,,,", "the policy calendar needs an interval", "interval"),
        ("m1,t,,agee,90d,,4h,,,,", "unknown word", "policy"),
        ("m1,t,,,90d,weeks,4h,,,,", "unknown word", "clock"),
        ("m1,t,,,90,,4h,,,,", "not a duration", "interval"),
        ("m1,t,,,0d,,4h,,,,", "not a duration", "interval"),
        ("m1,t,,,90d,pieces,4h,,,,", "not a number of pieces", "interval"),
        ("m1,t,,,90d,,long,,,,", "not a duration", "duration"),
        ("m1,t,,,90d,,4h,,1.5,,", "not a whole number", "people"),
        ("m1,t,,,90d,,4h,,,baering,", "unknown spare part", "parts"),
        ("m1,t,,,90d,,4h,,,,\nm1,t,,,80d,,4h,,,,", "a row given twice", "task"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(folder: Path, row: str, message: str, column: str) -> None:
    (folder / "maintenance.csv").write_text(HEAD + row + "\n")
    (complaint,) = check(folder)
    assert (complaint.message, complaint.field, complaint.file) == (message, column, "maintenance.csv")
    assert complaint.line == 2 + row.count("\n")


def test_lists_in_a_cell() -> None:
    assert list_of(" a; ;b ") == ("a", "b")
    assert list_of(None) == ()
    assert parts_of("bearing 6205 x2;seal × 3; oil") == (("bearing 6205", 2), ("seal", 3), ("oil", 1))


@pytest.mark.parametrize(
    "row", ["failure,2x,pieces", "condition,1.5,pieces", "condition,soon,", "calendar,²,pieces", "failure,0d,"]
)
def test_an_interval_that_cannot_be_read_is_said_whatever_the_policy(folder: Path, row: str) -> None:
    (folder / "maintenance.csv").write_text(HEAD + f"m1,look,,{row},1h,,,,\n", "utf-8")
    (complaint,) = check(folder)
    assert (complaint.field, complaint.line) == ("interval", 2)
