"""Solid waste of a plant from its movements: what came up, was utilised, went to disposal, and lies in store.

An item is waste by its name: `waste:chips`, or `hazardous-waste:sludge`. A movement from nowhere is waste that came
up; one to `utilised:FIRM` is utilised, one to `disposed:FIRM` is not. What was in store before the window is older.

Reads   movement facts    Writes  nothing
Source  utilised over what came up and older stock that was utilised: HJ 274-2009, A.4, and GB/T 36132, at second hand
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from luban.core.errors import UnitError
from luban.understand.energy.meters import exact, in_unit

__all__ = ["DEFAULT_RATE", "RATES", "WasteBalance", "WasteStream", "is_waste", "waste_balance"]

PREFIXES: Final = {"waste:": "general", "hazardous-waste:": "hazardous"}
RATES: Final = {
    "with stock": "utilised, older stock too, over what came up and the older stock that was utilised",
    "own": "utilised of what came up in the window, over what came up",
}
"""The two ways to count a rate of utilisation."""

DEFAULT_RATE: Final = "with stock"
"""As Chinese statistics have it."""

_ZERO = Decimal(0)


@dataclass(slots=True)
class _Store:
    """Portions in store: (from before the window?, amount), the oldest first; and what became of them."""

    lots: dict[str, list[list[Any]]] = field(default_factory=dict)
    generated: Decimal = _ZERO
    utilised: Decimal = _ZERO
    utilised_old: Decimal = _ZERO
    disposed: Decimal = _ZERO
    opening: Decimal = _ZERO
    excess: Decimal = _ZERO
    seqs: set[int] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class WasteStream:
    """A kind of waste over a window [kg].

    opening       in store at the beginning
    generated     came up
    utilised      in all; `utilised_old` of it out of the opening stock
    disposed      burnt, dumped or handed out without use
    closing       in store at the end
    excess        taken out beyond what there was: in no sum
    seqs          facts of it, up to the end of the window
    """

    item: str
    kind: str
    opening: Decimal
    generated: Decimal
    utilised: Decimal
    utilised_old: Decimal
    disposed: Decimal
    closing: Decimal
    excess: Decimal
    seqs: tuple[int, ...]

    @property
    def remainder(self) -> Decimal:
        """Opening and generated less utilised, disposed and closing [kg]: 0."""
        return self.opening + self.generated - self.utilised - self.disposed - self.closing


@dataclass(frozen=True, slots=True)
class WasteBalance:
    """All waste over a window, and what was left out."""

    streams: tuple[WasteStream, ...]
    notes: tuple[str, ...]

    def of(self, kind: str) -> tuple[WasteStream, ...]:
        """The streams of a kind."""
        return tuple(one for one in self.streams if one.kind == kind)

    def rate(self, rate: str = DEFAULT_RATE, kind: str = "general") -> float | None:
        """Rate of utilisation [%], one of RATES; None where nothing came up."""
        chosen = self.of(kind)
        old = sum((one.utilised_old for one in chosen), _ZERO)
        utilised = sum((one.utilised for one in chosen), _ZERO)
        generated = sum((one.generated for one in chosen), _ZERO)
        over, under = (utilised, generated + old) if rate == "with stock" else (utilised - old, generated)
        return float(100 * over / under) if under else None


def is_waste(item: str) -> str:
    """The kind of waste, general or hazardous; "" for what is none."""
    return next((kind for prefix, kind in PREFIXES.items() if item.startswith(prefix)), "")


def waste_balance(
    movements: Iterable[Mapping[str, Any]], units: Mapping[str, str], start: int, end: int
) -> WasteBalance:
    """Waste from `start` to `end` [µs UTC] out of movement facts, those before the window too.

    units  item → unit of its quantities; an item without one, or whose unit is no mass, is left out and named
    """
    stores: dict[str, _Store] = {}
    notes: dict[str, None] = {}
    for one in sorted(movements, key=lambda row: (row["time"], row.get("seq") or 0)):
        item = one["subject"]
        if not is_waste(item) or one["time"] >= end:
            continue
        try:
            amount = in_unit(exact(one["quantity"]), units[item], "kg")
        except KeyError:
            notes[f"{item}: no unit in the table of items; left out"] = None
            continue
        except UnitError:
            notes[f"{item}: {units[item]} is no mass; left out"] = None
            continue
        _move(stores.setdefault(item, _Store()), one, amount, start)
    for item, store in stores.items():
        if store.excess:
            notes[f"{item}: {float(store.excess):.6g} kg more taken out than there was; in no sum"] = None
    return WasteBalance(tuple(_stream(item, store) for item, store in sorted(stores.items())), tuple(notes))


def _move(store: _Store, one: Mapping[str, Any], amount: Decimal, start: int) -> None:
    old = one["time"] < start
    lot, to = one.get("lot") or "", one.get("destination") or ""
    if one.get("seq"):
        store.seqs.add(one["seq"])
    if not one.get("origin"):
        store.lots.setdefault(lot, []).append([old, amount])
        if old:
            store.opening += amount
        else:
            store.generated += amount
    if not to or to.startswith(("utilised:", "disposed:")):
        _take(store, lot, amount, utilised=to.startswith("utilised:"), old=old)


def _take(store: _Store, lot: str, amount: Decimal, *, utilised: bool, old: bool) -> None:
    """Take from the lot, else from all of them, the oldest first."""
    left = amount
    for portion in store.lots.get(lot, []) if lot in store.lots else [p for lots in store.lots.values() for p in lots]:
        part = min(left, portion[1])
        if not part:
            continue
        portion[1] -= part
        left -= part
        if old:
            store.opening -= part
        elif utilised:
            store.utilised += part
            store.utilised_old += part if portion[0] else _ZERO
        else:
            store.disposed += part
    store.excess += left if not old else _ZERO


def _stream(item: str, store: _Store) -> WasteStream:
    closing = sum((portion[1] for lots in store.lots.values() for portion in lots), _ZERO)
    return WasteStream(
        item, is_waste(item), store.opening, store.generated, store.utilised, store.utilised_old, store.disposed,
        closing, store.excess, tuple(sorted(store.seqs)),
    )  # fmt: skip
