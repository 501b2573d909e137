"""A stream gives to the bit what the whole sample gives, cut and restored anywhere."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from luban.core.errors import InputError
from luban.understand.quality.data import subgroups
from luban.understand.quality.spc import Chart, Limits, Stream, Violation, control_chart, counted

NUMBER = st.floats(-5, 5, allow_subnormal=False)
RULES = ["nelson", "western_electric", "limits"]
LIMITS = [
    Limits("i_mr", {"centre": 0.1, "sigma": 1.3}),
    Limits("i_mr", {"centre": 0.1, "sigma": 1.3, "decimals": 3, "width": 2.5}),
    Limits("xbar_r", {"centre": -0.2, "sigma": 0.9}),
    Limits("xbar_s", {"centre": -0.2, "sigma": 0.9}),
    Limits("p", {"centre": 0.13}),
    Limits("np", {"centre": 0.13}),
    Limits("c", {"centre": 3.7, "size": 1.0}),
    Limits("u", {"centre": 1.7}),
    Limits("laney_p", {"centre": 0.13, "sigma_z": 1.9}),
    Limits("laney_u", {"centre": 1.7, "sigma_z": 0.8}),
]


@st.composite
def arrivals(draw: st.DrawFn, kind: str) -> list[tuple[Any, float | None]]:
    """What arrives: values or counts with their size."""
    count = draw(st.integers(1, 60))
    if kind == "i_mr":
        return [(draw(NUMBER), None) for _ in range(count)]
    if kind.startswith("xbar"):
        return [(draw(st.lists(NUMBER, min_size=1, max_size=6)), None) for _ in range(count)]
    if kind == "c":
        return [(draw(st.integers(0, 12)), 1.0) for _ in range(count)]
    if kind.endswith("u"):
        return [(draw(st.integers(0, 12)), draw(st.floats(0.1, 9))) for _ in range(count)]
    sizes = [draw(st.integers(5, 60)) for _ in range(count)]
    return [(draw(st.integers(0, min(size, 20))), float(size)) for size in sizes]


def sample_of(kind: str, arrived: list[tuple[Any, float | None]]) -> Any:
    if kind == "i_mr":
        return np.array([value for value, _ in arrived])
    if kind.startswith("xbar"):
        return subgroups([value for value, _ in arrived])
    counts, sizes = [float(value) for value, _ in arrived], [float(size or 1) for _, size in arrived]
    return counted(counts, sizes, defective=kind in ("p", "np", "laney_p"))


def bits(chart: Chart) -> list[bytes]:
    return [
        getattr(panel, name).tobytes()
        for panel in chart.panels
        for name in ("values", "centre", "lower", "upper", "sigma")
    ]


@pytest.mark.parametrize("limits", LIMITS, ids=lambda one: one.kind)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_one_at_a_time_equals_all_at_once(limits: Limits, data: st.DataObject) -> None:
    arrived = data.draw(arrivals(limits.kind))
    chart = control_chart(limits.kind, sample_of(limits.kind, arrived), rules=RULES, limits=limits)
    stream = Stream(limits, rules=RULES)
    saved = data.draw(st.integers(0, len(arrived)))
    plotted = []
    for at, (value, size) in enumerate(arrived):
        if at == saved:
            stream = Stream.from_bytes(stream.to_bytes())
        plotted.append(stream.update(value, size))
    for panel in range(len(chart.panels)):
        values = np.array([one.values[panel] for one in plotted])
        assert values.tobytes() == chart.panels[panel].values.tobytes()
        lines = np.array([one.lines[panel] for one in plotted]).T
        for row, name in enumerate(("centre", "lower", "upper", "sigma")):
            assert lines[row].tobytes() == getattr(chart.panels[panel], name).tobytes()
    assert tuple(one for point in plotted for one in point.violations) == chart.violations


@settings(max_examples=40, deadline=None)
@given(st.lists(NUMBER, min_size=2, max_size=80), st.integers(1, 79))
def test_pieces_of_any_length_make_the_whole(values: list[float], cut: int) -> None:
    cut = min(cut, len(values) - 1)
    whole = control_chart("i_mr", values, rules=RULES, limits=LIMITS[0])
    stream = Stream(LIMITS[0], rules=RULES)
    one = stream.extend(_sample(values[:cut]))
    two = Stream.from_dict(json.loads(json.dumps(stream.as_dict()))).extend(_sample(values[cut:]))
    joined = [b"".join(pair) for pair in zip(bits(one), bits(two), strict=True)]
    assert joined == bits(whole)
    moved = [Violation(v.panel, v.point + cut, v.rule, v.first + cut, v.side) for v in two.violations]
    assert (*one.violations, *moved) == whole.violations


def _sample(values: list[float]) -> Any:
    return subgroups([[value] for value in values])


def test_a_bad_value_leaves_the_stream_as_it_was() -> None:
    stream = Stream(LIMITS[0], rules="nelson")
    stream.update(0.5)
    before = stream.to_bytes()
    for wrong in (float("nan"), "x", None, [1.0, 2.0], float("inf"), {}):
        with pytest.raises(InputError):
            stream.update(wrong)
    assert stream.to_bytes() == before
    groups = Stream(LIMITS[2])
    for wrong in ([], [[1.0, 2.0]], [1.0, "b"]):
        with pytest.raises(InputError):
            groups.update(wrong)
    fixed = Stream(LIMITS[6])
    with pytest.raises(InputError, match="one size"):
        fixed.update(3, 2.0)
    assert fixed.count == 0


def test_a_broken_state_is_refused() -> None:
    state = Stream(LIMITS[0], rules="nelson").as_dict()
    broken: list[dict[str, Any]] = [
        {**state, "form": 99}, {**state, "memory": "AAAA"}, {**state, "counters": [[1]]}, {**state, "rules": [{}]},
        {name: value for name, value in state.items() if name != "count"}, {**state, "limits": {}},
    ]  # fmt: skip
    for one in broken:
        with pytest.raises(InputError):
            Stream.from_dict(one)
    with pytest.raises(InputError):
        Stream.from_bytes(b"\xff{")


def test_what_a_point_says() -> None:
    stream = Stream(Limits("i_mr", {"centre": 10.0, "sigma": 1.0}), rules="nelson")
    stream.update(9.0)
    point = stream.update(13.5)
    assert point.at == 1
    assert point.values == (13.5, 4.5)
    assert point.lines[0] == (10.0, 7.0, 13.0, 1.0)
    assert [(one.rule, one.panel, one.side) for one in point.violations] == [("nelson_1", 0, 1), ("nelson_1", 1, 1)]
