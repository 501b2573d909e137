"""What a SunSpec device says of itself: the models that it has, and the points of meters and inverters in them.

Plain Modbus has no directory of its registers; a chain of SunSpec models is one.

Source  SunSpec Device Information Model Specification V1.1 §6.2 (chain of models); models 1, 101–103, 111–113,
        201–204 and 211–214: the points of sunspec.csv
"""

from __future__ import annotations

import csv
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from luban.connect.modbus.address import Place, parse
from luban.connect.modbus.link import Link, RefusedError
from luban.connect.wire import Proposal

__all__ = ["propose"]

_BASES: Final = (40_000, 50_000, 0)  # where a chain of models may begin
_MARK: Final = [0x5375, 0x6E53]  # "SunS"
_END: Final = 0xFFFF
_LAST: Final = 65_534
_MODEL: Final = "string[32]"  # of model 1: manufacturer at 2, model at 18


@dataclass(frozen=True, slots=True)
class _Known:
    """A point of a model; offsets count from the model's first register."""

    kind: str
    name: str
    offset: int
    type: str
    unit: str
    power: int | None


@cache
def _known() -> Mapping[int, Sequence[_Known]]:
    """The points that are proposed, by model."""
    known: dict[int, list[_Known]] = {}
    text = files(__package__).joinpath("sunspec.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(text.splitlines()):
        power = int(row["power"]) if row["power"] else None
        point = _Known(row["kind"], row["name"], int(row["offset"]), row["type"], row["unit"], power)
        for model in row["models"].split():
            known.setdefault(int(model), []).append(point)
    return known


async def propose(link: Link, unit: int) -> list[Proposal]:
    """A proposal for every known point; none if the unit is no SunSpec device.

    Raises  SilentError, PayloadError, LinkDownError
    """
    found: list[Proposal] = []
    equipment = ""
    async for model, start, length in _chain(link, unit):
        if model == 1:
            equipment = await _name(link, unit, start)
        for point in _known().get(model, ()):
            scale = "" if point.power is None else f"*10^{start + point.power}"
            address = f"{unit}/holding:{start + point.offset}:{point.type}{scale}"
            if parse(address).place.end > start + 2 + length:
                continue  # an older edition of the model
            found.append(
                Proposal(
                    address,
                    point.name,
                    type="number",
                    unit=point.unit,
                    equipment=equipment or f"unit{unit}",
                    companion=f"SunSpec {point.kind} {model}",
                    note="its source needs sunspec = true",
                )
            )
    return found


async def _chain(link: Link, unit: int) -> AsyncIterator[tuple[int, int, int]]:
    """(model, its first register, its length without the header) of each model."""
    for base in _BASES:
        if await _words(link, Place(unit, "holding", base, 2)) == _MARK:
            at = base + 2
            break
    else:
        return
    while at < _LAST:
        head = await _words(link, Place(unit, "holding", at, 2))
        if len(head) != 2 or head[0] == _END:
            return
        yield head[0], at, head[1]
        at += 2 + head[1]


async def _words(link: Link, place: Place) -> list[int]:
    """Registers; none where the device has none."""
    try:
        return [int(word) for word in await link.read(place)]
    except RefusedError:
        return []


async def _name(link: Link, unit: int, start: int) -> str:
    """What the device calls itself, e.g. Maker_ModelX."""
    names = []
    for offset in (2, 18):
        point = parse(f"{unit}/holding:{start + offset}:{_MODEL}")
        words = await _words(link, point.place)
        names.append(str(point.value(words)) if words else "")
    return "_".join("".join(c if c.isalnum() or c in ".-" else "_" for c in name) for name in names if name)
