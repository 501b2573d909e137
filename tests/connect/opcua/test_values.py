"""Status, time and value: judged by asyncua's own table of status codes and by OPC 10000-4."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from importlib.resources import files

import pytest
from asyncua import ua
from asyncua.ua.status_codes import code_to_name_doc

from luban.connect.opcua.values import Point, overflowed, plain, quality_of, time_of
from luban.core.quality import Quality
from luban.core.time import now, parse_time


def rows() -> list[dict[str, str]]:
    text = files("luban.connect.opcua").joinpath("status_codes.csv").read_text("utf-8")
    return list(csv.DictReader(text.splitlines()))


def test_table_names_the_codes_as_the_standard_does() -> None:
    assert [row["name"] for row in rows()] == [code_to_name_doc[int(row["code"], 16)][0] for row in rows()]


@pytest.mark.parametrize("code", sorted(code_to_name_doc))
def test_severity_is_never_softened(code: int) -> None:
    name = code_to_name_doc[code][0]
    found = quality_of(code)
    if name.startswith("Bad"):
        assert found.is_bad
    elif name.startswith("Uncertain"):
        assert not found.is_good
        assert not found.is_bad
    elif name != "GoodLocalOverride":
        assert found.is_good


def test_info_bits_do_not_change_the_reason() -> None:
    assert quality_of(0x808C0000 | 0x0480) is Quality.SENSOR_FAILURE
    assert quality_of(0xC0000000) is Quality.BAD


def test_overflow_bit() -> None:
    assert overflowed(0x00000480)
    assert not overflowed(0x00000080), "without the info type the bits mean something else"
    assert not overflowed(0)


def test_time_of() -> None:
    source, server = datetime(2026, 11, 24, 6, 30, 0, 123456, tzinfo=UTC), datetime(2026, 11, 24, tzinfo=UTC)
    both = ua.DataValue(SourceTimestamp=source, ServerTimestamp=server)
    assert time_of(both) == parse_time("2026-11-24T06:30:00.123456Z")
    assert time_of(ua.DataValue(ServerTimestamp=server)) == parse_time("2026-11-24T00:00:00Z")
    never = datetime(1601, 1, 1, tzinfo=UTC)
    assert abs(time_of(ua.DataValue(SourceTimestamp=never)) - now()) < 1_000_000


def test_plain() -> None:
    assert plain(ua.LocalizedText("Executing")) == "Executing"
    assert plain(ua.ServerState.Running) == "Running"
    assert plain([1, 2]) == "[1, 2]"
    assert plain(ua.Range(0.0, 5.0)) == '{"Low": 0.0, "High": 5.0}'
    assert plain(True) is True
    with pytest.raises(ValueError, match="own type"):
        plain(ua.ExtensionObject(TypeId=ua.NodeId(1, 3), Body=b"?"))


def test_enumeration_becomes_its_word() -> None:
    point = Point("a", ua.NodeId(1, 1), words={0: "Manual", 1: "Automatic"})
    assert point.sample(ua.DataValue(ua.Variant(1, ua.VariantType.Int32))).value == "Automatic"
    assert point.sample(ua.DataValue(ua.Variant(7, ua.VariantType.Int32))).value == 7


def test_null_is_unavailable() -> None:
    point = Point("a", ua.NodeId(1, 1))
    sample = point.sample(ua.DataValue(ua.Variant(None, ua.VariantType.Null)))
    assert (sample.value, sample.quality) == (None, Quality.UNAVAILABLE)
