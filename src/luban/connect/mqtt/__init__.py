"""MQTT: JSON and plain-text topics of any broker, stored before they are acknowledged.

Reads no record. Writes signal, state, count and event facts through its collector.
"""

from luban.connect.mqtt.driver import MqttDriver
from luban.connect.mqtt.settings import MqttSettings

__all__ = ["MqttDriver", "MqttSettings"]
