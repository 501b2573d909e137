"""The Sparkplug B message layout as a table, and the protobuf classes made from it.

The numbers and types are the interface that the Sparkplug 3.0 specification (§6.4) publishes. The
classes are made at run time, so they fit whatever protobuf release is installed.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from functools import cache
from types import SimpleNamespace
from typing import Any, Final

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

__all__ = ["DataType", "classes"]


class DataType(IntEnum):
    """Type codes of metrics, properties and columns (Sparkplug 3.0 §6.4.16)."""

    Unknown = 0
    Int8 = 1
    Int16 = 2
    Int32 = 3
    Int64 = 4
    UInt8 = 5
    UInt16 = 6
    UInt32 = 7
    UInt64 = 8
    Float = 9
    Double = 10
    Boolean = 11
    String = 12
    DateTime = 13
    Text = 14
    UUID = 15
    DataSet = 16
    Bytes = 17
    File = 18
    Template = 19
    PropertySet = 20
    PropertySetList = 21
    Int8Array = 22
    Int16Array = 23
    Int32Array = 24
    Int64Array = 25
    UInt8Array = 26
    UInt16Array = 27
    UInt32Array = 28
    UInt64Array = 29
    FloatArray = 30
    DoubleArray = 31
    BooleanArray = 32
    StringArray = 33
    DateTimeArray = 34


_SCALARS: Final = (
    "int_value uint32, long_value uint64, float_value float, double_value double, boolean_value bool, "
    "string_value string"
)


def _fields(plain: str, value: str = "") -> dict[str, tuple[int, str]]:
    """Field → (number, type), numbered from 1 in the order given: the plain ones, then the alternatives of a value."""
    found = [pair.split() for pair in plain.split(", ") if pair]
    found += [[name, f"|{kind}"] for name, kind in (pair.split() for pair in value.split(", ") if pair)]
    return {name: (number, kind) for number, (name, kind) in enumerate(found, 1)}


# message → field → (number, type); `*` repeats, `|` is one of the alternatives of the value
_LAYOUT: Final[Mapping[str, Mapping[str, tuple[int, str]]]] = {
    "Payload": _fields("timestamp uint64, metrics *Metric, seq uint64, uuid string, body bytes"),
    "Metric": _fields(
        "name string, alias uint64, timestamp uint64, datatype uint32, is_historical bool, is_transient bool, "
        "is_null bool, metadata MetaData, properties PropertySet",
        f"{_SCALARS}, bytes_value bytes, dataset_value DataSet, template_value Template",
    ),
    "MetaData": _fields(
        "is_multi_part bool, content_type string, size uint64, seq uint64, file_name string, file_type string, "
        "md5 string, description string"
    ),
    "PropertySet": _fields("keys *string, values *PropertyValue"),
    "PropertySetList": _fields("propertyset *PropertySet"),
    "PropertyValue": _fields(
        "type uint32, is_null bool",
        f"{_SCALARS}, propertyset_value PropertySet, propertysets_value PropertySetList",
    ),
    "DataSet": _fields("num_of_columns uint64, columns *string, types *uint32, rows *Row"),
    "Row": _fields("elements *Element"),
    "Element": _fields("", _SCALARS),
    "Template": _fields(
        "version string, metrics *Metric, parameters *Parameter, template_ref string, is_definition bool"
    ),
    "Parameter": _fields("name string, type uint32", _SCALARS),
}
_PACKAGE: Final = "luban.sparkplug"


@cache
def classes() -> Any:
    """The message classes by name, e.g. `classes().Payload`."""
    kinds: Any = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="luban/sparkplug.proto", package=_PACKAGE, syntax="proto2")
    for name, fields in _LAYOUT.items():
        message = file.message_type.add(name=name)
        if any(form.startswith("|") for _, form in fields.values()):
            message.oneof_decl.add(name="value")
        for field_name, (number, form) in fields.items():
            kind = form.lstrip("*|")
            added = message.field.add(name=field_name, number=number)
            added.label = kinds.LABEL_REPEATED if form.startswith("*") else kinds.LABEL_OPTIONAL
            if form.startswith("|"):
                added.oneof_index = 0
            if kind in _LAYOUT:
                added.type = kinds.TYPE_MESSAGE
                added.type_name = f".{_PACKAGE}.{kind}"
            else:
                added.type = getattr(kinds, f"TYPE_{kind.upper()}")
    # A pool of its own: another program's Sparkplug classes in the same process do not clash.
    found = descriptor_pool.DescriptorPool()
    found.Add(file)
    return SimpleNamespace(
        **{n: message_factory.GetMessageClass(found.FindMessageTypeByName(f"{_PACKAGE}.{n}")) for n in _LAYOUT}
    )
