"""The shop of the health pages with maintenance: tasks, spare parts, technicians."""

from __future__ import annotations

from pathlib import Path

from luban.core.time import HOUR, now
from luban.ledger import LedgerWriter
from luban.loop.places import places
from luban.understand.book import row
from tests.screens.health_shop import LATHE, MILL, write

__all__ = ["GREASE", "SPINDLE", "equipped"]

SPINDLE, GREASE = f"{LATHE}:spindle service", f"{MILL}:grease"
_TASKS = """\
asset,task,part,policy,interval,clock,duration,skill,people,parts,checklist,planned_cost,failure_cost,failure_duration,hour_cost
lathe,spindle service,spindle,age,30h,running,4h,mechanic,1,bearing x2,oil; noise,1200,5000,20h,150
mill,grease,,calendar,2d,,30min,,,,,,,,
mill,look at spindle,,condition,,,1h,,,,,,,,
"""
_SPARES = "id,name,lead,order_at,lot,price\nbearing,Bearing 6205,14d,2,4,80\n"
_TECHNICIANS = "name,skills,hours\nWang,mechanic,30\n"


def equipped(folder: Path) -> Path:
    """The folder with a week of the lathe running, a count of bearings, and no work order yet."""
    made = write(folder)
    (made / "maintenance.csv").write_text(_TASKS, "utf-8")
    (made / "spares.csv").write_text(_SPARES, "utf-8")
    (made / "technicians.csv").write_text(_TECHNICIANS, "utf-8")
    at = now()
    begin = at - 7 * 24 * HOUR
    with LedgerWriter(places(made).ledger) as writer:
        for machine in (LATHE, MILL):
            told = {
                "time": [begin], "subject": [machine], "state": ["running"], "mapping": ["generic@1"], "quality": [0],
            }  # fmt: skip
            writer.append("state", told, source="cell")
        alive = {"time": [begin], "subject": ["cell"], "kind": ["alive"], "end": [at]}
        writer.append("event", alive, source="cell")
        counted = row("spare", "bearing", "count", person="li", data={"count": 3}, time=begin)
        writer.append("event", counted, source="screens")
    return made
