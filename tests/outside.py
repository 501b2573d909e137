"""Outside programs that the tests talk to: found, or the test is skipped with a clear line.

`LUBAN_REQUIRE_SERVICES=1` turns each such skip into a failure.
"""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

NODE_MODULES = Path(__file__).parent / "services" / "node_modules"
_HINTS = {
    "mosquitto": "apt-get install mosquitto",
    "chromium": "apt-get install chromium",
    "node": "apt-get install nodejs npm",
    "java": "apt-get install default-jre-headless",
    "ip": "apt-get install iproute2",
}
_SBIN = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])


def require(program: str, *node_packages: str) -> str:
    """Path of the program; skips the test (or fails it in CI) where it is missing."""
    found = shutil.which(program, path=_SBIN)
    missing = [] if found else [f"{program} ({_HINTS.get(program, 'not installed')})"]
    missing += [f"npm package {p} (make services)" for p in node_packages if not (NODE_MODULES / p).exists()]
    if not missing:
        assert found is not None
        return found
    message = "needs " + ", ".join(missing)
    if os.environ.get("LUBAN_REQUIRE_SERVICES") == "1":
        pytest.fail(message)
    pytest.skip(message)


def free_port() -> int:
    """A TCP port on loopback that was free a moment ago, and that no other call and no outgoing connection is given.

    Systems give outgoing connections ports from 32768 on. Runs side by side begin at places of their own.
    """
    for port in _PORTS:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("no port is free")


def _ports() -> Iterator[int]:
    first, count = 10_000, 22_000
    begin = os.getpid() * 389 % count
    return (first + (begin + at) % count for at in range(count))


_PORTS = _ports()
