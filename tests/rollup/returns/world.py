"""A small world of firms whose returns are known, with faults put in by hand."""

from __future__ import annotations

from typing import Any

import numpy as np

REGIONS = ("CN/31/3101", "CN/32/3205", "CN/44/4403")
INDUSTRIES = ("C3421", "C2614", "C3812")
ELEMENTS = ("revenue", "rd_spend", "value_added", "output", "staff", "patents", "energy", "co2", "water",
            "key_processes", "nc_key_processes")  # fmt: skip


def firms(n: int = 60, years: tuple[int, ...] = (2015, 2018, 2019, 2020), seed: int = 1) -> list[dict[str, Any]]:
    """Sound returns: sizes over two decades, growth of some percent a year, 20 % of noise between elements."""
    rng = np.random.default_rng(seed)
    rows = []
    for at in range(n):
        staff = 10 ** rng.uniform(1.5, 3.5)
        lean = rng.lognormal(0.0, 0.2, 8)
        for year in years:
            grown = staff * 1.04 ** (year - 2015) * rng.lognormal(0.0, 0.03)
            revenue = round(80 * grown * lean[0] * rng.lognormal(0.0, 0.05), 2)
            output = round(revenue * 1.05 * lean[1] ** 0.1, 2)
            processes = int(5 + grown // 20)
            rows.append(
                {"unit": f"f{at:03d}", "year": year, "name": f"Firm {at}", "code": f"91{at:016d}"}
                | {"region": REGIONS[at % 3], "industry": INDUSTRIES[(at // 3) % 3], "edition": "2017"}
                | {"size": "medium", "above_scale": 1, "revenue": revenue, "output": output}
                | {"value_added": round(output * 0.22 * lean[2] ** 0.3, 2), "staff": round(grown)}
                | {"rd_spend": round(revenue * 0.012 * lean[3], 2), "patents": int(grown * 0.05 * lean[4]) + 1}
                | {"energy": round(grown * 3 * lean[5], 1), "co2": round(grown * 7 * lean[5], 1)}
                | {"water": round(grown * 90 * lean[6], 1), "key_processes": processes}
                | {"nc_key_processes": int(processes * rng.uniform(0.2, 0.9))}
            )
    return rows
