"""Six families by hand, and their balances whatever the quantities."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from luban.core.errors import ConfigError, InputError
from luban.decide.green import (
    FAMILIES,
    KINDS,
    FlueGas,
    HeavyMetals,
    Money,
    Process,
    Project,
    Slag,
    Substitution,
    WasteHeat,
    WastePressure,
    WaterReuse,
    appraise,
    ranked,
    read_projects,
    rinse,
)

HEAT = WasteHeat(flow=3600, heat=1.0, hot=300, lowest=120, demand=150, cold_in=20, cold_out=120, effectiveness=0.4,
                 hours=1000, boiler=0.8, price=0.3, carbon=0.2)  # fmt: skip
PRESSURE = WastePressure(flow=3600, heat=1.005, hot=26.85, ratio=0.5, kappa=1.4, efficiency=0.8, generator=0.95,
                         hours=1000, price=0.7, carbon=0.5)  # fmt: skip
WATER = WaterReuse(waste=10, salt=2, recovery=0.75, rejection=0.98, demand=20, limit=0.5, fresh_salt=0.3, hours=1000,
                   energy=1.0, power_price=0.7, fresh_price=4, discharge_price=2)  # fmt: skip
METALS = HeavyMetals(dragout=2, bath=100, allowed=0.1, stages_before=1, stages_after=3, evaporation=30, hours=1000,
                     metal_price=120, sludge=6, sludge_price=3, water_price=5)  # fmt: skip
SOLVENT = Substitution(amount=1000, ratio=0.8, old_product=0.1, old_air=0.7, new_product=0.1, new_air=0.0, old_price=9,
                       new_price=14, old_waste_price=4, new_waste_price=0.5, air_price=2, energy=0.5,
                       power_price=0.7)  # fmt: skip
SLAG = Slag(slag=1000, metal=0.1, moisture=0.05, recovery=0.8, usable=0.9, metal_price=2000, rest_price=30,
            dump_price=50, work_price=40, avoided=100)  # fmt: skip
FLUE = FlueGas(fuel=1000, sulphur=0.01, ash=0.2, kept=0.1, fly=0.8, nox=5, so2_off=0.95, nox_off=0.8, dust_off=0.999,
               ca_s=1.03, purity=0.9, lime_price=200, gypsum_price=50, ammonia_price=3000, so2_levy=1.26, nox_levy=1.26,
               dust_levy=0.3, energy=15, power_price=0.7)  # fmt: skip
ALL: list[Process] = [HEAT, PRESSURE, WATER, METALS, SOLVENT, SLAG, FLUE]


def test_every_family_has_its_process() -> None:
    assert {one.FAMILY for one in KINDS.values()} == set(FAMILIES)
    assert {type(one) for one in ALL} == set(KINDS.values())


@pytest.mark.parametrize("process", ALL, ids=lambda one: type(one).__name__)
def test_every_balance_closes(process: Process) -> None:
    run = process.run()
    assert run.balances
    for balance in run.balances:
        assert balance.closure == pytest.approx(100.0, abs=1e-9)
        assert min(*balance.ins.values(), *balance.outs.values()) >= -1e-9


@settings(max_examples=150, deadline=None)
@given(process=st.sampled_from(ALL), data=st.data())
def test_every_balance_closes_whatever_the_quantities(process: Process, data: st.DataObject) -> None:
    change: dict[str, Any] = {}
    for one in fields(process):  # type: ignore[arg-type]
        value = getattr(process, one.name)
        if one.name in {"stages_before", "stages_after"}:
            change[one.name] = data.draw(st.integers(1, 5))
        elif one.name in process.SHARES:
            change[one.name] = data.draw(st.floats(0, 1))
        else:
            change[one.name] = value * data.draw(st.floats(0.1, 5))
    try:
        run = replace(process, **change).run()  # type: ignore[type-var]
    except InputError:
        return
    for balance in run.balances:
        scale = max(abs(sum(balance.ins.values())), 1e-9)
        assert abs(balance.remainder) <= 1e-9 * scale, balance
        assert min(*balance.ins.values(), *balance.outs.values()) >= -1e-9 * scale, balance


def test_waste_heat_by_hand() -> None:
    # 1 kW/K against 1.5 kW/K: 0.4·1·280 = 112 kW of at most 180 that the stream may give and 150 that the sink takes
    run = HEAT.run()
    assert run.balances[0].outs["sink"] == pytest.approx(112_000)
    assert run.savings[0].amount == pytest.approx(140_000)
    assert (run.money, run.carbon) == (pytest.approx(42_000), pytest.approx(28_000))
    assert run.notes == ("the exchanger is the limit",)
    assert replace(HEAT, effectiveness=0.9).run().balances[0].outs["sink"] == pytest.approx(150_000)
    assert replace(HEAT, effectiveness=0.9).run().notes == ("the sink takes no more",)
    assert replace(HEAT, effectiveness=0.9, lowest=200).run().notes == ("the stream may not be cooled further",)
    assert replace(HEAT, lowest=400).run().money == 0


def test_waste_pressure_is_the_textbook_expansion() -> None:
    # air, 300 K, half the pressure: ideal 300·0.5^(0.4/1.4) = 246.1 K; 0.8 of it
    run = PRESSURE.run()
    shaft = 1.005 * 0.8 * (300 - 300 * 0.5 ** (0.4 / 1.4))
    assert shaft == pytest.approx(43.33, abs=0.01)
    assert run.savings[0].amount == pytest.approx(0.95 * shaft * 1000)


def test_water_by_hand() -> None:
    # 7.5 m³/h come through with 0.02·10·2/7.5 = 0.0533 kg/m³, fresher than the limit: all of it is used
    run = WATER.run()
    assert run.savings[0].amount == pytest.approx(7500)
    assert run.money == pytest.approx(7500 * 6 - 10_000 * 0.7)
    salty = replace(WATER, rejection=0.0)  # 2.667 kg/m³: (0.5 − 0.3)/(2.667 − 0.3) of the demand
    assert salty.run().savings[0].amount == pytest.approx(20_000 * 0.2 / (2 / 0.75 - 0.3))
    assert salty.run().notes == ("the user's limit of salt is the limit",)
    with pytest.raises(InputError, match="not have even the fresh water"):
        replace(WATER, limit=0.2).run()


def test_rinses_are_those_of_the_plating_shop() -> None:
    assert [rinse(n, 1001.0) for n in (1, 2, 3)] == pytest.approx([1000, 31.127, 9.645], abs=1e-3)
    # the last tank of the solved line has what was asked for
    levels = METALS._levels(3, METALS.dragout * rinse(3, 1000))
    assert levels[-1] == pytest.approx(0.1, rel=1e-9)
    with pytest.raises(InputError, match="no such rinse"):
        rinse(0, 10.0)


def test_metals_by_hand() -> None:
    run = METALS.run()
    # one stage: 2·(1000 − 1) l/h; three: 2·9.642; the bath evaporates more, so all of it goes back
    assert run.savings[2].amount == pytest.approx(2 * (999 - rinse(3, 1000)))
    assert run.notes == ("the bath takes all of the rinse back",)
    assert run.balances[0].outs["back to the bath"] == pytest.approx(200 - 0.2)
    assert replace(METALS, evaporation=0.0).run().savings[0].amount == 0


def test_substitution_and_slag_by_hand() -> None:
    run = SOLVENT.run()
    assert {one.what: one.money for one in run.savings} == pytest.approx({
        "old material": 9000, "new material": -11_200, "hazardous waste": 800, "waste": -360, "into the air": 1400,
        "electricity": -280,
    })  # fmt: skip
    with pytest.raises(InputError, match="more goes out"):
        replace(SOLVENT, old_air=0.95).run()
    slag = SLAG.run()
    # 80 t metal; 1000 − 80 − 50 = 870 t rest, 783 sold, 87 dumped
    assert slag.balances[0].outs == pytest.approx({"metal won": 80, "sold": 783, "dumped": 87, "dried off": 50})
    assert slag.money == pytest.approx(80 * 2000 + 783 * 30 + 913 * 50 - 40_000)
    assert slag.carbon == pytest.approx(78_300)


def test_flue_gas_is_stoichiometric() -> None:
    run = FLUE.run()
    told = {one.what: one.amount for one in run.savings}
    caught = 1000 * 0.01 * 0.9 * 0.95  # t of sulphur
    # handbook ratios: SO2 per S 1.998, gypsum per SO2 2.688, limestone per SO2 1.562, NH3 per NO 0.5676
    assert told["levy on sulphur dioxide"] == pytest.approx(caught * 1.998 * 1000, rel=1e-3)
    assert told["gypsum"] == pytest.approx(caught * 1.998 * 2.688, rel=1e-3)
    assert told["limestone"] == pytest.approx(-caught * 1.998 * 1.562 * 1.03 / 0.9, rel=1e-3)
    assert told["ammonia"] == pytest.approx(-4.0 * 0.5676, rel=1e-3)
    with pytest.raises(InputError, match="too little limestone"):
        replace(FLUE, ca_s=0.9).run()


def test_money_and_its_interval() -> None:
    project = Project("heat", HEAT, Money(100_000, 2_000, life=10, rate=0.08))
    found = appraise(project)
    assert found.yearly == pytest.approx(40_000)
    assert found.payback == pytest.approx(2.5)
    # annuity of ten years at 8 %: 6.7101
    assert found.worth == pytest.approx(40_000 * 6.710081 - 100_000, rel=1e-5)
    assert found.low < found.yearly < found.high
    assert found.payback_low is not None
    assert found.payback_low < 2.5
    assert (found.verdict, found.pays) == ("pays", 1.0)
    assert appraise(project) == found
    assert appraise(project, seed=2).low != found.low
    sure = appraise(replace(project, spread=0.0))
    assert (sure.low, sure.high) == (sure.yearly, sure.yearly)
    assert Money(100, life=4, rate=0).worth(30) == pytest.approx(20)


def test_what_does_not_pay_is_said() -> None:
    dear = Project("heat", HEAT, Money(10_000_000))
    edge = Project("edge", HEAT, Money(42_000 * 6.710081))
    nothing = Project("nothing", replace(HEAT, lowest=400), Money(1000))
    assert appraise(dear).verdict == "does not pay"
    assert appraise(edge).verdict == "may pay"
    assert appraise(nothing).payback is None
    cheap = Project("heat", HEAT, Money(1000))
    assert [one.project.name for one in ranked([dear, nothing, cheap])] == ["heat", "nothing", "heat"]


def test_projects_of_a_file(tmp_path: Path) -> None:
    head = '[[project]]\nkind = "slag"\nname = "Slag"\ninvest = 5\n'
    body = "slag = 10\nmetal = 0.1\nmoisture = 0.0\nrecovery = 0.5\nusable = 0.5\nmetal_price = 1\nrest_price = 1\n"
    body += "dump_price = 1\nwork_price = 1\n"
    path = tmp_path / "green_projects.toml"
    path.write_text(head + body)
    (one,) = read_projects(path)
    assert (one.name, one.money.invest, one.process.run().balances[0].outs["metal won"]) == ("Slag", 5, 0.5)
    for text, said in (
        ("", "no project"), ("[[project]]\nkind = 'x'\n", "no such kind"), (head, "something is missing"),
        (head + body + "x = 1\n", "no such quantity"), (head + body + "avoided = 'a'\n", "not a number"),
        (head + body.replace("usable = 0.5", "usable = 1.5"), "cannot be"), ("[", "cannot be read"),
        (head + body.replace("moisture = 0.0", "moisture = 0.95"), "more metal and water"),
    ):  # fmt: skip
        path.write_text(text)
        with pytest.raises(ConfigError, match=said):
            read_projects(path)
