"""Sparkplug payloads against an independent codec's bytes, in both directions."""

from __future__ import annotations

import contextlib
import json
import math
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from luban.connect.sparkplug.payload import DataSet, Metric, Payload, decode, encode
from luban.connect.sparkplug.schema import DataType, classes
from luban.core.errors import PayloadError
from tests.connect.sparkplug.codec import Codec, codec

VECTORS = Path(__file__).parent / "vectors"
NAMES = sorted(path.stem for path in VECTORS.glob("*.bin"))


@pytest.fixture(scope="module")
def judge() -> Iterator[Codec]:
    with codec() as found:
        yield found


def as_json(payload: Payload) -> dict[str, Any]:
    """A payload in the form of the vectors' JSON."""
    out: dict[str, Any] = {"timestamp": payload.timestamp}
    if payload.seq is not None:
        out["seq"] = payload.seq
    out["metrics"] = [_metric(metric) for metric in payload.metrics]
    return out


def _metric(metric: Metric) -> dict[str, Any]:
    value = metric.value
    if isinstance(value, bytes):
        value = list(value)
    if isinstance(value, DataSet):
        value = {
            "numOfColumns": len(value.columns),
            "types": [kind.name for kind in value.types],
            "columns": list(value.columns),
            "rows": [list(row) for row in value.rows],
        }
    out = {"name": metric.name, "type": metric.type.name, "value": value, "timestamp": metric.timestamp}
    if metric.alias is not None:
        out["alias"] = metric.alias
    if metric.historical:
        out["isHistorical"] = True
    if metric.transient:
        out["isTransient"] = True
    if metric.properties:
        kinds = {str: "String", int: "Int32"}
        out["properties"] = {k: {"type": kinds[type(v)], "value": v} for k, v in metric.properties.items()}
    return out


@pytest.mark.parametrize("name", NAMES)
def test_vector(name: str) -> None:
    data = (VECTORS / f"{name}.bin").read_bytes()
    asked = json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8"))["input"]
    payload = decode(data)
    assert as_json(payload) == asked
    assert encode(payload) == data


# ── round trips ──────────────────────────────────────────────────────────────────────────────────

TEXT = st.text(max_size=12)
SIGNED = {DataType.Int8: 8, DataType.Int16: 16, DataType.Int32: 32, DataType.Int64: 64}
UNSIGNED = {DataType.UInt8: 8, DataType.UInt16: 16, DataType.UInt32: 32, DataType.UInt64: 64}
FLOAT32 = st.floats(width=32, allow_nan=False)
SCALARS: dict[DataType, st.SearchStrategy[Any]] = {
    **{kind: st.integers(-(1 << bits - 1), (1 << bits - 1) - 1) for kind, bits in SIGNED.items()},
    **{kind: st.integers(0, (1 << bits) - 1) for kind, bits in UNSIGNED.items()},
    DataType.Float: FLOAT32,
    DataType.Double: st.floats(allow_nan=False),
    DataType.Boolean: st.booleans(),
    DataType.String: TEXT,
    DataType.Text: TEXT,
    DataType.UUID: st.uuids().map(str),
    DataType.DateTime: st.integers(0, 1 << 50),
}
ARRAYS: dict[DataType, st.SearchStrategy[Any]] = {
    DataType.Int8Array: st.lists(SCALARS[DataType.Int8]),
    DataType.Int16Array: st.lists(SCALARS[DataType.Int16]),
    DataType.Int32Array: st.lists(SCALARS[DataType.Int32]),
    DataType.Int64Array: st.lists(SCALARS[DataType.Int64]),
    DataType.UInt8Array: st.lists(SCALARS[DataType.UInt8]),
    DataType.UInt16Array: st.lists(SCALARS[DataType.UInt16]),
    DataType.UInt32Array: st.lists(SCALARS[DataType.UInt32]),
    DataType.UInt64Array: st.lists(SCALARS[DataType.UInt64]),
    DataType.FloatArray: st.lists(FLOAT32),
    DataType.DoubleArray: st.lists(st.floats(allow_nan=False)),
    DataType.BooleanArray: st.lists(st.booleans()),
    DataType.StringArray: st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))),
    DataType.DateTimeArray: st.lists(st.integers(0, 1 << 50)),
}
STAMP = st.none() | st.integers(0, 1 << 50)


@st.composite
def tables(draw: st.DrawFn) -> DataSet:
    kinds = draw(st.lists(st.sampled_from(list(SCALARS)), min_size=1, max_size=4))
    rows = draw(st.lists(st.tuples(*(st.none() | SCALARS[kind] for kind in kinds)), max_size=3))
    return DataSet(tuple(f"c{i}" for i in range(len(kinds))), tuple(kinds), tuple(rows))


@st.composite
def metrics(draw: st.DrawFn, members: bool = True) -> Metric:
    every = {**SCALARS, **ARRAYS, DataType.Bytes: st.binary(max_size=8), DataType.DataSet: tables()}
    if members:
        every[DataType.Template] = st.lists(metrics(members=False), max_size=3)
    kind = draw(st.sampled_from(list(every)))
    return Metric(
        draw(st.text(min_size=1, max_size=8)),
        kind,
        draw(st.none() | every[kind]),
        draw(st.none() | st.integers(0, (1 << 64) - 1)),
        draw(STAMP),
        draw(st.booleans()),
        draw(st.booleans()),
        draw(
            st.dictionaries(TEXT, st.none() | st.booleans() | st.integers(-(1 << 63), (1 << 63) - 1) | TEXT, max_size=2)
        ),
    )


