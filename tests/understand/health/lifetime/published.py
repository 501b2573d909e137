"""Published lives: facts from the sources named beside each."""

from __future__ import annotations

import numpy as np

from luban.understand.health.lifetime import Lives, lives

# NIST/SEMATECH e-Handbook of Statistical Methods, 8.4.1.2 and 8.4.1.3 (US government): 20 units, test ended at 500 h
NIST = lives([54, 187, 216, 240, 244, 335, 361, 373, 375, 386], [500] * 10, unit="h")

# O'Connor (1985); Meeker and Escobar (1998), tables 8.1 and C.2: shock absorbers, km; failures carry modes
SHOCK_TEXT = """6700 1, 6950, 7820, 8790, 9120 2, 9660, 9820, 11310, 11690, 11850, 11880, 12140, 12200 1, 12870,
13150 2, 13330, 13470, 14040, 14300 1, 17520 1, 17540, 17890, 18450, 18960, 18980, 19410, 20100 2, 20100, 20150, 20320,
20900 2,
22700 1, 23490, 26510 1, 27410, 27490 1, 27890, 28100"""
_ROWS = [one.split() for one in SHOCK_TEXT.replace("\n", " ").split(",")]
_KM = np.array([float(one[0]) for one in _ROWS])
_MODES = tuple(one[1] if len(one) > 1 else "" for one in _ROWS)
SHOCK = Lives(
    _KM, np.where([bool(one) for one in _MODES], _KM, np.inf), np.ones(len(_KM)), np.zeros(len(_KM)), _MODES, "km"
)

# Berkson; Meeker and Escobar (1998), table 7.1, n = 200: times between particles, seen in intervals
ALPHA = Lives(
    np.array([0.0, 100, 300, 500, 700, 1000, 2000]), np.array([100.0, 300, 500, 700, 1000, 2000, 4000]),
    np.array([41.0, 44, 24, 32, 29, 21, 9]), np.zeros(7),
)  # fmt: skip

# Freireich et al. (1963): weeks in remission, 21 children with 6-mercaptopurine
REMISSION = lives([6, 6, 6, 7, 10, 13, 16, 22, 23], [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35])

# Beadle et al. (1984), radiotherapy alone; Finkelstein and Wolfe (1985), table 1: months, known within visits
_VISITS = [
    "45-",
    "6-10",
    "0-7",
    "46-",
    "46-",
    "7-16",
    "17-",
    "7-14",
    "37-44",
    "0-8",
    "4-11",
    "15-",
    "11-15",
    "22-",
    "46-",
    "46-",
    "25-37",
    "46-",
    "26-40",
    "46-",
    "27-34",
    "36-44",
    "46-",
    "36-48",
    "37-",
    "40-",
    "17-25",
    "46-",
    "11-18",
    "38-",
    "5-12",
    "37-",
    "0-5",
    "18-",
    "24-",
    "36-",
    "5-11",
    "19-35",
    "17-25",
    "24-",
    "32-",
    "33-",
    "19-26",
    "37-",
    "34-",
    "36-",
]
_ENDS = [one.split("-") for one in _VISITS]
VISITS = Lives(
    np.array([float(low) for low, _ in _ENDS]), np.array([float(high) if high else np.inf for _, high in _ENDS]),
    np.ones(len(_ENDS)), np.zeros(len(_ENDS)),
)  # fmt: skip

# NIST/SEMATECH e-Handbook 8.4.5.2: failures of one system, test ended at 1500 h
NIST_GROWTH = [5, 40, 43, 175, 389, 712, 747, 795, 1299, 1478]

# MIL-HDBK-189 (1981), appendix C: test ended at 300 h
MIL_GROWTH = [
    2.6, 16.5, 16.5, 17.0, 21.4, 29.1, 33.3, 56.5, 63.1, 70.6, 73.0, 77.7, 93.9, 95.5, 98.1, 101.1, 132.0, 142.2, 147.7,
    149.0, 167.2, 190.7, 193.0, 198.7, 251.9, 282.5, 286.1,
]  # fmt: skip

# ReliaWiki, Crow-AMSAA (NHPP), parameter estimation example: ended with its last failure
CROW_GROWTH = [
    2.7, 10.3, 12.5, 30.6, 57.0, 61.3, 80.0, 109.5, 125.0, 128.6, 143.8, 167.9, 229.2, 296.7, 320.6, 328.2, 366.2,
    396.7, 421.1, 438.2, 501.2, 620.0,
]  # fmt: skip
