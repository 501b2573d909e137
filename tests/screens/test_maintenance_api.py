"""What REST of maintenance refuses before anything is written."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from luban.screens.maintenance_api import AskedOrder, AskedOrderStep


@pytest.mark.parametrize("start", [-1, 10**17, 10**30])
def test_a_begin_that_no_clock_has_is_refused(start: int) -> None:
    with pytest.raises(ValidationError):
        AskedOrder(machine="jinan/lathe", task="grease", start=start)
    with pytest.raises(ValidationError):
        AskedOrderStep(code="move", start=start)


def test_a_begin_within_this_century_is_taken() -> None:
    assert AskedOrder(machine="jinan/lathe", task="grease", start=1_800_000_000_000_000).start is not None
    assert AskedOrder(machine="jinan/lathe", task="grease").start is None
