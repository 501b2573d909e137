"""What is usual for a machine: its channels made comparable, its regimes, a watch that states its false alarms."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import numpy as np

from luban.core.errors import InputError
from luban.core.state import pack, unpack, unpacking
from luban.core.time import HOUR
from luban.understand.health.anomaly import Adaptation, ProcessMonitor, ProcessRule, Rule, SignalWatch, fit_monitor
from luban.understand.health.life import gather
from luban.understand.health.life.regimes import Regimes, find_regimes
from luban.understand.health.machine import words
from luban.understand.health.machine.readings import Readings
from luban.understand.quality.data import Floats, Ints

__all__ = ["LEAST_GOOD", "LEAST_REGIME", "Learned", "MachineWatch", "Verdict", "fit_watch"]

LEAST_GOOD: Final = 100
"""Readings in operation without which nothing is learned."""

LEAST_REGIME: Final = 30
"""Good readings without which a regime has no verdict."""

_FALSE = 0.001  # share of good rows that may alarm [1]
_WHOLE = 0.8  # share of good rows that a channel of the process must have
_COUNTS_UP = 0.99  # share of steps that do not fall, of a counter
_RISES = 0.2  # share of steps that rise, of a counter
_EVERY = (2000.0, 44_000.0)


@dataclass(frozen=True, slots=True)
class Learned:
    """What a watch rests on.

    rows        good readings in operation
    start, end  moment of the first and the last of them [µs UTC], NO_TIME without a clock
    channels    that the process is made of
    alone       channels watched by themselves
    counters    channels of which the rise in a unit of age is taken
    regimes     names, with the good readings in each
    false_rows  share of good rows that may alarm, with 90 % confidence [1]
    every       rows between false alarms of the channels watched by themselves, all together; None without any
    notes       what was left out or taken otherwise, and why
    """

    rows: int
    start: int
    end: int
    channels: tuple[str, ...]
    alone: tuple[str, ...]
    counters: tuple[str, ...]
    regimes: tuple[tuple[str, int], ...]
    false_rows: float
    every: float | None
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the watch says of rows.

    strength  the larger of T² and Q over its limit, or the rarity of a channel over its threshold; above 1 is unusual;
              nan where there is no verdict, shape (n,)
    kinds     process | value | shape | rhythm where unusual, "" otherwise
    parts     share of each channel in what is unusual, shape (n, c) over `Readings.channels`; nan where it is not
    regimes   label of each row, "" for one never seen
    reasons   why there is no verdict, "" where there is one
    """

    strength: Floats
    kinds: tuple[str, ...]
    parts: Floats
    regimes: tuple[str, ...]
    reasons: tuple[str, ...]


