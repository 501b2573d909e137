"""Runs and proofs of a pilot in books of their own: what was run once is not run again, and looks are counted.

Reads   Fact(event) of the kind `pilot` in the pilot's books
Writes  the same: `begin` of a study, each `run`, the `proof`
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Self

from luban.core.errors import InputError, LedgerBusyError
from luban.ledger import Ledger, LedgerWriter
from luban.pilot.plan import COSTS, Arm, Figures
from luban.pilot.proof import Proof
from luban.understand.book import Entry, entries, row

__all__ = ["Books", "Kept", "Key", "Standing", "pilot_home", "standing"]


@dataclass(frozen=True, slots=True)
class Key:
    """What makes a run: equal keys give equal figures."""

    arm: Arm
    seed: int
    days: float | None
    code: str
    settings: str

    def as_dict(self) -> dict[str, Any]:
        """For an entry."""
        arm = asdict(self.arm) | {"levers": sorted(self.arm.levers)}
        return {"arm": arm, "seed": self.seed, "days": self.days, "code": self.code, "settings": self.settings}


@dataclass(frozen=True, slots=True)
class Kept:
    """A run that the books hold: its entry's seq, its figures, seconds of work."""

    seq: int
    figures: Figures
    cpu: float


@dataclass(frozen=True, slots=True)
class Standing:
    """How a pilot stands by its books.

    proof         the newest; None: none yet
    done, wanted  runs of a study that was begun after it; 0 and 0 if none is unfinished
    begun         when [µs UTC], 0 if none is unfinished
    """

    proof: Proof | None
    done: int
    wanted: int
    begun: int


def pilot_home(base: Path, name: str) -> Path:
    """Where a pilot's books lie: below the working folder, or below the plant's folder."""
    return base / ".luban" / "pilots" / name


class Books:
    """A pilot's books, open for writing: one study at a time. A context manager.

    Raises  InputError if another study holds them
    """

    def __init__(self, home: Path, name: str) -> None:
        self.name = name
        self._folder = home / "ledger"
        try:
            self._writer = LedgerWriter(self._folder)
        except LedgerBusyError:
            hint = "wait until it has ended, or stop it"
            raise InputError("another study of this pilot is running", came=name, where=str(home), hint=hint) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._writer.close()

    def runs(self) -> dict[Key, Kept]:
        """Every run that is kept, the newest of equal ones."""
        found = {}
        for entry in _read(self._folder, self.name):
            if entry.code == "run":
                key, kept = _run(entry)
                found[key] = kept
        return found

    def proofs(self) -> tuple[Proof, ...]:
        """All proofs that were made, oldest first."""
        return tuple(
            Proof.from_dict(one.data["proof"]) for one in _read(self._folder, self.name) if one.code == "proof"
        )

    def begin(self, wanted: int, told: Mapping[str, Any]) -> None:
        """A study begins: so many runs are still wanted."""
        self._put("begin", f"{wanted} runs", {"wanted": wanted, **told})

    def keep(self, key: Key, figures: Figures, cpu: float) -> Kept:
        """One run, durable when this returns."""
        data = key.as_dict() | {"figures": _plain(asdict(figures)), "cpu": round(cpu, 4)}
        return Kept(self._put("run", "", data), _sorted(figures), cpu)

    def prove(self, proof: Proof) -> int:
        """A proof; its seq."""
        said = "; ".join(f"{one.metric} {one.share.mean:+.1%}" for one in proof.changes if one.verdict)
        return self._put("proof", said[:400], {"proof": proof.as_dict()})

    def _put(self, code: str, text: str, data: Mapping[str, Any]) -> int:
        made = row("pilot", self.name, code, person="", text=text, data=data)
        self._writer.append("event", made, source="pilot")
        return self._writer.head


def standing(home: Path, name: str) -> Standing:
    """The newest proof, and how far an unfinished study is. Runs nothing."""
    folder = home / "ledger"
    if not folder.is_dir():
        return Standing(None, 0, 0, 0)
    proof: Mapping[str, Any] | None = None
    done = wanted = begun = 0
    for entry in _read(folder, name):
        if entry.code == "proof":
            proof, done, wanted, begun = entry.data["proof"], 0, 0, 0
        elif entry.code == "begin":
            done, wanted, begun = 0, int(entry.data["wanted"]), entry.time
        elif entry.code == "run":
            done += wanted > 0
    return Standing(None if proof is None else Proof.from_dict(proof), done, wanted, begun)


def _read(folder: Path, name: str) -> Iterable[Entry]:
    ledger = Ledger(folder)
    try:
        return entries(ledger, "pilot", name)
    finally:
        ledger.close()


def _run(entry: Entry) -> tuple[Key, Kept]:
    data = entry.data
    arm = Arm(**{**data["arm"], "levers": frozenset(data["arm"]["levers"])})
    figures = _sorted(Figures(**{name: _known(one) for name, one in data["figures"].items()}))
    return Key(arm, data["seed"], data["days"], data["code"], data["settings"]), Kept(entry.seq, figures, data["cpu"])


def _sorted(one: Figures) -> Figures:
    """Costs in the order of COSTS: sums are then equal to the last bit, kept or fresh."""
    return replace(one, costs={part: one.costs[part] for part in COSTS if part in one.costs})


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _known(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _known(one) for name, one in value.items()}
    return math.nan if value is None else value
