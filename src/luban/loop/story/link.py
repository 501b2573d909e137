"""The end of the line to the shop's process: what its people say, what they are told. Nothing else comes from there."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from luban.core.errors import LubanError

__all__ = ["ShopLink"]

_LAST = 10.0  # s that the shop may take to close


class ShopLink:
    """A running shop; an async context manager.

    folder   its plant folder;  seconds  that its morning lasts in real time
    """

    def __init__(self, folder: Path, seconds: float) -> None:
        self._folder, self._seconds = folder, seconds
        self._process: Process | None = None
        self._log = folder / "shop.log"

    async def __aenter__(self) -> Self:
        log = self._log.open("ab")
        try:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "luban.loop.story.shop", str(self._folder), "--seconds", str(self._seconds),
                stdin=PIPE, stdout=PIPE, stderr=log, limit=1 << 22,
            )  # fmt: skip
        finally:
            log.close()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), _LAST)
        except (TimeoutError, asyncio.CancelledError):
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def hear(self, wanted: str) -> dict[str, Any]:
        """The next thing said that has this word; others are passed over. Raises LubanError where the shop ended."""
        assert self._process is not None  # noqa: S101 - entered
        assert self._process.stdout is not None  # noqa: S101 - piped
        while line := await self._process.stdout.readline():
            said: dict[str, Any] = json.loads(line)
            if "error" in said:
                raise LubanError("the shop stopped", came=str(said["error"]), where=str(self._log))
            if wanted in said:
                return said
        raise LubanError("the shop ended before its time", where=str(self._log))

    async def tell(self, what: Mapping[str, Any]) -> None:
        """Tell its people something."""
        assert self._process is not None  # noqa: S101 - entered
        assert self._process.stdin is not None  # noqa: S101 - piped
        self._process.stdin.write(json.dumps(what).encode() + b"\n")
        await self._process.stdin.drain()
