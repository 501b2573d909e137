"""Maintenance on the machining job shop's twin: by condition, by age, and at failure, priced with the same chances.

    python -m benchmarks.maintain [--quick] [--json]

Policies are learned on seeds below 10 and judged on seeds from 1000 on. A policy sees states, alarms and vibration as
the machines show them and its own work orders. Claims: twin (cost per hour, differences with intervals), alarms (before
failures, lead, false), theory (closed forms).
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from scipy import stats

from benchmarks.report import Reporter, arguments
from luban.decide.maintain import Prices, age, minimal_repair, weibull_life
from luban.decide.maintain.learned import Learned, learn_policies
from luban.decide.maintain.rehearse import Outcome, Policy, prepared, rehearse
from luban.plant import load
from luban.twin.load import load_twin
from luban.twin.model import Model

C2 = Path(__file__).parents[1] / "examples" / "c2_machining"

TECHNICIAN = 120.0  # [CNY/h], wages and what comes with them: an assumption
PARTS = {  # [CNY]: exchange price of a machine of middle size: assumptions, no source was found that is open
    "spindle": 38_000.0, "turret": 9_000.0, "chuck": 4_000.0, "hydraulics and lubrication": 1_500.0,
    "electrics": 2_500.0,
}  # fmt: skip
DAMAGE = 1.3  # times the part's price where it fails: what it breaks beside it, an assumption
PLANNED = 0.5  # length of a planned replacement over the mean repair: prepared, with the part there, an assumption
LOOK = 1.0  # length of a look [h], an assumption
HOURS = (
    0.0,
    150.0,
)  # price of a stopped machine hour [CNY/h]: none, as the pilot found no effect on flow; an assumption
MONTH = 730.5  # [h]


def prices_of(model: Model, hour: float) -> dict[str, Prices]:
    """Prices of each part; lengths of repairs are those of the plant's own record, twin.toml."""
    found: dict[str, Prices] = {}
    for machine in model.machines:
        for own in machine.failures:
            repair = own.repair.mean / 3600
            found[own.id] = Prices(
                failure=DAMAGE * PARTS[own.id] + 2 * TECHNICIAN * repair,
                planned=PARTS[own.id] + 2 * TECHNICIAN * PLANNED * repair,
                inspection=TECHNICIAN * LOOK, hour=hour, failure_hours=repair, planned_hours=PLANNED * repair,
                inspection_hours=LOOK,
            )  # fmt: skip
    return found


def interval(values: Sequence[float]) -> tuple[float, float]:
    """(mean, half width of its 95 % interval) by Student's t."""
    x = np.asarray(values, float)
    if len(x) < 2:
        return float(x.mean()), math.nan
    return float(x.mean()), float(stats.t.ppf(0.975, len(x) - 1) * x.std(ddof=1) / math.sqrt(len(x)))


def theory(report: Reporter) -> None:
    """Closed forms that stand in every textbook."""
    life = weibull_life(2.5, 1000)
    curve = minimal_repair(life, Prices(failure=5, planned=1))
    report.line("minimal repair, Weibull 2.5: best age over closed form", curve.interval / (1000 * (1 / 7.5) ** 0.4),
                "1", claim="theory")  # fmt: skip
    began = time.process_time()
    for _ in range(20):
        age(weibull_life(2.5, 1000), Prices(failure=5, planned=1))
    report.line("age replacement: time of an answer", 50 * (time.process_time() - began), "ms", claim="theory")


def told(report: Reporter, learned: Learned) -> None:
    """What was learned, part by part."""
    for part, fit in learned.fits.items():
        own, signs = learned.advice[part], learned.signs.get(part)
        report.line(
            f"learned: {part}, Weibull shape", fit.named["shape"], "1", claim="learned", failures=fit.lives.failures,
            mean_h=round(fit.mean), age_h=round(learned.ages[part]) if part in learned.ages else "never",
            felt=round(signs.share, 2) if signs else "no", from_life=round(signs.begins, 2) if signs else "–",
            best=own.best.name,
        )  # fmt: skip
    report.line("learned: threshold of the look", learned.threshold, "of the way to 4.5 mm/s", claim="learned")


