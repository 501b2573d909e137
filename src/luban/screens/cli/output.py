"""What the command line says, and where: data on stdout, talk on stderr, `--json` as one document.

Exit codes: 0 done · 1 the answer is no (complaints found, books do not verify, link not usable)
· 2 the question or its data were wrong · 70 an unexpected error · 130 interrupted.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import tempfile
import traceback
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from luban.core.errors import LubanError
from luban.screens.plain import plain

__all__ = ["INTERRUPTED", "NO", "OK", "UNEXPECTED", "WRONG", "Output", "report_error", "report_unexpected"]

OK, NO, WRONG, UNEXPECTED, INTERRUPTED = 0, 1, 2, 70, 130


class Output:
    """One command's voice.

    as_json  one JSON document on stdout, and nothing else there
    """

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json

    def say(self, text: str) -> None:
        """Talk for a person; never data."""
        print(text, file=sys.stderr, flush=True)

    def document(self, thing: Any) -> None:
        """One JSON document."""
        json.dump(plain(thing), sys.stdout, ensure_ascii=False, indent=2 if sys.stdout.isatty() else None)
        sys.stdout.write("\n")
        sys.stdout.flush()

    def line(self, text: str) -> None:
        """One line of data."""
        print(text, flush=True)

    def answer(self, document: Any, line: str) -> None:
        """The same answer for a program and for a person."""
        self.document(document) if self.as_json else self.line(line)

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[object]], *, title: str = "") -> None:
        """A table for a person: full width where stdout is not a terminal, so that nothing is cut in a pipe."""
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        console = Console(file=sys.stdout, width=None if sys.stdout.isatty() else 400, highlight=False)
        table = Table(title=title or None, title_justify="left", box=None, pad_edge=False, header_style="bold")
        listed = [list(row) for row in rows]
        for index, name in enumerate(columns):
            numbers = bool(listed) and all(isinstance(row[index], (int, float)) or row[index] is None for row in listed)
            table.add_column(Text(name), justify="right" if numbers else "left", overflow="fold")
        for row in listed:
            table.add_row(*(cell if isinstance(cell, Text) else Text(_cell(cell)) for cell in row))
        console.print(table)

    @contextlib.contextmanager
    def progress(self, text: str, total: float | None = None) -> Iterator[Any]:
        """A bar on stderr while the block runs; yields `advance(done, text="")`. Silent where stderr is no terminal."""
        if not sys.stderr.isatty():
            if not self.as_json:
                self.say(f"{text} …")
            yield lambda _done, _text="": None
            return
        from rich.console import Console
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
        with Progress(*columns, console=Console(file=sys.stderr), transient=True) as bar:
            task = bar.add_task(text, total=total)

            def advance(done: float, now_doing: str = "") -> None:
                bar.update(task, completed=done, description=now_doing or text)

            yield advance


def _cell(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1e6 else f"{value:,.0f}"
    return str(value)


def report_error(error: LubanError, *, as_json: bool) -> int:
    """Say what was wrong in one message; the exit code."""
    if as_json:
        json.dump({"error": error.as_dict()}, sys.stdout, ensure_ascii=False)
        sys.stdout.write("\n")
    print(f"luban: {error.where + ': ' if error.where else ''}{error.message}", file=sys.stderr)
    for label in ("came", "expected", "hint"):
        if text := getattr(error, label):
            print(f"  {label + ':':<10}{text}", file=sys.stderr)
    return WRONG


def report_unexpected(error: BaseException, *, as_json: bool) -> int:
    """A short message with the path of a log that has the details; the exit code."""
    descriptor, name = tempfile.mkstemp(prefix="luban-", suffix=".log")
    with os.fdopen(descriptor, "w", encoding="utf-8") as log:
        log.write(f"luban {' '.join(sys.argv[1:])}\n\n")
        traceback.print_exception(error, file=log)
    if as_json:
        json.dump({"error": {"error": "Unexpected", "message": str(error), "log": name}}, sys.stdout)
        sys.stdout.write("\n")
    print(f"luban: something unexpected went wrong ({type(error).__name__}: {error})", file=sys.stderr)
    print(f"  details:  {Path(name)}", file=sys.stderr)
    print("  hint:     nothing already acknowledged is lost; please report this with the file above", file=sys.stderr)
    return UNEXPECTED
