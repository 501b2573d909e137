import math
from itertools import pairwise

import pytest

from luban.core.errors import InputError
from luban.core.time import DAY, HOUR, MINUTE, SECOND
from luban.screens.service import PlantView, Range
from tests.screens import shop


def window(view: PlantView, length: int) -> Range:
    newest = max(row["time"] for row in view.ledger.last_values().to_pylist())
    return Range(newest + 2 * SECOND - length, newest + 2 * SECOND)


def test_now_shows_value_age_and_quality_of_every_signal(view: PlantView):
    now = view.now()
    assert set(now.signals) == set(view.plant.signals)
    load = now.signals[f"{shop.LATHE}:spindle_load"]
    assert load.value is not None
    assert load.unit == "%"
    assert load.time is not None
    assert load.time <= now.time
    parts = now.signals[f"{shop.LATHE}:parts"]
    assert (parts.value, parts.doubt, parts.why) == (None, "none", "no value yet")


def test_what_nobody_vouches_for_is_unknown_and_keeps_its_number(view: PlantView):
    now = view.now()
    mill = now.units[shop.MILL]
    assert (mill.kind, mill.why) == ("unknown", "no data since")
    load = now.signals[f"{shop.MILL}:spindle_load"]
    assert load.value is not None
    assert load.doubt == "silent"
    assert now.sources["haas"].link == "silent"


def test_the_tree_holds_every_place_once(view: PlantView):
    units = view.now().units
    assert units["jinan"].children == ("jinan/machining",)
    assert set(units[shop.CELL].children) == {shop.LATHE, shop.LATHE2, shop.MILL}
    assert units["jinan"].kind == ""


def test_a_trend_breaks_where_nobody_was_listening(view: PlantView):
    span = window(view, HOUR)
    gap = next(g for g in view.gaps(span, sources=["okuma"]) if g.kind == "gap")
    trend = view.trend(f"{shop.LATHE}:spindle_load", span, points=200)
    assert trend.time == tuple(sorted(trend.time))
    inside = [v for t, v in zip(trend.time, trend.value, strict=True) if gap.start <= t < gap.end]
    assert inside
    assert all(v is None for v in inside)
    assert len(trend.time) < 200 * 5
    assert not any(v is not None and math.isnan(v) for v in trend.value)


def test_a_trend_keeps_the_extremes_of_each_pixel(view: PlantView):
    span = window(view, HOUR)
    signal = f"{shop.LATHE}:spindle_load"
    raw = view.ledger.table("signal", subjects=[signal], since=span.start, until=span.end)["value"].to_pylist()
    drawn = [v for v in view.trend(signal, span, points=50).value if v is not None]
    assert max(drawn) == max(raw)
    assert min(drawn) == min(raw)


def test_gaps_are_the_collectors_and_the_silences_none_twice(view: PlantView):
    span = window(view, 2 * HOUR)
    found = view.gaps(span)
    told = [g for g in found if g.kind == "gap"]
    assert [(g.source, g.end - g.start, g.reason) for g in told] == [("okuma", 3 * MINUTE, "connection lost")]
    silent = [g for g in found if g.kind == "silent" and g.source == "haas"]
    assert len(silent) == 1
    assert silent[0].end == span.end
    assert silent[0].end - silent[0].start > 10 * MINUTE


def test_before_its_first_word_a_source_was_not_silent(view: PlantView):
    span = window(view, DAY)
    assert all(gap.start > span.start for gap in view.gaps(span))


def test_a_board_tiles_the_interval_exactly_and_its_losses_add_up(view: PlantView):
    span = window(view, HOUR)
    board = view.board(shop.LATHE, span)
    edges = [t.start for t in board.tiles] + [board.tiles[-1].end]
    assert edges[0] == span.start
    assert edges[-1] == span.end
    assert all(a.end == b.start for a, b in pairwise(board.tiles))
    assert {"production", "unknown"} <= {t.kind for t in board.tiles}
    planned = next(loss.seconds for loss in board.losses if loss.kind == "total")
    assert sum(loss.seconds for loss in board.losses if loss.kind != "total") == pytest.approx(planned, abs=1e-6)
    assert planned == pytest.approx((span.end - span.start) / SECOND)
    oee = board.figures[0]
    assert oee.id == "oee"
    assert set(oee.names) == {"en", "zh", "ko"}
    assert (oee.value is None) == bool(oee.withheld)


