"""Releases to the screens: a vintage is put out, and who may not see the books sees what was told, and nothing else.

Reads   vintages, returns, files of releases beside plant.toml
Writes  files of a release; its act goes through who asks for it
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from luban.core.errors import InputError
from luban.norms.plans import TargetPlan
from luban.rollup.drill import Drill, Part
from luban.rollup.gap import Decomposition
from luban.rollup.protect import (
    Publication,
    PutOut,
    Rules,
    publication_row,
    publish,
    read_behind,
    read_told,
    write_publication,
)
from luban.screens.service.rollup import Place, Rolled, RollupBooks
from luban.understand.book import entries

__all__ = ["FOLDER", "Released", "Releases"]

FOLDER: Final = "releases"
"""Folder beside plant.toml with the files of releases."""
_WITHHELD: Final = "withheld"


class Released(Rolled):
    """What one release tells: every view is read from its table, nothing is worked out of the books.

    name   of the release
    rows   of `luban.rollup.indicators.INDICATORS`
    depth  steps of a region's path, digits of an industry
    """

    def __init__(self, plan: TargetPlan, name: str, rows: pa.Table, depth: Mapping[str, int]) -> None:
        self.name, self.depth, self.rows = name, depth, rows
        self._plan = plan
        self._by_cut: dict[tuple[int, int], list[dict[str, Any]]] = {}
        for row in rows.to_pylist():
            self._by_cut.setdefault((_steps(row["region"]), _digits(row["industry"])), []).append(row)

    @property
    def plan(self) -> TargetPlan:
        """The plan whose indicators they are."""
        return self._plan

    def points(self, place: Place, by: Sequence[str], depth: Mapping[str, int]) -> pa.Table:  # noqa: ARG002 - one state
        """Rows of a cut. Raises InputError where the release does not go so deep."""
        wanted = tuple(depth[name] if name in by else -1 for name in ("region", "industry"))
        for name, deep in zip(("region", "industry"), wanted, strict=True):
            if deep > self.depth[name]:
                raise InputError("the release does not go so deep", came=f"{name}={deep}",
                                 expected=f"{name}={self.depth[name]}", where=self.name)  # fmt: skip
        return pa.Table.from_pylist(self._by_cut.get((wanted[0], wanted[1]), []), self.rows.schema)

    def cell(self, place: Place) -> pa.Table:
        """Indicators of one cell by year; nothing of a cell deeper than the release goes."""
        cut = (_steps(place.region), _digits(place.industry))
        rows = [row for row in self._by_cut.get(cut, [])
                if (row["region"], row["industry"]) == (place.region, place.industry)]  # fmt: skip
        return pa.Table.from_pylist(rows, self.rows.schema)

    def years(self, as_of: int | None = None) -> tuple[int, ...]:  # noqa: ARG002
        """Years that are told."""
        return tuple(sorted(set(self.rows["year"].to_pylist())))

    def regions(self, as_of: int | None = None) -> tuple[str, ...]:  # noqa: ARG002
        """Regions of the first level."""
        return self._names("region", (min(1, self.depth["region"]), -1))

    def industries(self, as_of: int | None = None) -> tuple[str, ...]:  # noqa: ARG002
        """Industries of two digits."""
        return self._names("industry", (-1, 2 if self.depth["industry"] >= 2 else 0))

    def apart(self, place: Place, indicator: str, year: int, by: str) -> tuple[Drill, frozenset[str]]:
        """(an indicator of a year taken apart as far as it is told, parts that are withheld).

        Raises  InputError: by size or by unit, deeper than the release goes
        """
        if by not in ("region", "industry"):
            raise InputError("a release tells regions and industries", came=by, expected="region, industry")
        own = self.plan.indicator(indicator)
        if own.definition.form == "index":
            raise InputError("an index is made of sub-indicators, not of units", came=indicator, hint="see its parts")
        cut = {"region": _steps(place.region), "industry": _digits(place.industry)}
        whole = self._row(indicator, year, place.region, place.industry, cut)
        parts: list[dict[str, Any]] = []
        for deep in self._steps_down(place, by):
            found = [row for row in self._by_cut.get(_pair(cut | {by: deep}), [])
                     if (row["indicator"], row["year"]) == (indicator, year) and _inside(row, place)]  # fmt: skip
            if len(found) > 1 or not parts:
                parts = found
            if len(parts) > 1:
                break
        made = [_part(str(row[by]), row, whole, own.definition.factor) for row in parts]
        made.sort(key=lambda part: (math.isnan(part.numerator), -abs(part.numerator), part.key))
        hidden = frozenset(str(row[by]) for row in parts if row["reason"].startswith(_WITHHELD))
        return Drill(indicator, year, by, _part("", whole, whole, own.definition.factor), tuple(made),
                     whole["reason"]), hidden  # fmt: skip

    def drivers(self, place: Place, indicator: str, year: int, by: str) -> Decomposition | None:
        """What moved an indicator; None where the release withholds a part of it, or does not go so deep."""
        try:
            found = super().drivers(place, indicator, year, by)
        except InputError:
            return None
        return found if found is not None and not found.notes else None

    def _steps_down(self, place: Place, by: str) -> list[int]:
        """Levels at which the parts may stand, the next one first."""
        if by == "region":
            return list(range(_steps(place.region) + 1, self.depth[by] + 1))
        return [deep for deep in (0, 2, 3, 4) if _digits(place.industry) < deep <= self.depth[by]]

    def _row(self, indicator: str, year: int, region: str, industry: str, cut: Mapping[str, int]) -> dict[str, Any]:
        for row in self._by_cut.get(_pair(cut), []):
            if (row["indicator"], row["year"], row["region"], row["industry"]) == (indicator, year, region, industry):
                return row
        nothing = dict.fromkeys(self.rows.column_names)
        return nothing | {"n": 0, "excluded": 0, "reason": "no unit told what it takes"}

    def _names(self, column: str, cut: tuple[int, int]) -> tuple[str, ...]:
        return tuple(sorted({str(row[column]) for row in self._by_cut.get(cut, [])}))


class Releases:
    """The releases of an office: those that are out, and putting one out."""

    def __init__(self, books: RollupBooks) -> None:
        self.books = books
        self.folder = Path(books.view.folder) / FOLDER

    def out(self) -> tuple[PutOut, ...]:
        """Those that are out, in their order."""
        return self.books.releases()

    def told(self, name: str = "") -> Released | None:
        """What a release tells, the newest by default; None where none is out.

        Raises  InputError: no such release, its file is gone or was changed
        """
        known = {one.name: one for one in self.out()}
        if name and name not in known:
            raise InputError("no such release", came=name, expected=", ".join(known) or "nothing was released yet")
        if not known:
            return None
        one = known[name] if name else list(known.values())[-1]
        path = self.folder / f"{one.told}.parquet"
        state = (path.stat().st_mtime_ns, path.stat().st_size) if path.is_file() else ()

        def read() -> Released:
            return Released(self.books.plan, one.name, *read_told(self.folder, one, self.books.plan))

        return self.books.once(("told", one.told, state), read)

    def waiting(self) -> tuple[str, ...]:
        """Vintages that are not out."""
        known = {one.name for one in self.out()}
        return tuple(one.name for one in self.books.vintages() if one.name not in known)

    def make(
        self, name: str, person: str, *, depth: Mapping[str, int] | None = None, rules: Rules | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> tuple[Publication, dict[str, list[Any]]]:  # fmt: skip
        """(the release of a vintage with its files written, the entry that puts it out).

        Raises  InputError: no such vintage, it is out, it cannot be protected any more
        """
        known = self.out()
        if name in {one.name for one in known}:
            raise InputError("a release of this name is out", came=name, hint="what was told stays told")
        seqs = {one.name: one.seq for one in self.books.vintages()}
        if name not in seqs:
            raise InputError("no such vintage", came=name, expected=", ".join(seqs) or "no vintage has a name yet",
                             hint="name one: luban returns vintage DIR NAME")  # fmt: skip
        made = publish(
            self.books.frame(seqs[name]), self.books.plan, name, seqs[name], depth=depth, rules=rules,
            deflators=self.books.deflators, out=read_behind(self.folder, known), progress=progress,
        )  # fmt: skip
        digests = write_publication(self.folder, made)
        after = known[-1].told if known else ""
        return made, publication_row(made, digests, after=after, person=person)

    def check(self, name: str, *, after: int = 0) -> bool:
        """Whether it is out; False while a running plant has not taken it in.

        after    seq of the books before it was written
        Raises   InputError: another release went out before it
        """
        if name in {one.name for one in self.out()}:
            return True
        if any(one.code == "release" for one in entries(self.books.view.ledger, "return", name, after=after)):
            raise InputError("another release went out before this one", came=name, hint="put it out again")
        return False


def _steps(region: str) -> int:
    return region.count("/") if region else -1


def _digits(industry: str) -> int:
    return len(industry) - 1


def _pair(cut: Mapping[str, int]) -> tuple[int, int]:
    return cut["region"], cut["industry"]


def _inside(row: Mapping[str, Any], place: Place) -> bool:
    region: str = row["region"]
    in_region = not place.region or region == place.region or region.startswith(f"{place.region}/")
    return in_region and str(row["industry"]).startswith(place.industry)


def _part(key: str, row: Mapping[str, Any], whole: Mapping[str, Any], factor: float) -> Part:
    """A part as far as it is told; what is not is nan or None."""
    up, down = (_number(row[name]) for name in ("numerator", "denominator"))
    x, y = (_number(whole[name]) for name in ("numerator", "denominator"))
    rest, level = y - down, _number(whole["level"])
    effect = level - factor * (x - up) / rest if key and rest > 0 else math.nan
    shares = [own / of if of else math.nan for own, of in ((up, x), (down, y))]
    told = [one if math.isfinite(one) else None for one in (*shares, effect)]
    return Part(key, row["level"], up, down, row["n"], row["excluded"], *told)


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)
