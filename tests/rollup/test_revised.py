"""Targets decided anew: judged beside the printed ones; a later decision takes them back."""

from __future__ import annotations

from datetime import date

import pytest

from luban.core.errors import InputError
from luban.ledger import Ledger
from luban.norms.plans import TargetPlan
from luban.rollup.minutes import advice_row, change_of, minutes, quote
from luban.rollup.programmes import Evidence, count_row
from luban.rollup.review import inputs_of, review
from luban.rollup.revised import decided_targets, revised_plan
from tests.rollup.programmes.conftest import Write, at, books, ledger, plan, write

__all__ = ["books", "ledger", "plan", "write"]


def rows(*values: tuple[int, float]) -> list[dict[str, object]]:
    return [{"indicator": "I08", "year": year, "value": value} for year, value in values]


def test_a_decided_target_is_judged_beside_the_printed_one(plan: TargetPlan, ledger: Ledger, write: Write) -> None:
    own = quote(plan, ledger, "I08", 2020, 45.0)
    lower, centres = change_of(plan, "I08", 2025, 46), change_of(plan, "T13", 2020, 1)
    papers = [Evidence("document", "charter.pdf", "0" * 64)]
    write(
        count_row(plan, "T13", "centre 1", person="li", day=date(2016, 8, 1), evidence=papers, time=at(2016)),
        advice_row("m-1", "item", "half of it is not to be had", person="li", change=lower, time=at(2020, 5)),
        advice_row("m-1", "decision", "lowered", person="wu", quotes=[own], change=lower, time=at(2020, 6)),
        advice_row("m-2", "decision", "one is enough", person="wu", quotes=[own], change=centres, time=at(2020, 7)),
    )
    known = rows((2015, 33.0), (2020, 45.0))
    found = review(inputs_of(plan, 2020, date(2020, 12, 31), rows=known, ledger=ledger))
    told = {one.decided.id: (one.decided.printed, one.decided.value, one.decided.person, one.status_printed, one.status)
            for one in found.revised}  # fmt: skip
    assert told == {
        "I08": (64.0, 46.0, "wu", "acceleration needed", "on track"), "T13": (15.0, 1.0, "wu", "missed", "met"),
    }  # fmt: skip
    assert found.inputs.plan.indicator("I08").milestone(2025).value == 64  # type: ignore[union-attr]
    assert found.as_dict()["revised"][0]["decided"]["on"] == "2020-06-01"

    write(advice_row("m-1", "decision", "kept after all", person="wu", quotes=[own], time=at(2020, 8)))
    assert [one.id for one in decided_targets(plan, minutes(ledger))] == ["T13"]
    back = change_of(plan, "T13", 2020, 10)
    write(advice_row("m-3", "decision", "ten", person="wu", quotes=[own], change=back, time=at(2020, 9)))
    (one,) = decided_targets(plan, minutes(ledger))
    assert (one.value, one.item) == (10.0, "m-3")
    assert revised_plan(plan, [one]).item("T13").milestone(2020).value == 10  # type: ignore[union-attr]


def test_a_change_is_of_a_target_with_a_number(plan: TargetPlan) -> None:
    with pytest.raises(InputError, match="no target with a number then"):
        change_of(plan, "I08", 2015, 50)
    with pytest.raises(InputError, match="a number is needed"):
        change_of(plan, "I08", 2025, float("nan"))
    with pytest.raises(InputError):
        change_of(plan, "I99", 2025, 1)
