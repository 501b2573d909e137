"""Hourly baselines by eemeter, in an interpreter of its own: it asks for another pandas than luban's environment has.

    PYTHON energy_eemeter.py FOLDER

Writes the sample data that its package brings, and what both its hourly models expect of each hour, into
FOLDER/NAME.npz: time [µs UTC], temperature [°C], observed (NaN: not known), baseline (1: it may be fitted on),
caltrack, hourly.
Imports nothing of luban. Install: python -m venv peers && peers/bin/pip install opendsm "multimethod<2"
"""

from __future__ import annotations

import logging
import sys
import time
import warnings
from pathlib import Path

import numpy as np

NAMES = (
    "il-electricity-cdd-hdd-hourly",
    "il-electricity-cdd-only-hourly",
    "il-gas-hdd-only-hourly",
    "uk-electricity-hdd-only-hourly-sample-1",
    "uk-electricity-hdd-only-hourly-sample-2",
)


def write(folder: Path, names: tuple[str, ...]) -> None:
    """One file a sample."""
    import pandas as pd
    from opendsm.eemeter import load_sample

    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    for name in names:
        meter, warm, _ = load_sample(name, tempF=not name.startswith("uk"))
        if name.startswith("uk"):
            warm = warm * 9 / 5 + 32
        table = (
            meter.rename(columns={"value": "observed"}).join(warm.rename("temperature"), how="inner").tz_convert("UTC")
        )
        table = table.sort_index().asfreq("h")
        first = table["observed"].first_valid_index()
        table = table[first : first + pd.DateOffset(years=2)].iloc[:-1]
        cut = first + pd.DateOffset(years=1)
        told = {"caltrack": caltrack, "hourly": hourly}
        found, spent = {}, {}
        for model, run in told.items():
            begun = time.process_time()
            try:
                found[model] = run(table[:cut].iloc[:-1], table, "gas" not in name)
            except Exception as error:
                print(f"{name} {model}: {type(error).__name__}: {error}", file=sys.stderr)
                found[model] = np.full(len(table), np.nan)
            spent[model] = time.process_time() - begun
        stamps = table.index.as_unit("us").asi8
        np.savez(
            folder / f"{name}.npz", time=stamps, temperature=(table["temperature"].to_numpy() - 32) * 5 / 9,
            observed=table["observed"].to_numpy(), baseline=np.asarray(table.index < cut, float),
            seconds=np.array([spent["caltrack"], spent["hourly"]]), **found,
        )  # fmt: skip


def caltrack(before, whole, electricity: bool) -> np.ndarray:  # type: ignore[no-untyped-def]
    """CalTRACK 2.0 hourly: hour of the week and temperature, months weighted with their neighbours.

    electricity  an hour of 0 counts as not known
    """
    from opendsm.eemeter.models.hourly_caltrack.data import HourlyBaselineData, HourlyReportingData
    from opendsm.eemeter.models.hourly_caltrack.wrapper import HourlyModel

    model = HourlyModel().fit(HourlyBaselineData(before.copy(), is_electricity_data=electricity))
    told = model.predict(HourlyReportingData(whole.copy(), is_electricity_data=electricity))
    return told["predicted"].reindex(whole.index).to_numpy(float)


def hourly(before, whole, electricity: bool) -> np.ndarray:  # type: ignore[no-untyped-def]
    """The hourly model that eemeter takes today: days in groups, elastic net."""
    from opendsm.eemeter import HourlyBaselineData, HourlyModel, HourlyReportingData

    model = HourlyModel().fit(
        HourlyBaselineData(before.copy(), is_electricity_data=electricity), ignore_disqualification=True
    )
    told = model.predict(
        HourlyReportingData(whole.copy(), is_electricity_data=electricity), ignore_disqualification=True
    )
    return told["predicted"].reindex(whole.index).to_numpy(float)


if __name__ == "__main__":
    write(Path(sys.argv[1]), tuple(sys.argv[2:]) or NAMES)
