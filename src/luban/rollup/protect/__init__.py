"""Disclosure control: what may be told about many without telling on one, and an attacker that tries.

Reads   returns of units (frames), tables made of them
Writes  nothing; figures withheld come with their reason
"""

from luban.rollup.protect.attack import Exposure, attack
from luban.rollup.protect.indicators import Protected, protect_indicators
from luban.rollup.protect.publication import (
    Publication,
    PutOut,
    publication_row,
    publish,
    put_out,
    read_behind,
    read_told,
    write_publication,
)
from luban.rollup.protect.ranges import Published, Range, ranges
from luban.rollup.protect.release import Loss, Release
from luban.rollup.protect.rules import Rules, Verdict, judge
from luban.rollup.protect.suppress import suppress
from luban.rollup.protect.table import Sum, Table, link, tabulate
from luban.rollup.protect.vintages import Change, Vintages, changes, since

__all__ = [
    "Change", "Exposure", "Loss", "Protected", "Publication", "Published", "PutOut", "Range", "Release", "Rules", "Sum",
    "Table", "Verdict", "Vintages", "attack", "changes", "judge", "link", "protect_indicators", "publication_row",
    "publish", "put_out", "ranges", "read_behind", "read_told", "since", "suppress", "tabulate", "write_publication",
]  # fmt: skip
