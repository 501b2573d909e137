"""Regions are those of the code's own table, and each has a tile of its own."""

from __future__ import annotations

import pytest

from luban.norms.regions import region, regions

# codes of provinces by GB/T 2260: the first digit is one of eight great regions
FIRST = {"1": 5, "2": 3, "3": 7, "4": 6, "5": 5, "6": 5, "7": 1, "8": 2}


def test_the_34_regions_of_the_code_each_have_a_tile() -> None:
    found = regions("CN")
    assert len(found) == 34
    assert {first: sum(path[3] == first for path in found) for first in FIRST} == FIRST
    assert len({(one.column, one.row) for one in found.values()}) == 34
    assert all(set(one.names) == {"zh", "en", "ko"} and all(one.names.values()) for one in found.values())


@pytest.mark.parametrize(("one", "other"), [("11", "13"), ("31", "33"), ("65", "62"), ("44", "46"), ("22", "23")])
def test_neighbours_are_near_each_other(one: str, other: str) -> None:
    a, b = region(f"CN/{one}"), region(f"CN/{other}")
    assert a is not None
    assert b is not None
    assert max(abs(a.column - b.column), abs(a.row - b.row)) <= 1


def test_a_place_below_has_its_region_and_an_unknown_country_none() -> None:
    found = region("CN/31/3101")
    assert found is not None
    assert found.names["en"] == "Shanghai"
    assert region("XX/1") is None
    assert region("CN/99") is None
    assert regions("../plans") == {}
