"""Sampling plans by attributes of MIL-STD-105E, worked out from the standard's own staircase."""

from __future__ import annotations

import bisect
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Literal

from luban.core.errors import ConfigError, InputError
from luban.norms.dated import Dated, entries, read

__all__ = [
    "KINDS", "LETTERS", "LEVELS", "SEVERITIES", "Kind", "Severity", "SwitchingRule", "TablePlan", "aql_steps",
    "code_letter", "limit_number", "switching_rules", "table_plan",
]  # fmt: skip

Severity = Literal["normal", "tightened", "reduced"]
Kind = Literal["single", "double", "multiple"]

LETTERS: Final = "ABCDEFGHJKLMNPQRS"
"""Code letters by sample size; S stands only in the tables of tightened inspection."""
LEVELS: Final = ("S-1", "S-2", "S-3", "S-4", "I", "II", "III")
"""Inspection levels from the smallest sample to the largest."""
SEVERITIES: Final[tuple[Severity, ...]] = ("normal", "tightened", "reduced")
"""How strictly a lot is inspected."""
KINDS: Final[tuple[Kind, ...]] = ("single", "double", "multiple")
"""How many samples a plan may take: one, two, seven."""

_FILE = "sampling/mil_std_105e.toml"
_LAST_LETTER = 15


@dataclass(frozen=True, slots=True)
class TablePlan:
    """A plan as the tables give it.

    letter   code letter that was asked for
    used     letter of the plan, where arrows lead
    kind     kind of the plan; simpler than the kind asked for where the table refers to a simpler one
    size     pieces in each sample
    numbers  (acceptance, rejection) number after each sample, accumulated; acceptance -1: cannot accept yet
    """

    letter: str
    used: str
    severity: Severity
    kind: Kind
    aql: str
    size: int
    numbers: tuple[tuple[int, int], ...]
    provenance: Dated


@dataclass(frozen=True, slots=True)
class SwitchingRule:
    """One number of the switching rules, with where it stands."""

    value: int
    provenance: Dated


@cache
def _data() -> dict[str, Any]:
    return read(_FILE)


@cache
def _table(kind: str) -> Mapping[str, tuple[dict[str, Any], Dated]]:
    return {name: (entry, provenance) for name, entry, provenance in entries(_data(), kind, _FILE)}


@cache
def aql_steps() -> tuple[str, ...]:
    """The AQLs of the tables as they are printed [% or nonconformities per 100 pieces]."""
    return tuple(_table("aql")["steps"][0]["values"])


def code_letter(lot: int, level: str = "II") -> str:
    """Code letter of a lot.

    lot      pieces in the lot, from 2
    level    one of LEVELS
    Raises   InputError: lot below 2, unknown level
    Source   MIL-STD-105E, Table I
    Example  code_letter(100) == "F"
    """
    if lot < 2:
        raise InputError(
            "a lot for sampling has at least 2 pieces", came=str(lot), hint="inspect a single piece itself"
        )
    if level not in LEVELS:
        raise InputError("unknown inspection level", came=repr(level), expected=", ".join(LEVELS))
    row = bisect.bisect_right(_table("lots")["smallest"][0]["values"], lot) - 1
    return str(_table("level")[level][0]["letters"][row])


def table_plan(letter: str, aql: float | str, severity: Severity = "normal", kind: Kind = "single") -> TablePlan:
    """The plan of a code letter and an AQL, arrows followed.

    letter    A to R
    aql       one of the AQLs of the tables [% or nonconformities per 100 pieces]
    severity  normal, tightened, reduced
    kind      single, double, multiple; where the table has none for the letter, the next simpler kind is given
    Raises    InputError for a letter, an AQL, a severity or a kind that the tables do not have
    Source    MIL-STD-105E, Tables II to IV
    Example   table_plan("F", 1.0).size == 13 and table_plan("F", 1.0).numbers == ((0, 1),)
    """
    if len(letter) != 1 or letter not in LETTERS[: _LAST_LETTER + 1]:
        raise InputError("unknown code letter", came=repr(letter), expected="A to R without I and O")
    if severity not in SEVERITIES:
        raise InputError("unknown severity of inspection", came=repr(severity), expected=", ".join(SEVERITIES))
    if kind not in KINDS:
        raise InputError("unknown kind of sampling", came=repr(kind), expected=", ".join(KINDS))
    column = _column(aql)
    row, step = _follow(LETTERS.index(letter), column, severity)
    for offered in KINDS[: KINDS.index(kind) + 1][::-1]:
        sizes, provenance = _table("sizes")[f"{offered}_{severity}"]
        numbers = step.get(offered)
        if numbers and sizes["values"][row]:
            listed = tuple((int(accept), int(reject)) for accept, reject in numbers)
            printed = aql_steps()[column]
            return TablePlan(letter, LETTERS[row], severity, offered, printed, sizes["values"][row], listed, provenance)
    raise ConfigError("the tables have no plan here", came=f"{letter}, AQL {aql}, {severity}", where=_FILE)


