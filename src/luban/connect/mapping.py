"""From a source's samples to facts: which signal, which unit, which role.

A signal of any role leaves its reading in the `signal` stream; a role adds what it means: a `state`, a `count`
since the last good reading, a `measurement`, the register of a `meter`, or the order, item, reason, lot and serial
that later ones carry.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Protocol

from luban.connect.checks import NEVER, REPEATED, Check, ClockWatch
from luban.connect.rows import Count, Rows, State
from luban.connect.units import Factor, factor
from luban.connect.wire import Sample
from luban.connect.words import known_word
from luban.core.errors import ConfigError
from luban.core.quality import Quality
from luban.core.time import HOUR, SECOND
from luban.norms import StateMapping, state_mapping

__all__ = ["COUNTERS", "Mapper", "Signal"]

COUNTERS: Final = ("good_count", "scrap_count", "rework_count", "total_count")
_CONTEXT: Final = ("order", "item", "reason", "lot", "serial")
_OF_PIECES: Final = frozenset({"lot", "serial"})  # say nothing of the state
_STAMPED: Final = 946_684_800 * SECOND  # 2000-01-01: an earlier stamp is a clock that was never set
_NOTES: Final = 20  # of one kind, signal and hour
_BAD = int(Quality.BAD)
_WRONG_TYPE = int(Quality.WRONG_TYPE)
_NOT_A_NUMBER = int(Quality.NOT_A_NUMBER)
_CLOCK_SKEW = int(Quality.CLOCK_SKEW)
_WRONG_UNIT = int(Quality.WRONG_UNIT)
_NO_STATE = {int(Quality.FUTURE), int(Quality.DUPLICATE)}  # the reading is doubtful, not the state
_COUNTED = {int(Quality.GOOD), int(Quality.CLOCK_SKEW), int(Quality.STUCK)}  # the number itself is right


class Signal(Protocol):
    """What is needed of `luban.plant.Signal`."""

    @property
    def id(self) -> str: ...  # noqa: D102
    @property
    def unit_path(self) -> str: ...  # noqa: D102
    @property
    def address(self) -> str: ...  # noqa: D102
    @property
    def unit(self) -> str: ...  # noqa: D102
    @property
    def range(self) -> tuple[float, float] | None: ...  # noqa: D102
    @property
    def role(self) -> str: ...  # noqa: D102
    @property
    def mapping(self) -> str: ...  # noqa: D102
    @property
    def characteristic(self) -> str: ...  # noqa: D102
    @property
    def medium(self) -> str: ...  # noqa: D102
    @property
    def every(self) -> int: ...  # noqa: D102
    @property
    def stuck_after(self) -> int | None: ...  # noqa: D102
    @property
    def enabled(self) -> bool: ...  # noqa: D102


class _Unit:
    """What is remembered of one work unit."""

    __slots__ = ("context", "path", "roles", "said", "state")

    def __init__(self, path: str) -> None:
        self.path = path
        self.said = False  # its state was written since the link came up
        self.roles: set[str] = set()
        self.context: dict[str, str | None] = dict.fromkeys(_CONTEXT)
        self.state: tuple[str, str, int] | None = None  # word, mapping, quality


class _Track:
    """One signal: its checks, its unit, and the counter's last good reading."""

    __slots__ = (
        "base",
        "check",
        "factors",
        "metered",
        "notes",
        "number",
        "role",
        "signal",
        "states",
        "strangers",
        "subject",
        "unit",
        "words",
    )

    def __init__(self, signal: Signal, unit: _Unit, skew: int) -> None:
        low, high = signal.range or (None, None)
        self.signal = signal
        self.subject = signal.id
        self.unit = unit
        self.role = signal.role
        self.check = Check(low, high, signal.stuck_after, skew)
        self.metered: tuple[int, float] | None = None  # (time, register) put on record last
        self.number = self.role in {*COUNTERS, "measurement", "meter"} or (
            self.role == "value" and bool(signal.unit or signal.range)
        )
        self.factors: dict[str, Factor | None] = {}
        self.base: tuple[int, float] | None = None  # (time, reading)
        self.states: StateMapping | None = None
        self.words: dict[str, str] = {}
        self.strangers: set[str] = set()
        self.notes: dict[str, tuple[int, int]] = {}  # kind of note → (start of its hour, how many)
        if self.role == "state":
            if not signal.mapping:
                raise ConfigError(
                    f"signal {signal.id} has role state but no mapping",
                    hint='mapping = "mtconnect-execution@1" or another',
                )
            self.states = state_mapping(signal.mapping)


