"""A result as a sheet: figures, tables, notes and pictures, said once and shown at every door.

A method's sheet is the same in the terminal, on a page, as one HTML file, as PDF and as an Excel workbook.
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.resources import files
from io import BytesIO
from typing import Any, TypeAlias

from luban import __version__
from luban.screens.mark import MARK
from luban.screens.report.fonts import fonts_of

__all__ = [
    "Block", "Figure", "Figures", "Grid", "Note", "Picture", "Sheet", "sheet_html", "sheet_part", "sheet_pdf",
    "sheet_xlsx",
]  # fmt: skip

_PAPER = {"good": "#2e7d4f", "bad": "#b3261e", "doubt": "#8a5a00", "quiet": "#59646c", "": "#1d2429"}
_SHEET_NAME = 31


@dataclass(frozen=True, slots=True)
class Figure:
    """One number with its name.

    value  as it is to be read, rounded already; – with a note where it is not known
    unit   its unit; "" for a number without one
    note   interval, reason, source
    tone   "", good, bad, doubt, quiet: never the only sign, the words say it too
    """

    label: str
    value: str
    unit: str = ""
    note: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures side by side."""

    rows: tuple[Figure, ...]
    title: str = ""


@dataclass(frozen=True, slots=True)
class Grid:
    """A table of texts.

    numbers  indexes of the columns that hold numbers; they stand at the right, and Excel gets them as numbers
    tones    index of a row → its tone
    """

    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    title: str = ""
    numbers: frozenset[int] = frozenset()
    tones: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence for the reader."""

    text: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawing.

    svg   one SVG element whose shapes carry their own colours
    text  what it shows, for who cannot see it
    """

    svg: str
    title: str = ""
    text: str = ""


Block: TypeAlias = Figures | Grid | Note | Picture


@dataclass(frozen=True, slots=True)
class Sheet:
    """A result.

    provenance  what it rests on: source, rows used and left out, method and standard, time, version
    """

    title: str
    subtitle: str = ""
    blocks: tuple[Block, ...] = ()
    provenance: Mapping[str, str] = field(default_factory=dict)


def sheet_html(sheet: Sheet, language: str = "en") -> str:
    """One file that asks the network for nothing."""
    style = files("luban.screens.web").joinpath("sheet.css").read_text("utf-8")
    return (
        f'<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8">'
        f"<title>luban · {_text(sheet.title)}</title>"
        '<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">'
        f'<style>{style}</style></head>\n<body class="p-page"><main><header>{MARK}<b>luban</b></header>'
        f"{sheet_part(sheet)}</main></body></html>\n"
    )


def sheet_part(sheet: Sheet) -> str:
    """The sheet as a part of a page, which brings `sheet.css`."""
    subtitle = f'<p class="p-quiet">{_text(sheet.subtitle)}</p>' if sheet.subtitle else ""
    made = "".join(f"<dt>{_text(name)}</dt><dd>{_text(value)}</dd>" for name, value in sheet.provenance.items())
    foot = f'<dl class="p-made">{made}</dl>' if made else ""
    blocks = "".join(_block(block) for block in sheet.blocks)
    return f'<article class="p-sheet"><h1>{_text(sheet.title)}</h1>{subtitle}{blocks}{foot}</article>'


def sheet_pdf(sheet: Sheet, language: str = "en") -> bytes:
    """The sheet on A4 paper. Chinese and Korean need a CJK font on the machine (Debian: fonts-noto-cjk)."""
    import typst

    document = {
        "title": sheet.title, "subtitle": sheet.subtitle, "language": language, "version": __version__,
        "fonts": list(fonts_of(language)), "blocks": [_paper(block) for block in sheet.blocks],
        "made": list(sheet.provenance.items()),
    }  # fmt: skip
    source = files("luban.screens.report").joinpath("sheet.typ").read_bytes()
    inputs = {"data": json.dumps(document, ensure_ascii=False)}
    made: bytes = typst.compile(source, format="pdf", sys_inputs=inputs, pdf_tags=False)
    return made


