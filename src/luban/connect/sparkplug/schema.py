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


# message → field → (number, type); `*` repeats, `|` is one of the alternatives of the value
_LAYOUT: Final[Mapping[str, Mapping[str, tuple[int, str]]]] = {
    "Payload": {
        "timestamp": (1, "uint64"),
        "metrics": (2, "*Metric"),
        "seq": (3, "uint64"),
        "uuid": (4, "string"),
        "body": (5, "bytes"),
    },
    "Metric": {
        "name": (1, "string"),
        "alias": (2, "uint64"),
        "timestamp": (3, "uint64"),
        "datatype": (4, "uint32"),
        "is_historical": (5, "bool"),
        "is_transient": (6, "bool"),
        "is_null": (7, "bool"),
        "metadata": (8, "MetaData"),
        "properties": (9, "PropertySet"),
        "int_value": (10, "|uint32"),
        "long_value": (11, "|uint64"),
        "float_value": (12, "|float"),
        "double_value": (13, "|double"),
        "boolean_value": (14, "|bool"),
        "string_value": (15, "|string"),
        "bytes_value": (16, "|bytes"),
        "dataset_value": (17, "|DataSet"),
        "template_value": (18, "|Template"),
    },
    "MetaData": {
        "is_multi_part": (1, "bool"),
        "content_type": (2, "string"),
        "size": (3, "uint64"),
        "seq": (4, "uint64"),
        "file_name": (5, "string"),
        "file_type": (6, "string"),
        "md5": (7, "string"),
        "description": (8, "string"),
    },
    "PropertySet": {"keys": (1, "*string"), "values": (2, "*PropertyValue")},
    "PropertySetList": {"propertyset": (1, "*PropertySet")},
    "PropertyValue": {
        "type": (1, "uint32"),
        "is_null": (2, "bool"),
        "int_value": (3, "|uint32"),
        "long_value": (4, "|uint64"),
        "float_value": (5, "|float"),
        "double_value": (6, "|double"),
        "boolean_value": (7, "|bool"),
        "string_value": (8, "|string"),
        "propertyset_value": (9, "|PropertySet"),
        "propertysets_value": (10, "|PropertySetList"),
    },
    "DataSet": {
        "num_of_columns": (1, "uint64"),
        "columns": (2, "*string"),
        "types": (3, "*uint32"),
        "rows": (4, "*Row"),
    },
    "Row": {"elements": (1, "*Element")},
    "Element": {
        "int_value": (1, "|uint32"),
        "long_value": (2, "|uint64"),
        "float_value": (3, "|float"),
        "double_value": (4, "|double"),
        "boolean_value": (5, "|bool"),
        "string_value": (6, "|string"),
    },
    "Template": {
        "version": (1, "string"),
        "metrics": (2, "*Metric"),
        "parameters": (3, "*Parameter"),
        "template_ref": (4, "string"),
        "is_definition": (5, "bool"),
    },
    "Parameter": {
        "name": (1, "string"),
        "type": (2, "uint32"),
        "int_value": (3, "|uint32"),
        "long_value": (4, "|uint64"),
        "float_value": (5, "|float"),
        "double_value": (6, "|double"),
        "boolean_value": (7, "|bool"),
        "string_value": (8, "|string"),
    },
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
