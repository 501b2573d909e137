"""Greenhouse gases of what was used, by scope, with the factor of each line.

Source  GHG Protocol corporate standard (scopes), scope 2 guidance (location-based); ISO 14064-1:2018
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from luban.core.units import parse_unit
from luban.norms.emissions import Factor
from luban.understand.energy.meters import Doubt, in_unit

__all__ = ["Carbon", "Emission", "Use", "carbon"]


@dataclass(frozen=True, slots=True)
class Use:
    """So much of something, used in a year.

    heat  GJ per `unit` of it, where the factor is per heat and the quantity is not; None if not known
    """

    medium: str
    amount: Decimal
    unit: str
    year: int
    heat: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Emission:
    """A line.

    mass  [kgCO2e]
    age   years between the factor's year and the year of use; above 0: no newer factor was at hand
    """

    use: Use
    factor: Factor
    mass: Decimal
    age: int


@dataclass(frozen=True, slots=True)
class Carbon:
    """All lines, and what had no factor: named, with its amount, and in no sum."""

    lines: tuple[Emission, ...]
    doubts: tuple[Doubt, ...]

    def scope(self, number: int) -> Decimal:
        """Sum of a scope [kgCO2e]."""
        return sum((line.mass for line in self.lines if line.factor.scope == number), Decimal(0))

    @property
    def total(self) -> Decimal:
        """Sum of the scopes [kgCO2e]."""
        return sum((line.mass for line in self.lines), Decimal(0))


def carbon(uses: Iterable[Use], factors: Iterable[Factor], *, region: str = "CN", own: Iterable[Factor] = ()) -> Carbon:
    """Greenhouse gases of uses.

    region  of the plant, e.g. CN-east; a factor of it goes before one of what it lies in (CN), and that before
            one of everywhere. Of those the newest counts that is not newer than the year of use.
    own     factors of the plant itself: where one of them fits, whatever its region and year, it goes before all others
    A medium may have a factor of each scope: all of them are lines.
    """
    known, first = tuple(factors), tuple(own)
    lines: list[Emission] = []
    doubts: list[Doubt] = []
    for use in uses:
        chosen = [
            one for scope in (1, 2, 3) if (one := _best(use, first, region, scope) or _best(use, known, region, scope))
        ]
        told = f"{use.medium}: no factor for {region or 'everywhere'} in {use.year} or before"
        for factor in chosen:
            amount = _per(use, factor)
            if amount is None:
                told = f"{use.medium}: {use.unit} does not convert to {factor.per}, and its heat is not stated"
                chosen = []
                break
            lines.append(Emission(use, factor, amount * factor.value, use.year - factor.year))
        if not chosen:
            doubts.append(Doubt(use.medium, "factor", 0, 0, use.amount, use.unit, told))
    return Carbon(tuple(lines), tuple(doubts))


def _best(use: Use, known: Sequence[Factor], region: str, scope: int) -> Factor | None:
    fit = [one for one in known if (one.medium, one.scope) == (use.medium, scope) and one.year <= use.year]
    while True:
        here = [one for one in fit if one.region == region]
        if here:
            return max(here, key=lambda one: one.year)
        if not region:
            return None
        region = region.rpartition("-")[0]


def _per(use: Use, factor: Factor) -> Decimal | None:
    """The amount in the unit of the factor; by its heat where that is needed and known."""
    if parse_unit(use.unit).converts_to(parse_unit(factor.per)):
        return in_unit(use.amount, use.unit, factor.per)
    if use.heat is not None and parse_unit(factor.per).converts_to(parse_unit("GJ")):
        return in_unit(use.amount * use.heat, "GJ", factor.per)
    return None
