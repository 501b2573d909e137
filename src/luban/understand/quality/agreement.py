"""Agreement of people who judge good or bad, or into classes: with themselves, with each other, with the reference.

Sources: AIAG, Measurement Systems Analysis, 4th edition (2010), ch. III C; J. Cohen (1960), Educational and
Psychological Measurement 20, 37-46, with the standard error of J. L. Fleiss, J. Cohen, B. S. Everitt (1969),
Psychological Bulletin 72, 323-327; J. L. Fleiss (1971), Psychological Bulletin 76, 378-382.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import special

from luban.core.errors import InputError
from luban.understand.quality.capability.outside import exact_share
from luban.understand.quality.data import Excluded, Floats, Ints
from luban.understand.quality.gauge_study import words
from luban.understand.quality.gauge_study.readings import coded

__all__ = ["WEIGHTS", "Agreement", "Bools", "Kappa", "Matched", "agreement", "cohen_kappa", "fleiss_kappa"]

Bools: TypeAlias = NDArray[np.bool_]

WEIGHTS = ("none", "linear", "quadratic")
"""How a disagreement counts: all alike, by the distance of ordered classes, by its square."""


@dataclass(frozen=True, slots=True)
class Matched:
    """How many parts were judged alike.

    share, low, high  matched over of, with its exact interval [1]
    """

    who: str
    matched: int
    of: int
    share: float
    low: float
    high: float

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json` and REST."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


@dataclass(frozen=True, slots=True)
class Kappa:
    """Agreement beyond chance [1]: 1 always, 0 as chance would, below 0 worse than chance.

    who         whom it compares
    value       None where it cannot be told; `reason` says why
    low, high   confidence interval
    z           against no agreement beyond chance
    classes     kappa of each class against all others (Fleiss)
    """

    who: str
    value: float | None
    low: float | None
    high: float | None
    z: float | None
    n: int
    classes: Mapping[str, float | None]
    reason: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json` and REST."""
        own = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return own | {"classes": dict(self.classes)}


