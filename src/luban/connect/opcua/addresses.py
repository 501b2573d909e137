"""Addresses of values: what a user writes, and which node it is on this connection.

nsu=http://vendor.example/cell;s=Spindle.Load   by namespace URI: survives a server that renumbers
ns=2;s=Spindle.Load   i=2258                    by namespace index
/Objects/2:Machine/2:Load                       by browse path from the root
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from asyncua import ua

from luban.connect.opcua.session import Link
from luban.connect.opcua.units import unit_of
from luban.connect.opcua.values import Point

__all__ = ["address_of", "children", "chunks", "in_chunks", "parse", "read", "resolve"]

_In = TypeVar("_In")
_Out = TypeVar("_Out")
_TOO_MANY = (
    ua.uaerrors.BadTooManyOperations,
    ua.uaerrors.BadRequestTooLarge,
    ua.uaerrors.BadResponseTooLarge,
    ua.uaerrors.BadEncodingLimitsExceeded,
)
_ROOT = ua.NodeId(ua.ObjectIds.RootFolder)
_LAST_BUILT_IN = 25  # i=1..25 are the built-in data types; none of them is an enumeration
_NUMBERS = {26, 27, 28, 290}


def chunks(items: Sequence[Any], size: int) -> list[Sequence[Any]]:
    """The items in runs of at most `size`."""
    return [items[i : i + size] for i in range(0, len(items), size)]


async def in_chunks(
    items: Sequence[_In], size: int, call: Callable[[Sequence[_In]], Awaitable[Iterable[_Out]]]
) -> list[_Out]:
    """Answers to all items; smaller chunks where the server takes less than it declares."""
    answers: list[_Out] = []
    while len(answers) < len(items):
        chunk = items[len(answers) : len(answers) + size]
        try:
            answers += await call(chunk)
        except _TOO_MANY:
            if size == 1:
                raise
            size //= 2
    return answers


def address_of(node: ua.NodeId, namespaces: Sequence[str]) -> str:
    """The address that keeps its meaning on every connection."""
    if node.NamespaceIndex == 0:
        return str(node.to_string())
    uri = namespaces[node.NamespaceIndex].replace("%", "%25").replace(";", "%3B")
    return f"nsu={uri};{node.to_string().partition(';')[2]}"


def parse(address: str, namespaces: Sequence[str]) -> ua.NodeId:
    """The node of a `nsu=` or `ns=` address. Raises ValueError with the reason."""
    text = address
    if address.startswith("nsu="):
        uri, _, rest = address[4:].partition(";")
        uri = uri.replace("%3B", ";").replace("%3b", ";").replace("%25", "%")
        if uri not in namespaces:
            raise ValueError(f"the server has no namespace {uri}")
        text = f"ns={namespaces.index(uri)};{rest}"
    try:
        return ua.NodeId.from_string(text)
    except (ua.UaError, ValueError) as error:
        raise ValueError("not an address; expected nsu=…;s=…, ns=…;i=… or /Objects/…") from error


async def resolve(link: Link, addresses: Sequence[str]) -> tuple[list[Point], dict[str, str]]:
    """Points of the addresses that exist here, and why the others do not.

    The unit and, for enumerations, the words are read along.
    """
    nodes, failed = await _nodes(link, addresses)
    points = [Point(address, node) for address, node in nodes.items()]
    types = await read(link, [p.node for p in points], ua.AttributeIds.DataType)
    found, kinds = [], []
    for point, kind in zip(points, types, strict=True):
        if kind.StatusCode.is_good() and kind.Value is not None:
            found.append(point)
            kinds.append(kind.Value.Value)
        else:
            failed[point.address] = str(kind.StatusCode.name)
    units = await children(link, [p.node for p in found], "EngineeringUnits")
    words = await _enumerations(link, {k for k in kinds if _may_be_enumeration(k)})
    for point, kind in zip(found, kinds, strict=True):
        point.unit = unit_of(units.get(point.node))
        point.words = words.get(kind, {})
    return found, failed


async def _nodes(link: Link, addresses: Sequence[str]) -> tuple[dict[str, ua.NodeId], dict[str, str]]:
    nodes: dict[str, ua.NodeId] = {}
    failed: dict[str, str] = {}
    paths = []
    for address in addresses:
        if address.startswith("/"):
            paths.append(address)
            continue
        try:
            nodes[address] = parse(address, link.namespaces)
        except ValueError as error:
            failed[address] = str(error)
    asked = []
    for path in paths:
        try:
            asked.append((path, ua.RelativePath.from_string(path.removeprefix("/Root"))))
        except ValueError:
            failed[path] = "not a browse path"
    answers = await _translate(link, [(_ROOT, relative) for _, relative in asked])
    for (path, _), answer in zip(asked, answers, strict=True):
        if answer.StatusCode.is_good() and answer.Targets:
            nodes[path] = answer.Targets[0].TargetId
        else:
            failed[path] = str(answer.StatusCode.name)
    return nodes, failed


async def read(link: Link, nodes: Sequence[ua.NodeId], attribute: ua.AttributeIds) -> list[ua.DataValue]:
    """One attribute of many nodes, in as few calls as the server allows."""

    async def call(chunk: Sequence[ua.NodeId]) -> list[ua.DataValue]:
        return list(await link.client.uaclient.read_attributes(list(chunk), attribute))

    return await in_chunks(nodes, link.limits.read, call)


async def _translate(link: Link, pairs: Sequence[tuple[ua.NodeId, ua.RelativePath]]) -> list[ua.BrowsePathResult]:
    async def call(chunk: Sequence[tuple[ua.NodeId, ua.RelativePath]]) -> list[ua.BrowsePathResult]:
        paths = [ua.BrowsePath(StartingNode=node, RelativePath=path) for node, path in chunk]
        return list(await link.client.uaclient.translate_browsepaths_to_nodeids(paths))

    return await in_chunks(pairs, link.limits.translate, call)


async def children(link: Link, nodes: Sequence[ua.NodeId], name: str) -> dict[ua.NodeId, Any]:
    """Value of the property `name` (of OPC UA's own namespace) of each node that has it."""
    path = ua.RelativePath.from_string(f".{name}")
    answers = await _translate(link, [(node, path) for node in nodes])
    pairs = [(node, a.Targets[0].TargetId) for node, a in zip(nodes, answers, strict=True) if a.Targets]
    owners, properties = [owner for owner, _ in pairs], [node for _, node in pairs]
    values = await read(link, properties, ua.AttributeIds.Value)
    return {
        owner: value.Value.Value
        for owner, value in zip(owners, values, strict=True)
        if value.StatusCode.is_good() and value.Value is not None and value.Value.Value is not None
    }


def _may_be_enumeration(kind: ua.NodeId) -> bool:
    if kind.NamespaceIndex != 0:
        return True
    return not isinstance(kind.Identifier, int) or (
        kind.Identifier > _LAST_BUILT_IN and kind.Identifier not in _NUMBERS
    )


async def _enumerations(link: Link, kinds: set[ua.NodeId]) -> dict[ua.NodeId, Mapping[int, str]]:
    """Number → word of each data type that is an enumeration."""
    asked = sorted(kinds)
    words: dict[ua.NodeId, Mapping[int, str]] = {}
    if not asked:
        return words
    for kind, texts in (await children(link, asked, "EnumStrings")).items():
        words[kind] = {number: text.Text or "" for number, text in enumerate(texts)}
    for kind, values in (await children(link, asked, "EnumValues")).items():
        words[kind] = {v.Value: v.DisplayName.Text or "" for v in values if isinstance(v, ua.EnumValueType)}
    return words
