"""Schedules: orders on machines, with every rule that a plant has, good in a second and near-optimal in ten.

Reads a plant and its orders, or a file; makes a Plan: a schedule with objective, bound and the reason for each delay.
The names below are what most callers need; the rest lies in the modules.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from luban.decide.schedule.build import Builder
    from luban.decide.schedule.check import Fault, find_faults
    from luban.decide.schedule.objective import TERMS, Objective, figures
    from luban.decide.schedule.portfolio import Entry, Progress, Solution, solve
    from luban.decide.schedule.problem import MAINTENANCE, NEVER, NONE, ORDER, Problem
    from luban.decide.schedule.read import read_problem
    from luban.decide.schedule.schedule import Schedule

__all__ = [
    "MAINTENANCE",
    "NEVER",
    "NONE",
    "ORDER",
    "TERMS",
    "Builder",
    "Entry",
    "Fault",
    "Objective",
    "Problem",
    "Progress",
    "Schedule",
    "Solution",
    "figures",
    "find_faults",
    "read_problem",
    "solve",
]

_HOMES = {
    "build": ("Builder",),
    "check": ("Fault", "find_faults"),
    "objective": ("TERMS", "Objective", "figures"),
    "problem": ("MAINTENANCE", "NEVER", "NONE", "ORDER", "Problem"),
    "read": ("read_problem",),
    "schedule": ("Schedule",),
    "portfolio": ("Entry", "Progress", "Solution", "solve"),
}


def __getattr__(name: str) -> Any:
    """The solver and its compiled parts take a second to import: only when asked for."""
    from importlib import import_module

    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
