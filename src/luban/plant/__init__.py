"""The nouns of one plant, read from one folder: plant.toml and its tables.

Reads and writes no record. `load` gives an immutable `Plant` or the first thing that is wrong;
`check` lists everything that is wrong, each with file and line.
"""

from luban.plant.calendar import Calendar, Shift
from luban.plant.complaint import Complaint, Place
from luban.plant.load import check, load
from luban.plant.model import (
    Actuator,
    AlarmRule,
    BomLine,
    Characteristic,
    CostPrice,
    CostRule,
    EnergyRule,
    Equipment,
    ExchangeRate,
    Inspection,
    Interlock,
    Item,
    KeyProcess,
    LeverRule,
    MaintenanceTask,
    MeterLine,
    MeterSwap,
    Operation,
    Order,
    Plant,
    Retrofit,
    RollupRule,
    Signal,
    Source,
    SparePart,
    TechnicianHours,
)
from luban.plant.schema import schema
from luban.plant.starter import init_plant, templates
from luban.plant.tables import Column, table_columns
from luban.plant.trade import CodeLabel, Customer, KanbanLoop, Warranty

__all__ = [
    "Actuator",
    "AlarmRule",
    "BomLine",
    "Calendar",
    "Characteristic",
    "CodeLabel",
    "Column",
    "Complaint",
    "CostPrice",
    "CostRule",
    "Customer",
    "EnergyRule",
    "Equipment",
    "ExchangeRate",
    "Inspection",
    "Interlock",
    "Item",
    "KanbanLoop",
    "KeyProcess",
    "LeverRule",
    "MaintenanceTask",
    "MeterLine",
    "MeterSwap",
    "Operation",
    "Order",
    "Place",
    "Plant",
    "Retrofit",
    "RollupRule",
    "Shift",
    "Signal",
    "Source",
    "SparePart",
    "TechnicianHours",
    "Warranty",
    "check",
    "init_plant",
    "load",
    "schema",
    "table_columns",
    "templates",
]
