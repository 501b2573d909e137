"""What a morning came to: lots that were concerned, electricity by machine, whether the offsets helped."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from luban.core.errors import InputError
from luban.core.time import SECOND
from luban.ledger import Ledger
from luban.loop.story.floor import Clock, Floor
from luban.loop.story.told import Energy
from luban.plant import Plant
from luban.understand.trace.condition import Condition, same
from luban.understand.trace.trace import trace_of
from luban.verify.measure import Measure
from luban.verify.metric import Decision, Metric
from luban.verify.outcome import Outcome
from luban.verify.record import freeze_row, frozen, outcome_row, recompute

__all__ = ["energy_of", "lots_while", "outcome_words", "promised", "verified"]

_PERIOD: Final = 2  # min of the shop
_EARLIER: Final = 600 * SECOND
_WHERE: Final = {
    "pool": "not released", "moving": "on its way", "queue": "waiting", "machine": "on {}", "outside": "outside",
}  # fmt: skip


def promised(ledger: Ledger, act: str, at: int, start: int, clock: Clock) -> Mapping[str, list[Any]]:
    """The entry that fixes what the lever is judged by: the share of scrap, of all machines, every 2 minutes.

    at, start  of the act and of the story [µs UTC]. Raises InputError where no baseline can be fixed
    """
    measure = Measure("count", "", "scrap", "share", over=("good", "scrap", "rework"), period=_PERIOD * clock.tick,
                      origin=start)  # fmt: skip
    decision = Decision(act, at, lever="quality", author="story")
    return freeze_row(
        ledger, frozen(ledger, measure, Metric("scrap share", "1"), decision, start=start), decision, person=""
    )


def verified(ledger: Ledger, act: str, end: int) -> tuple[Outcome, Mapping[str, list[Any]]]:
    """What the act brought so far, and the entry that says so. Raises InputError where nothing was fixed."""
    made, last, why = recompute(ledger, act, until=end)
    return made, outcome_row(made, before=last, why=why)


def outcome_words(made: Outcome) -> str:
    """An outcome in a sentence."""
    if not made.judged:
        return f"{'; '.join(made.reasons)}. A morning is too short to be sure; luban says so."
    return (
        f"Scrap {100 * made.after:.1f} % since then, {100 * made.expected:.1f} % were to be expected: "
        f"{100 * made.effect:+.1f} points ({100 * made.low:+.1f} … {100 * made.high:+.1f}). A morning tells no more."
    )


def energy_of(ledger: Ledger, plant: Plant, start: int, end: int) -> list[Energy]:
    """Electricity of each machine by its register, the largest first."""
    found = []
    for unit in plant.work_units:
        rows = ledger.table("signal", subjects=[f"{unit}:energy"], since=start, until=end).to_pylist()
        values = [one["value"] for one in sorted(rows, key=lambda one: one["time"]) if one["value"] is not None]
        counts = ledger.table("count", subjects=[unit], since=start, until=end).column("good").to_pylist()
        if len(values) > 1:
            found.append(Energy(unit, values[-1] - values[0], sum(counts)))
    return sorted(found, key=lambda one: -one.energy)


def lots_while(ledger: Ledger, floor: Floor, unit: str, start: int, until: int) -> list[str]:
    """Lots that went through the machine in a time, how many pieces were measured, where they are now, in words."""
    trace = trace_of(ledger, since=start - _EARLIER)
    try:
        found = same(trace, Condition(unit=unit, since=start, until=until)).lots
    except InputError:
        return []
    told = []
    rows = [one for one in ledger.table("measurement", since=start, until=until).to_pylist() if one["unit"] == unit]
    for lot in dict.fromkeys(trace.lots.name(int(number)) for number in found):
        values = [one["value"] for one in rows if one["lot"] == lot]
        here = floor.lots.get(lot)
        now = "has left" if here is None else _WHERE[here.place].format(here.unit.rpartition("/")[2])
        span = f", {min(values):+.0f} to {max(values):+.0f} µm" if values else ""
        told.append(f"{lot} ({len(values)} pieces measured{span}; {now})")
    return told
