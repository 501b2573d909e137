"""The health of one machine: what is unusual and since when, what is left of its life, what is odd about its data."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from luban.core.errors import InputError
from luban.understand.health.indicators.doubt import Doubt, doubts_of
from luban.understand.health.life.trend import TrendLife, trend_life
from luban.understand.health.machine import words
from luban.understand.health.machine.learn import LEAST_GOOD, Learned, MachineWatch, Verdict, fit_watch
from luban.understand.health.machine.readings import Readings
from luban.understand.quality.data import NO_TIME, Floats

__all__ = ["Finding", "Limit", "MachineHealth", "Wear", "examine", "findings_of", "usual_good", "wear_of"]

_QUIET: Final = 10  # rows without an alarm after which a finding is over
_LOOK: Final = 20  # rows after its first at which the channels of a finding are named
_MOST_GOOD: Final = 3000
_SMOOTH: Final = 400  # points that a trend towards a limit is drawn from


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit of wear.

    channel  its name
    value    level at which the machine counts as worn [unit of the channel]
    source   where it is from
    """

    channel: str
    value: float
    source: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """A stretch that is unlike what is usual.

    first, last  rows, the last one unusual among them
    start, end   moments of these [µs UTC], NO_TIME without a clock
    open         it still lasts
    kind         process | value | shape | rhythm
    regime       in which it began
    strength     largest statistic over its limit [1], above 1
    parts        channels with their share in it [1], largest first
    rows         unusual rows in it
    """

    first: int
    last: int
    start: int
    end: int
    open: bool
    kind: str
    regime: str
    strength: float
    parts: tuple[tuple[str, float], ...]
    rows: int

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json` and REST."""
        clock = [None if at == NO_TIME else at for at in (self.start, self.end)]
        return {
            "first": self.first, "last": self.last, "start": clock[0], "end": None if self.open else clock[1],
            "open": self.open, "kind": self.kind, "regime": self.regime, "strength": self.strength,
            "parts": [{"channel": name, "share": share} for name, share in self.parts], "rows": self.rows,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wear:
    """Remaining life by the trend of one channel towards its limit.

    life  None inside where it is withheld, with the reason
    """

    limit: Limit
    unit: str
    age_unit: str
    life: TrendLife

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json` and REST."""
        return {
            "channel": self.limit.channel, "limit": self.limit.value, "unit": self.unit, "source": self.limit.source,
            "age_unit": self.age_unit, **self.life.as_dict(),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class MachineHealth:
    """How a machine is.

    readings  on which it rests, all rows
    good      rows from which what is usual was learned, counted from the first
    learned   None where nothing could be learned, with `reason`
    strength  of each row, nan without a verdict, shape (n,)
    regimes   of each row
    findings  in order of time
    wear      by channel with a limit, the shortest life first
    doubts    about the data
    notes     what was left out or assumed
    """

    readings: Readings
    good: int
    learned: Learned | None
    strength: Floats
    regimes: tuple[str, ...]
    findings: tuple[Finding, ...]
    wear: tuple[Wear, ...]
    doubts: tuple[Doubt, ...]
    notes: tuple[str, ...]
    reason: str = ""

    @property
    def open(self) -> Finding | None:
        """The finding that still lasts, if there is one."""
        return next((one for one in reversed(self.findings) if one.open), None)

    @property
    def shortest(self) -> Wear | None:
        """The wear that ends first; None where no life can be told."""
        return next((one for one in self.wear if one.life.life is not None), None)

    @property
    def state(self) -> str:
        """Worn | unusual | learning | in order."""
        shortest = self.shortest
        if shortest is not None and shortest.life.life == 0:
            return "worn"
        if self.open is not None:
            return "unusual"
        return "learning" if self.learned is None else "in order"

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json` and REST, without the rows themselves."""
        learned = self.learned
        return {
            "machine": self.readings.machine, "state": self.state, "rows": len(self.readings),
            "in_operation": int(self.readings.usable.sum()), "good": self.good, "withheld": self.reason,
            "channels": [
                {"name": name, "unit": unit}
                for name, unit in zip(self.readings.channels, self.readings.units, strict=True)
            ],
            "learned": None if learned is None else {
                "rows": learned.rows, "process": list(learned.channels), "alone": list(learned.alone),
                "counters": list(learned.counters), "regimes": dict(learned.regimes),
                "false_rows": learned.false_rows, "every": learned.every,
            },
            "findings": [one.as_dict() for one in self.findings], "wear": [one.as_dict() for one in self.wear],
            "doubts": [_doubt(one) for one in self.doubts],
            "notes": list(self.notes), "excluded": [one.as_dict() for one in self.readings.excluded],
        }  # fmt: skip


