"""What meters of a run show: of machines, of places over several of them, and of the plant, by medium.

Every medium is counted in whole numbers, so that a meter over others is their sum to the last digit. A meter of
meters.csv that has a class reads wrong by a share within it, drawn once for each meter: as meters do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from luban.core.time import HOUR
from luban.plant import Plant
from luban.twin.kernel.trace import Kind
from luban.twin.model import STATES, Flow, Model
from luban.twin.traced import Floats, Ints, Trace, uniform

__all__ = ["MeterTree", "Metered", "Shown"]

_KWH: Final = 3.6e12  # [µJ]
_FINE: Final = 1000  # flows are counted in thousandths of a unit per hour
_PLACES: Final = 3  # decimals of a meter that is described
_SURE: Final = 0.95  # of what a lot takes that is not over yet


class Metered:
    """A medium of each machine, by what it does and by what each piece takes, counted in whole numbers.

    rates   per µs, by machine and state, shape (machines, STATES)
    pieces  what a piece of each step takes, drawn evenly while its lot is worked on
    ahead   a lot that is still worked on at a look counts by the time that its step took last; else when it ends
    """

    def __init__(self, rates: Ints, pieces: Ints, every: int, *, ahead: bool = False) -> None:
        self._every, self._next = every, 0
        self._rates, self._pieces = rates, pieces
        self._state = np.zeros(len(rates), np.int64)
        self._sum = np.zeros(len(rates), np.int64)
        self._at = 0
        self._ahead = ahead
        self._open: dict[tuple[int, int, int], _Open] = {}  # machine, lot, step
        self._usual: dict[int, int] = {}  # how long a step took last [µs]

    def read(self, trace: Trace, now: int) -> tuple[Ints, Ints]:
        """(marks, register by machine and mark) at every mark since the last look, and now."""
        marks = np.arange(self._next, now + 1, self._every, dtype=np.int64)
        self._next += len(marks) * self._every
        marks = marks if len(marks) and marks[-1] == now else np.append(marks, now)
        states = trace[trace["kind"] == Kind.STATE]
        found = np.empty((len(self._state), len(marks)), np.int64)
        for machine in range(len(self._state)):
            found[machine] = self._one(machine, states[states["machine"] == machine], marks)
        found += self._of_pieces(trace, marks)
        self._sum, self._at = found[:, -1].copy(), now
        return marks, found

    def _one(self, machine: int, states: Trace, marks: Ints) -> Ints:
        times = np.concatenate([[self._at], states["time"]])
        rate = self._rates[machine][np.concatenate([[self._state[machine]], states["a"]])]
        spent = np.concatenate([[0], np.cumsum(rate[:-1] * np.diff(times))])
        place = np.searchsorted(times, marks, "right") - 1
        register: Ints = self._sum[machine] + spent[place] + rate[place] * (marks - times[place])
        self._state[machine] = states["a"][-1] if len(states) else self._state[machine]
        return register

    def _of_pieces(self, trace: Trace, marks: Ints) -> Ints:
        """What pieces took since the last look, by machine and mark."""
        found = np.zeros((len(self._state), len(marks)), np.int64)
        taking = np.isin(trace["kind"], (Kind.STARTED, Kind.ENDED)) & (trace["machine"] >= 0)
        for row in trace[taking & (self._pieces[trace["step"]] > 0)]:
            key = int(row["machine"]), int(row["lot"]), int(row["step"])
            if row["kind"] == Kind.STARTED:
                self._open[key] = _Open(int(row["time"]), int(row["a"]))
                continue
            begun, end = int(row["y"]), int(row["time"])
            before = self._open.pop(key, _Open(begun, 0))
            amount = int(self._pieces[key[2]]) * int(row["a"] + row["b"]) - before.given
            _spread(found[key[0]], marks, max(begun, self._at), end, amount)
            self._usual[key[2]] = end - begun
        now = int(marks[-1])
        for (machine, _, step), one in self._open.items() if self._ahead else ():
            usual = self._usual.get(step, 0)
            if usual and now > one.begun:
                amount = int(self._pieces[step] * one.pieces * _SURE * min(1.0, (now - one.begun) / usual)) - one.given
                _spread(found[machine], marks, max(one.begun, self._at), now, amount)
                one.given += amount
        return found


@dataclass(slots=True)
class _Open:
    """A lot that is worked on: since when, how many pieces, what it was given already."""

    begun: int
    pieces: int
    given: int = 0


def _spread(register: Ints, marks: Ints, begun: int, end: int, amount: int) -> None:
    """Add an amount to a register evenly from `begun` to `end`."""
    first, last = np.searchsorted(marks, begun, "right"), np.searchsorted(marks, end, "left")
    register[first:last] += (amount * ((marks[first:last] - begun) / max(end - begun, 1))).astype(np.int64)
    register[last:] += amount


@dataclass(frozen=True, slots=True)
class Shown:
    """What one meter shows: `register` [unit] at `marks` [µs after the start of the run].

    machine  its index, for its clock; -1 where it is no machine's
    """

    subject: str
    medium: str
    unit: str
    machine: int
    marks: Ints
    register: np.ndarray[tuple[int], np.dtype[np.float64]]


class MeterTree:
    """The meters of a run: electricity of each machine, and whatever else meters.csv of the plant lists.

    machines  path of each machine
    A meter is told by its id: `path:medium` of a machine, a work center or the plant (which holds all below it, and
    what is always drawn), or `plant:part` of a part of the base load.
    """

    def __init__(self, model: Model, plant: Plant | None, machines: Sequence[str], every: int, seed: int) -> None:
        self._model, self._machines = model, tuple(machines)
        self._listed = {line.id: line for line in plant.meters} if plant is not None else {}
        self._root = plant.id if plant is not None else model.id
        pieces = np.array([round(step.energy * 1e6) for route in model.routes for step in route.steps] or [0])
        none = np.zeros_like(pieces)
        self._electricity = Metered(
            _table([one.power for one in model.machines]), pieces, every, ahead=bool(self._listed)
        )
        self._flows = {
            flow.medium: (flow, Metered(_rates(flow, model), none, every)) for flow in model.flows if self._listed
        }
        draw = uniform(seed, "meter", np.arange(len(self._listed)))
        self._wrong = {
            line.id: (line.error or 0.0) * (2.0 * float(own) - 1.0)
            for line, own in zip(self._listed.values(), draw, strict=True)
        }

    def read(self, trace: Trace, now: int) -> Iterator[Shown]:
        """Every meter since the last look."""
        marks, drawn = self._electricity.read(trace, now)
        yield from self._of("electricity", "kWh", marks, drawn, self._model.base_load * marks.astype(float), _KWH)
        for part, power in self._model.base_parts.items():
            own = self._shown(
                f"{self._root}:{part}", "electricity", "kWh", -1, marks, power * marks.astype(float) / _KWH
            )
            if own is not None:
                yield own
        for medium, (flow, meter) in self._flows.items():
            marks, drawn = meter.read(trace, now)
            yield from self._of(
                medium, flow.unit, marks, drawn, flow.always * _FINE * marks.astype(float), _FINE * HOUR
            )

    def _of(self, medium: str, unit: str, marks: Ints, drawn: Ints, always: Floats, whole: float) -> Iterator[Shown]:
        for at, path in enumerate(self._machines):
            named = f"{path}:{medium}"
            if medium == "electricity" or named in self._listed:
                own = self._shown(named, medium, unit, at, marks, drawn[at] / whole)
                if own is not None:
                    yield own
        for named in self._listed:
            path, _, what = named.rpartition(":")
            if what == medium and path not in self._machines:
                below = [at for at, machine in enumerate(self._machines) if machine.startswith(f"{path}/")]
                amount = drawn[below].sum(axis=0) + (always if path == self._root else 0)
                own = self._shown(named, medium, unit, -1, marks, amount / whole)
                if own is not None:
                    yield own

    def _shown(
        self, subject: str, medium: str, unit: str, machine: int, marks: Ints,
        register: np.ndarray[tuple[int], np.dtype[np.float64]],
    ) -> Shown | None:  # fmt: skip
        if subject in self._listed:
            register = np.round(register * (1.0 + self._wrong[subject]), _PLACES)
        elif medium != "electricity" or machine < 0:
            return None
        return Shown(subject, medium, unit, machine, marks, register)


def _table(rates: Sequence[Mapping[str, float]], fine: int = 1) -> Ints:
    rows = [[round(own.get(state, 0.0) * fine) for state in STATES] for own in rates]
    return np.array(rows, np.int64).reshape(len(rates), len(STATES))


def _rates(flow: Flow, model: Model) -> Ints:
    return _table([flow.rates.get(machine.id, {}) for machine in model.machines], _FINE)
