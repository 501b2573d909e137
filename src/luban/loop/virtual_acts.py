"""Acts carried out in virtual time: guards first, then the panel, the people of the floor, or the plant's own MES.

Reads   a twin's panels    Writes  set-points, methods and rules of a twin
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from luban.act.command import Command
from luban.act.guards import Situation, refusals
from luban.act.reading import Reading
from luban.core.errors import InputError
from luban.core.time import DAY, HOUR, MINUTE, SECOND
from luban.loop.deciding.floor import Act, Proposal
from luban.plant import Actuator
from luban.twin.control import Control
from luban.twin.model import Model, Release
from luban.twin.run import Run
from luban.twin.show import Show

__all__ = ["CONFIRMED", "Carrier"]

CONFIRMED: Final = frozenset({"set", "change tool", "start batch", "maintain"})
"""Acts that a person at the machine confirms before they are done."""

_STEP: Final = 10.0  # of an offset by one command, as the panel takes it [unit of the size]
_EVERY: Final = 30 * SECOND


class Carrier:
    """Carries acts out on one run.

    silent  the plant does not answer: panels show what was set, pieces and queues know nothing of it
    rules   what was ordered and is kept by a timer or a device that the twin has not: target → value
    Raises  InputError from `carry` where guard, panel or plant say no
    """

    def __init__(self, run: Run, show: Show, *, silent: bool = False) -> None:
        self.run, self._show, self._control, self._silent = run, show, Control(run), silent
        self._paths = {path: number for number, path in enumerate(show.machines)}
        self._stations = {station.id for station in run.model.stations}
        self._last: dict[str, int] = {}
        self.rules: dict[str, Any] = {}
        self.actuators = {
            tag.id: Actuator(
                tag.id, "twin", tag.id, tag.unit, *(tag.range or (0.0, 0.0)), step=_STEP, every=_EVERY, mode="confirm",
                approver="operator",
            )
            for tag in show.tags.values()
            if tag.writable and tag.type == "number"
        }  # fmt: skip

    def carry(self, proposal: Proposal, *, by_hand: bool = False, later: int = 0) -> None:
        """Do it now.

        by_hand  a person does it by himself, as far as he likes
        later    it is done so long after what was done before, while the machine stands [µs]
        """
        act = proposal.act
        if act.kind == "set":
            self._set(proposal, by_hand=by_hand, later=later)
        elif self._silent:
            return
        elif act.kind == "rule":
            self._rule(act)
        elif act.kind == "release":
            self._show.call(-1, "release_order", str(act.target))
        elif act.kind == "dispatch":
            value = act.value if isinstance(act.value, str) else ",".join("/".join(map(str, one)) for one in act.value)
            self._show.call(self._machine(act.target), "set_schedule", value)
        elif act.kind == "change tool":
            self._show.call(self._machine(act.target), "change_tool")
        elif act.kind == "maintain":
            self._show.call(self._machine(act.target), "maintain", str(act.value))
        elif act.kind == "standby":
            self._control.standby(self._model_id(act.target), bool(act.value))
        elif act.kind == "start batch":
            self._control.start_batch(self._station(act.target))
        else:
            raise InputError("the floor cannot carry that out", came=act.kind)

    def machine(self, target: str) -> int | None:
        """Number of the machine that an act is about: the target, or what stands before `:` in it."""
        return self._paths.get(target.partition(":")[0])

    # ---- set-points

    def _set(self, proposal: Proposal, *, by_hand: bool, later: int) -> None:
        target, value, now = proposal.act.target, float(proposal.act.value), self.run.model.start + self.run.now + later
        actuator = self.actuators.get(target)
        stands = Reading(self._show.value(target), now) if actuator is not None else None
        command = Command(
            "virtual", target, value, actuator.unit if actuator else "", proposal.author, proposal.why, now,
            now + HOUR, approver="operator",
        )  # fmt: skip
        seen = Situation(now, {target: stands} if stands else {}, written={} if by_hand else self._last)
        if by_hand and actuator is not None:  # a person turns the knob as far as he likes
            actuator = replace(actuator, step=None)
        found = refusals(command, actuator, seen, writing=True)
        if found:
            raise InputError(found[0].message, came=found[0].came, expected=found[0].expected, where=target)
        self._show.write(target, value, moves=not self._silent, far=by_hand)
        self._last[target] = now

    # ---- rules that the plant's own MES or its people keep

    def _rule(self, act: Act) -> None:
        what, _, where = act.target.partition(" ")
        if not where and what == "release":
            self.run.become(_released(self.run.model, str(act.value)))
        elif not where:
            self._queue(self._station(act.target), tuple(act.value))
        elif what == "sampling":
            first, every = act.value
            self._control.set_sampling(self._station(where), int(first), int(every))
        elif what == "correct":
            if act.value not in {"nobody", "first"}:
                raise InputError("who corrects?", came=str(act.value), expected="nobody, first")
            self._control.set_correction(self._station(where), first=act.value == "first")
        elif what == "edge":
            self._edge(where, float(act.value))
        elif what == "batch":
            least, wait = act.value
            self._control.set_batch(self._station(where), float(least), wait)
        else:
            self.rules[act.target] = act.value

    def _queue(self, station: str, keys: tuple[str, ...]) -> None:
        if "urgent" in keys and next(own for own in self.run.model.stations if own.id == station).urgent is None:
            raise InputError("a station without a time for `urgent`", came=station)
        self._control.set_rule(station, keys)

    def _edge(self, where: str, minutes: float) -> None:
        """Of one machine, or of all of a station."""
        one = self._model_id(where) if where in self._paths else ""
        station = "" if one else self._station(where)
        for own in self.run.model.machines:
            if own.tool is not None and (own.id == one or own.station == station):
                self._control.set_edge(own.id, minutes * 60 if own.tool.clock == "cut" else minutes)

    # ---- names

    def _machine(self, path: str) -> int:
        if path not in self._paths:
            raise InputError("no such machine", came=path, expected=", ".join(list(self._paths)[:10]))
        return self._paths[path]

    def _model_id(self, path: str) -> str:
        return self.run.model.machines[self._machine(path)].id

    def _station(self, name: str) -> str:
        if name in self._stations:
            return name
        if name in self._paths:
            return self.run.model.machines[self._paths[name]].station
        raise InputError("no such station", came=name, expected=", ".join(sorted(self._stations)))


def _released(model: Model, value: str) -> Model:
    """`at once`, `manual`, or `daily HH:MM` by the plant's clock."""
    if value == "manual":
        return replace(model, release=replace(model.release, kind="manual", instants=()))
    if value == "at once":
        return replace(model, release=replace(model.release, kind="push", instants=()))
    what, _, at = value.partition(" ")
    hours, _, minutes = at.partition(":")
    if what != "daily" or not (hours.isdigit() and minutes.isdigit()):
        raise InputError("no such rule of release", came=value, expected="at once, manual, daily HH:MM")
    moment = int(hours) * HOUR + int(minutes) * MINUTE
    every = tuple(range(moment, model.horizon, DAY))
    return replace(model, release=Release("push", None, every, model.release.rule))
