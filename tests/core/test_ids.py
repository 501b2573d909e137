"""Identifiers: paths and signals, in any script."""

from __future__ import annotations

import pytest

from luban.core.errors import InputError
from luban.core.ids import check_path, check_signal, split_signal


@pytest.mark.parametrize(
    "path", ["jinan", "jinan/machining/cell3/lathe07", "济南/机加工/车床01", "a/b-c_d.e", "제주/선반1"]
)
def test_paths(path):
    assert check_path(path) == path


@pytest.mark.parametrize("path", ["", "/", "a/", "/a", "a//b", "a b", "a/b:c", "a\n", "../etc", "a/..", "-a"])
def test_no_paths(path):
    with pytest.raises(InputError, match="not an equipment path"):
        check_path(path)


def test_signals():
    assert split_signal("jinan/lathe07:spindle_load") == ("jinan/lathe07", "spindle_load")
    assert check_signal("济南/车床:负载") == "济南/车床:负载"


@pytest.mark.parametrize("signal", ["jinan/lathe07", ":x", "a:", "a:b:c d", "a b:c", "a/:x"])
def test_no_signals(signal):
    with pytest.raises(InputError) as caught:
        check_signal(signal, where="plant.toml:7")
    assert caught.value.where == "plant.toml:7"
