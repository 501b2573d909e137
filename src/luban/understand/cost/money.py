"""Money in whole minor units (fen, cents): amounts are integers, so that books add up to the last one.

Prices and quantities are exact decimals; only what is posted is rounded, once, half away from zero, as an invoice is.
"""

from __future__ import annotations

from decimal import Context, Decimal, InvalidOperation
from typing import Final

from luban.core.currency import digits_of, minor
from luban.core.errors import InputError

__all__ = ["EXACT", "digits_of", "exact", "minor", "money_text"]

EXACT: Final = Context(prec=60)
"""Arithmetic wide enough that products of prices and quantities do not lose a digit."""


def exact(value: Decimal | float | str, where: str = "") -> Decimal:
    """The decimal that is written; a float gives its shortest writing, so 0.1 is 0.1.

    Raises  InputError where it is no finite number
    Example exact(0.1) == Decimal("0.1")
    """
    try:
        found = value if isinstance(value, Decimal) else Decimal(str(value))
    except InvalidOperation as error:
        raise InputError("not a number", came=str(value), where=where) from error
    if not found.is_finite():
        raise InputError("not a finite number", came=str(value), where=where)
    return found


def money_text(amount: int, digits: int = 2) -> str:
    """Minor units as people read them.

    Example money_text(-123456) == "-1,234.56"
    """
    return f"{Decimal(amount).scaleb(-digits, EXACT):,.{digits}f}"
