"""A small plant and its ledger, told in the shop floor's words."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from luban.core.time import parse_time
from luban.ledger import Ledger, LedgerWriter
from luban.plant import Plant, load

PLANT = """\
[plant]
id = "works"
name = "Works"
time_zone = "{zone}"
calendar = "{calendar}"
[kpi]
mapping = "generic@1"
{kpi}
[[calendar]]
id = "early"
shifts = [{{ name = "early", start = "06:30", end = "14:30", breaks = [{{ start = "10:00", end = "10:15" }}] }}]
[[calendar]]
id = "two"
shifts = [{{ name = "early", start = "06:30", end = "14:30" }}, {{ name = "night", start = "22:00", end = "06:00" }}]
[[calendar]]
id = "hour"
shifts = [{{ name = "hour", start = "08:00", end = "09:00" }}]
[[equipment]]
path = "cell/m1"
[[equipment]]
path = "cell/m2"
[[source]]
id = "plc"
type = "shdr"
url = "tcp://127.0.0.1:7878"
[[source]]
id = "plc2"
type = "shdr"
url = "tcp://127.0.0.1:7879"
"""
SIGNAL = """\
[[signal]]
id = "cell/{unit}:state"
source = "{source}"
address = "{unit}.execution"
role = "state"
enabled = {enabled}
"""
M1, M2 = "works/cell/m1", "works/cell/m2"


class Shop:
    """Writes facts at wall-clock times of the plant and reads figures."""

    def __init__(
        self,
        folder: Path,
        *,
        calendar: str = "hour",
        zone: str = "Asia/Shanghai",
        routing: str = "g7,10,cell,4\n",
        enabled: bool = True,
        kpi: str = "",
    ) -> None:
        self.folder = folder
        folder.mkdir()
        text = PLANT.format(zone=zone, calendar=calendar, kpi=kpi)
        for unit, source in (("m1", "plc"), ("m2", "plc2")):
            text += SIGNAL.format(unit=unit, source=source, enabled=str(enabled).lower())
        (folder / "plant.toml").write_text(text, "utf-8")
        (folder / "items.csv").write_text("id,name,unit\ng7,gear,piece\nb2,bush,piece\n", "utf-8")
        (folder / "routing.csv").write_text(f"item,operation,unit,ideal_cycle_s\n{routing}", "utf-8")
        self.plant: Plant = load(folder)
        self.writer = LedgerWriter(folder / "ledger")
        self.ledger = Ledger(folder / "ledger")

    def at(self, clock: str, day: str = "2026-03-02") -> int:
        """µs UTC of a wall-clock time of the plant; clock may carry its own date."""
        return parse_time(clock if "T" in clock else f"{day}T{clock}", self.plant.zone)

    def states(
        self,
        *facts: tuple[str, str],
        unit: str = M1,
        source: str = "plc",
        quality: int = 0,
        mapping: str = "generic@1",
        supersedes: int | None = None,
        reason: str | None = None,
    ) -> list[int]:
        """(clock, word) …; returns their seqs."""
        n = len(facts)
        return self._append(
            "state",
            source,
            {
                "time": [self.at(clock) for clock, _ in facts],
                "subject": [unit] * n,
                "state": [word for _, word in facts],
                "mapping": [mapping] * n,
                "quality": [quality] * n,
                "reason": [reason] * n,
                "supersedes": [supersedes] * n,
            },
        )

    def alive(self, *spans: tuple[str, str], source: str = "plc", code: str | None = None) -> list[int]:
        """(from, to) … in which the link was up; code backfilled: as the source's own record says."""
        n = len(spans)
        return self._append(
            "event",
            source,
            {
                "time": [self.at(a) for a, _ in spans],
                "subject": [source] * n,
                "kind": ["alive"] * n,
                "end": [self.at(b) for _, b in spans],
                "code": [code] * n,
            },
        )

    def counts(
        self,
        *facts: tuple[str, float, float],
        unit: str = M1,
        source: str = "plc",
        item: str | None = "g7",
        quality: int = 0,
        rework: float = 0,
    ) -> list[int]:
        """(clock, good, scrap) …"""
        n = len(facts)
        return self._append(
            "count",
            source,
            {
                "time": [self.at(clock) for clock, _, _ in facts],
                "subject": [unit] * n,
                "good": [float(g) for _, g, _ in facts],
                "scrap": [float(s) for _, _, s in facts],
                "rework": [float(rework)] * n,
                "item": [item] * n,
                "quality": [quality] * n,
            },
        )

    def gap(self, start: str, end: str, source: str = "plc") -> None:
        """A gap fact of the collector."""
        self._append(
            "event",
            source,
            {
                "time": [self.at(start)],
                "subject": [source],
                "kind": ["gap"],
                "end": [self.at(end)],
                "code": ["lost"],
                "data": ['{"reason": "link lost"}'],
            },
        )

    def _append(self, stream: str, source: str, rows: dict[str, Sequence[Any]]) -> list[int]:
        receipt = self.writer.append(
            stream, {k: v for k, v in rows.items() if any(x is not None for x in v)}, source=source
        )
        return list(range(receipt.first_seq, receipt.first_seq + receipt.accepted))

    def close(self) -> None:
        """Give the folder back."""
        self.ledger.close()
        self.writer.close()
