"""Reading many points in few requests, again and again; a part that fails does not hold up the rest."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from luban.connect.modbus.address import Place, Point
from luban.connect.modbus.link import BUSY, Link, RefusedError, SilentError
from luban.connect.wire import Sample, Sink, Value
from luban.core.errors import LinkDownError, PayloadError
from luban.core.quality import Quality
from luban.core.time import now

__all__ = ["Read", "Scan", "plan"]

_AGAIN: Final = 10.0  # before what the device does not know, or a unit that is silent, is asked for again [s]
_BITS: Final = 16  # bits that take the room of a register: 2,000 in one request (§6.1)
_UNKNOWN: Final = (1, 2, 3)  # function, address, value: the device does not have it, or not so much at once
_SEVERITY: Final = {
    4: Quality.BAD,
    8: Quality.SENSOR_FAILURE,
    10: Quality.NO_COMMUNICATION,
    11: Quality.NO_COMMUNICATION,
}


@dataclass(slots=True)
class Read:
    """One request and the places that it answers."""

    place: Place
    places: tuple[Place, ...]
    due: float = 0.0  # loop time before which it rests

    def halves(self) -> tuple[Read, Read]:
        """Two requests for the same."""
        middle = len(self.places) // 2
        return _joined(self.places[:middle]), _joined(self.places[middle:])


def plan(places: Iterable[Place], *, most: int = 125, gap: int = 8) -> list[Read]:
    """Few requests that read all places.

    most  registers in one request; sixteen times as many bits
    gap   places this far apart are still read together
    """
    reads: list[Read] = []
    run: list[Place] = []
    for place in sorted(set(places), key=lambda p: (p.unit, p.table, p.start, p.count)):
        room = most * _BITS if place.table in ("coil", "discrete") else most
        if run and (
            (place.unit, place.table) != (run[0].unit, run[0].table)
            or place.start - max(p.end for p in run) > gap
            or place.end - run[0].start > room
        ):
            reads.append(_joined(run))
            run = []
        run.append(place)
    return [*reads, _joined(run)] if run else reads


def _joined(places: Sequence[Place]) -> Read:
    first = places[0]
    return Read(Place(first.unit, first.table, first.start, max(p.end for p in places) - first.start), tuple(places))


@dataclass(frozen=True, slots=True)
class _Answer:
    """What a place said in this round."""

    time: int
    words: Sequence[int] | Sequence[bool] = ()
    quality: Quality = Quality.GOOD


@dataclass(frozen=True, slots=True)
class _Round:
    """One time around: what is asked and what was heard so far."""

    link: Link
    sink: Sink
    answers: dict[Place, _Answer]
    units: set[int]  # that are asked
    answering: set[int] = field(default_factory=set)
    silence: dict[int, int] = field(default_factory=dict)  # unit → requests without an answer since its last one


@dataclass
class Scan:
    """The points of one connection: what to ask, and what each showed last.

    A value is handed over when it differs from the last one, and first of all on each connection.
    """

    points: Sequence[Point]
    most: int
    gap: int
    sunspec: bool
    _reads: list[Read] = field(init=False)
    _shown: dict[str, tuple[Value, Quality]] = field(init=False, default_factory=dict)
    _silent: dict[int, float] = field(init=False, default_factory=dict)  # unit → when to ask it again [loop time]
    _living: set[int] = field(init=False, default_factory=set)  # units that have answered
    _told: set[tuple[Place, int]] = field(init=False, default_factory=set)

    def __post_init__(self) -> None:
        powers = [point.power for point in self.points if point.power is not None]
        self._reads = plan([*(point.place for point in self.points), *powers], most=self.most, gap=self.gap)

    async def round(self, link: Link, sink: Sink) -> None:
        """Ask for everything once. Raises LinkDownError, also if no unit answers."""
        answers: dict[Place, _Answer] = {}
        round_ = _Round(link, sink, answers, self._looked_at())
        try:
            queue = [read for read in self._reads if read.due <= _clock() and read.place.unit in round_.units]
            while queue:
                read = queue.pop(0)
                if read.place.unit in round_.units:
                    queue = [*await self._ask(round_, read), *queue]
        finally:
            if samples := self._samples(answers, sink):
                sink.samples(samples)
        units = {read.place.unit for read in self._reads}
        if units and units == self._silent.keys():
            raise LinkDownError("no unit answers", came=f"silence of unit {', '.join(map(str, sorted(units)))}")

    def _looked_at(self) -> set[int]:
        """Units that are asked in this round: those that answer, and one that was silent for a while."""
        units = {read.place.unit for read in self._reads}
        again = [unit for unit, due in sorted(self._silent.items(), key=lambda item: item[1]) if due <= _clock()]
        return (units - self._silent.keys()) | set(again[:1])

    async def _ask(self, round_: _Round, read: Read) -> Sequence[Read]:
        """Ask one request; returns requests to ask in its stead."""
        unit, sink = read.place.unit, round_.sink
        try:
            words = await round_.link.read(read.place, tries=2 if unit in self._living else 1)
        except SilentError:
            self._unanswered(round_, read)
            return ()
        except PayloadError as error:
            sink.reject("", error.came, error.message)
            words = ()
        except RefusedError as error:
            self._answered(round_, unit)
            return self._refused(sink, read, error, round_.answers)
        self._answered(round_, unit)
        time = now()
        for place in read.places if words else ():
            first = place.start - read.place.start
            round_.answers[place] = _Answer(time, words[first : first + place.count])
        return ()

    def _answered(self, round_: _Round, unit: int) -> None:
        round_.sink.alive()
        round_.silence.pop(unit, None)
        self._living.add(unit)
        self._silent.pop(unit, None)
        round_.answering.add(unit)

    def _unanswered(self, round_: _Round, read: Read) -> None:
        """One silent request may be the device's way to refuse it; two, or the only one, are a silent unit."""
        unit = read.place.unit
        reads = [other for other in self._reads if other.place.unit == unit]
        round_.silence[unit] = round_.silence.get(unit, 0) + 1
        if unit in round_.answering or (round_.silence[unit] < 2 and len(reads) > 1):
            read.due = _clock() + _AGAIN
            self._fail(round_.answers, [read], Quality.NO_COMMUNICATION)
            return
        for other in reads:
            other.due = 0.0
        self._silent[unit] = _clock() + _AGAIN
        self._living.discard(unit)
        round_.units.discard(unit)
        self._fail(round_.answers, reads, Quality.NO_COMMUNICATION)

    def _refused(self, sink: Sink, read: Read, error: RefusedError, answers: dict[Place, _Answer]) -> Sequence[Read]:
        if error.code in _UNKNOWN and len(read.places) > 1:
            halves = read.halves()
            self._reads[self._reads.index(read) : self._reads.index(read) + 1] = halves
            return halves
        quality = _SEVERITY.get(error.code, Quality.UNAVAILABLE if error.code in BUSY else Quality.CONFIGURATION)
        self._fail(answers, [read], quality)
        if error.code not in (*BUSY, 4):
            read.due = _clock() + _AGAIN
            if (read.place, error.code) not in self._told:
                self._told.add((read.place, error.code))
                for address in self._addresses(read.places):
                    sink.reject(address, b"", f"{error.message}: {read.place}")
        return ()

    @staticmethod
    def _fail(answers: dict[Place, _Answer], reads: Iterable[Read], quality: Quality) -> None:
        time = now()
        answers.update({place: _Answer(time, (), quality) for read in reads for place in read.places})

    def _addresses(self, places: Sequence[Place]) -> list[str]:
        return [p.text for p in self.points if p.place in places or p.power in places]

    def _samples(self, answers: dict[Place, _Answer], sink: Sink) -> list[Sample]:
        """Samples of what changed, oldest first."""
        samples = []
        for point in self.points:
            answer = answers.get(point.place)
            if answer is None:
                continue
            try:
                value, quality = self._value(point, answer, answers)
            except PayloadError as error:
                sink.reject(point.text, error.came, error.message)
                value, quality = None, Quality.BAD
            # NaN differs from itself: told once by its text
            seen = (repr(value) if isinstance(value, float) and value != value else value, quality)
            if self._shown.get(point.text) != seen or point.text not in self._shown:
                self._shown[point.text] = seen
                samples.append(Sample(point.text, answer.time, value, quality))
        return sorted(samples, key=lambda sample: sample.time)

    def _value(self, point: Point, answer: _Answer, answers: dict[Place, _Answer]) -> tuple[Value, Quality]:
        if answer.quality is not Quality.GOOD:
            return None, answer.quality
        power: int | None = None
        if point.power is not None:
            found = answers.get(point.power)
            if found is None or found.quality is not Quality.GOOD:
                return None, Quality.UNAVAILABLE if found is None else found.quality
            power = int(found.words[0]) - ((int(found.words[0]) & 0x8000) << 1)
        value = point.value(answer.words, power, sunspec=self.sunspec)
        return value, Quality.GOOD if value is not None else Quality.UNAVAILABLE


def _clock() -> float:
    return asyncio.get_running_loop().time()
