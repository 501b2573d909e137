"""Money of levers: annuity, net present value, payback.

Reads   levers    Writes  nothing
Source  annuity and present value as in any text, e.g. Brealey, Myers, Allen, Principles of Corporate Finance, ch. 2
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from luban.core.errors import InputError
from luban.pilot.plan import Lever
from luban.pilot.proof import Money, Span

__all__ = ["YEAR", "annuity", "capital_cost", "flows", "lever_cost", "npv", "payback", "worth"]

YEAR: Final = 365.25
"""Days of a year [d]."""


def annuity(invest: float, rate: float, life: float) -> float:
    """What an investment costs a year over its life, interest included [currency/a].

    invest  once;  rate  interest a year, above -1 [1];  life  above 0 [a]
    Raises  InputError
    Example round(annuity(1000, 0.1, 5), 2) == 263.8
    """
    if not (life > 0 and rate > -1):
        raise InputError("an annuity needs a life and an interest", came=f"{life} years at {rate:.0%}")
    return invest / life if rate == 0 else invest * rate / (1 - (1 + rate) ** -life)


def npv(rate: float, flows: Sequence[float]) -> float:
    """Present value of yearly sums, the first one now [currency].

    Example round(npv(0.1, [-1000, 500, 500, 500]), 2) == 243.43
    """
    return sum(flow / (1 + rate) ** year for year, flow in enumerate(flows))


def payback(invest: float, saving: float) -> float | None:
    """Years until an investment is back, without interest; None: never, or nothing to invest."""
    return invest / saving if invest > 0 and saving > 0 else None


def capital_cost(levers: Iterable[Lever], on: Iterable[str], rate: float) -> float:
    """Annuity of the capital in all levers that are on [currency/a]."""
    wanted = set(on)
    return sum(annuity(one.invest, rate, one.life) for one in levers if one.id in wanted and one.invest)


def lever_cost(levers: Iterable[Lever], on: Iterable[str], rate: float, days: float) -> float:
    """What all levers that are on cost in a window: capital as an annuity, and running cost [currency].

    rate  interest a year [1];  days  of the window [d]
    """
    some, wanted = tuple(levers), set(on)
    running = sum(one.yearly for one in some if one.id in wanted)
    return (capital_cost(some, wanted, rate) + running) * days / YEAR


def flows(levers: Iterable[Lever], saving: float, horizon: int) -> list[float]:
    """Yearly sums of levers over a horizon, the first one now; what wears out earlier is bought again.

    saving   a year, running costs off [currency/a]
    horizon  [a]; of what is bought last, the part of its life that is left counts as value at the end
    """
    found = [0.0] + [saving] * horizon
    for one in levers:
        at = 0.0
        while one.invest and at < horizon:
            found[round(at)] -= one.invest
            left = at + one.life - horizon
            if left > 0:
                found[horizon] += one.invest * left / one.life
            at += one.life
    return found


def worth(what: str, levers: Sequence[Lever], saving: Span, rate: float) -> Money:
    """What levers are worth together, over the longest of their lives.

    saving  a year, running costs off, capital not [currency/a]
    """
    invest = sum(one.invest for one in levers)
    horizon = max([round(one.life) for one in levers if one.invest] or [round(one.life) for one in levers] or [1])
    ends = [npv(rate, flows(levers, each, max(horizon, 1))) for each in (saving.mean, saving.low, saving.high)]
    return Money(
        what=what, invest=invest, running=sum(one.yearly for one in levers), saving=saving,
        payback=payback(invest, saving.mean), npv=Span(*ends), rate=rate, horizon=max(horizon, 1),
    )  # fmt: skip