class MachineWatch:
    """Watches the readings of one machine, row by row or many at a time: the same to the bit.

    learned  what it rests on
    adapted  channels watched by themselves that took a new level for usual since, with what they took
    """

    def __init__(
        self, learned: Learned, names: tuple[str, ...], found: Regimes | None, monitor: ProcessMonitor | None,
        alone: dict[str, SignalWatch], usual: dict[str, dict[str, tuple[float, float]]], *, given: bool,
    ) -> None:  # fmt: skip
        self.learned, self._names, self._found, self._given = learned, names, found, given
        self._scales = _scales(learned, usual)
        self._monitor, self._alone, self._usual = monitor, alone, usual
        self._before: tuple[Floats, float] | None = None
        self._carry = np.full(len(names), math.nan)
        self._taken: dict[str, int] = {}
        self._last: int | None = None
        self.adapted: list[tuple[str, Adaptation]] = []

    def restart(self) -> None:
        """Forget where the stream is, as before a new stretch; what was learned stays."""
        self._before, self._carry, self._last = None, np.full(len(self._names), math.nan), None
        if self._monitor is not None:
            self._monitor.restart()

    def _labels(self, readings: Readings, values: Floats) -> tuple[str, ...]:
        """The regime of each row, "" for one never seen."""
        if self._given and readings.regimes is not None:
            known = {name for name, _ in self.learned.regimes}
            return tuple(label if label in known else "" for label in readings.regimes)
        if self._found is None:
            return (self.learned.regimes[0][0],) * len(readings)
        filled, self._carry = _filled(values, self._carry)
        return tuple(regime_name(one) for one in self._found.assign(filled).tolist())

    def usual(self, channel: str, regime: str) -> tuple[float, float] | None:
        """Mean and standard deviation of a channel while good in a regime [its unit]; None if not known."""
        return self._usual.get(regime, {}).get(channel)

    def run(self, readings: Readings) -> Verdict:
        """Rows more, in order of time.

        Raises  InputError where the readings have other channels than those learned
        """
        if readings.channels != self._names:
            raise InputError("these are other channels", came=", ".join(readings.channels),
                             expected=", ".join(self._names))  # fmt: skip
        count = len(readings)
        values = self._rates(readings)
        labels = self._labels(readings, values)
        strength, parts = np.full(count, math.nan), np.full((count, len(self._names)), math.nan)
        kinds, reasons = [""] * count, [""] * count
        columns = [self._names.index(name) for name in self.learned.channels]
        for at in range(count):
            if not readings.usable[at]:
                reasons[at] = words.NOT_RUNNING
            elif not labels[at]:
                reasons[at] = words.NEVER_SEEN
            elif labels[at] not in self._scales:
                reasons[at] = words.FEW_GOOD
            elif self._monitor is not None:
                if readings.timed:
                    self._after_stop(int(readings.time[at]))
                mean, spread = self._scales[labels[at]]
                step = self._monitor.update((values[at][columns] - mean) / spread)
                strength[at] = max(step.t2, step.q)
                reasons[at] = step.reason
                if step.alarm:
                    kinds[at] = "process"
                    for name, share in step.contributions:
                        parts[at, self._names.index(name)] = share
        self._by_themselves(readings, values, labels, strength, kinds, parts)
        return Verdict(strength, tuple(kinds), parts, labels, tuple(reasons))

    def _after_stop(self, time: int) -> None:
        """After more than an hour out of operation smoothing begins anew: what was repaired does not linger."""
        if self._last is not None and self._monitor is not None and time - self._last > HOUR:
            self._monitor.restart()
        self._last = time

    def _by_themselves(
        self, readings: Readings, values: Floats, labels: Sequence[str], strength: Floats, kinds: list[str],
        parts: Floats,
    ) -> None:  # fmt: skip
        for name, watch in self._alone.items():
            column = self._names.index(name)
            rows = np.array([
                at for at in range(len(readings))
                if readings.usable[at] and labels[at] in self._scales and math.isfinite(values[at, column])
            ], np.int64)  # fmt: skip
            if not len(rows):
                continue
            scaled = np.array([self._scaled(name, labels[at], values[at, column]) for at in rows.tolist()])
            seen = watch.run(scaled, readings.time[rows] if readings.timed else None)
            told = seen.rarity / watch.rule.threshold
            strength[rows] = np.fmax(strength[rows], np.where(told > 1, 1.0, told))
            first = self._taken.get(name, 0)
            self._taken[name] = first + len(rows)
            self.adapted += [(name, one) for one in seen.adaptations]
            for alarm in seen.alarms:
                row = int(rows[alarm.at - first])
                strength[row] = max(alarm.rarity / watch.rule.threshold, 1.0 + 1e-9)
                if not kinds[row]:
                    kinds[row] = alarm.kind
                    parts[row, column] = 1.0

    def scaled(self, values: Floats, labels: Sequence[str]) -> Floats:
        """Good rows of the process as deviations within their regimes; those of thin regimes are left out."""
        columns = [self._names.index(name) for name in self.learned.channels]
        rows = [at for at, label in enumerate(labels) if label in self._scales]
        pairs = [self._scales[labels[at]] for at in rows]
        if not rows:
            return np.zeros((0, len(columns)))
        means, spreads = np.array([mean for mean, _ in pairs]), np.array([spread for _, spread in pairs])
        deviations: Floats = (values[rows][:, columns] - means) / spreads
        return deviations

    def _scaled(self, name: str, label: str, value: float) -> float:
        """A value as deviation from what is usual in its regime."""
        mean, spread = self._usual.get(label, {}).get(name, (0.0, 1.0))
        return (value - mean) / spread if spread > 0 else value - mean

    def _rates(self, readings: Readings) -> Floats:
        """Values with the rise of each counter in a unit of age instead of its level."""
        if not self.learned.counters:
            return readings.values
        values, before = rates(readings, self.learned.counters, self._before)
        self._before = before
        return values

    def save(self, *, stream: bool = True) -> bytes:
        """What was learned and where the stream is, to go on from later.

        stream  False: only what was learned; the stream, and the memory of channels watched by themselves, begin anew
        """
        told: dict[str, Any] = {
            "learned": asdict(self.learned), "names": self._names,
            "usual": {regime: {name: list(pair) for name, pair in own.items()} for regime, own in self._usual.items()},
            "alone": list(self._alone),
            "taken": self._taken if stream else {}, "last": self._last if stream else None, "stream": stream,
            "rules": [[own.rule.every, own.rule.interval] for own in self._alone.values()],
            "given": self._given, "monitor": self._monitor is not None, "found": self._found is not None,
        }  # fmt: skip
        arrays: dict[str, Any] = {"carry": self._carry * (1.0 if stream else math.nan)}
        if self._monitor is not None:
            arrays["monitor"] = np.frombuffer(self._monitor.save(), np.uint8)
        for at, watch in enumerate(self._alone.values() if stream else ()):
            arrays[f"alone{at}"] = np.frombuffer(watch.save(), np.uint8)
        if self._found is not None:
            arrays |= {f"found.{name}": getattr(self._found, name) for name in _REGIMES}
        if stream and self._before is not None:
            arrays |= {"before": self._before[0], "before_age": np.array([self._before[1]])}
        return pack(told, arrays)

    @classmethod
    def restore(cls, state: bytes) -> MachineWatch:
        """A watch that goes on where `save` left it, to the bit.

        Raises  InputError if the bytes are not such a state
        """
        with unpacking("this is not the state of a watched machine"):
            told, kept = unpack(state)
            own: dict[str, Any] = {
                name: tuple(value) if isinstance(value, list) else value for name, value in told["learned"].items()
            }
            own["regimes"] = tuple((name, count) for name, count in own["regimes"])
            monitor = ProcessMonitor.restore(kept["monitor"].tobytes()) if told["monitor"] else None
            alone = {
                name: SignalWatch.restore(kept[f"alone{at}"].tobytes()) if told["stream"]
                else SignalWatch(Rule(every=told["rules"][at][0], interval=told["rules"][at][1]))
                for at, name in enumerate(told["alone"])
            }  # fmt: skip
            found = Regimes(**{name: kept[f"found.{name}"] for name in _REGIMES}) if told["found"] else None
            usual = {
                regime: {name: (pair[0], pair[1]) for name, pair in one.items()}
                for regime, one in told["usual"].items()
            }
            watch = cls(Learned(**own), tuple(told["names"]), found, monitor, alone, usual, given=told["given"])
            watch._carry, watch._taken, watch._last = kept["carry"], dict(told["taken"]), told["last"]
            if "before" in kept:
                watch._before = (kept["before"], float(kept["before_age"][0]))
            if monitor is not None and not told["stream"]:
                monitor.restart()
        return watch


