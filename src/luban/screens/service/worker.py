"""A worker: a process of our own that is given one job and heard, line by line, to its end."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

__all__ = ["Worker"]

_PATIENCE = 20.0  # for one that was told to end [s]


class Worker:
    """One process at a time, started anew for each job.

    start  the Python statements that it runs; it reads the job as a line of JSON and answers with lines of JSON
    """

    def __init__(self, start: str) -> None:
        self._start = start
        self._process: subprocess.Popen[bytes] | None = None

    def run(
        self, job: dict[str, Any], hear: Callable[[dict[str, Any]], bool], more: Callable[[], bytes] = bytes
    ) -> int:
        """Feeds a process and hears it to its end; call in a thread. Its exit code.

        hear  takes each answer and says whether to listen on
        more  what is to be said after the job, asked once the process is there
        """
        command = [sys.executable, "-c", self._start]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:  # noqa: S603
            self._process = process
            assert process.stdout is not None  # noqa: S101 - it is a pipe
            _say(process, json.dumps(job).encode() + b"\n" + more())
            while (line := process.stdout.readline()) and hear(json.loads(line)):
                pass
            _hang_up(process)  # this one: the next may have begun
            try:
                return process.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                return process.wait()

    def say(self, text: bytes) -> None:
        """Says it to the newest process; nothing where it is gone."""
        if self._process is not None:
            _say(self._process, text)

    def hang_up(self) -> None:
        """Nothing more will be said: the newest process is to end."""
        if self._process is not None:
            _hang_up(self._process)


def _say(process: subprocess.Popen[bytes], text: bytes) -> None:
    if process.stdin is not None:
        with suppress(OSError, ValueError):
            process.stdin.write(text)
            process.stdin.flush()


def _hang_up(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        with suppress(OSError):
            process.stdin.close()
