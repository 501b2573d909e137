"""Input-output analysis and dependence against a textbook, pymrio, py-ecomplexity and public figures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from luban.core.errors import InputError
from luban.rollup.complexity import complexity
from luban.rollup.dependence import Market, content_abroad, imports_in, royalties
from luban.rollup.input_output import InputOutput

DATA = Path(__file__).parent / "data"


def of_pymrio() -> tuple[InputOutput, dict[str, Any]]:
    known = json.loads((DATA / "input_output.json").read_text("utf-8"))
    regions = tuple(one for one in known["regions"] for _ in known["sectors"])
    factors = {name: np.array(one) for name, one in known["factors"].items()}
    table = InputOutput(np.array(known["flows"]), np.array(known["final"]), tuple(known["sectors"]) * 2, regions,
                        tuple(known["regions"]), factors)  # fmt: skip
    return table, known


def test_the_textbook_s_inverse() -> None:
    # Miller and Blair (2009), table 2.3 and section 2.3
    table = InputOutput(np.array([[150.0, 500.0], [200.0, 100.0]]), np.array([[350.0], [1700.0]]))
    assert table.gross.tolist() == [1000.0, 2000.0]
    assert table.leontief == pytest.approx(np.array([[1.2541, 0.3300], [0.2640, 1.1221]]), abs=5e-5)
    # new final demand of 600 and 1500 asks for 1247.5 and 1841.6
    assert table.leontief @ [600.0, 1500.0] == pytest.approx([1247.5, 1841.6], abs=0.1)


def test_equal_to_pymrio() -> None:
    table, known = of_pymrio()
    assert table.leontief == pytest.approx(np.array(known["leontief"]), rel=1e-9)
    for name in table.factors or {}:
        assert table.multipliers(name) == pytest.approx(known["multipliers"][name], rel=1e-9)
        names, account = table.account(name)
        assert names == tuple(known["regions"])
        for part in ("production", "consumption", "imports", "exports"):
            assert getattr(account, part) == pytest.approx(known[part][name], rel=1e-9)


def test_the_power_series_says_the_same() -> None:
    table, _ = of_pymrio()
    total, round_ = np.eye(6), np.eye(6)
    for _ in range(400):
        round_ = round_ @ table.coefficients
        total = total + round_
    assert table.leontief == pytest.approx(total, rel=1e-10)
    assert table.multipliers() == pytest.approx(total.sum(0), rel=1e-10)
    backward, forward = table.linkages()
    assert backward.mean() == pytest.approx(1.0) == pytest.approx(forward.mean())


def test_shares_at_home_and_abroad_make_up_the_whole() -> None:
    table, _ = of_pymrio()
    _, abroad = content_abroad(table, "east")
    added = 1 - table.coefficients.sum(0)
    home = np.where(np.array(table.regions) == "east", added, 0.0) @ table.leontief[:, :3]
    assert abroad + home == pytest.approx(np.ones(3))
    assert (abroad > 0).all()


def test_bad_tables_are_named() -> None:
    flows, final = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[5.0], [6.0]])
    with pytest.raises(InputError, match="does not balance"):
        InputOutput(flows, final, output=np.array([8.0, 14.0]))
    with pytest.raises(InputError, match="do not fit"):
        InputOutput(flows, np.array([[5.0]]))
    with pytest.raises(InputError, match="no such factor"):
        InputOutput(flows, final).multipliers("co2")
    with pytest.raises(InputError, match="no inverse"):
        _ = InputOutput(np.array([[5.0, 0.0], [0.0, 1.0]]), np.array([[0.0], [1.0]])).leontief


def test_final_demand_of_nobody_is_not_laid_on_the_first_region() -> None:
    flows, final = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[5.0], [6.0]])
    table = InputOutput(flows, final, regions=("east", "west"), factors={"co2": np.array([1.0, 2.0])})
    with pytest.raises(InputError, match="whose final demand"):
        table.account("co2")
    one = InputOutput(flows, final, regions=("east", "east"), factors={"co2": np.array([1.0, 2.0])})
    assert one.account("co2")[1].consumption == pytest.approx([3.0])


def test_royalties_of_public_figures() -> None:
    # World Bank, World Development Indicators (CC BY 4.0): BM/BX.GSR.ROYL.CD, NY.GDP.MKTP.CD, GB.XPD.RSDV.GD.ZS, China
    found = royalties({2015: 22022366054.63, 2020: 37870654560.1}, {2015: 1084600061.07, 2020: 8582874881.79},
                      {2015: 11280814787468.9, 2020: 14996414166715.1}, {2015: 2.01703})  # fmt: skip
    assert found[0].dependence.value == pytest.approx(22.022 / (22.022 + 227.537), rel=1e-4)
    assert found[0].cover.value == pytest.approx(0.04925, rel=1e-3)
    assert found[1].cover.value == pytest.approx(0.22664, rel=1e-3)
    assert found[1].dependence.value is None
    assert found[1].dependence.reason == "spending on research is not known"
    assert found[1].share.value == pytest.approx(37870654560.1 / 14996414166715.1)


def test_imports_in_a_market() -> None:
    assert imports_in(Market("bearings", 80, 40, 20)).value == pytest.approx(0.4)
    assert imports_in(Market("bearings", 80, None, 20)).reason == "imports are not known"
    assert imports_in(Market("bearings", 10, 5, 20)).value is None


def test_complexity_is_that_of_py_ecomplexity() -> None:
    known = json.loads((DATA / "complexity.json").read_text("utf-8"))
    found = complexity(np.array(known["exports"], dtype=float))
    at = known["places"].index("chn")
    for own, other in (
        (found.places, "eci"), (found.products, "pci"), (found.advantage[at], "rca_chn"),
        (found.density[at], "density_chn"), (found.diversity, "diversity"),
    ):  # fmt: skip
        assert own == pytest.approx(np.array(known[other], dtype=float), rel=1e-9, abs=1e-9, nan_ok=True)


def test_complexity_of_nothing_is_refused() -> None:
    with pytest.raises(InputError, match="too few places"):
        complexity(np.zeros((4, 4)))
    with pytest.raises(InputError, match="0 or more"):
        complexity(np.array([[1.0, -1.0]]))