_REGIMES: Final = ("centres", "middle", "scale", "mean", "spread", "reach")


def regime_name(number: int) -> str:
    """What a regime that was found is called: A, B, …; "" for one never seen."""
    return chr(ord("A") + number) if number >= 0 else ""


def _filled(values: Floats, carry: Floats) -> tuple[Floats, Floats]:
    """A value that is missing counts as the last one known, so that a hole is no new regime; and the last ones."""
    whole = np.vstack([carry, values])
    for column in whole.T:
        known = np.isfinite(column)
        at = np.maximum.accumulate(np.where(known, np.arange(len(column)), -1))
        column[:] = np.where(at >= 0, column[np.maximum(at, 0)], math.nan)
    return whole[1:], whole[-1]


def rates(
    readings: Readings, counters: Sequence[str], before: tuple[Floats, float] | None
) -> tuple[Floats, tuple[Floats, float]]:
    """Counters as their rise in a unit of age; nan at a fall, which is a reset, and where no time passed."""
    values = readings.values.copy()
    columns = [readings.channels.index(name) for name in counters]
    levels, age = readings.values[:, columns], readings.age
    first, since = before if before is not None else (np.full(len(columns), math.nan), math.nan)
    lift = np.diff(np.vstack([first, levels]), axis=0)
    passed = np.diff(np.concatenate(([since], age)))
    with np.errstate(invalid="ignore", divide="ignore"):
        rate = lift / passed[:, None]
    rate[~(lift >= 0) | ~(passed > 0)[:, None]] = math.nan
    values[:, columns] = rate
    last = (levels[-1], float(age[-1])) if len(age) else (first, since)
    return values, last


