"""The reference pages of the books: fact streams, and the one error tree."""

from __future__ import annotations

import inspect
import re

from luban.core import errors
from luban.core.errors import LubanError
from luban.ledger import Column, stream, streams
from luban.screens.api import _STATUS
from luban.understand.book import KINDS
from reference_plant import table

__all__ = ["errors_page", "streams_page"]

STREAMS_HEAD = """\
# Fact streams

A fact is one row of a stream. Every stream has a fixed schema: the common columns, then its own. Nothing is ever
overwritten; a correction is a new fact whose `supersedes` names the old one ([how](../how-to/corrections.md)).
`subject` says what a fact is about; each stream says what that is ([why](../decisions/0008-one-subject-column.md)).

*required* is `yes` where the writer must give it, `no` where it may be empty, `assigned` where the ledger gives it.
A `name` is text that repeats over many rows, a `text` rarely does.

Written today: `signal`, `state`, `count`, `measurement` and `event`. The other streams have their schema and take
facts, but no connector or screen of this release writes them.

## Common columns
"""

EVENTS = """\
### Kinds of event

| kind | subject | `time` … `end` | code and data |
|---|---|---|---|
| `alive` | a source | the link was proved up for the whole interval; intervals that follow each other abut exactly | \
code `backfilled`: recovered from the peer's own record; `imported`: a file declares it |
| `gap` | a source | values may have been lost | data: `reason`, `backfilled` (values recovered), `addresses` (empty: \
all), `note` |
| `link` | a source | an instant | code `up`, `down` or `refused` (a person must act) |
| `quarantine` | a source | an instant, or an hour for a sum | code: the reason; data: `address`, `payload` (4 kB of \
it), or `more` (how many beyond the first hundred) |
| `note` | a source, or anything a person remarks on | | free text |
| `act` | a user, or what was acted on | an instant | code: what was done; `person` did it |
| `alarm` | reserved: no connector writes it yet | | |

Kinds of the book of quality: how things stand is worked out by going through a subject's entries in their order, and
`data` holds what each code needs.

"""

ERRORS_HEAD = """\
# Errors

Every error that luban raises on purpose is one of these. Each says what came, what was expected, where, and what to
do; nobody ever sees a traceback. At the command line an error ends with exit code 2 (`--json` gives the same fields
as a document); over REST it is problem details (RFC 9457) with the status below. In Python, catch `LubanError` from
`luban.core.errors`.

"""


def _type(column: Column) -> str:
    """Name of a column's type in streams.csv."""
    text = str(column.type)
    return "name" if text.startswith("dictionary") else {"double": "float64", "string": "text"}.get(text, text)


def streams_page() -> str:
    """docs/reference/streams.md."""
    head = ("column", "type", "unit", "required", "meaning")

    def rows(columns: tuple[Column, ...]) -> list[tuple[str, ...]]:
        return [(f"`{c.name}`", _type(c), c.unit, c.required, c.description) for c in columns]

    own = {name: {c.name for c in s.own} for name, s in streams().items()}
    first = stream("signal")
    common = tuple(c for c in first.columns if c.name not in own["signal"])
    generic = {"subject": "What it is about; each stream says what that is."}
    lines = [STREAMS_HEAD]
    lines += table(head, [(*row[:4], generic.get(row[0].strip("`"), row[4])) for row in rows(common)])
    for name, one in streams().items():
        subject = next(c for c in one.columns if c.name == "subject")
        lines += [f"## {name}", "", f"Subject: {subject.description}", ""]
        lines += table(head, rows(one.own))
        if name == "event":
            lines += [
                EVENTS,
                *table(("kind", "what it is about"), ((f"`{kind}`", text) for kind, text in KINDS.items())),
            ]
    return "\n".join(lines)


def errors_page() -> str:
    """docs/reference/errors.md."""
    drawing = inspect.getdoc(errors) or ""
    tree = drawing[drawing.index("\nLubanError") + 1 :]
    said = dict(re.findall(r"(\w+Error)[ \t]+(\S.*)", tree))
    lines = [ERRORS_HEAD, "```text", tree, "```", ""]
    for name in re.findall(r"\w+Error", tree):
        kind: type[LubanError] = getattr(errors, name)
        status = next(code for base, code in _STATUS if issubclass(kind, base))
        about, _, fields = (inspect.getdoc(kind) or "").partition("\n\n")
        lines += [f"## {name}", "", about, ""]
        if name == "LubanError":
            pairs = (line.split(maxsplit=1) for line in fields.splitlines())
            lines += table(("field", "holds"), ((f"`{field}`", meaning) for field, meaning in pairs))
            continue
        if said[name].rstrip(".").casefold() != about.rstrip(".").casefold():
            lines += [f"That is: {said[name]}.", ""]
        lines += [f"Below `{kind.__mro__[1].__name__}`. REST status {status}.", ""]
    return "\n".join(lines)
