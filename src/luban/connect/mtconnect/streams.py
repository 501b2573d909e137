"""MTConnectStreams and MTConnectError documents, read.

Source  MTConnect Standard Part 1 (headers, errors) and Part 3 (observations); any version's namespace
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from lxml import etree

from luban.connect.mtconnect.model import DataItem, names_of
from luban.connect.mtconnect.observation import LEVELS, Observation
from luban.connect.xml import LIMIT, document, name_of
from luban.core.errors import InputError, PayloadError
from luban.core.time import parse_time

__all__ = ["Answer", "Header", "Refusal", "read_answer"]


@dataclass(frozen=True, slots=True)
class Header:
    """The header of an agent's answer.

    instance  changes when the agent starts anew; sequences start over then
    next      sequence to ask for next
    first     oldest sequence still in the buffer
    """

    instance: int
    next: int = 0
    first: int = 0
    last: int = 0
    version: str = ""


class Refusal(NamedTuple):
    """One error of an MTConnectError document."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Answer:
    """One document: observations in the order of their sequence, or the reasons why there are none."""

    header: Header
    observations: list[Observation]
    refusals: tuple[Refusal, ...] = ()
    bad: tuple[tuple[str, str], ...] = ()  # (data item, reason) of observations that could not be read

    def refused(self, code: str) -> bool:
        """Whether the agent names this error."""
        return any(refusal.code == code for refusal in self.refusals)


def read_answer(data: bytes, items: Mapping[str, DataItem], *, where: str = "", limit: int = LIMIT) -> Answer:
    """An agent's answer to /current or /sample.

    items   data items by id, from /probe
    Raises  PayloadError if it is no MTConnectStreams or MTConnectError document
    """
    root = document(data, where=where, limit=limit)
    kind = name_of(root)
    if kind not in {"MTConnectStreams", "MTConnectError"}:
        raise PayloadError("not an agent's answer", came=f"<{kind}>", expected="<MTConnectStreams>", where=where)
    header = _header(root, where)
    if kind == "MTConnectError":
        return Answer(
            header, [], tuple(_refusal(element) for element in root.iter("{*}Error")) or _later_refusals(root)
        )
    found: list[Observation] = []
    bad: list[tuple[str, str]] = []
    for stream in root.iter("{*}DeviceStream"):
        device = stream.get("name", "")
        for component in stream.iter("{*}ComponentStream"):
            for group in component:
                category = name_of(group)
                if category not in {"Samples", "Events", "Condition"}:
                    continue
                for element in group:
                    try:
                        found.append(_observation(element, category, device, items))
                    except (InputError, ValueError) as error:
                        bad.append((element.get("dataItemId", ""), str(error)))
    found.sort(key=lambda seen: seen.sequence)
    return Answer(header, found, bad=tuple(bad))


def _header(root: etree._Element, where: str) -> Header:
    element = root.find("{*}Header")
    if element is None:
        raise PayloadError("answer without a Header", where=where)

    def number(name: str) -> int:
        text = element.get(name, "0")
        if not text.isdecimal():
            raise PayloadError(f"{name} is no number", came=repr(text), where=where)
        return int(text)

    return Header(
        number("instanceId"), number("nextSequence"), number("firstSequence"), number("lastSequence"),
        element.get("version", ""),
    )  # fmt: skip


def _refusal(element: etree._Element) -> Refusal:
    return Refusal(element.get("errorCode", "UNKNOWN"), (element.text or "").strip())


def _later_refusals(root: etree._Element) -> tuple[Refusal, ...]:
    """Since 2.6 an error is an element of its own name with an ErrorMessage."""
    errors = root.find("{*}Errors")
    children = [] if errors is None else list(errors)
    return tuple(
        Refusal(child.get("errorCode", name_of(child)), (child.findtext("{*}ErrorMessage") or "").strip())
        for child in children
    )


def _observation(element: etree._Element, category: str, device: str, items: Mapping[str, DataItem]) -> Observation:
    get = element.get
    item = items.get(get("dataItemId", ""))
    kind = name_of(element)
    entries = {entry.get("key", ""): _entry(entry) for entry in element.iter("{*}Entry")}
    is_set = bool(entries) or kind.endswith(("DataSet", "Table"))
    text = (element.text or "").strip()
    missing = text == "UNAVAILABLE" or kind == "Unavailable"
    level = kind.upper() if category == "Condition" else ""
    if level and level not in LEVELS:
        raise InputError("unknown condition", came=f"<{kind}>", expected="Normal, Warning, Fault or Unavailable")
    rate = get("sampleRate", "")
    return Observation(
        names=names_of(item) if item is not None else _names(get("dataItemId", ""), get("name", ""), device),
        time=parse_time(get("timestamp", "")),
        text=None if missing or (is_set and not missing) else text,
        item=item,
        level=level,
        code=get("nativeCode", ""),
        severity=get("nativeSeverity", ""),
        qualifier=get("qualifier", ""),
        rate=float(rate) if rate else 0.0,
        series=kind.endswith("TimeSeries"),
        entries=entries if is_set and not missing else None,
        doubt=get("quality", ""),
        sequence=int(get("sequence", "0")),
    )


def _names(identifier: str, name: str, device: str) -> tuple[str, ...]:
    plain = [part for part in (identifier, name) if part]
    return (*plain, *(f"{device}:{part}" for part in plain if device))


def _entry(entry: etree._Element) -> str:
    """Value of a data set's entry; of a table's, its cells as `key=value`."""
    cells = [f"{cell.get('key', '')}={(cell.text or '').strip()}" for cell in entry.iter("{*}Cell")]
    return " ".join(cells) if cells else (entry.text or "").strip()
