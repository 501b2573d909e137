"""Symbols that scanners read: DataMatrix ECC 200 and Code 128, both with GS1 element strings.

Source  ISO/IEC 16022:2006 (DataMatrix: sections 5.2, 5.6, 5.8, annexes E and F); ISO/IEC 15417:2007 (Code 128); GS1
        General Specifications, sections 5.4 (GS1-128), 5.6 (GS1 DataMatrix) and 7.8 (element strings)
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from luban.core.errors import InputError

__all__ = ["Modules", "code128", "datamatrix", "elements_of"]

Modules = NDArray[np.bool_]
"""Dark modules of a symbol; a bar code has one row."""

_FNC1: Final = -1
_ELEMENT: Final = re.compile(r"\((\d{2,4})\)([^()]+)")
# element strings of these application identifiers have a fixed length and need no separator behind them
_FIXED: Final = ("00", "01", "02", "03", "04", *map(str, range(11, 21)), *map(str, range(31, 37)), "41")


def elements_of(text: str) -> list[int]:
    """Characters to be encoded: of a GS1 element string in brackets, with FNC1 (-1) where it belongs; else of the text.

    Raises InputError for a character that is not ASCII, or brackets that hold no element string
    Example elements_of("(10)A1(21)7")[:4] == [-1, ord("1"), ord("0"), ord("A")]
    """
    if not text or not text.isascii():
        raise InputError("a symbol holds ASCII characters", came=repr(text))
    if not text.startswith("("):
        return [ord(one) for one in text]
    parts = _ELEMENT.findall(text)
    if "".join(f"({ai}){value}" for ai, value in parts) != text:
        raise InputError("not an element string", came=text, expected="(01)09521141012345(21)2017")
    parts.sort(key=lambda part: not part[0].startswith(_FIXED))  # those of fixed length first
    found = [_FNC1]
    for at, (ai, value) in enumerate(parts):
        found += [ord(one) for one in ai + value]
        if at + 1 < len(parts) and not ai.startswith(_FIXED):
            found.append(_FNC1)
    return found


# ---------------------------------------------------------------- DataMatrix


class _Size(NamedTuple):
    side: int  # modules, with finder patterns
    data: int  # codewords
    check: int  # codewords, in all blocks
    regions: int  # to each side
    blocks: int


_SIZES: Final = tuple(
    _Size(*one) for one in (
        (10, 3, 5, 1, 1), (12, 5, 7, 1, 1), (14, 8, 10, 1, 1), (16, 12, 12, 1, 1), (18, 18, 14, 1, 1),
        (20, 22, 18, 1, 1), (22, 30, 20, 1, 1), (24, 36, 24, 1, 1), (26, 44, 28, 1, 1), (32, 62, 36, 2, 1),
        (36, 86, 42, 2, 1), (40, 114, 48, 2, 1), (44, 144, 56, 2, 1), (48, 174, 68, 2, 1), (52, 204, 84, 2, 2),
        (64, 280, 112, 4, 2), (72, 368, 144, 4, 4), (80, 456, 192, 4, 4), (88, 576, 224, 4, 4), (96, 696, 272, 4, 4),
        (104, 816, 336, 4, 6),
    )
)  # fmt: skip


def datamatrix(text: str) -> Modules:
    """The square DataMatrix of a text or a GS1 element string, without its quiet zone of one module.

    Raises InputError for what does not fit (816 codewords, about 1,600 digits), or is not ASCII
    Example datamatrix("A1B2").shape == (10, 10)
    """
    words = _words(elements_of(text))
    size = next((one for one in _SIZES if one.data >= len(words)), None)
    if size is None:
        raise InputError("too long for a DataMatrix", came=f"{len(words)} codewords", expected="816 at most")
    if len(words) < size.data:
        words.append(129)
    while len(words) < size.data:
        pad = 129 + (149 * (len(words) + 1)) % 253 + 1
        words.append(pad if pad <= 254 else pad - 254)
    each = size.check // size.blocks
    checks = [_check_words(words[block :: size.blocks], each) for block in range(size.blocks)]
    words += [checks[at % size.blocks][at // size.blocks] for at in range(size.check)]
    return _framed(_placed(words, size.side - 2 * size.regions), size)


def _words(characters: list[int]) -> list[int]:
    """ASCII encodation: two digits in one codeword."""
    found, at = [], 0
    while at < len(characters):
        one = characters[at]
        pair = at + 1 < len(characters) and 48 <= one <= 57 and 48 <= characters[at + 1] <= 57
        if one == _FNC1:
            found.append(232)
        elif pair:
            found.append(130 + 10 * (one - 48) + characters[at + 1] - 48)
        else:
            found.append(one + 1)
        at += 2 if pair else 1
    return found


@cache
def _field() -> tuple[list[int], list[int]]:
    """Powers and logarithms of the field of 256 elements over x⁸ + x⁵ + x³ + x² + 1."""
    powers, logs, value = [0] * 255, [0] * 256, 1
    for k in range(255):
        powers[k], logs[value] = value, k
        value <<= 1
        if value > 255:
            value ^= 0x12D
    return powers, logs


def _times(a: int, b: int) -> int:
    powers, logs = _field()
    return powers[(logs[a] + logs[b]) % 255] if a and b else 0


@cache
def _generator(count: int) -> tuple[int, ...]:
    """Product of (x - 2^k) for k = 1 … count, highest power first, without the leading 1."""
    powers, _ = _field()
    found = [1]
    for k in range(1, count + 1):
        root = powers[k % 255]
        longer = [*found, 0]
        for at, one in enumerate(found):
            longer[at + 1] ^= _times(one, root)
        found = longer
    return tuple(found[1:])


def _check_words(words: list[int], count: int) -> list[int]:
    """Reed and Solomon's check words."""
    rest = [0] * count
    for word in words:
        lead = word ^ rest[0]
        rest = [*rest[1:], 0]
        for at, factor in enumerate(_generator(count)):
            rest[at] ^= _times(lead, factor)
    return rest


