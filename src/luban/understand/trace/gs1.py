"""GS1 identifiers: check digits, EPC URIs, Digital Links and element strings, one written as the others.

A GTIN as an EPC URI needs the length of the company prefix, which the number itself does not tell; from a URI to a
Digital Link nothing is lost but that length.

Source  GS1 General Specifications 24.0, sections 3 and 7.9 (check digits); EPC Tag Data Standard 2.1, sections 6 and 7;
        GS1 Digital Link URI syntax 1.3
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, unquote

from luban.core.errors import InputError

__all__ = ["Gs1", "check_digit", "epc_uri", "is_valid", "parse_gs1", "with_check_digit"]

_HOST: Final = "https://id.gs1.org"
_AI: Final = {"01": "gtin", "00": "sscc", "414": "gln", "8003": "grai", "8004": "giai", "8018": "gsrn", "253": "gdti"}
_LENGTH: Final = {"01": 14, "00": 18, "414": 13, "8018": 18}  # with the check digit
_HEAD: Final = {"8003": 14, "253": 13}  # with the check digit; what follows numbers the piece
_ELEMENT: Final = re.compile(r"\((\d{2,4})\)([^(]+)")


@dataclass(frozen=True, slots=True)
class Gs1:
    """One identifier.

    ai       application identifier of the key: 01 GTIN, 00 SSCC, 414 GLN, 8003 GRAI, 8004 GIAI, 8018 GSRN, 253 GDTI
    key      its digits, check digit included
    lot      AI 10; "" without one
    serial   AI 21, or what the key itself numbers; "" without one
    prefix   length of the company prefix, 6 to 12; 0 where it is not known
    """

    ai: str
    key: str
    lot: str = ""
    serial: str = ""
    prefix: int = 0

    @property
    def kind(self) -> str:
        """gtin, lgtin, sgtin, sscc, gln, …"""
        name = _AI[self.ai]
        return f"s{name}" if name == "gtin" and self.serial else f"l{name}" if name == "gtin" and self.lot else name

    @property
    def digital_link(self) -> str:
        """As a GS1 Digital Link of id.gs1.org.

        Example parse_gs1("(01)09521141012345(21)2017").digital_link == "https://id.gs1.org/01/09521141012345/21/2017"
        """
        parts = [_HOST, self.ai, quote(self.key, safe="")]
        for ai, value in (("10", self.lot), ("21" if self.ai == "01" else "254", self.serial)):
            parts += [ai, quote(value, safe="")] if value else []
        return "/".join(parts)

    @property
    def element_string(self) -> str:
        """With its application identifiers in brackets, as printed below a barcode."""
        lot = f"(10){self.lot}" if self.lot else ""
        serial = f"({'21' if self.ai == '01' else '254'}){self.serial}" if self.serial else ""
        return f"({self.ai}){self.key}{lot}{serial}"


def check_digit(digits: str) -> str:
    """The check digit that follows the digits: weights 3 and 1 from the right, up to the next ten.

    Raises InputError for anything but digits
    Example check_digit("629104150021") == "3"
    """
    if not digits.isascii() or not digits.isdigit():
        raise InputError("not a row of digits", came=repr(digits))
    total = sum(int(digit) * (3 if at % 2 == 0 else 1) for at, digit in enumerate(reversed(digits)))
    return str(-total % 10)


def with_check_digit(digits: str) -> str:
    """The digits with their check digit."""
    return digits + check_digit(digits)


def is_valid(key: str) -> bool:
    """Whether the last digit of a GTIN, SSCC, GLN or GSRN is the right one."""
    return len(key) > 1 and key.isascii() and key.isdigit() and check_digit(key[:-1]) == key[-1]


def parse_gs1(text: str) -> Gs1:
    """An identifier from an EPC URI, a Digital Link, an element string, or the bare digits of a GTIN or SSCC.

    Raises InputError: not an identifier, wrong length, wrong check digit (with the right one)
    """
    text = text.strip()
    if text.startswith("urn:epc:"):
        return _from_urn(text)
    if re.match(r"https?://", text):
        return _from_link(text)
    if text.startswith("("):
        return _checked(_from_parts(dict(_ELEMENT.findall(text)), text), text)
    if text.isascii() and text.isdigit() and len(text) in (8, 12, 13, 14, 18):
        ai = "00" if len(text) == 18 else "01"
        return _checked(Gs1(ai, text.zfill(14) if ai == "01" else text), text)
    raise InputError(
        "not a GS1 identifier", came=repr(text), expected="urn:epc:…, https://…/01/…, (01)…(21)…, or digits of a GTIN"
    )


def _checked(found: Gs1, text: str) -> Gs1:
    head = found.key[: _HEAD[found.ai]] if found.ai in _HEAD else found.key
    wanted = _HEAD.get(found.ai) or _LENGTH.get(found.ai)
    if wanted is None:
        return found
    if len(head) != wanted or not head.isdigit():
        raise InputError(f"a {_AI[found.ai].upper()} has {wanted} digits", came=found.key, where=text)
    if not is_valid(head):
        right = check_digit(head[:-1])
        raise InputError("wrong check digit", came=head, expected=head[:-1] + right, where=text)
    return found


def _from_parts(parts: dict[str, str], text: str) -> Gs1:
    key = next((ai for ai in _AI if ai in parts), None)
    if key is None:
        known = ", ".join(f"({ai}) {name}" for ai, name in _AI.items())
        raise InputError("no key of an identifier", came=text, expected=known)
    digits = parts[key].zfill(14) if key == "01" else parts[key]
    return Gs1(key, digits, parts.get("10", ""), parts.get("21", parts.get("254", "")))


def _from_link(text: str) -> Gs1:
    steps = [unquote(step) for step in re.sub(r"^https?://[^/]+", "", text).partition("?")[0].split("/") if step]
    at = next((k for k, step in enumerate(steps) if step in _AI), None)
    if at is None or (len(steps) - at) % 2:
        raise InputError("no GS1 identifier in this link", came=text)
    return _checked(_from_parts(dict(zip(steps[at::2], steps[at + 1 :: 2], strict=True)), text), text)


_URN: Final = re.compile(r"urn:epc:(id|class|idpat):(\w+):(.+)")


def _from_urn(text: str) -> Gs1:
    found = _URN.fullmatch(text)
    if not found:
        raise InputError("not an EPC URI", came=text, expected="urn:epc:id:sgtin:… or another of its schemes")
    kind, scheme, rest = found.groups()
    parts = rest.split(".", 2)
    company, tail = parts[0], [unquote(part) for part in parts[1:]]
    if not company.isdigit() or not 6 <= len(company) <= 12 or not tail:
        raise InputError("no company prefix of 6 to 12 digits", came=text)
    if scheme in ("sgtin", "lgtin") and len(tail) == 2 and tail[0].isdigit() and len(company) + len(tail[0]) == 13:
        key = with_check_digit(tail[0][0] + company + tail[0][1:])
        value = "" if kind == "idpat" else tail[1]
        lot, serial = (value, "") if scheme == "lgtin" else ("", value)
        return Gs1("01", key, lot, serial, len(company))
    if scheme == "sscc" and tail[0].isdigit() and len(company) + len(tail[0]) == 17:
        return Gs1("00", with_check_digit(tail[0][0] + company + tail[0][1:]), prefix=len(company))
    if scheme in ("sgln", "pgln") and len(company) + len(tail[0]) == 12 and (tail[0].isdigit() or not tail[0]):
        serial = tail[1] if len(tail) == 2 and tail[1] != "0" else ""
        return Gs1("414", with_check_digit(company + tail[0]), serial=serial, prefix=len(company))
    if scheme in ("giai", "grai", "gsrn", "gdti"):
        ai = {"giai": "8004", "grai": "8003", "gsrn": "8018", "gdti": "253"}[scheme]
        return _of_asset(ai, company, tail, text)
    raise InputError("not a valid EPC URI of its scheme", came=text)


def _of_asset(ai: str, company: str, tail: list[str], text: str) -> Gs1:
    if ai == "8004":
        return Gs1(ai, company + ".".join(tail), prefix=len(company))
    if ai == "8018" and len(company) + len(tail[0]) == 17 and tail[0].isdigit():
        return Gs1(ai, with_check_digit(company + tail[0]), prefix=len(company))
    if ai != "8018" and len(company) + len(tail[0]) == 12:
        serial = tail[1] if len(tail) == 2 else ""
        lead = "0" if ai == "8003" else ""
        return Gs1(ai, lead + with_check_digit(company + tail[0]) + serial, prefix=len(company))
    raise InputError("not a valid EPC URI of its scheme", came=text)


def epc_uri(found: Gs1, prefix: int = 0) -> str:
    """The identifier as an EPC URI.

    prefix   length of the company prefix, 6 to 12, where the identifier does not know it
    Raises   InputError without that length, or for a kind that has no such URI
    Example  epc_uri(parse_gs1("(01)80614141123458(21)6789"), 7) == "urn:epc:id:sgtin:0614141.812345.6789"
    """
    length = found.prefix or prefix
    if not 6 <= length <= 12:
        raise InputError("the length of the company prefix is needed", came=str(length), expected="6 to 12")
    key = found.key
    if found.ai == "01":
        company, item = key[1 : 1 + length], key[0] + key[1 + length : 13]
        if found.serial:
            return f"urn:epc:id:sgtin:{company}.{item}.{quote(found.serial, safe='')}"
        if found.lot:
            return f"urn:epc:class:lgtin:{company}.{item}.{quote(found.lot, safe='')}"
        return f"urn:epc:idpat:sgtin:{company}.{item}.*"
    if found.ai == "00":
        return f"urn:epc:id:sscc:{key[1 : 1 + length]}.{key[0]}{key[1 + length : 17]}"
    if found.ai == "414":
        return f"urn:epc:id:sgln:{key[:length]}.{key[length:12]}.{quote(found.serial, safe='') or '0'}"
    if found.ai == "8004":
        return f"urn:epc:id:giai:{key[:length]}.{quote(key[length:], safe='')}"
    raise InputError("this kind is not written as an EPC URI here", came=_AI[found.ai])
