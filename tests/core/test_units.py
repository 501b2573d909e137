"""Units: published conversion values, codes, exactness, and what is refused."""

from __future__ import annotations

import csv
import math
from decimal import Decimal
from fractions import Fraction
from importlib.resources import files

import numpy as np
import pytest
from hypothesis import given, strategies as st

from luban.core.errors import UnitError
from luban.core.units import Quantity, Unit, convert, parse_unit, unit_of_code, units

# Exact values from NIST SP 811 (2008), Appendix B, and the SI Brochure; (value, unit, value, unit).
PUBLISHED = [
    (1, "in", Fraction("25.4"), "mm"),
    (1, "ft", Fraction("0.3048"), "m"),
    (1, "lb", Fraction("0.45359237"), "kg"),
    (1, "oz", Fraction("28.349523125"), "g"),
    (1, "lbf", Fraction("4.4482216152605"), "N"),
    (1, "bar", 100, "kPa"),
    (1, "atm", 101325, "Pa"),
    (1, "mbar", 1, "hPa"),
    (1, "kWh", Fraction("3.6"), "MJ"),
    (1, "Btu", Fraction("1055.05585262"), "J"),
    (1, "kcal", Fraction("4186.8"), "J"),
    (1, "g_n", Fraction("9.80665"), "m/s²"),
    (1, "L", 1, "dm³"),
    (1, "m³/h", Fraction(1000, 60), "L/min"),
    (1, "km/h", Fraction(1000, 3600), "m/s"),
    (1, "m/min", Fraction(1000, 60), "mm/s"),
    (1, "rpm", Fraction(1, 60), "Hz"),
    (1, "t", 1000, "kg"),
    (1, "d", 86400, "s"),
    (1, "wk", 168, "h"),
    (1, "A·h", 3600, "A·s"),
    (1, "g/cm³", 1000, "kg/m³"),
    (1, "N/mm²", 1, "MPa"),
    (1, "B", 8, "bit"),
    (1, "mm/rev", Fraction("0.001"), "m/rev"),
    (1, "rad", 1_000_000, "µrad"),
    (1, "S/m", 1, "A/(V·m)"),
    (1, "S/m", 1, "1/(Ω·m)"),
    (1, "tCO2e", 1000, "kgCO2e"),
    (71, "%", Fraction("0.71"), "1"),
    (1, "ppm", Fraction(1, 10000), "%"),
    (1, "tce", Fraction("29307.6"), "MJ"),  # GB/T 2589: 1 kgce = 29,307.6 kJ
]


@pytest.mark.parametrize(("value", "unit", "expected", "target"), PUBLISHED, ids=lambda part: str(part))
def test_published_values_are_exact(value, unit, expected, target):
    assert Quantity(Fraction(value), unit).to(target).value == expected


def test_psi_as_published():
    """NIST SP 811 prints 6.894757 E+03 Pa, rounded."""
    assert convert(1.0, "psi", "Pa") == pytest.approx(6894.757, rel=1e-7)


# Fixed points of the Celsius and Fahrenheit scales.
@pytest.mark.parametrize(
    ("celsius", "fahrenheit", "kelvin"),
    [
        (0, 32, "273.15"),
        (100, 212, "373.15"),
        (-40, -40, "233.15"),
        ("-273.15", "-459.67", "0"),
        (37, "98.6", "310.15"),
    ],
)
def test_temperatures(celsius, fahrenheit, kelvin):
    here = Quantity(Fraction(celsius), "°C")
    assert here.to("°F").value == Fraction(fahrenheit)
    assert here.to("K").value == Fraction(kelvin)


def test_temperature_differences():
    rise = Quantity(25, "°C") - Quantity(20, "°C")
    assert (rise.value, rise.unit.offset) == (5, 0)
    assert rise.to("Δ°F").value == 9
    assert Quantity(68, "°F") - Quantity(20, "°C") == Quantity(0, "K")
    assert Quantity(20, "°C") + Quantity(9, "Δ°F") == Quantity(25, "°C")
    assert Quantity(5, "K") + Quantity(20, "°C") == Quantity(25, "°C")
    assert Quantity(20, "°C") - Quantity(5, "K") == Quantity(15, "°C")
    assert Quantity(10, "W/°C").to("W/K").value == 10  # within a compound a degree is a difference


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Quantity(20, "°C") + Quantity(20, "°C"),
        lambda: Quantity(5, "K") - Quantity(20, "°C"),
        lambda: Quantity(20, "°C") * 2,
        lambda: Quantity(20, "°C") / Quantity(2, "s"),
    ],
)
def test_temperatures_that_do_not_calculate(wrong):
    with pytest.raises(UnitError):
        wrong()


