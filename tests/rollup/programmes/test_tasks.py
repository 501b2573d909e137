"""Tasks: taken on, late, passed up, closed on evidence only."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from luban.core.errors import InputError
from luban.ledger import Ledger
from luban.norms.plans import TargetPlan
from luban.rollup.programmes import (
    Evidence,
    Standing,
    close_task,
    document,
    drop_task,
    escalations,
    fact,
    follow_up,
    move_task,
    open_task,
    overdue,
    read_tasks,
    reopen_task,
    report_task,
    tasks,
)
from luban.understand.book import row
from tests.rollup.programmes.conftest import Write, at


def taken(plan: TargetPlan, name: str, item: str, due: date) -> dict[str, list[object]]:
    return open_task(plan, name, f"do {name}", item=item, owner="office", due=due, person="li", time=at(2016))


def reopen_task_row(name: str) -> dict[str, list[object]]:
    return row("task", name, "reopen", person="li", text="after all")


def test_nothing_closes_without_evidence(plan: TargetPlan, ledger: Ledger, write: Write, tmp_path: Path) -> None:
    write(taken(plan, "a", "T20", date(2016, 6, 30)))
    with pytest.raises(InputError, match="nothing closes without evidence"):
        close_task(ledger, "a", person="li")
    with pytest.raises(InputError, match="corrected"):
        fact(ledger, 1)
    with pytest.raises(InputError, match="itself a word about the plan"):
        fact(ledger, 3)
    with pytest.raises(InputError, match="no fact 99"):
        close_task(ledger, "a", person="li", evidence=[Evidence("fact", "99")])
    # who writes the entry by hand closes nothing either
    write(row("task", "a", "close", person="x", data={"evidence": [{"kind": "document", "ref": "d.pdf"}]}))
    (one,) = tasks(ledger)
    assert one.state == "open"
    assert one.doubts == ("document d.pdf without its digest", "closed without evidence: it stays open")
    paper = tmp_path / "report.pdf"
    paper.write_bytes(b"signed")
    write(report_task("a", "half of it", person="li", evidence=[document(paper)], time=at(2016, 3)))
    write(close_task(ledger, "a", person="li", time=at(2016, 5)))
    (one,) = tasks(ledger)
    assert (one.state, one.owner, len(one.evidence)) == ("done", "office", 1)
    with pytest.raises(InputError, match="not open"):
        drop_task(ledger, "a", "late", person="li")
    with pytest.raises(InputError, match="without a reason"):
        reopen_task(ledger, "a", " ", person="li")
    write(reopen_task(ledger, "a", "the report was of another site", person="li", time=at(2016, 6)))
    (one,) = tasks(ledger)
    assert (one.state, one.closed, one.said) == ("open", None, "the report was of another site")
    with pytest.raises(InputError, match="is open"):
        reopen_task(ledger, "a", "again", person="li")
    with pytest.raises(InputError, match="nothing closes without evidence"):
        close_task(ledger, "a", person="li")
    again = replace(document(paper), ref="of another name.pdf")
    with pytest.raises(InputError, match="was what it was closed on before"):
        close_task(ledger, "a", person="li", evidence=[again])
    write(row("task", "a", "close", person="x", data={"evidence": [again.as_dict()]}))
    assert (tasks(ledger)[0].state, tasks(ledger)[0].evidence) == ("open", ())
    paper.write_bytes(b"signed anew")
    head = ledger.head
    write(close_task(ledger, "a", person="li", evidence=[again, document(paper)]))
    assert [one.ref for one in tasks(ledger)[0].evidence] == ["report.pdf"]
    assert tasks(ledger, as_of=head)[0].state == "open"
    write(reopen_task(ledger, "a", "of another site again", person="li"))
    write(drop_task(ledger, "a", "merged", person="li"), reopen_task_row("a"))
    assert tasks(ledger)[0].state == "open"


def test_evidence_that_is_corrected_later_opens_the_task_again(plan: TargetPlan, ledger: Ledger, write: Write) -> None:
    write(taken(plan, "a", "", date(2016, 6, 30)))
    write(close_task(ledger, "a", person="li", evidence=[fact(ledger, 2)]))
    head = ledger.head
    assert tasks(ledger)[0].state == "done"
    write({"time": [at(2016)], "subject": ["p/m"], "quality": [0], "good": [0.0], "scrap": [0.0], "rework": [0.0],
           "supersedes": [2]}, stream="count")  # fmt: skip
    assert (tasks(ledger)[0].state, tasks(ledger)[0].doubts[0]) == ("open", "fact 2 was corrected")
    assert tasks(ledger, as_of=head)[0].state == "done"
    assert Standing(ledger, head).reason(Evidence("fact", "2")) == ""


def test_what_is_late_goes_up(plan: TargetPlan, ledger: Ledger, write: Write) -> None:
    write(taken(plan, "a", "T20", date(2016, 6, 30)), taken(plan, "b", "T13", date(2016, 9, 29)),
          taken(plan, "c", "T13", date(2017, 1, 1)))  # fmt: skip
    late = overdue(tasks(ledger), date(2016, 9, 30))
    assert [(one.task.id, one.days, one.to) for one in late] == [("a", 92, "who steers the plan"), ("b", 1, "owner")]
    told = escalations(late)
    assert [one["subject"][0] for one in told] == ["a", "b"]
    write(*told)
    assert escalations(overdue(tasks(ledger), date(2016, 9, 30))) == []  # told once
    assert [one["subject"][0] for one in escalations(overdue(tasks(ledger), date(2016, 11, 30)))] == ["b"]
    write(move_task("a", "waits for a law", person="li", due=date(2017, 6, 30), owner="ministry"))
    (only,) = overdue(tasks(ledger), date(2016, 9, 30))
    assert only.task.id == "b"
    assert next(one.owner for one in tasks(ledger) if one.id == "a") == "ministry"
    # late by its new date too: it goes up anew, from the first rung
    assert "a" in {one["subject"][0] for one in escalations(overdue(tasks(ledger), date(2017, 7, 1)))}
    write(drop_task(ledger, "b", "merged with c", person="li"))
    assert overdue(tasks(ledger), date(2016, 12, 30)) == ()
    with pytest.raises(InputError, match="why"):
        move_task("c", "", person="li", due=date(2018, 1, 1))


def test_every_measure_of_the_plan_with_owner_and_date(
    plan: TargetPlan, ledger: Ledger, write: Write, tmp_path: Path
) -> None:
    first = plan.tasks[0]
    file = tmp_path / "tasks.csv"
    lines = [f"m{at},{one.id},{one.name.zh},MIIT,2018-12-31" for at, one in enumerate(first.measures[1:])]
    file.write_text("id,item,name,owner,due\n" + "\n".join(lines), "utf-8")
    write(*read_tasks(file, plan, person="li", time=at(2016)))
    found = {one.id: one for one in follow_up(plan, tasks(ledger, plan.id), date(2019, 1, 1))}
    assert len(found) == 22  # 9 tasks, 8 supports, 5 programmes
    assert sum(one.measures for one in found.values()) == len(plan.measures)
    assert found[first.id].missing == (first.measures[0].id,)
    assert found[first.id].late == found[first.id].tasks == len(first.measures) - 1
    assert found[plan.tasks[1].id].taken == 0
    for cells, said in (
        ("x,T20,a,b,soon", "not a date"),
        ("x,T99,a,b,2018-01-01", "T99"),
        ("x,,a,,2018-01-01", "owner"),
        (",T20,a,b,2018-01-01", "id of its own"),
    ):
        file.write_text(f"id,item,name,owner,due\n{cells}\n")
        with pytest.raises(InputError, match=rf"tasks\.csv:2.*{said}"):
            read_tasks(file, plan, person="li")
