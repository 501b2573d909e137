"""Review of returns before they are taken: rules of the plan, doubles, codes, base years, plausibility.

Totals say what is left out and how much it matters: the share of rows, and of the plan's measure (its revenue).
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from luban.core.errors import InputError
from luban.norms.industry import from_older
from luban.norms.plans import TargetPlan
from luban.norms.regions import region, regions
from luban.rollup.returns.batch import Batch
from luban.rollup.returns.findings import Finding
from luban.rollup.returns.plausible import Limits, plausible
from luban.rollup.returns.rules import Settings, settings_of

__all__ = ["Review", "classified", "edition_of", "review"]

_EDITION: Final = "2017"
_OLDER: Final = "2011"
_SAME: Final = 3  # equal amounts from which two returns are one


@dataclass(frozen=True, slots=True)
class Review:
    """What was found, and what it leaves out.

    findings   errors first, then in the order of the rows
    rows       number of rows that came
    left_out   rows of which something is not used: an error, or a doubt that nobody has cleared
    share      of the measure that stands in these rows [1]; None where the measure is not known in any row
    measure    element of that share; "" where the plan names none
    """

    findings: tuple[Finding, ...]
    rows: int
    left_out: int
    share: float | None
    measure: str

    @property
    def counts(self) -> Mapping[tuple[str, str], int]:
        """How many of each (severity, code)."""
        return Counter((one.severity, one.code) for one in self.findings)

    def of(self, severity: str) -> tuple[Finding, ...]:
        """Findings of a severity."""
        return tuple(one for one in self.findings if one.severity == severity)

    def as_dict(self, most: int = 1000) -> dict[str, Any]:
        """The same for `--json` and REST; at most so many findings one by one."""
        return {
            "rows": self.rows, "left_out": self.left_out, "measure": self.measure, "share_left_out": self.share,
            "counts": [{"severity": severity, "code": code, "count": count}
                       for (severity, code), count in sorted(self.counts.items())],
            "findings": [one.as_dict() for one in self.findings[:most]],
        }  # fmt: skip


def review(
    batch: Batch, plan: TargetPlan, *, history: Batch | None = None, settings: Settings | None = None,
    limits: Limits | None = None, known: Mapping[tuple[str, int], tuple[str, str]] | None = None,
) -> Review:  # fmt: skip
    """Everything that is wrong, doubtful or worth a look.

    history   what the units returned before
    settings  rules of the plan; read from its folder by default
    known     who stands in the register, as `registered` has it
    Example   review(read_returns("returns.csv", plan), plan).counts
    """
    settings = settings_of(plan) if settings is None else settings
    found = [
        *batch.findings, *_rules(batch, settings), *_twice(batch), *_one_firm(batch),
        *_registered(batch, known or {}), *_codes(batch), *_regions(batch), *_base_years(batch, plan, history),
        *plausible(_at_present(batch), plan, history=history, limits=limits),
    ]  # fmt: skip
    order = {"error": 0, "doubt": 1, "note": 2}
    found.sort(key=lambda one: order[one.severity])
    used = {(one.unit, one.year) for one in found if one.severity != "note"}
    out = np.array([(u, y) in used for u, y in zip(batch.units, batch.years.tolist(), strict=True)], bool)
    return Review(tuple(found), len(batch), int(out.sum()), _share(batch, settings.measure, out), settings.measure)


def _share(batch: Batch, measure: str, out: Any) -> float | None:
    """Share of the measure in rows that are left out; a negative or shifted amount counts as it came."""
    if measure not in batch.values:
        return None
    size = np.abs(np.nan_to_num(batch.values[measure]))
    return float(size[out].sum() / size.sum()) if size.sum() > 0 else None


def _rules(batch: Batch, settings: Settings) -> Iterator[Finding]:
    for rule in settings.rules:
        left, right = rule.left.of(batch.values, len(batch)), rule.right.of(batch.values, len(batch))
        for row in np.flatnonzero(rule.fails(batch.values, len(batch))):
            more = {"left": _number(left[row]), "right": _number(right[row]), "name": rule.name.en}
            for element in rule.blames:
                value = batch.values[element][row] if element in batch.values else np.nan
                yield Finding("rule", rule.severity, batch.units[row], int(batch.years[row]), element, _number(value),
                              rule.said, batch.place(int(row), element), rule.id, more)  # fmt: skip


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _twice(batch: Batch) -> Iterator[Finding]:
    """Unit and year on two rows: with the same values a note; else nobody knows which is right."""
    first: dict[tuple[str, int], int] = {}
    told: set[int] = set()
    for row, key in enumerate(zip(batch.units.tolist(), batch.years.tolist(), strict=True)):
        before = first.setdefault(key, row)
        if before == row or not all(key):
            continue
        regions = {batch.said("region", one) for one in (before, row)} - {None}
        same = all(
            values[before] == values[row] or np.isnan([values[before], values[row]]).all()
            for values in batch.values.values()
        )
        code = "two regions" if len(regions) > 1 else "twice"
        more = {"other": batch.place(before, "")} | ({"regions": sorted(regions)} if len(regions) > 1 else {})
        expected = " / ".join(sorted(regions)) if len(regions) > 1 else batch.place(before, "")
        severity = "error" if len(regions) > 1 or not same else "note"
        yield Finding(code, severity, key[0], key[1], "", None, expected, batch.place(row, ""), "", more)  # type: ignore[arg-type]
        if severity == "error" and before not in told:
            told.add(before)
            more = more | {"other": batch.place(row, "")}
            if code == "twice":
                expected = batch.place(row, "")
            yield Finding(code, "doubt", key[0], key[1], "", None, expected, batch.place(before, ""), "", more)


def _plain(name: Any) -> str:
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", str(name or "")).casefold())


def _one_firm(batch: Batch) -> Iterator[Finding]:
    """Two ids that are one firm: one registered code, or equal amounts in one year; one name in two regions."""
    seen: dict[tuple[str, Any, int], int] = {}
    names = list(batch.values)
    table = np.vstack([batch.values[name] for name in names]).T if names else np.zeros((len(batch), 0))
    amounts = np.ascontiguousarray(np.where(np.isfinite(table), table, -1.0))
    telling = (np.isfinite(table) & (table != 0) & (table != 1)).sum(1)
    for row in range(len(batch)):
        unit, year = batch.units[row], int(batch.years[row])
        keys: list[tuple[str, Any]] = [("code", _plain(batch.said("code", row)))]
        if telling[row] >= _SAME:
            keys.append(("amounts", amounts[row].tobytes()))
        keys.append(("name", (_plain(batch.said("name", row)))))
        for by, key in keys:
            if not key:
                continue
            before = seen.setdefault((by, key, year), row)
            if batch.units[before] == unit:
                continue
            yield _double(batch, before, row, by)
            break


def _double(batch: Batch, before: int, row: int, by: str) -> Finding:
    regions = [str(batch.said("region", one) or "") for one in (before, row)]
    two = all(regions) and regions[0] != regions[1]
    more = {"other_unit": batch.units[before], "other": batch.place(before, ""), "by": by}
    more |= {"regions": regions} if two else {}
    expected = " / ".join([batch.units[before], *(regions if two else ())])
    # a name alone is no proof: branches and namesakes bear it too
    return Finding("two regions" if two else "same firm", "note" if by == "name" else "doubt", batch.units[row],
                   int(batch.years[row]), "", None, expected, batch.place(row, ""), "", more)  # fmt: skip


def _in_edition(code: str, edition: str) -> tuple[str, ...]:
    """What a code of an edition is at present; () where the edition has no such code."""
    for tried in (code, *(f"{section}{code}" for section in "BCD" if code.isdigit())):
        try:
            return from_older(tried, edition)
        except InputError:
            pass
    return ()


def _registered(batch: Batch, known: Mapping[tuple[str, int], tuple[str, str]]) -> Iterator[Finding]:
    """A firm that stands in the register under another id, by its registered code."""
    if "code" not in batch.register:
        return
    for row, code in enumerate(batch.register["code"]):
        year = int(batch.years[row])
        unit, there = known.get((str(code or ""), year), ("", ""))
        if unit and unit != batch.units[row]:
            here = str(batch.said("region", row) or there)
            two = bool(there) and here != there
            more = {"other_unit": unit, "other": "", "by": "code"} | ({"regions": [there, here]} if two else {})
            yield Finding("two regions" if two else "same firm", "doubt", batch.units[row], year, "", None,
                          unit, batch.place(row, ""), "", more)  # fmt: skip


def classified(code: str, edition: str = "") -> tuple[str, str]:
    """(code of the present classification, what is wrong): "" and nothing wrong where there is no code.

    edition  of the code; "" where the return does not say it: the present one is tried first
    What is wrong is "old code", "unknown code" or "".

    Example  classified("3421")[0] == "C3421"; classified("C3130", "2011")[0] == "C3391"
    """
    plain = code.strip().upper()
    if not plain:
        return "", ""
    newer, older = _in_edition(plain, _EDITION), _in_edition(plain, _OLDER)
    # an edition that does not have the code is not the one it is of, whatever the return says
    if newer and (edition != _OLDER or not older):
        return newer[0], ""
    if older:
        same = len(older) == 1 and older[0].endswith(plain)
        return (older[0] if len(older) == 1 else ""), ("" if same else "old code")
    return "", "unknown code"


def edition_of(batch: Batch) -> str:
    """Edition of the codes whose rows do not say it: the older one where some are only there.

    Many codes stand in both editions and mean something else: 3130 was casting and is rolling of steel.
    """
    rows = zip(batch.column("industry"), batch.column("edition"), strict=True)
    codes = {str(code).strip().upper() for code, edition in rows if code and not edition}
    newer = {code for code in codes if _in_edition(code, _EDITION)}
    older = {code for code in codes if _in_edition(code, _OLDER)}
    return _OLDER if older - newer and not newer - older else ""


def _at_present(batch: Batch) -> Batch:
    """The batch with codes of industries as the present classification has them: 3421 and C3421 are one."""
    if "industry" not in batch.register:
        return batch
    usual = edition_of(batch)
    said = [(str(code or ""), str(edition or usual))
            for code, edition in zip(batch.column("industry"), batch.column("edition"), strict=True)]  # fmt: skip
    present = {one: classified(*one)[0] or one[0] for one in set(said)}
    codes = np.array([present[one] for one in said], object)
    return replace(batch, register={**batch.register, "industry": codes})


def _codes(batch: Batch) -> Iterator[Finding]:
    if "industry" not in batch.register:
        return
    usual = edition_of(batch)
    known: dict[tuple[str, str], tuple[str, str]] = {}
    for row in range(len(batch)):
        code, edition = str(batch.said("industry", row) or ""), str(batch.said("edition", row) or usual)
        if (code, edition) not in known:
            known[code, edition] = classified(code, edition)
        newer, wrong = known[code, edition]
        if wrong:
            # a code that went into one code is that one; else the unit is in no industry until somebody says which
            severity = "note" if newer else "doubt"
            expected = f"{code} → {newer}" if newer else code
            yield Finding(wrong, severity, batch.units[row], int(batch.years[row]), "", None, expected,  # type: ignore[arg-type]
                          batch.place(row, ""), "", {"industry": code, "newer": newer})  # fmt: skip


def _regions(batch: Batch) -> Iterator[Finding]:
    """First-level regions that the country does not have, where they are known."""
    for row, path in enumerate(batch.column("region")):
        country, mark, _ = str(path or "").partition("/")
        if mark and regions(country) and region(str(path)) is None:
            yield Finding("unknown region", "note", batch.units[row], int(batch.years[row]), "", None, str(path),
                          batch.place(row, ""))  # fmt: skip


def _base_years(batch: Batch, plan: TargetPlan, history: Batch | None) -> Iterator[Finding]:
    """Units that returned what an indicator sets against a base year, and nothing for that year."""
    bases: dict[int, set[str]] = defaultdict(set)
    for one in plan.indicators.values():
        if one.base_year is not None:
            bases[one.base_year] |= set(one.definition.elements)
    for base, elements in sorted(bases.items()):
        known: set[str] = set()
        for part in (batch, history):
            for element in elements if part is not None else ():
                if element in part.values:  # type: ignore[union-attr]
                    rows = np.isfinite(part.values[element]) & (part.years == base)  # type: ignore[union-attr]
                    known.update(part.units[rows].tolist())  # type: ignore[union-attr]
        told: set[str] = set()
        some = np.zeros(len(batch), bool)
        for element in elements & batch.values.keys():
            some |= np.isfinite(batch.values[element])
        after = np.flatnonzero(some & (batch.years > base))
        units = len(set(batch.units[after].tolist()))
        if units > 1 and not known:  # nobody returned that year: said once
            yield Finding("no base year", "note", "", int(batch.years[after[0]]), "", None, str(base), "", "",
                          {"base_year": base, "units": units})  # fmt: skip
            continue
        for row in after:
            unit = batch.units[row]
            if unit not in known and unit not in told:
                told.add(unit)
                yield Finding("no base year", "note", unit, int(batch.years[row]), "", None, str(base),
                              batch.place(int(row), ""), "", {"base_year": base})  # fmt: skip
