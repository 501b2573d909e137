"""Machines whose truth is known: two products in turn, three channels that hang together."""

from __future__ import annotations

import numpy as np

from luban.core.time import MINUTE
from luban.understand.health.machine import Readings

__all__ = ["CHANNELS", "START", "lathe"]

CHANNELS = ("load", "temperature", "vibration")
START = 1_767_600_000_000_000
STEP = 5 * MINUTE


def lathe(rows: int = 1200, seed: int = 3, *, named: bool = True, turn: int = 60) -> Readings:
    """A sound machine: products A and B in turn, 60 rows each."""
    random = np.random.default_rng(seed)
    product = np.array(["A", "B"])[(np.arange(rows) // turn) % 2]
    load = np.where(product == "A", 40.0, 70.0) + random.normal(0, 2, rows)
    warm = 20 + 0.3 * load + random.normal(0, 0.5, rows)
    shake = 1.4 + 0.01 * load + random.normal(0, 0.12, rows)
    time = START + np.arange(rows, dtype=np.int64) * STEP
    age = np.arange(1, rows + 1) * (5 / 60)
    labels = tuple(map(str, product)) if named else None
    values = np.column_stack([load, warm, shake])
    return Readings("lathe", time, age, CHANNELS, ("%", "°C", "mm/s"), values, labels, age_unit="h", source="made")
