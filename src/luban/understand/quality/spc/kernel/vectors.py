"""Compiled: distances of points with several characteristics, and values of several products on one scale."""

from __future__ import annotations

import numpy as np
from numba import njit

from luban.understand.quality.data import Floats, Ints

__all__ = ["averaged_squares", "one_scale", "squares"]


@njit(cache=True, nogil=True)
def _white(values: Floats, first: int, last: int, mean: Floats, factor: Floats, off: Floats, white: Floats) -> None:
    """Mean of rows first … last-1 less `mean` into `off`, whitened by the lower triangle `factor` into `white`."""
    for at in range(len(mean)):
        total = values[first, at]
        for row in range(first + 1, last):
            total += values[row, at]
        off[at] = total / (last - first) - mean[at]
    for row in range(len(mean)):
        part = factor[row, 0] * off[0]
        for at in range(1, row + 1):
            part += factor[row, at] * off[at]
        white[row] = part


@njit(cache=True, nogil=True)
def squares(values: Floats, starts: Ints, mean: Floats, factor: Floats) -> Floats:
    """Squared distance of the mean of each subgroup times its size, shape (k,): T²."""
    off, white = np.empty(len(mean)), np.empty(len(mean))
    found = np.empty(len(starts) - 1)
    for group in range(len(found)):
        _white(values, starts[group], starts[group + 1], mean, factor, off, white)
        total = 0.0
        for part in white:
            total += part * part
        found[group] = total * (starts[group + 1] - starts[group])
    return found


@njit(cache=True, nogil=True)
def averaged_squares(
    values: Floats, starts: Ints, mean: Floats, factor: Floats, weight: float, growing: bool, memory: Floats
) -> Floats:
    """Squared distance of the exponentially weighted average in its own variance, shape (k,): MEWMA.

    memory  variance of the average [variance of a value], then its whitened parts; shape (1 + p,), changed in place
    growing variance as it grows from the first point on; else as it ends up
    """
    count = len(mean)
    off, white = np.empty(count), np.empty(count)
    found = np.empty(len(starts) - 1)
    keep, final = 1.0 - weight, weight / (2.0 - weight)
    for group in range(len(found)):
        size = float(starts[group + 1] - starts[group])
        _white(values, starts[group], starts[group + 1], mean, factor, off, white)
        total = 0.0
        for at in range(count):
            memory[1 + at] = weight * white[at] + keep * memory[1 + at]
            total += memory[1 + at] * memory[1 + at]
        memory[0] = weight * weight / size + keep * keep * memory[0]
        found[group] = total / (memory[0] if growing else final / size)
    return found


@njit(cache=True, nogil=True)
def one_scale(rows: Floats, codes: Floats, nominal: Floats, scale: Floats, off: Floats) -> int:
    """(value - nominal) / scale of its product into `off`, shape (n,).

    rows    value and code of its product, shape (n, 2)
    codes   of the products, rising
    Gives   index of the first row whose product is not among them; -1 if there is none
    """
    for row in range(len(rows)):
        low, high = 0, len(codes)
        while low < high:
            middle = (low + high) // 2
            if codes[middle] < rows[row, 1]:
                low = middle + 1
            else:
                high = middle
        if low == len(codes) or codes[low] != rows[row, 1]:
            return row
        off[row] = (rows[row, 0] - nominal[low]) / scale[low]
    return -1
