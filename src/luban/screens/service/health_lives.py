"""Remaining life of a plant's machines, learned from failures of machines of the same kind, each set of lives once."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

from luban.core.errors import InputError
from luban.understand.health.life import LifeEstimate, LifeModel
from luban.understand.health.life.model import LEAST_FAILURES
from luban.understand.health.machine import MachineHealth, Readings, life_model, lives_of, one_life

__all__ = ["Failures", "Group", "LifeDesk"]

Failures = tuple[tuple[int, int | None], ...]
_MOST_KEPT = 8


@dataclass(frozen=True, slots=True)
class Group:
    """Machines of one kind: they have the same channels.

    machines  their paths
    lives     of all of them
    """

    machines: tuple[str, ...]
    lives: tuple[Readings, ...]

    @property
    def ended(self) -> tuple[str, ...]:
        """Lives that ended in a failure, by machine and begin."""
        return tuple(one.machine for one in self.lives if one.failed)

    def record(self, model: LifeModel) -> dict[str, Any]:
        """What a `model` entry says of it."""
        return {
            "what": "life", "machines": list(self.machines), "lives": list(self.ended), "used": model.used,
            "channels": list(self.lives[0].channels), "horizon": model.horizon if model.horizon > 0 else None,
        }  # fmt: skip


class LifeDesk:
    """Learns a set of lives once. Safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._models: dict[tuple[str, ...], LifeModel] = {}

    def group(self, machine: str, known: dict[str, tuple[MachineHealth, Failures]]) -> Group:
        """The machines of the same channels as this one.

        known  readings and failures by machine
        """
        channels = known[machine][0].readings.channels
        own = {path: told for path, told in known.items() if told[0].readings.channels == channels}
        lives = [life for health, failures in own.values() for life in lives_of(health.readings, failures)]
        return Group(tuple(own), tuple(lives))

    def model(self, group: Group, *, learn: bool = True) -> LifeModel | None:
        """What was learned from the failures of a group; None where it was not learned yet and is not to be now.

        With too few failures there is nothing to learn, and the answer comes at once.
        """
        with self._lock:
            kept = self._models.get(group.ended)
        if kept is not None:
            return kept
        if not learn and len(group.ended) >= LEAST_FAILURES:
            return None
        made = life_model(group.lives)
        with self._lock:
            while len(self._models) >= _MOST_KEPT:
                self._models.pop(next(iter(self._models)))
            self._models[group.ended] = made
        return made

    def life(self, machine: str, group: Group, *, learn: bool = True) -> LifeEstimate | None:
        """What is left of a machine's present life; None while it stands failed, or nothing was learned yet."""
        own = [one for one in group.lives if not one.failed and one.machine.rpartition(" ")[0] == machine]
        model = self.model(group, learn=learn) if own else None
        if not own or model is None:
            return None
        try:
            return model.at(one_life(own[-1]))[0]
        except InputError:
            return None
