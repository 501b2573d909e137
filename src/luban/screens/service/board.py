"""Figures, losses and states of a place over an interval, as every screen shows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["Board", "Loss", "ShownFigure", "Tile"]


@dataclass(frozen=True, slots=True)
class ShownFigure:
    """One indicator of one place, or the reason why there is none.

    value     None where it is withheld or nobody can know it
    unit      1 is a share, shown in percent
    withheld  why there is no value; empty where there is one
    low,high  what it can be at least and at most, given the time nobody can account for
    coverage  share of the planned time that is accounted for [1]
    notes     what to know when reading it
    """

    id: str
    names: Mapping[str, str]
    place: str
    value: float | None
    unit: str
    withheld: str
    low: float | None
    high: float | None
    coverage: float | None
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Loss:
    """One step from planned time down to the time that made good pieces.

    id    planned, unknown, down, setup, delay, speed, scrap, rework; effective, or running where it cannot be split
    kind  total, loss or rest
    """

    id: str
    seconds: float
    kind: str


@dataclass(frozen=True, slots=True)
class Tile:
    """A stretch of one unit's time with one state; tiles meet exactly [µs UTC]."""

    unit: str
    start: int
    end: int
    element: str
    kind: str
    state: str
    reason: str
    seq: int | None


@dataclass(frozen=True, slots=True)
class Board:
    """All of them for one place and interval.

    as_of    seq up to which the books were read
    unsplit  why running time is not split into speed, scrap and good pieces; empty where it is
    """

    place: str
    start: int
    end: int
    label: str
    as_of: int
    figures: tuple[ShownFigure, ...]
    losses: tuple[Loss, ...]
    unsplit: str
    tiles: tuple[Tile, ...]
