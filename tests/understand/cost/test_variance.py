"""Variances and unit cost: worked out by hand, and adding up to what was spent in every case."""

from __future__ import annotations

from decimal import Decimal as D

import pytest
from hypothesis import given, settings, strategies as st

from luban.core.errors import InputError
from luban.understand.cost import cost_book
from luban.understand.cost.state import Card, Use
from luban.understand.cost.unit import unit_cost
from luban.understand.cost.variance import StandardLine, variance_of
from tests.understand.cost.hand_book import DEMANDS, EVENTS, PRICES


def _card(good: int, **uses: tuple[str, int]) -> Card:
    card = Card("A", "paint", None, good=D(good))
    for name, (quantity, value) in uses.items():
        element, _, of = name.partition("_")
        card.uses[element, of, ""] = Use(D(quantity), value)
        card.spent[element] = card.spent.get(element, 0) + value
    return card


def test_mix_and_yield_of_two_materials_worked_out_by_hand() -> None:
    # A litre takes 0.6 kg of x at 5.00 and 0.4 kg of y at 10.00: 7.00. 100 litres: 60 + 40 kg, 700.00.
    standard = [
        StandardLine("material", "x", D("0.6"), D(5), group="kg"),
        StandardLine("material", "y", D("0.4"), D(10), group="kg"),
    ]
    # 70 kg of x at 5.20 = 364.00 and 35 kg of y at 9.00 = 315.00: 105 kg, 679.00.
    found = variance_of(_card(100, material_x=("70", 36400), material_y=("35", 31500)), standard)
    assert (found.standard, found.actual) == (70000, 67900)
    assert {(one.kind, one.name): one.amount for one in found.lines} == {
        ("material price", "x"): 1400,  # 70 × 0.20
        ("material price", "y"): -3500,  # 35 × -1.00
        ("material mix", "x"): 3500,  # (70 - 63) × 5
        ("material mix", "y"): -7000,  # (35 - 42) × 10
        ("material yield", "x"): 1500,  # (63 - 60) × 5
        ("material yield", "y"): 2000,  # (42 - 40) × 10
    }


def test_rates_and_efficiency_worked_out_by_hand() -> None:
    standard = [
        StandardLine("machine", "M1", D("0.25"), D(60), setup=D("0.5"), overhead=D("0.2")),
        StandardLine("labour", "", D("0.25"), D(36), setup=D("0.5")),
    ]
    # 10 pieces: 3 h; 180.00 and 108.00, overhead 36.00. Machine 3.5 h for 203.00; labour 2.5 h for 95.00.
    card = _card(10, machine_M1=("3.5", 20300), labour_Li=("1.5", 5700), labour_Wu=("1", 3800), tool_T1=("3", 2400))
    card.spent["overhead"] = 4060
    found = variance_of(card, standard)
    assert found.standard == 18000 + 10800 + 3600
    assert found.by_kind() == {
        "machine rate": -700,  # 203 - 3.5 × 60
        "machine efficiency": 3000,  # 0.5 h × 60
        "labour rate": 500,  # 95 - 2.5 × 36
        "labour efficiency": -1800,  # -0.5 h × 36
        "tool usage": 2400,
        "overhead": 460,
    }


def test_what_a_machine_did_that_stands_in_counts_for_the_one_of_the_routing() -> None:
    standard = [
        StandardLine("machine", "M1", D("0.5"), D(60), also=("M2", "M3")),
        StandardLine("machine", "M3", D("0.1"), D(90), also=("M2",)),
    ]
    # 10 pieces: 5 h of M1 or M2, 1 h of M3. M1 1 h, M2 4.5 h at 70.00, M3 1.2 h at 90.00.
    card = _card(10, machine_M1=("1", 6000), machine_M2=("4.5", 31500), machine_M3=("1.2", 10800))
    found = variance_of(card, standard)
    assert (found.standard, found.actual) == (30000 + 9000, 48300)
    assert {(one.kind, one.name): one.amount for one in found.lines} == {
        ("machine rate", "M1"): 4500,  # 4.5 h × 10.00
        ("machine efficiency", "M1"): 3000,  # 0.5 h × 60
        ("machine efficiency", "M3"): 1800,  # 0.2 h × 90
    }


def test_no_good_piece_no_variance_and_no_unit_cost() -> None:
    with pytest.raises(InputError, match="no good piece"):
        variance_of(_card(0), [])
    with pytest.raises(InputError, match="no good piece"):
        unit_cost([_card(0)])


def test_unit_cost_of_the_hand_book() -> None:
    found = unit_cost([cost_book(EVENTS, DEMANDS, PRICES).cards["A"]])
    assert (found.good, found.total) == (D(9), 23509 + 38858)
    assert round(found.each, 4) == D("6929.6667")
    assert found.steps()[0] == ("material", D(0), found.elements["material"])
    assert abs(found.steps()[-1][2] - found.each) < D("1e-40")


_money, _count = st.integers(0, 10**6), st.decimals(0, 1000, places=3)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["material", "machine", "labour", "tool", "energy", "rework"]),
                       st.sampled_from("abc"), _count, _money), max_size=8),
    st.lists(st.tuples(st.sampled_from(["material", "machine", "labour", "tool", "energy"]), st.sampled_from("abcd"),
                       _count, _count, st.sampled_from(["", "kg"])), max_size=6, unique_by=lambda one: one[:2]),
    st.integers(1, 50), _money,
)  # fmt: skip
def test_standard_and_variances_make_what_was_spent(
    uses: list[tuple[str, str, D, int]], lines: list[tuple[str, str, D, D, str]], good: int, overhead: int
) -> None:
    card = Card("A", "x", None, good=D(good))
    card.spent["overhead"] = overhead
    for element, name, quantity, value in uses:
        use = card.uses.setdefault((element, name, ""), Use())
        use.quantity += quantity
        use.value += value
        card.spent[element] = card.spent.get(element, 0) + value
    standard = [StandardLine(e, n, q, p, group=g if e == "material" else "") for e, n, q, p, g in lines]
    found = variance_of(card, standard)
    assert found.standard + sum(one.amount for one in found.lines) == found.actual
    rounding = sum(one.amount for one in found.lines if one.kind == "rounding")
    assert abs(rounding) <= len(found.lines) + len(standard) + 2  # nothing but halves of a fen
