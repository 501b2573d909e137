"""In each gap the cheapest way to wait, counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from luban.core.errors import InputError
from luban.decide.energy import Mode, standby_plan

IDLE = Mode("idle", 6.0)
STANDBY = Mode("standby", 1.2, down=1, up=5, down_power=6.0, up_power=9.0)
OFF = Mode("off", 0.0, down=2, up=20, down_power=6.0, up_power=12.0, wear=2.0)
PRICE = np.full(600, 1.0)


def test_gaps_by_hand() -> None:
    # standby: (1·6 + 5·9)/60 + 1.2·rest/60; idle: 6·gap/60; off: (2·6 + 20·12)/60 + 2 = 6.2
    short, middle, long, tiny = standby_plan([(0, 8), (20, 60), (100, 520), (530, 533)], [IDLE, STANDBY, OFF], PRICE)
    assert (short.mode, short.cost, short.saved) == ("idle", pytest.approx(0.8), 0.0)
    assert (middle.mode, middle.cost) == ("standby", pytest.approx((51 + 1.2 * 34) / 60))
    assert middle.saved == pytest.approx(4.0 - middle.cost)
    assert (long.mode, long.cost, long.energy) == ("off", pytest.approx(6.2), pytest.approx(4.2))
    assert long.saved_energy == pytest.approx(42 - 4.2)
    assert tiny.mode == "idle"


def test_a_dear_hour_changes_the_choice() -> None:
    price = np.where((np.arange(600) >= 20) & (np.arange(600) < 29), 4.0, 0.5)
    gap = (20.0, 34.0)  # coming up again falls in the cheap minutes
    assert standby_plan([gap], [IDLE, STANDBY], PRICE)[0].saved < standby_plan([gap], [IDLE, STANDBY], price)[0].saved


def test_bad_input_is_said() -> None:
    with pytest.raises(InputError, match="outside the prices"):
        standby_plan([(500, 700)], [IDLE], PRICE)
    with pytest.raises(InputError, match="first mode"):
        standby_plan([(0, 10)], [STANDBY], PRICE)
