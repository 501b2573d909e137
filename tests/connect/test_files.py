"""The files connector: a real folder, real files of each format, the real collector, spool and ledger."""

from __future__ import annotations

import asyncio
import csv
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from luban.connect import registry
from luban.connect.collector import Collector
from luban.connect.files.driver import FilesDriver
from luban.connect.files.reading import open_sheet
from luban.connect.files.rows import read_rows
from luban.connect.files.settings import FilesSettings
from luban.connect.files.times import reader
from luban.core.errors import ConfigError, InputError, NotAllowedError
from luban.core.quality import Quality
from luban.core.time import parse_time
from luban.ledger import Intake, Ledger, LedgerWriter, Spool
from luban.plant import load
from tests.connect.contract import Signal, Source, WatchedSpool, until

SHANGHAI = ZoneInfo("Asia/Shanghai")
LOAD = Signal("p/m:load", "p/m", "load", "load", unit="%", range=(0.0, 200.0))
PIECES = Signal("p/m:pieces", "p/m", "pieces", "pieces", role="good_count")


@asynccontextmanager
async def watching(
    folder: Path, *, spool: Any = None, memory: Path | None = None, **settings: Any
) -> AsyncIterator[Any]:
    """A collector on the folder; yields its spool."""
    spool = spool if spool is not None else WatchedSpool()
    source = Source("files", "files", {"folder": str(folder), "poll": "20ms", "time_zone": "Asia/Shanghai"} | settings)
    factory = registry.driver_factory(source, ["load", "pieces"])
    collector = Collector(
        "files", factory, [LOAD, PIECES], spool, memory=memory, root="p", units={"p/m", "p/lathe01", "p/车床"}
    )
    task = asyncio.create_task(collector.run())
    try:
        yield spool
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def has(spool: WatchedSpool, stream: str, n: int, **where: Any) -> list[dict[str, Any]]:
    await until(
        lambda: len(spool.rows(stream, **where)) >= n, 5, lambda: f"{stream}: {spool.rows(stream)}; {complaints(spool)}"
    )
    await asyncio.sleep(0.1)
    return spool.rows(stream, **where)


def complaints(spool: WatchedSpool) -> list[tuple[str, str]]:
    return [(json.loads(e["data"])["address"], e["code"]) for e in spool.rows("event", kind="quarantine")]


def at(clock: str) -> int:
    return parse_time(f"2026-03-02T{clock}", SHANGHAI)


WIDE = "time,load,pieces\n2026-03-02 06:00:00,71.5,100\n2026-03-02 06:01:00,72,103\n2026-03-02 06:02:00,,110\n"


async def test_wide_csv_becomes_samples_counts_and_coverage(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(WIDE)
    async with watching(tmp_path) as spool:
        rows = await has(spool, "signal", 5)
        assert [(r["time"], r["value"]) for r in rows if r["subject"] == "p/m:load"] == [
            (at("06:00"), 71.5),
            (at("06:01"), 72.0),
        ]
        assert [(r["time"], r["good"]) for r in spool.rows("count")] == [(at("06:01"), 3.0), (at("06:02"), 7.0)]
        (covered,) = spool.rows("event", kind="alive")
        assert (covered["time"], covered["end"]) == (at("06:00"), at("06:02"))
        assert {r["quality"] for r in rows} == {Quality.GOOD}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "utf-16"])
async def test_encodings_and_chinese_names(tmp_path: Path, encoding: str) -> None:
    text = "时间;设备;合格;报废\n2026/3/2 6:00;车床;3;1\n2026年3月2日 6:05:00;车床;2,5;0\n"
    (tmp_path / "计数.csv").write_bytes(text.encode(encoding))
    async with watching(tmp_path, kind="counts") as spool:
        rows = await has(spool, "count", 2)
        assert [(r["subject"], r["time"], r["good"], r["scrap"]) for r in rows] == [
            ("p/车床", at("06:00"), 3.0, 1.0),
            ("p/车床", at("06:05"), 2.5, 0.0),
        ]


