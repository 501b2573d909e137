"""Sparkplug B payloads: bytes ↔ metrics with Python values.

Integers travel as unsigned fields; negative ones are two's complement of their width, and encoders
differ in whether an Int8 of −1 is 0xFF or 0xFFFFFFFF: both are read.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from google.protobuf.message import DecodeError

from luban.connect.sparkplug.schema import DataType, classes
from luban.core.errors import PayloadError

__all__ = ["DataSet", "Metric", "Payload", "decode", "encode"]

_SIGNED: Final = {DataType.Int8: 8, DataType.Int16: 16, DataType.Int32: 32, DataType.Int64: 64}
_UNSIGNED: Final = {DataType.UInt8: 8, DataType.UInt16: 16, DataType.UInt32: 32, DataType.UInt64: 64}
_TEXTS: Final = (DataType.String, DataType.Text, DataType.UUID)
_BLOBS: Final = (DataType.Bytes, DataType.File)
_NUMERIC_FIELDS: Final = ("int_value", "long_value")
# Array types hold little-endian elements of these `struct` codes.
_ELEMENTS: Final = {
    DataType.Int8Array: "b",
    DataType.Int16Array: "h",
    DataType.Int32Array: "i",
    DataType.Int64Array: "q",
    DataType.UInt8Array: "B",
    DataType.UInt16Array: "H",
    DataType.UInt32Array: "I",
    DataType.UInt64Array: "Q",
    DataType.FloatArray: "f",
    DataType.DoubleArray: "d",
    DataType.DateTimeArray: "Q",
}
_ARRAYS: Final = (*_ELEMENTS, DataType.BooleanArray, DataType.StringArray)


@dataclass(frozen=True, slots=True)
class DataSet:
    """A table: column names, their types, rows of values."""

    columns: tuple[str, ...]
    types: tuple[DataType, ...]
    rows: tuple[tuple[Any, ...], ...]


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric of a payload.

    name        '' where only the alias is sent
    alias       None where there is none
    type        Unknown where the message leaves it to the birth; value is then the raw field
    value       int, float, bool, str, bytes, DataSet, list (arrays, templates as list of Metric) or None
    timestamp   [ms UTC], None where the metric carries none
    properties  name → value
    """

    name: str = ""
    type: DataType = DataType.Unknown
    value: Any = None
    alias: int | None = None
    timestamp: int | None = None
    historical: bool = False
    transient: bool = False
    properties: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Payload:
    """One message: `timestamp` [ms UTC], `seq` None in commands and node deaths."""

    metrics: tuple[Metric, ...] = ()
    timestamp: int | None = None
    seq: int | None = None
    uuid: str = ""
    body: bytes = b""


def decode(data: bytes, types: Mapping[str | int, DataType] | None = None) -> Payload:
    """The payload in the bytes.

    types   datatype by metric name and by alias, from the last birth; for metrics that do not say theirs
    Raises  PayloadError
    """
    try:
        raw = classes().Payload.FromString(data)
    except DecodeError as error:
        raise PayloadError("not a Sparkplug B payload") from error
    known = types or {}
    try:
        metrics = tuple([_metric(m, known) for m in raw.metrics])
    except (ValueError, struct.error, UnicodeDecodeError) as error:
        raise PayloadError(f"not a Sparkplug B payload: {error}") from error
    return Payload(
        metrics,
        raw.timestamp if raw.HasField("timestamp") else None,
        raw.seq if raw.HasField("seq") else None,
        raw.uuid,
        raw.body,
    )


