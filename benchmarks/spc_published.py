"""Average run lengths that were published, with their sources: facts to compare with, chart by chart.

Values as printed, so one may be off by half of its last digit. `MISPRINTS` holds printed values that two ways of
working them out contradict; they are compared with nothing.

Where a table was read: Champ and Woodall, Crowder (1987a, 1987b), Lucas and Saccucci, Steiner, Lucas and Crosier,
Vance, Waldmann, Rigdon, Knoth: as quoted in the manual pages of the R package spc (S. Knoth); Hawkins, Prabhu and
Runger, Lowry: as quoted in D. C. Montgomery, Introduction to Statistical Quality Control, chapters 9 and 11.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["MISPRINTS", "PUBLISHED", "SPREAD_TABLE", "Published"]


@dataclass(frozen=True, slots=True)
class Published:
    """A column of a printed table.

    chart       rules, ewma, cusum, i_mr, mewma, cusum_interval, ewma_width or mewma_limit
    parameters  of the function that gives it; rules: what fires
    points      (shift, printed value); for limits (average run length, printed limit)
    source      author, year, table
    tight       printed by an exact method, so that one in the last digit is all that it may be off; else within 2 %
    """

    chart: str
    parameters: Mapping[str, float | str | bool]
    points: tuple[tuple[float, float], ...]
    source: str
    tight: bool = True


def _column(shifts: tuple[float, ...], values: str) -> tuple[tuple[float, float], ...]:
    return tuple(zip(shifts, map(float, values.split()), strict=True))


_FIFTHS = tuple(at / 5 for at in range(16))
_QUARTERS = tuple(at / 4 for at in range(17))
_LUCAS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0)
_MONTGOMERY = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0)
_CROSIER = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0)
_STEINER = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0)
_VANCE = (-0.25, -0.125, 0.0, 0.125, 0.25, 0.5, 0.75, 1.0)
_RUNGER = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0)

_CHAMP = "Champ and Woodall (1987), table 1"
_W = "western_electric_"

_RULES = (
    Published("rules", {"rules": f"{_W}1"}, _column(_FIFTHS, "370.40 308.43 200.08 119.67 71.55 43.89 27.82 18.25 "
              "12.38 8.69 6.30 4.72 3.65 2.90 2.38 2.00"), _CHAMP),
    Published("rules", {"rules": f"{_W}1 {_W}2"}, _column(_FIFTHS, "225.44 177.56 104.46 57.92 33.12 20.01 12.81 "
              "8.69 6.21 4.66 3.65 2.96 2.48 2.13 1.87 1.68"), _CHAMP),
    Published("rules", {"rules": f"{_W}1 {_W}3"}, _column(_FIFTHS, "166.05 120.70 63.88 33.99 19.78 12.66 8.84 6.62 "
              "5.24 4.33 3.68 3.18 2.78 2.43 2.14 1.89"), _CHAMP),
    Published("rules", {"rules": f"{_W}1 {_W}4"}, _column(_FIFTHS, "152.73 110.52 59.76 33.64 21.07 14.58 10.90 8.60 "
              "7.03 5.85 4.89 4.08 3.38 2.81 2.35 1.99"), _CHAMP),
    Published("rules", {"rules": f"{_W}1 {_W}2 {_W}3"}, ((0.0, 132.89),), _CHAMP),
    Published("rules", {"rules": f"{_W}1 {_W}2 {_W}4"}, ((0.0, 122.05),), _CHAMP),
    Published("rules", {"rules": f"{_W}1 {_W}3 {_W}4"}, ((0.0, 105.78),), _CHAMP),
    Published("rules", {"rules": f"{_W}1 {_W}2 {_W}3 {_W}4"}, ((0.0, 91.75), (1.0, 9.22), (2.0, 3.13)), _CHAMP),
)  # fmt: skip

_SACCUCCI = "Lucas and Saccucci (1990), table 3"
_EWMA = (
    Published("ewma", {"weight": 0.5, "width": 2.0}, _column(_QUARTERS[:5] + _QUARTERS[6:], "26.45 20.12 11.89 7.29 "
              "4.91 2.80 2.29 1.94 1.70 1.51 1.37 1.26 1.18 1.12 1.08 1.05"), "Crowder (1987a), table 1", tight=False),
    Published("ewma", {"weight": 0.05, "width": 2.0}, _column(_QUARTERS, "127.53 43.94 18.97 11.64 8.38 6.56 5.41 "
              "4.62 4.04 3.61 3.26 2.99 2.76 2.56 2.39 2.26 2.15"), "Crowder (1987a), table 1", tight=False),
    Published("ewma", {"weight": 0.5, "width": 3.071}, _column(_LUCAS, "500 255 88.8 35.9 17.5 6.53 3.63 2.50 1.93 "
              "1.58 1.34 1.07"), _SACCUCCI),
    Published("ewma", {"weight": 0.03, "width": 2.437}, _column(_LUCAS, "500 76.7 29.3 17.6 12.6 8.07 5.99 4.80 4.03 "
              "3.49 3.11 2.55"), _SACCUCCI),
    Published("ewma", {"weight": 0.40, "width": 3.054}, _column(_MONTGOMERY, "500 224 71.2 28.4 14.3 5.9 3.5 2.5 2.0 "
              "1.4"), _SACCUCCI),
    Published("ewma", {"weight": 0.25, "width": 2.998}, _column(_MONTGOMERY, "500 170 48.2 20.1 11.1 5.5 3.6 2.7 2.3 "
              "1.7"), _SACCUCCI, tight=False),
    Published("ewma", {"weight": 0.20, "width": 2.962}, _column(_MONTGOMERY, "500 150 41.8 18.2 10.5 5.5 3.7 2.9 2.4 "
              "1.9"), _SACCUCCI),
    Published("ewma", {"weight": 0.10, "width": 2.814}, _column(_MONTGOMERY, "500 106 31.3 15.9 10.3 6.1 4.4 3.4 2.9 "
              "2.2"), _SACCUCCI),
    Published("ewma", {"weight": 0.05, "width": 2.615}, _column(_MONTGOMERY, "500 84.1 28.8 16.4 11.4 7.1 5.2 4.2 3.5 "
              "2.7"), _SACCUCCI, tight=False),
    Published("ewma", {"weight": 0.25, "width": 3.0}, ((1.0, 11.154267016),), "SAS/QC manual (1999), EWMAARL"),
    Published("ewma", {"weight": 0.05, "width": 3.0}, _column(_STEINER, "1379 135 37.4 20.0 13.5 8.3 6.0 4.8 4.0 3.4 "
              "3.0"), "Steiner (1999), table 2, fixed limits", tight=False),
    Published("ewma", {"weight": 0.05, "width": 3.0, "growing": True}, _column(_STEINER[:2] + _STEINER[2:3], "1353 127 "
              "32.5"), "Steiner (1999), table 2, growing limits", tight=False),
    Published("ewma_width", {"weight": 0.1}, ((500.0, 2.814),), _SACCUCCI),
)  # fmt: skip

_ONE = {"sides": 1}
_CUSUM = (
    Published("cusum", {"reference": 0.5, "interval": 4.0}, _column(_CROSIER, "168 74.2 26.6 13.3 8.38 4.75 3.34 2.62 "
              "2.19 1.71 1.31"), "Lucas and Crosier (1982), table 1"),
    Published("cusum", {"reference": 0.5, "interval": 4.0, "head_start": 2.0}, _column(_CROSIER, "149 62.7 20.1 8.97 "
              "5.29 2.86 2.01 1.59 1.32 1.07 1.01"), "Lucas and Crosier (1982), table 1, head start"),
    Published("cusum", {"reference": 0.5, "interval": 5.0}, _column(_MONTGOMERY, "465 139 38.0 17.0 10.4 5.75 4.01 "
              "3.11 2.57 2.01"), "Montgomery, table 9.3", tight=False),
    Published("cusum", {"reference": 0.0, "interval": 10.0, **_ONE}, _column(_VANCE, "2071.51 400.28 124.66 59.30 "
              "36.71 20.37 14.06 10.75"), "Vance (1986), table 1", tight=False),
    Published("cusum", {"reference": 0.5, "interval": 3.0, **_ONE}, _column((-0.5, 0.0, 0.5), "1963 117.4 17.35"),
              "Waldmann (1986), tables 3, 1, 5", tight=False),
    Published("cusum", {"reference": 0.6, "interval": 3.0}, ((-0.2, 65.4),), "Waldmann (1986), table 6", tight=False),
    Published("cusum", {"reference": 0.5, "interval": 3.0, **_ONE}, ((0.0, 117.59), (1.5, 3.75)),
              "Brook and Evans (1972), 4.3", tight=False),
    Published("cusum", {"reference": 0.25, "interval": 8.0, **_ONE}, ((2.5, 4.1500836225),), "SAS/QC manual (1999)",
              tight=False),
    *(Published("cusum_interval", {"reference": k}, ((370.0, h),), "Hawkins (1993)", tight=False)
      for k, h in ((0.25, 8.01), (0.5, 4.77), (0.75, 3.34), (1.0, 2.52), (1.25, 1.99), (1.5, 1.61))),
)  # fmt: skip

_INDIVIDUALS = (
    Published("i_mr", {"width": 2.0, "range_width": 3.0}, _column(_QUARTERS[:9], "18.2164 16.3541 12.4282 8.7559 "
              "6.1071 4.3582 3.2260 2.4878 1.9989"), "Crowder (1987b), listing 1", tight=False),
    Published("i_mr", {"width": 4.0, "range_width": 3.0}, _column((0.0, 0.25, 0.5, 1.75, 2.0), "34.44 34.28 34.07 "
              "28.85 24.49"), "Crowder (1987), table 1", tight=False),
    Published("i_mr", {"width": 2.992, "range_width": 4.139}, ((0.0, 200.0),), "Rigdon, Cruthis, Champ (1994), table 1",
              tight=False),
    Published("i_mr", {"width": 3.268, "range_width": 4.556}, ((0.0, 500.0),), "Rigdon, Cruthis, Champ (1994), table 1",
              tight=False),
)  # fmt: skip
_SPREADS = (1.0, 1.05, 1.1, 1.15, 1.2, 1.25, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8, 1.9, 2.0)
SPREAD_TABLE = _column(_SPREADS, "200.54 132.25 90.84 65.66 49.35 38.92 31.11 21.35 15.47 12.04 9.81 8.21 7.03 6.14")
"""(true spread, printed value) at width 2.992 and range width 4.139: Rigdon, Cruthis, Champ (1994), table 2."""

_PRABHU = "Prabhu and Runger (1997), p = 2"
_RUNGER_TABLE = (
    (0.05, 7.35, "200 26.61 11.23 7.14 5.28 3.56"), (0.10, 8.64, "200 28.07 10.15 6.11 4.42 2.93"),
    (0.20, 9.65, "200 35.17 10.20 5.49 3.78 2.42"), (0.30, 10.08, "200 44.10 11.36 5.48 3.56 2.20"),
    (0.50, 10.44, "200 64.07 15.88 6.36 3.62 1.95"), (0.80, 10.58, "200 95.88 28.65 10.28 4.79 1.91"),
)  # fmt: skip
_KNOTH = ((0.25, 15.82), (0.2, 15.62), (0.15, 15.31), (0.1, 14.76), (0.05, 13.60))
_MEWMA = (
    *(Published("mewma", {"weight": weight, "limit": limit, "variables": 2}, _column(_RUNGER, values), _PRABHU, False)
      for weight, limit, values in _RUNGER_TABLE),
    Published("mewma", {"weight": 0.1, "limit": 12.73, "variables": 4}, ((0.0, 200.0),), "Rigdon (1995a)", False),
    Published("mewma", {"weight": 0.1, "limit": 14.56, "variables": 5}, ((1.0, 12.9),), "Rigdon (1995b)", False),
    Published("mewma", {"weight": 0.1, "limit": 8.66, "variables": 2}, _column((0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0),
              "200 28.1 10.2 6.12 4.41 3.51 2.92"), "Lowry and others (1992), p = 2, r = 0.10", False),
    Published("mewma_limit", {"weight": 0.25, "variables": 4}, ((500.0, 16.38),), "Rigdon (1995a), table 1"),
    *(Published("mewma_limit", {"weight": weight, "variables": 3}, ((1000.0, limit),), "Knoth (2017), table 2", False)
      for weight, limit in _KNOTH),
)  # fmt: skip

PUBLISHED: tuple[Published, ...] = (*_RULES, *_EWMA, *_CUSUM, *_INDIVIDUALS, *_MEWMA)
"""Every column."""

MISPRINTS: tuple[tuple[Published, str], ...] = (
    (Published("i_mr", {"width": 4.0, "range_width": 3.0}, ((1.0, 33.45), (1.25, 32.82)), "Crowder (1987), table 1"),
     "34.36, 33.75 by collocation and by simulation; the trapezoids of 1987 miss the kinks"),
    (Published("ewma", {"weight": 0.5, "width": 2.0}, ((1.25, 3.95),), "Crowder (1987a), table 1"),
     "digits changed places: 3.59"),
    (Published("mewma", {"weight": 0.1, "limit": 14.98, "variables": 3}, ((0.0, 1000.0),), "Rigdon (1995a)"),
     "1095 by integral equation and by simulation; Knoth (2017) gives 14.76 for 1000"),
    (Published("i_mr", {"width": 3.27, "range_width": 4.56}, ((1.0, 85.0), (1.25, 46.9), (1.5, 26.9), (1.75, 16.1)),
               "Amin and Ethridge (1998), table 2"),
     "82.8, 45.4, 25.9, 15.5 by integral equation and by simulation"),
)  # fmt: skip
"""Printed values that two ways of working them out contradict, and what they give."""
