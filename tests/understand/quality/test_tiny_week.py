"""The tiny workshop's measured week: what its README promises is found, by the files' connector and by the reader."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from luban.core.time import parse_time
from luban.plant import load
from luban.understand.quality.read import read_columns, read_sample
from luban.understand.quality.spc import control_chart

WORKSHOP = Path(__file__).parents[3] / "examples" / "tiny_workshop"
FILE = WORKSHOP / "facts" / "measurements.csv"
LATHE01, LATHE02 = "machining/lathe01", "machining/lathe02"


def test_the_shift_that_nobody_noted_is_seen_at_once_and_no_piece_is_out_of_its_limits() -> None:
    columns = read_columns(FILE).only({"item": "shaft"})
    sample = read_sample(columns, value="value", size=5, unit="mm")
    times = [parse_time(text) for text in columns.text("time")][::5]
    wrong = parse_time("2026-11-18T14:30+08:00")
    before = sum(time < wrong for time in times)
    first = np.split(sample.values, sample.starts[1:-1])[:before]
    chart = control_chart("xbar_r", first)
    mean, reach = chart.panels[0].centre[0], chart.panels[0].upper[0] - chart.panels[0].centre[0]
    means = [float(part.mean()) for part in np.split(sample.values, sample.starts[1:-1])]
    assert all(abs(one - mean) < reach for one in means[:before])
    assert means[before] - mean > reach
    its = load(WORKSHOP).characteristics["shaft:diameter"]
    assert its.lower is not None
    assert its.upper is not None
    assert bool(((sample.values > its.lower) & (sample.values < its.upper)).all())


def test_the_value_in_centimetres_is_converted_and_without_a_unit_it_is_refused() -> None:
    bores = read_columns(FILE).only({"item": "flange"})
    assert bores.text("measured_in").count("cm") == 1
    values = read_sample(bores, value="value", unit="mm").values
    assert len(values) == 125
    assert bool((abs(values - 40.0125) < 0.02).all())
    with pytest.raises(Exception, match="mixed units"):
        read_sample(bores, value="value")


def test_two_machines_differ_by_what_was_set() -> None:
    bushings = read_columns(FILE).only({"item": "bushing"})
    one, two = (
        read_sample(bushings, value="value", unit="mm", where={"unit": unit}).values for unit in (LATHE01, LATHE02)
    )
    error = np.sqrt(one.var() / len(one) + two.var() / len(two))
    assert two.mean() - one.mean() == pytest.approx(0.0022, abs=3 * error)


def test_the_connector_takes_every_row_in_the_declared_unit() -> None:
    from luban.connect.files.reading import open_sheet
    from luban.connect.files.rows import read_rows
    from luban.connect.files.settings import FilesSettings

    declared = {name: one.unit for name, one in load(WORKSHOP).characteristics.items()}
    own = FilesSettings.model_validate({"folder": ".", "kind": "measurements", "declared": declared})
    batch = read_rows(open_sheet(FILE, FILE.read_bytes(), own), own)
    assert (len(batch.facts), batch.complaints) == (540, [])
    assert {fact["subject"] for fact in batch.facts} == set(declared) - {"shaft:length"}
    assert all(abs(fact["value"] - 40.0125) < 0.02 for fact in batch.facts if fact["subject"] == "flange:bore")
