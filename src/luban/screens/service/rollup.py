"""Returns and indicators to the screens: one frame of the returns, and what is rolled up of it, kept until facts come.

Reads   Fact(enterprise, return), Fact(event) of kinds return, task, advice, programme, pilot; the plan
Writes  acts, through `Books`
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, Final, TypeVar

import narwhals as nw
import pyarrow as pa
import pyarrow.compute as pc

from luban.core.errors import InputError
from luban.core.time import now, to_datetime
from luban.norms.plans import TargetPlan
from luban.norms.regions import region as known_region
from luban.rollup.bundle import Made, write_bundle
from luban.rollup.deflators import Deflators, read_deflators
from luban.rollup.drill import Drill, drill
from luban.rollup.gap import Decomposition, contributions
from luban.rollup.indicators import indicators
from luban.rollup.outlook import Outlook, outlook
from luban.rollup.points import Point, points_of
from luban.rollup.protect import PutOut, put_out
from luban.rollup.returns import register, returns_frame, vintages
from luban.rollup.returns.books import Vintage
from luban.rollup.review import Inputs, Review, cuts_of, inputs_of, review, rows_of
from luban.screens.service.books import Books, Record
from luban.screens.service.returns import plan_named
from luban.screens.service.review import ACTS, acts_of
from luban.screens.service.view import PlantView

__all__ = ["Place", "Rolled", "RollupBooks"]

T = TypeVar("T")

_KEPT: Final = 24
"""Results kept; the oldest goes first."""
_STREAMS: Final = ("enterprise", "return")
_KINDS: Final = ("return", "task", "advice", "programme", "pilot")


@dataclass(frozen=True, slots=True)
class Place:
    """What is looked at: a region and an industry ('' all), the books as of a seq (None now)."""

    region: str = ""
    industry: str = ""
    as_of: int | None = None


class Rolled:
    """What is rolled up, to look at: of the books (`RollupBooks`), or of a release (`Released`).

    name  of the office, of the release
    """

    name: str

    @property
    def plan(self) -> TargetPlan:
        """The plan whose indicators they are."""
        raise NotImplementedError

    def points(self, place: Place, by: Sequence[str], depth: Mapping[str, int]) -> pa.Table:
        """Indicators by cell of the whole tree."""
        raise NotImplementedError

    def years(self, as_of: int | None = None) -> tuple[int, ...]:
        """Years with returns."""
        raise NotImplementedError

    def regions(self, as_of: int | None = None) -> tuple[str, ...]:
        """Regions of the first level that units are in."""
        raise NotImplementedError

    def industries(self, as_of: int | None = None) -> tuple[str, ...]:
        """Industries of two digits that units are in."""
        raise NotImplementedError

    def apart(self, place: Place, indicator: str, year: int, by: str) -> tuple[Drill, frozenset[str]]:
        """(an indicator of a year taken apart, parts that are withheld)."""
        raise NotImplementedError

    def cell(self, place: Place) -> pa.Table:
        """Indicators of one cell by year."""
        by, depth = _cut(place)
        table = self.points(place, by, depth)
        keep = [
            at for at, (region, industry) in enumerate(
                zip(table["region"].to_pylist(), table["industry"].to_pylist(), strict=True)
            )
            if (region, industry) == (place.region, place.industry)
        ]  # fmt: skip
        return table.take(pa.array(keep, pa.int64()))

    def outlook(self, place: Place) -> Outlook:
        """How every indicator of the plan stands in a cell, and what its trend makes of it."""
        table = self.cell(place)
        series: dict[str, tuple[Point, ...]] = {
            name: points_of(table, name, region=place.region, industry=place.industry, size="")
            for name in self.plan.indicators
        }
        return outlook(series, self.plan, source=self.name)

    def drivers(self, place: Place, indicator: str, year: int, by: str) -> Decomposition | None:
        """What moved an indicator's level since its base year, by region or industry; None where that is not known."""
        if getattr(place, by):  # the table below is of all regions, or of all industries
            return None
        own = self.plan.indicator(indicator)
        base = own.base_year or min(self.years(place.as_of))
        if own.definition.form != "ratio of sums" or year <= base or own.definition.prices == "constant":
            return None
        dimensions, depth = _cut(place)
        dimensions = tuple(name for name in ("region", "industry") if name == by or name in dimensions)
        depth |= {by: 1 if by == "region" else 2}
        table = self.points(place, dimensions, depth)
        other = next((name for name in dimensions if name != by), None)
        if other is not None:
            table = table.filter(pc.equal(table[other], getattr(place, other)))
        try:
            return contributions(table, indicator, base, year, by=by, factor=own.definition.factor)
        except InputError:
            return None


