"""Proof that the books are whole: every hash, link, count and checksum, recomputed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from luban.core.errors import IntegrityError
from luban.ledger.content import chain_hash, content_hash, sorted_by
from luban.ledger.manifest import Correction, Manifest, Segment
from luban.ledger.rollup import LAST, MINUTES, last_of, merge_last, minutes_of, unpack_minutes
from luban.ledger.segment import read_parquet
from luban.ledger.streams import stream as stream_of
from luban.ledger.wal import decode, read_frames

__all__ = ["VerifyReport", "verify"]


@dataclass(slots=True)
class VerifyReport:
    """What was checked and what is wrong.

    head  hash of the newest segment: note it elsewhere, and a rewritten chain shows too
    """

    segments: int = 0
    sealed: int = 0  # facts in segments
    unsealed: int = 0  # facts in logs
    torn: int = 0  # logs with a torn tail: normal after a crash, never acknowledged
    head: str = ""
    problems: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """No problem found."""
        return not self.problems


def verify(
    folder: Path | str, *, head: str | None = None, progress: Callable[[int, int], None] | None = None
) -> VerifyReport:
    """Recompute everything.

    head      a head noted earlier; it must be in the chain
    progress  called with (done, all) segments
    """
    manifest = Manifest(Path(folder))
    report = VerifyReport()
    with manifest.one_moment():
        segments, corrections, last = manifest.segments(), manifest.corrections(), manifest.meta("last")
    previous, chains = "", {""}
    sealed = _Sealed(Path(folder), manifest, segments, report)
    for done, segment in enumerate(segments):
        _check_link(segment, previous, report)
        sealed.check(segment)
        previous = segment.chain
        chains.add(segment.chain)
        report.segments, report.sealed = report.segments + 1, report.sealed + segment.rows
        if progress:
            progress(done + 1, len(segments))
    report.head = previous
    if head is not None and head not in chains:
        report.problems.append(f"the noted head {head[:16]}… is not in the chain: the books were rewritten or cut")
    sealed.check_corrections(corrections)
    sealed.check_last(last)
    _check_logs(Path(folder), manifest, report)
    manifest.close()
    return report


def _check_link(segment: Segment, previous: str, report: VerifyReport) -> None:
    if segment.previous != previous:
        report.problems.append(
            f"segment {segment.id} ({segment.stream}): does not follow the one before it: one was removed or inserted"
        )
    expected = chain_hash(
        segment.previous, segment.stream, segment.rows, segment.seq_min, segment.seq_max, segment.content
    )
    if segment.chain != expected:
        report.problems.append(f"segment {segment.id} ({segment.stream}): its entry in the manifest was altered")


class _Sealed:
    """The facts in segments, each file read once and held until its last segment is checked."""

    def __init__(self, folder: Path, manifest: Manifest, segments: list[Segment], report: VerifyReport) -> None:
        self._folder, self._manifest, self._report = folder, manifest, report
        self._members: dict[str, list[Segment]] = {}
        for segment in segments:
            self._members.setdefault(segment.file, []).append(segment)
        self._tables: dict[str, pa.Table | None] = {}
        self._corrections: dict[tuple[str, int, int], tuple[str, int]] = {}  # to the new fact's subject and time
        self._last = LAST.empty_table()

    def check(self, segment: Segment) -> None:
        """Its rows are there, all of them and no more, and say what was sealed."""
        where = f"segment {segment.id} ({segment.stream}, {segment.file})"
        if segment.file not in self._tables:
            self._tables[segment.file] = self._read(segment, self._members[segment.file], where)
        table = self._tables[segment.file]
        if segment is self._members[segment.file][-1]:
            self._tables.pop(segment.file)
        if table is None:
            return
        seqs = table.column("seq")
        mine = table.filter(pc.and_(pc.greater_equal(seqs, segment.seq_min), pc.less_equal(seqs, segment.seq_max)))
        times = pc.min_max(mine.column("time")).as_py()
        if mine.num_rows != segment.rows:
            self._say(f"{where}: {mine.num_rows} facts, the manifest says {segment.rows}")
        elif content_hash(mine) != segment.content:
            self._say(f"{where}: a fact was altered")
        elif times != {"min": segment.time_min, "max": segment.time_max}:
            self._say(f"{where}: its times in the manifest were altered")
        new = mine.filter(mine.column("supersedes").is_valid()).select(["seq", "supersedes", "subject", "time"])
        for row in new.to_pylist():
            self._corrections[segment.stream, row["supersedes"], row["seq"]] = row["subject"], row["time"]

    def check_corrections(self, listed: list[Correction]) -> None:
        """What the manifest says is corrected is what the facts say."""
        found = {(c.stream, c.old_seq, c.new_seq): c.new_time for c in listed}
        expected = {key: time for key, (_, time) in self._corrections.items()}
        for stream, old, new in sorted(found.keys() ^ expected.keys()):
            self._say(f"corrections: the manifest and the facts differ on {stream} {old}, corrected by {new}")
        if any(found[key] != expected[key] for key in found.keys() & expected.keys()):
            self._say("corrections: a time in the manifest was altered")

    def check_last(self, name: str | None) -> None:
        """The last values are those of the sealed facts."""
        if name is None and not self._last.num_rows:
            return
        try:
            kept = read_parquet(self._folder / str(name), LAST)
        except (OSError, pa.ArrowException) as error:
            if self._manifest.meta("last") == name:  # else: replaced meanwhile
                self._say(f"last values ({name}): cannot be read: {str(error).splitlines()[0]}")
            return
        if not _same(kept, self._last):
            self._say(f"last values ({name}): not those of the facts")

    def _read(self, segment: Segment, members: list[Segment], where: str) -> pa.Table | None:
        """The whole file, with what belongs to it: no fact was slipped in, and its 1-minute figures are its own."""
        try:
            table = read_parquet(self._folder / segment.file, stream_of(segment.stream).schema)
        except (OSError, pa.ArrowException) as error:
            now = self._manifest.segment(segment.id)
            if isinstance(error, FileNotFoundError) and now and now.file != segment.file:
                return self._read(now, self._manifest.segments_in(now.file), where)  # compaction moved it meanwhile
            self._say(f"{where}: cannot be read: {str(error).splitlines()[0]}")
            return None
        listed = sum(s.rows for s in members)
        if table.num_rows != listed:
            self._say(f"{where}: {table.num_rows} facts in the file, the manifest says {listed}")
        if segment.stream == "signal":
            self._check_roll_ups(segment, sorted_by(table, "subject", "time"))
        return table

    def _check_roll_ups(self, segment: Segment, samples: pa.Table) -> None:
        self._last = merge_last(self._last, last_of(sorted_by(samples, "subject", "time", "seq")))
        try:
            kept = unpack_minutes(read_parquet(self._folder / str(segment.minutes), MINUTES))
        except (OSError, pa.ArrowException) as error:
            now = self._manifest.segment(segment.id)
            if now and now.minutes == segment.minutes:  # else: compaction moved them meanwhile
                self._say(f"1-minute figures ({segment.minutes}): cannot be read: {str(error).splitlines()[0]}")
            return
        if not _same(kept, minutes_of(samples)):
            self._say(f"1-minute figures ({segment.minutes}): not those of the facts")

    def _say(self, problem: str) -> None:
        self._report.problems.append(problem)


def _same(kept: pa.Table, made: pa.Table) -> bool:
    """Equal tables in equal order; a sum may differ by the order of adding."""
    if kept.num_rows != made.num_rows:
        return False
    for name in kept.column_names:
        one, other = (t.column(name) for t in (kept, made))
        if one.null_count != other.null_count:
            return False
        if pa.types.is_floating(one.type):
            numbers, others = (c.fill_null(np.nan).to_numpy() for c in (one, other))
            near = 0.0 if name != "sum" else _sum_error(made)
            if not np.isclose(numbers, others, rtol=0.0, atol=near, equal_nan=True).all():
                return False
        elif one.cast(_plain(one.type)).to_pylist() != other.cast(_plain(other.type)).to_pylist():
            return False
    return True


def _sum_error(minutes: pa.Table) -> np.ndarray:
    """What a sum may differ by, added up in another order."""
    low, high = (np.abs(minutes.column(name).fill_null(0.0).to_numpy()) for name in ("min", "max"))
    return np.asarray(1e-15 * minutes.column("n").to_numpy() ** 2 * np.maximum(low, high))


def _plain(kind: pa.DataType) -> pa.DataType:
    return pa.string() if pa.types.is_dictionary(kind) else kind


def _check_logs(folder: Path, manifest: Manifest, report: VerifyReport) -> None:
    for wal in manifest.wals():
        try:
            _check_log(folder / wal.file, wal.file, report)
        except FileNotFoundError:
            if wal in manifest.wals():  # else: sealed meanwhile, before or while it was read
                report.problems.append(f"log {wal.file}: missing")


def _check_log(path: Path, name: str, report: VerifyReport) -> None:
    end, seqs, damage = 0, [], ""
    try:
        for frame in read_frames(path):
            seqs.append(decode(frame.payload).column("seq").to_numpy())
            end = frame.end
    except (IntegrityError, pa.ArrowException) as error:
        damage = str(error)
    is_torn = path.stat().st_size > end  # the last look at the file: nothing is reported of one that is gone
    numbers = np.concatenate(seqs) if seqs else np.zeros(0, np.int64)
    report.unsealed += len(numbers)
    report.torn += int(is_torn)
    if damage:
        report.problems.append(f"log {name}: {damage}")
    if not (np.diff(numbers) > 0).all():
        report.problems.append(f"log {name}: seqs do not rise")
