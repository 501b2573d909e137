"""The time model of ISO 22400-2: every second of a work unit belongs to exactly one time element.

    reference time
    ├── PDOT      planned down time: outside the planned busy time (breaks, closed days, planned maintenance)
    └── PBT       planned busy time
        ├── AUBT  actual unit busy time: working on an order
        │   ├── AUPT  actual unit processing time
        │   │   ├── APT   production
        │   │   └── AUST  setup
        │   └── ADET  delay: interrupted while busy (malfunction, minor stop, waiting)
        ├── ADOT  down: not executing although it is available (no order, idle)
        └── UNKNOWN  nobody knows: the source was silent or does not say

The trap in the names: in ISO 22400 a malfunction during an order is *delay* (ADET), and *down* time
(ADOT) is the time an available machine does not execute. So neither says "failed". Whether a state is a
failure (for the mean time between failures, and to restoration) is a separate mark of the state mapping:
`StateMapping.is_failure`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from luban.norms.dated import Dated, entries, read

__all__ = ["Element", "TimeElement", "elements", "time_elements"]


class TimeElement(StrEnum):
    """The elements that tile the time of a work unit, under their ISO 22400 abbreviations."""

    APT = "APT"  # production
    AUST = "AUST"  # setup
    ADET = "ADET"  # delay: interrupted while busy
    ADOT = "ADOT"  # down: not executing although available
    PDOT = "PDOT"  # planned down: not part of the planned busy time
    UNKNOWN = "UNKNOWN"  # no element of ISO 22400: the time nobody can account for

    @property
    def is_processing(self) -> bool:
        """Part of the actual unit processing time AUPT = APT + AUST."""
        return self in {TimeElement.APT, TimeElement.AUST}

    @property
    def is_busy(self) -> bool:
        """Part of the actual unit busy time AUBT = AUPT + ADET."""
        return self.is_processing or self is TimeElement.ADET

    @property
    def is_planned(self) -> bool:
        """Part of the planned busy time when it lies in a shift; unknown time does."""
        return self is not TimeElement.PDOT

    @property
    def is_known(self) -> bool:
        """Somebody can say what the unit did."""
        return self is not TimeElement.UNKNOWN


@dataclass(frozen=True, slots=True)
class Element:
    """One time or quantity element that formulas use.

    id       abbreviation of the standard, e.g. PBT
    kind     'time' or 'quantity'
    names    name by language: en, zh, ko
    meaning  in luban's words
    sum_of   elements it is the sum of, if it is one
    """

    id: str
    kind: str
    names: dict[str, str]
    meaning: str
    sum_of: tuple[str, ...]
    provenance: Dated


@cache
def elements() -> dict[str, Element]:
    """All elements of the catalogue by abbreviation, times and quantities."""
    name = "iso22400/elements.toml"
    return {
        key: Element(
            key,
            entry["kind"],
            {language: entry[language] for language in ("en", "zh", "ko")},
            entry["meaning"],
            tuple(entry.get("sum_of", ())),
            provenance,
        )
        for key, entry, provenance in entries(read(name), "element", name)
    }


def time_elements() -> dict[TimeElement, Element]:
    """The elements that tile a work unit's time, with names and meaning."""
    return {element: elements()[element.value] for element in TimeElement}
