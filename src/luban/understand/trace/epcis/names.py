"""Names of lots, items and places in EPCIS: URIs outside, plain names within.

A name that is a URI already is kept. A plain name becomes a URN of luban's own, which is taken off again on the way in.
A GS1 identifier gets one name however it is written, the Digital Link, so that a lot stays one lot.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote, unquote

from luban.core.errors import InputError
from luban.understand.trace.gs1 import parse_gs1

__all__ = ["OWN", "name_of", "uri_of"]

OWN: Final = "urn:x-luban:"
_URI: Final = re.compile(r"(urn:[A-Za-z0-9][A-Za-z0-9-]{0,31}:|https?://)[^\s<>\"{}|\\^`]+")


def uri_of(name: str, kind: str = "lot") -> str:
    """The URI of a name.

    Example uri_of("L 17") == "urn:x-luban:lot:L%2017"
    """
    return name if _URI.fullmatch(name) and not name.startswith(OWN) else f"{OWN}{kind}:{quote(name, safe='')}"


def name_of(uri: str) -> str:
    """The name of a URI: one of our own is taken off, a GS1 identifier is written as a Digital Link."""
    if uri.startswith(OWN):
        return unquote(uri[len(OWN) :].partition(":")[2])
    try:
        return parse_gs1(uri).digital_link
    except InputError:
        return uri
