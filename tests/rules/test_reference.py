"""The reference pages are what the code says: `make docs` writes nothing new."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_no_page_is_stale() -> None:
    command = [sys.executable, "-W", "error", ROOT / "tools" / "make_reference.py", "--check"]
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert run.returncode == 0, run.stderr
