"""QIF results: measured characteristics of an XML document as rows of a table, so that they go the way of all rows.

Reads MeasuredCharacteristics of QIF 2 and QIF 3 documents (ANSI/DMSC QIF 3.0, published as ISO 23952:2020). A value
keeps its unit: the file's primary units, or the unit that the value itself names. The time is that of the value,
else of the inspection, else of the document; the serial number is that of the actual component; the gauge is the
measurement device.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from lxml import etree

from luban.connect.xml import document, name_of
from luban.core.errors import InputError, PayloadError, UnitError
from luban.core.units import parse_unit

__all__ = ["HEADER", "qif_rows"]

HEADER: Final = (
    "time", "item", "characteristic", "designator", "value", "measured_in", "serial", "gauge", "status",
)  # fmt: skip
"""Columns of the rows."""

_LIMIT: Final = 256 << 20
_KINDS: Final = ("Angular", "Area", "Force", "Mass", "Pressure", "Speed", "Temperature", "Time")
_ANGLES: Final = ("Angle", "AngularCoordinate", "UserDefinedAngular")
_SI: Final = {
    "metre": "m", "meter": "m", "radian": "rad", "kelvin": "K", "kilogram": "kg", "newton": "N", "second": "s",
    "pascal": "Pa", "square meter": "m²", "squaremeter": "m²", "meter per second": "m/s",
}  # fmt: skip
_NAMES: Final = {
    "millimeter": "mm", "millimetre": "mm", "micrometer": "µm", "micrometre": "µm", "micron": "µm", "inches": "in",
    "degrees": "°", "celsius": "°C", "degreecelsius": "°C",
}  # fmt: skip


def qif_rows(name: str, content: bytes) -> Iterator[tuple[int, list[Any]]]:
    """(line of the file, cells by HEADER) of every measured value.

    name    of the file, for messages
    Raises  InputError: not well-formed XML, a DOCTYPE, not a QIF document, one without measured characteristics
    """
    root = _root(name, content)
    items = {own.get("id"): own for own in _named(root, "CharacteristicItem", ends=True)}
    parts = {own.get("id"): _label(own) for own in _named(root, "Part") if own.get("id")}
    devices = {own.get("id"): _text(own, "Name") for own in _named(root, "MeasurementDevice")}
    serials = {own.get("id"): _text(own, "SerialNumber") for own in _named(root, "ActualComponent")}
    units = _units(root)
    created = _text(_child(root, "Version"), "TimeCreated")
    part = next((label for label in parts.values() if label), "") if len(parts) == 1 else ""
    sets = _named(root, "MeasurementResults")
    if not sets:
        raise InputError("no measured values in the document", where=name, expected="a QIF document with results")
    for results in sets:
        trace = _child(results, "InspectionTraceability")
        begun = _text(trace, "InspectionStart") or _text(trace, "InspectionEnd") or created
        component = _first_id(_child(results, "ActualComponentIds"))
        measured = (
            *_named(results, "CharacteristicMeasurement", ends=True),
            *_named(results, "CharacteristicActual", ends=True),
        )
        for own in measured:  # QIF 3, QIF 2
            item = items.get(_text(own, "CharacteristicItemId"))
            device = _first_id(_child(own, "MeasurementDeviceIds")) or _first_id(_child(item, "MeasurementDeviceIds"))
            serial = serials.get(_text(own, "ActualComponentId") or component, "")
            for value in own:
                if name_of(value) in {"Value", "RoughnessAverageValue"}:
                    number, unit = _value(value, name_of(own), units)
                    yield _line(value), [
                        _text(own, "TimeStamp") or begun, part, _text(item, "Name"),
                        _text(_child(item, "CharacteristicDesignator"), "Designator"), number, unit, serial,
                        devices.get(device, ""), _text(_child(own, "Status"), "CharacteristicStatusEnum"),
                    ]  # fmt: skip


def _root(name: str, content: bytes) -> etree._Element:
    try:
        root = document(content, limit=_LIMIT)
    except PayloadError as error:
        raise InputError(error.message, came=error.came, expected=error.expected, where=name) from error
    if name_of(root) != "QIFDocument":
        raise InputError("not a QIF document", came=name_of(root), expected="QIFDocument", where=name)
    return root


def _line(element: etree._Element) -> int:
    line: Any = element.sourceline
    return int(line or 0)


def _named(root: etree._Element, name: str, *, ends: bool = False) -> list[etree._Element]:
    return [own for own in root.iter() if (name_of(own).endswith(name) if ends else name_of(own) == name)]


def _child(element: etree._Element | None, name: str) -> etree._Element | None:
    return None if element is None else next((own for own in element if name_of(own) == name), None)


def _text(element: etree._Element | None, name: str) -> str:
    found = _child(element, name)
    return "" if found is None else (found.text or "").strip()


def _first_id(element: etree._Element | None) -> str:
    return _text(element, "Id")


def _label(part: etree._Element) -> str:
    return _text(part, "ModelNumber") or _text(part, "Name") or str(part.get("label") or "")


_Units = dict[str, tuple[str, float, float]]


def _units(root: etree._Element) -> _Units:
    """Unit of each kind (Linear, Angular, …) and of each other unit by its name: symbol, factor and offset to it."""
    found: _Units = {}
    file_units = _child(root, "FileUnits")
    for group in file_units if file_units is not None else ():
        for own in group.iter():
            kind = name_of(own)
            if kind.endswith("Unit") and kind not in {"FileUnits", "SIUnitName"} and len(own):
                name = _text(own, "UnitName")
                read = _unit(own, name)
                found.setdefault(name, read)
                if name_of(group) == "PrimaryUnits":
                    found.setdefault(kind.removesuffix("Unit"), read)
    return found


def _unit(element: etree._Element, name: str) -> tuple[str, float, float]:
    """The unit by its name, else by its factor to the SI unit; symbol "" where neither can be read."""
    for text in (name, _NAMES.get(name.casefold().replace(" ", ""), "")):
        try:
            if text:
                return parse_unit(text).symbol, 1.0, 0.0
        except UnitError:
            continue
    conversion = _child(element, "UnitConversion")
    si = _SI.get(_text(element, "SIUnitName").casefold(), "")
    try:
        return si, float(_text(conversion, "Factor")), float(_text(conversion, "Offset") or 0)
    except ValueError:
        return "", 1.0, 0.0


def _value(value: etree._Element, kind: str, units: _Units) -> tuple[Any, str]:
    """The number and its unit; text where it is no number, for the row to be complained of."""
    text = (value.text or "").strip()
    named = next((str(own) for name, own in value.attrib.items() if str(name).endswith("Unit") and own in units), "")
    prefix = next((one for one in _KINDS if kind.startswith(one) or f"UserDefined{one}" in kind), "")
    prefix = "Angular" if kind.startswith(_ANGLES) else prefix
    symbol, factor, offset = units.get(named or prefix or "Linear", ("", 1.0, 0.0))
    if not symbol or (factor, offset) == (1.0, 0.0):
        return text, symbol
    try:
        return float(text) * factor + offset, symbol
    except ValueError:
        return text, symbol
