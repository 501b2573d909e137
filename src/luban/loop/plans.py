"""Plans on disk: one append-only log a plan, each line sealed by the hash of the line before it.

Reads and writes  `.luban/plans/NAME.jsonl` and `.luban/plans/problems/HASH.npz` in the plant's folder
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from luban.core.errors import InputError, IntegrityError, LubanError
from luban.core.time import now
from luban.decide.schedule.problem import Ints, Problem
from luban.decide.schedule.schedule import Schedule
from luban.plant import Plant

__all__ = ["COLUMNS", "EDITS", "Entry", "PlanState", "Plans", "fingerprint", "read_problem", "write_problem"]

COLUMNS = ("machine", "start", "end", "setup_start", "setup_end", "batch")
EDITS = ("moved", "locked", "unlocked")
"""Acts that can be undone."""
_ARRAYS = tuple(field.name for field in fields(Problem) if str(field.type) in {"Ints", "Floats"})
_REST = tuple(field.name for field in fields(Problem) if field.name not in _ARRAYS)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a plan's log.

    n     number of the line; 0: the plan was made
    at    [µs UTC]
    act   made, moved, locked, unlocked, undone, redone, published, withdrawn
    of    the line that was undone or redone; else n
    told  what the act says of itself
    """

    n: int
    at: int
    who: str
    act: str
    of: int
    told: Mapping[str, Any]
    hash: str


@dataclass(frozen=True, slots=True)
class PlanState:
    """A plan as of its last line.

    made        what was said when it was made: name, objective, value, bound, proved, reason, seconds, seed,
                fingerprint of the plant, hash of the problem
    locked      operations that keep machine and start
    undo, redo  lines that can be undone or redone, the next one last
    """

    id: str
    made: Mapping[str, Any]
    schedule: Schedule
    locked: frozenset[int]
    undo: tuple[int, ...]
    redo: tuple[int, ...]
    history: tuple[Entry, ...]
    published: bool

    @property
    def n(self) -> int:
        """Number of the last line: the version of the plan."""
        return self.history[-1].n