def encode(payload: Payload) -> bytes:
    """The payload as bytes. Raises PayloadError for a value that its type cannot hold."""
    raw = classes().Payload()
    if payload.timestamp is not None:
        raw.timestamp = payload.timestamp
    if payload.seq is not None:
        raw.seq = payload.seq
    if payload.uuid:
        raw.uuid = payload.uuid
    if payload.body:
        raw.body = payload.body
    for metric in payload.metrics:
        try:
            _put_metric(raw.metrics.add(), metric)
        except (TypeError, ValueError, OverflowError, struct.error, AttributeError) as error:
            raise PayloadError(
                f"metric {metric.name or metric.alias}: {metric.value!r} is no {metric.type.name}"
            ) from error
    return bytes(raw.SerializeToString())


# ── reading ──────────────────────────────────────────────────────────────────────────────────────


def _type(code: int) -> DataType:
    try:
        return DataType(code)
    except ValueError:
        raise ValueError(f"unknown datatype {code}") from None


def _metric(raw: Any, known: Mapping[str | int, DataType]) -> Metric:
    alias = raw.alias if raw.HasField("alias") else None
    if raw.datatype:
        kind = _type(raw.datatype)
    else:
        kind = known.get(raw.name) or (known.get(alias) if alias is not None else None) or DataType.Unknown
    which = None if raw.is_null else raw.WhichOneof("value")
    return Metric(
        raw.name,
        kind,
        None if which is None else _read(kind, which, getattr(raw, which)),
        alias,
        raw.timestamp if raw.HasField("timestamp") else None,
        raw.is_historical,
        raw.is_transient,
        _properties(raw.properties) if raw.HasField("properties") else {},
    )


def _read(kind: DataType, which: str, value: Any) -> Any:
    """A value field as its datatype means it."""
    if which in _NUMERIC_FIELDS:
        return _integer(kind, value)
    if which == "dataset_value":
        return _dataset(value)
    if which == "template_value":
        return [_metric(m, {}) for m in value.metrics]
    if which == "bytes_value" and kind in _ARRAYS:
        return _array(kind, value)
    return value


def _integer(kind: DataType, value: int) -> int | float | bool:
    if width := _SIGNED.get(kind):
        value &= (1 << width) - 1
        return value - (1 << width) if value >> (width - 1) else value
    if kind is DataType.Boolean:
        return bool(value)
    return value


