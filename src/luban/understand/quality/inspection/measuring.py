"""A measured value that a person or a program brings, as the row of a measurement fact.

Reads   nothing
Writes  nothing itself: the rows go through a spool
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from luban.core.errors import InputError
from luban.core.quality import Quality
from luban.core.time import now
from luban.core.units import convert
from luban.plant import Plant
from luban.understand.quality.measured import declared

__all__ = ["measurement_rows"]


def measurement_rows(
    plant: Plant,
    subject: str,
    values: Sequence[float],
    *,
    unit: str = "",
    lot: str = "",
    serial: str = "",
    machine: str = "",
    gauge: str = "",
    person: str = "",
    conditions: Mapping[str, float] | None = None,
    time: int | None = None,
    quality: Quality = Quality.GOOD,
) -> dict[str, list[Any]]:
    """Rows of the measurement stream for values of one characteristic, measured at one time on one piece or lot.

    subject     `item:name`, as characteristics.csv declares it
    values      in `unit`, or in the characteristic's own unit; converted where they differ
    machine     work unit that made the piece
    conditions  numbers by name with unit, e.g. {"temperature [°C]": 21.5}
    time        [µs UTC]; now if None
    Raises      InputError: unknown characteristic or work unit, no value, a value that is not finite; UnitError
    Example     measurement_rows(plant, "shaft:diameter", [25.002], lot="L7", gauge="micrometer 3", person="li")
    """
    its = declared(plant, subject)
    if not values:
        raise InputError("no value", where=subject, expected=f"numbers [{its.unit}]")
    if machine:
        plant.place(machine)
    own = [float(convert(float(value), unit, its.unit)) if unit else float(value) for value in values]
    bad = next((value for value in own if not math.isfinite(value)), None)
    if bad is not None:
        raise InputError("not a measured value", came=str(bad), where=subject, expected=f"a number [{its.unit}]")
    n, at = len(own), now() if time is None else time
    noted = json.dumps(dict(conditions), ensure_ascii=False, sort_keys=True, allow_nan=False) if conditions else None
    beside = {"lot": lot, "serial": serial, "unit": machine, "gauge": gauge, "person": person}
    rows: dict[str, list[Any]] = {
        "time": [at] * n, "subject": [subject] * n, "value": own, "quality": [int(quality)] * n,
        "conditions": [noted] * n,
    }  # fmt: skip
    return rows | {name: [text.strip() or None] * n for name, text in beside.items()}
