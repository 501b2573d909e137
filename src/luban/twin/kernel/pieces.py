"""Pieces: what each one measures, what is wrong with it, what the operator reads and corrects.

A lot's pieces become real one after another while it runs; whatever is changed between two windows holds for the pieces
still to come. Tool changes and rework inside a lot take their time at its end.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from luban.twin.kernel.layout import (
    NOBODY,
    ONE,
    TWO,
    ZERO,
    characteristics,
    clocks,
    corrections,
    lots,
    machines,
    sizes,
    steps,
    tools,
)
from luban.twin.kernel.memory import inlined
from luban.twin.kernel.random import Purpose, normal, sample, stream, unit
from luban.twin.kernel.trace import Kind, note

__all__ = ["advance", "begin_pieces", "change_tool", "count_out", "end_pieces"]

_P_SCRAP, _P_NOISE, _P_GAUGE = np.int64(Purpose.SCRAP), np.int64(Purpose.NOISE), np.int64(Purpose.GAUGE)
_P_OFFSET, _P_CLUSTER, _P_HIT = (
    np.int64(Purpose.SETUP_OFFSET),
    np.int64(Purpose.CLUSTER),
    np.int64(Purpose.CLUSTER_PIECE),
)
_P_LIFE, _P_CHANGE = np.int64(Purpose.TOOL_LIFE), np.int64(Purpose.TOOL_CHANGE)
_K_MEASURED, _K_CORRECTED, _K_TOOL, _K_COUNT = (
    np.int64(Kind.MEASURED),
    np.int64(Kind.CORRECTED),
    np.int64(Kind.TOOL),
    np.int64(Kind.COUNT),
)
_PIECES, _VISITS = 1 << 20, 4096
"""Pieces of a lot, and visits, that the key of a draw tells apart."""


@njit
def change_tool(w: int, index: int, why: int) -> int:
    """A new edge; the time that the change takes [µs].

    why  1 planned, 2 broke, 3 commanded
    """
    machine = machines(w)[index]
    tool = tools(w)[machine.tool]
    note(w, _K_TOOL, index, NOBODY, NOBODY, NOBODY, why, ZERO, machine.tool_used, 0.0)
    machine.tools += 1
    machine.tool_used = 0.0
    machine.tool_life = max(1e-6, sample(w, tool.life, _P_LIFE, index, machine.tools))
    return int(round(1e6 * sample(w, tool.change, _P_CHANGE, index, machine.tools)))


@inlined
def begin_pieces(w: int, index: int, lot: int) -> None:
    """Before the first piece: the setup's offset is drawn, the machine has cooled while it rested."""
    item = lots(w)[lot]
    step = steps(w)[item.step]
    machine = machines(w)[index]
    key = clocks(w)[0].key
    width = sizes(w)[5]
    if step.characteristic_end == step.characteristic:
        return
    for place in range(width):
        own = corrections(w)[index * width + place]
        rest = (clocks(w)[0].now - own.cold_since) * 1e-6
        own.cold = 1.0 - (1.0 - own.cold) * math.exp(-rest / characteristics(w)[place].cool_tau)
    for place in range(step.characteristic, step.characteristic_end):
        size = characteristics(w)[place]
        own = corrections(w)[index * width + place]
        if own.serial != machine.setup_serial:
            own.serial = machine.setup_serial
            own.value = 0.0
            entity = index * width + place
            own.offset = size.setup_offset * normal(stream(key, _P_OFFSET, entity, machine.setup_serial))


@inlined
def end_pieces(w: int, index: int, lot: int) -> None:
    """After the last piece: how warm the machine has become."""
    item = lots(w)[lot]
    step = steps(w)[item.step]
    if step.characteristic_end == step.characteristic:
        return
    for place in range(sizes(w)[5]):
        own = corrections(w)[index * sizes(w)[5] + place]
        own.cold *= math.exp(-item.cycle * 1e-6 / characteristics(w)[place].heat_tau)
        own.cold_since = clocks(w)[0].now


@njit
def _tool(w: int, index: int, head: int, seconds: float) -> bool:
    """Wear of one piece; True: this piece is spoilt by an edge that ended."""
    machine = machines(w)[index]
    tool = tools(w)[machine.tool]
    machine.tool_used += 1.0 if tool.pieces else seconds * tool.cutting
    if machine.tool_used >= machine.tool_life:
        machine.broken = tool.breaks
        lots(w)[head].extra += change_tool(w, index, TWO)
        return tool.breaks > 0
    if tool.replace_at > 0 and machine.tool_used >= tool.replace_at:
        lots(w)[head].extra += change_tool(w, index, ONE)
    return False


