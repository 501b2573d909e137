"""The machines of a fleet, those that need attention first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from luban.understand.health.life import LifeEstimate
from luban.understand.health.machine import MachineHealth

__all__ = ["Row", "in_order", "row_document"]


@dataclass(frozen=True, slots=True)
class Row:
    """One machine of a fleet.

    health   None where nothing can be said, with `reason`
    alarms   open alarms; None where there is no alarm list
    orders   open work orders; None where there are none to know
    learned  remaining life learned from other machines' failures
    """

    machine: str
    name: str
    health: MachineHealth | None
    reason: str = ""
    alarms: int | None = None
    orders: int | None = None
    learned: LifeEstimate | None = None

    @property
    def urgency(self) -> tuple[float, ...]:
        """Small needs attention first: at its limit, unusual, alarms, short life, doubts, the rest, nothing known."""
        health = self.health
        if health is None:
            return (5.0, 0.0)
        rank = {"worn": 0.0, "unusual": 1.0, "learning": 4.0, "in order": 3.0}[health.state]
        if rank > 2 and self.alarms:
            rank = 2.0
        shortest = health.shortest
        life = shortest.life.life if shortest is not None and shortest.life.life is not None else 1e12
        return (rank, life, -float(len(health.doubts)))


def in_order(rows: Sequence[Row]) -> list[Row]:
    """Those that need attention first."""
    return sorted(rows, key=lambda row: row.urgency)


def row_document(row: Row) -> dict[str, Any]:
    """What `--json` and REST give of a machine in a fleet."""
    health = row.health
    told: dict[str, Any] = {
        "machine": row.machine, "name": row.name, "alarms": row.alarms, "orders": row.orders, "withheld": row.reason,
        "learned_life": None if row.learned is None else row.learned.as_dict(),
    }  # fmt: skip
    if health is None:
        return {**told, "state": None}
    current = health.open
    return {
        **told, "state": health.state, "withheld": health.reason,
        "open": None if current is None else current.as_dict(),
        "findings": len(health.findings), "wear": [one.as_dict() for one in health.wear], "doubts": len(health.doubts),
    }  # fmt: skip
