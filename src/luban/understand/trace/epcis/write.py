"""An EPCIS 2.0 document of a plant's facts: what a partner's system reads.

Fields that the standard has no place for (order, operation, work unit, places within) stand under the prefix `luban:`,
so that the document read back gives the same facts.

Reads   Fact(genealogy, movement)    Writes  a document
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from luban.understand.trace.epcis.names import uri_of

__all__ = ["document_of", "events_from"]

_CONTEXT: Final = [
    "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld", {"luban": "urn:x-luban:field:"},
]  # fmt: skip
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
Row = Mapping[str, Any]


def document_of(
    uses: Iterable[Row], moves: Iterable[Row], *, created: int, serials: Collection[str] = (),
    customers: Collection[str] = (),
) -> dict[str, Any]:  # fmt: skip
    """A document of facts.

    uses, moves  rows of the streams genealogy and movement
    created      when the document was made [µs UTC]
    serials      names of single pieces
    customers    places that are customers
    """
    events = sorted(events_from(uses, moves, serials, customers), key=lambda event: event["eventTime"])
    return {
        "@context": _CONTEXT, "type": "EPCISDocument", "schemaVersion": "2.0", "creationDate": _time(created),
        "epcisBody": {"eventList": events},
    }  # fmt: skip


def events_from(
    uses: Iterable[Row], moves: Iterable[Row], serials: Collection[str], customers: Collection[str]
) -> list[dict[str, Any]]:
    """The events of facts: a transformation for each output of a moment, an object event for each movement."""
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in uses:
        key = tuple(row.get(name) for name in ("time", "subject", "item", "order", "operation", "unit"))
        groups.setdefault(key, []).append(row)
    found = [_transformation(rows, frozenset(serials)) for rows in groups.values()]
    return found + [_movement(row, frozenset(serials), frozenset(customers)) for row in moves]


def _time(moment: int) -> str:
    return (_EPOCH + timedelta(microseconds=moment)).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _head(kind: str, row: Row) -> dict[str, Any]:
    return {"type": kind, "eventTime": _time(row["time"]), "eventTimeZoneOffset": "+00:00"}


def _fields(row: Row, *names: str) -> dict[str, Any]:
    return {f"luban:{name}": row[name] for name in names if row.get(name) is not None}


def _transaction(row: Row, kind: str) -> dict[str, Any]:
    if not row.get("order"):
        return {}
    return {"bizTransactionList": [{"type": kind, "bizTransaction": uri_of(row["order"], "order")}]}


def _what(name: str, quantity: float | None, serials: frozenset[str]) -> tuple[str, Any]:
    uri = uri_of(name)
    if name in serials and quantity in (None, 1.0):
        return "EPC", uri
    return "Quantity", {"epcClass": uri} if quantity is None else {"epcClass": uri, "quantity": quantity}


def _transformation(rows: Sequence[Row], serials: frozenset[str]) -> dict[str, Any]:
    first = rows[0]
    event = _head("TransformationEvent", first)
    for row in rows:
        kind, thing = _what(row["input"], row["quantity"], serials)
        name = f"input{kind}List"
        # a piece that is used twice at once cannot stand twice among pieces
        if kind == "EPC" and thing in event.get(name, ()):
            name, thing = "inputQuantityList", {"epcClass": thing, "quantity": row["quantity"]}
        event.setdefault(name, []).append(thing)
    kind, thing = _what(first["subject"], None, serials)
    event[f"output{kind}List"] = [thing]
    place = {"readPoint": {"id": uri_of(first["unit"], "place")}} if first.get("unit") else {}
    fields = _fields(first, "item", "order", "operation", "unit")
    return (
        event
        | {"bizStep": "commissioning"}
        | place
        | _transaction(first, "prodorder")
        | fields
        | {"luban:booked": True}
    )


def _movement(row: Row, serials: frozenset[str], customers: frozenset[str]) -> dict[str, Any]:
    event = _head("ObjectEvent", row)
    kind, thing = _what(row["lot"] or row["subject"], row["quantity"], serials)
    event["epcList" if kind == "EPC" else "quantityList"] = [thing]
    origin, to = row.get("origin"), row.get("destination")
    if origin is None:
        event |= {
            "action": "ADD",
            "bizStep": "commissioning",
            "bizLocation": {"id": uri_of(to or "unknown place", "place")},
        }
    elif to is None and not row.get("order"):
        event |= {"action": "DELETE", "bizStep": "decommissioning", "readPoint": {"id": uri_of(origin, "place")}}
    elif to is None or to in customers:
        event |= {"action": "OBSERVE", "bizStep": "shipping", "readPoint": {"id": uri_of(origin, "place")}}
        if to is not None:
            event["destinationList"] = [{"type": "possessing_party", "destination": uri_of(to, "place")}]
    else:
        event |= {
            "action": "OBSERVE", "bizStep": "storing", "readPoint": {"id": uri_of(origin, "place")},
            "bizLocation": {"id": uri_of(to, "place")},
        }  # fmt: skip
    fields = _fields(row, "order", "origin", "destination") | {"luban:item": row["subject"]}
    return event | _transaction(row, "po" if origin is not None else "prodorder") | fields
