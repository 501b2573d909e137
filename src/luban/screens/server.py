"""Serves the web application until the process is asked to end."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from typing import Any

import uvicorn

from luban.core.errors import InputError

__all__ = ["check_port", "serve_site"]


def check_port(host: str, port: int) -> None:
    """Raises InputError if nobody can listen there, before anything else is started."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            reason = os.strerror(error.errno or 0).lower()
            raise InputError(f"cannot listen on {host}:{port}: {reason}", hint="choose another --port") from error


async def serve_site(site: Any, host: str, port: int) -> None:
    """Serve until SIGINT or SIGTERM; both are a normal end."""
    config = uvicorn.Config(
        site, host=host, port=port, log_level="warning", ws_max_size=1 << 20, server_header=False,
        timeout_graceful_shutdown=2,
    )  # fmt: skip
    server = uvicorn.Server(config)
    # uvicorn's own handling raises the signal once more at the end, and a second one skips its shutdown
    running = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        running.add_signal_handler(number, setattr, server, "should_exit", True)
    await server._serve()  # noqa: SLF001 - `serve` without the signal handling
