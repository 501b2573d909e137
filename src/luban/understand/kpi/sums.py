"""What a figure is made from: times, pieces and failures of some units and shifts, added up.

A group is the sum of its units: every figure divides sums, so no figure is a mean of ratios.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from luban.core.time import SECOND
from luban.understand.kpi.time_ledger import ELEMENTS

__all__ = ["Made", "Sums", "total"]


@dataclass(frozen=True, slots=True)
class Made:
    """Pieces of one item (and operation) at one unit.

    known     pieces made in time that is known [piece]
    doubtful  count facts left out because their quality is not good, of `facts` in all
    cycle     planned run time per item [s/piece]; None where the routing does not say
    """

    unit: str
    item: str
    operation: str
    good: float
    scrap: float
    rework: float
    known: float
    facts: int
    doubtful: int
    cycle: float | None

    @property
    def made(self) -> float:
        """Good, scrap and rework together [piece]."""
        return self.good + self.scrap + self.rework


@dataclass(frozen=True, slots=True)
class Sums:
    """The sums of some units over some shifts.

    times      element, BREAK or FAILURE → duration [µs]
    running    unit → production time [µs]
    uncounted  units of which no count fact is known
    marked     the mappings in force mark some state as a failure
    mappings   name@version of the mappings in force
    """

    units: tuple[str, ...]
    times: Mapping[str, int] = field(default_factory=dict)
    running: Mapping[str, int] = field(default_factory=dict)
    made: tuple[Made, ...] = ()
    failures: int = 0
    uncounted: tuple[str, ...] = ()
    marked: bool = False
    mappings: tuple[str, ...] = ()

    def time(self, name: str) -> int:
        """Duration of an element [µs]."""
        return self.times.get(name, 0)

    @property
    def planned(self) -> int:
        """Planned busy time PBT, unknown time included [µs]."""
        return sum(self.time(e.value) for e in ELEMENTS if e.is_planned)

    @property
    def coverage(self) -> float | None:
        """Known share of the planned busy time [1]; None where nothing was planned."""
        return None if self.planned == 0 else 1 - self.time("UNKNOWN") / self.planned

    @property
    def work(self) -> float | None:
        """What the pieces of known time should have taken [µs]; None where a planned run time is missing."""
        if any(m.cycle is None for m in self.made if m.made):
            return None
        return sum((m.cycle or 0.0) * m.known for m in self.made) * SECOND

    @property
    def elements(self) -> dict[str, float]:
        """Times [s] and quantities [piece] of the known planned time, by ISO 22400 abbreviation."""
        apt, aust, adet, adot = (self.time(name) for name in ("APT", "AUST", "ADET", "ADOT"))
        known = apt + aust + adet + adot
        times = {
            "APT": apt,
            "AUST": aust,
            "ADET": adet,
            "ADOT": adot,
            "AUPT": apt + aust,
            "AUBT": apt + aust + adet,
            "AOET": known,
            "PBT": known,
            "APT + ADET": apt + adet,
            "UNKNOWN": self.time("UNKNOWN"),
            "FAILURE": self.time("FAILURE"),
        }
        return {name: value / SECOND for name, value in times.items()} | {
            "PQ": sum(m.made for m in self.made),
            "PQ_KNOWN": sum(m.known for m in self.made),
            "GQ": sum(m.good for m in self.made),
            "SQ": sum(m.scrap for m in self.made),
            "RQ": sum(m.rework for m in self.made),
            "WORK": (self.work or 0.0) / SECOND,
            "FE": float(self.failures),
        }


def total(parts: Iterable[Sums]) -> Sums:
    """The parts added up."""
    parts = list(parts)
    times: Counter[str] = Counter()
    running: Counter[str] = Counter()
    made: dict[tuple[str, str, str], Made] = {}
    for part in parts:
        times.update(part.times)
        running.update(part.running)
        for m in part.made:
            key = (m.unit, m.item, m.operation)
            made[key] = _plus(made[key], m) if key in made else m
    return Sums(
        units=tuple(dict.fromkeys(u for p in parts for u in p.units)),
        times=dict(times),
        running=dict(running),
        made=tuple(made.values()),
        failures=sum(p.failures for p in parts),
        uncounted=tuple(dict.fromkeys(u for p in parts for u in p.uncounted)),
        marked=any(p.marked for p in parts),
        mappings=tuple(sorted({m for p in parts for m in p.mappings})),
    )


def _plus(a: Made, b: Made) -> Made:
    return Made(
        a.unit,
        a.item,
        a.operation,
        a.good + b.good,
        a.scrap + b.scrap,
        a.rework + b.rework,
        a.known + b.known,
        a.facts + b.facts,
        a.doubtful + b.doubtful,
        a.cycle,
    )
