"""One form for every benchmark's result: a line of JSON, or a line for people."""

from __future__ import annotations

import argparse
import json
import os
import platform
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

__all__ = ["Reporter", "arguments", "data_folder"]


def arguments(about: str, argv: Sequence[str] | None = None, *, budget: float = 60) -> argparse.Namespace:
    """The options every benchmark has: --data DIR, --budget S, --seed N, --quick, --json."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=data_folder(), help="folder of benchmark data (LUBAN_DATA)")
    parser.add_argument("--budget", type=float, default=budget, help="seconds for the main measurement")
    parser.add_argument("--seed", type=int, default=1, help="seed of everything random")
    parser.add_argument("--quick", action="store_true", help="smaller, within 45 s")
    parser.add_argument("--json", action="store_true", help="one JSON object a line, nothing else")
    return parser.parse_args(argv)


def data_folder() -> Path:
    """`LUBAN_DATA`, by default ../shared/data."""
    return Path(os.environ.get("LUBAN_DATA", "../shared/data"))


class Reporter:
    """Prints results as they come.

    claim     what is measured
    packages  whose versions are stated
    """

    def __init__(self, claim: str, options: argparse.Namespace, packages: Sequence[str]) -> None:
        self.claim, self._options = claim, options
        self.versions = {"python": platform.python_version(), **{name: _version(name) for name in packages}}

    def line(
        self,
        case: str,
        ours: float | None,
        unit: str,
        *,
        peer: float | None = None,
        peer_name: str = "",
        claim: str = "",
        **more: Any,
    ) -> None:
        """One result; `ratio` is ours / peer."""
        ratio = ours / peer if ours is not None and peer else None
        if self._options.json:
            result = {
                "claim": claim or self.claim,
                "case": case,
                "ours": ours,
                "peer": peer,
                "peer_name": peer_name,
                "ratio": ratio,
                "unit": unit,
                "seed": self._options.seed,
                "versions": self.versions,
            }
            print(json.dumps(result | more), flush=True)
            return
        text = f"{claim or self.claim:<14} {case:<44} {_number(ours):>12} {unit}"
        if peer is not None:
            text += f"   {peer_name} {_number(peer)}   ratio {_number(ratio)}"
        if more:
            text += "   " + ", ".join(f"{key} {value}" for key, value in more.items())
        print(text, flush=True)

    def say(self, text: str) -> None:
        """A remark for people; nothing in JSON."""
        if not self._options.json:
            print(text, flush=True)


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:,.3f}" if abs(value) < 100 else f"{value:,.0f}"


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
