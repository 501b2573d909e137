"""Measured values on their way into the books: tables, QIF documents, and signals of any wire."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from luban.connect.files.qif import HEADER, qif_rows
from luban.connect.files.reading import open_sheet
from luban.connect.files.rows import Batch, read_rows
from luban.connect.files.settings import FilesSettings
from luban.connect.mapping import Mapper
from luban.connect.wire import Sample
from luban.core.errors import InputError
from luban.core.quality import Quality
from luban.core.time import SECOND, parse_time
from luban.ledger import Ledger
from tests.connect.contract import Signal
from tests.connect.test_files import watching

DECLARED = {"shaft:diameter": "mm", "shaft:length": "mm", "shaft:taper": "°"}
NOW = parse_time("2026-03-02T08:00:00+08:00")

# Written for this test after the element names of the QIF 3.0 schemas (ANSI/DMSC QIF 3.0).
QIF = """<?xml version="1.0"?>
<QIFDocument xmlns="http://qifstandards.org/xsd/qif{edition}" versionQIF="{edition}.0.0">
  <Version><TimeCreated>2026-03-02T09:00:00</TimeCreated></Version>
  <FileUnits><PrimaryUnits>
    <AngularUnit><SIUnitName>radian</SIUnitName><UnitName>degree</UnitName></AngularUnit>
    <LinearUnit><SIUnitName>meter</SIUnitName><UnitName>{unit}</UnitName>
      <UnitConversion><Factor>{factor}</Factor></UnitConversion></LinearUnit>
  </PrimaryUnits></FileUnits>
  <MeasurementResources><MeasurementDevices n="1">
    <MeasurementDevice id="16"><Name>CMM 3</Name></MeasurementDevice></MeasurementDevices></MeasurementResources>
  <Product><PartSet n="1"><Part id="1"><ModelNumber>shaft</ModelNumber></Part></PartSet>
    <ComponentSet n="1"><Component id="2"><Part><Id>1</Id></Part></Component></ComponentSet></Product>
  <Characteristics><CharacteristicItems n="4">
    <DiameterCharacteristicItem id="49"><Name>diameter</Name>
      <CharacteristicDesignator><Designator>10</Designator></CharacteristicDesignator>
      <MeasurementDeviceIds n="1"><Id>16</Id></MeasurementDeviceIds></DiameterCharacteristicItem>
    <DistanceBetweenCharacteristicItem id="60"><Name>5</Name>
      <CharacteristicDesignator><Designator>length</Designator></CharacteristicDesignator>
    </DistanceBetweenCharacteristicItem>
    <AngleCharacteristicItem id="70"><Name>taper</Name></AngleCharacteristicItem>
    <FlatnessCharacteristicItem id="80"><Name>flatness</Name></FlatnessCharacteristicItem>
  </CharacteristicItems></Characteristics>
  <{results}><MeasurementResultsSet n="1"><MeasurementResults id="1">
    <InspectionTraceability><InspectionStart>2026-03-02T08:00:00</InspectionStart></InspectionTraceability>
    <MeasuredCharacteristics><CharacteristicMeasurements n="5">
      <DiameterCharacteristicMeasurement id="50">
        <Status><CharacteristicStatusEnum>PASS</CharacteristicStatusEnum></Status>
        <CharacteristicItemId>49</CharacteristicItemId><Value>{diameter}</Value></DiameterCharacteristicMeasurement>
      <DistanceBetweenCharacteristicMeasurement id="61"><CharacteristicItemId>60</CharacteristicItemId>
        <TimeStamp>2026-03-02T08:05:00</TimeStamp><Value>{length}</Value></DistanceBetweenCharacteristicMeasurement>
      <AngleCharacteristicMeasurement id="71"><CharacteristicItemId>70</CharacteristicItemId>
        <Value>1.25</Value></AngleCharacteristicMeasurement>
      <FlatnessCharacteristicMeasurement id="81"><CharacteristicItemId>80</CharacteristicItemId>
        <Value>0.01</Value></FlatnessCharacteristicMeasurement>
      <DiameterCharacteristicMeasurement id="51"><CharacteristicItemId>49</CharacteristicItemId>
        <Value>none</Value></DiameterCharacteristicMeasurement>
    </CharacteristicMeasurements></MeasuredCharacteristics>
    <ActualComponentIds n="1"><Id>99</Id></ActualComponentIds>
  </MeasurementResults></MeasurementResultsSet>
  <ActualComponentSets n="1"><ActualComponentSet n="1"><ActualComponent id="99"><SerialNumber>S-7</SerialNumber>
  </ActualComponent></ActualComponentSet></ActualComponentSets></{results}>
