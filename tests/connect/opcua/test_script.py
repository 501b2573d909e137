"""A script is a function of time: what is played, what is asked at once and what lies in the history agree."""

from __future__ import annotations

from itertools import takewhile

import pytest
from hypothesis import given, strategies as st
from pydantic import ValidationError

from luban.connect.opcua.script import Track, lathe
from luban.core.time import SECOND

EPOCH = 1_795_000_000_000_000


def test_counter_goes_on_over_its_periods() -> None:
    good = next(t for t in lathe(cycle=4, parts=8, pause=6).tracks if t.path.endswith("GoodParts"))
    values = [v for _, v in takewhile(lambda c: c[0] < EPOCH + 3 * 38 * SECOND, good.after(EPOCH, EPOCH - 1))]
    assert values == sorted(values)
    assert good.at(EPOCH, EPOCH + 2 * 38 * SECOND - 1) == (EPOCH + (38 + 28) * SECOND, 14)


@given(offset=st.integers(0, 10**9), track=st.sampled_from(lathe().tracks))
def test_at_is_the_last_change_before(offset: int, track: Track) -> None:
    moment = EPOCH + offset
    held = track.at(EPOCH, moment)
    assert held is not None
    assert held[0] <= moment
    assert next(track.after(EPOCH, held[0] - 1)) == held
    following = next(track.after(EPOCH, held[0]), None)
    assert following is None or following[0] > moment


def test_points_must_be_in_order() -> None:
    with pytest.raises(ValidationError, match="order of time"):
        Track(path="a", points=((1, 1), (0, 2)))
    with pytest.raises(ValidationError, match="beyond the period"):
        Track(path="a", points=((0, 1), (9, 2)), period=5)
