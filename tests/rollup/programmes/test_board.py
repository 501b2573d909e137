"""The board: counts with evidence, parts, pilots, a cut by industry and pooled, targets without a number."""

from __future__ import annotations

import json
import math
from pathlib import Path

import narwhals as nw
import pyarrow as pa
import pytest

from luban.core.errors import InputError
from luban.ledger import Ledger
from luban.norms.plans import TargetPlan
from luban.rollup.deflators import Deflators
from luban.rollup.programmes import (
    Effect,
    Evidence,
    ItemStatus,
    board,
    count_row,
    cut_of_frame,
    effects,
    part_row,
    pilot_row,
    pooled,
    pooled_cut,
    read_pilot,
    share_secured,
    shown_row,
    source_row,
    things,
    withdraw_row,
)
from luban.understand.book import row
from tests.rollup.programmes.conftest import Write, at, day

PAPER = Evidence("document", "list.pdf", "a" * 64, "list of the ministry")


def on(found: tuple[ItemStatus, ...], name: str) -> ItemStatus:
    return next(one for one in found if one.item.id == name)


def test_only_what_has_evidence_counts(plan: TargetPlan, ledger: Ledger, write: Write) -> None:
    papers = [Evidence("document", f"{n}.pdf", f"{n:064x}") for n in range(20)]
    write(*(count_row(plan, "T13", f"centre {n}", person="li", day=day(2016 + n // 4), evidence=[papers[n]],
                      region=f"CN/{31 + n % 2}") for n in range(15)))  # fmt: skip
    write(
        row(
            "programme",
            "mic2025:T13:air",
            "count",
            person="x",
            data={"plan": "mic2025", "item": "T13", "thing": "air", "day": "2016-12-31"},
        )
    )
    some = things(ledger, "mic2025")
    for year, value, status in (
        (2017, 8, "on the way"),
        (2018, 12, "on the way"),
        (2020, 15, "met"),
        (2025, 15, "missed"),
    ):
        found = on(board(plan, year, things=some), "T13")
        assert (found.value, found.status) == (value, status), year
    found = on(board(plan, 2020, things=some), "T13")
    assert found.left_out == (("air", "no evidence"),)
    assert (found.milestone and found.milestone.value, found.by_region) == (15, (("CN/31", 8), ("CN/32", 7)))
    assert "the text says about" in found.notes
    write(withdraw_row(plan, "T13", "centre 0", "closed", person="li", day=day(2019)))
    found = on(board(plan, 2020, things=things(ledger, "mic2025")), "T13")
    assert (found.value, found.status, found.left_out[-1]) == (14, "missed", ("centre 0", "withdrawn: closed"))
    assert on(board(plan, 2018, things=things(ledger, "mic2025")), "T13").value == 12
    assert on(board(plan, 2016, things=()), "T13").reason == "nothing was counted yet"
    with pytest.raises(InputError, match="without evidence"):
        count_row(plan, "T20", "x", person="li", day=day(2018), evidence=[])
    with pytest.raises(InputError, match="T99"):
        count_row(plan, "T99", "x", person="li", day=day(2018), evidence=[PAPER])


def test_one_evidence_for_several_things_is_said(plan: TargetPlan, ledger: Ledger, write: Write) -> None:
    write(*(count_row(plan, "T20", name, person="li", day=day(2018), evidence=[PAPER]) for name in ("a", "b")))
    found = on(board(plan, 2018, things=things(ledger, "mic2025")), "T20")
    assert (found.value, found.notes) == (2, ("one evidence for several: a, b",))
    assert found.status == "behind"  # of 1,000 by 2020


def test_forty_of_a_hundred_parts(plan: TargetPlan, ledger: Ledger, write: Write) -> None:
    paper = {"person": "li", "evidence": [PAPER]}
    write(*(part_row(plan, "T18", f"part {n:03d}", person="li", day=day(2016)) for n in range(100)))
    write(
        *(
            source_row(plan, "T18", f"part {n:03d}", "maker", qualified=True, domestic=n < 40, **paper)
            for n in range(60)
        ),
        *(
            source_row(plan, "T18", f"part {n:03d}", "home", qualified=False, domestic=True, person="li")
            for n in range(60, 70)
        ),
    )
    some = things(ledger, "mic2025")
    assert share_secured(some, "T18", day(2020)).value == 40.0
    found = on(board(plan, 2020, things=some), "T18")
    assert (found.value, found.status, found.counted, len(found.left_out)) == (40.0, "met", 100, 60)
    assert on(board(plan, 2025, things=some), "T18").status == "missed"  # 70 by then
    write(source_row(plan, "T18", "part 000", "maker", person="li", qualified=True, domestic=True, evidence=[PAPER],
                     until=day(2019)))  # fmt: skip
    found = on(board(plan, 2020, things=things(ledger, "mic2025")), "T18")
    assert (found.value, found.status, found.left_out[0]) == (39.0, "missed", ("part 000", "its qualification ran out"))
    with pytest.raises(InputError, match="qualified by evidence"):
        source_row(plan, "T18", "p", "s", person="li", qualified=True, domestic=True)


def test_a_part_that_is_withdrawn_and_taken_in_again(plan: TargetPlan, ledger: Ledger, write: Write) -> None:
    write(part_row(plan, "T18", "chip", person="li", day=day(2015)),
          source_row(plan, "T18", "chip", "maker", qualified=True, domestic=True, person="li", evidence=[PAPER]),
          withdraw_row(plan, "T18", "chip", "no more made", person="li", day=day(2017)),
          part_row(plan, "T18", "wafer", person="li", day=day(2022)))  # fmt: skip
    found = on(board(plan, 2020, things=things(ledger, "mic2025")), "T18")
    assert found.left_out == (("chip", "withdrawn: no more made"), ("wafer", "counts later"))
    assert found.reason == "the catalogue is empty"
    write(part_row(plan, "T18", "chip", person="li", day=day(2018)))
    some = things(ledger, "mic2025")
    assert (share_secured(some, "T18", day(2020)).value, share_secured(some, "T18", day(2017)).parts) == (100.0, 0)


def test_pilots_against_their_own_state_before(plan: TargetPlan, ledger: Ledger, write: Write, tmp_path: Path) -> None:
    for n, cut in enumerate((36.0, 30.0, 24.0)):
        made = [Effect(f"p{n}", "cost", cut, cut - 2, cut + 2), Effect(f"p{n}", "cycle", cut, cut - 2, cut + 2)]
        write(
            pilot_row(f"p{n}", made, person="li", enrolled="2018-01-01", baseline="d" * 64, evidence=[PAPER.as_dict()])
        )
    write(pilot_row("q", [Effect("q", "cost", 80.0, 79.0, 81.0)], person="li", enrolled="2018-01-01", baseline="",
                    evidence=[PAPER.as_dict()]))  # fmt: skip
    write(row("pilot", "r", "enrol", person="li", data={"baselines": {}, "lacks": {"cost": "12 days of facts"}}))
    found = pooled(effects(ledger), "cost", 30.0)
    assert (found.cut, found.met, found.evaluable, found.enrolled) == (pytest.approx(30.0), 1, 3, 5)
    # 30 ± t(2) · 6 / √3
    assert (found.low, found.high) == (
        pytest.approx(30 - 4.30265 * 6 / 3**0.5, abs=1e-4),
        pytest.approx(44.9048, abs=1e-3),
    )
    status = on(board(plan, 2020, effects=effects(ledger)), "T14")
    assert (status.value, status.status) == (pytest.approx(30.0), "met")
    assert dict(status.left_out) == {"q": "no state before was fixed", "r": "12 days of facts"}
    assert on(board(plan, 2020, effects=effects(ledger)), "T16").reason == "no pilot is evaluable"
    proof = tmp_path / "proof.json"
    told = {"metric": "cost", "share": -0.31, "low": -0.35, "high": -0.27, "verdict": "met 2020", "why": ""}
    none = {"metric": "cycle", "share": None, "low": None, "high": None, "verdict": "not evaluable", "why": "no orders"}
    proof.write_text(json.dumps({"name": "mill", "on": 1_514_764_800_000_000, "targets": [told, none],
                                 "outcomes": {"cost": {"baseline": "e" * 64}}}))  # fmt: skip
    name, read, enrolled, baseline = read_pilot(proof)
    assert (name, enrolled, baseline[:2]) == ("mill", "2018-01-01", "ee")
    assert (read[0].cut, read[0].low, read[0].high) == pytest.approx((31.0, 27.0, 35.0))
    assert (read[1].reason, read[1].evaluable) == ("no orders", False)
    proof.write_text('{"targets": 3}')
    with pytest.raises(InputError, match="not the proof"):
        read_pilot(proof)


def test_a_cut_by_industry_and_pooled(plan: TargetPlan) -> None:
    # both industries cut by a fifth; output moves to the dirty one, so that the pooled figure barely falls
    rows = [
        ("C17", 2015, 10.0, 100.0),
        ("C31", 2015, 90.0, 100.0),
        ("C17", 2020, 4.0, 50.0),
        ("C31", 2020, 108.0, 150.0),
    ]
    found = pooled_cut(rows, 2015, 2020)
    assert {one.key: one.cut for one in found.parts} == pytest.approx({"C17": 20.0, "C31": 20.0})
    assert found.pooled.cut == pytest.approx(100 * (1 - (112 / 200) / (100 / 200)))  # -12 %
    assert (found.within, found.shifted) == (pytest.approx(20.0), pytest.approx(-32.0))
    assert found.parts[0].key == "C31"
    status = on(board(plan, 2020, cuts={"T22": found}), "T22")
    assert (status.status, status.value) == ("missed", pytest.approx(-12.0))
    assert on(board(plan, 2025, cuts={"T22": found}), "T22").milestone.year == 2020  # type: ignore[union-attr]
    assert math.isnan(on(board(plan, 2020), "T22").value)
    gone = pooled_cut([*rows, ("C30", 2015, 1.0, 0.0), ("C30", 2020, 1.0, 1.0), ("C25", 2015, 1.0, 1.0)], 2015, 2020)
    assert [key for key, _ in gone.left_out] == ["C25", "C30"]
    assert gone.pooled == found.pooled
    with pytest.raises(InputError, match="no industry"):
        pooled_cut([("C17", 2015, 1.0, 1.0)], 2015, 2020)


def test_a_cut_of_returns_at_constant_prices() -> None:
    table = pa.table({
        "unit": ["a", "a", "b", "b"], "year": [2015, 2020] * 2, "industry": ["C1711", "C1711", "C3110", "C3110"],
        "so2": [10.0, 8.0, 90.0, 45.0], "value_added": [100.0, 110.0, 100.0, 50.0],
    })  # fmt: skip
    frame = nw.from_native(table).lazy()
    prices = Deflators.of([("", 2015, 1.0), ("", 2020, 1.0), ("C17", 2015, 1.0), ("C17", 2020, 1.1)])
    found = cut_of_frame(frame, "so2", "value_added", 2015, 2020, deflators=prices)
    assert {one.key: one.cut for one in found.parts} == pytest.approx({"C17": 20.0, "C31": 0.0})
    assert found.pooled.cut == pytest.approx(100 * (1 - (53 / 150) / (100 / 200)))
    with pytest.raises(InputError, match="no such column"):
        cut_of_frame(frame, "nox", "value_added", 2015, 2020)


def test_a_target_without_a_number_is_shown_and_never_scored(plan: TargetPlan, ledger: Ledger, write: Write) -> None:
    assert on(board(plan, 2020), "T17").status == "qualitative"
    assert on(board(plan, 2020), "T23").status == "not evaluable"
    write(
        shown_row(plan, "T17", "a survey of 300 plants", person="li", day=day(2019), evidence=[PAPER]),
        shown_row(
            plan, "T23", "steel and cement past their peak", person="li", day=day(2019), evidence=[PAPER], reached=True
        ),
    )
    some = things(ledger, "mic2025")
    found = on(board(plan, 2020, things=some), "T17")
    assert (found.status, found.said) == ("qualitative", "a survey of 300 plants")
    assert on(board(plan, 2020, things=some), "T23").status == "met"
    assert on(board(plan, 2018, things=some), "T23").status == "not evaluable"
    assert all(
        one.status == "qualitative"
        for one in board(plan, 2020, things=some)
        if one.programme == "5" and one.item.qualitative and one.item.kind == "statement"
    )
    json.dumps([one.as_dict() for one in board(plan, 2020, things=some)], allow_nan=False)
    # reached later than first spoken of: from that day on; taken back: no more
    paper = {"person": "li", "evidence": [PAPER]}
    write(shown_row(plan, "T25", "six of ten", day=day(2018), **paper))
    write(shown_row(plan, "T25", "ten of ten", day=day(2020), reached=True, **paper))
    some = things(ledger, "mic2025")
    assert [on(board(plan, year, things=some), "T25").status for year in (2019, 2020)] == ["not evaluable", "met"]
    # further proof of later changes nothing of the years before, whether it stands or not
    more = Evidence("document", "survey.pdf", "b" * 64)
    write(shown_row(plan, "T25", "eleven", day=day(2022), reached=True, person="li", evidence=[more]))
    write(shown_row(plan, "T25", "of old", day=day(2010), reached=True, person="li",
                    evidence=[Evidence("fact", "1")]))  # fmt: skip
    some = things(ledger, "mic2025")
    assert [on(board(plan, year, things=some), "T25").status for year in (2019, 2020)] == ["not evaluable", "met"]
    assert next(one.evidence for one in some if one.item == "T25") == (PAPER, more)
    write(withdraw_row(plan, "T23", "", "the peak was none", person="li", day=day(2019, 6, 30)))
    assert on(board(plan, 2020, things=things(ledger, "mic2025")), "T23").status == "not evaluable"


def test_steps_are_shown_with_what_was_said_of_them_and_never_scored(
    plan: TargetPlan, ledger: Ledger, write: Write
) -> None:
    write(shown_row(plan, "T27", "a report on industry", person="li", day=day(2019), evidence=[PAPER], reached=True))
    some = things(ledger, "mic2025")
    for year in (2020, 2025, 2035, 2049):
        steps = [one for one in board(plan, year, things=some) if one.programme.startswith("step-")]
        assert len(steps) == sum(len(step.items) for step in plan.steps)
        assert {one.status for one in steps} == {"qualitative"}
        assert all(math.isnan(one.value) and math.isnan(one.ratio) for one in steps)
    found = {one.item.id: one for one in steps}
    assert (found["T27"].said, found["T28"].said) == ("a report on industry", "")
    assert [on(board(plan, 2020), name).milestone.year for name in ("T27", "T28", "T29")] == [2020, 2035, 2049]  # type: ignore[union-attr]
    later = {one.item.id: one.milestone for one in board(plan, 2030)}
    assert [later[name].year for name in ("T17", "T27", "T28")] == [2025, 2025, 2035]  # type: ignore[union-attr]


def test_a_verdict_is_held_against_the_dates_of_its_state_before(ledger: Ledger, write: Write, tmp_path: Path) -> None:
    def enrol(name: str, on: int, fixed: int, metric: str = "cost") -> None:
        data = {"on": on, "baselines": {metric: {"fixed": fixed}}, "lacks": {}}
        write(row("pilot", name, "enrol", person="li", data=data))

    def verdict(name: str, enrolled: str, time: int | None = None) -> None:
        made = [Effect(name, "cost", 30.0, 28.0, 32.0)]
        write(pilot_row(name, made, person="li", enrolled=enrolled, baseline="d" * 64, evidence=[PAPER.as_dict()],
                        time=time))  # fmt: skip

    enrol("good", at(2100), at(2016))
    enrol("late", at(2017), at(2018))  # the state before was fixed when the levers were on
    enrol("taken", at(2017), at(2016))  # said to be fixed before, and in the books only now
    enrol("other", at(2100), at(2016), "cycle")
    for name in ("good", "late", "taken", "other"):
        verdict(name, "2017-01-01")
    verdict("early", "2018-01-01", time=at(2017))
    late = "its state before was fixed after the levers went on"
    assert {one.pilot: one.reason for one in effects(ledger)} == {
        "good": "", "late": late, "taken": late, "other": "no state before was fixed",
        "early": "the verdict is older than the levers",
    }  # fmt: skip
    proof = tmp_path / "proof.json"
    told = {"metric": "cost", "share": -0.31, "low": -0.35, "high": -0.27, "verdict": "met 2020", "why": ""}
    for fixed, why in ((at(2017), ""), (at(2019), late)):
        proof.write_text(
            json.dumps({"name": "mill", "on": at(2018), "fixed": fixed, "targets": [told], "outcomes": {}})
        )
        assert read_pilot(proof)[1][0].reason == why
