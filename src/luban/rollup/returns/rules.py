"""Rules that a return obeys, as data of the plan: left side, operator, right side, tolerance.

    [[check]]
    id = "research-within-revenue"
    left = "rd_spend"
    operator = "<="
    right = "revenue"
    tolerance = 0.0          # of the larger side
    severity = "error"       # error, doubt, note
    blames = ["rd_spend"]    # elements that are not used where it fails; those of the left side by default
    name = ["…", "…", "…"]  # zh, en, ko

Reads   checks.toml of a plan's folder    Writes  nothing
Source  operators and missing values as DHIS2 has its validation rules (docs.dhis2.org, Validation rules): a rule with
        an unknown element is passed over; "both" is its compulsory pair, "either" its exclusive pair
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from luban.core.errors import ConfigError
from luban.norms.plans import TargetPlan, Text, read_file
from luban.norms.plans.fields import text_of
from luban.rollup.returns.findings import SEVERITIES, Severity

__all__ = ["OPERATORS", "Linear", "Rule", "Settings", "linear", "settings_of"]

Floats: TypeAlias = npt.NDArray[np.float64]
Bools: TypeAlias = npt.NDArray[np.bool_]

OPERATORS: Final = ("==", "!=", "<=", "<", ">=", ">", "both", "either")
"""both: both sides are known or neither; either: not both of them."""

FILE: Final = "checks.toml"
_COMPARE: Final[Mapping[str, Callable[[Floats, Floats, Floats], Bools]]] = {
    "==": lambda left, right, slack: np.abs(left - right) <= slack,
    "!=": lambda left, right, slack: np.abs(left - right) > slack,
    "<=": lambda left, right, slack: left <= right + slack,
    "<": lambda left, right, slack: left < right + slack,
    ">=": lambda left, right, slack: left >= right - slack,
    ">": lambda left, right, slack: left > right - slack,
}
_TERM: Final = re.compile(r"\s*([+-])?\s*(?:(\d+(?:\.\d+)?)\s*(?:\*\s*([a-z_]\w*))?|([a-z_]\w*))\s*")


@dataclass(frozen=True, slots=True)
class Linear:
    """A sum of elements with factors, and a number.

    terms  (factor, element)
    """

    terms: tuple[tuple[float, str], ...]
    number: float = 0.0

    def of(self, values: Mapping[str, Floats], length: int) -> Floats:
        """The sum row by row, shape (n,); nan where an element is not known."""
        total = np.full(length, self.number)
        for factor, element in self.terms:
            total = total + factor * values[element] if element in values else np.full(length, np.nan)
        return total

    def formula(self, cells: Mapping[str, str]) -> str:
        """The same as a spreadsheet writes it. Example "C7+C8-2*C9"."""
        parts = [
            f"{'-' if factor < 0 else '+'}{_factor(abs(factor))}{cells[element]}" for factor, element in self.terms
        ]
        if self.number or not parts:
            parts.append(f"{self.number:+g}")
        return "".join(parts).removeprefix("+")


def _factor(size: float) -> str:
    return "" if size == 1 else f"{size:g}*"


def linear(text: str, *, where: str = "") -> Linear:
    """A side of a rule. Raises ConfigError.

    Example  linear("energy + 2*water - 5") == Linear(((1.0, "energy"), (2.0, "water")), -5.0)
    """
    terms: list[tuple[float, str]] = []
    number, at = 0.0, 0
    while at < len(text) or not at:
        found = _TERM.match(text, at)
        if found is None or found.end() == at or (at and found[1] is None):
            expected = "elements and numbers joined by + and -, e.g. waste_generated + 0.5 * output"
            raise ConfigError("a side of a rule cannot be read", came=text, expected=expected, where=where)
        factor = (-1.0 if found[1] == "-" else 1.0) * float(found[2] or 1)
        element = found[3] or found[4]
        if element:
            terms.append((factor, element))
        else:
            number += factor
        at = found.end()
    return Linear(tuple(terms), number)


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of the plan.

    tolerance  share of the larger side by which it may be missed
    blames     elements that are not used where it fails
    """

    id: str
    left: Linear
    operator: str
    right: Linear
    tolerance: float
    severity: Severity
    blames: tuple[str, ...]
    name: Text

    @property
    def elements(self) -> tuple[str, ...]:
        """Elements of both sides, each once."""
        return tuple(dict.fromkeys(element for _, element in (*self.left.terms, *self.right.terms)))

    def fails(self, values: Mapping[str, Floats], length: int) -> Bools:
        """Rows in which it does not hold, shape (n,); one with an unknown element holds.

        values  by element, shape (n,); nan where it is not known
        """
        left, right = self.left.of(values, length), self.right.of(values, length)
        here, there = np.isfinite(left), np.isfinite(right)
        if self.operator in ("both", "either"):
            return here != there if self.operator == "both" else here & there
        slack = self.tolerance * np.maximum(np.abs(left), np.abs(right))
        with np.errstate(invalid="ignore"):
            return here & there & ~_COMPARE[self.operator](left, right, slack)

    def formula(self, cells: Mapping[str, str]) -> str:
        """The rule as a condition of a spreadsheet; a rule with an empty cell holds.

        cells  element → its cell
        """
        used = [cells[element] for element in self.elements]
        if self.operator in ("both", "either"):
            left, right = (f"COUNT({','.join(cells[element] for _, element in side.terms)})>0"
                           for side in (self.left, self.right))  # fmt: skip
            return f"({left})=({right})" if self.operator == "both" else f"NOT(AND({left},{right}))"
        left, right = f"({self.left.formula(cells)})", f"({self.right.formula(cells)})"
        slack = f"{self.tolerance:g}*MAX(ABS({left}),ABS({right}))"
        compared = {
            "==": f"ABS({left}-{right})<={slack}", "!=": f"ABS({left}-{right})>{slack}",
            "<=": f"{left}<={right}+{slack}", "<": f"{left}<{right}+{slack}",
            ">=": f"{left}>={right}-{slack}", ">": f"{left}>{right}-{slack}",
        }[self.operator]  # fmt: skip
        return f"OR(COUNT({','.join(used)})<{len(used)},{compared})"

    @property
    def said(self) -> str:
        """Left side, operator and right side. Example "rd_spend <= revenue"."""
        names = {element: element for element in self.elements}
        return f"{self.left.formula(names)} {self.operator} {self.right.formula(names)}"


