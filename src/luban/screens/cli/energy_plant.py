"""`luban energy` of a plant's folder: what its books say, and whose it was."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from luban.core.errors import InputError

if TYPE_CHECKING:
    from luban.screens.service.energy import EnergyBooks
    from luban.understand.energy.whose import Whose

__all__ = ["books_of", "whose_of"]


def books_of(
    folder: Path, *, meters: Path | None, swaps: Path | None, tariff: str, factors: Path | None, region: str, idle: str
) -> EnergyBooks:
    """The energy books of a plant; what is given goes before its tables and its [energy].

    Raises  InputError: no books yet, no readings
    """
    from luban.norms.emissions import read_factors
    from luban.norms.tariffs import in_force, tariffs_named
    from luban.screens.service import PlantView, places
    from luban.screens.service.energy import NO_READING, EnergyBooks
    from luban.understand.energy.allocate import IDLE_RULES
    from luban.understand.energy.read import read_meters, read_swaps

    home = places(folder).ledger
    view = PlantView(folder)
    if not home.is_dir():
        raise InputError("the plant has no books yet", where=str(home), hint="`luban up` starts it")
    books = EnergyBooks(view)
    if meters or swaps:
        books.describe(
            read_meters(meters) if meters else books.meters, read_swaps(swaps, view.plant.zone) if swaps else None
        )
    changed: dict[str, Any] = {}
    if tariff:
        changed["tariffs"] = in_force(tariffs_named(tariff))
    if factors:
        changed["own"] = tuple(read_factors(factors).values())
    if region:
        changed["region"] = region
    if idle and idle not in IDLE_RULES:
        raise InputError("no such rule", came=idle, expected=", ".join(IDLE_RULES), where="--idle")
    if idle:
        changed["idle"] = idle
    books.priced = replace(books.priced, **changed)
    if books.bounds is None:
        raise InputError(NO_READING, where=str(home))
    return books


def whose_of(books: EnergyBooks, *, lot: str, order: str, unit: str, start: str, end: str) -> Whose:
    """What a lot, an order or a work unit took; the whole days it was worked on, where no window is given."""
    span = books.range("", start, end) if start or end else None
    if span is None and unit:
        span = books.range("all")
    return books.whose(span, lot=lot, order=order, unit=unit)
