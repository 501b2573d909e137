"""What the command line needs from above itself; `luban.app` fits it in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = ["Doors"]


@dataclass(frozen=True, slots=True)
class Doors:
    """Ports of the command line.

    serve       run a plant until the process is asked to end: folder, host, port, web page or not, who is told
    show_pilot  run a pilot with its web page likewise: name, host, port, who is told
    """

    serve: Callable[..., Any]
    show_pilot: Callable[..., Any]
