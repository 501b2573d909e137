from __future__ import annotations

from pathlib import Path

import pytest

from luban.connect.xml import document
from luban.core.errors import PayloadError

BOMB = b'<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]><a>&c;</a>'


def test_entities_are_refused(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("the secret")
    for evil in (BOMB, f'<!DOCTYPE a [<!ENTITY x SYSTEM "{secret.as_uri()}">]><a>&x;</a>'.encode()):
        with pytest.raises(PayloadError, match="DOCTYPE"):
            document(evil)


def test_nesting_and_size_are_limited() -> None:
    with pytest.raises(PayloadError, match="not well-formed"):
        document(b"<a>" * 100_000 + b"</a>" * 100_000)
    with pytest.raises(PayloadError, match="too long"):
        document(b"<a/>" + b" " * 100, limit=50)


def test_garbage() -> None:
    for garbage in (b"", b"\x00\x01", b"{}", b"<a>", "<a>\ud83d</a>".encode("utf-16-le", "surrogatepass")):
        with pytest.raises(PayloadError):
            document(garbage)
