"""Remaining life of machines of one kind, learned from those whose history ends in a failure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from luban.understand.health.life import Histories, LifeEstimate, LifeModel, gather, learn_life
from luban.understand.health.machine.readings import Readings
from luban.understand.quality.data import Floats

__all__ = ["learned_lives", "life_model", "lives_of", "one_life"]

_POINTS = 150  # of a life that are learned from


def lives_of(readings: Readings, failures: Sequence[tuple[int, int | None]]) -> tuple[Readings, ...]:
    """The lives of a machine: from each repair to the next failure, and the present one, which still runs.

    failures  when it failed and when it ran again [µs UTC]; None while it stands failed
    Returns   lives with ages from 0 on; those without a reading are left out
    """
    found = list[Readings]()
    begun = int(readings.time[0]) if len(readings) else 0
    for failed, over in failures:
        found.append(_life(readings, begun, failed, failed=True))
        if over is None:
            return tuple(one for one in found if len(one))
        begun = over
    found.append(_life(readings, begun, None, failed=False))
    return tuple(one for one in found if len(one))


def _life(readings: Readings, begun: int, end: int | None, *, failed: bool) -> Readings:
    inside = readings.usable & (readings.time >= begun)
    if end is not None:
        inside &= readings.time < end
    rows = readings.rows(inside)
    start = float(readings.age[readings.time < begun][-1]) if (readings.time < begun).any() else 0.0
    return replace(rows, machine=f"{readings.machine} {begun}", age=rows.age - start, failed=failed)


def one_life(readings: Readings) -> Histories:
    """A life as a history that still runs."""
    return _gathered((readings,))


def life_model(lives: Sequence[Readings]) -> LifeModel:
    """What is learned from lives of machines of one kind, those that failed and those that still run.

    Raises  InputError where there is no life
    """
    return learn_life(_gathered(lives))


def learned_lives(machines: Sequence[Readings]) -> dict[str, LifeEstimate]:
    """What is left of each machine that still runs; nothing where nobody says which machines failed.

    A machine is taken as of the kind of the others: they come from one table, with the same channels.
    """
    if len(machines) < 2 or any(one.failed is None for one in machines):
        return {}
    running = [one for one in machines if not one.failed]
    if not running or len(running) == len(machines):
        return {}
    told = learn_life(_gathered(machines)).at(_gathered(running))
    return {one.unit: one for one in told}


def _gathered(lives: Sequence[Readings]) -> Histories:
    names: list[str] = []
    ages, values = list[Floats](), list[Floats]()
    for one in lives:
        age, cells = _thinned(one)
        names += [one.machine] * len(age)
        ages.append(age)
        values.append(cells)
    table = np.vstack(values)
    columns = {name: table[:, at] for at, name in enumerate(lives[0].channels)}
    ended = {one.machine: bool(one.failed) for one in lives}
    return gather(names, np.concatenate(ages), columns, ended=ended, time_unit=lives[0].age_unit or "cycles")


def _thinned(one: Readings) -> tuple[Floats, Floats]:
    """Means of stretches of equal numbers of rows; a life without a clock stays as it is."""
    if not one.timed or len(one) <= _POINTS:
        return one.age, one.values
    edges = np.linspace(0, len(one), _POINTS + 1).astype(np.int64)[:-1]
    known = np.isfinite(one.values)
    count = np.add.reduceat(known, edges, axis=0)
    total = np.add.reduceat(np.where(known, one.values, 0.0), edges, axis=0)
    means: Floats = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return one.age[np.append(edges[1:], len(one)) - 1], means
