"""Whether a JSON document is an EPCIS 2.0 document, an event or a query, and if not, every place where it is not.

Source  GS1, EPCIS Standard 2.0.1, sections 7 (data model), 8.2 (queries) and 10 (JSON and JSON-LD bindings)
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeAlias

from luban.norms.epcis import cbv_words

__all__ = ["EVENTS", "Complaint", "check_document", "check_event", "check_query"]

Found: TypeAlias = Iterator["Complaint"]
Check: TypeAlias = Callable[[Any, str], Found]

_MOST: Final = sys.float_info.max
_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:[^\s<>\"{}|\\^`]+")
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_OLD: Final = re.compile(r"urn:epcglobal:cbv|https?://ns\.gs1\.org/cbv/")
_OWN: Final = re.compile(r"^https?://ref\.gs1\.org/cbv/(\w+-)?")
_ZONE: Final = re.compile(r"[+-]((0\d|1[0-3]):[0-5]\d|14:00)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Complaint:
    """One thing that is wrong.

    where  path in the document, e.g. epcisBody.eventList[2].action
    """

    where: str
    message: str
    came: str


def _say(where: str, message: str, came: Any) -> Complaint:
    return Complaint(where, message, repr(came)[:120])


# ---------------------------------------------------------------- single values


def _text(value: Any, where: str) -> Found:
    if not isinstance(value, str):
        yield _say(where, "a text is expected", value)


def _uri(value: Any, where: str) -> Found:
    if not isinstance(value, str) or not _URI.fullmatch(value):
        yield _say(where, "a URI is expected", value)


def _number(value: Any, where: str) -> Found:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= _MOST:
        yield _say(where, "a number is expected", value)


def _truth(value: Any, where: str) -> Found:
    if not isinstance(value, bool):
        yield _say(where, "true or false is expected", value)


def _time(value: Any, where: str) -> Found:
    if not isinstance(value, str) or not _is_time(value):
        yield _say(where, "a date and time with its zone is expected, as RFC 3339 has it", value)


def _is_time(value: str) -> bool:
    if not _TIME.fullmatch(value):
        return False
    try:
        datetime.fromisoformat(re.sub(r"\.\d+", "", value).replace("z", "Z").replace("t", "T"))
    except ValueError:
        return False
    return True


def _like(pattern: str, what: str) -> Check:
    shape = re.compile(pattern, re.ASCII)

    def check(value: Any, where: str) -> Found:
        if not isinstance(value, str) or not shape.fullmatch(value):
            yield _say(where, f"{what} is expected", value)

    return check


def _word(name: str) -> Check:
    """A word of the vocabulary by its bare name, or a URI that is not one of its own."""

    def check(value: Any, where: str) -> Found:
        if isinstance(value, str) and value in cbv_words(name):
            return
        if not isinstance(value, str) or not _URI.fullmatch(value):
            yield _say(where, f"a {name} of the CBV 2.0 or a URI of one's own is expected", value)
            return
        if _OLD.match(value):
            yield _say(where, f"JSON names a {name} of the CBV by its bare word", value)
        bare = _OWN.sub("", value)
        if bare != value and bare not in cbv_words(name):
            yield _say(where, f"the CBV 2.0 has no such {name}", value)

    return check


def _measured(value: Any, where: str) -> Found:
    """A type of measurement: a word of the GS1 web vocabulary, whose list grows, or a URI."""
    if not isinstance(value, str) or not (value.isidentifier() or _URI.fullmatch(value)):
        yield _say(where, "a type of measurement or a URI is expected", value)


def _one_of(*words: str) -> Check:
    def check(value: Any, where: str) -> Found:
        if value not in words:
            yield _say(where, f"{', '.join(words)} is expected", value)

    return check


def _each(check: Check, *, least: int = 0, unique: bool = False) -> Check:
    def each(value: Any, where: str) -> Found:
        if not isinstance(value, list):
            yield _say(where, "a list is expected", value)
            return
        if len(value) < least:
            yield _say(where, f"at least {least} is expected", value)
        if unique and len({repr(one) for one in value}) != len(value):
            yield _say(where, "each only once", value)
        for at, one in enumerate(value):
            yield from check(one, f"{where}[{at}]")

    return each


def _thing(fields: Mapping[str, Check], *required: str, own: bool = False) -> Check:
    """An object of these fields.

    own  further fields whose names are URIs or have a prefix are let through
    """

    def thing(value: Any, where: str) -> Found:
        if not isinstance(value, dict):
            yield _say(where, "an object is expected", value)
            return
        for name in required:
            if name not in value:
                yield _say(f"{where}.{name}", "is missing", None)
        for name, one in value.items():
            if name in fields:
                yield from fields[name](one, f"{where}.{name}")
            elif not own or not _URI.fullmatch(name):
                yield _say(f"{where}.{name}", "no such field; one's own need a prefix", name)

    return thing


def _either(first: Check, second: Check) -> Check:
    def either(value: Any, where: str) -> Found:
        yield from second(value, where) if isinstance(value, list) else first(value, where)

    return either


# ---------------------------------------------------------------- parts of events

_quantity = _thing(
    {"epcClass": _uri, "quantity": _number, "uom": _like("[A-Z0-9]{2,3}", "a unit of UN/ECE Recommendation 20")},
    "epcClass",
)
_quantities = _each(_quantity)
_epcs = _each(_uri, unique=True)
_place = _thing({"id": _uri}, "id", own=True)
_transaction = _thing({"type": _word("business transaction"), "bizTransaction": _uri}, "bizTransaction")
_source = _thing({"type": _word("source or destination"), "source": _uri}, "type", "source")
_destination = _thing({"type": _word("source or destination"), "destination": _uri}, "type", "destination")
_error = _thing(
    {"declarationTime": _time, "reason": _word("error reason"), "correctiveEventIDs": _each(_uri)},
    "declarationTime", own=True,
)  # fmt: skip
_states = _each(_word("disposition"), least=1, unique=True)
_metadata = _thing(
    {"time": _time, "startTime": _time, "endTime": _time, "deviceID": _uri, "deviceMetadata": _uri, "rawData": _uri,
     "dataProcessingMethod": _uri, "bizRules": _uri}, own=True,
)  # fmt: skip
_report_fields = _thing(
    {"type": _measured, "bizRules": _uri, "exception": _word("sensor alert"), "deviceID": _uri, "deviceMetadata": _uri,
     "rawData": _uri, "dataProcessingMethod": _uri, "time": _time, "microorganism": _uri, "chemicalSubstance": _uri,
     "coordinateReferenceSystem": _uri, "value": _number, "component": _word("component"), "stringValue": _text,
     "booleanValue": _truth, "hexBinaryValue": _like("[A-Fa-f0-9]+", "hexadecimal digits"), "uriValue": _uri,
     "minValue": _number, "maxValue": _number, "meanValue": _number, "sDev": _number, "percRank": _number,
     "percValue": _number, "uom": _text}, own=True,
)  # fmt: skip


def _report(value: Any, where: str) -> Found:
    yield from _report_fields(value, where)
    if isinstance(value, dict) and not {"type", "exception", "stringValue", "booleanValue", "uriValue"} & set(value):
        yield _say(f"{where}.type", "is missing: what was measured", None)


_sensor = _thing({"sensorMetadata": _metadata, "sensorReport": _each(_report, least=1)}, "sensorReport", own=True)


def _persistent(value: Any, where: str) -> Found:
    yield from _thing({"set": _states, "unset": _states})(value, where)
    if isinstance(value, dict) and not value:
        yield _say(where, "set or unset is expected", value)


def _ilmd(value: Any, where: str) -> Found:
    yield from _thing({}, own=True)(value, where)


def _context(value: Any, where: str) -> Found:
    for at, one in enumerate(value if isinstance(value, list) else [value]):
        if not isinstance(one, dict):
            yield from _uri(one, f"{where}[{at}]" if isinstance(value, list) else where)


_COMMON: Final[Mapping[str, Check]] = {
    "@context": _context, "type": _text, "eventTime": _time, "recordTime": _time,
    "eventTimeZoneOffset": _like(_ZONE.pattern, "an offset such as +01:00"), "eventID": _uri,
    "certificationInfo": _either(_uri, _each(_uri)), "errorDeclaration": _error,
}  # fmt: skip
_SHARED: Final[Mapping[str, Check]] = {
    "bizStep": _word("business step"), "disposition": _word("disposition"), "readPoint": _place, "bizLocation": _place,
    "bizTransactionList": _each(_transaction), "sourceList": _each(_source), "destinationList": _each(_destination),
    "sensorElementList": _each(_sensor),
    "persistentDisposition": _persistent,
}  # fmt: skip
_action: Final = _one_of("ADD", "OBSERVE", "DELETE")
_CHILDREN: Final[Mapping[str, Check]] = {
    "parentID": _uri, "childEPCs": _epcs, "childQuantityList": _quantities, "action": _action,
}  # fmt: skip
_FIELDS: Final[Mapping[str, tuple[Mapping[str, Check], tuple[str, ...]]]] = {
    "ObjectEvent": (
        {"epcList": _epcs, "quantityList": _quantities, "action": _action, "ilmd": _ilmd,}, ("action",),
    ),
    "AggregationEvent": (_CHILDREN, ("action",)),
    "AssociationEvent": (_CHILDREN, ("action", "parentID")),
    "TransactionEvent": (
        {"parentID": _uri, "epcList": _epcs, "quantityList": _quantities, "action": _action},
        ("action", "bizTransactionList"),
    ),
    "TransformationEvent": (
        {"inputEPCList": _epcs, "inputQuantityList": _quantities, "outputEPCList": _epcs,
         "outputQuantityList": _quantities, "transformationID": _uri, "ilmd": _ilmd,}, (),
    ),
}  # fmt: skip
EVENTS: Final = tuple(_FIELDS)
"""Kinds of event."""


def _lists(event: Mapping[str, Any], *names: str) -> bool:
    return any(event.get(name) for name in names)


def _whole(event: Mapping[str, Any], where: str) -> Found:
    """What an event must hold as a whole."""
    kind, action = event.get("type"), event.get("action")
    if kind == "ObjectEvent":
        sensed = event.get("sensorElementList") and "readPoint" in event
        if not _lists(event, "epcList", "quantityList") and not sensed and "epcList" not in event:
            yield _say(where, "epcList or quantityList, or sensor data with a readPoint, is expected", sorted(event))
        if "ilmd" in event and action in ("OBSERVE", "DELETE"):
            yield _say(f"{where}.ilmd", "only where something is made (action ADD)", action)
    elif kind in ("AggregationEvent", "AssociationEvent"):
        if action != "DELETE" and not _lists(event, "childEPCs", "childQuantityList"):
            yield _say(where, "childEPCs or childQuantityList is expected", sorted(event))
        if action in ("ADD", "DELETE") and "parentID" not in event:
            yield _say(f"{where}.parentID", "is missing", None)
    elif kind == "TransactionEvent":
        if event.get("bizTransactionList") == []:
            yield _say(f"{where}.bizTransactionList", "at least 1 is expected", [])
        if action != "DELETE" and not _lists(event, "quantityList") and "epcList" not in event:
            yield _say(where, "epcList or quantityList is expected", sorted(event))
    elif kind == "TransformationEvent":
        inputs = _lists(event, "inputEPCList", "inputQuantityList")
        outputs = _lists(event, "outputEPCList", "outputQuantityList")
        if not (inputs and outputs) and not ("transformationID" in event and (inputs or outputs)):
            yield _say(where, "inputs and outputs, or one of them with a transformationID, are expected", sorted(event))


def check_event(event: Any, where: str = "event", *, alone: bool = True) -> tuple[Complaint, ...]:
    """What is wrong with one event; alone: it stands in no document, and so brings its own @context."""
    bare = alone and isinstance(event, dict) and "@context" not in event
    found = [_say(f"{where}.@context", "is missing", None)] if bare else []
    return (*found, *_event(event, where))


def _event(event: Any, where: str) -> Found:
    kind = event.get("type") if isinstance(event, dict) else None
    if not isinstance(kind, str):
        yield _say(f"{where}.type", "the kind of event is missing", kind)
        return
    if kind not in _FIELDS and not _URI.fullmatch(kind):
        yield _say(f"{where}.type", f"{', '.join(EVENTS)} or a URI of one's own is expected", kind)
        return
    if kind not in _FIELDS:  # an event of somebody's own has fields of its own
        common = {name: one for name, one in event.items() if name in _COMMON}
        yield from _thing(_COMMON, "eventTime", "eventTimeZoneOffset")(common, where)
        return
    own, required = _FIELDS[kind]
    fields = {**_COMMON, **_SHARED, **own}
    yield from _thing(fields, "eventTime", "eventTimeZoneOffset", *required, own=True)(event, where)
    yield from _whole(event, where)


def _events(value: Any, where: str) -> Found:
    yield from _each(_event)(value, where)


# ---------------------------------------------------------------- documents

_version: Final = _like(r"2(\.\d+)*", "a schema version 2.…")
_attribute: Final = _thing({"id": _uri, "attribute": lambda *_: iter(())}, "id")
_element: Final = _thing({"id": _uri, "attributes": _each(_attribute), "children": _each(_uri)}, "id", own=True)
_vocabulary: Final = _thing({"type": _uri, "vocabularyElementList": _each(_element)}, "type", own=True)
_master: Final = _thing({"vocabularyList": _each(_vocabulary)}, own=True)
_header: Final = _thing({"epcisMasterData": _master}, own=True)
_results: Final = _thing({"eventList": _events, "vocabularyList": _each(_vocabulary)}, "eventList", own=True)
_answer: Final = _thing(
    {"queryName": _text, "subscriptionID": _text, "resultsBody": _results}, "queryName", "resultsBody", own=True
)
_HEAD: Final[Mapping[str, Check]] = {
    "@context": _context, "id": _uri, "type": _text, "schemaVersion": _version, "creationDate": _time,
}  # fmt: skip
_document: Final = _thing(
    {**_HEAD, "instanceIdentifier": _text, "sender": _text, "receiver": _text, "epcisHeader": _header,
     "epcisBody": _thing({"eventList": _events}, "eventList", own=True)},
    "@context", "type", "schemaVersion", "creationDate", "epcisBody", own=True,
)  # fmt: skip
_query_document: Final = _thing(
    {**_HEAD, "epcisBody": _thing({"queryResults": _answer}, "queryResults", own=True)},
    "@context", "type", "epcisBody", own=True,
)  # fmt: skip


def check_document(document: Any) -> tuple[Complaint, ...]:
    """What is wrong with a document, an answer to a query, or a single event; nothing: it is valid."""
    if not isinstance(document, dict):
        return (_say("document", "an object is expected", document),)
    kind = document.get("type")
    if kind == "EPCISDocument":
        return tuple(_document(document, "document"))
    if kind == "EPCISQueryDocument":
        return tuple(_query_document(document, "document"))
    if kind == "EPCISQuery":  # by `Poll` of the XML form
        version = tuple(_version(document.get("schemaVersion"), "document.schemaVersion"))
        return version + check_query({k: v for k, v in document.items() if k not in ("type", "schemaVersion")})
    return check_event(document)


# ---------------------------------------------------------------- queries


def _kind(value: Any, where: str) -> Found:
    if not isinstance(value, str) or (value not in EVENTS and not _URI.fullmatch(value)):
        yield _say(where, f"{', '.join(EVENTS)} or a URI of one's own is expected", value)


_uris: Final = _each(_uri)
_QUERY: Final[Mapping[str, Check]] = {
    "@context": _context, "eventType": _each(_kind), "EQ_action": _each(_action),
    "EQ_bizStep": _each(_word("business step")), "EQ_disposition": _each(_word("disposition")),
    "EQ_persistentDisposition_set": _each(_word("disposition")),
    "EQ_persistentDisposition_unset": _each(_word("disposition")),
    "EQ_transformationID": _uris, "EQ_eventID": _uris, "EQ_readPoint": _uris, "WD_readPoint": _uris,
    "EQ_bizLocation": _uris, "WD_bizLocation": _uris, "EXISTS_errorDeclaration": _truth,
    "EQ_errorReason": _each(_word("error reason")), "EQ_correctiveEventID": _uris, "eventCountLimit": _number,
    "maxEventCount": _number, "perPage": _number, "nextPageToken": _text, "orderBy": _text,
    "orderDirection": _one_of("ASC", "DESC"),
}  # fmt: skip
_TIMES: Final = re.compile(r"(GE|LT)_(eventTime|recordTime|errorDeclaration_?[tT]ime|startTime|endTime|time)")
_FREE: Final = re.compile(
    r"((EQ|GT|GE|LT|LE|EXISTS|HASATTR|EQATTR)_(INNER_)?(ILMD_|SENSORELEMENT_|SENSORMETADATA_|SENSORREPORT_|"
    r"ERROR_DECLARATION_|INNER_ERROR_DECLARATION_)?[A-Za-z][A-Za-z0-9+.\-]*:\S+)|"
    r"EQ_(bizTransaction|source|destination)_\w+|"
    r"(EQ|GT|GE|LT|LE)_(quantity|value|minValue|maxValue|meanValue|sDev|percValue|percRank)(_\w+)?|"
    r"MATCH_(anyEPC|epc|parentID|inputEPC|outputEPC|epcClass|inputEPCClass|outputEPCClass|anyEPCClass)|"
    r"EQ_(type|exception|deviceID|dataProcessingMethod|microorganism|chemicalSubstance|bizRules|stringValue|booleanValue|"
    r"hexBinaryValue|uriValue|component)|EXISTS_(INNER_)?\w*:?\S+"
)


def check_query(query: Any) -> tuple[Complaint, ...]:
    """What is wrong with the parameters of a simple event query; nothing: it is valid."""
    if not isinstance(query, dict):
        return (_say("query", "an object is expected", query),)
    found: list[Complaint] = []
    for name, value in query.items():
        where = f"query.{name}"
        if name in _QUERY:
            found += _QUERY[name](value, where)
        elif _TIMES.fullmatch(name):
            found += _time(value, where)
        elif not _FREE.fullmatch(name):
            found.append(_say(where, "no such parameter of a query", name))
        elif name.startswith("MATCH_"):
            found += _each(_text)(value, where)
    return tuple(found)
