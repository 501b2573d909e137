"""The process plant in virtual time as those who decide meet it: instruments, laboratory, orders; acts under guard.

A historian gives means of ten minutes, the laboratory its results when they are issued, the checkweigher its
pallets, the office its orders. Nothing else is handed on: compositions, fouling, bias and drift, what fails next stay
in the run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from luban.act.command import Command
from luban.act.guards import Situation, refusals
from luban.act.reading import Reading
from luban.core.errors import InputError
from luban.core.time import HOUR, MINUTE
from luban.loop.deciding.floor import Act, Decider, Heard, LotSeen, MachineSeen, Proposal, Seen
from luban.loop.deciding.mind import Mind
from luban.pilot.c1_process.practice import People
from luban.plant import Actuator
from luban.twin.process.coupled import CoupledRun
from luban.twin.process.layout import Code, Mode

__all__ = ["LOOK", "Done", "ProcessFloor"]

LOOK: Final = 10 * MINUTE
"""Time between two looks of operators, historian and programs [µs]."""

_STATES: Final = {
    Mode.RUN: "running", Mode.STARTING: "setup", Mode.DOWN: "down", Mode.CLEANING: "planned_stop", Mode.FULL: "waiting",
}  # fmt: skip
_CONFIRMED: Final = frozenset({"maintain", "schedule"})
_HEARD: Final = {
    "reactor_feed", "reactor_temperature", "jacket_temperature", "water_temperature", "jacket_valve", "steam",
    "distillate", "bottoms", "purge", "analyser", "product_level",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Done:
    """An act and what became of it: done or refused, with the reason; time [µs after the start]."""

    time: int
    proposal: Proposal
    state: str
    reason: str = ""


class ProcessFloor:
    """A coupled run, its people, and deciders that rule from a time on.

    begin     deciders only hear before [µs after the start]
    silent    acts are guarded, booked and confirmed, but the plant does not answer to them
    price     of a kilowatt-hour at a time [µs UTC] → [currency]
    """

    def __init__(
        self, plant: CoupledRun, people: People, deciders: Sequence[Decider], *, begin: int, practice: str = "as is",
        silent: bool = False, price: Any = None,
    ) -> None:  # fmt: skip
        self.plant, self.people, self.begin = plant, people, begin
        self.acts: list[Done] = []
        self.confirmed = 0
        self._practice, self._silent, self._price = practice, silent, price
        self._mind = Mind(deciders) if deciders else None
        self._levers = frozenset(one.lever for one in deciders)
        self._begun = False
        self._read = self._told = 0
        self._known: set[str] = set()
        self._state = ""
        self._out = False
        self._names = [i.id for i in plant.process.parameters.instruments]
        self._columns = [k for k, name in enumerate(self._names) if name in _HEARD]
        self._later: list[tuple[int, Proposal]] = []
        start = plant.process.start
        points = plant.process.parameters.set_points
        places = {"reactor_temperature": "reactor", "reactor_feed": "reactor"}
        self.actuators = {
            f"process/{places.get(p.id, 'column')}:{p.id}_sp": Actuator(
                f"process/{places.get(p.id, 'column')}:{p.id}_sp", "dcs", p.id, p.unit, p.low, p.high, mode="automatic"
            )
            for p in points
        }
        packing = plant.process.parameters.packing
        for name, low, high in (
            ("packing/packer:bag_target_sp", packing.target_low, packing.target_high), ("process/column:divert", 0, 1),
        ):  # fmt: skip
            self.actuators[name] = Actuator(name, "dcs", name, "", low, high, mode="automatic")
        self._start = start

    def to(self, until: int) -> None:
        """Runs to that time [µs after the start], a multiple of LOOK."""
        while self.plant.now < until:
            self.plant.to(self.plant.now + LOOK)
            if not self._begun and self.plant.now >= self.begin:
                self._begun = True
                self.people.begin(self._practice, frozenset() if self._silent else self._levers)
            self.people.act()
            if self._mind is not None:
                self._mind.hear(self.listen())
                if self._begun:
                    self._settle()

    # ---- what is heard and seen

    def listen(self) -> list[Heard]:
        """What instruments, laboratory, checkweigher and office have told since the last call."""
        process, now = self.plant.process, self._start + self.plant.now
        told: list[Heard] = []
        _, rows = process.take_readings()
        if len(rows):
            means = rows.mean(axis=0).tolist()
            told += [Heard(now, "process", self._names[k], means[k]) for k in self._columns]
        for event in process.take_events():
            if event["code"] == Code.DIVERT:
                told.append(Heard(self._start + int(event["time"]), "process", "diverted", bool(event["x"])))
        results = process.results(self._read)
        for one in results:
            told += [
                Heard(self._start + one.sampled, "laboratory", "product:purity", one.top),
                Heard(self._start + one.sampled, "laboratory", "bottoms:light share", one.bottom),
                Heard(self._start + one.sampled, "laboratory", "product:by-product", one.by_product),
            ]
        self._read += len(results)
        state = _STATES[process.mode]
        if state != self._state:
            self._state = state
            told.append(Heard(now, "process", "state", state))
        for pallet in self.plant.take_pallets():
            weights = self.plant.weights(pallet)
            told.append(Heard(now, "packer", "bag weight", float(weights.mean() - pallet.target)))
            told.append(Heard(now, "packer", "bag spread", float(weights.std(ddof=1))))
        for order in self.plant.queue():
            if order.order.id not in self._known:
                self._known.add(order.order.id)
                told.append(Heard(self._start + order.order.received, "", "ordered", order.order.id))
        return told

    def see(self) -> Seen:
        """The picture of now."""
        process, now = self.plant.process, self._start + self.plant.now
        signals = {**process.set_points(), "bag_target": self.plant.target}
        signals["cleaned"] = float(self._start + process.fouled_since)
        grades = process.parameters.grades
        lots = [
            LotSeen(
                one.order.id, grades[one.order.grade].id, one.order.pallets - one.done, "queue", "packing", 0,
                self._start + one.order.received, self._start + one.order.due,
            )
            for one in self.plant.queue()
            if one.order.pallets > one.done
        ]  # fmt: skip
        prices = {} if self._price is None else {"electricity": self._price(now)}
        return Seen(
            now, {"process": MachineSeen("process", "process", self._state, now, signals=signals)}, lots, prices
        )

    # ---- what is done

    def _settle(self) -> None:
        mind, now = self._mind, self._start + self.plant.now
        if mind is None:
            return
        for at, proposal in [one for one in self._later if one[0] <= now]:
            self._later.remove((at, proposal))
            self._carry(proposal)
        due = mind.due(now)
        if due is None or due > now:
            return
        for proposal in self.ask(mind, self.see()):
            if proposal.act.kind in _CONFIRMED:  # somebody reads it and says yes within ten minutes
                self.confirmed += 1
                self._later.append((now + LOOK, proposal))
            else:
                self._carry(proposal)

    def ask(self, mind: Mind, seen: Seen) -> Sequence[Proposal]:
        """What those who decide want, settled."""
        return mind.think(seen).taken

    def _carry(self, proposal: Proposal) -> None:
        try:
            self._do(proposal)
        except InputError as error:
            self.acts.append(Done(self.plant.now, proposal, "refused", str(error)))
        else:
            self.acts.append(Done(self.plant.now, proposal, "done"))

    def _do(self, proposal: Proposal) -> None:
        act, process = proposal.act, self.plant.process
        if act.kind == "set":
            self._guard(proposal)
            if not self._silent:
                self._set(act)
        elif self._silent:
            return
        elif act.kind == "maintain":
            at = int(act.value) - self._start
            process.clean(at - at % MINUTE)
        elif act.kind == "schedule":
            known = {one.order.id for one in self.plant.queue()}
            self.plant.order_grades([name for name in act.value if name in known])
        else:
            raise InputError("this plant cannot carry that out", came=act.kind)

    def _guard(self, proposal: Proposal) -> None:
        target, value, now = proposal.act.target, float(proposal.act.value), self._start + self.plant.now
        actuator = self.actuators.get(target)
        command = Command(
            "virtual", target, value, actuator.unit if actuator else "", proposal.author, proposal.why, now, now + HOUR,
            approver="by rule",
        )  # fmt: skip
        found = refusals(command, actuator, Situation(now, {target: Reading(value, now)}), writing=True)
        if found:
            raise InputError(found[0].message, came=found[0].came, expected=found[0].expected, where=target)

    def _set(self, act: Act) -> None:
        name = act.target.partition(":")[2].removesuffix("_sp")
        if name == "divert":
            self.plant.process.divert(act.value > 0.5)
        elif name == "bag_target":
            self.plant.bag_target(float(act.value))
        else:
            self.plant.process.set_point(name, float(act.value))
