"""The electricity tariff of a running plant: what a kilowatt-hour costs, and when that changes next.

Reads   `[energy]` of plant.toml and the tariffs that it names    Writes  nothing
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from luban.core.time import DAY, HOUR, to_datetime
from luban.norms.tariffs import Tariff, in_force, tariffs_named
from luban.plant import Plant

__all__ = ["Electricity"]

_AHEAD: Final = 8 * DAY  # a tariff without a change within that time is asked about once a day


class Electricity:
    """Bands of the tariffs that a plant names, the newest that holds first.

    folder  of the plant, where files of its own lie
    Example Electricity(plant, folder).next(now())
    """

    def __init__(self, plant: Plant, folder: Path) -> None:
        named = [one for name in plant.energy.tariff for one in tariffs_named(name, folder)]
        own: tuple[Tariff, ...] = in_force(named).get("electricity", ())
        self.known = bool(own)
        self._currency, self._tariffs = plant.cost.currency, own
        self._band = lru_cache(maxsize=4096)(self._of_hour)

    def price(self, moment: int) -> float | None:
        """Price of a kilowatt-hour then [currency of the plant]; None where no tariff says it in that currency."""
        return self._band(moment // HOUR)[1]

    def next(self, moment: int) -> int:
        """When the next band begins [µs UTC]."""
        now, hour = self._band(moment // HOUR), moment // HOUR + 1
        while hour * HOUR < moment + _AHEAD:
            if self._band(hour) != now:
                return hour * HOUR
            hour += 1
        return moment - moment % DAY + DAY

    def _of_hour(self, hour: int) -> tuple[str, float | None]:
        moment = to_datetime(hour * HOUR)
        for own in self._tariffs:
            band = own.band(moment.astimezone(ZoneInfo(own.zone)))
            if band:
                same = own.currency == self._currency and own.per == "kWh"
                return f"{own.id} {band}", float(own.prices[band]) if same else None
        return "", None
