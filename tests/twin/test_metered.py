"""The meter tree of a run: every meter over others is their sum, within what their classes allow."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from luban.core.time import DAY, HOUR, MINUTE
from luban.ledger import Ledger, LedgerWriter
from luban.plant import MeterLine, Plant
from luban.twin.facts import FactWriter, Realism
from luban.twin.model import Flow
from luban.twin.run import Run
from luban.understand.energy.books import energy_account
from luban.understand.energy.plant import meters_of
from luban.understand.energy.read import readings_of
from tests.twin.shop import plant, shop

MACHINES = ("shop/turning/lathe01", "shop/turning/lathe02", "shop/heat/oven", "shop/bench")
AIR = Flow("compressed air", "m³", always=3.0, rates={
    name: {"run": 12.0, "idle": 4.0} for name in ("turning/lathe01", "turning/lathe02", "shop/turning/lathe01",
                                                  "shop/turning/lathe02")
})  # fmt: skip


def lines(error: float | None) -> tuple[MeterLine, ...]:
    power = [MeterLine(f"{path}:electricity", "electricity", "kWh", "shop:electricity", error=error, rated=500.0)
             for path in MACHINES]  # fmt: skip
    return (
        MeterLine("shop:electricity", "electricity", "kWh", error=error, rated=2000.0), *power,
        MeterLine("shop:light", "electricity", "kWh", "shop:electricity", error=error, rated=100.0),
        MeterLine("shop:compressed air", "compressed air", "m³", error=error, rated=200.0),
        MeterLine("shop/turning:compressed air", "compressed air", "m³", "shop:compressed air", error=error,
                  rated=200.0),
    )  # fmt: skip


def account(folder: Path, error: float | None, seed: int = 0, windows: tuple[int, ...] = (DAY, 2 * DAY)) -> Any:
    model = replace(shop(days=3), base_parts={"light": 20_000.0}, flows=(AIR,))
    own: Plant = replace(plant(folder), meters=lines(error))
    run = Run(model, seed=4, trace="facts")
    with LedgerWriter(folder / "books") as writer:
        facts = FactWriter(run, own, writer, realism=Realism(seed=seed), every=15 * MINUTE)
        for until in windows:
            run.to(until)
            facts.write()
    ledger = Ledger(folder / "books")
    rows = ledger.table("meter").to_pylist()
    ledger.close()
    return energy_account(readings_of(rows), meters=meters_of(own)), rows


def test_without_errors_the_tree_closes_to_the_last_digit_shown(tmp_path: Path) -> None:
    found, _ = account(tmp_path, None)
    power, air = found.tree.nodes
    assert abs(power.remainder) <= Decimal("0.01")
    assert abs(air.remainder - 3 * 48) <= Decimal("0.01")  # the leaks have no meter
    assert {one.meter.id: one.total() for one in found.meters}["shop:light"] == 20 * 48
    assert found.tree.doubts == ()


def test_each_meter_errs_within_its_class_and_always_alike(tmp_path: Path) -> None:
    exact, _ = account(tmp_path / "a", None)
    for seed in (1, 2):
        wrong, _ = account(tmp_path / str(seed), 0.01, seed)
        ratios = [float(one.total() / other.total()) - 1 for one, other in zip(wrong.meters, exact.meters, strict=True)
                  if other.total()]  # fmt: skip
        assert max(map(abs, ratios)) <= 0.0101
        assert len({round(ratio, 5) for ratio in ratios}) > 3
        assert wrong.tree.nodes[0].verdict == "closes"


def test_windows_make_no_difference_but_for_what_is_still_worked_on(tmp_path: Path) -> None:
    _, once = account(tmp_path / "a", None, windows=(2 * DAY,))
    _, often = account(tmp_path / "b", None, windows=tuple(range(HOUR, 2 * DAY + 1, HOUR)))
    last = {row["subject"]: row["register"] for row in once}
    other = {row["subject"]: row["register"] for row in often}
    assert last.keys() == other.keys()
    for name, register in last.items():
        assert other[name] == pytest.approx(register, abs=0.05), name
    for rows in (once, often):
        for name in last:
            series = [row["register"] for row in rows if row["subject"] == name]
            assert (np.diff(series) >= -1e-9).all(), name


def test_a_plant_without_meters_has_its_machines_only(tmp_path: Path) -> None:
    model = replace(shop(days=2), flows=(AIR,), base_parts={"light": 20_000.0})
    with LedgerWriter(tmp_path / "books") as writer:
        run = Run(model, seed=4, trace="facts")
        facts = FactWriter(run, plant(tmp_path), writer)
        run.to(DAY)
        facts.write()
    ledger = Ledger(tmp_path / "books")
    assert set(ledger.table("meter")["subject"].to_pylist()) == {f"{path}:electricity" for path in MACHINES}
    ledger.close()
