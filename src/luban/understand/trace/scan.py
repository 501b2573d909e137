"""Codes that are read at a work place: what each stands for, and part, tool, person and machine joined in one event.

A code stands for one thing or is refused: one that nothing is named by, and one that several things are named by, with
the reason. What was joined becomes facts, so that the part shows its machine, person and tool, and they show the part.

Reads   the nouns of a plant, the graph of trace    Writes  nothing itself: `rows_of` makes the rows
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from luban.core.errors import InputError
from luban.plant import Plant
from luban.understand.book import row
from luban.understand.trace.flow import balance_of
from luban.understand.trace.trace import Trace

__all__ = ["KINDS_SCANNED", "Join", "Named", "check_join", "identify", "rows_of"]

KINDS_SCANNED: Final = ("part", "tool", "person", "machine", "order", "place")
"""What a code may stand for."""

_STEP: Final = "scan"  # operation of a step whose number nobody gave


@dataclass(frozen=True, slots=True)
class Named:
    """What a code stands for: one of KINDS_SCANNED, and its name as facts have it."""

    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Join:
    """What was read together.

    part        that is worked on
    machine     full path
    components  lots and serial numbers that go into the part, each with its quantity
    new         item of a part that is born here; "" for one that is known
    start, end  of the work [µs UTC]
    """

    part: str
    machine: str
    start: int
    end: int
    person: str = ""
    tool: str = ""
    order: str = ""
    operation: str = ""
    components: tuple[tuple[str, float], ...] = ()
    new: str = ""
    place: str = field(default="")


def identify(plant: Plant, trace: Trace, names: Sequence[str]) -> Named:
    """What a code stands for.

    names   what a scanner may have meant, the likeliest first: the text itself, then what a GS1 identifier in it says
    Raises  InputError: nothing is named so; several things are
    """
    for name in names:
        found = _known(plant, trace, name)
        if len(found) > 1:
            told = ", ".join(f"{one.kind} {one.name}" for one in found)
            raise InputError("the code stands for several things", came=name, expected=told,
                             hint="give one of them another label in the table of codes")  # fmt: skip
        if found:
            return found[0]
    raise InputError("nothing is named by this code", came=names[0] if names else "", hint="look at its label")


def _known(plant: Plant, trace: Trace, name: str) -> tuple[Named, ...]:
    """Everything that is named so, in the facts, in the plant or by a label."""
    found: list[Named] = []
    if (label := plant.codes.get(name)) is not None:
        found.append(Named(label.kind, label.name))
    if trace.lots.id(name) >= 0 and trace.labels.id(name) not in trace.containers:
        found.append(Named("part", name))
    found += [Named("machine", path) for path in (name, f"{plant.id}/{name}") if path in plant.equipment]
    if any(one.name == name for one in plant.technicians):
        found.append(Named("person", name))
    if name in plant.orders:
        found.append(Named("order", name))
    number = trace.labels.id(name)
    if number >= 0:
        found += [
            Named(kind, name) for kind in ("tool", "person", "order")
            if bool((trace.steps[kind] == number).any())
        ]  # fmt: skip
        if _is_place(trace, number) and not any(one.kind == "machine" for one in found):
            found.append(Named("place", name))
    return tuple(dict.fromkeys(found))


def _is_place(trace: Trace, number: int) -> bool:
    moves = trace.moves
    return bool((moves["destination"] == number).any() or (moves["origin"] == number).any())


def check_join(plant: Plant, trace: Trace, one: Join) -> None:
    """Refuse what cannot be true.

    Raises InputError: no part or machine, a name that is taken or unknown, a part in itself, a piece that is in another
    part already, more of a lot than is left, a work unit or an item that the plant does not have
    """
    if not one.part or not one.machine:
        raise InputError("a part and a machine are to be read", came=one.part or one.machine or "nothing")
    if one.machine not in plant.equipment:
        plant.place(one.machine)
    if one.end < one.start:
        raise InputError("the work ends before it begins")
    here = trace.lots.id(one.part)
    if one.new:
        if here >= 0:
            raise InputError("this name is taken: facts name such a part already", came=one.part)
        if plant.items and one.new not in plant.items:
            raise InputError("unknown item", came=one.new, expected=", ".join(list(plant.items)[:20]))
        _known_as_other(plant, trace, one.part)
    elif here < 0:
        raise InputError("no fact names this lot", came=one.part, hint="look at its spelling, or say what is made")
    seen: set[str] = set()
    for name, quantity in one.components:
        if name == one.part:
            raise InputError("the lot would be made of itself", came=name)
        if name in seen:
            raise InputError("read twice", came=name)
        seen.add(name)
        _check_component(trace, here, name, quantity)


def _known_as_other(plant: Plant, trace: Trace, name: str) -> None:
    other = _known(plant, trace, name)
    if other:
        raise InputError("this name is taken", came=name, expected=f"not the name of a {other[0].kind}")


def _check_component(trace: Trace, part: int, name: str, quantity: float) -> None:
    number = trace.lots.id(name)
    if number < 0:
        raise InputError("no fact names this lot", came=name, hint="look at its spelling")
    if not (np.isfinite(quantity) and quantity > 0):
        raise InputError("a quantity is a number above 0", came=f"{quantity:g}", where=name)
    _, facts = trace.graph.facts_of([number])
    pieces = np.concatenate((trace.serials, trace.looks["serial"]))
    if len(facts) and bool((pieces == number).any()):
        into = trace.lots.name(int(trace.graph.view.columns["target"][facts[0]]))
        raise InputError("this piece is in another part already", came=name, expected=f"in none, not in {into}")
    left = balance_of(trace, name).left
    if left is not None and quantity > left * (1 + 1e-9) + 1e-9:
        raise InputError("there is not so much left of it", came=f"{quantity:g}", expected=f"≤ {left:g}", where=name)
    if part >= 0 and number in trace.graph.walk([part]).nodes:
        raise InputError("the lot would be made of itself", came=name)


def rows_of(one: Join, trace: Trace, *, operation: str = "") -> Iterable[tuple[str, dict[str, list[Any]]]]:
    """The facts of a join as (stream, rows), the event itself last.

    operation  where the join says none: that of the routing
    """
    item = one.new or trace.labels.name(int(trace.item_of(np.array([trace.lots.id(one.part)], np.int32))[0]))
    order = one.order or _order_of(trace, one.part) or one.part
    step = one.operation or operation or _STEP
    if one.components:
        lots = [name for name, _ in one.components]
        items = trace.labels.array(trace.item_of(trace.lots.ids(lots))).to_pylist()
        n = len(lots)
        yield "genealogy", {
            "time": [one.end] * n, "subject": [one.part] * n, "input": lots, "item": items,
            "quantity": [quantity for _, quantity in one.components], "order": [order] * n, "operation": [step] * n,
            "unit": [one.machine] * n,
        }  # fmt: skip
    if one.new:
        yield "movement", {
            "time": [one.end], "subject": [item], "lot": [one.part], "origin": [None],
            "destination": [one.place or one.machine], "quantity": [1.0], "order": [order],
        }  # fmt: skip
    yield "operation", {
        "time": [one.start], "end": [one.end], "subject": [one.machine], "order": [order], "operation": [step],
        "item": [item or None], "person": [one.person or None], "tool": [one.tool or None], "good": [None],
        "scrap": [None],
    }  # fmt: skip
    data = {
        "machine": one.machine, "tool": one.tool, "person": one.person, "order": order, "operation": step, "item": item,
        "new": bool(one.new), "start": one.start, "end": one.end,
        "components": [{"lot": name, "quantity": quantity} for name, quantity in one.components],
    }  # fmt: skip
    yield "event", row("scan", one.part, "join", person=one.person, data=data, time=one.end)


def _order_of(trace: Trace, part: str) -> str:
    """The order that makes the part; "" where facts name none, or several."""
    number = trace.lots.id(part)
    if number < 0:
        return ""
    _, facts = trace.graph.facts_of([number], back=True)
    rows = trace.moves.by_lot.of(number)
    rows = rows[trace.moves.receipts[rows]]
    orders = np.concatenate((trace.graph.view.columns["order"][facts], trace.moves["order"][rows]))
    found = np.unique(orders[orders >= 0])
    return trace.labels.name(int(found[0])) if len(found) == 1 else ""
