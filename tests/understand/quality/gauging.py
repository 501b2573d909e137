"""A small shop that measures: facts of measurements told in the shop floor's words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from luban.core.time import MINUTE
from luban.understand.book import row
from tests.understand.shop import Shop

DIAMETER = "g7:diameter"
CHARACTERISTICS = "item,name,unit,nominal,lower,upper\ng7,diameter,mm,10,9.9,10.1\ng7,width,mm,20,19.9,20.1\n"


class Gauging(Shop):
    """The shop of the other tests with characteristics; measures at minutes after 08:00."""

    def __init__(self, folder: Path, inspection: str = "", **options: Any) -> None:
        super().__init__(folder, **options)
        (folder / "characteristics.csv").write_text(CHARACTERISTICS, "utf-8")
        if inspection:
            (folder / "inspection.csv").write_text(inspection, "utf-8")
        from luban.plant import load

        self.plant = load(folder)

    def measure(
        self, values: Sequence[float], *, of: str = DIAMETER, begin: str = "08:00", quality: int = 0, **beside: Any
    ) -> list[int]:
        """One value a minute; beside: lot, serial, unit, gauge, person, conditions, supersedes for all of them."""
        n = len(values)
        time = [self.at(begin) + at * MINUTE for at in range(n)]
        fields: dict[str, Sequence[Any]] = {
            name: value if isinstance(value, list) else [value] * n for name, value in beside.items()
        }
        return self._append(
            "measurement",
            "cmm",
            {"time": time, "subject": [of] * n, "value": list(values), "quality": [quality] * n, **fields},
        )

    def note(
        self,
        kind: str,
        subject: str,
        code: str,
        data: Mapping[str, Any] | None = None,
        at: str = "08:00",
        text: str = "",
    ) -> int:
        """An entry of the book."""
        made = row(kind, subject, code, person="li", data=data, time=self.at(at), text=text)
        return self._append("event", "screens", dict(made))[0]
