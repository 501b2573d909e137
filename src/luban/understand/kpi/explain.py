"""How was this made: a figure taken apart down to the facts in the ledger."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import pyarrow.compute as pc

from luban.core.time import SECOND, to_datetime
from luban.ledger import Ledger
from luban.plant import Plant
from luban.understand.kpi.books import Books, open_books
from luban.understand.kpi.figure import Figure, Input
from luban.understand.kpi.figures import duration_text
from luban.understand.kpi.time_ledger import time_ledger

__all__ = ["Explanation", "explain"]

_TILES: Final = {
    "APT": ("APT",),
    "AUST": ("AUST",),
    "ADET": ("ADET",),
    "UNKNOWN": ("UNKNOWN",),
    "AUPT": ("APT", "AUST"),
    "AUBT": ("APT", "AUST", "ADET"),
    "AOET": ("APT", "AUST", "ADET", "ADOT"),
    "PBT": ("APT", "AUST", "ADET", "ADOT"),
}
_PIECES: Final = {"PQ": ("good", "scrap", "rework"), "GQ": ("good",), "SQ": ("scrap",), "RQ": ("rework",)}


@dataclass(frozen=True, slots=True)
class Explanation:
    """A node of the tree: what it is, how much, and what it was made of.

    fact  seq, time [µs UTC], source and content of the fact that the node rests on, where it is one
    """

    label: str
    value: float | None = None
    unit: str = ""
    fact: dict[str, Any] | None = None
    children: tuple[Explanation, ...] = field(default=())

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {
            "label": self.label,
            "value": self.value,
            "unit": self.unit,
            "fact": self.fact,
            "children": [child.as_dict() for child in self.children],
        }

    def facts(self) -> Iterator[dict[str, Any]]:
        """Every fact below."""
        if self.fact is not None:
            yield self.fact
        for child in self.children:
            yield from child.facts()

    def text(self, limit: int = 12, indent: str = "") -> str:
        """The tree as lines; below the first level `limit` children of a node at most, the rest as a count."""
        amount = (
            "" if self.value is None else f" = {self.value:.10g}{f' {self.unit}' if self.unit not in {'', '1'} else ''}"
        )
        lines = [f"{indent}{self.label}{amount}"]
        shown = self.children[:limit] if indent else self.children
        lines += [child.text(limit, indent + "  ") for child in shown]
        if len(self.children) > len(shown):
            lines.append(f"{indent}  … {len(self.children) - len(shown)} more")
        return "\n".join(lines)


def explain(figure: Figure, ledger: Ledger, plant: Plant) -> Explanation:
    """The tree of a figure: its inputs, the tiles and counts of each, and the facts behind them.

    The books are read as they stood at the figure's `seq`: the tree is of that figure, whatever came later.
    """
    told = _Told(open_books(ledger, plant, figure.start, figure.end, figure.units, figure.seq, now=figure.end))
    span = f"{told.clock(figure.start)} to {told.clock(figure.end)}"
    about = [
        f"{figure.edition}; state mapping {figure.mapping or 'none'}",
        f"method {figure.method}; books at seq {figure.seq}",
        f"withheld: {figure.withheld}" if figure.withheld else "",
        f"between {figure.low:.6g} and {figure.high:.6g}, whatever happened in unknown time"
        if figure.low is not None and figure.high is not None and figure.low != figure.high
        else "",
        *figure.notes,
    ]
    return Explanation(
        f"{figure.label} of {figure.subject}, {figure.shift + ', ' if figure.shift else ''}{span}",
        figure.value,
        figure.unit,
        None,
        (*(Explanation(line) for line in about if line), *(told.input(i) for i in figure.inputs)),
    )


class _Told:
    """Finds the facts behind an input."""

    def __init__(self, books: Books) -> None:
        self._books = books
        frame = time_ledger(*books.frames()).sort("subject", "start")
        self._tiles: list[dict[str, Any]] = frame.collect("pyarrow").to_native().to_pylist()
        self._failing = {(m["mapping"], m["state"]) for m in books.mapping.to_pylist() if m["failure"]}
        self._states = {row["seq"]: row for row in books.states.to_pylist()}
        self._sources: dict[str, set[str]] = defaultdict(set)
        for row in books.writers.to_pylist():
            self._sources[row["subject"]].add(row["source"])
        events = books.ledger.table(
            "event",
            subjects=sorted({s for own in self._sources.values() for s in own}),
            until=books.end,
            as_of=books.seq,
        )
        self._gaps = events.filter(pc.equal(events["kind"], "gap")).to_pylist()
        self._alive = books.events.sort_by("end").to_pylist()

    def clock(self, moment: int) -> str:
        """Date and time in the plant's zone."""
        return to_datetime(moment, self._books.plant.zone).isoformat(" ")

    def input(self, given: Input) -> Explanation:
        """One input with what it was made of."""
        label = f"{given.name} ({given.detail})" if given.detail else given.name
        children: list[Explanation] = []
        if given.name in _TILES:
            children = [self._tile(t) for t in self._tiles if t["element"] in _TILES[given.name]]
        elif given.name in {"FE", "FAILURE"}:
            children = [self._tile(t) for t in self._tiles if (t["mapping"], t["state"]) in self._failing]
        elif given.name in _PIECES:
            children = self._counts(_PIECES[given.name])
        elif given.name == "PRI":
            children = [Explanation("planned run time per item, from the routing")]
        return Explanation(label, given.value, given.unit, None, tuple(children))

    def _tile(self, tile: dict[str, Any]) -> Explanation:
        why = ", ".join(text for text in (tile["reason"], tile["note"]) if text)
        return Explanation(
            f"{tile['subject']} {self.clock(tile['start'])} to {self.clock(tile['end'])}, "
            f"{duration_text(tile['duration'])}: {tile['state'] or tile['element']}{f' ({why})' if why else ''}",
            tile["duration"] / SECOND,
            "s",
            None,
            tuple(self._behind(tile)),
        )

    def _behind(self, tile: dict[str, Any]) -> Iterator[Explanation]:
        """The state fact in force; for time without data the gaps recorded in it and the last proof of life."""
        if tile["seq"] is not None:
            yield self._fact(self._states[tile["seq"]], ("state", "reason", "quality", "mapping"))
            return
        sources = self._sources[tile["subject"]]
        for gap in self._gaps:
            if gap["subject"] in sources and gap["time"] < tile["end"] and (gap["end"] or gap["time"]) > tile["start"]:
                yield self._fact(gap, ("kind", "end", "data"))
        alive = [a for a in self._alive if a["subject"] in sources and a["end"] <= tile["start"]]
        if alive:
            yield self._fact(alive[-1] | {"kind": "alive", "source": alive[-1]["subject"]}, ("kind", "end"))

    def _counts(self, kinds: tuple[str, ...]) -> list[Explanation]:
        inside = [(r["subject"], r["start"], r["end"]) for r in self._books.shifts.to_pylist()]
        found = []
        for row in sorted(self._books.counts.to_pylist(), key=lambda row: (row["subject"], row["time"])):
            pieces = sum(row[kind] for kind in kinds)
            if pieces and any(row["subject"] == s and a <= row["time"] < b for s, a, b in inside):
                fact = self._fact(row, ("good", "scrap", "rework", "item", "quality"))
                label = f"{row['subject']} {self.clock(row['time'])}{' ' + row['item'] if row['item'] else ''}"
                found.append(Explanation(label, pieces, "piece", None, (fact,)))
        return found

    def _fact(self, row: dict[str, Any], content: tuple[str, ...]) -> Explanation:
        fact = {key: row[key] for key in ("seq", "time", "source", *content) if row.get(key) is not None}
        said = ", ".join(f"{key} {fact[key]}" for key in content if key in fact and key != "end")
        return Explanation(f"fact {fact['seq']} at {self.clock(row['time'])} by {fact['source']}: {said}", fact=fact)
