"""Modbus TCP: poll registers and bits of meters, drives and controllers, write if allowed.

Reads no record; its collector writes `signal`, `state`, `count` and `event` facts.
Follows MODBUS Application Protocol V1.1b3 and MODBUS Messaging on TCP/IP V1.0b.
"""

from __future__ import annotations

from luban.connect.modbus.driver import ModbusDriver
from luban.connect.modbus.settings import ModbusSettings

__all__ = ["ModbusDriver", "ModbusSettings"]
