"""The contract of every kind of chart: streaming equals the whole sample to the bit, saved and restored anywhere."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from luban.core.errors import InputError
from luban.understand.quality.data import individuals, subgroups
from luban.understand.quality.spc import CHARTS, Chart, Limits, Stream, control_chart, counted, fit_limits, freeze
from luban.understand.quality.spc.multivariate import vectors
from luban.understand.quality.spc.short_run import products

RULES = ["nelson", "western_electric", "limits"]
Draw = np.random.Generator
Made = tuple[Any, list[tuple[Any, float | None]]]  # a sample, and the same as it arrives


def singles(draw: Draw, count: int) -> Made:
    values = draw.normal(10, 2, count) + np.where(np.arange(count) > 0.7 * count, draw.normal(0, 3), 0)
    return individuals(values), [(float(value), None) for value in values]


def groups(draw: Draw, count: int) -> Made:
    rows = [draw.normal(10, 2, size) for size in draw.integers(1, 6, count)]
    rows[0] = draw.normal(10, 2, 4)
    return subgroups(rows), [(row.tolist(), None) for row in rows]


def pieces(draw: Draw, count: int) -> Made:
    sizes = draw.integers(30, 300, count).astype(float)
    bad = draw.binomial(sizes.astype(int), draw.uniform(0.05, 0.2, count)).astype(float)
    return counted(bad, sizes), list(zip(bad.tolist(), sizes.tolist(), strict=True))


def flaws(draw: Draw, count: int) -> Made:
    areas = draw.uniform(0.3, 4, count)
    found = draw.poisson(6 * areas).astype(float)
    return counted(found, areas, defective=False), list(zip(found.tolist(), areas.tolist(), strict=True))


def equal_flaws(draw: Draw, count: int) -> Made:
    found = draw.poisson(6, count).astype(float)
    return counted(found, defective=False), [(value, None) for value in found.tolist()]


def rows(draw: Draw, count: int) -> Made:
    values = draw.normal(0, 1, (count, 3)) @ draw.normal(0, 1, (3, 3))
    return vectors(values), [(row.tolist(), None) for row in values]


def mixed(draw: Draw, count: int) -> Made:
    names = [f"part {number}" for number in draw.integers(1, 4, count)]
    values = draw.normal(10, 2, count)
    return products(individuals(values), names), [((v, n), None) for v, n in zip(values.tolist(), names, strict=True)]


def mixed_groups(draw: Draw, count: int) -> Made:
    names = [f"part {number}" for number in draw.integers(1, 4, count)]
    taken = draw.normal(10, 2, (count, 4))
    arrived = [((row, name), None) for row, name in zip(taken.tolist(), names, strict=True)]
    return products(subgroups(taken), names), arrived


MAKERS: dict[str, list[Callable[[Draw, int], Made]]] = {
    "i_mr": [singles], "xbar_r": [groups], "xbar_s": [groups], "p": [pieces], "np": [pieces], "c": [equal_flaws],
    "u": [flaws], "laney_p": [pieces], "laney_u": [flaws], "ewma": [singles, groups], "cusum": [singles, groups],
    "moving_average": [singles, groups], "t2": [rows], "mewma": [rows], "dnom": [mixed], "z_mr": [mixed],
    "short_xbar_r": [mixed_groups],
}  # fmt: skip
CASES = [(kind, maker) for kind, makers in MAKERS.items() for maker in makers]


def lines_of(chart: Chart, panel: int) -> list[bytes]:
    return [getattr(chart.panels[panel], name).tobytes() for name in ("centre", "lower", "upper", "sigma")]


def test_no_kind_escapes() -> None:
    assert set(MAKERS) == set(CHARTS)


@pytest.mark.parametrize(("kind", "maker"), CASES, ids=[f"{kind}-{maker.__name__}" for kind, maker in CASES])
@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 2**31), count=st.integers(1, 50), saved=st.integers(0, 49))
def test_one_at_a_time_equals_all_at_once(kind: str, maker: Any, seed: int, count: int, saved: int) -> None:
    draw = np.random.default_rng(seed)
    limits = fit_limits(kind, maker(draw, 60)[0])
    data, arrived = maker(draw, count)
    if kind in ("dnom", "z_mr", "short_xbar_r"):
        data, arrived = maker(np.random.default_rng(seed), 60)  # the products that the limits know
    chart = control_chart(kind, data, rules=RULES, limits=limits)
    stream, plotted = Stream(limits, rules=RULES), []
    for at, (value, size) in enumerate(arrived):
        if at == saved:
            stream = Stream.from_bytes(stream.to_bytes())
        plotted.append(stream.update(value, size))
    for panel in range(len(chart.panels)):
        assert np.array([one.values[panel] for one in plotted]).tobytes() == chart.panels[panel].values.tobytes()
        drawn = np.array([one.lines[panel] for one in plotted]).T
        assert [row.tobytes() for row in drawn] == lines_of(chart, panel)
    assert tuple(one for point in plotted for one in point.violations) == chart.violations


@pytest.mark.parametrize(("kind", "maker"), CASES, ids=[f"{kind}-{maker.__name__}" for kind, maker in CASES])
def test_a_chart_can_be_written_down_and_its_limits_taken_up(kind: str, maker: Any) -> None:
    data, _ = maker(np.random.default_rng(5), 60)
    chart = control_chart(kind, data, rules="nelson")
    document = json.loads(json.dumps(chart.as_dict(), allow_nan=False))
    assert document["chart"] == kind
    assert len(document["panels"]) == len(CHARTS[kind].panels)
    limits = freeze(chart, person="q.li", reason="stable")
    again = Limits.from_dict(json.loads(json.dumps(limits.as_dict(), allow_nan=False)))
    assert again == limits
    later = control_chart(kind, data, limits=again)
    assert (later.phase, later.used) == (2, 60)
    for panel in later.panels:
        assert panel.values.shape == panel.upper.shape == panel.sigma.shape == (60,)


@pytest.mark.parametrize("kind", MAKERS)
def test_what_does_not_fit_is_refused_in_one_sentence(kind: str) -> None:
    data, _ = MAKERS[kind][0](np.random.default_rng(5), 60)
    for wrong in (None, "text", [], [[]], 5, {"a": 1}, [None, 1.0], object()):
        with pytest.raises(InputError):
            control_chart(kind, wrong)
    with pytest.raises(InputError):
        control_chart(kind, data, no_such_option=1)
    with pytest.raises(InputError):
        control_chart(kind, data, limits=Limits(kind, {}))
    stream = Stream(fit_limits(kind, data))
    for value in (None, "x", [], float("nan"), {}, object(), [[1.0]], ("a", "b")):
        with pytest.raises(InputError):
            stream.update(value)
    assert stream.count == 0


def test_the_example_of_the_reference_page_runs(capsys: pytest.CaptureFixture[str]) -> None:
    page = Path(__file__).parents[4] / "docs" / "reference" / "control-charts.md"
    code = page.read_text("utf-8").split("```python\n")[1].split("```")[0]
    exec(code, {})
    assert capsys.readouterr().out.splitlines() == ["49.24 2.0383", "['nelson_1']"]
