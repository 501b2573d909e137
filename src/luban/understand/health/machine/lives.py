"""Remaining life of machines of one kind, learned from those whose history ends in a failure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from luban.understand.health.life import Histories, LifeEstimate, gather, learn_life
from luban.understand.health.machine.readings import Readings

__all__ = ["learned_lives"]


def learned_lives(machines: Sequence[Readings]) -> dict[str, LifeEstimate]:
    """What is left of each machine that still runs; nothing where nobody says which machines failed.

    A machine is taken as of the kind of the others: they come from one table, with the same channels.
    """
    if len(machines) < 2 or any(one.failed is None for one in machines):
        return {}
    running = [one for one in machines if not one.failed]
    if not running:
        return {}
    unit = machines[0].age_unit or "cycles"
    channels = machines[0].channels

    def gathered(those: Sequence[Readings], ended: bool) -> Histories:
        names = [one.machine for one in those for _ in range(len(one))]
        values = np.vstack([one.values for one in those])
        columns = {name: values[:, at] for at, name in enumerate(channels)}
        return gather(names, np.concatenate([one.age for one in those]), columns, ended=ended, time_unit=unit)

    over = [one for one in machines if one.failed]
    if not over:
        return {}
    model = learn_life(gathered(over, True))
    told = model.at(gathered(running, False))
    return {one.unit: one for one in told}
