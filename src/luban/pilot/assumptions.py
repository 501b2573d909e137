"""What a pilot's settings assume: each line of pilot.toml with its value, its words and its source.

Reads   pilot.toml    Writes  nothing
"""

from __future__ import annotations

import re
from pathlib import Path

from luban.pilot.proof import Assumption

__all__ = ["assumptions"]

_TABLE = re.compile(r"^\s*\[+\s*([^\]]+?)\s*\]+")
_LINE = re.compile(r"""^\s*([\w."-]+)\s*=\s*("[^"]*"|\[[^\]]*\]|\{[^}]*\}|[^#]+?)\s*(?:\#\s*(.*?))?\s*$""")
_ID = re.compile(r'^\s*(?:id|name)\s*=\s*"([^"]+)"')


def assumptions(folder: Path) -> tuple[Assumption, ...]:
    """Every figure of a folder's pilot.toml; none without the file.

    A line is `key = value  # words [unit]   SOURCE`: what stands after two blanks or more is the source.
    """
    path = folder / "pilot.toml"
    if not path.is_file():
        return ()
    found, table = [], ""
    for line in path.read_text("utf-8").splitlines():
        if heading := _TABLE.match(line):
            table = heading[1].replace('"', "")
        elif own := _ID.match(line):
            table = f"{table.split(':')[0]}:{own[1]}"
        elif (match := _LINE.match(line)) and match[3]:
            key, value, words = match[1], match[2].strip().strip('"'), match[3]
            text, _, source = re.sub(r"\s{2,}", "\0", words).rpartition("\0")
            found.append(Assumption(f"{table}.{key}".strip("."), value, text.replace("\0", " ") or source, source))
    return tuple(found)
