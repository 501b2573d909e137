"""The quality books of a plant: what was measured, its charts, and what people decided about them.

Reads  Fact(measurement, event)    Writes  Fact(event), Fact(measurement) through the screens' spool
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import narwhals as nw
import numpy as np

from luban.core.errors import InputError, LubanError
from luban.screens.service.books import Books, Record
from luban.screens.service.quality_charting import (
    Charted,
    Wanted,
    charted,
    keys_of,
    point_of,
    read,
    recent,
    units_of,
    usual,
)  # fmt: skip
from luban.screens.service.quality_limits import Standing, standing
from luban.screens.service.view import PlantView
from luban.screens.users import Act
from luban.understand.book import Entry, entries, row
from luban.understand.quality.measured import Known, Measured, characteristics_with_data
from luban.understand.quality.spc import freeze

__all__ = ["QualityBooks", "State"]

K = TypeVar("K")
V = TypeVar("V")

_FRESH = 0.4  # [s] for which a look at the books will do for all pages
_SPARK = 40
_USUAL_NEWEST = 200
_MOST_KEPT = 64
_LONGEST_TEXT = 500


@dataclass(frozen=True, slots=True)
class State:
    """How a characteristic is listed.

    state    in control, signals, few values, no limits (with `why`), no values
    signals  how many among the newest 25 points
    newest   time of the newest value [µs UTC]; None without one
    spark    newest plotted values and whether each fired a rule
    version  changes whenever a value or a decision came
    """

    id: str
    item: str
    name: str
    unit: str
    n: int
    state: str
    signals: int = 0
    why: str = ""
    newest: int | None = None
    last: float | None = None
    kind: str = ""
    phase: int = 0
    revision: int = 0
    spark: tuple[tuple[float, bool], ...] = ()
    version: str = ""


@dataclass(frozen=True, slots=True)
class _Look:
    """What there is, at one state of the books."""

    at: float
    head: int
    known: Mapping[str, Known]
    decided: Mapping[str, tuple[Entry, ...]]


class QualityBooks(Books):
    """Everything that pages and REST may ask and write about quality. Safe from any thread.

    A chart is named by its characteristic, `item:name`, or by characteristic and work unit, `item:name@unit`: then it
    holds only the pieces that this unit made, and has limits and a history of its own.

    view    the plant
    record  takes acts with their facts; without it nothing can be written
    """

    def __init__(self, view: PlantView, record: Record | None = None) -> None:
        super().__init__(view, record)
        self._lock = threading.Lock()
        self._seen: _Look | None = None
        self._charts: dict[tuple[str, str, Wanted], Charted] = {}
        self._values: dict[tuple[object, ...], Measured] = {}
        self._ways: dict[str, tuple[str, Wanted]] = {}
        self._units: dict[str, tuple[str, tuple[str, ...]]] = {}
        self._states: dict[str, State] = {}

    # ------------------------------------------------------------------ reading

    def characteristics(self) -> tuple[State, ...]:
        """Every characteristic that the plant declares or the books know, with how it stands."""
        look = self._look()
        names = [
            *self.view.plant.characteristics,
            *(own for own in look.known if own not in self.view.plant.characteristics),
        ]
        return tuple(self._state(name, look) for name in names)

    def version(self, of: str) -> str:
        """Changes whenever a value of this characteristic or a decision about this chart came."""
        return self._version(of, self._look())

    def standing(self, of: str) -> Standing:
        """What people decided about a chart."""
        return standing(self._look().decided.get(of, ()))

    def usual(self, of: str) -> Wanted:
        """How it is charted where nobody chooses."""
        return usual(self.view.ledger, self.view.plant, self._parts(of)[0], self.standing(of))

    def units(self, subject: str) -> tuple[str, ...]:
        """The work units that made the pieces measured."""
        version = self._version(subject, self._look())
        known = self._units.get(subject)
        if known is None or known[0] != version:
            known = self._units[subject] = version, units_of(self.view.ledger, subject)
        return known[1]

    def _parts(self, of: str) -> tuple[str, str]:
        """Characteristic and work unit of a chart; '' for the pieces of all."""
        subject, _, unit = of.rpartition("@")
        return (subject, unit) if unit in self.view.plant.equipment and subject else (of, "")

    def chart(self, of: str, wanted: Wanted | None = None) -> Charted:
        """A chart. Raises InputError where there is none, with the reason."""
        look = self._look()
        subject, unit = self._parts(of)
        if subject not in look.known and subject not in self.view.plant.characteristics:
            raise InputError("no such characteristic", came=subject)
        now_stands = standing(look.decided.get(of, ()))
        version = self._version(of, look)
        asked = _filled(wanted or Wanted(), self._usual(of, version, now_stands))
        key = (of, version, asked)
        with self._lock:
            known = self._charts.get(key)
        if known is not None:
            return known
        made = charted(self._measured(subject, unit, asked, look), now_stands, asked)
        with self._lock:
            _keep(self._charts, key, made)
        return made

    def _usual(self, of: str, version: str, stands: Standing) -> Wanted:
        known = self._ways.get(of)
        if known is None or known[0] != version:
            known = version, usual(self.view.ledger, self.view.plant, self._parts(of)[0], stands)
            self._ways[of] = known
        return known[1]

    def _measured(self, subject: str, unit: str, asked: Wanted, look: _Look) -> Measured:
        """Its values in subgroups; read once for all who ask before the next one comes."""
        known = look.known.get(subject)
        group = asked.group or "single"
        newest = max(asked.newest, _USUAL_NEWEST)  # so that list and page share what is read
        key = (subject, unit, group, newest, f"{known.newest_seq}.{known.n}" if known else "")
        with self._lock:
            kept = self._values.get(key)
        if kept is None:
            kept = read(self.view.ledger, self.view.plant, subject, group, newest, unit)
            with self._lock:
                _keep(self._values, key, kept)
        return kept

    def facts(self, of: str, key: int, wanted: Wanted | None = None) -> list[dict[str, Any]]:
        """The facts behind a point, by the seq of its first value."""
        made = self.chart(of, wanted)
        at = point_of(made.own, key)
        if at is None:
            raise InputError("no such point on this chart", came=str(key), where=of)
        starts = made.own.sample.starts
        wanted_seqs = made.own.seqs[int(starts[at]) : int(starts[at + 1])].tolist()
        found: list[dict[str, Any]] = self.view.ledger.table("measurement", seqs=wanted_seqs).to_pylist()
        return found

    def _look(self) -> _Look:
        """What there is; one look for all who ask within a moment, and read anew only where something came."""
        with self._lock:
            seen = self._seen
            if seen is not None and time.monotonic() - seen.at < _FRESH:
                return seen
            ledger = self.view.ledger
            head = ledger.head
            if seen is not None and (seen.head == head or not self._came(seen.head)):
                self._seen = replace(seen, at=time.monotonic(), head=head)
                return self._seen
            decided: dict[str, tuple[Entry, ...]] = {}
            for entry in entries(ledger, "limits"):
                decided[entry.subject] = (*decided.get(entry.subject, ()), entry)
            known = characteristics_with_data(ledger, self.view.plant)
            self._seen = _Look(time.monotonic(), head, known, decided)
            return self._seen

    def _came(self, since: int) -> bool:
        """A measurement or a decision came after this seq."""
        for stream, also in (("measurement", None), ("event", "limits")):
            frame = self.view.ledger.frame(stream, corrected=False).filter(nw.col("seq") > since)
            if also:
                frame = frame.filter(nw.col("kind") == also)
            if frame.select("seq").head(1).collect("pyarrow").shape[0]:
                return True
        return False

    def _version(self, of: str, look: _Look) -> str:
        known, decided = look.known.get(self._parts(of)[0]), look.decided.get(of, ())
        return f"{known.newest_seq if known else 0}.{known.n if known else 0}.{decided[-1].seq if decided else 0}"

    def _state(self, subject: str, look: _Look) -> State:
        version = self._version(subject, look)
        kept = self._states.get(subject)
        if kept is not None and kept.version == version:
            return kept
        declared = self.view.plant.characteristics.get(subject)
        item, _, name = subject.partition(":")
        known = look.known.get(subject)
        bare = State(
            subject, declared.item if declared else item, declared.name if declared else name,
            declared.unit if declared else "", known.n if known else 0, "no values", version=version,
            newest=known.newest if known else None,
        )  # fmt: skip
        made = bare if known is None else self._charted_state(bare, subject)
        self._states[subject] = made
        return made

    def _charted_state(self, bare: State, subject: str) -> State:
        try:
            made = self.chart(subject)
        except LubanError as error:
            return replace(bare, state="no limits", why=error.message)
        panel, count = made.chart.panels[0], len(made.chart.labels)
        fired = {one.point for one in made.chart.violations if one.point not in made.out}
        values = panel.values[-_SPARK:].tolist()
        spark = tuple((v, count - len(values) + at in fired) for at, v in enumerate(values) if np.isfinite(v))
        state, signals = recent(made)
        return replace(
            bare, state=state, signals=signals, spark=spark,
            last=float(made.own.sample.values[-1]), kind=made.chart.kind, phase=made.chart.phase,
            revision=made.stages[-1][1].limits.revision if made.stages else 0,
        )  # fmt: skip

    # ------------------------------------------------------------------ deciding

    def freeze(self, of: str, wanted: Wanted, reason: str, *, person: str) -> int:
        """Freeze limits from the points of a chart; the revision. Points measured from now on are judged by them.

        Raises  InputError: no reason, a chart of frozen limits already, points left out without reason
        """
        text = _text(reason, "limits are frozen only with a reason")
        made = self.chart(of, replace(wanted, fresh=True))
        keys = keys_of(made.own).tolist()
        revision = 1 + sum(1 for entry in self.standing(of).entries if entry.code == "freeze")
        limits = freeze(made.chart, person=person, reason=text, since=int(made.own.times.max()) + 1, revision=revision)
        data = {
            "limits": limits.as_dict(), "group": made.wanted.group, "rules": list(made.wanted.rules or ()),
            "first": keys[0], "last": keys[-1], "points": len(keys),
        }  # fmt: skip
        self._decide(of, "freeze", text, person, data)
        return revision

    def withdraw(self, of: str, reason: str, *, person: str) -> None:
        """Take back the newest revision: those before it hold again, or none (phase I)."""
        newest = self.standing(of).newest
        if newest is None:
            raise InputError("no limits are frozen", where=of)
        text = _text(reason, "limits are withdrawn only with a reason")
        self._decide(of, "withdraw", text, person, {"revision": newest.limits.revision})

    def exclude(self, of: str, key: int, reason: str, *, person: str) -> None:
        """Leave a point out of limits that are estimated from now on; it stays on the chart."""
        text = _text(reason, "a point is left out only with a reason")
        self._of_point(of, key, "exclude", text, person)

    def include(self, of: str, key: int, reason: str = "", *, person: str) -> None:
        """Take a point back in."""
        if key not in self.standing(of).out:
            raise InputError("this point is not left out", came=str(key), where=of)
        self._of_point(of, key, "include", reason.strip()[:_LONGEST_TEXT], person)

    def cause(self, of: str, key: int, text: str, *, person: str) -> None:
        """Note what was found to be behind a point."""
        self._of_point(of, key, "cause", _text(text, "say what was found"), person)

    def _of_point(self, of: str, key: int, code: str, text: str, person: str) -> None:
        fact = self.view.ledger.fact(key)
        if fact is None or fact.get("subject") != self._parts(of)[0] or fact.get("stream") != "measurement":
            raise InputError("no such point on this chart", came=str(key), where=of)
        label = fact.get("serial") or fact.get("lot") or ""
        self._decide(of, code, text, person, {"seq": key, "time": fact["time"], "label": label})

    def _decide(self, of: str, code: str, text: str, person: str, data: Mapping[str, Any]) -> None:
        rows = row("limits", of, code, person=person, text=text, data=data)
        self.write(Act(person, f"quality {code}", of, text), "event", rows)

    def _wrote(self) -> None:
        with self._lock:
            if self._seen is not None:
                self._seen = replace(self._seen, at=0.0)


def _keep(known: dict[K, V], key: K, made: V) -> None:
    """The newest few are kept."""
    while len(known) >= _MOST_KEPT:
        known.pop(next(iter(known)))
    known[key] = made


def _filled(wanted: Wanted, otherwise: Wanted) -> Wanted:
    """What was not chosen, as usual; a chart that does not fit another grouping is chosen anew."""
    group = otherwise.group if wanted.group is None else wanted.group
    kind = wanted.kind or (otherwise.kind if group == otherwise.group else "")
    rules = otherwise.rules if wanted.rules is None else wanted.rules
    return replace(wanted, kind=kind, group=group, rules=rules)


def _text(text: str, message: str) -> str:
    if not text.strip():
        raise InputError(message)
    return text.strip()[:_LONGEST_TEXT]
