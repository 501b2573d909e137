"""OPC UA: subscribe to a machine's values, back-fill from its history, propose a mapping, write if allowed.

Reads no record; its collector writes `signal`, `state`, `count` and `event` facts.
Follows OPC 10000-4 (services) and 10000-11 (historical access); browsing knows OPC 40501-1, 40001-1 and 30050.
"""

from luban.connect.opcua.driver import OpcUaDriver
from luban.connect.opcua.pki import trust
from luban.connect.opcua.settings import OpcUaSettings

__all__ = ["OpcUaDriver", "OpcUaSettings", "trust"]
