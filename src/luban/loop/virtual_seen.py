"""What those who decide are shown of a plant in virtual time: panels of its machines and the bookings of its orders.

Nothing here looks into the run but through `Show` and through the rows that a plant's people book: orders received,
material booked in, lots released, queued, begun, ended. Everything is made when it is looked at.

Reads   panels and bookings of a twin    Writes  nothing
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from heapq import heappop, heappush
from typing import Any, Final, overload

from luban.loop.deciding.floor import Heard, LotSeen, MachineSeen
from luban.twin.kernel.trace import Kind
from luban.twin.model import STATES
from luban.twin.run import Run
from luban.twin.show import Row, Show, Shown

__all__ = ["OF_ORDERS", "WORDS", "Bookings", "Lots", "Machines", "Panels"]

WORDS: Final[Mapping[str, str]] = {
    "idle": "idle", "standby": "standby", "setup": "setup", "run": "running", "blocked": "waiting",
    "operator": "waiting", "down": "down", "maintenance": "planned_stop", "off": "off",
}  # fmt: skip
"""State of the twin → word of the normal vocabulary."""

OF_ORDERS: Final = frozenset({"ordered", "material", "released", "queued", "started", "ended", "finished", "lost"})
"""What is heard of orders, `machine` empty but for `started` and `ended`; the value is the order's id."""

_RUN: Final = STATES.index("run")
_ORDERED, _RELEASED, _ARRIVED, _MOVED, _STARTED, _ENDED, _FINISHED, _LOST = map(
    int,
    (
        Kind.ORDERED, Kind.RELEASED, Kind.ARRIVED, Kind.MOVED, Kind.STARTED, Kind.ENDED, Kind.FINISHED, Kind.LOST,
    ),
)  # fmt: skip
_NAMES: Final = {
    _ORDERED: "ordered", _RELEASED: "released", _ARRIVED: "queued", _STARTED: "started", _ENDED: "ended",
    _FINISHED: "finished", _LOST: "lost",
}  # fmt: skip


class Bookings:
    """Orders that have arrived and have not left, as they are booked.

    lots  by the order's id, in the order of their arrival
    """

    def __init__(self, run: Run, machines: Sequence[str]) -> None:
        model = run.model
        self.lots: dict[str, LotSeen] = {}
        self._run, self._machines, self._start = run, machines, model.start
        self._first = [0]
        for route in model.routes:
            self._first.append(self._first[-1] + len(route.steps))
        self._items = [route.id for route in model.routes]
        self._stations = [station.id for station in model.stations]
        self._steps = [step.station or "" for route in model.routes for step in route.steps]
        self._ready = {own.id: own.arrival if own.ready is None else own.ready for own in model.orders}
        self._coming: list[tuple[int, str]] = []

    @property
    def next_material(self) -> int | None:
        """When material is booked in next [µs after the model's start]: for the clock of the floor, for nobody else."""
        return self._coming[0][0] if self._coming else None

    def take(self, row: Row) -> Heard | None:
        """Go on by a row of the trace; what people hear of it."""
        _, _, time, kind, machine, key, route, step, a, b = row
        name = _NAMES.get(kind)
        if name is None and kind != _MOVED:
            return None
        order, at = self._run.lot_name(key), self._start + time
        if kind == _ORDERED:
            due = self._start + b if b else None
            first = step - self._first[route]
            self.lots[order] = LotSeen(
                order, self._items[route], a, "pool", self._steps[step], first, at, due, None, at
            )
            ready = self._ready.get(order, time)
            if ready <= time:
                self.lots[order] = replace(self.lots[order], ready=at)
            else:
                heappush(self._coming, (ready, order))
        elif kind in {_FINISHED, _LOST}:
            self.lots.pop(order, None)
        elif (lot := self.lots.get(order)) is not None:
            self.lots[order] = self._moved(lot, kind, route, step, a, at)
        if name is None:
            return None
        return Heard(at, self._machines[machine] if machine >= 0 else "", name, order)

    def _moved(self, lot: LotSeen, kind: int, route: int, step: int, a: int, at: int) -> LotSeen:
        index = step - self._first[route] if step >= 0 else lot.step
        place, station, quantity = "moving", lot.station, lot.quantity
        if kind == _ARRIVED:
            place, station = "queue", self._stations[a]
        elif kind == _STARTED:
            place, station = "machine", self._steps[step]
        elif kind == _MOVED:
            station = self._stations[a] if a >= 0 else ""
            place = "moving" if a >= 0 else "outside"
        elif kind == _ENDED:
            quantity = a or quantity
        return LotSeen(
            lot.order, lot.item, quantity, place, station, index, lot.received, lot.due, lot.ready, at
        )  # fmt: skip

    def material(self, now: int) -> Iterator[Heard]:
        """Material that is booked in by that time [µs after the model's start]."""
        while self._coming and self._coming[0][0] <= now:
            time, order = heappop(self._coming)
            at = self._start + time
            if order in self.lots:
                self.lots[order] = replace(self.lots[order], ready=at)
                yield Heard(at, "", "material", order)


