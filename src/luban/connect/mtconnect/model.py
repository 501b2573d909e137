"""A device model: what an MTConnect agent or a devices file says a machine can tell.

Source  MTConnect Standard Part 2, MTConnectDevices document
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from lxml import etree

from luban.connect.mtconnect.units import factor_and_offset, unit_of
from luban.connect.wire import Proposal
from luban.connect.xml import document, name_of
from luban.core.errors import InputError, PayloadError

__all__ = ["DataItem", "DeviceModel", "names_of", "proposals", "read_devices"]

_COUNT_ROLES = {"": "total_count", "ALL": "total_count", "GOOD": "good_count", "BAD": "scrap_count"}
_ROLES = {
    "PART_ID": "item",
    "PART_NUMBER": "item",
    "PART_KIND_ID": "item",
    "WORKORDER_ID": "order",
    "WORK_ORDER_ID": "order",
}
_NUMERIC_EVENTS = {
    "PART_COUNT",
    "LINE",
    "LINE_NUMBER",
    "AXIS_FEEDRATE_OVERRIDE",
    "PATH_FEEDRATE_OVERRIDE",
    "ROTARY_VELOCITY_OVERRIDE",
}
_NOT_A_NAME = re.compile(r"[^\w.\-]+")


@dataclass(frozen=True, slots=True)
class DataItem:
    """One thing a machine can tell.

    key        the name its adapter and a plant use: its name, else its id
    category   SAMPLE, EVENT or CONDITION
    kind       MTConnect's type, e.g. EXECUTION, LOAD, x:FUTURE_TYPE
    units      unit of the agent's values, native of the adapter's, in MTConnect's names
    rate       samples a second of a time series [1/s], 0 where not said
    """

    id: str
    name: str = ""
    source: str = ""
    category: str = "EVENT"
    kind: str = ""
    subtype: str = ""
    units: str = ""
    native: str = ""
    scale: float = 1.0
    representation: str = "VALUE"
    rate: float = 0.0
    device: str = ""
    component: str = ""

    @property
    def key(self) -> str:
        """Name, else id."""
        return self.name or self.id

    @property
    def unit(self) -> str:
        """Our unit of the agent's values, '' if none."""
        return unit_of(self.units) if self.units else ""

    @property
    def three(self) -> bool:
        """Whether a value is three numbers, x y z."""
        return self.units.endswith("_3D") or self.kind in {"PATH_POSITION", "ORIENTATION"}

    @property
    def numeric(self) -> bool:
        """Whether one value is one number."""
        if self.three or self.representation in {"DATA_SET", "TABLE"}:
            return False
        return self.category == "SAMPLE" or (
            self.category == "EVENT" and (self.kind in _NUMERIC_EVENTS or bool(self.units))
        )

    def converted(self, number: float) -> float:
        """The adapter's number in the agent's unit; unchanged where the two are one or unknown."""
        step = factor_and_offset(self.native, self.units) if self.native and self.units else None
        factor, offset = step or (1.0, 0.0)
        if factor == 1.0 and offset == 0.0 and self.scale == 1.0:
            return number
        return (number / self.scale + offset) * factor


@dataclass(frozen=True)
class DeviceModel:
    """The data items of one document, in its order; `root` is the document itself."""

    items: Sequence[DataItem]
    root: etree._Element = field(repr=False)
    where: str = ""

    @cached_property
    def by_id(self) -> Mapping[str, DataItem]:
        """Data item of each id."""
        return {item.id: item for item in reversed(self.items)}

    @cached_property
    def by_key(self) -> Mapping[str, DataItem]:
        """Data item of each id, name, source name and `device:name`; a name that two items share is left out."""
        found: dict[str, DataItem] = {}
        twice: set[str] = set()
        for item in self.items:
            for key in names_of(item):
                if key in found and found[key] is not item:
                    twice.add(key)
                found.setdefault(key, item)
        for key in twice - set(self.by_id):
            del found[key]
        found.update(self.by_id)
        return found

    def only(self, device: str) -> DeviceModel:
        """The same without other devices; all of it where `device` is empty."""
        if not device:
            return self
        return DeviceModel([item for item in self.items if item.device == device], self.root, self.where)

    @property
    def devices(self) -> list[str]:
        """Names of the devices, in the document's order."""
        return list(dict.fromkeys(item.device for item in self.items))