def test_a_board_says_what_the_kpi_floor_says(view: PlantView):
    span = window(view, HOUR)
    board = view.board(shop.CELL, span)
    direct = {f.name: f for f in view.figures(shop.CELL, span, as_of=board.as_of)}
    for figure in board.figures:
        # sums of floats may be added in another order
        assert (figure.value or 0.0) == pytest.approx(direct[figure.id].value or 0.0, rel=1e-12)
        assert (figure.value is None, figure.withheld) == (direct[figure.id].value is None, direct[figure.id].withheld)


def test_a_place_without_machines_has_an_empty_board(tmp_path):
    from luban.ledger import LedgerWriter
    from luban.loop.places import places

    (tmp_path / "plant.toml").write_text(
        '[plant]\nid = "p"\nname = "P"\ntime_zone = "UTC"\n[kpi]\nedition = "ISO 22400-2:2014"\n'
    )
    LedgerWriter(places(tmp_path).ledger).close()
    view = PlantView(tmp_path)
    board = view.board("p", Range(0, HOUR))
    assert (board.figures, board.losses, board.tiles) == ((), (), ())
    assert view.now().units["p"].kind == ""
    assert view.gaps(Range(0, HOUR)) == []


def test_ranges_are_named_as_people_name_them(view: PlantView):
    shift = view.range("shift", path=shop.LATHE)
    assert shift.label in {"A", "B", "C"}
    assert shift.end - shift.start <= 8 * HOUR
    assert view.range("90min").end - view.range("90min").start == pytest.approx(90 * MINUTE, abs=SECOND)
    named = view.range(start="2026-11-24T06:00", end="2026-11-24T07:00")
    assert named.end - named.start == HOUR
    with pytest.raises(InputError, match="ends before it starts"):
        view.range(start="2026-11-24T08:00", end="2026-11-24T07:00")
    with pytest.raises(InputError, match="not a duration"):
        view.range("soon")


def test_where_the_books_begin_within_the_shift_a_person_sees_first_what_there_is(view: PlantView):
    begun = view.range("begun", path=shop.LATHE)
    first = min(view.ledger.table("state", subjects=[shop.LATHE])["time"].to_pylist())
    assert begun.start == first
    shift = view.range("shift", path=shop.LATHE)
    assert view.usual_range(shop.LATHE) == ("begun" if first > shift.start else "shift")


def test_books_of_last_week_open_at_their_last_shift_not_at_a_day_of_silence(
    view: PlantView, monkeypatch: pytest.MonkeyPatch
):
    newest = max(view.ledger.table("state")["time"].to_pylist())
    assert view.usual_range(shop.LATHE) != "last"
    monkeypatch.setattr("luban.screens.service.view.now", lambda: newest + 100 * HOUR)
    assert view.usual_range("jinan") == "last"
    last = view.range("last", path="jinan")
    assert last.start <= newest < last.end == last.start + 8 * HOUR
    assert last.label in {"A", "B", "C"}


def test_a_running_interval_ends_where_the_proof_ends(view: PlantView, monkeypatch: pytest.MonkeyPatch):
    """A proof of the link is seconds late; those seconds are not unknown time. A source that is gone is."""
    proof = max(filter(None, view.ledger.table("event", subjects=["okuma"])["end"].to_pylist()))
    monkeypatch.setattr("luban.screens.service.view.now", lambda: proof + 8 * SECOND)
    assert view.range("1h", path=shop.LATHE) == Range(proof - HOUR, proof, "1h")
    assert view.range("1h", path=shop.MILL).end == proof + 8 * SECOND


def test_unknown_names_are_refused_with_a_hint(view: PlantView):
    span = window(view, HOUR)
    with pytest.raises(InputError, match="no such signal"):
        view.trend("jinan/nothing:x", span)
    with pytest.raises(InputError):
        view.board("jinan/nothing", span)
    with pytest.raises(InputError, match="no such indicator"):
        view.explain("ooe", shop.LATHE, span)


def test_a_figure_is_explained_down_to_facts_that_exist(view: PlantView):
    tree = view.explain("availability", shop.LATHE, window(view, HOUR))
    facts = list(tree.facts())
    assert facts
    for fact in facts[:5]:
        found = view.fact(fact["seq"])
        assert found is not None
        assert found["time"] == fact["time"]
