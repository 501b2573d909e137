"""How a command gives a sheet: as text here, as a document for a program, as a file where one is asked for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from luban.core.errors import InputError
from luban.screens.cli.output import Output
from luban.screens.i18n import LANGUAGES
from luban.screens.plain import plain
from luban.screens.report.sheet import Figures, Grid, Note, Picture, Sheet
from luban.screens.report.sheet_file import file_of

__all__ = ["Language", "Out", "give", "write_sheet"]

_KINDS = ("html", "pdf", "xlsx", "json")
Out = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="Also write a report: .html, .pdf, .xlsx or .json."),
]
Language = Annotated[str, typer.Option("--lang", help="Language of the report: en, zh or ko.")]


def give(say: Output, sheet: Sheet, document: object, out: Path | None, language: str = "en") -> None:
    """Print the sheet (with --json the document), and write the report if one is asked for.

    out  the report's file; an older one is replaced only once the new one is whole
    Raises InputError for an unknown language, an unknown ending, a folder that is not there.
    """
    if language not in LANGUAGES:
        raise InputError("no such language", came=language, expected=", ".join(LANGUAGES), where="--lang")
    if out is not None:
        write_sheet(out, sheet, document, language)
    if say.as_json:
        say.document(document)
    else:
        _print(say, sheet)
    if out is not None:
        say.say(f"written: {out}")


def write_sheet(out: Path, sheet: Sheet, document: object, language: str) -> None:
    """The report's file; an older one is replaced only once the new one is whole. Raises InputError as `give`."""
    kind = out.suffix.lower().removeprefix(".")
    if kind not in _KINDS:
        expected = ", ".join(f".{known}" for known in _KINDS)
        raise InputError("no report of that kind", came=out.name, expected=expected, where="--output")
    part = out.with_name(out.name + ".part")
    if kind == "json":
        made = json.dumps(plain(document), ensure_ascii=False, indent=2).encode()
    else:
        made, _ = file_of(sheet, kind, language)
    try:
        part.write_bytes(made)
        part.replace(out)
    except OSError as error:
        hint = "choose a folder that is there and that you may write to"
        raise InputError("the report could not be written", came=str(error), where=str(out), hint=hint) from None


def _print(say: Output, sheet: Sheet) -> None:
    say.line(sheet.title + (f"\n{sheet.subtitle}" if sheet.subtitle else ""))
    for block in sheet.blocks:
        if isinstance(block, Figures):
            rows = [(one.label, one.value, "" if one.unit == "1" else one.unit, one.note) for one in block.rows]
            say.line("")
            say.table((block.title or "figure", "value", "unit", "note"), rows)
        elif isinstance(block, Grid):
            say.line("")
            say.table(block.heads, block.rows, title=block.title)
        elif isinstance(block, Note):
            say.line(f"\n{block.text}")
        elif isinstance(block, Picture) and block.text:
            say.line(f"\n{block.title + ': ' if block.title else ''}{block.text}")
    if sheet.provenance:
        say.line("")
        for name, value in sheet.provenance.items():
            say.line(f"{name}: {value}")
