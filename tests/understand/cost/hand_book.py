"""A book of 23 events worked out by hand: two products, two orders, scrap, rework, energy; amounts in fen."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Final

from luban.understand.cost import Demand, Price, ShopEvent

__all__ = ["BALANCES", "DEMANDS", "EVENTS", "PRICES", "WIP"]

PRICES: Final = (
    Price("material", "bar", D("12.50"), "kg"),
    Price("material", "bar", D("13.10"), "kg", lot="B2"),
    Price("material", "blank", D(40), "piece"),
    Price("machine", "M1", D(60), "h"),
    Price("machine", "M1", D(45), "h", state="setup"),
    Price("machine", "M2", D(80), "h"),
    Price("labour", "", D(36), "h"),
    Price("tool", "T1", D(8), "edge"),
    Price("energy", "electricity", D("0.85"), "kWh"),
    Price("overhead", "material", D("0.05")),
    Price("overhead", "machine", D("0.20")),
    Price("scrap", "shaft", D("1.50"), "piece"),
)
DEMANDS: Final = (Demand("A", "shaft", D(10)), Demand("B", "flange", D(4)))


def _event(number: int, kind: str, quantity: str = "0", **rest: object) -> ShopEvent:
    return ShopEvent(number, number * 1_000_000, kind, D(quantity), **rest)  # type: ignore[arg-type]


EVENTS: Final = (
    _event(1, "receive", "100", item="bar", lot="B1"),  # 1250.00
    _event(2, "receive", "50", item="bar", lot="B2"),  # 655.00
    _event(3, "receive", "5", item="blank", lot="K1"),  # 200.00
    _event(4, "issue", "18", item="bar", lot="B1", order="A"),  # 225.00, overhead 11.25
    _event(5, "issue", "4", item="blank", lot="K1", order="B"),  # 160.00, overhead 8.00
    _event(6, "machine", "0.5", of="M1", state="setup", order="A"),  # 22.50, overhead 4.50
    _event(7, "machine", "2.25", of="M1", state="producing", order="A"),  # 135.00, overhead 27.00
    _event(8, "labour", "2.75", of="Li", order="A"),  # 99.00
    _event(9, "energy", "7.3", of="electricity", order="A"),  # 6.205, an invoice says 6.21
    # In progress 530.46. One of ten is scrap: 22.50 + 15.75 + 4.28 + 9.90 + 0.62 = 53.05, it brings 1.50 back.
    # 4 of the other 9: 90.00 + 63.00 + 17.10 + 39.60 + 2.48 + scrap 22.91 = 235.09.
    _event(10, "complete", "4", scrap=D(1), lot="S1", order="A"),
    _event(11, "issue", "2", item="bar", lot="B2", order="A"),  # 26.20, overhead 1.31
    _event(12, "machine", "0.4", of="M1", state="producing", order="A", rework=True),  # 24.00, overhead 4.80
    _event(13, "labour", "0.4", of="Li", order="A", rework=True),  # 14.40
    _event(14, "tool", "3", of="T1", order="A"),  # 24.00
    _event(15, "machine", "1.2", of="M2", state="producing", order="B"),  # 96.00, overhead 19.20
    _event(16, "energy", "4.4", of="electricity", order="B"),  # 3.74
    # 138.70 + 78.75 + 22.68 + 49.50 + 3.11 + scrap 28.64 + rework 43.20 + tool 24.00 = 388.58
    _event(17, "complete", "5", lot="S2", order="A"),
    _event(18, "energy", "2", of="electricity"),  # 1.70 on no order
    _event(19, "complete", "4", lot="F1", order="B"),  # 160 + 8 + 96 + 19.20 + 3.74 = 286.94
    _event(20, "ship", "3", item="shaft", lot="S1"),  # three quarters of 235.09 = 176.3175, so 176.32
    _event(21, "issue", "1", item="flange", lot="F1"),  # 71.735, so 71.74, taken for no order
    _event(22, "close", order="A"),
    _event(23, "close", order="B"),
)

WIP: Final = {
    3: {},
    5: {"A": 23625, "B": 16800},
    9: {"A": 53046, "B": 16800},
    10: {"A": 29387, "B": 16800},
    13: {"A": 29387 + 2751 + 2880 + 1440, "B": 16800},
    16: {"A": 38858, "B": 28694},
    17: {"B": 28694},
    19: {},
    23: {},
}
"""Open orders after so many events."""

BALANCES: Final = {
    "material": 125000 + 65500 + 20000 - 22500 - 16000 - 2620,
    "payable": -210500,
    "wip": 0,
    "finished": 23509 + 38858 + 28694 - 17632 - 7174,
    "recovered": 150,
    "sold": 17632,
    "machine": -27750,
    "labour": -11340,
    "tool": -2400,
    "energy": -1165,
    "overhead": -7606,
    "idle": 170 + 7174,
}
"""Trial balance after the last event."""
