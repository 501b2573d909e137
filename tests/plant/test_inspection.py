"""The inspection plan of a plant folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from luban.core.errors import InputError
from luban.core.time import HOUR, MINUTE
from luban.plant import check, load
from luban.plant.checks.inspection import how_often

TOML = """\
[plant]
id = "works"
name = "Works"
time_zone = "Asia/Shanghai"
[[equipment]]
path = "m1"
"""
HEAD = "item,operation,characteristic,method,gauge,pieces,every,chart,reaction\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "plant.toml").write_text(TOML, "utf-8")
    (tmp_path / "items.csv").write_text("id\nshaft\n")
    (tmp_path / "routing.csv").write_text("item,operation,unit,ideal_cycle_s\nshaft,10,m1,40\n")
    (tmp_path / "characteristics.csv").write_text("item,name,unit\nshaft,diameter,mm\n")
    return tmp_path


def test_a_plan_is_read(folder: Path) -> None:
    (folder / "inspection.csv").write_text(
        HEAD + "shaft,10,diameter,micrometer,micrometer,5,2h,xbar_r,stop and call\nshaft,,diameter,,,,,,\n"
    )
    assert check(folder) == []
    first, second = load(folder).inspections
    assert (first.subject, first.pieces, first.every_us, first.every_pieces) == ("shaft:diameter", 5, 2 * HOUR, None)
    assert (first.chart, first.reaction, first.gauge) == ("xbar_r", "stop and call", "micrometer")
    assert (second.operation, second.pieces, second.every, second.every_us, second.every_pieces) == ("", 1, "", None, 1)


def test_a_plant_without_a_plan_has_none(folder: Path) -> None:
    assert load(folder).inspections == ()


@pytest.mark.parametrize(
    ("row", "message", "column"),
    [
        ("shaft,10,diametr,,,1,,,", "unknown characteristic", "characteristic"),
        ("shaft,11,diameter,,,1,,,", "unknown operation", "operation"),
        ("shft,10,diameter,,,1,,,", "unknown item", "item"),
        ("shaft,10,diameter,,,1.5,,,", "not a whole number of pieces", "pieces"),
        ("shaft,10,diameter,,,0,,,", "number out of range", "pieces"),
        ("shaft,10,diameter,,,1,often,,", "not a frequency", "every"),
        ("shaft,10,diameter,,,1,,,\nshaft,10,diameter,,,2,,,", "a row given twice", "characteristic"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(folder: Path, row: str, message: str, column: str) -> None:
    (folder / "inspection.csv").write_text(HEAD + row + "\n")
    (complaint,) = check(folder)
    assert (complaint.message, complaint.field) == (message, column)
    assert complaint.line == 2 + row.count("\n")
    assert complaint.file == "inspection.csv"


def test_what_holds_a_lot_by_itself(folder: Path) -> None:
    (folder / "inspection.csv").write_text("item,characteristic,hold\nshaft,diameter,out\n")
    assert load(folder).inspections[0].hold == "out"
    (folder / "inspection.csv").write_text("item,characteristic,hold\nshaft,diameter,outt\n")
    (complaint,) = check(folder)
    assert (complaint.message, complaint.field, complaint.hint) == ("unknown rule", "hold", "did you mean out?")


def test_how_often() -> None:
    assert how_often("") == (None, 1)
    assert how_often("50") == how_often("50 pieces") == how_often("50件") == (None, 50)
    assert how_often("1h 30min") == (90 * MINUTE, None)
    assert how_often("lot") == how_often("first") == how_often("shift") == (None, None)
    for wrong in ("0", "0s", "2 weeks", "-3"):
        with pytest.raises(InputError):
            how_often(wrong)


SIGNAL = """\
[[source]]
id = "opc"
type = "opcua"
url = "opc.tcp://127.0.0.1:4840"
[[signal]]
id = "m1:bore"
source = "opc"
address = "bore"
role = "{role}"
{more}
"""


def test_a_measuring_signal_has_the_unit_of_its_characteristic(folder: Path) -> None:
    more = 'characteristic = "shaft:diameter"'
    (folder / "plant.toml").write_text(TOML + SIGNAL.format(role="measurement", more=more), "utf-8")
    signal = load(folder).signals["works/m1:bore"]
    assert (signal.characteristic, signal.unit) == ("shaft:diameter", "mm")


@pytest.mark.parametrize(
    ("role", "more", "message"),
    [
        ("measurement", "", "a measurement without a characteristic"),
        ("measurement", 'characteristic = "shaft:diametr"', "unknown characteristic"),
        ("measurement", 'characteristic = "shaft:diameter"\nunit = "cm"', "not the unit of its characteristic"),
        ("value", 'characteristic = "shaft:diameter"', "a characteristic where nothing is measured"),
    ],
)
def test_a_measuring_signal_that_does_not_fit(folder: Path, role: str, more: str, message: str) -> None:
    (folder / "plant.toml").write_text(TOML + SIGNAL.format(role=role, more=more), "utf-8")
    (complaint,) = check(folder)
    assert (complaint.message, complaint.file) == (message, "plant.toml")
