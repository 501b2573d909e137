"""The reference pages say what the code says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_pages_are_what_the_code_says():
    command = [sys.executable, ROOT / "tools" / "reference_plant.py", "--check"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def test_readme_of_the_workshop_names_every_file():
    folder = ROOT / "examples" / "tiny_workshop"
    readme = (folder / "README.md").read_text("utf-8")
    assert [path.name for path in (folder / "facts").iterdir() if path.name not in readme] == []
