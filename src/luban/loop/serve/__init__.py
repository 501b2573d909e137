"""The twin as devices: what its panels show, on the wires of a real plant, in real or scaled time.

Reads a run through `twin.show`; writes nothing: whoever collects from the wires writes the Facts.
"""

from luban.loop.serve.service import ServeStatus, Service, serve
from luban.loop.serve.settings import ServeSettings, read_settings

__all__ = ["ServeSettings", "ServeStatus", "Service", "read_settings", "serve"]
