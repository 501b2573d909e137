"""Fault signatures: learned from labelled cases, held beside what a machine does now, with a stated rate of error.

A cause is named if its likeness passes a threshold. The threshold is found by leaving every cause out in turn and
asking the others: it is the least at which an unknown cause is named in at most the share of windows that is asked for,
counted with one cause more than there are, so that the rate holds for the next unknown one [1]. Good operation counts
as one of the unknown causes. With few causes no low rate can be promised; the one that can is told.

    [1] conformal risk control: Angelopoulos, Bates, Fisch, Lei, Schuster 2024, arXiv:2208.02814, Theorem 1
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from luban.core.errors import InputError
from luban.core.state import pack, unpack, unpacking
from luban.understand.health.diagnosis import words
from luban.understand.health.diagnosis.model import Likeness, fit_likeness, good_distances
from luban.understand.health.diagnosis.signature import LEAST_ROWS, VIEWS, Baseline
from luban.understand.health.diagnosis.verdict import Cause, Evidence, Verdict
from luban.understand.quality.data import Excluded, Floats

__all__ = ["Case", "Found", "LearnRule", "Signatures", "learn"]

_MOST_WINDOWS = 40  # of one case
_FOLDS = 10
_LEAST_LIKENESS = 1 / 3  # of what is unusual, that a past case must explain to be named at all
_ALIKE = 0.05  # difference of likeness below which two causes are told as alike
_SHOWN = 4


@dataclass(frozen=True, slots=True)
class LearnRule:
    """How signatures are learned and used.

    false_known  share of windows of an unknown cause that may be named [1], above 0, below 1
    usual        share of windows of good operation taken as unusual [1]: below that, no cause is sought
    top          causes shown
    """

    false_known: float = 0.1
    usual: float = 0.05
    top: int = 3

    def __post_init__(self) -> None:
        for wrong, name in (
            (not 0 < self.false_known < 1, "false_known"), (not 0 < self.usual < 0.5, "usual"), (self.top < 1, "top"),
        ):  # fmt: skip
            if wrong:
                raise InputError("signatures cannot be learned so", came=f"{name} = {getattr(self, name)}")


@dataclass(frozen=True)
class Case:
    """One stretch of one machine, whose cause somebody found out.

    id          of the case, e.g. of the work order
    machine     its path
    cause       as people call it
    names       signals of its signatures
    signatures  windows in order of time, shape (n, 3 p); NaN: missing
    time        when it began [µs UTC], 0 if not known
    """

    id: str
    machine: str
    cause: str
    names: tuple[str, ...]
    signatures: Floats
    time: int = 0

    @classmethod
    def of(cls, baseline: Baseline, rows: Floats, cause: str, *, name: str, machine: str = "", time: int = 0,
           regimes: Sequence[str] | None = None) -> Case:  # fmt: skip
        """The case of rows from its begin to its end, beside the machine's good operation; `name` becomes its id."""
        found = baseline.windows(rows, regimes)
        kept = np.unique(np.linspace(0, len(found) - 1, min(_MOST_WINDOWS, len(found))).round().astype(int))
        return cls(name, machine, cause.strip(), baseline.names, _short(found[kept]), time)


