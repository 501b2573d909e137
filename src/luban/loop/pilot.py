"""A pilot: a workshop on real wires, collected, judged and checked against what its machines really did."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from luban.connect.collector import Limits
from luban.core.errors import InputError
from luban.core.time import MILLISECOND, SECOND, now
from luban.ledger import Ledger
from luban.loop.plant_loop import PlantLoop
from luban.loop.workshop import RESTART_AFTER, Workshop
from luban.plant import Plant, load
from luban.understand.energy.books import energy_account
from luban.understand.energy.plant import meters_of
from luban.understand.energy.read import readings_of
from luban.understand.kpi import Figure, Losses, losses, read, tiles

__all__ = ["LIMITS", "Check", "PilotResult", "pilot_folder", "run_pilot", "workshop"]

_SHOWN = ("availability", "effectiveness", "quality_ratio", "oee", "throughput_rate")
LIMITS = Limits(alive_every=SECOND)  # a pilot is short: its machines prove each second that they are there
_START_WITHIN = 20 * SECOND


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was proved or not: what, whether it holds, the figures."""

    name: str
    holds: bool
    text: str


@dataclass(frozen=True, slots=True)
class PilotResult:
    """What a pilot brought.

    start, end  the window judged [µs UTC]
    facts       facts in the books, by stream
    tiles       the state timeline, as `luban.understand.kpi.tiles`
    gaps        gap facts: source, start, end, what is known of them
    remarks     what a reader should know, e.g. a wire that was left out
    """

    name: str
    folder: Path
    plant: Plant
    start: int
    end: int
    facts: dict[str, int]
    figures: list[Figure]
    losses: list[Losses]
    tiles: pa.Table
    gaps: list[dict[str, Any]]
    checks: list[Check]
    head: str
    remarks: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Every check holds."""
        return all(check.holds for check in self.checks)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {
            "pilot": self.name,
            "folder": str(self.folder),
            "start": self.start,
            "end": self.end,
            "facts": self.facts,
            "figures": [figure.as_dict() for figure in self.figures],
            "losses": [waterfall.as_dict() for waterfall in self.losses],
            "gaps": self.gaps,
            "checks": [{"name": c.name, "holds": c.holds, "text": c.text} for c in self.checks],
            "ledger_head": self.head,
            "remarks": self.remarks,
            "ok": self.ok,
        }


def pilot_folder(name: str) -> Path:
    """Where a pilot's plant lies: `.luban/pilots/NAME` below the working folder."""
    return Path.cwd() / ".luban" / "pilots" / name


@asynccontextmanager
async def workshop(name: str = "workshop") -> AsyncIterator[Workshop]:
    """The machines of a pilot, running; its plant folder is `.folder`. Raises InputError for an unknown pilot."""
    if name != "workshop":
        raise InputError("no pilot of that name", came=name, expected="workshop")
    async with Workshop(pilot_folder(name)) as running:
        yield running


async def run_pilot(
    name: str = "workshop",
    *,
    seconds: float = 40.0,
    advance: Callable[[float], None] | None = None,
) -> PilotResult:
    """Run the machines that long, kill one server in the middle, then judge.

    seconds  [s], at least 20: the killed server needs its time to come back
    advance  told of seconds that have passed
    """
    async with workshop(name) as machines:
        async with PlantLoop(machines.folder, limits=LIMITS) as loop:
            start = await _ready(loop)
            killed, back = await _story(machines, max(seconds, 20.0), advance)
            end = now()
            await machines.end_machines()
            await asyncio.sleep(2.5)  # files stand still for two looks before they are read
        return await asyncio.to_thread(_judge, name, machines, start, end, (killed, back))


async def _ready(loop: PlantLoop) -> int:
    """When the state of every machine is known; the moment the judging begins [µs UTC]."""
    deadline = now() + _START_WITHIN
    while now() < deadline:
        known = await asyncio.to_thread(_units_with_state, loop.ledger)
        if known >= set(loop.plant.work_units):
            break
        await asyncio.sleep(0.2)
    return now()


def _units_with_state(ledger: Ledger) -> set[str]:
    known: set[str] = set(ledger.table("state").column("subject").unique().to_pylist())
    ledger.close()
    return known


