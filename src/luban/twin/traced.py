"""Out of a trace, in whole columns: what each machine did from when on, and what its meter showed."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any, Self, TypeAlias

import numpy as np

from luban.twin.kernel.trace import Kind
from luban.twin.model import STATES, Model

__all__ = ["Doing", "Floats", "Ints", "Reasons", "Trace", "held", "uniform"]

Ints: TypeAlias = np.ndarray[Any, np.dtype[np.int64]]
Floats: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]
Trace: TypeAlias = np.ndarray[Any, np.dtype[np.void]]

_DOWN, _MAINTENANCE = STATES.index("down"), STATES.index("maintenance")
_PLAIN = {"standby": "standby", "blocked": "blocked", "operator": "no operator", "down": "failure"}
_WORK = ("lot", "route", "step")


def uniform(seed: int, purpose: str, number: Ints) -> Floats:
    """One number in [0, 1) for each `number`, the same whenever and wherever it is drawn.

    Source  splitmix64: Steele, Lea, Flood 2014, doi:10.1145/2660193.2660195
    """
    key = zlib.crc32(f"{seed}/{purpose}".encode()) * 0xD1342543DE82EF95 % 2**64
    z = number.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(key)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        z = (z ^ (z >> np.uint64(shift))) * np.uint64(factor)
    z ^= z >> np.uint64(31)
    found: Floats = (z >> np.uint64(11)).astype(np.float64) * 2.0**-53
    return found


def held(said: np.ndarray[Any, np.dtype[np.bool_]]) -> Ints:
    """For each row the newest one at or before it that says something; the first one must."""
    found: Ints = np.maximum.accumulate(np.where(said, np.arange(len(said)), 0))
    return found


@dataclass
class Doing:
    """What each machine does and for which lot, from one look at the trace to the next.

    cause  ordinal of the failure or maintenance, -1 none; lot, route, step: -1 none
    """

    state: Ints
    cause: Ints
    lot: Ints
    route: Ints
    step: Ints
    said: bool = False

    @classmethod
    def nothing(cls, machines: int) -> Self:
        """All idle, and nobody was told so yet."""
        none = [np.full(machines, -1, np.int64) for _ in range(4)]
        return cls(np.zeros(machines, np.int64), none[0], none[1], none[2], none[3])

    def take(self, trace: Trace) -> dict[str, Ints]:
        """Go on to the end of the trace; returns every change: machine, time, state, cause, lot, route, step.

        What lasted no time is left out; the first look also tells what each machine did at the start.
        """
        rows, count = _of_machines(trace, len(self.state))
        opens = np.zeros(len(rows), bool)
        opens[np.flatnonzero(np.diff(rows["machine"], prepend=-1))] = True
        at = {name: rows[name].astype(np.int64) for name in ("machine", "time", *_WORK)}
        told = opens | (rows["kind"] == Kind.STATE)
        machine = at["machine"]
        state = np.where(opens, self.state[machine], rows["a"])[held(told)]
        cause = np.where(opens, self.cause[machine], rows["b"])[held(told)]
        for name in _WORK:
            at[name][opens] = getattr(self, name)[machine[opens]]
        begun = opens | (rows["kind"] == Kind.STARTED)
        ended = (rows["kind"] == Kind.ENDED) & (at["lot"] == at["lot"][held(begun)])
        for name in _WORK:
            at[name][ended] = -1
            at[name] = at[name][held(begun | ended)]
        found = at | {"state": state, "cause": cause}
        last = np.append((machine[1:] != machine[:-1]) | (at["time"][1:] != at["time"][:-1]), True)[: len(rows)]
        found = {name: values[last] for name, values in found.items()}
        final = np.flatnonzero(np.diff(found["machine"], append=count))
        first = np.diff(found["machine"], prepend=-1) != 0
        before = np.roll(np.arange(len(first)), 1)
        new = np.zeros(len(first), bool)
        for name in ("state", "cause", *_WORK):
            old = np.where(first, getattr(self, name)[found["machine"]], found[name][before])
            new |= old != found[name]
        new |= first & (not self.said)
        self.state, self.cause = found["state"][final], found["cause"][final]
        self.lot, self.route, self.step = (found[name][final] for name in _WORK)
        self.said = True
        return {name: values[new] for name, values in found.items()}


def _of_machines(trace: Trace, count: int) -> tuple[Trace, int]:
    """The rows that say what machines do, machine by machine, each after one row for how it stood before."""
    kinds = (Kind.STATE, Kind.STARTED, Kind.ENDED)
    rows = trace[np.isin(trace["kind"], kinds) & (trace["machine"] >= 0)]
    before = np.zeros(count, trace.dtype)
    before["machine"] = np.arange(count)
    before["kind"] = -1
    rows = np.concatenate([before, rows])
    return rows[np.argsort(rows["machine"], kind="stable")], count


@dataclass(frozen=True)
class Reasons:
    """Reasons in words: those of the states, then each machine's failures and maintenances."""

    words: list[str]
    plain: Ints  # by state; -1 none
    failure: Ints  # first of each machine
    maintenance: Ints
    failures: Ints  # how many each machine has

    @classmethod
    def of(cls, model: Model) -> Self:
        """Of a model."""
        words = list(_PLAIN.values())
        failure, maintenance = [], []
        for machine in model.machines:
            failure.append(len(words))
            words += [one.id for one in machine.failures]
            maintenance.append(len(words))
            words += [one.id for one in machine.maintenance]
        plain = [words.index(_PLAIN[state]) if state in _PLAIN else -1 for state in STATES]
        counts = [len(machine.failures) for machine in model.machines]
        return cls(words, _ints(plain), _ints(failure), _ints(maintenance), _ints(counts))

    def why(self, machine: Ints, state: Ints, cause: Ints) -> Ints:
        """Index into `words` for each change; -1 none."""
        found = self.plain[state]
        found = np.where((state == _DOWN) & (cause >= 0), self.failure[machine] + cause, found)
        known: Ints = np.where((state == _MAINTENANCE) & (cause >= 0), self.maintenance[machine] + cause, found)
        return known

    def another(self, machine: Ints, cause: Ints) -> Ints:
        """Another failure of the same machine than the true one; the true one where it has only one."""
        found: Ints = self.failure[machine] + (np.maximum(cause, 0) + 1) % np.maximum(self.failures[machine], 1)
        return found


def _ints(numbers: list[int]) -> Ints:
    return np.array(numbers, np.int64)
