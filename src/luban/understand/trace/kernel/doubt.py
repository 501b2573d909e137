"""How much was taken of each lot, in the order of time, compiled."""

# mypy: disallow-untyped-decorators=False, warn-return-any=False

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

__all__ = ["births", "overdrawn"]


@njit(cache=True, nogil=True)
def births(target: Any, time: Any, edges: Any, birth: Any) -> None:
    """Lower birth[lot] to the first time anything went into it."""
    for e in range(edges):
        lot = target[e]
        if time[e] < birth[lot]:
            birth[lot] = time[e]


@njit(cache=True, nogil=True)
def overdrawn(
    begin: Any, fact: Any, time: Any, quantity: Any, skip: Any, out_begin: Any, out_row: Any, out_time: Any,
    out_quantity: Any, made: Any, over: Any, out_over: Any,
) -> Any:  # fmt: skip
    """What was taken of each lot beyond what there was, by fact of use (`over`) and by issue (`out_over`).

    begin, fact          facts of use by lot, oldest first; skip: facts that do not count
    out_begin, out_row   issues by lot, oldest first
    made                 what there was; nan: not known
    Gives what was taken in all, by lot
    """
    taken = np.zeros(len(made))
    for lot in range(len(made)):
        used_end = begin[lot + 1] if lot + 1 < len(begin) else 0
        i = begin[lot] if lot + 1 < len(begin) else 0
        out_end = out_begin[lot + 1] if lot + 1 < len(out_begin) else 0
        j = out_begin[lot] if lot + 1 < len(out_begin) else 0
        if i == used_end and j == out_end:
            continue
        limit = np.inf if np.isnan(made[lot]) else made[lot]
        near = limit * (1 + 1e-9)
        ordered = True
        for k in range(i + 1, used_end):
            if time[fact[k]] < time[fact[k - 1]]:
                ordered = False
                break
        rows = fact[i:used_end]
        if not ordered:
            rows = rows[np.argsort(time[rows], kind="mergesort")]
        total, k = 0.0, 0
        while k < len(rows) or j < out_end:
            use = j == out_end or (k < len(rows) and time[rows[k]] <= out_time[out_row[j]])
            if use:
                e = rows[k]
                k += 1
                if skip[e]:
                    continue
                amount = quantity[e]
            else:
                r = out_row[j]
                j += 1
                amount = out_quantity[r]
            before = max(total - limit, 0.0)
            total += amount
            beyond = min(total - limit - before, amount) if total > near else 0.0
            if beyond > amount * 1e-9:
                if use:
                    over[e] = beyond
                else:
                    out_over[r] = beyond
        taken[lot] = total
    return taken
