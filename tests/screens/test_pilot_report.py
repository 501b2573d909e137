"""The proof as a sheet: figures that can be worked out again, parts that add up as printed, what is missed is said."""

from __future__ import annotations

import re
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import openpyxl
import pytest

from luban.pilot.plan import CONVERSION, COSTS
from luban.pilot.proof import AS_IS, CAPITAL, LUBAN, Proof, Span
from luban.screens.i18n import words
from luban.screens.report.pilot import fall_picture, proof_sheet
from luban.screens.report.pilot_pictures import Change, Step, changes_svg, fall_svg, pairs_svg
from luban.screens.report.pilot_tables import (
    arms_grid,
    costs_grid,
    fall_grid,
    levers_grid,
    others_grid,
    runs_grid,
    skipped_grid,
    target_figures,
    targets_grid,
    without_grid,
)
from luban.screens.report.pilot_words import amount, ends, marks, shares, signed
from luban.screens.report.sheet import Grid, Note, sheet_html, sheet_pdf, sheet_xlsx
from tests.screens import pilot_shop

EN = words("en")


@pytest.fixture(scope="module")
def proof(tmp_path_factory: pytest.TempPathFactory) -> Proof:
    return pilot_shop.proved(pilot_shop.write(tmp_path_factory.mktemp("pilot")))


def read(text: str) -> float:
    return float(text.replace(",", "").replace("−", "-"))


def column(grid: Grid, name: str) -> list[str]:
    at = list(grid.heads).index(name)
    return [row[at] for row in grid.rows]


def test_numbers_are_told_with_their_sign_and_never_a_minus_nought():
    assert [signed(-3.14159), signed(2.0, 0), signed(-0.04), signed(float("nan"))] == ["−3.1", "+2", "0.0", "–"]
    assert [amount(-12345.6), amount(0.5, 2), amount(float("inf"))] == ["−12,346", "0.50", "–"]
    assert ends(Span(-0.4, -0.45, -0.35), 0, 100) == "−45 … −35"
    assert shares(Span(-0.4, float("nan"), -0.35)) == "−40.0 %"


def test_a_change_is_that_of_the_runs_and_holds_them_to_the_plans_bar(proof: Proof):
    grid = targets_grid(proof, EN)
    rows = [row for row in grid.rows if row[0] == "production cycle" and row[1] == "luban" and row[2] == "as is"]
    before, after = (np.mean(proof.points[arm]["cycle"]) for arm in (AS_IS, LUBAN))
    assert (read(rows[0][3]), read(rows[0][4])) == pytest.approx((before, after), abs=0.0006)
    assert read(rows[0][6]) == pytest.approx(100 * (after / before - 1), abs=0.06)
    assert rows[0][8] == "2020: −30 %, 2025: −50 %"
    figures = {one.label: one for one in target_figures(proof, EN).rows}
    assert set(figures) == {"operating cost", "production cycle", "defect rate"}
    assert (figures["operating cost"].tone, figures["defect rate"].tone) == ("bad", "good")
    assert "target missed" in figures["operating cost"].note
    assert "target of 2025 met" in figures["defect rate"].note


def test_what_binds_is_named_where_a_target_is_missed(proof: Proof):
    told = [block.text for block in proof_sheet(proof, EN).blocks if isinstance(block, Note)]
    assert "operating cost, what binds: wages are fixed" in told
    assert not any(text.startswith("defect rate, what binds") for text in told)


def test_steps_add_up_as_they_are_printed(proof: Proof):
    for fall in proof.falls:
        grid = fall_grid(fall, proof, EN)
        steps = [read(row[1]) for row in grid.rows[1:-2]]
        before, total, after = (read(grid.rows[at][1]) for at in (0, -2, -1))
        digits = proof.measured(fall.metric).decimals
        assert len(steps) == len(proof.levers)
        assert sum(steps) == pytest.approx(total, abs=1e-9)
        assert before + total == pytest.approx(after, abs=1.01 * 10**-digits)


def test_parts_of_cost_add_up_to_operating_and_full_cost(proof: Proof):
    grid = costs_grid(proof, EN)
    for at, arm in enumerate(proof.arms, 1):
        own = {row[0]: read(row[at]) for row in grid.rows}
        assert own["operating cost"] == pytest.approx(sum(arm.costs.get(part, 0) for part in CONVERSION), abs=0.006)
        parts = sum(value for name, value in own.items() if name not in ("operating cost", "full cost"))
        assert own["full cost"] == pytest.approx(parts, abs=0.006 * len(COSTS))
        assert own["full cost"] == pytest.approx(arm.means["full cost"].mean, rel=0.01)
    without = without_grid(proof, EN)
    assert without is not None
    assert "operating cost without energy" in column(without, "figure")
    assert "operating cost with overhead" in column(without, "figure")


def test_a_lever_that_harms_is_to_be_switched_off(proof: Proof):
    grid = levers_grid(proof, EN)
    proposals = dict(zip(column(grid, "lever"), column(grid, "proposal"), strict=True))
    assert proposals["a harmful idea"] == "switch it off"
    assert proposals["eyes on parts"] == "leave it on"
    assert grid.tones[list(proposals).index("a harmful idea")] == "bad"
    assert "operating cost +" in column(grid, "why")[list(proposals).index("a harmful idea")]
    assert skipped_grid(proof.levers, EN) is None


