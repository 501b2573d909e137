"""Tables made by chance in every shape and writing: what was written is what is read, and nothing is dropped."""

from __future__ import annotations

import csv
import io
import random
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from luban.understand.quality.read import read_sample

GROUPS = ("Subgroup", "Sample", "Batch", "Lot no", "批次", "子组", "부분군", "Day", "Group")
VALUES = ("value", "Diameter [mm]", "x", "Measured Value", "测量值", "thickness", "Länge", "측정값", "y (µm)")
STEMS = ("X", "x", "M", "Meas ", "测点", "n°", "")
ACROSS = ("Day ", "Batch ", "Lot", "Subgroup ")
BAD = ("n/a", "nan", "wide", "<0.1", "#DIV/0!", "1.2.3", "-")

Table = tuple[list[str], list[list[Any]]]


def table(draw: random.Random, shape: str, groups: list[list[float]]) -> Table:
    labels = draw.choice([[str(n + 1) for n in range(len(groups))], [f"B-{100 + n}" for n in range(len(groups))]])
    size = max(map(len, groups))
    if shape == "long":
        return [draw.choice(GROUPS), draw.choice(VALUES)], [
            [name, value] for name, group in zip(labels, groups, strict=True) for value in group
        ]
    if shape == "wide":
        stem = draw.choice(STEMS)
        rows = [[name, *group, *[None] * (size - len(group))] for name, group in zip(labels, groups, strict=True)]
        head = [draw.choice(GROUPS), *(f"{stem}{n + 1}" for n in range(size))]
        if draw.random() < 0.3:
            head += ["Mean", "Range"]
            rows = [
                [*row, round(sum(group) / len(group), 4), round(max(group) - min(group), 4)]
                for row, group in zip(rows, groups, strict=True)
            ]
        return head, rows
    if shape == "columns":
        stem = draw.choice(ACROSS)
        rows = [[group[n] if n < len(group) else None for group in groups] for n in range(size)]
        return [f"{stem}{n + 1}" for n in range(len(groups))], rows
    return [draw.choice(VALUES)], [[value] for group in groups for value in group]


def write(draw: random.Random, path: Path, kind: str, made: Table) -> Path:
    head, rows = made
    titles = [["Report of line 3"], ["made by", "CMM"], []] if draw.random() < 0.3 else []
    path = path.with_suffix({"xlsx": ".xlsx", "parquet": ".parquet"}.get(kind, ".csv"))
    if kind == "parquet":
        pq.write_table(pa.table({name: [row[at] for row in rows] for at, name in enumerate(head)}), path)
    elif kind == "xlsx":
        book = openpyxl.Workbook()
        for line in (*titles, head, *rows):
            book.active.append([int(cell) if isinstance(cell, str) and cell.isdigit() else cell for cell in line])
        book.save(path)
    else:
        text = io.StringIO()
        text.writelines(" ".join(line) + "\n" for line in titles)
        writer = csv.writer(text, delimiter="," if kind == "comma" else "\t" if kind == "tab" else ";")
        writer.writerow(head)
        for row in rows:
            cells = ["" if cell is None else repr(cell) if isinstance(cell, float) else cell for cell in row]
            writer.writerow([c.replace(".", ",") if kind == "decimal comma" and _plain(c) else c for c in cells])
        path.write_text(text.getvalue(), draw.choice(["utf-8", "utf-8-sig", "utf-16"]))
    return path


def _plain(text: str) -> bool:
    return text.count(".") == 1 and text.replace(".", "").replace("-", "").isdigit()


def drawn(seed: int) -> tuple[random.Random, list[list[float]]]:
    draw = random.Random(seed)
    size, uneven = draw.randint(2, 6), draw.random() < 0.3
    return draw, [
        [round(draw.gauss(10, 2), draw.randint(1, 5)) for _ in range(size - (uneven and n % 2))]
        for n in range(draw.randint(2, 8))
    ]


@pytest.mark.parametrize("kind", ["comma", "semicolon", "decimal comma", "tab", "xlsx", "parquet"])
@pytest.mark.parametrize("shape", ["long", "wide", "columns", "single"])
def test_what_was_written_is_what_is_read(tmp_path: Path, shape: str, kind: str) -> None:
    for seed in range(8):
        draw, groups = drawn(seed)
        made = table(draw, shape, groups)
        sample = read_sample(write(draw, tmp_path / f"t{seed}", kind, made))
        found = [part.tolist() for part in np.split(sample.values, sample.starts[1:-1])]
        wanted = [[value] for group in groups for value in group] if shape == "single" else groups
        assert found == wanted, (seed, made[0])
        assert sample.excluded == ()


@pytest.mark.parametrize("kind", ["comma", "decimal comma", "xlsx"])
@pytest.mark.parametrize("shape", ["long", "wide", "columns", "single"])
def test_used_and_excluded_add_up_to_all(tmp_path: Path, shape: str, kind: str) -> None:
    """Bad cells anywhere, also in the first row: each is listed with its place, the good ones stay as they are."""
    for seed in range(6):
        draw, groups = drawn(seed)
        head, rows = table(draw, shape, [group for group in groups if len(group) > 1])
        head, rows = (
            head[: len(head) - 2 if "Mean" in head else None],
            [row[: len(row) - 2 * ("Mean" in head)] for row in rows],
        )
        cells = [(r, c) for r, row in enumerate(rows) for c, cell in enumerate(row) if isinstance(cell, float)]
        spoiled = set(draw.sample(cells, max(1, len(cells) // 8)))
        good = sorted(rows[r][c] for r, c in cells if (r, c) not in spoiled)
        for r, c in spoiled:
            rows[r][c] = draw.choice(BAD)
        sample = read_sample(write(draw, tmp_path / f"t{seed}", kind, (head, rows)))
        assert len(sample.values) + len(sample.excluded) == len(cells), (seed, head)
        assert sorted(sample.values.tolist()) == good
        assert all(bad.where and bad.reason and bad.came in BAD for bad in sample.excluded)
