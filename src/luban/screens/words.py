"""What states, losses and events are called, on every screen the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from luban.screens.i18n import Words

if TYPE_CHECKING:  # the book brings a database with it, and a command that only speaks needs none
    from luban.understand.book import Entry

__all__ = ["decision_word", "happened_word", "kind_word", "loss_word"]


def kind_word(say: Words, kind: str) -> str:
    """What a drawn state is called."""
    return {
        "production": say("producing"), "setup": say("setup"), "waiting": say("waiting"), "down": say("failed"),
        "idle": say("idle"), "planned": say("planned stop"), "unknown": say("unknown"),
    }.get(kind, kind)  # fmt: skip


def loss_word(say: Words, loss: str) -> str:
    """What a step of the waterfall is called."""
    return {
        "planned": say("planned time"), "unknown": say("unknown"), "down": say("idle"), "setup": say("setup"),
        "delay": say("interrupted"), "speed": say("slower than planned"), "scrap": say("scrap"),
        "rework": say("rework"), "effective": say("good pieces"), "running": say("producing"),
    }.get(loss, loss)  # fmt: skip


def decision_word(say: Words, entry: Entry, revision: int) -> str:
    """What was decided about a control chart.

    revision  how many times limits were frozen up to this entry
    """
    point = str(entry.data.get("label") or entry.data.get("seq") or "")
    return {
        "freeze": say("Limits {n} frozen", n=revision),
        "withdraw": say("Limits {n} withdrawn", n=entry.data.get("revision") or revision),
        "exclude": say("Point {point} left out", point=point),
        "include": say("Point {point} taken back in", point=point),
        "cause": say("Cause of point {point}", point=point),
    }.get(entry.code, entry.code)


def happened_word(say: Words, own: Mapping[str, Any], name: Callable[[str], str], when: Callable[[int], str]) -> str:
    """What happened to a plan: a machine down, people away, late material, a rush order.

    own   kind and what belongs to it, as `screens.service.schedule_repair` takes it
    name  of a machine, given its id
    when  the wall clock of a tick
    """
    kind = own["kind"]
    if kind == "breakdown":
        return say("{machine} down {start} to {end}", machine=name(own["machine"]), start=when(own["start"]),
                   end=when(own["end"]))  # fmt: skip
    if kind == "people":
        return say("{pool}: {n} fewer, {start} to {end}", pool=own["pool"], n=own.get("missing", 1),
                   start=when(own["start"]), end=when(own["end"]))  # fmt: skip
    if kind == "material":
        return say("material of {order} at {time}", order=own["order"], time=when(own["ready"]))
    return say("new order {order}", order=own["name"])
