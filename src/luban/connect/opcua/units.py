"""Engineering units as OPC UA names them: UNECE common codes and display names."""

from __future__ import annotations

from typing import Any

from asyncua import ua

from luban.core.errors import UnitError
from luban.core.units import parse_unit, unit_of_code

__all__ = ["information", "unit_of"]

_UNECE = "http://www.opcfoundation.org/UA/units/un/cefact"


def unit_of(information: Any) -> str:
    """Symbol of an EUInformation; '' for none.

    Source  OPC 10000-8 §5.6.4.3 (a unit id is the UNECE common code in its bytes)
    """
    if not isinstance(information, ua.EUInformation):
        return ""
    if information.UnitId and information.UnitId > 0:
        code = information.UnitId.to_bytes(4, "big").lstrip(b"\0").decode("ascii", "replace")
        known = unit_of_code(code)
        if known is not None:
            return known.symbol
    return (information.DisplayName.Text if information.DisplayName is not None else None) or ""


def information(unit: str) -> ua.EUInformation:
    """The EUInformation of a symbol, for the device side."""
    try:
        code = parse_unit(unit).code
    except UnitError:
        code = ""
    return ua.EUInformation(
        NamespaceUri=_UNECE if code else "",
        UnitId=int.from_bytes(code.encode(), "big") if code else -1,
        DisplayName=ua.LocalizedText(unit),
        Description=ua.LocalizedText(unit),
    )
