"""Small ledgers for the tests."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from luban.ledger import LedgerWriter

T0 = 1_700_000_000_000_000  # 2023-11-14T22:13:20Z


def samples(
    n: int, *, start: int = T0, step: int = 1_000_000, tags: int = 3, value: float | None = None
) -> dict[str, Any]:
    """n good samples, round robin over the tags, one step apart."""
    at = np.arange(n)
    return {
        "time": start + at * step,
        "subject": [f"p/m:tag{i % tags}" for i in at],
        "value": at.astype(float) if value is None else np.full(n, value),
        "quality": np.zeros(n, np.uint8),
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "ledger"


@pytest.fixture
def writer(folder: Path) -> Iterator[LedgerWriter]:
    with LedgerWriter(folder) as writer:
        yield writer


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 8 MiB with half of it taken by `ballast`; needs root to mount it."""
    if os.geteuid() != 0:
        pytest.skip("needs root to mount a small file system")
    mount = tmp_path / "disk"
    mount.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(mount)], capture_output=True, text=True
    )
    if done.returncode:
        pytest.skip(f"cannot mount a small file system: {done.stderr.strip()}")
    (mount / "ballast").write_bytes(b"\0" * (4 << 20))
    try:
        yield mount
    finally:
        subprocess.run(["umount", "--lazy", str(mount)], check=True)
