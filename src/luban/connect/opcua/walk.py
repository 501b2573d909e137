"""Walking a server's objects: what is there, in as few calls as the server allows."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from asyncua import ua

from luban.connect.opcua.addresses import chunks
from luban.connect.opcua.session import Link

__all__ = ["Found", "ancestors", "walk"]

logger = logging.getLogger(__name__)

_MOST_NODES = 50_000
_DEEPEST = 25
_PER_CALL = 200
_OBJECTS = ua.NodeId(ua.ObjectIds.ObjectsFolder)
_SERVER = ua.NodeId(ua.ObjectIds.Server)
_SUBTYPE = ua.NodeId(ua.ObjectIds.HasSubtype)
_HIERARCHY = ua.NodeId(ua.ObjectIds.HierarchicalReferences)
_PROPERTY = ua.NodeId(ua.ObjectIds.HasProperty)


@dataclass(slots=True)
class Found:
    """One object or variable on the way."""

    node: ua.NodeId
    path: tuple[str, ...]  # browse names from below Objects
    is_variable: bool
    is_property: bool
    kind: ua.NodeId  # its type definition
    children: list[Found] = field(default_factory=list)

    def below(self) -> Iterable[Found]:
        """Everything under it, nearest first."""
        level = self.children
        while level:
            yield from level
            level = [child for found in level for child in found.children]


async def walk(link: Link, progress: Callable[[int, int], None] | None = None) -> Found:
    """The tree of objects and variables below Objects, without the Server object."""
    top = Found(_OBJECTS, (), is_variable=False, is_property=False, kind=ua.NodeId())
    seen = {_OBJECTS, _SERVER}
    level, variables = [top], 0
    while level and len(level[0].path) < _DEEPEST and len(seen) < _MOST_NODES:
        deeper: list[Found] = []
        for chunk in chunks(level, min(link.limits.browse, _PER_CALL)):
            answers = await _references(link, [f.node for f in chunk], _HIERARCHY, forward=True, classes=_CLASSES)
            for parent, references in zip(chunk, answers, strict=True):
                parent.children = [c for r in references if (c := _child(parent, r, seen)) is not None]
                deeper += parent.children
            if progress is not None:
                progress(len(seen), variables + sum(f.is_variable for f in deeper))
        variables += sum(f.is_variable for f in deeper)
        level = deeper
    if level:
        logger.warning("%s: stopped browsing after %d nodes: there are more", link.url, len(seen))
    return top


_CLASSES = ua.NodeClass.Object | ua.NodeClass.Variable


def _child(parent: Found, reference: ua.ReferenceDescription, seen: set[ua.NodeId]) -> Found | None:
    node = ua.NodeId(reference.NodeId.Identifier, reference.NodeId.NamespaceIndex, reference.NodeId.NodeIdType)
    if node in seen:
        return None
    seen.add(node)
    kind = reference.TypeDefinition
    return Found(
        node,
        (*parent.path, reference.BrowseName.Name or ""),
        bool(reference.NodeClass == ua.NodeClass.Variable),
        bool(reference.ReferenceTypeId == _PROPERTY),
        ua.NodeId(kind.Identifier, kind.NamespaceIndex),
    )


async def ancestors(link: Link, types: Iterable[ua.NodeId]) -> dict[ua.NodeId, list[ua.NodeId]]:
    """Each type with its supertypes, nearest first, itself included."""
    parents: dict[ua.NodeId, ua.NodeId | None] = {}
    unknown = {t for t in types if not t.is_null()}
    while unknown:
        asked = sorted(unknown)
        for chunk in chunks(asked, min(link.limits.browse, _PER_CALL)):
            answers = await _references(link, chunk, _SUBTYPE, forward=False, classes=0)
            for node, references in zip(chunk, answers, strict=True):
                up = references[0].NodeId if references else None
                parents[node] = ua.NodeId(up.Identifier, up.NamespaceIndex) if up is not None else None
        unknown = {p for p in parents.values() if p is not None and p not in parents}
    lines: dict[ua.NodeId, list[ua.NodeId]] = {}
    for node in parents:
        line: list[ua.NodeId] = []
        current: ua.NodeId | None = node
        while current is not None and current not in line:
            line.append(current)
            current = parents.get(current)
        lines[node] = line
    return lines


async def _references(
    link: Link, nodes: Sequence[ua.NodeId], kind: ua.NodeId, *, forward: bool, classes: int
) -> list[list[ua.ReferenceDescription]]:
    parameters = ua.BrowseParameters()
    parameters.View = ua.ViewDescription()
    parameters.RequestedMaxReferencesPerNode = 0
    for node in nodes:
        description = ua.BrowseDescription()
        description.NodeId = node
        description.BrowseDirection = ua.BrowseDirection.Forward if forward else ua.BrowseDirection.Inverse
        description.ReferenceTypeId = kind
        description.IncludeSubtypes = True
        description.NodeClassMask = classes
        description.ResultMask = ua.BrowseResultMask.All
        parameters.NodesToBrowse.append(description)
    answers = await link.client.uaclient.browse(parameters)
    found = [list(answer.References or ()) for answer in answers]
    open_ = {i: answer.ContinuationPoint for i, answer in enumerate(answers) if answer.ContinuationPoint}
    while open_:
        following = ua.BrowseNextParameters()
        following.ReleaseContinuationPoints = False
        following.ContinuationPoints = list(open_.values())
        more = await link.client.uaclient.browse_next(following)
        still = {}
        for i, answer in zip(open_, more, strict=True):
            found[i] += answer.References or ()
            if answer.ContinuationPoint:
                still[i] = answer.ContinuationPoint
        open_ = still
    return found
