"""Short runs and many products on one chart: what differs between products is taken off first.

dnom          deviation from nominal, single values: products that scatter alike
z_mr          (value − nominal) / sigma of the product, and the moving range of that: products that scatter differently
short_xbar_r  (mean − nominal) / sigma of the product, and range / sigma, for subgroups; sigma: mean range / d2

A moving range over a change of product is left out of the estimates, yet drawn: after nominal and sigma are taken off,
neighbours are alike whatever their product.

Source  D. J. Wheeler, Short Run SPC (1991); T. Pyzdek, Quality Progress 26 (1993) 51-60; D. C. Montgomery, Introduction
        to Statistical Quality Control, 7th edition (2012), 10.1
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import sqrt
from typing import Any
from zlib import crc32

import numpy as np

from luban.core.errors import InputError
from luban.understand.quality.data import Excluded, Floats, Ints, Sample
from luban.understand.quality.spc.constants import d2, d3
from luban.understand.quality.spc.kernel import group_ranges, moving_ranges, one_scale
from luban.understand.quality.spc.kind import LOCATION, SPREAD, Bools, Fit, Kind, PanelKind, Points, finite_values
from luban.understand.quality.spc.limits import WIDTH, Limits, number
from luban.understand.quality.spc.lines import SizedRun
from luban.understand.quality.spc.scale import option

__all__ = ["SHORT_RUNS", "Products", "products"]

_SIGMAS = ("product", "constant", "relative")


@dataclass(frozen=True, slots=True)
class Products:
    """Measurements of several products in order of time.

    sample    the measurements, subgroups of one product each
    product   of each subgroup, length k
    nominal   of each product [unit]; a product without one has the mean of its values
    sigma     known standard deviation of each product [unit]; else estimated
    """

    sample: Sample
    product: tuple[str, ...]
    nominal: Mapping[str, float] = field(default_factory=dict)
    sigma: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if len(self.product) != len(self.sample):
            raise InputError("each subgroup needs its product", came=f"{len(self.product)} for {len(self.sample)}")
        bad = [name for name, value in self.sigma.items() if not value > 0]
        if bad:
            raise InputError("sigma of a product is not above zero", came=", ".join(bad))

    def __len__(self) -> int:
        """Number of subgroups."""
        return len(self.sample)

    @property
    def characteristic(self) -> str:
        """As the sample's."""
        return self.sample.characteristic

    @property
    def unit(self) -> str:
        """As the sample's."""
        return self.sample.unit

    @property
    def labels(self) -> tuple[str, ...]:
        """Of each subgroup, with its product."""
        return tuple(f"{label} · {name}" for label, name in zip(self.sample.labels, self.product, strict=True))

    @property
    def time(self) -> Ints:
        """As the sample's."""
        return self.sample.time

    @property
    def excluded(self) -> tuple[Excluded, ...]:
        """As the sample's."""
        return self.sample.excluded

    @property
    def source(self) -> str:
        """As the sample's."""
        return self.sample.source


def products(
    sample: Sample, product: Sequence[str], *, nominal: Mapping[str, float] | None = None,
    sigma: Mapping[str, float] | None = None,
) -> Products:  # fmt: skip
    """A sample with the product of each subgroup."""
    return Products(sample, tuple(product), dict(nominal or {}), dict(sigma or {}))


# ---------------------------------------------------------------- points: value and code of the product


def _code(product: str) -> float:
    """A product as a number that fits beside its values."""
    return float(crc32(product.encode()))


def _points(data: object) -> Points:
    if not isinstance(data, Products):
        raise InputError("this chart takes several products", came=type(data).__name__, expected="Products")
    sizes = data.sample.sizes
    codes = {name: _code(name) for name in dict.fromkeys(data.product)}
    if len(set(codes.values())) < len(codes):
        raise InputError(
            "two names of products look alike to the chart", came=", ".join(codes), hint="rename one of them"
        )
    each = np.repeat(np.array([codes[name] for name in data.product], np.float64), sizes)
    starts = np.require(data.sample.starts, np.int64, ["C", "W"])
    return Points(np.column_stack((data.sample.values, each)), starts, sizes.astype(np.float64))


def _single_points(data: object) -> Points:
    points = _points(data)
    if len(points.values) != len(points.sizes):
        came = f"subgroups of up to {points.sizes.max():g}"
        raise InputError("this chart takes single values, not subgroups", came=came, hint="use short_xbar_r")
    return points


