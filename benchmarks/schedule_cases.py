"""The cases of `benchmarks.schedule`: files of the literature with their bounds, and the rules that make due dates."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from luban.decide.schedule import Problem, read_problem

__all__ = ["Case", "cases", "problem_of", "root_of"]

FAMILIES = {"brandimarte": "mk", "hurink/edata": "edata", "hurink/rdata": "rdata"}
"""Folder → family, where they differ."""

TIGHT = (0.2, 1.0)
"""Due dates of bel: uniform between these shares of the largest load of a machine, never below 1.2 times the job's own
work; weights 4, 2, 1 for 20, 60, 20 % of jobs (as Pinedo and Singer 1999, doi
10.1002/(SICI)1520-6750(199902)46:1<1::AID-NAV1>3.0.CO;2-#). One seed for all files."""
DUE_SEED = 20


@dataclass(frozen=True, slots=True)
class Case:
    """One problem to solve.

    claim      the family, as results name it
    name       of the file
    objective  as `Objective.parse` reads it
    digest     of the file's numbers: what a result belongs to
    best       best known value, where there is one; least: best known lower bound
    """

    claim: str
    name: str
    path: str
    objective: str
    digest: str
    best: float | None = None
    least: float | None = None


def root_of(data: Path) -> Path:
    """The folder with bounds.csv: the given one, or its `scheduling`."""
    return data if (data / "bounds.csv").is_file() else data / "scheduling"


def cases(data: Path) -> list[Case]:
    """Every file under the data folder, by family; bounds are found by content."""
    root = root_of(data)
    bounds = _bounds(root)
    found = []
    for kind in ("jsp", "fjsp"):
        for path in _files(root / kind):
            folder = path.parent.relative_to(root / kind).as_posix()
            family, digest = FAMILIES.get(folder, folder), _digest(path)
            least, best = bounds.get(digest, bounds.get(path.stem, (None, None)))
            own = Case(family, path.stem, str(path), "makespan", digest, best, least)
            found.append(own)
            if family == "bel":
                found.append(replace(own, claim="bel_tardiness", objective="tardiness", best=None, least=None))
    for path in _files(root / "fjsp-sdst"):
        own = Case("sdst", path.stem, str(path), "makespan > setup_time", _digest(path))
        found += [own, replace(own, claim="sdst_setup", objective="setup_time")]
    for path in _files(root.parent / "planning" / "lotsizing_psp"):
        if path.name not in {"format.txt", "5timeslots_2types.txt"}:
            found.append(Case("lot_sizing", path.stem, str(path), "", _digest(path)))
    return sorted(found, key=lambda own: (own.claim, own.name))


def problem_of(case: Case) -> Problem:
    """The problem of a case, due dates included."""
    problem = read_problem(Path(case.path))
    return _dated(problem) if case.claim == "bel_tardiness" else problem


def _dated(problem: Problem) -> Problem:
    random = np.random.default_rng(DUE_SEED)
    time = problem.mode_time[problem.mode_first[:-1]]
    load = np.bincount(problem.mode_machine[problem.mode_first[:-1]], time, problem.machine_count).max()
    work = np.add.reduceat(time, problem.job_first[:-1])
    due = np.maximum(1.2 * work, random.uniform(*TIGHT, problem.job_count) * load).round().astype(np.int64)
    weight = random.choice([4.0, 2.0, 1.0], problem.job_count, p=[0.2, 0.6, 0.2])
    return replace(problem, due=due, weight=weight)


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        kinds = {".txt", ".fjs", ".psp", ".jsp", ".fjsp", ""}
        if path.suffix in kinds and path.is_file() and not path.name.startswith(("LICENSE", "SOURCE", ".")):
            yield path


def _digest(path: Path) -> str:
    numbers = " ".join(path.read_text("utf-8", errors="replace").split())
    return hashlib.sha256(numbers.encode()).hexdigest()[:16]


def _bounds(root: Path) -> dict[str, tuple[float, float]]:
    """(lower, upper) by content of the file that bounds.csv names; by its name where that file is not there."""
    found: dict[str, tuple[float, float]] = {}
    if not (root / "bounds.csv").is_file():
        return found
    with (root / "bounds.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(line for line in file if not line.startswith("#")):
            path, pair = root / row["path"], (float(row["lower_bound"]), float(row["upper_bound"]))
            found[_digest(path) if path.is_file() else path.stem] = pair
    return found
