"""The facts of a window as the calibration needs them: visits, what machines did, orders; and what is wrong with them.

Reads  Fact(state, operation, event) of [since, until); nothing that became known later.
"""

from __future__ import annotations

import bisect
import itertools
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from luban.core.errors import InputError, LubanError
from luban.core.time import MINUTE, SECOND, parse_time
from luban.ledger import Ledger
from luban.norms.states import state_mapping
from luban.norms.time_elements import TimeElement
from luban.plant import Plant
from luban.twin.calibrate.evidence import Evidence
from luban.twin.model import STATES

__all__ = ["Observed", "OrderFact", "Span", "Visit", "observe"]

_WORDS = {"running": "run", "producing": "run", "planned_stop": "maintenance", "fault": "down", "setup": "setup"}
_ELEMENTS = {
    TimeElement.APT: "run",
    TimeElement.AUST: "setup",
    TimeElement.ADET: "blocked",
    TimeElement.ADOT: "idle",
    TimeElement.PDOT: "maintenance",
}
_CODES = {
    "arrival": {"order arrived", "arrived", "arrival", "ordered", "order received"},
    "release": {"order released", "released", "release"},
    "finish": {"order finished", "finished", "finish", "done", "shipped"},
    "lost": {"order scrapped", "lost", "scrapped"},
    "ready": {"material ready", "material arrived", "ready"},
}


@dataclass(slots=True)
class Visit:
    """An order at one operation.

    unit     work unit; '' where no machine is meant (outside, drying)
    start    the machine was taken [µs UTC]; end None: not ended, or the end is missing
    spent    state → time in it between start and end [s]; empty where the machine tells no states
    mates    visits of the same batch, itself included
    """

    order: str
    item: str
    operation: str
    unit: str
    start: int
    end: int | None
    good: float | None
    scrap: float | None
    person: str = ""
    spent: dict[str, float] = field(default_factory=dict)
    mates: int = 1
    batch: int = -1

    @property
    def quantity(self) -> float | None:
        """Pieces that went through."""
        return None if self.good is None else self.good + (self.scrap or 0.0)


@dataclass(slots=True)
class Span:
    """What a work unit did from `start` to `end` [µs UTC]; `state` in words of `STATES`, or unknown."""

    start: int
    end: int
    state: str
    reason: str = ""
    order: str = ""
    operation: str = ""
    item: str = ""


@dataclass(slots=True)
class OrderFact:
    """What is known of an order [µs UTC]."""

    id: str
    item: str = ""
    quantity: float = 0.0
    arrival: int | None = None
    ready: int | None = None
    release: int | None = None
    finish: int | None = None
    due: int | None = None
    priority: float = 0.0
    lost: bool = False
    good: float | None = None


@dataclass(slots=True)
class Observed:
    """Facts of one window, ordered.

    spans   work unit → what it did, without holes inside its first and last word
    starts  work unit → starts of its spans, for searching
    batched (item, operation) of which lots were seen to share a machine
    cases   order → its visits; at: work unit → visits there
    """

    since: int
    until: int
    visits: list[Visit]
    spans: dict[str, list[Span]]
    orders: dict[str, OrderFact]
    machines: tuple[str, ...]
    starts: dict[str, list[int]] = field(default_factory=dict)
    batched: set[tuple[str, str]] = field(default_factory=set)
    cases: dict[str, list[Visit]] = field(default_factory=dict)
    at: dict[str, list[Visit]] = field(default_factory=dict)

    def during(self, unit: str, start: int, end: int) -> Iterator[tuple[Span, float]]:
        """Spans of a unit that meet [start, end), each with the seconds inside."""
        spans, starts = self.spans.get(unit, []), self.starts.get(unit, [])
        place = max(0, bisect.bisect_right(starts, start) - 1)
        while place < len(spans) and spans[place].start < end:
            inside = min(spans[place].end, end) - max(spans[place].start, start)
            if inside > 0:
                yield spans[place], inside / SECOND
            place += 1

    def state_before(self, unit: str, moment: int) -> str:
        """State that ended at or just before a moment; unknown where nobody says."""
        place = bisect.bisect_left(self.starts.get(unit, []), moment) - 1
        return self.spans[unit][place].state if place >= 0 else "unknown"


