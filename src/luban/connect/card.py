"""Quality cards: what a connector is proved to do, one `quality_card.toml` beside each driver.

    [connector]
    type = "opcua"
    title = "OPC UA"
    standard = "OPC 10000-4, 10000-11"   # edition it follows
    library = "asyncua"                    # wire library, "" if none

    [criteria.reconnect]
    status = "done"                        # done: a named test proves it · exempt: the wire cannot; say why
    evidence = ["tests/connect/test_contract.py::test_reconnect[opcua]"]

    [criteria.write_guarded]
    status = "exempt"
    why = "MTConnect is read-only."

Every criterion of `CRITERIA` must be there. The grade is gold if nothing is open, silver if the
criteria marked silver are done or exempt, bronze if those marked bronze are; else none.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from luban.core.errors import ConfigError

__all__ = ["CRITERIA", "Card", "Criterion", "grade", "read_card", "unproved"]

Grade = Literal["gold", "silver", "bronze", "none"]


@dataclass(frozen=True, slots=True)
class Rule:
    """One criterion: the grade that needs it and what it asks."""

    grade: Grade
    asks: str


CRITERIA: Mapping[str, Rule] = {
    "contract": Rule("bronze", "the contract suite passes against the device side"),
    "deliver": Rule("bronze", "every value arrives once, with the source's time"),
    "quality": Rule("bronze", "the wire's status is mapped to quality codes"),
    "quarantine": Rule("bronze", "a bad message is kept with its reason and nothing stops"),
    "reconnect": Rule("bronze", "delivers again within 10 s after the peer came back"),
    "gap": Rule("silver", "a gap fact from the last evidence to the first new evidence"),
    "clock_skew": Rule("silver", "a source clock that is wrong is flagged"),
    "back_pressure": Rule("silver", "nothing is acknowledged before it is on disk"),
    "history": Rule("silver", "a gap is back-filled and the totals are equal"),
    "browse": Rule("silver", "what the peer offers is listed with a proposed mapping"),
    "security": Rule("silver", "encrypted, the peer is checked, deprecated policies are off"),
    "write_guarded": Rule("silver", "nothing is written unless it is allow-listed; what is written is read back"),
    "outside_judge": Rule("gold", "passes against an independent implementation or recorded data"),
    "capacity": Rule("gold", "a measured rate that it sustains"),
}

_LADDER: tuple[Grade, ...] = ("bronze", "silver", "gold")


class Criterion(BaseModel):
    """How one criterion stands."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    status: Literal["done", "exempt", "open"]
    evidence: tuple[str, ...] = Field((), description="Test ids that prove it.")
    why: str = Field("", description="Why the wire is exempt, or what is still open.")


class _Connector(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    type: str
    title: str
    standard: str
    library: str = ""
    notes: tuple[str, ...] = ()


class Card(BaseModel):
    """A connector's quality card."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    connector: _Connector
    criteria: dict[str, Criterion]


def read_card(file: Traversable | Path) -> Card:
    """The card of that file. Raises ConfigError: unreadable, a criterion unknown, missing or without evidence."""
    try:
        card = Card.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except (OSError, tomllib.TOMLDecodeError, ValidationError) as error:
        raise ConfigError("not a quality card", came=str(error).replace("\n", " "), where=str(file)) from error
    complaints = [f"{name} is not a criterion" for name in card.criteria if name not in CRITERIA]
    complaints += [f"{name} is missing" for name in CRITERIA if name not in card.criteria]
    for name, criterion in card.criteria.items():
        if criterion.status == "done" and not criterion.evidence:
            complaints.append(f"{name} is done but names no test")
        if criterion.status != "done" and not criterion.why:
            complaints.append(f"{name} is {criterion.status} but does not say why")
    if complaints:
        raise ConfigError("the quality card is not complete", came="; ".join(complaints), where=str(file))
    return card


def grade(card: Card) -> Grade:
    """The highest step of the ladder of which no criterion is open."""
    reached: Grade = "none"
    for step in _LADDER:
        if any(c.status == "open" for n, c in card.criteria.items() if CRITERIA[n].grade == step):
            break
        reached = step
    return reached


def unproved(card: Card, root: Path) -> list[str]:
    """Test ids on the card that do not exist below the root, e.g. a renamed test."""
    missing = []
    for name, criterion in card.criteria.items():
        for test in criterion.evidence:
            file, _, function = test.partition("::")
            function = function.partition("[")[0].rpartition("::")[2]
            source = root / file
            if not source.is_file() or (function and f"def {function}(" not in source.read_text("utf-8")):
                missing.append(f"{name}: {test}")
    return missing