def _one(value: Any, size: float | None = None) -> Points:  # noqa: ARG001 - the size is that of the values
    """(values, product): one value or the values of a subgroup, and the name of the product."""
    try:
        values, product = value
    except (TypeError, ValueError):
        raise InputError(
            "a point is not values with a product", came=str(value)[:80], expected="(value, product)"
        ) from None
    taken = finite_values(values)
    if taken.ndim != 1 or not taken.size or not isinstance(product, str):
        raise InputError("a point is not finite values with a product", came=str(value)[:80])
    rows = np.empty((len(taken), 2))
    rows[:, 0], rows[:, 1] = taken, _code(product)
    return Points(rows, np.array([0, len(taken)], np.int64), np.array([float(len(taken))]))


def _run(limits: Limits, *, grouped: bool) -> SizedRun:
    """memory: the deviation before (nan at the first point); none for subgroups."""
    width = number(limits, "width", above=0, default=WIDTH)
    sigma = number(limits, "sigma", above=0)
    told = limits.parameters.get("products")
    if not isinstance(told, Mapping) or not told:
        raise InputError("limits lack their products", expected="products: name -> nominal, scale")
    order = sorted(told, key=_code)
    codes = np.array([_code(name) for name in order])
    nominal = np.array([float(told[name]["nominal"]) for name in order])
    scale = np.array([float(told[name]["scale"]) for name in order])

    def measured(points: Points, memory: Floats) -> tuple[Floats, ...]:
        off = np.empty(len(points.values))
        if one_scale(points.values, codes, nominal, scale, off) >= 0:
            raise InputError("a product has no nominal in these limits", expected=", ".join(told),
                             hint="estimate new limits that have it")  # fmt: skip
        return group_ranges(off, points.starts) if grouped else (off, moving_ranges(off, memory))

    def lines(size: float) -> tuple[tuple[float, float, float, float], ...]:
        error = sigma / sqrt(size)
        off = width * error
        place = (0.0, -off, off, error)
        count = int(size) if grouped else 2
        if count < 2:
            return place, (_NAN, _NAN, _NAN, _NAN)
        mean, scatter = d2(count) * sigma, d3(count) * sigma
        reach = width * scatter
        return place, (mean, max(0.0, mean - reach), mean + reach, scatter)

    return SizedRun(measured, lines, np.zeros(0) if grouped else np.array([_NAN]))


_NAN = float("nan")


# ---------------------------------------------------------------- limits


def _nominals(data: Products, use: Bools) -> dict[str, float]:
    """Nominal of each product: as given, else the mean of its values."""
    found = {}
    for name in dict.fromkeys(data.product):
        if name in data.nominal:
            found[name] = float(data.nominal[name])
            continue
        own = data.sample.values[np.repeat(use & _is(data, name), data.sample.sizes)]
        if not len(own):
            raise InputError("a product has neither a nominal nor a value in use", came=name)
        found[name] = float(np.mean(own))
    return found


def _is(data: Products, name: str) -> Bools:
    return np.array([one == name for one in data.product], np.bool_)


def _pairs(data: Products, use: Bools) -> Bools:
    """Neighbours in use that are of one product: their difference tells of scatter alone."""
    same = np.array([one == two for one, two in pairwise(data.product)], np.bool_)
    return np.asarray(use[1:] & use[:-1] & same, np.bool_)


def _scatter(ranges: Floats, what: str, name: str = "") -> float:
    where = f"product {name}" if name else ""
    if not len(ranges):
        raise InputError("no two neighbouring points of one product to take a range from", where=where,
                         hint="give sigma of each product")  # fmt: skip
    mean = float(np.mean(ranges))
    if not mean > 0:
        raise InputError("the values do not vary, so there are no limits", came=f"{what} 0", where=where,
                         hint="look at the resolution of the gauge")  # fmt: skip
    return mean


def _fit_dnom(data: Products, use: Bools, options: Mapping[str, Any]) -> Fit:
    nominal = _nominals(data, use)
    off = data.sample.values - np.array([nominal[name] for name in data.product])
    sigma = option(options, "sigma", None)
    if sigma is None:
        sigma = _scatter(np.abs(np.diff(off))[_pairs(data, use)], "mean moving range") / d2(2)
    told = {name: {"nominal": value, "scale": 1.0} for name, value in nominal.items()}
    notes = _alike(data, use, off)
    return Fit({"sigma": sigma, "width": option(options, "width", WIDTH), "products": told}, notes)


