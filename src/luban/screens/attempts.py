"""Failed attempts to get in are counted, and after a few of them each next one has to wait longer."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from luban.core.errors import SecurityError
from luban.core.time import MINUTE, SECOND, now

__all__ = ["Attempts"]

_FREE = 5
_LONGEST_WAIT = 15 * MINUTE
_MOST_KEPT = 10_000


class Attempts:
    """Counts failed attempts by key, e.g. `name:li` and `address:10.0.0.1`. Safe from any thread.

    message  what is said to whoever has to wait
    """

    def __init__(self, message: str, came: str) -> None:
        self._message, self._came = message, came
        self._failed: dict[str, tuple[int, int]] = {}
        self._lock = threading.Lock()

    def check(self, keys: Sequence[str]) -> None:
        """Raises SecurityError while one of these keys has to wait."""
        with self._lock:
            until = max((self._failed.get(key, (0, 0))[1] for key in keys), default=0)
        if (wait := until - now()) > 0:
            raise SecurityError(self._message, hint=f"wait {-(-wait // SECOND)} s and try again", came=self._came)

    def count(self, keys: Sequence[str]) -> None:
        """One more failed attempt."""
        with self._lock:
            if len(self._failed) > _MOST_KEPT:
                self._failed = {key: entry for key, entry in self._failed.items() if entry[1] > now()}
            for key in keys:
                # an address may be a whole hall behind one router: it gets ten times as many attempts
                free = _FREE * (10 if key.startswith("address:") else 1)
                failed = self._failed.get(key, (0, 0))[0] + 1
                wait = min(SECOND << min(failed - free, 20), _LONGEST_WAIT) if failed >= free else 0
                self._failed[key] = (failed, now() + wait)

    def forget(self, keys: Sequence[str]) -> None:
        """An attempt succeeded."""
        with self._lock:
            for key in keys:
                self._failed.pop(key, None)
