"""Plans with targets as dated data: indicators with definitions and milestones, tasks, programmes, sectors, lists.

Reads and writes no record. A plan is a folder of TOML files; the machinery knows none by name. Terms and figures stand
as the plan prints them; a milestone without a number is qualitative and never scored.
"""

from luban.norms.plans.load import USUAL, load_plan, plans, read_file
from luban.norms.plans.model import (
    ELEMENT_KINDS,
    FORMS,
    INDICATOR_KINDS,
    ITEM_KINDS,
    LANGUAGES,
    ClosedList,
    Definition,
    Element,
    Indicator,
    Item,
    Measure,
    Milestone,
    Paragraph,
    Part,
    Population,
    Programme,
    Sector,
    Step,
    TargetPlan,
    Task,
    Term,
    Text,
)
from luban.norms.plans.printed import Table, table

__all__ = [
    "ELEMENT_KINDS",
    "FORMS",
    "INDICATOR_KINDS",
    "ITEM_KINDS",
    "LANGUAGES",
    "USUAL",
    "ClosedList",
    "Definition",
    "Element",
    "Indicator",
    "Item",
    "Measure",
    "Milestone",
    "Paragraph",
    "Part",
    "Population",
    "Programme",
    "Sector",
    "Step",
    "Table",
    "TargetPlan",
    "Task",
    "Term",
    "Text",
    "load_plan",
    "plans",
    "read_file",
    "table",
]
