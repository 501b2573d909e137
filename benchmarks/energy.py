"""Energy: savings that were put in, baselines beside eemeter, dispatch of a micro-grid beside other solvers.

    python -m benchmarks.energy [--quick] [--json] [--seed N]

`savings`: 200 seeds of three years by month, the third with a saving of 10 %; noise correlated from month to month.
Share of the 95 % intervals that hold the true saving, and how far the estimate is off. `baseline`: a year of days,
fitted by both; energy that each expects in the year after, beside what was put in. `dispatch`: the cost of the same
site by HiGHS (ours), GLOP and PyPSA; largest violation of the limits of charge. Peers that are not installed are left
out: pip install opendsm "multimethod<2" pypsa.
"""

from __future__ import annotations

import argparse
import logging
import time
import warnings
from collections.abc import Sequence
from importlib.util import find_spec

import numpy as np

from benchmarks.energy_peers import least_cost
from benchmarks.report import Reporter, arguments
from luban.decide.energy import Dispatch, Grid, Site, Source, Storage, dispatch
from luban.understand.energy.enpi import fit_baseline
from luban.understand.energy.savings import Savings, savings

DAYS = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] * 3, float)
CORRELATIONS = (0.0, 0.4, 0.7)


def main(argv: Sequence[str] | None = None) -> None:
    options = arguments(__doc__ or "", argv)
    report = Reporter("energy", options, ["luban", "numpy", "scipy", "ortools", "pypsa", "opendsm"])
    _savings(report, options)
    _dispatch(report, options)
    _baseline(report, options)


def months(seed: int, rho: float, share: float = 0.1, noise: float = 60.0) -> tuple[Savings, float]:
    """Found and true saving of one drawn plant."""
    g = np.random.default_rng(seed)
    day = np.arange(int(DAYS.sum()))
    heat = 12 - 11 * np.cos(2 * np.pi * (day - 15) / 365) + g.normal(0, 3, len(day))
    outside = np.split(heat, np.cumsum(DAYS).astype(int)[:-1])
    pieces = g.uniform(60, 140, 36)
    true = DAYS * (300 + 6 * pieces) + 18 * np.array([np.maximum(15 - month, 0).sum() for month in outside])
    e = g.normal(0, 1, 36)
    for at in range(1, 36):
        e[at] = rho * e[at - 1] + np.sqrt(1 - rho * rho) * e[at]
    y = true + np.sqrt(DAYS) * noise * e
    y[24:] -= share * true[24:]
    baseline = fit_baseline(
        y[:24], {"pieces": pieces[:24], "outside": outside[:24]}, temperature="outside", length=DAYS[:24]
    )
    found = savings(baseline, y[24:], {"pieces": pieces[24:], "outside": outside[24:]}, length=DAYS[24:])
    return found, share * float(true[24:].sum())


def _savings(report: Reporter, options: argparse.Namespace) -> None:
    for rho in CORRELATIONS:
        begun = time.process_time()
        found = [months(options.seed * 1000 + at, rho) for at in range(60 if options.quick else 200)]
        held = float(np.mean([one.low <= true <= one.high for one, true in found]))
        off = np.abs([one.total / true - 1 for one, true in found])
        report.line(f"interval holds, correlation {rho}", held, "share", claim="savings", seeds=len(found),
                    off_median=f"{np.median(off):.3f}", off_p90=f"{np.quantile(off, 0.9):.3f}",
                    within_10_percent=f"{np.mean(off < 0.1):.3f}",
                    cpu_s=f"{time.process_time() - begun:.1f}")  # fmt: skip


def site(seed: int, steps: int = 168) -> Site:
    """A week of hours: sun, battery, tariff with peak charge."""
    g, hour = np.random.default_rng(seed), np.arange(steps) % 24
    buy = np.select([(hour >= 8) & (hour < 11), (hour >= 18) & (hour < 21), hour < 6], [1.3, 1.3, 0.3], 0.7)
    sun = np.round(150 * np.maximum(np.sin((hour - 6) / 12 * np.pi), 0) * g.uniform(0.3, 1, steps), 3)
    load = 80 + 40 * ((hour > 7) & (hour < 19)) + g.normal(0, 8, steps)
    store = Storage("battery", 200, 60, 60, 0.95, 0.94, loss=0.001, start=0.3, lowest=0.1, highest=0.9, wear=0.02)
    return Site(1.0, load, Grid(buy, 0.2, 400, 60, 1.4, 90), sources=(Source("roof", sun),), stores=(store,))


def _dispatch(report: Reporter, options: argparse.Namespace) -> None:
    for seed in range(options.seed, options.seed + (2 if options.quick else 10)):
        one = site(seed)
        begun = time.process_time()
        plan = dispatch(one)
        spent = time.process_time() - begun
        for name, cost in (("GLOP", least_cost(one, "GLOP")), ("PyPSA", by_pypsa(one))):
            if cost is not None:
                report.line(f"week {seed}, cost", plan.cost, "money", peer=cost, peer_name=name, claim="dispatch",
                            relative_difference=f"{abs(plan.cost / cost - 1):.1e}",
                            beyond_charge=f"{beyond(one, plan):.1e}", cpu_s=f"{spent:.2f}")  # fmt: skip


