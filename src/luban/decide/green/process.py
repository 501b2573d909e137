"""A green process as a change of a plant: what flows, what it saves, what it costs, and how soon it pays.

Reads   nothing    Writes  nothing
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, Final

import numpy as np

from luban.core.errors import InputError

__all__ = ["FAMILIES", "Appraisal", "Balance", "Money", "Process", "Project", "Run", "Saving", "appraise", "ranked"]

FAMILIES: Final = ("waste heat", "water reuse", "heavy metals", "substitution", "slag", "flue gas")
"""The six families of green processes."""

_DRAWS = 2000


@dataclass(frozen=True, slots=True)
class Balance:
    """What goes in and comes out in a year [unit].

    what  energy, water, mass, or an element
    """

    what: str
    unit: str
    ins: Mapping[str, float]
    outs: Mapping[str, float]

    @property
    def remainder(self) -> float:
        """In less out [unit]."""
        return math.fsum(self.ins.values()) - math.fsum(self.outs.values())

    @property
    def closure(self) -> float:
        """How much of what goes in comes out [%]; 100 where nothing goes in and nothing comes out."""
        whole = math.fsum(self.ins.values())
        out = math.fsum(self.outs.values())
        return 100 * out / whole if whole else 100.0 if not out else math.inf


@dataclass(frozen=True, slots=True)
class Saving:
    """Something saved (below 0: spent) in a year.

    price  [money/unit]
    """

    what: str
    amount: float
    unit: str
    price: float

    @property
    def money(self) -> float:
        """Amount times price [money/year]."""
        return self.amount * self.price


@dataclass(frozen=True, slots=True)
class Run:
    """A process with the change, over a year.

    carbon  saved [kgCO2e]
    notes   what limits it
    """

    balances: tuple[Balance, ...]
    savings: tuple[Saving, ...]
    carbon: float
    notes: tuple[str, ...] = ()

    @property
    def money(self) -> float:
        """Sum of the savings [money/year]."""
        return math.fsum(one.money for one in self.savings)


class Process:
    """A family's process: a frozen dataclass of its quantities that can be run for a year."""

    FAMILY: ClassVar[str]
    UNSURE: ClassVar[tuple[str, ...]]
    """Quantities that nobody knows well before the change is made: drawn for the interval."""
    SHARES: ClassVar[tuple[str, ...]] = ()
    """Quantities that lie between 0 and 1."""

    def run(self) -> Run:
        """What flows, and what it saves."""
        raise NotImplementedError

    def checked(self) -> None:
        """Raises InputError for a quantity below 0, or a share above 1."""
        for one in fields(self):  # type: ignore[arg-type]
            value = getattr(self, one.name)
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise InputError("not a number", came=repr(value), where=one.name)
            top = 1.0 if one.name in self.SHARES else math.inf
            if not (math.isfinite(value) and 0 <= value <= top):
                expected = "0 to 1" if top == 1 else "0 or more"
                raise InputError("the quantity cannot be", came=f"{value:g}", expected=expected, where=one.name)


@dataclass(frozen=True, slots=True)
class Money:
    """What a change costs.

    invest   once [money]
    running  [money/year]
    life     [years]
    rate     of interest [1/year]
    """

    invest: float
    running: float = 0.0
    life: float = 10.0
    rate: float = 0.08

    def __post_init__(self) -> None:
        if not (self.invest >= 0 and self.life > 0 and self.rate >= 0 and math.isfinite(self.running)):
            came = f"invest {self.invest:g}, life {self.life:g}, rate {self.rate:g}"
            expected = "invest 0 or more, life above 0, rate 0 or more"
            raise InputError("such money of a change cannot be", came=came, expected=expected)

    def worth(self, yearly: float) -> float:
        """Present worth of a yearly sum over the life, less what was invested [money]."""
        factor = self.life if not self.rate else (1 - (1 + self.rate) ** -self.life) / self.rate
        return yearly * factor - self.invest


@dataclass(frozen=True, slots=True)
class Project:
    """A change that is looked at.

    spread  how far each unsure quantity may be off, as a share of it [0, 1)
    """

    name: str
    process: Process
    money: Money
    spread: float = 0.2

    def __post_init__(self) -> None:
        if not 0 <= self.spread < 1:
            raise InputError("spread is a share", came=f"{self.spread:g}", where=self.name)


@dataclass(frozen=True, slots=True)
class Appraisal:
    """What a project comes to.

    yearly     saved less running cost [money/year]; `low`, `high` 95 % of what the unsure quantities allow
    payback    [years], without interest; None where nothing is saved; `payback_low`, `payback_high` likewise
    worth      present worth over the life [money]; `pays` share of the draws in which it is above 0
    verdict    pays, may pay (the interval holds 0), does not pay
    """

    project: Project
    run: Run
    yearly: float
    low: float
    high: float
    payback: float | None
    payback_low: float | None
    payback_high: float | None
    worth: float
    pays: float
    verdict: str

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json` and REST."""
        names = ("yearly", "low", "high", "payback", "payback_low", "payback_high", "worth", "pays", "verdict")
        return {
            "project": self.project.name, "family": self.project.process.FAMILY, "carbon": self.run.carbon,
            **{name: getattr(self, name) for name in names}, "notes": list(self.run.notes),
            "savings": [{"what": one.what, "amount": one.amount, "unit": one.unit, "price": one.price,
                         "money": one.money} for one in self.run.savings],
            "balances": [{"what": one.what, "unit": one.unit, "in": dict(one.ins), "out": dict(one.outs),
                          "closure": one.closure} for one in self.run.balances],
        }  # fmt: skip


def appraise(project: Project, seed: int = 1) -> Appraisal:
    """Run a project, and run it again with its unsure quantities drawn evenly within the spread.

    Raises  InputError for a quantity that cannot be
    """
    process, money = project.process, project.money
    process.checked()
    run = process.run()
    yearly = run.money - money.running
    drawn = np.array([one.run().money - money.running for one in _drawn(process, project.spread, seed)] or [yearly])
    low, high = (float(one) for one in np.quantile(drawn, [0.025, 0.975]))
    worths = np.array([money.worth(float(one)) for one in drawn])
    worth = money.worth(yearly)
    worth_low, worth_high = money.worth(low), money.worth(high)
    verdict = "pays" if worth_low > 0 else "does not pay" if worth_high <= 0 else "may pay"
    return Appraisal(
        project, run, yearly, low, high, _payback(money, yearly), _payback(money, high), _payback(money, low), worth,
        float((worths > 0).mean()), verdict,
    )  # fmt: skip


def ranked(projects: Sequence[Project], seed: int = 1) -> tuple[Appraisal, ...]:
    """Projects by their present worth, the best first."""
    return tuple(sorted((appraise(one, seed) for one in projects), key=lambda one: -one.worth))


def _payback(money: Money, yearly: float) -> float | None:
    return money.invest / yearly if yearly > 0 else None


def _drawn(process: Process, spread: float, seed: int) -> list[Process]:
    names = [name for name in process.UNSURE if getattr(process, name)]
    if not spread or not names:
        return []
    factors = 1 + spread * np.random.default_rng(seed).uniform(-1, 1, (_DRAWS, len(names)))
    change: Callable[..., Process] = replace
    out = []
    for row in factors:
        new = {name: getattr(process, name) * float(factor) for name, factor in zip(names, row, strict=True)}
        out.append(change(process, **{n: min(v, 1.0) if n in process.SHARES else v for n, v in new.items()}))
    return out
