"""What energy costs and emits."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings, strategies as st

from luban.core.errors import ConfigError, InputError
from luban.core.time import from_datetime
from luban.norms.emissions import factors
from luban.norms.tariffs import Tariff, in_force, tariff, tariffs_named, tariffs_of
from luban.understand.energy.bill import bill
from luban.understand.energy.carbon import Use, carbon
from luban.understand.energy.meters import HOUR, Consumed, Meter, Spell
from tests.norms.test_tariffs import GOOD

METER = Meter("m", "electricity", "kWh")
CHINA = ZoneInfo("Asia/Shanghai")
MONDAY = from_datetime(datetime(2026, 11, 23, tzinfo=CHINA))


def read(step: int, *amounts: str | int) -> Consumed:
    spells = [Spell(MONDAY + i * step, MONDAY + (i + 1) * step, Decimal(a)) for i, a in enumerate(amounts)]
    return Consumed(METER, tuple(spells), ())


def own(**change: object) -> Tariff:
    return replace(tariffs_of(GOOD, "x")["t"], **change)  # type: ignore[arg-type]


def test_bands_by_hand() -> None:
    """8 valley hours and 12 peak hours of 10 kWh; the last 4 hours have no price."""
    found = bill(read(HOUR, *[10] * 24), own(), MONDAY, MONDAY + 24 * HOUR)
    assert [(one.band, one.amount, one.cost) for one in found.lines] == [("peak", 120, 120), ("valley", 80, 24)]
    assert found.total == 144
    assert [(one.kind, one.amount) for one in found.doubts] == [("tariff", 40)]
    assert found.demands == ()


def test_a_reading_over_the_edge_of_a_band_is_shared_by_time_and_marked() -> None:
    found = bill(read(6 * HOUR, 60, 60), own(), MONDAY, MONDAY + 12 * HOUR)
    assert {one.band: (one.amount, one.shared) for one in found.lines} == {"valley": (80, 20), "peak": (40, 40)}


def test_the_highest_demand_of_the_month() -> None:
    quarter = HOUR // 4
    found = bill(read(quarter, 5, 7, 20, 5), own(demand=Decimal(42)), MONDAY, MONDAY + HOUR)
    (one,) = found.demands
    assert (one.power, one.cost, one.at, one.known) == (80, 3360, MONDAY + 2 * quarter, 1.0)
    coarse = bill(read(HOUR, 37), own(demand=Decimal(42)), MONDAY, MONDAY + HOUR).demands[0]
    assert (coarse.power, coarse.known) == (37, 0.0)


def test_tariffs_that_follow_on_each_other() -> None:
    noon = MONDAY + 12 * HOUR
    new = own(prices={"peak": Decimal(2), "valley": Decimal(1)})
    new = replace(new, provenance=replace(new.provenance, start=datetime(2026, 11, 24, tzinfo=UTC).date()))
    old = own(end=datetime(2026, 11, 24, tzinfo=UTC).date())
    found = bill(read(HOUR, *[1] * 48), [old, new], noon, MONDAY + 36 * HOUR)
    assert {(one.band, one.price): one.amount for one in found.lines} == {
        ("peak", 1): 8,
        ("valley", 1): 8,
        ("peak", 2): 4,
    }


@settings(max_examples=40, deadline=None)
@given(st.lists(st.decimals(0, 999, places=3), min_size=1, max_size=60), st.integers(1, 200))
def test_nothing_is_lost_between_lines_and_gaps(amounts: list[Decimal], minutes: int) -> None:
    consumed = read(minutes * HOUR // 60, *amounts)
    found = bill(consumed, own(), MONDAY, consumed.spells[-1].end)
    gaps = sum(doubt.amount or 0 for doubt in found.doubts)
    assert abs(found.amount + gaps - sum(amounts)) < Decimal("1e-15")


def test_clock_changes_keep_the_energy() -> None:
    zone = ZoneInfo("Europe/Berlin")
    start = from_datetime(datetime(2026, 10, 25, tzinfo=zone))
    spells = tuple(Spell(start + i * HOUR, start + (i + 1) * HOUR, Decimal(1)) for i in range(25))
    found = bill(Consumed(METER, spells, ()), own(zone="Europe/Berlin"), start, start + 25 * HOUR)
    assert found.amount == 25
    assert {one.band for one in found.lines} == {"valley"}


def test_tariffs_that_do_not_fit() -> None:
    one = read(HOUR, 1)
    with pytest.raises(InputError, match="another medium"):
        bill(one, own(medium="water"), MONDAY, MONDAY + HOUR)
    with pytest.raises(InputError, match="follow on"):
        bill(one, [own(), own(currency="EUR")], MONDAY, MONDAY + HOUR)
    with pytest.raises(InputError, match="no tariff"):
        bill(one, [], MONDAY, MONDAY + HOUR)
    assert bill(one, tariff("cn-flat-example"), MONDAY, MONDAY + HOUR).total == Decimal("0.70")


def test_carbon_by_scope_with_its_factor() -> None:
    """By hand: 1 MWh · 530.6 + 10 GJ · 56.1 + 2 GJ · 110."""
    uses = [
        Use("electricity", Decimal(1), "MWh", 2026),
        Use("natural gas", Decimal(250), "m³", 2026, heat=Decimal("0.04")),
        Use("steam", Decimal(2), "GJ", 2026),
        Use("natural gas", Decimal(7), "m³", 2026),
        Use("argon", Decimal(5), "kg", 2026),
    ]
    found = carbon(uses, factors().values())
    assert (found.scope(1), found.scope(2), found.scope(3)) == (561, Decimal("750.6"), 0)
    assert found.total == Decimal("1311.6")
    assert [line.age for line in found.lines] == [3, 20, 11]
    assert [(one.meter, one.amount) for one in found.doubts] == [
        ("natural gas", 7),
        ("argon", 5),
    ]


def test_the_nearest_region_and_the_newest_year_that_is_not_later() -> None:
    def chosen(region: str, year: int) -> list[str]:
        found = carbon([Use("electricity", Decimal(1), "kWh", year)], factors().values(), region=region)
        return [line.factor.id for line in found.lines]

    assert chosen("CN-east", 2026) == ["cn-east-grid-2023"]
    assert chosen("CN-east", 2022) == ["cn-grid-2022"]
    assert chosen("CN-east", 2021) == []
    assert chosen("CN", 2022) == ["cn-grid-2022"]
    assert chosen("CN-tibet", 2024) == ["cn-grid-2023"]
    assert chosen("KR", 2024) == []


def test_each_month_pays_the_demand_price_of_the_tariff_that_holds_then() -> None:
    """31 December at 40, 1 January at 50; 10 kWh in a quarter is 40 kW."""
    turn = from_datetime(datetime(2027, 1, 1, tzinfo=CHINA))
    old = own(demand=Decimal(40), end=turn_day())
    new = own(demand=Decimal(50), provenance=replace(own().provenance, start=turn_day()))
    quarter = HOUR // 4
    spells = tuple(Spell(turn + i * quarter, turn + (i + 1) * quarter, Decimal(10)) for i in range(-4, 4))
    found = bill(Consumed(METER, spells, ()), (old, new), turn - HOUR, turn + HOUR)
    assert [(one.month, one.power, one.cost) for one in found.demands] == [("2026-12", 40, 1600), ("2027-01", 40, 2000)]


def turn_day() -> date:
    return date(2027, 1, 1)


def flat(currency: str, *, start: str = "2026-01-01", name: str = "own") -> Tariff:
    return tariffs_of(
        tomllib.loads(
            f"""unit = "{currency}/kWh"