class Panels:
    """Machines as their panels show them, with running hours by their state signal."""

    def __init__(self, run: Run, show: Show) -> None:
        self._run, self._show, self._start = run, show, run.model.start
        count = len(run.model.machines)
        self._state, self._since, self._ran = [0] * count, [0] * count, [0] * count
        self._places = {path: number for number, path in enumerate(show.machines)}
        self._tags: list[dict[str, str]] = [{} for _ in range(count)]
        for tag in show.tags.values():
            if tag.machine >= 0:
                self._tags[tag.machine][tag.name] = tag.id
        self._stations = [machine.station for machine in run.model.machines]

    def turn(self, machine: int, state: int, time: int) -> None:
        """A machine's state signal changes [µs after the model's start]."""
        if self._state[machine] == _RUN:
            self._ran[machine] += time - self._since[machine]
        self._state[machine], self._since[machine] = state, time

    def names(self) -> list[str]:
        """Paths of the machines."""
        return list(self._places)

    def seen(self, path: str) -> MachineSeen:
        """One machine now. Raises KeyError for an unknown one."""
        m = self._places[path]
        tags, now = self._tags[m], self._run.now
        ran = self._ran[m] + (now - self._since[m] if self._state[m] == _RUN else 0)
        edge = "tool_time" in tags
        return MachineSeen(
            path, self._stations[m], WORDS[STATES[self._state[m]]], self._start + self._since[m],
            str(self._value(tags, "order")), str(self._value(tags, "operation")), str(self._value(tags, "setup")),
            str(self._value(tags, "alarm")), ran / 3.6e9, float(self._value(tags, "tool_time")) if edge else None,
            int(self._value(tags, "tool_number")) if edge else None, _Signals(self._show, tags),
        )  # fmt: skip

    def _value(self, tags: Mapping[str, str], name: str) -> Any:
        return self._show.value(tags[name])


class _Signals(Mapping[str, Shown]):
    """Newest values of a machine's signals, read when they are looked at."""

    def __init__(self, show: Show, tags: Mapping[str, str]) -> None:
        self._show, self._tags = show, tags

    def __getitem__(self, name: str) -> Shown:
        return self._show.value(self._tags[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._tags)

    def __len__(self) -> int:
        return len(self._tags)


class Machines(Mapping[str, MachineSeen]):
    """Every machine, made when it is looked at; it holds for the instant at which it was handed out."""

    def __init__(self, panels: Panels) -> None:
        self._panels = panels

    def __getitem__(self, path: str) -> MachineSeen:
        return self._panels.seen(path)

    def __iter__(self) -> Iterator[str]:
        return iter(self._panels.names())

    def __len__(self) -> int:
        return len(self._panels.names())


class Lots(Sequence[LotSeen]):
    """Every lot in the plant, oldest order first, listed when it is looked at."""

    def __init__(self, bookings: Bookings) -> None:
        self._bookings = bookings
        self._list: list[LotSeen] | None = None

    def _all(self) -> list[LotSeen]:
        if self._list is None:
            self._list = list(self._bookings.lots.values())
        return self._list

    @overload
    def __getitem__(self, place: int) -> LotSeen: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[LotSeen]: ...

    def __getitem__(self, place: int | slice) -> LotSeen | Sequence[LotSeen]:
        return self._all()[place]

    def __len__(self) -> int:
        return len(self._bookings.lots)
