"""Writes examples/region: invented enterprises of six regions over twelve years, their returns, price indices.

Nothing in it is of an enterprise that exists: a seeded world with trends near those that the plan of 2015 asks for,
some ahead of it and some behind, one sample (every third enterprise), a few gaps.

    python tools/make_region.py
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parents[1] / "examples" / "region"
REGIONS = ("31", "32", "33", "34", "37", "41")
INDUSTRIES = ("C2614", "C3130", "C3352", "C3421", "C3670", "C3829")
YEARS = range(2013, 2025)
PER_CELL = 5
KEYS = (
    "unit", "name", "level", "year", "region", "industry", "edition", "size", "above_scale", "stratum", "weight",
)  # fmt: skip
HOUSEHOLDS = {"31": 9.6e6, "32": 26e6, "33": 20e6, "34": 21e6, "37": 32e6, "41": 31e6}


def enterprises(draw: np.random.Generator) -> list[dict[str, object]]:
    """Returns of all enterprises, a row a year."""
    rows = []
    for r, region in enumerate(REGIONS):
        for c, industry in enumerate(INDUSTRIES):
            for k in range(PER_CELL):
                rows += _one(draw, region, industry, (r, c, k))
    return rows


def _one(draw: np.random.Generator, region: str, industry: str, at: tuple[int, int, int]) -> list[dict[str, object]]:
    r, c, k = at
    big = float(draw.lognormal(9.2, 0.9))  # revenue of 2013 [10⁴ CNY]
    own = {name: float(np.exp(draw.normal(0, spread))) for name, spread in (
        ("rd", 0.7), ("patents", 0.8), ("rate", 0.15), ("staff", 0.3), ("energy", 0.5), ("water", 0.7), ("waste", 0.6),
    )}  # fmt: skip
    heavy = (6.0, 3.5, 0.9, 0.7, 0.6, 0.7)[c]  # energy of an industry beside the others [1]
    tools, machined = float(draw.random()), float(draw.beta(2, 4))
    processes = 1 + int(draw.poisson(9))
    pace = 1 + 0.15 * (r - 2.5) / 2.5  # regions go at their own pace
    rows: list[dict[str, object]] = []
    for year in YEARS:
        t = year - 2013
        shake = float(np.exp(draw.normal(0, 0.03)))
        revenue = big * 1.055**t * shake
        output = revenue * 1.02
        added = output * min(0.6, 0.205 * own["rate"] * (1 + 0.010 * t * pace))
        real = added / 1.012**t
        staff = real / (16.0 * own["staff"] * 1.066 ** (t * pace))
        energy = 0.9 * heavy * own["energy"] * real * 0.966 ** (t * pace) / 3
        waste = 0.8 * heavy * own["waste"] * real * 0.98**t / 3
        row: dict[str, object] = {
            "unit": f"{region}-{industry}-{k + 1}", "name": f"Works {region}-{c + 1}{k + 1}", "level": "enterprise",
            "year": year, "region": f"CN/{region}", "industry": industry, "edition": "2017",
            "size": "large" if big > 30000 else "medium" if big > 9000 else "small",
            "above_scale": int(big > 2000), "stratum": f"C{industry[1:3]}", "weight": 3 if k % 3 == 0 else "",
            "revenue": revenue, "output": output, "value_added": added, "staff": max(5, staff),
            "rd_spend": revenue * 0.0088 * own["rd"] * 1.052 ** (t * pace) / 1.2,
            "patents": round(revenue / 1e4 * 0.36 * own["patents"] * 1.10 ** (t * pace) / 1.3),
            "design_tools": int(tools < min(0.95, 0.52 + 0.031 * t * pace)), "key_processes": processes,
            "nc_key_processes": round(processes * min(1.0, machined * 0.27 / 0.333 + 0.028 * t * pace)),
            "energy": energy, "co2": energy * 2.45, "water": 38 * own["water"] * heavy**0.5 * real * 0.945**t,
            "pollutants": energy * 0.012 * 0.96**t, "waste_generated": waste, "waste_old_utilised": 0.02 * waste,
            "waste_utilised": waste * min(0.98, 0.62 + 0.011 * t * pace),
        }  # fmt: skip
        if draw.random() < 0.02:  # a gap
            row["rd_spend"] = row["energy"] = ""
        rows.append(row)
    return rows


def households(draw: np.random.Generator) -> list[dict[str, object]]:
    """Broadband of the regions' households."""
    rows: list[dict[str, object]] = []
    for r, region in enumerate(REGIONS):
        for year in YEARS:
            share = min(0.98, 0.37 + 0.055 * (year - 2013) * (1 + 0.06 * (r - 2.5)) + draw.normal(0, 0.004))
            rows.append({
                "unit": f"region-{region}", "name": "", "level": "region", "year": year, "region": f"CN/{region}",
                "above_scale": "", "weight": 1, "households": HOUSEHOLDS[region],
                "broadband_households": HOUSEHOLDS[region] * share,
            })  # fmt: skip
    return rows


def written(value: object) -> object:
    """Five figures are enough."""
    return float(f"{value:.5g}") if isinstance(value, float) else value


def main() -> None:
    """Write the tables."""
    draw = np.random.default_rng(20150508)
    rows = enterprises(draw) + households(draw)
    names = [*KEYS, *dict.fromkeys(name for row in rows for name in row if name not in KEYS)]
    with (FOLDER / "returns.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, names, restval="")
        writer.writeheader()
        writer.writerows({name: written(value) for name, value in row.items()} for row in rows)
    with (FOLDER / "deflators.csv").open("w", newline="", encoding="utf-8") as file:
        writer_ = csv.writer(file)
        writer_.writerow(("industry", "year", "index"))
        writer_.writerows(("", year, round(100 * 1.012 ** (year - 2013), 2)) for year in YEARS)


if __name__ == "__main__":
    main()