class Mapper:
    """Turns samples into rows; one per source.

    signals   of this source; those switched off are not taken
    skew      allowed difference between the source's clock and ours [µs]
    jump      counts per second above which an increment is flagged [1/s]; small ones never are
    """

    def __init__(
        self,
        source: str,
        signals: Iterable[Signal],
        *,
        skew: int = 5 * SECOND,
        skew_window: int = 10 * SECOND,
        jump: float = 100.0,
        live: bool = True,
    ) -> None:
        self.source = source
        self.jump = jump
        self.live = live
        self.rows = Rows()
        self.clock = ClockWatch(skew, skew_window)
        self.taken = self.repeated = self.unmapped = self.doubtful = 0
        self._units: dict[str, _Unit] = {}
        self._tracks: dict[str, list[_Track]] = {}
        self._by_subject: dict[str, _Track] = {}
        self._alive: tuple[int, str, int] = (0, "", 0)  # newest change: arrival, subject; newest of any other subject
        for signal in signals:
            if signal.enabled:
                unit = self._units.setdefault(signal.unit_path, _Unit(signal.unit_path))
                unit.roles.add(signal.role)
                track = _Track(signal, unit, skew)
                self._tracks.setdefault(signal.address, []).append(track)
                self._by_subject[signal.id] = track

    @property
    def addresses(self) -> tuple[str, ...]:
        """What the driver is to subscribe to."""
        return tuple(self._tracks)

    def take(self, samples: Sequence[Sample], arrival: int, *, history: bool = False) -> int:
        """Judge and map samples in the order given; returns how many were kept.

        history  they come from the peer's record: to be late is no fault
        """
        kept = 0
        tracks = self._tracks
        ordered = self.live and not history
        for sample in samples:
            found = tracks.get(sample.address)
            if found is None:
                self.unmapped += 1
                continue
            for track in found:
                kept += self._one(track, sample, arrival, ordered)
        self.taken += kept
        return kept

    def see_clock(self, samples: Sequence[Sample], arrival: int) -> None:
        """Compare the clocks by the newest of values that came live."""
        if self.live and samples and self.clock.see(max(sample.time for sample in samples), arrival):
            self._tell_clock(arrival)

    def _one(self, track: _Track, sample: Sample, arrival: int, ordered: bool) -> int:
        value, quality = self._value(track, sample)
        check, time = track.check, sample.time
        if time < _STAMPED and self.live:
            time, quality = arrival, quality or _CLOCK_SKEW
        before, late = check.changed, time < check.last_time
        alive = self._alive
        quality = check.judge(
            time,
            value,
            quality,
            arrival,
            skewed=self.clock.skewed,
            others=alive[2] if alive[1] == track.subject else alive[0],
            ordered=ordered,
        )
        if quality == REPEATED:
            self.repeated += 1
            if track.role == "state" and time == check.last_time:
                self._say_again(track.unit, time)
            return 0
        if check.changed != before:
            self._alive = (arrival, track.subject, alive[2] if alive[1] == track.subject else alive[0])
        if quality:
            self.doubtful += 1
        rows = self.rows
        rows.time.append(time)
        rows.subject.append(track.subject)
        rows.quality.append(quality)
        if isinstance(value, float):
            rows.value.append(value)
            rows.text.append(None)
        else:
            rows.value.append(None)
            rows.text.append(value)
        if track.role != "value":
            self._role(track, time, value, quality, late)
        return 1

    def _value(self, track: _Track, sample: Sample) -> tuple[float | str | None, int]:
        """The value in the declared type and unit, and the wire's quality or what the conversion says."""
        value, quality = sample.value, int(sample.quality)
        if value is None:
            return None, quality if quality >= _BAD else int(Quality.UNAVAILABLE)
        if track.role == "value" or track.number:
            number = float(value) if not isinstance(value, str) else _number(value)
            if number is None:
                return str(value), max(quality, _WRONG_TYPE) if track.number else quality
            if not math.isfinite(number):
                return str(value), max(quality, _NOT_A_NUMBER)
            value = number
            if sample.unit and sample.unit != track.signal.unit and track.signal.unit:
                return self._converted(track, sample.unit, value, quality)
            return value, quality
        return _text(value), quality

    def _converted(self, track: _Track, unit: str, value: float, quality: int) -> tuple[float, int]:
        if unit not in track.factors:
            track.factors[unit] = factor(unit, track.signal.unit)
        found = track.factors[unit]
        if found is None:
            return value, max(quality, _WRONG_UNIT)
        return found(value), quality

    def _role(self, track: _Track, time: int, value: float | str | None, quality: int, late: bool) -> None:
        if track.role in COUNTERS:
            if isinstance(value, float) and quality in _COUNTED and not late:
                self._count(track, time, value, quality)
        elif track.role == "state":
            if quality not in _NO_STATE:
                self._state(track, time, value, quality, late)
        elif track.role == "measurement":
            if isinstance(value, float) and quality not in _NO_STATE:
                about = track.unit.context
                row = (
                    time,
                    track.signal.characteristic,
                    value,
                    quality,
                    about["lot"],
                    about["serial"],
                    track.unit.path,
                )
                self.rows.measurements.append(row)
        elif track.role == "meter":
            if isinstance(value, float) and quality not in _NO_STATE and not late:
                self._register(track, time, value, quality)
        elif quality < _BAD and not late:
            self._context(track, time, str(value) or None)

    def _register(self, track: _Track, time: int, value: float, quality: int) -> None:
        """A register is put on record once in each of its steps of time, and where it falls."""
        signal, before = track.signal, track.metered
        if before is not None and time // signal.every == before[0] // signal.every and value >= before[1]:
            return
        track.metered = (time, value)
        self.rows.meters.append((time, track.subject, signal.medium, value, signal.unit, quality))

    # ---- states

    def _state(self, track: _Track, time: int, value: float | str | None, quality: int, late: bool) -> None:
        unit, mapping = track.unit, track.signal.mapping
        reason = unit.context["reason"]
        if quality >= _BAD or value is None:
            word = "unknown"
            reason = Quality(quality).label
        else:
            word, known = self._word(track, str(value))
            if not known:
                quality = quality or int(Quality.UNCERTAIN)
                reason = f"not a word of {mapping}"
                self._stranger(track, time, word)
        if late or not unit.said or unit.state != (word, mapping, quality):
            order, item = unit.context["order"], unit.context["item"]
            self._put_state(unit, time, State(word, mapping, quality, reason, order, item))
        if not late:
            unit.state = (word, mapping, quality)
            unit.said = True

    def expect_states(self) -> None:
        """A link came up: the state of each unit is written once more, even if it is the old one.

        Across a gap an old state proves nothing; that the source repeats it does.
        """
        for unit in self._units.values():
            unit.said = False

    def _say_again(self, unit: _Unit, time: int) -> None:
        if unit.said or unit.state is None:
            return
        word, mapping, quality = unit.state
        context = unit.context
        self._put_state(unit, time, State(word, mapping, quality, context["reason"], context["order"], context["item"]))
        unit.said = True

    def _word(self, track: _Track, text: str) -> tuple[str, bool]:
        word = track.words.get(text)
        if word is None:
            if track.states is None:
                return text, False
            known = known_word(track.states, text)
            if known is None:
                return text.strip(), False
            word = track.words[text] = known
        return word, True

    def _stranger(self, track: _Track, time: int, word: str) -> None:
        if word not in track.strangers and len(track.strangers) < 100:
            track.strangers.add(word)
            self.rows.event(
                time,
                track.unit.path,
                "note",
                code="unknown state",
                text=f"{word!r} is not a word of {track.signal.mapping}; its time is of unknown kind",
                data={"signal": track.subject, "word": word, "mapping": track.signal.mapping},
            )

    def _put_state(self, unit: _Unit, time: int, state: State) -> None:
        self.rows.states[time, unit.path] = state

    def _context(self, track: _Track, time: int, value: str | None) -> None:
        unit = track.unit
        if unit.context[track.role] == value:
            return
        unit.context[track.role] = value
        if unit.state is None or track.role in _OF_PIECES:
            return
        word, mapping, quality = unit.state
        if quality < _BAD:  # the state goes on, now for another order, item or reason
            context = unit.context
            self._put_state(
                unit, time, State(word, mapping, quality, context["reason"], context["order"], context["item"])
            )

    # ---- counts

    def _count(self, track: _Track, time: int, value: float, quality: int) -> None:
        base = track.base
        track.base = (time, value)
        if base is None:
            return
        delta = value - base[1]
        if delta < 0:
            delta = value
            self._note(
                track,
                time,
                "counter reset",
                f"{track.subject} went from {base[1]:g} to {value:g}: counted on from 0",
                base[1],
                value,
            )
        elapsed = max(time - base[0], 0) / SECOND
        if delta > 1000 and delta > self.jump * elapsed:
            quality = quality or int(Quality.UNCERTAIN)
            self._note(
                track,
                time,
                "counter jump",
                f"{track.subject} rose by {delta:g} within {elapsed:g} s: flagged, not in figures",
                base[1],
                value,
            )
        if delta:
            self._add(track, time, delta, quality)

    def _add(self, track: _Track, time: int, delta: float, quality: int) -> None:
        unit = track.unit
        good, scrap, rework = _shares(track.role, unit.roles)
        if not (good or scrap or rework):
            return
        row = self.rows.counts.get((time, unit.path))
        if row is None:
            row = Count(order=unit.context["order"], item=unit.context["item"])
            self.rows.counts[time, unit.path] = row
        row.quality = max(row.quality, quality)
        row.good += good * delta
        row.scrap += scrap * delta
        row.rework += rework * delta

    def _note(self, track: _Track, time: int, code: str, text: str, before: float, after: float) -> None:
        hour, told = track.notes.get(code, (0, 0))
        if time - hour >= HOUR:
            hour, told = time, 0
        track.notes[code] = (hour, told + 1)
        if told >= _NOTES:
            return
        if told == _NOTES - 1:
            text += "; more of it within the hour is not told"
        data = {"signal": track.subject, "from": before, "to": after}
        self.rows.event(time, track.unit.path, "note", code=code, text=text, data=data)

    # ---- the source as a whole

    def watch(self, at: int) -> None:
        """Mark values that have stood still for too long although nothing came that could be marked."""
        arrival, subject, other = self._alive
        for track in self._by_subject.values():
            if track.check.silent_stuck(at, other if subject == track.subject else arrival):
                last = track.check.last
                self.rows.time.append(at)
                self.rows.subject.append(track.subject)
                self.rows.value.append(last if isinstance(last, float) else None)
                self.rows.text.append(last if isinstance(last, str) else None)
                self.rows.quality.append(int(Quality.STUCK))
                self.doubtful += 1

    def expect_repeats(self, until: int | None = None) -> None:
        """What was seen may come again (re-delivery, history): up to `until`, or up to each signal's newest value."""
        for track in self._by_subject.values():
            track.check.floor = track.check.last_time if until is None else until

    def link_settled(self) -> None:
        """No repetitions are expected any longer."""
        for track in self._by_subject.values():
            track.check.floor = NEVER

    def _tell_clock(self, at: int) -> None:
        lag = self.clock.lag or 0
        self.rows.event(
            at,
            self.source,
            "note",
            code="clock skew" if self.clock.skewed else "clock right",
            text=f"the source's clock is {lag / SECOND:.1f} s behind ours"
            if self.clock.skewed
            else "the source's clock agrees",
            data={"lag_us": lag},
        )

    def memory(self, *, only: Iterable[str] | None = None) -> dict[str, Any]:
        """What must survive the process, as JSON values; `only` these subjects."""
        chosen = self._by_subject if only is None else {s: self._by_subject[s] for s in only if s in self._by_subject}
        tracks = {
            subject: [t.check.last_time, t.check.last, t.check.last_quality, t.check.changed, t.base]
            for subject, t in chosen.items()
            if t.check.last_time > 0
        }
        units = {u.path: [u.state, u.context] for u in self._units.values() if u.state or any(u.context.values())}
        return {"t": tracks, "u": units}

    def recall(self, memory: Mapping[str, Any]) -> None:
        """Go on from what an earlier process remembered; signals that are gone are left out."""
        for subject, (time, last, quality, changed, base) in memory.get("t", {}).items():
            if track := self._by_subject.get(subject):
                check = track.check
                check.last_time, check.last, check.last_quality, check.changed = time, last, quality, changed
                track.base = (base[0], base[1]) if base else None
        for path, (state, context) in memory.get("u", {}).items():
            if unit := self._units.get(path):
                unit.state = (state[0], state[1], state[2]) if state else None
                unit.context.update({k: context.get(k) for k in _CONTEXT})


def _number(text: str) -> float | None:
    try:
        return float(text) if "_" not in text else None
    except ValueError:
        return None


def _text(value: float | bool | str) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip() if not isinstance(value, bool) else str(int(value))


def _shares(role: str, roles: set[str]) -> tuple[float, float, float]:
    """What one more of this counter adds to (good, scrap, rework), given which counters the unit has.

    A total is the sum of good and scrap: with one of them known it gives the other, alone it counts as good.
    """
    total = "total_count" in roles
    good, scrap = "good_count" in roles, "scrap_count" in roles
    if role == "good_count":
        return 1.0, -1.0 if total and not scrap else 0.0, 0.0
    if role == "scrap_count":
        return -1.0 if total and not good else 0.0, 1.0, 0.0
    if role == "rework_count":
        return 0.0, 0.0, 1.0
    if good and scrap:
        return 0.0, 0.0, 0.0
    return (0.0, 1.0, 0.0) if good else (1.0, 0.0, 0.0)