@njit
def _deviation(w: int, index: int, lot: int, place: int, piece: int, elapsed: float) -> float:
    item = lots(w)[lot]
    machine = machines(w)[index]
    size = characteristics(w)[place]
    own = corrections(w)[index * sizes(w)[5] + place]
    draw = stream(clocks(w)[0].key, _P_NOISE, item.key * _VISITS + item.visits, place * _PIECES + piece)
    worn = machine.tool_used / machine.tool_life if machine.tool >= 0 else 0.0
    jump = tools(w)[machine.tool].jump if machine.tool >= 0 and machine.broken > 0 else 0.0
    cold = own.cold * math.exp(-elapsed / size.heat_tau)
    return own.value + own.offset + size.wear * worn + size.heat * cold + size.noise * normal(draw) + jump


@njit
def _read(w: int, index: int, lot: int, place: int, piece: int, deviation: float) -> None:
    """A reading, and the operator's correction by the plant's as-is rule."""
    item = lots(w)[lot]
    size = characteristics(w)[place]
    sampled = piece < size.first or (size.every > 0 and piece % size.every == 0)
    if not sampled:
        return
    own = corrections(w)[index * sizes(w)[5] + place]
    draw = stream(clocks(w)[0].key, _P_GAUGE, item.key * _VISITS + item.visits, place * _PIECES + piece)
    reading = deviation + size.gauge * normal(draw)
    note(w, _K_MEASURED, index, item.key, item.route, item.step, place, piece, reading, 0.0)
    half = 0.5 * (size.upper - size.lower)
    middle = 0.5 * (size.upper + size.lower)
    first = piece == 0 and size.correct_first
    if first or (size.beyond >= 0 and abs(reading - middle) > size.beyond * half):
        step = -size.gain * (reading - middle)
        own.value += step
        note(w, _K_CORRECTED, index, item.key, item.route, item.step, place, piece, step, 0.0)


@njit
def _piece(w: int, index: int, head: int, lot: int, piece: int) -> int:
    """One piece is made: 0 good, 1 scrap, 2 to be reworked here."""
    item = lots(w)[lot]
    step = steps(w)[item.step]
    machine = machines(w)[index]
    key = clocks(w)[0].key
    each = item.cycle * 1e-6 / max(1, item.quantity)
    spoilt = machine.tool >= 0 and _tool(w, index, head, each)
    if machine.broken > 0:
        machine.broken -= 1
    verdict = 1 if spoilt else 0
    serial = item.key * _VISITS + item.visits
    if step.scrap > 0 and unit(stream(key, _P_SCRAP, serial, piece)) < step.scrap:
        verdict = 1
    for place in range(step.characteristic, step.characteristic_end):
        size = characteristics(w)[place]
        if size.cluster > 0 and unit(stream(key, _P_CLUSTER, serial, place)) < size.cluster:
            if unit(stream(key, _P_HIT, serial, place * _PIECES + piece)) < size.cluster_share:
                verdict = 1
        deviation = _deviation(w, index, lot, place, piece, piece * each)
        _read(w, index, lot, place, piece, deviation)
        if deviation > size.upper or deviation < size.lower:
            again = size.above if deviation > size.upper else size.below
            if again and verdict != 1:
                verdict = 2
                lots(w)[head].extra += int(size.rework_time * item.cycle / max(1, item.quantity))
            elif not again:
                verdict = 1
    return verdict


@njit
def advance(w: int, index: int, head: int, lot: int, upto: int) -> None:
    """Makes the lot's pieces up to that number."""
    item = lots(w)[lot]
    step = steps(w)[item.step]
    machine = machines(w)[index]
    before = item.made
    if upto <= before:
        return
    if machine.tool < 0 and step.scrap <= 0 and step.characteristic_end == step.characteristic:
        item.made = upto
        machine.pieces += upto - before
        return
    for piece in range(before, upto):
        verdict = _piece(w, index, head, lot, piece)
        item.made = piece + 1
        machine.pieces += 1
        if verdict == 1:
            item.step_scrap += 1
            machine.scrap += 1
        elif verdict == 2:
            item.step_rework += 1
            machine.reworked += 1


@inlined
def count_out(w: int, index: int, lot: int) -> None:
    """Writes the pieces counted since the last time."""
    item = lots(w)[lot]
    good = item.made - item.step_scrap - item.step_rework
    if good == item.counted_good and item.step_scrap == item.counted_scrap and item.step_rework == item.counted_rework:
        return
    note(
        w, _K_COUNT, index, item.key, item.route, item.step, good - item.counted_good,
        item.step_scrap - item.counted_scrap, float(item.step_rework - item.counted_rework), 0.0,
    )  # fmt: skip
    item.counted_good = good
    item.counted_scrap = item.step_scrap
    item.counted_rework = item.step_rework
