"""What plans a group of plants: by orders received, stocks, open lots and books, never by what is still to come.

Reads   nothing    Writes  nothing
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from luban.understand.quality.data import Floats

__all__ = ["hours_wanted", "learned_forecast", "lot_weeks", "mean_forecast", "safety", "season", "smoothed", "urgency"]

_ALPHAS: Final = (0.05, 0.1, 0.15, 0.2, 0.3)
_YEAR: Final = 52
_HARMONICS: Final = 2
_JUDGED: Final = 40  # weeks that a smoothing is judged by
_SLACK: Final = 1.5  # times the hours of the days to come that may wait without overtime


def mean_forecast(history: Floats, weeks: int = 13) -> Floats:
    """Mean of the last weeks, for each product [piece/week]; history  shape (weeks, products)."""
    return np.asarray(history[-weeks:].mean(axis=0))


def smoothed(history: Floats, alpha: float) -> Floats:
    """Exponential smoothing, for each product [piece/week].

    Source  R. G. Brown, Statistical Forecasting for Inventory Control (1959)
    """
    level = history[: min(13, len(history))].mean(axis=0)
    for row in history:
        level = level + alpha * (row - level)
    return np.asarray(level)


def season(history: Floats, week: int) -> Floats:
    """Yearly course of all products together: a factor for each week of a year [1], mean 1, shape (52,).

    week  number of the first week of the history in the year [0, 52)
    Method two harmonics by least squares on the total over its own yearly mean; ones below two years of history
    """
    if len(history) < 2 * _YEAR:
        return np.ones(_YEAR)
    total = history.sum(axis=1)
    at = (np.arange(len(total)) + week) % _YEAR
    level = np.convolve(np.pad(total, _YEAR // 2, mode="edge"), np.ones(_YEAR) / _YEAR, mode="same")
    ratio = total / np.maximum(level[_YEAR // 2 : _YEAR // 2 + len(total)], 1e-9)
    angles = 2 * np.pi * np.outer(at / _YEAR, np.arange(1, _HARMONICS + 1))
    table = np.column_stack([np.ones(len(at)), np.cos(angles), np.sin(angles)])
    found = np.linalg.lstsq(table, ratio, rcond=None)[0]
    full = 2 * np.pi * np.outer(np.arange(_YEAR) / _YEAR, np.arange(1, _HARMONICS + 1))
    course = np.column_stack([np.ones(_YEAR), np.cos(full), np.sin(full)]) @ found
    course = np.clip(course, 0.3, 3.0)
    return np.asarray(course / course.mean())


def learned_forecast(history: Floats, week: int, ahead: int) -> tuple[Floats, Floats]:
    """Mean demand of the weeks to come, and the scatter of a week's error, for each product [piece/week].

    history  shape (weeks, products);  week  of its first row in the year;  ahead  weeks that are looked at
    Method   the course of the year is taken off, each product gets the smoothing that served it best so far, the course
             is put on again
    """
    course = season(history, week)
    at = (np.arange(len(history)) + week) % _YEAR
    level = history / course[at][:, None]
    start = level[: min(26, len(level))].mean(axis=0)
    best, error, now = np.full(level.shape[1], np.inf), np.zeros(level.shape[1]), start
    for alpha in _ALPHAS:
        state, wrong = start, np.zeros(level.shape[1])
        judged = 0
        for i, row in enumerate(level):
            if i >= len(level) - _JUDGED:
                wrong = wrong + (row - state) ** 2
                judged += 1
            state = state + alpha * (row - state)
        better = wrong < best
        best = np.where(better, wrong, best)
        error = np.where(better, np.sqrt(wrong / max(judged, 1)), error)
        now = np.where(better, state, now)
    last = len(history) + week
    coming = course[(np.arange(last, last + ahead)) % _YEAR].mean()
    return np.asarray(now * coming), np.asarray(error * coming)


def safety(error: Floats, days: float, factor: float) -> Floats:
    """Stock for what forecasts miss over the days until a lot is there [piece]; error  of a week [piece]."""
    return np.asarray(factor * error * math.sqrt(days / 5))


def lot_weeks(weekly: Floats, setup: float, carrying: float) -> Floats:
    """Weeks of demand in a lot at which setups and carrying cost least together, 1 to 8 [weeks].

    setup     of a lot [currency];  carrying  of a piece a week [currency]
    Source    F. W. Harris, Factory, The Magazine of Management 10 (1913) 135-136, 152
    """
    demand = np.maximum(weekly, 1e-6)
    return np.asarray(np.clip(np.sqrt(2 * setup / (carrying * demand)), 1.0, 8.0))


def hours_wanted(ready: float, weekly: float, regular: float, days: int, *, by_queue: bool) -> float:
    """Share of added hours for the days to come [0, 0.3], in steps of a tenth.

    ready    work that could begin now [h];  weekly  work that is expected [h/week];  regular  hours of a day [h]
    by_queue overtime where half as much again is ready as the days hold; else where the forecast asks for more than
             92 % of them
    """
    wanted = ready / _SLACK if by_queue else weekly * days / 5 / 0.92
    return min(0.3, max(0.0, math.ceil((wanted / (regular * days) - 1) * 10) / 10))


def urgency(stock: float, backlog: float, weekly: float) -> float:
    """Working days until a product is short; negative with a backlog."""
    return (stock - backlog) / max(weekly / 5, 1e-6)
