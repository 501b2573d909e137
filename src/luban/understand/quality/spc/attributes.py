"""Charts of counts: p, np, c, u, and Laney's p′ and u′ for large samples that scatter more than chance.

p and np count defective pieces (binomial), c and u defects (Poisson). Limits follow the size of each subgroup; they end
at 0, and at 1 (or all pieces) above.

Source  NIST/SEMATECH e-Handbook 6.3.3; D. B. Laney, Improved control charts for attributes, Quality Engineering 14
        (2002) 531-537.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from luban.core.errors import InputError
from luban.understand.quality.data import NO_TIME, Counts, Floats, Ordinals
from luban.understand.quality.spc.constants import d2
from luban.understand.quality.spc.kind import SHARE, Bools, Fit, Kind, PanelKind, Points, one_count, points_of_counts
from luban.understand.quality.spc.limits import WIDTH, Limits, number
from luban.understand.quality.spc.lines import SizedRun
from luban.understand.quality.spc.variables import decimals_of, exact_mean, known_values, rounded

__all__ = ["ATTRIBUTES", "counted"]

Line = tuple[float, float, float, float]


def counted(
    counts: Floats | list[float],
    sizes: Floats | list[float] | float = 1.0,
    *,
    defective: bool = True,
    characteristic: str = "count",
) -> Counts:
    """Counts by subgroup in the order given.

    sizes      pieces or area inspected, one for all or one each
    defective  counts of defective pieces (p, np); else of defects (c, u)

    Example  counted([3, 1, 4], 50).sizes.tolist() == [50.0, 50.0, 50.0]
    """
    taken = np.array(counts, np.float64)
    wide = (
        np.broadcast_to(np.asarray(sizes, np.float64), taken.shape).copy()
        if np.ndim(sizes) == 0
        else np.array(sizes, np.float64)
    )
    return Counts(characteristic, taken, wide, Ordinals(len(taken)), np.full(len(taken), NO_TIME), defective)


def _checked(data: Counts, keep: Bools, *, defective: bool, other: str) -> None:
    if data.defective != defective:
        have = "defective pieces" if data.defective else "defects"
        want = "defective pieces" if defective else "defects"
        raise InputError(f"this chart takes {want}", came=have, where=data.characteristic, hint=f"use {other}")
    if keep.sum() < 2:
        raise InputError(
            "too few subgroups for limits", came=str(int(keep.sum())), expected="at least 2", where=data.characteristic
        )


def _rate(data: Counts, keep: Bools, known: Mapping[str, Any]) -> float:
    """Defects or defective pieces by piece or area, as known or counted; above 0, and below 1 for pieces."""
    if known:
        rate = float(known["centre"])
        if rate <= 0 or (data.defective and rate >= 1):
            expected = "between 0 and 1" if data.defective else "above 0"
            raise InputError("a known value is not possible", came=f"{rate:g}", expected=expected, where="centre")
        return rate
    found, seen = math.fsum(data.counts[keep]), math.fsum(data.sizes[keep])
    if found <= 0 or (data.defective and found >= seen):
        what = "nothing was counted" if found <= 0 else "every piece is defective"
        raise InputError(
            f"{what}, so there are no limits",
            came=f"{found:g} in {seen:g}", where=data.characteristic,
            hint="take larger subgroups, or a chart of measured values",
        )  # fmt: skip
    return found / seen


def _small(data: Counts, keep: Bools, rate: float) -> tuple[str, ...]:
    """Notes where the normal limits are poor, or where sizes differ."""
    expected = float(np.min(data.sizes[keep])) * rate
    notes = []
    if expected < 5:
        notes.append(f"The smallest subgroup is expected to hold {expected:.3g}: limits of 3 sigma are rough below 5")
    if len(np.unique(data.sizes)) > 1:
        notes.append("Subgroups differ in size: each has lines of its own")
    return tuple(notes)


# --- p, np, c, u ------------------------------------------------------------------------------------------------------


def _fit_pieces(data: Counts, keep: Bools, options: Mapping[str, Any]) -> Fit:
    _checked(data, keep, defective=True, other="c or u")
    return _fit_rate(data, keep, options)


def _fit_defects(data: Counts, keep: Bools, options: Mapping[str, Any]) -> Fit:
    _checked(data, keep, defective=False, other="p or np")
    return _fit_rate(data, keep, options)


def _fit_rate(data: Counts, keep: Bools, options: Mapping[str, Any]) -> Fit:
    known = known_values(options)
    rate = _rate(data, keep, known)
    parameters = {"centre": rate, "width": options["width"], "inspected": math.fsum(data.sizes[keep]), **known}
    return Fit(parameters, _small(data, keep, rate))


def _fit_c(data: Counts, keep: Bools, options: Mapping[str, Any]) -> Fit:
    """The rate is that of a whole subgroup."""
    _same_size(data)
    size = float(data.sizes[0]) if len(data.sizes) else 1.0
    known = options.get("centre")
    shared = options if known is None else {**options, "centre": known_values(options)["centre"] / size}
    fit = _fit_defects(data, keep, shared)
    centre = math.fsum(data.counts[keep]) / int(keep.sum()) if known is None else float(known)
    return Fit({**fit.parameters, "centre": centre, "size": size}, fit.notes)


def _same_size(data: Counts) -> None:
    if len(np.unique(data.sizes)) > 1:
        raise InputError(
            "a c chart needs subgroups of one size", came=f"{data.sizes.min():g} … {data.sizes.max():g}",
            where=data.characteristic, hint="use u",
        )  # fmt: skip


def _shares(points: Points, _memory: Floats) -> tuple[Floats, ...]:
    return (points.values / points.sizes,)


def _numbers(points: Points, _memory: Floats) -> tuple[Floats, ...]:
    return (points.values,)


def _around(centre: float, error: float, width: float, most: float) -> tuple[Line]:
    return ((centre, max(0.0, centre - width * error), min(most, centre + width * error), error),)


def _started(
    limits: Limits,
    measure: Callable[[Points, Floats], tuple[Floats, ...]],
    line: Callable[[float, float, float, float], tuple[Line]],
) -> SizedRun:
    centre = number(limits, "centre", above=0.0)
    width = number(limits, "width", above=0.0, default=WIDTH)
    wider = number(limits, "sigma_z", above=0.0, default=1.0)
    return SizedRun(measure, lambda size: line(centre, size, width, wider))


def _start_p(limits: Limits) -> SizedRun:
    def line(share: float, size: float, width: float, wider: float) -> tuple[Line]:
        return _around(share, math.sqrt(share * (1.0 - share) / size) * wider, width, 1.0)

    if number(limits, "centre") >= 1:
        raise InputError("a share is below 1", came=str(limits.parameters["centre"]), where=f"{limits.kind}: centre")
    return _started(limits, _shares, line)


def _start_np(limits: Limits) -> SizedRun:
    def line(share: float, size: float, width: float, _wider: float) -> tuple[Line]:
        return _around(share * size, math.sqrt(size * share * (1.0 - share)), width, size)

    if number(limits, "centre") >= 1:
        raise InputError("a share is below 1", came=str(limits.parameters["centre"]), where=f"{limits.kind}: centre")
    return _started(limits, _numbers, line)


def _start_c(limits: Limits) -> SizedRun:
    usual = number(limits, "size", above=0.0, default=1.0)

    def line(rate: float, size: float, width: float, _wider: float) -> tuple[Line]:
        if size != usual:
            raise InputError(
                "a c chart needs subgroups of one size", came=f"{size:g}", expected=f"{usual:g}", hint="use u"
            )  # fmt: skip
        return _around(rate, math.sqrt(rate), width, math.inf)

    return _started(limits, _numbers, line)


def _start_u(limits: Limits) -> SizedRun:
    def line(rate: float, size: float, width: float, wider: float) -> tuple[Line]:
        return _around(rate, math.sqrt(rate / size) * wider, width, math.inf)

    return _started(limits, _shares, line)


# --- Laney ------------------------------------------------------------------------------------------------------------


def _fit_laney(data: Counts, keep: Bools, options: Mapping[str, Any]) -> Fit:
    """The scatter of z between neighbours, as in a chart of individuals, widens (or narrows) the limits."""
    fit = _fit_pieces(data, keep, options) if data.defective else _fit_defects(data, keep, options)
    rate = float(fit.parameters["centre"])
    variance = rate * (1.0 - rate) if data.defective else rate
    z = (data.counts / data.sizes - rate) / np.sqrt(variance / data.sizes)
    ranges = np.abs(np.diff(z))[keep[1:] & keep[:-1]]
    if not len(ranges) or not ranges.any():
        raise InputError(
            "neighbours do not differ, so there are no limits",
            came=f"{len(ranges)} moving ranges",
            where=data.characteristic,
        )
    decimals = decimals_of(options)
    wider = exact_mean(ranges) / rounded(d2(2), decimals.get("decimals"))
    return Fit({**fit.parameters, "sigma_z": wider, **decimals}, fit.notes)


def _fit_laney_p(data: Counts, keep: Bools, options: Mapping[str, Any]) -> Fit:
    _checked(data, keep, defective=True, other="laney_u")
    return _fit_laney(data, keep, options)


def _fit_laney_u(data: Counts, keep: Bools, options: Mapping[str, Any]) -> Fit:
    _checked(data, keep, defective=False, other="laney_p")
    return _fit_laney(data, keep, options)


_OPTIONS = {
    "width": "distance of the limits from the centre [standard errors], default 3",
    "centre": "known share or rate [1 of a piece or unit of area; c: of a subgroup]; default: what was counted",
}
_LANEY = {**_OPTIONS, "decimals": "round d2 to so many decimals, as printed tables do; default: exact"}


def _kind(name: str, title: str, panel: str, fit: Any, start: Any, options: Mapping[str, str]) -> Kind:
    return Kind(name, title, (PanelKind(panel, SHARE, "1"),), points_of_counts, one_count, fit, start, options)


ATTRIBUTES: tuple[Kind, ...] = (
    _kind("p", "Proportion defective", "proportion", _fit_pieces, _start_p, _OPTIONS),
    _kind("np", "Number defective", "number defective", _fit_pieces, _start_np, _OPTIONS),
    _kind("c", "Number of defects", "defects", _fit_c, _start_c, _OPTIONS),
    _kind("u", "Defects per unit", "defects per unit", _fit_defects, _start_u, _OPTIONS),
    _kind("laney_p", "Proportion defective, Laney", "proportion", _fit_laney_p, _start_p, _LANEY),
    _kind("laney_u", "Defects per unit, Laney", "defects per unit", _fit_laney_u, _start_u, _LANEY),
)
"""p, np, c, u, laney_p, laney_u."""
