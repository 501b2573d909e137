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
from typing import Final

import numpy as np
import pyarrow as pa

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


@dataclass(frozen=True, slots=True)
class _Row:
    time: int
    value: float
    text: str | None
    bad: bool


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
        self._held: dict[str, _Row] = {}
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
        if rule.suppress_in:
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
        fed: dict[str, tuple[Ints, Floats]] = self._values(signals) if signals is not None else {}
        for name, watch in self._watches.items():
            rule = self.rules[name]
            if rule.condition in _FROM_HEALTH:
                continue
            if name not in fed and until is None:
                continue
            times, values = fed.get(name, _NOTHING)
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
                hidden = any(_is(state, word) for word in rule.suppress_in)
                if hidden != self._hidden[rule.id]:
                    self._hidden[rule.id] = hidden
                    yield Change(time, rule.id, "suppress" if hidden else "unsuppress", text=state)

    def _values(self, signals: pa.Table) -> dict[str, tuple[Ints, Floats]]:
        """By alarm: times and what its condition looks at."""
        names = ("time", "subject", "value", "text", "quality")
        columns = [signals.column(name).to_pylist() for name in names]
        times: dict[str, list[int]] = {}
        values: dict[str, list[float]] = {}
        for time, subject, value, text, quality in zip(*columns, strict=True):
            rules = self._by_signal.get(subject)
            if rules is None:
                continue
            bad = quality >= Quality.BAD or (value is None and text is None)
            row = self._held[subject] = _Row(time, math.nan if bad or value is None else value, text, bad)
            for rule in rules:
                times.setdefault(rule.id, []).append(time)
                values.setdefault(rule.id, []).append(self._looked_at(rule, row))
        return {name: (np.array(times[name], np.int64), np.array(values[name], np.float64)) for name in times}

    def _looked_at(self, rule: AlarmRule, row: _Row) -> float:
        """What a condition looks at: the value, a difference, or 1 where a text is as it says; NaN if not known."""
        if rule.condition == "bad":
            return math.nan if row.bad else 0.0
        if rule.other:
            own, other = self._held.get(rule.signal), self._held.get(rule.other)
            if own is None or other is None or own.bad or other.bad:
                return math.nan
            if rule.condition == "discrepancy":
                return float(_said(own) != _said(other))
            return own.value - other.value
        if rule.condition in {"is", "is not"}:
            return math.nan if row.bad else float((_said(row) == rule.word) == (rule.condition == "is"))
        return row.value


def _said(row: _Row) -> str:
    return row.text if row.text is not None else f"{row.value:g}"


def _is(state: str, word: str) -> bool:
    return state.startswith(word[:-1]) if word.endswith("*") else state == word


_NOTHING: Final = (np.zeros(0, np.int64), np.zeros(0))
