"""Measured values from the books."""

from __future__ import annotations

import numpy as np
import pytest

from luban.core.errors import InputError
from luban.core.quality import Quality
from luban.core.time import MINUTE
from luban.understand.quality.measured import characteristics_with_data, measured, sample_of
from tests.understand.quality.gauging import DIAMETER, Gauging
from tests.understand.shop import M1, M2


def test_values_in_order_of_time_with_their_specification(gauging: Gauging) -> None:
    late = gauging.measure([10.03, 10.04], begin="08:10")
    early = gauging.measure([10.01, 10.02], begin="08:00")
    found = measured(gauging.ledger, gauging.plant, DIAMETER)
    assert found.sample.values.tolist() == [10.01, 10.02, 10.03, 10.04]
    assert found.seqs.tolist() == [*early, *late]
    assert np.diff(found.times).tolist() == [MINUTE, 9 * MINUTE, MINUTE]
    sample = found.sample
    assert (sample.unit, sample.lower, sample.target, sample.upper) == ("mm", 9.9, 10.0, 10.1)
    assert sample.sizes.tolist() == [1, 1, 1, 1]
    assert sample.time.tolist() == found.times.tolist()


def test_a_value_of_doubtful_quality_is_listed_not_dropped(gauging: Gauging) -> None:
    gauging.measure([10.0])
    (doubt,) = gauging.measure([11.0], begin="08:01", quality=int(Quality.CALIBRATION_DUE))
    gauging.measure([10.1], begin="08:02")
    sample = sample_of(gauging.ledger, gauging.plant, DIAMETER)
    assert sample.values.tolist() == [10.0, 10.1]
    (bad,) = sample.excluded
    assert (bad.where, bad.came, bad.reason) == (f"seq {doubt}", "11", "quality of the value: calibration due")


def test_subgroups_by_lot_keep_their_order_and_name_values_without_a_lot(gauging: Gauging) -> None:
    gauging.measure([1.0, 2.0, 3.0, 4.0, 5.0], lot=["B", "A", "B", None, "A"])
    sample = sample_of(gauging.ledger, gauging.plant, DIAMETER, group="lot")
    assert sample.labels == ("B", "A")
    assert [part.tolist() for part in np.split(sample.values, sample.starts[1:-1])] == [[1.0, 3.0], [2.0, 5.0]]
    assert [bad.reason for bad in sample.excluded] == ["no lot is named"]


def test_subgroups_of_n_shrink_by_what_is_left_out(gauging: Gauging) -> None:
    gauging.measure([1.0, 2.0, 3.0])
    gauging.measure([4.0], begin="08:03", quality=int(Quality.BAD))
    gauging.measure([5.0, 6.0, 7.0], begin="08:04")
    sample = sample_of(gauging.ledger, gauging.plant, DIAMETER, group=3)
    assert sample.sizes.tolist() == [3, 2, 1]
    assert sample.labels == ("1", "2", "3")
    assert len(sample.excluded) == 1


def test_a_correction_changes_the_sample_and_the_past_stays(gauging: Gauging) -> None:
    (wrong,) = gauging.measure([100.1])
    head = gauging.ledger.head
    gauging.measure([10.01], supersedes=wrong)
    assert sample_of(gauging.ledger, gauging.plant, DIAMETER).values.tolist() == [10.01]
    assert sample_of(gauging.ledger, gauging.plant, DIAMETER, as_of=head).values.tolist() == [100.1]


def test_window_and_factors(gauging: Gauging) -> None:
    gauging.measure([1.0, 2.0], unit=M1, person="li", conditions='{"temperature [°C]": 21.5, "who": "x"}')
    gauging.measure([3.0, 4.0], begin="08:02", unit=M2)
    start, end = gauging.at("08:01"), gauging.at("08:03")
    assert sample_of(gauging.ledger, gauging.plant, DIAMETER, start, end).values.tolist() == [2.0, 3.0]
    found = measured(gauging.ledger, gauging.plant, DIAMETER)
    assert found.factors["unit"] == (M1, M1, M2, M2)
    assert found.factors["person"] == ("li", "li", "", "")
    assert found.factors["shift"] == ("hour",) * 4
    assert found.factors["source"] == ("cmm",) * 4
    np.testing.assert_array_equal(found.conditions["temperature [°C]"], [21.5, 21.5, np.nan, np.nan])
    assert "who" not in found.conditions
    only = sample_of(gauging.ledger, gauging.plant, DIAMETER, where={"unit": M2})
    assert (only.values.tolist(), "unit = works/cell/m2" in only.source) == ([3.0, 4.0], True)


def test_a_value_outside_a_shift_has_none(gauging: Gauging) -> None:
    gauging.measure([1.0], begin="07:00", unit=M1)
    gauging.measure([1.0], begin="08:59", unit=M1)
    gauging.measure([1.0], begin="09:00", unit=M1)
    assert measured(gauging.ledger, gauging.plant, DIAMETER).factors["shift"] == ("", "hour", "")


def test_characteristics_with_data(gauging: Gauging) -> None:
    gauging.measure([1.0, 2.0], of="g7:width")
    newest = gauging.measure([1.0, 2.0, 3.0])
    gauging.measure([1.0], of="other:thing", begin="09:00")
    found = characteristics_with_data(gauging.ledger, gauging.plant)
    assert list(found) == [DIAMETER, "g7:width", "other:thing"]
    known = found[DIAMETER]
    assert (known.n, known.newest, known.newest_seq) == (3, gauging.at("08:02"), newest[-1])
    assert known.declared is gauging.plant.characteristics[DIAMETER]
    assert found["other:thing"].declared is None
    assert sample_of(gauging.ledger, gauging.plant, "other:thing").unit == ""


@pytest.mark.parametrize("options", [{"group": 0}, {"group": "week"}, {"where": {"weather": "fine"}}])
def test_what_cannot_be_asked(gauging: Gauging, options: dict[str, object]) -> None:
    with pytest.raises(InputError):
        measured(gauging.ledger, gauging.plant, DIAMETER, **options)  # type: ignore[arg-type]


def test_a_characteristic_that_nobody_knows(gauging: Gauging) -> None:
    with pytest.raises(InputError, match="unknown characteristic") as raised:
        sample_of(gauging.ledger, gauging.plant, "g7:diametr")
    assert DIAMETER in raised.value.expected
    assert len(sample_of(gauging.ledger, gauging.plant, "g7:width")) == 0  # known to the plant, not measured yet
