"""Amounts as returns write them: 万元, 亿元, 10⁴ t, thousand CNY, and their factor to the unit of the element."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from luban.core.errors import UnitError
from luban.core.units import convert, parse_unit

__all__ = ["SHIFTS", "amount", "scale_of"]

_SCALES: Final = {
    "thousand": 3, "million": 6, "billion": 9,
    "千": 3, "万": 4, "萬": 4, "百万": 6, "千万": 7, "亿": 8, "億": 8, "十亿": 9, "万亿": 12,
    "천": 3, "만": 4, "백만": 6, "천만": 7, "억": 8, "조": 12,
}  # fmt: skip
_SCALE: Final = re.compile("(" + "|".join(sorted(_SCALES, key=len, reverse=True)) + r")\s*(\S.*)\Z", re.IGNORECASE)
_POWER: Final = re.compile(r"(?:10\^?|1e)([0-9⁰¹²³⁴⁵⁶⁷⁸⁹]+)\s*(\S.*)\Z", re.IGNORECASE)
_DIGITS: Final = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")

SHIFTS: Final = (3, 4, 8)
"""Powers of ten by which amounts are mistaken for one another: 千元, 万元 or 亿元 for 元; 亿元 for 万元."""


@lru_cache(maxsize=1024)
def scale_of(text: str) -> tuple[int, str]:
    """(power of ten, plain unit) of a unit as statistics write it.

    Example  scale_of("万元") == scale_of("10⁴ CNY")[:1] + ("元",)
    """
    plain = text.strip().replace("위안", "CNY").replace("人民币", "CNY")
    found = _POWER.match(plain)
    if found:
        return int(found[1].translate(_DIGITS)), found[2]
    found = _SCALE.match(plain)
    return (_SCALES[found[1].lower()], found[2]) if found else (0, plain)


def amount(value: float, unit: str, target: str) -> float:
    """A value of one unit in another.

    Raises   UnitError where the two measure different things, or one is not known
    Example  amount(2.0, "亿元", "10⁴ CNY") == 20000.0
    """
    if unit.strip() == target.strip():
        return value
    here, plain = scale_of(unit)
    there, wanted = scale_of(target)
    if plain != wanted:
        try:
            value = convert(value, parse_unit(plain), parse_unit(wanted))
        except UnitError as error:
            raise UnitError("units do not convert", came=unit, expected=target, hint=error.hint) from None
    power = here - there
    size = float(10 ** abs(power))
    return value * size if power >= 0 else value / size
