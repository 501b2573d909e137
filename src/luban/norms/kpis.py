"""The indicators of ISO 22400-2 by name: what each is made of, its unit, its range, and which way is better."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from luban.core.errors import ConfigError, InputError
from luban.norms.dated import Dated, entries, read
from luban.norms.time_elements import elements

__all__ = ["Kpi", "kpi", "kpi_catalogue"]

_FILE = "iso22400/kpis.toml"


@dataclass(frozen=True, slots=True)
class Kpi:
    """One indicator of the catalogue.

    names     name by language: en, zh, ko
    formula   in the abbreviations of the elements
    elements  abbreviations it is made of
    unit      unit of the figure
    low,high  range of the figure; infinite where it has no bound
    good      'up' or 'down': which way is better
    edition   the standard and its edition
    computed  luban works it out today
    note      what to know when reading it
    """

    id: str
    names: Mapping[str, str]
    formula: str
    elements: tuple[str, ...]
    unit: str
    low: float
    high: float
    good: str
    edition: str
    computed: bool
    note: str
    provenance: Dated

    @property
    def name(self) -> str:
        """English name."""
        return self.names["en"]


@cache
def kpi_catalogue() -> Mapping[str, Kpi]:
    """All 34 indicators by id, in the order of the standard."""
    data = read(_FILE)
    found: dict[str, Kpi] = {}
    for key, entry, provenance in entries(data, "kpi", _FILE):
        strange = [element for element in entry["elements"] if element not in elements()]
        if strange or entry["good"] not in {"up", "down"}:
            raise ConfigError("a bad indicator", came=f"{key}: {strange or entry['good']}", where=_FILE)
        bounds = entry["range"]
        found[key] = Kpi(
            key,
            MappingProxyType({language: entry[language] for language in ("en", "zh", "ko")}),
            entry["formula"],
            tuple(entry["elements"]),
            provenance.unit,
            bounds[0] if bounds else -math.inf,
            bounds[1] if len(bounds) > 1 else math.inf,
            entry["good"],
            data["edition"],
            entry["computed"],
            entry.get("note", ""),
            provenance,
        )
    return MappingProxyType(found)


def kpi(name: str) -> Kpi:
    """Look up one indicator by its id, e.g. "oee". Raises InputError."""
    known = kpi_catalogue()
    if name not in known:
        close = difflib.get_close_matches(name, known, 1, 0.5)
        raise InputError(
            "unknown indicator",
            came=repr(name),
            expected="an id of the ISO 22400 catalogue",
            hint=f"did you mean {close[0]}?" if close else "",
        )
    return known[name]
