"""The rules that hold where nobody names any: at least 3 units, two of 85 %, nobody estimated within 15 %."""

from __future__ import annotations

import pytest

from luban.rollup.protect import Rules, judge


@pytest.mark.parametrize(
    ("figures", "reasons"),
    [
        ([50.0, 49.0], ("minimum",)),
        ([50.0, 49.0, 48.0], ()),
        ([45.0, 41.0, 7.0, 7.0], ("dominance",)),  # 86 % of two; the rest, 14, hides 45 within 31 %
        ([43.0, 41.0, 8.0, 8.0], ()),  # 84 %
        ([80.0, 4.9, 4.0, 3.9, 3.2], ("dominance", "p %")),  # 11.1 beside the two: 80 is known within 14 %
        ([76.0, 4.0, 4.0, 4.0, 4.0, 4.0, 4.0], ()),  # 20 beside the two: within 26 %
    ],
)
def test_what_is_told_by_default(figures: list[float], reasons: tuple[str, ...]) -> None:
    found = judge(figures, Rules())
    assert tuple(one for one in found.reasons if one in reasons) == reasons
    assert bool(found.reasons) == bool(reasons), found.reasons
