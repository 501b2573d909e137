"""From a ledger of facts to a twin, and what it rests on."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from luban.core.errors import InputError
from luban.core.time import DAY, iso
from luban.ledger import Ledger
from luban.plant import Plant, load
from luban.twin.calibrate.arrivals import demand_of
from luban.twin.calibrate.batches import batching
from luban.twin.calibrate.build import Parts, build_model
from luban.twin.calibrate.dispatch import dispatch_rules
from luban.twin.calibrate.evidence import Evidence
from luban.twin.calibrate.failures import stops
from luban.twin.calibrate.flow import arrivals_at_stations, moves
from luban.twin.calibrate.hours import Hours
from luban.twin.calibrate.observe import observe
from luban.twin.calibrate.pools import people
from luban.twin.calibrate.power import power_by_state
from luban.twin.calibrate.release import release_policy
from luban.twin.calibrate.routes import mine
from luban.twin.calibrate.setups import setup_tables
from luban.twin.calibrate.times import process_times
from luban.twin.model import Model

__all__ = ["Calibration", "calibrate"]

HORIZON = 60 * DAY


@dataclass(slots=True)
class Calibration:
    """A twin made of facts.

    model     runs from the end of the window on, empty of lots, with orders as streams of chance
    findings  every parameter with interval, number of values, method; and what could not be identified
    parts     what the model was put together from
    """

    model: Model
    findings: Evidence
    parts: Parts

    def to_json(self) -> str:
        """Findings and model as text."""
        found = self.parts.found
        window = {
            "since": iso(found.since),
            "until": iso(found.until),
            "operations": len(found.visits),
            "orders": len(found.orders),
        }
        model = asdict(self.model)
        for setups in model["setups"]:
            setups["times"] = {f"{a}→{b}": seconds for (a, b), seconds in setups["times"].items()}
        return json.dumps({"window": window, **self.findings.as_dict(), "model": model}, ensure_ascii=False, indent=1)


def calibrate(
    ledger: Ledger | Path | str,
    plant: Plant | Path | str,
    since: int,
    until: int,
    *,
    horizon: int = HORIZON,
) -> Calibration:
    """A twin from the facts of [since, until) [µs UTC]; it begins at `until`.

    ledger   the books, or their folder
    plant    the plant, or its folder
    horizon  how far calendars of the model reach [µs]
    Raises   InputError where there is no operation in the window
    Example  calibrate("plant/ledger", "plant", since, until).findings
    """
    books = ledger if isinstance(ledger, Ledger) else Ledger(ledger)
    place = plant if isinstance(plant, Plant) else load(Path(plant))
    if horizon <= 0:
        raise InputError("a horizon of nothing", came=f"{horizon} µs", expected="more than 0")
    evidence = Evidence()
    found = observe(books, place, since, until, evidence)
    hours = Hours(found, place, evidence)
    mined = mine(found, evidence)
    times = process_times(found, mined, hours, evidence)
    setups = setup_tables(found, mined, evidence)
    stopped = stops(found, mined, evidence)
    crew = people(found, place, mined, evidence)
    moved = moves(found, mined, hours, evidence)
    arrived = arrivals_at_stations(found, mined, moved, hours)
    batches = batching(found, mined, arrived, evidence)
    rules = dispatch_rules(found, mined, times, setups, arrived, evidence)
    power = power_by_state(books, found, evidence)
    policy = release_policy(found, place, evidence)
    demand = demand_of(found, place, evidence)
    parts = Parts(
        place, found, hours, mined, times, setups, stopped, crew, moved, batches, rules, power, policy, demand
    )
    return Calibration(build_model(parts, evidence, horizon), evidence, parts)
