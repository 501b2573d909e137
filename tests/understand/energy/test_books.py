"""Energy books from files and facts."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from luban.core.errors import ConfigError, InputError
from luban.core.time import parse_time
from luban.norms.emissions import factors
from luban.norms.tariffs import tariff
from luban.understand.energy.allocate import stays_of
from luban.understand.energy.books import energy_account, good_of
from luban.understand.energy.meters import HOUR, Meter, Reading
from luban.understand.energy.read import read_meters, read_readings, read_swaps, readings_of

T0 = parse_time("2026-11-23T00:00:00Z")

METERS = """id,medium,unit,parent,feeds,capacity,rated,error,every,place
main,electricity,kWh,,,,,0.005,1h,
mill,electricity,kWh,main,,,,0.01,1h,shop/mill
rest,electricity,kWh,main,no,100,,0.01,,
"""
READINGS = """time,meter,register,unit
2026-11-23T00:00:00Z,main,1000.5,kWh
2026-11-23T01:00:00Z,main,1.0105,MWh
2026-11-23T02:00:00Z,main,1020.5,kWh
2026-11-23T00:00:00Z,mill,50,kWh
2026-11-23T01:00:00Z,mill,58,kWh
2026-11-23T02:00:00Z,mill,3,kWh
2026-11-23T00:00:00Z,rest,98,kWh
2026-11-23T01:00:00Z,rest,0,kWh
2026-11-23T02:00:00Z,rest,1,kWh
nonsense,rest,7,kWh
2026-11-23T03:00:00Z,rest,seven,kWh
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "meters.csv").write_text(METERS)
    (tmp_path / "readings.csv").write_text(READINGS)
    (tmp_path / "swaps.csv").write_text("meter,time,last,first\nmill,2026-11-23T01:30:00Z,64,0\n")
    return tmp_path


def test_books_from_files_by_hand(folder: Path) -> None:
    """mill: 8 + (64 − 58) + 3 = 17; rest: 2 over the roll-over + 1 = 3; main: 20, in two units."""
    readings, excluded = read_readings(folder / "readings.csv")
    facts = [
        {"time": T0, "subject": "shop/mill", "state": "running", "order": "A"},
        {"time": T0 + HOUR, "subject": "shop/mill", "state": "idle"},
    ]
    found = energy_account(
        readings,
        meters=read_meters(folder / "meters.csv"),
        swaps=read_swaps(folder / "swaps.csv"),
        stays=stays_of(facts, T0 + 2 * HOUR),
        good={"A": Decimal(4)},
        tariffs=[tariff("cn-flat-example")],
        factors=factors().values(),
    )
    (node,) = found.tree.nodes
    assert (node.supply, node.metered, node.remainder, node.verdict) == (20, 20, 0, "closes")
    assert found.tree.totals == {"electricity": (Decimal(20), "kWh")}
    assert [(one.order, one.direct, one.idle, one.each) for one in found.orders] == [("A", 8, 9, Decimal("4.25"))]
    assert found.bills[0].lines[0].cost == 14
    assert found.carbon.total == 20 * Decimal("0.5306")
    assert found.doubts == ()
    assert [one.reason for one in excluded] == ["no time", "not a number"]
    assert found.presumed == ()


def test_a_file_of_one_meter_that_nobody_described(tmp_path: Path) -> None:
    (tmp_path / "hall.csv").write_text("时间;表底 [MWh]\n2026-11-01 00:00;1,5\n2026-11-02 00:00;2,75\n")
    readings, _ = read_readings(tmp_path / "hall.csv")
    found = energy_account(readings)
    assert (found.presumed, found.tree.totals) == (("hall",), {"electricity": (Decimal("1.25"), "MWh")})


def test_facts_of_the_ledger() -> None:
    row = {"subject": "m", "medium": "water", "start": None, "measured_in": "m³", "quality": 0, "interval": None}
    rows = [row | {"time": T0, "register": 0.1, "seq": 1}, row | {"time": T0 + HOUR, "register": 0.3, "seq": 2}]
    found = energy_account(readings_of(rows))
    assert found.tree.totals == {"water": (Decimal("0.2"), "m³")}


