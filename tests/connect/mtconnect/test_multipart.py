from __future__ import annotations

from email import message_from_bytes

import pytest
from hypothesis import given, settings, strategies as st

from luban.connect.mtconnect.multipart import Parts, boundary_of
from luban.core.errors import PayloadError

BODIES = [b"<a/>", "<b>größer --mark</b>".encode(), b"<c>" + b"x" * 3000 + b"</c>"]


def stream(*, length: bool, end: bytes = b"\r\n") -> bytes:
    parts = b""
    for body in BODIES:
        head = b"Content-length: %d%s" % (len(body), end) if length else b""
        parts += b"--mark" + end + b"Content-type: text/xml" + end + head + end + body + end
    return parts


@given(st.lists(st.integers(1, 500), min_size=1), st.sampled_from([b"\r\n", b"\n"]))
@settings(max_examples=40, deadline=None)
def test_however_it_is_cut(cuts: list[int], end: bytes) -> None:
    data, parts, found = stream(length=True, end=end), Parts("mark", 10_000), []
    position = 0
    while position < len(data):
        step = cuts[position % len(cuts)]
        found += parts.feed(data[position : position + step])
        position += step
    assert found == BODIES


def test_without_a_length_a_part_ends_where_the_next_begins() -> None:
    bodies = [body for body in BODIES if b"--mark" not in body]
    data = b"".join(b"--mark\r\n\r\n" + body + b"\r\n" for body in bodies) + b"--mark--"
    assert Parts("mark", 10_000).feed(data) == bodies


def test_the_library_of_email_reads_the_same() -> None:
    data = (
        stream(length=True).replace(b"--mark</b>", b"-- mark</b>").replace(b"Content-length: 22", b"Content-length: 23")
    )
    whole = b'Content-Type: multipart/mixed; boundary="mark"\r\n\r\n' + data + b"--mark--"
    read = [part.get_payload(decode=True).strip() for part in message_from_bytes(whole).get_payload()]
    assert Parts("mark", 10_000).feed(data) == read


def test_limits() -> None:
    with pytest.raises(PayloadError, match="too long"):
        Parts("mark", 100).feed(b"--mark\r\nContent-length: 101\r\n\r\n")
    with pytest.raises(PayloadError, match="too long"):
        Parts("mark", 100).feed(b"no boundary at all" * 10)
    with pytest.raises(PayloadError, match="header"):
        Parts("mark", 100_000).feed(b"--mark\r\n" + b"x" * 9000)


@pytest.mark.parametrize(
    ("header", "boundary"),
    [
        ("multipart/x-mixed-replace;boundary=abc", "abc"),
        ('multipart/x-mixed-replace; boundary="a b"', "a b"),
        ("Multipart/X-Mixed-Replace; Boundary=--abc; charset=utf-8", "--abc"),
        ("text/xml", None),
        ("text/xml; boundary=abc", None),
    ],
)
def test_boundary(header: str, boundary: str | None) -> None:
    assert boundary_of(header) == boundary
