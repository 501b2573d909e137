"""Watches a folder and hands over what its files say."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from luban.connect.files.reading import Sheet, open_sheet
from luban.connect.files.rows import Batch, Complaint, read_rows, read_spans
from luban.connect.files.seen import Seen
from luban.connect.files.settings import FilesSettings
from luban.connect.wire import Capabilities, Proposal, ReadBack, Sample, SettingsModel, Sink, Value
from luban.core.errors import DiskFullError, InputError, LinkDownError, NotAllowedError
from luban.core.time import SECOND

__all__ = ["FilesDriver"]

_AT_ONCE = 20_000  # items handed over between two flushes
_TEXT = {".csv", ".txt", ".tsv"}
_UNOPENED_LOOKS = 10  # a file that stands still but does not open is given up after so many more looks


@dataclass(slots=True)
class _Look:
    """A file as it was at the newest look."""

    size: int
    changed: int  # mtime [ns]
    still: int = 0  # looks for which it has not changed
    read: bool = False


@dataclass(frozen=True, slots=True)
class _Read:
    """What came of reading a file."""

    content: bytes  # what its identity is taken from
    batch: Batch
    first: int | None  # start of coverage


class FilesDriver:
    """One folder."""

    type: ClassVar[str] = "files"
    settings: ClassVar[SettingsModel] = FilesSettings
    capabilities: ClassVar[Capabilities] = Capabilities(browse=True, live=False)

    def __init__(self, settings: FilesSettings, addresses: Sequence[str]) -> None:
        self._settings = settings
        self._addresses = frozenset(addresses)
        self._folder = Path(settings.base) / settings.folder
        self._looks: dict[Path, _Look] = {}
        self._seen = Seen()

    async def run(self, sink: Sink) -> None:
        """Look, read what stands still, wait, for ever. Raises LinkDownError if the folder is not there."""
        self._seen = Seen(sink.recall("files"))
        while True:
            for path in await asyncio.to_thread(self._look):
                await self._import(path, sink)
            sink.alive()
            await asyncio.sleep(self._settings.poll / SECOND)

    async def history(self, addresses: Sequence[str], start: int, end: int) -> AsyncIterator[Sequence[Sample]]:  # noqa: ARG002
        """Files have no history beyond themselves."""
        yield ()

    async def browse(self) -> list[Proposal]:
        """Columns and addresses of the files that are there now."""
        return await asyncio.to_thread(self._browse)

    async def write(self, address: str, value: Value) -> ReadBack:
        """Never."""
        raise NotAllowedError("files are only read", came=f"{address} = {value!r}")

    # ---- looking

    def _paths(self) -> list[Path]:
        if not self._folder.is_dir():
            raise LinkDownError("the folder is not there", where=str(self._folder), hint="create or mount it")
        declared = [self._settings.declared_in] if self._settings.coverage == "declared" else []
        found = {path for pattern in (*self._settings.pattern, *declared) for path in self._folder.glob(pattern)}
        return sorted(p for p in found if p.is_file() and not p.name.startswith((".", "~")))

    def _look(self) -> list[Path]:
        """Files that have stood still for long enough and are not read yet."""
        ready = []
        for path in self._paths():
            try:
                stat = path.stat()
            except FileNotFoundError:
                continue
            look = self._looks.get(path)
            if look is None or (look.size, look.changed) != (stat.st_size, stat.st_mtime_ns):
                look = self._looks[path] = _Look(stat.st_size, stat.st_mtime_ns)
            look.still += 1
            if look.still >= self._settings.stable and not look.read and look.size:
                ready.append(path)
        return ready

    def _declares(self, path: Path) -> bool:
        return self._settings.coverage == "declared" and path.match(self._settings.declared_in)

    # ---- reading

    async def _import(self, path: Path, sink: Sink) -> None:
        look = self._looks[path]
        try:
            read = await asyncio.to_thread(self._read, path)
        except FileNotFoundError:
            return
        except InputError as error:
            if path.suffix.lower() not in _TEXT and look.still < self._settings.stable + _UNOPENED_LOOKS:
                return  # perhaps half written
            look.read = True
            sink.reject(path.name, await asyncio.to_thread(_head, path), str(error))
            return
        except OSError as error:
            raise LinkDownError("the file cannot be read", came=str(error), where=path.name) from error
        look.read = True
        if read is not None:
            for complaint in read.batch.complaints:
                sink.reject(f"{path.name}:{complaint.where}", complaint.row, complaint.reason)
            await self._hand_over(path.name, read, sink)
        if self._settings.after == "move":
            await asyncio.to_thread(self._move, path)

    def _read(self, path: Path) -> _Read | None:
        content = path.read_bytes()
        sheet = open_sheet(path, content, self._settings)
        if path.suffix.lower() not in _TEXT:
            sheet, content = _listed(sheet)
        start = self._seen.start(path.name, content)
        if start.known:
            return None
        if start.changed:
            raise InputError(
                "rows that had been read are different now; the new version is not taken",
                where=path.name,
                expected="rows appended at the end, or a new file",
                hint="correct facts with a correction, not by changing the file",
            )
        turn = read_spans if self._declares(path) else read_rows
        batch = turn(sheet, self._settings, after=start.rows)
        if start.torn:
            batch.complaints.insert(0, Complaint(str(start.rows + 1), "", "the row was read before it was whole"))
        times = batch.times
        first = None if times is None else times[0] if start.last is None else min(start.last, times[0])
        return _Read(content, batch, first)

    async def _hand_over(self, name: str, read: _Read, sink: Sink) -> None:
        """Hand over in parts; how far it came is remembered with each part."""
        batch = read.batch
        items: Sequence[Any] = batch.samples or batch.facts
        for start, end in batch.spans:
            sink.covered(start, end)
        done = self._seen.done(read.content)
        last = batch.times[1] if batch.times else None
        while True:
            part = items[done : done + _AT_ONCE]
            done += len(part)
            whole = done >= len(items)
            if batch.samples:
                sink.samples(part)
            elif part:
                sink.facts(_STREAM[self._settings.kind], {key: [row[key] for row in part] for key in part[0]})
            if whole and last is not None and read.first is not None:
                self._cover(read.first, last, sink)
            self._seen.note(name, read.content, rows=batch.rows, last=last, open_at=None if whole else done)
            sink.remember("files", self._seen.state)
            await _flush(sink)
            if whole:
                return

    def _cover(self, first: int, last: int, sink: Sink) -> None:
        if self._settings.coverage == "declared":
            return
        if self._settings.coverage == "continuous":
            until = sink.recall("covered until")
            if until is not None and until < last:
                first = min(first, until)
            sink.remember("covered until", max(last, until or last))
        sink.covered(first, last)

    def _move(self, path: Path) -> None:
        done = self._folder / "done"
        done.mkdir(exist_ok=True)
        target, n = done / path.name, 1
        while target.exists():
            n += 1
            target = done / f"{path.stem}.{n}{path.suffix}"
        path.rename(target)
        self._looks.pop(path, None)

    def _browse(self) -> list[Proposal]:
        found: dict[str, Proposal] = {}
        for path in self._paths():
            if self._declares(path):
                continue
            try:
                sheet = open_sheet(path, path.read_bytes(), self._settings)
                batch = read_rows(sheet, self._settings)
            except InputError as error:
                found.setdefault(path.name, Proposal(path.name, path.name, note=str(error)))
                continue
            for sample in batch.samples:
                kind = "text" if isinstance(sample.value, str) and not _is_number(sample.value) else "number"
                found.setdefault(sample.address, Proposal(sample.address, sample.address, type=kind, note=path.name))
            for row in batch.facts:
                unit = str(row["subject"])
                found.setdefault(unit, Proposal(unit, unit, type="structure", equipment=unit, note=path.name))
        return list(found.values())


_STREAM: Mapping[str, str] = {"states": "state", "counts": "count", "measurements": "measurement", "meters": "meter"}


def _listed(sheet: Sheet) -> tuple[Sheet, bytes]:
    """The sheet with its rows in memory, and the rows as bytes: a saved workbook differs, its rows may not."""
    rows = list(sheet.rows)
    lines = ["\x1f".join(sheet.header), *("\x1f".join(repr(cell) for cell in cells) for _, cells in rows)]
    return Sheet(sheet.header, iter(rows), sheet.comma), ("\n".join(lines) + "\n").encode("utf-8", "surrogateescape")


async def _flush(sink: Sink) -> None:
    while True:
        try:
            return await sink.flush()
        except DiskFullError:
            await asyncio.sleep(0.5)


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(4096)
    except OSError:
        return b""


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
