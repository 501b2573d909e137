"""A controller rehearsed on the twin: it sees the panels and sets offsets through them; nature and judge stand apart.

Nature adds a drift to the machines that no device shows. The judge takes every piece's reading, also those that the
controller is not given, and says how capable the process was: Cpk of readings, the gauge's own spread included.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Final, Protocol

import numpy as np

from luban.core.errors import InputError
from luban.core.time import DAY, SECOND
from luban.decide.setpoint.causes import CauseModel, fit_causes
from luban.decide.setpoint.envelope import Envelope
from luban.decide.setpoint.machine import EdgePlan, MachineControl
from luban.decide.setpoint.run_to_run import RunToRun, Settings
from luban.plant import Plant
from luban.twin.kernel.trace import Kind
from luban.twin.model import Characteristic, Model
from luban.twin.names import Names
from luban.twin.run import Run
from luban.twin.show import Change, Show

__all__ = [
    "EDGES",
    "HANDS",
    "PIECES",
    "Drift",
    "Rehearsal",
    "Window",
    "back_for_good",
    "capability_after",
    "learn",
    "rehearse",
    "usual_envelope",
    "windows_of",
]

HANDS: Final = ("as_is", "run_to_run", "causes")
"""Who corrects the offsets: the operator by the plant's rule, an EWMA, the controller that knows causes."""

EDGES: Final = (0, 10, 25, 50, 75, 100, 150, 200, 400)
"""Ends of the windows in which a rehearsal is judged, in pieces of a machine after the drift began."""

_LOOK: Final = 10 * SECOND
_REST: Final = 600 * SECOND
_FEWEST: Final = 30
_SHOWN_TO: Final = 0.01  # what a panel rounds a reading to [unit of the size]
_MOST_AT_ONCE: Final = 10.0  # what a panel takes at once [unit of the size]
_ENOUGH: Final = 200  # readings of a station for a second fit
_FIELDS: Final = [
    ("machine", np.int64), ("time", np.int64), ("since", np.int64), ("value", np.float64), ("offset", np.float64),
    ("lower", np.float64), ("upper", np.float64), ("gauge", np.float64), ("spoilt", np.bool_),
]  # fmt: skip
_SHOWN: Final = frozenset({"state", "tool_number", "program", "order", "offset", "reading_of", "reading", "part_count"})


@dataclass(frozen=True, slots=True)
class Drift:
    """What nature does to each machine, beyond its model.

    size   in standard deviations of the size's own noise [1]
    over   pieces of the machine over which it grows from 0 to its full size; 0: a jump
    begin  when [µs after the model's start]
    """

    size: float
    over: int
    begin: int


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What a run brought.

    pieces    one row each: machine, time, pieces of that machine since the drift began (below 0: before), reading minus
              target, offset in force, limits as deviations, standard deviation of the gauge, spoilt by a broken edge
    moves     (time, machine, from, to) of every set-point that was set
    refused   set-points that the machine did not take
    envelope  that the controller had
    """

    pieces: Any
    moves: tuple[tuple[int, int, float, float], ...]
    refused: int
    envelope: Envelope

    @property
    def left(self) -> int:
        """Set-points outside the envelope, or farther from the last one than a move: 0 unless something is wrong."""
        own = self.envelope
        most = np.inf if own.move is None else own.move * (1 + 1e-9)
        return sum(not own.holds(new) or abs(new - old) > most for _, _, old, new in self.moves)


class _Hand(Protocol):
    def hear(self, time: int, name: str, value: Any) -> None: ...

    def wanted(self, time: int | None = None) -> Any: ...


class _Ewma:
    """An EWMA of a machine's level; an offset that a setup has cleared begins from the level that is known."""

    def __init__(self, envelope: Envelope, targets: Mapping[str, float], weight: float, drift_weight: float) -> None:
        self.control = RunToRun(Settings(0.0, 1.0, weight, envelope, drift_weight), level=0.0)
        self.offset, self._size, self._targets, self._envelope = 0.0, "", targets, envelope

    def hear(self, time: int, name: str, value: Any) -> None:  # noqa: ARG002 - it knows no time
        if name == "offset":
            self.offset = float(value)
        elif name == "state" and value == "setup":
            self.offset = 0.0
        elif name == "reading_of":
            self._size = value
        elif name == "reading":
            self.control.update(float(value) - self._targets.get(self._size, 0.0), used=self.offset)

    def wanted(self, time: int | None = None) -> Any:  # noqa: ARG002
        level = (self.control.level or 0.0) + self.control.drift
        return self._envelope.allowed(self.offset, -level)


