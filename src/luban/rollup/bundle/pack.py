"""A bundle as a file: the same content gives the same bytes, and nothing in it is changed unseen.

Reads   a file    Writes  a file
"""

from __future__ import annotations

import hashlib
import json
import zipfile
import zlib
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Final

from luban.core.errors import InputError

__all__ = ["FLOORS", "PACKAGES", "code_digest", "code_files", "pack", "packages", "unpack"]

FLOORS: Final = ("core", "norms", "plant", "ledger", "understand", "twin", "verify", "rollup")
"""Parts of luban that go into a bundle: rolling up and all that lies below it."""

PACKAGES: Final = ("duckdb", "narwhals", "numpy", "pyarrow", "scipy")
"""What they need from others to compute a review."""

_MOMENT: Final = (1980, 1, 1, 0, 0, 0)
_MANIFEST: Final = "manifest.json"
_LARGEST: Final = 4 << 30
_SUFFIXES: Final = (".pyc", ".nbi", ".nbc")


def pack(path: Path, content: Mapping[str, bytes], about: Mapping[str, Any]) -> str:
    """Write the files with a manifest of their digests; the SHA-256 of the bundle.

    content  name → bytes;  about  further entries of the manifest
    Raises   InputError: it cannot be written there
    """
    sums = {name: hashlib.sha256(held).hexdigest() for name, held in sorted(content.items())}
    manifest = json.dumps({**about, "files": sums}, sort_keys=True, ensure_ascii=False, indent=1).encode() + b"\n"
    part = path.with_name(path.name + ".part")
    try:
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as out:
            for name, held in sorted({**content, _MANIFEST: manifest}.items()):
                info = zipfile.ZipInfo(name, _MOMENT)
                info.create_system, info.external_attr = 3, 0o644 << 16
                info.compress_type = zipfile.ZIP_DEFLATED
                out.writestr(info, held, compresslevel=9)
        part.replace(path)
    except OSError as error:
        raise InputError("the bundle could not be written", came=str(error), where=str(path)) from None
    return hashlib.sha256(path.read_bytes()).hexdigest()


def unpack(path: Path) -> tuple[dict[str, bytes], dict[str, Any]]:
    """(name → bytes, manifest) of a bundle whose files all have the digests it states.

    Raises   InputError: no bundle, a file that was changed, added or taken out
    """
    try:
        with zipfile.ZipFile(path) as held:
            if sum(one.file_size for one in held.infolist()) > _LARGEST:
                raise InputError("more than 4 GiB unpacked", where=path.name)
            content = {one.filename: held.read(one) for one in held.infolist() if not one.is_dir()}
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, RuntimeError) as error:
        raise InputError(
            "not a bundle", came=str(error), where=str(path), expected="a zip file of `luban evaluate`"
        ) from None
    try:
        manifest = json.loads(content.pop(_MANIFEST))
        stated = dict(manifest["files"])
    except (AttributeError, KeyError, ValueError, TypeError) as error:
        raise InputError("not a bundle", came=f"manifest: {error}", where=path.name) from None
    odd = sorted(set(stated) ^ set(content))
    odd += [name for name in stated if name in content and hashlib.sha256(content[name]).hexdigest() != stated[name]]
    if odd:
        raise InputError(
            "the bundle was changed after it was made",
            came=", ".join(odd[:8]),
            where=path.name,
            hint="ask for the file again, and compare its SHA-256 with the one that was published",
        )
    return content, manifest


def code_files() -> dict[str, bytes]:
    """Sources and data of the floors that a review is computed by, as files below `code/`."""
    root = files("luban")
    found = {"code/luban/__init__.py": root.joinpath("__init__.py").read_bytes()}
    for floor in FLOORS:
        _gather(root.joinpath(floor), f"code/luban/{floor}", found)
    return found


def code_digest(content: Mapping[str, bytes]) -> str:
    """SHA-256 over the code in a bundle, or of `code_files()`; "" without any."""
    own = sorted((name, hashlib.sha256(held).hexdigest()) for name, held in content.items() if name.startswith("code/"))
    return hashlib.sha256(json.dumps(own).encode()).hexdigest() if own else ""


def packages() -> dict[str, str]:
    """Versions of PACKAGES here."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def _gather(folder: Traversable, name: str, found: dict[str, bytes]) -> None:
    for one in folder.iterdir():
        if one.is_dir():
            if one.name != "__pycache__":
                _gather(one, f"{name}/{one.name}", found)
        elif not one.name.endswith(_SUFFIXES):
            found[f"{name}/{one.name}"] = one.read_bytes()
