"""What a diagnosis says: likely causes with evidence, or that the cause is unknown and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from luban.understand.health.diagnosis import words

__all__ = ["Cause", "Evidence", "Firing", "Verdict"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """One signal that speaks for a cause, or against it.

    signal  its name
    view    level | spread | roughness: what of it stands out
    now     standard deviations from good operation [1]; beyond 8 compressed by the logarithm
    then    the same in the past case; None where none is compared
    """

    signal: str
    view: str
    now: float
    then: float | None = None

    @property
    def text(self) -> str:
        """For people: "vibration: its spread +6.1 standard deviations, +5.8 in the past case"."""
        pattern = words.EVIDENCE[self.view] if self.then is not None else words.STANDS_OUT[self.view]
        return pattern.format(signal=self.signal, now=f"{self.now:+.1f}", then=f"{self.then or 0.0:+.1f}")

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json` and REST."""
        return {"signal": self.signal, "view": self.view, "now": self.now, "then": self.then, "text": self.text}


@dataclass(frozen=True, slots=True)
class Firing:
    """An engineer's rule that holds.

    rule    its name
    cause   it names
    since   when it began to hold [µs UTC]
    time    of the values it was last held against [µs UTC]
    text    the comparison with the values that fulfil it
    advice  what to do; "" if the rule says nothing
    where   file:line of the rule
    """

    rule: str
    cause: str
    since: int
    time: int
    text: str
    advice: str = ""
    where: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json` and REST."""
        return {name: getattr(self, name) for name in ("rule", "cause", "since", "time", "text", "advice", "where")}


@dataclass(frozen=True, slots=True)
class Cause:
    """One cause with what speaks for it.

    name      of the cause
    likeness  to its nearest past case or their mean, at most 1 [1]; None: no signature, a rule alone
    chance    that a fault of another, unknown cause looks as much alike [1]; None: cannot be told
    case      id of the nearest past case, its machine and time [µs UTC]; "" and 0 where there is none
    cases     past cases of this cause
    evidence  signals that stand out now as they did then, strongest first
    against   signals that differ most from then
    rules     engineers' rules that name this cause and hold
    """

    name: str
    likeness: float | None = None
    chance: float | None = None
    case: str = ""
    machine: str = ""
    time: int = 0
    cases: int = 0
    evidence: tuple[Evidence, ...] = ()
    against: tuple[Evidence, ...] = ()
    rules: tuple[Firing, ...] = ()

    @property
    def text(self) -> str:
        """For people, in one sentence."""
        if self.likeness is None:
            return words.BY_RULE.format(cause=self.name, rule=", ".join(one.rule for one in self.rules))
        share = f"{100 * max(self.likeness, 0.0):.0f}"
        if self.rules:
            return words.BY_BOTH.format(cause=self.name, share=share, case=self.case,
                                        rule=", ".join(one.rule for one in self.rules))  # fmt: skip
        return words.BY_CASE.format(cause=self.name, share=share, case=self.case)

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json` and REST."""
        plain = {
            name: getattr(self, name) for name in ("name", "likeness", "chance", "case", "machine", "time", "cases")
        }
        parts = {name: [one.as_dict() for one in getattr(self, name)] for name in ("evidence", "against", "rules")}
        return {**plain, "text": self.text, **parts}


@dataclass(frozen=True, slots=True)
class Verdict:
    """A diagnosis.

    known       a cause is named: causes[0]
    causes      likely ones, best first; without `known` they are the nearest, and not near enough
    reason      why none is named, "" if one is
    stands_out  what deviates most from good operation, whatever the cause
    missing     signals without enough values, left out of the comparison
    notes       what limits the verdict
    """

    known: bool
    causes: tuple[Cause, ...]
    reason: str = ""
    stands_out: tuple[Evidence, ...] = ()
    missing: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def cause(self) -> str:
        """The cause that is named, "" if none is."""
        return self.causes[0].name if self.known else ""

    @property
    def text(self) -> str:
        """For people, in one sentence."""
        return self.causes[0].text if self.known else self.reason

    def as_dict(self) -> Mapping[str, Any]:
        """The same for `--json`, REST and the book."""
        return {
            "known": self.known, "cause": self.cause, "text": self.text, "reason": self.reason,
            "causes": [one.as_dict() for one in self.causes],
            "stands_out": [one.as_dict() for one in self.stands_out],
            "missing": list(self.missing), "notes": list(self.notes),
        }  # fmt: skip
