"""Cost: what every unit really cost, posted twice over from what happened in the shop.

Reads   Fact(movement, genealogy, operation, state, meter, count), prices and accounts of the plant
Writes  nothing itself: entries are handed on as rows of the `posting` stream
"""

from luban.understand.cost.accounts import ELEMENTS, ROLES, Account, Chart
from luban.understand.cost.book import CostBook, cost_book
from luban.understand.cost.event import Demand, ShopEvent
from luban.understand.cost.journal import Entry, Posting, differences, posting_rows
from luban.understand.cost.money import digits_of, money_text
from luban.understand.cost.prices import Price, PriceList
from luban.understand.cost.state import Card, Doubt, Stock
from luban.understand.cost.unit import UnitCost, standard_of, unit_cost
from luban.understand.cost.variance import StandardLine, Variance, VarianceLine, variance_of

__all__ = [
    "ELEMENTS", "ROLES", "Account", "Card", "Chart", "CostBook", "Demand", "Doubt", "Entry", "Posting", "Price",
    "PriceList", "ShopEvent", "StandardLine", "Stock", "UnitCost", "Variance", "VarianceLine", "cost_book",
    "differences", "digits_of", "money_text", "posting_rows", "standard_of", "unit_cost", "variance_of",
]  # fmt: skip