def beyond(one: Site, plan: Dispatch) -> float:
    """Largest violation of the limits of charge [kWh]."""
    store = one.stores[0]
    charge = plan.charge[store.name]
    low, high = store.lowest * store.capacity, store.highest * store.capacity
    return max(0.0, float(low - charge.min()), float(charge.max() - high))


def by_pypsa(one: Site) -> float | None:
    """Cost of the same site by PyPSA; None where it is not installed."""
    if not find_spec("pypsa"):
        return None
    import pandas as pd
    import pypsa

    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    store, grid, steps = one.stores[0], one.grid, range(len(one.load))
    net = pypsa.Network()
    net.set_snapshots(list(steps))
    net.snapshot_weightings.loc[:, :] = one.hours
    net.add("Bus", "b")
    net.add("Load", "load", bus="b", p_set=pd.Series(one.load, net.snapshots))
    net.add(
        "Generator", "in", bus="b", p_nom=grid.most_in, marginal_cost=pd.Series(one.series(grid.buy), net.snapshots)
    )
    net.add("Generator", "out", bus="b", p_nom=grid.most_out, p_min_pu=-1, p_max_pu=0, marginal_cost=grid.sell)
    net.add("Generator", "sun", bus="b", p_nom=1, p_max_pu=pd.Series(one.sources[0].available, net.snapshots))
    net.add(
        "StorageUnit", "s", bus="b", p_nom=store.charge, max_hours=store.capacity / store.charge,
        efficiency_store=store.efficiency_in, efficiency_dispatch=store.efficiency_out, standing_loss=store.loss,
        marginal_cost=store.wear,
        # PyPSA takes no loss in the first step
        state_of_charge_initial=store.start * store.capacity * (1 - store.loss),
    )  # fmt: skip
    model = net.optimize.create_model()
    charge = model.variables["StorageUnit-state_of_charge"]
    model.add_constraints(charge.sel(snapshot=steps[-1]) >= store.start * store.capacity, name="end")
    model.add_constraints(charge >= store.lowest * store.capacity, name="low")
    model.add_constraints(charge <= store.highest * store.capacity, name="high")
    peak = model.add_variables(lower=grid.peak_so_far, name="peak")
    model.add_constraints(model.variables["Generator-p"].sel(name="in") - peak <= 0, name="below peak")
    model.objective = model.objective + grid.peak_price * peak
    net.optimize.solve_model(solver_name="highs", output_flag=False)
    return float(model.objective.value)


def _baseline(report: Reporter, options: argparse.Namespace) -> None:
    if options.quick or not find_spec("opendsm"):
        report.say("baseline       beside eemeter: left out (--quick, or not installed)")
        return
    import pandas as pd
    from opendsm.eemeter import DailyBaselineData, DailyModel, DailyReportingData

    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    day = np.arange(730)
    index = pd.date_range("2022-01-01", periods=730, freq="D", tz="UTC")
    for name, cold, hot in (("heating", 14.0, 0.0), ("cooling", 0.0, 11.0), ("both", 14.0, 11.0)):
        g = np.random.default_rng(options.seed)
        outside = 14 - 13 * np.cos(2 * np.pi * (day - 15) / 365) + g.normal(0, 3, 730)
        true = 300 + cold * np.maximum(13 - outside, 0) + hot * np.maximum(outside - 21, 0)
        y = true + g.normal(0, 12, 730)
        begun = time.process_time()
        ours = fit_baseline(y[:365], {"outside": outside[:365]}, temperature="outside")
        expected = float(ours.expected({"outside": outside[365:]}).sum())
        spent = time.process_time() - begun
        table = pd.DataFrame({"temperature": outside * 9 / 5 + 32, "observed": y}, index=index)
        begun = time.process_time()
        peer = DailyModel().fit(DailyBaselineData(table[:365], is_electricity_data=True), ignore_disqualification=True)
        theirs = float(peer.predict(DailyReportingData(table[365:], is_electricity_data=True))["predicted"].sum())
        wanted = float(true[365:].sum())
        report.line(f"expected in the next year, {name}", expected, "kWh", peer=theirs, peer_name="eemeter",
                    claim="baseline", put_in=f"{wanted:.0f}", form=ours.form, ours_off=f"{expected / wanted - 1:+.4f}",
                    peer_off=f"{theirs / wanted - 1:+.4f}", cpu_s=f"{spent:.2f}",
                    peer_cpu_s=f"{time.process_time() - begun:.1f}")  # fmt: skip


if __name__ == "__main__":
    main()
