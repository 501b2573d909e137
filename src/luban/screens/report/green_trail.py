"""The trail of a green sheet: which facts each number rests on, numbered, with their sha256; and the facts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import tzinfo
from typing import Any, Final

from luban.core.time import to_datetime
from luban.screens.i18n import Words
from luban.screens.report.sheet import Block, Grid, Note, Sheet
from luban.understand.green import Facts

__all__ = ["Trail", "facts_grid", "facts_sheet", "stream_name"]

_NONE = "–"
_MOST: Final = 1000  # facts on a sheet
_LEFT_OUT: Final = {"stream", "seq", "recorded", "time", "source", "source_seq", "subject", "supersedes", "quality"}


def stream_name(say: Words, stream: str) -> str:
    """What facts of a stream are called on a green sheet."""
    names = {
        "meter": say("meter readings"), "movement": say("movements"), "count": say("counts"),
        "genealogy": say("uses of lots"), "event": say("statements"),
    }  # fmt: skip
    return names.get(stream, stream)


class Trail:
    """Numbers facts as they are referred to.

    Example  trail.mark(found.facts) == "[1]"; trail.grid() lists what stands behind [1]
    """

    def __init__(self, say: Words) -> None:
        self._say = say
        self._known: dict[Facts, int] = {}

    def mark(self, facts: tuple[Facts, ...]) -> str:
        """The numbers of these facts; – where there are none."""
        return "".join(f"[{self._known.setdefault(one, len(self._known) + 1)}]" for one in facts) or _NONE

    def grid(self) -> Grid:
        """All that was referred to."""
        say = self._say
        heads = (say("number"), say("facts"), say("how many"), say("first"), say("last"), "sha256")
        rows = [
            (f"[{number}]", stream_name(say, one.stream), f"{len(one.seqs):,}", str(one.seqs[0]), str(one.seqs[-1]),
             one.digest)
            for one, number in self._known.items()
        ]  # fmt: skip
        return Grid(heads, rows, say("Facts behind the numbers"), frozenset({2, 3, 4}))


def facts_sheet(name: str, rows: Sequence[Mapping[str, Any]], say: Words, zone: tzinfo, source: str) -> Sheet:
    """The facts that a point or a number rests on, one by one; the first ones where there are very many."""
    blocks: list[Block] = [facts_grid(rows[:_MOST], say, zone)]
    if len(rows) > _MOST:
        text = say("The first {shown} of {count} facts; --json holds all of them.", shown=_MOST, count=f"{len(rows):,}")
        blocks.append(Note(text))
    return Sheet(say("Facts behind {name}", name=name), source, tuple(blocks))


def facts_grid(rows: Iterable[Mapping[str, Any]], say: Words, zone: tzinfo) -> Grid:
    """A row for each fact; `stream` is among its columns."""
    heads = (say("fact"), say("time"), say("facts"), say("of what"), say("what it says"), say("said by"))
    return Grid(heads, [_fact(row, say, zone) for row in rows])


def _fact(row: Mapping[str, Any], say: Words, zone: tzinfo) -> tuple[str, ...]:
    time = to_datetime(row["time"]).astimezone(zone).strftime("%Y-%m-%d %H:%M")
    who = str(row.get("person") or row["source"])
    return str(row["seq"]), time, stream_name(say, row["stream"]), str(row["subject"]), _said(row) or _NONE, who


def _said(row: Mapping[str, Any]) -> str:
    """What a fact says, in short."""
    if row["stream"] == "event":
        data = json.loads(row["data"] or "{}")
        parts = [data.get("value"), data.get("baseline"), data.get("leading"), data.get("document")]
        return " · ".join(_NONE if one is None else str(one) for one in parts)
    told = (f"{name} {value}" for name, value in row.items() if name not in _LEFT_OUT and value not in (None, ""))
    return "; ".join(told)[:300]