def limit_number(units: int, aql: float | str) -> int | None:
    """Most nonconforming pieces in the samples of the last lots that still allow reduced inspection.

    units    pieces in those samples, all together
    aql      one of the AQLs of the tables [% or nonconformities per 100 pieces]
    Returns  None where there are too few pieces for this AQL: take more lots
    Source   MIL-STD-105E, Table VIII (rows up to 31500 pieces; more pieces count as 31500)
    Example  limit_number(800, 1.0) == 4
    """
    printed = aql_steps()[_column(aql)]
    rows = _table("limit")["rows"][0]
    at = bisect.bisect_right(rows["units"], units) - 1
    if at < 0:
        return None
    cell = f"{rows['units'][at]}/{printed}"
    exceptions: Mapping[str, int] = _table("limit")["printed"][0]["cells"]
    if cell in exceptions:
        return exceptions[cell]
    expected = rows["size"][at] * 10 * float(printed) / 100
    found = math.floor(expected - _table("limit")["quantile"][0]["value"] * math.sqrt(expected) + 1e-9)
    return found if found >= 0 else None


@cache
def switching_rules() -> Mapping[str, SwitchingRule]:
    """Numbers of the switching rules: tighten_lots, tighten_rejected, relax_accepted, reduce_lots, stop_rejected."""
    return {name: SwitchingRule(entry["value"], where) for name, (entry, where) in _table("switching").items()}


def _column(aql: float | str) -> int:
    steps = aql_steps()
    try:
        wanted = float(aql)
    except ValueError:
        wanted = math.nan
    for index, step in enumerate(steps):
        if math.isclose(wanted, float(step), rel_tol=1e-9):
            return index
    near = min(steps, key=lambda step: abs(math.log(float(step) / wanted))) if wanted > 0 else ""
    raise InputError(
        "the tables have no such AQL", came=str(aql), expected=", ".join(steps),
        hint=f"the nearest is {near}; for any other quality ask for a plan of your own risks" if near else "",
    )  # fmt: skip


def _follow(row: int, column: int, severity: Severity) -> tuple[int, Mapping[str, Any]]:
    """Row of the plan and its numbers, from a cell on along the arrows."""
    heading = 0
    last = len(_table("sizes")[f"single_{severity}"][0]["values"]) - 1
    if isinstance(_cell(last, column, severity), str):  # the letter S of tightened inspection has one plan only
        last = _LAST_LETTER
    while True:
        found = _cell(row, column, severity)
        if not isinstance(found, str):
            return row, found
        if not heading or 0 <= row + (1 if found == "down" else -1) <= last:
            heading = 1 if found == "down" else -1
        if not 0 <= row + heading <= last:
            heading = -heading
        row += heading


def _cell(row: int, column: int, severity: Severity) -> str | Mapping[str, Any]:
    """What stands in a cell: "up", "down", or the numbers of its step."""
    letter, aql = LETTERS[row], aql_steps()[column]
    if severity == "reduced" and letter in _table("instead"):
        own = _table("instead")[letter][0]
        index = column - aql_steps().index(own["first"])
        if index >= 0:
            return {"single": [own["steps"][index]]}
    ladder = _table("ladder")[severity][0]
    if f"{letter}/{aql}" in ladder["absent"]:
        return "down"
    steps = ladder["steps"] + (ladder["wide"] if letter in ladder["wide_letters"] else [])
    index = row + column - ladder["first"]
    if index < 0:
        return "down"
    if index >= len(steps):
        return "up"
    step: str = steps[index]
    return step if step in {"up", "down"} else _table("numbers")[step][0]
