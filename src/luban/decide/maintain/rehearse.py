"""Maintenance rehearsed on the twin: a policy sees the panels and its own work orders; nature and judge stand apart.

A policy hears states and alarms of the machines and reads their vibration; drawn lives are out of its reach. Opened at
a stop, a machine shows the parts whose wear can be felt by then, and nothing of those that give no sign. The judge
counts failures, replacements, looks and stopped hours of every machine that can fail.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np

from luban.core.errors import InputError
from luban.core.time import DAY, HOUR
from luban.decide.maintain.prices import Prices
from luban.plant import Plant
from luban.twin.distribution import Distribution
from luban.twin.kernel.trace import Kind
from luban.twin.model import STATES, Machine, Maintenance, Model
from luban.twin.run import Run
from luban.twin.senses import Senses, announced
from luban.twin.show import Change, Show
from luban.understand.health.lifetime import Lives, lives

__all__ = ["LIMIT", "Excursion", "Outcome", "Policy", "prepared", "rehearse", "watched"]

LIMIT: Final = 4.5
"""Vibration velocity above which a machine of medium size is not run on [mm/s]: boundary of zones C and D, rigid
support, of ISO 10816-3:2009 (now ISO 20816-3)."""

_LOOK: Final = "look"
_REPLACE: Final = "replace "
_TIMES: Final = (8, 11, 15, 19)  # when vibration is read [h of the day]
_SOUND: Final = 40  # readings from which the level of a sound machine is taken
_WEIGHT: Final = 0.15  # of a new reading in the smoothed one
_BACK: Final = 0.5  # an alarm is over below that share of the way to its threshold
_DOWN, _STOPPED = STATES.index("down"), STATES.index("maintenance")


@dataclass(frozen=True, slots=True)
class Policy:
    """What is done.

    ages       part → running hours after which it is replaced [h]; a part that is not named runs to its failure
    threshold  share of the way from the sound level to LIMIT at which a look is asked for [1]; None: no looks
    acts       False: the threshold is watched, and nothing is done about it
    """

    name: str
    ages: Mapping[str, float] = field(default_factory=dict)
    threshold: float | None = None
    acts: bool = True


@dataclass(frozen=True, slots=True)
class Excursion:
    """A time above the threshold at one machine.

    begin, end  [µs after the model's start]; None: it lasts
    hours       running hours of it [h]
    part        the failure that ended it; "" where it went back without one
    life        running hours of that part when it failed [h]; nan where none did
    """

    machine: str
    begin: int
    end: int | None
    hours: float
    part: str
    life: float = math.nan


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run brought, after its warm-up, over all machines that can fail.

    hours       calendar hours of the window [h]; machines: how many
    failures    part → count; planned: part → replacements as planned
    looks       stops to look; false: of them, with nothing found
    down        stopped by failures [h]; stopped: by planned work, services included [h]
    finished    lots that the shop finished
    excursions  above the threshold
    warned      part → failures that came in an excursion
    """

    policy: str
    hours: float
    machines: int
    failures: Mapping[str, int]
    planned: Mapping[str, int]
    looks: int
    false: int
    down: float
    stopped: float
    finished: int
    excursions: tuple[Excursion, ...]
    warned: Mapping[str, int]

    def cost(self, prices: Mapping[str, Prices], look: float, hour: float) -> float:
        """Cost per calendar hour of the shop [money/h]: parts and work, looks, and stopped hours at that price."""
        spent = sum(count * prices[part].failure for part, count in self.failures.items())
        spent += sum(count * prices[part].planned for part, count in self.planned.items())
        return (spent + look * self.looks + hour * (self.down + self.stopped)) / self.hours


def prepared(model: Model, planned: float = 0.5, look: float = 1.0) -> Model:
    """The model with what a policy may order: a look, and the replacement of each part.

    planned  length of a planned replacement over the mean repair after a failure [1]: prepared, with the part there
    look     length of a look [h]
    """

    def able(machine: Machine) -> Machine:
        orders = [
            Maintenance(_REPLACE + own.id, Distribution.constant(planned * own.repair.mean), None, "command",
                        renews=(own.id,))
            for own in machine.failures
        ]  # fmt: skip
        if not orders:
            return machine
        first = Maintenance(_LOOK, Distribution.constant(3600.0 * look), None, "command")
        return replace(machine, maintenance=(*machine.maintenance, first, *orders))

    return replace(model, machines=tuple(able(own) for own in model.machines))


def rehearse(
    model: Model, plant: Plant | None, policy: Policy, *, days: int, warm: int = 0, seed: int = 1, replication: int = 0
) -> Outcome:
    """One run under one policy.

    model  of `prepared`: the same for all policies, so that they meet the same chances
    days   measured, after `warm` days that are not [d]
    Raises InputError where the policy replaces a part that no machine has, or no machine can fail
    """
    parts = {own.id for machine in model.machines for own in machine.failures}
    unknown = sorted(set(policy.ages) - parts)
    if unknown or not parts:
        raise InputError("no such part", came=", ".join(unknown) or "none", expected=", ".join(sorted(parts)))
    floor = _Floor(Run(model, seed=seed, replication=replication, trace="facts"), plant, policy)
    floor.go(warm * DAY)
    before = floor.counted()
    floor.go((warm + days) * DAY)
    return floor.outcome(before, days)


def watched(
    model: Model, plant: Plant | None, threshold: float, *, days: int, seeds: Sequence[int]
) -> tuple[dict[str, Lives], tuple[Outcome, ...]]:  # fmt: skip
    """Runs in which nothing is replaced before it fails: part → lives as signals tell them, and what came of each run.

    Lives are running hours to the failure; what a service renews, or runs at the end, counts as still running. The
    first life of each part is left out: nobody knows when it began.
    """
    failed: dict[str, list[float]] = defaultdict(list)
    running: dict[str, list[float]] = defaultdict(list)
    runs = []
    for seed in seeds:
        floor = _Floor(Run(model, seed=seed, trace="facts"), plant, Policy("watched", {}, threshold, acts=False))
        before = floor.counted()
        floor.go(days * DAY)
        runs.append(floor.outcome(before, days))
        for m in floor.machines:
            for part in floor.known[m]:
                running[part].append(floor.ran(m) - floor.born[m][part])
        for part, hours, ended in floor.lived:
            (failed if ended else running)[part].append(hours)
    found = {
        part: lives(failed=failed[part], running=[h for h in running[part] if h > 0], unit="h", name=part)
        for part in failed
    }
    return found, tuple(runs)


class _Floor:
    """A run, its panels, its nature, and a policy that hears and orders."""

    def __init__(self, run: Run, plant: Plant | None, policy: Policy) -> None:
        self.run, self.policy = run, policy
        self.show, self.nature = Show(run, plant), Senses(run)
        model = run.model
        self.machines = [m for m, own in enumerate(model.machines) if own.failures]
        self.names = [own.id for own in model.machines]
        self.orders = [[one.id for one in own.maintenance] for own in model.machines]
        self.renews = [{one.id: one.renews for one in own.maintenance} for own in model.machines]
        self.paths = self.show.machines
        self.state = dict.fromkeys(self.machines, "idle")
        self._since = dict.fromkeys(self.machines, 0)
        self._ran = dict.fromkeys(self.machines, 0)
        self.born = {m: dict.fromkeys((own.id for own in model.machines[m].failures), 0.0) for m in self.machines}
        # parts are of unknown age when a run begins: nobody has seen them new
        self.known: dict[int, set[str]] = {m: set() for m in self.machines}
        self.pending: dict[int, set[str]] = {m: set() for m in self.machines}
        # of which parts a failure ends what was felt: the judge's knowledge, not the policy's
        self._felt = {m: announced(model, m) for m in self.machines}
        self.lived: list[tuple[str, float, bool]] = []
        self.found: dict[int, tuple[str, ...]] = {}
        self._level: dict[int, list[float]] = {m: [] for m in self.machines}
        self._sound: dict[int, float] = {}
        self._fleet = 0.0
        self._smooth: dict[int, float | None] = dict.fromkeys(self.machines)
        self._told: dict[int, tuple[str, ...]] = dict.fromkeys(self.machines, ())
        self._above: dict[int, tuple[int, float] | None] = dict.fromkeys(self.machines)
        self.excursions: list[Excursion] = []
        self._failures: dict[str, int] = defaultdict(int)
        self._warned: dict[str, int] = defaultdict(int)
        self._planned: dict[str, int] = defaultdict(int)
        self._looks = self._false = 0

    # ---- time

    def go(self, until: int) -> None:
        """On to that time, with a look at the panels four times a day, once where nothing is read."""
        reads = self.policy.threshold is not None
        while self.run.now < until:
            day = self.run.now // DAY * DAY
            hours = _TIMES if reads else _TIMES[:1]
            coming = [day + h * HOUR for h in hours] + [day + DAY + hours[0] * HOUR]
            self.run.to(min(until, next(t for t in coming if t > self.run.now)))
            self._hear()
            if reads:
                self._read()
            if self.policy.ages:
                self._by_age()

    def ran(self, machine: int) -> float:
        """Running time of a machine by its state signal [h]."""
        now = self.run.now - self._since[machine] if self.state[machine] == "run" else 0
        return (self._ran[machine] + now) / HOUR

    # ---- what the machines tell

    def _hear(self) -> None:
        trace = self.run.take_trace()
        told = trace[np.isin(trace["kind"], (int(Kind.STATE), int(Kind.MAINTAINED), int(Kind.MAINTAINED_END)))]
        for part in np.split(told, np.flatnonzero(told["kind"] != Kind.STATE)):
            first = int(len(part) > 0 and part[0]["kind"] != Kind.STATE)
            if first and int(part[0]["machine"]) in self.state:
                begins = bool(part[0]["kind"] == Kind.MAINTAINED)
                self._maintained(int(part[0]["machine"]), int(part[0]["a"]), int(part[0]["time"]), begins=begins)
            for change in self.show.see(part[first:]):
                if change.machine in self.state and change.name in {"state", "alarm"}:
                    self._changed(change)

    def _changed(self, change: Change) -> None:
        m = change.machine
        if change.name == "state":
            if self.state[m] == "run":
                self._ran[m] += change.time - self._since[m]
            self.state[m], self._since[m] = str(change.value), change.time
        elif change.name == "alarm" and change.value:
            self._failed(m, str(change.value), change.time)

    def _failed(self, m: int, part: str, time: int) -> None:
        if part not in self.born[m]:
            return
        hours = self._ran[m] / HOUR
        if hours <= self.born[m][part]:
            return  # the alarm came back with the shift: it is still the same failure
        self._failures[part] += 1
        life = self._new(m, part, hours, failed=True)
        if part in self._felt[m]:
            if self._above[m] is not None:
                # one that gave no sign of its own, while another part did, was not warned of
                self._warned[part] += part in self._told[m]
                self._end(m, time, part, life)
            self._smooth[m] = None

    def _new(self, m: int, part: str, hours: float, *, failed: bool) -> float:
        """The part is new; returns the life that ended, nan where nobody knows when it began [h]."""
        life = hours - self.born[m][part] if part in self.known[m] else math.nan
        if part in self.known[m]:
            self.lived.append((part, life, failed))
        self.known[m].add(part)
        self.born[m][part] = hours
        return life

    def _maintained(self, m: int, ordinal: int, time: int, *, begins: bool) -> None:
        name = self.orders[m][ordinal]
        if name == _LOOK and begins:
            self.found[m] = self.nature.opened(m)  # what stands open to the eye when the cover is off
            return
        if begins:
            return
        self.pending[m].discard(name)
        if name == _LOOK:
            self._looks += 1
            self._false += not self.found[m]
            for part in self.found[m]:
                self._order(m, _REPLACE + part)
            if not self.found[m]:
                self._end(m, time, "")
                self._smooth[m] = None
            return
        hours = self._ran[m] / HOUR
        for part in self.renews[m][name]:
            self._new(m, part, hours, failed=False)
        if name.startswith(_REPLACE):
            self._planned[name.removeprefix(_REPLACE)] += 1
            self._end(m, time, name)
            self._smooth[m] = None

    # ---- what the policy does

    def _order(self, m: int, name: str) -> None:
        if name not in self.pending[m]:
            self.pending[m].add(name)
            self.show.call(m, "maintain", name)

    def _by_age(self) -> None:
        for m in self.machines:
            ran = self.ran(m)
            for part, age in self.policy.ages.items():
                if part in self.born[m] and ran - self.born[m][part] >= age and self.state[m] != "down":
                    self._order(m, _REPLACE + part)

    def _read(self) -> None:
        shown = self.show.read()
        for m in self.machines:
            if self.state[m] != "run":
                continue
            value = float(shown[f"{self.paths[m]}:vibration"])
            level = self._level[m]
            if len(level) < _SOUND:
                level.append(value)
                continue
            if m not in self._sound:
                self._sound[m] = float(np.median(level))
                self._fleet = float(np.median(list(self._sound.values())))
            # one that was worn already when the readings began is judged by what its like shows
            sound = min(self._sound[m], self._fleet)
            before = self._smooth[m]
            # after a stop the smoothed value begins from the sound level: a new part is a sound one
            smooth = sound if before is None else before
            smooth += _WEIGHT * (value - smooth)
            self._smooth[m] = smooth
            way = (smooth - sound) / (LIMIT - sound)
            self._judge(m, way)
            self._told[m] = self.nature.opened(m) if self._above[m] is not None else ()

    def _judge(self, m: int, way: float) -> None:
        threshold = self.policy.threshold or 0.0
        if self._above[m] is None and way >= threshold:
            self._above[m] = (self.run.now, self.ran(m))
            if self.policy.acts:
                self._order(m, _LOOK)
        elif self._above[m] is not None and way < _BACK * threshold:
            self._end(m, self.run.now, "")

    def _end(self, m: int, time: int, part: str, life: float = math.nan) -> None:
        above = self._above[m]
        if above is not None:
            hours = self._ran[m] / HOUR - above[1]
            self.excursions.append(Excursion(self.names[m], above[0], time, hours, part, life))
            self._above[m] = None

    # ---- the judge

    def counted(self) -> dict[str, Any]:
        """What was counted up to now."""
        totals = self.run.totals()
        times = totals.machine_time[self.machines]
        return {
            "failures": dict(self._failures), "planned": dict(self._planned), "warned": dict(self._warned),
            "looks": self._looks, "false": self._false, "excursions": len(self.excursions),
            "down": float(times[:, _DOWN].sum()) / HOUR, "stopped": float(times[:, _STOPPED].sum()) / HOUR,
            "finished": totals.finished,
        }  # fmt: skip

    def outcome(self, before: Mapping[str, Any], days: int) -> Outcome:
        """The difference since then."""
        after = self.counted()

        def less(name: str) -> dict[str, int]:
            return {part: count - before[name].get(part, 0) for part, count in after[name].items()}

        lasting = [
            Excursion(self.names[m], above[0], None, self.ran(m) - above[1], "")
            for m, above in self._above.items()
            if above is not None
        ]
        return Outcome(
            policy=self.policy.name, hours=24.0 * days, machines=len(self.machines), failures=less("failures"),
            planned=less("planned"), looks=after["looks"] - before["looks"], false=after["false"] - before["false"],
            down=after["down"] - before["down"], stopped=after["stopped"] - before["stopped"],
            finished=after["finished"] - before["finished"],
            excursions=(*self.excursions[before["excursions"] :], *lasting), warned=less("warned"),
        )  # fmt: skip
