"""Mid-term evaluation: regions of a drawn world, a policy whose effect is known, and one that does nothing.

    python -m benchmarks.evaluation [--quick] [--json] [--seed N]

`covered`  share of 95 % intervals that hold the effect put in
`false`    share of worlds without an effect where one is found at 5 %
`placebo`  share of the same worlds where the method rejects at a false date before the act
`peers`    the same worlds: after less before of the regions acted on, and an ordinary regression with fixed effects of
           region and year, each with errors that take every region-year for a draw of its own

A world: regions with levels, trends and loadings of their own on two common random walks, and noise in which each
period is like the one before (ρ). `synthetic`: one of 31 regions, 12 + 6 years. `few`: three of 31. `differences`:
8 of 31. `interrupted`: one course, 28 + 12 quarters with a season. The effect put in is twice the size of the noise.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from scipy.special import stdtrit

from benchmarks.report import Reporter, arguments
from luban.rollup.evaluation import Evaluation, Panel, Policy, evaluate

__all__ = ["CASES", "judged", "main", "world"]

CASES: Final = {
    "synthetic": (1, 31, 12, 6), "few": (3, 31, 12, 6), "differences": (8, 31, 12, 6), "interrupted": (1, 1, 28, 12),
}  # fmt: skip
"""Case → regions acted on, regions, periods before and after."""

RHOS: Final = (0.0, 0.5, 0.8)
NOISE: Final = 0.5


def main(argv: Sequence[str] | None = None) -> None:
    """Run it."""
    options = arguments(__doc__ or "", argv)
    report = Reporter("evaluation", options, ["luban", "numpy", "scipy"])
    worlds = 40 if options.quick else 200
    for case in CASES:
        for rho in RHOS[1:2] if options.quick else RHOS:
            begun, seeds = time.process_time(), [options.seed * 10_000 + at for at in range(worlds)]
            known = [judged(case, seed, rho, 2 * NOISE) for seed in seeds]
            none = [judged(case, seed, rho, 0.0) for seed in seeds]
            naive = [_peers(case, seed, rho) for seed in seeds]
            name = f"{case}, ρ {rho}"
            held = sum(one.low <= 2 * NOISE <= one.high for one in known) / worlds
            width = float(np.median([one.high - one.low for one in known]))
            report.line(name, held, "share", claim="covered", peer=sum(one[1][0] for one in naive) / worlds,
                        peer_name="fixed effects", runs=worlds, half_width=round(width / 2, 3),
                        before_after=sum(one[0][0] for one in naive) / worlds,
                        cpu_s=f"{time.process_time() - begun:.1f}")  # fmt: skip
            found = sum(one.p <= 0.05 for one in none) / worlds
            report.line(name, found, "share", claim="false", peer=sum(one[1][1] for one in naive) / worlds,
                        peer_name="fixed effects", before_after=sum(one[0][1] for one in naive) / worlds)  # fmt: skip
            backdated = [one.time.p <= 0.05 for one in none if one.time is not None]
            report.line(name, sum(backdated) / max(len(backdated), 1), "share", claim="placebo", runs=len(backdated))


def world(case: str, seed: int, rho: float, effect: float) -> tuple[Panel, Policy]:
    """(a drawn panel, the policy in it whose effect a period is `effect`)."""
    acted, regions, before, after = CASES[case]
    g, periods = np.random.default_rng((seed, list(CASES).index(case), round(100 * rho))), before + after
    noise = g.normal(size=(regions, periods + 60)) * np.sqrt(1 - rho * rho)
    for at in range(1, periods + 60):
        noise[:, at] += rho * noise[:, at - 1]
    values = g.normal(20, 3, (regions, 1)) + NOISE * noise[:, 60:] + g.normal(0, 0.1, (regions, 1)) * np.arange(periods)
    if case == "interrupted":
        values = values + np.array([0.0, 0.8, -0.3, -0.5])[np.arange(periods) % 4]
    else:
        walks = np.cumsum(g.normal(0, 0.5, (2, periods)), axis=1)
        values = values + g.uniform(0, 2, (regions, 2)) @ walks
    values[:acted, before:] += effect
    units = tuple(f"R{at:02d}" for at in range(regions))
    method: Any = "synthetic" if case == "few" else case
    policy = Policy(case, case, "x", units[:acted], 2000 + before, method=method, season=4 * (case == "interrupted"))
    return Panel("x", "1", units, tuple(range(2000, 2000 + periods)), values), policy


def judged(case: str, seed: int, rho: float, effect: float) -> Evaluation:
    """What luban says of a drawn world."""
    return evaluate(*world(case, seed, rho, effect))


def _peers(case: str, seed: int, rho: float) -> tuple[tuple[bool, bool], tuple[bool, bool]]:
    """Of both peers: whether the interval holds the effect, and whether one is found where there is none."""
    found = []
    for with_controls in (False, True):
        held = []
        for effect in (2 * NOISE, 0.0):
            panel, policy = world(case, seed, rho, effect)
            own = np.isin(panel.units, policy.treated)
            late = np.array(panel.periods) >= policy.since
            held.append(_interval(panel.values, own, late, with_controls=with_controls))
        (low, high), (none_low, none_high) = held
        found.append((low <= 2 * NOISE <= high, none_low > 0 or none_high < 0))
    return found[0], found[1]


def _interval(values: Any, own: Any, late: Any, *, with_controls: bool) -> tuple[float, float]:
    """95 % interval by least squares, every region-period taken for a draw of its own."""
    if with_controls and own.all():
        with_controls = False
    some = values if with_controls else values[own]
    y = some - some.mean(axis=1, keepdims=True)
    d = np.outer(own if with_controls else np.ones(len(some)), late).astype(float)
    d = d - d.mean(axis=1, keepdims=True)
    if with_controls:
        y, d = y - y.mean(axis=0), d - d.mean(axis=0)
    size = float((d * d).sum())
    effect = float((d * y).sum()) / size
    free = y.size - sum(y.shape) if with_controls else y.size - len(y) - 1
    error = float(np.sqrt(((y - effect * d) ** 2).sum() / free / size))
    half = float(stdtrit(free, 0.975)) * error
    return effect - half, effect + half


if __name__ == "__main__":
    main()
