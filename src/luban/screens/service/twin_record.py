"""One run written down for the eye: states and queues over time, and what charts are drawn from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from luban.plant import Plant
from luban.screens.service.twin_floor import lay_out
from luban.twin.kernel.trace import Kind
from luban.twin.model import STATES, Model
from luban.twin.run import Run

__all__ = ["record"]

_FRAMES = 2400
_BUCKETS = 120
_MOST_CHANGES = 120_000
_LEAST_STEP = 10_000_000  # [µs]
_ACTIVE = [STATES.index(state) for state in ("setup", "run", "down", "maintenance")]
_OFF = STATES.index("off")


@dataclass
class _Seen:
    """Rows gathered frame by frame: (time, place, value), numbers of one kind each."""

    states: list[NDArray[np.int64]]
    queues: list[tuple[int, int, int]]


def record(model: Model, until: int, warmup: int, *, seed: int, plant: Plant | None = None) -> dict[str, Any]:
    """Run once (replication 0) and keep what the page plays and draws; times in seconds after the start.

    States are exact as far as there are not too many; `step` says to what they were rounded [s], 0: not at all.
    Queues are those at `frame` [s] after each other.
    """
    run = Run(model, seed=seed, replication=0, trace="facts")
    first = run.world["machines"]["state"][: len(model.machines)].astype(int).tolist()
    frames = int(min(_FRAMES, max(_BUCKETS, until // _LEAST_STEP)))
    frames -= frames % _BUCKETS
    seen, queue = _Seen([], []), np.zeros(len(model.stations), np.int64)
    marks = [run.totals()]
    lots = []
    for frame in range(1, frames + 1):
        run.to(until * frame // frames)
        trace = run.take_trace()
        rows = trace[trace["kind"] == Kind.STATE]
        if len(rows):
            seen.states.append(np.stack([rows["time"], rows["machine"], rows["a"]], axis=1).astype(np.int64))
        now = run.world["stations"]["length"][: len(model.stations)].astype(np.int64)
        for station in np.flatnonzero(now != queue):
            seen.queues.append((run.now, int(station), int(now[station])))
        queue = now.copy()
        if frame % (frames // _BUCKETS) == 0:
            marks.append(run.totals())
            lots.append(run.lots())
    states, step = _thinned(seen.states, until)
    return {
        "model": model.id,
        "start": model.start / 1000,
        "end": until / 1e6,
        "warmup": warmup / 1e6,
        "seed": seed,
        "frame": until / frames / 1e6,
        "step": step / 1e6,
        "floor": lay_out(model, plant).as_dict(),
        "first": first,
        "states": _columns(states),
        "queues": _columns(np.array(seen.queues, np.int64).reshape(-1, 3)),
        "buckets": _buckets(model, marks, lots),
        "cycle": _cycle(np.concatenate(lots), warmup),
    }


def _columns(rows: NDArray[np.int64]) -> list[list[float]]:
    """[times in s, places, values]"""
    return [np.round(rows[:, 0] / 1e6, 1).tolist(), rows[:, 1].tolist(), rows[:, 2].tolist()]


def _thinned(parts: list[NDArray[np.int64]], until: int) -> tuple[NDArray[np.int64], int]:
    """All changes of state, or the last of each machine in each step where there are too many."""
    rows = np.concatenate(parts) if parts else np.zeros((0, 3), np.int64)
    if len(rows) <= _MOST_CHANGES:
        return rows, 0
    machines = int(rows[:, 1].max()) + 1
    step = int(until * machines // _MOST_CHANGES) + 1
    key = rows[:, 0] // step * machines + rows[:, 1]
    # the last of equal keys, in the order of time
    _, last = np.unique(key[::-1], return_index=True)
    kept = rows[np.sort(len(rows) - 1 - last)]
    kept[:, 0] = kept[:, 0] // step * step
    return kept[np.argsort(kept[:, 0], kind="stable")], step


def _buckets(model: Model, marks: list[Any], lots: list[NDArray[Any]]) -> dict[str, Any]:
    """Means of equal stretches of time: WIP, queue and active share of each station, lots finished, on time."""
    station = {own.id: number for number, own in enumerate(model.stations)}
    members = np.zeros((len(model.stations), len(model.machines)))
    for number, own in enumerate(model.machines):
        members[station[own.station], number] = 1.0
    edges, wip, queue, active, finished, due, kept = [], [], [], [], [], [], []
    for before, after, done in zip(marks, marks[1:], lots, strict=False):
        span = float(after.now - before.now)
        edges.append(round(after.now / 1e6, 1))
        wip.append(round((after.wip_time - before.wip_time) / span, 3))
        queue.append(np.round((after.queue_time - before.queue_time) / span, 3).tolist())
        time = (after.machine_time - before.machine_time).astype(float)
        there = members @ (time.sum(axis=1) - time[:, _OFF])
        busy = members @ time[:, _ACTIVE].sum(axis=1)
        share = np.divide(busy, there, out=np.full(len(there), np.nan), where=there > 0)
        active.append([None if np.isnan(value) else round(float(value), 4) for value in share])
        good = done[done["lost"] == 0]
        asked = good[good["due"] >= 0]
        finished.append(len(good))
        due.append(len(asked))
        kept.append(int((asked["finish"] <= asked["due"]).sum()))
    return {
        "edges": edges, "wip": wip, "queue": queue, "active": active,
        "finished": finished, "due": due, "on_time": kept,
    }  # fmt: skip


def _cycle(lots: NDArray[Any], warmup: int) -> dict[str, Any]:
    """How long lots took from release to finish, of those that finished after the warm-up [h]."""
    done = lots[(lots["lost"] == 0) & (lots["finish"] > warmup)]
    hours = (done["finish"] - done["release"]) / 3.6e9
    if len(hours) == 0:
        return {"edges": [], "counts": [], "mean": None, "p90": None, "n": 0}
    top = float(np.quantile(hours, 0.995)) * 1.02 or 1.0
    counts, edges = np.histogram(np.minimum(hours, top), bins=min(40, max(8, len(hours) // 10)), range=(0.0, top))
    mean, p90 = float(hours.mean()), float(np.quantile(hours, 0.9))
    return {
        "edges": np.round(edges, 4).tolist(), "counts": counts.tolist(), "mean": mean, "p90": p90, "n": len(hours),
    }  # fmt: skip