def sheet_xlsx(sheet: Sheet) -> bytes:
    """The sheet as a workbook: figures and notes on the first page, each table on one of its own."""
    from xlsxwriter import Workbook

    file = BytesIO()
    with Workbook(file, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        book.set_properties({"created": datetime(2000, 1, 1, tzinfo=UTC)})  # the same sheet is the same file
        bold = book.add_format({"bold": True})
        first = book.add_worksheet(_page_name(sheet.title, ()))
        first.set_column(0, 0, 34)
        first.set_column(1, 1, 18)
        first.set_column(2, 3, 24)
        lines: list[tuple[Sequence[str], Any]] = [((sheet.title,), bold), ((sheet.subtitle,), None), ((), None)]
        names = [first.get_name()]
        for block in sheet.blocks:
            if isinstance(block, Figures):
                lines += [((block.title,), bold)] if block.title else []
                lines += [((one.label, one.value, one.unit, one.note), None) for one in block.rows]
            elif isinstance(block, Note):
                lines.append(((block.text,), None))
            elif isinstance(block, Grid):
                names.append(_page_name(block.title or block.heads[0], names))
                _table_page(book, names[-1], block, bold)
        lines += [((), None), *((pair, None) for pair in sheet.provenance.items())]
        for at, (cells, look) in enumerate(lines):
            for column, cell in enumerate(cells):
                _write(first, at, column, cell, number=column == 1, look=look)
    return file.getvalue()


def _table_page(book: Any, name: str, grid: Grid, bold: Any) -> None:
    page = book.add_worksheet(name)
    page.freeze_panes(1, 0)
    for column, head in enumerate(grid.heads):
        page.write_string(0, column, head, bold)
        widest = max([len(head), *(len(row[column]) for row in grid.rows[:200])], default=8)
        page.set_column(column, column, min(60, widest + 2))
    for at, row in enumerate(grid.rows, 1):
        for column, cell in enumerate(row):
            _write(page, at, column, cell, number=column in grid.numbers)


def _write(page: Any, row: int, column: int, cell: str, *, number: bool, look: Any = None) -> None:
    if number:
        try:
            page.write_number(row, column, float(cell.replace(",", "").replace("−", "-")), look)
            return
        except (ValueError, TypeError):
            pass  # a word among the numbers stays a word
    page.write_string(row, column, cell, look)


def _page_name(wanted: str, taken: Sequence[str]) -> str:
    """A name that Excel takes: short, without its special letters, and used once."""
    plain = "".join(" " if letter in "[]:*?/\\'" else letter for letter in wanted).strip() or "luban"
    for name in _numbered(plain):
        if name.lower() not in {one.lower() for one in taken}:
            return name
    raise AssertionError


def _numbered(plain: str) -> Iterator[str]:
    yield plain[:_SHEET_NAME]
    number = 2
    while True:
        end = f" {number}"
        yield plain[: _SHEET_NAME - len(end)] + end
        number += 1


def _text(value: object) -> str:
    return html.escape(str(value))


def _head(title: str) -> str:
    return f"<h2>{_text(title)}</h2>" if title else ""


def _block(block: Block) -> str:
    if isinstance(block, Figures):
        return (
            f'<section>{_head(block.title)}<div class="p-figures">{"".join(map(_figure, block.rows))}</div></section>'
        )
    if isinstance(block, Grid):
        return f'<section>{_head(block.title)}<div class="p-scroll">{_table(block)}</div></section>'
    if isinstance(block, Note):
        return f'<p class="p-note p-t-{block.tone or "plain"}">{_text(block.text)}</p>'
    told = f"<figcaption>{_text(block.text)}</figcaption>" if block.text else ""
    return f"<section>{_head(block.title)}<figure>{block.svg}{told}</figure></section>"


def _figure(one: Figure) -> str:
    unit = f" <small>{_text(one.unit)}</small>" if one.unit and one.unit != "1" else ""
    note = f"<i>{_text(one.note)}</i>" if one.note else ""
    inner = f"<span>{_text(one.label)}</span><b>{_text(one.value)}{unit}</b>{note}"
    return f'<div class="p-t-{one.tone or "plain"}">{inner}</div>'


def _table(grid: Grid) -> str:
    def cells(tag: str, row: Sequence[str]) -> str:
        marks = [' class="p-n"' if column in grid.numbers else "" for column in range(len(row))]
        return "".join(f"<{tag}{mark}>{_text(cell)}</{tag}>" for mark, cell in zip(marks, row, strict=True))

    tones = [f' class="p-t-{grid.tones[at]}"' if at in grid.tones else "" for at in range(len(grid.rows))]
    body = "".join(f"<tr{tone}>{cells('td', row)}</tr>" for tone, row in zip(tones, grid.rows, strict=True))
    return f"<table><thead><tr>{cells('th', grid.heads)}</tr></thead><tbody>{body}</tbody></table>"


def _paper(block: Block) -> dict[str, Any]:
    if isinstance(block, Figures):
        rows = [
            [one.label, one.value, "" if one.unit == "1" else one.unit, one.note, _PAPER.get(one.tone, _PAPER[""])]
            for one in block.rows
        ]
        return {"kind": "figures", "title": block.title, "rows": rows}
    if isinstance(block, Grid):
        colours = [_PAPER.get(block.tones.get(at, ""), _PAPER[""]) for at in range(len(block.rows))]
        return {
            "kind": "grid", "title": block.title, "heads": list(block.heads), "rows": [list(row) for row in block.rows],
            "right": [column in block.numbers for column in range(len(block.heads))], "colours": colours,
        }  # fmt: skip
    if isinstance(block, Note):
        return {"kind": "note", "text": block.text, "colour": _PAPER.get(block.tone, _PAPER[""])}
    return {"kind": "picture", "title": block.title, "svg": block.svg, "text": block.text}
