"""The gauge register: who may be trusted to measure, until when, and back to which national standard.

Reads   Fact(event, kind="gauge"): subject the gauge; codes register, calibrate, retire, return
        Fact(measurement): which gauge measured which lot, and when
Writes  nothing itself: `row` of `understand.book` makes the entry
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from luban.core.errors import InputError
from luban.core.time import DAY
from luban.ledger import Ledger
from luban.understand.book import Entry, entries

__all__ = [
    "BREAKS", "KIND", "STATES", "Calibration", "Chain", "Due", "Gauge", "Link", "calibration_data", "chain", "due_list",
    "register", "registered_data", "registers", "state_at",
]  # fmt: skip

KIND = "gauge"
"""Kind of the entries in the book of quality."""
STATES: Final = {
    "valid": "calibrated and not yet due",
    "unregistered": "not in the register",
    "never": "registered, but never calibrated",
    "expired": "its calibration was due",
    "failed": "its last calibration failed",
    "retired": "out of service",
}
"""How a gauge can stand at a moment."""
BREAKS: Final = {
    "nothing": "its certificate names no standard",
    "loop": "calibrated against a gauge that rests on itself",
    "long": "the chain does not end",
}
"""How a chain breaks where the gauge itself is valid."""
_MOST_LINKS = 20


@dataclass(frozen=True, slots=True)
class Calibration:
    """One calibration of a gauge.

    time         when it was done [µs UTC]
    due          when the next one is due [µs UTC]
    certificate  number of the certificate
    laboratory   who did it
    uncertainty  expanded uncertainty [unit]; None where the certificate states none
    coverage     coverage factor k of that uncertainty
    unit         unit of the uncertainty
    standard     gauge of this register that it was compared with; "" if none
    national     national standard or institute it was compared with directly; "" if none
    passed       it may be used again
    found        "in" or "out": whether it was within its tolerance as it came in; "" if not said
    seq          the fact
    """

    time: int
    due: int
    certificate: str
    laboratory: str
    uncertainty: float | None
    coverage: float
    unit: str
    standard: str
    national: str
    passed: bool
    found: str
    seq: int

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json` and REST."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Gauge:
    """A gauge, or a standard that gauges are compared with.

    id            its number
    type          e.g. caliper, plug gauge, gauge block
    place         where it is kept
    days          days between calibrations
    unit, measures  unit and range, for people
    calibrations  the oldest first
    service       (time, in service?) of every change, the oldest first
    registered    it was registered, not only named
    unread        entries that could not be understood, with the reason
    """

    id: str
    type: str = ""
    place: str = ""
    days: float | None = None
    unit: str = ""
    measures: str = ""
    calibrations: tuple[Calibration, ...] = ()
    service: tuple[tuple[int, bool], ...] = ()
    registered: bool = False
    unread: tuple[str, ...] = ()

    @property
    def newest(self) -> Calibration | None:
        """The newest calibration."""
        return self.calibrations[-1] if self.calibrations else None

    def in_service(self, at: int) -> bool:
        """Not taken out of service at this time."""
        changes = [used for time, used in self.service if time <= at]
        return changes[-1] if changes else True

    def calibrated(self, at: int) -> Calibration | None:
        """The newest calibration up to this time."""
        past = [one for one in self.calibrations if one.time <= at]
        return past[-1] if past else None

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json` and REST."""
        named = ("id", "type", "place", "days", "unit", "measures", "registered")
        return {name: getattr(self, name) for name in named} | {
            "calibrations": [one.as_dict() for one in self.calibrations], "unread": list(self.unread),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Link:
    """One step of the traceability chain: a gauge and the calibration that counts."""

    gauge: str
    type: str
    calibration: Calibration

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json` and REST."""
        return {"gauge": self.gauge, "type": self.type} | self.calibration.as_dict()


@dataclass(frozen=True, slots=True)
class Chain:
    """The way from a gauge to a national standard.

    links     from the gauge on; each standard with the calibration in force when the link before was made
    complete  the chain reaches a national standard with valid calibrations all the way
    why       why it breaks; "" if complete
    gauge     where it breaks; "" if complete
    notes     what weakens it: an uncertainty not stated, a standard no finer than what it calibrates
    """

    links: tuple[Link, ...]
    complete: bool
    why: str
    gauge: str = ""
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json` and REST."""
        return {
            "complete": self.complete, "why": self.why, "at": self.gauge, "notes": list(self.notes),
            "links": [one.as_dict() for one in self.links],
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Due:
    """A gauge in the due list.

    due    [µs UTC]; None if it was never calibrated
    days   days left, below 0 if overdue; None if never calibrated
    state  key of STATES
    """

    gauge: Gauge
    due: int | None
    days: float | None
    state: str
    chain: Chain = field(repr=False)

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json` and REST."""
        return {
            "gauge": self.gauge.as_dict(), "due": self.due, "days": self.days, "state": self.state,
            "why": STATES[self.state], "chain": self.chain.as_dict(),
        }  # fmt: skip


def register(ledger: Ledger, as_of: int | None = None) -> dict[str, Gauge]:
    """Every gauge that the books know, by its id."""
    return registers(entries(ledger, KIND, None, as_of))


def registers(listed: Iterable[Entry]) -> dict[str, Gauge]:
    """The register that these entries make, in order of time. One that cannot be understood is named, not dropped."""
    found: dict[str, Gauge] = {}
    for entry in sorted(listed, key=lambda entry: (entry.time, entry.seq)):
        now = found.get(entry.subject, Gauge(entry.subject))
        try:
            found[entry.subject] = _after(now, entry)
        except (InputError, KeyError, TypeError, ValueError) as error:
            text = f"entry {entry.seq} ({entry.code}): {error}"
            found[entry.subject] = replace(now, unread=(*now.unread, text))
    return found


def state_at(gauge: Gauge | None, at: int) -> str:
    """How a gauge stands at a moment [µs UTC]; key of STATES.

    Example  state_at(None, 0) == "unregistered"
    """
    if gauge is None or not gauge.registered:
        return "unregistered"
    if not gauge.in_service(at):
        return "retired"
    last = gauge.calibrated(at)
    if last is None:
        return "never"
    if not last.passed:
        return "failed"
    return "valid" if at < last.due else "expired"


def chain(gauges: Mapping[str, Gauge], gauge: str, at: int) -> Chain:
    """The way from a gauge to a national standard, as it stood at a moment [µs UTC].

    Source  metrological traceability: JCGM 200:2012 (VIM), 2.41 and 2.42
    """
    links: list[Link] = []
    notes: list[str] = []
    name = gauge

    def broken(why: str) -> Chain:
        return Chain(tuple(links), complete=False, why=why, gauge=name, notes=tuple(notes))

    while len(links) < _MOST_LINKS:
        done = gauges[name].calibrated(at) if name in gauges else None
        state = state_at(gauges.get(name), at)
        if state != "valid" or done is None:
            return broken(STATES[state])
        links.append(Link(name, gauges[name].type, done))
        notes += _doubts(links)
        if done.national:
            return Chain(tuple(links), complete=True, why="", notes=tuple(notes))
        if not done.standard:
            return broken(BREAKS["nothing"])
        if any(one.gauge == done.standard for one in links):
            return broken(BREAKS["loop"])
        name, at = done.standard, done.time
    return broken(BREAKS["long"])


def due_list(gauges: Mapping[str, Gauge], now: int, within: float | None = None) -> tuple[Due, ...]:
    """Gauges in service by urgency: never calibrated or failed first, then by due time.

    now     [µs UTC]
    within  only what is due in this many days; None: all
    """
    found = []
    for gauge in gauges.values():
        state = state_at(gauge, now)
        if state in {"retired", "unregistered"}:
            continue
        last = gauge.newest
        due = last.due if last is not None and last.passed else None
        days = None if due is None else (due - now) / DAY
        if within is None or days is None or days <= within:
            found.append(Due(gauge, due, days, state, chain(gauges, gauge.id, now)))
    return tuple(sorted(found, key=lambda one: (one.due is not None, one.due or 0, one.gauge.id)))


def registered_data(
    *,
    type: str = "",  # noqa: A002
    place: str = "",
    days: float | None = None,
    unit: str = "",
    measures: str = "",
) -> dict[str, Any]:
    """Data of a `register` entry, checked: days between calibrations above 0."""
    if days is not None and not 0 < days < 40_000:
        raise InputError("days between calibrations", came=str(days), expected="above 0", where="days")
    return {
        "type": type.strip(),
        "place": place.strip(),
        "days": days,
        "unit": unit.strip(),
        "measures": measures.strip(),
    }


def calibration_data(
    gauge: Gauge, time: int, *, certificate: str, laboratory: str = "", uncertainty: float | None = None,
    coverage: float = 2.0, unit: str = "", standard: str = "", national: str = "", passed: bool = True, found: str = "",
    due: int | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Data of a `calibrate` entry, checked.

    time     when it was done [µs UTC]
    due      when the next one is due [µs UTC]; after the gauge's own days if None
    Raises   InputError: no certificate, an uncertainty below 0, due before done, no days to reckon the due time by,
             a gauge calibrated against itself
    """
    if not certificate.strip():
        raise InputError("a calibration needs the number of its certificate", where="certificate")
    if uncertainty is not None and not 0 < uncertainty < float("inf"):
        raise InputError("an uncertainty lies above 0", came=str(uncertainty), where="uncertainty")
    if not coverage > 0:
        raise InputError("a coverage factor lies above 0", came=str(coverage), where="coverage")
    if found not in {"", "in", "out"}:
        raise InputError("as found: in tolerance or out of it", came=found, expected="in, out or empty", where="found")
    if standard.strip() == gauge.id:
        raise InputError("a gauge is not its own standard", came=standard, where="standard")
    if due is None:
        if gauge.days is None:
            hint = "give the due date, or register the days between calibrations"
            raise InputError("nobody said when the next calibration is due", came=gauge.id, hint=hint)
        due = time + round(gauge.days * DAY)
    if due <= time:
        raise InputError("the next calibration is due before this one", where="due")
    return {
        "certificate": certificate.strip(), "laboratory": laboratory.strip(), "uncertainty": uncertainty,
        "coverage": coverage, "unit": unit.strip() or gauge.unit, "standard": standard.strip(),
        "national": national.strip(), "passed": passed, "found": found, "due": due,
    }  # fmt: skip


def _doubts(links: list[Link]) -> list[str]:
    last = links[-1]
    own = last.calibration
    if own.uncertainty is None:
        return [f"{last.gauge}: the certificate states no uncertainty"]
    if len(links) > 1:
        before = links[-2]
        other = before.calibration
        comparable = other.uncertainty is not None and other.unit == own.unit
        if comparable and own.uncertainty / own.coverage >= (other.uncertainty or 0) / other.coverage:
            return [f"{last.gauge}: no finer than {before.gauge}, which it calibrates"]
    return []


def _after(now: Gauge, entry: Entry) -> Gauge:
    data = entry.data
    if entry.code == "register":
        days = data.get("days")
        return replace(
            now, type=str(data.get("type", "")), place=str(data.get("place", "")),
            days=None if days is None else float(days), unit=str(data.get("unit", "")),
            measures=str(data.get("measures", "")), registered=True,
        )  # fmt: skip
    if entry.code == "calibrate":
        uncertainty = data.get("uncertainty")
        made = Calibration(
            entry.time, int(data["due"]), str(data["certificate"]), str(data.get("laboratory", "")),
            None if uncertainty is None else float(uncertainty), float(data.get("coverage", 2.0)),
            str(data.get("unit", "")), str(data.get("standard", "")), str(data.get("national", "")),
            bool(data.get("passed", True)), str(data.get("found", "")), entry.seq,
        )  # fmt: skip
        return replace(now, calibrations=(*now.calibrations, made))
    if entry.code in {"retire", "return"}:
        return replace(now, service=(*now.service, (entry.time, entry.code == "return")))
    raise InputError("unknown code", came=entry.code)
