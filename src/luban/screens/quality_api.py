"""REST of quality under `/api/v1/quality`: characteristics, charts, what people decided about them."""

# No `from __future__ import annotations` here: the handlers' annotations name what their factory holds.

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter

from luban.core.errors import NotAllowedError
from luban.screens.reads import Reads
from luban.screens.service.quality import QualityBooks
from luban.screens.users import Role, User

__all__ = ["quality_router", "whole"]

Needs = Callable[[Role], Any]


def quality_router(books: QualityBooks, needs: Needs, reads: Reads) -> APIRouter:
    """Routes of quality; needs makes the check of a role."""
    del books, needs, reads
    return APIRouter(prefix="/quality", tags=["quality"])


def whole(books: QualityBooks, user: User) -> None:
    """Quality is of the whole plant. Raises NotAllowedError for an account that reaches a part."""
    plant = books.view.plant.id
    if not user.may(Role.VIEWER, plant):
        raise NotAllowedError("quality shows the whole plant", came=", ".join(user.sites), expected=plant)