_UTAH: Final = ((-2, -2), (-2, -1), (-1, -2), (-1, -1), (-1, 0), (0, -2), (0, -1), (0, 0))


def _placed(words: list[int], side: int) -> Modules:  # noqa: C901 - the walk of annex F, whole
    """Codewords laid into the mapping matrix, annex F."""
    matrix = np.zeros((side, side), np.bool_)
    taken = np.zeros((side, side), np.bool_)
    left = iter(words)

    def put(row: int, column: int, value: int, bit: int) -> None:
        if row < 0:
            row, column = row + side, column + 4 - (side + 4) % 8
        if column < 0:
            row, column = row + 4 - (side + 4) % 8, column + side
        matrix[row, column] = bool(value >> (7 - bit) & 1)
        taken[row, column] = True

    def shape(row: int, column: int) -> None:
        word = next(left)
        for bit, (down, right) in enumerate(_UTAH):
            put(row + down, column + right, word, bit)

    def corner(places: tuple[tuple[int, int], ...]) -> None:
        word = next(left)
        for bit, (row, column) in enumerate(places):
            put(row if row >= 0 else side + row, column if column >= 0 else side + column, word, bit)

    row, column = 4, 0
    while row < side or column < side:
        if row == side and column == 0:
            corner(_CORNERS[0])
        elif row == side - 2 and column == 0 and side % 4:
            corner(_CORNERS[1])
        if row == side - 2 and column == 0 and side % 8 == 4:
            corner(_CORNERS[2])
        if row == side + 4 and column == 2 and side % 8 == 0:
            corner(_CORNERS[3])
        while row >= 0 and column < side:
            if row < side and column >= 0 and not taken[row, column]:
                shape(row, column)
            row, column = row - 2, column + 2
        row, column = row + 1, column + 3
        while row < side and column >= 0:
            if row >= 0 and column < side and not taken[row, column]:
                shape(row, column)
            row, column = row + 2, column - 2
        row, column = row + 3, column + 1
    if not taken[side - 1, side - 1]:
        matrix[side - 1, side - 1] = matrix[side - 2, side - 2] = True
    return matrix


