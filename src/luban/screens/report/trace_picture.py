"""A lot with what it came from and went into, as a drawing in columns of steps."""

from __future__ import annotations

import html

import numpy as np

from luban.understand.trace import Trace, Walk

__all__ = ["flow_svg"]

_ROWS = 14  # lots of a column that are drawn
_COLUMNS = 4  # columns to each side
_WIDE, _HIGH, _GAP = 150, 22, 46
_INK, _SOFT, _LINE, _ACCENT, _DOUBT = "#1d2429", "#eef1f3", "#9aa5ad", "#1f5f8b", "#8a5a00"


def flow_svg(trace: Trace, lot: str, back: Walk, on: Walk) -> str:
    """One SVG: sources at the left, the lot in the middle, outputs at the right; long columns end in their count."""
    columns: dict[int, list[tuple[int, bool]]] = {0: [(int(back.nodes[0]), True)]}
    hidden: dict[int, int] = {}
    for walk, sign in ((back, -1), (on, 1)):
        for place in range(1, len(walk.nodes)):
            at = sign * int(walk.depth[place])
            if abs(at) > _COLUMNS or len(columns.get(at, ())) >= _ROWS:
                hidden[at] = hidden.get(at, 0) + 1
                continue
            columns.setdefault(at, []).append((int(walk.nodes[place]), place < walk.sure))
    spots = _spots(columns)
    first, last = min(columns), max(columns)
    width = (last - first + 1) * (_WIDE + _GAP) - _GAP + 20
    height = (max(len(rows) for rows in columns.values()) + 1) * (_HIGH + 6) + 20
    left = -first * (_WIDE + _GAP) + 10
    parts = [*_lines(trace, spots, left), *_boxes(trace, lot, columns, spots, left)]
    for at, count in hidden.items():
        if first <= at <= last:
            y = (len(columns[at]) + 1) * (_HIGH + 6) + 2
            parts.append(
                f'<text x="{left + at * (_WIDE + _GAP)}" y="{y}" font-size="11" fill="{_LINE}">+ {count:,}</text>'
            )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{min(width, 980)}" role="img" '
        f'font-family="sans-serif">{"".join(parts)}</svg>'
    )


def _spots(columns: dict[int, list[tuple[int, bool]]]) -> dict[tuple[int, int], int]:
    """(column, lot) → row."""
    return {(at, node): row for at, rows in columns.items() for row, (node, _) in enumerate(rows)}


def _middle(at: int, row: int, left: int) -> tuple[int, int]:
    return left + at * (_WIDE + _GAP), 10 + row * (_HIGH + 6) + _HIGH // 2


def _lines(trace: Trace, spots: dict[tuple[int, int], int], left: int) -> list[str]:
    """A line for each fact between lots that are drawn in neighbouring columns."""
    nodes = np.array(sorted({node for _, node in spots}), np.int32)
    place, facts = trace.graph.facts_of(nodes)
    view = trace.graph.view
    parts, seen = [], set()
    for a, fact in zip(nodes[place].tolist(), facts.tolist(), strict=True):
        b, bad = int(view.columns["target"][fact]), bool(view.bad[fact])
        for at in {column for column, node in spots if node == a}:
            if (at + 1, b) not in spots or (at, a, b) in seen:
                continue
            seen.add((at, a, b))
            (x, y), (to, down) = _middle(at, spots[at, a], left), _middle(at + 1, spots[at + 1, b], left)
            x += _WIDE
            bend = _GAP // 2
            dash = f' stroke="{_DOUBT}" stroke-dasharray="4 3"' if bad else f' stroke="{_LINE}"'
            parts.append(f'<path d="M{x} {y}C{x + bend} {y} {to - bend} {down} {to} {down}" fill="none"{dash}/>')
    return parts


def _boxes(
    trace: Trace, lot: str, columns: dict[int, list[tuple[int, bool]]], spots: dict[tuple[int, int], int], left: int
) -> list[str]:
    parts = []
    for at, rows in columns.items():
        for node, sure in rows:
            name = trace.lots.name(node)
            x, y = _middle(at, spots[at, node], left)
            own = at == 0 and name == lot
            edge = _ACCENT if own else _LINE if sure else _DOUBT
            dash = "" if sure else ' stroke-dasharray="4 3"'
            short = html.escape(name if len(name) <= 22 else f"{name[:9]}…{name[-11:]}")
            parts.append(
                f'<rect x="{x}" y="{y - _HIGH // 2}" width="{_WIDE}" height="{_HIGH}" rx="3" fill="{_SOFT}" '
                f'stroke="{edge}"{dash}/><text x="{x + 6}" y="{y + 4}" font-size="11" fill="{_INK}"'
                f"{' font-weight=' + chr(34) + 'bold' + chr(34) if own else ''}>{short}</text>"
            )
    return parts
