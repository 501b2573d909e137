"""Minor units of currencies, and rounding as invoices do it."""

from decimal import Decimal as D

import pytest

from luban.core.currency import digits_of, minor


@pytest.mark.parametrize(
    ("currency", "digits"), [("CNY", 2), ("eur", 2), ("JPY", 0), ("KRW", 0), ("KWD", 3), ("CLF", 4)]
)
def test_decimals_of_iso_4217(currency: str, digits: int) -> None:
    assert digits_of(currency) == digits


def test_halves_go_away_from_zero() -> None:
    assert [minor(D(one)) for one in ("1.005", "-1.005", "1.0049999", "0.125")] == [101, -101, 100, 13]
    assert (minor(D("1234.5"), 0), minor(D("0.0005"), 3)) == (1235, 1)