class Plans:
    """The plans of one plant folder; safe from any thread and process.

    record  takes each act, so that the books know of it too: who, what, which plan, in words
    """

    def __init__(self, folder: Path, record: Callable[[str, str, str, str], None] = lambda *_told: None) -> None:
        self._folder = folder / ".luban" / "plans"
        self._record = record
        self._lock = threading.RLock()
        self._known: dict[str, tuple[int, PlanState]] = {}

    @property
    def problems(self) -> Path:
        """Where problems lie, each under its hash."""
        return self._folder / "problems"

    def all(self) -> list[PlanState]:
        """Every plan that can be read, the newest first."""
        return self.look()[0]

    def look(self) -> tuple[list[PlanState], dict[str, str]]:
        """Every plan, the newest first, and what is wrong with those that cannot be read, by id."""
        found, wrong = [], {}
        for path in sorted(self._folder.glob("*.jsonl")):
            try:
                found.append(self.get(path.stem))
            except LubanError as error:
                wrong[path.stem] = str(error)
        return sorted(found, key=lambda plan: (plan.history[0].at, plan.id), reverse=True), wrong

    def get(self, id_: str) -> PlanState:
        """The plan as it is now. Raises InputError where there is none, IntegrityError where its log was changed."""
        path = self._folder / f"{id_}.jsonl"
        if not id_.isalnum() or not path.is_file():
            raise InputError("no such plan", came=repr(id_), hint="the list of plans shows which there are")
        with self._lock:
            size, known = self._known.get(id_, (0, None))
            if known is None or path.stat().st_size != size:
                text = path.read_bytes()
                whole = text[: text.rfind(b"\n") + 1]  # a torn last line was never acknowledged
                known = _replay(id_, [json.loads(line) for line in whole.splitlines()], self.problems)
                self._known[id_] = len(text), known
            return known

    def make(self, schedule: Schedule, told: Mapping[str, Any], *, who: str, locked: Collection[int] = ()) -> PlanState:
        """A new plan; its id is its number, P0001 and so on."""
        seal = write_problem(self.problems, schedule.problem)
        columns = {name: getattr(schedule, name).tolist() for name in COLUMNS}
        with self._lock:
            taken = [int(path.stem[1:]) for path in self._folder.glob("P*.jsonl") if path.stem[1:].isdigit()]
            number = max(taken, default=0) + 1
            while True:
                path = self._folder / f"P{number:04}.jsonl"
                try:
                    path.touch(exist_ok=False)
                    break
                except FileExistsError:
                    number += 1
        made = {"name": f"P{number:04}", **told, "problem": seal}
        return self._append(
            path.stem, who, "made", made, {"columns": columns, "lock": sorted(locked)}, str(made["name"])
        )

    def edit(self, plan: PlanState, schedule: Schedule, locked: frozenset[int], act: str, text: str, *, who: str,
             told: Mapping[str, Any] | None = None) -> PlanState:  # fmt: skip
        """One of EDITS: the plan with another schedule or other locks. Raises InputError where it changed meanwhile."""
        changed = np.flatnonzero(
            np.any([getattr(schedule, name) != getattr(plan.schedule, name) for name in COLUMNS], axis=0)
        )
        body = {
            "operations": changed.tolist(),
            "was": {name: getattr(plan.schedule, name)[changed].tolist() for name in COLUMNS},
            "now": {name: getattr(schedule, name)[changed].tolist() for name in COLUMNS},
            "lock": sorted(locked - plan.locked), "unlock": sorted(plan.locked - locked),
        }  # fmt: skip
        return self._append(plan.id, who, act, {"text": text, **(told or {})}, body, text, expected=plan.n)

    def step(self, plan: PlanState, act: str, *, who: str) -> PlanState:
        """Undo (`undone`) or redo (`redone`) one edit. Raises InputError where there is nothing of the kind."""
        rest = plan.undo if act == "undone" else plan.redo
        if not rest:
            raise InputError("nothing to undo" if act == "undone" else "nothing to redo", came=plan.id)
        edit = plan.history[rest[-1]]
        told = {"of": edit.n, "text": edit.told.get("text", "")}
        return self._append(plan.id, who, act, told, {}, f"{edit.act} {edit.n}", expected=plan.n)

    def publish(self, plan: PlanState, *, who: str) -> PlanState:
        """This plan is what the floor works by; the one before is withdrawn."""
        for other in self.all():
            if other.published and other.id != plan.id:
                self._append(other.id, who, "withdrawn", {"for": plan.id}, {}, f"for {plan.id}")
        return self._append(plan.id, who, "published", {}, {}, f"line {plan.n}", expected=plan.n)

    def _append(self, id_: str, who: str, act: str, told: Mapping[str, Any], body: Mapping[str, Any], text: str,
                expected: int | None = None) -> PlanState:  # fmt: skip
        path = self._folder / f"{id_}.jsonl"
        with self._lock, path.open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            size = path.stat().st_size
            before = self.get(id_) if size else None
            if before is not None and expected is not None and before.n != expected:
                last = before.history[-1]
                raise InputError(
                    "the plan has changed meanwhile",
                    came=f"{last.act} by {last.who}",
                    hint="look at it again, then repeat",
                )
            if size and not _ends_whole(path):
                file.truncate(path.read_bytes().rfind(b"\n") + 1)
            n = before.n + 1 if before else 0
            previous = before.history[-1].hash if before else ""
            line: dict[str, Any] = {"n": n, "at": now(), "who": who, "act": act, "told": dict(told), "body": dict(body)}
            line["hash"] = _seal(previous, line)
            file.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        self._record(who, f"plan {act}", id_, f"{text} [{line['hash'][:16]}]")
        return self.get(id_)


def _ends_whole(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, 2)
        return file.read() == b"\n"


