"""Shop events drawn by chance, for what must hold of every book."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Final

from hypothesis import strategies as st

from luban.understand.cost import Demand, Price, ShopEvent

__all__ = ["DRAWN_DEMANDS", "DRAWN_PRICES", "events_of", "facts_drawn"]

_ITEMS = ("bar", "glue", "shaft", "gear")
DRAWN_PRICES: Final = (
    Price("material", "bar", D("1.37")), Price("material", "bar", D("1.41"), lot="L1"), Price("machine", "", D("59.9")),
    Price("labour", "", D("33.33")), Price("energy", "", D("0.777")), Price("overhead", "", D("0.137")),
    Price("scrap", "shaft", D("0.35")),
)  # fmt: skip
DRAWN_DEMANDS: Final = (Demand("A", "shaft", D(9)), Demand("B", "gear", D(7)), Demand("C", "gear", None))
_amount = st.integers(0, 9000).map(lambda n: D(n) / 1000)
_order = st.sampled_from(["A", "B", "C", "X"])
_lot = st.sampled_from(["", "L1", "L2"])


def _kind(kind: str, **fields: st.SearchStrategy[object]) -> st.SearchStrategy[dict[str, object]]:
    return st.fixed_dictionaries({"kind": st.just(kind), "quantity": _amount, **fields})


facts_drawn = st.lists(
    st.one_of(
        _kind("receive", item=st.sampled_from(_ITEMS), lot=_lot),
        _kind("issue", item=st.sampled_from(_ITEMS), lot=_lot, order=_order),
        _kind("return", item=st.sampled_from(_ITEMS), lot=_lot, order=_order),
        _kind("machine", of=st.just("M"), order=st.one_of(_order, st.just("")), rework=st.booleans()),
        _kind("labour", of=st.just("Li"), order=_order),
        _kind("energy", of=st.just("electricity"), order=st.one_of(_order, st.just(""))),
        _kind("complete", order=_order, lot=_lot, scrap=_amount, item=st.sampled_from(["", "bar"])),
        _kind("ship", item=st.sampled_from(_ITEMS), lot=_lot),
        _kind("close", order=_order),
    ),
    max_size=28,
)
"""Whatever may happen in a shop, in any order, sensible or not."""


def events_of(facts: list[dict[str, object]]) -> list[ShopEvent]:
    """Events of the facts drawn, two to an instant."""
    return [ShopEvent(number, number // 2, **one) for number, one in enumerate(facts)]  # type: ignore[arg-type]
