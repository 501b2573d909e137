"""A chart on the line: one point at a time, against frozen limits; it can be stopped and taken up again.

A stream gives to the bit what `control_chart` gives for all points at once, however they are cut and wherever it was
saved and restored in between.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

from luban.core.errors import InputError
from luban.understand.quality.data import Floats, Ints
from luban.understand.quality.spc.chart import Chart, Violation
from luban.understand.quality.spc.charts import kind_of, panels_of
from luban.understand.quality.spc.judge import Judge
from luban.understand.quality.spc.limits import Limits
from luban.understand.quality.spc.rules import Rule, chosen_rules

__all__ = ["Plotted", "Stream"]

FORM = 1
"""Form of what `as_dict` gives."""


class Plotted(NamedTuple):
    """One point as it came off the line.

    at          0, 1, … since the stream began
    values      plotted value of each panel; nan where it does not exist
    lines       centre, lower, upper, sigma of each panel
    violations  rules that fired at this point, in order of panels
    """

    at: int
    values: tuple[float, ...]
    lines: tuple[tuple[float, float, float, float], ...]
    violations: tuple[Violation, ...]


class Stream:
    """A chart against frozen limits that takes points as they come.

    limits  frozen limits: `fit_limits` of phase 1, or given ones
    rules   as in `control_chart`
    Raises  InputError if a parameter of the limits is missing, or a rule is unknown

    Example  stream = Stream(Limits("i_mr", {"centre": 10.0, "sigma": 1.0}), rules="nelson")
             stream.update(13.5).violations[0].rule == "nelson_1"
    """

    def __init__(self, limits: Limits, *, rules: str | Rule | Iterable[str | Rule] = "limits") -> None:
        self.limits = limits
        self.rules = chosen_rules(rules)
        self.count = 0
        self._kind = kind_of(limits.kind)
        self._run = self._kind.start(limits)
        self._judge = Judge(self._kind.panels, self.rules)

    def update(self, value: Any, size: float | None = None) -> Plotted:
        """Takes one point: a value, the values of a subgroup, or a count in a `size` [pieces or area].

        InputError leaves the stream as it was.
        """
        tracks = self._run.advance(self._kind.one(value, size))
        violations = self._judge.judge(tracks, self.count)
        index = self.count
        self.count = index + 1
        values = tuple([values.item(0) for values, _ in tracks])
        return Plotted(index, values, tuple([tuple(lines[:, 0].tolist()) for _, lines in tracks]), tuple(violations))

    def extend(self, data: Any) -> Chart:
        """Takes all points of a sample that follow those before, and gives their chart.

        Indexes of its violations count within this chart; `first` is below 0 where a pattern began before it.
        """
        tracks = self._run.advance(self._kind.points(data))
        start = self.count
        found = self._judge.judge(tracks, start)
        self.count = start + len(data.labels)
        return Chart(
            kind=self.limits.kind, characteristic=data.characteristic, labels=data.labels, time=data.time,
            panels=panels_of(self._kind, tracks, getattr(data, "unit", "1")),
            violations=tuple(Violation(v.panel, v.point - start, v.rule, v.first - start, v.side) for v in found),
            parameters={
                **self.limits.parameters, "revision": self.limits.revision, "rules": [rule.name for rule in self.rules],
            },
            phase=2, used=len(data.labels), excluded=data.excluded, notes=self.limits.notes, source=data.source,
        )  # fmt: skip

    def as_dict(self) -> dict[str, Any]:
        """All that it holds, as JSON knows it; `from_dict` goes on from there to the bit."""
        return {
            "form": FORM, "limits": self.limits.as_dict(), "count": self.count,
            "rules": [
                {
                    "name": one.name, "pattern": one.pattern, "points": one.points, "of": one.of, "sigmas": one.sigmas,
                    "roles": sorted(one.roles), "title": one.title, "both": one.both, "mark": one.mark,
                }
                for one in self.rules
            ],
            "memory": _packed(self._run.memory),
            "counters": [one.ravel().tolist() for one in self._judge.counters],
            "before": [_packed(one) for one in self._judge.before],
        }  # fmt: skip

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> Stream:
        """A stream that goes on where `as_dict` was taken. InputError if it is none, or does not fit its chart."""
        try:
            if state["form"] != FORM:
                raise InputError("the state of a stream has another form", came=str(state["form"]), expected=str(FORM))
            rules = [Rule(**{**one, "roles": frozenset(one["roles"])}) for one in state["rules"]]
            stream = cls(Limits.from_dict(state["limits"]), rules=rules)
            stream.count = int(state["count"])
            _put(stream._run.memory, _unpacked(state["memory"]))
            for whole, counters in zip(stream._judge.counters, state["counters"], strict=True):
                _put(whole, np.array(counters, np.int64).reshape(whole.shape))
            for last, before in zip(stream._judge.before, state["before"], strict=True):
                _put(last, _unpacked(before))
        except (KeyError, TypeError, ValueError) as error:
            raise InputError("this is no state of a stream", came=str(state)[:120], expected=str(error)) from None
        return stream

    def to_bytes(self) -> bytes:
        """`as_dict` as JSON in UTF-8."""
        return json.dumps(self.as_dict(), ensure_ascii=False, separators=(",", ":")).encode()

    @classmethod
    def from_bytes(cls, state: bytes) -> Stream:
        """`from_dict` of what `to_bytes` gave."""
        try:
            read = json.loads(state)
        except ValueError:
            raise InputError("this is no state of a stream", came=repr(state[:60])) from None
        return cls.from_dict(read)


def _packed(values: Floats) -> str:
    return base64.b64encode(values.astype("<f8").tobytes()).decode()


def _unpacked(text: str) -> Floats:
    return np.frombuffer(base64.b64decode(text, validate=True), "<f8").astype(np.float64)


def _put(into: Floats | Ints, values: Floats | Ints) -> None:
    if into.size != values.size:
        raise ValueError(f"{into.size} numbers, not {values.size}")
    into.reshape(-1)[:] = values.reshape(-1)
