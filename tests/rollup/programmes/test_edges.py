"""The days and shares at which something changes: the last that still is, and the first that is no more."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from luban.ledger import Ledger
from luban.norms.plans import TargetPlan
from luban.rollup.programmes import (
    Evidence,
    board,
    count_row,
    open_task,
    overdue,
    part_row,
    source_row,
    tasks,
    things,
    withdraw_row,
)
from tests.rollup.programmes.conftest import Write, at, day

PAPER = Evidence("document", "list.pdf", "a" * 64)


@pytest.mark.parametrize(
    ("days", "to"),
    [(0, ""), (1, "owner"), (29, "owner"), (30, "owner's superior"), (89, "owner's superior"),
     (90, "who steers the plan"), (900, "who steers the plan")],
)  # fmt: skip
def test_whom_a_late_task_goes_to(plan: TargetPlan, ledger: Ledger, write: Write, days: int, to: str) -> None:
    due = date(2016, 6, 30)
    write(open_task(plan, "a", "do it", item="T20", owner="office", due=due, person="li", time=at(2016)))
    found = overdue(tasks(ledger), due + timedelta(days=days))
    assert [(one.days, one.to) for one in found] == ([(days, to)] if to else [])


@pytest.mark.parametrize(("count", "status"), [(8, "behind"), (9, "on the way"), (14, "on the way"), (15, "met")])
def test_at_95_percent_of_the_path_and_at_the_milestone(
    plan: TargetPlan, ledger: Ledger, write: Write, count: int, status: str
) -> None:
    """15 by 2020 from nothing in 2015: the path stands at 9 in 2018, and 95 % of it is 8.55."""
    papers = [Evidence("document", f"{n}.pdf", f"{n:064x}") for n in range(count)]
    write(*(count_row(plan, "T13", f"c{n}", person="li", day=day(2018), evidence=[papers[n]]) for n in range(count)))
    found = board(plan, 2018, things=things(ledger, "mic2025"))
    assert next(one.status for one in found if one.item.id == "T13") == status


def test_the_day_of_a_withdrawal_and_the_last_day_of_a_qualification(
    plan: TargetPlan, ledger: Ledger, write: Write
) -> None:
    last = date(2019, 6, 30)
    write(count_row(plan, "T20", "works", person="li", day=date(2018, 1, 1), evidence=[PAPER]),
          withdraw_row(plan, "T20", "works", "closed", person="li", day=last),
          part_row(plan, "T18", "chip", person="li", day=date(2018, 1, 1)),
          source_row(plan, "T18", "chip", "maker", person="li", qualified=True, domestic=True, evidence=[PAPER],
                     until=last))  # fmt: skip
    works = next(one for one in things(ledger, "mic2025") if one.name == "works")
    chip = next(one for one in things(ledger, "mic2025") if one.name == "chip")
    one_day = timedelta(days=1)
    assert [works.counts(some) for some in (date(2017, 12, 31), date(2018, 1, 1), last - one_day, last)] == [
        False, True, True, False,
    ]  # fmt: skip
    assert [chip.secured(some) for some in (last, last + one_day)] == [True, False]
