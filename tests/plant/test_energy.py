"""Meters, replacements and [energy] of a plant folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from luban.core.time import HOUR, parse_time
from luban.plant import check, load

TOML = """\
[plant]
id = "works"
name = "Works"
time_zone = "Asia/Shanghai"
[energy]
tariff = ["cn-example", "own.toml"]
region = "CN-east"
idle = "time"
[[equipment]]
path = "hall/m1"
"""
OWN = """\
unit = "CNY/kWh"
start = 2025-01-01
reference = "contract 7"
[tariff.own]
currency = "CNY"
time_zone = "Asia/Shanghai"
bands = { flat = 0.7 }
letters = { f = "flat" }
when = [{ hours = "ffffffffffffffffffffffff" }]
"""
HEAD = "id,medium,unit,parent,feeds,capacity,rated,error,every,place,heat\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "plant.toml").write_text(TOML, "utf-8")
    (tmp_path / "own.toml").write_text(OWN, "utf-8")
    return tmp_path


def test_meters_replacements_and_rule_are_read(folder: Path) -> None:
    rows = (
        "main,electricity,MWh,,,,,0.005,15min,,\nm1,electricity,kWh,main,,1e6,20,0.01,1h,hall/m1,\n"
        "roof,electricity,kWh,main,yes,,,,,,\ngas,natural gas,m³,,no,,,,,works,0.0389\n"
    )
    (folder / "meters.csv").write_text(HEAD + rows, "utf-8")
    (folder / "meter_swaps.csv").write_text("meter,time,last,first\nm1,2026-01-01,12.5,\n")
    assert check(folder) == []
    plant = load(folder)
    main, m1, roof, gas = plant.meters
    assert (main.parent, main.every, main.place, m1.place) == ("", HOUR // 4, "", "works/hall/m1")
    assert (m1.capacity, m1.rated, m1.error, roof.feeds, gas.feeds) == (1e6, 20, 0.01, True, False)
    assert (gas.place, gas.heat) == ("works", 0.0389)
    (swap,) = plant.meter_swaps
    assert (swap.time, swap.last, swap.first) == (parse_time("2026-01-01T00:00+08:00", plant.zone), 12.5, 0)
    assert (plant.energy.tariff, plant.energy.region, plant.energy.idle) == (
        ("cn-example", "own.toml"),
        "CN-east",
        "time",
    )


def test_a_plant_without_meters_has_the_usual_rule(folder: Path) -> None:
    (folder / "plant.toml").write_text(TOML.split("[energy]")[0], "utf-8")
    plant = load(folder)
    assert (plant.meters, plant.meter_swaps, plant.energy.tariff) == ((), (), ())
    assert (plant.energy.region, plant.energy.idle) == ("CN", "direct")


def test_what_is_wrong_has_its_cell(folder: Path) -> None:
    rows = (
        "a,electricity,kWh,b,,,,,,,\nb,electricity,kWh,a,,,,,,,\nc,water,m³,a,,,,,,,\nd,electricity,m³,a,,,,,,,\n"
        "e,electricity,kWh,x,maybe,,,2,soon,hal,\na,electricity,kWh,,,,,,,,\n"
    )
    (folder / "meters.csv").write_text(HEAD + rows, "utf-8")
    (folder / "meter_swaps.csv").write_text("meter,time,last,first\nz,2026-01-01,1,\n")
    found = {(one.file, one.line, one.place.column) for one in check(folder)}
    assert found == {
        ("meters.csv", 2, 4), ("meters.csv", 3, 4), ("meters.csv", 4, 2), ("meters.csv", 5, 3), ("meters.csv", 6, 4),
        ("meters.csv", 6, 5), ("meters.csv", 6, 8), ("meters.csv", 6, 9), ("meters.csv", 6, 10), ("meters.csv", 7, 1),
        ("meter_swaps.csv", 2, 1),
    }  # fmt: skip


def test_a_tariff_that_does_not_load_is_a_complaint(folder: Path) -> None:
    (folder / "plant.toml").write_text(TOML.replace('"cn-example"', '"cn-exampel"'), "utf-8")
    (folder / "own.toml").write_text(OWN.replace('f = "flat"', 'f = "peak"'))
    one, other = check(folder)
    assert (one.message, other.message) == ("no such tariff", "a band without a price")
    assert "cn-example" in one.hint


def test_a_counter_on_a_wire_is_the_meter_of_its_id(folder: Path) -> None:
    wire = """[[source]]
id = "cell"
type = "shdr"
url = "tcp://127.0.0.1:7878"
[[signal]]
id = "hall/m1:kwh"
source = "cell"
address = "kwh"
unit = "kWh"
role = "meter"
[[signal]]
id = "hall/m1:water"
source = "cell"
address = "water"
role = "meter"
"""
    (folder / "plant.toml").write_text(TOML + wire, "utf-8")
    (complaint,) = check(folder)
    assert (complaint.message, complaint.came) == ("nobody says the unit of the meter", "hall/m1:water")
    (folder / "plant.toml").write_text(
        TOML + wire.replace('address = "water"', 'address = "water"\nunit = "m³"'), "utf-8"
    )
    rows = "works/hall/m1:water,water,m³,,,,,,5min,,\n"
    (folder / "meters.csv").write_text(HEAD + rows, "utf-8")
    kwh, water = load(folder).signals.values()
    assert (kwh.medium, kwh.every, water.medium, water.every) == ("electricity", HOUR // 4, "water", HOUR // 12)
    (folder / "meters.csv").write_text(HEAD + rows.replace("m³", "kWh"), "utf-8")
    assert [one.message for one in check(folder)] == ["the units do not convert"]
