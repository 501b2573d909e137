"""The savings desk: a baseline tried on a window, frozen before the act, and what was saved against it since.

Reads   Fact(meter, count, state, signal), Fact(event) of kind `baseline`
Writes  Fact(event) of kind `baseline` through the screens' spool
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import narwhals as nw
import numpy as np

from luban.core.errors import InputError
from luban.core.time import DAY, HOUR, iso, now
from luban.screens.service.energy import NO_READING, EnergyBooks
from luban.screens.users import Act
from luban.understand.book import row
from luban.understand.energy.consumption import consumption
from luban.understand.energy.enpi import Baseline, fit_baseline
from luban.understand.energy.keep import KIND, Kept, baseline_document, kept_baselines
from luban.understand.energy.meters import Consumed, Meter
from luban.understand.energy.plant import swaps_of
from luban.understand.energy.read import readings_of
from luban.understand.energy.savings import Savings, savings
from luban.understand.energy.steps import Steps, energy_in, mean_in, pieces_in, steps_of, work_in
from luban.understand.quality.data import Floats

__all__ = ["PIECES", "WORK", "AskedBaseline", "Found", "SavingsDesk", "Trial"]

PIECES: Final = "pieces"
"""Driver: good pieces; `pieces ITEM`: of one item."""

WORK: Final = "work hours"
"""Driver: hours in which work units were at work on orders."""

_SIGNAL: Final = "signal "
_BAD: Final = 64
_BEFORE: Final = 2 * DAY
_LEAST_AFTER: Final = 3


@dataclass(frozen=True, slots=True)
class AskedBaseline:
    """What a baseline is to be fitted on.

    meter        id; the main electricity meter where empty
    step         day or week
    drivers      PIECES, `pieces ITEM`, WORK, `signal ID`
    temperature  which of the drivers is a temperature, or ""
    start, end   window [µs UTC]
    """

    meter: str
    step: str
    drivers: tuple[str, ...]
    temperature: str
    start: int
    end: int


@dataclass(frozen=True, eq=False)
class Trial:
    """A baseline fitted on trial: nothing is written."""

    asked: AskedBaseline
    meter: Meter
    steps: Steps
    baseline: Baseline
    expected: Floats


@dataclass(frozen=True, eq=False)
class Found:
    """A frozen baseline against what came since.

    before     its own window, with what the baseline expects of each step
    after      steps since the act; None while there is not one
    found      savings over them; None while too few are known
    lacking    why there are none, in a sentence
    """

    kept: Kept
    before: Steps
    fitted: Floats
    after: Steps | None
    found: Savings | None
    lacking: str = ""


class SavingsDesk:
    """Everything that may be asked and written about baselines of a plant. Safe from any thread."""

    def __init__(self, books: EnergyBooks) -> None:
        self.books = books
        self._writing = threading.Lock()
        self._swaps = swaps_of(books.view.plant)

    # ------------------------------------------------------------------ what there is to choose

    def meters(self) -> tuple[Meter, ...]:
        """Meters of the plant, electricity at the top first."""
        known = self.books.meters
        return tuple(sorted(known, key=lambda one: (one.medium != "electricity", bool(one.parent), one.id)))

    def drivers(self) -> tuple[tuple[str, str], ...]:
        """What energy may hang on: (driver, unit); signals where they are temperatures."""
        ledger = self.books.view.ledger
        items = ledger.frame("count").select("item").unique().collect("pyarrow").to_native()["item"].to_pylist()
        named = sorted(item for item in items if item)
        found = [(PIECES, ""), (WORK, "h")]
        if len(named) > 1:
            found += [(f"{PIECES} {item}", "") for item in named]
        found += [
            (f"{_SIGNAL}{one.id}", one.unit)
            for one in self.books.view.plant.signals.values()
            if one.role == "value" and _is_temperature(one.unit)
        ]
        return tuple(found)

    # ------------------------------------------------------------------ reading

    def steps(self, meter: Meter, step: str, drivers: Sequence[str], start: int, end: int) -> Steps:
        """Energy and drivers of the whole steps of a window. Raises InputError: none, no readings, no such driver."""
        edges = steps_of(start, end, step, self.books.view.plant.zone)
        energy, known = energy_in(self._consumed(meter, int(edges[0]), int(edges[-1])), edges)
        return Steps(edges, energy, known, {name: self._driver(name, edges) for name in drivers})

    def _consumed(self, meter: Meter, start: int, end: int) -> Consumed:
        ledger = self.books.view.ledger
        rows = ledger.table("meter", subjects=[meter.id], since=start - _BEFORE, until=end + DAY).to_pylist()
        if not rows:
            raise InputError(NO_READING, where=meter.id, came=f"{iso(start)} – {iso(end)}")
        return consumption(meter, readings_of(rows)[meter.id], self._swaps.get(meter.id, ()))

    def _driver(self, name: str, edges: Any) -> Floats:
        ledger, start, end = self.books.view.ledger, int(edges[0]), int(edges[-1])
        if name == PIECES or name.startswith(f"{PIECES} "):
            counts = ledger.table("count", since=start, until=end).to_pylist()
            return pieces_in(counts, edges, name.removeprefix(PIECES).strip())
        if name == WORK:
            return work_in(self.books.stays(start, end), edges)
        if name.startswith(_SIGNAL) and name.removeprefix(_SIGNAL) in self.books.view.plant.signals:
            frame = ledger.frame("signal", subjects=[name.removeprefix(_SIGNAL)], since=start, until=end)
            hourly = (
                frame.filter(nw.col("quality") < _BAD, ~nw.col("value").is_null())
                .with_columns((nw.col("time") // HOUR).alias("hour"))
                .group_by("hour")
                .agg(nw.col("value").mean())
                .collect("pyarrow")
                .to_native()
            )
            hours = np.array(hourly["hour"].to_pylist(), np.int64) * HOUR
            return mean_in(hours, np.array(hourly["value"].to_pylist(), np.float64), edges)
        raise InputError("no such driver", came=name, expected=", ".join(one for one, _ in self.drivers()[:8]))

    def asked(
        self, meter: str, step: str, drivers: Sequence[str], temperature: str, start: int, end: int
    ) -> AskedBaseline:  # fmt: skip
        """What was asked, looked at. Raises InputError for what is not there."""
        known = [one.id for one in self.meters()]
        if not known:
            raise InputError("the plant has no meters", hint="describe them in meters.csv of the plant's folder")
        if meter and meter not in known:
            raise InputError("no such meter", came=meter, expected=", ".join(known[:8]))
        if temperature and temperature not in drivers:
            raise InputError("the temperature is not among the drivers", came=temperature, expected=", ".join(drivers))
        if end <= start:
            raise InputError("the window is empty", came=f"{iso(start)} – {iso(end)}")
        return AskedBaseline(meter or known[0], step, tuple(dict.fromkeys(drivers)), temperature, start, end)

    def trial(self, asked: AskedBaseline) -> Trial:
        """Fit a baseline. Raises InputError: too few steps, a driver that never moves or is not known."""
        meter = next(one for one in self.meters() if one.id == asked.meter)
        steps = self.steps(meter, asked.step, asked.drivers, asked.start, asked.end)
        drivers = dict(steps.drivers)
        baseline = fit_baseline(steps.energy, drivers, temperature=asked.temperature,
                                length=None if drivers else np.ones(len(steps.energy)))  # fmt: skip
        return Trial(asked, meter, steps, baseline, baseline.expected(drivers, np.ones(len(steps.energy))))

    def kept(self) -> dict[str, Kept]:
        """Frozen baselines by id, those that count first, then the newest."""
        found = kept_baselines(self.books.view.ledger)
        return dict(sorted(found.items(), key=lambda one: (one[1].retired is not None, -one[1].seq)))

    def one(self, name: str) -> Kept:
        """A frozen baseline. Raises InputError where there is no such one."""
        known = self.kept()
        if name not in known:
            raise InputError("no such baseline", came=name, expected=", ".join(list(known)[:20]))
        return known[name]

    def found(self, name: str, *, level: float = 0.95) -> Found:
        """What was saved since the act, up to the newest reading."""
        kept = self.one(name)
        meter = next((one for one in self.meters() if one.id == kept.meter), Meter(kept.meter, kept.medium, kept.unit))
        before = self.steps(meter, kept.step, kept.drivers, kept.start, kept.end)
        fitted = kept.baseline.expected(before.drivers, np.ones(len(before.energy)))
        last = (self.books.bounds or (0, 0))[1]
        try:
            after = self.steps(meter, kept.step, kept.drivers, kept.act, last)
        except InputError as error:
            return Found(kept, before, fitted, None, None, error.message)
        known = np.isfinite(after.energy)
        for values in after.drivers.values():
            known &= np.isfinite(values)
        if known.sum() < _LEAST_AFTER:
            return Found(kept, before, fitted, after, None, "too few whole steps since the act")
        made = savings(kept.baseline, after.energy, after.drivers, length=np.ones(len(after.energy)), level=level)
        return Found(kept, before, fitted, after, made)

    # ------------------------------------------------------------------ acts

    def freeze(self, asked: AskedBaseline, title: str, act: int, *, person: str) -> str:
        """Put a baseline on record; its id.

        title   what is done about the energy
        act     from when on savings count [µs UTC]
        Raises  InputError: no title, an act before the window ends, and whatever a trial raises
        """
        if not title.strip():
            raise InputError("say what is done about the energy", hint="one line: what is changed, and where")
        if act < asked.end:
            raise InputError(
                "the act comes after the window of its baseline", came=iso(act), expected=f"from {iso(asked.end)} on"
            )
        made = self.trial(asked)
        data: Mapping[str, Any] = {
            "meter": made.meter.id, "medium": made.meter.medium, "unit": made.meter.unit, "step": asked.step,
            "drivers": list(asked.drivers), "temperature": asked.temperature, "start": asked.start, "end": asked.end,
            "act": act, "head": self.books.view.ledger.head, "baseline": baseline_document(made.baseline),
        }  # fmt: skip
        with self._writing:
            known = kept_baselines(self.books.view.ledger)
            number = 1 + max((int(one[2:]) for one in known if one[:2] == "B-" and one[2:].isdigit()), default=0)
            name = f"B-{number}"
            self._write(name, "freeze", person, title.strip()[:300], data)
        return name

    def retire(self, name: str, why: str, *, person: str) -> None:
        """Put a baseline aside. Raises InputError: none of that name, put aside already, no reason."""
        if not why.strip():
            raise InputError("say why it is put aside")
        with self._writing:
            if self.one(name).retired is not None:
                raise InputError("this baseline was put aside already", came=name)
            self._write(name, "retire", person, why.strip()[:300], {})

    def _write(self, name: str, code: str, person: str, text: str, data: Mapping[str, Any]) -> None:
        said = {"freeze": "baseline frozen", "retire": "baseline put aside"}[code]
        rows = row(KIND, name, code, person=person, text=text, data=data, time=now())
        self.books.write(Act(person, said, name, text), "event", rows)


def _is_temperature(unit: str) -> bool:
    return unit in {"°C", "degC", "Cel", "℃", "K", "°F", "degF"}
