"""Worked charts of NIST as data of luban (data/SOURCE.md)."""

from __future__ import annotations

import csv
from pathlib import Path

from luban.understand.quality.data import Counts, Sample, individuals, subgroups
from luban.understand.quality.spc import counted

FOLDER = Path(__file__).parent / "data"


def rows(name: str) -> list[dict[str, str]]:
    with (FOLDER / f"{name}.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def flowrate() -> Sample:
    """Handbook 6.3.2.2: flow rate of ten batches."""
    return individuals([float(row["x"]) for row in rows("nist_6_3_2_2_individuals")])


def thickness() -> Sample:
    """Dataplot CC1: twenty days of five values."""
    days: dict[str, list[float]] = {}
    for row in rows("dataplot_cc1_xbar"):
        days.setdefault(row["day"], []).append(float(row["thickness"]))
    return subgroups(list(days.values()))


def particles() -> Counts:
    """Handbook 6.3.3.1: particles on 25 wafers."""
    return counted([float(row["defects"]) for row in rows("nist_6_3_3_1_c_chart")], defective=False)


def defectives() -> Counts:
    """Dataplot CCP."""
    table = rows("dataplot_ccp_p_chart")
    return counted([float(row["n_defective"]) for row in table], [float(row["n_total"]) for row in table])


def defects() -> Counts:
    """Dataplot CCU."""
    table = rows("dataplot_ccu_u_chart")
    return counted([float(r["n_defects"]) for r in table], [float(r["size"]) for r in table], defective=False)
