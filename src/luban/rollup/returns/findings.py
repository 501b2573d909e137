"""What is wrong, doubtful or worth a look in returns: each named with unit, year, element and place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

from luban.core.quality import Quality

__all__ = ["CODES", "SEVERITIES", "Finding", "Severity", "quality_of"]

Severity: TypeAlias = Literal["error", "doubt", "note"]

SEVERITIES: Final = ("error", "doubt", "note")
"""error: the value is in no indicator; doubt: not before the firm confirms it; note: it counts, and somebody looks."""

CODES: Final[Mapping[str, str]] = {
    "rule": "a rule of the plan does not hold",
    "not a number": "the cell holds no number",
    "unit": "the unit does not convert to the one of the element",
    "unknown name": "the plan has no element of that name",
    "no unit": "the row does not say which unit or year it is about",
    "register": "a field of the register cannot be read",
    "twice": "unit and year stand twice",
    "same firm": "one firm under two ids",
    "two regions": "one firm in two regions",
    "shift": "off by a power of ten",
    "jump": "far from the firm's own years before",
    "apart": "far from firms of its kind",
    "repeated": "every amount is that of the year before",
    "old code": "code of an older classification",
    "unknown code": "code of no classification",
    "unknown region": "a region that its country does not have",
    "no base year": "nothing was returned for the base year",
}
"""Kinds of finding, and what they say."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding.

    code      one of CODES
    severity  one of SEVERITIES
    element   "" where it is about the whole row
    value     what came; None where it is not about a number
    expected  what would be right
    place     file and line, or cell
    rule      id of the plan's rule, of code "rule"
    more      further fields by code: factor and share of peers of a shift, the other unit of a double, …
    """

    code: str
    severity: Severity
    unit: str
    year: int
    element: str = ""
    value: float | None = None
    expected: str = ""
    place: str = ""
    rule: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """What is wrong, in one English sentence without unit and place; screens translate it."""
        return f"{CODES[self.code]}: {self.expected}" if self.expected else CODES[self.code]

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json` and REST."""
        told = {name: getattr(self, name) for name in self.__slots__ if name != "more"}
        return {key: one for key, one in told.items() if one not in ("", None)} | dict(self.more) | {"text": self.text}


_QUALITY: Final = {"shift": Quality.WRONG_UNIT, "twice": Quality.DUPLICATE, "same firm": Quality.DUPLICATE,
                   "two regions": Quality.DUPLICATE, "rule": Quality.OUT_OF_RANGE}  # fmt: skip


def quality_of(finding: Finding) -> Quality:
    """Quality code of a value with that finding; good for a note.

    Example  quality_of(Finding("jump", "note", "f1", 2020)) is Quality.GOOD
    """
    if finding.severity == "note":
        return Quality.GOOD
    return Quality.UNCERTAIN if finding.severity == "doubt" else _QUALITY.get(finding.code, Quality.BAD)
