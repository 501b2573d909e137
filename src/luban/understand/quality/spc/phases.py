"""Phase 1 and phase 2: which points limits rest on, how they are frozen, and the history of their revisions.

What people decide here is an entry of kind `limits` in the books: nothing is overwritten, and what holds is worked out
by going through the entries of a characteristic.

    freeze    data {"limits": Limits.as_dict()}: these limits hold from `since`, or from the time of the entry
    withdraw  data {"revision": n}, or the newest one: it never held
    exclude   data {"seq": fact of the point}, text: why; include takes it back
    cause     data {"seq": fact of the point}, text: the assignable cause that was found

Reads   entries of kind `limits`
Writes  nothing
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from luban.core.errors import InputError
from luban.understand.quality.data import NO_TIME, Floats, Ints
from luban.understand.quality.spc.chart import Chart, Violation
from luban.understand.quality.spc.charts import control_chart, kind_of, panels_of
from luban.understand.quality.spc.judge import Judge
from luban.understand.quality.spc.kind import SPREAD, Kind, Points, Track
from luban.understand.quality.spc.limits import Limits
from luban.understand.quality.spc.rules import Rule, chosen_rules

if TYPE_CHECKING:  # the books bring a database with them, and a chart of a file needs none
    from luban.understand.book import Entry

__all__ = ["causes", "freeze", "left_out", "limits_at", "revisions", "staged_chart", "trial_chart"]

MOST_LEFT_OUT = 0.25
"""Share of points that trials may leave out before they stop: beyond it there is no stable process to describe."""


# --- phase 1 ----------------------------------------------------------------------------------------------------------


def trial_chart(
    kind: str,
    data: Any,
    *,
    rules: str | Rule | Iterable[str | Rule] = "limits",
    out: Mapping[int, str] | None = None,
    rounds: int = 20,
    **options: Any,
) -> Chart:
    """A phase 1 chart whose limits were estimated anew until no point that they rest on breaks a rule.

    In each round the points at which a rule fired are left out; those of the scatter first, for the limits of the mean
    rest on it. Each has its rule and round as reason: a proposal. A point belongs out only if its cause is known and
    gone, so look for the causes before you freeze.

    rounds   most rounds
    Raises   InputError as `control_chart` does
    Example  trial_chart("p", counts).out == {13: "beyond_limits (proportion, round 1)"}
    """
    gone = dict(out or {})
    chart = control_chart(kind, data, rules=rules, out=gone, **options)
    notes: tuple[str, ...] = ()
    for number in range(1, rounds + 1):
        new = _speaking(kind_of(kind), chart)
        if not new:
            break
        if len(gone) + len(new) > MOST_LEFT_OUT * len(chart.labels):
            share = f"{100 * MOST_LEFT_OUT:.0f}"
            notes = (f"More than {share} % of the points would be left out: find the causes, these limits do not hold",)
            break
        gone |= {at: f"{rule} ({panel}, round {number})" for at, (rule, panel) in new.items()}
        chart = control_chart(kind, data, rules=rules, out=gone, **options)
    return replace(chart, notes=(*chart.notes, *notes))


def _speaking(kind: Kind, chart: Chart) -> dict[int, tuple[str, str]]:
    """Points that limits rest on at which a rule fired -> rule and panel; those of the scatter within alone, if any."""
    said: dict[int, dict[int, tuple[str, str]]] = {}
    for one in chart.violations:
        if one.point not in chart.out:
            said.setdefault(one.panel, {}).setdefault(one.point, (one.rule, chart.panels[one.panel].name))
    # a moving range speaks of two points: the value that lies off is the one to leave out
    first = [at for at, panel in enumerate(kind.panels) if panel.role == SPREAD and panel.name != "moving range"]
    for panel in first:
        if panel in said:
            return said[panel]
    return said.get(0) or next(iter(said.values()), {})


def freeze(chart: Chart, *, person: str, reason: str, since: int = NO_TIME, revision: int = 0) -> Limits:
    """Limits of a phase 1 chart for the points to come.

    person, reason  who freezes them and why; neither may be empty
    since           from when they hold [µs UTC]
    revision        number in the history; `revisions` counts by itself
    Raises          InputError: phase 2 chart, nobody, no reason

    Example  freeze(chart, person="q.li", reason="25 stable subgroups").parameters["sigma"]
    """
    if chart.phase != 1:
        raise InputError("these limits are frozen already", came=f"phase {chart.phase}", expected="a phase 1 chart")
    for what, said in (("person", person), ("reason", reason)):
        if not said.strip():
            raise InputError(f"limits are frozen by a person, with a reason: {what} is missing", where=what)
    notes = chart.notes
    if not chart.in_control:
        fired = len({one.point for one in chart.violations} - set(chart.out))
        notes = (*notes, f"Frozen although rules fired at {fired} of the points they rest on")
    kind = kind_of(chart.kind)
    unit = chart.panels[0].unit if not kind.panels[0].unit else "1"
    parameters = {name: value for name, value in chart.parameters.items() if name not in ("rules", "revision")}
    out = {chart.labels[at]: why for at, why in chart.out.items()}
    return Limits(
        chart.kind, parameters, chart.used, chart.characteristic, unit, out, revision, since, person, reason, notes
    )


# --- history ----------------------------------------------------------------------------------------------------------


def revisions(entries: Sequence[Entry]) -> tuple[Limits, ...]:
    """Limits in force of one characteristic, oldest first by the time from which they hold.

    Revisions are counted in the order of freezing; one that was withdrawn keeps its number. Entries that do not hold
    limits are passed over.

    Example  revisions(entries(ledger, "limits", "shaft:diameter"))[-1].revision == 3
    """
    held: dict[int, Limits] = {}
    count = 0
    for entry in entries:
        if entry.code == "freeze":
            count += 1
            try:
                limits = Limits.from_dict(entry.data.get("limits", {}))
            except (InputError, TypeError, ValueError, AttributeError):
                continue
            since = entry.time if limits.since == NO_TIME else limits.since
            person, reason = limits.person or entry.person, limits.reason or entry.text
            held[count] = replace(limits, revision=count, since=since, person=person, reason=reason)
        elif entry.code == "withdraw" and held:
            held.pop(int(entry.data.get("revision") or max(held)), None)
    return tuple(sorted(held.values(), key=lambda one: (one.since, one.revision)))


def limits_at(stages: Sequence[Limits], time: int) -> Limits | None:
    """Limits that hold at a time [µs UTC]: the newest that began by then, else the first; None if there are none."""
    before = [one for one in stages if one.since <= time]
    return before[-1] if before else stages[0] if stages else None


def left_out(entries: Sequence[Entry]) -> Mapping[int, str]:
    """Points that people left out of the limits of one characteristic: seq of the point's fact -> reason."""
    out: dict[int, str] = {}
    for entry in entries:
        seq = entry.data.get("seq")
        if not isinstance(seq, int):
            continue
        if entry.code == "exclude":
            out[seq] = entry.text
        elif entry.code == "include":
            out.pop(seq, None)
    return out