def observe(ledger: Ledger, plant: Plant, since: int, until: int, evidence: Evidence) -> Observed:
    """Facts of [since, until) [µs UTC]. Raises InputError where there is no operation to learn from."""
    if since >= until:
        raise InputError("an empty window", came=f"{since} to {until}", expected="since before until")
    units = set(plant.work_units)
    spans = _spans(_rows(ledger, "state", since, until), until, evidence)
    visits = _visits(_rows(ledger, "operation", since, until), units, until, evidence)
    if not visits:
        raise InputError(
            "no operation fact in the window",
            where=str(ledger.folder),
            expected="operation facts: order, operation, work unit, start, end",
            hint="collect them first, or choose another window",
        )
    orders = _orders(_rows(ledger, "event", since, until), plant, visits, evidence)
    machines = tuple(unit for unit in plant.work_units if unit in spans or any(v.unit == unit for v in visits))
    found = Observed(since, until, visits, spans, orders, machines)
    found.starts = {unit: [span.start for span in own] for unit, own in spans.items()}
    for visit in visits:
        found.cases.setdefault(visit.order, []).append(visit)
        if visit.unit:
            found.at.setdefault(visit.unit, []).append(visit)
    _clock_skew(found, evidence)
    _batches(found)
    _spend(found)
    return found


def _rows(ledger: Ledger, stream: str, since: int, until: int) -> list[dict[str, Any]]:
    table = ledger.table(stream, since=since, until=until)
    rows: list[dict[str, Any]] = table.to_pylist()
    return sorted(rows, key=lambda row: (row["time"], row["seq"]))


def _state(row: dict[str, Any]) -> str:
    """The word of the model for a state fact."""
    word, reason = str(row["state"]).casefold(), str(row["reason"] or "").casefold()
    if word in {"waiting", "operator", "blocked"}:
        return "operator" if "operator" in reason or word == "operator" else "blocked"
    if word in STATES:
        return "standby" if word == "idle" and reason == "standby" else word
    if word in _WORDS:
        found = _WORDS[word]
        return "off" if found == "maintenance" and reason in {"break", "meeting"} else found
    try:
        mapping = state_mapping(str(row["mapping"]))
    except LubanError:
        return "unknown"
    if mapping.is_failure(word):
        return "down"
    return _ELEMENTS.get(mapping.element(word), "unknown")


def _spans(rows: Sequence[dict[str, Any]], until: int, evidence: Evidence) -> dict[str, list[Span]]:
    by_unit: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        by_unit[str(row["subject"])].append(row)
    found: dict[str, list[Span]] = {}
    dark: dict[str, float] = {}
    for unit, own in by_unit.items():
        spans: list[Span] = []
        for row, following in zip(own, [*own[1:], None], strict=True):
            end = min(following["time"], until) if following else until
            state = "unknown" if row["quality"] >= 64 else _state(row)
            work = [str(row[name] or "") for name in ("reason", "order", "operation", "item")]
            if end > row["time"]:
                spans.append(Span(row["time"], end, state, *work))
        found[unit] = spans
        total = sum(span.end - span.start for span in spans)
        dark[unit] = sum(s.end - s.start for s in spans if s.state == "unknown") / total if total else 1.0
    for unit, share in dark.items():
        if share > 0.01:
            evidence.miss(
                "state",
                unit,
                f"unknown in {share:.0%} of the time",
                "that time is left out",
                "an unbroken state signal",
            )
    return found


def _visits(rows: Sequence[dict[str, Any]], units: set[str], until: int, evidence: Evidence) -> list[Visit]:
    visits = []
    wrong = 0
    for row in rows:
        unit = str(row["subject"])
        end = row["end"]
        if end is not None and end < row["time"]:
            wrong += 1
            end = None
        ended = end is not None and end <= until
        visits.append(
            Visit(
                str(row["order"]),
                str(row["item"] or ""),
                str(row["operation"]),
                unit if unit in units else "",
                row["time"],
                end if ended else None,
                row["good"] if ended else None,
                row["scrap"] if ended else None,
                str(row["person"] or ""),
            )
        )
    if wrong:
        evidence.miss(
            "end of an operation",
            "plant",
            f"{wrong} end before they start",
            "taken as missing",
            "one clock per machine",
        )
    return visits


