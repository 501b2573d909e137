"""The documents that the small agent writes: MTConnectDevices, MTConnectStreams, MTConnectError.

Source  MTConnect Standard Part 1 (headers), Part 2, Part 3; element names follow the data item's type
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence

from lxml import etree

from luban.connect.mtconnect.model import DataItem, DeviceModel
from luban.connect.mtconnect.observation import Observation
from luban.connect.mtconnect.ring import Window
from luban.connect.xml import name_of
from luban.core.time import iso, now

__all__ = ["Documents", "element_name"]

_WORDS = {"AC": "AC", "DC": "DC", "PH": "PH", "IP": "IP", "URI": "URI", "MTCONNECT": "MTConnect"}
_GROUPS = {"SAMPLE": "Samples", "EVENT": "Events", "CONDITION": "Condition"}
_SUFFIXES = {"TIME_SERIES": "TimeSeries", "DATA_SET": "DataSet", "TABLE": "Table", "DISCRETE": "Discrete"}


def element_name(item: DataItem) -> str:
    """The element of an observation of the data item, e.g. PATH_FEEDRATE → PathFeedrate, AMPERAGE_AC → AmperageAC."""
    kind = item.kind.rpartition(":")[2]
    words = (_WORDS.get(word, word.capitalize()) for word in kind.split("_"))
    return "".join(words) + _SUFFIXES.get(item.representation, "")


class Documents:
    """Writes documents of one version about one device model."""

    def __init__(self, model: DeviceModel, version: str, buffer: int, sender: str = "luban") -> None:
        self._version = version
        self._numbers = tuple(int(part) for part in version.split("."))
        self._buffer = buffer
        self._sender = sender
        self.plain = _without_namespace(model.root)
        # Held for good: lxml gives an element a new identity once nobody holds it.
        self._places = {item.get("id", ""): _place(item) for item in self.plain.iter("DataItem")}
        self._changed = iso(now())

    def probe(self, instance: int) -> bytes:
        """MTConnectDevices: the device model under this agent's header."""
        root = self._root("Devices")
        header = self._header(root, instance)
        header.set("assetBufferSize", "1")
        header.set("assetCount", "0")
        devices = self.plain.find("Devices")
        if devices is not None:
            root.append(_with_namespace(devices, self._namespace("Devices")))
        return _bytes(root)

    def streams(self, instance: int, window: Window, observations: Sequence[Observation]) -> bytes:
        """MTConnectStreams: the observations, by device, component and category."""
        root = self._root("Streams")
        header = self._header(root, instance)
        header.set("nextSequence", str(window.next))
        header.set("firstSequence", str(window.first))
        header.set("lastSequence", str(window.last))
        streams = etree.SubElement(root, self._tag(root, "Streams"))
        groups: dict[tuple[int, str], etree._Element] = {}
        components: dict[int, etree._Element] = {}
        devices: dict[int, etree._Element] = {}
        for seen in observations:
            item = seen.item
            if item is None or item.id not in self._places:
                continue
            component, device = self._places[item.id]
            if id(device) not in devices:
                devices[id(device)] = etree.SubElement(
                    streams, self._tag(root, "DeviceStream"), name=_called(device), uuid=device.get("uuid", "")
                )
            if id(component) not in components:
                components[id(component)] = etree.SubElement(
                    devices[id(device)], self._tag(root, "ComponentStream"),
                    component=name_of(component), componentId=component.get("id", ""), name=_called(component),
                )  # fmt: skip
            kind = _GROUPS.get(item.category, "Events")
            key = (id(component), kind)
            if key not in groups:
                groups[key] = etree.SubElement(components[id(component)], self._tag(root, kind))
            self._observation(root, groups[key], item, seen)
        _order(components.values())
        return _bytes(root)

    def error(self, instance: int, code: str, text: str) -> bytes:
        """MTConnectError with one error."""
        root = self._root("Error")
        self._header(root, instance)
        errors = etree.SubElement(root, self._tag(root, "Errors"))
        etree.SubElement(errors, self._tag(root, "Error"), errorCode=code).text = text
        return _bytes(root)

    def _observation(self, root: etree._Element, group: etree._Element, item: DataItem, seen: Observation) -> None:
        name = seen.level.capitalize() if seen.level else element_name(item)
        element = etree.SubElement(group, self._tag(root, name))
        for attribute, value in self._attributes(item, seen).items():
            if value:
                element.set(attribute, value)
        if item.representation in {"DATA_SET", "TABLE"}:
            element.set("count", str(len(seen.entries or {})))
        if seen.entries is not None:
            for key, value in seen.entries.items():
                etree.SubElement(element, self._tag(root, "Entry"), key=key).text = value
        elif seen.unavailable:
            # The 2.x schemas allow numbers only in a time series: without any it is empty.
            empty = seen.level or (item.representation == "TIME_SERIES" and self._numbers >= (2,))
            element.text = None if empty else "UNAVAILABLE"
        else:
            element.text = seen.text or None

    def _attributes(self, item: DataItem, seen: Observation) -> dict[str, str]:
        """Attributes of an observation, '' where it has none."""
        found = {
            "dataItemId": item.id,
            "timestamp": iso(seen.time).replace("+00:00", "Z"),
            "sequence": str(seen.sequence),
            "name": item.name,
            "nativeSeverity": seen.severity,
            "qualifier": seen.qualifier,
        }
        if seen.level:
            active = seen.level in {"WARNING", "FAULT"}
            found |= {"type": item.kind, "nativeCode": seen.code}
            found["conditionId"] = (seen.code or item.id) if active and self._numbers >= (2, 3) else ""
        else:
            found["subType"] = item.subtype
            found["nativeCode"] = seen.code if self._numbers < (2,) else ""  # the 2.x schemas give messages none
        if item.representation == "TIME_SERIES":
            found["sampleCount"] = str(len((seen.text or "").split()))
            found["sampleRate"] = f"{seen.rate:g}" if seen.rate else ""
        return found

    def _namespace(self, kind: str) -> str:
        return f"urn:mtconnect.org:MTConnect{kind}:{self._version}"

    def _root(self, kind: str) -> etree._Element:
        namespace = self._namespace(kind)
        return etree.Element(f"{{{namespace}}}MTConnect{kind}", nsmap=_default(namespace))

    @staticmethod
    def _tag(root: etree._Element, name: str) -> str:
        return f"{{{etree.QName(root).namespace}}}{name}"

    def _header(self, root: etree._Element, instance: int) -> etree._Element:
        header = etree.SubElement(root, self._tag(root, "Header"))
        header.set("creationTime", iso(now()).replace("+00:00", "Z"))
        header.set("sender", self._sender)
        header.set("instanceId", str(instance))
        header.set("version", self._version)
        header.set("bufferSize", str(self._buffer))
        if self._numbers >= (1, 7) and name_of(root) != "MTConnectError":
            header.set("deviceModelChangeTime", self._changed.replace("+00:00", "Z"))
        return header


