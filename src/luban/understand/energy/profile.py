"""Power over time: what a meter drew step by step, in which band of the tariff, and how much of it is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from luban.core.errors import InputError
from luban.core.time import to_datetime
from luban.norms.tariffs import Tariff
from luban.understand.energy.meters import HOUR, Consumed, merged

__all__ = ["Profile", "gaps_of", "profile", "usual_day"]

_MOST = 40_000


@dataclass(frozen=True, slots=True)
class Profile:
    """What a meter drew, step by step.

    unit    of the power: that of the meter per hour, kW for kWh
    edges   [µs UTC], one more than there are steps
    power   mean of each step over the time that is known [unit]; NaN where nothing is
    known   share of each step that is known [0, 1]
    bands   band of the tariff at the middle of each step; "" where the tariff says nothing, or there is none
    """

    meter: str
    unit: str
    edges: npt.NDArray[np.int64]
    power: npt.NDArray[np.float64]
    known: npt.NDArray[np.float64]
    bands: tuple[str, ...]

    @property
    def peak(self) -> int | None:
        """Index of the step of the highest power; None where nothing is known."""
        return int(np.nanargmax(self.power)) if np.isfinite(self.power).any() else None

    @property
    def base(self) -> float | None:
        """The power that nine steps of ten are above: what is drawn whatever happens; None where nothing is known."""
        sound = self.power[np.isfinite(self.power)]
        return float(np.quantile(sound, 0.1)) if len(sound) else None

    @property
    def factor(self) -> float | None:
        """Load factor: mean power as a share of the highest [0, 1]; None where nothing is known."""
        sound = np.isfinite(self.power)
        weight = float(self.known[sound].sum())
        top = float(self.power[sound].max()) if sound.any() else 0.0
        return float((self.power[sound] * self.known[sound]).sum() / weight / top) if weight and top > 0 else None


def profile(
    consumed: Consumed, start: int, end: int, step: int = HOUR // 4, *, tariffs: Sequence[Tariff] = ()
) -> Profile:
    """Steps of `step` [µs] from `start` to `end` [µs UTC]; an amount that reaches over an edge is shared by time.

    tariffs  the newest first: the first that has a band for the middle of a step gives it
    Raises   InputError: no step, or more than 40,000
    """
    if step <= 0 or not 0 < (end - start) / step <= _MOST:
        raise InputError("the window has no such steps", came=f"{(end - start) / HOUR:g} h by {step / HOUR:g} h")
    edges = np.append(np.arange(start, end, step, dtype=np.int64), end)
    spells = consumed.within(start, end)
    cuts = np.array([[spell.start, spell.end] for spell in spells], np.float64).reshape(-1, 2)
    amounts = np.array([float(spell.amount) for spell in spells])
    drawn = np.diff(_sums(cuts, amounts, edges))
    told = np.diff(_sums(cuts, cuts[:, 1] - cuts[:, 0], edges))
    with np.errstate(invalid="ignore", divide="ignore"):
        power = np.where(told > 0, drawn / (told / HOUR), np.nan)
    unit = "kW" if consumed.meter.unit == "kWh" else f"{consumed.meter.unit}/h"
    bands = _bands(edges, tariffs)
    return Profile(consumed.meter.id, unit, edges, power, told / np.diff(edges), bands)


def _sums(
    cuts: npt.NDArray[np.float64], values: npt.NDArray[np.float64], at: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    """Running sum at moments; it grows evenly within a spell and stands still between spells."""
    if not len(cuts):
        return np.zeros(len(at))
    whole = np.concatenate([[0.0], np.cumsum(values)])
    return np.asarray(np.interp(at, cuts.ravel(), np.repeat(whole, 2)[1:-1]), np.float64)


def _bands(edges: npt.NDArray[np.int64], tariffs: Sequence[Tariff]) -> tuple[str, ...]:
    if not tariffs:
        return ("",) * (len(edges) - 1)
    zones = {one.zone: ZoneInfo(one.zone) for one in tariffs}
    middles = (edges[:-1] + edges[1:]) // 2
    return tuple(
        next((band for one in tariffs if (band := one.band(to_datetime(int(at), zones[one.zone])))), "")
        for at in middles
    )


def usual_day(one: Profile, zone: ZoneInfo, steps: int = 24) -> npt.NDArray[np.float64]:
    """Mean power by kind of day and part of the day, shape (2, steps): working days (Mon-Fri), then the weekend.

    NaN where nothing is known.
    """
    sums, weights = np.zeros((2, steps)), np.zeros((2, steps))
    for at, power, known in zip(((one.edges[:-1] + one.edges[1:]) // 2).tolist(), one.power, one.known, strict=True):
        if np.isfinite(power):
            moment = to_datetime(at, zone)
            part = (moment.hour * 60 + moment.minute) * steps // 1440
            kind = int(moment.weekday() >= 5)
            sums[kind, part] += power * known
            weights[kind, part] += known
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(weights > 0, sums / weights, np.nan), np.float64)


def gaps_of(one: Profile) -> tuple[tuple[int, int], ...]:
    """Times of which less than half is known, put together where they touch [µs UTC]."""
    holes = [(int(low), int(high)) for low, high, known in zip(one.edges[:-1], one.edges[1:], one.known, strict=True)
             if known < 0.5]  # fmt: skip
    return merged(holes)
