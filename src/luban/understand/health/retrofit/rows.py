"""Cycles in pulses of work: which of them together are one piece, and how many pieces there were.

A program repeats itself: pulse by pulse it takes the same time at the same power, piece after piece, while loading
takes as long as it takes. So a piece is the shortest row of pulses that repeats, and what lies between two pieces of a
row belongs to the work if it is no longer than usual there. Nothing is told about cycle times.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from luban.understand.health.retrofit.pulses import Pulses, merged
from luban.understand.quality.data import Ints

__all__ = ["Row", "find_rows"]

_MOST = 12  # pulses in a piece
_ALIKE = 0.08  # of duration and of mean power, between the same pulse of two pieces
_REPEATS = 3  # pieces from which on a row is one
_MISSES = 2  # pulses in a row that may fit badly, as when an operator stops a cycle
_SHARE = 0.8  # of the longest row: a shorter piece that explains so much is preferred
_DIPS = (0.0, 1.5, 2.5, 3.5, 4.5, 6.5, 8.5)  # readings: shorter pauses are tried as dips within a pulse
_PLAIN = 3  # pulses in a piece that are believed first
_CLEAN = 0.1  # of the pulses of a row that is believed first: those that do not repeat
_QUICK = 600.0  # cycles up to here are believed easily [s]
_CYCLE = 3600.0  # longest cycle with a pulse that does not repeat, or where only on and off are told [s]
_FEW = 0.15  # of the pulses of such a row
_ODD = 0.5  # of the pulses of a row that do not repeat: more are no row
_LONG_ROW, _SHARE_OF_WORK = 5, 0.5  # pieces of a row of long cycles, and its pause in parts of the work
_LEARNS = 0.25  # of a new pulse goes into what is expected of the next
_SHORT = 0.9  # worth of a piece with one pulse more


@dataclass(frozen=True, slots=True)
class Row:
    """Pieces of one kind, one after the other.

    first, last number of the first reading, and of the first after it
    period      pulses of a piece
    pieces      that were made
    work        time of a piece in work [s]
    cycle       usual time from one piece to the next [s]
    gap         longest pause within the row that belongs to it [s]
    ends        number of the reading after each pulse, shape (pulses,)
    misfit      pulses that do not repeat
    """

    first: int
    last: int
    period: int
    pieces: int
    work: float
    cycle: float
    gap: float
    ends: Ints
    misfit: int


def find_rows(looks: Sequence[Pulses], step: float, *, strict: bool = False) -> tuple[Row, ...]:
    """Rows of pieces, in order of time; pulses outside of them repeat nothing.

    looks  pulses of the same readings above one level or another
    step   time between readings [s]: durations are told no better
    strict nothing tells idling from off: long cycles are no cycles

    Short pauses are looked at both as pauses and as dips within a pulse; of rows that overlap, the one is kept that
    explains the most time with the fewest pulses a piece, and what is left between rows is looked at again: first for
    plain rows, above the lowest level and then above others, at last for any.
    """
    kept: list[Row] = []
    parts = [[merged(pulses, dip * step) for dip in _DIPS] for pulses in looks]
    lowest, every = parts[0], [pulses for part in parts for pulses in part]
    for tried, plain in (
        (lowest, True),
        (lowest, True),
        (every, True),
        (every, True),
        (lowest, False),
        (lowest, False),
    ):
        left = [part for pulses in tried for part in _between(pulses, kept)]
        found = [row for pulses in left for row in _rows(pulses, step)]
        found = [row for row in found if _likely(row, strict=strict)]
        if plain:
            found = [row for row in found if row.period <= _PLAIN and row.misfit <= _CLEAN * len(row.ends)]
        kept = sorted(kept + _best(found, kept), key=lambda row: row.first)
    return tuple(kept)


def _likely(row: Row, *, strict: bool) -> bool:
    """Whether a row is made by a program: hours that look alike do so by chance, unless nothing else lies between."""
    if row.misfit > _ODD * len(row.ends) or (strict and row.cycle > _CYCLE):
        return False
    if row.cycle <= _QUICK:
        return True
    odd = row.misfit > (_FEW if row.cycle <= _CYCLE else 0.0) * len(row.ends)
    return not odd and row.pieces >= _LONG_ROW and row.gap <= _SHARE_OF_WORK * row.work


def _best(tried: list[Row], kept: list[Row]) -> list[Row]:
    """Rows that overlap neither each other nor those kept, the best ones first."""
    worth = [_worth(row) for row in tried]
    chosen: list[Row] = []
    for k in sorted(range(len(tried)), key=lambda k: -worth[k]):
        row = tried[k]
        if all(row.last <= other.first or row.first >= other.last for other in chosen + kept):
            chosen.append(row)
    return chosen


def _worth(row: Row) -> float:
    """Readings that a row explains; less for many pulses a piece, for misfits, and for cycles of hours."""
    fit = (1 - row.misfit / len(row.ends)) ** 2 / (1 + row.cycle / _CYCLE)
    return float((row.last - row.first) * _SHORT ** (row.period - 1) * fit)


def _between(pulses: Pulses, rows: list[Row]) -> list[Pulses]:
    """What lies outside of rows, stretch by stretch."""
    if not len(pulses):
        return []
    edges = [0, *(edge for row in rows for edge in (row.first, row.last)), int(pulses.last[-1])]
    found = []
    for low, high in zip(edges[::2], edges[1::2], strict=True):
        inside = (pulses.first >= low) & (pulses.last <= high)
        if inside.sum() >= _REPEATS:
            own = [getattr(pulses, name)[inside] for name in ("first", "last", "duration", "mean", "gap")]
            found.append(Pulses(*own))
    return found


def _rows(pulses: Pulses, step: float) -> tuple[Row, ...]:
    """Rows one after the other, each begun where the one before ends."""
    rows: list[Row] = []
    duration, mean = pulses.duration.tolist(), pulses.mean.tolist()
    at = 0
    while at < len(pulses) - _REPEATS + 1:
        walks = [_walk(duration, mean, at, period, step) for period in range(1, _MOST + 1)]
        longest = max(walk.end for walk in walks)
        if longest == at:
            at += 1
            continue
        walk = next(walk for walk in walks if walk.end - at >= _SHARE * (longest - at))
        rows.append(_row(pulses, at, walk))
        at = walk.end
    return tuple(rows)


@dataclass(slots=True)
class _Walk:
    """How far a row of one period goes: to which pulse, with how many pieces and misses."""

    end: int
    period: int
    pieces: int = 0
    misfit: int = 0
    work: float = 0.0


def _walk(duration: list[float], mean: list[float], at: int, period: int, step: float) -> _Walk:
    """Pulses from here on against the piece that begins here, which is learned anew with each that fits.

    A pulse that a stop cut in two counts as one; one that does not fit is passed over, two pieces of them end the row.
    """
    upto = len(duration)
    if at + _REPEATS * period > upto:
        return _Walk(at, period)
    learned = [(duration[k], mean[k]) for k in range(at, at + period)]
    seen = [[size] for size, _ in learned]
    found = _Walk(at, period)
    k, phase, missed, lost, misfit = at + period, 0, 0, 0.0, 0
    fitted, astray = period, 0.0  # up to where the row is sure: pulses that fit, time at work of those that do not
    while k < upto:
        size, level = learned[phase]
        used = 1
        fits = _alike(duration[k], mean[k], size, level, step)
        if not fits and k + 1 < upto:
            both = duration[k] + duration[k + 1]
            joined = (duration[k] * mean[k] + duration[k + 1] * mean[k + 1]) / both
            if _alike(both, joined, size, level, step):
                fits, used, misfit = True, 2, misfit + 1
        if fits:
            own = sum(duration[k : k + used])
            seen[phase].append(own)
            missed = 0
            learned[phase] = (size + _LEARNS * (own - size), level + _LEARNS * (mean[k] - level))
        else:
            missed, misfit, lost = missed + 1, misfit + 1, lost + duration[k]
            if missed > _MISSES or sum(map(len, seen)) < 2 * period:
                break
        k, phase = k + used, (phase + 1) % period
        if fits and phase == 0:
            found.end, found.misfit, fitted, astray = k, misfit, sum(map(len, seen)), lost
    if found.end < at + _REPEATS * period:
        return _Walk(at, period)
    piece = [(median(sizes), level) for sizes, (_, level) in zip(seen, learned, strict=True)]
    shortest = _shortest(piece, step)
    found.work = sum(size for size, _ in shortest)
    found.pieces = round(fitted / len(shortest) + astray / found.work)
    found.period = len(shortest)
    return found if found.pieces >= _REPEATS and found.end > at else _Walk(at, period)


def _shortest(learned: list[tuple[float, float]], step: float) -> list[tuple[float, float]]:
    """The shortest piece that these pulses repeat: four alike are four pieces."""
    count = len(learned)
    for period in range(1, count):
        shifted = learned[period:] + learned[:period]
        if count % period == 0 and all(_alike(*one, *other, step) for one, other in zip(learned, shifted, strict=True)):
            return learned[:period]
    return learned


def _alike(one: float, level: float, other: float, usual: float, step: float) -> bool:
    """Whether two pulses are the same part of a program: durations to a reading at each end, mean power with it."""
    shorter = min(one, other)
    if abs(one - other) > _ALIKE * shorter + 2.0 * step:
        return False
    return abs(level - usual) <= (_ALIKE + step / shorter) * max(level, usual)


def _row(pulses: Pulses, begin: int, walk: _Walk) -> Row:
    own = slice(begin, walk.end)
    gaps = pulses.gap[begin : walk.end - 1]
    phase = np.arange(len(gaps)) % walk.period
    usual = max(float(np.median(gaps[phase == k])) for k in range(min(walk.period, len(gaps))))
    cycle = walk.work + sum(float(np.median(gaps[phase == k])) for k in range(min(walk.period, len(gaps))))
    return Row(int(pulses.first[begin]), int(pulses.last[walk.end - 1]), walk.period, walk.pieces, walk.work, cycle,
               usual, pulses.last[own], walk.misfit)  # fmt: skip