@dataclass(frozen=True, slots=True)
class Settings:
    """What a plan says about its returns.

    measure  element that a unit's size is told in; "" where there is none
    rules    in the order of the file
    own      element → figure of a plant's own books that fills it
    """

    measure: str
    rules: tuple[Rule, ...]
    own: Mapping[str, str]


def settings_of(plan: TargetPlan) -> Settings:
    """Rules and further settings of a plan; none where its folder has no checks.toml.

    Raises   ConfigError with file and rule
    Example  settings_of(load_plan("mic2025")).measure == "revenue"
    """
    data, where = read_file(plan, FILE), f"{plan.id}/{FILE}"
    if unknown := sorted(set(data) - {"measure", "check", "own", "reference"}):
        raise ConfigError("unknown key", came=", ".join(unknown), expected="measure, check, own", where=where)
    rules = tuple(_rule(entry, plan, where) for entry in data.get("check", ()))
    ids = [rule.id for rule in rules]
    if twice := sorted({one for one in ids if ids.count(one) > 1}):
        raise ConfigError("a rule stands twice", came=", ".join(twice), where=where)
    measure, own = str(data.get("measure", "")), dict(data.get("own", {}))
    _known((*([measure] if measure else []), *own), plan, where)
    return Settings(measure, rules, own)


def _known(elements: tuple[str, ...], plan: TargetPlan, where: str) -> None:
    if unknown := [one for one in elements if one not in plan.elements]:
        raise ConfigError(
            "the plan has no such element", came=", ".join(unknown), expected=", ".join(plan.elements), where=where
        )


def _rule(entry: Mapping[str, Any], plan: TargetPlan, where: str) -> Rule:
    here = f"{where} [[check]] {entry.get('id', '?')}"
    try:
        left, right = (linear(str(entry.get(side, "0")), where=f"{here} {side}") for side in ("left", "right"))
        operator, severity = entry["operator"], entry.get("severity", "error")
        name = text_of(entry["name"], here)
        tolerance, rule_id = float(entry.get("tolerance", 0.0)), str(entry["id"])
    except (KeyError, TypeError, ValueError) as error:
        expected = "id, left, operator, right, name in zh, en and ko"
        raise ConfigError("a rule is not whole", came=str(error), expected=expected, where=here) from None
    for value, known in ((operator, OPERATORS), (severity, SEVERITIES)):
        if value not in known:
            raise ConfigError("unknown word in a rule", came=str(value), expected=", ".join(known), where=here)
    if not 0 <= tolerance < 1:
        raise ConfigError("a tolerance is a share", came=f"{tolerance:g}", expected="0 … 1", where=here)
    blames = tuple(entry.get("blames", (element for _, element in left.terms)))
    rule = Rule(rule_id, left, operator, right, tolerance, severity, blames, name)
    _known((*rule.elements, *blames), plan, here)
    return rule
