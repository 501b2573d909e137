"""Customers, kanban loops, labels and warranty of a plant folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from luban.plant import CodeLabel, KanbanLoop, Warranty, check, load

TOML = '[plant]\nid = "works"\nname = "Works"\ntime_zone = "Asia/Shanghai"\n[[equipment]]\npath = "hall/m1"\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "plant.toml").write_text(TOML, "utf-8")
    (tmp_path / "items.csv").write_text("id,name,unit\naxle,Axle,piece\n", "utf-8")
    return tmp_path


def test_they_are_read_with_what_is_usual(folder: Path) -> None:
    (folder / "customers.csv").write_text(
        "place,name,address,contact,language\ncustomer:north,北方车辆厂,济南市;历下区,王工 0531-1,zh\nACME,,,,\n",
        "utf-8",
    )
    (folder / "kanban.csv").write_text("id,item,place,source,quantity,cards\nK1,axle,line,store,20,3\n", "utf-8")
    (folder / "codes.csv").write_text("code,kind,name\n0042,machine,hall/m1\nP7,person,li\n", "utf-8")
    (folder / "warranty.csv").write_text("item,months,refund,replace\naxle,,,\n", "utf-8")
    plant = load(folder)
    north, acme = plant.customers.values()
    assert (north.name, north.address, north.language) == ("北方车辆厂", "济南市;历下区", "zh")
    assert (acme.place, acme.name, acme.language) == ("ACME", "ACME", "")
    assert plant.kanban["K1"] == KanbanLoop("K1", "axle", "line", "store", 20.0, 3)
    assert plant.codes["0042"] == CodeLabel("0042", "machine", "works/hall/m1")
    assert plant.warranty["axle"] == Warranty("axle", 12, 7, 15)


def test_what_is_wrong_is_said_with_its_place(folder: Path) -> None:
    (folder / "customers.csv").write_text("place,language\nA,xx\nB,zh\nA,en\n", "utf-8")
    (folder / "kanban.csv").write_text("id,item,place,source,quantity,cards\nK1,axel,line,line,20,1.5\n", "utf-8")
    (folder / "codes.csv").write_text("code,kind,name\n1,machine,hall/m2\n1,robot,x\n", "utf-8")
    (folder / "warranty.csv").write_text("item,months\nbolt,1.5\n", "utf-8")
    found = {(one.file, one.line, one.place.column) for one in check(folder)}
    assert found == {
        ("customers.csv", 2, 2), ("customers.csv", 4, 1), ("kanban.csv", 2, 2), ("kanban.csv", 2, 4),
        ("kanban.csv", 2, 6), ("codes.csv", 2, 3), ("codes.csv", 3, 2), ("codes.csv", 3, 1), ("warranty.csv", 2, 1),
        ("warranty.csv", 2, 2),
    }  # fmt: skip
