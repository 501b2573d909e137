"""People: how many there are, out of persons on record or of machines that waited for somebody.

While a machine waits for a person, everybody of that pool is busy: the machines that hold one at that moment are the
size of the pool. Where nobody ever waited, the size is not known and does not matter yet.
"""

from __future__ import annotations

import bisect
import math
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import combinations, pairwise

import numpy as np
from scipy import stats

from luban.core.time import HOUR, MINUTE, SECOND
from luban.plant import Plant
from luban.twin.calibrate.evidence import Evidence
from luban.twin.calibrate.observe import Observed, Span
from luban.twin.calibrate.routes import Mined
from luban.twin.model import Pool

__all__ = ["Pools", "people"]

_WORD = {"setup": "setters", "run": "operators"}
_FEW = 5


@dataclass(slots=True)
class Pools:
    """Pools found; which pool sets up and which runs each machine."""

    pools: list[Pool] = field(default_factory=list)
    setters: dict[str, str] = field(default_factory=dict)
    operators: dict[str, str] = field(default_factory=dict)


def people(found: Observed, plant: Plant, mined: Mined, evidence: Evidence) -> Pools:
    """Pools of setters and operators."""
    waits = _waits(found)
    result = Pools()
    persons = {visit.person for visit in found.visits if visit.person}
    if persons:
        evidence.add("persons", "plant", len(persons), unit="1", n=len(found.visits), method="names on operations")
    for kind in ("setup", "run"):
        own = waits[kind]
        if len(own) < _FEW:
            why = f"machines waited for somebody {len(own)} times before {kind}"
            needs = "persons on operations, or weeks with more load"
            evidence.miss(_WORD[kind], "plant", why, "always somebody there", needs)
            continue
        groups = _groups(found, kind, own, mined)
        for at, users in enumerate(groups):
            name = _WORD[kind] if len(groups) == 1 else f"{_WORD[kind]} {at + 1}"
            _pool(
                found, plant, name, kind, [(unit, span) for unit, span in own if unit in users], users, evidence, result
            )
    return result


