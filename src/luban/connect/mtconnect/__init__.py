"""MTConnect: machine tools read from their agent over HTTP.

Reads /probe, /current and /sample of an agent (versions 1.1 and up). Writes samples to its collector.
"""

from __future__ import annotations

from luban.connect.mtconnect.driver import MTConnectDriver
from luban.connect.mtconnect.settings import MTConnectSettings

__all__ = ["MTConnectDriver", "MTConnectSettings"]
