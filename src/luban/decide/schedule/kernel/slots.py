"""Compiled part of lot sizing: annealing over which item each period makes."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["anneal", "price", "tabulate"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@njit(cache=True, nogil=True)
def _draw(dice: Ints, below: int) -> int:
    """A number from 0 to below - 1 (xorshift)."""
    x = dice[0]
    x ^= x << np.int64(13)
    x ^= (x >> np.int64(7)) & np.int64(0x01FFFFFFFFFFFFFF)
    x ^= x << np.int64(17)
    dice[0] = x
    return ((x >> np.int64(11)) & np.int64(0x1FFFFFFFFFFFFF)) % below


@njit(cache=True, nogil=True)
def price(items: Ints, change: Floats, hold: float) -> tuple[float, float]:
    """(changeovers, - hold x sum of the periods that are used); idle periods keep the item."""
    last, changes, used = -1, 0.0, 0.0
    for t in range(len(items)):
        if items[t] >= 0:
            if last >= 0:
                changes += change[last, items[t]]
            last = items[t]
            used += t
    return changes, -hold * used


@njit(cache=True, nogil=True)
def _rotated(items: Ints, trial: Ints, a: int, b: int, shift: int) -> None:
    """trial[a:b] = items[a:b] turned left by shift."""
    size = b - a
    for t in range(size):
        at = t + shift
        trial[a + t] = items[a + at - size] if at >= size else items[a + at]


@njit(cache=True, nogil=True)
def _worth(items: Ints, trial: Ints, a: int, b: int, change: Floats, hold: float) -> float:
    """What the change of [a, b) costs."""
    first = a - 1
    while first >= 0 and items[first] < 0:
        first -= 1
    after = b
    while after < len(items) and items[after] < 0:
        after += 1
    last = items[first] if first >= 0 else -1
    old_last, delta = last, 0.0
    for t in range(a, b):
        new, old = trial[t], items[t]
        if new >= 0:
            if last >= 0:
                delta += change[last, new]
            last = new
            delta -= hold * t
        if old >= 0:
            if old_last >= 0:
                delta -= change[old_last, old]
            old_last = old
            delta += hold * t
    if after < len(items):
        if last >= 0:
            delta += change[last, items[after]]
        if old_last >= 0:
            delta -= change[old_last, items[after]]
    return delta


@njit(cache=True, nogil=True)
def _in_time(items: Ints, trial: Ints, a: int, b: int, slack: Ints, moved: Ints, short: Ints) -> bool:
    """No deadline is missed in [a, b); moved [I] is all zero before and after."""
    count, good = 0, True
    for t in range(a, b):
        new, old = trial[t], items[t]
        if new != old:
            if new >= 0:
                moved[new] += 1
            if old >= 0:
                moved[old] -= 1
                if moved[old] == -1:
                    short[count] = old
                    count += 1
        k = 0
        while k < count:
            item = short[k]
            if moved[item] >= 0:
                count -= 1
                short[k] = short[count]
                continue
            if slack[item, t] + moved[item] < 0:
                good = False
                break
            k += 1
        if not good:
            break
    for t in range(a, b):
        if trial[t] >= 0:
            moved[trial[t]] = 0
        if items[t] >= 0:
            moved[items[t]] = 0
    return good


@njit(cache=True, nogil=True)
def _take(items: Ints, trial: Ints, a: int, b: int, slack: Ints, moved: Ints) -> None:
    for t in range(a, b):
        new, old = trial[t], items[t]
        if new >= 0:
            moved[new] += 1
        if old >= 0:
            moved[old] -= 1
        for item in range(slack.shape[0]):
            slack[item, t] += moved[item]
    for t in range(a, b):
        items[t] = trial[t]
    moved[:] = 0


@njit(cache=True, nogil=True)
def anneal(
    items: Ints,
    best: Ints,
    values: Floats,
    slack: Ints,
    change: Floats,
    hold: float,
    dice: Ints,
    hot: float,
    cold: float,
    moves: int,
) -> None:
    """Annealing from `hot` to `cold` in so many moves; `best` and values = (now, best) are kept.

    A move swaps two periods, or turns a stretch so that a block comes next to another of its item.
    """
    periods = len(items)
    trial = items.copy()
    moved, short = np.zeros(slack.shape[0], np.int64), np.zeros(slack.shape[0] + 1, np.int64)
    heat, rate = hot, (cold / hot) ** (1.0 / max(moves, 1))
    for _ in range(moves):
        heat *= rate
        kind = _draw(dice, 4)
        a = _draw(dice, periods)
        if kind == 0:
            b = a + 1 + _draw(dice, min(periods, 30))
            if b >= periods or items[a] == items[b]:
                continue
            trial[a : b + 1] = items[a : b + 1]
            trial[a], trial[b] = items[b], items[a]
            low, high = a, b + 1
        else:
            item = items[a]
            block = 1
            if kind == 1:
                block = 1 + _draw(dice, 6)
            elif item >= 0:
                while a > 0 and items[a - 1] == item and kind == 3:
                    a -= 1
                while a + block < periods and items[a + block] == item and (kind == 3 or _draw(dice, 2)):
                    block += 1
            reach = 1 + _draw(dice, min(periods, 60))
            if _draw(dice, 2):
                # the block goes right, behind a block of its own item where one is near
                to = a + block + reach
                if kind > 1 and item >= 0:
                    t = a + block
                    while t < periods and items[t] != item:
                        t += 1
                    if t < periods:
                        to = t
                if to > periods:
                    continue
                low, high = a, to
                _rotated(items, trial, low, high, block)
            else:
                to = a - reach
                if kind > 1 and item >= 0:
                    t = a - 1
                    while t >= 0 and items[t] != item:
                        t -= 1
                    if t >= 0:
                        to = t + 1
                if to < 0 or a + block > periods or to >= a:
                    continue
                low, high = to, a + block
                _rotated(items, trial, low, high, a - to)
        delta = _worth(items, trial, low, high, change, hold)
        if delta > 0.0 and np.exp(-delta / heat) * 1e9 < _draw(dice, 1_000_000_000):
            continue
        if not _in_time(items, trial, low, high, slack, moved, short):
            continue
        _take(items, trial, low, high, slack, moved)
        values[0] += delta
        if values[0] < values[1] - 1e-9:
            values[1] = values[0]
            best[:] = items


@njit(cache=True, nogil=True)
def tabulate(counts: Ints, due: Ints, change: Floats, hold: float, before: NDArray[np.int16], plan: Ints) -> float:
    """Dynamic programme over (units made of each item, item the machine is set for); the least cost, `plan` [T] filled.

    counts  [I] units of each item; due [I, T] units due by each period
    before  [T, states, I] room for the item before; I: none; I + 1: idle
    Returns changeovers - hold x sum of the periods used; inf where nothing is feasible
    """
    items, periods = due.shape
    states = before.shape[1]
    step = np.ones(items, np.int64)
    for i in range(1, items):
        step[i] = step[i - 1] * (counts[i - 1] + 1)
    now, then = np.full((states, items + 1), np.inf), np.full((states, items + 1), np.inf)
    made = np.zeros(items, np.int64)
    now[0, items] = 0.0
    for t in range(periods):
        then[:] = np.inf
        for state in range(states):
            rest, short, first, total = state, 0, -1, 0
            for i in range(items):
                made[i] = rest % (counts[i] + 1)
                rest //= counts[i] + 1
                total += made[i]
                if made[i] < due[i, t]:
                    short += due[i, t] - made[i]
                    first = i
            if total > t or short > 1:
                continue
            for last in range(items + 1):
                cost = now[state, last]
                if cost == np.inf:
                    continue
                if not short and cost < then[state, last]:
                    then[state, last] = cost
                    if last < items:
                        before[t, state, last] = items + 1
                for i in range(items):
                    if made[i] == counts[i] or (short and i != first):
                        continue
                    worth = cost - hold * t + (change[last, i] if last < items else 0.0)
                    if worth < then[state + step[i], i]:
                        then[state + step[i], i] = worth
                        before[t, state + step[i], i] = last
        now, then = then, now
    best, last = np.inf, -1
    for i in range(items):
        if now[states - 1, i] < best:
            best, last = now[states - 1, i], i
    if last < 0:
        return best
    state = states - 1
    plan[:] = -1
    for t in range(periods - 1, -1, -1):
        if last == items:
            break
        previous = before[t, state, last]
        if previous <= items:
            plan[t] = last
            state -= step[last]
            last = previous
    return best