def _alike(data: Products, use: Bools, off: Floats) -> tuple[str, ...]:
    """A note where products scatter so differently that one sigma does not fit all."""
    pairs, ranges = _pairs(data, use), np.abs(np.diff(off))
    own = np.array(data.product[1:], object)
    means = {name: ranges[pairs & (own == name)] for name in dict.fromkeys(data.product)}
    known = [float(np.mean(one)) for one in means.values() if len(one) >= _ENOUGH]
    wide = len(known) > 1 and min(known) * _APART < max(known)
    return ("Products scatter differently: z_mr fits better",) if wide else ()


_ENOUGH, _APART = 5, 2.0


def _fit_z(data: Products, use: Bools, options: Mapping[str, Any]) -> Fit:
    way = options.get("sigma_by", "product")
    if way not in _SIGMAS:
        raise InputError("no such way to tell sigma of a product", came=str(way), expected=", ".join(_SIGMAS))
    nominal = _nominals(data, use)
    names = list(nominal)
    pairs, ranges = _pairs(data, use), np.abs(np.diff(data.sample.values))
    own = np.array(data.product[1:], object)
    given = {name: float(data.sigma[name]) for name in names if name in data.sigma}
    missing = [name for name in names if name not in given]
    if missing and way == "constant":
        given |= dict.fromkeys(missing, _scatter(ranges[pairs], "mean moving range") / d2(2))
    elif missing and way == "relative":
        size = np.array([abs(nominal[name]) for name in data.product[1:]])
        if not bool((size > 0).all()):
            raise InputError(
                "sigma cannot grow with a nominal of zero",
                hint="take the scatter of each product, or that of all together",
            )
        share = _scatter((ranges / size)[pairs], "mean moving range") / d2(2)
        given |= {name: share * abs(nominal[name]) for name in missing}
    else:
        given |= {name: _scatter(ranges[pairs & (own == name)], "mean moving range", name) / d2(2) for name in missing}
    told = {name: {"nominal": nominal[name], "scale": given[name]} for name in names}
    return Fit({"sigma": 1.0, "width": option(options, "width", WIDTH), "products": told, "sigma_by": way})


def _fit_groups(data: Products, use: Bools, options: Mapping[str, Any]) -> Fit:
    """Scale: mean range / d2 of each product, so that limits have the sigma 1 whatever the size of a subgroup."""
    nominal = _nominals(data, use)
    _, ranges = group_ranges(np.ascontiguousarray(data.sample.values), data.sample.starts)
    sizes = data.sample.sizes
    factor = np.array([d2(int(size)) if size > 1 else np.nan for size in sizes])
    told = {}
    for name in nominal:
        taken = use & _is(data, name) & (sizes > 1)
        scale = data.sigma.get(name) or _scatter((ranges / factor)[taken], "mean range", name)
        told[name] = {"nominal": nominal[name], "scale": float(scale)}
    return Fit({"sigma": 1.0, "width": option(options, "width", WIDTH), "products": told})


def _start_single(limits: Limits) -> SizedRun:
    return _run(limits, grouped=False)


def _start_groups(limits: Limits) -> SizedRun:
    return _run(limits, grouped=True)


_WIDTH_OPTION = {"width": "distance of the limits from the centre [standard errors]; 3"}
_RANGE = PanelKind("moving range", SPREAD)

SHORT_RUNS: tuple[Kind, ...] = (
    Kind(
        name="dnom", title="Deviation from nominal", panels=(PanelKind("deviation", LOCATION), _RANGE),
        points=_single_points, one=_one, fit=_fit_dnom, start=_start_single,
        options={**_WIDTH_OPTION, "sigma": "known standard deviation of all products [unit of the data]"},
    ),
    Kind(
        name="z_mr", title="Standardised values of several products",
        panels=(PanelKind("standardised value", LOCATION, "1"), PanelKind("moving range", SPREAD, "1")),
        points=_single_points, one=_one, fit=_fit_z, start=_start_single,
        options={**_WIDTH_OPTION, "sigma_by": "product (its own moving ranges), constant (those of all) or relative "
                                              "(grows with the nominal); product"},
    ),
    Kind(
        name="short_xbar_r", title="Standardised mean and range of several products",
        panels=(PanelKind("standardised mean", LOCATION, "1"), PanelKind("standardised range", SPREAD, "1")),
        points=_points, one=_one, fit=_fit_groups, start=_start_groups, options=_WIDTH_OPTION,
    ),
)  # fmt: skip
"""dnom, z_mr, short_xbar_r."""