def test_good_pieces_of_an_order_are_those_of_its_last_unit() -> None:
    rows = [
        {"time": 1, "subject": "saw", "order": "A", "good": 10.0},
        {"time": 2, "subject": "mill", "order": "A", "good": 4.0},
        {"time": 3, "subject": "mill", "order": "A", "good": 5.0},
        {"time": 3, "subject": "mill", "order": None, "good": 5.0},
    ]
    assert good_of(rows) == {"A": 9}


def test_what_is_wrong_with_files_is_said(folder: Path) -> None:
    (folder / "a.csv").write_text("time,x\n2026-01-01,1\n2026-01-02,2\n")
    (folder / "b.csv").write_text("id,medium,unit\nm,water,m³\nm,water,m³\n")
    (folder / "c.csv").write_text("id,medium,unit,capacity\nm,water,m³,-5\n")
    (folder / "d.csv").write_text("time,register\n2026-01-01,1\n2026-01-02,2\n")
    with pytest.raises(InputError, match="no meter readings"):
        read_readings(folder / "a.csv")
    with pytest.raises(InputError, match="column is missing"):
        read_meters(folder / "a.csv")
    with pytest.raises(InputError, match="column is missing"):
        read_swaps(folder / "a.csv")
    with pytest.raises(ConfigError, match="name of its own"):
        read_meters(folder / "b.csv")
    with pytest.raises(InputError, match="no meter"):
        read_meters(folder / "c.csv")
    with pytest.raises(InputError, match="unit of the meter"):
        energy_account(read_readings(folder / "d.csv")[0])
    with pytest.raises(InputError, match="no amount"):
        energy_account({})


def test_an_empty_window_is_said_in_dates(folder: Path) -> None:
    readings, _ = read_readings(folder / "readings.csv")
    with pytest.raises(InputError, match="2100-01-01T00:00:00"):
        energy_account(readings, meters=read_meters(folder / "meters.csv"), start=4_102_444_800_000_000)


def test_a_window_over_two_years_takes_the_factor_of_each() -> None:
    """1 kWh an hour from 22:00 to 02:00 over New Year in China: 2 kWh of each year, whatever UTC says."""
    start = parse_time("2024-12-31T22:00:00+08:00")
    rows = [Reading(start + i * HOUR, register=Decimal(i), unit="kWh") for i in range(5)]
    base = next(one for one in factors().values() if one.medium == "electricity" and one.region == "CN")
    own = [replace(base, id=str(year), year=year, value=Decimal(value)) for year, value in ((2024, 3), (2025, 5))]
    found = energy_account({"m": rows}, factors=own, zone=ZoneInfo("Asia/Shanghai"))
    assert [(one.factor.id, one.use.amount, one.mass) for one in found.carbon.lines] == [
        ("2024", 2, 6),
        ("2025", 2, 10),
    ]


def test_one_meter_that_says_nonsense_does_not_stop_the_others() -> None:
    """Not a number, and a unit that is none: named and left out; of water nothing was read, which is no 0."""
    base = {"medium": "electricity", "start": None, "measured_in": "kWh", "quality": 0, "interval": None, "seq": 7}
    rows = [base | {"subject": "m", "time": T0 + at * HOUR, "register": value}
            for at, value in enumerate((1.0, float("nan"), 3.0, float("inf"), 5.0))]  # fmt: skip
    rows += [base | {"subject": "x", "measured_in": "foo", "time": T0 + at * HOUR, "register": at} for at in (0.0, 1.0)]
    meters = [Meter("w", "water", "m³"), Meter("m", "electricity", "kWh")]
    found = energy_account(readings_of(rows), meters=meters, factors=factors().values())
    assert found.tree.totals == {"electricity": (Decimal(4), "kWh")}
    assert [(one.meter, one.kind) for one in found.doubts if one.kind != "gap"] == [
        ("x", "unit"), ("m", "order"), ("m", "order"),
    ]  # fmt: skip
    assert [line.use.medium for line in found.carbon.lines] == ["electricity"]