def learn(
    model: Model, plant: Plant | None, stations: Sequence[str], *, days: int = 30, seed: int = 99
) -> dict[str, CauseModel]:
    """The sizes of the causes at each station, from what the plant as it is shows in some days.

    The plant keeps its own rules and its own sampling; operators correct as they always did.
    """
    hearing: dict[str, list[MachineControl]] = {station: [] for station in stations}

    def listen(m: int, _: Envelope, targets: Mapping[str, float]) -> _Hand:
        one = MachineControl(CauseModel(1.0), Envelope(-1e9, 1e9), dict(targets))
        hearing[model.machines[m].station].append(one)
        return one

    _go(model, plant, stations, listen, days * DAY, seed, 0, None, Envelope(-1e9, 1e9), silent=True)
    return {station: fit_causes([look for one in own for look in one.looks]) for station, own in hearing.items()}


def rehearse(
    model: Model, plant: Plant | None, stations: Sequence[str], hand: str, drift: Drift | None, *, days: int,
    causes: Mapping[str, CauseModel] | None = None, relearn: int | None = None, every: int = 1,
    weight: float = 0.3, drift_weight: float = 0.0,
    dead_band: float | None = None, seed: int = 1, replication: int = 0,
    envelope: Envelope | None = None,
) -> Rehearsal:  # fmt: skip
    """One run of the plant under one hand.

    stations  whose machines are corrected
    hand      of HANDS; all but `as_is` replace the operators' own corrections
    causes    of `learn`, for the hand `causes`
    relearn   day after which it fits the causes anew, from the readings it has had [d]; None: never
    every     one in so many pieces is measured for the controller; the judge measures all
    dead_band no change while the expected deviation is within that [unit of the sizes]; None: 1 % of the narrowest
              tolerance at the station
    envelope  of every offset [unit of the sizes]; None: `usual_envelope`
    Raises    InputError
    """
    if hand not in HANDS:
        raise InputError("unknown hand", came=hand, expected=", ".join(HANDS))
    own = envelope or usual_envelope(model, stations)
    bands = {station: 0.01 * min(_widths(model, [station])) if dead_band is None else dead_band for station in stations}
    plans = {station: EdgePlan() for station in stations}

    def make(m: int, around: Envelope, targets: Mapping[str, float]) -> _Hand:
        station = model.machines[m].station
        if hand == "run_to_run":
            return _Ewma(around, targets, weight, drift_weight)
        sizes = (causes or {}).get(station)
        if sizes is None:
            raise InputError("nothing is known of that station", came=station, hint="learn from its past first")
        return MachineControl(sizes, around, dict(targets), bands[station], plans[station])

    changed = _measured(model, stations, corrected=hand != "as_is")
    hands = None if hand == "as_is" else make
    again = None if relearn is None or hand != "causes" else relearn * DAY
    return _go(changed, plant, stations, hands, days * DAY, seed, replication, drift, own, every=every, again=again)


def usual_envelope(model: Model, stations: Sequence[str]) -> Envelope:
    """1.2 times the widest tolerance either way, and a fifth of it, at most 10, at once [unit of the sizes].

    Raises  InputError where the stations measure no size
    """
    widest = max(_widths(model, stations))
    return Envelope(-1.2 * widest, 1.2 * widest, min(_MOST_AT_ONCE, 0.2 * widest), 0.001)


def _widths(model: Model, stations: Sequence[str]) -> list[float]:
    """Tolerances of the sizes that these stations make."""
    found = [
        size
        for route in model.routes
        for step in route.steps
        if step.station in stations
        for size in step.characteristics
    ]
    if not found:
        raise InputError("no size is measured there", came=", ".join(stations) or "no station")
    coarse = [size for size in found if size.noise < _SHOWN_TO]
    if coarse:
        raise InputError(
            "the panels show readings too coarsely",
            came=f"{coarse[0].id}: noise {coarse[0].noise:g} {coarse[0].unit}, readings to {_SHOWN_TO:g}",
            hint="give the size in a smaller unit in the twin, for example µm",
        )
    return [size.upper - size.lower for size in found]


