from __future__ import annotations

import pytest
from hypothesis import given, settings, strategies as st

from luban.connect.shdr.framing import Lines, Multiline
from luban.core.errors import PayloadError


@given(st.lists(st.binary(max_size=30), max_size=20), st.integers(1, 9))
@settings(deadline=None)
def test_however_tcp_cuts_it(lines: list[bytes], step: int) -> None:
    clean = [line.replace(b"\n", b"").strip() for line in lines]
    data = b"".join(line + b"\r\n" for line in clean)
    reader, found = Lines(1000), []
    for start in range(0, len(data), step):
        found += reader.feed(data[start : start + step])
    assert found == clean


def test_a_line_too_long_is_dropped_and_the_next_is_read() -> None:
    reader = Lines(10)
    found = [
        item
        for piece in (b"x" * 8, b"x" * 8, b"x" * 8, b"\nok\n", b"y" * 30 + b"\nfine\n")
        for item in reader.feed(piece)
    ]
    assert [type(item) is PayloadError for item in found] == [True, False, True, False]
    assert [item for item in found if isinstance(item, bytes)] == [b"ok", b"fine"]
    assert len(reader._held) == 0


def test_multiline() -> None:
    whole = Multiline(100)
    lines = ["t|a|1", "t|@ASSET@|1|T|--multiline--AB", "<x>", "--multiline--XY", "--multiline--AB", "t|b|2"]
    found = [line for line in map(whole.feed, lines) if line is not None]
    assert found == ["t|a|1", "t|@ASSET@|1|T|<x>\n--multiline--XY", "t|b|2"]


def test_a_multiline_value_without_an_end_is_given_up() -> None:
    whole = Multiline(20)
    assert [whole.feed(line) for line in ("t|a|--multiline--AB", "more", "more")] == [None, None, None]
    with pytest.raises(PayloadError):
        whole.feed("much more")
    assert whole.feed("t|b|2") == "t|b|2"
