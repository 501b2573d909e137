"""The health of one machine: what is unusual and since when, what is left of its life, what is odd about its data."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from luban.core.errors import InputError
from luban.understand.health.indicators.doubt import Doubt, DoubtWatch
from luban.understand.health.life.trend import TrendLife, trend_life
from luban.understand.health.machine import words
from luban.understand.health.machine.learn import LEAST_GOOD, Learned, MachineWatch, Verdict, fit_watch
from luban.understand.health.machine.readings import Readings, joined
from luban.understand.quality.data import NO_TIME, Floats

__all__ = [
    "Examiner",
    "Finding",
    "Limit",
    "MachineHealth",
    "Wear",
    "examine",
    "findings_of",
    "past_lives",
    "usual_good",
    "wear_of",
]

_QUIET: Final = 24  # usual rows after which a finding is over, so that one event is not cut in many
_LEAST: Final = 5  # unusual rows of a process below which nothing is said
_LOOK: Final = 20  # rows after its first at which the channels of a finding are named
_MIXED: Final = 128  # values before a change of unit is told, that may hold both units
_SILENT: Final = 30  # rows that others have and a channel has not
_MOST_GOOD: Final = 3000
_SMOOTH: Final = 400  # points that a trend towards a limit is drawn from


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit of wear.

    channel    its name
    value      level at which the machine counts as worn [unit of the channel]
    source     where it is from
    condition  high: worn above it; low: below it; "": on the other side of where the readings began
    """

    channel: str
    value: float
    source: str = ""
    condition: str = ""


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

    life           None inside where it is withheld, with the reason
    since_unusual  it rests only on the rows since the machine is unlike its good operation
    """

    limit: Limit
    unit: str
    age_unit: str
    life: TrendLife
    since_unusual: bool = False

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json` and REST."""
        return {
            "channel": self.limit.channel, "limit": self.limit.value, "unit": self.unit, "source": self.limit.source,
            "condition": self.limit.condition, "age_unit": self.age_unit, "since_unusual": self.since_unusual,
            **self.life.as_dict(),
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
    watch: MachineWatch | None = None

    def usual(self, channel: str) -> list[tuple[str, float, float]]:
        """Regime, mean and standard deviation of a channel while good [its unit]."""
        if self.watch is None or self.learned is None or channel in self.learned.counters:
            return []
        told = [(name, self.watch.usual(channel, name)) for name, _ in self.learned.regimes]
        return [(name, *pair) for name, pair in told if pair is not None]

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
    others: Mapping[str, Sequence[tuple[Floats, Floats]]] | None = None,
) -> MachineHealth:  # fmt: skip
    """What the readings of a machine say.

    good     rows in operation, from the first on, that are taken as good; a third of them by default
    limits   of wear
    others   (age, values) of whole histories of other machines of the kind, by channel
    Raises   InputError for a limit of a channel that is not there
    Example  examine(read_readings("pump.csv")[0]).findings
    """
    named = good is not None
    own = Examiner(usual_good(int(readings.usable.sum())) if good is None else good, named=named)
    own.take(readings)
    return own.health(limits, others)


