"""MTConnect's unit names: ours for each, and from a machine's native unit to the data item's unit.

Source  MTConnect Standard Part 2 (Devices Information Model), units and nativeUnits of a DataItem
"""

from __future__ import annotations

from functools import cache

__all__ = ["factor_and_offset", "unit_of"]

_OURS = {
    "AMPERE": "A",
    "CELSIUS": "°C",
    "COUNT": "1",
    "COUNT/SECOND": "1/s",
    "CUBIC_MILLIMETER": "mm³",
    "CUBIC_MILLIMETER/SECOND": "mm³/s",
    "CUBIC_MILLIMETER/SECOND^2": "mm³/s²",
    "DECIBEL": "dB",
    "DEGREE": "°",
    "DEGREE/MINUTE": "°/min",
    "DEGREE/SECOND": "°/s",
    "DEGREE/SECOND^2": "°/s²",
    "DEGREE_3D": "°",
    "FAHRENHEIT": "°F",
    "FOOT": "ft",
    "GRAM": "g",
    "GRAM/CUBIC_METER": "g/m³",
    "HERTZ": "Hz",
    "HOUR": "h",
    "INCH": "in",
    "INCH/MINUTE": "in/min",
    "INCH/SECOND": "in/s",
    "JOULE": "J",
    "KELVIN": "K",
    "KILOGRAM": "kg",
    "KILOWATT": "kW",
    "KILOWATT_HOUR": "kWh",
    "LITER": "L",
    "LITER/MINUTE": "L/min",
    "LITER/SECOND": "L/s",
    "METER": "m",
    "METER/SECOND^2": "m/s²",
    "MICRO_RADIAN": "µrad",
    "MILLIGRAM": "mg",
    "MILLIGRAM/CUBIC_MILLIMETER": "mg/mm³",
    "MILLILITER": "mL",
    "MILLIMETER": "mm",
    "MILLIMETER/MINUTE": "mm/min",
    "MILLIMETER/REVOLUTION": "mm/rev",
    "MILLIMETER/SECOND": "mm/s",
    "MILLIMETER/SECOND^2": "mm/s²",
    "MILLIMETER_3D": "mm",
    "MINUTE": "min",
    "NEWTON": "N",
    "NEWTON_METER": "N·m",
    "OHM": "Ω",
    "PASCAL": "Pa",
    "PASCAL/SECOND": "Pa/s",
    "PASCAL_SECOND": "Pa·s",
    "PERCENT": "%",
    "PH": "pH",
    "RADIAN": "rad",
    "REVOLUTION/MINUTE": "rpm",
    "REVOLUTION/SECOND": "1/s",
    "REVOLUTION/SECOND^2": "1/s²",
    "SECOND": "s",
    "SIEMENS/METER": "S/m",
    "SQUARE_MILLIMETER": "mm²",
    "UNIT_VECTOR_3D": "1",
    "VOLT": "V",
    "VOLT_AMPERE": "VA",
    "VOLT_AMPERE_REACTIVE": "var",
    "WATT": "W",
    "WATT_SECOND": "W·s",
}

# One step from a native unit to the standard's: value × factor, after adding the offset.
_STEPS = {
    ("INCH", "MILLIMETER"): (25.4, 0.0),
    ("FOOT", "MILLIMETER"): (304.8, 0.0),
    ("CENTIMETER", "MILLIMETER"): (10.0, 0.0),
    ("DECIMETER", "MILLIMETER"): (100.0, 0.0),
    ("METER", "MILLIMETER"): (1000.0, 0.0),
    ("FAHRENHEIT", "CELSIUS"): (5.0 / 9.0, -32.0),
    ("KELVIN", "CELSIUS"): (1.0, -273.15),
    ("POUND", "GRAM"): (453.59237, 0.0),
    ("POUND", "KILOGRAM"): (0.45359237, 0.0),
    ("GRAM", "KILOGRAM"): (0.001, 0.0),
    ("GALLON", "LITER"): (3.785411784, 0.0),
    ("RADIAN", "DEGREE"): (57.29577951308232, 0.0),
    ("KILOWATT", "WATT"): (1000.0, 0.0),
    ("KILOWATT_HOUR", "WATT_SECOND"): (3_600_000.0, 0.0),
    ("KILOPASCAL", "PASCAL"): (1000.0, 0.0),
    ("POUND/INCH^2", "PASCAL"): (6894.757293168361, 0.0),
}
_SECONDS = {"SECOND": 1.0, "MINUTE": 60.0, "HOUR": 3600.0}


def unit_of(name: str) -> str:
    """Our unit of MTConnect's `name`; the name itself, in lower case, where we have none.

    Example >>> unit_of("REVOLUTION/MINUTE"), unit_of("x:FURLONG")
            ('rpm', 'x:furlong')
    """
    return _OURS.get(name, name.lower())


@cache
def factor_and_offset(native: str, unit: str) -> tuple[float, float] | None:
    """(factor, offset) so that (value + offset) × factor turns `native` into `unit`; None where unknown.

    Example >>> factor_and_offset("MILLIMETER/MINUTE", "MILLIMETER/SECOND")
            (0.016666666666666666, 0.0)
    """
    if native == unit:
        return 1.0, 0.0
    if (step := _STEPS.get((native, unit))) is not None:
        return step
    if native in _SECONDS and unit in _SECONDS:
        return _SECONDS[native] / _SECONDS[unit], 0.0
    if native.endswith("_3D") and unit.endswith("_3D"):
        return factor_and_offset(native[:-3], unit[:-3])
    above, slash, below = native.partition("/")
    unit_above, unit_slash, unit_below = unit.partition("/")
    if slash and unit_slash:
        numerator, denominator = factor_and_offset(above, unit_above), factor_and_offset(below, unit_below)
        if numerator is not None and denominator is not None and numerator[1] == denominator[1] == 0.0:
            return numerator[0] / denominator[0], 0.0
    return None
