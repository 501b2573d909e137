"""States and counts of a machine out of its power, each with how sure it is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from luban.core.errors import InputError
from luban.understand.health.retrofit import words
from luban.understand.health.retrofit.meter import Meter, learned, rows_of, working
from luban.understand.health.retrofit.pulses import Pulses
from luban.understand.health.retrofit.readings import Readings, readings_of
from luban.understand.health.retrofit.rows import Row
from luban.understand.quality.data import Floats, Ints

__all__ = ["STATES", "Made", "Retrofitted", "Spell", "read_meter"]

STATES: Final = ("off", "idle", "running", "unknown")
"""What is told, in words of the state mapping `power@1`."""

_OFF, _IDLE, _RUN, _UNKNOWN = range(4)
_BLUR = 0.15  # of the way from idle to work: readings so near to the border may lie on the other side
_PART = 0.3  # of a usual piece: a shorter pulse is no piece
_ON_ONLY = 0.5  # confidence where idling may look like work
_MISSED = 0.01  # of the pieces of a row that may begin or end with one not seen
_PLAIN = 3  # pulses in a piece, above which the row may have been cut otherwise
_CLEAN = 0.1  # of a row's pulses: where more do not repeat, each pulse may be a piece
_SETTLE = 900.0  # s after which what came before is not told anew, at least
_SHORTEST = 12.0  # steps of the shortest cycle that is counted well


@dataclass(frozen=True, slots=True)
class Spell:
    """A state from one moment to another.

    start, end  [µs UTC]
    state       one of STATES
    """

    start: int
    end: int
    state: str


@dataclass(frozen=True, slots=True)
class Made:
    """Pieces of one kind, one after the other.

    start, end  [µs UTC]
    pieces      made
    cycle       usual time from piece to piece [s]; 0 where there were fewer than two
    ends        when each was done [µs UTC], shape (pieces,)
    sure        False: pulses of work that repeat nothing
    """

    start: int
    end: int
    pieces: int
    cycle: float
    ends: Ints
    sure: bool = True


@dataclass(frozen=True, slots=True)
class Retrofitted:
    """What power told of a machine.

    meter       it was read by
    spells      in order, without gaps
    confidence  of the states: expected share of time that is told right [1]
    made        rows of pieces in order; empty: none can be counted
    low, high   range that the number of pieces lies in, by what did not repeat [piece]
    settled     what lies before is final; what comes after may be told anew when more is known [µs UTC]
    used, excluded  readings
    notes       what cannot be told, in words
    """

    meter: Meter
    spells: tuple[Spell, ...]
    confidence: float
    made: tuple[Made, ...]
    low: int
    high: int
    settled: int
    used: int
    excluded: int
    notes: tuple[str, ...]

    @property
    def pieces(self) -> int | None:
        """Pieces, those in doubt too; None if they cannot be counted."""
        return sum(row.pieces for row in self.made) if self.made else None

    @property
    def hours(self) -> dict[str, float]:
        """Time in each state [h]."""
        found = dict.fromkeys(STATES, 0.0)
        for spell in self.spells:
            found[spell.state] += (spell.end - spell.start) / 3.6e9
        return found

    def at(self, times: Ints) -> list[str]:
        """State at each of the times; "unknown" outside."""
        starts = np.array([spell.start for spell in self.spells], np.int64)
        places = np.searchsorted(starts, times, "right") - 1
        end = self.spells[-1].end if self.spells else 0
        return [
            self.spells[place].state if place >= 0 and moment < end else "unknown"
            for place, moment in zip(places.tolist(), np.asarray(times).tolist(), strict=True)
        ]

    def as_dict(self) -> dict[str, Any]:
        """For `--json` and REST."""
        levels = [{"power": one.power, "share": one.share, "stay_s": one.stay} for one in self.meter.levels.found]
        return {
            "levels": levels, "off_below": self.meter.levels.off,
            "work_from": self.meter.levels.work if self.meter.tells else None, "step_s": self.meter.step,
            "hours": self.hours, "confidence": self.confidence,
            "pieces": self.pieces, "pieces_low": self.low if self.made else None,
            "pieces_high": self.high if self.made else None,
            "states": [{"start": s.start, "end": s.end, "state": s.state} for s in self.spells],
            "counts": [{"start": m.start, "end": m.end, "pieces": m.pieces, "cycle_s": m.cycle, "sure": m.sure}
                       for m in self.made],
            "used": self.used, "excluded": self.excluded, "notes": list(self.notes),
        }  # fmt: skip


def read_meter(
    time: Sequence[int] | Ints,
    power: Sequence[float] | Floats,
    meter: Meter | None = None,
    *,
    cycle: float | None = None,
    counter: Sequence[int] | Ints | None = None,
    longest: float | None = None,
) -> Retrofitted:
    """States and pieces of a machine.

    time, power  see `learn_meter`
    meter    learned before; None: learned from these very readings
    cycle    time for a piece [s], if someone knows it: counts pieces where the power shows none
    counter  times of pulses of a counter, one a piece [µs UTC]: they count, and power tells states only
    longest  how long a reading holds at most [s]
    Raises   InputError
    Example  read_meter(time, kilowatts).hours["running"]
    """
    if cycle is not None and not 0 < cycle < float("inf"):
        raise InputError("a cycle takes time", came=f"{cycle:g} s", expected="above 0 s")
    readings = readings_of(time, power, longest=longest)
    own = meter or learned(readings)
    notes = [*own.notes]
    if readings.lost > 0:
        notes.append(words.GAPS.format(hours=f"{readings.lost / 3600:.1f}"))
    if not own.tells:
        spell = Spell(int(readings.time[0]), int(readings.time[-1]), "unknown")
        return Retrofitted(own, (spell,), 0.0, (), 0, 0, spell.end, len(readings.time), readings.excluded, tuple(notes))
    if meter is not None and float(readings.lasts.sum()) > 86_400 and meter.moved(learned(readings)):
        notes.append(words.CHANGED)
    pulses, rows = rows_of(own, readings)
    at_work = working(own, readings, pulses, rows)
    codes = np.where(at_work, _RUN, np.where(readings.power < own.levels.off, _OFF, _IDLE))
    if own.on_only:
        codes = np.where(at_work, _RUN, _OFF)
    made, low, high = _made(readings, pulses, rows, notes)
    if counter is not None:
        made, low, high = _counted(counter, readings)
    elif not rows:
        made, low, high = _by_cycle(readings, at_work, cycle, notes)
    return Retrofitted(own, _spells(readings, codes), _confidence(own, readings, pulses, rows), made, low, high,
                       _settled(readings, rows), len(readings.time), readings.excluded, tuple(notes))  # fmt: skip


def _spells(readings: Readings, codes: Ints) -> tuple[Spell, ...]:
    """States in order; time without a reading is unknown."""
    starts = readings.time
    ends = starts + np.rint(readings.lasts * 1e6).astype(np.int64)
    broken = np.flatnonzero(starts[1:] > ends[:-1] + 1)
    moments = np.concatenate([starts, ends[broken]])
    states = np.concatenate([codes, np.full(len(broken), _UNKNOWN)])
    order = np.argsort(moments, kind="stable")
    moments, states = moments[order], states[order]
    turns = np.flatnonzero(np.diff(states, prepend=-1))
    upto = np.append(moments[turns[1:]], ends[-1])
    return tuple(
        Spell(int(start), int(end), STATES[state])
        for start, end, state in zip(moments[turns], upto, states[turns], strict=True)
    )


def _confidence(meter: Meter, readings: Readings, pulses: Pulses, rows: Sequence[Row]) -> float:
    """One less the share of time near the border between idle and work, and of steps in which the state turns."""
    total = float(readings.lasts.sum())
    if meter.on_only and not rows:
        return _ON_ONLY
    border = meter.levels.work
    near = np.abs(readings.power - border) < _BLUR * (border - meter.base)
    blurred = float(readings.lasts[near].sum()) / total
    turning = 2 * len(pulses) * readings.step / 2 / total
    return max(0.0, 1.0 - blurred - turning)


def _made(
    readings: Readings, pulses: Pulses, rows: Sequence[Row], notes: list[str]
) -> tuple[tuple[Made, ...], int, int]:
    """Rows of pieces, and between them what may be single ones."""
    if not rows:
        return (), 0, 0
    ends = readings.time + np.rint(readings.lasts * 1e6).astype(np.int64)
    found = []
    for row in rows:
        share = np.minimum(np.arange(1, row.pieces + 1) * len(row.ends) // row.pieces, len(row.ends)) - 1
        found.append(Made(int(readings.time[row.first]), int(ends[row.last - 1]), row.pieces, row.cycle,
                          ends[row.ends[np.maximum(share, 0)] - 1]))  # fmt: skip
    inside = np.zeros(len(pulses), bool)
    for row in rows:
        inside |= (pulses.first < row.last) & (pulses.last > row.first)
    firsts = np.array([row.first for row in rows])
    doubtful = 0
    for k in np.flatnonzero(~inside).tolist():
        near = rows[int(np.abs(firsts - pulses.first[k]).argmin())]
        if pulses.duration[k] >= _PART * near.work:
            doubtful += 1
            start, end = int(readings.time[pulses.first[k]]), int(ends[pulses.last[k] - 1])
            found.append(Made(start, end, 1, float(pulses.duration[k]), np.array([end], np.int64), sure=False))
    misfit = sum(min(row.misfit, row.pieces) + _MISSED * row.pieces for row in rows)
    misfit += sum(row.pieces for row in rows if row.period > _PLAIN)
    coarse = [row.pieces for row in rows if row.cycle < _SHORTEST * readings.step]
    more = sum(row.pieces * (row.period - 1) for row in rows if row.misfit > _CLEAN * len(row.ends))
    sure = sum(row.pieces for row in rows)
    if doubtful:
        notes.append(words.DOUBTFUL.format(n=doubtful))
    if coarse:
        notes.append(words.COARSE.format(step=f"{readings.step:g}", least=f"{_SHORTEST * readings.step:g}"))
    return tuple(sorted(found, key=lambda made: made.start)), *_range(
        sure, misfit + 0.5 * sum(coarse), misfit + 2 * doubtful + more + sum(coarse)
    )


def _range(pieces: int, less: float, more: float) -> tuple[int, int]:
    return max(0, math.floor(pieces - less)), math.ceil(pieces + more)


def _counted(counter: Sequence[int] | Ints, readings: Readings) -> tuple[tuple[Made, ...], int, int]:
    """What the counter told; nothing at all, as in a night, is no piece."""
    stamps = np.sort(np.asarray(counter, np.int64))
    if not len(stamps):
        return (Made(int(readings.time[0]), int(readings.time[-1]), 0, 0.0, stamps),), 0, 0
    cycle = float(np.median(np.diff(stamps))) / 1e6 if len(stamps) > 1 else 0.0
    return (Made(int(stamps[0]), int(stamps[-1]), len(stamps), cycle, stamps),), len(stamps), len(stamps)


def _by_cycle(
    readings: Readings, at_work: np.ndarray[Any, np.dtype[np.bool_]], cycle: float | None, notes: list[str]
) -> tuple[tuple[Made, ...], int, int]:
    if cycle is None:
        notes.append(words.NO_CYCLES)
        return (), 0, 0
    notes.append(words.BY_CYCLE.format(cycle=f"{cycle:g}"))
    ran = np.cumsum(readings.lasts * at_work)
    pieces = int(ran[-1] // cycle)
    if not pieces:
        return (), 0, 0
    ends = readings.time[np.searchsorted(ran, np.arange(1, pieces + 1) * cycle)]
    made = Made(int(readings.time[0]), int(ends[-1]), pieces, cycle, ends, sure=False)
    return (made,), round(0.8 * pieces), round(1.2 * pieces)


def _settled(readings: Readings, rows: Sequence[Row]) -> int:
    """What lies before this no longer changes: a row of three pieces may still begin after it."""
    last = rows[-1] if rows else None
    wait = max(_SETTLE, 4 * last.cycle if last is not None else 0.0)
    return int(readings.time[-1]) - round(wait * 1e6)
