"""Export and import: a whole ledger as one file, hashes and chain included, nothing lost.

The file is an uncompressed zip (its members are compressed already) of the sealed segments, the logs
and a copy of the manifest; the import verifies it before it says that it is done.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from luban.core.errors import InputError, IntegrityError
from luban.ledger.manifest import Manifest
from luban.ledger.verify import VerifyReport, verify

__all__ = ["export_ledger", "import_ledger"]

_MANIFEST = "manifest.sqlite"
_MASTER = "master.sqlite"


def export_ledger(folder: Path | str, file: Path | str, *, progress: Callable[[int, int], None] | None = None) -> int:
    """Write the ledger to `file`, also while it is being written to; returns the number of files in it.

    Raises InputError if `file` exists or the folder holds no ledger
    """
    folder, file = Path(folder), Path(file)
    if file.exists():
        raise InputError("the export file exists", where=str(file), hint="choose another name")
    Manifest(folder).close()
    part = file.with_name(file.name + ".part")
    try:
        with tempfile.TemporaryDirectory() as scratch, zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as archive:
            copy = Path(scratch)
            _copy_database(folder / _MANIFEST, copy / _MANIFEST)
            if (folder / _MASTER).exists():
                _copy_database(folder / _MASTER, copy / _MASTER)
                archive.write(copy / _MASTER, _MASTER)
            archive.write(copy / _MANIFEST, _MANIFEST)
            manifest = Manifest(copy)
            names = {s.file for s in manifest.segments()} | {s.minutes for s in manifest.segments()}
            names |= {w.file for w in manifest.wals()} | {manifest.meta("last")}
            manifest.close()
            wanted = sorted(name for name in names if name)
            for done, name in enumerate(wanted):
                if not (folder / name).exists() and not name.startswith("wal/"):
                    raise InputError("the ledger changed during the export", came=name, hint="run it again")
                if (folder / name).exists():
                    archive.write(folder / name, name)
                if progress:
                    progress(done + 1, len(wanted))
        part.rename(file)
    finally:
        part.unlink(missing_ok=True)
    return len(wanted) + 1


def import_ledger(file: Path | str, folder: Path | str) -> VerifyReport:
    """Make a ledger in `folder` from an export and verify it.

    Raises InputError (no export, folder not empty), IntegrityError (it does not verify: nothing is left behind)
    """
    file, folder = Path(file), Path(folder)
    if folder.exists() and any(folder.iterdir()):
        raise InputError("the folder is not empty", where=str(folder), hint="import into a new folder")
    if not zipfile.is_zipfile(file):
        raise InputError("not a ledger export", where=str(file), expected="a file made by `luban ledger export`")
    with zipfile.ZipFile(file) as archive:
        names = archive.namelist()
        if _MANIFEST not in names or any(name.startswith("/") or ".." in Path(name).parts for name in names):
            raise InputError("not a ledger export", where=str(file), expected="a file made by `luban ledger export`")
        folder.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=".import-", dir=folder.parent))
        try:
            archive.extractall(scratch)
            report = verify(scratch)
            if not report.ok:
                raise IntegrityError(
                    "the export does not verify", where=str(file), came="; ".join(report.problems), hint="export again"
                )
            if folder.exists():
                folder.rmdir()
            scratch.rename(folder)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    return report


def _copy_database(source: Path, target: Path) -> None:
    with sqlite3.connect(source) as origin, sqlite3.connect(target) as copy:
        origin.backup(copy)
    origin.close()
    copy.close()
