"""A rolling schedule on the twin of examples/c2_machining, against the shop as it is and against dispatching rules.

    python -m benchmarks.rolling [--runs 10] [--days 60] [--work N] [--quick] [--json] [--seed N]

All policies meet the same chances (seed, number of the run): orders, times, breakdowns, absences. Each runs as the
shop is up to day 10, then under its own rule; days 25 to 85 count. Ours is the mean over runs, the peer's likewise;
`low` and `high` bound the mean of the differences ours - peer, run by run (Student's t, 95 %).

`monday`   orders come to the floor on Monday mornings, as the shop does it
`at once`  orders come to the floor when their material is there
`by plan`  the plan lets them in, `early` before they are to start

A plan knows orders, due dates, promised material, the state of lots and machines, and mean times. It does not know what
will take how long, what breaks, or which order comes next.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.report import Reporter
from luban.core.time import DAY, HOUR
from luban.decide.schedule import Objective
from luban.decide.schedule.rolling import Rolling, released_by_plan
from luban.twin.control import Control
from luban.twin.crew import Crew, cores
from luban.twin.intervals import paired
from luban.twin.load import load_twin
from luban.twin.model import STATES, Model
from luban.twin.run import Run

FOLDER = Path(__file__).parents[1] / "examples" / "c2_machining"
OWN, WARM = 10 * DAY, 25 * DAY
"""From OWN on each policy rules, from WARM on figures count [µs]."""
SHARE_OPEN = 6 / 7
UNITS = {
    "cycle time": "d", "lead time": "d", "lead time, 90th percentile": "d", "tardiness": "d", "on time": "1",
    "setups": "1/d", "setup time": "h/d", "lots on the floor": "1", "finished": "1/d",
}  # fmt: skip
"""Calendar days; per day is per working day. Cycle time runs from release, lead time from the order, to the finish."""

Rule = Callable[[Run, int, "Task"], None]


@dataclass(frozen=True, slots=True)
class Task:
    """One run of one policy; `work` and `rolling` only matter to a rolling schedule."""

    policy: str
    run: int
    seed: int
    until: int
    own: int = OWN
    warm: int = WARM
    work: int = 1_000_000
    rolling: Mapping[str, Any] = field(default_factory=dict)


def _as_is(run: Run, until: int, _: Task) -> None:
    run.to(until)


def _keys(*keys: str) -> Rule:
    def rule(run: Run, until: int, _: Task) -> None:
        control = Control(run)
        for station in run.model.stations:
            control.set_rule(station.id, keys)
        run.to(until)

    return rule


def _rolling(**settings: Any) -> Rule:
    def rule(run: Run, until: int, task: Task) -> None:
        chosen = {"work": task.work, "seed": task.seed, "loads": True} | settings
        Rolling(**chosen | dict(task.rolling)).drive(run, until)

    return rule


MONDAY = Objective.parse("tardiness + 0.2*flow_time")
FLOW = Objective.parse("tardiness + flow_time")
POLICIES: dict[str, tuple[str, Rule]] = {
    "monday, FIFO as it is": ("monday", _as_is),
    "monday, critical ratio": ("monday", _keys("cr")),
    "monday, least setup": ("monday", _keys("setup", "edd")),
    "monday, rolling schedule": ("monday", _rolling(objective=MONDAY)),
    "at once, FIFO as it is": ("at once", _as_is),
    "at once, critical ratio": ("at once", _keys("cr")),
    "at once, least setup": ("at once", _keys("setup", "edd")),
    "at once, rolling schedule": ("at once", _rolling(objective=FLOW)),
    "by plan, rolling schedule": ("by plan", _rolling(objective=FLOW, early=12 * HOUR)),
}
"""Name → how orders are released, what rules the floor. `FIFO as it is` has the foreman's list of urgent orders."""
OURS = {"monday": "monday, rolling schedule", "at once": "at once, rolling schedule"}


def models() -> dict[str, Model]:
    """The plant with each way of release."""
    model = load_twin(FOLDER)
    at_once = replace(model, release=replace(model.release, instants=()))
    return {"monday": model, "at once": at_once, "by plan": released_by_plan(model)}