class Examiner:
    """Takes the readings of a machine as they come; what it says is that of all of them at once, to the bit.

    good   rows in operation, from the first on, that are taken as good
    named  a person or a record says so; otherwise it is an assumption, and said
    model  what was learned before, as `MachineWatch.save(stream=False)` gives it; then nothing is learned here
    """

    def __init__(self, good: int, *, named: bool = False, model: bytes | None = None) -> None:
        self.good, self.named, self._model = good, named, model
        self.watch: MachineWatch | None = MachineWatch.restore(model) if model else None
        self._parts: list[Readings] = []
        self._verdicts: list[Verdict] = []
        self._doubts: dict[str, DoubtWatch] = {}
        self._found: list[Doubt] = []
        self._changed: dict[str, int] = {}
        self._given: dict[str, int] = {}
        self._rows = self._running = self._until = 0
        self._reason = ""

    @property
    def readings(self) -> Readings:
        """All rows so far. Raises InputError while there are none."""
        return joined(self._parts)

    @property
    def empty(self) -> bool:
        """Nothing was taken yet."""
        return not self._parts

    def take(self, readings: Readings) -> None:
        """Rows more, in order of time, of the same channels."""
        if not len(readings):
            return
        self._parts.append(readings)
        changed = self._doubtful(readings)
        self._rows += len(readings)
        if changed:
            self._again()
        else:
            self._judge(readings)

    def health(
        self, limits: Sequence[Limit] = (), others: Mapping[str, Sequence[tuple[Floats, Floats]]] | None = None, *,
        since: int | None = None,
    ) -> MachineHealth:  # fmt: skip
        """How the machine is after all rows so far.

        since  when it was last repaired [µs UTC]: wear is told from the rows since then
        """
        given = joined(self._parts)
        readings, notes = self._one_unit(given)
        doubts = _once([*self._found, *(one for own in self._doubts.values() for one in own.end()), *_gone(given)])
        first = 0 if since is None else int(np.searchsorted(readings.time, since))
        known = others or {}
        bare = MachineHealth(
            readings, min(self.good, self._running), None, np.full(len(readings), math.nan),
            readings.regimes or ("",) * len(readings), (), (), doubts, tuple(notes), self._reason,
        )  # fmt: skip
        if self.watch is None:
            least = max(self.good, LEAST_GOOD)
            later = readings.rows(slice(first, None))
            wear = _ordered([wear_of(later, one, known.get(one.channel, ())) for one in limits])
            return replace(
                bare, wear=tuple(wear), reason=self._reason or words.TOO_FEW.format(n=self._running, least=least)
            )
        verdict = _all(self._verdicts)
        found = findings_of(readings, verdict, self._until)
        onset = found[-1].first - first if found and found[-1].open and found[-1].first >= first else None
        own = [one for one in limits if one.channel in readings.channels]
        level = _levelled(readings, verdict.regimes, self.watch, own)
        later = level.rows(slice(first, None))
        wear = _ordered([wear_of(later, one, known.get(one.channel, ()), onset=onset) for one in limits])
        taken = self.watch.learned.rows
        notes.append((words.GOOD_NAMED if self.named else words.GOOD_ASSUMED).format(n=taken))
        notes += [*self.watch.learned.notes, *_unjudged(verdict, self._until)]
        return replace(
            bare, learned=self.watch.learned, strength=verdict.strength, regimes=verdict.regimes,
            findings=found, wear=tuple(wear), notes=tuple(dict.fromkeys(notes)),
            reason="" if self._until < len(readings) else words.NOT_YET, watch=self.watch,
        )  # fmt: skip

    def _judge(self, readings: Readings) -> None:
        if self.watch is not None:
            if self._model:
                self._until += int((readings.time <= self.watch.learned.end).sum())
            self._verdicts.append(self.watch.run(self._one_unit(readings, self._rows - len(readings))[0]))
            return
        self._running += int(readings.usable.sum())
        if self._running < max(self.good, LEAST_GOOD) or self._reason:
            return
        whole = self._one_unit(joined(self._parts))[0]
        self._until = int(np.flatnonzero(whole.usable)[max(self.good, LEAST_GOOD) - 1]) + 1
        try:
            self.watch = fit_watch(whole.rows(slice(0, self._until)))
        except InputError as error:
            self._reason = error.message
            return
        self._verdicts = [self.watch.run(whole)]

    def _again(self) -> None:
        """A unit was changed: what was judged by the wrong unit is judged anew without it."""
        whole = joined(self._parts)
        self.watch = MachineWatch.restore(self._model) if self._model else None
        self._verdicts, self._running, self._until, self._reason = [], 0, 0, ""
        self._parts = [whole]
        self._judge(whole)

    def _doubtful(self, readings: Readings) -> bool:
        """What is odd about the rows; whether a unit was changed."""
        changed = False
        for at, name in enumerate(readings.channels):
            column = readings.values[:, at]
            known = np.isfinite(column)
            rows = self._rows + np.flatnonzero(known)
            watch = self._doubts.setdefault(name, DoubtWatch(name))
            seen = self._given.get(name, 0)
            self._given[name] = seen + len(rows)
            for one in watch.run(column[known], readings.time[known]):
                self._found.append(one)
                if one.kind == "unit changed" and name not in self._changed:
                    begun = max(one.at - _MIXED, 0)
                    row = int(rows[begun - seen]) if begun >= seen else self._row_of(name, begun)
                    self._changed[name], changed = row, True
        return changed

    def _row_of(self, name: str, at: int) -> int:
        """Row of the channel's value of that number."""
        whole = joined(self._parts)
        return int(np.flatnonzero(np.isfinite(whole.column(name)))[at])

    def _one_unit(self, readings: Readings, first: int = 0) -> tuple[Readings, list[str]]:
        """Without the values of a channel from a change of its unit on: they cannot be compared with those before."""
        if not self._changed:
            return readings, []
        values = readings.values.copy()
        for name, row in self._changed.items():
            values[max(row - first, 0) :, readings.channels.index(name)] = math.nan
        return replace(readings, values=values), [words.UNIT_APART.format(channel=name) for name in self._changed]


def _all(verdicts: Sequence[Verdict]) -> Verdict:
    if len(verdicts) == 1:
        return verdicts[0]
    return Verdict(
        np.concatenate([one.strength for one in verdicts]), tuple(k for one in verdicts for k in one.kinds),
        np.vstack([one.parts for one in verdicts]), tuple(r for one in verdicts for r in one.regimes),
        tuple(r for one in verdicts for r in one.reasons),
    )  # fmt: skip


def findings_of(readings: Readings, verdict: Verdict, since: int = 0) -> tuple[Finding, ...]:
    """Stretches of unusual rows, from row `since` on; at least 5 for a process; over after 24 usual ones."""
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
                found += [_finding(readings, verdict, current, lasts=False)] if _counts(verdict, current) else []
                current, quiet = [], 0
    if current and _counts(verdict, current):
        found.append(_finding(readings, verdict, current, lasts=True))
    return tuple(found)


