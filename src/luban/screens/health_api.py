"""REST of health under `/api/v1/health`: the machines of a plant and how they are."""

# No `from __future__ import annotations` here: the handlers' annotations name what their factory holds.

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse

from luban.core.errors import NotAllowedError
from luban.screens.reads import Reads
from luban.screens.service.health import HealthBooks
from luban.screens.users import Role, User

__all__ = ["health_router", "inside"]

Needs = Callable[[Role], Any]


def health_router(books: HealthBooks, needs: Needs, reads: Reads) -> APIRouter:
    """Routes of health; needs makes the check of a role."""
    router = APIRouter(prefix="/health", tags=["health"])
    Viewer = Annotated[User, Depends(needs(Role.VIEWER))]  # noqa: N806 - a type

    @router.get("/machines", operation_id="health_machines")
    async def machines(user: Viewer) -> JSONResponse:
        """Paths of the machines that the account reaches."""
        known = await reads(books.machines)
        return JSONResponse([path for path in known if user.may(Role.VIEWER, path)])

    return router


def inside(user: User, machine: str) -> None:
    """Raises NotAllowedError for a machine that the account does not reach."""
    if not user.may(Role.VIEWER, machine):
        raise NotAllowedError("this machine is not among your sites", came=machine, expected=", ".join(user.sites))
