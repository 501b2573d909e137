"""A sheet as a file to hand on, with its media type."""

from __future__ import annotations

from luban.screens.report.sheet import Sheet, sheet_html, sheet_pdf, sheet_xlsx

__all__ = ["file_of"]

_EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def file_of(sheet: Sheet, kind: str, language: str) -> tuple[bytes, str]:
    """The sheet as a file, and its media type; kind html, pdf or xlsx."""
    if kind == "pdf":
        return sheet_pdf(sheet, language), "application/pdf"
    if kind == "xlsx":
        return sheet_xlsx(sheet), _EXCEL
    return sheet_html(sheet, language).encode(), "text/html; charset=utf-8"
