"""Pieces that show something while a lot runs: readings of a gauge, new edges. They are expected at their own time.

A run that nobody watches makes the pieces of a lot at its end, which is quicker and brings the same.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from luban.twin.kernel.heap import push
from luban.twin.kernel.layout import (
    Event,
    Phase,
    State,
    characteristics,
    clocks,
    lots,
    machine_time,
    machines,
    steps,
    tools,
)
from luban.twin.kernel.memory import inlined

__all__ = ["expect_piece"]

_E_PIECE, _RUN, _RUNNING = np.int64(Event.PIECE), np.int64(Phase.RUN), np.int64(State.RUN)
_STATES = len(State)


@inlined
def _shows(w: int, index: int, step: int, piece: int, used: float) -> bool:
    """Somebody reads that piece, or its edge ends with it; `used` after it."""
    for place in range(steps(w)[step].characteristic, steps(w)[step].characteristic_end):
        size = characteristics(w)[place]
        if piece < size.first or (size.every > 0 and piece % size.every == 0):
            return True
    machine = machines(w)[index]
    if machine.tool < 0:
        return False
    limit = tools(w)[machine.tool].replace_at
    return used >= machine.tool_life or (limit > 0 and used >= limit)


@njit
def expect_piece(w: int, index: int) -> None:
    """Plans the next piece of the running lot that shows something; nothing where none does."""
    machine = machines(w)[index]
    machine.piece_mark += 1
    lot = machine.lot
    if machine.phase != _RUN or machine.cascade > 1 or lot < 0 or machine.paused_since >= 0:
        return
    item = lots(w)[lot]
    step = steps(w)[item.step]
    if item.cycle <= 0 or (machine.tool < 0 and step.characteristic_end == step.characteristic):
        return
    each, used = 0.0, machine.tool_used
    if machine.tool >= 0:
        tool = tools(w)[machine.tool]
        each = 1.0 if tool.pieces else item.cycle * 1e-6 / max(1, item.quantity) * tool.cutting
    now = clocks(w)[0].now
    ran = machine_time(w)[index * _STATES + _RUNNING]
    if machine.state == _RUNNING:
        ran += now - machine.since
    for piece in range(item.made, item.quantity):
        used += each
        if _shows(w, index, item.step, piece, used):
            due = ((piece + 1) * item.cycle + item.quantity - 1) // item.quantity
            push(w, now + max(0, item.run_from + due - ran), _E_PIECE, index, machine.piece_mark)
            return