</QIFDocument>
"""


def document(unit: str = "mm", factor: str = "0.001", **fields: Any) -> bytes:
    values = {"edition": 3, "results": "Results", "diameter": "25.004", "length": "180.01"} | fields
    made = QIF.format(unit=unit, factor=factor, **values)
    return (
        made if values["edition"] == 3 else made.replace("CharacteristicMeasurement", "CharacteristicActual")
    ).encode()


def settings(**options: Any) -> FilesSettings:
    whole = {"folder": ".", "kind": "measurements", "time_zone": "Asia/Shanghai", "declared": DECLARED} | options
    return FilesSettings.model_validate(whole)


def taken(name: str, content: bytes, **options: Any) -> Batch:
    own = settings(**options)
    return read_rows(open_sheet(Path(name), content, own), own)


# ---------------------------------------------------------------- tables


def test_a_table_of_measured_values() -> None:
    batch = taken(
        "cmm.csv",
        b"time,item,characteristic,value,uom,lot,serial,unit,gauge,operator\n"
        b"2026-03-02 08:00,shaft,diameter,25.004,,L1,S1,lathe01,mic 3,li\n"
        b"2026-03-02 08:01,,shaft:length,18.001,cm,,,,,\n",
        columns={"measured_in": "uom", "unit": "unit"},
    )
    first, second = batch.facts
    assert first == {
        "time": NOW, "subject": "shaft:diameter", "value": 25.004, "quality": 0, "unit": "lathe01", "lot": "L1",
        "serial": "S1", "gauge": "mic 3", "person": "li",
    }  # fmt: skip
    assert (second["subject"], second["value"], second["lot"]) == ("shaft:length", pytest.approx(180.01), None)


def test_an_item_for_all_rows_and_decimal_commas() -> None:
    batch = taken(
        "cmm.csv", "时间;特性;值\n2026/3/2 8:00;diameter;25,004\n".encode("gbk"), item="shaft", unit="lathe01"
    )
    (fact,) = batch.facts
    assert (fact["subject"], fact["value"], fact["unit"]) == ("shaft:diameter", 25.004, "lathe01")


@pytest.mark.parametrize(
    ("row", "where", "reason"),
    [
        ("2026-03-02 08:00,shaft,bore,1,", "2:characteristic", "not a characteristic of the plant: 'shaft:bore'"),
        ("2026-03-02 08:00,shaft,,1,", "2:characteristic", "no characteristic"),
        ("2026-03-02 08:00,shaft,diameter,wide,", "2:value", "not a number: 'wide'"),
        ("2026-03-02 08:00,shaft,diameter,,", "2:value", "no value"),
        ("2026-03-02 08:00,shaft,diameter,nan,", "2:value", "not a measured value: nan"),
        ("2026-03-02 08:00,shaft,diameter,1,kg", "2:value", "kg does not convert to mm"),
    ],
)
def test_a_bad_row_is_named_and_the_good_ones_stay(row: str, where: str, reason: str) -> None:
    text = f"time,item,characteristic,value,measured_in\n{row}\n2026-03-02 08:01,shaft,diameter,25,mm\n"
    batch = taken("cmm.csv", text.encode())
    assert [(one.where, one.reason) for one in batch.complaints] == [(where, reason)]
    assert [fact["value"] for fact in batch.facts] == [25.0]


def test_a_table_without_what_is_needed() -> None:
    with pytest.raises(InputError, match="no column for characteristic, value"):
        taken("cmm.csv", b"time,item\n2026-03-02 08:00,shaft\n")


async def test_from_a_folder_into_the_spool(tmp_path: Path) -> None:
    inbox = tmp_path / "in"
    inbox.mkdir()
    (inbox / "cmm.csv").write_text(
        "time,characteristic,value,unit\n2026-03-02 08:00,shaft:diameter,25.004,lathe01\n"
        "2026-03-02 08:01,shaft:diameter,25.005,\n2026-03-02 08:02,shaft:diameter,25.006,nowhere\n"
    )
    (inbox / "part.QIF").write_bytes(document())
    async with watching(inbox, kind="measurements", declared=DECLARED) as spool:
        from tests.connect.test_files import has

        rows = await has(spool, "measurement", 5)
        assert {row["subject"] for row in rows} == set(DECLARED)
        by_value = {row["value"]: row for row in rows}
        assert (by_value[25.004].get("unit"), by_value[25.005].get("unit")) in {("p/lathe01", None), (None, None)}
        assert 25.006 not in by_value


# ---------------------------------------------------------------- QIF


@pytest.mark.parametrize(("edition", "results"), [(2, "MeasurementsResults"), (3, "Results")])
def test_qif_measured_characteristics_become_measurements(edition: int, results: str) -> None:
    batch = taken("part.qif", document(edition=edition, results=results))
    facts = {fact["subject"]: fact for fact in batch.facts}
    assert {name: fact["value"] for name, fact in facts.items()} == {
        "shaft:diameter": 25.004, "shaft:length": 180.01, "shaft:taper": 1.25
    }  # fmt: skip
    assert (facts["shaft:diameter"]["serial"], facts["shaft:diameter"]["gauge"]) == ("S-7", "CMM 3")
    assert facts["shaft:diameter"]["time"] == NOW  # of the inspection
    assert facts["shaft:length"]["time"] == NOW + 300 * SECOND  # its own
    assert sorted(one.reason for one in batch.complaints) == [
        "not a characteristic of the plant: 'shaft:flatness'", "not a number: 'none'"
    ]  # fmt: skip
    line = next(at for at, text in enumerate(document().decode().splitlines(), 1) if ">none<" in text)
    assert f"{line}:value" in [one.where for one in batch.complaints]


@pytest.mark.parametrize(("unit", "factor"), [("inch", "0.0254"), ("in", "x"), ("unheard of", "0.0254")])
def test_qif_in_inches(unit: str, factor: str) -> None:
    batch = taken("part.qif", document(unit, factor, diameter="0.9844094488", length="7.0870078740"))
    values = {fact["subject"]: fact["value"] for fact in batch.facts}
    assert values["shaft:diameter"] == pytest.approx(25.004, rel=1e-9)
    assert values["shaft:length"] == pytest.approx(180.01, rel=1e-9)


def test_a_qif_unit_that_nobody_can_read_is_not_guessed() -> None:
    rows = [dict(zip(HEADER, cells, strict=True)) for _, cells in qif_rows("x.qif", document("cubit", "x"))]
    assert rows[0]["measured_in"] == ""


@pytest.mark.parametrize(
    "content",
    [
        b"<a>",
        b"<root/>",
        b'<QIFDocument xmlns="http://qifstandards.org/xsd/qif3"/>',
        b'<!DOCTYPE q [<!ENTITY x "y">]><QIFDocument>&x;</QIFDocument>',
    ],
)
def test_what_is_no_qif(content: bytes) -> None:
    with pytest.raises(InputError):
        list(qif_rows("x.qif", content))


# ---------------------------------------------------------------- signals of any wire


def gauge(**options: Any) -> list[Signal]:
    return [
        Signal(
            "p/m:bore", "p/m", "bore", "bore", unit="mm", role="measurement", characteristic="shaft:diameter", **options
        ),
        Signal("p/m:lot", "p/m", "lot", "lot", role="lot"),
        Signal("p/m:serial", "p/m", "serial", "serial", role="serial"),
    ]  # fmt: skip


def test_a_measuring_signal_becomes_a_measurement_with_its_lot_and_serial() -> None:
    mapper = Mapper("opc", gauge())
    mapper.take([Sample("lot", NOW, "L1"), Sample("serial", NOW, "S1"), Sample("bore", NOW + 1, 25.004)], NOW + 2)
    mapper.take([Sample("serial", NOW + 3, "S2"), Sample("bore", NOW + 4, 2.5005, unit="cm")], NOW + 5)
    rows = dict(mapper.rows.columns())["measurement"]
    assert rows["value"] == pytest.approx([25.004, 25.005])
    assert {name: rows[name] for name in ("subject", "lot", "serial", "unit", "time", "quality")} == {
        "subject": ["shaft:diameter"] * 2, "lot": ["L1"] * 2, "serial": ["S1", "S2"], "unit": ["p/m"] * 2,
        "time": [NOW + 1, NOW + 4], "quality": [0, 0],
    }  # fmt: skip
    assert len(dict(mapper.rows.columns())["signal"]["value"]) == 5  # every reading is kept as it came


def test_a_doubtful_reading_is_a_doubtful_measurement_and_none_is_none() -> None:
    mapper = Mapper("opc", gauge(range=(20.0, 30.0)))
    samples = [
        Sample("bore", NOW, 25.0, Quality.UNCERTAIN),
        Sample("bore", NOW + 1, 99.0),
        Sample("bore", NOW + 2, None),
    ]
    mapper.take([*samples, Sample("bore", NOW + 3, "wide")], NOW + 4)
    rows = dict(mapper.rows.columns())["measurement"]
    assert list(zip(rows["value"], rows["quality"], strict=True)) == [
        (25.0, Quality.UNCERTAIN), (99.0, Quality.OUT_OF_RANGE)
    ]  # fmt: skip


def test_a_new_lot_says_nothing_of_the_state() -> None:
    state = Signal("p/m:state", "p/m", "state", "state", role="state", mapping="generic@1")
    mapper = Mapper("opc", [*gauge(), state])
    mapper.take([Sample("state", NOW, "running"), Sample("lot", NOW + 1, "L1"), Sample("lot", NOW + 2, "L2")], NOW + 3)
    assert len(mapper.rows.states) == 1


def test_measurements_reach_the_ledger(tmp_path: Path) -> None:
    from luban.ledger import LedgerWriter

    mapper = Mapper("opc", gauge())
    mapper.take([Sample("bore", NOW, 25.004)], NOW)
    with_ledger = LedgerWriter(tmp_path)
    for stream, rows in mapper.rows.columns():
        with_ledger.append(stream, rows, source="opc")
    with_ledger.close()
    (fact,) = Ledger(tmp_path).table("measurement").to_pylist()
    assert (fact["subject"], fact["value"], fact["unit"], fact["lot"]) == ("shaft:diameter", 25.004, "p/m", None)
