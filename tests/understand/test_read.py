"""Figures straight from a ledger, in the shop floor's words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from luban.core.errors import InputError
from luban.core.time import MINUTE, SECOND
from luban.understand.kpi import Figure, Settings, losses, read, tiles
from tests.understand.shop import M1, M2, Shop


def figures(shop: Shop, start: str = "08:00", end: str = "09:00", **where: Any) -> dict[str, Figure]:
    where.setdefault("units", [M1])
    return {f.name: f for f in read(shop.ledger, shop.plant, shop.at(start), shop.at(end), **where)}


def one_good_hour(shop: Shop, unit: str = M1, source: str = "plc") -> None:
    """48 min running of 60, 600 pieces at 4 s make 40 min of work, 30 of them scrap."""
    shop.states(
        ("07:50", "running"),
        ("08:20", "setup"),
        ("08:25", "running"),
        ("08:50", "down"),
        ("08:57", "running"),
        unit=unit,
        source=source,
    )
    shop.alive(("07:50", "08:30"), ("08:30", "09:10"), source=source)
    shop.counts(("08:20", 300, 10), ("08:50", 250, 20), ("08:59", 20, 0), unit=unit, source=source)


def test_one_hour_by_hand(shop: Shop) -> None:
    one_good_hour(shop)
    found = figures(shop)
    apt, pq, gq = 48 * 60, 600, 570
    assert found["availability"].value == pytest.approx(48 / 60, abs=0)
    assert found["effectiveness"].value == 4 * pq / apt
    assert found["quality_ratio"].value == gq / pq
    assert found["oee"].value == pytest.approx(4 * gq / 3600, rel=1e-15)
    assert found["nee"].value == pytest.approx(53 / 60 * 4 * pq / apt * gq / pq)
    assert found["utilization_efficiency"].value == 48 / 60
    assert found["allocation_efficiency"].value == 1.0
    assert found["setup_ratio"].value == pytest.approx(5 / 53)
    assert found["technical_efficiency"].value == pytest.approx(48 / 55)
    assert found["throughput_rate"].value == pytest.approx(600)
    assert found["scrap_ratio"].value == 30 / 600
    assert found["rework_ratio"].value == 0.0
    assert found["mtbf"].value == pytest.approx(53 / 60 / 2)  # one failure: FE + 1 = 2
    assert found["mttr"].value == pytest.approx(7 / 60 / 2)
    oee = found["oee"]
    assert (oee.quality, oee.withheld, oee.coverage, oee.low, oee.high) == ("good", "", 1.0, oee.value, oee.value)
    assert (oee.edition, oee.mapping, oee.seq) == ("ISO 22400-2:2014", "generic@1", shop.ledger.head)
    assert [(i.name, i.value, i.unit) for i in oee.inputs][:5] == [
        ("APT", apt, "s"), ("PBT", 3600.0, "s"), ("PRI", 4.0, "s/piece"), ("PQ", 600.0, "piece"), ("GQ", 570.0, "piece")
    ]  # fmt: skip


def test_two_figures_of_the_same_kpi_agree_by_construction(shop: Shop) -> None:
    """The report's OEE is the product of the factors it shows, and the waterfall ends in it; nothing is rounded."""
    one_good_hour(shop)
    found = figures(shop)
    a, e, q = (found[name].value for name in ("availability", "effectiveness", "quality_ratio"))
    assert None not in (a, e, q)
    assert found["oee"].value == a * e * q
    fall = losses(shop.ledger, shop.plant, shop.at("08:00"), shop.at("09:00"), [M1])[0]
    steps = {step.name: step.duration for step in fall.steps}
    assert sum(steps.values()) == fall.planned == 60 * MINUTE
    assert steps == {
        "unknown": 0, "down": 0, "setup": 5 * MINUTE, "delay": 7 * MINUTE, "speed": 8 * MINUTE, "scrap": 2 * MINUTE,
        "rework": 0, "effective": 38 * MINUTE,
    }  # fmt: skip
    assert steps["effective"] / fall.planned == pytest.approx(found["oee"].value)


