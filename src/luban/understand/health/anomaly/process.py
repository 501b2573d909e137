"""A process of many variables, watched as one: does it still move as its past says it should?

Every row is predicted from the rows before it by a ridge regression on data of good operation; what is left over, the
innovation, is whitened. T² sums its few strong directions, Q the many weak ones, where broken relations show first [1].
Both are smoothed (EWMA) and held against limits from blocks of the good data that the model had not seen [2].

    [1] Ku, Storer, Georgakis 1995, doi:10.1016/0169-7439(95)00076-3 (dynamic principal components)
    [2] limits as one-sided tolerance bounds: NIST/SEMATECH e-Handbook 7.2.6.3, in the number of independent values
        that smoothing leaves
    [3] Wilson, Hilferty 1931, doi:10.1073/pnas.17.12.684
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from statistics import NormalDist
from typing import Any

import numpy as np

from luban.core.errors import InputError
from luban.core.state import pack, unpack, unpacking
from luban.understand.health.anomaly.innovation import Model, best_setting, fit_model, innovations, lagged
from luban.understand.quality.data import Excluded, Floats

__all__ = ["ProcessMonitor", "ProcessRule", "Step", "fit_monitor"]

LEAST_ROWS = 100
_MODEL = ("mean", "scale", "weights", "turn", "stretch")


@dataclass(frozen=True, slots=True)
class ProcessRule:
    """How a process is watched.

    false_alarms  share of rows of good operation that may lie beyond a limit [1], above 0, below 0.2
    confidence    that the share is kept, given how few good rows the limits rest on [1]
    weight        of the newest row in the smoothing, above 0, at most 1
    share         of the variance of the innovations that makes T² [1]; the rest makes Q
    lags          rows that predict the next one, tried
    ridges        strengths of the ridge, tried; the pair that predicts unseen blocks best is taken
    blocks        that the good data are cut in
    """

    false_alarms: float = 0.01
    confidence: float = 0.9
    weight: float = 0.1
    share: float = 0.5
    lags: tuple[int, ...] = (1, 2)
    ridges: tuple[float, ...] = (0.03, 0.1, 0.3, 1.0, 3.0)
    blocks: int = 5

    def __post_init__(self) -> None:
        for wrong, name in (
            (not 0 < self.false_alarms < 0.2, "false_alarms"),
            (not 0.5 <= self.confidence < 1, "confidence"),
            (not 0 < self.weight <= 1, "weight"),
            (not 0 < self.share < 1, "share"),
            (not self.lags or min(self.lags) < 1, "lags"),
            (not self.ridges or min(self.ridges) <= 0, "ridges"),
            (not 2 <= self.blocks <= 20, "blocks"),
        ):
            if wrong:
                raise InputError("a process cannot be watched so", came=f"{name} = {getattr(self, name)}")


@dataclass(frozen=True, slots=True)
class Step:
    """What one row says.

    t2, q          smoothed statistics over their limits [1]; above 1 is an alarm; nan where there is a reason
    alarm          either is above 1
    contributions  variables with their share of the smoothed distance [1], largest first; only at an alarm
    reason         why there is no verdict, "" if there is one
    missing        variables without a value in this row; their expectation stood in for them
    """

    t2: float
    q: float
    alarm: bool
    contributions: tuple[tuple[str, float], ...] = ()
    reason: str = ""
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Regime:
    """Model of one regime, with the mean and the limit of T² and of Q, shape (2,) each."""

    model: Model
    centre: Floats
    limit: Floats


@dataclass(slots=True)
class _Flow:
    """Where the stream is."""

    regime: str = ""
    past: list[Floats] = field(default_factory=list)
    smooth: Floats | None = None
    parts: Floats | None = None


class ProcessMonitor:
    """Watches rows one by one; `run` is the same row by row.

    names     variables that are watched
    excluded  variables that are not, with the reason
    reasons   regimes without a model, with the reason
    """

    def __init__(
        self, names: tuple[str, ...], columns: tuple[int, ...], rule: ProcessRule, regimes: Mapping[str, _Regime],
        reasons: Mapping[str, str], excluded: tuple[Excluded, ...],
    ) -> None:  # fmt: skip
        self.names, self.rule, self.excluded, self.reasons = names, rule, excluded, dict(reasons)
        self._columns, self._regimes, self._flow = np.array(columns), dict(regimes), _Flow()

    @property
    def settings(self) -> dict[str, tuple[int, float]]:
        """Lags and ridge that were taken, by regime."""
        return {name: (one.model.lags, one.model.ridge) for name, one in self._regimes.items()}

    def restart(self) -> None:
        """Forget the rows so far, as after a stop."""
        self._flow = _Flow()

    def run(self, rows: Floats, regimes: Sequence[str] | None = None) -> tuple[Step, ...]:
        """Rows in order of time, shape (n, variables as fitted)."""
        labels = regimes if regimes is not None else [""] * len(rows)
        if len(labels) != len(rows):
            raise InputError("rows and regimes differ in number", came=f"{len(rows)} and {len(labels)}")
        return tuple(self.update(row, regime) for row, regime in zip(rows, labels, strict=True))

    def update(self, row: Floats, regime: str = "") -> Step:
        """One row more; a value that is not a number counts as missing.

        Raises  InputError if the row has fewer variables than those fitted
        """
        if len(row) <= self._columns.max():
            raise InputError("a row lacks variables", came=f"{len(row)} values", expected=f"{self._columns.max() + 1}")
        if regime != self._flow.regime:
            self._flow = _Flow(regime)
        own = self._regimes.get(regime)
        if own is None:
            return Step(math.nan, math.nan, False, reason=self.reasons.get(regime, "this regime was never seen"))
        return self._verdict(own, np.asarray(row, np.float64)[self._columns])

    def _verdict(self, own: _Regime, row: Floats) -> Step:
        flow, model = self._flow, own.model
        scaled = (row - model.mean) / model.scale
        known = np.isfinite(scaled)
        missing = tuple(name for name, there in zip(self.names, known, strict=True) if not there)
        if len(flow.past) < model.lags:
            flow.past.append(np.where(known, scaled, 0.0))
            return Step(math.nan, math.nan, False, reason="too few rows yet", missing=missing)
        expected = np.concatenate(flow.past[::-1]) @ model.weights
        scaled = np.where(known, scaled, expected)
        left = scaled - expected
        flow.past = [*flow.past[1:], scaled] if model.lags > 1 else [scaled]
        white = (left @ model.turn) * model.stretch
        squares = white * white
        both = np.array([squares[: model.strong].sum(), squares[model.strong :].sum()])
        parts = left * (model.turn @ (white * model.stretch))
        weight = self.rule.weight
        flow.smooth = own.centre + weight * (both - own.centre) if flow.smooth is None else (
            flow.smooth + weight * (both - flow.smooth))  # fmt: skip
        flow.parts = parts if flow.parts is None else flow.parts + weight * (parts - flow.parts)
        told = flow.smooth / own.limit
        alarm = bool((told > 1).any())
        return Step(float(told[0]), float(told[1]), alarm, self._named(flow.parts) if alarm else (), "", missing)

    def save(self) -> bytes:
        """Model, limits and where the stream is, to go on from later."""
        flow = self._flow
        arrays = {"columns": self._columns, "past": np.array(flow.past), "smooth": _kept(flow.smooth),
                  "parts": _kept(flow.parts)}  # fmt: skip
        plain: dict[str, list[float]] = {}
        for at, (name, own) in enumerate(self._regimes.items()):
            plain[name] = [own.model.lags, own.model.ridge, own.model.strong]
            arrays |= {f"{at}.{key}": getattr(own.model, key) for key in _MODEL}
            arrays |= {f"{at}.centre": own.centre, f"{at}.limit": own.limit}
        return pack({
            "names": self.names, "rule": asdict(self.rule), "reasons": self.reasons, "regimes": plain,
            "excluded": [one.as_dict() for one in self.excluded], "regime": flow.regime,
        }, arrays)  # fmt: skip

    @classmethod
    def restore(cls, state: bytes) -> ProcessMonitor:
        """A monitor that goes on where `save` left it, to the bit.

        Raises  InputError if the bytes are not such a state
        """
        with unpacking("this is not the state of a watched process"):
            told, kept = unpack(state)
            rule: dict[str, Any] = {
                key: tuple(value) if isinstance(value, list) else value for key, value in told["rule"].items()
            }
            regimes = {}
            for at, (name, (lags, ridge, strong)) in enumerate(told["regimes"].items()):
                arrays: dict[str, Any] = {key: kept[f"{at}.{key}"] for key in _MODEL}
                model = Model(lags=int(lags), ridge=ridge, strong=int(strong), **arrays)
                regimes[name] = _Regime(model, kept[f"{at}.centre"], kept[f"{at}.limit"])
            monitor = cls(tuple(told["names"]), tuple(kept["columns"].tolist()), ProcessRule(**rule), regimes,
                          told["reasons"], tuple(Excluded(**one) for one in told["excluded"]))  # fmt: skip
            smooth, parts = kept["smooth"], kept["parts"]
            monitor._flow = _Flow(told["regime"], list(kept["past"]), smooth if len(smooth) else None,
                                  parts if len(parts) else None)  # fmt: skip
        return monitor

    def _named(self, parts: Floats) -> tuple[tuple[str, float], ...]:
        total = float(np.abs(parts).sum()) or 1.0
        order = np.argsort(-parts, kind="stable")
        return tuple((self.names[at], float(parts[at]) / total) for at in order)


def fit_monitor(
    rows: Floats, names: Sequence[str], rule: ProcessRule | None = None, regimes: Sequence[str] | None = None
) -> ProcessMonitor:
    """A monitor from rows of good operation, in order of time.

    rows     shape (n, p); rows with a value that is not a number are left out
    names    of the p variables
    regimes  of each row (product, load, speed); None: one regime, ""
    Raises   InputError if no regime has enough rows, or fewer than two variables vary
    Example  fit_monitor(good, ["flow", "pressure"]).run(new)
    """
    own = rule or ProcessRule()
    rows = np.asarray(rows, np.float64)
    labels = np.array(regimes if regimes is not None else [""] * len(rows), dtype=np.str_)
    if rows.ndim != 2 or rows.shape[1] != len(names) or len(labels) != len(rows):
        raise InputError("rows, names and regimes do not fit", came=f"{rows.shape}, {len(names)}, {len(labels)}")
    columns, excluded = _varying(rows, names)
    whole = np.isfinite(rows[:, columns]).all(axis=1)
    excluded += tuple(Excluded(f"row {at + 1}", "", "", "a value is missing") for at in np.flatnonzero(~whole)[:100])
    models, reasons = {}, {}
    for label in sorted(set(labels.tolist())):
        good = rows[whole & (labels == label)][:, columns]
        if len(good) < max(LEAST_ROWS, 2 * len(columns)):
            reasons[label] = "not enough rows of good operation"
        elif bool((good.std(axis=0) == 0).any()):
            reasons[label] = "a variable does not vary in this regime"
        else:
            models[label] = _calibrated(good, own)
    if not models:
        raise InputError("there are not enough rows of good operation", came=f"{int(whole.sum())} rows",
                         expected=f"{max(LEAST_ROWS, 2 * len(columns))} for one regime")  # fmt: skip
    return ProcessMonitor(tuple(names[at] for at in columns), tuple(columns), own, models, reasons, excluded)


def _kept(values: Floats | None) -> Floats:
    return np.zeros(0) if values is None else values


def _varying(rows: Floats, names: Sequence[str]) -> tuple[list[int], tuple[Excluded, ...]]:
    """Columns with enough values that vary."""
    columns, excluded = list[int](), list[Excluded]()
    for at, name in enumerate(names):
        known = rows[np.isfinite(rows[:, at]), at]
        if len(known) < 0.5 * len(rows):
            excluded.append(Excluded("", name, f"{len(known)} values", "missing in more than half of the rows"))
        elif known.min() == known.max():
            excluded.append(Excluded("", name, f"{known[0]:g}", "does not vary in good operation"))
        else:
            columns.append(at)
    if len(columns) < 2:
        raise InputError("fewer than two variables vary", hint="watch a single signal by itself")
    return columns, tuple(excluded)


def _calibrated(good: Floats, rule: ProcessRule) -> _Regime:
    """Model on all good rows, limits from blocks that a model on the others had not seen."""
    lags, ridge = best_setting(good, rule.lags, rule.ridges, rule.blocks)
    edges = np.linspace(0, len(good), rule.blocks + 1).astype(int)
    unseen = []
    for first, last in pairwise(edges):
        model = fit_model([good[:first], good[last:]], lags, ridge, rule.share)
        unseen.append(_statistics(model, good[first:last]))
    centre = np.concatenate(unseen).mean(axis=0)
    smooth = np.concatenate([_smoothed(block, centre, rule.weight) for block in unseen])
    count = max(len(smooth) * rule.weight / (2 - rule.weight), 4.0)
    root = np.cbrt(smooth)  # close to normal for sums of squares [3]
    limit = (root.mean(axis=0) + _bound(rule.false_alarms / 2, rule.confidence, count) * root.std(axis=0)) ** 3
    return _Regime(fit_model([good], lags, ridge, rule.share), centre, limit)


def _statistics(model: Model, rows: Floats) -> Floats:
    """T² and Q of every row that has enough before it, shape (n - lags, 2)."""
    white = (innovations(model, lagged((rows - model.mean) / model.scale, model.lags)) @ model.turn) * model.stretch
    squares = white * white
    return np.column_stack([squares[:, : model.strong].sum(axis=1), squares[:, model.strong :].sum(axis=1)])


def _smoothed(values: Floats, start: Floats, weight: float) -> Floats:
    out, now = np.empty_like(values), start
    for at, value in enumerate(values):
        now = now + weight * (value - now)
        out[at] = now
    return out


def _bound(share: float, confidence: float, count: float) -> float:
    """Standard deviations above the mean that hold all but `share`, with a confidence, from `count` values.

    Source   NIST/SEMATECH e-Handbook 7.2.6.3, one-sided, approximation of Natrella 1963
    Example  round(_bound(0.1, 0.99, 43), 4) == 1.8752, as in the handbook
    """
    normal = NormalDist()
    z, sure = normal.inv_cdf(1 - share), normal.inv_cdf(confidence)
    a = 1 - sure * sure / (2 * (count - 1))
    b = z * z - sure * sure / count
    return (z + math.sqrt(max(z * z - a * b, 0.0))) / a
