"""The tiny workshop's meters: luban's sums are those that were counted second by second."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

from luban.core.time import parse_time
from luban.norms.tariffs import tariffs_named
from luban.plant import load
from luban.understand.energy.books import energy_account
from luban.understand.energy.plant import meters_of, swaps_of
from luban.understand.energy.read import read_readings

WORKSHOP = Path(__file__).parents[2] / "examples" / "tiny_workshop"


def test_every_meter_comes_to_what_flowed_through_it() -> None:
    """A replacement, a roll-over, a reading in MWh; registers are rounded to 0.01, so sums are within 0.01."""
    plant = load(WORKSHOP)
    readings, excluded = read_readings(WORKSHOP / "facts" / "meters.csv", zone=plant.zone)
    assert excluded == ()
    tariffs = tariffs_named(plant.energy.tariff[0])
    account = energy_account(readings, meters=meters_of(plant), swaps=swaps_of(plant), tariffs=tariffs, zone=plant.zone)
    truth = list(csv.DictReader((WORKSHOP / "facts" / "expected_meters.csv").read_text("utf-8").splitlines()))
    found = {one.meter.id: one.total() for one in account.meters}
    assert set(found) == {row["meter"] for row in truth}
    for row in truth:
        assert abs(found[row["meter"]] - Decimal(row["amount"])) <= Decimal("0.02"), row
    assert account.tree.doubts == ()
    assert [node.verdict for node in account.tree.nodes] == ["closes", "closes"]
    (bill,) = account.bills
    assert abs(bill.amount - Decimal("2378.0345")) <= Decimal("0.02")
    assert {line.band for line in bill.lines} == {"peak", "flat", "valley", "deep_valley"}
    assert account.start == parse_time("2026-11-16T00:00", plant.zone)
