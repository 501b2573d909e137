"""What a stretch of signals looks like beside the machine's own good operation: level, spread, roughness of each.

A window of rows gives three numbers a signal: its mean, the logarithm of its variance, and that of the mean square of
its steps. Each is told in standard deviations of the same number over windows of good operation, so that a stretch of
one machine can be held beside a stretch of another that runs at another level.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from luban.core.errors import InputError
from luban.core.state import pack, unpack, unpacking
from luban.understand.health.diagnosis import words
from luban.understand.quality.data import Excluded, Floats

__all__ = ["LEAST_ROWS", "VIEWS", "Baseline", "learn_baseline"]

VIEWS = ("level", "spread", "roughness")
"""What is told of each signal in a window."""

LEAST_ROWS = 5  # of a window
LEAST_WINDOWS = 5  # side by side, that good operation must hold
_NOISE = 0.02  # of a signal's variance, below which its variance and steps are not told apart
_LINEAR = 8.0  # standard deviations, up to which a number counts in full; beyond it grows with the logarithm


@dataclass(frozen=True)
class Baseline:
    """Good operation of one machine, that stretches of it are held beside.

    names    signals that are used, in the order of the columns given
    columns  where they stood in the rows given
    window   rows of a window
    middle   mean of each signal by regime [its unit], shape (p,)
    scale    standard deviation of each by regime [its unit], shape (p,)
    blocks   good rows in units of scale, in stretches without a regime that is not known
    excluded signals and regimes that are not used, with the reason
    """

    names: tuple[str, ...]
    columns: tuple[int, ...]
    window: int
    middle: Mapping[str, Floats]
    scale: Mapping[str, Floats]
    blocks: tuple[Floats, ...] = field(repr=False)
    excluded: tuple[Excluded, ...] = ()
    _usual: dict[int, tuple[Floats, Floats]] = field(default_factory=dict, repr=False, compare=False)

    def good(self) -> Floats:
        """Signatures of windows of good operation, in order of time, shape (n, 3 p)."""
        return self.windows(None)

    def windows(self, rows: Floats | None, regimes: Sequence[str] | None = None) -> Floats:
        """Signatures of the windows of rows in order of time, an eighth of a window apart; shape (n, 3 p).

        rows     shape (n, signals as given to `learn_baseline`); rows of a regime never seen are skipped
        regimes  of each row; None: one regime, ""
        A stretch shorter than a window, but not than LEAST_ROWS, gives one signature of all its rows.
        """
        blocks = self.blocks if rows is None else self._scaled(rows, regimes)
        width = min(self.window, max((len(block) for block in blocks), default=0))
        if width < LEAST_ROWS:
            return np.zeros((0, len(VIEWS) * len(self.names)))
        return self._standard(_cut(blocks, width, max(1, self.window // 8)), width)

    def latest(self, rows: Floats, regimes: Sequence[str] | None = None) -> Floats | None:
        """Signature of the last window of rows, or of all if they are fewer; None below LEAST_ROWS; shape (3 p,).

        A regime never seen within the window cuts it short.
        """
        blocks = self._scaled(rows, regimes)
        if not blocks or len(blocks[-1]) < LEAST_ROWS:
            return None
        block = blocks[-1][-self.window :]
        found: Floats = self._standard(_numbers(block)[None], len(block))[0]
        return found

    def _standard(self, numbers: Floats, width: int) -> Floats:
        if width not in self._usual:
            usual = _cut(self.blocks, width, max(1, width // 8))
            # half of what noise alone would scatter: a valve that hardly ever moves is not judged by its last digit
            count = len(self.names)
            least = 0.5 * np.repeat([1.0, np.sqrt(2), np.sqrt(2)], count) / np.sqrt(width)
            # a signal varies in good operation, so some window has it; a gap in others must not take it away
            self._usual[width] = np.nanmean(usual, axis=0), np.maximum(np.nanstd(usual, axis=0), least)
        mean, spread = self._usual[width]
        told = (numbers - mean) / spread
        size = np.abs(told)
        beyond = _LINEAR * (1 + np.log(np.maximum(size, _LINEAR) / _LINEAR))
        bent: Floats = np.sign(told) * np.where(size > _LINEAR, beyond, size)
        return bent

    def _scaled(self, rows: Floats, regimes: Sequence[str] | None) -> tuple[Floats, ...]:
        rows = np.asarray(rows, np.float64)
        if rows.ndim != 2 or rows.shape[1] <= max(self.columns):
            raise InputError("rows lack signals", came=str(rows.shape), expected=f"{max(self.columns) + 1} columns")
        return _scaled(rows[:, self.columns], _labels(len(rows), regimes), self.middle, self.scale)

    def save(self) -> bytes:
        """Everything, for a record of the model."""
        told = {"names": self.names, "columns": self.columns, "window": self.window, "regimes": list(self.middle),
                "blocks": len(self.blocks), "excluded": [one.as_dict() for one in self.excluded]}  # fmt: skip
        arrays = {f"block{at}": block for at, block in enumerate(self.blocks)}
        arrays |= {f"middle{at}": self.middle[label] for at, label in enumerate(self.middle)}
        arrays |= {f"scale{at}": self.scale[label] for at, label in enumerate(self.middle)}
        return pack(told, arrays, small=True)

    @classmethod
    def restore(cls, state: bytes) -> Baseline:
        """The same again, to the bit.

        Raises  InputError if the bytes are not such a state
        """
        with unpacking("this is not saved good operation"):
            told, kept = unpack(state)
            labels = list(enumerate(told["regimes"]))
            return cls(
                tuple(told["names"]), tuple(told["columns"]), told["window"],
                {label: kept[f"middle{at}"] for at, label in labels},
                {label: kept[f"scale{at}"] for at, label in labels},
                tuple(kept[f"block{at}"] for at in range(told["blocks"])),
                tuple(Excluded(**one) for one in told["excluded"]),
            )  # fmt: skip


def learn_baseline(
    good: Floats, names: Sequence[str], *, window: int = 40, regimes: Sequence[str] | None = None
) -> Baseline:
    """What good operation of one machine looks like.

    good     rows of good operation in order of time, shape (n, p); a value that is not a number is missing
    names    of the p signals (or indicators)
    window   rows of a window, at least LEAST_ROWS; the same for every machine that is compared
    regimes  of each row (product, load, speed); None: one regime, ""
    Raises   InputError if good operation is shorter than five windows, or no signal varies
    Example  learn_baseline(good, ["vibration", "load"]).latest(rows)
    """
    good = np.asarray(good, np.float64)
    if good.ndim != 2 or good.shape[1] != len(names) or window < LEAST_ROWS:
        raise InputError("rows, names and window do not fit", came=f"{good.shape}, {len(names)}, {window}",
                         expected=f"a column a name, a window of {LEAST_ROWS} rows or more")  # fmt: skip
    labels = _labels(len(good), regimes)
    excluded = list[Excluded]()
    by_regime = dict[str, Floats]()
    for label in sorted(set(labels.tolist())):
        rows = good[labels == label]
        if len(rows) >= window:
            by_regime[label] = rows
        else:
            excluded.append(Excluded("", label, f"{len(rows)} rows", words.REGIME_SHORT))
    if sum(len(rows) for rows in by_regime.values()) < LEAST_WINDOWS * window:
        raise InputError("there are not enough rows of good operation", came=f"{len(good)} rows",
                         expected=f"{LEAST_WINDOWS} windows of {window}",
                         hint="bring more, or choose a shorter window")  # fmt: skip
    columns = _varying(by_regime, names, excluded)
    middle, scale = dict[str, Floats](), dict[str, Floats]()
    for label, rows in by_regime.items():
        middle[label], scale[label] = np.nanmean(rows[:, columns], axis=0), np.nanstd(rows[:, columns], axis=0)
    blocks = tuple(block for block in _scaled(good[:, columns], labels, middle, scale) if len(block) >= window)
    if sum(map(len, blocks)) < LEAST_WINDOWS * window:
        raise InputError("good operation is broken up too much", came=f"{len(good)} rows",
                         expected=f"stretches of {window} rows", hint="choose a shorter window")  # fmt: skip
    return Baseline(tuple(names[at] for at in columns), tuple(columns), window, middle, scale, blocks, tuple(excluded))


def _varying(by_regime: Mapping[str, Floats], names: Sequence[str], excluded: list[Excluded]) -> list[int]:
    columns = list[int]()
    for at, name in enumerate(names):
        reason, came = "", ""
        for rows in by_regime.values():
            known = rows[np.isfinite(rows[:, at]), at]
            if 2 * len(known) < len(rows):
                reason, came = words.MOSTLY_MISSING, f"{len(known)} values"
            elif known.std() <= 1e-12 * max(1.0, float(np.abs(known).max())):
                reason, came = words.CONSTANT, f"{known[0]:g}"
        if reason:
            excluded.append(Excluded("", name, came, reason))
        else:
            columns.append(at)
    if not columns:
        raise InputError("no signal varies in good operation", came=", ".join(names), hint="bring other signals")
    return columns


def _labels(count: int, regimes: Sequence[str] | None) -> np.ndarray[Any, np.dtype[np.str_]]:
    """Regime of each row."""
    if regimes is None:
        return np.full(count, "")
    if len(regimes) != count:
        raise InputError("rows and regimes differ in number", came=f"{count} and {len(regimes)}")
    return np.array(regimes, dtype=np.str_)


def _scaled(
    rows: Floats, labels: np.ndarray[Any, np.dtype[np.str_]], middle: Mapping[str, Floats], scale: Mapping[str, Floats]
) -> tuple[Floats, ...]:
    """Stretches of rows of known regimes, each row in the scale of its own."""
    told = np.full(rows.shape, np.nan)
    known = np.isin(labels, list(middle))
    for label in middle:
        mine = labels == label
        told[mine] = (rows[mine] - middle[label]) / scale[label]
    edges = np.flatnonzero(np.diff(known.astype(np.int8), prepend=0, append=0))
    return tuple(told[first:last] for first, last in zip(edges[::2], edges[1::2], strict=True))


def _cut(blocks: Sequence[Floats], width: int, step: int) -> Floats:
    """Numbers of every window of `width` rows, shape (n, 3 p)."""
    parts = []
    for block in blocks:
        if len(block) >= width:
            # from the end backwards, so that the newest rows are always in
            view = np.lib.stride_tricks.sliding_window_view(block, width, axis=0)[len(block) - width :: -step][::-1]
            parts.append(_numbers(np.moveaxis(view, 2, 1)))
    return np.concatenate(parts)


def _numbers(windows: Floats) -> Floats:
    """Level, spread and roughness of windows of shape (…, rows, p); NaN where fewer than half the values are known."""
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", RuntimeWarning
        )  # a signal without a value in the window is missing, and said so
        level = np.nanmean(windows, axis=-2)
        spread = np.log(np.nanvar(windows, axis=-2) + _NOISE)
        rough = np.log(np.nanmean(np.diff(windows, axis=-2) ** 2, axis=-2) + _NOISE)
    few = np.isfinite(windows).mean(axis=-2) < 0.5
    told: Floats = np.concatenate([np.where(few, np.nan, part) for part in (level, spread, rough)], axis=-1)
    return told
