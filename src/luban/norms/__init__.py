"""What standards say, as dated data with a reference on every value.

Reads and writes no record. Words of machines become ISO 22400 time elements here (`state_mapping`),
and the ISO 22400 catalogue of indicators is listed here by name (`kpi_catalogue`).
"""

from luban.norms.dated import Dated
from luban.norms.kpis import Kpi, kpi, kpi_catalogue
from luban.norms.states import StateMapping, StateMeaning, mappings, state_mapping
from luban.norms.time_elements import Element, TimeElement, elements, time_elements

__all__ = [
    "Dated",
    "Element",
    "Kpi",
    "StateMapping",
    "StateMeaning",
    "TimeElement",
    "elements",
    "kpi",
    "kpi_catalogue",
    "mappings",
    "state_mapping",
    "time_elements",
]