@pytest.mark.parametrize(
    ("text", "dimension"),
    [
        ("kWh/piece", {"kg": 1, "m": 2, "s": -2, "piece": -1}),
        ("mm/s", {"m": 1, "s": -1}),
        ("kg·m/s²", {"kg": 1, "m": 1, "s": -2}),
        ("kg m s-2", {"kg": 1, "m": 1, "s": -2}),
        ("kg*m/s^2", {"kg": 1, "m": 1, "s": -2}),
        ("kg/(m·s²)", {"kg": 1, "m": -1, "s": -2}),
        ("(m/s)²", {"m": 2, "s": -2}),
        ("1/min", {"s": -1}),
        ("m/s/s", {"m": 1, "s": -2}),
        ("µm/s²", {"m": 1, "s": -2}),
        ("gCO2e/kWh", {"CO2e": 1, "kg": -1, "m": -2, "s": 2}),
        ("CNY/kWh", {"CNY": 1, "kg": -1, "m": -2, "s": 2}),
        ("%/°C", {"K": -1}),
        ("m⁻¹", {"m": -1}),
        ("mm/r", {"m": 1}),
    ],
)
def test_compounds(text, dimension):
    assert dict(parse_unit(text).dimension) == dimension


@pytest.mark.parametrize(
    ("one", "other"),
    [("kWh", "kW·h"), ("rpm", "1/min"), ("µm", "μm"), ("N·m", "Nm"), ("l/min", "L/min"), ("m3", "m³"), ("pcs", "piece"),
     ("N", "kg·m/s²"), ("W", "J/s"), ("Pa", "N/m²"), ("V", "W/A"), ("Hz", "1/s"), ("件/h", "piece/h"), ("℃", "°C")],
)  # fmt: skip
def test_same_unit(one, other):
    assert parse_unit(one) == parse_unit(other)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("KWH", "did you mean kWh?"),
        ("C", "did you mean °C?"),
        ("F", "did you mean °F?"),
        ("sekonds", "did you mean s?"),
        ("kgs", "did you mean kg?"),
        ("kWh/piece·h", r"in brackets"),
        ("mm//s", "either side"),
        ("/s", "either side"),
        ("m·", "either side"),
        ("(m", "brackets in pairs"),
        ("m)", "brackets in pairs"),
        ("", "no unit"),
        ("2 m", "unknown unit"),
    ],
)
def test_refused(text, words):
    with pytest.raises(UnitError, match=words.replace("?", r"\?")):
        parse_unit(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("kW", "kWh"),
        ("CNY", "EUR"),
        ("piece", "1"),
        ("dB", "1"),
        ("pH", "1"),
        ("pH", "%"),
        ("r", "rad"),
        ("kVA", "kW"),
        ("kvar", "kW"),
        ("bar", "K"),
        ("m/s", "m"),
    ],
)
def test_does_not_convert(one, other):
    with pytest.raises(UnitError, match="do not convert"):
        Quantity(1, one).to(other)
    with pytest.raises(UnitError):
        convert(1.0, one, other)


def test_calculation():
    energy = Quantity(3, "kW") * Quantity(2, "h")
    assert energy.to("kWh").value == 6
    assert str(energy.to("MJ")) == "21.6 MJ"
    assert (energy / Quantity(4, "piece")).to("kWh/piece").value == 1.5
    assert Quantity(1, "m") + Quantity(1, "cm") == Quantity(101, "cm")
    assert Quantity(1, "h") - Quantity(30, "min") == Quantity(30, "min")
    assert Quantity(1, "m") > Quantity(99, "cm")
    assert min(Quantity(1, "m"), Quantity(1, "ft"), Quantity(1, "in")).unit.symbol == "in"
    assert -Quantity(1, "m") == Quantity(-100, "cm")
    assert abs(Quantity(-1, "m")) == Quantity(1, "m")
    assert 2 * Quantity(1, "m") == Quantity(2, "m")
    assert Quantity(1, "m") / 2 == Quantity(50, "cm")
    assert float(Quantity(71, "%")) == 0.71
    assert len({Quantity(1, "m"), Quantity(100, "cm"), Quantity(1, "s")}) == 2


def test_calculation_keeps_units_apart():
    with pytest.raises(UnitError):
        Quantity(1, "m") + Quantity(1, "s")
    with pytest.raises(UnitError):
        _ = Quantity(1, "m") < Quantity(1, "s")
    with pytest.raises(UnitError):
        float(Quantity(1, "m"))
    assert Quantity(1, "m") != Quantity(1, "s")
    assert Quantity(1, "m") != 1


