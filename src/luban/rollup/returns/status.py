"""Who has returned: by region, how many of those asked, whole, confirmed, doubtful; and unit by unit.

Reads   what stands of the returns, the register, entries of kind `return`    Writes  nothing
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import narwhals as nw
import pyarrow as pa

from luban.core.quality import Quality
from luban.ledger import Ledger
from luban.norms.plans import TargetPlan
from luban.rollup.returns.books import KIND, confirmations, register, standing
from luban.rollup.returns.rules import settings_of
from luban.understand.book import entries

__all__ = ["STATES", "Reporting", "UnitReturn", "reporting", "unit_returns"]

STATES: Final = ("missing", "returned", "queried", "revised", "confirmed")
"""missing: nothing came; queried: a question is open; revised: something came after the confirmation."""


@dataclass(frozen=True, slots=True)
class UnitReturn:
    """A unit's return of a year.

    state     one of STATES
    elements  how many are known and used; `unknown` with a reason, `doubtful` and `bad` in the books
    measure   value of the plan's measure, as it stands; None where it is not known
    queries   (seq, question) that nobody answered
    person    who confirmed last; seq up to which
    """

    unit: str
    name: str
    region: str
    year: int
    state: str
    elements: int
    unknown: int
    doubtful: int
    bad: int
    measure: float | None
    queries: tuple[tuple[int, str], ...] = ()
    person: str = ""
    seq: int = 0

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json` and REST."""
        return {name: getattr(self, name) for name in self.__slots__} | {
            "queries": [{"seq": seq, "text": text} for seq, text in self.queries]
        }


@dataclass(frozen=True, slots=True)
class Reporting:
    """How many of a region's units have returned.

    region     as deep as asked; "" all together
    expected   active units of the register that are asked, as `unit_returns` has it
    returned   of them, those with any value; confirmed: all of whose values the firm confirmed
    doubtful   with a value that is not used
    open       with a question that nobody answered
    measure_doubtful  share of the measure in values that are not used [1]; None where it is not known
    """

    region: str
    expected: int
    returned: int
    confirmed: int
    doubtful: int
    open: int
    measure_doubtful: float | None

    @property
    def rate(self) -> float | None:
        """Returned over expected [1]; None where nobody is asked."""
        return self.returned / self.expected if self.expected else None

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json` and REST."""
        return {name: getattr(self, name) for name in self.__slots__} | {"rate": self.rate}


def unit_returns(
    ledger: Ledger, plan: TargetPlan, year: int, *, as_of: int | None = None, region: str = "",
    level: str = "enterprise",
) -> tuple[UnitReturn, ...]:  # fmt: skip
    """Every unit that is asked, with the state of its return; by region and id.

    Where nobody outside the sample returned anything, only the sample was asked; else every unit of the register.

    region  only this region and those below it
    """
    asked = register(ledger, years=[year], as_of=as_of).filter(nw.col("level") == level)
    known = _rows(asked)
    measure = settings_of(plan).measure
    values: dict[str, list[dict[str, Any]]] = defaultdict(list)
    names = ("unit", "element", "value", "quality", "seq", "confirmed", "used")
    for one in _rows(standing(ledger, plan, as_of=as_of, years=[year]).select(*names)):
        values[one["unit"]].append(one)
    confirmed, queries = confirmations(ledger, as_of), _queries(ledger, year, as_of)
    found = []
    sample = {one["unit"] for one in known if one["weight"] is not None}
    if sample and not any(one["unit"] in values for one in known if one["unit"] not in sample):
        known = [one for one in known if one["unit"] in sample]
    for one in sorted(known, key=lambda row: (row["region"] or "", row["unit"])):
        if region and not f"{one['region']}/".startswith(f"{region}/"):
            continue
        rows, by = values.get(one["unit"], []), confirmed.get((one["unit"], year))
        questions = tuple(queries.get(one["unit"], {}).items())
        state = (
            "missing" if not rows else "queried" if questions else "returned" if by is None
            else "confirmed" if all(row["confirmed"] for row in rows) else "revised"
        )  # fmt: skip
        size = next((row["value"] for row in rows if row["element"] == measure), None)
        doubtful = [row for row in rows if not row["used"] and 0 < row["quality"] < Quality.BAD]
        found.append(UnitReturn(
            one["unit"], one["name"] or "", one["region"] or "", year, state, sum(row["used"] for row in rows),
            sum(row["value"] is None for row in rows), len(doubtful),
            sum(row["quality"] >= Quality.BAD for row in rows), size, questions,
            by.person if by else "", by.data["seq"] if by else 0,
        ))  # fmt: skip
    return tuple(found)


def _rows(frame: nw.LazyFrame[Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pa.table(frame.collect("pyarrow").to_native()).to_pylist()
    return found


def _queries(ledger: Ledger, year: int, as_of: int | None) -> dict[str, dict[int, str]]:
    """Unit → open questions by seq."""
    found: dict[str, dict[int, str]] = defaultdict(dict)
    for one in entries(ledger, KIND, as_of=as_of):
        if one.code == "query" and one.data.get("year") == year:
            found[one.subject][one.seq] = one.text
        elif one.code == "answer":
            found[one.subject].pop(one.data.get("query"), None)  # type: ignore[arg-type]
    return found


def reporting(
    ledger: Ledger, plan: TargetPlan, year: int, *, as_of: int | None = None, depth: int = 1, level: str = "enterprise",
    units: Sequence[UnitReturn] | None = None,
) -> tuple[Reporting, ...]:  # fmt: skip
    """Reporting rate of a year by region, and of all together as the last.

    depth    parts of the region's path: 1 is CN/31, 0 is CN
    units    as `unit_returns` gives them; asked here by default
    Example  reporting(ledger, plan, 2020)[-1].rate
    """
    units = unit_returns(ledger, plan, year, as_of=as_of, level=level) if units is None else units
    groups: dict[str, list[UnitReturn]] = defaultdict(list)
    for one in units:
        groups["/".join(one.region.split("/")[: depth + 1])].append(one)
    return tuple(_summed(name, group) for name, group in [*sorted(groups.items()), ("", list(units))])


def _summed(region: str, units: Sequence[UnitReturn]) -> Reporting:
    sizes = [(abs(one.measure), bool(one.doubtful or one.bad)) for one in units if one.measure is not None]
    whole = sum(size for size, _ in sizes)
    return Reporting(
        region, len(units), sum(one.state != "missing" for one in units),
        sum(one.state == "confirmed" for one in units),
        sum(bool(one.doubtful or one.bad) for one in units), sum(bool(one.queries) for one in units),
        sum(size for size, out in sizes if out) / whole if whole else None,
    )  # fmt: skip
