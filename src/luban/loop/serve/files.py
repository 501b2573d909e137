"""The twin as a program that drops files: states, counts, values for the files connector; orders as a MES does."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from itertools import count
from pathlib import Path
from typing import Any, Final

from luban.connect.wire import Value
from luban.core.time import iso, now
from luban.loop.serve.plan import MARK
from luban.loop.serve.wires import Said, Wire
from luban.twin.kernel.trace import Kind
from luban.twin.names import Names
from luban.twin.run import Run
from luban.twin.show import state_word
from luban.twin.traced import Trace

__all__ = ["Drop", "FilesWire", "OrderDrop"]

_EVERY: Final = 1_000_000  # a new file at most that often [µs]
_COUNTS: Final = ("good", "scrap", "rework")


class Drop:
    """Files put into a folder whole: written aside, then renamed. The folder is marked as ours."""

    def __init__(self, folder: Path, encoding: str = "utf-8") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / MARK).touch()
        self._folder, self._encoding = folder, encoding
        self._number = count(1 + max((_number_of(p) for p in folder.iterdir()), default=0))

    def put(self, pattern: str, header: Sequence[str], rows: Iterable[Sequence[Any]], delimiter: str = ",") -> None:
        """One new file, or more rows of the same one where the pattern leaves no room for a number."""
        text = io.StringIO()
        writer = csv.writer(text, delimiter=delimiter, lineterminator="\n")
        path = self._folder / pattern.replace("*", f"{next(self._number):08d}", 1)
        grows = "*" not in pattern and path.exists()
        if not grows:
            writer.writerow(header)
        writer.writerows(rows)
        if grows:
            with path.open("a", encoding=self._encoding) as file:
                file.write(text.getvalue())
            return
        part = path.with_name(f"{path.name}.part")
        part.write_text(text.getvalue(), encoding=self._encoding)
        part.rename(path)


def _number_of(path: Path) -> int:
    digits = "".join(c for c in path.stem if c.isdigit())
    return int(digits[-8:]) if len(digits) >= 8 else 0


class FilesWire(Wire):
    """One source of type files: what it expects, in the columns that it names."""

    async def start(self) -> None:
        """Make the folder; files come with what changes."""
        settings: Any = self.outlet.settings
        self._settings = settings
        folder = Path(settings.folder)
        folder = folder if folder.is_absolute() else Path(settings.base) / folder
        self._drop = Drop(folder, "utf-8" if settings.encoding == "auto" else settings.encoding)
        self._pattern = next((p for p in settings.pattern if p.endswith((".csv", ".txt"))), "*.csv")
        self._delimiter = "," if settings.delimiter == "auto" else settings.delimiter
        self._rows: list[list[Any]] = []
        self._now: dict[tuple[str, str], Value] = {}
        self._written = self._told = now()
        self._stack.callback(self._flush)
        for said in self.first:
            self._now[said.point.tag.id.rpartition(":")[0], said.point.tag.name] = said.value
        if settings.kind != "counts":
            self._take(self.first)

    async def show(self, said: Sequence[Said]) -> None:
        """Gather rows; a new file when the last one is a second old."""
        self._take(said)
        if self._rows and now() - self._written >= _EVERY:
            self._flush()

    async def settle(self) -> None:
        """Write what is left."""
        self._flush()

    def _take(self, said: Sequence[Said]) -> None:
        kind = self._settings.kind
        if kind == "signals":
            self._rows += [[iso(time), point.address, value] for time, point, value in said]
            return
        changed: dict[tuple[int, str], list[Any]] = {}
        for time, point, value in said:
            unit, name = point.tag.id.rpartition(":")[0], point.tag.name
            before, self._now[unit, name] = self._now.get((unit, name)), value
            if kind == "states" and name in {"state", "order", "item", "alarm"}:
                changed[time, unit] = self._state(time, unit)
            elif kind == "counts" and name.removesuffix("_count") in _COUNTS:
                made = int(value or 0) - int(before or 0)
                row = changed.setdefault((time, unit), self._count(time, unit))
                row[2 + _COUNTS.index(name.removesuffix("_count"))] += made
        self._rows += [row for row in changed.values() if kind == "states" or any(row[2:5])]

    def _state(self, time: int, unit: str) -> list[Any]:
        word = state_word(str(self._now[unit, "state"]), self._settings.mapping)
        return [iso(time), unit, word, *(self._now.get((unit, n), "") for n in ("alarm", "order", "item"))]

    def _count(self, time: int, unit: str) -> list[Any]:
        return [iso(time), unit, 0, 0, 0, *(self._now.get((unit, n), "") for n in ("order", "item"))]

    def _flush(self) -> None:
        settings, at = self._settings, now()
        if self._rows:
            ours = {
                "signals": ("time", "address", "value"),
                "states": ("time", "unit", "state", "reason", "order", "item"),
                "counts": ("time", "unit", *_COUNTS, "order", "item"),
            }[settings.kind]
            header = [settings.columns.get(name, name) for name in ours]
            self._drop.put(self._pattern, header, self._rows, self._delimiter)
            self._rows = []
        if settings.coverage == "declared" and at > self._told:
            self._drop.put(settings.declared_in, ("start", "end"), [(iso(self._told), iso(at))], self._delimiter)
            self._told = at
        self._written = at


class OrderDrop:
    """What a MES exports: orders as they arrive, are released and end, operations as they end, readings of gauges."""

    def __init__(self, folder: Path, run: Run, names: Names) -> None:
        self._drop, self._run, self._names = Drop(folder), run, names

    def take(self, trace: Trace, wall: Callable[[int], int]) -> None:
        """Write one file of each kind where there is something; `wall`: instant of the run → µs UTC."""
        run, names = self._run, self._names
        codes = {Kind.ORDERED: "arrived", Kind.RELEASED: "released", Kind.FINISHED: "finished", Kind.LOST: "scrapped"}
        orders, operations, readings = [], [], []
        for row in trace[[int(kind) in {*codes, Kind.ENDED, Kind.MEASURED} for kind in trace["kind"]]]:
            lot, a, b = run.lot_name(int(row["lot"])), int(row["a"]), int(row["b"])
            at, item = iso(wall(int(row["time"]))), names.items[int(row["route"])]
            unit = names.machines[int(row["machine"])] if row["machine"] >= 0 else ""
            if int(row["kind"]) == Kind.ENDED:
                begun = iso(wall(int(row["y"])))
                operations.append((at, lot, names.operations[int(row["step"])], item, unit, a, b, begun))
            elif int(row["kind"]) == Kind.MEASURED:
                readings.append((at, names.sizes[a].subject, round(float(row["x"]), 2), lot, unit))
            else:
                orders.append((at, lot, codes[Kind(int(row["kind"]))], item, a, b))
        if orders:
            self._drop.put("orders_*.csv", ("time", "order", "status", "item", "quantity", "scrap"), orders)
        if operations:
            header = ("time", "order", "operation", "item", "unit", "good", "scrap", "start")
            self._drop.put("operations_*.csv", header, operations)
        if readings:
            self._drop.put("measurements_*.csv", ("time", "characteristic", "value", "lot", "unit"), readings)
