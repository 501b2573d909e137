"""Labels with a symbol that scanners read, as SVG and as PDF, one label a page."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from luban.core.errors import InputError
from luban.screens.report.fonts import fonts_of
from luban.understand.trace.gs1 import parse_gs1
from luban.understand.trace.symbols import Modules, code128, datamatrix

__all__ = ["KINDS", "Label", "label_svg", "labels_pdf", "symbol_svg"]

KINDS: Final = ("datamatrix", "code128")
_LINE: Final = 4.0  # from one printed line to the next [mm]
_QUIET: Final = {"datamatrix": 1, "code128": 10}
_TYPST: Final = """
#let data = json(bytes(sys.inputs.data))
#set text(font: data.fonts, lang: data.language)
#set document(title: "luban")
#for (at, one) in data.labels.enumerate() [
  #set page(width: data.width * 1mm, height: data.height * 1mm, margin: 2mm)
  #if at > 0 { pagebreak(weak: true) }
  #image(bytes(one), format: "svg", width: 100%, height: 100%, fit: "contain")
]
"""


@dataclass(frozen=True, slots=True)
class Label:
    """One label.

    text   what the symbol holds: a GS1 element string in brackets, or any ASCII text
    lines  printed beside it; the text itself stands below the symbol
    """

    text: str
    lines: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.text.startswith("("):
            parse_gs1(self.text)  # a wrong check digit never gets on paper


def _modules(text: str, kind: str) -> Modules:
    if kind not in KINDS:
        raise InputError("no such symbol", came=kind, expected=", ".join(KINDS))
    return datamatrix(text) if kind == "datamatrix" else code128(text)


def symbol_svg(text: str, kind: str = "datamatrix") -> str:
    """The symbol alone with its quiet zone, one unit a module. Raises InputError as the symbols do."""
    shape, across, down = _symbol(text, kind)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {across} {down}" role="img" '
        f'shape-rendering="crispEdges">'
        f"<title>{html.escape(text)}</title>{shape}</svg>"
    )


def _symbol(text: str, kind: str) -> tuple[str, int, int]:
    """Shapes, width and height [module]."""
    modules, quiet = _modules(text, kind), _QUIET[kind]
    tall = 1 if kind == "datamatrix" else max(30, modules.shape[1] // 6)
    across, down = modules.shape[1] + 2 * quiet, len(modules) * tall + 2 * (quiet if tall == 1 else 1)
    top = quiet if tall == 1 else 1
    bars = []
    for row, cells in enumerate(modules):
        edges = np.flatnonzero(np.diff(np.concatenate(([0], cells.astype(np.int8), [0]))))
        for left, right in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
            bars.append(f"M{left + quiet} {row * tall + top}h{right - left}v{tall}h-{right - left}z")
    paper = f'<rect width="{across}" height="{down}" fill="#fff"/>'
    return f'{paper}<path d="{"".join(bars)}" fill="#000"/>', across, down


def label_svg(label: Label, kind: str = "datamatrix", width: float = 50, height: float = 30) -> str:
    """A label of so many mm: the symbol at the left (a bar code on top), its lines beside it, its text below."""
    shape, across, down = _symbol(label.text, kind)
    inner, tall = width - 4, height - 4
    side, count = kind == "datamatrix", len(label.lines)
    room = tall - 4 if side else min(0.75 * tall, tall - 3.4 - _LINE * count)
    scale = room / down if side else inner / across
    x, y = (across * scale + 2, 3.0) if side else (0.0, room + 6.5)
    if min(inner, tall) < 5 or room < 5 or (count and (inner - x < 8 or y + _LINE * (count - 1) > tall)):
        came = f"{width:g} x {height:g} mm, {count} lines"
        raise InputError("too small for the label", came=came, hint="a larger --size, or fewer lines")
    lines = "".join(
        f'<text x="{x:.2f}" y="{y + _LINE * at:.2f}" font-size="{_size(line, 3, inner - x):.2f}">'
        f"{html.escape(line)}</text>"
        for at, line in enumerate(label.lines)
    )
    base = tall - 0.6 if side else room + 2.8
    size = _size(label.text, 2.6, inner)
    below = f'<text x="0" y="{base:.2f}" font-size="{size:.2f}">{html.escape(label.text)}</text>'
    stretch = f"scale({scale:.5f},{(room / down):.5f})"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {inner:g} {tall:g}" width="{inner:g}mm" '
        f'height="{tall:g}mm" font-family="sans-serif">'
        f'<g transform="{stretch}" shape-rendering="crispEdges">{shape}</g>{below}'
        f"{lines}</svg>"
    )


def _size(text: str, largest: float, room: float) -> float:
    """Size of a line's type [mm] with which it fits."""
    wide = sum(1.0 if ord(one) > 0x2E80 else 0.62 for one in text)  # Chinese and Korean characters are square
    return min(largest, room / max(wide, 1.0))


def labels_pdf(
    labels: Sequence[Label], kind: str = "datamatrix", width: float = 50, height: float = 30, language: str = "en"
) -> bytes:
    """A PDF with one label a page [mm]. Raises InputError for no label, and as the symbols do."""
    import typst

    if not labels:
        raise InputError("no label")
    document = {
        "labels": [label_svg(one, kind, width, height) for one in labels], "width": width, "height": height,
        "fonts": list(fonts_of(language)), "language": language,
    }  # fmt: skip
    inputs = {"data": json.dumps(document, ensure_ascii=False)}
    made: bytes = typst.compile(_TYPST.encode(), format="pdf", sys_inputs=inputs, pdf_tags=False)
    return made