async def _story(machines: Workshop, seconds: float, advance: Callable[[float], None] | None) -> tuple[int, int]:
    """Let time pass; a third of the way in, the lathe's server dies and comes back."""
    begin, killed, back = now(), 0, 0
    told = 0.0
    while (gone := (now() - begin) / SECOND) < seconds:
        if not killed and gone >= seconds / 3:
            killed = now()
            await machines.kill_lathe()
        if killed and not back and now() - killed >= RESTART_AFTER:
            await machines.start_lathe()
            back = await machines.lathe_listens()
        if advance is not None:
            advance(gone - told)
            told = gone
        await asyncio.sleep(0.1)
    return killed, back


def _judge(name: str, machines: Workshop, start: int, end: int, outage: tuple[int, int]) -> PilotResult:
    plant = load(machines.folder)
    ledger = Ledger(machines.folder / ".luban" / "ledger")
    facts = {stream: ledger.table(stream).num_rows for stream in ("signal", "state", "count", "meter", "event")}
    timeline = tiles(ledger, plant, start, end)
    gaps = _gaps(ledger)
    report = ledger.verify()
    figures = read(ledger, plant, start, end, names=_SHOWN)
    checks = [
        _every_wire(ledger, plant),
        _outage(gaps, outage),
        _lathe_whole(ledger, machines),
        _wash_whole(ledger, machines),
        _metered(ledger, plant),
        _tiled(timeline, plant, start, end),
        _oee_true(figures, machines, plant, start, end),
        Check("books verify", report.ok, "; ".join(report.problems) or f"{report.sealed + report.unsealed:,} facts"),
    ]
    remarks = [] if machines.has_mqtt else [
        "MQTT was left out: no broker is installed (apt-get install mosquitto); the washing machine dropped files."
    ]  # fmt: skip
    waterfalls = losses(ledger, plant, start, end)
    head = report.head or f"seq {ledger.head}, nothing sealed yet"
    ledger.close()
    return PilotResult(
        name, machines.folder, plant, start, end, facts, figures, waterfalls, timeline, gaps, checks, head, remarks
    )


def _gaps(ledger: Ledger) -> list[dict[str, Any]]:
    events = ledger.table("event").to_pylist()
    return [
        {
            "source": e["subject"],
            "start": e["time"],
            "end": e["end"],
            "text": e["text"],
            **json.loads(e["data"] or "{}"),
        }
        for e in events
        if e["kind"] == "gap"
    ]


def _every_wire(ledger: Ledger, plant: Plant) -> Check:
    heard = set(ledger.table("signal").column("source").unique().to_pylist())
    heard |= set(ledger.table("state").column("source").unique().to_pylist())
    heard |= set(ledger.table("count").column("source").unique().to_pylist())
    silent = sorted(set(plant.sources) - heard)
    return Check("every wire spoke", not silent, f"silent: {', '.join(silent)}" if silent else ", ".join(sorted(heard)))


def _outage(gaps: list[dict[str, Any]], outage: tuple[int, int]) -> Check:
    """The gap begins when the server died and ends within 10 s of its listening again."""
    killed, back = outage
    found = [gap for gap in gaps if gap["source"] == "lathe01"]
    name = "the killed server's gap is a fact"
    if len(found) != 1:
        return Check(name, False, f"{len(found)} gap facts of lathe01, expected 1")
    gap = found[0]
    early, late = (killed - gap["start"]) / SECOND, (gap["end"] - back) / SECOND
    holds = -0.5 <= early <= 3 and -0.5 <= late <= 10
    text = f"away {(back - killed) / SECOND:.1f} s; gap begins {early:.1f} s before the kill"
    text += f", ends {late:.1f} s after it listened again; {gap.get('backfilled', 0)} values back-filled"
    return Check(name, holds, text)


def _lathe_whole(ledger: Ledger, machines: Workshop) -> Check:
    """Every change of the script between the first and the last value is in the books once, by its own time."""
    name = "no value of the lathe is lost or doubled"
    wrong, seen = [], 0
    tracks = {"good_parts": "GoodParts", "scrap_parts": "ScrapParts", "state": "State", "spindle_load": "SpindleLoad"}
    for signal, track in tracks.items():
        facts = ledger.table("signal", subjects=[f"workshop/turning/lathe01:{signal}"]).to_pylist()
        got = _changes((f["time"], f["text"] if f["value"] is None else f["value"]) for f in facts)
        script = next(t for t in machines.script.tracks if t.path == f"Lathe/{track}")
        first, last = (got[0], got[-1]) if got else (machines.epoch, machines.epoch)
        happened = script.after(machines.epoch, first - 1)
        expected = _changes(itertools.takewhile(lambda change, last=last: change[0] <= last, happened))  # type: ignore[misc]
        # The wire carries 100 ns; where asyncua computes in floats it is right to the millisecond.
        same = len(got) == len(expected) and all(abs(a - b) < MILLISECOND for a, b in zip(got, expected, strict=True))
        seen += len(got)
        if not same:
            wrong.append(f"{signal}: {len(got)} in the books, {len(expected)} happened")
    return Check(name, bool(seen) and not wrong, "; ".join(wrong) or f"{seen} changes, all there once")


