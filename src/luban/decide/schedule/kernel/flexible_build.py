"""Orders and machines to begin from: a randomised greedy one, and one between two schedules."""

from __future__ import annotations

import numpy as np
from numba import njit

from luban.decide.schedule.kernel.flexible import Ints, Shop
from luban.decide.schedule.kernel.flexible_tabu import draw

__all__ = ["between", "distance", "greedy"]


@njit(cache=True, nogil=True)
def greedy(shop: Shop, control: Ints, blur: int, order: Ints, mode: Ints) -> None:
    """Gives the job with most work left its machine of earliest end, both blurred by up to `blur` percent.

    Of the jobs' next operations the one is taken whose (start - work left) is least. order [O], mode [O] are filled.
    """
    none = len(shop.before)
    left = np.zeros(none + 1, np.int64)
    for x in range(none - 1, -1, -1):
        least = shop.mode_time[shop.mode_first[x]]
        for k in range(shop.mode_first[x], shop.mode_first[x + 1]):
            least = min(least, shop.mode_time[k])
        left[x] = left[shop.after[x]] + least
    free = np.zeros(len(shop.room) - 1, np.int64)
    ready = np.zeros(none, np.int64)
    front = np.zeros(none, np.int64)
    jobs = 0
    for x in range(none):
        if shop.before[x] > none:
            front[jobs] = x
            ready[jobs] = shop.release[shop.before[x] - none - 1]
            jobs += 1
    for i in range(none):
        chosen, chosen_mode, chosen_end, least = -1, -1, 0, np.int64(2) ** 62
        for j in range(jobs):
            x = front[j]
            best, best_mode, best_end = np.int64(2) ** 62, -1, 0
            for k in range(shop.mode_first[x], shop.mode_first[x + 1]):
                end = max(ready[j], free[shop.mode_machine[k]]) + shop.mode_time[k]
                value = end + (shop.mode_time[k] * draw(control, blur + 1)) // 100
                if value < best:
                    best, best_mode, best_end = value, k, end
            start = best_end - shop.mode_time[best_mode]
            value = start - left[x] + (left[x] * draw(control, blur + 1)) // 100
            if value < least:
                least, chosen, chosen_mode, chosen_end = value, j, best_mode, best_end
        x = front[chosen]
        order[i], mode[x] = x, chosen_mode
        free[shop.mode_machine[chosen_mode]] = ready[chosen] = chosen_end
        front[chosen] = shop.after[x]
        if front[chosen] == none:
            jobs -= 1
            front[chosen], ready[chosen] = front[jobs], ready[jobs]


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