def names_of(item: DataItem) -> tuple[str, ...]:
    """Every name by which a plant or an adapter may ask for the data item."""
    plain = [name for name in (item.id, item.name, item.source) if name]
    return (*plain, *(f"{item.device}:{name}" for name in plain if item.device))


def read_devices(source: bytes | Path, *, where: str = "") -> DeviceModel:
    """The device model of an MTConnectDevices document of any version.

    source  the document, or the path of a devices file
    Raises  InputError if it is no such document
    """
    where = where or (str(source) if isinstance(source, Path) else "")
    try:
        data = source.read_bytes() if isinstance(source, Path) else source
        root = document(data, where=where)
    except OSError as error:
        raise InputError("cannot read the devices file", came=error.strerror or str(error), where=where) from error
    except PayloadError as error:
        raise InputError(
            error.message, came=error.came, where=where, expected=error.expected or "an MTConnectDevices document"
        ) from error
    if name_of(root) != "MTConnectDevices":
        raise InputError(
            "not a device model", came=f"<{name_of(root)}>", expected="<MTConnectDevices>", where=where,
            hint="give the agent's address without /probe, or the adapter's devices file",
        )  # fmt: skip
    items: dict[str, DataItem] = {}
    for element in root.iter("{*}DataItem"):
        item = _item(element)
        if item is not None:
            items.setdefault(item.id, item)
    return DeviceModel(list(items.values()), root, where)


def _item(element: etree._Element) -> DataItem | None:
    """The data item of an element; None without an id: nothing could ever name it."""
    get = element.get
    if not get("id"):
        return None
    component: etree._Element | None = None
    device = ""
    for above in element.iterancestors():
        if name_of(above) in {"DataItems", "Components"}:
            continue
        if component is None:
            component = above
        if name_of(above) in {"Device", "Agent"}:
            device = above.get("name") or above.get("id") or ""
            break
    where = "" if component is None else component.get("name") or component.get("id") or name_of(component)
    source = element.find("{*}Source")
    return DataItem(
        id=get("id", ""), name=get("name", ""), source=(source.text or "").strip() if source is not None else "",
        category=get("category", "EVENT").upper(), kind=get("type", ""), subtype=get("subType", ""),
        units=get("units", ""), native=get("nativeUnits", ""), scale=_number(get("nativeScale", ""), 1.0),
        representation=get("representation", "VALUE"), rate=_number(get("sampleRate", ""), 0.0),
        device=device, component=where,
    )  # fmt: skip


def _number(text: str, default: float) -> float:
    try:
        return float(text) or default
    except ValueError:
        return default


def proposals(model: DeviceModel) -> list[Proposal]:
    """A mapping for every data item: no tag needs to be mapped by hand."""
    found = []
    for item in model.items:
        address = item.key if model.by_key.get(item.key) is item else item.id
        role, mapping = _role(item)
        kind = "structure" if item.representation in {"DATA_SET", "TABLE"} else "number" if item.numeric else "text"
        note = " ".join(part for part in (item.kind, item.subtype, f"of {item.component}") if part)
        common = {"equipment": item.device, "note": f"{item.category.lower()} {note}"}
        if item.three:
            for part in "xyz":
                name = _NOT_A_NAME.sub("_", f"{address}_{part}")
                found.append(Proposal(f"{address}/{part}", name, type="number", unit=item.unit, **common))
            continue
        name = _NOT_A_NAME.sub("_", address).strip("_.-") or item.id
        found.append(Proposal(address, name, type=kind, unit=item.unit, role=role, mapping=mapping, **common))
    return found


def _role(item: DataItem) -> tuple[str, str]:
    """(role, state mapping) that a data item's type proposes."""
    if item.category == "EVENT" and item.kind == "EXECUTION":
        return "state", "mtconnect-execution@1"
    if item.category == "EVENT" and item.kind == "PART_COUNT":
        return _COUNT_ROLES.get(item.subtype, "value"), ""
    return (_ROLES.get(item.kind, "value") if item.category == "EVENT" else "value"), ""
