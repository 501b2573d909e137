"""A made-up job shop of the size of a real one, for repair and speed: the same seed makes the same shop."""

from __future__ import annotations

import numpy as np

from luban.decide.schedule.build import Builder
from luban.decide.schedule.problem import Problem

__all__ = ["factory"]

DAY = 1440
"""Ticks are minutes."""


def factory(
    seed: int = 0, *, orders: int = 500, machines: int = 40, load: float = 0.88, shifts: bool = True
) -> Problem:
    """Orders of 3 to 8 operations over groups of four like machines, with setups, weights and due dates.

    An operation can be done by one to three machines of its group, on each at its own pace; half of the groups need a
    setup from family to family (8 families, 10 to 40 min). Orders come evenly over a time in which machines are loaded
    to `load`; each is due 2 to 5 times its work after its release. With `shifts` all work from 6 to 22 h, and what is
    begun goes on in the morning.
    """
    random = np.random.default_rng(seed)
    shop = Builder(f"factory {seed}", start=1_767_571_200_000_000, tick=60_000_000)
    days = 60
    shop.calendar("two shifts", [(day * DAY + 360, day * DAY + 1320) for day in range(days)])
    groups = max(1, machines // 4)
    names = [[f"G{group + 1}-{number + 1}" for number in range(4)] for group in range(groups)]
    families = [f"F{number + 1}" for number in range(8)]
    for group in range(groups):
        table = f"G{group + 1}" if group % 2 == 0 else ""
        for name in names[group]:
            shop.machine(name, calendar="two shifts" if shifts else "", table=table)
        for before in families if table else ():
            for after in families:
                if before != after:
                    shop.setup(table, before, after, int(random.integers(10, 41)))
    steps = random.integers(3, 9, orders)
    times = [random.integers(20, 131, count) for count in steps]
    total = sum(int(each.sum()) for each in times) * 1.15  # and setups
    span = total / (groups * 4 * load)
    for number in range(orders):
        work = int(times[number].sum())
        at = random.random() * span
        factor = random.uniform(2, 5) * (1.5 if shifts else 1)
        release = _clock(at) if shifts else int(at)
        name = f"PO-{number + 1:03d}"
        shop.job(name, release=release, due=release + int(factor * work), weight=float(random.integers(1, 6)))
        route = (
            random.permutation(groups)[: steps[number]] if groups >= 8 else random.integers(0, groups, steps[number])
        )
        family = families[int(random.integers(8))]
        for group, time in zip(route.tolist(), times[number].tolist(), strict=False):
            chosen = random.permutation(4)[: int(random.integers(1, 4))].tolist()
            modes = {names[group][at_]: round(time * random.uniform(0.9, 1.2)) for at_ in chosen}
            shop.operation(name, modes, family=family)
    return shop.problem()


def _clock(open_time: float) -> int:
    """The minute at which so much open time has gone by."""
    day, rest = divmod(int(open_time), 960)
    return day * DAY + 360 + rest
