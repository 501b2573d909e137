"""The C1 plant for tests: as it is, and without chance."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from luban.twin.process.parameters import Parameters, load

FILE = Path(__file__).parents[3] / "examples" / "c1_process" / "process.toml"
C1 = load(FILE)


def calm(p: Parameters = C1) -> Parameters:
    """No disturbance, no noise, no stiction, nothing fails."""
    zero = dataclasses.replace(p.disturbances, activity=0.0, feed_t=0.0, steam=0.0, water_day=0.0, water_year=0.0)
    return dataclasses.replace(
        p,
        disturbances=zero,
        stops=dataclasses.replace(p.stops, compressor=1e9, trips=1e-9, pump=1e9),
        laboratory=dataclasses.replace(p.laboratory, sigma=0.0, bias=0.0, analyser_sigma=0.0, analyser_drift=0.0),
        reactor=dataclasses.replace(p.reactor, fouling=1e9),
        loops=tuple(dataclasses.replace(loop, stiction=0.0) for loop in p.loops),
        instruments=tuple(dataclasses.replace(i, noise=0.0) for i in p.instruments),
    )