def fit_watch(readings: Readings, *, every: float | None = None) -> MachineWatch:
    """What is usual, from readings of good operation in order of time.

    every   rows between false alarms of the channels watched by themselves; from their number by default
    Raises  InputError if there are too few, or no channel varies
    """
    good = readings.rows(readings.usable)
    if len(good) < LEAST_GOOD:
        raise InputError(words.TOO_FEW.format(n=len(good), least=LEAST_GOOD))
    counters = tuple(name for at, name in enumerate(good.channels) if _counts_up(good.values[:, at]))
    values, _ = rates(good, counters, None) if counters else (good.values, None)
    labels, found, notes = _regimes(replace(good, values=values))
    given = good.regimes is not None
    if given and 2 * len(_enough(labels, labels)) < len(labels):
        labels, found, notes = _regimes(replace(good, values=values, regimes=None))
        given, notes = False, [*notes, words.NAMES_PASSED.format(least=LEAST_REGIME)]
    notes += [words.COUNTER.format(channel=name) for name in counters]
    together, alone, more = _shared_out(good.channels, values, labels)
    notes += more
    if not together and not alone:
        raise InputError(words.NO_CHANNEL)
    step = good.step
    usual = _usual(good.channels, values, labels)
    counted = tuple((name, labels.count(name)) for name in sorted(set(labels)))

    def made(process: Sequence[str], singles: Sequence[str], monitor: ProcessMonitor | None) -> MachineWatch:
        between = every or float(np.clip(2000.0 * len(singles), *_EVERY))
        learned = Learned(
            len(good), int(good.time[0]), int(good.time[-1]), tuple(process), tuple(singles), counters, counted,
            _FALSE if process else 0.0, between / len(singles) if singles else None, tuple(notes),
        )  # fmt: skip
        watches = {name: SignalWatch(Rule(every=between, interval=step)) for name in singles}
        return MachineWatch(learned, good.channels, found, monitor, watches, usual, given=given)

    if len(together) > 1:
        try:
            monitor = fit_monitor(
                made(together, alone, None).scaled(values, labels), together, ProcessRule(false_alarms=_FALSE)
            )
            watch = made(together, alone, monitor)
        except InputError as error:
            notes += [words.BY_ITSELF.format(channel=name, reason=error.message) for name in together]
            watch = made((), [*together, *alone], None)
    else:
        watch = made((), [*together, *alone], None)
    watch.run(good)  # so that the channels watched by themselves know the good readings
    watch.restart()
    return watch


def _enough(labels: Sequence[str], rows: Sequence[str]) -> list[int]:
    """Rows whose regime has enough good rows."""
    named = {name for name in set(labels) if labels.count(name) >= LEAST_REGIME}
    return [at for at, label in enumerate(rows) if label in named]


