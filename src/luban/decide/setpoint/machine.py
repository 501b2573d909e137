"""The controller of one machine's offset: it hears what the machine's devices show, and says which offset to set.

Nothing of it depends on where the changes come from: a wire, the books, or the twin's panels. It knows the state of
the machine, when an edge was changed, which program runs, the offset register and the readings of its gauge.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np

from luban.core.errors import InputError
from luban.core.time import SECOND
from luban.decide.setpoint.causes import CauseFilter, CauseModel, Look
from luban.decide.setpoint.envelope import Allowed, Envelope

__all__ = ["EdgePlan", "MachineControl"]

_REMEMBERED = 300
_ODD = 1.25  # times the usual cycle: something else was in it (a change of edge, rework at the end of a lot)


@dataclass
class EdgePlan:
    """After how much work the edges of like machines are changed by plan, learnt from when they were.

    ended      work of each edge at its end, the piece of the change included [s]
    survived   work of edges after pieces that did not end them [s]
    threshold  work from which on a change is expected [s]; infinite until something is known
    """

    ended: list[float] = field(default_factory=list)
    survived: list[float] = field(default_factory=list)
    threshold: float = float("inf")

    def end(self, work: float) -> None:
        """An edge was changed. The threshold is where it tells changes from survivals best."""
        self.ended.append(work)
        ended = np.sort(self.ended[-_REMEMBERED:])
        survived = np.sort(self.survived[-_REMEMBERED * 10 :])
        wrong = np.arange(len(ended)) + len(survived) - np.searchsorted(survived, ended)
        best = int(wrong.argmin())
        below = survived[: np.searchsorted(survived, ended[best])]
        self.threshold = 0.5 * float(ended[best] + below[-1]) if len(below) else float(ended[best])

    def last(self, work: float) -> None:
        """An edge has worked so long and goes on."""
        self.survived.append(work)

    def ends(self, work: float) -> bool:
        """An edge that would have worked so long will be a new one."""
        return work > self.threshold


@dataclass
class MachineControl:
    """One machine's offset, held on target.

    model      sizes of the causes
    envelope   of the offset
    targets    size as the gauge names it → value that it should have; not listed: readings are deviations
    dead_band  no change while the expected deviation is within that [unit of the size]
    edges      what is known of planned changes, shared by like machines
    looks      every reading with its causes so far, for `fit_causes`
    Example    >>> control = MachineControl(CauseModel(noise=1.0, setup=2.0), Envelope(-50, 50, 10))
               >>> control.hear(0, "state", "run"); control.hear(60_000_000, "reading", 3.0)
               >>> control.hear(60_000_000, "part_count", 1)
               >>> control.wanted().value < 0
               True
    """

    model: CauseModel
    envelope: Envelope
    targets: dict[str, float] = field(default_factory=dict)
    dead_band: float = 0.0
    edges: EdgePlan = field(default_factory=EdgePlan)
    looks: list[Look] = field(default_factory=list)
    offset: float = 0.0
    known: CauseFilter = field(init=False)
    _state: str = ""
    _since: int = 0
    _size: str = ""
    _program: str = ""
    _cycles: dict[str, float] = field(default_factory=dict)
    _rested: float = 0.0
    _ran: float = 0.0
    _lot_cycle: float = 0.0  # of the lot in work [s]; 0: not known yet
    _cut: float = 0.0  # on pieces since the last reading, on the present edge
    _here: float = 0.0  # running time on the piece in work
    _made: int = 0
    _new_setup: bool = False
    _new_edge: bool = False
    _worked: float = 0.0  # of the edge that was changed last
    _edge_here: bool = False  # the edge was changed with the piece that is finished now
    _readings: list[tuple[float, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.known = CauseFilter(self.model)

    def hear(self, time: int, name: str, value: float | str) -> None:
        """A value that a device shows from that time on [µs]; names as the twin's panels have them.

        state, tool_number, program, order, offset, reading_of, reading, part_count; others are not heard
        """
        self._pass(time)
        if name == "state":
            self._turn(str(value))
        elif name == "tool_number":
            self._new_edge = self._edge_here = True
            self._cut, self._worked = 0.0, self.known.edge_ran
            self.known.edge()
        elif name in {"program", "order"} and value:
            self._here, self._lot_cycle = 0.0, 0.0
            if name == "program":
                self._program = str(value)
        elif name == "offset":
            self.offset = float(value)
        elif name == "reading_of":
            self._size = str(value)
        elif name == "reading":
            self._readings.append((float(value), self.offset))  # taken when the piece is counted
        elif name == "part_count":
            self._count(int(value))

    def wanted(self, time: int | None = None) -> Allowed:
        """The offset that the next piece should be made under; equal to `offset` where nothing is to be changed.

        time  now [µs]; None: the last time that something was heard
        Raises  InputError for a time in the past
        """
        if time is not None:
            self._pass(time)
        running, cutting, fresh = self._next()
        expected = self.known.mean_ahead(running, cutting, fresh=fresh) + self.offset
        if abs(expected) <= self.dead_band and self.envelope.holds(self.offset):
            return Allowed(self.offset, ("dead_band",))
        return self.envelope.allowed(self.offset, self.offset - expected)

    def pass_to(self, time: int) -> None:
        """Nothing was heard until that time [µs]. Raises InputError for a time in the past."""
        self._pass(time)

    @property
    def state(self) -> str:
        """State of the machine as it was heard last."""
        return self._state

    @property
    def cycle(self) -> float:
        """Time for a piece of the loaded program [s]; 0: not known yet."""
        return self._lot_cycle or self._cycles.get(self._program, 0.0)

    @property
    def cycles(self) -> dict[str, float]:
        """Program → usual time for a piece [s]."""
        return dict(self._cycles)

    @property
    def pending(self) -> Look:
        """What happened since the last reading: a look whose value is not there yet."""
        since = (self._rested, self._ran, self._cut, self._new_setup, self._new_edge)
        return Look(math.nan, self.offset, *since, machine=not self.looks)

    def expected(self) -> tuple[float, float]:
        """Deviation of the next piece without offset, and its standard deviation as measured."""
        running, cutting, fresh = self._next()
        return self.known.forecast(running, cutting, fresh=fresh)

    def _next(self) -> tuple[float, float, bool]:
        """Until the next piece is made: running of the machine, work of the edge [s], and whether that edge is new."""
        cycle = self._lot_cycle or self._cycles.get(self._program, 0.0)
        return max(0.0, cycle - self._here), cycle, self.edges.ends(self.known.edge_ran + cycle)

    # ---- what happens

    def _pass(self, time: int) -> None:
        seconds = (time - self._since) / SECOND
        if seconds < 0:
            raise InputError("time went back", came=f"{time} µs", expected=f"{self._since} µs or later")
        self._since = time
        if self._state == "run":
            self.known.run(seconds)
            self._ran += seconds
            self._here += seconds
        else:
            self.known.rest(seconds)
            self._rested += seconds

    def _turn(self, state: str) -> None:
        if state == "setup" and self._state != "setup":
            self._new_setup = True
            self.offset = 0.0
            self.known.setup()
        self._state = state

    def _count(self, made: int) -> None:
        """Pieces counted: how long one of this program takes, how long the edge has worked, and their readings."""
        pieces = made - self._made
        self._made = made
        if pieces <= 0:
            return
        cut = self._here
        if self._program and cut > 0:
            cut = self._taken(cut, pieces)
        if self._edge_here:
            self.edges.end(self._worked + cut)
            cut = 0.0
        else:
            self.known.cut(cut)
            self.edges.last(self.known.edge_ran)
        self._cut += cut
        self._here, self._edge_here = 0.0, False
        for reading, offset in self._readings:
            self._read(reading, offset)
        self._readings.clear()

    def _taken(self, running: float, pieces: int) -> float:
        """How long the edge worked in that running time [s]; learns the cycle of the program."""
        each = running / pieces
        if self._lot_cycle and each > _ODD * self._lot_cycle:
            return self._lot_cycle * pieces
        self._lot_cycle = each if not self._lot_cycle else self._lot_cycle + 0.2 * (each - self._lot_cycle)
        usual = self._cycles.get(self._program, each)
        self._cycles[self._program] = usual + 0.1 * (each - usual)
        return running

    def _read(self, reading: float, offset: float) -> None:
        value = reading - self.targets.get(self._size, 0.0)
        self.looks.append(replace(self.pending, value=value, offset=offset))
        self.known.see(value, offset)
        self._rested = self._ran = self._cut = 0.0
        self._new_setup = self._new_edge = False