class RollupBooks(Rolled, Books):
    """Everything that pages and REST may ask about returns and indicators. Safe from any thread."""

    def __init__(self, view: PlantView, record: Record | None = None) -> None:
        super().__init__(view, record)
        self.name = view.plant.name
        self._lock = threading.Lock()
        self._kept: OrderedDict[Any, Any] = OrderedDict()
        self._stamped: tuple[int, tuple[int, ...]] = (-1, ())

    @cached_property
    def plan(self) -> TargetPlan:
        """The plan that `[rollup]` names. Raises ConfigError."""
        return plan_named(self.view.plant.rollup.plan, Path(self.view.folder))

    @cached_property
    def deflators(self) -> Deflators | None:
        """Price indices; None where the plant names none. Raises InputError."""
        name = self.view.plant.rollup.deflators
        return read_deflators(Path(self.view.folder) / name) if name else None

    def stamp(self) -> tuple[int, ...]:
        """Another one whenever returns, register or what was said of them have changed."""
        ledger = self.view.ledger
        head, known = ledger.head, self._stamped
        if known[0] != head:
            found = [_newest(ledger.frame(name)) for name in _STREAMS]
            events = ledger.frame("event").filter(nw.col("kind").is_in(_KINDS))
            known = self._stamped = (head, (*found, _newest(events)))
        return known[1]

    def frame(self, as_of: int | None = None) -> nw.LazyFrame[Any]:
        """The returns, a row a unit and year; see `luban.rollup.frame`."""

        def read() -> pa.Table:
            told: pa.Table = returns_frame(self.view.ledger, self.plan, as_of=as_of).collect("pyarrow").to_native()
            return told

        held: nw.LazyFrame[Any] = nw.from_native(self.once(("frame", as_of), read)).lazy()
        return held

    def points(self, place: Place, by: Sequence[str], depth: Mapping[str, int]) -> pa.Table:
        """Indicators by cell of the whole tree."""

        def made() -> pa.Table:
            frame = self.frame(place.as_of)
            found = indicators(frame, self.plan, by, depth, deflators=self.deflators)
            told: pa.Table = found.collect("pyarrow").to_native()
            return told

        return self.once(("points", place.as_of, tuple(by), tuple(sorted(depth.items()))), made)

    def outlook(self, place: Place) -> Outlook:
        """How every indicator of the plan stands in a cell, and what its trend makes of it."""
        return self.once(("outlook", place), lambda: super(RollupBooks, self).outlook(place))

    def apart(self, place: Place, indicator: str, year: int, by: str) -> tuple[Drill, frozenset[str]]:
        """(an indicator of a year taken apart, no part withheld)."""
        found = drill(self.frame(place.as_of), self.plan, indicator, year, region=place.region,
                      industry=place.industry, by=by, deflators=self.deflators)  # fmt: skip
        return found, frozenset()

    def review(self, place: Place, year: int) -> Review:
        """The mid-term review at the end of a year, of the books as of a seq; acts of evaluation.toml are judged."""

        def made() -> Review:
            return review(self._inputs(place, year)[1])

        return self.once(("review", place.as_of, year, self._today(), self._acts()), made)

    def bundle(self, path: Path, place: Place, year: int) -> Made:
        """Write the bundle from which an outsider computes the review anew."""
        frame, own = self._inputs(place, year)
        return write_bundle(path, own, frame=frame, deflators=self.deflators)

    def regions(self, as_of: int | None = None) -> tuple[str, ...]:
        """Regions of the first level that units are in."""
        return self._names("region", as_of, lambda path: "/".join(path.split("/")[:2]))

    def industries(self, as_of: int | None = None) -> tuple[str, ...]:
        """Industries of two digits that units are in."""
        return self._names("industry", as_of, lambda code: code[:3])

    def years(self, as_of: int | None = None) -> tuple[int, ...]:
        """Years with returns."""
        return self.once(("years", as_of), lambda: tuple(sorted(set(self._arrow(as_of)["year"].to_pylist()))))

    def vintages(self) -> tuple[Vintage, ...]:
        """States of the books that people gave a name."""
        return vintages(self.view.ledger)

    def region_name(self, path: str, language: str) -> str:
        """What people call a region: as the register has it, else as the country's list has it, else its code."""
        if not path:
            return ""
        known = known_region(path) if path.count("/") == 1 else None
        return self._registered().get(path) or (known.names[language] if known is not None else path)

    def industry_name(self, code: str, language: str) -> str:
        """What people call an industry."""
        from luban.norms.industry import industry

        return industry(code).name(language) if code else ""

    def releases(self) -> tuple[PutOut, ...]:
        """Vintages that were put out for everybody, in their order."""
        return self.once("releases", lambda: put_out(self.view.ledger))

    # ------------------------------------------------------------------ kept

    def _today(self) -> date:
        return to_datetime(now(), self.view.plant.zone).date()

    def _acts(self) -> str:
        """Digest of the acts to be judged: an edit is seen without a restart."""
        path = Path(self.view.folder) / ACTS
        return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""

    def _inputs(self, place: Place, year: int) -> tuple[nw.LazyFrame[Any], Inputs]:
        """The returns, and what a review of them rests on; acts to be judged stand beside plant.toml."""
        frame = self.frame(place.as_of)
        acts, odd = acts_of(Path(self.view.folder))
        own = inputs_of(
            self.plan, year, self._today(), ledger=self.view.ledger,
            rows=rows_of(frame, self.plan, deflators=self.deflators), as_of=place.as_of,
            policies=acts, notes=odd,
            cuts=cuts_of(frame, self.plan, year, deflators=self.deflators),
        )  # fmt: skip
        return frame, own

    def _registered(self) -> dict[str, str]:
        def made() -> dict[str, str]:
            years = self.years()
            if not years:
                return {}
            rows = register(self.view.ledger, years=years[-1:]).filter(nw.col("level") == "region")
            table = rows.select("unit", "name", "region").collect("pyarrow").to_native()
            return {one["region"]: one["name"] for one in table.to_pylist() if one["name"]}

        return self.once("registered", made)

    def _arrow(self, as_of: int | None) -> pa.Table:
        told: pa.Table = self.frame(as_of).collect("pyarrow").to_native()
        return told

    def _names(self, column: str, as_of: int | None, head: Callable[[str], str]) -> tuple[str, ...]:
        def made() -> tuple[str, ...]:
            found = self._arrow(as_of)[column].unique().to_pylist()
            return tuple(sorted({head(one) for one in found if one} - {""}))

        return self.once((column, as_of), made)

    def once(self, key: Any, make: Callable[[], T]) -> T:
        """The result for this state of the books: worked out when it is first asked for."""
        stamp = self.stamp()
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None and kept[0] == stamp:
                self._kept.move_to_end(key)
                return kept[1]  # type: ignore[no-any-return]
        made = make()
        with self._lock:
            self._kept[key] = (stamp, made)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return made


def _newest(frame: nw.LazyFrame[Any]) -> int:
    found = frame.select(nw.col("seq").max()).collect("pyarrow").item()
    return int(found or 0)


def _cut(place: Place) -> tuple[tuple[str, ...], dict[str, int]]:
    """Dimensions and depth of a table that has the place's cell in it."""
    by = tuple(name for name, chosen in (("region", place.region), ("industry", place.industry)) if chosen)
    depth = {}
    if place.region:
        depth["region"] = place.region.count("/")
    if place.industry:
        depth["industry"] = len(place.industry) - 1
    return by, depth
