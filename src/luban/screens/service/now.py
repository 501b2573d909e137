"""The plant at this moment: state of each unit, value of each signal, link of each source, each with its age.

Reads  Fact(signal, state, event)

What nobody can vouch for now is said so: a value whose source went silent keeps its number and loses its quality,
a unit's state becomes unknown. Nothing is filled in.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from luban.core.quality import Quality
from luban.core.time import DAY, MILLISECOND, MINUTE, SECOND
from luban.ledger import Ledger
from luban.norms import TimeElement, state_mapping
from luban.plant import Plant

__all__ = ["SILENT_AFTER", "Live", "Now", "SignalNow", "SourceNow", "UnitNow", "element_kind"]

SILENT_AFTER = 20 * SECOND  # a proof of the link is in the books at most 15 s after it happened
_LOOK_BACK = 30 * DAY
_STATES_EVERY = 400 * MILLISECOND


@dataclass(frozen=True, slots=True)
class SignalNow:
    """A signal's newest value.

    time     when it was true [µs UTC]; None where no value ever came
    unit     engineering unit
    quality  code of the fact; None where there is none
    doubt    good, uncertain, bad, silent (its source is) or none (no value yet)
    why      the doubt in words
    """

    id: str
    equipment: str
    name: str
    source: str
    role: str
    unit: str
    time: int | None
    value: float | None
    text: str | None
    quality: int | None
    doubt: str
    why: str
    seq: int | None


@dataclass(frozen=True, slots=True)
class UnitNow:
    """A place in the tree and, for a work unit, its state.

    state    the machine's own word; empty for places without a state
    element  time element of that word (ISO 22400)
    kind     how it is drawn: production, setup, waiting, down, idle, planned, unknown
    since    since when [µs UTC]
    """

    path: str
    name: str
    level: str
    parent: str
    children: tuple[str, ...]
    state: str = ""
    element: str = ""
    kind: str = ""
    since: int | None = None
    reason: str = ""
    why: str = ""
    seq: int | None = None


@dataclass(frozen=True, slots=True)
class SourceNow:
    """A source's link.

    link    up, silent (was up, proves nothing now), down, refused, new (never seen)
    seen    newest moment at which the link was proved [µs UTC]
    since   since when the link is as it is [µs UTC]
    text    what the collector says
    """

    id: str
    type: str
    link: str
    seen: int | None
    since: int | None
    text: str
    gaps: int
    quarantined: int


@dataclass(frozen=True, slots=True)
class Now:
    """One look at the whole plant."""

    time: int
    head: int
    units: Mapping[str, UnitNow]
    signals: Mapping[str, SignalNow]
    sources: Mapping[str, SourceNow]


@dataclass(slots=True)
class _Heard:
    """What the events say of one source."""

    seen: int | None = None  # end of the newest island of proof
    start: int | None = None  # start of it
    closing: int = 0  # seq of the newest proof
    lost: tuple[int, int] | None = None  # end and closing seq of the island before it
    link: tuple[int, str, str] | None = None
    gaps: dict[int, int] = field(default_factory=dict)
    quarantined: dict[int, int] = field(default_factory=dict)


def element_kind(element: TimeElement, *, failure: bool) -> str:
    """How a time element is drawn; a failure is drawn as down whatever its element."""
    if failure:
        return "down"
    return {
        TimeElement.APT: "production", TimeElement.AUST: "setup", TimeElement.ADET: "waiting",
        TimeElement.ADOT: "idle", TimeElement.PDOT: "planned",
    }.get(element, "unknown")  # fmt: skip


class Live:
    """Looks at the plant again and again, reading only what is new. Safe from any thread."""

    def __init__(self, ledger: Ledger, plant: Plant, collectors: Callable[[], Mapping[str, Any]] = dict) -> None:
        self._ledger, self._plant, self._collectors = ledger, plant, collectors
        self._lock = threading.Lock()
        self._states: dict[str, dict[str, Any]] = {}
        self._heard: dict[str, _Heard] = {}
        self._states_read: int | None = None
        self._events_read: int | None = None
        self._newest: Now | None = None
        # the sources that may speak for a unit's state: only they can cover it
        self._speakers = {
            unit: tuple(sorted({s.source for s in plant.signals.values() if s.unit_path == unit and s.enabled}))
            for unit in plant.work_units
        }

    def read(self, at: int, *, fresh: int = 0) -> Now:
        """The plant at `at` [µs UTC, about now]; an earlier look not older than `fresh` [µs] will do."""
        with self._lock:
            if fresh and self._newest and 0 <= at - self._newest.time < fresh:
                return self._newest
            # values move ten times a second; states and links need not be looked at as often
            if self._states_read is None or at - self._states_read >= _STATES_EVERY or at < self._states_read:
                self._read_states(at)
                self._read_events(at)
            sources = {name: self._source(name, at) for name in self._plant.sources}
            last = {row["subject"]: row for row in self._ledger.last_values().to_pylist()}
            signals = {s.id: self._signal(s, last.get(s.id), sources) for s in self._plant.signals.values()}
            units = {path: self._unit(path, sources, at) for path in self._plant.equipment}
            self._newest = Now(at, self._ledger.head, units, signals, sources)
            return self._newest

    def _read_states(self, at: int) -> None:
        # an hour's overlap, because a late fact carries the time at which it was true
        since = at - _LOOK_BACK if self._states_read is None else self._states_read - 60 * MINUTE
        table = self._ledger.table("state", since=since, until=at + MINUTE)
        newest: dict[str, dict[str, Any]] = {}
        for row in table.select(["subject", "time", "seq", "state", "mapping", "reason", "source"]).to_pylist():
            known = newest.get(row["subject"])
            if known is None or (row["time"], row["seq"]) > (known["time"], known["seq"]):
                newest[row["subject"]] = row
        self._states |= newest
        self._states_read = at

    def _read_events(self, at: int) -> None:
        since = at - DAY if self._events_read is None else self._events_read - 10 * MINUTE
        table = self._ledger.table("event", since=since)
        for row in table.select(["subject", "kind", "time", "end", "code", "text", "seq"]).to_pylist():
            heard = self._heard.setdefault(row["subject"], _Heard())
            if row["kind"] == "alive":
                _extend(heard, row["time"], row["end"] or row["time"], row["seq"])
            elif row["kind"] == "gap":
                heard.gaps[row["seq"]] = row["time"]
            elif row["kind"] == "quarantine":
                heard.quarantined[row["seq"]] = row["time"]
            elif row["kind"] == "link" and (heard.link is None or row["time"] >= heard.link[0]):
                heard.link = (row["time"], row["code"] or "", row["text"] or "")
        for heard in self._heard.values():
            heard.gaps = {seq: time for seq, time in heard.gaps.items() if time > at - DAY}
            heard.quarantined = {seq: time for seq, time in heard.quarantined.items() if time > at - DAY}
        self._events_read = at

    def _source(self, name: str, at: int) -> SourceNow:
        source = self._plant.sources[name]
        heard = self._heard.get(name, _Heard())
        running = self._collectors().get(name)
        if running is not None and running.last_alive:
            heard.seen = max(heard.seen or 0, running.last_alive)
        when, code, text = heard.link or (None, "", "")
        link, since = "new", when
        if code in {"down", "refused"} and (heard.seen is None or (when or 0) >= heard.seen - SECOND):
            link = code
        elif heard.seen is not None:
            link = "up" if at - heard.seen <= SILENT_AFTER else "silent"
            since = heard.start if link == "up" else heard.seen
        said = text if link in {"down", "refused"} else ""
        return SourceNow(name, source.type, link, heard.seen, since, said, len(heard.gaps), len(heard.quarantined))

    def _signal(self, signal: Any, row: Mapping[str, Any] | None, sources: Mapping[str, SourceNow]) -> SignalNow:
        fixed = (signal.id, signal.unit_path, signal.name, signal.source, signal.role, signal.unit)
        if not signal.enabled:
            return SignalNow(*fixed, None, None, None, None, "none", "switched off", None)
        if row is None:
            return SignalNow(*fixed, None, None, None, None, "none", "no value yet", None)
        quality = Quality(row["quality"]) if row["quality"] in Quality._value2member_map_ else Quality.BAD
        doubt = "good" if quality.is_good else "bad" if quality.is_bad else "uncertain"
        why = quality.label
        source = sources.get(signal.source)
        if source is not None and source.link != "up" and doubt == "good":
            doubt, why = "silent", "no data since"
        return SignalNow(*fixed, row["time"], row["value"], row["text"], int(quality), doubt, why, row["seq"])

    def _unit(self, path: str, sources: Mapping[str, SourceNow], at: int) -> UnitNow:
        place = self._plant.equipment[path]
        fixed = (path, place.name, place.kind, place.parent or "", tuple(place.children))
        speakers = self._speakers.get(path)
        if speakers is None:
            return UnitNow(*fixed)
        fact = self._states.get(path)
        links = [sources[name] for name in speakers if name in sources]
        if fact is None:
            why = "no source is configured for this unit" if not links else "no state came yet"
            return UnitNow(*fixed, state="", element="UNKNOWN", kind="unknown", why=why)
        mine = sources.get(fact["source"])
        if mine is not None and mine.link != "up":
            since = max(filter(None, (mine.seen, fact["time"])), default=at)
            return UnitNow(*fixed, "", "UNKNOWN", "unknown", since, "", "no data since", fact["seq"])
        lost = self._heard[fact["source"]].lost if fact["source"] in self._heard else None
        if lost and fact["time"] < lost[0] and fact["seq"] < lost[1]:
            why = "no state since the data came back"
            return UnitNow(*fixed, "", "UNKNOWN", "unknown", lost[0], "", why, fact["seq"])
        mapping = state_mapping(fact["mapping"])
        element, failure = mapping.element(fact["state"]), mapping.is_failure(fact["state"])
        kind = element_kind(element, failure=failure)
        return UnitNow(
            *fixed,
            fact["state"],
            element.value,
            kind,
            fact["time"],
            fact["reason"] or "",
            "",
            fact["seq"],
        )


def _extend(heard: _Heard, start: int, end: int, seq: int) -> None:
    """Take one proof of the link; they come in seq order, so an earlier one may come again."""
    if seq <= heard.closing:
        return
    if heard.seen is None or start > heard.seen + SECOND:
        heard.lost = (heard.seen, heard.closing) if heard.seen is not None and heard.closing else None
        heard.start = start
    heard.seen, heard.closing = max(end, heard.seen or end), seq
