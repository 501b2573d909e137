"""What the devices of a plant show at an instant, what can be set on them, and nothing else.

A controller that is tried on the twin sees the plant through this door only: states, counters, sensors, readings of
gauges, orders that have arrived. True wear, true sizes, drawn lives and demand to come cannot be reached from here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from luban.core.errors import InputError
from luban.plant import Plant
from luban.twin.control import Control
from luban.twin.kernel.trace import Kind
from luban.twin.model import STATES, Machine, Step
from luban.twin.names import Names
from luban.twin.run import Run
from luban.twin.senses import Senses
from luban.twin.traced import Reasons, Trace

__all__ = ["STATE_WORDS", "Change", "Row", "Show", "Shown", "ShownMethod", "ShownTag", "state_word"]

Shown: TypeAlias = float | int | str | bool
Row: TypeAlias = tuple[float, float, int, int, int, int, int, int, int, int]
"""A row of a trace: x, y, time, kind, machine, lot, route, step, a, b."""

STATE_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    #                idle, standby, setup, run, blocked, operator, down, maintenance, off
    "generic@1": ("idle", "idle", "setup", "running", "waiting", "waiting", "down", "planned_stop", "off"),
    "mtconnect-execution@1": (
        "READY", "READY", "READY", "ACTIVE", "WAIT", "PROGRAM_STOPPED", "STOPPED", "STOPPED", "UNAVAILABLE",
    ),
    "opc40501-1@1": (
        "NotExecuting/Processing", "NotExecuting/None", "Executing/Setup", "Executing/Processing",
        "NotExecuting/Processing", "NotExecuting/Processing", "OutOfService/Processing", "NotExecuting/Maintenance",
        "NotAvailable/None",
    ),
    "machinery-item-state@1": (
        "NotExecuting", "NotExecuting", "NotExecuting", "Executing", "NotExecuting", "NotExecuting", "OutOfService",
        "NotExecuting", "NotAvailable",
    ),
    "opc40001-1@1": (
        "NotExecuting/None", "NotExecuting/None", "Executing/Setup", "Executing/Processing",
        "NotExecuting/Processing", "NotExecuting/Processing", "OutOfService/Processing", "NotExecuting/Maintenance",
        "NotAvailable/None",
    ),
    "packml@1": ("Idle", "Idle", "Starting", "Execute", "Suspended", "Held", "Aborted", "Stopped", "Stopped"),
}  # fmt: skip
"""What a machine of each vocabulary says in each state of the model, in the order of STATES."""

_CORRECTION: Final = 10.0  # most that one command may change an offset by [unit of the size]
_REGISTER: Final = 200.0  # reach of an offset register [unit of the size]
_RUN, _SETUP, _DOWN = (STATES.index(state) for state in ("run", "setup", "down"))
_STATE, _STARTED, _ENDED, _COUNT, _MEASURED, _CORRECTED, _TOOL, _ORDERED, _RELEASED = map(
    int,
    (
        Kind.STATE, Kind.STARTED, Kind.ENDED, Kind.COUNT, Kind.MEASURED, Kind.CORRECTED, Kind.TOOL, Kind.ORDERED,
        Kind.RELEASED,
    ),
)  # fmt: skip
_OF_ORDERS: Final = frozenset({_ORDERED, _RELEASED, int(Kind.FINISHED), int(Kind.LOST)})
_TRACED: Final = frozenset({_STATE, _STARTED, _ENDED, _COUNT, _MEASURED, _CORRECTED, _TOOL})
_COUNTS: Final = {kind: f"{kind}_count" for kind in ("good", "scrap", "rework")}


@dataclass(frozen=True, slots=True)
class ShownTag:
    """One value that a device shows.

    machine   index in the model, -1 the plant as a whole
    type      number, integer, text or boolean
    range     what a sensor can read, or what a set-point accepts
    sampled   a sensor's reading, new at every look; False: changes at an instant of its own
    role      what it is to a collector, as plant.toml names it
    """

    id: str
    machine: int
    name: str
    type: str
    unit: str = ""
    range: tuple[float, float] | None = None
    writable: bool = False
    sampled: bool = False
    role: str = "value"
    text: str = ""


@dataclass(frozen=True, slots=True)
class ShownMethod:
    """Something that can be ordered at a device; `arguments` as name → type."""

    machine: int
    name: str
    arguments: Mapping[str, str] = field(default_factory=dict)
    text: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """A tag shows another value since `time` [µs after the model's start]."""

    time: int
    machine: int
    name: str
    value: Shown


@dataclass(slots=True)
class _Face:
    """What one machine's panel holds."""

    state: int = 0
    cause: int = -1
    since: int = 0
    lot: int = -1
    step: int = -1
    program: int = -1  # the step of the program that is loaded, also after its end
    ran: int = 0  # running time on this edge up to `since` [µs]
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(("good", "scrap", "rework"), 0))
    edges: int = 0
    registers: int = 0
    offsets: dict[int, float] = field(default_factory=dict)  # by number of the size
    shown: dict[str, Shown] = field(default_factory=dict)


