"""Every figure opens down to the facts that it was made of."""

from __future__ import annotations

import json

import pytest

from luban.understand.kpi import explain, read
from tests.understand.shop import M1, Shop
from tests.understand.test_read import one_good_hour


def test_the_tree_of_oee_ends_in_facts_of_the_ledger(shop: Shop) -> None:
    one_good_hour(shop)
    [oee] = read(shop.ledger, shop.plant, shop.at("08:00"), shop.at("09:00"), [M1], names=["oee"])
    tree = explain(oee, shop.ledger, shop.plant)
    assert (tree.value, tree.unit) == (oee.value, "1")
    inputs = {child.label: child for child in tree.children if child.value is not None}
    assert inputs["APT"].value == sum(tile.value or 0 for tile in inputs["APT"].children) == 48 * 60
    assert inputs["PQ"].value == sum(count.value or 0 for count in inputs["PQ"].children) == 600
    for fact in tree.facts():
        recorded = shop.ledger.fact(fact["seq"])
        assert recorded is not None
        assert recorded["time"] == fact["time"]
        assert recorded.get("state") == fact.get("state")
    json.dumps(tree.as_dict())
    text = tree.text(limit=2)
    assert "overall equipment effectiveness index of works/cell/m1" in text
    assert "2026-03-02 08:00:00+08:00 to 2026-03-02 08:20:00+08:00, 20 min: running" in text
    assert "by plc: state running" in text
    assert "… 1 more" in text


def test_the_tree_is_of_the_books_at_the_figures_seq(shop: Shop) -> None:
    one_good_hour(shop)
    [before] = read(shop.ledger, shop.plant, shop.at("08:00"), shop.at("09:00"), [M1], names=["availability"])
    shop.states(("08:10", "idle"))
    tree = explain(before, shop.ledger, shop.plant)
    assert next(c for c in tree.children if c.label == "APT").value == 48 * 60
    assert sum(t.value or 0 for c in tree.children if c.label == "APT" for t in c.children) == 48 * 60


def test_unknown_time_leads_to_the_gap_and_the_last_proof_of_life(shop: Shop) -> None:
    shop.states(("08:00", "running"), ("08:36", "running"))
    shop.alive(("08:00", "08:30"))
    shop.gap("08:30", "08:33")
    shop.alive(("08:33", "09:00"))
    [figure] = read(shop.ledger, shop.plant, shop.at("08:00"), shop.at("09:00"), [M1], names=["availability"])
    tree = explain(figure, shop.ledger, shop.plant)
    unknown = next(c for c in tree.children if c.label.startswith("UNKNOWN"))
    assert [t.label.split(": ", 1)[1] for t in unknown.children] == [
        "UNKNOWN (no data)",
        "UNKNOWN (no state since the data came back)",
    ]
    assert [f["kind"] for f in unknown.children[0].facts()] == ["gap", "alive"]
    assert figure.low is not None
    assert figure.high is not None
    assert (figure.low, figure.high) == pytest.approx((54 / 60, 1.0))


def test_a_withheld_figure_says_why(shop: Shop) -> None:
    [figure] = read(shop.ledger, shop.plant, shop.at("08:00"), shop.at("09:00"), [M1], names=["oee"])
    assert "withheld: only 0 % of the planned time is known" in explain(figure, shop.ledger, shop.plant).text()
