"""Text tables that people and machines write: in which encoding, cut by which sign, and which row stands on which line.

One answer for every floor: the tables of a plant folder, files that devices drop, and files that a person brings.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import Final

from luban.core.errors import InputError

__all__ = ["decoded", "delimiter_of", "text_rows"]

_MARKS: Final = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_SIGNS: Final = "\t;|,"
_HIGH: Final = re.compile(rb"[\x80-\xff]+")
_WITHIN: Final = re.compile(rb"(?<=[a-z])[\x80-\xff]{2}(?=[a-z])")
_PROBE: Final = 100  # lines at either end that show how a text is cut


def decoded(content: bytes, *, where: str = "", words: Collection[str] = (), zeros: bool = False) -> str:
    """The text of a file: UTF-8, UTF-16, or what is not: GBK, EUC-KR or Windows-1252.

    words   that tell the encodings apart where several fit, such as names of columns; the first that fits otherwise,
            in the order above
    zeros   zero bytes are taken, as a device leaves them that lost its power; to a person's file they say: no text
    Raises  InputError where no encoding fits, or the file is none of text

    Western text in Windows-1252 has single bytes above 127, rarely two within a word; Chinese and Korean text has
    pairs of them.

    Example  decoded("Fräse".encode("cp1252"))  # "Fräse"
    """
    text = _decoded(content, where, words)
    if "\0" in text and not zeros:
        raise InputError("not a text table", where=where, expected="CSV, .xlsx or .parquet")
    return text


def _decoded(content: bytes, where: str, words: Collection[str]) -> str:
    for mark, codec in _MARKS:
        if content.startswith(mark):
            return content.decode(codec, errors="replace")
    if content[1:2] == b"\0":
        return content.decode("utf-16-le", errors="replace")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        pass
    runs = _HIGH.findall(content)
    if 2 * (sum(len(run) == 1 for run in runs) + len(_WITHIN.findall(content))) >= len(runs):
        return content.decode("cp1252", errors="replace")
    read: list[str] = []
    for codec in ("gb18030", "cp949", "cp1252"):
        try:
            read.append(content.decode(codec))
        except UnicodeDecodeError:
            continue
    if not read:
        raise InputError("text of unknown encoding", where=where, expected="UTF-8, UTF-16, GBK, EUC-KR or Windows-1252")
    return max(read, key=lambda text: sum(word in text for word in words))  # the first of equals


def delimiter_of(lines: Sequence[str], signs: str = _SIGNS) -> tuple[str, float]:
    """The sign that cuts most lines into the same number of fields, and the share of lines that it cuts so [1].

    lines   without those that hold nothing
    signs   to choose from, the first of equals is taken
    Returns "" and 0 where no sign cuts any line

    Example  delimiter_of(["time;value", "08:00;12,5"])  # (";", 1.0)
    """
    probe = lines if len(lines) <= 2 * _PROBE else [*lines[:_PROBE], *lines[-_PROBE:]]
    best, found, stray = 0.0, "", 0
    for sign in signs:
        try:
            rows = [cells for cells in csv.reader(probe, delimiter=sign, skipinitialspace=True) if cells]
        except csv.Error:
            continue
        width, often = max(Counter(map(len, rows)).items(), key=lambda one: (one[0] > 1, one[1]), default=(1, 0))
        share = often / len(probe) if width > 1 else 0.0
        quotes = sum('"' in cell for cells in rows for cell in cells)  # a field in quotes was cut through
        if (share, -quotes) > (best, -stray) and share:
            best, found, stray = share, sign, quotes
    return found, best


def text_rows(text: str, delimiter: str, *, where: str = "", trim: bool = False) -> Iterator[tuple[int, list[str]]]:
    r"""Each row that holds something, with the line on which it begins: a field in quotes may run over several.

    trim    blanks behind a delimiter do not count
    Raises  InputError with the line where it is no table

    Example  dict(text_rows("a,b\n\n1,2\n", ","))  # {1: ["a", "b"], 3: ["1", "2"]}
    """
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=trim)
    begin = 1
    try:
        for cells in reader:
            if any(map(str.strip, cells)):
                yield begin, cells
            begin = reader.line_num + 1
    except csv.Error as error:
        raise InputError("not a CSV table", came=str(error), where=f"{where}:{begin}") from error
