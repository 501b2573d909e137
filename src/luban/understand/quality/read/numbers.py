"""From a cell to a number: decimal commas, thousands, units behind the number, and why a cell holds none."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from typing import Any, Final

import numpy as np

from luban.core.errors import UnitError
from luban.core.units import parse_unit
from luban.understand.quality.data import Floats

__all__ = ["EMPTY", "Formula", "decimal_comma", "is_number", "number_of", "plain_numbers", "text_of"]

EMPTY: Final = frozenset(
    {
        "",
        "na",
        "n/a",
        "#n/a",
        "null",
        "none",
        "-",
        "--",
        "—",
        "–",
        "?",
        ".",
        "missing",
        "无",
        "缺失",
        "缺",
        "없음",
        "결측",
    }
)
"""What people write where there is no value."""

_PLAIN = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\Z")
_ALL_PLAIN = re.compile(r"(?:[+-]?(?:\d++\.?+\d*+|\.\d++)(?:[eE][+-]?\d++)?+\n)*+")
_WITH_UNIT = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*([^\d\s.,+\-][^\s]*)\Z")
_COMMA = re.compile(r"[+-]?\d+,\d+(?:[eE][+-]?\d+)?(?:\s*[^\d\s.,+\-][^\s]*)?\Z")
_BOTH = re.compile(r"[+-]?\d{1,3}(?:\.\d{3})+,\d+")
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d*)?(?=\D*\Z)")
_GROUPS = re.compile(r"(?<=\d)[\u00a0\u202f' ](?=\d{3}(?:\D|\Z))")


class Formula(str):
    """A formula whose value the workbook does not hold: nobody has calculated it."""

    __slots__ = ()


def text_of(cell: Any) -> str:
    """A cell as a person reads it: 3.0 of a workbook is 3."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.isoformat(" ")
    return str(cell).strip()


def decimal_comma(cells: Iterable[Any], delimiter: str) -> bool:
    """Whether the numbers of a column are written with a decimal comma.

    delimiter  between the fields of the file. Where it is a comma, 1,234 in quotes is read as thousands; elsewhere
               a single comma is the decimal mark, and 1,234,567 or 1,234.5 are thousands
    Example    decimal_comma(["1,5", "2,25"], ";")
    """
    with_comma = [text for cell in cells if isinstance(cell, str) and "," in (text := cell.strip())]
    if not with_comma:
        return False
    if any(_BOTH.match(text) for text in with_comma):
        return True
    if all(_THOUSANDS.match(text) for text in with_comma):
        return delimiter not in {",", ""} and all(text.count(",") == 1 and "." not in text for text in with_comma)
    return any(_COMMA.match(text) for text in with_comma)


def is_number(cell: Any) -> bool:
    """Whether a cell holds a finite number in any writing, also with a unit behind it."""
    if isinstance(cell, str):
        text = cell.strip()
        if _PLAIN.match(text):
            return True
        return number_of(text, comma=bool(_COMMA.match(text) or _BOTH.match(text)))[0] is not None
    return number_of(cell)[0] is not None


def plain_numbers(cells: Sequence[Any]) -> Floats | None:
    """All cells as numbers where each is one in its plainest writing; else None. Shape (n,)."""
    kinds = set(map(type, cells))
    if kinds <= {float, int}:
        values = np.array(cells, np.float64)
        return values if bool(np.isfinite(values).all()) else None
    if kinds != {str} or not _ALL_PLAIN.fullmatch("\n".join([*cells, ""])):
        return None
    values = np.array(list(map(float, cells)), np.float64)
    return values if bool(np.isfinite(values).all()) else None


def number_of(cell: Any, *, comma: bool = False) -> tuple[float | None, str, str]:
    """(number, unit behind it, reason why there is none); finite, or None with the reason.

    comma    numbers are written with a decimal comma
    Example  number_of("12,5 mm", comma=True) == (12.5, "mm", "")
    """
    if isinstance(cell, str):
        text = cell.strip()
        if not comma and _PLAIN.match(text):
            return _finite(float(text))
        return _from_text(cell, text, comma)
    if cell is None:
        return None, "", "no value"
    if isinstance(cell, bool):
        return None, "", "true or false instead of a number"
    if isinstance(cell, datetime | date | time):
        return None, "", "a date or time instead of a number"
    try:
        return _finite(float(cell))
    except (TypeError, ValueError, OverflowError):
        return None, "", "not a number"


def _from_text(cell: str, text: str, comma: bool) -> tuple[float | None, str, str]:
    if isinstance(cell, Formula):
        return None, "", "a formula without a stored value: calculate and save the workbook"
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text.replace("−", "-")).replace("，", ",").strip()
    if text.casefold() in EMPTY:
        return None, "", "no value"
    if text.casefold() in {"nan", "inf", "+inf", "-inf", "infinity", "-infinity"}:
        return None, "", "NaN or infinity instead of a number"
    if text.startswith("#"):
        return None, "", "an error of the workbook instead of a number"
    if text[0] in "<>≤≥~":
        return None, "", "a bound, not a measured value"
    text = _GROUPS.sub("", text)
    if comma:
        text = text.replace(".", "").replace(",", ".") if "," in text else text
    elif _THOUSANDS.match(text):
        text = text.replace(",", "")
    if _PLAIN.match(text):
        return _finite(float(text))
    found = _WITH_UNIT.match(text)
    if found:
        try:
            return _finite(float(found[1]), parse_unit(found[2]).symbol)
        except UnitError:
            return None, "", "text behind a number that is no known unit"
    return None, "", "text instead of a number"


def _finite(number: float, unit: str = "") -> tuple[float | None, str, str]:
    return (number, unit, "") if math.isfinite(number) else (None, "", "NaN or infinity instead of a number")
