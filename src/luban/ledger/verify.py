"""Proof that the books are whole: every hash, link, count and checksum, recomputed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from luban.core.errors import IntegrityError
from luban.ledger.content import chain_hash, content_hash
from luban.ledger.manifest import Manifest, Segment
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
    folder = Path(folder)
    manifest = Manifest(folder)
    report = VerifyReport()
    segments = manifest.segments()
    previous, chains = "", {""}
    tables: dict[str, pa.Table | None] = {}
    for done, segment in enumerate(segments):
        _check_link(segment, previous, report)
        _check_content(folder, segment, tables, report)
        later = {s.file for s in segments[done + 1 :]} if segment.file in tables else set()
        if segment.file not in later:
            tables.pop(segment.file, None)
        previous = segment.chain
        chains.add(segment.chain)
        report.segments, report.sealed = report.segments + 1, report.sealed + segment.rows
        if progress:
            progress(done + 1, len(segments))
    report.head = previous
    if head is not None and head not in chains:
        report.problems.append(f"the noted head {head[:16]}… is not in the chain: the books were rewritten or cut")
    _check_logs(folder, manifest, report)
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


def _check_content(folder: Path, segment: Segment, tables: dict[str, pa.Table | None], report: VerifyReport) -> None:
    where = f"segment {segment.id} ({segment.stream}, {segment.file})"
    schema = stream_of(segment.stream).schema
    if segment.file not in tables:
        try:
            tables[segment.file] = read_parquet(folder / segment.file, schema)
        except (OSError, pa.ArrowException) as error:
            tables[segment.file] = None
            report.problems.append(f"{where}: cannot be read: {str(error).splitlines()[0]}")
    table = tables[segment.file]
    if table is None:
        return
    seqs = table.column("seq")
    mine = table.filter(pc.and_(pc.greater_equal(seqs, segment.seq_min), pc.less_equal(seqs, segment.seq_max)))
    if mine.num_rows != segment.rows:
        report.problems.append(f"{where}: {mine.num_rows} facts, the manifest says {segment.rows}")
    elif content_hash(mine.cast(schema)) != segment.content:
        report.problems.append(f"{where}: a fact was altered")


def _check_logs(folder: Path, manifest: Manifest, report: VerifyReport) -> None:
    for wal in manifest.wals():
        path = folder / wal.file
        if not path.exists():
            report.problems.append(f"log {wal.file}: missing")
            continue
        end, seqs = 0, []
        try:
            for frame in read_frames(path):
                seqs.append(decode(frame.payload).column("seq").to_numpy())
                end = frame.end
        except (IntegrityError, pa.ArrowException) as error:
            report.problems.append(f"log {wal.file}: {error}")
        numbers = np.concatenate(seqs) if seqs else np.zeros(0, np.int64)
        report.unsealed += len(numbers)
        report.torn += int(path.stat().st_size > end)
        if not (np.diff(numbers) > 0).all():
            report.problems.append(f"log {wal.file}: seqs do not rise")
