"""Evidence: what a closed task or a counted thing rests on. A fact of the books, or a document with its digest.

Reads   the ledger, documents    Writes  nothing
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from luban.core.errors import InputError
from luban.ledger import Ledger

__all__ = ["KINDS", "Evidence", "Standing", "document", "evidence_of", "fact", "paper"]

KINDS: Final = ("fact", "document")
_TALK: Final = frozenset({"task", "programme", "advice"})  # a word about a task proves no task
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Evidence:
    """What something rests on.

    kind    one of KINDS;  ref  seq of the fact, or name of the document
    digest  SHA-256 of the document; "" for a fact, which the ledger's own chain protects
    text    what it shows, for people
    """

    kind: str
    ref: str
    digest: str = ""
    text: str = ""

    @property
    def key(self) -> str:
        """What it is, whatever people call it."""
        return self.digest or f"{self.kind} {self.ref}"

    def as_dict(self) -> dict[str, str]:
        """For an entry."""
        return {"kind": self.kind, "ref": self.ref, "digest": self.digest, "text": self.text}


def fact(ledger: Ledger, seq: int, text: str = "") -> Evidence:
    """A fact of the books as evidence. Raises InputError where there is no such fact, or it was corrected."""
    made = Evidence("fact", str(seq), "", text)
    why = Standing(ledger).reason(made)
    if why:
        raise InputError("no evidence", came=why, hint="name the fact that is in force")
    return made


def document(path: Path, text: str = "") -> Evidence:
    """A document as evidence, by its name and its digest. Raises InputError where it cannot be read or is empty."""
    try:
        held = path.read_bytes()
    except OSError as error:
        raise InputError("the document cannot be read", came=str(error), where=str(path)) from None
    return paper(path.name, held, text)


def paper(name: str, content: bytes, text: str = "") -> Evidence:
    """The same of a document that was sent. Raises InputError where it is empty."""
    if not content:
        raise InputError("an empty document shows nothing", where=name)
    return Evidence("document", name, hashlib.sha256(content).hexdigest(), text)


def evidence_of(given: Any) -> tuple[Evidence, ...]:
    """Evidence as entries hold it; what is none is left out."""
    if not isinstance(given, list):
        return ()
    made = [
        Evidence(*(str(one.get(name, "") or "") for name in ("kind", "ref", "digest", "text")))
        for one in given
        if isinstance(one, Mapping)
    ]
    return tuple(one for one in made if one.kind in KINDS and one.ref)


class Standing:
    """Whether evidence stands by the books as they are.

    as_of  the books as they stood at this seq

    Example  Standing(ledger).reason(Evidence("fact", "12")) == ""
    """

    def __init__(self, ledger: Ledger, as_of: int | None = None) -> None:
        self._ledger, self._as_of = ledger, as_of
        self._stale: dict[str, set[int]] = {}

    def reason(self, one: Evidence) -> str:
        """Why it does not stand; "" if it does."""
        if one.kind == "document":
            return "" if _DIGEST.fullmatch(one.digest) else f"document {one.ref} without its digest"
        if not one.ref.isdecimal():
            return f"{one.ref} is no number of a fact"
        seq = int(one.ref)
        found = self._ledger.fact(seq)
        if found is None or (self._as_of is not None and seq > self._as_of):
            return f"no fact {seq} in the books"
        name = str(found["stream"])
        if name == "event" and found.get("kind") in _TALK:
            return f"fact {seq} is itself a word about the plan"
        if name not in self._stale:
            self._stale[name] = set(self._ledger.superseded(name, as_of=self._as_of))
        return f"fact {seq} was corrected" if seq in self._stale[name] else ""

    def sound(self, some: Iterable[Evidence]) -> tuple[tuple[Evidence, ...], tuple[str, ...]]:
        """(evidence that stands, why the rest does not)."""
        found = [(one, self.reason(one)) for one in some]
        return tuple(one for one, why in found if not why), tuple(why for _, why in found if why)
