"""Placing nodes in a server, each in one call and nothing besides it.

asyncua's own calls make what a type and its supertypes hold as well, and know no other type of variable.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from asyncua import Node, Server, ua

from luban.connect.opcua.units import information

__all__ = ["add_object", "add_variable", "arguments", "filled"]


async def add_object(
    server: Server, parent: ua.NodeId, node: ua.NodeId, name: ua.QualifiedName, kind: ua.NodeId, *, organized: bool
) -> None:
    """An object of that type; organized by its parent, or a component of it."""
    attributes = ua.ObjectAttributes()
    attributes.DisplayName = attributes.Description = ua.LocalizedText(name.Name)
    attributes.EventNotifier = attributes.WriteMask = attributes.UserWriteMask = 0
    reference = ua.ObjectIds.Organizes if organized else ua.ObjectIds.HasComponent
    await _add(server, parent, node, name, ua.NodeClass.Object, attributes, kind, reference)


async def add_variable(
    server: Server, parent: Node, node: ua.NodeId, name: ua.QualifiedName, type_: ua.VariantType,
    *, kind: int = 0, unit: str = "", span: tuple[float, float] | None = None, writable: bool = False,
) -> None:  # fmt: skip
    """A component of the parent that can be read, has a history, and shows no value yet.

    kind  numeric id of its type in OPC UA's own namespace; 0 for a plain variable
    unit  its EngineeringUnits
    span  its EURange
    """
    access = ua.AccessLevel.CurrentRead.mask | ua.AccessLevel.HistoryRead.mask
    access |= ua.AccessLevel.CurrentWrite.mask if writable else 0
    attributes = ua.VariableAttributes()
    attributes.DisplayName = attributes.Description = ua.LocalizedText(name.Name)
    attributes.DataType = ua.NodeId(type_.value)
    attributes.Value = ua.Variant(filled(None, type_), type_)
    attributes.ValueRank = ua.ValueRank.Scalar
    attributes.ArrayDimensions = None
    attributes.Historizing = True
    attributes.AccessLevel = attributes.UserAccessLevel = access
    attributes.WriteMask = attributes.UserWriteMask = 0
    type_id = ua.NodeId(kind or ua.ObjectIds.BaseDataVariableType)
    component = ua.ObjectIds.HasComponent
    await _add(server, parent.nodeid, node, name, ua.NodeClass.Variable, attributes, type_id, component)
    made = server.get_node(node)
    if unit:
        about = ua.NodeId(f"{node.Identifier}.EngineeringUnits", node.NamespaceIndex)
        await made.add_property(about, "0:EngineeringUnits", information(unit))
    if span is not None:
        await made.add_property(
            ua.NodeId(f"{node.Identifier}.EURange", node.NamespaceIndex), "0:EURange", ua.Range(*span)
        )


async def _add(
    server: Server, parent: ua.NodeId, node: ua.NodeId, name: ua.QualifiedName, what: ua.NodeClass,
    attributes: Any, kind: ua.NodeId, reference: int,
) -> None:  # fmt: skip
    asked = ua.AddNodesItem()
    asked.RequestedNewNodeId, asked.BrowseName, asked.TypeDefinition = node, name, kind
    asked.NodeClass, asked.NodeAttributes = what, attributes
    asked.ParentNodeId, asked.ReferenceTypeId = parent, ua.NodeId(reference)
    (await server.iserver.isession.add_nodes([asked]))[0].StatusCode.check()


def arguments(named: Mapping[str, str]) -> list[ua.Argument]:
    """Arguments of a method by name and type."""
    return [
        ua.Argument(Name=name, DataType=ua.NodeId(ua.VariantType[kind].value), ValueRank=-1, ArrayDimensions=[])
        for name, kind in named.items()
    ]


def filled(value: Any, kind: ua.VariantType) -> Any:
    """The value as a Variant of that type wants it; something of the type for None."""
    if value is None:
        return {
            ua.VariantType.String: "",
            ua.VariantType.LocalizedText: ua.LocalizedText(""),
            ua.VariantType.Boolean: False,
        }.get(kind, 0)
    return ua.LocalizedText(str(value)) if kind is ua.VariantType.LocalizedText else value