class Show:
    """The panels of all machines of a run, from its first instant on.

    run    made with trace="facts"
    plant  whose paths to use

    Example  show = Show(run)
             run.to(HOUR); show.see(run.take_trace()); show.read()
    """

    def __init__(self, run: Run, plant: Plant | None = None) -> None:
        self._run, self._names = run, Names(run.model, plant)
        self._control = Control(run)
        self._senses = Senses(run)
        self._subjects = [size.subject for size in self._names.sizes]
        self._reasons = Reasons.of(run.model)
        self._steps: list[Step] = [step for route in run.model.routes for step in route.steps]
        self._routes = [r for r, route in enumerate(run.model.routes) for _ in route.steps]
        self._of_step = _sizes_of_steps(self._steps)
        self._orders: dict[str, tuple[int, int]] = {}  # arrived and not finished: name → lot, route
        self._waiting: set[str] = set()
        self._stations = {station.id: number for number, station in enumerate(run.model.stations)}
        self._faces = [self._face(machine) for machine in run.model.machines]
        self.tags: dict[str, ShownTag] = {tag.id: tag for tag in self._tags()}
        self.methods: list[ShownMethod] = list(self._methods())

    # ---- what there is

    @property
    def machines(self) -> list[str]:
        """Path of each machine."""
        return self._names.machines

    @property
    def root(self) -> str:
        """Path of the plant."""
        return self._names.root

    def _work_of(self, machine: Machine) -> list[Step]:
        """Steps that the machine may do."""
        return [
            step
            for step in self._steps
            if step.station == machine.station and (not step.machines or machine.id in step.machines)
        ]

    def _face(self, machine: Machine) -> _Face:
        face = _Face(registers=max((len(step.characteristics) for step in self._work_of(machine)), default=0))
        face.shown["setup"] = machine.setup
        return face

    def _tags(self) -> Iterable[ShownTag]:
        for m, machine in enumerate(self._run.model.machines):
            sizes = [size for step in self._work_of(machine) for size in step.characteristics]
            units = {size.unit for size in sizes}
            unit = units.pop() if len(units) == 1 else ""
            full = max(machine.power.values(), default=0.0) / 1000
            yield self._tag(m, "state", "text", role="state", text="state in the words of the wire")
            yield self._tag(m, "order", "text", role="order")
            yield self._tag(m, "item", "text", role="item")
            yield self._tag(m, "operation", "text")
            yield self._tag(m, "program", "text", text="program that is loaded: item/operation")
            yield self._tag(m, "alarm", "text", role="reason", text="active alarm, empty where none is")
            for kind in ("good", "scrap", "rework"):
                yield self._tag(m, f"{kind}_count", "integer", role=f"{kind}_count", text="since the machine was new")
            yield self._tag(m, "part_count", "integer", role="total_count", text="pieces since the machine was new")
            yield self._tag(m, "setup", "text", text="what it is set up for")
            yield self._tag(m, "queue_length", "integer", sampled=True, text="lots that wait at its station")
            if machine.power:
                yield self._tag(m, "power", "number", "kW", (0.0, max(1.0, 2 * full)), sampled=True)
                yield self._tag(m, "energy", "number", "kWh", sampled=True, text="register, to 1 Wh")
            yield self._tag(m, "spindle_load", "number", "%", (0.0, 200.0), sampled=True)
            yield self._tag(m, "temperature", "number", "°C", (-20.0, 120.0), sampled=True, text="spindle or axis")
            if machine.failures:
                yield self._tag(m, "vibration", "number", "mm/s", (0.0, 50.0), sampled=True)
            if machine.tool is not None:
                yield self._tag(m, "tool_time", "number", "min", sampled=True, text="cutting time of this edge")
                yield self._tag(m, "tool_number", "integer", text="edges used")
            if sizes:
                yield self._tag(m, "reading", "number", unit, text="last reading of a gauge on this machine's pieces")
                yield self._tag(m, "reading_of", "text", text="which size the reading is of")
            for n in range(self._faces[m].registers):
                reach = (-_REGISTER, _REGISTER)
                text = f"offset register; one command changes it by at most {_CORRECTION:g} {unit}"
                yield self._tag(m, _offset(n), "number", unit, reach, writable=True, text=text)
            yield self._tag(m, "feed_override", "number", "%", (0.0, 100.0), text="fixed: nobody may cut faster")
            yield self._tag(m, "standby", "boolean", writable=True)
        yield self._tag(-1, "room_temperature", "number", "°C", (-20.0, 60.0), sampled=True)
        yield self._tag(-1, "orders_waiting", "integer", sampled=True, text="orders that are not released")

    def _tag(
        self,
        machine: int,
        name: str,
        type_: str,
        unit: str = "",
        range_: tuple[float, float] | None = None,
        **more: Any,
    ) -> ShownTag:
        place = self._names.machines[machine] if machine >= 0 else self._names.root
        return ShownTag(f"{place}:{name}", machine, name, type_, unit, range_, **more)

    def _methods(self) -> Iterable[ShownMethod]:
        for m, machine in enumerate(self._run.model.machines):
            if machine.tool is not None:
                yield ShownMethod(m, "change_tool", text="a new edge, when the piece is done")
            if any(step.batch is not None for step in self._work_of(machine)):
                yield ShownMethod(m, "start_batch", text="start with what is there")
            if machine.maintenance:
                yield ShownMethod(m, "maintain", {"plan": "text"}, "service after the running operation")
            yield ShownMethod(m, "set_schedule", {"operations": "text"}, "order/operation, in this order, by commas")
        yield ShownMethod(-1, "release_order", {"order": "text"}, "an order that has arrived goes to the floor")

    # ---- what happens

    def see(self, trace: Trace) -> list[Change]:
        """Go on to the end of the trace; returns what panels show differently, in the order in which it came.

        Of several values of a tag at one instant only the last one is told.
        """
        return [Change(*told) for told in self.told(trace.tolist())]

    def told(self, rows: Iterable[Row], names: Set[str] | None = None) -> list[tuple[int, int, str, Shown]]:
        """As `see`, from a trace as a list of tuples: (time, machine, name, value) of what panels show differently.

        names  of the tags that somebody wants to be told of; None: all. Panels go on with the others too
        """
        found: dict[tuple[int, int, str], Shown] = {}
        for row in rows:
            _, _, time, kind, machine, *_ = row
            if kind in _OF_ORDERS:
                self._order(kind, row)
            elif machine >= 0 and kind in _TRACED:
                for name, value in self._row(machine, kind, row):
                    if names is not None and name not in names:
                        self._faces[machine].shown[name] = value
                        continue
                    found.pop((time, machine, name), None)  # the last one of an instant stands where it came
                    found[time, machine, name] = value
        changes = []
        for (time, machine, name), value in found.items():
            shown = self._faces[machine].shown
            if shown.get(name) != value or name == "reading":
                shown[name] = value
                changes.append((time, machine, name, value))
        return changes

    def _order(self, kind: int, row: Row) -> None:
        lot, route = row[5], row[6]
        name = self._run.lot_name(lot)
        if kind == _ORDERED:
            self._orders[name] = lot, route
            self._waiting.add(name)
            return
        self._waiting.discard(name)
        if kind != _RELEASED:
            self._orders.pop(name, None)

    def _row(self, machine: int, kind: int, row: Row) -> Iterable[tuple[str, Shown]]:
        face = self._faces[machine]
        x, _, time, _, _, lot, _, step, a, b = row
        if kind == _STATE:
            yield from self._turn(machine, face, a, b, time)
        elif kind == _STARTED:
            face.lot, face.step = lot, step
            face.program = step
            yield from self._work(face)
            yield from self._registers(face)
        elif kind == _ENDED:
            if face.lot == lot:
                face.lot = face.step = -1
                yield from self._work(face)
        elif kind == _COUNT:
            for name, made in (("good", a), ("scrap", b), ("rework", int(x))):
                face.counts[name] += made
                yield _COUNTS[name], face.counts[name]
            yield "part_count", sum(face.counts.values())
        elif kind == _MEASURED:
            yield "reading_of", self._subjects[a]
            yield "reading", round(x, 2)
        elif kind == _CORRECTED:
            face.offsets[a] = face.offsets.get(a, 0.0) + x
            yield from self._registers(face)
        else:
            face.ran, face.since = 0, time
            face.edges += 1
            yield "tool_number", face.edges

    def _turn(self, machine: int, face: _Face, state: int, cause: int, time: int) -> Iterable[tuple[str, Shown]]:
        if face.state == _RUN:
            face.ran += time - face.since
        if _SETUP in {state, face.state}:  # a new setup begins from nothing
            face.offsets.clear()
            yield from self._registers(face)
        face.state, face.cause, face.since = state, cause, time
        self._senses.warmth[machine].turn(state == _RUN, time)
        yield "state", STATES[state]
        failed = state == _DOWN and cause >= 0
        yield "alarm", self._reasons.words[self._reasons.failure[machine] + cause] if failed else ""
        if state == _RUN and face.step >= 0 and self._steps[face.step].setup:
            yield "setup", self._steps[face.step].setup

    def _work(self, face: _Face) -> Iterable[tuple[str, Shown]]:
        busy = face.lot >= 0
        yield "order", self._run.lot_name(face.lot) if busy else ""
        yield "item", self._names.items[self._routes[face.step]] if busy else ""
        yield "operation", self._steps[face.step].id if busy else ""
        if busy:
            yield "program", f"{self._names.items[self._routes[face.step]]}/{self._steps[face.step].id}"

    def _registers(self, face: _Face) -> Iterable[tuple[str, Shown]]:
        """Offsets of the loaded program."""
        sizes = self._of_step[face.program] if face.program >= 0 else range(0)
        for n in range(face.registers):
            yield _offset(n), round(face.offsets.get(sizes[n], 0.0), 3) if n < len(sizes) else 0.0

    # ---- what is read and set

    def read(self) -> dict[str, Shown]:
        """Every tag's value now, by its id; `state` in the words of the model."""
        found: dict[str, Shown] = {}
        totals = self._run.totals()
        for tag in self.tags.values():
            found[tag.id] = self._sample(tag, totals) if tag.sampled and tag.machine >= 0 else self.value(tag.id)
        return found

    def value(self, id_: str) -> Shown:
        """One tag's value now, as `read` gives it. Raises InputError for an unknown one."""
        tag = self.tags.get(id_)
        if tag is None:
            raise InputError("no such tag", came=id_, expected=", ".join(list(self.tags)[:10]))
        if tag.machine < 0:
            return self._senses.room() if tag.name == "room_temperature" else len(self._waiting)
        if tag.sampled:
            return self._sample(tag, self._run.totals() if tag.name in {"energy", "queue_length"} else None)
        return self._faces[tag.machine].shown.get(tag.name, _AT_FIRST.get(tag.name, _EMPTY[tag.type]))

    def _sample(self, tag: ShownTag, totals: Any) -> Shown:
        m, face, machine = tag.machine, self._faces[tag.machine], self._run.model.machines[tag.machine]
        if tag.name == "power":
            return round(machine.power.get(STATES[face.state], 0.0)) / 1000
        if tag.name == "energy":
            return int(totals.machine_energy[m]) // 3_600_000_000 / 1000
        if tag.name == "queue_length":
            return int(totals.queue_length[self._stations[machine.station]])
        if tag.name == "spindle_load":
            return self._senses.load(m, face.step if face.state == _RUN else -1)
        if tag.name == "temperature":
            return self._senses.temperature(m)
        if tag.name == "vibration":
            return self._senses.vibration(m, face.state)
        ran = face.ran + (self._run.now - face.since if face.state == _RUN else 0)
        return round(ran / 60e6 * (machine.tool.cutting if machine.tool else 0.0), 2)

    def write(self, id_: str, value: Shown, *, moves: bool = True, far: bool = False) -> None:
        """Set a set-point. Raises InputError: none of that name, not writable, out of range.

        moves  False: the panel shows the new value, the machine does not follow: for tests of what judges effects
        far    a person at the panel, who may go as far at once as the register reaches
        """
        tag = self.tags.get(id_)
        if tag is None or not tag.writable:
            raise InputError(
                "not a set-point", came=id_, expected=", ".join(t.id for t in self.tags.values() if t.writable)
            )
        machine, face = self._run.model.machines[tag.machine], self._faces[tag.machine]
        if tag.type == "boolean":
            if moves:
                self._control.standby(machine.id, bool(value))
            face.shown[tag.name] = bool(value)
            return
        low, high = tag.range or (0.0, 0.0)
        if isinstance(value, bool | str) or not low <= value <= high:
            raise InputError(
                "set-point out of range", came=f"{value} {tag.unit}", expected=f"{low:g} to {high:g}", where=id_
            )
        n = int(tag.name[6:] or 1) - 1
        sizes = self._of_step[face.program] if face.program >= 0 else range(0)
        if n >= len(sizes):
            raise InputError("nothing to correct: no program with such a size is loaded", where=id_)
        step = float(value) - face.offsets.get(sizes[n], 0.0)
        if not far and abs(step) > _CORRECTION * (1 + 1e-9):
            expected = f"a step of at most {_CORRECTION:g} {tag.unit}"
            raise InputError("too large a correction", came=f"{step:g} {tag.unit}", expected=expected, where=id_)
        if moves:
            self._control.correct(machine.id, self._run.characteristics[sizes[n]], step)
        face.offsets[sizes[n]] = float(value)
        face.shown[tag.name] = round(float(value), 3)

    def call(self, machine: int, method: str, *arguments: Shown) -> None:
        """Call a method of a device. Raises InputError: none of that name, or the run says no."""
        known = next((m for m in self.methods if m.machine == machine and m.name == method), None)
        if known is None or len(arguments) != len(known.arguments):
            names = [f"{m.name}({', '.join(m.arguments)})" for m in self.methods if m.machine == machine]
            raise InputError(
                "no such method", came=f"{method} with {len(arguments)} arguments", expected=", ".join(names)
            )
        if machine < 0:
            self._control.release(self._key(str(arguments[0])))
            return
        own = self._run.model.machines[machine]
        if method == "change_tool":
            self._control.change_tool(own.id)
        elif method == "start_batch":
            self._control.start_batch(own.station)
        elif method == "maintain":
            self._control.maintain(own.id, str(arguments[0]))
        else:
            self._control.set_schedule(own.id, self._schedule(str(arguments[0])))

    def _key(self, order: str) -> int:
        if order not in self._waiting:
            raise InputError(
                "no such order waits", came=order, expected=", ".join(sorted(self._waiting)[:10]) or "none"
            )
        return self._orders[order][0]

    def _schedule(self, text: str) -> list[tuple[int, int]]:
        """`order/operation, …` as (lot, step of its route)."""
        found = []
        for part in filter(None, (part.strip() for part in text.split(","))):
            order, _, operation = part.rpartition("/")
            lot, route = self._orders.get(order, (-1, -1))
            steps = [step.id for step in self._run.model.routes[route].steps] if lot >= 0 else []
            if operation not in steps:
                expected = ", ".join(steps) if lot >= 0 else "an order that has arrived"
                raise InputError("no such work", came=part, expected=expected, hint="order/operation, order/operation")
            found.append((lot, steps.index(operation)))
        return found


_AT_FIRST: Final[Mapping[str, Shown]] = {"state": STATES[0], "feed_override": 100.0}
_EMPTY: Final[Mapping[str, Shown]] = {"text": "", "number": 0.0, "integer": 0, "boolean": False}


def state_word(state: str, mapping: str) -> str:
    """What a machine of that vocabulary says in that state of the model. Raises InputError for an unknown mapping."""
    words = STATE_WORDS.get(mapping)
    if words is None:
        raise InputError("the twin does not speak this state mapping", came=mapping, expected=", ".join(STATE_WORDS))
    return words[STATES.index(state)]


def _offset(number: int) -> str:
    return f"offset{number + 1}" if number else "offset"


def _sizes_of_steps(steps: Sequence[Step]) -> list[range]:
    """Numbers of the sizes of each step."""
    found, at = [], 0
    for step in steps:
        found.append(range(at, at + len(step.characteristics)))
        at += len(step.characteristics)
    return found