def causes(entries: Sequence[Entry]) -> Mapping[int, tuple[Entry, ...]]:
    """Assignable causes that people noted: seq of the point's fact -> entries, oldest first."""
    noted: dict[int, tuple[Entry, ...]] = {}
    for entry in entries:
        seq = entry.data.get("seq")
        if entry.code == "cause" and isinstance(seq, int):
            noted[seq] = (*noted.get(seq, ()), entry)
    return noted


# --- phase 2 across revisions -----------------------------------------------------------------------------------------


def staged_chart(data: Any, stages: Sequence[Limits], *, rules: str | Rule | Iterable[str | Rule] = "limits") -> Chart:
    """A phase 2 chart across revisions: each point is judged by the limits that held at its time.

    No pattern and no memory (moving range, EWMA, …) reaches across a revision. Points without a time belong to the last
    revision. `parameters` are those of the last one; "stages" lists index of the first point, revision and since.

    stages   oldest first, all of one kind, as `revisions` gives them
    Raises   InputError: no stage, or stages of different charts
    Example  staged_chart(sample, revisions(entries), rules="nelson").parameters["stages"]
    """
    if not stages or len({one.kind for one in stages}) != 1:
        came = ", ".join(sorted({one.kind for one in stages})) or "none"
        raise InputError("limits of one kind are needed", came=came, expected="at least one revision of one chart")
    kind, chosen = kind_of(stages[0].kind), chosen_rules(rules)
    points = kind.points(data)
    cuts = _cuts(data.time, stages)
    tracks: list[tuple[Track, ...]] = []
    violations: list[Violation] = []
    listed = []
    for limits, first, last in cuts:
        part = kind.start(limits).advance(_part(points, first, last))
        violations += Judge(kind.panels, chosen).judge(part, first)
        tracks.append(part)
        listed.append({"first": first, "revision": limits.revision, "since": _json_time(limits.since)})
    final = stages[-1]
    parameters = {
        **final.parameters,
        "revision": final.revision,
        "rules": [one.name for one in chosen],
        "stages": listed,
    }
    return Chart(
        kind=kind.name, characteristic=data.characteristic, labels=data.labels, time=data.time,
        panels=panels_of(kind, _joined(tracks), getattr(data, "unit", "1")), violations=tuple(violations),
        parameters=parameters, phase=2, used=len(data.labels), excluded=data.excluded, notes=final.notes,
        source=data.source,
    )  # fmt: skip


def _json_time(time: int) -> int | None:
    return None if time == NO_TIME else time


def _cuts(time: Ints, stages: Sequence[Limits]) -> list[tuple[Limits, int, int]]:
    """Limits with the first point and the point after the last that they judge; points lie in order of time."""
    begins = np.array([one.since for one in stages], np.int64)
    which = np.where(time == NO_TIME, len(stages) - 1, np.maximum(np.searchsorted(begins, time, "right") - 1, 0))
    edges = [0, *(np.flatnonzero(np.diff(which)) + 1).tolist(), len(which)]
    return [(stages[int(which[a])], a, b) for a, b in pairwise(edges) if b > a]


def _part(points: Points, first: int, last: int) -> Points:
    starts = points.starts[first : last + 1]
    values = np.ascontiguousarray(points.values[starts[0] : starts[-1]])
    return Points(values, starts - starts[0], points.sizes[first:last])


def _joined(tracks: Sequence[tuple[Track, ...]]) -> tuple[Track, ...]:
    """Tracks one after the other, panel by panel."""

    def whole(track: Track) -> Floats:
        return np.broadcast_to(track.lines, (4, len(track.values)))

    if len(tracks) == 1:
        return tracks[0]
    return tuple(
        Track(np.concatenate([one.values for one in panel]), np.hstack([whole(one) for one in panel]))
        for panel in zip(*tracks, strict=True)
    )
