"""Quality codes follow the severity of OPC UA status codes."""

from __future__ import annotations

import pytest

from luban.core.quality import Quality


@pytest.mark.parametrize("quality", Quality)
def test_three_ranges(quality):
    assert 0 <= quality <= 255
    assert quality.is_good == (quality == 0)
    assert quality.is_bad == (quality >= 64)
    assert quality.label == quality.name.lower().replace("_", " ")


def test_only_one_code_is_good():
    assert [quality for quality in Quality if quality.is_good] == [Quality.GOOD]