@pytest.mark.parametrize(
    ("encoding", "text", "item"),
    [
        ("cp1252", "time;machine;good;item\n2026-03-02 06:00;m;3;Fräser Größe 2\n", "Fräser Größe 2"),
        ("cp949", "시간,설비,양품,품목\n2026-03-02 06:00,m,3,선반\n", "선반"),
    ],
)
async def test_other_encodings_are_found_by_looking(tmp_path: Path, encoding: str, text: str, item: str) -> None:
    (tmp_path / "a.csv").write_bytes(text.encode(encoding))
    async with watching(tmp_path, kind="counts") as spool:
        (row,) = await has(spool, "count", 1)
        assert (row["item"], row["good"]) == (item, 3.0)


async def test_long_csv_with_named_columns(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        "ts\tpoint\treading\n2026-03-02T06:00:00+08:00\tload\t71.5\n2026-03-02T06:00:01+08:00\tother\t1\n"
    )
    columns = {"time": "ts", "address": "point", "value": "reading"}
    async with watching(tmp_path, columns=columns) as spool:
        rows = await has(spool, "signal", 1)
        assert [(r["subject"], r["value"]) for r in rows] == [("p/m:load", 71.5)]


async def test_states_are_spelled_as_the_mapping_does(tmp_path: Path) -> None:
    (tmp_path / "states.csv").write_text(
        "time,unit,state,reason,order,item\n"
        "2026-03-02 06:00:00,lathe01,active,,WO1,gear\n"
        "2026-03-02 06:10:00,lathe01,Program Stopped,tool change,WO1,gear\n"
        "2026-03-02 06:12:00,p/lathe01,dreaming,,,\n"
        "2026-03-02 06:13:00,lathe99,active,,,\n"
    )
    async with watching(tmp_path, kind="states", mapping="mtconnect-execution@1") as spool:
        rows = await has(spool, "state", 3)
        assert [(r["subject"], r["state"], r["quality"], r["reason"], r["order"]) for r in rows] == [
            ("p/lathe01", "ACTIVE", 0, None, "WO1"),
            ("p/lathe01", "PROGRAM_STOPPED", 0, "tool change", "WO1"),
            ("p/lathe01", "dreaming", Quality.UNCERTAIN, "not a word of mtconnect-execution@1", None),
        ]
        assert complaints(spool) == [("p/lathe99", "not a work unit of the plant")]


async def test_a_bad_row_is_named_and_the_good_rows_stay(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        "time,unit,good\n2026-03-02 06:00:00,lathe01,3\nyesterday,lathe01,4\n2026-03-02 06:10:00,lathe01,many\n"
        "2026-03-02 06:20:00,lathe01,5,x,y\n2026-03-02 06:30:00,lathe01,-2\n2026-03-02 06:40:00,lathe01,6\n"
    )
    async with watching(tmp_path, kind="counts") as spool:
        rows = await has(spool, "count", 2)
        assert [r["good"] for r in rows] == [3.0, 6.0]
        told = complaints(spool)
        assert [where for where, _ in told] == ["a.csv:3:time", "a.csv:4:good", "a.csv:5:4", "a.csv:6:good"]
        assert "yesterday" in told[0][1]
        assert told[1][1] == "not a number: 'many'"


