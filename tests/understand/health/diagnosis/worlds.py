"""Machines whose faults are known because they are made here."""

from __future__ import annotations

import numpy as np

from luban.understand.quality.data import Floats

NAMES = ("speed", "load", "temperature", "vibration", "pressure", "flow")

FAULTS: dict[str, dict[str, tuple[float, float]]] = {
    # signal → shift in standard deviations, factor of the noise
    "worn bearing": {"vibration": (1.0, 3.0), "temperature": (2.0, 1.0)},
    "clogged filter": {"pressure": (3.0, 1.0), "flow": (-3.0, 1.0)},
    "slipping belt": {"speed": (-2.0, 2.0), "load": (-1.5, 1.0)},
    "dull tool": {"load": (2.5, 1.5), "vibration": (0.0, 2.0)},
    "leak": {"pressure": (-3.0, 1.0), "flow": (2.0, 2.0)},
    "hot oil": {"temperature": (4.0, 1.0), "flow": (1.0, 1.0)},
}


def machine(rng: np.random.Generator, rows: int, fault: str = "", level: float = 1.0, size: float = 1.0) -> Floats:
    """Rows of six signals that follow each other and a slow wave; at another `level` on another machine."""
    noise = rng.normal(size=(rows, len(NAMES)))
    for at in range(1, rows):
        noise[at] += 0.5 * noise[at - 1]
    noise[:, 1] += 0.7 * noise[:, 0]
    for name, (shift, factor) in FAULTS.get(fault, {}).items():
        at = NAMES.index(name)
        noise[:, at] = noise[:, at] * (1 + (factor - 1) * size) + shift * size * 1.2
    told: Floats = level * (10 + np.arange(len(NAMES))) + level * noise
    return told
