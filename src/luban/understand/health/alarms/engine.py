"""All alarms of a plant on the facts as they come: what is raised, returned, suppressed by design.

It writes nothing. Whoever runs it puts its changes into the books as `annunciation` entries; started again with the
standings that those entries fold to, and fed from a little earlier, it goes on where it stood: what the books know
already is not found twice.

Reads  Fact(signal, state)
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from luban.core.errors import InputError
from luban.core.quality import Quality
from luban.core.time import SECOND
from luban.plant import AlarmRule
from luban.understand.health.alarms.detector import Detector
from luban.understand.health.alarms.states import Standing
from luban.understand.quality.data import Floats, Ints

__all__ = ["AlarmEngine", "Change"]

_ORDER: Final = {"unsuppress": 0, "return": 1, "suppress": 2, "raise": 3}
_FROM_HEALTH: Final = ("anomaly", "life")
_Fed: TypeAlias = tuple[Ints, Floats, Ints]


@dataclass(frozen=True, slots=True)
class Change:
    """What happened to one alarm.

    time   when [µs UTC]: for a delayed alarm the end of its delay
    alarm  its id
    code   raise, return, suppress or unsuppress
    value  the value then; NaN where there is none
    text   in words, where its source says something
    """

    time: int
    alarm: str
    code: str
    value: float = math.nan
    text: str = ""


class AlarmEngine:
    """Watches every alarm of a list.

    rules     the alarm list
    standing  how the alarms stand, by id, when watching begins; those not named are normal
    """

    def __init__(self, rules: Sequence[AlarmRule], standing: Mapping[str, Standing] | None = None) -> None:
        self.rules: dict[str, AlarmRule] = {}
        self._flags: dict[str, bool] = {}
        self._hidden: dict[str, bool] = {}
        self._since: dict[str, int] = {}
        self._watches: dict[str, Detector] = {}
        self._by_signal: dict[str, list[AlarmRule]] = {}
        self._by_unit: dict[str, list[AlarmRule]] = {}
        self._looking: dict[str, bool] = {}
        self._held: dict[str, dict[str, float | str | None]] = {}
        for rule in rules:
            self.add(rule, (standing or {}).get(rule.id))

    def add(self, rule: AlarmRule, standing: Standing | None = None) -> None:
        """Watch one more alarm, which stands so."""
        known = standing or Standing(rule.id)
        self.rules[rule.id] = rule
        self._flags[rule.id], self._hidden[rule.id] = known.active, known.suppressed
        self._since[rule.id] = max(known.raised or 0, known.returned or 0)
        self._watches[rule.id] = Detector(rule, active=known.active)
        if rule.condition not in _FROM_HEALTH:
            for signal in dict.fromkeys(filter(None, (rule.signal, rule.other))):
                self._by_signal.setdefault(signal, []).append(rule)
        if rule.suppress_in or rule.watch_in:
            self._by_unit.setdefault(rule.unit_path, []).append(rule)

    @property
    def signals(self) -> tuple[str, ...]:
        """Signals that it wants to be fed."""
        return tuple(self._by_signal)

    @property
    def units(self) -> tuple[str, ...]:
        """Work units whose states it wants to be fed."""
        return tuple(self._by_unit)

    @property
    def reach(self) -> int:
        """How far back the facts that decide an alarm may lie [µs]: its longest delay and window."""
        spans = (
            rule.on_delay_s + rule.off_delay_s + (rule.window_s or 0.0)
            + (rule.limit or 0.0 if rule.condition == "silent" else 0.0)
            for rule in self.rules.values()
        )  # fmt: skip
        return round(max(spans, default=0.0) * SECOND)

    def feed(
        self, signals: pa.Table | None = None, states: pa.Table | None = None, until: int | None = None
    ) -> list[Change]:
        """Take in facts in the ledger's order; the changes, in order of time.

        signals  columns seq, time, subject, value, text, quality
        states   columns seq, time, subject, state
        until    the clock after them [µs UTC]
        """
        found = list(self._suppressed(states)) if states is not None else []
        fed = self._only_while(self._values(signals) if signals is not None else {}, states)
        for name, watch in self._watches.items():
            rule = self.rules[name]
            if rule.condition in _FROM_HEALTH:
                continue
            if name not in fed and until is None:
                continue
            times, values, _ = fed.get(name, _NOTHING)
            changes = watch.feed(times, values, until)
            for time, active, value in zip(
                changes.times.tolist(), changes.active.tolist(), changes.values.tolist(), strict=True
            ):
                found += self._flagged(name, time, value, active=active)
        return sorted(found, key=lambda one: (one.time, _ORDER[one.code]))

    def report(self, alarm: str, time: int, value: float, text: str = "") -> list[Change]:
        """Take in a finding of health: for anomaly 1 or 0, for life the hours that are left; the change, if any.

        Raises  InputError: no such alarm of that kind
        """
        rule = self.rules.get(alarm)
        if rule is None or rule.condition not in _FROM_HEALTH:
            raise InputError("no such alarm", came=alarm, expected="an alarm with condition anomaly or life")
        changes = self._watches[alarm].feed(np.array([time]), np.array([value]), time)
        found: list[Change] = []
        for at, active in zip(changes.times.tolist(), changes.active.tolist(), strict=True):
            found += self._flagged(alarm, at, value, active=active, text=text)
        return found

    def _flagged(self, name: str, time: int, value: float, *, active: bool, text: str = "") -> Iterable[Change]:
        """The change, unless the books know it already."""
        if active == self._flags[name] or time < self._since[name]:
            return ()
        self._flags[name], self._since[name] = active, time
        return (Change(time, name, "raise" if active else "return", value, text),)

    def _suppressed(self, states: pa.Table) -> Iterable[Change]:
        columns = [states.column(name).to_pylist() for name in ("time", "subject", "state")]
        for time, unit, state in zip(*columns, strict=True):
            for rule in self._by_unit.get(unit, ()):
                if not rule.suppress_in:
                    continue
                hidden = _any(state, rule.suppress_in)
                if hidden != self._hidden[rule.id]:
                    self._hidden[rule.id] = hidden
                    yield Change(time, rule.id, "suppress" if hidden else "unsuppress", text=state)

    def _only_while(self, fed: dict[str, _Fed], states: pa.Table | None) -> dict[str, _Fed]:
        """Values count only while the unit is in a state of `watch_in`: when it leaves one, nothing is known."""
        rows = [] if states is None else states.select(["seq", "time", "subject", "state"]).to_pylist()
        for unit, rules in self._by_unit.items():
            own = [row for row in rows if row["subject"] == unit]
            for rule in rules:
                if not rule.watch_in:
                    continue
                looks = np.array(
                    [self._looking.get(rule.id, True), *(_any(row["state"], rule.watch_in) for row in own)]
                )
                self._looking[rule.id] = bool(looks[-1])
                seqs = np.array([row["seq"] for row in own], np.int64)
                left = np.flatnonzero(~looks[1:])
                times, values, at = fed.get(rule.id, _NOTHING)
                values = np.where(looks[np.searchsorted(seqs, at)], values, math.nan)
                ends = np.array([row["time"] for row in own], np.int64)[left]
                order = np.argsort(np.concatenate([at, seqs[left]]), kind="stable")
                fed[rule.id] = (
                    np.concatenate([times, ends])[order],
                    np.concatenate([values, np.full(len(left), math.nan)])[order],
                    np.concatenate([at, seqs[left]])[order],
                )
        return fed

    def _values(self, signals: pa.Table) -> dict[str, _Fed]:
        """By alarm: times, what its condition looks at, and the facts' seq."""
        table = _Facts.of(signals)
        found: dict[str, _Fed] = {}
        for signal, rules in self._by_signal.items():
            for rule in rules:
                if rule.other:
                    if rule.id not in found:
                        rows = np.sort(np.concatenate([table.rows(rule.signal), table.rows(rule.other)]))
                        found[rule.id] = table.times[rows], self._compared(rule, table, rows), table.seqs[rows]
                    continue
                rows = table.rows(signal)
                found[rule.id] = table.times[rows], table.looked_at(rule, rows), table.seqs[rows]
        return {name: one for name, one in found.items() if len(one[0])}

    def _compared(self, rule: AlarmRule, table: _Facts, rows: Ints) -> Floats:
        """Of two signals, as they come: their difference, or 1 where they say different things; NaN if not known."""
        held = self._held.setdefault(rule.id, {})
        made = np.full(len(rows), np.nan)
        for at, row in enumerate(rows.tolist()):
            held[table.subjects[table.which[row]]] = (
                table.said(row) if rule.condition == "discrepancy" else table.value(row)
            )
            own, other = held.get(rule.signal), held.get(rule.other)
            if own is None or other is None:
                continue
            if isinstance(own, float) and isinstance(other, float):
                made[at] = own - other
            else:
                made[at] = float(own != other)
        return made


