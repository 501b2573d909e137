"""Machines without a control that speaks: their states and counts come into the books from their power.

Reads   Fact(signal) of the power, Fact(event) of kind model
Writes  Fact(state), Fact(count) of source `retrofit.MACHINE`, and events: alive for the time they cover,
        model whenever levels are learned

Nothing is kept but what the books hold: after a restart it goes on where the newest fact ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import narwhals as nw
import numpy as np

from luban.core import time as clock
from luban.core.errors import InputError
from luban.core.time import DAY, HOUR
from luban.ledger import Ledger, Spool
from luban.plant import Plant, Retrofit
from luban.understand.book import Entry, entries
from luban.understand.health.retrofit import (
    SOURCE,
    Meter,
    Retrofitted,
    alive_row,
    count_rows,
    learn_meter,
    model_row,
    pulses_of,
    read_meter,
    state_rows,
    words as said,
)
from luban.understand.quality.data import Floats, Ints

__all__ = ["PowerLook", "Retrofitting", "power_look", "source_of"]

_LEARN: Final = 7 * DAY  # newest power that levels are learned from
_BEFORE: Final = 6 * HOUR  # read again before what is told, so that rows of pieces are whole
_ENOUGH: Final = 8.0  # hours of power before anything is told
_LOOKED: Final = DAY  # newest power that a page shows
_AGAIN: Final = DAY  # from one look at whether the levels have moved to the next, over as much power


def source_of(own: Retrofit) -> str:
    """Who says it, in the books: `retrofit` and the machine."""
    return ".".join((SOURCE, *own.unit.split("/")[1:]))


@dataclass(frozen=True, slots=True)
class PowerLook:
    """What the books say of a machine that is read from its power.

    entry  by which levels are read now; None: none were learned yet
    told   the newest day, read by them; None without
    notes  what the machine lacks, in words
    """

    entry: Entry | None
    told: Retrofitted | None
    notes: tuple[str, ...]


def power_look(ledger: Ledger, own: Retrofit, now: int) -> PowerLook:
    """A machine's newest day of power by the levels on record, as `Retrofitting` would read it; writes nothing.

    own   its `[[retrofit]]`
    now   end of the day [µs UTC]
    """
    entry = _entry_of(ledger, own)
    try:
        if entry is None:
            learned = learn_meter(*_signal(ledger, own.power, now - _LEARN, now))
            short = learned.hours < _ENOUGH
            notes = (said.SHORT.format(hours=f"{learned.hours:.1f}", least=f"{_ENOUGH:g}"),) if short else ()
            return PowerLook(None, None, notes or learned.notes)
        meter = Meter.restore(str(entry.data["meter"]).encode())
        counter = _counter(ledger, own.counter, now - _LOOKED, now) if own.counter else None
        time, power = _signal(ledger, own.power, now - _LOOKED, now)
        told = read_meter(time, power, meter, cycle=own.cycle / 1e6 if own.cycle else None, counter=counter)
    except InputError as error:
        return PowerLook(entry, None, (error.message,))
    return PowerLook(entry, told, told.notes)


class Retrofitting:
    """Tells states and counts of every `[[retrofit]]` of a plant.

    folder   the ledger's `spool` folder
    Example  Retrofitting(plant, ledger, places.spool).turn()  # again every minute
    """

    def __init__(self, plant: Plant, ledger: Ledger, folder: Path) -> None:
        self.plant, self.ledger = plant, ledger
        self._spools = {own.unit: Spool(folder, source_of(own)) for own in plant.retrofits}
        self.notes: dict[str, tuple[str, ...]] = {}
        self._settled: dict[str, int] = {}
        self._looked: dict[str, int] = {}

    def turn(self, now: int | None = None) -> int:
        """Tell what is settled since the last turn; returns rows written. What a machine lacks stands in `notes`."""
        written = 0
        moment = clock.now() if now is None else now
        for own in self.plant.retrofits:
            try:
                written += self._one(own, moment)
            except InputError as error:
                self.notes[own.unit] = (str(error),)
        return written

    def close(self) -> None:
        """Make all that was told durable."""
        for spool in self._spools.values():
            spool.close()

    def _one(self, own: Retrofit, now: int) -> int:
        since, word = self._told(own)
        if own.unit not in self._settled:
            self._settled[own.unit] = self._covered(own)
        since = max(since, self._settled[own.unit])
        meter = self._meter(own)
        written = 0
        if meter is None:
            time, power = _signal(self.ledger, own.power, now - _LEARN, now)
            learned = learn_meter(time, power)
            if learned.hours < _ENOUGH:
                raise InputError(said.SHORT.format(hours=f"{learned.hours:.1f}", least=f"{_ENOUGH:g}"))
            meter, self._looked[own.unit] = self._record(own, learned, "fit"), now
            written, since = written + 1, max(since, int(time[0]))
        elif (newest := self._moved(own, meter, now)) is not None:
            meter, written = self._record(own, newest, "adapt"), written + 1
        time, power = _signal(self.ledger, own.power, since - _BEFORE, now)
        counter = _counter(self.ledger, own.counter, since - _BEFORE, now) if own.counter else None
        cycle = own.cycle / 1e6 if own.cycle else None
        told = read_meter(time, power, meter, cycle=cycle, counter=counter)
        self.notes[own.unit] = told.notes
        self._settled[own.unit] = max(since, told.settled)
        covered = max(since, int(told.spells[0].start))
        if told.settled > covered:
            self._put(own, "event", alive_row(source_of(own), covered, told.settled))
        states = state_rows(told, own.unit, since, word)
        counts = count_rows(told, own.unit, max(since, self._counted(own)))
        for stream, rows in (("state", states), ("count", counts)):
            if rows["time"]:
                self._put(own, stream, rows)
                written += len(rows["time"])
        self._spools[own.unit].flush()
        return written

    def _moved(self, own: Retrofit, meter: Meter, now: int) -> Meter | None:
        """Levels of the newest day where they are others, looked at once a day; None while those on record hold.

        A day on which the machine stood or only ran tells less than what is on record, and changes nothing.
        """
        if now - self._looked.get(own.unit, now - _AGAIN) < _AGAIN:
            return None
        self._looked[own.unit] = now
        try:
            newest = learn_meter(*_signal(self.ledger, own.power, now - _AGAIN, now))
        except InputError:  # too little power in it
            return None
        tells = newest.tells and (meter.on_only or not newest.on_only) and newest.hours >= _ENOUGH
        return newest if tells and meter.moved(newest) else None

    def _put(self, own: Retrofit, stream: str, rows: dict[str, list[Any]]) -> None:
        self._spools[own.unit].put(stream, rows)

    def _record(self, own: Retrofit, meter: Meter, code: str) -> Meter:
        self._put(own, "event", model_row(own.unit, meter, code))
        return meter

    def _meter(self, own: Retrofit) -> Meter | None:
        """The newest levels on record."""
        entry = _entry_of(self.ledger, own)
        return None if entry is None else Meter.restore(str(entry.data["meter"]).encode())

    def _told(self, own: Retrofit) -> tuple[int, str]:
        """Time and word of the newest state that was told; (0, "") for none."""
        rows = self._newest("state", own, ("time", "state"))
        return (int(rows[0]["time"]), str(rows[0]["state"])) if rows else (0, "")

    def _covered(self, own: Retrofit) -> int:
        """Up to where the source told everything."""
        frame = self.ledger.frame("event", subjects=[source_of(own)]).filter(nw.col("kind") == "alive")
        ends = frame.select("end").sort("end", descending=True).head(1).collect("pyarrow").to_arrow()
        return int(ends["end"][0].as_py() or 0) if ends.num_rows else 0

    def _counted(self, own: Retrofit) -> int:
        rows = self._newest("count", own, ("time",))
        return int(rows[0]["time"]) if rows else 0

    def _newest(self, stream: str, own: Retrofit, columns: tuple[str, ...]) -> list[dict[str, Any]]:
        frame = self.ledger.frame(stream, subjects=[own.unit]).filter(nw.col("source") == source_of(own))
        rows = frame.select(*columns).sort("time", descending=True).head(1).collect("pyarrow").to_arrow()
        found: list[dict[str, Any]] = rows.to_pylist()
        return found


def _entry_of(ledger: Ledger, own: Retrofit) -> Entry | None:
    """The newest record of levels."""
    found = (one for one in reversed(entries(ledger, "model", own.unit)) if one.data.get("model") == "power levels")
    return next(found, None)


def _signal(ledger: Ledger, name: str, since: int, until: int) -> tuple[Ints, Floats]:
    frame = ledger.frame("signal", subjects=[name], since=max(since, 0), until=until)
    good = frame.filter(nw.col("quality") == 0).select("time", "value", "seq").sort("time", "seq")
    table = good.collect("pyarrow").to_arrow()
    value = table["value"].to_numpy(zero_copy_only=False).astype(np.float64)
    return table["time"].to_numpy().astype(np.int64), value


def _counter(ledger: Ledger, name: str, since: int, until: int) -> Ints:
    """When a counter that rises told a piece more."""
    return pulses_of(*_signal(ledger, name, since, until))