def capability_after(pieces: Any, first: int, last: int, *, readings: bool = False) -> tuple[float, int]:
    """Cpk of pieces `first` to `last` after the drift began (all machines together), and their number.

    Each piece is measured against its own limits. The gauge's variance is taken off, so this is the Cpk of the parts;
    readings=True leaves it in. Pieces that a broken edge spoilt are scrap with a known cause and are left out. Fewer
    than 30 pieces, or a spread no larger than the gauge's: nan.
    """
    rows = pieces[(pieces["since"] >= first) & (pieces["since"] < last) & ~pieces["spoilt"]]
    if len(rows) < _FEWEST:
        return float("nan"), len(rows)
    half = 0.5 * (rows["upper"] - rows["lower"])
    share = (rows["value"] - 0.5 * (rows["upper"] + rows["lower"])) / half
    variance = float(share.var(ddof=1)) - (0.0 if readings else float(((rows["gauge"] / half) ** 2).mean()))
    if variance <= 0.0:
        return float("nan"), len(rows)
    return (1.0 - abs(float(share.mean()))) / (3.0 * variance**0.5), len(rows)


@dataclass(frozen=True, slots=True)
class Window:
    """Cpk of the parts of pieces `first` to `last` after the drift began; nan where there are fewer than 30."""

    first: int
    last: int
    cpk: float
    count: int

    @property
    def half_width(self) -> float:
        """Half of the 95 % interval of Cpk (Bissell 1990, doi 10.2307/2347383); nan without one."""
        if self.count < _FEWEST:
            return float("nan")
        return 1.96 * float(np.sqrt(1 / (9 * self.count) + self.cpk**2 / (2 * (self.count - 1))))


def windows_of(pieces: Any, edges: Sequence[int] = EDGES) -> tuple[Window, ...]:
    """Cpk in windows of pieces of a machine, all machines together."""
    return tuple(Window(a, b, *capability_after(pieces, a, b)) for a, b in pairwise(edges))


def back_for_good(windows: Sequence[Window], bar: float) -> int | None:
    """N: piece from which on every window with a figure reaches the bar; None where the last one does not."""
    back = None
    for window in reversed([own for own in windows if np.isfinite(own.cpk)]):
        if window.cpk < bar:
            break
        back = window.first
    return back


# ---- the run


def _measured(model: Model, stations: Sequence[str], *, corrected: bool) -> Model:
    """The plant whose gauges read every piece; where a controller corrects, operators do not."""

    def size(own: Characteristic) -> Characteristic:
        if not corrected:
            return own
        return replace(own, sample_first=1, sample_every=1, correct_first=False, correct_beyond=None)

    routes = tuple(
        replace(
            route,
            steps=tuple(
                replace(step, characteristics=tuple(map(size, step.characteristics)))
                if step.station in stations
                else step
                for step in route.steps
            ),
        )
        for route in model.routes
    )
    return replace(model, routes=routes)


PIECES: Final = np.dtype(_FIELDS)
"""Columns of `Rehearsal.pieces`."""


def _go(
    model: Model, plant: Plant | None, stations: Sequence[str],
    make: Callable[[int, Envelope, Mapping[str, float]], _Hand] | None, until: int, seed: int, replication: int,
    drift: Drift | None, envelope: Envelope, *, every: int = 1, silent: bool = False, again: int | None = None,
) -> Rehearsal:  # fmt: skip
    run = Run(model, seed=seed, replication=replication, trace="facts")
    floor = _Floor(run, plant, stations, make, drift, envelope, every=every, silent=silent)
    while run.now < until:
        floor.step(min(until, run.now + (_LOOK if floor.busy else _REST)))
        if again is not None and run.now >= again:
            floor.relearn()
            again = None
    return Rehearsal(np.concatenate(floor.pieces), tuple(floor.moves), floor.refused, envelope)


