"""Returns in the books: what stands of them, the register of units, confirmations, vintages, and the wide frame.

A revision supersedes the fact that it corrects, and the corrected one stays in the books: `as_of` an earlier seq, every
figure is the old one again.

Reads   Fact(return), Fact(enterprise), Fact(event) of kind `return`    Writes  nothing
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import narwhals as nw
import numpy as np
import pyarrow as pa

from luban.core.errors import InputError
from luban.core.quality import Quality
from luban.core.time import from_datetime
from luban.ledger import Ledger
from luban.norms.plans import TargetPlan
from luban.rollup.frame import canonical
from luban.rollup.returns.batch import REGISTER, Batch
from luban.rollup.returns.review import classified
from luban.understand.book import Entry, entries, row

__all__ = [
    "KIND",
    "Vintage",
    "answer_row",
    "confirm_row",
    "confirmations",
    "history_of",
    "kin",
    "query_row",
    "register",
    "registered",
    "returns_frame",
    "standing",
    "vintage_row",
    "vintages",
    "year_end",
    "years_of",
]

KIND: Final = "return"
_STAND: Final = ("value", "measured_in", "method", "form", "quality", "text", "evidence", "seq", "time", "source")
_KEYS: Final = ("unit", "element", "year")


@dataclass(frozen=True, slots=True)
class Vintage:
    """The books of returns as they were named at a moment: what an indicator was made of.

    name  e.g. 2025 first release
    seq   the books as they stood at this seq
    """

    name: str
    seq: int
    time: int
    person: str


def year_end(year: int) -> int:
    """First moment after a year [µs UTC].

    Example  year_end(1969) == 0
    """
    return from_datetime(datetime(year + 1, 1, 1, tzinfo=UTC))


# ---- entries of people


def confirm_row(unit: str, year: int, seq: int, *, person: str, text: str = "") -> dict[str, list[Any]]:
    """The firm says that its return of a year is right, as it stood at a seq. Raises InputError without a person.

    A value that came later is not covered: it asks for another confirmation.
    """
    _needs(person, "a confirmation")
    return row(KIND, unit, "confirm", person=person, text=text, data={"year": year, "seq": seq})


def query_row(
    unit: str, year: int, *, person: str, text: str, element: str = "", finding: str = ""
) -> dict[str, list[Any]]:  # fmt: skip
    """A question to the firm about its return. Raises InputError without a person or a question."""
    _needs(person, "a question")
    if not text.strip():
        raise InputError("a question says something", where=f"{unit} {year}")
    return row(KIND, unit, "query", person=person, text=text,
               data={"year": year, "element": element, "finding": finding})  # fmt: skip


def answer_row(unit: str, year: int, query: int, *, person: str, text: str) -> dict[str, list[Any]]:
    """The firm's answer to a question; `query` is the question's seq. Raises InputError without a person or words."""
    _needs(person, "an answer")
    if not text.strip():
        raise InputError("an answer says something", where=f"{unit} {year}")
    return row(KIND, unit, "answer", person=person, text=text, data={"year": year, "query": query})


def vintage_row(name: str, seq: int, *, person: str, text: str = "") -> dict[str, list[Any]]:
    """The books of returns at a seq get a name, under which their figures can be had again. Raises InputError."""
    _needs(person, "a vintage")
    if not name.strip() or seq < 1:
        raise InputError("a vintage has a name and a seq", came=f"{name!r}, {seq}")
    return row(KIND, name.strip(), "vintage", person=person, text=text, data={"seq": seq})


def _needs(person: str, what: str) -> None:
    if not person.strip():
        raise InputError(f"{what} names the person who gives it", came="nobody")


def vintages(ledger: Ledger) -> tuple[Vintage, ...]:
    """Named vintages in the order of their seq; of one name the last counts."""
    named = {one.subject: Vintage(one.subject, int(one.data["seq"]), one.time, one.person)
             for one in entries(ledger, KIND) if one.code == "vintage" and isinstance(one.data.get("seq"), int)
             }  # fmt: skip
    return tuple(sorted(named.values(), key=lambda one: one.seq))


def confirmations(ledger: Ledger, as_of: int | None = None) -> dict[tuple[str, int], Entry]:
    """The last confirmation of each (unit, year), of the books as they stood at a seq."""
    found = {}
    for one in entries(ledger, KIND, as_of=as_of):
        if one.code == "confirm" and isinstance(one.data.get("year"), int) and isinstance(one.data.get("seq"), int):
            found[one.subject, one.data["year"]] = one
    return found


# ---- frames


def years_of(ledger: Ledger, as_of: int | None = None) -> tuple[int, ...]:
    """Years for which anything was returned."""
    frame = ledger.frame("return", as_of=as_of).select("year").unique().collect("pyarrow").to_native()
    return tuple(sorted(pa.table(frame)["year"].to_pylist()))


def standing(
    ledger: Ledger, plan: TargetPlan, *, as_of: int | None = None, years: Sequence[int] | None = None,
    units: Sequence[str] | None = None, engine: str | None = None,
) -> nw.LazyFrame[Any]:  # fmt: skip
    """What stands of the returns, a row a unit, element and year: unit, element, year, value, measured_in, method,
    form, quality, text, evidence, seq, time, source, confirmed, used.

    confirmed  the firm confirmed this very value
    used       it is in indicators: known, in the element's unit, good, or doubtful and confirmed

    Example  standing(ledger, plan, years=[2020]).filter(~nw.col("used")).collect()
    """
    facts = ledger.frame("return", subjects=units, as_of=as_of, engine=engine)
    if years is not None:
        facts = facts.filter(nw.col("year").is_in(list(years)))
    texts = ("measured_in", "method", "form", "text", "evidence", "source")
    facts = facts.select(
        nw.col("subject").cast(nw.String).alias("unit"), nw.col("element").cast(nw.String),
        *(nw.col(name).cast(nw.String) for name in texts), nw.col("quality").cast(nw.Int64),
        "year", "value", "seq", "time",
    )  # fmt: skip
    newest = facts.group_by(*_KEYS).agg(nw.col("seq").max().alias("newest"))
    own = ledger.lift(
        pa.table({"own": list(plan.elements), "own_unit": [one.unit for one in plan.elements.values()]}), engine
    )
    confirmed = ledger.lift(_confirmed(ledger, as_of), engine)
    rows = facts.join(newest, on=list(_KEYS), how="inner").filter(nw.col("seq") == nw.col("newest"))
    rows = rows.join(own, left_on="element", right_on="own", how="inner")
    rows = rows.join(confirmed, left_on=["unit", "year"], right_on=["c_unit", "c_year"], how="left")
    rows = rows.with_columns(confirmed=(nw.col("c_seq") >= nw.col("seq")).fill_null(value=False))
    sure = (nw.col("quality") == 0) | ((nw.col("quality") < int(Quality.BAD)) & nw.col("confirmed"))
    used = ~nw.col("value").is_null() & (nw.col("measured_in") == nw.col("own_unit")) & sure
    return rows.with_columns(used=used.fill_null(value=False)).select(*_KEYS, *_STAND, "confirmed", "used")


def _confirmed(ledger: Ledger, as_of: int | None) -> pa.Table:
    known = confirmations(ledger, as_of)
    return pa.table(
        {
            "c_unit": pa.array([unit for unit, _ in known], pa.string()),
            "c_year": pa.array([year for _, year in known], pa.int64()),
            "c_seq": pa.array([one.data["seq"] for one in known.values()], pa.int64()),
        }
    )


def register(
    ledger: Ledger, *, years: Sequence[int], as_of: int | None = None, engine: str | None = None
) -> nw.LazyFrame[Any]:
    """The register in each year, a row a unit: unit, year, the columns of REGISTER, seq, since [µs UTC].

    The row in force at the end of a year holds for it; a unit that is closed then is not there.
    """
    names = [name for name in REGISTER if name not in ("above_scale", "weight")]
    facts = ledger.frame("enterprise", as_of=as_of, engine=engine).select(
        nw.col("subject").cast(nw.String).alias("unit"), *(nw.col(name).cast(nw.String) for name in (*names, "status")),
        nw.col("above_scale").cast(nw.Int64), "weight", "time", "seq",
    )  # fmt: skip
    ends = ledger.lift(
        pa.table({"year": pa.array(years, pa.int64()), "end": pa.array(map(year_end, years), pa.int64())}), engine
    )
    rows = facts.join(ends, how="cross").filter(nw.col("time") < nw.col("end"))
    # the newest row of a year; of two of one moment the one that was written last
    for column in ("time", "seq"):
        newest = rows.group_by("unit", "year").agg(nw.col(column).max().alias("newest"))
        rows = rows.join(newest, on=["unit", "year"], how="inner").filter(nw.col(column) == nw.col("newest"))
        rows = rows.drop("newest")
    rows = rows.filter(nw.col("status").is_null() | (nw.col("status") != "closed"))
    return rows.select("unit", "year", *REGISTER, "seq", nw.col("time").alias("since"))


def registered(
    ledger: Ledger, years: Sequence[int], as_of: int | None = None
) -> dict[tuple[str, int], tuple[str, str]]:
    """(registered code of a firm, year) → (unit, region): who stands in the register under that code."""
    rows = register(ledger, years=years, as_of=as_of).select("code", "year", "unit", "region")
    table = pa.table(rows.filter(~nw.col("code").is_null()).collect("pyarrow").to_native())
    return {(one["code"], one["year"]): (one["unit"], one["region"] or "") for one in table.to_pylist()}


def returns_frame(
    ledger: Ledger, plan: TargetPlan, *, as_of: int | None = None, level: str | None = None,
    years: Sequence[int] | None = None, confirmed: bool = False, silent: bool = True, engine: str | None = None,
) -> nw.LazyFrame[Any]:  # fmt: skip
    """The returns as `luban.rollup.frame` wants them: a row a unit and year, a column an element.

    as_of      the books as they stood at this seq: the old figures
    level      enterprise or region; both by default
    years      all with returns by default
    confirmed  only values that the firm confirmed
    silent     a unit of the register without a return of a year is a row of unknowns: it counts in the population

    Example    returns_frame(ledger, load_plan("mic2025"), as_of=vintages(ledger)[0].seq)
    """
    chosen = tuple(years) if years is not None else years_of(ledger, as_of)
    rows = standing(ledger, plan, as_of=as_of, years=chosen, engine=engine).filter(nw.col("used"))
    if confirmed:
        rows = rows.filter(nw.col("confirmed"))
    columns = {name: nw.when(nw.col("element") == name).then(nw.col("value")).otherwise(None) for name in plan.elements}
    wide = rows.with_columns(**columns).group_by("unit", "year").agg(*(nw.col(name).max() for name in columns))
    units = register(ledger, years=chosen, as_of=as_of, engine=engine)
    if level is not None:
        units = units.filter(nw.col("level") == level)
    wide = wide.rename({"unit": "w_unit", "year": "w_year"})
    both = units.join(wide, left_on=["unit", "year"], right_on=["w_unit", "w_year"], how="left" if silent else "inner")
    return canonical(both.with_columns(above_scale=nw.col("above_scale") == 1), plan)


def kin(ledger: Ledger, batch: Batch) -> list[str]:
    """Units of the batch, and those of their divisions in the register: the years of all of them judge it."""
    units = {str(one) for one in batch.units if one}
    years = sorted({int(one) for one in batch.years if one})
    table = pa.table(register(ledger, years=years).select("unit", "industry").collect("pyarrow").to_native())
    division = {one["unit"]: (one["industry"] or "")[:3] for one in table.to_pylist()} if years else {}
    said = zip(batch.column("industry"), batch.column("edition"), strict=True)
    wanted = {classified(*one)[0][:3] for one in {(str(code or ""), str(edition or "")) for code, edition in said}}
    wanted |= {division.get(unit, "") for unit in units}
    return sorted(units | {unit for unit, code in division.items() if code and code in wanted})


def history_of(
    ledger: Ledger, plan: TargetPlan, *, as_of: int | None = None, units: Sequence[str] | None = None
) -> Batch:
    """What units returned so far as a batch, for plausibility: values that are used.

    units  all by default
    """
    rows = standing(ledger, plan, as_of=as_of, units=units).filter(nw.col("used"))
    table = pa.table(rows.select("unit", "year", "element", "value").collect("pyarrow").to_native())
    years = sorted(set(table["year"].to_pylist()))
    keys: dict[tuple[str, int], int] = {}
    index = [keys.setdefault(key, len(keys)) for key in zip(table["unit"].to_pylist(), table["year"].to_pylist(),
                                                            strict=True)]  # fmt: skip
    values: dict[str, np.ndarray[Any, np.dtype[np.float64]]] = {}
    for at, element, value in zip(index, table["element"].to_pylist(), table["value"].to_pylist(), strict=True):
        values.setdefault(element, np.full(len(keys), np.nan))[at] = value
    names = np.full(len(keys), "", object)
    names[:] = [unit for unit, _ in keys]
    known = register(ledger, years=years, as_of=as_of).collect("pyarrow").to_native()
    told = {(one["unit"], one["year"]): one for one in pa.table(known).to_pylist()}
    columns = {}
    for name in ("industry", "size", "region", "name", "code"):
        columns[name] = np.full(len(keys), None, object)
        columns[name][:] = [told.get(key, {}).get(name) for key in keys]
    return Batch(names, np.array([year for _, year in keys], np.int64), values, columns)