def _changes(values: Iterable[tuple[int, Any]]) -> list[int]:
    """Times at which a value really changed: a server need not tell a value that stays."""
    return [next(group)[0] for _, group in itertools.groupby(sorted(values, key=lambda v: v[0]), key=lambda v: v[1])]


def _wash_whole(ledger: Ledger, machines: Workshop) -> Check:
    """What the washing machine says it sent is what the books have."""
    name = "no value of the washing machine is lost or doubled"
    sent = [json.loads(line) for line in machines.truth.read_text("utf-8").splitlines()]
    last: dict[str, Any] = {}
    for note in sent:
        last[note["name"]] = note
    counts = ledger.table("count", subjects=["workshop/finishing/wash01"]).column("good").to_pylist()
    stored = ledger.table("signal", subjects=["workshop/finishing/wash01:bearing_temperature"]).num_rows
    temperatures = sum(1 for note in sent if note["name"] == "temperature")
    missing = 0 if machines.has_mqtt else 8  # a file not yet dropped when the machine was switched off
    parts = last["parts"]["value"]
    holds = temperatures - missing <= stored <= temperatures and abs(parts - sum(counts)) <= (1 if missing else 0)
    return Check(name, holds, f"{stored} of {temperatures} temperatures, {sum(counts):.0f} of {parts} parts")


def _metered(ledger: Ledger, plant: Plant) -> Check:
    """What flowed into the hall is what its meters saw, but for what cables lose."""
    name = "the meter tree closes"
    readings = readings_of(ledger.table("meter").to_pylist())
    if set(readings) != {meter.id for meter in plant.meters}:
        return Check(name, False, f"meters that spoke: {', '.join(sorted(readings)) or 'none'}")
    account = energy_account(readings, meters=meters_of(plant))
    (node,) = account.tree.nodes
    share = node.share
    text = f"{node.supply:.4f} kWh in, {node.metered:.4f} kWh metered below"
    text += f", {100 * share:.2f} % not; {len(account.tree.doubts)} doubts" if share is not None else ""
    return Check(name, node.verdict == "closes" and node.supply > 0 and not account.tree.doubts, text)


def _tiled(timeline: pa.Table, plant: Plant, start: int, end: int) -> Check:
    """Each machine's tiles add up to the window to the microsecond, none overlapping."""
    wrong = []
    for unit in plant.work_units:
        rows = sorted((r["start"], r["end"]) for r in timeline.to_pylist() if r["subject"] == unit)
        edges = [start, *[e for _, e in rows]]
        if not rows or [s for s, _ in rows] != edges[:-1] or edges[-1] != end:
            wrong.append(unit)
    text = (
        f"not tiled: {', '.join(wrong)}"
        if wrong
        else f"{timeline.num_rows} tiles, {(end - start) / SECOND:.1f} s each machine"
    )
    return Check("every second is in exactly one state", not wrong, text)


def _oee_true(figures: list[Figure], machines: Workshop, plant: Plant, start: int, end: int) -> Check:
    """OEE is ideal cycle × good pieces / planned time; the script says how many pieces were good."""
    name = "the lathe's OEE is what its script says"
    unit = "workshop/turning/lathe01"
    oee = next(f for f in figures if f.subject == unit and f.name == "oee")
    script = next(t for t in machines.script.tracks if t.path == "Lathe/GoodParts")
    before, after = (script.at(machines.epoch, moment) for moment in (start, end))
    cycle = plant.ideal_cycle(unit, None)
    if before is None or after is None or cycle is None or oee.value is None:
        return Check(name, False, oee.withheld or "the script or the ideal cycle is missing")
    good = float(after[1] or 0) - float(before[1] or 0)
    expected = cycle * good * SECOND / (end - start)
    text = f"{oee.value:.2%} measured, {expected:.2%} by the script ({good:.0f} good pieces)"
    return Check(name, abs(oee.value - expected) < 1e-6, text)
