"""Average run length: how many points a chart plots, on average, until it signals.

Solved, not simulated: integral equations on Gauss-Legendre nodes for charts with memory, tails for charts without.
Values are independent and normal with known mean and spread; shifts are in standard deviations of the plotted
subgroup mean. `simulation` gives the same by chance, `arl_rules` for rule sets.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from luban.core.errors import InputError

__all__ = [
    "cusum_arl",
    "cusum_interval",
    "ewma_arl",
    "ewma_width",
    "individuals_range_arl",
    "moving_pair_arl",
    "shewhart_arl",
]

_Numbers = NDArray[np.float64]


def shewhart_arl(shift: float = 0.0, *, width: float = 3.0) -> float:
    """Points to the first one beyond the limits of a chart without memory.

    shift  of the mean [standard errors of the plotted statistic]
    width  limits at ± width [standard errors], > 0
    Source   Shewhart (1931); 370.40 at shift 0, 43.89 at 1 (Champ and Woodall 1987, doi:10.1080/00401706.1987.10488266)
    Example  round(shewhart_arl(1.0), 2) == 43.89
    """
    _positive("width", width)
    return float(1 / (_below(-width - shift) + _below(shift - width)))


def ewma_arl(shift: float = 0.0, *, weight: float, width: float, start: float = 0.0, growing: bool = False) -> float:
    """Points until a two-sided EWMA passes its limits.

    shift    of the mean from point 1 on [standard errors of a subgroup mean]
    weight   λ of the newest point, 0 < λ ≤ 1
    width    L: limits at ± L·sqrt(λ/(2−λ)) [standard errors]
    start    value before the first point [standard errors], inside the limits
    growing  limits that begin narrow, as the variance of the first points does; else at their final place throughout
    Raises   InputError for a weight or width out of range
    Source   Crowder (1987), doi:10.1080/00401706.1987.10488267; Lucas and Saccucci (1990),
             doi:10.1080/00401706.1990.10484583; growing limits: Knoth (2003), doi:10.1081/SQA-120025169
    Example  round(ewma_arl(weight=0.5, width=2.0), 2) == 26.45
    """
    _weight(weight)
    _positive("width", width)
    edge = width * float(np.sqrt(weight / (2 - weight)))
    if abs(start) >= edge:
        raise InputError("the start lies outside the limits", came=f"{start:g}", expected=f"within ±{edge:.4g}")
    if growing:
        return _ewma_growing(shift, weight, width, start)
    nodes, weights, solved = _ewma_solved(shift, weight, edge)
    return float(1 + _normal_density(nodes, (1 - weight) * start + weight * shift, weight) @ (weights * solved))


def ewma_width(arl: float, *, weight: float, growing: bool = False) -> float:
    """Width L of the limits that gives an in-control average run length [points].

    Example  round(ewma_width(500.0, weight=0.1), 3) == 2.814  (Lucas and Saccucci 1990, table 3)
    """
    _weight(weight)
    return _root(lambda width: ewma_arl(weight=weight, width=width, growing=growing), arl, 0.2, 6.0)


def cusum_arl(
    shift: float = 0.0, *, reference: float, interval: float, head_start: float = 0.0, sides: int = 2
) -> float:
    """Points until a tabular CUSUM exceeds its decision interval.

    shift       of the mean [standard errors of a subgroup mean]
    reference   k, half the shift to be found [standard errors], ≥ 0
    interval    h [standard errors], > 0
    head_start  both sums begin here (fast initial response), 0 ≤ head_start < h
    sides       2: both; 1: the upper sum alone
    Source      Page's integral equation; Vance (1986), doi:10.1080/00224065.1986.11979007; both sides together with
                a head start: Lucas and Crosier (1982), doi:10.1080/00401706.1982.10487759
    Example     round(cusum_arl(1.0, reference=0.5, interval=4.0), 2) == 8.38
    """
    if reference < 0:
        raise InputError("the reference value is below zero", came=f"{reference:g}")
    _positive("interval", interval)
    if not 0 <= head_start < interval:
        raise InputError("the head start is not inside the interval", came=f"{head_start:g}",
                         expected=f"0 ≤ head start < {interval:g}")  # fmt: skip
    upper, upper_zero = _cusum_one(shift, reference, interval, head_start)
    if sides == 1:
        return upper
    lower, lower_zero = _cusum_one(-shift, reference, interval, head_start)
    return (upper * lower_zero + lower * upper_zero - upper_zero * lower_zero) / (upper_zero + lower_zero)


def cusum_interval(arl: float, *, reference: float, sides: int = 2) -> float:
    """Decision interval h that gives an in-control average run length [points].

    Example  round(cusum_interval(370.0, reference=0.5), 2) == 4.77  (Hawkins 1993)
    """
    return _root(lambda h: cusum_arl(reference=reference, interval=h, sides=sides), arl, 0.05, 60.0)


def individuals_range_arl(
    shift: float = 0.0, *, width: float = 3.0, range_width: float = 3.6863, spread: float = 1.0
) -> float:
    """Points until an individuals chart or its moving range chart signals.

    shift        of the mean [standard deviations]
    width        limits of the individuals at ± width [standard deviations]
    range_width  upper limit of the moving range [standard deviations]; 3.6863 = d2 + 3 d3 of two values
    spread       true standard deviation [standard deviations of the limits], > 0
    Source       Crowder (1987), doi:10.1080/00224065.1987.11979046; solved by collocation on pieces, because the
                 run length has kinks where the range reaches a limit
    Example      round(individuals_range_arl(width=2.0, range_width=3.0), 1) == 18.2
    """
    _positive("width", width)
    _positive("range_width", range_width)
    _positive("spread", spread)
    edge, reach, mean = width / spread, range_width / spread, shift / spread
    kinks = [sign * (edge - step * reach) for sign in (1, -1) for step in (1, 2, 3)]
    cuts = np.unique(np.round([-edge, edge, *(cut for cut in kinks if -edge < cut < edge)], 12))
    nodes, weights = _pieces(cuts, 24)
    matrix = np.eye(len(nodes))
    for at, last in enumerate(nodes):
        matrix[at] -= _piece_row(cuts, nodes, max(-edge, last - reach), min(edge, last + reach), mean)
    solved = np.linalg.solve(matrix, np.ones(len(nodes)))
    return float(1 + (weights * _normal_density(nodes, mean, 1.0)) @ solved)


def moving_pair_arl(shift: float = 0.0, *, width: float = 3.0) -> float:
    """Points until a moving average of two passes its limits, the first point judged alone.

    shift  of the mean [standard deviations]; width: limits at ± width [standard errors]
    Longer spans have no small integral equation: `simulation.moving_average_arl`.
    """
    _positive("width", width)
    alone, together = width, width * float(np.sqrt(2.0))
    # the sum of two neighbours stays within ± together; a first value also within ± alone
    far = together + 9.0 + abs(shift)
    cuts = np.unique([-far, -together, -alone, 0.0, alone, together, far])
    nodes, weights = _pieces(cuts, 40)
    matrix = np.eye(len(nodes))
    for at, last in enumerate(nodes):
        matrix[at] -= _piece_row(cuts, nodes, max(-far, -together - last), min(far, together - last), shift)
    solved = np.linalg.solve(matrix, np.ones(len(nodes)))
    first = np.abs(nodes) < alone
    return float(1 + (weights * _normal_density(nodes, shift, 1.0) * first) @ solved)


# ---------------------------------------------------------------- numbers


def _below(z: Any) -> Any:
    from scipy.special import ndtr

    return ndtr(z)


def _normal_density(at: _Numbers, mean: Any, spread: float) -> _Numbers:
    z = (at - mean) / spread
    return np.asarray(np.exp(-0.5 * z * z) / (spread * np.sqrt(2 * np.pi)), np.float64)


@lru_cache(maxsize=64)
def _legendre(count: int) -> tuple[_Numbers, _Numbers]:
    from numpy.polynomial.legendre import leggauss

    nodes, weights = leggauss(count)
    return nodes, weights


def _gauss(low: float, high: float, count: int) -> tuple[_Numbers, _Numbers]:
    nodes, weights = _legendre(count)
    half = 0.5 * (high - low)
    return low + half * (nodes + 1), half * weights


def _pieces(cuts: _Numbers, count: int) -> tuple[_Numbers, _Numbers]:
    """Nodes and weights on each piece between neighbouring cuts."""
    parts = [_gauss(low, high, count) for low, high in pairwise(cuts.tolist())]
    return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])


def _piece_row(cuts: _Numbers, nodes: _Numbers, low: float, high: float, mean: float) -> _Numbers:
    """Weights of the unknown at `nodes` in its integral against the normal density from low to high."""
    count = len(nodes) // (len(cuts) - 1)
    row = np.zeros(len(nodes))
    for piece in range(len(cuts) - 1):
        begin, end = max(low, cuts[piece]), min(high, cuts[piece + 1])
        if end <= begin:
            continue
        own = slice(piece * count, (piece + 1) * count)
        at, weights = _gauss(begin, end, count)
        row[own] += (weights * _normal_density(at, mean, 1.0)) @ _interpolation(nodes[own], at)
    return row


def _interpolation(nodes: _Numbers, at: _Numbers) -> _Numbers:
    """Values at `at` of the polynomial through `nodes`, as a matrix (barycentric form)."""
    scaled = (nodes - nodes[0]) / (nodes[-1] - nodes[0]) * 4  # capacity one: no overflow
    distance = scaled[:, None] - scaled[None, :]
    np.fill_diagonal(distance, 1.0)
    bary = 1 / distance.prod(axis=1)
    gap = at[:, None] - nodes[None, :]
    exact = gap == 0
    gap[exact] = 1.0
    terms = bary / gap
    matrix = terms / terms.sum(axis=1, keepdims=True)
    hit = exact.any(axis=1)
    matrix[hit] = exact[hit]
    return np.asarray(matrix, np.float64)


def _nodes_for(length: float, scale: float) -> int:
    """How many nodes an interval needs whose kernel has this standard deviation."""
    return int(min(400, max(40, np.ceil(6 * length / scale))))


def _ewma_solved(shift: float, weight: float, edge: float) -> tuple[_Numbers, _Numbers, _Numbers]:
    """Nodes, weights, and the run length from each node."""
    nodes, weights = _gauss(-edge, edge, _nodes_for(2 * edge, weight))
    kernel = _normal_density(nodes[None, :], (1 - weight) * nodes[:, None] + weight * shift, weight) * weights
    solved = np.asarray(np.linalg.solve(np.eye(len(nodes)) - kernel, np.ones(len(nodes))), np.float64)
    return nodes, weights, solved


def _ewma_growing(shift: float, weight: float, width: float, start: float) -> float:
    """The density of the EWMA is carried on from point to point until the limits no longer move."""
    edge = width * float(np.sqrt(weight / (2 - weight)))
    keep = 1 - weight
    total, point = 1.0, 1
    nodes, weights = _gauss(-(width * weight), width * weight, _nodes_for(2 * edge, weight))
    density = _normal_density(nodes, keep * start + weight * shift, weight)
    while keep ** (2 * point) > 1e-10:
        total += float(weights @ density)
        point += 1
        limit = edge * float(np.sqrt(-np.expm1(2 * point * np.log1p(-weight)))) if weight < 1 else edge
        onto, onto_weights = _gauss(-limit, limit, len(nodes))
        kernel = _normal_density(onto[None, :], keep * nodes[:, None] + weight * shift, weight)
        density = (weights * density) @ kernel
        nodes, weights = onto, onto_weights
    final, final_weights, solved = _ewma_solved(shift, weight, edge)
    onward = _normal_density(final[None, :], keep * nodes[:, None] + weight * shift, weight) @ (final_weights * solved)
    return total + float((weights * density) @ (1 + onward))


@lru_cache(maxsize=256)
def _cusum_one(shift: float, reference: float, interval: float, head_start: float) -> tuple[float, float]:
    """Run length of the upper sum from its head start, and from zero."""
    drift = reference - shift
    nodes, weights = _gauss(0.0, interval, _nodes_for(interval, 1.0))
    count = len(nodes)
    matrix = np.eye(count + 1)
    states = np.append(nodes, 0.0)
    matrix[:, :count] -= _normal_density(nodes[None, :], states[:, None] - drift, 1.0) * weights
    matrix[:, count] -= _below(drift - states)
    solved = np.linalg.solve(matrix, np.ones(count + 1))
    from_zero = float(solved[count])
    if head_start == 0:
        return from_zero, from_zero
    onward = _normal_density(nodes, head_start - drift, 1.0) @ (weights * solved[:count])
    return float(1 + onward + _below(drift - head_start) * from_zero), from_zero


def _root(arl_of: Any, arl: float, low: float, high: float) -> float:
    """Where a rising run length reaches `arl`."""
    from scipy.optimize import brentq

    if not np.isfinite(arl) or arl <= 1:
        raise InputError("an average run length is above one point", came=f"{arl:g}")

    def gap(at: float) -> float:
        return float(np.log(max(arl_of(at), 1.0)) - np.log(arl))

    if gap(low) > 0:
        raise InputError("no limit gives such a short average run length", came=f"{arl:g}")
    top = low
    while gap(top) < 0:
        low, top = top, 1.5 * top
        if top > high:
            raise InputError("no limit gives such a long average run length", came=f"{arl:g}")
    return float(brentq(gap, low, top, xtol=1e-10))


def _positive(name: str, value: float) -> None:
    if not (np.isfinite(value) and value > 0):
        raise InputError(f"{name} is not above zero", came=f"{value:g}")


def _weight(weight: float) -> None:
    if not 0 < weight <= 1:
        raise InputError("the weight of an EWMA is not in 0 … 1", came=f"{weight:g}", expected="0 < weight ≤ 1")
