"""Processes that work on tasks: each a fresh Python that loads the compiled kernel from disk.

Not `multiprocessing`'s own: that imports the caller's main module again, which a script without a guard, a notebook
or a server does not survive. A worker that dies closes its pipe, so nobody waits for it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib import import_module
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from typing import Any, Self, cast

from luban.core.errors import LubanError

__all__ = ["Crew", "cores"]

_START = "import sys; from luban.twin.crew import serve; serve(int(sys.argv[1]))"


def cores() -> int:
    """Cores that this process may use [1]."""
    return len(os.sched_getaffinity(0))


class Crew:
    """`size` processes that call one function on shared data and a task.

    function  of a module's top level: function(shared, task) → result
    shared    what every task needs; sent to each process once
    """

    def __init__(self, function: Callable[[Any, Any], Any], shared: Any, size: int) -> None:
        self._processes: dict[Connection, subprocess.Popen[bytes]] = {}
        self._job = (function.__module__, function.__qualname__, shared)
        self._size = size

    def __enter__(self) -> Self:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        try:
            for _ in range(self._size):
                ours, theirs = Pipe()
                command = [sys.executable, "-c", _START, str(theirs.fileno())]
                process = subprocess.Popen(  # noqa: S603  this very Python, nothing from outside
                    command,
                    pass_fds=[theirs.fileno()],
                    env=environment,
                    start_new_session=True,
                    stdin=subprocess.DEVNULL,
                )
                theirs.close()
                self._processes[ours] = process
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def work(self, tasks: Iterator[Any]) -> Iterator[tuple[Any, Any]]:
        """(task, result) as they come, in no order; takes the next task when a process is free.

        Raises  the error of the first task that failed; LubanError if a process ended
        """
        doing: dict[Connection, Any] = {}
        for link in self._processes:
            self._send(link, self._job)
        for link, task in zip(self._processes, tasks, strict=False):
            self._send(link, task)
            doing[link] = task
        while doing:
            for link in cast("list[Connection]", wait(list(doing))):
                task = doing.pop(link)
                yield task, self._receive(link)
                for following in tasks:
                    self._send(link, following)
                    doing[link] = following
                    break

    def stop(self) -> None:
        """Ends the processes, whatever they do."""
        for link, process in self._processes.items():
            link.close()
            process.kill()
        for process in self._processes.values():
            process.wait()
        self._processes = {}

    def _send(self, link: Connection, what: Any) -> None:
        try:
            link.send(what)
        except OSError:
            self._ended(link)

    def _receive(self, link: Connection) -> Any:
        try:
            fine, result = link.recv()
        except (EOFError, OSError):
            self._ended(link)
        if fine:
            return result
        kind, arguments, fields = result
        error = kind.__new__(kind, *arguments)
        vars(error).update(fields)
        raise error

    def _ended(self, link: Connection) -> None:
        code = self._processes[link].wait(timeout=10)
        came = f"signal {-code}" if code < 0 else f"exit code {code}"
        hint = "signal 9 is mostly a lack of memory: fewer workers need less" if code == -9 else "run with workers=1"
        raise LubanError("a worker process ended without a result", came=came, hint=hint)


def serve(descriptor: int) -> None:
    """What a worker process does: takes the job, then tasks, until the pipe closes."""
    link = Connection(descriptor)
    with suppress(EOFError, OSError):
        module, name, shared = link.recv()
        function = getattr(import_module(module), name)
        while True:
            task = link.recv()
            try:
                answer = (True, function(shared, task))
            except Exception as error:  # noqa: BLE001  whatever it is, the caller must hear it
                answer = (False, _told(error))
            link.send(answer)


def _told(error: Exception) -> tuple[type[LubanError], tuple[Any, ...], dict[str, Any]]:
    """An error as (class, arguments, fields): classes whose own arguments differ do not survive pickling."""
    if not isinstance(error, LubanError):
        frame = traceback.extract_tb(error.__traceback__)[-1]
        error = LubanError(
            "a run failed",
            came=f"{type(error).__name__}: {error}",
            where=f"{frame.name}, line {frame.lineno}",
            hint="this is a fault of luban: please report it",
        )
    return type(error), error.args, vars(error)