async def test_one_content_is_read_once_whatever_its_name(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(WIDE)
    memory = tmp_path / "memory"
    async with watching(tmp_path, memory=memory) as spool:
        await has(spool, "count", 2)
        (tmp_path / "copy.csv").write_text(WIDE)
        await asyncio.sleep(0.3)
        assert len(spool.rows("count")) == 2
        with (tmp_path / "copy.csv").open("a") as file:
            file.write("2026-03-02 06:03:00,73,111\n")
        rows = await has(spool, "count", 3)
        assert [r["good"] for r in rows] == [3.0, 7.0, 1.0]
        spans = [(e["time"], e["end"]) for e in spool.rows("event", kind="alive")]
        assert spans == [(at("06:00"), at("06:02")), (at("06:02"), at("06:03"))]


async def test_a_new_process_reads_nothing_twice(tmp_path: Path) -> None:
    folder, memory = tmp_path / "drop", tmp_path / "memory"
    folder.mkdir()
    (folder / "a.csv").write_text(WIDE)
    for _ in range(2):
        spool = Spool(tmp_path / "spool", "files")
        async with watching(folder, spool=spool, memory=memory):
            await asyncio.sleep(0.5)
        spool.close()
    with LedgerWriter(tmp_path / "ledger") as writer:
        Intake(tmp_path / "spool", writer).drain()
    ledger = Ledger(tmp_path / "ledger")
    assert ledger.table("count").column("good").to_pylist() == [3.0, 7.0]
    assert ledger.table("signal").num_rows == 5


async def test_a_file_that_is_changed_is_refused_with_a_reason(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(WIDE)
    async with watching(tmp_path) as spool:
        await has(spool, "count", 2)
        (tmp_path / "a.csv").write_text(WIDE.replace("71.5", "80.0"))
        await until(lambda: bool(complaints(spool)), 5, "not refused")
        assert "different now" in complaints(spool)[0][1]
        assert len(spool.rows("signal")) == 5


async def test_a_half_written_file_waits(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    async with watching(tmp_path, stable=4) as spool:
        with path.open("w") as file:
            for line in WIDE.splitlines(keepends=True):
                file.write(line)
                file.flush()
                await asyncio.sleep(0.04)
                assert not spool.rows("signal")
        await has(spool, "signal", 5)
        assert not complaints(spool)


async def test_read_files_are_moved_if_asked(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(WIDE)
    async with watching(tmp_path, after="move") as spool:
        await has(spool, "signal", 5)
        await until(lambda: (tmp_path / "done" / "a.csv").exists(), 3, "not moved")
        (tmp_path / "a.csv").write_text(WIDE)
        await until(lambda: (tmp_path / "done" / "a.2.csv").exists(), 3, "second one not moved")
        assert len(spool.rows("signal")) == 5


async def test_continuous_coverage_joins_files(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(WIDE)
    async with watching(tmp_path, coverage="continuous") as spool:
        await has(spool, "signal", 5)
        (tmp_path / "b.csv").write_text("time,load\n2026-03-02 07:00:00,1\n2026-03-02 07:01:00,2\n")
        await has(spool, "signal", 7)
        spans = [(e["time"], e["end"]) for e in spool.rows("event", kind="alive")]
        assert spans == [(at("06:00"), at("06:02")), (at("06:02"), at("07:01"))]


EXAMPLE = Path(__file__).parents[2] / "examples" / "tiny_workshop" / "facts"


def example(pattern: str) -> list[dict[str, str]]:
    return [
        row for path in sorted(EXAMPLE.glob(pattern)) for row in csv.DictReader(path.read_text("utf-8").splitlines())
    ]


@pytest.mark.parametrize(("source_id", "pattern"), [("state_log", "states_*.csv"), ("count_log", "counts.csv")])
async def test_the_example_week_arrives_whole(tmp_path: Path, source_id: str, pattern: str) -> None:
    """The sources of the tiny workshop, compared with their own files and with the coverage it declares."""
    plant = load(EXAMPLE.parent)
    spool = Spool(tmp_path / "spool", source_id)
    defaults = {"base": str(EXAMPLE.parent), "time_zone": plant.zone.key}
    factory = registry.driver_factory(plant.sources[source_id], [], defaults=defaults)
    collector = Collector(source_id, factory, [], spool, root=plant.id, units=plant.work_units)
    task = asyncio.create_task(collector.run())
    written = example(pattern)
    await until(lambda: collector.status.samples >= len(written), 20, lambda: f"not read: {collector.status}")
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    spool.close()
    assert collector.status.rejected == 0
    with LedgerWriter(tmp_path / "ledger") as writer:
        Intake(tmp_path / "spool", writer).drain()
    ledger = Ledger(tmp_path / "ledger")
    alive = sorted((e["time"], e["end"]) for e in ledger.table("event").to_pylist() if e["kind"] == "alive")
    if source_id == "count_log":
        for column in ("good", "scrap", "rework"):
            assert sum(ledger.table("count").column(column).to_pylist()) == sum(float(row[column]) for row in written)
        return
    table = ledger.table("state")
    assert set(table.column("quality").to_pylist()) == {0}
    stored = zip(
        table.column("time").to_pylist(),
        table.column("subject").to_pylist(),
        table.column("state").to_pylist(),
        strict=True,
    )
    assert sorted(stored) == sorted((parse_time(r["time"]), f"tiny/{r['unit']}", r["state"]) for r in written)
    assert alive == [(parse_time(r["start"]), parse_time(r["end"])) for r in example("coverage.csv")]


async def test_declared_coverage_replaces_that_of_the_rows(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(WIDE)
    (tmp_path / "coverage.csv").write_text(
        "start,end\n2026-03-02 05:00,2026-03-02 07:00\n2026-03-02 08:00,2026-03-02 07:00\n"
    )
    async with watching(tmp_path, pattern=["a.csv"], coverage="declared") as spool:
        await has(spool, "signal", 5)
        (covered,) = await has(spool, "event", 1, kind="alive")
        assert (covered["time"], covered["end"]) == (at("05:00"), at("07:00"))
        assert complaints(spool) == [("coverage.csv:3:end", "ends before it starts")]


def workbook(path: Path, rows: list[list[Any]], *, merge: str = "") -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    if merge:
        sheet.merge_cells(merge)
    book.save(path)


async def test_workbook_dates_serials_and_a_formula_without_value(tmp_path: Path) -> None:
    serial = 46083.25  # =DATEVALUE("2026-03-02") + 6/24 in a spreadsheet
    workbook(
        tmp_path / "a.xlsx",
        [
            ["time", "load", "pieces"],
            [serial, 71.5, 100],
            [datetime(2026, 3, 2, 6, 1), 72, 103],  # noqa: DTZ001
            [datetime(2026, 3, 2, 6, 2), "=B2+1", 110],  # noqa: DTZ001
        ],
    )
    async with watching(tmp_path) as spool:
        rows = await has(spool, "signal", 4)
        assert [(r["time"], r["value"]) for r in rows if r["subject"] == "p/m:load"] == [
            (at("06:00"), 71.5),
            (at("06:01"), 72.0),
        ]
        (told,) = complaints(spool)
        assert told[0] == "a.xlsx:4:load"
        assert "=B2+1" in told[1]


async def test_workbook_saved_again_with_more_rows_gives_the_new_rows(tmp_path: Path) -> None:
    rows: list[list[Any]] = [["time", "pieces"], [datetime(2026, 3, 2, 6, 0), 100], [datetime(2026, 3, 2, 6, 1), 103]]  # noqa: DTZ001
    workbook(tmp_path / "a.xlsx", rows)
    async with watching(tmp_path) as spool:
        await has(spool, "count", 1)
        workbook(tmp_path / "a.xlsx", [*rows, [datetime(2026, 3, 2, 6, 2), 104]])  # noqa: DTZ001
        assert [r["good"] for r in await has(spool, "count", 2)] == [3.0, 1.0]


async def test_merged_header_cells_are_said(tmp_path: Path) -> None:
    workbook(tmp_path / "a.xlsx", [["time", "load", None], [1, 2, 3]], merge="B1:C1")
    async with watching(tmp_path) as spool:
        await until(lambda: bool(complaints(spool)), 5, "not said")
        assert "merged cells in the header" in complaints(spool)[0][1]
        assert "B1:C1" in complaints(spool)[0][1]


async def test_what_is_no_workbook_is_given_up_with_a_reason(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_bytes(b"PK\x03\x04 half")
    (tmp_path / "b.csv").write_text(WIDE)
    async with watching(tmp_path) as spool:
        await has(spool, "signal", 5)
        await until(lambda: bool(complaints(spool)), 5, "not said")
        assert "not an Excel workbook" in complaints(spool)[0][1]


async def test_parquet(tmp_path: Path) -> None:
    times = [datetime(2026, 3, 1, 22, m, tzinfo=UTC) for m in range(3)]
    table = pa.table({"time": pa.array(times, pa.timestamp("ns", "UTC")), "load": [71.5, None, 73.0]})
    pq.write_table(table, tmp_path / "a.parquet")
    async with watching(tmp_path) as spool:
        rows = await has(spool, "signal", 2)
        assert [(r["time"], r["value"]) for r in rows] == [(at("06:00"), 71.5), (at("06:02"), 73.0)]


async def test_a_folder_that_is_not_there_is_said_and_awaited(tmp_path: Path) -> None:
    folder = tmp_path / "drop"
    async with watching(folder) as spool:
        await until(lambda: bool(spool.rows("event", kind="link", code="down")), 5, "not said")
        folder.mkdir()
        (folder / "a.csv").write_text(WIDE)
        await has(spool, "signal", 5)


def test_times_as_written() -> None:
    auto = reader("auto", SHANGHAI)
    assert auto("2026-03-02T06:00:00.123456789") == at("06:00:00.123456")
    assert auto("2026/3/2 6:00") == auto("2026.03.02 06:00:00") == auto("2026年3月2日 6:00") == at("06:00")
    assert auto("2026-03-01T22:00:00Z") == at("06:00")
    assert reader("%d.%m.%Y %H:%M", SHANGHAI)("02.03.2026 06:00") == at("06:00")
    assert reader("unix_ms", None)(at("06:00") // 1000) == at("06:00")
    for bad in ("", "soon", "2026-13-01 00:00", True, 1_772_402_400):
        with pytest.raises(InputError):
            auto(bad)
    with pytest.raises(InputError, match="time_zone"):
        reader("auto", None)("2026-03-02 06:00:00")
    with pytest.raises(InputError, match="did not exist"):
        reader("auto", ZoneInfo("Europe/Berlin"))("2026-03-29 02:30:00")


def test_settings_complain_with_file_and_line() -> None:
    for settings, part in (
        ({}, "folder is missing"),
        ({"folder": "x", "kind": "states"}, "mapping"),
        ({"folder": "x", "polll": "1s"}, "did you mean poll?"),
        ({"folder": "x", "time_zone": "Mars"}, "IANA"),
    ):
        with pytest.raises(ConfigError, match=r"plant\.toml:7") as caught:
            registry.settings_for(Source("f", "files", settings, "plant.toml:7"))
        assert part in str(caught.value)


async def test_browse_and_no_write(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(WIDE)
    (tmp_path / "bad.csv").write_text("nothing here\n1\n")
    driver = FilesDriver(FilesSettings(folder=str(tmp_path), time_zone="Asia/Shanghai"), ())
    found = {p.address: p for p in await driver.browse()}
    assert found["load"].type == "number"
    assert "no column for time" in found["bad.csv"].note
    with pytest.raises(NotAllowedError):
        await driver.write("load", 1.0)


async def test_a_large_file_cut_off_by_a_crash_is_read_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "drop"
    folder.mkdir()
    lines = [f"2026-03-02 {6 + n // 3600:02}:{n // 60 % 60:02}:{n % 60:02},{n % 100}" for n in range(5_000)]
    (folder / "a.csv").write_text("time,load\n" + "\n".join(lines) + "\n")
    monkeypatch.setattr("luban.connect.files.driver._AT_ONCE", 1_000)
    spool = WatchedSpool()
    stops: Callable[[], bool] = lambda: len(spool.rows("signal")) >= 2_000  # noqa: E731
    async with watching(folder, spool=spool, memory=tmp_path / "memory"):
        await until(stops, 5, "nothing read")
    async with watching(folder, spool=spool, memory=tmp_path / "memory"):
        await has(spool, "signal", 5_000)
    times = [r["time"] for r in spool.rows("signal")]
    assert len(times) == len(set(times)) == 5_000


def test_a_hundred_thousand_rows_are_read_within_seconds() -> None:
    lines = [
        f"2026-03-02 {6 + n // 36_000:02}:{n // 600 % 60:02}:{n // 10 % 60:02}.{n % 10},{n % 100},{n}"
        for n in range(100_000)
    ]
    content = ("time,load,pieces\n" + "\n".join(lines) + "\n").encode()
    settings = FilesSettings(folder="x", time_zone="Asia/Shanghai")
    begin = time.process_time()
    batch = read_rows(open_sheet(Path("a.csv"), content, settings), settings)
    spent = time.process_time() - begin
    assert len(batch.samples) == 200_000
    assert spent < 10, f"{100_000 / spent:,.0f} rows/s"
    print(f"{100_000 / spent:,.0f} rows/s")