def _doubt(one: Doubt) -> dict[str, Any]:
    return {
        "channel": one.channel, "kind": one.kind, "row": one.at, "time": None if one.time == NO_TIME else one.time,
        "amount": one.amount if math.isfinite(one.amount) else None, "text": one.text,
    }  # fmt: skip


def usual_good(rows: int) -> int:
    """Rows in operation that are taken as good where nobody names them: a third, at least 100, at most 3,000."""
    return min(max(rows // 3, LEAST_GOOD), _MOST_GOOD)


def examine(
    readings: Readings, *, good: int | None = None, limits: Sequence[Limit] = (),
    others: Mapping[str, Sequence[tuple[Floats, Floats]]] | None = None, watch: MachineWatch | None = None,
) -> MachineHealth:  # fmt: skip
    """What the readings of a machine say.

    good     rows in operation, from the first on, that are taken as good; a third of them by default
    limits   of wear
    others   (age, values) of whole histories of other machines of the kind, by channel
    watch    what was learned already; then all rows are judged
    Raises   InputError for a limit of a channel that is not there
    Example  examine(read_readings("pump.csv")[0]).findings
    """
    doubts = _doubts(readings)
    readings, notes = _one_unit(readings, doubts)
    wear = tuple(_ordered([wear_of(readings, one, (others or {}).get(one.channel, ())) for one in limits]))
    running = np.flatnonzero(readings.usable)
    taken = 0 if watch else min(usual_good(len(running)) if good is None else good, len(running))
    until = 0 if watch else int(running[taken - 1]) + 1 if taken else 0
    empty = np.full(len(readings), math.nan)
    bare = MachineHealth(
        readings, taken, None, empty, readings.regimes or ("",) * len(readings), (), wear, doubts, tuple(notes)
    )
    if watch is None:
        try:
            watch = fit_watch(readings.rows(slice(0, until)))
        except InputError as error:
            return replace(bare, reason=error.message)
        notes.append(words.GOOD_ASSUMED.format(n=taken) if good is None else words.GOOD_NAMED.format(n=taken))
    verdict = watch.run(readings)
    found = findings_of(readings, verdict, until)
    notes += [*watch.learned.notes, *_unjudged(verdict, until)]
    strength = verdict.strength.copy()
    return replace(
        bare, learned=watch.learned, strength=strength, regimes=verdict.regimes, findings=found,
        notes=tuple(dict.fromkeys(notes)), reason="" if until < len(readings) else words.NOT_YET,
    )  # fmt: skip


def findings_of(readings: Readings, verdict: Verdict, since: int = 0) -> tuple[Finding, ...]:
    """Stretches of unusual rows, from row `since` on; one is over after ten judged rows that are usual."""
    found, judged = list[Finding](), np.flatnonzero(np.isfinite(verdict.strength))
    current: list[int] = []
    quiet = 0
    for at in judged[judged >= since].tolist():
        if verdict.kinds[at]:
            current.append(at)
            quiet = 0
        elif current:
            quiet += 1
            if quiet >= _QUIET:
                found.append(_finding(readings, verdict, current, lasts=False))
                current, quiet = [], 0
    if current:
        found.append(_finding(readings, verdict, current, lasts=True))
    return tuple(found)


def _finding(readings: Readings, verdict: Verdict, rows: list[int], *, lasts: bool) -> Finding:
    first, last = rows[0], rows[-1]
    look = min(len(rows) - 1, _LOOK)
    own = verdict.parts[rows[look]]
    order = np.argsort(-np.where(np.isfinite(own), own, -math.inf), kind="stable")
    parts = tuple((readings.channels[at], float(own[at])) for at in order.tolist() if math.isfinite(own[at]))
    return Finding(
        first, last, int(readings.time[first]), int(readings.time[last]), lasts, verdict.kinds[first],
        verdict.regimes[first], float(np.nanmax(verdict.strength[rows])), parts, len(rows),
    )  # fmt: skip


def wear_of(readings: Readings, limit: Limit, others: Sequence[tuple[Floats, Floats]] = ()) -> Wear:
    """Remaining life until a channel reaches its limit, from the rows in operation.

    Raises  InputError for a channel that is not there
    """
    if limit.channel not in readings.channels:
        raise InputError(
            "a limit needs a channel and a number", came=limit.channel, expected=", ".join(readings.channels)
        )
    rows = readings.rows(readings.usable)
    age, level = _thinned(rows.age, rows.column(limit.channel))
    life = trend_life(age, level, limit.value, others=[_thinned(*one) for one in others])
    return Wear(limit, readings.unit_of(limit.channel), readings.age_unit, life)


def _thinned(age: Floats, level: Floats) -> tuple[Floats, Floats]:
    """Means of stretches of equal numbers of rows, ages rising."""
    known = np.isfinite(age) & np.isfinite(level)
    age, level = age[known], level[known]
    if len(age):
        rises = np.concatenate(([True], age[1:] > np.maximum.accumulate(age)[:-1]))
        age, level = age[rises], level[rises]
    if len(age) <= _SMOOTH:
        return age, level
    edges = np.linspace(0, len(age), _SMOOTH + 1).astype(np.int64)
    size = np.diff(edges)
    return np.add.reduceat(age, edges[:-1]) / size, np.add.reduceat(level, edges[:-1]) / size


def _ordered(wear: Sequence[Wear]) -> list[Wear]:
    return sorted(wear, key=lambda one: math.inf if one.life.life is None else one.life.life)


def _doubts(readings: Readings) -> tuple[Doubt, ...]:
    """What is odd about the channels; without a clock, times are not looked at."""
    channels = {}
    for at, name in enumerate(readings.channels):
        column = readings.values[:, at]
        kept = np.isfinite(column) if np.isfinite(column).any() else np.ones(len(column), np.bool_)
        channels[name] = (readings.time[kept], column[kept])
    told = doubts_of(channels)
    seen, found = set(), list[Doubt]()
    for one in told:
        # a clock is the same for all channels of a row: said once
        key = (one.kind, one.time) if one.kind in _CLOCKS else (one.kind, one.channel, one.at)
        if key not in seen:
            seen.add(key)
            found.append(replace(one, channel="" if one.kind in _CLOCKS else one.channel))
    return tuple(found)


_CLOCKS: Final = ("clock set back", "gap", "sampling changed")


def _one_unit(readings: Readings, doubts: Sequence[Doubt]) -> tuple[Readings, list[str]]:
    """Without the values of a channel from a change of its unit on: they cannot be compared with those before."""
    changed: dict[str, Doubt] = {}
    for one in doubts:
        if one.kind == "unit changed":
            changed.setdefault(one.channel, one)
    if not changed:
        return readings, []
    values, notes = readings.values.copy(), []
    for name, one in changed.items():
        column = values[:, readings.channels.index(name)]
        known = np.flatnonzero(np.isfinite(column))
        column[known[min(one.at, len(known) - 1)] :] = math.nan
        notes.append(words.UNIT_APART.format(channel=name))
    return replace(readings, values=values), notes


def _unjudged(verdict: Verdict, since: int) -> list[str]:
    unseen = sum(one == words.NEVER_SEEN for one in verdict.reasons[since:])
    thin = sum(one == "not enough rows of good operation" for one in verdict.reasons[since:])
    found = [words.UNSEEN.format(n=unseen)] if unseen else []
    return found + ([words.THIN.format(n=thin)] if thin else [])
