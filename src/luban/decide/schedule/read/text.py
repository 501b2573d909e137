"""Job shop files of the literature: JSPLIB and OR-Library, Taillard, flexible (FJSP), and with setups (SDST).

What counts is numbers in lines; text before the first line of numbers and lines that begin with # are notes. The kinds:

jsp       `jobs machines`, then a line a job of pairs `machine time`; jobs may differ in length and come back
taillard  `jobs machines` (more numbers may follow), a block of times, a block of machines, a row a job in each
fjsp      `jobs machines [flexibility]`, then a line a job: operations, then for each: choices, pairs `machine time`
sdst      as fjsp, then machines x operations rows of setup times: row = operation before, column = operation after

Machines count from 0, or from 1 where a file names machine `machines` and never 0 (and in a .fjs that names neither).
Setups of operations that cannot meet on a machine (1000000 in these files) are read as none; the first operation of a
machine has no setup, so the diagonal means nothing. An operation of no length needs no setup.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from luban.core.errors import InputError
from luban.decide.schedule.build import Builder
from luban.decide.schedule.problem import LIMIT, NEVER, NONE, Ints, Problem

__all__ = ["KINDS", "is_numbers", "read_text_problem"]

KINDS = ("jsp", "taillard", "fjsp", "sdst")

MOST_SETUPS = 30_000_000
"""Most cells of setup tables."""

_EXPECTED = {
    "jsp": "pairs `machine time`",
    "fjsp": "operations, then for each: choices, and so many pairs `machine time`",
}


@dataclass(slots=True)
class _Lines:
    """Lines of numbers with their places; the first is the head."""

    file: str
    rows: list[list[int]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    titled: bool = False

    def where(self, row: int) -> str:
        return f"{self.file}:{self.lines[min(row, len(self.lines) - 1)]}"


@dataclass(slots=True)
class _Found:
    """Operations of all jobs in turn; modes as pairs."""

    counts: list[int] = field(default_factory=list)
    choices: list[int] = field(default_factory=list)
    machines: list[int] = field(default_factory=list)
    times: list[int] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)


def is_numbers(text: str) -> bool:
    """Whether a text looks like one of these files: its first line that is no note holds two or more numbers."""
    head = _head(text.splitlines()[:50])
    return head is not None


def _head(lines: Sequence[str]) -> int | None:
    for at, line in enumerate(lines):
        parts = line.split()
        if len(parts) >= 2 and all(_is_number(part) for part in parts):
            return at
    return None


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def read_text_problem(text: str, file: str, kind: str = "") -> Problem:
    r"""The problem of a job shop file; time is abstract.

    file   name of the file, for errors and as the problem's name
    kind   one of KINDS; '' finds out
    Raises InputError with file, line and column
    Example  >>> read_text_problem("2 2\n0 3 1 2\n1 2 0 4\n", "two.txt").operation_count
             4
    """
    if kind and kind not in KINDS:
        raise InputError("unknown kind of file", came=repr(kind), expected=", ".join(KINDS))
    lines = _numbers(text, file)
    jobs, machines = lines.rows[0][:2]
    if jobs < 1 or machines < 1:
        raise InputError(
            "no jobs or no machines",
            came=f"{jobs} jobs, {machines} machines",
            expected="1 or more",
            where=lines.where(0),
        )
    kind = kind or _kind(lines, jobs, machines, Path(file).suffix.lower())
    found = _taillard(lines, jobs, machines) if kind == "taillard" else _listed(lines, jobs, kind)
    base = _base(found, machines, kind, Path(file).suffix.lower(), lines)
    problem = _problem(Path(file).stem, jobs, machines, found, base, lines)
    return _with_setups(problem, lines, jobs, machines) if kind == "sdst" else problem


def _numbers(text: str, file: str) -> _Lines:
    found = _Lines(file)
    raw = text.splitlines()
    head = _head(raw)
    if head is None:
        raise InputError("no numbers", expected="a first line `jobs machines`", where=f"{file}:1")
    for at in range(head, len(raw)):
        line = raw[at]
        parts = line.split()
        if not parts or line.lstrip().startswith("#"):
            continue
        try:
            row = list(map(int, parts))
        except ValueError:
            if parts[0].isalpha() and not any(part.isdigit() for part in parts):
                found.titled = True
                continue
            row = _strict(line, file, at + 1, first=not found.rows)
        found.rows.append(row)
        found.lines.append(at + 1)
    for at, row in enumerate(found.rows):
        if min(row) < 0 or max(row) > LIMIT:
            bad = next(number for number in row if number < 0 or number > LIMIT)
            raise InputError(
                "a number out of range",
                came=str(bad),
                expected=f"0 to {LIMIT}",
                where=f"{found.where(at)}:{_column(raw[found.lines[at] - 1], row.index(bad))}",
            )
    return found


def _column(line: str, word: int) -> int:
    """Column [1 …] of a word."""
    at = 0
    for number, part in enumerate(line.split()):
        at = line.index(part, at)
        if number == word:
            return at + 1
        at += len(part)
    return 1


def _strict(line: str, file: str, number: int, first: bool) -> list[int]:
    """Whole numbers of a line, 2.0 being one; in the first line the third may be any (flexibility)."""
    row = []
    for word, part in enumerate(line.split()):
        try:
            value = float(part)
        except ValueError:
            value = float("nan")
        if first and word >= 2 and value == value:
            value = float(int(value)) if abs(value) < LIMIT else 0.0
        if value != value or value in {float("inf"), float("-inf")} or value != int(value):
            raise InputError(
                "not a whole number",
                came=repr(part),
                expected="a whole number",
                where=f"{file}:{number}:{_column(line, word)}",
            )
        row.append(int(value))
    return row


def _kind(lines: _Lines, jobs: int, machines: int, suffix: str) -> str:
    body = lines.rows[1:]
    wide = [len(row) for row in body]
    if len(body) == 2 * jobs and set(wide) == {machines} and (lines.titled or not _fits_flexible(body[:jobs])):
        return "taillard"
    flexible = len(body) >= jobs and _fits_flexible(body[:jobs])
    if flexible and len(body) > jobs and suffix != ".jsp":
        return "sdst"
    even = [length % 2 == 0 for length in wide[:jobs]]
    pairs = all(even)
    if flexible and (not pairs or suffix in {".fjs", ".fjsp"} or len(lines.rows[0]) > 2):
        return "fjsp"
    if flexible and suffix != ".jsp":
        distinct = all(sorted(row[::2]) in (list(range(machines)), list(range(1, machines + 1))) for row in body[:jobs])
        return "jsp" if distinct else "fjsp"
    if pairs or suffix in {".jsp", ".fjs", ".fjsp"}:
        return "jsp" if suffix not in {".fjs", ".fjsp"} else "fjsp"
    return "fjsp" if sum(_fits_flexible([row]) for row in body[:jobs]) > sum(even) / 2 else "jsp"


def _fits_flexible(body: Sequence[Sequence[int]]) -> bool:
    """Every row reads as operations with choices, to its end."""
    for row in body:
        at = 1
        for _ in range(row[0]):
            if at >= len(row) or row[at] < 1:
                return False
            at += 1 + 2 * row[at]
        if at != len(row) or row[0] < 1:
            return False
    return bool(body)


def _listed(lines: _Lines, jobs: int, kind: str) -> _Found:
    body = lines.rows[1 : jobs + 1]
    if len(body) < jobs or (kind != "sdst" and len(lines.rows) > jobs + 1):
        raise InputError(
            "not as many lines of jobs as the first line says",
            came=f"{len(lines.rows) - 1} lines",
            expected=f"{jobs} jobs",
            where=lines.where(min(jobs, len(lines.rows) - 1) if len(body) < jobs else jobs + 1),
        )
    read: Callable[[Sequence[int], _Found], bool] = _pairs if kind == "jsp" else _choices
    found = _Found()
    for at, row in enumerate(body, start=1):
        before = len(found.choices)
        if not read(row, found) or len(found.choices) == before:
            came = " ".join(map(str, row[:12])) + (" …" if len(row) > 12 else "")
            expected = _EXPECTED["jsp" if kind == "jsp" else "fjsp"]
            raise InputError("a job that does not read to its end", came=came, expected=expected, where=lines.where(at))
        found.counts.append(len(found.choices) - before)
        found.rows += [at] * (len(found.choices) - before)
    return found


def _pairs(row: Sequence[int], found: _Found) -> bool:
    if len(row) % 2:
        return False
    found.machines += row[::2]
    found.times += row[1::2]
    found.choices += [1] * (len(row) // 2)
    return True


def _choices(row: Sequence[int], found: _Found) -> bool:
    at = 1
    for _ in range(row[0]):
        if at >= len(row) or row[at] < 1 or at + 2 * row[at] >= len(row):
            return False
        end = at + 1 + 2 * row[at]
        found.choices.append(row[at])
        found.machines += row[at + 1 : end : 2]
        found.times += row[at + 2 : end : 2]
        at = end
    return at == len(row)


def _taillard(lines: _Lines, jobs: int, machines: int) -> _Found:
    body = lines.rows[1:]
    if len(body) != 2 * jobs or any(len(row) != machines for row in body):
        bad = next((at for at, row in enumerate(body, start=1) if len(row) != machines), len(body))
        raise InputError(
            "not two blocks of times and machines",
            came=f"{len(body)} lines",
            expected=f"{jobs} lines of {machines} times, {jobs} lines of {machines} machines",
            where=lines.where(bad),
        )
    found = _Found()
    for job in range(jobs):
        found.times += body[job]
        found.machines += body[jobs + job]
        found.choices += [1] * machines
        found.counts.append(machines)
        found.rows += [jobs + job + 1] * machines
    return found


def _base(found: _Found, machines: int, kind: str, suffix: str, lines: _Lines) -> int:
    """Number of the first machine."""
    low, high = min(found.machines), max(found.machines)
    base = 1 if low >= 1 and (high == machines or kind in {"taillard", "sdst"} or suffix == ".fjs") else 0
    if high - base >= machines:
        owner = np.repeat(np.arange(len(found.choices)), found.choices)
        row = found.rows[int(owner[found.machines.index(high)])]
        raise InputError(
            "unknown machine", came=str(high), expected=f"{base} to {machines - 1 + base}", where=lines.where(row)
        )
    return base


def _problem(name: str, jobs: int, machines: int, found: _Found, base: int, lines: _Lines) -> Problem:
    empty = Builder(name)
    for number in range(machines):
        empty.machine(f"M{number + base}")
    count = len(found.choices)
    first = _sums(found.counts)
    owner = np.repeat(np.arange(count), found.choices)
    mode_machine = np.array(found.machines, np.int64) - base
    keys = owner * machines + mode_machine
    if len(np.unique(keys)) < len(keys):
        order = np.argsort(keys, kind="stable")
        twice = int(owner[order[1:][np.diff(keys[order]) == 0][0]])
        machine = empty.problem().machines[mode_machine[order[1:][np.diff(keys[order]) == 0][0]]]
        raise InputError("a machine given twice for one operation", came=machine, where=lines.where(found.rows[twice]))
    width = len(str(jobs - 1))
    names = [f"J{job:0{width}d}" for job in range(jobs)]
    step = np.arange(count) - np.repeat(first[:-1], found.counts)
    owners = np.repeat(np.arange(jobs), found.counts)
    never, none, zero = np.full(count, NEVER), np.full(count, NONE), np.zeros(count, np.int64)
    return replace(
        empty.problem(),
        jobs=tuple(names),
        operations=tuple(f"{names[job]}/{at + 1}" for job, at in zip(owners.tolist(), step.tolist(), strict=True)),
        places=tuple(map(lines.where, found.rows)),
        job_kind=np.zeros(jobs, np.int64),
        job_first=first,
        release=np.zeros(jobs, np.int64),
        due=np.full(jobs, NEVER),
        deadline=np.full(jobs, NEVER),
        weight=np.ones(jobs),
        family=none,
        size=zero + 1,
        batch_family=none,
        lag=zero,
        max_lag=never,
        fixed_start=never,
        fixed_machine=none,
        need_first=np.zeros(count + 1, np.int64),
        mode_first=_sums(found.choices),
        mode_machine=mode_machine,
        mode_time=np.array(found.times, np.int64),
    )


def _sums(counts: Sequence[int]) -> Ints:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def _with_setups(problem: Problem, lines: _Lines, jobs: int, machines: int) -> Problem:
    """Each operation is its own setup family, each machine its own table."""
    count, rows = problem.operation_count, lines.rows[jobs + 1 :]
    if machines * (count + 1) ** 2 > MOST_SETUPS:
        raise InputError(
            "more setup times than can be read",
            came=f"{machines} x {count} x {count}",
            expected=f"at most {MOST_SETUPS:,}",
        )
    if len(rows) != machines * count or any(len(row) != count for row in rows):
        bad = next((at for at, row in enumerate(rows) if len(row) != count), len(rows))
        raise InputError(
            "not a table of setup times for each machine",
            came=f"{len(rows)} lines",
            expected=f"{machines} x {count} lines of {count} numbers",
            where=lines.where(jobs + 1 + bad),
        )
    able = np.zeros((machines, count), np.bool_)
    able[problem.mode_machine, np.repeat(np.arange(count), np.diff(problem.mode_first))] = True
    time = np.zeros((machines, count + 1, count + 1), np.int64)
    time[:, :count, :count] = np.array(rows, np.int64).reshape(machines, count, count)
    time[:, :count, :count][~(able[:, :, None] & able[:, None, :])] = 0
    return replace(
        problem,
        families=problem.operations,
        family=np.where(np.minimum.reduceat(problem.mode_time, problem.mode_first[:-1]) > 0, np.arange(count), NONE),
        machine_table=np.arange(machines),
        setup_time=time,
        setup_cost=np.zeros_like(time, np.float64),
    )
