"""Serves the web application until the process is asked to end."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

import uvicorn

from luban.core.errors import InputError

__all__ = ["check_port", "log_to", "serve_site"]


def check_port(host: str, port: int) -> None:
    """Raises InputError if nobody can listen there, before anything else is started."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            reason = os.strerror(error.errno or 0).lower()
            raise InputError(f"cannot listen on {host}:{port}: {reason}", hint="choose another --port") from error


class _OneLine(logging.Formatter):
    """What a person at the terminal sees: the message, never a traceback."""

    def format(self, record: logging.LogRecord) -> str:
        return f"luban: {record.getMessage().splitlines()[0]}"


def log_to(folder: Path) -> Path:
    """Details of every warning go to `server.log` in the folder (10 MB, 3 of them); the terminal gets one line each."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "server.log"
    details = RotatingFileHandler(file, maxBytes=10_000_000, backupCount=2, encoding="utf-8", delay=True)
    details.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    terminal = logging.StreamHandler()
    terminal.setFormatter(_OneLine())
    # a browser that leaves in the middle of an answer is daily life, and uvicorn tells it as an error
    terminal.addFilter(lambda record: not record.getMessage().startswith("Exception in ASGI application"))
    logging.basicConfig(level=logging.WARNING, handlers=[details, terminal], force=True)
    return file


async def serve_site(site: Any, host: str, port: int) -> None:
    """Serve until SIGINT or SIGTERM; both are a normal end."""
    config = uvicorn.Config(
        site, host=host, port=port, log_config=None, access_log=False, ws_max_size=1 << 20, server_header=False,
        timeout_graceful_shutdown=2,
    )  # fmt: skip
    server = uvicorn.Server(config)
    # uvicorn's own handling raises the signal once more at the end, and a second one skips its shutdown
    running = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        running.add_signal_handler(number, setattr, server, "should_exit", True)
    await server._serve()  # noqa: SLF001 - `serve` without the signal handling
