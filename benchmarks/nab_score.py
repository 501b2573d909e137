"""The score of the Numenta Anomaly Benchmark, written from its rules: early finds count, false alarms cost.

Within a labelled window only the best (earliest) alarm counts, from 1 at the left edge to 0 at the right edge; every
alarm outside costs, less so just behind a window; a window without an alarm costs. The first 15 % of a file, at most
750 points, are not scored. A corpus scores 100 if every window is found at its first point without a false alarm, and
0 if nothing is ever said [1, 2].

    [1] Ahmad, Lavin, Purdy, Agha 2017, doi:10.1016/j.neucom.2017.04.070
    [2] github.com/numenta/NAB, commit ea702d75 (MIT), nab/sweeper.py: the edges, and that the probation is floored
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

__all__ = [
    "PROFILES",
    "Profile",
    "Series",
    "Verdict",
    "best_threshold",
    "corpus_score",
    "outside",
    "probation",
    "read_corpus",
]

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Profile:
    """What a find, a miss and a false alarm weigh."""

    find: float
    miss: float
    false: float


PROFILES: dict[str, Profile] = {
    "standard": Profile(1.0, 1.0, 0.11),
    "low_fp": Profile(1.0, 1.0, 0.22),
    "low_fn": Profile(1.0, 2.0, 0.11),
}
"""The three applications that the benchmark weighs."""


@dataclass(frozen=True, slots=True)
class Series:
    """One file: values, time [µs], and windows as (first, last) row, both within."""

    name: str
    time: Array
    values: Array
    windows: tuple[tuple[int, int], ...]


@dataclass(slots=True)
class Verdict:
    """What one threshold gives on a corpus.

    found, windows   windows with an alarm, and all of them
    false, scored    rows with an alarm outside every window, and rows that are scored
    raw              sum of the weighted parts
    """

    score: float
    found: int
    windows: int
    false: int
    scored: int
    raw: float
    by_file: dict[str, float] = field(default_factory=dict)


def probation(rows: int) -> int:
    """Rows at the beginning that are not scored: 15 %, at most 750."""
    return math.ceil(min(math.floor(0.15 * rows), 0.15 * 5000))


def read_corpus(folder: Path) -> tuple[Series, ...]:
    """`nab_series.parquet` and `nab_labels.json` of a folder."""
    import pyarrow.parquet as pq

    table = pq.read_table(folder / "nab_series.parquet", columns=["file", "timestamp", "value"])
    names = np.asarray(table["file"].cast("string").to_pylist())
    time = table["timestamp"].to_numpy().astype("datetime64[us]")
    values = table["value"].to_numpy().astype(np.float64)
    windows = json.loads((folder / "nab_labels.json").read_text("utf-8"))["windows"]
    return tuple(
        _series(str(name), time[names == name], values[names == name], windows.get(str(name), ()))
        for name in np.unique(names)
    )


def _series(name: str, time: Array, values: Array, windows: Sequence[Sequence[str]]) -> Series:
    stamps = time.astype(np.int64)
    edges = [tuple(np.datetime64(edge, "us").astype(np.int64) for edge in window) for window in windows]
    rows = []
    for first, last in edges:
        # a stamp may stand twice where a clock was set back: the benchmark takes the first
        rows.append((int(np.flatnonzero(stamps == first)[0]), int(np.flatnonzero(stamps == last)[0])))
    return Series(name, stamps, values, tuple(rows))


def outside(series: Series) -> Array:
    """Rows that are scored and lie in no window, as a mask."""
    mask = np.arange(len(series.values)) >= probation(len(series.values))
    for first, last in series.windows:
        mask[first : last + 1] = False
    return mask


def _parts(series: Series) -> tuple[Array, Array]:
    """Worth of an alarm at every row before weights, and the window of each row (-1 none, -2 not scored)."""
    n = len(series.values)
    rows = np.arange(n)
    worth, window = np.full(n, -1.0), np.full(n, -1)
    for number, (first, last) in enumerate(series.windows):
        width = last - first + 1
        place = (last + 1 - rows[first : last + 1]) / width
        worth[first : last + 1] = _sigmoid(place) / _sigmoid(np.ones(1))
        window[first : last + 1] = number
        until = series.windows[number + 1][0] if number + 1 < len(series.windows) else n
        past = (rows[last + 1 : until] - last) / (width - 1)
        worth[last + 1 : until] = np.where(past > 3.0, -1.0, _sigmoid(-past))
    window[: probation(n)] = -2
    return worth, window


def _sigmoid(place: Array) -> Array:
    return np.asarray(2.0 / (1.0 + np.exp(-5.0 * place)) - 1.0)


def corpus_score(
    corpus: Sequence[Series], alarms: Mapping[str, Array], profile: Profile = PROFILES["standard"]
) -> Verdict:
    """Score of alarms, given as a mask by file."""
    total = Verdict(0.0, 0, 0, 0, 0, 0.0)
    for series in corpus:
        worth, window = _parts(series)
        fired = np.asarray(alarms[series.name], bool)
        false = fired & (window == -1)
        raw = profile.false * float(worth[false].sum())
        seen = [number for number in range(len(series.windows)) if bool((window == number).any())]
        for number in seen:
            hits = fired & (window == number)
            total.found += bool(hits.any())
            raw += profile.find * float(worth[hits].max()) if hits.any() else -profile.miss
        total.windows += len(seen)
        total.false += int(false.sum())
        total.scored += int((window > -2).sum())
        total.raw += raw
        total.by_file[series.name] = raw
    least = -profile.miss * total.windows
    most = profile.find * total.windows
    total.score = 100.0 * (total.raw - least) / (most - least) if total.windows else math.nan
    return total


def best_threshold(
    corpus: Sequence[Series], scores: Mapping[str, Array], profile: Profile = PROFILES["standard"]
) -> tuple[float, float]:
    """(threshold, score): the one threshold for all files that scores best; an alarm is a score at or above it.

    One pass from the highest score down: every row enters once, so all thresholds cost one sort.
    """
    value, gain = [], []
    windows = 0
    for series in corpus:
        worth, window = _parts(series)
        own = np.asarray(scores[series.name], np.float64)
        false = window == -1
        value.append(own[false])
        gain.append(profile.false * worth[false])
        for number in range(len(series.windows)):
            rows = np.flatnonzero(window == number)
            if not len(rows):
                continue
            windows += 1
            # earlier rows are worth more: what a row adds is its lead on the best of the higher scores
            order = rows[np.argsort(-own[rows], kind="stable")]
            best = np.maximum.accumulate(profile.find * worth[order])
            value.append(own[order])
            gain.append(np.diff(best, prepend=-profile.miss))
    flat, steps = np.concatenate(value), np.concatenate(gain)
    order = np.argsort(-flat, kind="stable")
    summed = np.cumsum(steps[order])
    last = np.flatnonzero(np.diff(flat[order], append=-np.inf) < 0)  # a threshold lets in all rows of equal score
    at = last[np.argmax(summed[last])]
    least = -profile.miss * windows
    return float(flat[order][at]), 100.0 * (float(summed[at])) / (profile.find * windows - least)
