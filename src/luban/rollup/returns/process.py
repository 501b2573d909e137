"""Key processes of a plant, and whether each is under numerical control: shown by what its controller said lately.

Evidence is a state that a controller reported itself, by a protocol of machines, of good quality, in the 90 days
before. A state that a person entered, or that was worked out from the power of the machine, shows no controller.

Reads   key_processes.csv of the plant, Fact(state)    Writes  nothing
Source  numerical control of key processes as footnote 5 of 国发〔2015〕28号 counts it; the 90 days are luban's own
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import narwhals as nw
import pyarrow as pa

from luban.core.time import DAY, iso
from luban.ledger import Ledger
from luban.plant import Plant

__all__ = ["FRESH", "ProcessEvidence", "key_processes"]

FRESH: Final = 90 * DAY
"""Evidence that is older does not count [µs]."""

_NO_CONTROLLER: Final = ("generic@", "power@")
"""Mappings of words that people, files and power meters use."""


@dataclass(frozen=True, slots=True)
class ProcessEvidence:
    """A key process.

    unit        work unit that does it
    controlled  its controller was heard lately enough
    seq, time, mapping  the newest state that a controller reported; 0, 0, "" where there is none
    reason      why it does not count; "" where it does
    """

    id: str
    unit: str
    controlled: bool
    seq: int = 0
    time: int = 0
    mapping: str = ""
    reason: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json` and REST."""
        told = {name: getattr(self, name) for name in self.__slots__}
        return told | {"time": iso(self.time) if self.time else None}


def key_processes(
    ledger: Ledger, plant: Plant, at: int, *, as_of: int | None = None, fresh: int = FRESH
) -> tuple[ProcessEvidence, ...]:
    """The key processes at a moment [µs UTC], in the order of the register.

    fresh    oldest evidence that counts [µs]
    Example  sum(one.controlled for one in key_processes(ledger, plant, now()))
    """
    register = [one for one in plant.key_processes.values() if one.since is None or one.since < at]
    heard = _heard(ledger, sorted({one.unit for one in register}), at, as_of)
    found = []
    for one in register:
        last = heard.get(one.unit)
        if last is None:
            found.append(
                ProcessEvidence(one.id, one.unit, controlled=False, reason="no controller of it was ever heard")
            )
            continue
        days = (at - last["time"]) // DAY
        old = at - last["time"] > fresh
        reason = f"its controller was last heard {days} days before; {fresh // DAY} count" if old else ""
        found.append(ProcessEvidence(one.id, one.unit, not old, last["seq"], last["time"], last["mapping"], reason))
    return tuple(found)


def _heard(ledger: Ledger, units: list[str], at: int, as_of: int | None) -> dict[str, dict[str, Any]]:
    """Work unit → the newest state that a controller reported."""
    if not units:
        return {}
    frame = ledger.frame("state", subjects=units, until=at, as_of=as_of).filter(nw.col("quality") == 0).select(
        nw.col("subject").cast(nw.String).alias("unit"), nw.col("mapping").cast(nw.String), "time", "seq",
        nw.col("state").cast(nw.String),
    )  # fmt: skip
    frame = frame.filter(
        ~nw.col("state").is_in(["unknown", "UNAVAILABLE", "NotAvailable"]),
        *(~nw.col("mapping").str.starts_with(one) for one in _NO_CONTROLLER),
    )
    newest = frame.group_by("unit").agg(nw.col("time").max().alias("newest"))
    rows = frame.join(newest, on="unit", how="inner").filter(nw.col("time") == nw.col("newest"))
    table = pa.table(rows.select("unit", "mapping", "time", "seq").collect("pyarrow").to_native())
    return {one["unit"]: one for one in sorted(table.to_pylist(), key=lambda row: row["seq"])}
