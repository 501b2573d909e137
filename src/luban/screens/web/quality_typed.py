"""What people typed into the forms of experiments and projects, as numbers and as names for the books."""

from __future__ import annotations

from collections.abc import Collection

from luban.core.errors import InputError

__all__ = ["free_name", "number", "optional_number"]


def number(text: str, where: str) -> float:
    """The number, with a point or a comma. Raises InputError."""
    try:
        return float(text.strip().replace(",", "."))
    except ValueError:
        raise InputError("a number is needed", came=text, where=where) from None


def optional_number(text: str, where: str) -> float | None:
    """The number; None for an empty field. Raises InputError."""
    return number(text, where) if text.strip() else None


def free_name(title: str, taken: Collection[str]) -> str:
    """A name for the books that nothing else has: the title, where it is taken with a number."""
    if title not in taken:
        return title
    return next(f"{title} {n}" for n in range(2, len(taken) + 3) if f"{title} {n}" not in taken)
