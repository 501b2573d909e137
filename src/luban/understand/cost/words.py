"""Words of cost, with {blanks}; screens translate them."""

from __future__ import annotations

from typing import Final

from luban.understand.cost.accounts import ELEMENTS, ROLES
from luban.understand.cost.variance import KINDS

__all__ = [
    "BACKWARDS", "BETWEEN", "BY_BILL", "BY_MACHINE", "BY_STEPS", "DOUBTFUL", "DOUBTS", "NO_LOT", "NO_MACHINE",
    "NO_ORDER", "NO_OWNER", "NO_PRICE", "OF_NO_UNIT", "OTHER_UNIT", "SENTENCES", "STARTED", "USED_AS_BOUGHT",
]  # fmt: skip

BY_STEPS = "machine hours by the times of the steps: no state names the order"
BY_BILL = "material by the bill of materials: nothing was booked"
USED_AS_BOUGHT = "material bought as it is used: no receipt is on record"
OF_NO_UNIT = "energy of meters that belong to no work unit: {medium} [{unit}]"
OTHER_UNIT = "energy in a unit that is not that of its price: {medium} [{unit}]"
BACKWARDS = "energy of meters that ran backwards: {medium} [{unit}]"
NO_PRICE = "energy that has no price: {medium} [{unit}]"
DOUBTFUL = "energy of readings that cannot be right: {medium} [{unit}]"
BETWEEN = "energy between a meter and those below it: {medium} [{unit}]"
STARTED = "pieces of the order are those that its first operation reported: no such order is placed"
NO_LOT = "setting up of {item}: no lot size is known"
BY_MACHINE = "pieces of the order that the machine was on: the count names none"
NO_MACHINE = "hours of steps at no machine of the plant"
NO_ORDER = "pieces counted while the machine was on no order of their item"
NO_OWNER = "material whose item or order is not known"

DOUBTS: Final = (
    "no price", "no rate", "unknown lot", "before produced", "more than there was", "unpriced lot",
    "more back than issued",
)  # fmt: skip
"""Kinds of doubt about a fact."""

SENTENCES: Final = (
    BY_STEPS, BY_BILL, BY_MACHINE, USED_AS_BOUGHT, OF_NO_UNIT, OTHER_UNIT, BACKWARDS, DOUBTFUL, BETWEEN, NO_PRICE,
    NO_OWNER, NO_ORDER, NO_MACHINE, NO_LOT, STARTED, *DOUBTS, *KINDS, *ELEMENTS,
    "settled", *(name for _, name in ROLES.values()),
)  # fmt: skip
