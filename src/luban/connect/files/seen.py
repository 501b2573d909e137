"""Which rows have been read: by content, so that a name means nothing and an appended file gives its new rows only."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

__all__ = ["Seen", "Start", "digest"]

_KEPT = 20_000  # contents remembered


def digest(content: bytes) -> str:
    """Short name of a content: 128 bits of its SHA-256."""
    return hashlib.sha256(content).hexdigest()[:32]


@dataclass(slots=True)
class Start:
    """Where reading begins.

    known    the content has been read whole
    rows     rows of it that were read before
    last     time of the newest row read before [µs UTC]
    torn     the last row read had not been whole: it goes on in this content
    changed  it is not what it was: rows that had been read are different now
    """

    known: bool = False
    rows: int = 0
    last: int | None = None
    torn: bool = False
    changed: bool = False


class Seen:
    """Contents read so far; `state` is what the collector remembers.

    state  {"name": {file name: content}, "content": {content: [bytes, rows, last time, done items]}}
    """

    def __init__(self, state: Any = None) -> None:
        given = state if isinstance(state, dict) else {}
        self._names: dict[str, str] = dict(given.get("name", {}))
        self._contents: dict[str, list[Any]] = {key: list(value) for key, value in given.get("content", {}).items()}

    @property
    def state(self) -> dict[str, Any]:
        """To be remembered."""
        return {"name": self._names, "content": self._contents}

    def start(self, name: str, content: bytes) -> Start:
        """Where to begin in this content."""
        key = digest(content)
        whole = self._contents.get(key)
        if whole is not None and whole[3] is None:
            self._names[name] = key
            return Start(known=True)
        begun = self._longest_prefix(content)
        if begun is not None:
            size, rows, last, _ = begun
            torn = content[size - 1 : size] != b"\n" and content[size : size + 1] not in {b"\r", b"\n"}
            return Start(rows=rows, last=last, torn=torn)
        before = self._contents.get(self._names.get(name, ""))
        return Start(changed=before is not None and before[3] is None)

    def _longest_prefix(self, content: bytes) -> list[Any] | None:
        """The longest content read whole that this one begins with; one pass over the bytes."""
        found = None
        running, at = hashlib.sha256(), 0
        for size in sorted({entry[0] for entry in self._contents.values() if 0 < entry[0] < len(content)}):
            running.update(content[at:size])
            at = size
            entry = self._contents.get(running.hexdigest()[:32])
            if entry is not None and entry[0] == size and entry[3] is None:
                found = entry
        return found

    def done(self, content: bytes) -> int:
        """Items of a content whose reading was interrupted."""
        found = self._contents.get(digest(content))
        return int(found[3] or 0) if found else 0

    def note(self, name: str, content: bytes, *, rows: int, last: int | None, open_at: int | None) -> None:
        """Reading has come so far; `open_at` None when the content is read whole."""
        key = digest(content)
        self._names[name] = key
        self._contents[key] = [len(content), rows, last, open_at]
        while len(self._contents) > _KEPT:
            self._contents.pop(next(iter(self._contents)))
