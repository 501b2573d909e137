"""Several products on one chart: what is taken off is taken off, and what is left is the usual chart."""

from __future__ import annotations

import numpy as np
import pytest

from luban.core.errors import InputError
from luban.understand.quality.data import individuals, subgroups
from luban.understand.quality.spc import Stream, control_chart, fit_limits
from luban.understand.quality.spc.short_run import Products, products

D2 = 1.1283791670955126  # 2/√π
VALUES = [10.1, 10.2, 9.9, 20.6, 20.1, 19.5, 10.0, 9.8, 10.3, 20.9, 20.0]
NAMES = list("aaabbbaaabb")
NOMINAL = {"a": 10.0, "b": 20.0}


def mixed() -> Products:
    return products(individuals(VALUES), NAMES, nominal=NOMINAL)


def test_deviations_with_ranges_of_one_product_only() -> None:
    chart = control_chart("dnom", mixed())
    place, spread = chart.panels
    assert place.values == pytest.approx([0.1, 0.2, -0.1, 0.6, 0.1, -0.5, 0.0, -0.2, 0.3, 0.9, 0.0])
    ranges = [0.1, 0.3, 0.5, 0.6, 0.2, 0.5, 0.9]  # never from an a to a b
    assert chart.parameters["sigma"] == pytest.approx(np.mean(ranges) / D2)
    assert place.upper[0] == pytest.approx(3 * np.mean(ranges) / D2)
    # drawn, the range over a change of product is that of deviations
    assert spread.values[3] == pytest.approx(0.7)
    assert np.isnan(spread.values[0])
    assert list(chart.labels)[3] == "4 · b"


def test_standardised_values_by_each_way_to_sigma() -> None:
    a, b = np.mean([0.1, 0.3, 0.2, 0.5]) / D2, np.mean([0.5, 0.6, 0.9]) / D2
    by_product = control_chart("z_mr", mixed()).panels[0]
    assert by_product.values[[1, 3]] == pytest.approx([0.2 / a, 0.6 / b])
    assert by_product.upper[0] == 3
    constant = control_chart("z_mr", mixed(), sigma_by="constant").panels[0]
    assert constant.values[3] == pytest.approx(0.6 / (np.mean([0.1, 0.3, 0.2, 0.5, 0.5, 0.6, 0.9]) / D2))
    relative = control_chart("z_mr", mixed(), sigma_by="relative").panels[0]
    share = np.mean([0.01, 0.03, 0.02, 0.05, 0.025, 0.03, 0.045]) / D2
    assert relative.values[[1, 3]] == pytest.approx([0.2 / (10 * share), 0.6 / (20 * share)])
    given = control_chart("z_mr", products(individuals(VALUES), NAMES, nominal=NOMINAL, sigma={"a": 0.2, "b": 0.5}))
    assert given.panels[0].values[[1, 3]] == pytest.approx([1.0, 1.2])


def test_one_product_alone_is_the_usual_chart() -> None:
    values = np.random.default_rng(1).normal(5.0, 0.1, 40)
    one = control_chart("dnom", products(individuals(values), ["x"] * 40))
    usual = control_chart("i_mr", values)
    for own, other in zip(one.panels, usual.panels, strict=True):
        assert own.upper[0] - own.centre[0] == pytest.approx(other.upper[0] - other.centre[0])
        assert own.values + own.centre[0] * 0 == pytest.approx(
            other.values - (usual.panels[0].centre[0] if own is one.panels[0] else 0), nan_ok=True
        )


def test_subgroups_with_the_range_of_their_product() -> None:
    data = products(
        subgroups([[1.0, 3.0], [2.0, 4.0], [20.0, 28.0], [21.0, 25.0]]), list("aabb"), nominal={"a": 2, "b": 24}
    )
    chart = control_chart("short_xbar_r", data)
    place, spread = chart.panels
    assert spread.values == pytest.approx([2 / (2 / D2), 2 / (2 / D2), 8 / (6 / D2), 4 / (6 / D2)])
    assert place.values == pytest.approx([0.0, 1 / (2 / D2), 0.0, -1 / (6 / D2)])
    assert place.upper[0] == pytest.approx(3 / np.sqrt(2))
    assert spread.centre[0] == pytest.approx(D2)
    assert spread.upper[0] == pytest.approx(3.2665 * D2, abs=1e-3)


def test_it_says_so_where_products_scatter_differently() -> None:
    random = np.random.default_rng(4)
    values = np.concatenate([random.normal(10, 0.1, 15), random.normal(20, 0.5, 15)])
    chart = control_chart("dnom", products(individuals(values), ["a"] * 15 + ["b"] * 15))
    assert any("z_mr" in note for note in chart.notes)


def test_on_the_line_it_is_the_same_to_the_bit() -> None:
    for kind in ("dnom", "z_mr"):
        limits = fit_limits(kind, mixed())
        whole = control_chart(kind, mixed(), limits=limits, rules="nelson")
        stream = Stream(limits, rules="nelson")
        told = []
        for value, name in zip(VALUES, NAMES, strict=True):
            stream = Stream.from_bytes(stream.to_bytes())
            told.append(stream.update(([value], name)))
        for panel, own in enumerate(whole.panels):
            assert np.array_equal([one.values[panel] for one in told], own.values, equal_nan=True)


def test_refusals() -> None:
    limits = fit_limits("z_mr", mixed())
    for wrong, says in (
        (lambda: control_chart("dnom", VALUES), "several products"),
        (lambda: products(individuals(VALUES), ["a"]), "needs its product"),
        (lambda: products(individuals(VALUES), NAMES, sigma={"a": 0.0}), "above zero"),
        (lambda: control_chart("dnom", products(individuals([1.0, 2.0]), ["a", "b"])), "of one product"),
        (lambda: control_chart("dnom", products(subgroups([[1.0, 2.0]]), ["a"])), "single values"),
        (lambda: control_chart("z_mr", mixed(), sigma_by="magic"), "sigma of a product"),
        (lambda: control_chart("z_mr", products(individuals([1.0, 1.0, 1.0]), ["a"] * 3)), "do not vary"),
        (lambda: Stream(limits).update(([1.0], "c")), "no nominal"),
        (lambda: Stream(limits).update(3.0), "values with a product"),
    ):
        with pytest.raises(InputError, match=says):
            wrong()
