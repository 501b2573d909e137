"""Charts of counts against NIST, Dataplot and formulas done another way."""

from __future__ import annotations

import math

import numpy as np
import pytest

from luban.core.errors import InputError
from luban.understand.quality.spc import Limits, Stream, control_chart, counted
from luban.understand.quality.spc.constants import d2
from tests.understand.quality.spc.tables import defectives, defects, particles


def test_particles_of_the_handbook() -> None:
    # NIST/SEMATECH e-Handbook 6.3.3.1: 16, 28, 4; wafer 24 is out
    chart = control_chart("c", particles())
    panel = chart.panels[0]
    assert (panel.centre[0], panel.upper[0], panel.lower[0]) == (16.0, 28.0, 4.0)
    assert [one.point + 1 for one in chart.violations] == [24]


def test_proportions_of_dataplot() -> None:
    chart = control_chart("p", defectives())
    panel = chart.panels[0]
    assert chart.parameters["centre"] == pytest.approx(0.09940145361265498, rel=1e-12)
    assert [round(value, 8) for value in panel.upper[[0, 1, 16, 18]]] == [
        0.17968531,
        0.16287142,
        0.22043392,
        0.17812625,
    ]
    assert [round(value, 8) for value in panel.lower[[0, 1, 16, 18]]] == [0.0191176, 0.03593149, 0.0, 0.02067665]
    assert [one.point + 1 for one in chart.violations] == [14]


def test_defects_per_unit_of_dataplot() -> None:
    chart = control_chart("u", defects())
    panel = chart.panels[0]
    assert panel.centre[0] == pytest.approx(2.118918918918919, rel=1e-12)
    assert [round(value, 8) for value in panel.upper[[0, 6, 13, 18]]] == [
        5.20682033,
        4.88082191,
        5.03022029,
        4.75229009,
    ]
    assert not panel.lower.any()
    assert chart.in_control


def test_numbers_and_proportions_tell_the_same() -> None:
    number, share = control_chart("np", defectives()).panels[0], control_chart("p", defectives()).panels[0]
    sizes = defectives().sizes
    for name in ("centre", "lower", "upper", "values"):
        assert getattr(number, name) == pytest.approx(getattr(share, name) * sizes, rel=1e-12)


@pytest.mark.parametrize("kind", ["laney_p", "laney_u"])
def test_laney_widens_by_the_scatter_of_z(kind: str) -> None:
    draw = np.random.default_rng(3)
    sizes = draw.integers(5_000, 20_000, 40).astype(float)
    shares = np.clip(draw.normal(0.02, 0.004, 40), 0.001, None)  # far more scatter than chance
    counts = np.round(sizes * shares)
    data = counted(counts, sizes, defective=kind == "laney_p")
    chart = control_chart(kind, data)
    centre = counts.sum() / sizes.sum()
    each = np.sqrt((centre * (1 - centre) if kind == "laney_p" else centre) / sizes)
    z = (counts / sizes - centre) / each
    wider = np.abs(np.diff(z)).mean() / (2 / math.sqrt(math.pi))
    assert chart.parameters["sigma_z"] == pytest.approx(wider, rel=1e-10)
    assert wider > 2
    assert chart.panels[0].upper == pytest.approx(centre + 3 * each * wider, rel=1e-10)
    plain = control_chart(kind[-1], data)
    assert len(plain.violations) >= 5
    assert len(chart.violations) <= 1
    assert d2(2) == pytest.approx(2 / math.sqrt(math.pi))


def test_a_share_ends_at_all_pieces() -> None:
    chart = control_chart("p", counted([4, 5, 3, 5], 5))
    assert chart.panels[0].upper.max() == 1.0
    assert any("rough below 5" in note for note in chart.notes) is (17 / 20 * 5 < 5)


def test_a_known_share_or_rate_stands_in_for_what_was_counted() -> None:
    panel = control_chart("p", counted([0, 0, 1], 50), centre=0.02).panels[0]
    assert panel.centre[0] == 0.02
    assert panel.upper[0] == pytest.approx(0.02 + 3 * math.sqrt(0.02 * 0.98 / 50), rel=1e-14)
    flaws = counted([3, 4, 9], 2.0, defective=False)
    assert control_chart("u", flaws, centre=2.0).panels[0].centre[0] == 2.0
    chart = control_chart("c", flaws, centre=4.0)
    assert (chart.panels[0].centre[0], chart.panels[0].upper[0]) == (4.0, 10.0)
    for kind, data, centre in (("p", counted([1, 2], 9), 1.0), ("c", flaws, 0.0), ("u", flaws, "x")):
        with pytest.raises(InputError, match="known value"):
            control_chart(kind, data, centre=centre)


@pytest.mark.parametrize(
    ("kind", "data", "says"),
    [
        ("p", counted([1, 2], 10, defective=False), "defective pieces"),
        ("u", counted([1, 2], 10), "takes defects"),
        ("c", counted([1, 2], [10, 20], defective=False), "one size"),
        ("p", counted([0, 0, 0], 10), "nothing was counted"),
        ("np", counted([10, 10], 10), "every piece is defective"),
        ("laney_p", counted([2, 2, 2], 10), "neighbours do not differ"),
        ("p", counted([2], 10), "too few subgroups"),
    ],
)
def test_bad_counts_get_an_answer(kind: str, data: object, says: str) -> None:
    with pytest.raises(InputError) as caught:
        control_chart(kind, data)
    assert says in str(caught.value)


def test_impossible_counts_never_come_in() -> None:
    for counts, sizes in (([-1.0, 2.0], 5.0), ([6.0], 5.0), ([1.0], 0.0), ([float("nan")], 5.0)):
        with pytest.raises(InputError):
            counted(counts, sizes)
    stream = Stream(Limits("u", {"centre": 2.0}))
    for value, size in ((-1, 1.0), (1, 0.0), ("x", 1.0), (float("inf"), 1.0)):
        with pytest.raises(InputError):
            stream.update(value, size)
    assert stream.count == 0
    with pytest.raises(InputError, match="below 1"):
        Stream(Limits("p", {"centre": 1.5}))
