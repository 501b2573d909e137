"""Money: how many decimals a currency has, and amounts in whole minor units (fen, cents)."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Final

__all__ = ["digits_of", "minor"]

_DIGITS: Final = {
    **dict.fromkeys(
        ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF",
         "XOF", "XPF"), 0,
    ),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}  # fmt: skip
_WIDE: Final = Context(prec=60)


def digits_of(currency: str) -> int:
    """Decimal places of a currency's minor unit.

    Source  ISO 4217, list one: 2 for most (CNY, EUR, USD), 0 for JPY and KRW, 3 for KWD
    Example digits_of("KRW") == 0
    """
    return _DIGITS.get(currency.upper(), 2)


def minor(amount: Decimal, digits: int = 2) -> int:
    """An amount of money in whole minor units, half away from zero, as an invoice is rounded.

    Example minor(Decimal("1.005")) == 101
    """
    return int(_WIDE.scaleb(amount, digits).quantize(Decimal(1), ROUND_HALF_UP, _WIDE))
