"""Consistency of a plant folder: one small function a rule, each complaint with its place."""

from __future__ import annotations

from collections.abc import Iterator

from luban.plant.checks import (
    actuators,
    alarms,
    calendars,
    cost,
    energy,
    inspection,
    levers,
    maintenance,
    retrofits,
    rollup,
    signals,
    tables,
    trade,
    tree,
)
from luban.plant.checks.inspection import how_often
from luban.plant.complaint import Complaint
from luban.plant.draft import Draft

__all__ = ["check_draft", "how_often"]


def check_draft(draft: Draft) -> Iterator[Complaint]:
    """All complaints about what the entries say together."""
    for part in (
        tree, calendars, signals, retrofits, actuators, levers, tables, inspection, alarms, maintenance, cost, energy,
        rollup, trade,
    ):  # fmt: skip
        for rule in part.RULES:
            yield from rule(draft)
