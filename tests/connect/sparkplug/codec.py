"""The independent codec of npm sparkplug-payload, in a node process."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.outside import NODE_MODULES, require

__all__ = ["Codec", "codec"]


class Codec:
    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def encode(self, payload: dict[str, Any]) -> bytes:
        return bytes.fromhex(self._ask({"encode": payload})["data"])

    def decode(self, data: bytes) -> dict[str, Any]:
        payload = self._ask({"decode": data.hex()})["payload"]
        assert isinstance(payload, dict)
        return payload

    def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline(), object_hook=_plain)
        assert "error" not in answer, answer
        return answer


def _plain(found: dict[str, Any]) -> Any:
    if set(found) == {"integer"}:
        return int(found["integer"])
    if set(found) == {"hex"}:
        return bytes.fromhex(found["hex"])
    return float(found["number"]) if set(found) == {"number"} else found


@contextmanager
def codec() -> Iterator[Codec]:
    node = require("node", "sparkplug-payload")
    script = NODE_MODULES.parent / "sparkplug_codec.js"
    with subprocess.Popen(
        [node, str(script)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"NODE_PATH": str(NODE_MODULES)},
    ) as process:
        try:
            yield Codec(process)
        finally:
            process.kill()
