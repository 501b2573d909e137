"""A sheet in a panel, and the buttons that hand it out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nicegui import ui

from luban.screens.report.sheet import Sheet, sheet_part
from luban.screens.report.sheet_file import file_of
from luban.screens.web.schedule_parts import tool
from luban.screens.web.tabs import Bench

__all__ = ["download_tools", "show_sheet"]


def show_sheet(bench: Bench[Any], shown: Any, tools: Any, sheet: Sheet, name: str, more: Sequence[Sheet] = ()) -> None:
    """Draw a sheet in place of what stands there.

    shown  the element that it is drawn in
    tools  the element of its buttons
    name   of the file that the buttons hand out, without its ending
    more   sheets to draw below, which are not handed out
    """
    shown.clear()
    with shown:
        for one in (sheet, *more):
            ui.html(sheet_part(one), sanitize=False)
    tools.clear()
    with tools:
        download_tools(bench, sheet, name)


def download_tools(bench: Bench[Any], sheet: Sheet, name: str) -> None:
    """Buttons that hand out a sheet as PDF, Excel and HTML."""

    async def give(kind: str) -> None:
        made = await bench.ask(file_of, sheet, kind, bench.say.language)
        if made is not None:
            content, media = made
            bench.download(content, f"{name}.{kind}", media)

    for kind, text in (("pdf", "PDF"), ("xlsx", "Excel"), ("html", "HTML")):
        tool(text, lambda kind=kind: give(kind))
