"""Past cases and rules together: one verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from luban.understand.health.diagnosis import words
from luban.understand.health.diagnosis.learn import Signatures, learn
from luban.understand.health.diagnosis.signature import Baseline
from luban.understand.health.diagnosis.verdict import Cause, Firing, Verdict
from luban.understand.quality.data import Floats

__all__ = ["diagnose", "joined"]


def diagnose(
    baseline: Baseline, rows: Floats, signatures: Signatures | None = None, firings: Sequence[Firing] = (),
    regimes: Sequence[str] | None = None,
) -> Verdict:  # fmt: skip
    """What ails a machine, by past cases if there are any and by the rules that hold.

    baseline    its good operation
    rows        in order of time, from where it began to be unusual; shape (n, signals of the baseline)
    signatures  learned from past cases; None: none yet, what stands out is told all the same
    firings     rules that hold now
    Example     diagnose(baseline, rows, signatures, watch.update(time, values)).text
    """
    known = learn((), (baseline,)) if signatures is None else signatures
    return joined(known.name(baseline, rows, regimes), firings)


def joined(verdict: Verdict, firings: Sequence[Firing]) -> Verdict:
    """A verdict from past cases with the rules that hold: a rule names its cause by itself.

    Causes that a rule and a past case name together come first, then those of rules, then those of past cases.
    """
    if not firings:
        return verdict
    by_cause: dict[str, list[Firing]] = {}
    for one in firings:
        by_cause.setdefault(one.cause.casefold(), []).append(one)
    causes = list[Cause]()
    for cause in verdict.causes:
        rules = tuple(by_cause.pop(cause.name.casefold(), ()))
        causes.append(replace(cause, rules=rules))
    causes += [Cause(own[0].cause, rules=tuple(own)) for own in by_cause.values()]
    sure = verdict.causes[0].name if verdict.known else ""
    # sorting keeps the order of likeness among causes of one rank
    ranked = sorted(causes, key=lambda one: 0 if one.rules and one.name == sure else 1 if one.rules else 2)
    notes = verdict.notes
    if sure and ranked[0].name != sure:
        notes = (*notes, words.DISAGREE.format(first=ranked[0].name, second=sure))
    return Verdict(True, tuple(ranked), "", verdict.stands_out, verdict.missing, notes)
