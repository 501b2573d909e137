"""Facts from an EPCIS 2.0 document: what was made of what, what came, moved, was packed and left.

An event that was declared an error is left out. What an event says that no fact holds (observations, sensor data,
dispositions) is counted by its kind, never lost in silence.

Reads   a document    Writes  rows of the streams genealogy and movement
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from luban.core.errors import InputError
from luban.understand.trace.epcis.check import check_document
from luban.understand.trace.epcis.names import name_of
from luban.understand.trace.epcis.xml import from_xml

__all__ = ["EpcisFacts", "events_of", "facts_of", "read_epcis"]

_GENEALOGY: Final = ("time", "subject", "input", "item", "quantity", "order", "operation", "unit")
_MOVEMENT: Final = ("time", "subject", "lot", "origin", "destination", "quantity", "order")
_OUT: Final = frozenset(("shipping", "departing", "dispensing", "retail_selling", "consigning"))
_IN: Final = frozenset(("receiving", "arriving", "accepting"))
_WITHIN: Final = frozenset(
    ("storing", "stocking", "loading", "unloading", "picking", "staging_outbound", "transporting")
)
_COMPLAINTS = 5


@dataclass(slots=True)
class EpcisFacts:
    """What a document says, as facts.

    uses, moves   rows of the streams genealogy and movement
    serials       names of single pieces (an EPC, not a class)
    passed        events that make no fact, by why
    """

    uses: list[dict[str, Any]] = field(default_factory=list)
    moves: list[dict[str, Any]] = field(default_factory=list)
    serials: set[str] = field(default_factory=set)
    passed: Counter[str] = field(default_factory=Counter)

    def rows(self) -> dict[str, dict[str, list[Any]]]:
        """Columns by stream, ready for a ledger or a `Trace`."""
        found = {}
        for stream, names, rows in (("genealogy", _GENEALOGY, self.uses), ("movement", _MOVEMENT, self.moves)):
            if rows:
                found[stream] = {name: [row[name] for row in rows] for name in names}
        return found


def read_epcis(path: Path | str) -> EpcisFacts:
    """Facts from a file, JSON or XML.

    Raises InputError: neither, not a valid document (with the first complaints and their places)
    """
    name = Path(path).name
    try:
        content = Path(path).read_bytes()
        wire = content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")
        document = from_xml(content.strip(), name) if wire else json.loads(content.decode("utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError("not a JSON document", came=str(error), where=name) from error
    return facts_of(document, where=name)


def events_of(document: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The events of a document, of an answer to a query, or the event itself."""
    kind = document.get("type")
    if kind == "EPCISDocument":
        return document["epcisBody"]["eventList"]  # type: ignore[no-any-return]
    if kind == "EPCISQuery":
        return ()
    if kind == "EPCISQueryDocument":
        return document["epcisBody"]["queryResults"]["resultsBody"]["eventList"]  # type: ignore[no-any-return]
    return (document,)


def facts_of(document: Any, *, where: str = "document") -> EpcisFacts:
    """Facts from a document.

    Raises InputError for one that is not valid
    """
    complaints = check_document(document)
    if complaints:
        told = "; ".join(f"{one.where}: {one.message} ({one.came})" for one in complaints[:_COMPLAINTS])
        more = f" and {len(complaints) - _COMPLAINTS} more" if len(complaints) > _COMPLAINTS else ""
        raise InputError("not a valid EPCIS 2.0 document", came=told + more, where=where)
    found = EpcisFacts()
    halves: dict[str, list[Mapping[str, Any]]] = {}
    for event in events_of(document):
        if "errorDeclaration" in event:
            found.passed["declared an error"] += 1
        elif event["type"] == "TransformationEvent" and "transformationID" in event:
            halves.setdefault(event["transformationID"], []).append(event)
        else:
            _READERS.get(event["type"], _pass)(event, found)
    for parts in halves.values():
        _transform(parts, found)
    return found


# ---------------------------------------------------------------- parts of events


def _moment(event: Mapping[str, Any]) -> int:
    """Time of an event [µs UTC]."""
    text = re.sub(r"\.(\d{1,6})\d*", lambda found: "." + found[1].ljust(6, "0"), event["eventTime"])
    moment = datetime.fromisoformat(text.replace("z", "Z").replace("t", "T"))
    whole = moment.replace(microsecond=0).astimezone(UTC)
    return int(whole.timestamp()) * 1_000_000 + moment.microsecond


def _place(event: Mapping[str, Any], *names: str) -> str | None:
    for name in names:
        if name in event:
            return name_of(event[name]["id"])
    return None


def _step(event: Mapping[str, Any]) -> str:
    return str(event.get("bizStep", "")).rpartition("/")[2].removeprefix("BizStep-").removeprefix("cbv:BizStep-")


def _party(event: Mapping[str, Any], which: str) -> str | None:
    """The party or place at an end: who has it, who owns it, where."""
    rows = {row["type"]: row[which] for row in event.get(f"{which}List", ())}
    for kind in ("possessing_party", "owning_party", "location"):
        if kind in rows:
            return name_of(rows[kind])
    return next((name_of(uri) for uri in rows.values()), None)


def _order(event: Mapping[str, Any]) -> str | None:
    rows = {row.get("type", ""): row["bizTransaction"] for row in event.get("bizTransactionList", ())}
    for kind in ("prodorder", "po", "desadv", "inv", "bol"):
        if kind in rows:
            return name_of(rows[kind])
    return next((name_of(uri) for uri in rows.values()), None)


