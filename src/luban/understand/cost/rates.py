"""Exchange rates with the time from which they hold: what a foreign price is in the plant's own money."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from luban.core.errors import InputError

__all__ = ["Rate", "Rates"]

_EVER: Final = -(1 << 62)


@dataclass(frozen=True, slots=True)
class Rate:
    """An exchange rate.

    currency  ISO 4217 code of the foreign money
    rate      money of the plant for one unit of it, above 0
    start     holds from then on [µs UTC]; None: always did
    """

    currency: str
    rate: Decimal
    start: int | None = None

    def __post_init__(self) -> None:
        if not self.rate.is_finite() or self.rate <= 0:
            raise InputError("an exchange rate is above 0", came=str(self.rate), where=self.currency)


class Rates:
    """Rates by currency and time; of two that start together the last one given holds.

    A purchase is booked at the rate of its day and stays there (IAS 21, 21–22).
    """

    def __init__(self, rates: Iterable[Rate] = ()) -> None:
        """Sort the rates for looking up."""
        self._by: dict[str, list[tuple[int, Decimal]]] = {}
        for one in rates:
            self._by.setdefault(one.currency, []).append((_EVER if one.start is None else one.start, one.rate))
        for held in self._by.values():
            held.sort(key=lambda one: one[0])

    def find(self, currency: str, time: int) -> Decimal | None:
        """The rate that holds at a time; None where there is none: nobody guesses one.

        Example Rates([Rate("EUR", Decimal("7.85"))]).find("EUR", 0) == Decimal("7.85")
        """
        held = self._by.get(currency, [])
        at = bisect_right(held, time, key=lambda one: one[0])
        return held[at - 1][1] if at else None
