"""All that a watched signal remembers, as arrays: saved and restored to the bit."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from luban.understand.quality.data import Floats, Ints

__all__ = ["Memory", "new_memory"]


class Memory(NamedTuple):
    """State of one watched signal.

    counts    values seen; place in `line`; slot of the first value; last alarm (-1 none); lengths of the three tails
    bounds    lowest and highest value; 1st, 50th, 99th percentile when the last alarm came; its value
    recent    last values, a ring, shape (w,)
    order     the same values, rising, shape (w,)
    line      last values in a row, for patterns, shape (2 (w + m),)
    apart     squared distance of the newest pattern to the one `lag` values ago, shape (w + 1,)
    means     short mean by time slot, a ring over a week, shape (d,)
    slots     the slot that stands there, -1 none, shape (d,)
    history   last values of each indicator, rings, shape (3, h)
    tops      largest of them, falling, shape (3, k)
    """

    counts: Ints
    bounds: Floats
    recent: Floats
    order: Floats
    line: Floats
    apart: Floats
    means: Floats
    slots: Ints
    history: Floats
    tops: Floats


def new_memory(values: int, pattern: int, slots: int, history: int, tops: int) -> Memory:
    """Nothing seen yet.

    values   values remembered, w
    pattern  values in a pattern, m
    slots    time slots in a week, 0 if a rhythm is not looked at
    history  values remembered of each indicator, h
    tops     largest of them that make the tail, k
    """
    return Memory(
        np.array([0, 0, 0, -1, 0, 0, 0], np.int64),
        np.array([np.inf, -np.inf, 0.0, 0.0, 0.0, 0.0]),
        np.zeros(values),
        np.zeros(values + 1),
        np.zeros(2 * (values + pattern)),
        np.zeros(values + 1),
        np.zeros(slots + 1),
        np.full(slots + 1, -1, np.int64),
        np.zeros((3, history)),
        np.full((3, tops), -np.inf),
    )
