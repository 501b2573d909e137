"""People: how many there are, out of persons on record or of machines that waited for somebody.

While a machine waits for a person, everybody of that pool is busy: the machines that hold one at that moment are the
size of the pool. Where nobody ever waited, the size is not known and does not matter yet.
"""

from __future__ import annotations

import bisect
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from luban.core.time import HOUR
from luban.plant import Plant
from luban.twin.calibrate.evidence import Evidence
from luban.twin.calibrate.observe import Observed, Span
from luban.twin.model import Pool

__all__ = ["Pools", "people"]

_WORD = {"setup": "setters", "run": "operators"}


@dataclass(slots=True)
class Pools:
    """Pools found; which work needs them, by machine."""

    pools: list[Pool] = field(default_factory=list)
    setters: set[str] = field(default_factory=set)
    operators: set[str] = field(default_factory=set)


def people(found: Observed, plant: Plant, evidence: Evidence) -> Pools:
    """Pools of setters and operators."""
    waits = _waits(found)
    result = Pools()
    persons = {visit.person for visit in found.visits if visit.person}
    if persons:
        evidence.add("persons", "plant", len(persons), unit="1", n=len(found.visits), method="names on operations")
    for kind in ("setup", "run"):
        word, own = _WORD[kind], waits[kind]
        if len(own) < 5:
            evidence.miss(
                word,
                "plant",
                f"machines waited for somebody {len(own)} times before {kind}",
                "always somebody there",
                "persons on operations, or weeks with more load",
            )
            continue
        users = {unit for unit, _ in own} | _always(found, kind, waits)
        pool = _size(found, plant, word, own, users, kind, evidence)
        if pool is not None:
            result.pools.append(pool)
            setattr(result, word, users)
    return result


def _waits(found: Observed) -> dict[str, list[tuple[str, Span]]]:
    """Spans in which a machine waited for a person, by what followed on that machine."""
    waits: dict[str, list[tuple[str, Span]]] = defaultdict(list)
    for unit, spans in found.spans.items():
        for at, span in enumerate(spans):
            if span.state != "operator":
                continue
            after = next((s.state for s in spans[at + 1 :] if s.state in {"setup", "run", "idle"}), "idle")
            if after in _WORD:
                waits[after].append((unit, span))
    return waits


def _always(found: Observed, kind: str, waits: dict[str, list[tuple[str, Span]]]) -> set[str]:
    """Machines that do that kind of work and did not happen to wait: taken in where most of their like waited."""
    doing = {unit for unit, spans in found.spans.items() if any(span.state == kind for span in spans)}
    waited = {unit for unit, _ in waits[kind]}
    return doing if len(waited) > 0.6 * len(doing) else set()


def _holder(kind: str) -> Callable[[list[Span], int], bool]:
    """Does a machine hold a person at a place of its spans? Also while it is down or closed in the middle of work."""

    def holds(spans: list[Span], at: int) -> bool:
        while at >= 0 and spans[at].state in {"down", "off"} and spans[at].order:
            at -= 1
        return at >= 0 and spans[at].state == kind

    return holds


def _size(
    found: Observed,
    plant: Plant,
    word: str,
    waits: list[tuple[str, Span]],
    users: set[str],
    kind: str,
    evidence: Evidence,
) -> Pool | None:
    holds = _holder(kind)
    weight: Counter[int] = Counter()
    by_shift: dict[int, int] = {}
    for _, span in waits:
        middle = (span.start + span.end) // 2
        busy = sum(
            holds(found.spans[unit], bisect.bisect_right(found.starts[unit], middle) - 1)
            for unit in users
            if unit in found.spans
        )
        if busy:
            weight[busy] += span.end - span.start
            shift = _shift(plant, next(iter(users)), middle)
            by_shift[shift] = max(by_shift.get(shift, 0), busy)
    if not weight:
        return None
    total = sum(weight.values())
    size = max(busy for busy, long in weight.items() if long >= 0.02 * total)
    shifts = np.array([min(n, size) for n in by_shift.values()], float)
    absence = float(1 - shifts.mean() / size) if len(shifts) >= 5 else 0.0
    evidence.add(
        word,
        "plant",
        size,
        unit="1",
        n=len(waits),
        method="machines that hold one while another waits",
        note=f"{len(by_shift)} shifts with a wait, on average {shifts.mean():.1f} there; "
        f"for {', '.join(sorted(unit.rsplit('/', 1)[-1] for unit in users))}",
    )
    return Pool(word, size, None, round(absence, 4))


def _shift(plant: Plant, unit: str, moment: int) -> int:
    shifts = plant.shifts(unit, moment, moment + 1)
    return shifts[0].start if shifts else moment // (8 * HOUR)