def _own(event: Mapping[str, Any], name: str) -> Any:
    return event.get(f"luban:{name}")


def _things(event: Mapping[str, Any], found: EpcisFacts, epcs: str, quantities: str) -> list[tuple[str, float | None]]:
    """(name, quantity) of the pieces and the classes; a piece counts as one."""
    rows: list[tuple[str, float | None]] = []
    for uri in event.get(epcs, ()):
        name = name_of(uri)
        found.serials.add(name)
        rows.append((name, 1.0))
    classes = event.get(quantities, ())
    return rows + [(name_of(row["epcClass"]), float(row["quantity"]) if "quantity" in row else None) for row in classes]


def _item(name: str, event: Mapping[str, Any]) -> str:
    """The item of a lot: as said, the GTIN of a GS1 identifier, else the lot's own name."""
    said = _own(event, "item")
    if said:
        return str(said)
    link = re.match(r"https://id\.gs1\.org/01/\d{14}", name)
    return link[0] if link else name


# ---------------------------------------------------------------- events


def _pass(event: Mapping[str, Any], found: EpcisFacts) -> None:
    found.passed[f"{event['type']} {_step(event)}".strip()] += 1


def _object(event: Mapping[str, Any], found: EpcisFacts) -> None:
    action, step = event.get("action"), _step(event)
    place = _place(event, "bizLocation", "readPoint")
    origin, to = _own(event, "origin"), _own(event, "destination")
    if action == "ADD":
        origin, to = None, to or place or "unknown place"
    elif action == "DELETE":
        origin, to = origin or place or "unknown place", None
    elif step in _OUT:
        origin, to = (
            origin or _place(event, "readPoint", "bizLocation") or "unknown place",
            to or _party(event, "destination"),
        )
    elif step in _IN:
        to = to or place or "unknown place"
    elif (step in _WITHIN or origin) and (to or place):
        origin, to = origin or _place(event, "readPoint"), to or place
    else:
        _pass(event, found)
        return
    _move(event, found, _things(event, found, "epcList", "quantityList"), origin, to)


def _move(
    event: Mapping[str, Any], found: EpcisFacts, things: Iterable[tuple[str, float | None]], origin: str | None,
    to: str | None,
) -> None:  # fmt: skip
    time, order = _moment(event), _own(event, "order") or _order(event)
    for name, quantity in things:
        if quantity is None or quantity <= 0 or origin == to:
            found.passed["a quantity that is not above 0, or a move to where it was"] += 1
            continue
        found.moves.append({
            "time": time, "subject": _item(name, event), "lot": name, "origin": origin, "destination": to,
            "quantity": quantity, "order": order,
        })  # fmt: skip


def _pack(event: Mapping[str, Any], found: EpcisFacts) -> None:
    things = _things(event, found, "childEPCs", "childQuantityList")
    if event["action"] == "OBSERVE" or "parentID" not in event or not things:
        _pass(event, found)
        return
    box, place = name_of(event["parentID"]), _place(event, "bizLocation", "readPoint") or "unknown place"
    origin, to = (place, box) if event["action"] == "ADD" else (box, place)
    _move(event, found, things, origin, to)


def _assemble(event: Mapping[str, Any], found: EpcisFacts) -> None:
    if event["action"] != "ADD":
        _pass(event, found)
        return
    parent = name_of(event["parentID"])
    found.serials.add(parent)
    things = [(name, q) for name, q in _things(event, found, "childEPCs", "childQuantityList") if q]
    _use(event, found, things, [(parent, 1.0)])


def _transform(parts: Sequence[Mapping[str, Any]], found: EpcisFacts) -> None:
    inputs = [row for part in parts for row in _things(part, found, "inputEPCList", "inputQuantityList")]
    outputs = [row for part in parts for row in _things(part, found, "outputEPCList", "outputQuantityList")]
    last = max(parts, key=_moment)
    if not inputs or not outputs:
        found.passed["a transformation without inputs or without outputs"] += 1
        return
    known = [(name, quantity) for name, quantity in inputs if quantity and quantity > 0]
    found.passed["an input without a quantity"] += len(inputs) - len(known)
    _use(last, found, known, outputs)
    if not _own(last, "booked"):
        place = _place(last, "bizLocation", "readPoint") or "unknown place"
        _move(last, found, [(name, q) for name, q in outputs if q], None, place)


def _use(
    event: Mapping[str, Any], found: EpcisFacts, inputs: Sequence[tuple[str, float | None]],
    outputs: Sequence[tuple[str, float | None]],
) -> None:  # fmt: skip
    """Each input into each output: by the outputs' quantities where all have one, else in equal parts."""
    amounts = [quantity for _, quantity in outputs if quantity]
    whole = len(amounts) == len(outputs)
    total = sum(amounts) if whole else float(len(outputs))
    time, order = _moment(event), _own(event, "order") or _order(event)
    for output, made in outputs:
        for name, quantity in inputs:
            found.uses.append({
                "time": time, "subject": output, "input": name, "item": _item(name, event),
                "quantity": (quantity or 0.0) * ((made or 0.0) if whole else 1.0) / total, "order": order,
                "operation": _own(event, "operation"), "unit": _own(event, "unit") or _place(event, "readPoint"),
            })  # fmt: skip


def _transform_one(event: Mapping[str, Any], found: EpcisFacts) -> None:
    _transform((event,), found)


_READERS: Final = {
    "ObjectEvent": _object, "AggregationEvent": _pack, "AssociationEvent": _assemble,
    "TransformationEvent": _transform_one,
}  # fmt: skip