_CORNERS: Final = (
    ((-1, 0), (-1, 1), (-1, 2), (0, -2), (0, -1), (1, -1), (2, -1), (3, -1)),
    ((-3, 0), (-2, 0), (-1, 0), (0, -4), (0, -3), (0, -2), (0, -1), (1, -1)),
    ((-3, 0), (-2, 0), (-1, 0), (0, -2), (0, -1), (1, -1), (2, -1), (3, -1)),
    ((-1, 0), (-1, -1), (0, -3), (0, -2), (0, -1), (1, -3), (1, -2), (1, -1)),
)  # fmt: skip


def _framed(matrix: Modules, size: _Size) -> Modules:
    """The mapping matrix cut into regions, each with its finder pattern."""
    inner = len(matrix) // size.regions
    found = np.zeros((size.side, size.side), np.bool_)
    for down in range(size.regions):
        for right in range(size.regions):
            top, left = down * (inner + 2), right * (inner + 2)
            found[top, left : left + inner + 2 : 2] = True
            found[top + 1 : top + inner + 2 : 2, left + inner + 1] = True
            found[top + inner + 1, left : left + inner + 2] = True
            found[top : top + inner + 2, left] = True
            part = matrix[down * inner : (down + 1) * inner, right * inner : (right + 1) * inner]
            found[top + 1 : top + inner + 1, left + 1 : left + inner + 1] = part
    return found


# ---------------------------------------------------------------- Code 128

# widths of bars and spaces of the values 0 … 105, ISO/IEC 15417 table 1
_WIDTHS: Final = re.findall(
    r"\d{6}",
    "212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 122132 122231 113222 "
    "123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 321221 312212 322112 322211 212123 212321 "
    "232121 111323 131123 131321 112313 132113 132311 211313 231113 231311 112133 112331 132131 113123 113321 133121 "
    "313121 211331 231131 213113 213311 213131 311123 311321 331121 312113 312311 332111 314111 221411 431111 111224 "
    "111422 121124 121421 141122 141221 112214 112412 122114 122411 142112 142211 241211 221114 413111 241112 134111 "
    "111242 121142 121241 114212 124112 124211 411212 421112 421211 212141 214121 412121 111143 111341 131141 114113 "
    "114311 411113 411311 113141 114131 311141 411131 211412 211214 211232",
)
_STOP: Final = "2331112"
_LONGEST: Final = 80


def code128(text: str) -> Modules:
    """Code 128 of a text, GS1-128 of an element string: one row of modules, without its quiet zones of ten.

    Raises InputError for control characters, more than 80 characters (48 by GS1), or what is not ASCII
    """
    characters = elements_of(text)
    if len(characters) > _LONGEST or any(one != _FNC1 and not 32 <= one <= 126 for one in characters):
        raise InputError("not for Code 128", came=text[:60], expected=f"up to {_LONGEST} printable ASCII characters")
    values = _values(characters)
    values.append((values[0] + sum(at * value for at, value in enumerate(values[1:], 1))) % 103)
    widths = "".join(_WIDTHS[value] for value in values) + _STOP
    row = np.repeat(np.arange(len(widths)) % 2 == 0, [int(one) for one in widths])
    return row.reshape(1, -1)


def _values(characters: list[int]) -> list[int]:
    """Symbol characters: set C for four digits and more in a row, set B for the rest."""
    in_c = _digits(characters, 1 if characters[0] == _FNC1 else 0) >= 4
    values = [105 if in_c else 104]
    at = 0
    while at < len(characters):
        if characters[at] == _FNC1:
            values.append(102)
            at += 1
            continue
        run = _digits(characters, at)
        if in_c and run < 2:
            values.append(100)
            in_c = False
        elif not in_c and run >= 4 and run % 2 == 0:
            values.append(99)
            in_c = True
        if in_c:
            values.append(10 * (characters[at] - 48) + characters[at + 1] - 48)
            at += 2
        else:
            values.append(characters[at] - 32)
            at += 1
    return values


def _digits(characters: list[int], at: int) -> int:
    """How many digits stand in a row."""
    end = at
    while end < len(characters) and 48 <= characters[end] <= 57:
        end += 1
    return end - at