def _array(kind: DataType, data: bytes) -> list[Any]:
    if kind is DataType.StringArray:
        return [part.decode() for part in data.split(b"\0")[:-1]]
    if kind is DataType.BooleanArray:
        (count,) = struct.unpack_from("<I", data)
        if count > 8 * (len(data) - 4):
            raise ValueError("boolean array is shorter than it says")
        return [bool(data[4 + i // 8] & (0x80 >> i % 8)) for i in range(count)]
    code = _ELEMENTS[kind]
    return list(struct.unpack(f"<{len(data) // struct.calcsize(f'<{code}')}{code}", data))


def _dataset(raw: Any) -> DataSet:
    kinds = tuple(_type(code) for code in raw.types)
    if len(kinds) != len(raw.columns):
        raise ValueError("data set with as many types as columns expected")
    rows = []
    for row in raw.rows:
        if len(row.elements) != len(kinds):
            raise ValueError("data set row with another number of elements than columns")
        rows.append(tuple(_element(k, e) for k, e in zip(kinds, row.elements, strict=True)))
    return DataSet(tuple(raw.columns), kinds, tuple(rows))


def _element(kind: DataType, raw: Any) -> Any:
    which = raw.WhichOneof("value")
    return None if which is None else _read(kind, which, getattr(raw, which))


def _properties(raw: Any) -> dict[str, Any]:
    if len(raw.keys) != len(raw.values):
        raise ValueError("property set with as many values as keys expected")
    return {key: _property(value) for key, value in zip(raw.keys, raw.values, strict=True)}


def _property(raw: Any) -> Any:
    which = None if raw.is_null else raw.WhichOneof("value")
    if which is None:
        return None
    if which == "propertyset_value":
        return _properties(raw.propertyset_value)
    if which == "propertysets_value":
        return [_properties(p) for p in raw.propertysets_value.propertyset]
    return _read(_type(raw.type), which, getattr(raw, which))


# ── writing ──────────────────────────────────────────────────────────────────────────────────────


def _put_metric(raw: Any, metric: Metric) -> None:
    if metric.name:
        raw.name = metric.name
    if metric.alias is not None:
        raw.alias = metric.alias
    if metric.timestamp is not None:
        raw.timestamp = metric.timestamp
    if metric.type:
        raw.datatype = metric.type
    if metric.historical:
        raw.is_historical = True
    if metric.transient:
        raw.is_transient = True
    if metric.properties:
        _put_properties(raw.properties, metric.properties)
    if metric.value is None:
        raw.is_null = True
    else:
        _put_value(raw, metric)


def _put_value(raw: Any, metric: Metric) -> None:
    if metric.type is DataType.DataSet:
        _put_dataset(raw.dataset_value, metric.value)
    elif metric.type is DataType.Template:
        raw.template_value.SetInParent()  # one without members is still a value
        for member in metric.value:
            _put_metric(raw.template_value.metrics.add(), member)
    elif metric.type in _ARRAYS:
        raw.bytes_value = _pack(metric.type, metric.value)
    elif metric.type in _BLOBS:
        raw.bytes_value = metric.value
    else:
        _put_scalar(raw, metric.type, metric.value)


def _put_scalar(raw: Any, kind: DataType, value: Any) -> None:
    if width := _SIGNED.get(kind) or _UNSIGNED.get(kind):
        low = -(1 << (width - 1)) if kind in _SIGNED else 0
        if value != int(value) or not low <= value < low + (1 << width):
            raise ValueError("out of range")
        # Narrow negatives are sign-extended to the field, as the reference encoders do.
        if width == 64 or kind is DataType.UInt32:
            raw.long_value = int(value) & 0xFFFF_FFFF_FFFF_FFFF
        else:
            raw.int_value = int(value) & 0xFFFF_FFFF
    elif kind is DataType.Float:
        raw.float_value = value
    elif kind is DataType.Double:
        raw.double_value = value
    elif kind is DataType.Boolean:
        raw.boolean_value = value
    elif kind in _TEXTS:
        raw.string_value = value
    elif kind is DataType.DateTime:
        raw.long_value = value
    else:
        raise ValueError("no value field for this type")


def _put_dataset(raw: Any, table: DataSet) -> None:
    raw.num_of_columns = len(table.columns)
    raw.columns.extend(table.columns)
    raw.types.extend(table.types)
    for row in table.rows:
        target = raw.rows.add()
        for kind, value in zip(table.types, row, strict=True):
            element = target.elements.add()
            if value is not None:
                _put_scalar(element, kind, value)


def _put_properties(raw: Any, properties: Mapping[str, Any]) -> None:
    for name, value in properties.items():
        raw.keys.append(name)
        target = raw.values.add()
        if value is None:
            target.is_null = True
        elif isinstance(value, bool):
            target.type, target.boolean_value = DataType.Boolean, value
        elif isinstance(value, int):
            target.type = DataType.Int32 if -(1 << 31) <= value < 1 << 31 else DataType.Int64
            _put_scalar(target, DataType(target.type), value)
        elif isinstance(value, float):
            target.type, target.double_value = DataType.Double, value
        else:
            target.type, target.string_value = DataType.String, value


def _pack(kind: DataType, values: Sequence[Any]) -> bytes:
    if kind is DataType.StringArray:
        return b"".join(text.encode() + b"\0" for text in values)
    if kind is DataType.BooleanArray:
        return struct.pack("<I", len(values)) + bytes(_bits(values))
    return struct.pack(f"<{len(values)}{_ELEMENTS[kind]}", *values)


def _bits(values: Sequence[bool]) -> Iterable[int]:
    for start in range(0, len(values), 8):
        part = values[start : start + 8]
        yield sum(0x80 >> i for i, bit in enumerate(part) if bit)
