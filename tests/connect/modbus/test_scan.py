"""Many points in few requests."""

from __future__ import annotations

from hypothesis import given, strategies as st

from luban.connect.modbus.address import TABLES, Place
from luban.connect.modbus.scan import plan


def requests(places: list[Place], **limits: int) -> list[tuple[int, str, int, int]]:
    return [(r.place.unit, r.place.table, r.place.start, r.place.count) for r in plan(places, **limits)]


def test_neighbours_are_read_together_and_far_ones_apart() -> None:
    places = [Place(1, "input", 0, 2), Place(1, "input", 2, 2), Place(1, "input", 12, 2), Place(1, "input", 23, 1)]
    assert requests(places, gap=8) == [(1, "input", 0, 14), (1, "input", 23, 1)]
    assert requests(places, gap=0) == [(1, "input", 0, 4), (1, "input", 12, 2), (1, "input", 23, 1)]


def test_tables_and_units_are_never_mixed() -> None:
    places = [Place(2, "holding", 0, 1), Place(1, "input", 1, 1), Place(1, "holding", 2, 1)]
    assert requests(places) == [(1, "holding", 2, 1), (1, "input", 1, 1), (2, "holding", 0, 1)]


def test_no_request_is_longer_than_the_specification_or_the_device_allows() -> None:
    registers = [Place(1, "holding", n, 1) for n in range(300)]
    assert [count for *_, count in requests(registers)] == [125, 125, 50]
    assert [count for *_, count in requests(registers, most=60)] == [60] * 5
    assert [count for *_, count in requests([Place(1, "coil", n, 1) for n in range(3000)])] == [2000, 1000]


def test_a_value_is_never_cut_in_two() -> None:
    places = [Place(1, "input", 2 * n, 2) for n in range(63)]
    assert requests(places) == [(1, "input", 0, 124), (1, "input", 124, 2)]


def test_overlapping_and_repeated_places() -> None:
    places = [Place(1, "input", 0, 4), Place(1, "input", 1, 1), Place(1, "input", 0, 4), Place(1, "input", 4, 1)]
    assert requests(places, gap=0) == [(1, "input", 0, 5)]


places_ = st.builds(Place, st.integers(0, 2), st.sampled_from(TABLES), st.integers(0, 400), st.integers(1, 4))


@given(st.lists(places_, max_size=60), st.integers(4, 125), st.integers(0, 20))
def test_every_place_is_read_once_within_the_limits(places: list[Place], most: int, gap: int) -> None:
    reads = plan(places, most=most, gap=gap)
    asked = [place for read in reads for place in read.places]
    assert sorted(asked, key=str) == sorted(set(places), key=str)
    for read in reads:
        room = most if read.place.table in ("input", "holding") else 16 * most
        assert read.place.count <= room
        for place in read.places:
            assert read.place.start <= place.start
            assert place.end <= read.place.end
        if len(read.places) > 1:
            left, right = read.halves()
            assert left.places + right.places == read.places
