"""Every kind of chart by name, and the one way to draw a chart from a whole sample.

A new kind is written where it belongs (docs: kind.py) and added to `CHARTS` here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from luban.core.errors import InputError
from luban.understand.quality.data import Floats, individuals, subgroups
from luban.understand.quality.spc.advanced import ADVANCED
from luban.understand.quality.spc.attributes import ATTRIBUTES
from luban.understand.quality.spc.chart import Chart, Panel
from luban.understand.quality.spc.judge import Judge
from luban.understand.quality.spc.kind import Bools, Fit, Kind, Track
from luban.understand.quality.spc.limits import WIDTH, Limits
from luban.understand.quality.spc.rules import Rule, chosen_rules
from luban.understand.quality.spc.variables import VARIABLES

__all__ = ["CHARTS", "FEW", "control_chart", "fit_limits", "kind_of", "panels_of"]

CHARTS: Mapping[str, Kind] = {kind.name: kind for kind in (*VARIABLES, *ATTRIBUTES, *ADVANCED)}
"""Every kind of control chart by name."""

_TOO_LARGE = "the values are too large to calculate with"

FEW = 20
"""Points below which limits are called rough: NIST/SEMATECH e-Handbook 6.3.2 asks for 20 to 25 subgroups."""


def kind_of(name: str) -> Kind:
    """The kind with this name. InputError with the names there are."""
    if name not in CHARTS:
        raise InputError("there is no such chart", came=name, expected=", ".join(CHARTS))
    return CHARTS[name]


def control_chart(
    kind: str,
    data: Any,
    *,
    rules: str | Rule | Iterable[str | Rule] = "limits",
    limits: Limits | None = None,
    out: Mapping[int, str] | None = None,
    **options: Any,
) -> Chart:
    """A chart of a whole sample.

    kind     name in `CHARTS`
    data     what the kind takes: Sample, Counts, …; rows of numbers are taken as individuals or subgroups in order
    rules    names of rules or sets ("limits", "nelson", "western_electric", "none"), or rules of one's own
    limits   None: estimated from these points (phase 1); else frozen before (phase 2)
    out      phase 1: index of a point left out of the limits -> reason; it is plotted, judged alone, ends every run
    options  of the kind, e.g. width [standard errors]; phase 1 only
    Raises   InputError if the kind cannot take the data, or there are no limits (too few, no scatter, …)

    Example  control_chart("i_mr", [49.6, 47.6, 49.9, 51.3, 47.8], rules="nelson").violations == ()
    """
    chosen = chosen_rules(rules)
    one = kind_of(kind)
    taken = _rows(data)
    left_out = dict(out or {})
    points = one.points(taken)
    held = _fitted(one, taken, left_out, options) if limits is None else _given(kind, limits, left_out, options)
    count = len(taken.labels)
    run = (one.own or one.start)(held) if limits is None else one.start(held)
    tracks = run.advance(points)
    alone = None
    if left_out:
        alone = np.zeros(count, np.int64)
        alone[list(left_out)] = 1
    unit = getattr(taken, "unit", "1")
    return Chart(
        kind=kind, characteristic=taken.characteristic, labels=taken.labels, time=taken.time,
        panels=panels_of(one, tracks, unit),
        violations=tuple(Judge(one.panels, chosen).judge(tracks, 0, alone)),
        parameters={**held.parameters, "revision": held.revision, "rules": [rule.name for rule in chosen]},
        phase=1 if limits is None else 2, used=held.used if limits is None else count,
        excluded=taken.excluded, out=left_out, notes=held.notes, source=taken.source,
    )  # fmt: skip


def fit_limits(kind: str, data: Any, *, out: Mapping[int, str] | None = None, **options: Any) -> Limits:
    """Limits estimated from a sample (phase 1), ready to be frozen; `out` and `options` as in `control_chart`.

    Example  fit_limits("c", counted([16, 14, 28, 16], defective=False)).parameters["centre"] == 18.5
    """
    one = kind_of(kind)
    taken = _rows(data)
    one.points(taken)  # complains if the kind cannot take it
    return _fitted(one, taken, dict(out or {}), options)


def _fitted(kind: Kind, data: Any, out: Mapping[int, str], options: Mapping[str, Any]) -> Limits:
    unknown = sorted(set(options) - set(kind.options))
    if unknown:
        expected = ", ".join(kind.options) or "no option"
        raise InputError("this chart has no such option", came=", ".join(unknown), expected=expected, where=kind.name)
    given = dict(options)
    if "width" in kind.options:
        width = given.setdefault("width", WIDTH)
        if not isinstance(width, (int, float)) or not 0 < width < 100:
            raise InputError("limits lie above 0 standard errors from the centre", came=str(width), where="width")
    keep = _kept(len(data.labels), out)
    try:
        with np.errstate(over="ignore", invalid="ignore"):
            fit: Fit = kind.fit(data, keep, given)
    except OverflowError:
        raise InputError(_TOO_LARGE, where=data.characteristic) from None
    if not all(np.isfinite(one) for one in fit.parameters.values() if isinstance(one, float)):
        raise InputError(_TOO_LARGE, where=data.characteristic)
    used = int(keep.sum())
    few = (f"Limits rest on {used} points; with {FEW} or more they are reliable",) if used < FEW else ()
    return Limits(
        kind.name, dict(fit.parameters), used, data.characteristic, getattr(data, "unit", "1"),
        {data.labels[at]: why for at, why in out.items()}, notes=(*few, *fit.notes),
    )  # fmt: skip


def panels_of(kind: Kind, tracks: Sequence[Track], unit: str) -> tuple[Panel, ...]:
    """Panels from the tracks of a run; lines that are the same for all points take no room."""

    def panel(number: int) -> Panel:
        track, one = tracks[number], kind.panels[number]
        centre, lower, upper, sigma = (_along(track.lines[line], len(track.values)) for line in range(4))
        return Panel(one.name, one.unit or unit, track.values, centre, lower, upper, sigma)

    return tuple(map(panel, range(len(tracks))))


def _along(line: Floats, count: int) -> Floats:
    return np.broadcast_to(line, (count,))


def _kept(count: int, out: Mapping[int, str]) -> Bools:
    keep = np.ones(count, np.bool_)
    for at, why in out.items():
        if not 0 <= at < count:
            raise InputError("a point that is left out does not exist", came=str(at), expected=f"0 … {count - 1}")
        if not str(why).strip():
            raise InputError("a point is left out only with a reason", came=f"point {at + 1} without one")
        keep[at] = False
    return keep


def _given(kind: str, limits: Limits, out: Mapping[int, str], options: Mapping[str, Any]) -> Limits:
    if limits.kind != kind:
        raise InputError("these limits belong to another chart", came=limits.kind, expected=kind)
    if out or options:
        raise InputError(
            "frozen limits take no exclusions and no options", came=", ".join([*map(str, out), *options]),
            hint="estimate new limits in phase 1 and freeze them",
        )  # fmt: skip
    return limits


def _rows(data: Any) -> Any:
    """Rows of numbers as a Sample; everything else as it came."""
    if isinstance(data, np.ndarray | Sequence) and not isinstance(data, str) and len(data):
        try:
            return individuals(data) if np.ndim(data[0]) == 0 else subgroups(data)
        except (TypeError, ValueError):
            raise InputError("a value is not a number", came=str(data)[:80]) from None
    if hasattr(data, "labels"):
        return data
    raise InputError("there is nothing to chart", came=str(data)[:80], expected="a sample, counts, or rows of numbers")