def test_a_lever_without_data_is_skipped_with_the_reason(tmp_path: Path):
    made = pilot_shop.proved(tmp_path, method="sequential")
    grid = skipped_grid(made.levers, EN)
    assert grid is not None
    assert grid.rows == [("a robot cell", "robots in key posts", "no post of that kind")]
    assert made.arm(CAPITAL) is None
    assert {row[1] for row in targets_grid(made, EN).rows} == {"luban"}


def test_every_run_and_every_way_to_run_it_is_shown(proof: Proof):
    grid = runs_grid("defects", proof, EN)
    assert column(grid, "seed") == [str(seed) for seed in proof.seeds]
    assert read(column(grid, "luban")[2]) == pytest.approx(proof.points[LUBAN]["defects"][2], abs=0.006)
    assert list(arms_grid(proof, EN).heads[2:]) == [
        "as is", "conventional", "luban", "luban and projects", "sold", "as is, high load",
    ]  # fmt: skip
    others = others_grid(proof, EN)
    assert others is not None
    assert ("sold", "as is, high load") in {(row[0], row[1]) for row in others.rows}


def test_seeds_that_were_tuned_on_are_said_to_be_no_proof(proof: Proof):
    def doubts(one: Proof) -> list[str]:
        return [
            block.text for block in proof_sheet(one, EN).blocks if isinstance(block, Note) and "tuned" in block.text
        ]

    assert not doubts(proof)
    tuned = replace(proof, seeds=(5, *proof.seeds[1:]))
    assert doubts(tuned) == ["Levers were tuned on seeds below 100: figures of such seeds are too good to be reported."]


def test_the_report_is_one_file_in_every_language_and_a_workbook_of_numbers(proof: Proof):
    for language in ("en", "zh", "ko"):
        page = sheet_html(proof_sheet(proof, words(language)), language)
        assert not re.search(r'(src|href)="(?!data:)', page)
        assert page.count("<svg") >= 11
    assert "生产周期" in sheet_html(proof_sheet(proof, words("zh")), "zh")
    assert sheet_pdf(proof_sheet(proof, EN)).startswith(b"%PDF")
    book = openpyxl.load_workbook(BytesIO(sheet_xlsx(proof_sheet(proof, EN))))
    cells = [cell.value for page in book.worksheets for row in page.iter_rows() for cell in row]
    assert pytest.approx(np.mean(proof.points[AS_IS]["cycle"]), abs=0.0006) in [
        c for c in cells if isinstance(c, float)
    ]


def places(svg: str, shape: str) -> list[tuple[float, float]]:
    """(x, width) of each rectangle of a drawing on paper."""
    found = re.findall(rf'<{shape} [^>]*?x="([\d.]+)" width="([\d.]+)"', svg)
    return [(float(x), float(width)) for x, width in found]


def test_a_bar_of_the_fall_begins_where_the_one_before_it_ended():
    rows = [
        Step("a", "a", 0.0, -0.4, -0.45, -0.35, "−40 %"), Step("b", "b", -0.4, -0.3, 0.05, 0.15, "+10 %", "bad"),
        Step("", "in all", 0.0, -0.3, -0.35, -0.25, "−30 %", "ink"),
    ]  # fmt: skip
    first, second, total = places(fall_svg(rows, marks(EN), "fall", paper=True), "rect")
    assert second[0] == pytest.approx(first[0], abs=0.15)  # both begin at −40 %
    assert second[1] == pytest.approx(first[1] / 4, abs=0.15)
    assert total == pytest.approx((first[0] + second[1], first[1] - second[1]), abs=0.2)


def test_an_interval_that_is_not_known_is_not_drawn_and_a_picture_can_be_pressed_on_a_page_only():
    rows = [Change("cycle", "production cycle", -0.5, float("nan"), float("nan"), "−50 %")]
    page, paper = (changes_svg(rows, marks(EN), EN, paper=paper) for paper in (False, True))
    assert 'data-pick="cycle"' in page
    assert "data-pick" not in paper
    assert paper.count("<line") == 3  # nothing changed, 2020, 2025
    known = [Change("cycle", "production cycle", -0.5, -0.6, -0.4, "−50 %")]
    assert changes_svg(known, marks(EN), EN, paper=True).count("<line") == 6
    assert "<script" not in pairs_svg([("<script>", [1.0, 2.0])], [1, 2], "d", "runs")


def test_a_small_fall_is_drawn_to_its_own_scale(proof: Proof):
    cost, cycle = (next(one for one in proof.falls if one.metric == name) for name in ("cost", "cycle"))
    assert "outside of this picture" in fall_picture(cost, proof, EN, paper=True).text
    assert "2025: −50 %" not in fall_picture(cost, proof, EN, paper=True).svg
    assert "2025: −50 %" in fall_picture(cycle, proof, EN, paper=True).svg
