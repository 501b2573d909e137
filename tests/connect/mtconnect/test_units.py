from __future__ import annotations

import pytest

from luban.connect.mtconnect.units import _OURS, factor_and_offset, unit_of
from luban.core.units import parse_unit


@pytest.mark.parametrize(
    ("name", "ours"),
    [("PERCENT", "%"), ("REVOLUTION/MINUTE", "rpm"), ("CELSIUS", "°C"), ("MILLIMETER/SECOND", "mm/s"), ("SECOND", "s")],
)
def test_names(name: str, ours: str) -> None:
    assert unit_of(name) == ours


def test_every_unit_of_the_standard_is_one_of_ours() -> None:
    for name, ours in _OURS.items():
        assert parse_unit(ours), name


# From the reference agent's tests (test_package/unit_conversion_test.cpp) and definitions of the units.
@pytest.mark.parametrize(
    ("native", "unit", "value", "expected"),
    [
        ("INCH", "MILLIMETER", 10.0, 254.0),
        ("FAHRENHEIT", "CELSIUS", 212.0, 100.0),
        ("MILLIMETER/MINUTE", "MILLIMETER/SECOND", 60.0, 1.0),
        ("INCH/MINUTE", "MILLIMETER/SECOND", 60.0, 25.4),
        ("DEGREE/MINUTE", "DEGREE/SECOND", 120.0, 2.0),
        ("HOUR", "SECOND", 2.0, 7200.0),
        ("KILOWATT", "WATT", 1.5, 1500.0),
        ("INCH_3D", "MILLIMETER_3D", 1.0, 25.4),
    ],
)
def test_conversion(native: str, unit: str, value: float, expected: float) -> None:
    step = factor_and_offset(native, unit)
    assert step is not None
    assert (value + step[1]) * step[0] == pytest.approx(expected, rel=1e-12)


def test_unknown_units_are_not_converted() -> None:
    assert factor_and_offset("x:FURLONG", "MILLIMETER") is None
    assert factor_and_offset("FAHRENHEIT/SECOND", "CELSIUS/SECOND") is None