@dataclass(frozen=True, slots=True)
class Found:
    """How cases of one cause were named by models that had not seen them.

    cases    of the cause
    windows  that were asked
    named    windows by what they were named: a cause, or "" for unknown
    halves   the second half of the only case was asked of a model that knew the first
    """

    cause: str
    cases: int
    windows: int
    named: Mapping[str, int]
    halves: bool

    @property
    def right(self) -> float:
        """Share of windows that were named rightly [1]."""
        return self.named.get(self.cause, 0) / self.windows if self.windows else float("nan")

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json` and REST."""
        return {"cause": self.cause, "cases": self.cases, "windows": self.windows, "halves": self.halves,
                "right": self.right if self.windows else None, "named": dict(self.named)}  # fmt: skip


class Signatures:
    """What has been learned. Make it with `learn`.

    names      signals that are compared
    causes     names, sorted
    cases      learned, in order of id
    threshold  likeness from which a cause is named [1]
    rate       share of windows of an unknown cause that is named at most [1]; None: one cause, it cannot be told
    usual      squared distance up to which nothing stands out from good operation [1]
    excluded   cases and signals that were not used, with the reason
    notes      what limits the verdicts
    """

    def __init__(self, names: tuple[str, ...], cases: tuple[Case, ...], good: tuple[Floats, ...], rule: LearnRule,
                 excluded: tuple[Excluded, ...] = ()) -> None:  # fmt: skip
        from threadpoolctl import threadpool_limits  # type: ignore[import-untyped, unused-ignore]

        self.names, self.cases, self.rule, self.excluded = names, cases, rule, excluded
        self.causes = tuple(sorted({one.cause for one in cases}))
        self._good = good
        whole, numbered = np.concatenate(good), self._numbered(cases)
        with threadpool_limits(1):  # threads wait for each other longer than they work on tables of this size
            self._model = fit_likeness(numbered, whole)
            distances, alike = good_distances(numbered, good)
            self.usual = float(np.quantile(distances, 1 - rule.usual))
            unusual = np.where(distances > self.usual, alike, -np.inf)
            self._asked = self._left_out(whole, unusual) if cases else ()
        self.threshold, self.rate = self._calibrated()
        self.notes = self._limits()
        self._checked: tuple[Found, ...] | None = None

    def chance(self, likeness: float) -> float | None:
        """Chance that an unknown cause looks as much alike [1]; None if only one cause has been learned."""
        if len(self.causes) < 2:
            return None
        shares = [float((told >= likeness).mean()) for told in self._asked]
        return (sum(shares) + 1) / (len(shares) + 1)

    def judge(self, signature: Floats, names: Sequence[str]) -> Verdict:
        """The verdict on one signature of a machine, shape (3 p,), of the signals `names`."""
        vector = _arranged(signature[None], names, self.names)[0]
        there = np.isfinite(vector)
        missing = tuple(name for at, name in enumerate(self.names) if not there[at])
        out = _outstanding(signature, names)
        if not there.any():
            return Verdict(False, (), words.ALL_MISSING, out, missing)
        # a signal that is missing counts as usual for the question whether anything stands out
        filled = np.where(there, vector, self._model.zero)
        if float(self._model.distances(filled[None])[0]) <= self.usual:
            return Verdict(False, (), words.USUAL, out, missing, self.notes)
        if not self.cases:
            return Verdict(False, (), words.NO_CASES, out, missing)
        alike = self._model.alike(filled[None], there)[0]
        causes = self._ranked(alike, filled)
        best = causes[0].likeness or 0.0
        notes = list(self.notes)
        if len(causes) > 1 and best - (causes[1].likeness or 0.0) < _ALIKE:
            notes.append(words.TWO_ALIKE.format(first=causes[0].name, second=causes[1].name))
        known = best >= self.threshold
        reason = "" if known else words.UNKNOWN.format(cause=causes[0].name, share=f"{100 * max(best, 0.0):.0f}")
        return Verdict(known, causes[: self.rule.top], reason, out, missing, tuple(notes))

    def named(self, signatures: Floats, names: Sequence[str]) -> tuple[str, ...]:
        """The causes of many signatures at once, "" for unknown or usual; without evidence, and so much quicker.

        signatures  shape (n, 3 p), of the signals `names`; a number that is missing counts as usual
        """
        if not self.cases or not len(signatures):
            return ("",) * len(signatures)
        vectors = _arranged(signatures, names, self.names)
        return tuple(self._names_of(self._model, np.where(np.isfinite(vectors), vectors, self._model.zero)))

    def name(self, baseline: Baseline, rows: Floats, regimes: Sequence[str] | None = None) -> Verdict:
        """The verdict on the last window of rows of a machine.

        rows  in order of time, from where it began to be unusual if that is known; shape (n, signals of the baseline)
        """
        signature = baseline.latest(rows, regimes)
        if signature is None:
            return Verdict(False, (), words.TOO_FEW_ROWS.format(least=LEAST_ROWS))
        verdict = self.judge(signature, baseline.names)
        if len(rows) >= baseline.window:
            return verdict
        note = words.SHORT.format(n=len(rows), width=baseline.window)
        return Verdict(verdict.known, verdict.causes, verdict.reason, verdict.stands_out, verdict.missing,
                       (*verdict.notes, note))  # fmt: skip

    def without(self, case: str) -> Signatures:
        """The same without one case: what is to be judged must not be held beside itself."""
        kept = tuple(one for one in self.cases if one.id != case)
        if len(kept) == len(self.cases):
            return self
        return Signatures(self.names, kept, self._good, self.rule, self.excluded)

    def check(self) -> tuple[Found, ...]:
        """How the learned cases are named by models that had not seen them, cause by cause."""
        from threadpoolctl import threadpool_limits  # type: ignore[import-untyped, unused-ignore]

        if self._checked is None:
            with threadpool_limits(1):
                self._checked = self._check()
        return self._checked

    def _check(self) -> tuple[Found, ...]:
        named: dict[str, dict[str, int]] = {cause: {} for cause in self.causes}
        several = {cause for cause in self.causes if sum(one.cause == cause for one in self.cases) > 1}
        folds = min(_FOLDS, len(self.cases))
        for fold in range(folds):
            asked = [one for at, one in enumerate(self.cases) if at % folds == fold and one.cause in several]
            kept = [one for one in self.cases if all(one is not other for other in asked)]
            if asked and {one.cause for one in asked} <= {one.cause for one in kept}:
                self._ask([(one.cause, one.signatures) for one in asked], kept, named)
        for cause in set(self.causes) - several:
            own = next(one for one in self.cases if one.cause == cause)
            middle = len(own.signatures) // 2
            if middle:
                first = Case(own.id, own.machine, own.cause, own.names, own.signatures[:middle], own.time)
                rest = [first, *(one for one in self.cases if one is not own)]
                self._ask([(cause, own.signatures[middle:])], rest, named)
        return tuple(
            Found(cause, sum(one.cause == cause for one in self.cases), sum(told.values()), told, cause not in several)
            for cause, told in named.items()
        )

    def digest(self) -> str:
        """SHA-256 of all that was learned from, for the record of the model."""
        told, arrays = self._kept()
        found = hashlib.sha256(json.dumps(told, sort_keys=True, ensure_ascii=False).encode("utf-8"))
        for name in sorted(arrays):
            found.update(np.ascontiguousarray(arrays[name]).tobytes())
        return found.hexdigest()

    def save(self) -> bytes:
        """Cases, good operation and rule; what follows from them is worked out again by `restore`, to the same bit."""
        return pack(*self._kept(), small=True)

    def _kept(self) -> tuple[dict[str, Any], dict[str, NDArray[np.float32]]]:
        told = {"names": self.names, "rule": asdict(self.rule), "excluded": [one.as_dict() for one in self.excluded],
                "cases": [[one.id, one.machine, one.cause, one.time] for one in self.cases],
                "good": len(self._good)}  # fmt: skip
        arrays = {f"case{at}": one.signatures.astype(np.float32) for at, one in enumerate(self.cases)}
        arrays |= {f"good{at}": part.astype(np.float32) for at, part in enumerate(self._good)}
        return told, arrays

    @classmethod
    def restore(cls, state: bytes) -> Signatures:
        """The same signatures again.

        Raises  InputError if the bytes are not such a state
        """
        with unpacking("these are not saved signatures"):
            told, kept = unpack(state)
            names = tuple(told["names"])
            cases = tuple(Case(id_, machine, cause, names, kept[f"case{at}"].astype(np.float64), time)
                          for at, (id_, machine, cause, time) in enumerate(told["cases"]))  # fmt: skip
            good = tuple(kept[f"good{at}"].astype(np.float64) for at in range(told["good"]))
            return cls(
                names, cases, good, LearnRule(**told["rule"]), tuple(Excluded(**one) for one in told["excluded"])
            )

    def _numbered(self, cases: Sequence[Case]) -> list[tuple[int, Floats]]:
        return [(self.causes.index(one.cause), one.signatures) for one in cases]

    def _left_out(self, whole: Floats, usual: Floats) -> tuple[Floats, ...]:
        """Best likeness of windows of each cause to the others, where anything stands out; good operation last."""
        told = []
        for cause in self.causes if len(self.causes) > 1 else ():
            model = fit_likeness(self._numbered([one for one in self.cases if one.cause != cause]), whole)
            windows = np.concatenate([one.signatures for one in self.cases if one.cause == cause])
            best = model.best(windows)
            told.append(np.where(model.distances(windows) > self.usual, best, -np.inf))
        return (*told, usual)

    def _calibrated(self) -> tuple[float, float | None]:
        if len(self.causes) < 2:
            return 0.5, None
        every = np.unique(np.concatenate(self._asked))
        # just above a likeness that was reached
        tried = np.unique(np.maximum(np.nextafter(every[np.isfinite(every)], np.inf), _LEAST_LIKENESS))
        rates = [(float(level), self.chance(float(level)) or 1.0) for level in tried]
        fit = [pair for pair in rates if pair[1] <= self.rule.false_known]
        return fit[0] if fit else rates[-1] if rates else (_LEAST_LIKENESS, 1 / (len(self._asked) + 1))

    def _limits(self) -> tuple[str, ...]:
        if len(self.causes) == 1:
            return (words.ONE_CAUSE,)
        if self.causes and self.rate is not None and self.rate > self.rule.false_known:
            return (words.FEW_CAUSES.format(n=len(self.causes), share=f"{100 * self.rate:.0f}"),)
        return ()

    def _ranked(self, alike: Floats, vector: Floats) -> tuple[Cause, ...]:
        model = self._model
        found = []
        for number, name in enumerate(self.causes):
            mine = np.flatnonzero(model.owner == number)
            best = int(mine[alike[mine].argmax()])
            past = [at for at in mine if model.case[at] >= 0]
            nearest = max(past, key=lambda at: float(alike[at]))
            case = self.cases[int(model.case[nearest])]
            then = model.marks[nearest] + model.zero
            found.append(Cause(
                name, float(alike[best]), self.chance(float(alike[best])), case.id, case.machine, case.time, len(past),
                _agreeing(vector, then, self.names), _differing(vector, then, self.names),
            ))  # fmt: skip
        return tuple(sorted(found, key=lambda cause: (-(cause.likeness or 0.0), cause.name)))

    def _ask(self, asked: Sequence[tuple[str, Floats]], kept: Sequence[Case], named: dict[str, dict[str, int]]) -> None:
        model = fit_likeness(self._numbered(kept), np.concatenate(self._good))
        for cause, windows in asked:
            for name in self._names_of(model, windows):
                named[cause][name] = named[cause].get(name, 0) + 1

    def _names_of(self, model: Likeness, windows: Floats) -> list[str]:
        alike = model.alike(windows)
        known = np.logical_and(alike.max(axis=1) >= self.threshold, model.distances(windows) > self.usual)
        best = model.owner[alike.argmax(axis=1)]
        return [self.causes[at] if sure else "" for at, sure in zip(best.tolist(), known.tolist(), strict=True)]


def learn(cases: Sequence[Case], baselines: Sequence[Baseline], rule: LearnRule | None = None) -> Signatures:
    """Signatures from cases and the good operation of the machines they come from.

    cases      of one kind of machine; two are enough to begin with
    baselines  one a machine, all with the same window
    Raises     InputError: no baseline, different windows, no signal that all machines share
    Example    learn([Case.of(baseline, rows, "worn bearing", name="W7")], [baseline]).name(baseline, now)
    """
    if not baselines or len({one.window for one in baselines}) > 1:
        raise InputError("machines cannot be compared", came=f"windows of {sorted({b.window for b in baselines})} rows",
                         expected="good operation of one machine at least, and one length of window")  # fmt: skip
    names = tuple(name for name in baselines[0].names if all(name in one.names for one in baselines))
    if not names:
        raise InputError("the machines share no signal", hint="give the same names to signals that mean the same")
    excluded = [Excluded("", name, "", words.NOT_EVERYWHERE)
                for name in sorted({name for one in baselines for name in one.names} - set(names))]  # fmt: skip
    good = tuple(_short(np.nan_to_num(_arranged(one.good(), one.names, names), nan=0.0)) for one in baselines)
    kept = []
    for one in sorted(cases, key=lambda case: case.id):
        reason = words.NO_CAUSE if not one.cause else "" if len(one.signatures) else words.NO_WINDOW
        if reason:
            excluded.append(Excluded(one.id, one.machine, one.cause, reason))
            continue
        vectors = _arranged(one.signatures, one.names, names)
        lost = ~np.isfinite(vectors)
        gone = lost.all(axis=0).reshape(len(VIEWS), len(names)).sum(axis=0) == len(VIEWS)
        excluded += [Excluded(one.id, names[at], "", words.CASE_LACKS) for at in np.flatnonzero(gone)]
        kept.append(Case(one.id, one.machine, one.cause, names, _filled(vectors, lost), one.time))
    return Signatures(names, tuple(kept), good, rule or LearnRule(), tuple(excluded))


def _filled(signatures: Floats, lost: NDArray[np.bool_]) -> Floats:
    """A number that is missing in a window is that of the case's other windows, or as usual where none has it."""
    known = (~lost).sum(axis=0)
    mean = np.where(lost, 0.0, signatures).sum(axis=0) / np.maximum(known, 1)
    filled: Floats = np.where(lost, mean, signatures)
    return filled


def _short(signatures: Floats) -> Floats:
    """To seven digits, so that a record of them is half as long and says the same."""
    return signatures.astype(np.float32).astype(np.float64)


def _arranged(signatures: Floats, have: Sequence[str], want: Sequence[str]) -> Floats:
    """Numbers in the order of the signals wanted; NaN for a signal that is not there."""
    cube = signatures.reshape(len(signatures), len(VIEWS), len(have))
    place = {name: at for at, name in enumerate(have)}
    told = np.full((len(signatures), len(VIEWS), len(want)), np.nan)
    for at, name in enumerate(want):
        if name in place:
            told[:, :, at] = cube[:, :, place[name]]
    arranged: Floats = told.reshape(len(signatures), -1)
    return arranged


def _evidence(worth: Floats, now: Floats, then: Floats | None, names: Sequence[str]) -> tuple[Evidence, ...]:
    """The signals worth most, each by its strongest view."""
    found = list[Evidence]()
    for at in np.argsort(-worth, kind="stable"):
        view, signal = divmod(int(at), len(names))
        if not worth[at] > 1 or len(found) == _SHOWN:
            break
        if all(one.signal != names[signal] for one in found):
            past = None if then is None else float(then[at])
            found.append(Evidence(names[signal], VIEWS[view], float(now[at]), past))
    return tuple(found)


def _outstanding(signature: Floats, names: Sequence[str]) -> tuple[Evidence, ...]:
    return _evidence(np.nan_to_num(np.abs(signature), nan=0.0), signature, None, names)


def _agreeing(now: Floats, then: Floats, names: Sequence[str]) -> tuple[Evidence, ...]:
    return _evidence(np.where(now * then > 0, np.minimum(np.abs(now), np.abs(then)), 0.0), now, then, names)


def _differing(now: Floats, then: Floats, names: Sequence[str]) -> tuple[Evidence, ...]:
    apart = np.abs(now - then)
    clear = (apart > 3) & (apart > 0.5 * np.maximum(np.abs(now), np.abs(then)))
    return _evidence(np.where(clear, apart, 0.0), now, then, names)
