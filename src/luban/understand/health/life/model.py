"""Remaining life learned from histories that end in a failure, with an interval, up to the horizon the signals carry.

A fresh machine and one half worn give the same readings until wear begins to show. The horizon is the remaining life at
which an average machine stands one standard deviation away from a fresh one; beyond it no signal says when the machine
fails, and the answer is "at least". Boosted trees learn the remaining life up to the horizon from what each history
says at each moment (`features`). Machines are dealt into folds: each fold's model is tried on machines it has not seen,
those errors give the interval (`conformal`), and the answer is the mean of all folds' models.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from luban.core.errors import InputError
from luban.understand.health.life import words
from luban.understand.health.life.by_age import AgeLaw, ByAge, age_law
from luban.understand.health.life.conformal import Errors, collect, failures_needed
from luban.understand.health.life.features import Sight, see
from luban.understand.health.life.histories import Histories
from luban.understand.health.life.regimes import find_regimes
from luban.understand.quality.data import Excluded, Floats, Ints

__all__ = ["LEAST_FAILURES", "LifeEstimate", "LifeModel", "learn_life"]

LEAST_FAILURES = 5
"""Failures without which no remaining life is learned."""

_FOLDS = 5
_ROWS = 20_000  # readings learned from; more are neighbours of these and add nothing but time
_ASKED = 20  # moments of each machine that errors are taken at
_FRESH = 0.8  # share of the median life; a machine with more than this ahead is fresh
_OFTEN = 0.1  # share of readings outside of everything learned that a channel may have
_RECENT = 20  # readings that tell the state a machine is in
_JUMP = 20.0  # steps of the clock at once
_RATE = 1.5  # by which the rate of readings may differ from what was learned
_BEND = 0.2  # share of the median life at which urgency has fallen to a half


@dataclass(frozen=True, slots=True)
class LifeEstimate:
    """What is left of one machine's life.

    age      at the last reading [time_unit]
    life     remaining life, expected, counted up to the horizon [time_unit]; None if withheld
    low      it lasts at least so long, with the confidence [time_unit]; None without an interval
    high     and at most so long; None where the signals set no bound
    share    confidence of the interval [1]
    horizon  beyond it the signals say nothing [time_unit]
    used     failures it rests on
    reason   why it, or its interval, is withheld
    notes    what was left out, and why
    by_age   what its age alone says, from machines that failed and that still run; None where nothing can be told
    """

    unit: str
    age: float
    life: float | None
    low: float | None
    high: float | None
    share: float
    horizon: float
    used: int
    time_unit: str
    reason: str = ""
    notes: tuple[str, ...] = ()
    by_age: ByAge | None = None

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json` and REST."""
        return {
            "unit": self.unit, "age": self.age, "life": self.life, "low": self.low, "high": self.high,
            "share": self.share, "horizon": self.horizon, "used": self.used, "time_unit": self.time_unit,
            "withheld": self.reason, "notes": list(self.notes),
            "by_age": None if self.by_age is None else self.by_age.as_dict(),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class LifeModel:
    """What was learned; made by `learn_life`.

    horizon   remaining life beyond which the signals say nothing [time_unit]
    used      failures learned from
    excluded  machines and channels that were not used, with reason
    reason    why nothing could be learned; "" if it was
    span      lowest and highest reading of each channel [its unit], shape (2, c)
    ages      law of lives, machines that still run included; None where none can be told
    """

    learned: Histories
    directions: Mapping[str, int]
    seed: int
    horizon: float
    used: int
    excluded: tuple[Excluded, ...]
    reason: str = ""
    sight: Sight | None = None
    trees: tuple[Any, ...] = ()
    errors: Errors | None = None
    span: Floats = field(default_factory=lambda: np.zeros((2, 0)))
    ages: AgeLaw | None = None

    def path(self, histories: Histories) -> Floats:
        """Remaining life at every reading, up to the horizon [time_unit], shape (n,).

        Raises  InputError if nothing was learned or a channel is missing
        """
        if self.sight is None:
            raise InputError(self.reason, came=f"{self.used} failures", expected=f"{LEAST_FAILURES} or more")
        if missing := [name for name in self.sight.channels if name not in histories.channels]:
            raise InputError("a channel is missing", came=", ".join(missing), hint="`at` learns again without it")
        return self.mean(self.sight.features(histories))

    def at(self, histories: Histories, *, share: float = 0.90) -> tuple[LifeEstimate, ...]:
        """Remaining life of each machine after its last reading.

        share   coverage of the interval, 0.5 ≤ share < 1
        Raises  InputError if the share is outside; a channel that is missing or strange is left out with a note
        """
        if not 0.5 <= share < 1:
            raise InputError("no such coverage", came=f"{share:g}", expected="0.5 to below 1", where="share")
        told = self._at(histories, share)
        if self.ages is None:
            return told
        return tuple(replace(one, by_age=self.ages.left(one.age, share)) for one in told)

    def _at(self, histories: Histories, share: float) -> tuple[LifeEstimate, ...]:
        if self.sight is None:
            return tuple(_nothing(self, histories, i, share) for i in range(len(histories)))
        strange = _strange(self.sight, self.span, histories)
        groups: dict[tuple[str, ...], list[int]] = {}
        for i, names in enumerate(strange):
            groups.setdefault(names, []).append(i)
        found: dict[int, LifeEstimate] = {}
        for names, mine in groups.items():
            model, part = self._without(names), histories.part(mine)
            notes = tuple(
                (words.STRANGE_CHANNEL if name in histories.channels else words.CHANNEL_MISSING).format(channel=name)
                for name in names
            )
            found.update(zip(mine, _estimates(model, part, share, notes), strict=True))
        return tuple(found[i] for i in range(len(histories)))

    def mean(self, features: Floats) -> Floats:
        """Mean of all folds' models at each row of features, within 0 and the horizon [time_unit], shape (n,)."""
        mean: Floats = np.mean([tree.predict(features) for tree in self.trees], axis=0)
        return np.clip(mean, 0.0, self.horizon)

    def _without(self, names: tuple[str, ...]) -> LifeModel:
        if not names:
            return self
        kept = self.learned.only([name for name in self.learned.channels if name not in names])
        return _learned(kept, self.directions, self.seed)


def learn_life(histories: Histories, *, directions: Mapping[str, int] | None = None, seed: int = 1) -> LifeModel:
    """Learn remaining life from machines of one kind: from readings of those that failed, and from the ages of all.

    directions  what physics says: +1 for a channel that rises with wear, −1 for one that falls; remaining life then
                never rises with its wear
    Raises      InputError for a direction of a channel that is not there
    Example     learn_life(histories).at(running)[0].life
    """
    model = _learned(histories, directions, seed)
    return replace(model, ages=age_law(histories, seed=seed))


def _learned(histories: Histories, directions: Mapping[str, int] | None, seed: int) -> LifeModel:
    known = dict(directions or {})
    if strange := [name for name, sign in known.items() if name not in histories.channels or sign not in (-1, 1)]:
        raise InputError("no such channel, or no such direction", came=", ".join(strange), expected="name: +1 or -1")
    excluded = list(histories.excluded)
    running = [name for name, over in zip(histories.units, histories.ended, strict=True) if not over]
    excluded += [Excluded(name, "ended", "no", words.NOT_ENDED) for name in running]
    taken = histories.part(np.flatnonzero(histories.ended))
    kept: list[str] = []
    for i, name in enumerate(taken.channels):
        column = taken.values[:, i][~np.isnan(taken.values[:, i])]
        if len(column) and column.min() < column.max():
            kept.append(name)
        else:
            reason = words.CONSTANT if len(column) else words.NO_NUMBERS
            excluded.append(Excluded(name, name, f"{column[0]:g}" if len(column) else "", reason))
    taken = taken.only(kept)
    known = {name: sign for name, sign in known.items() if name in kept}
    if len(taken) < LEAST_FAILURES:
        reason = words.TOO_FEW_FAILURES.format(n=len(taken), least=LEAST_FAILURES)
        return LifeModel(taken, known, seed, np.nan, len(taken), tuple(excluded), reason)
    if not kept:
        return LifeModel(taken, known, seed, np.nan, len(taken), tuple(excluded), words.NO_SIGNAL)
    sight = see(taken, find_regimes(taken, seed=seed), held_out=tuple(known))
    features = sight.features(taken)
    left = taken.remaining()
    horizon = _horizon(taken, features, left)
    if horizon <= 0:
        return LifeModel(taken, known, seed, np.nan, len(taken), tuple(excluded), words.NO_SIGNAL)
    trees, errors = _learn(taken, features, np.minimum(left, horizon), sight.signs(known), seed)
    span = np.vstack([np.nanmin(taken.values, axis=0), np.nanmax(taken.values, axis=0)])
    return LifeModel(taken, known, seed, horizon, len(taken), tuple(excluded), "", sight, tuple(trees), errors, span)


def _learn(taken: Histories, features: Floats, target: Floats, signs: list[int], seed: int) -> tuple[list[Any], Errors]:
    """One model for each fold of machines, and their errors on the machines they have not seen."""
    from sklearn.ensemble import HistGradientBoostingRegressor  # type: ignore[import-untyped, unused-ignore]
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped, unused-ignore]

    unit = np.repeat(np.arange(len(taken)), np.diff(taken.starts))
    fold = np.random.default_rng(seed).permutation(len(taken)) % min(_FOLDS, len(taken))
    step = max(1, round(len(target) / _ROWS))
    rows = np.arange(0, len(target), step)
    asked = _moments(taken)
    leaf = int(np.clip(len(rows) // 150, 5, 60))
    trees, predicted = [], np.empty(len(asked))
    for f in range(int(fold.max()) + 1):
        mine = rows[fold[unit[rows]] != f]
        tree = HistGradientBoostingRegressor(
            max_iter=200, learning_rate=0.05, max_leaf_nodes=15, min_samples_leaf=leaf, l2_regularization=5.0,
            max_features=0.3, early_stopping=False, random_state=seed + f, monotonic_cst=signs if any(signs) else None,
        )  # fmt: skip
        with threadpool_limits(1):  # threads wait for each other longer than they work on tables of this size
            trees.append(tree.fit(features[mine], target[mine]))
        other = fold[unit[asked]] == f
        predicted[other] = tree.predict(features[asked[other]])
    return trees, collect(np.clip(predicted, 0.0, None), target[asked], len(taken))


def _moments(taken: Histories) -> Ints:
    """Rows spread evenly over each machine's history."""
    spans = taken.spans()
    return np.concatenate([
        np.unique(np.linspace(rows.start, rows.stop - 1, min(_ASKED, rows.stop - rows.start)).astype(np.int64))
        for rows in spans
    ])  # fmt: skip


def _horizon(taken: Histories, features: Floats, left: Floats) -> float:
    """Remaining life at which an average machine stands one standard deviation away from a fresh one [time_unit]."""
    median = float(np.median(taken.lives() - taken.time[taken.starts[:-1]]))
    signals = features[:, :-1]
    signals = (signals - signals.mean(axis=0)) / np.maximum(signals.std(axis=0), 1e-12)
    urgency = 1 / (1 + left / (_BEND * median))
    gram = signals.T @ signals + 10.0 * np.eye(signals.shape[1])
    index = signals @ np.linalg.solve(gram, signals.T @ (urgency - urgency.mean()))
    fresh = index[left >= _FRESH * median]
    if len(fresh) < LEAST_FAILURES:
        return float(left.max())
    wide = median / 40
    cell = (left / wide).astype(np.int64)
    count = np.bincount(cell)
    away = (np.bincount(cell, index) / np.maximum(count, 1) - fresh.mean()) / max(float(fresh.std()), 1e-12)
    shown = (away >= 1) & (count > 0)
    return float(wide * (len(shown) if shown.all() else int(np.argmin(shown))))


def _estimates(model: LifeModel, histories: Histories, share: float, notes: tuple[str, ...]) -> list[LifeEstimate]:
    if model.sight is None or model.errors is None:
        return [_nothing(model, histories, i, share) for i in range(len(histories))]
    life = model.mean(model.sight.features(histories)[histories.starts[1:] - 1])
    width = model.errors.width(life, share)
    states = model.sight.regimes.assign(histories.only(model.sight.channels).values)
    usual = float(np.median(np.diff(model.learned.time)))
    told = []
    for i, rows in enumerate(histories.spans()):
        if np.mean(states[rows][-_RECENT:] < 0) > 0.5:
            told.append(replace(_nothing(model, histories, i, share), reason=words.NEW_STATE, notes=notes))
            continue
        low, high = max(0.0, float(life[i] - width[i])), float(life[i] + width[i])
        known = bool(np.isfinite(width[i]))
        level = f"{100 * share:g}"
        reason = "" if known else words.WIDE.format(n=model.errors.units, share=level, least=failures_needed(share))
        lost = int((states[rows] < 0).sum())
        more = (*notes, *([words.STRANGE_STATE.format(n=lost)] if lost else []), *_clock(histories, rows, usual))
        told.append(LifeEstimate(
            histories.units[i], float(histories.time[rows.stop - 1]), float(life[i]), low if known else None,
            high if known and high < model.horizon else None, share, model.horizon, model.used, histories.time_unit,
            reason, more,
        ))  # fmt: skip
    return told


def _nothing(model: LifeModel, histories: Histories, i: int, share: float) -> LifeEstimate:
    age = float(histories.lives()[i])
    unit = histories.units[i]
    return LifeEstimate(
        unit, age, None, None, None, share, model.horizon, model.used, histories.time_unit, model.reason
    )


def _strange(sight: Sight, span: Floats, histories: Histories) -> list[tuple[str, ...]]:
    """Of each machine, the channels that are missing or lie outside of everything learned."""
    gone = tuple(name for name in sight.channels if name not in histories.channels)
    taken = histories.only(sight.channels)
    reach = span[1] - span[0]
    outside = (taken.values < span[0] - reach) | (taken.values > span[1] + reach)
    found = []
    for rows in taken.spans():
        empty = np.isnan(taken.values[rows]).all(axis=0)
        often = outside[rows].mean(axis=0) > _OFTEN
        bad = {sight.channels[i] for i in np.flatnonzero(empty | often)} | set(gone)
        found.append(tuple(name for name in sight.channels if name in bad))
    return found


def _clock(histories: Histories, rows: slice, learned: float) -> list[str]:
    """Notes where the clock of a history jumps, or readings come at another rate than was learned."""
    time = histories.time[rows]
    steps = np.diff(time)
    if len(steps) < LEAST_FAILURES:
        return []
    usual, at = float(np.median(steps)), int(steps.argmax())
    notes = []
    if steps[at] > _JUMP * usual:
        notes.append(words.GAP.format(step=f"{steps[at]:g}", time=f"{time[at]:g}", usual=f"{usual:g}"))
    if not 1 / _RATE < usual / learned < _RATE:
        notes.append(words.RATE.format(step=f"{usual:g}", usual=f"{learned:g}"))
    return notes
