"""Holding by rule: a lot whose values are out of their limits, or at which the chart gave a signal, is held by itself.

The inspection plan says for which characteristics (`hold`). A lot is held once for a characteristic; after somebody
dealt with it, only values measured later can hold it again.

Reads   Fact(measurement), Fact(event) of kind `nonconformance`
Writes  nothing itself; `steps.open_row` makes the rows
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final

from luban.core.time import DAY
from luban.ledger import Ledger
from luban.plant import Inspection, Plant
from luban.understand.quality.inspection.nonconformance import NonConformance, nonconformances
from luban.understand.quality.inspection.verdict import judge

__all__ = ["Holding", "to_hold"]

_BACK: Final = 7 * DAY  # older values hold nothing by themselves: somebody has seen them


@dataclass(frozen=True, slots=True)
class Holding:
    """A lot that is to be held.

    facts  seqs of the values that show it
    why    out: values out of their limits; signal: the chart gave a signal
    text   in words, for the non-conformance
    """

    subject: str
    lot: str
    unit: str
    facts: tuple[int, ...]
    why: str
    text: str


def to_hold(
    ledger: Ledger, plant: Plant, now: int, fired: Callable[[str], Collection[int]] | None = None
) -> tuple[Holding, ...]:
    """Lots that the plan holds by itself and that nobody holds or has dealt with yet.

    now    [µs UTC]; values of the last seven days are looked at
    fired  of a characteristic: seqs of the values at which its chart gave a signal; None: charts hold nothing
    """
    rules = [one for one in plant.inspections if one.hold]
    if not rules:
        return ()
    known = nonconformances(ledger)
    found: list[Holding] = []
    for rule in {one.subject: one for one in rules}.values():
        found += _of(rule, ledger, plant, now, fired, known.values())
    return tuple(found)


def _of(
    rule: Inspection,
    ledger: Ledger,
    plant: Plant,
    now: int,
    fired: Callable[[str], Collection[int]] | None,
    known: Collection[NonConformance],
) -> list[Holding]:
    its = plant.characteristics[rule.subject]
    table = ledger.table("measurement", subjects=[rule.subject], since=now - _BACK, until=now + 1)
    signals = set(fired(rule.subject)) if rule.hold == "signal" and fired is not None else set()
    lots: dict[str, list[dict[str, object]]] = {}
    for row in table.to_pylist():
        if row["lot"] and not row["quality"] and row["seq"] > _dealt_with(known, rule.subject, row["lot"]):
            lots.setdefault(row["lot"], []).append(row)
    found = []
    for lot, rows in lots.items():
        out = [row for row in rows if judge(its, float(str(row["value"]))).state == "bad"]
        seen = [row for row in rows if row["seq"] in signals]
        if out or seen:
            shown = ", ".join(f"{row['value']:g}" for row in (out or seen)[:5])
            what = f"{len(out)} of {len(rows)} out of limits" if out else "signal of the control chart"
            facts = tuple(int(str(row["seq"])) for row in out or seen)
            unit = str((out or seen)[0]["unit"] or "")
            text = f"{rule.subject}: {what} ({shown} {its.unit})"
            found.append(Holding(rule.subject, lot, unit, facts, "out" if out else "signal", text))
    return found


def _dealt_with(known: Collection[NonConformance], subject: str, lot: str) -> int:
    """The newest entry about this lot and characteristic; values up to it hold nothing again. 0: none."""
    return max((one.entries[-1].seq for one in known if one.subject == subject and lot in one.lots), default=0)
