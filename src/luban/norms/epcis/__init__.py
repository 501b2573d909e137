"""Words of GS1's Core Business Vocabulary 2.0 that EPCIS 2.0 documents use by their bare names.

Source  GS1, Core Business Vocabulary (CBV) Standard, release 2.0, June 2022, sections 7 and 8
"""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files

from luban.core.errors import InputError

__all__ = ["CBV_REFERENCE", "CBV_SINCE", "cbv_words"]

CBV_REFERENCE = "GS1 CBV 2.0, June 2022"
CBV_SINCE = "2022-06-01"


@cache
def cbv_words(name: str) -> frozenset[str]:
    """Words of one list. Raises InputError for a list that is not there.

    Example "shipping" in cbv_words("business step")
    """
    lists: dict[str, set[str]] = {}
    text = files("luban.norms.epcis").joinpath("cbv.csv").read_text("utf-8")
    for row in csv.DictReader(text.splitlines()):
        lists.setdefault(row["list"], set()).add(row["word"])
    if name not in lists:
        raise InputError("unknown list of words", came=repr(name), expected=", ".join(lists))
    return frozenset(lists[name])