def _scales(
    learned: Learned, usual: Mapping[str, Mapping[str, tuple[float, float]]]
) -> dict[str, tuple[Floats, Floats]]:
    """Mean and spread of the channels of the process in each regime that has enough good rows.

    A spread told by few rows is drawn towards that of all regimes together, as if by 30 rows of it.
    """
    counts = {name: count for name, count in learned.regimes if count >= LEAST_REGIME and name in usual}
    if not counts:
        return {}
    spreads = {
        name: np.array([usual[name].get(channel, (0.0, 0.0))[1] for channel in learned.channels]) for name in counts
    }
    total = sum(counts.values())
    pooled = (
        sum((spreads[name] ** 2 * count for name, count in counts.items()), np.zeros(len(learned.channels))) / total
    )
    found = {}
    for name, count in counts.items():
        mean = np.array([usual[name].get(channel, (0.0, 0.0))[0] for channel in learned.channels])
        spread = np.sqrt((spreads[name] ** 2 * count + pooled * LEAST_REGIME) / (count + LEAST_REGIME))
        found[name] = mean, np.where(spread > 0, spread, 1.0)
    return found


def _counts_up(column: Floats) -> bool:
    known = column[np.isfinite(column)]
    steps = np.diff(known)
    if len(steps) < LEAST_GOOD // 2 or not known[-1] > known[0]:
        return False
    return bool(np.mean(steps >= 0) >= _COUNTS_UP and np.mean(steps > 0) >= _RISES)


def _regimes(good: Readings) -> tuple[list[str], Regimes | None, list[str]]:
    """Label of each row, and how others are found; given labels stay."""
    if good.regimes is not None:
        return [str(label) for label in good.regimes], None, []
    varied = [at for at, column in enumerate(good.values.T) if np.isfinite(column).any()]
    if not varied:
        raise InputError(words.NO_CHANNEL)
    filled = _filled(good.values, np.full(len(good.channels), math.nan))[0]
    filled = np.where(np.isfinite(filled), filled, np.nanmean(good.values[:, varied[0]]) * 0.0)
    order = np.arange(len(good), dtype=np.float64)
    found = find_regimes(
        gather([good.machine or "-"] * len(good), order, dict(zip(good.channels, filled.T, strict=True)))
    )
    if len(found) == 1:
        return ["A"] * len(good), None, []
    told: Ints = found.assign(filled)
    return [regime_name(max(one, 0)) for one in told.tolist()], found, []


def _shared_out(
    channels: Sequence[str], values: Floats, labels: Sequence[str]
) -> tuple[list[str], list[str], list[str]]:
    """Channels of the process, channels watched by themselves, and notes."""
    together, alone, notes = list[str](), list[str](), list[str]()
    named = np.array(labels)
    large = [label for label in sorted(set(labels)) if int((named == label).sum()) >= LEAST_REGIME]
    for at, name in enumerate(channels):
        column = values[:, at]
        known = np.isfinite(column)
        if not known.any() or float(np.ptp(column[known])) == 0:
            continue
        flat = any(
            float(np.ptp(own)) == 0 for label in large if len(own := column[known & (named == label)])
        )  # fmt: skip
        if known.mean() < _WHOLE:
            alone.append(name)
            notes.append(words.BY_ITSELF.format(channel=name, reason=words.OFTEN_MISSING))
        elif flat and len(large) > 1:
            notes.append(words.SET_APART.format(channel=name, reason=words.CONSTANT_IN_ONE))
        else:
            together.append(name)
    if len(together) == 1 or not large:
        notes += [words.BY_ITSELF.format(channel=name, reason=words.ONE_VARIES) for name in together if large]
        return [], [*together, *alone], notes
    return together, alone, notes


def _usual(
    channels: Sequence[str], values: Floats, labels: Sequence[str]
) -> dict[str, dict[str, tuple[float, float]]]:  # fmt: skip
    named = np.array(labels)
    found: dict[str, dict[str, tuple[float, float]]] = {}
    for label in sorted(set(labels)):
        own = found.setdefault(label, {})
        for at, name in enumerate(channels):
            column = values[named == label, at]
            column = column[np.isfinite(column)]
            if len(column) > 1:
                own[name] = (float(column.mean()), float(column.std(ddof=1)))
    return found
