"""Orders and machines to begin from: a randomised greedy one, and one between two schedules."""

from __future__ import annotations

import numpy as np
from numba import njit

from luban.decide.schedule.kernel.flexible import Ints, Shop
from luban.decide.schedule.kernel.flexible_tabu import draw

__all__ = ["between", "distance", "greedy"]


@njit(cache=True, nogil=True)
def _soonest(shop: Shop, x: int, ready: int, free: Ints, noise: Ints) -> int:
    """The mode of least end, noise counted."""
    best, least = -1, np.int64(2) ** 62
    for k in range(shop.mode_first[x], shop.mode_first[x + 1]):
        end = max(ready, free[shop.mode_machine[k]]) + shop.mode_time[k] + noise[k]
        if end < least:
            best, least = k, end
    return best


@njit(cache=True, nogil=True)
def greedy(shop: Shop, control: Ints, blur: int, order: Ints, mode: Ints) -> None:
    """Begins where (start - work left) of a job is least, on the machine of least end; both blurred by `blur` percent.

    order [O], mode [O] are filled. A start only grows while machines fill, so a value kept from before is a bound and
    only the least is looked at again.
    """
    none = len(shop.before)
    noise = np.zeros(len(shop.mode_time), np.int64)
    left = np.zeros(none + 1, np.int64)
    for x in range(none - 1, -1, -1):
        least = shop.mode_time[shop.mode_first[x]]
        for k in range(shop.mode_first[x], shop.mode_first[x + 1]):
            least = min(least, shop.mode_time[k])
            noise[k] = (shop.mode_time[k] * draw(control, blur + 1)) // 100
        left[x] = left[shop.after[x]] + least
    for x in range(none):
        left[x] -= (left[x] * draw(control, blur + 1)) // 100
    free = np.zeros(len(shop.room) - 1, np.int64)
    jobs = len(shop.release)
    ready, front, value = shop.release.copy(), np.full(jobs, none, np.int64), np.zeros(jobs, np.int64)
    for x in range(none):
        if shop.before[x] > none:
            j = shop.before[x] - none - 1
            front[j], value[j] = x, ready[j] - left[x]
    for i in range(none):
        while True:
            j = np.argmin(value)
            x = front[j]
            k = _soonest(shop, x, ready[j], free, noise)
            start = max(ready[j], free[shop.mode_machine[k]])
            if start - left[x] <= value[j]:
                break
            value[j] = start - left[x]
        order[i], mode[x] = x, k
        ready[j] = free[shop.mode_machine[k]] = start + shop.mode_time[k]
        front[j] = shop.after[x]
        value[j] = np.int64(2) ** 62 if front[j] == none else ready[j] - left[front[j]]


@njit(cache=True, nogil=True)
def between(
    control: Ints, share: int, order_a: Ints, mode_a: Ints, order_b: Ints, mode_b: Ints, order: Ints, mode: Ints
) -> None:
    """The schedule at `share` percent of the way from a to b.

    The place of an operation in the order is that mean of its places in a and b, so what both put in the same order
    stays so; its machine is b's with that probability.
    """
    none = len(order_a)
    key = np.zeros(none, np.int64)
    for i in range(none):
        key[order_a[i]] += (100 - share) * i
        key[order_b[i]] += share * i
    for x in range(none):
        mode[x] = mode_a[x]
        if mode_a[x] != mode_b[x] and draw(control, 100) < share:
            mode[x] = mode_b[x]
    order[:] = np.argsort(key, kind="mergesort")


@njit(cache=True, nogil=True)
def distance(shop: Shop, order_a: Ints, mode_a: Ints, order_b: Ints, mode_b: Ints) -> int:
    """Operations on another machine plus neighbours on a machine that are in another order."""
    none = len(order_a)
    rank, last = np.zeros(none, np.int64), np.full(len(shop.room) - 1, -1, np.int64)
    for i in range(none):
        rank[order_b[i]] = i
    apart = 0
    for i in range(none):
        x = order_a[i]
        if mode_a[x] != mode_b[x]:
            apart += 1
        machine = shop.mode_machine[mode_a[x]]
        y = last[machine]
        last[machine] = x
        if y >= 0 and rank[y] > rank[x]:
            apart += 1
    return apart
