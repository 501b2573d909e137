"""Taking returns into the books: reviewed, in units of the plan, a revision as a fact that supersedes the old one.

Reads   what stands of the returns, the register    Writes  nothing itself: rows for a spool or a writer
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import pyarrow as pa

from luban.core.quality import Quality
from luban.core.time import now
from luban.ledger import Ledger
from luban.norms.plans import TargetPlan
from luban.rollup.returns.batch import REGISTER, Batch
from luban.rollup.returns.books import history_of, kin, register, registered, standing, year_end
from luban.rollup.returns.findings import Finding, quality_of
from luban.rollup.returns.form import form_of
from luban.rollup.returns.review import Review, classified, edition_of, review

__all__ = ["Taken", "take"]

Columns: TypeAlias = dict[str, list[Any]]

_RETURN: Final = (
    "time", "subject", "element", "year", "value", "measured_in", "method", "form", "quality", "text", "evidence",
    "supersedes",
)  # fmt: skip
_ENTERPRISE: Final = ("time", "subject", *REGISTER)
_ROW: Final = ("twice", "two regions", "no unit")  # an error of the whole row: it is not taken


@dataclass(frozen=True, slots=True)
class Taken:
    """Rows for the books, and what was found on the way.

    enterprise  of the stream `enterprise`: units that are new, or of which something else is said now
    returns     of the stream `return`
    new, revised, same  values: not there before, another than before, as before (not written again)
    unknown     elements whose value is not known, with the reason
    refused     rows that are not taken: without unit or year, or the second of a double
    doubtful    values in the books that are in no indicator until the firm confirms them; bad: not at all
    """

    enterprise: Columns
    returns: Columns
    review: Review
    new: int
    revised: int
    same: int
    unknown: int
    refused: int
    doubtful: int
    bad: int

    def parts(self) -> tuple[tuple[str, Columns], ...]:
        """(stream, rows) for the ledger, without empty ones."""
        both = (("enterprise", self.enterprise), ("return", self.returns))
        return tuple((stream, rows) for stream, rows in both if rows["subject"])

    def as_dict(self, most: int = 1000) -> dict[str, Any]:
        """The same for `--json` and REST."""
        names = ("new", "revised", "same", "unknown", "refused", "doubtful", "bad")
        return {name: getattr(self, name) for name in names} | {
            "units_written": len(self.enterprise["subject"]), "review": self.review.as_dict(most),
        }  # fmt: skip


def take(
    ledger: Ledger, plan: TargetPlan, batch: Batch, *, method: str = "returned",
    evidence: Mapping[tuple[int, str], Any] | None = None, time: int | None = None,
) -> Taken:  # fmt: skip
    """Review a batch against the books, and make the facts of it.

    method    how the values came: returned, own books, estimated
    evidence  (row, element) → what it rests on, as JSON takes it
    time      of the facts [µs UTC]; now by default

    Example   for stream, rows in take(ledger, plan, batch).parts(): writer.append(stream, rows, source="returns")
    """
    units = sorted({str(unit) for unit in batch.units if unit})
    years = sorted({int(year) for year in batch.years if year})
    known = registered(ledger, years) if years else {}
    found = review(batch, plan, history=history_of(ledger, plan, units=kin(ledger, batch)), known=known)
    doubts = _by_cell(found.findings, batch)
    refused = {row for row in range(len(batch)) if not batch.units[row] or not batch.years[row]}
    refused |= {one_row for (one_row, element), worst in doubts.items()
                if not element and worst.severity == "error" and worst.code in _ROW}  # fmt: skip
    maker = _Maker(plan, batch, doubts, _standing(ledger, plan, units), method, evidence or {},
                   now() if time is None else time)  # fmt: skip
    for row in range(len(batch)):
        if row not in refused:
            maker.row(row)
    enterprise = _register_rows(ledger, batch, refused)
    return Taken(enterprise, maker.rows, found, maker.new, maker.revised, maker.same, maker.unknown, len(refused),
                 maker.doubtful, maker.bad)  # fmt: skip


def _by_cell(findings: tuple[Finding, ...], batch: Batch) -> dict[tuple[int, str], Finding]:
    """(row, element or "") → the worst finding that touches the value."""
    rows: dict[tuple[str, int], list[int]] = defaultdict(list)
    for row, key in enumerate(zip(batch.units.tolist(), batch.years.tolist(), strict=True)):
        rows[key].append(row)
    worst: dict[tuple[int, str], Finding] = {}
    for one in findings:  # errors come first
        if one.code in ("old code", "unknown code", "register") or one.severity == "note":
            continue
        many = rows.get((one.unit, one.year), [])
        at = many if len(many) < 2 else [row for row in many if batch.place(row, one.element) == one.place] or many
        for row in at:
            worst.setdefault((row, one.element), one)
    return worst


def _standing(ledger: Ledger, plan: TargetPlan, units: list[str]) -> dict[tuple[str, str, int], Mapping[str, Any]]:
    names = ("unit", "element", "year", "value", "quality", "text", "seq", "confirmed")
    rows = standing(ledger, plan, units=units).select(*names).collect("pyarrow").to_native()
    return {(one["unit"], one["element"], one["year"]): one for one in pa.table(rows).to_pylist()}


class _Maker:
    """Makes the rows of the stream `return`."""

    def __init__(
        self, plan: TargetPlan, batch: Batch, doubts: Mapping[tuple[int, str], Finding],
        known: Mapping[tuple[str, str, int], Mapping[str, Any]], method: str, evidence: Mapping[tuple[int, str], Any],
        time: int,
    ) -> None:  # fmt: skip
        self.rows: Columns = {name: [] for name in _RETURN}
        self.new = self.revised = self.same = self.unknown = self.doubtful = self.bad = 0
        self._plan, self._batch, self._doubts, self._known = plan, batch, doubts, known
        self._method, self._evidence, self._time = method, evidence, time
        self._form = {level: form_of(plan, level).name for level in ("enterprise", "region")}
        self._reasons: dict[int, dict[str, str]] = defaultdict(dict)
        for (row, element), why in batch.reasons.items():
            self._reasons[row][element] = why

    def row(self, row: int) -> None:
        """All elements of a row."""
        reasons = self._reasons.get(row, {})
        for element, values in self._batch.values.items():
            if values[row] == values[row]:
                self._put(row, element, float(values[row]), reasons.pop(element, ""))
        for element, why in reasons.items():
            self._put(row, element, None, why)
            self.unknown += 1

    def _put(self, row: int, element: str, value: float | None, why: str) -> None:
        unit, year = str(self._batch.units[row]), int(self._batch.years[row])
        doubt = self._doubts.get((row, element)) or self._doubts.get((row, ""))
        quality = Quality.GOOD if doubt is None else quality_of(doubt)
        text = why or ("" if doubt is None else doubt.text)
        before = self._known.get((unit, element, year))
        if before is not None and before["value"] == value:
            told = before["quality"] == quality and (before["text"] or "") == text
            if told or (before["confirmed"] and not quality.is_bad):
                self.same += 1
                return
        self.new += before is None
        self.revised += before is not None
        self.bad += quality.is_bad
        self.doubtful += not quality.is_bad and not quality.is_good
        own = self._plan.elements[element]
        evidence = self._evidence.get((row, element))
        told_evidence = None if evidence is None else json.dumps(evidence, ensure_ascii=False, sort_keys=True)
        cells = (
            self._time, unit, element, year, value, own.unit, self._method, self._form[own.level], int(quality),
            text or None, told_evidence, None if before is None else before["seq"],
        )  # fmt: skip
        for name, cell in zip(_RETURN, cells, strict=True):
            self.rows[name].append(cell)


def _register_rows(ledger: Ledger, batch: Batch, refused: set[int]) -> Columns:
    """Rows of the register that say something new; from the first day of the return's year on."""
    years = sorted({int(year) for year in batch.years if year})
    known = pa.table(register(ledger, years=years).collect("pyarrow").to_native()).to_pylist() if years else []
    state = {(one["unit"], one["year"]): one for one in known}
    last: dict[str, dict[str, Any]] = {}
    edition = edition_of(batch)
    rows: Columns = {name: [] for name in _ENTERPRISE}
    for row in sorted(set(range(len(batch))) - refused, key=lambda one: (batch.units[one], batch.years[one])):
        unit, year = str(batch.units[row]), int(batch.years[row])
        since = year_end(year - 1)
        candidates = [one for one in (state.get((unit, year)), last.get(unit)) if one is not None]
        before = max(candidates, key=lambda one: one["since"], default=None)  # of two of a day, what the books say
        told = _said(batch, row, before, edition)
        if before is not None and all(before[name] == told[name] for name in REGISTER):
            continue
        last[unit] = told | {"since": since}
        rows["time"].append(since)
        rows["subject"].append(unit)
        for name in REGISTER:
            rows[name].append(told[name])
    return rows


def _said(batch: Batch, row: int, before: Mapping[str, Any] | None, edition: str) -> dict[str, Any]:
    """A row of the register: what this row says, else what was known."""
    given = {name: batch.said(name, row) for name in REGISTER}
    if given["industry"]:
        code = str(given["industry"])
        given["industry"], given["edition"] = classified(code, str(given["edition"] or edition))[0] or None, "2017"
    usual = {"level": "enterprise", "region": "", "weight": 1.0}
    told = {name: given[name] if given[name] is not None else (before or usual).get(name) for name in REGISTER}
    if "weight" in batch.register:
        told["weight"] = given["weight"]  # an empty cell of a column of weights: not in the sample
    above = told["above_scale"]
    told["above_scale"] = None if above is None else int(bool(above))
    return told
