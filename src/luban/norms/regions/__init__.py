"""Regions of a country: code, names, and a place in a grid of tiles, which is a map without a map's files.

Reads and writes no record. A country has a file `CODE.toml` here; a region that no file knows goes by its code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from luban.norms.dated import Dated, entries, read

__all__ = ["Region", "region", "regions"]


@dataclass(frozen=True, slots=True)
class Region:
    """A region of the first level.

    path    in the tree of regions, e.g. `CN/31`
    names   by language: zh, en, ko
    column, row   of its tile, from the upper left
    """

    path: str
    names: Mapping[str, str]
    column: int
    row: int
    dated: Dated


@cache
def regions(country: str) -> Mapping[str, Region]:
    """Regions of a country by path; empty where no file knows it.

    Example
        >>> regions("CN")["CN/31"].names["ko"]
        '상하이'
    """
    if not files("luban.norms").joinpath("regions", f"{country}.toml").is_file():
        return MappingProxyType({})
    where = f"regions/{country}.toml"
    found = {}
    for code, entry, dated in entries(read(where), "region", where):
        column, row = entry["tile"]
        found[f"{country}/{code}"] = Region(f"{country}/{code}", dict(entry["name"]), column, row, dated)
    return MappingProxyType(found)


def region(path: str) -> Region | None:
    """The first-level region that a path lies in; None where no file knows it."""
    country, _, rest = path.partition("/")
    return regions(country).get(f"{country}/{rest.partition('/')[0]}")