def _counts(verdict: Verdict, rows: list[int]) -> bool:
    """Enough unusual rows of a process to speak of it; a channel by itself has a rule of its own for that."""
    return len(rows) >= _LEAST or any(verdict.kinds[row] != "process" for row in rows)


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


def wear_of(
    readings: Readings, limit: Limit, others: Sequence[tuple[Floats, Floats]] = (), *, onset: int | None = None
) -> Wear:
    """Remaining life until a channel reaches its limit, from the rows in operation.

    onset   row from which on the machine is unlike its good operation: where the rows since then tell the life in a
            narrower interval, they count, because sound operation before makes a drift look slower than it is
    Raises  InputError for a channel that is not there
    """
    if limit.channel not in readings.channels:
        expected = ", ".join(readings.channels)
        raise InputError("a limit needs a channel and a number", came=limit.channel, expected=expected)
    lives = [_thinned(*one) for one in others]

    def told(rows: Readings) -> TrendLife:
        own = _thinned(rows.age, rows.column(limit.channel))
        return trend_life(*own, limit.value, condition=limit.condition, others=lives)

    unit = readings.unit_of(limit.channel)
    life = told(readings.rows(readings.usable))
    if onset is not None:
        late = told(readings.rows(readings.usable & (np.arange(len(readings)) >= onset)))
        if _better_known(late, life):
            return Wear(limit, unit, readings.age_unit, late, since_unusual=True)
    return Wear(limit, unit, readings.age_unit, life)


def _better_known(one: TrendLife, other: TrendLife) -> bool:
    """Whether its interval is narrower, as a share of the life."""
    return _width(one) < _width(other)


def _width(life: TrendLife) -> float:
    if life.life is None or life.low is None or life.high is None:
        return math.inf
    return (life.high - life.low) / life.life if life.life > 0 else 0.0


def _levelled(readings: Readings, regimes: Sequence[str], watch: MachineWatch, limits: Sequence[Limit]) -> Readings:
    """Channels as they would be in the regime nearest their limit: a change of product is no wear, and no relief."""
    values = readings.values.copy()
    labels = np.array(regimes)
    for name, condition in {one.channel: one.condition for one in limits}.items():
        known = {label: pair[0] for label, _ in watch.learned.regimes if (pair := watch.usual(name, label)) is not None}
        if len(known) < 2 or name in watch.learned.counters:
            continue
        at, top = readings.channels.index(name), (min if condition == "low" else max)(known.values())
        for label, mean in known.items():
            values[labels == label, at] += top - mean
        values[~np.isin(labels, list(known)), at] = math.nan
    return replace(readings, values=values)


def past_lives(
    examiner: Examiner, limits: Sequence[Limit], failures: Sequence[tuple[int, int | None]]
) -> dict[str, list[tuple[Floats, Floats]]]:
    """The machine's own earlier lives, each from a repair to the next failure: (age, values) by channel."""
    rows = examiner.readings
    found: dict[str, list[tuple[Floats, Floats]]] = {}
    for at, (failed, _) in enumerate(failures):
        begun = failures[at - 1][1] if at else None
        own = rows.usable & (rows.time < failed) & (rows.time >= (begun if begun is not None else rows.time[0]))
        for limit in limits:
            age, level = _thinned(rows.age[own], rows.column(limit.channel)[own])
            if len(age):
                found.setdefault(limit.channel, []).append((age, level))
    return found


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


def _gone(readings: Readings) -> list[Doubt]:
    """Channels without any reading, and those that fell silent while others go on."""
    found = []
    heard = np.flatnonzero(np.isfinite(readings.values).any(axis=1))
    for at, name in enumerate(readings.channels):
        known = np.flatnonzero(np.isfinite(readings.values[:, at]))
        if not len(known):
            found.append(Doubt(name, "missing", -1, NO_TIME, 0.0))
        elif int((heard > known[-1]).sum()) >= _SILENT:
            since = int(readings.time[known[-1]])
            passed = (int(readings.time[heard[-1]]) - since) / 1e6 if readings.timed else float(heard[-1] - known[-1])
            found.append(Doubt(name, "silent", int(known[-1]), since, passed))
    return found


def _once(told: Sequence[Doubt]) -> tuple[Doubt, ...]:
    """In order; a clock is the same for all channels of a row, and said once."""
    seen, found = set(), list[Doubt]()
    for one in told:
        key = (one.kind, one.time) if one.kind in _CLOCKS else (one.kind, one.channel, one.at)
        if key not in seen:
            seen.add(key)
            found.append(replace(one, channel="" if one.kind in _CLOCKS else one.channel))
    return tuple(found)


_CLOCKS: Final = ("clock set back", "gap", "sampling changed")


def _unjudged(verdict: Verdict, since: int) -> list[str]:
    unseen = sum(one == words.NEVER_SEEN for one in verdict.reasons[since:])
    thin = sum(one == words.FEW_GOOD for one in verdict.reasons[since:])
    found = [words.UNSEEN.format(n=unseen)] if unseen else []
    return found + ([words.THIN.format(n=thin)] if thin else [])
