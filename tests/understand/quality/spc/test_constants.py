"""Constants against exact values, printed tables and an integral done another way."""

from __future__ import annotations

import math

import pytest
from scipy.integrate import quad
from scipy.special import ndtr

from luban.core.errors import InputError
from luban.understand.quality.spc.constants import c4, constants, d2, d3

# as printed: Harter, Annals of Mathematical Statistics 31 (1960), moments of the range; c4 from the Gamma function
PRINTED = {
    2: (1.12838, 0.8525, 0.797885), 3: (1.69257, 0.88837, 0.886227), 4: (2.05875, 0.87981, 0.921318),
    5: (2.32593, 0.86408, 0.939986), 6: (2.53441, 0.84804, 0.951533), 10: (3.07751, 0.79705, 0.972659),
    15: (3.47183, 0.75621, 0.982316), 20: (3.73495, 0.72869, 0.986934), 25: (3.93063, 0.70844, 0.98964),
}  # fmt: skip


@pytest.mark.parametrize("size", PRINTED)
def test_every_printed_digit(size: int) -> None:
    printed = PRINTED[size]
    assert round(d2(size), 5) == printed[0]
    assert round(d3(size), 5) == printed[1]
    assert round(c4(size), 6) == printed[2]


def test_closed_forms() -> None:
    assert d2(2) == pytest.approx(2 / math.sqrt(math.pi), rel=1e-12)
    assert d2(3) == pytest.approx(3 / math.sqrt(math.pi), rel=1e-12)
    assert d3(2) == pytest.approx(math.sqrt(2 - 4 / math.pi), rel=1e-11)
    assert c4(2) == pytest.approx(math.sqrt(2 / math.pi), rel=1e-14)


@pytest.mark.parametrize("size", [2, 7, 100, 1000, 5000])
def test_mean_range_by_the_one_dimensional_integral(size: int) -> None:
    # Tippett (1925): the mean range is the integral of 1 - Φ^n - (1 - Φ)^n
    mean, _ = quad(
        lambda x: 1 - ndtr(x) ** size - ndtr(-x) ** size, -12, 12, limit=400, points=[-5, 0, 5], epsabs=1e-12
    )
    assert d2(size) == pytest.approx(mean, rel=1e-10)


@pytest.mark.parametrize("size", [299, 300, 301, 302, 1000])
def test_c4_has_no_seam_between_its_two_ways(size: int) -> None:
    # c4(n)·c4(n+1) = √(1 - 1/n), from Γ(x+1) = x·Γ(x)
    assert c4(size) * c4(size + 1) == pytest.approx(math.sqrt(1 - 1 / size), rel=1e-12)


def test_factors_of_printed_tables() -> None:
    five = constants(5)
    assert (round(five.a2, 3), round(five.d_upper, 3), five.d_lower) == (0.577, 2.114, 0.0)
    assert (round(five.a3, 3), round(five.b_upper, 3), five.b_lower) == (1.427, 2.089, 0.0)
    ten = constants(10)
    assert (round(ten.d_lower, 3), round(ten.b_lower, 3)) == (0.223, 0.284)
    printed = constants(2, decimals=3)
    assert (printed.d2, printed.d_upper, printed.a2, printed.c4) == (1.128, 3.267, 1.88, 0.798)


def test_sizes_without_constants() -> None:
    for wrong in (1, 0, 10_000_000):
        with pytest.raises(InputError, match="range constants"):
            d2(wrong)
    with pytest.raises(InputError, match="no standard deviation"):
        c4(1)