class _Floor:
    """A run with its panels, its nature, its judge, and a hand on each machine."""

    def __init__(
        self, run: Run, plant: Plant | None, stations: Sequence[str], make: Any, drift: Drift | None,
        envelope: Envelope, *, every: int, silent: bool,
    ) -> None:  # fmt: skip
        self.run, self.show, self.drift, self.silent, self.every = run, Show(run, plant), drift, silent, every
        self.sizes = [size for route in run.model.routes for step in route.steps for size in step.characteristics]
        self.machines = [m for m, machine in enumerate(run.model.machines) if machine.station in stations]
        targets = {size.subject: size.what.nominal for size in Names(run.model, plant).sizes}
        self.hands: dict[int, _Hand] = {m: make(m, envelope, targets) for m in self.machines} if make else {}
        self.pieces: list[Any] = [np.zeros(0, PIECES)]
        self.moves: list[tuple[int, int, float, float]] = []
        self.refused = 0
        self.made = dict.fromkeys(self.machines, 0)
        self.offsets = dict.fromkeys(self.machines, 0.0)
        self._width = int(run.world["sizes"][5])
        self._drifted: dict[int, tuple[int, float]] = {}  # place → setup it holds for, drift that is in it
        self._states = dict.fromkeys(self.machines, "")
        self._read = dict.fromkeys(self.machines, 0)
        self.busy = True

    def step(self, until: int) -> None:
        """On to that time: the plant goes, nature acts, the judge writes down, the hands hear and set."""
        self.run.to(until)
        trace = self.run.take_trace()
        self._judge(trace)
        changes = self.show.see(trace)
        for change in changes:
            if change.machine in self.offsets and change.name in _SHOWN:
                self._tell(change)
        self.busy = any(state in {"run", "setup"} for state in self._states.values())
        if self.hands and not self.silent:
            for m, state in self._states.items():
                if state == "run":
                    self._set(m, until)
        self._nature(until)

    def relearn(self) -> None:
        """Fits the causes of each station anew, from the readings of its hands, where these are enough."""
        by_station: dict[str, list[MachineControl]] = {}
        for m, hand in self.hands.items():
            if isinstance(hand, MachineControl):
                by_station.setdefault(self.run.model.machines[m].station, []).append(hand)
        for own in by_station.values():
            looks = [look for one in own for look in one.looks]
            if len(looks) < _ENOUGH:
                continue
            found = fit_causes(looks, own[0].model)
            for one in own:
                one.model = one.known.model = found

    def _tell(self, change: Change) -> None:
        """What a panel shows now, to the hand on that machine; of a lot's readings the first, then one in `every`."""
        m, name, value = change.machine, change.name, change.value
        if name == "offset":
            self.offsets[m] = float(value)
        elif name == "state":
            self._states[m] = str(value)
        elif name == "order":
            self._read[m] = 0
        elif name == "reading":
            self._read[m] += 1
            if (self._read[m] - 1) % self.every:
                return
        if m in self.hands:
            self.hands[m].hear(change.time, name, value)

    def _set(self, m: int, now: int) -> None:
        old = self.offsets[m]
        new = float(self.hands[m].wanted(now).value)
        if abs(new - old) < 1e-9:
            return
        try:
            self.show.write(f"{self.show.machines[m]}:offset", new)
        except InputError:
            self.refused += 1
            return
        self.offsets[m] = new
        self.hands[m].hear(now, "offset", new)
        self.moves.append((now, m, old, new))

    def _judge(self, trace: Any) -> None:
        rows = trace[trace["kind"] == Kind.MEASURED]
        rows = rows[np.isin(rows["machine"], self.machines)] if len(rows) else rows
        if not len(rows):
            return
        broken = trace[(trace["kind"] == Kind.TOOL) & (trace["a"] == 2)]
        ends = set(zip(broken["machine"].tolist(), broken["time"].tolist(), strict=True))
        found = np.zeros(len(rows), PIECES)
        found["machine"], found["time"], found["value"] = rows["machine"], rows["time"], rows["x"]
        of = zip(rows["machine"].tolist(), rows["time"].tolist(), rows["a"].tolist(), strict=True)
        for k, (m, time, size) in enumerate(of):
            begun = self.drift is not None and time > self.drift.begin
            self.made[m] = self.made[m] + 1 if begun else 0
            what = self.sizes[size]
            found[k]["since"] = self.made[m] - 1 if begun else -1
            found[k]["offset"] = self.offsets[m]
            found[k]["lower"], found[k]["upper"], found[k]["gauge"] = what.lower, what.upper, what.gauge
            found[k]["spoilt"] = (m, time) in ends
        self.pieces.append(found)

    def _nature(self, now: int) -> None:
        """Adds the drift to what a setup left: a hidden thing, changed where only nature reaches."""
        drift = self.drift
        if drift is None or now <= drift.begin:
            return
        table = self.run.world["corrections"]
        for m in self.machines:
            rows = slice(m * self._width, (m + 1) * self._width)
            grown = 1.0 if drift.over == 0 else min(1.0, self.made[m] / drift.over)
            for place in range(rows.start, rows.stop):
                serial = int(table["serial"][place])
                if serial < 0:
                    continue
                was, added = self._drifted.get(place, (-2, 0.0))
                wanted = drift.size * self.sizes[place - rows.start].noise * grown
                table["offset"][place] += wanted - (added if was == serial else 0.0)
                self._drifted[place] = (serial, wanted)
