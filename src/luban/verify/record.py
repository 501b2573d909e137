"""Baselines and outcomes in the books: fixed once, judged anew when facts are corrected, never overwritten.

Reads   Fact(event) of the kind `outcome`, and the facts that a baseline's measure names
Writes  nothing itself: `freeze_row` and `outcome_row` make what a spool or the act log puts into the books
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from luban.core.errors import InputError
from luban.core.time import iso, now
from luban.ledger import Ledger
from luban.understand.book import Entry, entries, row
from luban.verify.baseline import Baseline, freeze
from luban.verify.judge import judge
from luban.verify.measure import Measure, series_of
from luban.verify.metric import Decision, Metric, Prediction
from luban.verify.outcome import Outcome

__all__ = [
    "Kept", "Recorded", "baseline_of", "freeze_row", "frozen", "kept", "outcome_row", "outcomes", "recompute",
]  # fmt: skip

_FIXED = "baseline"


@dataclass(frozen=True, slots=True)
class Kept:
    """A baseline as the books hold it, with what was promised.

    seq, recorded  of its entry;  decision  whose act, as it was announced
    predicted      None: nothing was promised
    genuine        its seal fits: nothing was changed since it was fixed
    """

    seq: int
    recorded: int
    baseline: Baseline
    decision: Decision
    predicted: Prediction | None
    genuine: bool


@dataclass(frozen=True, slots=True)
class Recorded:
    """An outcome as the books hold it; `replaces` is the seq of the one before, 0 for the first, and `why`."""

    seq: int
    outcome: Outcome
    replaces: int
    why: str


def frozen(
    ledger: Ledger,
    measure: Measure,
    metric: Metric,
    decision: Decision,
    *,
    start: int,
    moment: int | None = None,
    as_of: int | None = None,
    **options: Any,
) -> Baseline:
    """Fix a baseline from the facts that are there.

    start    from here on [µs UTC]
    moment   the present [µs UTC]; now if None
    options  as of `freeze`: method, temperature, form, season, level
    Raises   InputError: as `freeze` and `series_of`
    """
    head = ledger.head if as_of is None else as_of
    found = series_of(ledger, measure, start, decision.at, unit=metric.unit, as_of=head)
    return freeze(found, metric, act=decision.act, end=decision.at, head=head, source=measure.as_dict(),
                  fixed=now() if moment is None else moment, **options)  # fmt: skip


def freeze_row(
    ledger: Ledger, baseline: Baseline, decision: Decision, *, person: str, predicted: Prediction | None = None
) -> dict[str, list[Any]]:
    """The entry that fixes a baseline.

    person  who fixes it; "" for a program
    Raises  InputError if the act has a baseline already: a second one could be chosen to fit
    """
    if any(one.code == _FIXED for one in entries(ledger, "outcome", decision.act)):
        raise InputError("the act has a baseline already, and it stays", came=decision.act,
                         hint="a new act has a name of its own")  # fmt: skip
    data = {"baseline": baseline.as_dict(), "decision": decision.as_dict(),
            "predicted": predicted and predicted.as_dict()}  # fmt: skip
    data = json.loads(json.dumps(data))
    said = "; ".join(baseline.lacks) or f"{baseline.count} periods up to {iso(baseline.end)}"
    return row("outcome", decision.act, _FIXED, person=person, text=said, data=data | {"seal": _seal(data)})


def baseline_of(ledger: Ledger, act: str, *, as_of: int | None = None) -> Kept | None:
    """The baseline of an act: the first that was fixed, whatever was written after it; None without one."""
    found = next((one for one in entries(ledger, "outcome", act, as_of) if one.code == _FIXED), None)
    for seq in ledger.superseded("event", as_of=as_of):
        fact = ledger.fact(seq)
        if not (fact and (fact["kind"], fact["code"], fact["subject"]) == ("outcome", _FIXED, act)):
            continue
        if not found or seq < found.seq:
            found = Entry(seq, fact["time"], fact["recorded"], "outcome", fact["code"], act, fact["person"] or "",
                          fact["text"] or "", json.loads(fact["data"] or "{}"))  # fmt: skip
    return _kept(found) if found else None


def kept(ledger: Ledger, *, as_of: int | None = None) -> tuple[Kept, ...]:
    """All baselines of the books, in the order they were fixed."""
    names = dict.fromkeys(one.subject for one in entries(ledger, "outcome", as_of=as_of) if one.code == _FIXED)
    found = [own for name in names if (own := baseline_of(ledger, name, as_of=as_of))]
    return tuple(sorted(found, key=lambda one: one.seq))


def outcome_row(
    outcome: Outcome, *, person: str = "", before: Recorded | None = None, why: str = ""
) -> dict[str, list[Any]]:
    """The entry of an outcome; the one it takes the place of stays in the books."""
    data = {"outcome": outcome.as_dict(), "replaces": before.seq if before else 0, "why": why}
    said = outcome.verdict + (f": {'; '.join(outcome.reasons)}" if outcome.reasons else "")
    code = outcome.verdict.replace(" ", "-")
    return row("outcome", outcome.decision.act, code, person=person, text=said, data=data)


def outcomes(
    ledger: Ledger, act: str | None = None, *, as_of: int | None = None, every: bool = False
) -> tuple[Recorded, ...]:
    """Outcomes of the books: the newest of each act and metric, or every one ever written."""
    found = [_recorded(one) for one in entries(ledger, "outcome", act, as_of) if one.code != _FIXED]
    if every:
        return tuple(found)
    newest = {(one.outcome.decision.act, one.outcome.metric.name): one for one in found}
    return tuple(sorted(newest.values(), key=lambda one: one.seq))


def recompute(
    ledger: Ledger, act: str, *, until: int | None = None, confirmed: bool = True, as_of: int | None = None
) -> tuple[Outcome, Recorded | None, str]:
    """The outcome of an act by the facts as they stand; the one in the books, and why it is another ("" if it is not).

    until      judge up to here [µs UTC]; None: now
    confirmed  the act was carried out and read back
    Raises     InputError: no baseline of that act, or one whose facts were given by hand
    """
    own = baseline_of(ledger, act, as_of=as_of)
    if own is None:
        raise InputError("no baseline of that act", came=act, hint="a baseline is fixed before the act")
    if own.baseline.source is None:
        raise InputError("the baseline was given by hand: its facts are not in the books", came=act)
    head = ledger.head if as_of is None else as_of
    end = now() if until is None else until
    measure, base = Measure.from_dict(own.baseline.source), own.baseline
    whole = series_of(ledger, measure, base.start, max(end, base.end + 2 * base.period), unit=base.metric.unit,
                      as_of=head)  # fmt: skip
    notes = () if own.genuine else ("the entry of the baseline does not fit its seal",)
    fixed = replace(base, fixed=max(base.fixed, own.recorded))
    fixed = fixed if own.genuine else replace(fixed, lacks=("the baseline was changed after it was fixed",))
    made = judge(fixed, whole, own.decision, predicted=own.predicted, confirmed=confirmed, until=end, head=head,
                 notes=notes)  # fmt: skip
    last = next((one for one in reversed(outcomes(ledger, act, as_of=as_of))
                 if one.outcome.metric.name == base.metric.name), None)  # fmt: skip
    return made, last, _why(made, last)


def _why(made: Outcome, last: Recorded | None) -> str:
    if last is None:
        return "first"
    old = last.outcome
    if made.facts == old.facts and made.verdict == old.verdict:
        return ""
    return "more periods" if made.n_after > old.n_after else "facts were corrected"


def _recorded(one: Entry) -> Recorded:
    if not isinstance(one.data.get("outcome"), Mapping):
        raise InputError("an outcome cannot be read", came=one.text, where=f"seq {one.seq}")
    return Recorded(one.seq, Outcome.from_dict(one.data["outcome"]), int(one.data.get("replaces", 0)),
                    str(one.data.get("why", "")))  # fmt: skip


def _kept(one: Entry) -> Kept:
    data: dict[str, Any] = dict(one.data)
    seal = data.pop("seal", "")
    try:
        decision = Decision(**data["decision"])
        predicted = data["predicted"] and Prediction(**data["predicted"])
        baseline = Baseline.from_dict(data["baseline"])
    except (KeyError, TypeError) as error:
        raise InputError("a baseline cannot be read", came=str(error), where=f"seq {one.seq}") from None
    return Kept(one.seq, one.recorded, baseline, decision, predicted, seal == _seal(data))


def _seal(data: Mapping[str, Any]) -> str:
    text = json.dumps(data, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