def do(plants: Mapping[str, Model], task: Task) -> dict[str, float]:
    """The figures of one run."""
    release, rule = POLICIES[task.policy]
    begun = time.process_time()
    run = Run(plants[release], seed=task.seed, replication=task.run)
    _until_own(run, task.own)
    rule(run, task.warm, task)
    before = run.totals()
    run.lots()
    rule(run, task.until, task)
    after, lots = run.totals(), run.lots()
    days = (after.now - before.now) / DAY * SHARE_OPEN
    late = (lots["finish"] - lots["due"]) / DAY
    lead = (lots["finish"] - lots["arrival"]) / DAY
    setup = (after.machine_time - before.machine_time)[:, STATES.index("setup")].sum()
    return {
        "cycle time": float(((lots["finish"] - lots["release"]) / DAY).mean()),
        "lead time": float(lead.mean()),
        "lead time, 90th percentile": float(np.percentile(lead, 90)),
        "tardiness": float(np.maximum(late, 0).mean()),
        "on time": float((late <= 0).mean()),
        "setups": float((after.machine_setups - before.machine_setups).sum()) / days,
        "setup time": float(setup) / HOUR / days,
        "lots on the floor": (after.wip_time - before.wip_time) / (after.now - before.now),
        "finished": len(lots) / days,
        "cpu": time.process_time() - begun,
    }


def _until_own(run: Run, until: int) -> None:
    """As it is; where the plan is to release, orders come to the floor when their material is there meanwhile."""
    if run.model.release.kind != "manual":
        run.to(until)
        return
    from luban.twin.kernel.layout import Where

    def release(control: Control) -> None:
        lots = control.run.world["lots"]
        for key in lots["key"][(lots["where"] == Where.POOL) & (lots["ready"] <= control.run.now)].tolist():
            control.release(key)

    Control(run).drive(until, release, HOUR)


def measure(options: argparse.Namespace, report: Reporter) -> None:
    """All policies, all runs; then ours against each peer."""
    here = import_module("benchmarks.rolling")  # workers find the functions by that name, not by __main__
    policies = [own for own in POLICIES if not options.only or options.only in own]
    tasks = [
        here.Task(policy, run, options.seed, options.until, options.own, WARM, options.work)
        for run in range(options.runs)
        for policy in policies
    ]
    found: dict[tuple[str, int], dict[str, float]] = {}
    with Crew(here.do, models(), min(cores(), options.workers)) as crew:
        for task, figures in crew.work(iter(tasks)):
            found[task.policy, task.run] = figures
            report.say(f"{len(found)} of {len(tasks)} runs: {task.policy}, {figures['cpu']:.1f} s of CPU")
    columns = {
        policy: {name: np.array([found[policy, run][name] for run in range(options.runs)]) for name in (*UNITS, "cpu")}
        for policy in policies
    }
    for policy, column in columns.items():
        for name, unit in UNITS.items():
            report.line(f"{policy}: {name}", float(column[name].mean()), unit, runs=options.runs)
    for policy in policies:
        own = OURS.get(POLICIES[policy][0], "by plan, rolling schedule")
        for mine in {own, "by plan, rolling schedule"} if POLICIES[policy][0] == "at once" else {own}:
            if mine != policy and mine in columns:
                _tell(report, mine, policy, columns, options.runs)
    for policy in policies:
        if "rolling" in policy:
            report.line(f"{policy}: CPU a run", float(columns[policy]["cpu"].mean()), "s")


def _tell(report: Reporter, ours: str, peer: str, columns: Mapping[str, Mapping[str, Any]], runs: int) -> None:
    for name, unit in UNITS.items():
        mine, theirs = columns[ours][name], columns[peer][name]
        gap = paired(theirs, mine)
        report.line(
            f"{ours}: {name}", float(mine.mean()), unit, peer=float(theirs.mean()), peer_name=peer,
            difference=round(gap.mean, 4), low=round(gap.low, 4), high=round(gap.high, 4), runs=runs,
        )  # fmt: skip


def main(argv: Sequence[str] | None = None) -> None:
    """Print the figures of each policy, then the differences."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=10, help="runs of each policy, all with chances of their own")
    parser.add_argument("--days", type=int, default=60, help="days that count")
    parser.add_argument("--seed", type=int, default=1, help="seed of everything random")
    parser.add_argument("--work", type=int, default=1_000_000, help="effort of a plan, about 0.1 s of CPU")
    parser.add_argument("--workers", type=int, default=2, help="processes")
    parser.add_argument("--only", default="", help="policies whose name contains this")
    parser.add_argument("--quick", action="store_true", help="2 runs of 14 days, less effort, about 2 min")
    parser.add_argument("--json", action="store_true", help="one JSON object a line, nothing else")
    options = parser.parse_args(argv)
    options.own = OWN
    if options.quick:
        options.runs, options.days, options.work, options.own = 2, 14, 500_000, 20 * DAY
    options.until = WARM + options.days * DAY
    report = Reporter("rolling", options, ["luban", "numba", "numpy"])
    measure(options, report)


if __name__ == "__main__":
    main()
