"""EPCIS 2.0 in XML, turned into the JSON form, so that one check and one reading serve both.

Elements are taken by name; their order bears no meaning here. Words of the CBV lose their URN, elements of other
namespaces keep their prefix. A document type is refused, so no entity can be declared.

Source  GS1, EPCIS Standard 2.0.1, section 9 (XML bindings)
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final
from xml.parsers import expat

from luban.core.errors import InputError

__all__ = ["from_xml"]

_LIMIT: Final = 64 * 1024 * 1024
_DEEP: Final = 100
_CONTEXT: Final = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
_LISTS: Final = {"epcList", "childEPCs", "inputEPCList", "outputEPCList", "correctiveEventIDs"}
_QUANTITIES: Final = {"quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList"}
_NUMBERS: Final = frozenset(("value", "minValue", "maxValue", "meanValue", "sDev", "percRank", "percValue"))
_WORDS: Final = re.compile(r"^(urn:epcglobal:cbv:\w+:|cbv:\w+-|gs1:(?!.*:))")
_WORDED: Final = frozenset(("bizStep", "disposition", "reason", "type", "exception", "set", "unset"))
_TIMES: Final = frozenset(("eventTime", "recordTime", "declarationTime"))
_MINUTE: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(Z|[+-]\d\d:\d\d)")
_FLAT: Final = frozenset(("extension", "baseExtension"))


@dataclass(slots=True)
class _Element:
    name: str  # prefix:local for other namespaces, local for EPCIS's own
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[_Element] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(self.parts).strip()

    def child(self, name: str) -> _Element | None:
        return next((one for one in self.children if one.name == name), None)


def from_xml(content: bytes, where: str = "document") -> dict[str, Any]:
    """The JSON form of an EPCIS document, query document, or event in XML; a query by `Poll` as its parameters.

    Raises InputError: too long, not well formed, a DOCTYPE, no EPCIS document
    """
    root = _parsed(content, where)
    if root.name in ("EPCISDocument", "EPCISQueryDocument"):
        body = root.child("EPCISBody")
        head: dict[str, Any] = {
            "@context": [_CONTEXT], "type": root.name, "schemaVersion": root.attributes.get("schemaVersion"),
            "creationDate": root.attributes.get("creationDate"),
        }  # fmt: skip
        head = {name: value for name, value in head.items() if value is not None}
        if body is None:
            return head
        poll, results = body.child("Poll"), body.child("QueryResults")
        if poll is not None:
            return _query(poll, root)
        if results is not None:
            name, found = results.child("queryName"), results.child("resultsBody")
            answer = {"queryName": name.text if name is not None else "SimpleEventQuery"}
            inside = {"resultsBody": {"eventList": _events(found)}} if found is not None else {}
            return head | {"epcisBody": {"queryResults": answer | inside}}
        return head | {"epcisBody": {"eventList": _events(body)}}
    if root.name.endswith("Event"):
        return {"@context": [_CONTEXT]} | _event(root)
    raise InputError("not an EPCIS document", came=root.name, expected="EPCISDocument", where=where)


def _parsed(content: bytes, where: str) -> _Element:
    if len(content) > _LIMIT:
        raise InputError("document too long", came=f"{len(content)} bytes", expected=f"at most {_LIMIT}", where=where)
    prefixes: dict[str, str] = {}
    top = _Element("")
    way = [top]
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True

    def named(name: str) -> str:
        uri, _, local = name.rpartition(" ")
        if not uri or uri.startswith(("urn:epcglobal:epcis:xsd:", "urn:epcglobal:epcis-query:xsd:")):
            return local
        return f"{prefixes.get(uri, 'ext')}:{local}"

    def begin(name: str, attributes: dict[str, str]) -> None:
        if len(way) > _DEEP:
            raise InputError("elements lie too deep", expected=f"at most {_DEEP}", where=where)
        made = _Element(named(name), {named(key): value for key, value in attributes.items()})
        way[-1].children.append(made)
        way.append(made)

    def said(text: str) -> None:
        way[-1].parts.append(text)

    def refuse(*_: object) -> None:
        raise InputError("document with a DOCTYPE", expected="plain XML without a DTD", where=where)

    parser.StartNamespaceDeclHandler = lambda prefix, uri: prefixes.setdefault(uri or "", prefix or "ext")
    parser.StartElementHandler = begin
    parser.EndElementHandler = lambda _: way.pop()
    parser.CharacterDataHandler = said
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        raise InputError("not well-formed XML", came=str(error), where=where) from error
    except (ValueError, LookupError) as error:
        raise InputError("an encoding that is not read", came=str(error), expected="UTF-8", where=where) from error
    return top.children[0]


def _events(parent: _Element) -> list[dict[str, Any]]:
    found = parent.child("EventList")
    rows: list[dict[str, Any]] = []
    for one in found.children if found is not None else ():
        rows += [_event(own) for own in one.children] if one.name in _FLAT else [_event(one)]
    return rows


def _event(element: _Element) -> dict[str, Any]:
    event: dict[str, Any] = {"type": element.name}
    for one in _flat(element):
        _put(event, one.name, _field(one))
    return event


def _flat(element: _Element) -> list[_Element]:
    """Children, with those of the wrappers that EPCIS 1.2 had."""
    found: list[_Element] = []
    for one in element.children:
        found += _flat(one) if one.name in _FLAT and not one.text else [one]
    return found


def _put(into: dict[str, Any], name: str, value: Any) -> None:
    """A name that comes twice makes a list; a list goes on."""
    if name not in into:
        into[name] = value
    elif isinstance(into[name], list):
        into[name] += value if isinstance(value, list) else [value]
    else:
        into[name] = [into[name], value]


def _field(one: _Element) -> Any:
    name = one.name
    if name in _LISTS:
        return list(dict.fromkeys(child.text for child in one.children))
    if name in _QUANTITIES:
        return [_quantity(child) for child in one.children]
    if name in ("bizTransactionList", "sourceList", "destinationList"):
        return [_typed(child) for child in one.children]
    if name == "sensorElementList":
        return [_sensor(child) for child in one.children]
    if name == "persistentDisposition":
        found: dict[str, Any] = {}
        for child in one.children:
            found.setdefault(child.name, []).append(_word(child.text))
        return found
    if name == "errorDeclaration":
        return {child.name: _field(child) for child in _flat(one)}
    if one.children:
        return _free(one)
    if name in _TIMES and _MINUTE.fullmatch(one.text):
        return f"{one.text[:16]}:00{one.text[16:]}"  # a time to the minute
    return _word(one.text) if name in _WORDED else one.text


def _word(text: str) -> str:
    return _WORDS.sub("", text)


def _number(text: str) -> Any:
    try:
        return float(text)
    except ValueError:
        return text


def _quantity(one: _Element) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for child in one.children:
        if child.attributes.get("xsi:nil") == "true":
            continue
        found[child.name] = _number(child.text) if child.name == "quantity" else child.text
    return found


def _typed(one: _Element) -> dict[str, Any]:
    kind = {"type": _word(one.attributes["type"])} if "type" in one.attributes else {}
    return kind | {one.name: one.text}


def _sensor(one: _Element) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for child in one.children:
        if child.name == "sensorReport":
            found.setdefault("sensorReport", []).append(_attributes(child))
        elif child.name == "sensorMetadata":
            found[child.name] = _attributes(child)
        else:
            _put(found, child.name, _free(child))
    return found


def _attributes(one: _Element) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, text in one.attributes.items():
        if name in _NUMBERS:
            found[name] = _number(text)
        elif name == "booleanValue":
            found[name] = {"true": True, "1": True, "false": False, "0": False}.get(text, text)
        else:
            found[name] = _word(text) if name in _WORDED or name == "component" else text
    return found


def _free(one: _Element) -> Any:
    """An element of somebody's own."""
    if not one.children:
        return one.text
    found: dict[str, Any] = {}
    for child in one.children:
        _put(found, child.name, _free(child))
    return found


def _query(poll: _Element, root: _Element) -> dict[str, Any]:
    """Parameters of a query by name; one without a value holds None, which no check lets through."""
    found: dict[str, Any] = {"type": "EPCISQuery", "schemaVersion": root.attributes.get("schemaVersion")}
    params = poll.child("params")
    for param in params.children if params is not None else ():
        name, value = param.child("name"), param.child("value")
        if name is None:
            continue
        if value is None:
            found[name.text] = None
        elif value.children:
            found[name.text] = [child.text for child in value.children]
        else:
            found[name.text] = value.text
    return found
