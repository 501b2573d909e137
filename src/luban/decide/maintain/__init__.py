"""Maintain: what to do to a machine and when, priced; the work orders, spare parts and people for it.

Reads   lives (fitted or given), prices, Fact(state, count, event), maintenance.csv, spares.csv
Writes  nothing itself: rows of work orders and spare parts go through the act log; stops go to the scheduler
"""

from luban.decide.maintain.advice import Advice, Flip, Option, Reason, advise, in_hours
from luban.decide.maintain.due import DUE, Due, Use, due_tasks, use_of
from luban.decide.maintain.grouping import Opportunity, Part, Rhythm, opportunities, rhythm
from luban.decide.maintain.life import Life, life_of, lives_drawn, normal_life, weibull_life, weibull_of_mean
from luban.decide.maintain.looking import Decay, Signs, by_decay, by_signs, inspection
from luban.decide.maintain.orders import (
    FITS,
    Finding,
    WorkOrder,
    findings,
    fold_orders,
    known_order,
    orders_of,
    work_orders,
)
from luban.decide.maintain.policies import Curve, age, block, minimal_repair, renewals, run_to_failure
from luban.decide.maintain.prices import Prices, output_lost, spare_hours
from luban.decide.maintain.record import Lived, lives_on_record, lives_table
from luban.decide.maintain.spares import StockPlan, least_stock, stock_plan
from luban.decide.maintain.steps import REASONS, SPARE_STEPS, joined, plan_row, spare_row, step_row
from luban.decide.maintain.stock import Shelf, fold_stock, shelves
from luban.decide.maintain.week import (
    Crew,
    Lack,
    Share,
    Technician,
    share_out,
    stop_rows,
    stops_text,
    warnings_of,
    week_of,
    windows,
)

__all__ = [
    "DUE",
    "FITS",
    "REASONS",
    "SPARE_STEPS",
    "Advice",
    "Crew",
    "Curve",
    "Decay",
    "Due",
    "Finding",
    "Flip",
    "Lack",
    "Life",
    "Lived",
    "Opportunity",
    "Option",
    "Part",
    "Prices",
    "Reason",
    "Rhythm",
    "Share",
    "Shelf",
    "Signs",
    "StockPlan",
    "Technician",
    "Use",
    "WorkOrder",
    "advise",
    "age",
    "block",
    "by_decay",
    "by_signs",
    "due_tasks",
    "findings",
    "fold_orders",
    "fold_stock",
    "in_hours",
    "inspection",
    "joined",
    "known_order",
    "least_stock",
    "life_of",
    "lives_drawn",
    "lives_on_record",
    "lives_table",
    "minimal_repair",
    "normal_life",
    "opportunities",
    "orders_of",
    "output_lost",
    "plan_row",
    "renewals",
    "rhythm",
    "run_to_failure",
    "share_out",
    "shelves",
    "spare_hours",
    "spare_row",
    "step_row",
    "stock_plan",
    "stop_rows",
    "stops_text",
    "use_of",
    "warnings_of",
    "week_of",
    "weibull_life",
    "weibull_of_mean",
    "windows",
    "work_orders",
]  # fmt: skip
