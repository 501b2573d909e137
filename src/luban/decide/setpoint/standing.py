"""How a characteristic's set-point stands: what people agreed on, what is in force, what was proposed.

Reads   entries of the kind `setpoint`, as understand.book gives them
Writes  nothing; `agreed`, `put` and `proposed` make the data of an entry
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from luban.core.errors import InputError
from luban.decide.setpoint.envelope import Envelope
from luban.decide.setpoint.proposal import Knob
from luban.understand.book import Entry
from luban.understand.quality.data import Floats, Ints

__all__ = ["AGREE", "PROPOSE", "REJECT", "SET", "Standing", "agreed", "standing_of"]

AGREE, SET, PROPOSE, REJECT = "agree", "set", "propose", "reject"
"""Codes: a knob and its envelope were agreed on; a set-point was set; a plan was proposed; a proposal was refused."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How things stand.

    knob      with the set-point in force; None: nothing was agreed on
    target    agreed; None: the characteristic's own
    since     when each set-point came into force [µs UTC], shape (k,); set_points, shape (k,)
    history   every entry, the newest first
    """

    knob: Knob | None
    target: float | None
    since: Ints
    set_points: Floats
    history: tuple[Entry, ...]

    def in_force(self, times: Ints) -> Floats:
        """Set-point in force at each time; before the first one, the first one."""
        if not len(self.since):
            return np.zeros(len(times))
        at = np.searchsorted(self.since, times, "right") - 1
        found: Floats = self.set_points[np.maximum(at, 0)]
        return found


def agreed(
    name: str, unit: str, gain: float, now: float, envelope: Envelope, target: float | None = None
) -> dict[str, Any]:
    """Data of an `agree` entry. Raises InputError where the knob is none."""
    Knob(name, unit, gain, now, envelope)
    return {
        "name": name, "unit": unit, "gain": gain, "now": now, "lowest": envelope.lowest, "highest": envelope.highest,
        "move": envelope.move, "resolution": envelope.resolution, "target": target,
    }  # fmt: skip


def standing_of(entries: Iterable[Entry]) -> Standing:
    """The fold over the entries of one characteristic, in the books' order.

    An entry that cannot be read leaves things as they were: it stays in the history.
    """
    known: list[Entry] = []
    said: Mapping[str, Any] | None = None
    since: list[int] = []
    points: list[float] = []
    for entry in entries:
        known.append(entry)
        try:
            if entry.code == AGREE:
                _knob(entry.data, float(entry.data["now"]))
                said = entry.data
                since, points = [*since, entry.time], [*points, float(entry.data["now"])]
            elif entry.code == SET and said is not None:
                points.append(float(entry.data["value"]))
                since.append(entry.time)
        except (InputError, KeyError, TypeError, ValueError):
            continue
    order = np.argsort(np.array(since, np.int64), kind="stable")
    times, values = np.array(since, np.int64)[order], np.array(points, np.float64)[order]
    knob = None if said is None else _knob(said, float(values[-1]))
    target = None if said is None or said.get("target") is None else float(said["target"])
    return Standing(knob, target, times, values, tuple(_newest_first(known)))


def _knob(said: Mapping[str, Any], now: float) -> Knob:
    move = said.get("move")
    envelope = Envelope(
        float(said["lowest"]), float(said["highest"]), None if move is None else float(move),
        float(said.get("resolution") or 0.0),
    )  # fmt: skip
    return Knob(str(said["name"]), str(said.get("unit", "")), float(said["gain"]), now, envelope)


def _newest_first(entries: Sequence[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda entry: -entry.seq)