def judged(report: Reporter, runs: Mapping[str, Sequence[Outcome]], model: Model) -> None:
    """Cost of each policy, and its difference to the others run by run."""
    base = next(iter(runs))
    for hour in HOURS:
        prices = prices_of(model, hour)
        costs = {name: [own.cost(prices, TECHNICIAN * LOOK, hour) for own in each] for name, each in runs.items()}
        for name, values in costs.items():
            mean, half = interval(values)
            less, spread = interval([a - b for a, b in zip(values, costs[base], strict=True)])
            outcomes = runs[name]

            def yearly(values: Sequence[float], outcomes: Sequence[Outcome] = outcomes) -> float:
                return round(float(np.mean([8766 * v / o.hours for v, o in zip(values, outcomes, strict=True)])), 1)

            report.line(
                f"{name}, stopped hour at {hour:g} CNY: cost", mean, "CNY/h", claim="twin",
                peer=interval(costs[base])[0], peer_name=base, half_95=round(half, 2),
                difference=round(less, 2), difference_half=round(spread, 2),
                failures_a_year=yearly([sum(o.failures.values()) for o in outcomes]),
                planned_a_year=yearly([sum(o.planned.values()) for o in outcomes]),
                stopped_h_a_year=yearly([o.down + o.stopped for o in outcomes]),
                lots=round(float(np.mean([o.finished for o in outcomes])), 0),
            )  # fmt: skip
    _turning(report, runs, model)
    condition = [name for name in runs if name.startswith("by condition")]
    for name in condition:
        away = [own.false / (own.machines * own.hours / MONTH) for own in runs[name]]
        mean, half = interval(away)
        report.line(f"{name}: looks with nothing found", mean, "a machine and month", claim="alarms",
                    half_95=round(half, 4), looks=sum(own.looks for own in runs[name]))  # fmt: skip


def _turning(report: Reporter, runs: Mapping[str, Sequence[Outcome]], model: Model) -> None:
    """How much a failure must break besides its part before the look pays: the difference is a line in it."""
    base, name = next(iter(runs)), next(name for name in runs if name.startswith("by condition"))
    for hour in HOURS:
        less = []
        for damage in (1.0, 2.0):
            prices = {
                part: own.changed(failure=own.failure + (damage - DAMAGE) * PARTS[part])
                for part, own in prices_of(model, hour).items()
            }
            pairs = zip(runs[name], runs[base], strict=True)
            less.append(
                np.mean([a.cost(prices, TECHNICIAN, hour) - b.cost(prices, TECHNICIAN, hour) for a, b in pairs])
            )
        point = 1.0 - float(less[0]) / float(less[1] - less[0])
        report.line(f"{name} pays from a failure at … times the part, {hour:g} CNY", point, "1", claim="twin",
                    assumed=DAMAGE, difference_at_1=round(float(less[0]), 2))  # fmt: skip


def warned(report: Reporter, runs: Sequence[Outcome]) -> None:
    """What would have been told in time where nobody acts: share of failures, lead, false alarms."""
    failures = sum(sum(own.failures.values()) for own in runs)
    warned = sum(sum(own.warned.values()) for own in runs)
    parts = {part for own in runs for part, count in own.warned.items() if count}
    wearing = sum(own.failures.get(part, 0) for own in runs for part in parts)
    low, high = stats.beta.ppf([0.025, 0.975], [warned, warned + 1], [wearing - warned + 1, wearing - warned])
    report.line("failures of parts that wear: warned of", 100 * warned / wearing, "%", claim="alarms", n=wearing,
                interval_95=f"{100 * low:.1f} to {100 * high:.1f}", of_all=f"{warned / failures:.1%}")  # fmt: skip
    ended = [one for own in runs for one in own.excursions if one.end is not None]
    days = sorted((one.end - one.begin) / 86.4e9 for one in ended if one.part and one.end is not None)
    hours = sorted(one.hours for one in ended if one.part)
    if days:
        tenth, running = round(float(np.quantile(days, 0.1)), 1), round(float(np.median(hours)))
        report.line("alarm before the failure: median lead", float(np.median(days)), "d", claim="alarms",
                    tenth=tenth, running_h=running)  # fmt: skip
    false = sum(1 for one in ended if not one.part)
    months = sum(own.machines * own.hours for own in runs) / MONTH
    report.line("alarms that no failure followed", false / months, "a machine and month", claim="alarms", n=false,
                machine_months=round(months))  # fmt: skip


def main(argv: Sequence[str] | None = None) -> None:
    """Print one line a case."""
    options = arguments(__doc__ or "", argv, budget=300)
    report = Reporter("maintain", options, ["numpy", "scipy", "luban"])
    theory(report)
    days, warm, count, history, seeds = (
        (300, 60, 3, 730, range(1, 3)) if options.quick else (730, 120, 16, 1095, range(8))
    )
    model, plant = prepared(load_twin(C2, days=1100), PLANNED, LOOK), load(C2)
    learned = learn_policies(model, plant, prices_of(model, HOURS[-1]), days=history, seeds=list(seeds))
    told(report, learned)
    first = 1000 * options.seed
    runs = {
        policy.name: [rehearse(model, plant, policy, days=days, warm=warm, seed=first + k) for k in range(count)]
        for policy in learned.policies
    }
    judged(report, runs, model)
    watch = Policy("watched only", {}, learned.threshold, acts=False)
    if learned.threshold is not None:
        warned(report, [rehearse(model, plant, watch, days=days, warm=warm, seed=first + k) for k in range(count)])


if __name__ == "__main__":
    main()
