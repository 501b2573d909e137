"""Meter readings from tables and from counters on a wire."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from luban.connect.files.reading import open_sheet
from luban.connect.files.rows import Batch, read_rows
from luban.connect.files.settings import FilesSettings
from luban.connect.mapping import Mapper
from luban.connect.wire import Sample
from luban.core.errors import InputError
from luban.core.quality import Quality
from luban.core.time import HOUR, MINUTE, SECOND, parse_time
from tests.connect.contract import Signal
from tests.connect.test_files import has, watching

NOW = parse_time("2026-03-02T08:00:00+08:00")
METERED = {"main": ("electricity", "kWh"), "gas": ("natural gas", "m³")}


def taken(content: bytes, **options: Any) -> Batch:
    whole = {"folder": ".", "kind": "meters", "time_zone": "Asia/Shanghai", "metered": METERED} | options
    own = FilesSettings.model_validate(whole)
    return read_rows(open_sheet(Path("m.csv"), content, own), own)


def test_registers_and_intervals_of_a_table() -> None:
    batch = taken(
        b"time,meter,register,interval,start,measured_in\n2026-03-02 08:00,main,1000.5,,,\n"
        b"2026-03-02 09:00,gas,,7.25,2026-03-02 08:00,\n2026-03-02 09:00,other,5,,,MWh\n"
    )
    first, gas, other = batch.facts
    assert first == {
        "time": NOW, "subject": "main", "medium": "electricity", "register": 1000.5, "interval": None, "start": None,
        "measured_in": "kWh", "quality": 0,
    }  # fmt: skip
    assert (gas["medium"], gas["interval"], gas["start"], gas["time"]) == ("natural gas", 7.25, NOW, NOW + HOUR)
    assert (other["medium"], other["measured_in"]) == ("electricity", "MWh")
    assert batch.complaints == []


def test_chinese_heads_and_decimal_commas() -> None:
    (fact,) = taken("时间;电表;表底\n2026/3/2 8:00;main;1000,5\n".encode("gbk")).facts
    assert (fact["subject"], fact["register"]) == ("main", 1000.5)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("2026-03-02 08:00,,1,", "no meter"),
        ("2026-03-02 08:00,water,1,", "nobody says the unit of the meter: 'water'"),
        ("2026-03-02 08:00,main,,", "a register or an interval, one of them"),
        ("2026-03-02 08:00,main,1,2", "a register or an interval, one of them"),
        ("2026-03-02 08:00,main,much,", "not a number: 'much'"),
    ],
)
def test_a_bad_row_is_named_and_the_good_ones_stay(row: str, reason: str) -> None:
    batch = taken(f"time,meter,register,interval\n{row}\n2026-03-02 09:00,main,5,\n".encode())
    assert [one.reason for one in batch.complaints] == [reason]
    assert [fact["register"] for fact in batch.facts] == [5]


def test_a_table_without_amounts_is_refused() -> None:
    with pytest.raises(InputError, match="register or interval"):
        taken(b"time,meter\n2026-03-02 08:00,main\n")


async def test_from_a_folder_into_the_spool(tmp_path: Path) -> None:
    inbox = tmp_path / "in"
    inbox.mkdir()
    (inbox / "m.csv").write_text("time,meter,register\n2026-03-02 08:00,main,1\n2026-03-02 09:00,gas,2\n")
    async with watching(inbox, kind="meters", metered=METERED) as spool:
        rows = await has(spool, "meter", 2)
        assert {(row["subject"], row["medium"], row["register"]) for row in rows} == {
            ("main", "electricity", 1), ("gas", "natural gas", 2),
        }  # fmt: skip


def test_a_counter_is_put_on_record_once_a_quarter_of_an_hour_and_where_it_falls() -> None:
    own = Signal("p/m:kwh", "p/m", "kwh", "kwh", role="meter", unit="kWh", medium="electricity")
    mapper = Mapper("s", [own])
    told = [(0, 10.0), (60, 10.5), (14 * 60, 12.0), (15 * 60 + 1, 12.5), (16 * 60, 0.25), (17 * 60, 0.5)]
    mapper.take([Sample("kwh", NOW + at * SECOND, value) for at, value in told], NOW + HOUR)
    mapper.take([Sample("kwh", NOW + 31 * MINUTE, None)], NOW + HOUR)
    assert [((row[0] - NOW) // SECOND, row[3], row[5]) for row in mapper.rows.meters] == [
        (0, 10.0, 0), (901, 12.5, 0), (960, 0.25, 0),
    ]  # fmt: skip
    assert len(mapper.rows.time) == 7  # every reading is a signal's, too
    (stream,) = [columns for name, columns in mapper.rows.columns() if name == "meter"]
    assert (set(stream["medium"]), set(stream["measured_in"])) == ({"electricity"}, {"kWh"})


def test_a_counter_in_another_unit_is_converted() -> None:
    own = Signal("p/m:kwh", "p/m", "kwh", "kwh", role="meter", unit="kWh", medium="electricity", every=MINUTE)
    mapper = Mapper("s", [own])
    mapper.take([Sample("kwh", NOW, 3.6e6, unit="J"), Sample("kwh", NOW + MINUTE, 5.0, unit="kg")], NOW + HOUR)
    assert [(row[3], row[5]) for row in mapper.rows.meters] == [(1.0, 0), (5.0, int(Quality.WRONG_UNIT))]
