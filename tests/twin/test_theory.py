"""Long-run figures against the formulas of queueing and stock theory.

Each case is run with 200 seeds: one run each, cut into 10 batches, an interval at 95 % by the twin's own code.

*rate*  The number of the 200 intervals that contain the formula's value is binomial(200, 0.95) if the intervals hold
        what they promise. Fewer than its quantile 1e-4 (177) or more than 1 - 1e-4 (199) fails.
*mean*  The mean of all 200 runs lies within 4 of its own standard errors of the formula's value: a far sharper test
        of the kernel (a standard error is 0.1 to 1 % of the value), that an interval which is too wide cannot pass.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pytest
from scipy import stats

from luban.twin.distribution import Distribution
from luban.twin.intervals import student_t
from luban.twin.model import Model
from luban.twin.replicate import batches
from tests.twin import models

SEEDS, BATCHES = 200, 10
LOW, HIGH = stats.binom.ppf([1e-4, 1 - 1e-4], SEEDS, 0.95)


@dataclass(frozen=True)
class Case:
    """`batch`, `warmup` in seconds; `truth` by "figure subject"."""

    model: Model
    truth: Mapping[str, float]
    batch: float
    warmup: float


# ---------------------------------------------------------------- formulas


def erlang_wait(servers: int, load: float) -> float:
    """Mean number waiting in M/M/c. Erlang 1917; Kleinrock, Queueing Systems 1, 3.5."""
    last = load**servers / math.factorial(servers) / (1 - load / servers)
    chance = last / (sum(load**n / math.factorial(n) for n in range(servers)) + last)
    return chance * load / (servers - load)


def pollaczek(rate: float, mean: float, second: float) -> float:
    """Mean number waiting in M/G/1, service of that mean and second moment. Pollaczek 1930, Khinchine 1932."""
    return rate**2 * second / (2 * (1 - rate * mean))


def second_moment(distribution: Distribution) -> float:
    return distribution.variance + distribution.mean**2


def cobham(rates: list[float], services: list[Distribution]) -> list[float]:
    """Mean waits of the classes of M/G/1 with non-preemptive priorities. Cobham 1954, doi 10.1287/opre.2.1.70."""
    rest = sum(rate * second_moment(service) for rate, service in zip(rates, services, strict=True)) / 2
    loads = np.cumsum([0.0] + [rate * service.mean for rate, service in zip(rates, services, strict=True)])
    return [rest / (1 - loads[i]) / (1 - loads[i + 1]) for i in range(len(rates))]


def birth_death(up: list[float], down: list[float]) -> np.ndarray:
    """Stationary distribution of a chain on 0…n with these rates."""
    weight = np.cumprod([1.0] + [a / b for a, b in zip(up, down, strict=True)])
    return weight / weight.sum()


def down_share(machines: int, life: float, repair: float, repairers: int) -> float:
    """Share of time that a machine is down: M/M/r//N. Palm 1947; Feller 1, XVII.7."""
    up = [(machines - k) / life for k in range(machines)]
    down = [min(k, repairers) / repair for k in range(1, machines + 1)]
    return float(birth_death(up, down) @ np.arange(machines + 1)) / machines


def bulk_wait(rate: float, minimum: int, maximum: int) -> float:
    """Mean number waiting in M/M(a,b)/1, service rate 1. Neuts 1967; Medhi, Stochastic Models in Queueing Theory, 4.3.

    While busy, n waiting have P(1,n) = P(1,0) rⁿ, r the root in (0,1) of r^(b+1) - (λ+1) r + λ = 0; idle with q < a
    waiting: P(0,q) = ∑_{j ≤ q} P(1,j) / λ.
    """
    roots = np.roots([1.0] + [0.0] * (maximum - 1) + [-(rate + 1), rate])
    (r,) = [root.real for root in roots if abs(root.imag) < 1e-9 and 0 < root.real < 1 - 1e-9]
    idle = np.array([(1 - r ** (q + 1)) / (1 - r) / rate for q in range(minimum)])
    total = idle.sum() + 1 / (1 - r)
    return float(idle @ np.arange(minimum) + r / (1 - r) ** 2) / total


def on_hand(position: range, outstanding: float) -> tuple[float, float]:
    """Mean stock on hand and back-ordered; inventory position equally likely in `position`, Poisson demand in the lead.

    Hadley, Whitin 1963, 4-7 for (s, S) on single demands; base stock with any lead times: Palm 1938.
    """
    demand = np.arange(400)
    chance = stats.poisson.pmf(demand, outstanding)
    net = np.array([[place - d for d in demand] for place in position])
    return float((np.maximum(net, 0) @ chance).mean()), float((np.maximum(-net, 0) @ chance).mean())


# ---------------------------------------------------------------- cases


