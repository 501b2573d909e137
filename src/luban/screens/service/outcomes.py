"""Acts and what they brought, to the screens: baselines fixed before an act, outcomes judged, scores kept.

Reads   Fact(event) of the kind `outcome`, and the facts that a baseline's measure names
Writes  Fact(event) of the kind `outcome`, with the act of the person
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any, Final

from luban.core.errors import InputError
from luban.core.time import DAY, now
from luban.loop.judging import figures_of
from luban.screens.service.books import Books
from luban.screens.users import Act
from luban.verify import (
    BY,
    Decision,
    Kept,
    Measure,
    Metric,
    Outcome,
    Prediction,
    baseline_of,
    calibration,
    freeze_row,
    frozen,
    kept,
    outcome_row,
    recompute,
    scoreboard,
)

__all__ = ["MOST_DAYS", "AskedBaseline", "Judged", "OutcomeDesk"]

MOST_DAYS: Final = 400
"""Days before an act that a baseline may reach back."""

_STALE: Final = 60_000_000
_JUST: Final = 10_000_000


@dataclass(frozen=True, slots=True)
class Judged:
    """One act: its baseline, its outcome by the facts as they stand, why that is not the one on record."""

    kept: Kept
    outcome: Outcome
    why: str

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        own = self.kept
        return {"act": own.decision.act, "fixed": own.recorded, "genuine": own.genuine,
                "baseline": own.baseline.as_dict(), "outcome": self.outcome.as_dict(), "new": self.why}  # fmt: skip


@dataclass(frozen=True, slots=True)
class AskedBaseline:
    """A baseline that a person wants fixed.

    act       what the act is called
    figure    one of `OutcomeDesk.figures`
    at        when it takes effect [µs UTC]; not in the past
    days      how many days before it count
    lever     what is moved
    better    less or more
    margin    smallest effect worth having;  price  of one unit a day;  currency
    promise   predicted effect a day: value, lowest, highest
    """

    act: str
    figure: str
    at: int
    days: int = 60
    lever: str = ""
    better: str = "less"
    margin: float | None = None
    price: float | None = None
    currency: str = ""
    promise: tuple[float, float, float] | None = None


class OutcomeDesk:
    """Baselines and outcomes of one plant. Safe from any thread; what was judged is kept until the books grow."""

    def __init__(self, books: Books) -> None:
        self.books, self.view = books, books.view
        self._lock = threading.Lock()
        self._head, self._at = -1, 0
        self._judged: tuple[Judged, ...] = ()

    @property
    def writable(self) -> bool:
        """Whether acts can be written: that asks for no actuator."""
        return bool(Books.writable.__get__(self.books))

    def figures(self) -> dict[str, tuple[str, Measure, Metric]]:
        """What can be judged by the day: id → (name, where it comes from, figure)."""
        return figures_of(self.view.plant, now())

    def judged(self) -> tuple[Judged, ...]:
        """Every act with a baseline, the newest first."""
        with self._lock:
            head, moment = self.view.ledger.head, now()
            if head != self._head or moment - self._at > _STALE:
                own = [(one, *recompute(self.view.ledger, one.decision.act)) for one in kept(self.view.ledger)]
                found = (Judged(one, made, why) for one, made, _, why in own)
                self._judged = tuple(sorted(found, key=lambda one: -one.kept.decision.at))
                self._head, self._at = head, moment
            return self._judged

    def one(self, act: str) -> Judged:
        """One act. Raises InputError."""
        found = next((one for one in self.judged() if one.kept.decision.act == act), None)
        if found is None:
            raise InputError("no baseline of that act", came=act, hint="a baseline is fixed before the act")
        return found

    def scores(self) -> dict[str, Any]:
        """Scores by lever, author and method, and how good our promises are, for JSON."""
        some = [one.outcome for one in self.judged()]
        scores = {f"by_{name}": [one.as_dict() for one in scoreboard(some, name)] for name in BY}
        return {**scores, "calibration": calibration(some).as_dict()}

    def fix(self, asked: AskedBaseline, person: str) -> Kept:
        """Fix a baseline, from the facts that are there now.

        Raises  InputError: no such figure, an act in the past, one that has a baseline; MissingServiceError
        """
        named = self.figures().get(asked.figure)
        if named is None:
            raise InputError("no such figure", came=asked.figure, expected=", ".join(self.figures()) or "none")
        if not asked.act.strip():
            raise InputError("an act needs a name")
        if asked.at < now() - _JUST:
            raise InputError("a baseline is fixed before the act", hint="name a time that is still to come")
        if not 1 <= asked.days <= MOST_DAYS:
            raise InputError("so many days are not looked back", came=f"{asked.days}", expected=f"1 … {MOST_DAYS}")
        if asked.better not in ("less", "more"):
            raise InputError("which way is better?", came=asked.better, expected="less or more")
        _, measure, plain = named
        wish = -1 if asked.better == "less" else 1
        metric = Metric(plain.name, plain.unit, wish, asked.margin, asked.price, asked.currency)
        decision = Decision(asked.act.strip(), asked.at, asked.lever, person)
        promise = None if asked.promise is None else Prediction(*asked.promise)
        ledger = self.view.ledger
        base = frozen(ledger, measure, metric, decision, start=asked.at - asked.days * DAY)
        row = freeze_row(ledger, base, decision, person=person, predicted=promise)
        self.books.write(Act(person, "baseline fixed", decision.act, metric.name), "event", row)
        found = baseline_of(ledger, decision.act)
        if found is None:
            raise InputError("the baseline is not in the books yet", came=decision.act, hint="ask again in a moment")
        return found

    def record(self, act: str, person: str) -> Judged:
        """Put the outcome of an act into the books, where it is not the one that stands there."""
        made, last, why = recompute(self.view.ledger, act)
        if why:
            row = outcome_row(made, person=person, before=last, why=why)
            self.books.write(Act(person, "outcome judged", act, made.verdict), "event", row)
        return self.one(act)