start = {start}
reference = "contract"
[tariff.{name}]
currency = "{currency}"
time_zone = "Asia/Shanghai"
bands = {{ flat = 0.7 }}
letters = {{ f = "flat" }}
when = [{{ hours = "ffffffffffffffffffffffff" }}]
demand = 1.25
demand_minutes = 60
"""
        ),
        "t",
    )[name]


@pytest.mark.parametrize(
    ("currency", "line", "demand"), [("CNY", "2.35", "4.19"), ("KRW", "2", "4"), ("KWD", "2.345", "4.188")]
)
def test_lines_are_rounded_as_the_currency_is(currency: str, line: str, demand: str) -> None:
    """3.35 kWh at 0.7 are 2.345; 3.35 kW at 1.25 are 4.1875: halves go up (ISO 4217: KRW has no decimals, KWD 3)."""
    found = bill(
        Consumed(METER, (Spell(MONDAY, MONDAY + HOUR, Decimal("3.35")),), ()), flat(currency), MONDAY, MONDAY + HOUR
    )
    assert (str(found.lines[0].cost), str(found.demands[0].cost)) == (line, demand)


def test_of_tariffs_that_hold_the_newest_counts_and_two_of_one_day_are_refused() -> None:
    old, new = flat("CNY", name="old"), flat("CNY", start="2026-11-24", name="new")
    assert [one.id for one in in_force([old, new])["electricity"]] == ["new", "old"]
    day = Consumed(METER, (Spell(MONDAY, MONDAY + 48 * HOUR, Decimal(48)),), ())
    dearer = replace(new, prices={"flat": Decimal(7)})
    found = bill(day, in_force([old, dearer])["electricity"], MONDAY, MONDAY + 48 * HOUR)
    assert sorted((one.price, one.amount) for one in found.lines) == [(Decimal("0.7"), 24), (Decimal(7), 24)]
    with pytest.raises(ConfigError, match="begin on one day"):
        in_force([old, flat("CNY")])


def test_one_tariff_of_a_file_is_named(tmp_path: Path) -> None:
    body = '[tariff.{}]\ncurrency = "CNY"\ntime_zone = "UTC"\nbands = {{ f = 1 }}\nletters = {{ f = "f" }}\n'
    body += 'when = [{{ hours = "ffffffffffffffffffffffff" }}]\n'
    head = 'unit = "CNY/kWh"\nstart = 2026-01-01\nreference = "contract"\n'
    (tmp_path / "t.toml").write_text(head + body.format("a") + body.format("b"))
    assert [one.id for one in tariffs_named("t.toml#b", tmp_path)] == ["b"]
    assert [one.id for one in tariffs_named("t.toml", tmp_path)] == ["a", "b"]
    assert [one.id for one in tariffs_named("cn-example")] == ["cn-example"]
    with pytest.raises(ConfigError, match="no such tariff"):
        tariffs_named("t.toml#c", tmp_path)


def test_a_factor_of_ones_own_goes_before_newer_and_nearer_ones() -> None:
    known = list(factors().values())
    use = Use("electricity", Decimal(10), "kWh", 2026)
    usual = next(one for one in known if one.medium == "electricity" and one.region == "CN")
    own = replace(usual, id="own", region="", year=2015, value=Decimal("0.1"))
    assert carbon([use], known, region="CN").total > 5
    found = carbon([use], known, region="CN", own=[own])
    assert [(line.factor.id, line.mass, line.age) for line in found.lines] == [("own", Decimal("1.0"), 11)]
    late = replace(own, year=2030)
    assert carbon([use], known, region="CN", own=[late]).lines[0].factor.id == carbon([use], known).lines[0].factor.id