@dataclass(frozen=True, slots=True)
class Agreement:
    """A study of agreement.

    classes        judgements that occur
    within         each appraiser with himself: all his trials of a part alike; empty with one trial
    correct        each appraiser: all his trials of a part alike and right; empty without reference
    between        all appraisers alike in all trials
    all_correct    and right; None without reference
    missed         share of bad parts' judgements that called them good, by appraiser [1]; empty unless good is known
    false_alarms   share of good parts' judgements that called them bad [1]
    pairs          Cohen's kappa of each two appraisers, trial by trial
    to_reference   Cohen's kappa of each appraiser against the reference
    fleiss         Fleiss' kappa: of each appraiser with himself, then of all
    verdicts       appraiser → good, doubt, bad by AIAG's limits: effectiveness 90 and 80 %, missed 2 and 5 %, false
                   alarms 5 and 10 %
    """

    characteristic: str
    classes: tuple[str, ...]
    appraisers: tuple[str, ...]
    parts: int
    trials: int
    within: tuple[Matched, ...]
    correct: tuple[Matched, ...]
    between: Matched
    all_correct: Matched | None
    missed: Mapping[str, Matched]
    false_alarms: Mapping[str, Matched]
    pairs: tuple[Kappa, ...]
    to_reference: tuple[Kappa, ...]
    fleiss: tuple[Kappa, ...]
    verdicts: Mapping[str, str]
    used: int
    level: float
    excluded: tuple[Excluded, ...] = ()
    notes: tuple[str, ...] = ()
    source: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json` and REST."""
        many = ("within", "correct", "pairs", "to_reference", "fleiss", "excluded")
        told: dict[str, Any] = {name: [one.as_dict() for one in getattr(self, name)] for name in many}
        plain = ("characteristic", "classes", "appraisers", "parts", "trials", "used", "notes", "source")
        told |= {name: getattr(self, name) for name in plain}
        for name in ("missed", "false_alarms"):
            told[name] = {who: one.as_dict() for who, one in getattr(self, name).items()}
        told["between"] = self.between.as_dict()
        told["all_correct"] = None if self.all_correct is None else self.all_correct.as_dict()
        return told | {"verdicts": dict(self.verdicts), "confidence": self.level}


def agreement(
    part: Sequence[object],
    appraiser: Sequence[object],
    judged: Sequence[object],
    reference: Sequence[object] | None = None,
    *,
    good: str = "",
    order: Sequence[str] = (),
    weights: str = "none",
    level: float = 0.95,
    characteristic: str = "judgement",
    excluded: tuple[Excluded, ...] = (),
    source: str = "",
) -> Agreement:
    """A study of agreement from one row for each judgement; trials are numbered in the order of the rows.

    reference  the right judgement of the row's part
    good       the class that means a good part, for missed parts and false alarms; the others mean bad
    order      classes from low to high, for weighted kappa
    weights    how a disagreement counts in Cohen's kappa, see WEIGHTS
    Raises     InputError: fewer than two parts, trials that differ in number, a part with two references
    """
    parts, part_names = coded(part)
    people, names = coded(appraiser)
    classes, class_names = coded([*order, *judged, *(reference or ())])
    told = classes[len(order) : len(order) + len(judged)]
    right = classes[len(order) + len(judged) :] if reference is not None else None
    if len(part_names) < 2:
        raise InputError("one part shows no agreement", came=f"{len(part_names)} parts", expected="at least 2")
    if good and good not in class_names:
        raise InputError("no such judgement", came=good, expected=", ".join(class_names), where="good")
    table = _table(parts, people, told, part_names, names)
    truth = None if right is None else _truth(parts, right, part_names, class_names)
    trials = table.shape[2]
    notes = _notes(table, truth, trials)
    within = tuple(_matched(names[a], _alike(table[:, a]), level) for a in range(len(names))) if trials > 1 else ()
    correct: tuple[Matched, ...] = ()
    all_correct = None
    if truth is not None:
        hits = [_alike(table[:, a]) & (table[:, a, 0] == truth) for a in range(len(names))]
        correct = tuple(_matched(name, hit, level) for name, hit in zip(names, hits, strict=True))
        all_correct = _matched("all", np.logical_and.reduce(hits), level)
    missed, false_alarms = _errors(table, truth, names, class_names.index(good) if good else -1, level)
    k = len(class_names)
    pairs = tuple(
        _cohen(f"{names[a]}, {names[b]}", table[:, a].ravel(), table[:, b].ravel(), k, weights, level)
        for a, b in combinations(range(len(names)), 2)
    )
    to_reference = () if truth is None else tuple(
        _cohen(name, table[:, a].ravel(), np.repeat(truth, trials), k, weights, level) for a, name in enumerate(names)
    )  # fmt: skip
    flat = table.reshape(len(part_names), -1)
    fleiss = [_fleiss(name, table[:, a], class_names, level) for a, name in enumerate(names)] if trials > 1 else []
    if len(names) > 1:
        fleiss.append(_fleiss("all", flat, class_names, level))
    verdicts = _verdicts(correct, missed, false_alarms)
    return Agreement(
        characteristic, class_names, names, len(part_names), trials, within, correct,
        _matched("all", _alike(flat), level), all_correct, missed, false_alarms, pairs, to_reference, tuple(fleiss),
        verdicts, len(judged), level, excluded, tuple(notes), source,
    )  # fmt: skip


def cohen_kappa(table: Sequence[Sequence[float]] | Floats, *, weights: str = "none", level: float = 0.95) -> Kappa:
    """Cohen's kappa of a square table of counts: rows one appraiser, columns the other.

    weights  see WEIGHTS
    Raises   InputError for a table that is not square, an empty one, other weights
    Example  round(cohen_kappa([[44, 6], [3, 97]]).value, 2) == 0.86 (AIAG, table III-C 2)
    """
    counts = np.asarray(table, np.float64)
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1] or not counts.sum() > 0:
        raise InputError("not a square table of counts", came=str(counts.shape))
    return _of_table("", counts, weights, level)


def fleiss_kappa(
    counts: Sequence[Sequence[float]] | Floats, classes: Sequence[str] = (), *, level: float = 0.95
) -> Kappa:
    """Fleiss' kappa of counts: rows parts, columns classes; every row sums to the same number of judgements.

    The interval is by leaving out one part at a time.
    """
    own = np.asarray(counts, np.float64)
    sums = own.sum(1)
    if own.ndim != 2 or len(own) < 2 or not bool((sums == sums[0]).all()) or sums[0] < 2:
        raise InputError("parts differ in their number of judgements", came=f"{sums.min():g} to {sums.max():g}")
    return _of_counts("", own, tuple(classes) or tuple(map(str, range(1, own.shape[1] + 1))), level)


def _table(parts: Ints, people: Ints, told: Ints, part_names: Sequence[str], names: Sequence[str]) -> Ints:
    """Judgements by part, appraiser and trial."""
    count = np.zeros((len(part_names), len(names)), np.int64)
    trial = np.zeros(len(parts), np.int64)
    for at, (p, a) in enumerate(zip(parts.tolist(), people.tolist(), strict=True)):
        trial[at] = count[p, a]
        count[p, a] += 1
    if int(count.min()) != int(count.max()):
        p, a = np.argwhere(count == count.min())[0]
        where = f"part {part_names[p]}, appraiser {names[a]}"
        came = f"{int(count.min())} of {int(count.max())} trials"
        raise InputError(
            "judgements differ in number", came=came, expected="every appraiser the same trials", where=where
        )
    table = np.zeros((*count.shape, int(count.max())), np.int64)
    table[parts, people, trial] = told
    return table


def _truth(parts: Ints, right: Ints, part_names: Sequence[str], classes: Sequence[str]) -> Ints:
    truth = np.full(len(part_names), -1, np.int64)
    for p, one in zip(parts.tolist(), right.tolist(), strict=True):
        if truth[p] not in (-1, one):
            came = f"{classes[truth[p]]} and {classes[one]}"
            raise InputError("a part has two references", came=came, where=f"part {part_names[p]}")
        truth[p] = one
    return truth


def _alike(table: Ints) -> Bools:
    return np.asarray((table == table[:, :1]).all(1))


def _matched(who: str, hits: Bools, level: float) -> Matched:
    n = int(np.count_nonzero(hits))
    return Matched(who, n, len(hits), n / len(hits), *exact_share(n, len(hits), level))


def _errors(
    table: Ints, truth: Ints | None, names: Sequence[str], good: int, level: float
) -> tuple[dict[str, Matched], dict[str, Matched]]:
    missed: dict[str, Matched] = {}
    false_alarms: dict[str, Matched] = {}
    if truth is None or good < 0:
        return missed, false_alarms
    for a, name in enumerate(names):
        own_bad, own_good = table[truth != good, a].ravel(), table[truth == good, a].ravel()
        if len(own_bad):
            missed[name] = _matched(name, own_bad == good, level)
        if len(own_good):
            false_alarms[name] = _matched(name, own_good != good, level)
    return missed, false_alarms


def _cohen(who: str, a: Ints, b: Ints, k: int, weights: str, level: float) -> Kappa:
    table = np.zeros((k, k))
    np.add.at(table, (a, b), 1.0)
    return _of_table(who, table, weights, level)


def _of_table(who: str, counts: Floats, weights: str, level: float) -> Kappa:
    if weights not in WEIGHTS:
        raise InputError("no such weights", came=weights, expected=", ".join(WEIGHTS))
    n, k = float(counts.sum()), len(counts)
    p = counts / n
    rows, columns = p.sum(1), p.sum(0)
    away = np.abs(np.subtract.outer(np.arange(k), np.arange(k))).astype(np.float64)
    w = np.eye(k) if weights == "none" else 1 - (away / max(k - 1, 1)) ** (1 if weights == "linear" else 2)
    seen, chance = float((w * p).sum()), float((w * np.outer(rows, columns)).sum())
    if chance >= 1 - 1e-12:
        return Kappa(who, None, None, None, None, int(n), {}, words.ONE_CATEGORY)
    kappa = (seen - chance) / (1 - chance)
    mean = np.add.outer(w @ columns, rows @ w)
    spread = (p * (w - mean * (1 - kappa)) ** 2).sum() - (kappa - chance * (1 - kappa)) ** 2
    error = float(np.sqrt(max(float(spread), 0.0) / n) / (1 - chance))
    null = ((np.outer(rows, columns) * (w - mean) ** 2).sum() - chance**2) / n
    z = kappa / (np.sqrt(null) / (1 - chance)) if null > 0 else None
    half = float(special.ndtri((1 + level) / 2)) * error
    return Kappa(
        who, kappa, max(kappa - half, -1.0), min(kappa + half, 1.0), None if z is None else float(z), int(n), {}
    )


def _fleiss(who: str, table: Ints, classes: tuple[str, ...], level: float) -> Kappa:
    counts = np.stack([(table == at).sum(1) for at in range(len(classes))], axis=1).astype(np.float64)
    return _of_counts(who, counts, classes, level)


def _of_counts(who: str, counts: Floats, classes: tuple[str, ...], level: float) -> Kappa:
    parts, each = len(counts), float(counts[0].sum())
    share = counts.sum(0) / counts.sum()
    rest = share * (1 - share)
    value = _fleiss_value(counts)
    if value is None:
        return Kappa(who, None, None, None, None, parts, {}, words.ONE_CATEGORY)
    with np.errstate(divide="ignore", invalid="ignore"):
        single = 1 - (counts * (each - counts)).sum(0) / (parts * each * (each - 1) * rest)
    own = {name: float(one) if np.isfinite(one) else None for name, one in zip(classes, single, strict=True)}
    total = float(rest.sum())
    null = np.sqrt(2.0) / (total * np.sqrt(parts * each * (each - 1)))
    null *= np.sqrt(max(total**2 - float((rest * (1 - 2 * share)).sum()), 0.0))
    left = [_fleiss_value(np.delete(counts, at, 0)) for at in range(parts)]
    known = np.array([one for one in left if one is not None])
    low = high = None
    if len(known) == parts:
        error = float(np.sqrt((parts - 1) / parts * float(((known - known.mean()) ** 2).sum())))
        half = float(special.stdtrit(parts - 1, (1 + level) / 2)) * error
        low, high = max(value - half, -1.0), min(value + half, 1.0)
    return Kappa(who, value, low, high, float(value / null) if null > 0 else None, parts, own)


def _fleiss_value(counts: Floats) -> float | None:
    each = float(counts[0].sum())
    share = counts.sum(0) / counts.sum()
    chance = float((share**2).sum())
    if chance >= 1 - 1e-12:
        return None
    seen = float(((counts**2).sum(1) - each).mean() / (each * (each - 1)))
    return (seen - chance) / (1 - chance)


def _verdicts(
    correct: Sequence[Matched], missed: Mapping[str, Matched], false_alarms: Mapping[str, Matched]
) -> dict[str, str]:
    found = {}
    for one in correct:
        rates = [(1 - one.share, 0.10, 0.20)]
        rates += [(missed[one.who].share, 0.02, 0.05)] if one.who in missed else []
        rates += [(false_alarms[one.who].share, 0.05, 0.10)] if one.who in false_alarms else []
        worst = max(0 if rate <= fine + 1e-12 else 1 if rate <= edge + 1e-12 else 2 for rate, fine, edge in rates)
        found[one.who] = ("good", "doubt", "bad")[worst]
    return found


def _notes(table: Ints, truth: Ints | None, trials: int) -> list[str]:
    notes = [words.NO_REFERENCE] if truth is None else []
    if trials == 1:
        notes.append(words.ONE_TRIAL)
    if bool(_alike(table.reshape(len(table), -1)).all()):
        notes.append(words.ALL_AGREE)
    return notes
