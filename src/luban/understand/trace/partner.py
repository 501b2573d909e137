"""A view for a partner: what was granted in the open, the rest as hashes, and a chain that shows what was changed.

Each lot is a record. Its hash is taken over its own fields, a salt that only the owner can make, and the hashes of the
records of its inputs; so the hash of a delivered lot stands for everything before it. A partner sees the records that
were granted, and of all others only their hash. Changing a record, or leaving one out, changes every hash down to the
delivered lot, whose hash the partner knows from the delivery. A firm that puts a supplier's hash into its own records
carries the chain on, and nobody gives away a book.

Reads   Fact(genealogy, movement) through a `Trace`    Writes  a document
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from luban.core.errors import InputError
from luban.understand.trace.flow import lot_id
from luban.understand.trace.trace import Trace
from luban.understand.trace.words import FIELD_CHANGED, HASH_CHANGED, NO_INPUT, NO_RECORD, NOT_KNOWN, OF_ANOTHER

__all__ = ["FIELDS", "Fault", "Grant", "heads", "partner_view", "verify_chain"]

FIELDS: Final = ("item", "made", "quantity", "order", "unit")
"""Fields of a record that may be granted; the lot's name and its inputs' hashes are always in it."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a partner may see.

    lots     names of lots in whose history it may look
    steps    how many steps back records are shown in the open; below 0: all of them
    fields   fields of FIELDS that are shown
    items    only records of these items are shown; empty: of all
    """

    lots: tuple[str, ...]
    steps: int = 1
    fields: tuple[str, ...] = ("item", "made")
    items: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        wrong = set(self.fields) - set(FIELDS)
        if wrong or not self.lots:
            raise InputError(
                "a grant names lots, and fields there are", came=", ".join(sorted(wrong)) or "no lot",
                expected=", ".join(FIELDS),
            )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fault:
    """What a chain shows.

    kind   forged: a record does not have its hash; missing: a hash that nothing in the chain stands for;
           head: a delivered lot has another hash than is known of it
    """

    kind: str
    lot: str
    sentence: str
    blanks: Mapping[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """In words; `sentence` is one of `words.FAULTS`, with what fills its blanks."""
        return self.sentence.format(**self.blanks)


def partner_view(
    trace: Trace, grant: Grant, secret: bytes, *, upstream: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """The document of a grant.

    secret    of the owner; the same makes the same hashes
    upstream  lots that came from a supplier: the hash that the supplier gave for each
    Raises    InputError: a lot that no fact names, a secret of less than 16 bytes, lots that hang in a loop
    """
    records = _records(trace, [lot_id(trace, name) for name in grant.lots], secret, upstream or {})
    shown = _shown(trace, grant)
    rows = []
    for number, record in records.items():
        open_ = number in shown and (not grant.items or record["fields"]["item"] in grant.items)
        rows.append(_open(record, grant.fields) if open_ else {"hash": record["hash"], "inputs": record["inputs"]})
    return {
        "type": "luban-trace", "version": 1, "as_of": trace.as_of,
        "heads": {name: records[trace.lots.id(name)]["hash"] for name in grant.lots}, "records": rows,
    }  # fmt: skip


def heads(
    trace: Trace, lots: Sequence[str], secret: bytes, *, upstream: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The hashes of delivered lots, to be handed over with the delivery."""
    records = _records(trace, [lot_id(trace, name) for name in lots], secret, upstream or {})
    return {name: records[trace.lots.id(name)]["hash"] for name in lots}


def verify_chain(
    documents: Iterable[Mapping[str, Any]], *, known: Mapping[str, str] | None = None
) -> tuple[Fault, ...]:
    """What is wrong with the documents of one firm, or of several along a chain; nothing: all hashes fit.

    known   lots whose hash is known from elsewhere, e.g. from the delivery
    Raises  InputError for a document that is no view
    """
    found: list[Fault] = []
    documents = [_view(one) for one in documents]
    there = {str(row.get("hash")) for document in documents for row in document["records"]}
    named = {
        str(row.get("hash")): str(row["lot"]) for document in documents for row in document["records"] if "lot" in row
    }
    for document in documents:
        for row in document["records"]:
            found += _judge(row, there)
        for lot, digest in document["heads"].items():
            if str(digest) not in there:
                found.append(Fault("missing", lot, NO_RECORD, {"hash": _short(digest)}))
            if named.get(str(digest), lot) != lot:
                found.append(Fault("head", lot, OF_ANOTHER, {"lot": named[str(digest)]}))
            if known is not None and lot in known and known[lot] != digest:
                blanks = {"known": _short(known[lot]), "shown": _short(digest)}
                found.append(Fault("head", lot, NOT_KNOWN, blanks))
    return tuple(found)