def _without_namespace(root: etree._Element) -> etree._Element:
    plain = copy.deepcopy(root)
    for element in plain.iter(etree.Element):
        element.tag = name_of(element)
    etree.cleanup_namespaces(plain)
    return plain


def _with_namespace(element: etree._Element, namespace: str) -> etree._Element:
    made = etree.Element(f"{{{namespace}}}{element.tag}", nsmap=_default(namespace))
    made.text, made.tail = element.text, element.tail
    for name, value in element.attrib.items():
        made.set(name, value)
    for child in element:
        made.append(_with_namespace(child, namespace))
    return made


def _default(namespace: str) -> dict[str, str]:
    """A document's default namespace, as lxml wants it (its types do not know that None is allowed)."""
    return {None: namespace}  # type: ignore[dict-item]


def _place(item: etree._Element) -> tuple[etree._Element, etree._Element]:
    """(component, device) that a data item belongs to."""
    above = [one for one in item.iterancestors() if name_of(one) not in {"DataItems", "Components"}]
    device = next((one for one in above if name_of(one) in {"Device", "Agent"}), above[-1])
    return above[0], device


def _called(element: etree._Element) -> str:
    return element.get("name") or element.get("id") or name_of(element)


def _order(components: Iterable[etree._Element]) -> None:
    """Samples, then events, then conditions, as the schema has them."""
    rank = list(_GROUPS.values())
    for component in components:
        component[:] = sorted(component, key=lambda group: rank.index(name_of(group)))


def _bytes(root: etree._Element) -> bytes:
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")
