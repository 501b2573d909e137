"""Green figures of a plant: water, waste, footprints of products, the sheet of a green factory with its evidence."""

from luban.understand.green.account import GreenAccount, green_account
from luban.understand.green.facts import Facts, Found, facts_of, together
from luban.understand.green.footprints import Made, Metered, ProductFootprint, Shared, made_of, product_footprints
from luban.understand.green.score import GoalScore, Line, ScoreSheet, score
from luban.understand.green.statements import (
    QUANTITIES,
    Statement,
    current,
    statement_names,
    statement_row,
    statements_of,
)
from luban.understand.green.waste import DEFAULT_RATE, RATES, WasteBalance, WasteStream, is_waste, waste_balance
from luban.understand.green.water import ROLES, WaterBalance, WaterLine, role_of, water_balance

__all__ = [
    "DEFAULT_RATE", "QUANTITIES", "RATES", "ROLES", "Facts", "Found", "GoalScore", "GreenAccount", "Line", "Made",
    "Metered", "ProductFootprint", "ScoreSheet", "Shared", "Statement", "WasteBalance", "WasteStream", "WaterBalance",
    "WaterLine", "current", "facts_of", "green_account", "is_waste", "made_of", "product_footprints", "role_of",
    "score", "statement_names", "statement_row", "statements_of", "together", "waste_balance", "water_balance",
]  # fmt: skip
