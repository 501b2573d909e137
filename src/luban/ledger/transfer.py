"""Export and import: a whole ledger as one file, hashes and chain included, nothing lost.

The file is an uncompressed zip (its members are compressed already) of the sealed segments, the logs
and a copy of the manifest; the import verifies it before it says that it is done.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from luban.core.errors import DiskFullError, InputError, IntegrityError
from luban.ledger.manifest import Manifest
from luban.ledger.verify import VerifyReport, verify
from luban.ledger.wal import NO_ROOM

__all__ = ["export_ledger", "import_ledger"]

_MANIFEST = "manifest.sqlite"
_MASTER = "master.sqlite"


def export_ledger(folder: Path | str, file: Path | str, *, progress: Callable[[int, int], None] | None = None) -> int:
    """Write the ledger to `file`, also while it is being written to; returns the number of files in it.

    Raises InputError if `file` exists or the folder holds no ledger, DiskFullError
    """
    folder, file = Path(folder), Path(file)
    if file.exists():
        raise InputError("the export file exists", where=str(file), hint="choose another name")
    Manifest(folder).close()
    part = file.with_name(file.name + ".part")
    try:
        with tempfile.TemporaryDirectory(prefix=".export-", dir=folder) as scratch:
            copy = Path(scratch)
            wanted = _hold(folder, copy)
            with zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as archive:
                for done, name in enumerate(wanted):
                    archive.write(copy / name, name)
                    if progress:
                        progress(done + 1, len(wanted))
            with part.open("rb") as written:
                os.fsync(written.fileno())
        part.rename(file)
    except OSError as error:
        if error.errno in NO_ROOM:
            raise DiskFullError(
                "no room for the export", where=str(error.filename or file), hint="free space"
            ) from error
        raise
    finally:
        part.unlink(missing_ok=True)
    return len(wanted)


def _hold(folder: Path, copy: Path) -> list[str]:
    """Links to all files of one moment in `copy`: the writer may seal and compact meanwhile. Returns their names."""
    if (folder / _MASTER).exists():
        _copy_database(folder / _MASTER, copy / _MASTER)
    for _ in range(20):
        _copy_database(folder / _MANIFEST, copy / _MANIFEST)
        manifest = Manifest(copy)
        names = manifest.files()
        manifest.close()
        try:
            for name in names:
                (copy / name).parent.mkdir(parents=True, exist_ok=True)
                if not (copy / name).exists():
                    _link(folder / name, copy / name)
        except FileNotFoundError as error:
            missing = str(error.filename)
            continue  # sealed or compacted since the manifest was copied
        return [_MANIFEST, *[_MASTER] * (copy / _MASTER).exists(), *sorted(names)]
    raise IntegrityError("a file of the ledger is missing", where=missing, hint="luban ledger verify")


def _link(file: Path, target: Path) -> None:
    try:
        target.hardlink_to(file)
    except FileNotFoundError:
        raise
    except OSError:  # a file system without links
        shutil.copyfile(file, target)


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
        if _MANIFEST not in names or not all(_belongs(name) for name in names):
            raise InputError("not a ledger export", where=str(file), expected="a file made by `luban ledger export`")
        folder.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=".import-", dir=folder.parent))
        try:
            _extract(archive, scratch, file)
            report = verify(scratch)
            if not report.ok:
                raise IntegrityError(
                    "the export does not verify", where=str(file), came="; ".join(report.problems), hint="export again"
                )
            if folder.exists():
                folder.rmdir()
            os.sync()
            scratch.rename(folder)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    return report


def _belongs(name: str) -> bool:
    """Only what an export writes: nothing outside the folder, no spool that would be taken in."""
    parts = name.split("/")
    inside = parts[0] in {"segments", "minutes", "last", "wal"} and not {"", ".", ".."} & set(parts)
    return inside or name in {_MANIFEST, _MASTER}


def _extract(archive: zipfile.ZipFile, target: Path, file: Path) -> None:
    try:
        archive.extractall(target)
        manifest = Manifest(target)
        missing = sorted(manifest.files() - set(archive.namelist()))
        manifest.close()
    except (zipfile.BadZipFile, sqlite3.DatabaseError) as error:
        raise IntegrityError("the export is damaged", where=str(file), came=str(error), hint="export again") from error
    if missing:
        raise IntegrityError("the export is not whole", where=str(file), came=f"no {missing[0]}", hint="export again")


def _copy_database(source: Path, target: Path) -> None:
    with sqlite3.connect(source) as origin, sqlite3.connect(target) as copy:
        origin.backup(copy)
    origin.close()
    copy.close()
