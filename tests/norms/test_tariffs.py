"""Tariffs and emission factors as data."""

from __future__ import annotations

from copy import deepcopy
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from luban.core.errors import ConfigError
from luban.norms.emissions import factors, factors_of, read_factors
from luban.norms.tariffs import read_tariffs, tariff, tariffs, tariffs_of

GOOD: dict[str, Any] = {
    "unit": "CNY/kWh",
    "start": date(2024, 1, 1),
    "reference": "contract",
    "tariff": {
        "t": {
            "currency": "CNY",
            "time_zone": "Asia/Shanghai",
            "bands": {"peak": 1.0, "valley": 0.3},
            "letters": {"p": "peak", "v": "valley"},
            "when": [{"days": [5, 6], "hours": "v" * 24}, {"hours": "v" * 8 + "p" * 12 + "-" * 4}],
        }
    },
}


def test_a_band_by_month_day_and_hour() -> None:
    one = tariffs_of(GOOD, "x.toml")["t"]
    assert one.band(datetime(2026, 11, 27, 9, tzinfo=UTC)) == "peak"
    assert one.band(datetime(2026, 11, 28, 9, tzinfo=UTC)) == "valley"
    assert one.band(datetime(2026, 11, 27, 22, tzinfo=UTC)) == ""
    assert one.band(datetime(2023, 11, 27, 9, tzinfo=UTC)) == ""
    assert one.prices["valley"] == Decimal("0.3")


def test_those_that_come_with_luban_say_where_they_come_from() -> None:
    assert tariffs()
    assert all(one.provenance.reference for one in tariffs().values())
    one = tariff("cn-example")
    assert not one.verified
    flat = one.prices["flat"]
    assert [one.prices[band] / flat for band in ("critical", "peak", "valley", "deep_valley")] == [
        Decimal("2.05"),
        Decimal("1.85"),
        Decimal("0.4"),
        Decimal("0.2"),
    ]
    assert all(all(hours.bands) for hours in one.hours)
    with pytest.raises(ConfigError, match="no such tariff"):
        tariff("x")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"bands": {"peak": 1.0}}, "without a price"),
        ({"currency": "EUR"}, "another unit"),
        ({"time_zone": "Mars/Base"}, "wrong"),
        ({"letters": None}, "wrong"),
        ({"when": [{"hours": "v"}]}, "24 hours"),
        ({"when": [{"hours": "x" * 24}]}, "no band"),
        ({"when": [{"hours": "v" * 24, "months": [13]}]}, "1 to 12"),
        ({"demand_minutes": 7}, "part of an hour"),
    ],
)
def test_what_is_no_tariff(change: dict[str, Any], said: str) -> None:
    data = deepcopy(GOOD)
    data["tariff"]["t"] |= change
    with pytest.raises(ConfigError, match=said):
        tariffs_of(data, "x.toml")


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("[")
    for read in (read_tariffs, read_factors):
        for name in ("a.toml", "b.toml"):
            with pytest.raises(ConfigError, match="cannot be read"):
                read(tmp_path / name)
    (tmp_path / "c.toml").write_text("x = 1")
    with pytest.raises(ConfigError, match="no \\[tariff"):
        read_tariffs(tmp_path / "c.toml")


def test_factors_have_a_year_a_scope_and_a_source() -> None:
    assert factors()["cn-grid-2023"].value == Decimal("0.5306")
    assert factors()["cn-steam-2015"].value == 110
    assert all(len(one.provenance.reference) > 20 for one in factors().values())
    good = {"medium": "x", "scope": 3, "year": 2020, "value": 1, "unit": "kgCO2e/kg", "reference": "s"}
    start = date(2020, 1, 1)
    for change, said in (
        ({"year": None}, "without a year"),
        ({"scope": 4}, "scope"),
        ({"unit": "kg/kg"}, "another unit"),
        ({"reference": ""}, "without reference"),
        ({"value": "x"}, "wrong"),
    ):
        with pytest.raises(ConfigError, match=said):
            factors_of({"start": start, "factor": {"f": good | change}}, "f.toml")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"time_zone": "Asia"}, "wrong"),
        ({"end": "2027-01-01"}, "end is not a date"),
        ({"end": datetime(2027, 1, 1)}, "end is not a date"),  # noqa: DTZ001 - as TOML has it
        ({"bands": {"peak": float("nan"), "valley": 0.3}}, "a price is a number"),
        ({"demand": float("inf")}, "a price is a number"),
    ],
)
def test_what_a_tariff_cannot_be_is_said_when_it_is_read(change: dict[str, Any], told: str) -> None:
    data = deepcopy(GOOD)
    data["tariff"]["t"] |= change
    with pytest.raises(ConfigError, match=told):
        tariffs_of(data, "x.toml")


def test_what_is_no_table_is_said() -> None:
    for data in ({"tariff": {"t": 3}}, {"tariff": {"t": "peak"}}):
        with pytest.raises(ConfigError, match="not a table"):
            tariffs_of(data, "x.toml")
    with pytest.raises(ConfigError, match="not a table"):
        factors_of({"factor": 5}, "x.toml")


def test_a_factor_is_a_number() -> None:
    entry = {"medium": "electricity", "scope": 2, "year": 2024, "value": float("nan")}
    with pytest.raises(ConfigError, match="no number"):
        factors_of({"unit": "kgCO2e/kWh", "start": date(2024, 1, 1), "reference": "x", "factor": {"a": entry}}, "x")