def test_kind_of_number():
    assert Quantity(71, "%").to("1").value == 0.71
    assert isinstance(Quantity(1, "km").to("m").value, int)
    assert Quantity(Decimal("0.1"), "m").to("cm").value == 10
    assert isinstance(Quantity(Fraction(1, 3), "m").to("mm").value, Fraction)
    assert math.isnan(float(Quantity(math.nan, "%").to("1")))
    assert Quantity(math.inf, "m").to("mm").value == math.inf


def test_text():
    assert str(Quantity(71, "%")) == "71 %"
    assert str(Quantity(0.1 + 0.2, "m")) == "0.3 m"
    assert f"{Quantity(2.5, 'kW'):.2f}" == "2.50 kW"
    assert str(Quantity(0.71, "1")) == "0.71"


def test_arrays():
    values = np.array([0.0, 37.0, 100.0, np.nan])
    assert convert(values, "°C", "°F").tolist()[:3] == pytest.approx([32, 98.6, 212], abs=1e-12)
    assert np.isnan(convert(values, "°C", "°F")[3])
    assert convert(np.array([1.0, 2.0]), "kW", "W").tolist() == [1000.0, 2000.0]
    assert convert(1, "h", "min") == 60


def test_codes():
    """UNECE recommendation 20, as OPC UA servers give them."""
    assert unit_of_code("C16").symbol == "mm/s"
    assert unit_of_code("CEL").symbol == "°C"
    assert unit_of_code("KWH").symbol == "kWh"
    assert unit_of_code("P1").symbol == "%"
    assert unit_of_code("H87").symbol == "piece"
    assert unit_of_code("B97").symbol == "µrad"
    assert unit_of_code("D10").symbol == "S/m"
    assert unit_of_code("Q30").symbol == "pH"
    assert unit_of_code("ZZZ") is None


def test_table_is_sound():
    rows = list(csv.DictReader(files("luban.core").joinpath("units.csv").read_text("utf-8").splitlines()))
    spellings = [spelling for row in rows for spelling in [row["symbol"], *filter(None, row["aliases"].split("|"))]]
    codes = [row["code"] for row in rows if row["code"]]
    assert len(codes) == len(set(codes))
    assert len(spellings) == len(set(spellings))
    assert all(unit.factor > 0 for unit in units().values())
    assert all(row["en"] and row["zh"] and row["ko"] for row in rows)


def compounds(symbol: str) -> Unit | None:
    """The unit a symbol would be if it were put together from its parts."""
    parts = [part for part in units() if part != symbol and units()[part].offset == 0]
    known = symbol.replace("/", "·").replace("²", "").replace("³", "").split("·")
    return parse_unit(f"1·{symbol}") if len(known) > 1 and all(part in parts for part in known) else None


@pytest.mark.parametrize("symbol", [symbol for symbol in units() if compounds(symbol)])
def test_table_agrees_with_its_own_parts(symbol):
    assert compounds(symbol) == units()[symbol]


FINITE = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e12, max_value=1e12)


@given(FINITE, st.sampled_from(sorted(units())), st.data())
def test_there_and_back(value, symbol, data):
    """Exact in fractions; in floats within the rounding of the number in between."""
    others = sorted(other for other, unit in units().items() if unit.dimension == units()[symbol].dimension)
    other = data.draw(st.sampled_from(others))
    exact = Quantity(Fraction(value), symbol)
    assert exact.to(other).to(symbol).value == exact.value
    there = Quantity(value, symbol).to(other)
    ratio = float(units()[other].factor / units()[symbol].factor)
    slack = math.ulp(float(there.value)) * ratio + 2 * math.ulp(value)
    assert abs(there.to(symbol).value - value) <= slack


@given(FINITE, FINITE, st.sampled_from(["m", "mm", "in", "km"]), st.sampled_from(["m", "mm", "in", "km"]))
def test_order_does_not_depend_on_the_unit(one, two, here, there):
    left, right = Quantity(Fraction(one), here), Quantity(Fraction(two), there)
    assert (left < right) == (left.to("m").value < right.to("m").value)
    assert left + right == right + left
    assert (left + right) - right == left


@given(st.sampled_from(sorted(units())), st.sampled_from(sorted(units())))
def test_any_compound_reads_back(one, two):
    unit = parse_unit(f"({one})/({two})")
    assert unit == parse_unit(unit.symbol)
    assert unit * parse_unit(two) == Unit("", unit.dimension, unit.factor) * units()[two]
