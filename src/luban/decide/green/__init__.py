"""Six families of green processes: which may apply, what a change would save, and whether it pays.

Reads   a green account, projects of a file    Writes  nothing
"""

from luban.decide.green.flue import FlueGas
from luban.decide.green.heat import WasteHeat, WastePressure
from luban.decide.green.material import Slag, Substitution
from luban.decide.green.metals import HeavyMetals, rinse
from luban.decide.green.process import (
    FAMILIES,
    Appraisal,
    Balance,
    Money,
    Process,
    Project,
    Run,
    Saving,
    appraise,
    ranked,
)
from luban.decide.green.read import KINDS, projects_of, read_projects
from luban.decide.green.screen import Sign, screen
from luban.decide.green.water import WaterReuse

__all__ = [
    "FAMILIES", "KINDS", "Appraisal", "Balance", "FlueGas", "HeavyMetals", "Money", "Process", "Project", "Run",
    "Saving", "Sign", "Slag", "Substitution", "WasteHeat", "WastePressure", "WaterReuse", "appraise", "projects_of",
    "ranked", "read_projects", "rinse", "screen",
]  # fmt: skip
