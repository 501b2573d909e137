"""Foreign money at the rate of its day, none without a rate; what was bought against its standard price."""

from __future__ import annotations

from decimal import Decimal as D

import pytest

from luban.core.errors import InputError
from luban.understand.cost import Price, PriceList, Rate, Rates, ShopEvent, cost_book, purchases_of

_RATES = Rates([Rate("USD", D("0.90"), 20), Rate("USD", D("0.92"), 10), Rate("JPY", D("0.0061"))])
_PRICES = PriceList(
    [
        Price("material", "bar", D("14.20"), currency="USD"),
        Price("material", "bar", D("13.00"), basis="standard"),
        Price("material", "tin", D(1999), currency="JPY"),
        Price("material", "rod", D(3), currency="EUR"),  # the plant's own
        Price("labour", "", D(40), currency="CHF"),
    ],
    _RATES,
    "EUR",
)


def test_a_purchase_is_booked_at_the_rate_of_its_day() -> None:
    events = [
        ShopEvent(1, 5, "receive", D(100), item="bar", lot="L0"),  # before the first rate: no money
        ShopEvent(2, 15, "receive", D(100), item="bar", lot="L1"),  # 14.20 × 0.92 = 13.064
        ShopEvent(3, 25, "receive", D("33.3"), item="bar", lot="L2"),  # 14.20 × 0.90 = 12.78, 425.574
        ShopEvent(4, 25, "receive", D(7), item="tin", lot="T1"),  # 1999 × 0.0061 = 12.1939, 85.3573
        ShopEvent(5, 25, "receive", D(2), item="rod", lot="R1"),
        ShopEvent(6, 26, "labour", D(3), order="A", of="Li"),
    ]
    book = cost_book(events, (), _PRICES)
    assert {key: one.value for key, one in book.stock.items()} == {
        ("bar", "L0"): 0, ("bar", "L1"): 130640, ("bar", "L2"): 42557, ("rod", "R1"): 600, ("tin", "T1"): 8536,
    }  # fmt: skip
    assert [(one.seq, one.kind, one.amount) for one in book.doubts] == [(1, "no rate", None), (6, "no rate", None)]


def test_scrap_that_brings_foreign_money_without_a_rate_is_named() -> None:
    prices = PriceList([Price("scrap", "gear", D(2), currency="USD"), Price("labour", "", D(40))], _RATES, "EUR")
    events = [
        ShopEvent(at, time, kind, D(1), order="A", **rest)  # type: ignore[arg-type]
        for at, (time, kind, rest) in enumerate(
            [(1, "labour", {"of": "Li"}), (5, "complete", {"item": "gear", "scrap": D(1), "lot": "G1"}),
             (14, "complete", {"item": "gear", "scrap": D(1), "lot": "G2"})]
        )
    ]  # fmt: skip
    book = cost_book(events, (), prices)
    assert [(one.seq, one.kind, one.about, one.quantity) for one in book.doubts] == [(1, "no rate", "gear", D(1))]
    assert book.cards["A"].recovered == 184


def test_a_new_rate_reaches_only_what_was_bought_from_then_on() -> None:
    events = [
        ShopEvent(2, 15, "receive", D(100), item="bar", lot="L1"),
        ShopEvent(3, 25, "receive", D(10), item="bar", lot="L2"),
    ]
    book = cost_book(events, (), _PRICES)
    later = PriceList(_PRICES.prices, Rates([Rate("USD", D("0.92"), 10), Rate("USD", D("0.95"), 20)]), "EUR")
    revised = book.revise(prices=later)
    assert revised.touched == {("lot", "bar", "L2")}
    assert revised.outcomes == cost_book(events, (), later).outcomes


def test_what_was_bought_dearer_shows_when_it_comes_in() -> None:
    events = [
        ShopEvent(2, 15, "receive", D(100), item="bar", lot="L1"),
        ShopEvent(3, 25, "receive", D("33.3"), item="bar", lot="L2"),
        ShopEvent(4, 25, "receive", D(2), item="rod", lot="R1"),
        ShopEvent(5, 26, "receive", D(2), item="glue", lot="G1"),
    ]
    found = purchases_of(cost_book(events, (), _PRICES))
    assert [(one.lot, one.paid, one.standard, one.amount) for one in found] == [
        ("L1", D("13.0640"), D(13), 640),  # 100 × 0.064
        ("L2", D("12.7800"), D(13), -733),  # 33.3 × -0.22 = -7.326
        ("R1", D(3), D(3), 0),  # its only price is its standard too
    ]


def test_rates_that_are_none_are_refused() -> None:
    for rate in ("0", "-1", "NaN"):
        with pytest.raises(InputError, match="above 0"):
            Rate("USD", D(rate))
    with pytest.raises(InputError, match="no currency"):
        Price("overhead", "machine", D("0.2"), currency="USD")
