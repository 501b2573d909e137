from __future__ import annotations

from luban.connect.opcua.composite import Composite, compose, parts_of
from luban.connect.wire import Sample
from luban.core.quality import Quality

JOIN, NEST = "i=1 + i=2", "i=1 > i=2 > i=3"


def test_parts() -> None:
    assert parts_of(JOIN) == ["i=1", "i=2"]
    assert parts_of(NEST) == ["i=1", "i=2", "i=3"]
    assert parts_of("nsu=urn:a+b;s=x>y") == ["nsu=urn:a+b;s=x>y"]


def words(samples: list[Sample]) -> list[tuple[int, object, Quality]]:
    return [(s.time, s.value, s.quality) for s in samples]


def test_join_waits_for_all_and_tells_one_value_a_moment() -> None:
    composite = Composite(JOIN, parts_of(JOIN))
    assert compose([composite], [Sample("i=1", 10, "Executing")]) == []
    both = [Sample("i=2", 12, "Processing"), Sample("i=1", 20, "NotExecuting"), Sample("i=2", 20, "Setup")]
    assert words(compose([composite], both)) == [
        (12, "Executing/Processing", Quality.GOOD), (20, "NotExecuting/Setup", Quality.GOOD),
    ]  # fmt: skip


def test_join_without_its_second_part() -> None:
    composite = Composite(JOIN, parts_of(JOIN))
    found = compose([composite], [Sample("i=1", 5, "Executing"), Sample("i=2", 6, None, Quality.UNAVAILABLE)])
    assert words(found) == [(6, "Executing", Quality.GOOD)]


def test_join_without_its_first_part_is_as_bad_as_that() -> None:
    composite = Composite(JOIN, parts_of(JOIN))
    found = compose([composite], [Sample("i=2", 5, "Processing"), Sample("i=1", 6, None, Quality.NO_COMMUNICATION)])
    assert words(found) == [(6, None, Quality.NO_COMMUNICATION)]


def test_innermost_active_state() -> None:
    composite = Composite(NEST, parts_of(NEST))
    first = [Sample("i=1", 1, "Cleared"), Sample("i=2", 1, "Stopped"), Sample("i=3", 1, None, Quality.UNAVAILABLE)]
    assert words(compose([composite], first)) == [(1, "Stopped", Quality.GOOD)]
    later = [Sample("i=2", 2, "Running"), Sample("i=3", 3, "Execute")]
    assert words(compose([composite], later)) == [(2, "Running", Quality.GOOD), (3, "Execute", Quality.GOOD)]


def test_never_back_in_time() -> None:
    composite = Composite(JOIN, parts_of(JOIN))
    compose([composite], [Sample("i=1", 10, "Executing"), Sample("i=2", 10, "Processing")])
    assert words(compose([composite], [Sample("i=2", 8, "Setup")])) == [(10, "Executing/Setup", Quality.GOOD)]
