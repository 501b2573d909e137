"""Regimes: an indicator is compared with what is usual in the same load, speed and product, and with nothing else.

Regimes are given (a product, a program, a state), found in channels that say how the machine is driven, or both. What
was never seen while learning is said to be so, and is compared with nothing.
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from luban.core.errors import InputError
from luban.understand.health.clusters import distances, explained, k_means, silhouette, standardised
from luban.understand.health.indicators import words
from luban.understand.health.indicators.stream import Stretch
from luban.understand.quality.data import Floats

__all__ = ["UNSEEN", "Compared", "Regimes", "Score", "Usual", "learn_usual"]

UNSEEN: Final = "unseen"
"""The regime of what was never seen while learning."""

_MOST = 10
_APART = 0.7  # least silhouette; one cloud of points cut in two reaches 0.5
_EXPLAINED = 0.5  # share of a channel's variance between regimes, from which on it tells them apart
_EACH = 20  # least rows in a regime
_ROWS = 4000
_HALF, _BETWEEN = 0.4, 0.1  # of the way from centre to centre; of the smaller cluster, what may lie there
_STRANGE = 2.0  # times the farthest learned row of a regime
_LEAST = 8  # stretches from which on something is usual
_WHOLE = 0.5  # of the usual number of values: a shorter stretch varies more, and is not compared
_USED = ""  # in the table: the number of values
_NORMAL = 1.4826  # median absolute deviation of a normal distribution, upside down


@dataclass(frozen=True, slots=True)
class Regimes:
    """Regimes of one machine.

    words    that were given while learning; empty: none were
    names    channels that regimes were found in
    centres  of each found regime, in standardised channels, shape (r, c); empty: none were looked for
    middle, scale  of each channel [its unit]; scale 0: it tells no regimes apart
    reach    farthest learned row of each regime from its centre, shape (r,)
    Example  regimes = Regimes.learn(words=products, names=("load",), values=load[:, None])
             regimes.of(words=["shaft"], values=np.array([[61.0]]))  # ["shaft, regime 2"]
    """

    words: frozenset[str] = frozenset()
    names: tuple[str, ...] = ()
    centres: Floats = field(default_factory=lambda: np.zeros((0, 0)))
    middle: Floats = field(default_factory=lambda: np.zeros(0))
    scale: Floats = field(default_factory=lambda: np.zeros(0))
    reach: Floats = field(default_factory=lambda: np.zeros(0))

    def __len__(self) -> int:
        """Number of regimes that were found in channels, 1 if they do not differ, 0 if none were looked for."""
        return len(self.centres)

    @classmethod
    def learn(
        cls, *, words: Iterable[str] = (), names: Sequence[str] = (), values: Floats | None = None, seed: int = 1
    ) -> Regimes:
        """Regimes of a time of good operation.

        words   given with each row, e.g. its product; or all that are known
        names   channels that say how the machine is driven: load, speed, set-points; not those that say how it is
        values  of these channels, a row a stretch or reading, shape (n, c); NaN where not known
        Raises  InputError: values without a number
        """
        given = frozenset(words)
        if values is None or not len(names):
            return cls(given)
        table = np.asarray(values, np.float64).reshape(-1, len(names))
        if not np.isfinite(table).any(axis=0).all():
            raise InputError("a regime needs numbers", came="a channel without any", where=", ".join(names))
        middle, scale = np.nanmean(table, axis=0), np.nanstd(table, axis=0)
        scale = np.where(scale > 1e-9 * np.maximum(np.abs(middle), 1e-9), scale, 0.0)
        points = standardised(table, middle, scale)
        centres, tells = _clusters(points, seed)
        scale = np.where(tells, scale, 0.0)
        distance = distances(points * tells, centres)
        mine = distance.argmin(axis=1)
        far = np.array([np.sqrt(distance[mine == r, r].max(initial=0.0)) for r in range(len(centres))])
        return cls(given, tuple(names), centres, middle, scale, far)

    def of(self, *, words: Sequence[str] | None = None, values: Floats | None = None) -> list[str]:
        """The regime of each row, in words; UNSEEN for one that was never seen, "" where there are no regimes."""
        count = len(words) if words is not None else 0 if values is None else len(values)
        given = [""] * count if words is None or not self.words else [w if w in self.words else UNSEEN for w in words]
        if len(self.centres) < 2 or values is None:
            return given
        distance = distances(standardised(np.asarray(values, np.float64), self.middle, self.scale), self.centres)
        mine = distance.argmin(axis=1)
        strange = np.sqrt(distance.min(axis=1)) > _STRANGE * np.maximum(self.reach[mine], 0.1)
        found = [UNSEEN if far else f"regime {r + 1}" for r, far in zip(mine.tolist(), strange.tolist(), strict=True)]
        return [
            UNSEEN if UNSEEN in (word, name) else ", ".join(filter(None, (word, name)))
            for word, name in zip(given, found, strict=True)
        ]

    def save(self) -> bytes:
        """As JSON."""
        told = {name: getattr(self, name).tolist() for name in ("centres", "middle", "scale", "reach")}
        return json.dumps(told | {"words": sorted(self.words), "names": list(self.names)}).encode()

    @classmethod
    def restore(cls, state: bytes) -> Regimes:
        """Back from `save`. Raises InputError if the bytes are not such a state."""
        try:
            told = json.loads(state)
            arrays = {name: np.array(told[name], np.float64) for name in ("centres", "middle", "scale", "reach")}
            return cls(frozenset(told["words"]), tuple(told["names"]), **arrays)
        except (ValueError, KeyError, TypeError) as error:
            raise InputError("these are not learned regimes", came=str(error)) from None


@dataclass(frozen=True, slots=True)
class Score:
    """One indicator against what is usual in its regime.

    value   [its unit]
    usual   median while learning; `spread` the standard deviation that fits [same unit]
    score   (value − usual) / spread
    learned stretches that tell what is usual
    """

    value: float
    usual: float
    spread: float
    score: float
    learned: int


@dataclass(frozen=True, slots=True)
class Compared:
    """A stretch against what is usual.

    regime   UNSEEN if it was never learned
    scores   by indicator
    reasons  indicator ("" for all) → why it is not compared
    """

    regime: str
    scores: Mapping[str, Score]
    reasons: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Usual:
    """What is usual in each regime: regime → indicator ("" the number of values) → (median, spread, stretches)."""

    table: Mapping[str, Mapping[str, tuple[float, float, int]]]

    def compare(self, stretch: Stretch) -> Compared:
        """A stretch with the usual of its own regime.

        Example  usual.compare(stretch).scores["rms"].score  # 4.2 standard deviations above the usual
        """
        known = self.table.get(stretch.regime)
        if known is None:
            return Compared(UNSEEN, {}, {"": words.UNSEEN})
        if stretch.used < _WHOLE * known.get(_USED, (0.0, 0.0, 0))[0]:
            return Compared(stretch.regime, {}, {"": words.BRIEF})
        scores, reasons = dict[str, Score](), dict[str, str]()
        for name, value in stretch.values.items():
            if name not in known:
                reasons[name] = words.NO_FIGURE
                continue
            middle, spread, count = known[name]
            if count < _LEAST:
                reasons[name] = words.FEW.format(n=count, least=_LEAST)
            elif spread > 0:
                scores[name] = Score(value, middle, spread, (value - middle) / spread, count)
            else:
                scores[name] = Score(value, middle, 0.0, 0.0 if value == middle else math.inf, count)
                reasons[name] = words.STEADY
        return Compared(stretch.regime, scores, reasons)

    def save(self) -> bytes:
        """As JSON."""
        return json.dumps({regime: {k: list(v) for k, v in own.items()} for regime, own in self.table.items()}).encode()

    @classmethod
    def restore(cls, state: bytes) -> Usual:
        """Back from `save`. Raises InputError if the bytes are not such a state."""
        try:
            told = json.loads(state)
            return cls({r: {k: (m, s, int(n)) for k, (m, s, n) in own.items()} for r, own in told.items()})
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InputError("these are not learned regimes", came=str(error)) from None


def learn_usual(stretches: Iterable[Stretch]) -> Usual:
    """What is usual in each regime, from stretches of good operation: medians, so that a few bad ones do no harm."""
    known = [stretch for stretch in stretches if stretch.regime != UNSEEN]
    usual = float(np.median([stretch.used for stretch in known])) if known else 0.0
    seen: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for stretch in known:
        if stretch.used >= _WHOLE * usual:
            seen[stretch.regime][_USED].append(float(stretch.used))
            for name, value in stretch.values.items():
                seen[stretch.regime][name].append(value)
    return Usual({r: {name: _usual(values) for name, values in own.items()} for r, own in seen.items()})


def _usual(values: list[float]) -> tuple[float, float, int]:
    table = np.array(values)
    middle = float(np.median(table))
    spread = _NORMAL * float(np.median(np.abs(table - middle)))
    if spread <= 1e-9 * abs(middle):  # more than half are equal: what varies is in the rest
        spread = float(table.std(ddof=1)) if len(table) > 1 else 0.0
    return middle, spread if spread > 1e-9 * abs(middle) else 0.0, len(table)


def _clusters(points: Floats, seed: int) -> tuple[Floats, Floats]:
    """Centres of the greatest number of clusters that all stand apart, and which channels tell them apart."""
    sample = points[:: max(1, len(points) // _ROWS)]
    centres, told = np.zeros((1, points.shape[1])), np.zeros(points.shape[1])
    for k in range(2, min(_MOST, len(sample) // _EACH) + 1):
        tells = (explained(sample, k_means(sample, k, np.random.default_rng(seed))) >= _EXPLAINED).astype(np.float64)
        if not tells.any():
            continue
        tried = k_means(sample * tells, k, np.random.default_rng(seed))
        counts = np.bincount(distances(points * tells, tried).argmin(axis=1), minlength=k)
        apart = silhouette(sample * tells, tried) >= _APART and _gaps(points * tells, tried)
        if apart and counts.min() >= _EACH:
            centres, told = tried, tells
    return centres, told


def _gaps(points: Floats, centres: Floats) -> bool:
    """Whether little lies halfway between any two clusters: a drift cut in pieces has no gaps."""
    mine = distances(points, centres).argmin(axis=1)
    for one in range(len(centres)):
        for other in range(one):
            axis = centres[other] - centres[one]
            both = (mine == one) | (mine == other)
            along = (points[both] - centres[one]) @ axis / float(axis @ axis)
            smaller = min(int((mine == one).sum()), int((mine == other).sum()))
            if ((along > _HALF) & (along < 1 - _HALF)).sum() > _BETWEEN * smaller:
                return False
    return True
