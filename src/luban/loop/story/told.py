"""What is told of the story: its steps as they happen, and what it came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["Energy", "Step", "Story"]


@dataclass(frozen=True, slots=True)
class Step:
    """Something that happened.

    kind    wires, drift, write, breakdown, plan, dispatch, trace, energy, verify or note
    time    in the books [µs UTC];  clock  the shop's own clock, in words
    title   what it is;  text  what was found and done, in sentences
    tone    good, doubt, bad or "" for neither
    """

    kind: str
    time: int
    clock: str
    title: str
    text: str
    tone: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Energy:
    """Electricity of a machine in the story, by its own register.

    energy  [kWh];  pieces  good ones that it made
    """

    machine: str
    energy: float
    pieces: float


@dataclass(frozen=True, slots=True)
class Story:
    """What a morning on real wires brought.

    folder      the plant's folder; `luban up` shows it
    start, end  in the books [µs UTC];  scale  times faster than the shop's own clock
    facts       facts in the books, by stream
    commands    how many commands ended in which state
    energy      by machine, the largest first
    verdict     what verify says of the first set-point: one of its verdicts, "" where nothing was set;  why  in words
    missing     what should have been seen and was not, in words
    """

    folder: Path
    start: int
    end: int
    scale: float
    steps: tuple[Step, ...]
    facts: Mapping[str, int]
    commands: Mapping[str, int]
    energy: tuple[Energy, ...]
    verdict: str = ""
    why: str = ""
    missing: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())

    @property
    def ok(self) -> bool:
        """Everything that should be seen was seen."""
        return not self.missing

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {
            "folder": str(self.folder), "start": self.start, "end": self.end, "scale": self.scale,
            "steps": [one.as_dict() for one in self.steps], "facts": dict(self.facts),
            "commands": dict(self.commands), "energy": [asdict(one) for one in self.energy],
            "verdict": self.verdict, "why": self.why, "missing": list(self.missing), "notes": list(self.notes),
            "ok": self.ok,
        }  # fmt: skip
