"""SHDR: machine tools read straight from their MTConnect adapter, without an agent.

Reads `time|key|value` lines over TCP. Writes samples to its collector.
"""

from __future__ import annotations

from luban.connect.shdr.driver import ShdrDriver
from luban.connect.shdr.settings import ShdrSettings

__all__ = ["ShdrDriver", "ShdrSettings"]