def _pool(
    found: Observed,
    plant: Plant,
    name: str,
    kind: str,
    waits: list[tuple[str, Span]],
    users: set[str],
    evidence: Evidence,
    result: Pools,
) -> None:
    where = ", ".join(sorted(unit.rsplit("/", 1)[-1] for unit in users))
    sized = _size(found, plant, waits, users, kind) if len(waits) >= _FEW else None
    if sized is None:
        evidence.miss(name, where, f"waited for {len(waits)} times", "always somebody there", "persons on operations")
        return
    size, absence, levels = sized
    tends = _tends(size, levels)
    note = f"units; {len(levels)} shifts with a wait, on average {np.mean(levels):.1f} there; for {where}"
    method = "machines that hold one while another waits"
    evidence.add(name, "plant", size, unit="1", n=len(waits), method=method, note=note)
    if tends > 1:
        evidence.add(
            f"machines each of {name} tends", "plant", tends, unit="1", n=len(levels), method="steps of the size"
        )
    evidence.add(f"absence of {name}", "plant", absence, unit="1", n=len(levels), method="binomial likelihood")
    result.pools.append(Pool(name, size // tends, None, round(absence, 4), tends))
    target = result.setters if kind == "setup" else result.operators
    target |= dict.fromkeys(users, name)


def _tends(size: int, levels: list[int]) -> int:
    """Machines that leave with each missing person: the common step of the sizes seen."""
    steps = math.gcd(*(size - level for level in levels)) if levels else 0
    return steps if steps > 1 and size % steps == 0 and len(levels) >= _FEW else 1


def _waits(found: Observed) -> dict[str, list[tuple[str, Span]]]:
    """Spans in which a machine waited for a person, by what followed on that machine."""
    waits: dict[str, list[tuple[str, Span]]] = {"setup": [], "run": []}
    for unit, spans in found.spans.items():
        for at, span in enumerate(spans):
            if span.state != "operator":
                continue
            after = next((s.state for s in spans[at + 1 :] if s.state in {"setup", "run", "idle"}), "idle")
            if after in waits:
                waits[after].append((unit, span))
    return waits


def _groups(found: Observed, kind: str, waits: list[tuple[str, Span]], mined: Mined) -> list[set[str]]:
    """Machines that share a pool: none of them begins that work while another one waits for a person.

    Stations are kept whole where their machines agree, and joined where they could have disagreed often and never did.
    """
    begun = {
        unit: [s.start for before, s in pairwise(spans) if s.state == kind and before.state not in {"down", "off"}]
        for unit, spans in found.spans.items()
    }
    own: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for unit, span in waits:
        own[unit].append((span.start, span.end))
    groups: list[set[str]] = []
    for machines in mined.stations.values():
        waited = {unit for unit in machines if len(own[unit]) >= 2}
        rest = {unit for unit in machines if unit not in waited and begun.get(unit)}
        if waited:
            rest = {unit for unit in rest if not _conflicts({unit}, waited, begun, own, found)[0]}
            groups.append(waited | rest)
    quiet = {unit for unit, starts in begun.items() if starts and not any(unit in group for group in groups)}
    joined = True
    while joined:
        joined = False
        for a, b in combinations(range(len(groups)), 2):
            seen, expected = _conflicts(groups[a], groups[b], begun, own, found)
            back, more = _conflicts(groups[b], groups[a], begun, own, found)
            if seen + back <= 0.02 * (expected + more) and expected + more > 3:
                groups[a] |= groups.pop(b)
                joined = True
                break
    for unit in sorted(quiet):
        for group in groups:
            seen, expected = _conflicts({unit}, group, begun, own, found)
            if not seen and expected > 5:
                group.add(unit)
                break
    return groups


def _conflicts(
    users: set[str],
    others: set[str],
    begun: dict[str, list[int]],
    waits: dict[str, list[tuple[int, int]]],
    found: Observed,
) -> tuple[int, float]:
    """How often `users` began work without waiting while one of `others` waited; how often by chance."""
    spans = sorted(span for unit in others - users for span in waits.get(unit, ()))
    if not spans:
        return 0, 0.0
    starts = [start for start, _ in spans]
    longest = np.maximum.accumulate([end for _, end in spans]).tolist()
    seen, total = 0, 0
    for unit in users:
        ended = {end for _, end in waits.get(unit, ())}
        for moment in begun.get(unit, ()):
            if moment in ended:
                continue
            total += 1
            place = bisect.bisect_left(starts, moment - SECOND) - 1
            seen += place >= 0 and longest[place] > moment + SECOND
    return seen, total * _covered(spans) / (found.until - found.since)


def _covered(spans: list[tuple[int, int]]) -> int:
    total, last = 0, 0
    for start, end in spans:
        total += max(0, end - max(start, last))
        last = max(last, end)
    return total


def _held(found: Observed, kind: str, units: set[str]) -> list[tuple[int, int]]:
    """(moment, machines that hold a person from then on), also while down or closed in the middle of work."""
    changes: Counter[int] = Counter()
    for unit in units & found.spans.keys():
        holding = False
        for span in found.spans[unit]:
            now = span.state == kind or (holding and span.state in {"down", "off"} and bool(span.order))
            if now != holding:
                changes[span.start] += 1 if now else -1
            holding = now
    level, steps = 0, []
    for moment in sorted(changes):
        level += changes[moment]
        steps.append((moment, level))
    return steps


def _size(
    found: Observed, plant: Plant, waits: list[tuple[str, Span]], users: set[str], kind: str
) -> tuple[int, float, list[int]] | None:
    """(size, absence, persons in each shift in which somebody waited)."""
    steps = _held(found, kind, users)
    moments = [moment for moment, _ in steps]
    shifts = plant.shifts(next(iter(sorted(users))), found.since, found.until)
    edges = [shift.start for shift in shifts] or list(range(found.since, found.until, 8 * HOUR))
    known: dict[int, int] = {}
    for _, span in waits:
        place = bisect.bisect_right(moments, (span.start + span.end) // 2) - 1
        if place >= 0 and steps[place][1] > 0:
            shift = bisect.bisect_right(edges, span.start)
            known[shift] = max(known.get(shift, 0), steps[place][1])
    long: Counter[int] = Counter()
    least: dict[int, int] = {}
    for (moment, level), (end, _) in pairwise([*steps, (found.until, 0)]):
        long[level] += end - moment
        shift = bisect.bisect_right(edges, moment)
        least[shift] = max(least.get(shift, 0), level)
    lasting = [level for level in long if sum(t for n, t in long.items() if n >= level) > 5 * MINUTE]
    if not known or not lasting:
        return None
    size = max(lasting)
    absences = np.linspace(0.0, 0.3, 61)
    score = np.zeros(len(absences))
    for shift, floor in least.items():
        chance = (
            stats.binom.pmf(min(known[shift], size), size, 1 - absences)
            if shift in known
            else stats.binom.sf(min(floor, size) - 1, size, 1 - absences)
        )
        score += np.log(np.maximum(chance, 1e-12))
    return size, float(absences[int(score.argmax())]), list(known.values())