def _queues() -> dict[str, Case]:
    service, work, repair = Distribution.lognormal(1, cv=1.5), Distribution.gamma(2, 0.5), Distribution.uniform(1, 5)
    # A service with its breakdowns, one every 20 s of work: Gaver 1962, J. R. Stat. Soc. B 24, 73.
    longer = 1 + repair.mean / 20
    second = second_moment(work) * longer**2 + second_moment(repair) / 20
    rates = [0.15, 0.3, 0.2]
    services = [Distribution.uniform(0.5, 1.5), Distribution.exponential(1), work]
    waits = cobham(rates, services)
    classes = {f"cycle_time_mean class{i}": waits[i] + services[i].mean for i in range(3)}
    three = erlang_wait(3, 2.4)
    broken = {"queue S": pollaczek(0.6, longer, second), "down_share S0": 0.6 * repair.mean / 20, "run_share S0": 0.6}
    single = {"wip plant": 0.7 / 0.3, "run_share S0": 0.7, "cycle_time_mean R": 1 / 0.3}
    fixed = models.queue(0.8, Distribution.constant(1))
    return {
        "M/M/1": Case(models.mm1(0.7), single, 700, 150),
        "M/M/3": Case(models.mmc(3, 0.8), {"queue S": three, "wip plant": three + 2.4}, 350, 120),
        "M/G/1": Case(models.queue(0.5, service), {"queue S": pollaczek(0.5, 1, second_moment(service))}, 1300, 200),
        "M/D/1": Case(fixed, {"queue S": pollaczek(0.8, 1, 1)}, 700, 150),
        "priorities": Case(
            models.priorities(rates, services), classes | {"queue S": float(np.dot(rates, waits))}, 700, 150
        ),
        "breakdowns": Case(models.breakdowns(0.6, work, 20, repair), broken, 800, 150),
        "people": Case(models.crew(1.4, 4, 2), {"wip plant": erlang_wait(2, 1.4) + 1.4}, 350, 100),
    }


def _networks() -> dict[str, Case]:
    rate, rework, again = 0.9, 0.25, 0.1
    b = rate / (1 - rework)  # of what enters B, 1 - rework leaves for good
    a = b / (1 - again)
    wait_a, wait_b = erlang_wait(2, a), erlang_wait(2, b)
    line = models.tandem(0.6, [1, 0.8, 1.1])
    return {
        "tandem": Case(line, {f"queue S{i}": r**2 / (1 - r) for i, r in enumerate((0.6, 0.48, 0.66))}, 500, 150),
        # Jackson 1957, doi 10.1287/opre.5.4.518
        "Jackson": Case(
            models.jackson(rate, rework, again),
            {"queue A": wait_a, "queue B": wait_b, "wip plant": wait_a + wait_b + a + b},
            500,
            150,
        ),
        # Two saturated machines, k places between them: μ (k + 2) / (k + 3). Hunt 1956, doi 10.1287/opre.4.6.674.
        "blocking": Case(
            models.tandem(0.9, [1, 1], 0), {"throughput R": 86400 * 2 / 3, "blocked_share S00": 1 / 3}, 300, 150
        ),
        "buffer of 2": Case(models.tandem(1, [1, 1], 2), {"throughput R": 86400 * 4 / 5}, 300, 150),
        # n lots in a circle of m equal machines: μ n / (n + m - 1). Buzen 1973, doi 10.1145/362342.362345.
        "closed line": Case(models.circle(5, 3), {"throughput R": 86400 * 5 / 7, "cycle_time_mean R": 7.0}, 300, 200),
    }


def _others() -> dict[str, Case]:
    on, short = on_hand(range(6, 16), 0.5 * 8)
    base_on, base_short = on_hand(range(6, 7), 0.5 * 8)
    down = "down_share " + " ".join(f"S{i}" for i in range(6))
    lead = Distribution.gamma(2, 4)
    return {
        "interference": Case(models.interference(6, 10, 1.5), {down: down_share(6, 10, 1.5, 1)}, 1000, 100),
        "two repairers": Case(models.interference(6, 5, 2, 2), {down: down_share(6, 5, 2, 2)}, 1000, 100),
        "bulk of 4": Case(models.bulk(2.8, 4, 4), {"queue S": bulk_wait(2.8, 4, 4)}, 300, 100),
        "bulk of 2 to 5": Case(models.bulk(3, 2, 5), {"queue S": bulk_wait(3, 2, 5)}, 300, 100),
        "(s, S)": Case(
            models.stock(0.5, 5, 15, Distribution.constant(8)), {"on_hand P": on, "short P": short}, 1500, 100
        ),
        "base stock": Case(models.stock(0.5, 5, 6, lead), {"on_hand P": base_on, "short P": base_short}, 1000, 100),
    }


CASES = _queues() | _networks() | _others()


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_intervals_contain_the_formula(case: Case) -> None:
    warmup = int(case.warmup * 1e6)
    until = warmup + int(BATCHES * case.batch * 1e6)
    runs = [batches(case.model, until, warmup=warmup, count=BATCHES, seed=seed) for seed in range(1, SEEDS + 1)]
    wrong = []
    for figure, truth in case.truth.items():
        name, *subjects = figure.split()
        found = [student_t(np.mean([run.values(name, subject) for subject in subjects], axis=0)) for run in runs]
        hits = sum(interval.contains(truth) for interval in found)
        means = np.array([interval.mean for interval in found])
        away = (means.mean() - truth) / (means.std(ddof=1) / math.sqrt(SEEDS))
        if not LOW <= hits <= HIGH:
            wrong.append(f"{figure}: {hits} of {SEEDS} intervals contain {truth:.6g}")
        if abs(away) > 4:
            wrong.append(f"{figure}: mean {means.mean():.6g}, formula {truth:.6g}, {away:.1f} standard errors away")
    assert not wrong
