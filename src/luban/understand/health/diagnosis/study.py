"""A table of readings whose rows say what ailed the machine then: learned from, checked, and asked about the rest.

Reads   rows of one or several machines with a cause, or a word for good operation, or a question mark at each
Writes  nothing
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from luban.core.errors import InputError
from luban.understand.health.diagnosis.diagnose import joined
from luban.understand.health.diagnosis.learn import Case, Found, LearnRule, Signatures, learn
from luban.understand.health.diagnosis.rules import RuleBook, RuleWatch
from luban.understand.health.diagnosis.signature import Baseline, learn_baseline
from luban.understand.health.diagnosis.verdict import Firing, Verdict
from luban.understand.quality.data import Excluded, Floats, Ints

__all__ = ["ASKED", "GOOD", "Asked", "DiagnosisStudy", "Told", "diagnosis_study"]

GOOD: Final = frozenset(
    ("", "good", "ok", "normal", "none", "healthy", "0", "正常", "良好", "无", "정상", "양호", "없음")
)
"""Words for good operation, in small letters."""

ASKED: Final = frozenset(("?", "unknown", "ask", "未知", "待诊断", "미상", "불명"))
"""Words for rows whose cause is asked."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Rows of one machine in order of time.

    machine   its name
    time      of each row [µs UTC]; any rising number where there is no clock, shape (n,)
    names     of the signals; units: of each, "" where none is known
    values    shape (n, p); NaN is no reading
    causes    of each row, length n
    regimes   of each row; None: one regime
    """

    machine: str
    time: Ints
    names: tuple[str, ...]
    units: tuple[str, ...]
    values: Floats
    causes: Sequence[str]
    regimes: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """The verdict on one stretch.

    first, last  its rows, counted from 0
    start, end   their moments
    """

    machine: str
    first: int
    last: int
    start: int
    end: int
    verdict: Verdict

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json` and REST."""
        plain = {name: getattr(self, name) for name in ("machine", "first", "last", "start", "end")}
        return {**plain, **self.verdict.as_dict()}


@dataclass(frozen=True, slots=True)
class DiagnosisStudy:
    """What was learned from a table, how well it names, and what it says of the stretches asked.

    signatures  learned; found: how its cases are named by models that had not seen them
    told        stretches that were asked, in order
    skipped     engineers' rules that do not fit the signals, with the reason
    excluded    what was not used
    """

    signatures: Signatures
    found: tuple[Found, ...]
    told: tuple[Told, ...]
    skipped: Mapping[str, str]
    excluded: tuple[Excluded, ...]
    source: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json` and REST."""
        own = self.signatures
        return {
            "source": self.source, "signals": list(own.names), "cases": len(own.cases), "causes": list(own.causes),
            "threshold": own.threshold, "rate": own.rate, "notes": list(own.notes), "digest": own.digest(),
            "check": [one.as_dict() for one in self.found],
            "told": [one.as_dict() for one in self.told], "rules_skipped": dict(self.skipped),
            "excluded": [one.as_dict() for one in self.excluded],
        }  # fmt: skip


def diagnosis_study(
    machines: Sequence[Asked], *, window: int = 40, rule: LearnRule | None = None, rules: RuleBook | None = None,
    source: str = "",
) -> DiagnosisStudy:  # fmt: skip
    """Learn from the stretches with a cause, and say what ails the machine in those that are asked.

    machines  rows with their causes; a stretch is a run of rows of one cause
    window    rows of a window
    rules     of engineers; held against every row
    Raises    InputError: nothing asked and no cause, or no machine with enough good operation
    """
    baselines, cases, excluded = dict[str, Baseline](), list[Case](), list[Excluded]()
    for one in machines:
        good = np.array([cause.strip().casefold() in GOOD for cause in one.causes], bool)
        try:
            baselines[one.machine] = learn_baseline(
                one.values[good], one.names, window=window, regimes=_of(one.regimes, np.flatnonzero(good))
            )
        except InputError as error:
            excluded.append(Excluded("", one.machine, error.came, error.message))
            continue
        excluded += baselines[one.machine].excluded
        cases += _cases(one, baselines[one.machine])
    if not baselines:
        last = excluded[-1]
        raise InputError("no machine has enough good operation", came=f"{last.reason}: {last.came}",
                         expected="rows without a cause, or with the word good")  # fmt: skip
    signatures = learn(cases, tuple(baselines.values()), rule)
    told, skipped = list[Told](), dict[str, str]()
    for one in machines:
        if one.machine in baselines:
            told += _told(one, baselines[one.machine], signatures, rules, skipped)
    if not told and not signatures.cases:
        raise InputError("nothing is asked, and there is nothing to learn from",
                         expected=f"a cause, or one of {', '.join(sorted(ASKED))}, in some rows")  # fmt: skip
    found = signatures.check() if signatures.cases else ()
    return DiagnosisStudy(signatures, found, tuple(told), skipped, (*excluded, *signatures.excluded), source)


def _stretches(one: Asked) -> list[tuple[int, int, str]]:
    """First row, row after the last, and cause of each run of rows of one cause."""
    causes = [cause.strip() for cause in one.causes]
    starts = [at for at in range(len(causes)) if not at or causes[at] != causes[at - 1]]
    return [(first, last, causes[first]) for first, last in zip(starts, [*starts[1:], len(causes)], strict=True)]


def _cases(one: Asked, baseline: Baseline) -> list[Case]:
    return [
        Case.of(baseline, one.values[first:last], cause, name=f"{one.machine} {first + 1}".strip(), machine=one.machine,
                time=int(one.time[first]), regimes=_of(one.regimes, np.arange(first, last)))
        for first, last, cause in _stretches(one)
        if cause.casefold() not in GOOD | ASKED
    ]  # fmt: skip


def _told(
    one: Asked, baseline: Baseline, signatures: Signatures, rules: RuleBook | None, skipped: dict[str, str]
) -> list[Told]:
    fired = list[tuple[Firing, ...]]()
    if rules is not None:
        watch = RuleWatch(rules.of(one.machine), dict(zip(one.names, one.units, strict=True)))
        skipped |= watch.skipped
        fired = [
            watch.update(int(at), dict(zip(one.names, row, strict=True)))
            for at, row in zip(one.time, one.values.tolist(), strict=True)
        ]
    told = []
    for first, last, cause in _stretches(one):
        if cause.casefold() in ASKED:
            verdict = signatures.name(baseline, one.values[first:last], _of(one.regimes, np.arange(first, last)))
            verdict = joined(verdict, fired[last - 1] if fired else ())
            span = int(one.time[first]), int(one.time[last - 1])
            told.append(Told(one.machine, first, last - 1, *span, verdict))
    return told


def _of(regimes: Sequence[str] | None, rows: Ints) -> list[str] | None:
    return None if regimes is None else [regimes[at] for at in rows.tolist()]