@settings(deadline=None)
@given(st.lists(metrics(), max_size=4), STAMP, st.none() | st.integers(0, 255), st.binary(max_size=4))
def test_round_trip(found: list[Metric], at: int | None, seq: int | None, body: bytes) -> None:
    payload = Payload(tuple(found), at, seq, "u" * len(found), body)
    assert decode(encode(payload)) == payload


@settings(deadline=None)
@given(st.binary(max_size=80))
def test_any_bytes_are_a_payload_or_a_payload_error(data: bytes) -> None:
    with contextlib.suppress(PayloadError):
        decode(data)


@pytest.mark.parametrize("value", [0xFF, 0xFFFF_FFFF])
def test_a_narrow_negative_in_both_forms(value: int) -> None:
    raw = classes().Payload()
    raw.metrics.add(name="n", datatype=DataType.Int8, int_value=value)
    assert decode(raw.SerializeToString()).metrics[0].value == -1


def test_types_of_the_birth_serve_data_without_types() -> None:
    raw = classes().Payload()
    raw.metrics.add(alias=7, int_value=0xFFFF_FFFF)
    raw.metrics.add(name="b", int_value=1)
    found = decode(raw.SerializeToString(), {7: DataType.Int32, "b": DataType.Boolean})
    assert [m.value for m in found.metrics] == [-1, True]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (DataType.Int8, 128),
        (DataType.UInt8, -1),
        (DataType.UInt64, 1 << 64),
        (DataType.Int32, 1.5),
        (DataType.Int32, "x"),
        (DataType.Double, "x"),
        (DataType.Boolean, "x"),
        (DataType.String, 1),
        (DataType.PropertySet, 1),
        (DataType.BooleanArray, 1),
        (DataType.UInt8Array, [256]),
    ],
)
def test_a_value_that_its_type_cannot_hold(kind: DataType, value: object) -> None:
    with pytest.raises(PayloadError, match=kind.name):
        encode(Payload((Metric("m", kind, value),)))


def test_broken_inside() -> None:
    def broken(change: Any) -> bytes:
        raw = classes().Payload()
        change(raw.metrics.add(name="m"))
        return bytes(raw.SerializeToString())

    def table(metric: Any) -> None:
        metric.dataset_value.columns.append("a")

    def row(metric: Any) -> None:
        table(metric)
        metric.dataset_value.types.append(DataType.Int8)
        metric.dataset_value.rows.add()

    def properties(metric: Any) -> None:
        metric.properties.keys.append("a")

    def array(metric: Any) -> None:
        metric.datatype, metric.bytes_value = DataType.Int32Array, b"123"

    def bits(metric: Any) -> None:
        metric.datatype, metric.bytes_value = DataType.BooleanArray, struct.pack("<I", 100)

    def kind(metric: Any) -> None:
        metric.datatype = 99

    for change in (table, row, properties, array, bits, kind):
        with pytest.raises(PayloadError, match="not a Sparkplug B payload"):
            decode(broken(change))


# ── the independent codec reads what we write ────────────────────────────────────────────────────


@pytest.mark.service
def test_the_judge_reads_our_bytes(judge: Codec) -> None:
    values: list[tuple[DataType, Any]] = [
        (DataType.Int8, -128),
        (DataType.Int16, -32768),
        (DataType.Int32, -(1 << 31)),
        (DataType.Int64, 1 << 52),  # this codec reads 64 bits as a double without sign
        (DataType.UInt8, 255),
        (DataType.UInt16, 65535),
        (DataType.UInt32, (1 << 31) - 1),
        (DataType.UInt64, 1 << 53),
        (DataType.Float, 0.5),
        (DataType.Double, math.pi),
        (DataType.Boolean, True),
        (DataType.Boolean, False),
        (DataType.String, "运行 ▲"),
        (DataType.Text, ""),
        (DataType.UUID, "123e4567-e89b-12d3-a456-426614174000"),
        (DataType.DateTime, 1_700_000_000_123),
        (DataType.Bytes, b"\x00\xff"),
        (DataType.Double, None),
    ]
    ours = [
        Metric(
            f"m{i}", kind, value, i, 1_700_000_000_000 + i, i % 2 == 0, i % 3 == 0, {"engUnit": "mm", "Quality": 192}
        )
        for i, (kind, value) in enumerate(values)
    ]
    seen = judge.decode(encode(Payload(tuple(ours), 1_700_000_000_000, 255)))
    assert (seen["timestamp"], seen["seq"]) == (1_700_000_000_000, 255)
    for metric, found in zip(ours, seen["metrics"], strict=True):
        assert (found["name"], found["alias"], found["type"]) == (metric.name, metric.alias, metric.type.name)
        assert found["timestamp"] == metric.timestamp
        assert found["value"] == metric.value
        assert bool(found.get("isHistorical")) is metric.historical
        assert {name: entry["value"] for name, entry in found["properties"].items()} == metric.properties


@pytest.mark.service
def test_we_read_the_judges_bytes(judge: Codec) -> None:
    asked = {
        "timestamp": 1_700_000_000_000,
        "seq": 3,
        "metrics": [
            {"name": "i8", "type": "Int8", "value": -1},
            {"name": "i64", "type": "Int64", "value": -5},
            {"name": "u32", "type": "UInt32", "value": 4_294_967_295},
            {"name": "d", "type": "Double", "value": 1.25, "isHistorical": True},
            {
                "name": "t",
                "type": "Template",
                "value": {
                    "isDefinition": False,
                    "metrics": [{"name": "x", "type": "Int32", "value": 4}],
                    "parameters": [],
                },
            },
        ],
    }
    found = decode(judge.encode(asked))
    assert found.seq == 3
    assert [m.value for m in found.metrics[:4]] == [-1, -5, 4_294_967_295, 1.25]
    assert found.metrics[3].historical
    assert [(m.name, m.value) for m in found.metrics[4].value] == [("x", 4)]