def _view(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """The document with its records and heads, in the shape they must have."""
    records, heads = document.get("records", []), document.get("heads", {})
    good = isinstance(records, list) and isinstance(heads, dict)
    for row in records if good else ():
        good = good and isinstance(row, dict) and isinstance(row.get("inputs", []), list)
        good = good and all(isinstance(row.get(part, {}), dict) for part in ("fields", "leaves"))
        good = good and all(isinstance(one, dict) for one in row.get("fields", {}).values())
    if not good:
        raise InputError("not a partner's view", expected="records with hash and inputs, and heads by lot")
    return {**document, "records": records, "heads": heads}


def _judge(row: Mapping[str, Any], there: set[str]) -> Iterable[Fault]:
    lot = str(row.get("lot", ""))
    inputs = [str(one) for one in row.get("inputs", ())]
    if "fields" in row:  # in the open
        leaves = {str(k): str(v) for k, v in row.get("leaves", {}).items()}
        for name, one in row["fields"].items():
            if leaves.get(name) != _leaf(name, one.get("value"), str(one.get("salt", ""))):
                yield Fault("forged", lot, FIELD_CHANGED, {"field": str(name)})
        if _hash(lot, str(row.get("salt", "")), leaves, inputs) != row.get("hash"):
            yield Fault("forged", lot, HASH_CHANGED)
    for digest in inputs:
        if digest not in there:
            yield Fault("missing", lot or _short(row.get("hash")), NO_INPUT, {"hash": _short(digest)})


def _short(digest: object) -> str:
    return f"{str(digest)[:12]}…"


# ---------------------------------------------------------------- records


def _open(record: Mapping[str, Any], fields: Collection[str]) -> dict[str, Any]:
    return {
        "hash": record["hash"], "inputs": record["inputs"], "lot": record["lot"], "salt": record["salt"],
        "leaves": record["leaves"],
        "fields": {name: {"value": record["fields"][name], "salt": record["salts"][name]} for name in fields},
    }  # fmt: skip


def _hash(lot: str, salt: str, leaves: Mapping[str, str], inputs: Sequence[str]) -> str:
    parts = [lot, salt, *(f"{name}={leaves[name]}" for name in sorted(leaves)), *sorted(inputs)]
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()


def _leaf(name: str, value: Any, salt: str) -> str:
    return hashlib.sha256(json.dumps([name, value, salt], ensure_ascii=False).encode()).hexdigest()


def _records(
    trace: Trace, starts: Sequence[int], secret: bytes, upstream: Mapping[str, str]
) -> dict[int, dict[str, Any]]:
    """Records of the lots and of all before them, by id, inputs first."""
    if len(secret) < 16:
        raise InputError("a secret of 16 bytes or more is needed", came=f"{len(secret)} bytes")
    doubts, view = trace.doubts, trace.graph.view
    nodes = trace.graph.walk(starts, back=True, doubts=False).nodes
    place, facts = trace.graph.facts_of(nodes, back=True)
    sound = view.bad[facts] == 0
    place, facts = place[sound], facts[sound]
    source = view.columns["source"][facts]
    inputs: dict[int, list[int]] = {int(node): [] for node in nodes}
    first: dict[int, int] = {}
    for at, fact, lot in zip(place.tolist(), facts.tolist(), source.tolist(), strict=True):
        node = int(nodes[at])
        inputs[node].append(int(lot))
        first[node] = min(first.get(node, fact), fact)
    made: dict[int, dict[str, Any]] = {}
    for node in _in_order(inputs, trace):
        name = trace.lots.name(node)
        fields = _fields(trace, node, first.get(node), float(doubts.made[node]) if node < len(doubts.made) else np.nan)
        salts = {key: _salt(secret, name, key) for key in fields}
        leaves = {key: _leaf(key, value, salts[key]) for key, value in fields.items()}
        before = [made[lot]["hash"] for lot in dict.fromkeys(inputs[node])]
        before += [upstream[name]] if name in upstream else []
        salt = _salt(secret, name, "")
        made[node] = {
            "lot": name, "fields": fields, "salts": salts, "leaves": leaves, "salt": salt, "inputs": sorted(before),
            "hash": _hash(name, salt, leaves, before),
        }  # fmt: skip
    return made


def _salt(secret: bytes, lot: str, field: str) -> str:
    return hmac.new(secret, json.dumps([lot, field]).encode(), hashlib.sha256).hexdigest()[:32]


def _fields(trace: Trace, node: int, fact: int | None, quantity: float) -> dict[str, Any]:
    columns = trace.graph.view.columns
    name = trace.labels.name
    item = int(trace.item_of(np.array([node], np.int32))[0])
    return {
        "item": name(item), "made": None if fact is None else int(columns["time"][fact]),
        "quantity": None if np.isnan(quantity) else quantity,
        "order": "" if fact is None else name(int(columns["order"][fact])),
        "unit": "" if fact is None else name(int(columns["unit"][fact])),
    }  # fmt: skip


def _in_order(inputs: Mapping[int, Sequence[int]], trace: Trace) -> list[int]:
    """Lots with their inputs before them. Raises InputError for a loop, which a chain of hashes cannot hold."""
    done: list[int] = []
    state: dict[int, int] = {}
    for start in inputs:
        way = [start]
        while way:
            node = way[-1]
            if state.get(node) == 2:
                way.pop()
                continue
            state[node] = 1
            ahead = [lot for lot in inputs[node] if state.get(lot) != 2]
            if not ahead:
                state[node] = 2
                done.append(way.pop())
                continue
            if state.get(ahead[0]) == 1:
                raise InputError(
                    "a lot went back into one that it was made of: a chain of hashes cannot hold a loop",
                    came=f"{trace.lots.name(ahead[0])} and {trace.lots.name(node)}",
                )
            way.append(ahead[0])
    return done


def _shown(trace: Trace, grant: Grant) -> set[int]:
    starts = [lot_id(trace, name) for name in grant.lots]
    return set(trace.graph.walk(starts, back=True, doubts=False, limit=grant.steps).nodes.tolist())