def _orders(
    rows: Sequence[dict[str, Any]], plant: Plant, visits: Sequence[Visit], evidence: Evidence
) -> dict[str, OrderFact]:
    found: dict[str, OrderFact] = {}
    by_code = {code: name for name, codes in _CODES.items() for code in codes}
    for row in rows:
        name = by_code.get(str(row["code"] or "").casefold())
        if name is None or row["kind"] not in {"note", "act"}:
            continue
        own = found.setdefault(str(row["subject"]), OrderFact(str(row["subject"])))
        said = json.loads(row["data"]) if row["data"] else {}
        own.item = own.item or str(said.get("item", ""))
        own.quantity = own.quantity or float(said.get("quantity", 0.0))
        own.priority = float(said.get("priority", own.priority))
        if said.get("due"):
            own.due = parse_time(str(said["due"]))
        if name == "lost":
            own.lost, own.finish = True, row["time"]
        else:
            setattr(own, name, row["time"])
        own.good = said.get("good", own.good)
    told = len(found)
    for visit in visits:
        own = found.setdefault(visit.order, OrderFact(visit.order))
        own.item = own.item or visit.item
    for own in found.values():
        known = plant.orders.get(own.id)
        if known is not None:
            own.item, own.quantity = own.item or known.item, own.quantity or known.quantity
            own.due = own.due if own.due is not None else known.due
            own.priority = own.priority or known.priority
    if not told:
        evidence.miss(
            "arrival of orders",
            "plant",
            "no event says when an order came, was released or finished",
            "first and last operation stand for release and finish",
            "event facts `order arrived`, `order released`, `order finished`",
        )
    return found


def _clock_skew(found: Observed, evidence: Evidence) -> None:
    """An operation that begins before the previous one of its order has ended: by how much, how often."""
    early: list[float] = []
    pairs = 0
    for case in found.cases.values():
        case.sort(key=lambda visit: (visit.start, visit.end or found.until))
        for before, after in itertools.pairwise(case):
            if before.end is not None:
                pairs += 1
                if after.start < before.end:
                    early.append((before.end - after.start) / SECOND)
    if early:
        evidence.miss(
            "clock of the machines",
            "plant",
            f"{len(early)} of {pairs} operations begin before the previous one of the order has ended, "
            f"by up to {max(early):.1f} s",
            "the later time holds",
            "machines on one time service (NTP)",
        )
    missing = sum(
        1
        for own in found.at.values()
        for a, b in itertools.pairwise(own)
        if a.end is None and b.start > a.start + MINUTE
    )
    if missing:
        evidence.miss(
            "end of an operation",
            "plant",
            f"{missing} of {len(found.visits)} operations have no end although the machine went on",
            "left out of the times",
            "the end of each operation",
        )


def _batches(found: Observed, apart: int = 2 * SECOND) -> None:
    """Visits of one machine that start and end together are one batch."""
    number = 0
    for own in found.at.values():
        own.sort(key=lambda visit: (visit.start, visit.end or found.until))
        group: list[Visit] = []
        for visit in [*own, None]:
            first = group[0] if group else None
            together = (
                visit is not None
                and first is not None
                and visit.start - first.start <= apart
                and visit.end is not None
                and first.end is not None
                and abs(visit.end - first.end) <= apart
            )
            if not together:
                for member in group:
                    member.mates, member.batch = len(group), number
                    if len(group) > 1:
                        found.batched.add((member.item, member.operation))
                number += 1
                group = []
            if visit is not None:
                group.append(visit)


def _spend(found: Observed) -> None:
    for visit in found.visits:
        if visit.end is None or visit.unit not in found.spans:
            continue
        for span, seconds in found.during(visit.unit, visit.start, visit.end):
            visit.spent[span.state] = visit.spent.get(span.state, 0.0) + seconds