@dataclass(frozen=True, slots=True)
class _Facts:
    """Signal facts as arrays, in the ledger's order."""

    subjects: list[str]
    which: Ints
    order: Ints
    ends: Ints
    seqs: Ints
    times: Ints
    values: Floats
    bad: np.ndarray[Any, np.dtype[np.bool_]]
    texts: pa.ChunkedArray

    @classmethod
    def of(cls, signals: pa.Table) -> _Facts:
        coded = pc.dictionary_encode(signals.column("subject").combine_chunks().cast(pa.string()))
        coded = coded.combine_chunks() if isinstance(coded, pa.ChunkedArray) else coded
        which = coded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
        texts = signals.column("text")
        value = signals.column("value").cast(pa.float64())
        silent = pc.and_(pc.is_null(value), pc.is_null(texts)).to_numpy()
        bad = (signals.column("quality").to_numpy() >= Quality.BAD) | silent
        values = pc.fill_null(value, math.nan).to_numpy().astype(np.float64)
        subjects = coded.dictionary.to_pylist()
        ends = np.cumsum(np.bincount(which, minlength=len(subjects)))
        times = signals.column("time").cast(pa.int64()).to_numpy().astype(np.int64)
        known, order = np.where(bad, math.nan, values), np.argsort(which, kind="stable")
        seqs = signals.column("seq").to_numpy().astype(np.int64)
        return cls(subjects, which, order, ends, seqs, times, known, bad, texts)

    def rows(self, subject: str) -> Ints:
        """Rows of a signal."""
        if subject not in self.subjects:
            return _NO_ROWS
        at = self.subjects.index(subject)
        return self.order[self.ends[at - 1] if at else 0 : self.ends[at]]

    def looked_at(self, rule: AlarmRule, rows: Ints) -> Floats:
        """What a condition of one signal looks at."""
        if rule.condition == "bad":
            return self.bad[rows].astype(np.float64)
        if rule.condition == "silent":
            return np.zeros(len(rows))  # whatever came, it came
        if rule.condition in {"is", "is not"}:
            wanted = rule.condition == "is"
            told = ((self.said(row) == rule.word) == wanted for row in rows.tolist())
            return np.where(self.bad[rows], math.nan, np.fromiter(told, np.float64, len(rows)))
        return self.values[rows]

    def value(self, row: int) -> float | None:
        """The number of a row; None where there is none."""
        return None if math.isnan(self.values[row]) else float(self.values[row])

    def said(self, row: int) -> str | None:
        """What a row says, as text; None where it is bad."""
        if self.bad[row]:
            return None
        text = self.texts[row].as_py()
        return text if text is not None else f"{self.values[row]:g}"


def _any(state: str, words: tuple[str, ...]) -> bool:
    """Whether a state is one of the words; a trailing * takes any ending."""
    return any(state.startswith(word[:-1]) if word.endswith("*") else state == word for word in words)


_NO_ROWS: Final = np.zeros(0, np.int64)
_NOTHING: Final = (_NO_ROWS, np.zeros(0), _NO_ROWS)
