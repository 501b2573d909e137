"""Wires: OPC UA, MQTT, Sparkplug B, MTConnect, SHDR and files, each a folder of driver, device side and quality card.

A `Collector` supervises one driver: it maps what the wire says to signals, judges every value, records when
the link was proved up and where values were lost, and back-fills. Reads a wire, writes Facts through the spool.
"""

from luban.connect.collector import Collector
from luban.connect.registry import drivers, settings_for
from luban.connect.status import Limits, Status

__all__ = ["Collector", "Limits", "Status", "drivers", "settings_for"]
