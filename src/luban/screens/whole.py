"""Routes that show the whole plant: an account that reaches a part of it gets nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import Request

from luban.core.errors import NotAllowedError
from luban.screens.users import Role, User

__all__ = ["OF_FIRMS", "whole_plant"]

OF_FIRMS = frozenset({"enterprise", "return"})
"""Streams of what enterprises say of themselves: for engineers."""


def whole_plant(needs: Callable[[Role], Any], plant: Callable[[], str], message: str) -> Callable[[Role], Any]:
    """What makes the check of a role at the whole plant.

    needs    makes the check of a role anywhere
    plant    id of the plant, now;  message  of the error that the check raises
    """

    def whole(role: Role) -> Any:
        of_role = needs(role)

        async def check(request: Request) -> User:
            user: User = await of_role(request)
            own = plant()
            if not user.may(role, own):
                raise NotAllowedError(message, came=", ".join(user.sites), expected=own)
            return user

        return check

    return whole
