"""From a server's objects to a proposed mapping: equipment, signals, units, states, counters."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from asyncua import ua

from luban.connect.opcua.addresses import address_of, read
from luban.connect.opcua.composite import parts_of
from luban.connect.opcua.session import Link
from luban.connect.opcua.units import unit_of
from luban.connect.opcua.walk import Found, ancestors, walk
from luban.connect.wire import Proposal

__all__ = ["propose"]

_UNUSABLE = re.compile(r"[^\w.\-]+")
_READABLE = 1  # bit 0 of AccessLevel: current read (OPC 10000-3 §8.57)
# base data type in OPC UA's own namespace → what luban calls it
_TYPES = {1: "boolean", 12: "text", 13: "time", 21: "text", 20: "text", 22: "structure", 26: "number", 29: "text"}
_TYPES |= dict.fromkeys(range(2, 12), "number") | {27: "number", 28: "number"}


@dataclass(frozen=True, slots=True)
class _Rule:
    role: str
    path: str
    mapping: str = ""


@dataclass(frozen=True, slots=True)
class _Companion:
    name: str
    reference: str
    namespace: str
    rules: tuple[_Rule, ...]
    type: int = 0
    folder: int = 0


@cache
def _companions() -> tuple[tuple[_Companion, ...], frozenset[str]]:
    data = tomllib.loads(files(__package__).joinpath("companions.toml").read_text(encoding="utf-8"))
    known = []
    for entry in data["companion"]:
        rules = tuple(_Rule(**rule) for rule in entry.pop("rule"))
        known.append(_Companion(rules=rules, **entry))
    return tuple(known), frozenset(data["ignore"])


@dataclass(frozen=True, slots=True)
class _Facts:
    """What was read about a variable."""

    type: str
    unit: str
    note: str


async def propose(link: Link, progress: Callable[[int, int], None] | None = None) -> list[Proposal]:
    """Everything that can be read, machines of known companion types first."""
    top = await walk(link, progress)
    variables = [f for f in top.below() if f.is_variable and not f.is_property]
    machines = await _machines(link, top)
    inside = {id(f) for root, _ in machines for f in root.below()}
    wanted = {f.node for root, companion in machines for f in _matched(root, companion)}
    facts = await _facts(link, [*variables, *(f for f in top.below() if f.is_property and f.node in wanted)])
    proposals: list[Proposal] = []
    for root, companion in machines:
        proposals += _of_machine(link, root, companion, facts, _equipment(root, [r for r, _ in machines]))
    rest = [f for f in variables if id(f) not in inside and f.node in facts]
    return proposals + [_plain(link, f, facts[f.node]) for f in rest]


async def _machines(link: Link, top: Found) -> list[tuple[Found, _Companion]]:
    """Objects of known companion types; a machine inside another one belongs to the outer."""
    objects = [f for f in top.below() if not f.is_variable]
    lines = await ancestors(link, {f.kind for f in objects})
    machines: list[tuple[Found, _Companion]] = []
    taken: set[int] = set()
    for companion in _companions()[0]:
        if companion.namespace not in link.namespaces:
            continue
        index = link.namespaces.index(companion.namespace)
        if companion.type:
            kind = ua.NodeId(companion.type, index)
            roots = [f for f in objects if kind in lines.get(f.kind, ())]
        else:
            folder = ua.NodeId(companion.folder, index)
            roots = [c for f in objects if f.node == folder for c in f.children if not c.is_variable]
        for root in roots:
            if id(root) not in taken:
                machines.append((root, companion))
                taken |= {id(root), *(id(f) for f in root.below())}
    return machines


def _matched(root: Found, companion: _Companion) -> list[Found]:
    return [f for rule in companion.rules for part in parts_of(rule.path) for f in _at(root, part)]


def _at(root: Found, path: str) -> list[Found]:
    """Variables below the machine whose path ends so."""
    pattern = path.split("/")
    found = []
    for candidate in root.below():
        tail = candidate.path[len(root.path) :][-len(pattern) :]
        fits = len(tail) == len(pattern) and all(p in ("*", name) for p, name in zip(pattern, tail, strict=True))
        if candidate.is_variable and fits:
            found.append(candidate)
    return found


def _of_machine(
    link: Link, root: Found, companion: _Companion, facts: Mapping[ua.NodeId, _Facts], equipment: str
) -> list[Proposal]:
    special: list[Proposal] = []
    used: set[ua.NodeId] = set()
    done: set[str] = set()
    for rule in companion.rules:
        matches = [_at(root, part) for part in parts_of(rule.path)]
        # Two jobs in the plan are two counters: which one counts is for a person to say.
        if rule.role in done or any(len(m) != 1 or m[0].node not in facts for m in matches):
            continue
        done.add(rule.role)
        nodes = [m[0] for m in matches]
        used |= {f.node for f in nodes}
        mark = " + " if " + " in rule.path else " > "
        special.append(
            Proposal(
                address=mark.join(address_of(f.node, link.namespaces) for f in nodes),
                name=rule.role,
                type=facts[nodes[0].node].type,
                unit=facts[nodes[0].node].unit,
                equipment=equipment,
                role=rule.role,
                mapping=rule.mapping,
                companion=companion.name,
                note=companion.reference,
            )
        )
    plain = [
        _inside(link, root, f, facts[f.node], equipment, companion)
        for f in root.below()
        if f.is_variable
        and not f.is_property
        and f.node in facts
        and f.node not in used
        and f.path[-1] not in _companions()[1]
    ]
    return special + plain


def _inside(link: Link, root: Found, found: Found, facts: _Facts, equipment: str, companion: _Companion) -> Proposal:
    name = _named(found.path[len(root.path) :])
    return Proposal(
        address_of(found.node, link.namespaces),
        name,
        facts.type,
        facts.unit,
        equipment,
        companion=companion.name,
        note=facts.note,
    )


def _plain(link: Link, found: Found, facts: _Facts) -> Proposal:
    equipment = _named(found.path[:1]) if len(found.path) > 1 else ""
    name = _named(found.path[1:] if len(found.path) > 1 else found.path)
    return Proposal(address_of(found.node, link.namespaces), name, facts.type, facts.unit, equipment, note=facts.note)


def _equipment(root: Found, roots: Sequence[Found]) -> str:
    """The machine's own name; with its parent's where two machines share it."""
    same = [r for r in roots if r.path[-1] == root.path[-1]]
    return _named(root.path[-1:] if len(same) == 1 else root.path)


def _named(path: Sequence[str]) -> str:
    return ".".join(_UNUSABLE.sub("_", part).strip("._-") or "_" for part in path)


async def _facts(link: Link, variables: Sequence[Found]) -> dict[ua.NodeId, _Facts]:
    nodes = [f.node for f in variables]
    kinds = [_value(v) for v in await read(link, nodes, ua.AttributeIds.DataType)]
    ranks = [_value(v) for v in await read(link, nodes, ua.AttributeIds.ValueRank)]
    access = [_value(v) for v in await read(link, nodes, ua.AttributeIds.UserAccessLevel)]
    lines = await ancestors(link, {k for k in kinds if isinstance(k, ua.NodeId)})
    units = await _properties(link, variables, "EngineeringUnits")
    ranges = await _properties(link, variables, "EURange")
    facts: dict[ua.NodeId, _Facts] = {}
    for found, kind, rank, level in zip(variables, kinds, ranks, access, strict=True):
        if isinstance(level, int) and not level & _READABLE:
            continue
        type_ = _type(lines.get(kind, ()), rank)
        span = ranges.get(found.node)
        notes = [f"range {span.Low:g} to {span.High:g}"] if isinstance(span, ua.Range) and span.High > span.Low else []
        notes += ["not a single value"] if type_ in ("structure", "array") else []
        facts[found.node] = _Facts(type_, unit_of(units.get(found.node)), "; ".join(notes))
    return facts


def _type(line: Sequence[ua.NodeId], rank: Any) -> str:
    if isinstance(rank, int) and rank >= 0:
        return "array"
    for kind in line:
        if kind.NamespaceIndex == 0 and kind.Identifier in _TYPES:
            return _TYPES[kind.Identifier]
    return ""


async def _properties(link: Link, variables: Sequence[Found], name: str) -> dict[ua.NodeId, Any]:
    pairs = [(f.node, c.node) for f in variables for c in f.children if c.path[-1] == name]
    values = await read(link, [node for _, node in pairs], ua.AttributeIds.Value)
    return {owner: _value(value) for (owner, _), value in zip(pairs, values, strict=True)}


def _value(value: ua.DataValue) -> Any:
    good = value.StatusCode is None or value.StatusCode.is_good()
    return value.Value.Value if good and value.Value is not None else None