def _seal(previous: str, line: Mapping[str, Any]) -> str:
    text = json.dumps({key: line[key] for key in sorted(line) if key != "hash"}, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(f"{previous}|{text}".encode()).hexdigest()


def _replay(id_: str, lines: Sequence[dict[str, Any]], problems: Path) -> PlanState:
    """The plan that the lines tell. Raises IntegrityError."""
    previous, history = "", []
    for at, line in enumerate(lines):
        if line["n"] != at or _seal(previous, line) != line["hash"]:
            raise IntegrityError("the log of the plan was changed", came=f"line {at}", where=id_)
        previous = line["hash"]
        told = line["told"]
        history.append(
            Entry(at, line["at"], line["who"], line["act"], int(told.get("of", at)), told, previous)
        )  # fmt: skip
    if not lines:
        raise IntegrityError("the log of the plan is empty", where=id_)
    problem = read_problem(problems, history[0].told["problem"])
    columns = {name: np.array(values, np.int64) for name, values in lines[0]["body"]["columns"].items()}
    locked: set[int] = set(lines[0]["body"]["lock"])
    undo: list[int] = []
    redo: list[int] = []
    published = False
    for entry, line in zip(history[1:], lines[1:], strict=True):
        if entry.act in EDITS:
            _apply(columns, locked, line["body"], back=False)
            undo.append(entry.n)
            redo.clear()
        elif entry.act == "undone":
            _apply(columns, locked, lines[entry.of]["body"], back=True)
            redo.append(undo.pop())
        elif entry.act == "redone":
            _apply(columns, locked, lines[entry.of]["body"], back=False)
            undo.append(redo.pop())
        else:
            published = entry.act == "published"
    schedule = Schedule(problem, **columns)
    return PlanState(
        id_, history[0].told, schedule, frozenset(locked), tuple(undo), tuple(redo), tuple(history), published
    )


def _apply(columns: dict[str, Ints], locked: set[int], body: Mapping[str, Any], *, back: bool) -> None:
    at = np.array(body["operations"], np.int64)
    for name, values in body["was" if back else "now"].items():
        columns[name][at] = values
    gone, come = (body["lock"], body["unlock"]) if back else (body["unlock"], body["lock"])
    locked.difference_update(gone)
    locked.update(come)


def fingerprint(folder: Path, plant: Plant) -> str:
    """Name of what a plan was made from: the plant's revision and its schedule.toml."""
    rest = folder / "schedule.toml"
    said = rest.read_bytes() if rest.is_file() else b""
    return hashlib.sha256(plant.fingerprint.encode() + said).hexdigest()


# ---------------------------------------------------------------- problems


def write_problem(folder: Path, problem: Problem) -> str:
    """Keep a problem under the hash of what it says; returns the hash."""
    folder.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    names = json.dumps({name: getattr(problem, name) for name in _REST}, ensure_ascii=False, sort_keys=True)
    digest.update(names.encode())
    for name in _ARRAYS:
        array = getattr(problem, name)
        digest.update(f"{name}{array.shape}".encode() + np.ascontiguousarray(array).tobytes())
    seal = digest.hexdigest()
    path = folder / f"{seal}.npz"
    if not path.is_file():
        part = folder / f"{seal}.{threading.get_ident()}.part.npz"
        arrays = {name: getattr(problem, name) for name in _ARRAYS}
        np.savez_compressed(part, names=np.frombuffer(names.encode(), np.uint8), **arrays)
        part.replace(path)
    return seal


@lru_cache(maxsize=8)
def read_problem(folder: Path, seal: str) -> Problem:
    """The problem of that hash. Raises IntegrityError where it is not there."""
    path = folder / f"{seal}.npz"
    if not seal.isalnum() or not path.is_file():
        raise IntegrityError("the problem of the plan is not there any more", came=seal[:16], where=str(path))
    with np.load(path, allow_pickle=False) as kept:
        names = json.loads(kept["names"].tobytes().decode())
        given: dict[str, Any] = {name: tuple(own) if isinstance(own, list) else own for name, own in names.items()}
        return Problem(**given, **{name: kept[name] for name in _ARRAYS})