def test_a_figure_that_contradicts_its_inputs_is_withheld(shop: Shop) -> None:
    shop.states(("08:00", "running"), ("08:00:18", "idle"))
    shop.alive(("08:00", "09:00"))
    shop.counts(("08:00:17", 18, 0))
    found = figures(shop)
    for name in ("oee", "effectiveness", "nee"):
        assert found[name].value is None
        assert "72 s of work inside 18 s of running" in found[name].withheld
    assert found["availability"].value == 18 / 3600
    fall = losses(shop.ledger, shop.plant, shop.at("08:00"), shop.at("09:00"), [M1])[0]
    assert sum(s.duration for s in fall.steps) == fall.planned
    assert "72 s of work" in fall.withheld
    patient = figures(shop, settings=Settings(tolerance=5))
    assert patient["effectiveness"].value == 4.0  # asked to bear it: shown as it is, not capped


def test_a_missing_ideal_cycle_is_named(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop(routing="b2,10,cell,9\n")
    one_good_hour(shop)
    oee = figures(shop)["oee"]
    assert (oee.value, oee.withheld) == (None, f"no ideal cycle for item g7 at unit {M1}: add it to routing.csv")
    assert figures(shop)["quality_ratio"].value == 570 / 600


def test_two_items_have_their_own_ideal_cycles(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop(routing="g7,10,cell,4\nb2,10,cell/m1,9\n")
    shop.states(("08:00", "running"))
    shop.alive(("08:00", "09:00"))
    shop.counts(("08:30", 300, 0))
    shop.counts(("08:50", 200, 0), item="b2")
    assert figures(shop)["effectiveness"].value == (300 * 4 + 200 * 9) / 3600


def test_no_data_is_not_idle_and_a_figure_of_too_little_is_withheld(shop: Shop) -> None:
    shop.states(("08:00", "running"))
    shop.alive(("08:00", "08:30"))
    shop.counts(("08:29", 400, 0))
    found = figures(shop)
    assert found["availability"].value is None
    assert found["availability"].withheld == (
        "only 50 % of the planned time is known, 90 % is needed: nobody can say what happened in 30 min"
    )
    assert found["availability"].coverage == 0.5
    brave = figures(shop, settings=Settings(coverage=0.4))["availability"]
    assert (brave.value, brave.low, brave.high, brave.quality) == (1.0, 0.5, 1.0, "partial")
    kinds = tiles(shop.ledger, shop.plant, shop.at("08:00"), shop.at("09:00"), [M1]).to_pylist()
    assert [(t["element"], t["reason"]) for t in kinds] == [("APT", None), ("UNKNOWN", "no data")]


def test_a_plant_says_itself_how_careful_its_figures_are(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop(kpi="coverage = 0.5\ntolerance = 3")
    shop.states(("08:00", "running"))
    shop.alive(("08:00", "08:30"))
    shop.counts(("08:29", 900, 0))
    found = figures(shop)
    assert (found["availability"].value, found["effectiveness"].value) == (1.0, 2.0)


def test_a_healthy_run_through_a_gap_is_not_reported_as_lost_or_doubled_pieces(shop: Shop) -> None:
    """The counter goes on counting in the gap; the first count after it brings the gap's pieces with it."""
    shop.states(("08:00", "running"))
    shop.alive(("08:00", "08:30"), ("08:36", "09:00"))
    shop.states(("08:36", "running"))
    shop.counts(("08:12", 180, 0), ("08:24", 180, 0), ("08:48", 360, 0), ("08:59:59", 180, 0))
    found = figures(shop)
    assert found["quality_ratio"].input("PQ") == 900  # every piece is there
    # 8:24 to 8:48 is a quarter unknown: 90 of its 360 pieces are set aside, with the time in which they were made
    assert found["effectiveness"].value == pytest.approx(4 * 810 / (54 * 60))
    assert found["oee"].value == pytest.approx(1.0, rel=1e-9)
    assert "90 pieces were made in unknown time and are set aside" in found["effectiveness"].notes


def test_night_shift_belongs_to_the_evening_on_which_it_starts(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop(calendar="two")
    shop.states(("2026-03-02T21:00", "running"), ("2026-03-03T02:00", "idle"))
    shop.alive(("2026-03-02T21:00", "2026-03-03T07:00"))
    found = read(
        shop.ledger, shop.plant, shop.at("22:00"), shop.at("2026-03-03T06:00"), [M1], names=["availability"], by="shift"
    )
    assert [(f.shift, f.value) for f in found] == [("night 2026-03-02", 0.5)]


def test_a_shift_from_half_past_six_is_cut_at_half_past_six(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop(calendar="early")
    shop.states(("06:00", "running"), ("12:30", "idle"))
    shop.alive(("06:00", "15:00"))
    found = tiles(shop.ledger, shop.plant, shop.at("00:00"), shop.at("2026-03-03T00:00"), [M1]).to_pylist()
    spans = [(t["start"] - shop.at("06:30"), t["end"] - shop.at("06:30"), t["element"]) for t in found]
    assert spans == [
        (0, 210 * MINUTE, "APT"), (210 * MINUTE, 225 * MINUTE, "PDOT"), (225 * MINUTE, 360 * MINUTE, "APT"),
        (360 * MINUTE, 480 * MINUTE, "ADOT"),
    ]  # fmt: skip
    assert figures(shop, "06:30", "14:30")["availability"].value == pytest.approx((210 + 135) / 465, abs=0)


@pytest.mark.parametrize(("day", "hours"), [("2026-03-28", 7), ("2026-10-24", 9)])
def test_night_shifts_on_the_days_when_clocks_change(open_shop: Callable[..., Shop], day: str, hours: int) -> None:
    shop = open_shop(calendar="two", zone="Europe/Berlin")
    evening, noon = shop.at(f"{day}T20:00"), shop.at(f"{day}T20:00") + 16 * 3600 * SECOND
    shop.states((f"{day}T20:00", "running"))
    found = [t for t in tiles(shop.ledger, shop.plant, evening, noon, [M1]).to_pylist() if t["shift_name"] == "night"]
    assert sum(t["duration"] for t in found) == hours * 3600 * SECOND


def test_a_switched_off_tag_says_nothing_after_its_last_fact(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop(enabled=False)
    shop.states(("08:00", "running"), ("08:10", "idle"), ("08:20", "running"))
    shop.alive(("08:00", "09:00"))
    found = tiles(shop.ledger, shop.plant, shop.at("08:00"), shop.at("09:00"), [M1]).to_pylist()
    assert [(t["element"], t["duration"] // MINUTE) for t in found] == [("APT", 10), ("ADOT", 10), ("UNKNOWN", 40)]


def test_a_unit_that_nobody_counts_has_no_figure_of_pieces(shop: Shop) -> None:
    shop.states(("08:00", "running"))
    shop.alive(("08:00", "09:00"))
    found = figures(shop)
    assert found["availability"].value == 1.0
    assert found["quality_ratio"].withheld == found["oee"].withheld == f"no count of pieces is known of {M1}"
    assert found["oee"].input("PQ") is None


def test_a_counted_unit_that_made_nothing_has_an_undefined_quality(shop: Shop) -> None:
    shop.states(("08:00", "idle"))
    shop.alive(("07:00", "09:00"))
    shop.counts(("07:10", 5, 0))
    found = figures(shop)
    assert found["quality_ratio"].withheld == "undefined: PQ is 0, nothing was made"
    assert found["oee"].withheld == "undefined: APT is 0, the unit did not produce"
    assert found["availability"].value == 0.0


def test_counts_of_doubtful_quality_are_left_out_and_said(shop: Shop) -> None:
    shop.states(("08:00", "running"))
    shop.alive(("08:00", "09:00"))
    shop.counts(*((f"08:{minute:02}", 10, 0) for minute in range(1, 31)))
    shop.counts(("08:40", 99999, 0), quality=66)
    ratio = figures(shop)["quality_ratio"]
    assert (ratio.input("PQ"), ratio.notes[0]) == (300.0, "1 counts of doubtful quality are left out")


NO_SCRAP = "no scrap or rework was reported: every counted piece is taken as good"


@pytest.mark.parametrize("reported", [{"scrap": 0, "rework": 0}, {"scrap": 2, "rework": 0}, {"scrap": 0, "rework": 3}])
def test_where_nobody_reports_scrap_the_figure_says_so(shop: Shop, reported: dict[str, int]) -> None:
    shop.states(("08:00", "running"))
    shop.alive(("08:00", "09:00"))
    shop.counts(("08:30", 300, reported["scrap"]), rework=reported["rework"])
    found = figures(shop)
    told = {name for name, figure in found.items() if NO_SCRAP in figure.notes}
    assert told == (set() if any(reported.values()) else {"oee", "nee", "quality_ratio"})


def test_a_group_names_the_units_of_which_nobody_reports_scrap(shop: Shop) -> None:
    one_good_hour(shop)
    shop.states(("08:00", "running"), unit=M2, source="plc2")
    shop.alive(("08:00", "09:00"), source="plc2")
    shop.counts(("08:59", 150, 0), unit=M2, source="plc2")
    notes = figures(shop, units=["works/cell"])["quality_ratio"].notes
    assert notes == (f"no scrap or rework was reported at {M2}: every counted piece is taken as good",)


def test_a_place_without_shifts_has_no_planned_time(shop: Shop) -> None:
    one_good_hour(shop)
    found = figures(shop, "12:00", "13:00")
    assert all(f.value is None for f in found.values())
    assert found["oee"].withheld.startswith("no planned time:")


def test_a_group_divides_sums_and_never_averages_ratios(shop: Shop) -> None:
    one_good_hour(shop)
    shop.states(("08:00", "idle"), ("08:50", "running"), unit=M2, source="plc2")
    shop.alive(("08:00", "09:00"), source="plc2")
    shop.counts(("08:59", 150, 0), unit=M2, source="plc2")
    cell = figures(shop, units=["works/cell"])
    assert cell["oee"].units == (M1, M2)
    assert cell["availability"].value == (48 + 10) / 120
    assert cell["effectiveness"].value == pytest.approx(4 * 750 / (58 * 60))
    assert cell["oee"].value == pytest.approx(4 * 720 / 7200)


def test_a_contradiction_in_one_unit_withholds_its_group(shop: Shop) -> None:
    one_good_hour(shop)
    shop.states(("08:00", "running"), ("08:00:18", "idle"), unit=M2, source="plc2")
    shop.alive(("08:00", "09:00"), source="plc2")
    shop.counts(("08:00:17", 18, 0), unit=M2, source="plc2")
    assert f"18 s of running at {M2}" in figures(shop, units=["works/cell"])["oee"].withheld


def test_books_as_they_stood_give_the_figure_of_then(shop: Shop) -> None:
    one_good_hour(shop)
    before = figures(shop)["availability"]
    down = shop.states(("08:30", "idle"))
    assert figures(shop)["availability"].value != before.value
    assert figures(shop, as_of=before.seq)["availability"] == before
    shop.states(("08:30", "running"), source="anna", supersedes=down[0])
    assert figures(shop)["availability"].value == before.value


def test_a_correction_by_a_person_does_not_take_the_coverage_away(shop: Shop) -> None:
    only = shop.states(("08:00", "idle"))
    shop.alive(("08:00", "09:00"))
    shop.states(("08:00", "setup"), source="anna", supersedes=only[0])
    found = tiles(shop.ledger, shop.plant, shop.at("08:00"), shop.at("09:00"), [M1]).to_pylist()
    assert [(t["element"], t["source"]) for t in found] == [("AUST", "anna")]


def test_the_state_in_force_may_be_older_than_any_look_back(shop: Shop) -> None:
    shop.states(("2025-06-01T08:00", "running"))
    shop.alive(("2025-06-01T08:00", "2026-03-02T09:00"))
    assert figures(shop)["availability"].value == 1.0


def test_a_proof_of_life_may_have_begun_long_before_and_others_may_lie_within_it(shop: Shop) -> None:
    """One `alive` interval of nine months bridges what the short ones of these days leave open."""
    shop.alive(("2025-06-01T08:00", "2026-03-02T08:50"))
    shop.states(("2026-03-01T08:00", "running"))
    shop.alive(("2026-02-28T08:00", "2026-03-02T08:10"), ("08:20", "08:30"))
    found = tiles(shop.ledger, shop.plant, shop.at("08:00"), shop.at("09:00"), [M1]).to_pylist()
    assert sum(t["duration"] for t in found if t["element"] == "APT") == 50 * MINUTE


def test_a_source_that_once_wrote_states_still_covers_the_unit(shop: Shop) -> None:
    """Also when the books grow between two readings, and for the books as they stood before."""
    shop.states(("2025-06-01T08:00", "idle"), source="old")
    shop.alive(("08:00", "09:00"), source="old")
    shop.alive(("08:00", "08:30"))
    before = shop.ledger.head
    assert figures(shop)["availability"].coverage == 1.0
    shop.states(("08:00", "running"), source="plc")
    assert figures(shop)["availability"].coverage == 1.0
    shop.states(("08:00", "running"), source="plc2", unit=M2)
    shop.alive(("08:00", "09:00"), source="plc2")
    assert figures(shop, units=[M2])["availability"].value == 1.0
    assert figures(shop, units=[M2], as_of=before)["availability"].coverage == 0.0


def test_values_lost_within_a_living_link_are_not_covered(shop: Shop) -> None:
    """The collector finds too late that the server's queue was full: `alive` facts over it are written already."""
    shop.states(("07:50", "running"))
    shop.alive(("07:50", "08:10"), ("08:10", "08:20"), ("08:20", "09:00"))
    shop.gap("08:12", "08:15")
    found = tiles(shop.ledger, shop.plant, shop.at("08:00"), shop.at("09:00"), [M1]).to_pylist()
    assert [(t["element"], t["reason"], t["duration"] // MINUTE) for t in found] == [
        ("APT", None, 12),
        ("UNKNOWN", "no data", 3),
        ("UNKNOWN", "no state since the data came back", 45),
    ]
    shop.states(("08:15", "running"))  # said once more, as collectors do after they lost values
    known = figures(shop)["availability"]
    assert (known.value, known.coverage) == (1.0, 57 / 60)


def test_a_state_sent_again_with_its_old_stamp_counts_after_values_were_lost(shop: Shop) -> None:
    shop.states(("07:50", "running"))
    shop.alive(("07:50", "08:10"), ("08:10", "08:20"))
    shop.states(("07:50", "running"))  # recorded before the gap is told, but after the link was proved across it
    shop.alive(("08:20", "09:00"))
    shop.gap("08:12", "08:15")
    assert figures(shop)["availability"].coverage == 57 / 60


@pytest.mark.parametrize("inside", [True, False])
def test_a_gap_that_the_sources_record_closed_is_covered(shop: Shop, inside: bool) -> None:
    shop.states(("07:50", "running"), ("08:13", "idle"), ("08:14", "running"))
    shop.alive(*([("07:50", "09:00")] if inside else [("07:50", "08:12"), ("08:15", "09:00")]))
    shop.alive(("08:12", "08:15"), code="backfilled")
    shop.gap("08:12", "08:15")
    found = figures(shop)["availability"]
    assert (found.coverage, found.value) == (1.0, 59 / 60)


def test_of_a_gap_that_was_closed_in_part_the_rest_is_not_covered(shop: Shop) -> None:
    shop.states(("07:50", "running"), ("08:20", "running"))
    shop.alive(("07:50", "09:00"))
    shop.alive(("08:14", "08:20"), code="backfilled")
    shop.gap("08:10", "08:20")
    spans = [
        (t["start"], t["end"])
        for t in tiles(shop.ledger, shop.plant, shop.at("08:00"), shop.at("09:00"), [M1]).to_pylist()
        if t["reason"] == "no data"
    ]
    assert spans == [(shop.at("08:10"), shop.at("08:14"))]


def test_a_gap_of_one_source_leaves_the_units_of_another_alone(shop: Shop) -> None:
    one_good_hour(shop)
    shop.gap("08:10", "08:20", source="plc2")
    assert figures(shop)["availability"].coverage == 1.0


def test_nothing_is_said_about_time_to_come(shop: Shop) -> None:
    one_good_hour(shop)
    oee = figures(shop, now=shop.at("08:20"))["oee"]
    assert (oee.end, oee.coverage) == (shop.at("08:20"), 1.0)


def test_an_unknown_place_is_named_with_the_nearest(shop: Shop) -> None:
    with pytest.raises(InputError, match="unknown equipment"):
        figures(shop, units=["works/cell/m9"])
    with pytest.raises(InputError, match="unknown indicator"):
        figures(shop, names=["oeee"])
