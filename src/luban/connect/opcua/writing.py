"""Writing one value: cast to the node's type, sent bare, read back."""

from __future__ import annotations

import asyncio
import math
import struct
from typing import Any

from asyncua import ua

from luban.connect.opcua.session import Link
from luban.connect.opcua.values import plain, time_of
from luban.connect.wire import ReadBack, Value
from luban.core.errors import InputError

__all__ = ["write_value"]

_PAUSES = (0.0, 0.05, 0.1, 0.2, 0.4, 0.8)  # between read-backs [s]: a controller takes a value over in its cycle
_UNFIT = "the value does not fit the node"
_INTEGERS = {
    ua.VariantType.SByte: (-(2**7), 2**7 - 1),
    ua.VariantType.Byte: (0, 2**8 - 1),
    ua.VariantType.Int16: (-(2**15), 2**15 - 1),
    ua.VariantType.UInt16: (0, 2**16 - 1),
    ua.VariantType.Int32: (-(2**31), 2**31 - 1),
    ua.VariantType.UInt32: (0, 2**32 - 1),
    ua.VariantType.Int64: (-(2**63), 2**63 - 1),
    ua.VariantType.UInt64: (0, 2**64 - 1),
}


async def write_value(link: Link, node_id: ua.NodeId, value: Value, *, where: str) -> ReadBack:
    """Write and read back until it is equal or about 1.5 s have passed.

    Only the value is sent: a strict server refuses status and timestamps with BadWriteNotSupported.
    Raises  InputError if the value does not fit the node's type
    """
    node = link.client.get_node(node_id)
    kind = await node.read_data_type_as_variant_type()
    wanted = cast(value, kind, where=where)
    bare = ua.DataValue(ua.Variant(wanted, kind))
    bare.StatusCode = None
    status = (await link.client.uaclient.write_attributes([node_id], [bare]))[0]
    if not status.is_good():
        return ReadBack(accepted=False, reason=f"the server refused it: {status.name}")
    back = ua.DataValue()
    for pause in _PAUSES:
        await asyncio.sleep(pause)
        back = (await link.client.uaclient.read_attributes([node_id], ua.AttributeIds.Value))[0]
        came = back.Value.Value if back.Value is not None else None
        if _same(came, wanted):
            return ReadBack(accepted=True, value=plain(came), time=time_of(back))
    came = back.Value.Value if back.Value is not None else None
    return ReadBack(True, plain(came), time_of(back), f"read back {came!r} instead of {wanted!r}")


def cast(value: Value, kind: ua.VariantType, *, where: str = "") -> Any:
    """The value as the node's type wants it. Raises InputError where it does not fit."""
    try:
        found = _cast(value, kind)
    except (ValueError, TypeError, OverflowError) as error:
        raise InputError(
            "the value does not fit the node", came=repr(value), expected=str(error), where=where
        ) from error
    if found is None:
        raise InputError(_UNFIT, came=repr(value), expected=f"a {kind.name}", where=where)
    return found


def _cast(value: Value, kind: ua.VariantType) -> Any:
    if kind in _INTEGERS:
        return _integer(value, kind)
    if kind in (ua.VariantType.Float, ua.VariantType.Double):
        return _real(value, kind)
    if kind is ua.VariantType.Boolean and (isinstance(value, bool) or value in (0, 1)):
        return bool(value)
    if kind is ua.VariantType.String and isinstance(value, str):
        return value
    if kind is ua.VariantType.LocalizedText and isinstance(value, str):
        return ua.LocalizedText(value)
    return None


def _integer(value: Value, kind: ua.VariantType) -> int:
    low, high = _INTEGERS[kind]
    if not isinstance(value, int | float) or value != int(value) or not low <= value <= high:
        raise ValueError(f"a whole number from {low} to {high}")
    return int(value)


def _real(value: Value, kind: ua.VariantType) -> float:
    if not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError("a finite number")
    if kind is ua.VariantType.Float:
        return float(struct.unpack("<f", struct.pack("<f", value))[0])
    return float(value)


def _same(came: Any, wanted: Any) -> bool:
    if isinstance(wanted, ua.LocalizedText):
        return isinstance(came, ua.LocalizedText) and came.Text == wanted.Text
    return bool(came == wanted)
