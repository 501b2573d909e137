"""Cost: what every unit really cost, posted twice over from what happened in the shop.

Reads   Fact(movement, genealogy, operation, state, meter, count, posting), prices, rates and accounts of the plant
Writes  nothing itself: entries are handed on as rows of the `posting` stream
"""

from luban.understand.cost.accounts import ELEMENTS, ROLES, Account, Chart
from luban.understand.cost.book import CostBook, cost_book
from luban.understand.cost.event import Demand, ShopEvent
from luban.understand.cost.journal import Entry, Posting, differences, posting_rows
from luban.understand.cost.money import digits_of, money_text
from luban.understand.cost.posted import PostedBooks, posted_books, to_post
from luban.understand.cost.prices import Price, PriceList
from luban.understand.cost.purchases import Purchase, purchases_of
from luban.understand.cost.rates import Rate, Rates
from luban.understand.cost.standard import StandardCost, roll_up
from luban.understand.cost.state import Card, Doubt, Stock
from luban.understand.cost.unit import UnitCost, standard_of, unit_cost
from luban.understand.cost.variance import StandardLine, Variance, VarianceLine, variance_of

__all__ = [
    "ELEMENTS", "ROLES", "Account", "Card", "Chart", "CostBook", "Demand", "Doubt", "Entry", "PostedBooks", "Posting",
    "Price", "PriceList", "Purchase", "Rate", "Rates", "ShopEvent", "StandardCost", "StandardLine", "Stock", "UnitCost",
    "Variance", "VarianceLine", "cost_book", "differences", "digits_of", "money_text", "posted_books", "posting_rows",
    "purchases_of", "roll_up", "standard_of", "to_post", "unit_cost", "variance_of",
]  # fmt: skip
