"""A fleet whose true remaining life is known, because it was made here."""

from __future__ import annotations

import numpy as np

from luban.understand.health.life import Histories, gather

LOADS = ((10.0, 200.0, 5.0), (35.0, 260.0, 9.0), (60.0, 340.0, 2.0))


def made_fleet(machines: int, seed: int, *, states: int = 1, cut: bool = False) -> tuple[Histories, np.ndarray]:
    """Machines whose wear rises as the fourth power of the share of life spent, seen through noise.

    cut      histories end somewhere between a third and the whole of the life
    Returns  histories and the true remaining life after the last reading [cycles]
    """
    rng = np.random.default_rng(seed)
    unit, time, columns, left = [], [], [], []
    for m in range(machines):
        life = int(rng.integers(60, 220))
        age = np.arange(1, life + 1)
        wear = (age / life) ** 4
        load = np.array(LOADS)[rng.integers(0, states, life)]
        noise = rng.normal(size=(life, 3))
        shown = int(life * rng.uniform(0.35, 1.0)) if cut else life
        rows = np.column_stack([
            load[:, 0], load[:, 1] + 6 * wear + noise[:, 0], load[:, 2] - 0.8 * wear + 0.1 * noise[:, 1],
            50 + 0.2 * noise[:, 2],
        ])  # fmt: skip
        unit += [f"m{m}"] * shown
        time += age[:shown].tolist()
        columns.append(rows[:shown])
        left.append(life - shown)
    values = np.vstack(columns)
    channels = {name: values[:, i] for i, name in enumerate(("load", "heat", "flow", "idle"))}
    return gather(unit, time, channels, ended=not cut), np.array(left, np.float64)
