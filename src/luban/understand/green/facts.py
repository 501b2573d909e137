"""What a number rests on: the facts of the ledger it was worked out from, and the reason where it is not known."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Facts", "Found", "facts_of", "together"]


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts of one stream, by their seq, in order."""

    stream: str
    seqs: tuple[int, ...]

    @property
    def digest(self) -> str:
        """Sha256 over stream and seqs: two numbers with the same digest rest on the same facts."""
        return hashlib.sha256(f"{self.stream}:{','.join(map(str, self.seqs))}".encode()).hexdigest()

    def as_dict(self, most: int = 0) -> dict[str, Any]:
        """The same for `--json` and REST; at most so many seqs, 0 for none."""
        return {
            "stream": self.stream, "count": len(self.seqs), "first": self.seqs[0] if self.seqs else None,
            "last": self.seqs[-1] if self.seqs else None, "sha256": self.digest, "seqs": list(self.seqs[:most]),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Found:
    """A number with what it rests on.

    value   None where it is not known: then `reason` says why
    notes   what to bear in mind
    """

    value: float | None
    unit: str
    facts: tuple[Facts, ...] = ()
    reason: str = ""
    notes: tuple[str, ...] = ()

    def as_dict(self, most: int = 0) -> dict[str, Any]:
        """The same for `--json` and REST."""
        return {
            "value": self.value, "unit": self.unit, "reason": self.reason, "notes": list(self.notes),
            "facts": [one.as_dict(most) for one in self.facts],
        }  # fmt: skip


def facts_of(stream: str, seqs: Iterable[int]) -> tuple[Facts, ...]:
    """The facts of those seqs; nothing where there are none, or none came from a ledger (seq 0)."""
    known = tuple(sorted({seq for seq in seqs if seq}))
    return (Facts(stream, known),) if known else ()


def together(*parts: tuple[Facts, ...]) -> tuple[Facts, ...]:
    """Facts of several numbers put together, by stream."""
    by_stream: dict[str, set[int]] = {}
    for one in (one for part in parts for one in part):
        by_stream.setdefault(one.stream, set()).update(one.seqs)
    merged: Mapping[str, set[int]] = dict(sorted(by_stream.items()))
    return tuple(Facts(stream, tuple(sorted(seqs))) for stream, seqs in merged.items())
