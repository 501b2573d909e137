"""Certificates of the OPC UA client: its own, the servers it trusts, the ones it turned away.

pki/own/       our certificate (show it to servers) and key
pki/trusted/   certificates of servers, or of the authorities that issued them
pki/rejected/  servers that were turned away; `trust` moves one over
pki/crl/       revocation lists of those authorities
"""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from luban.core.errors import InputError, SecurityError

__all__ = ["Identity", "check_server", "own_identity", "thumbprint", "trust"]

_KEY_BITS = 2048  # the least that every current policy accepts; 4096 is refused by small controllers
_VALID_DAYS = 5 * 365
_SUFFIXES = {".der", ".pem", ".crt", ".cer"}


@dataclass(frozen=True, slots=True)
class Identity:
    """Our certificate and key on disk, and the application URI that the certificate names."""

    certificate: Path
    key: Path
    uri: str


def thumbprint(certificate: x509.Certificate) -> str:
    """SHA-256 of the certificate, 64 hexadecimal digits."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def own_identity(pki: Path, *, role: str = "client") -> Identity:
    """Our certificate and key, made on first use.

    role  'client', or 'server' for the device side
    """
    folder = pki / "own"
    identity_files = folder / f"luban-{role}.der", folder / f"luban-{role}.key.pem"
    if not all(path.exists() for path in identity_files):
        _make_identity(*identity_files, role)
    for name in ("trusted", "rejected", "crl"):
        (pki / name).mkdir(parents=True, exist_ok=True)
    certificate = x509.load_der_x509_certificate(identity_files[0].read_bytes())
    if certificate.not_valid_after_utc < datetime.now(UTC):
        raise SecurityError(
            "our own certificate has expired",
            where=str(identity_files[0]),
            came=certificate.not_valid_after_utc.date().isoformat(),
            hint="delete the folder 'own', start again and let the server trust the new one",
        )
    return Identity(*identity_files, _uris(certificate)[0])


def check_server(pki: Path, der: bytes, uri: str, url: str) -> x509.Certificate:
    """The server's certificate if it may be trusted; else it is kept in `rejected` and SecurityError tells why.

    A certificate that lies in `trusted` itself is pinned: its dates and revocation are checked. One issued
    by an authority in `trusted` must also name the application URI that the server claims.
    Source  OPC 10000-4 §6.1.3
    """
    try:
        certificate = x509.load_der_x509_certificate(_leaf(der))
    except ValueError as error:
        raise SecurityError("the server's certificate cannot be read", where=url) from error
    complaint = _complaint(pki, certificate, uri)
    if complaint:
        print_ = thumbprint(certificate)
        kept = pki / "rejected" / f"{_common_name(certificate)}-{print_[:16]}.der"
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(der)
        raise SecurityError(
            f"the server's certificate {complaint}",
            where=url,
            came=f"SHA-256 {print_}",
            expected=f"a certificate, or its issuer, in {pki / 'trusted'}",
            hint=f"compare the fingerprint at the machine, then run: luban connect trust {kept}",
        )
    return certificate


def trust(certificate: Path, pki: Path | None = None) -> Path:
    """Move a rejected certificate to the trusted ones; the new path is returned.

    certificate  a file in `rejected`, or any certificate file together with `pki`
    Raises       InputError
    """
    if not certificate.is_file():
        raise InputError("no such certificate", came=str(certificate), expected="a file in pki/rejected")
    parsed = _load(certificate)
    if parsed is None:
        raise InputError("not a certificate", came=str(certificate), expected="DER or PEM")
    rejected = certificate.parent.name == "rejected"
    if pki is None and not rejected:
        raise InputError("unknown trust list", came=str(certificate), hint="name the pki folder as well")
    folder = (pki or certificate.parent.parent) / "trusted"
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{_common_name(parsed)}-{thumbprint(parsed)[:16]}.der"
    target.write_bytes(parsed.public_bytes(serialization.Encoding.DER))
    if rejected:
        certificate.unlink()
    return target


def _leaf(der: bytes) -> bytes:
    """The first of certificates strung together, as some servers send them with their issuers."""
    if der[:2] != b"\x30\x82":
        return der
    return der[: int.from_bytes(der[2:4], "big") + 4]


def _complaint(pki: Path, certificate: x509.Certificate, uri: str) -> str:
    """Why the certificate is not acceptable; '' if it is."""
    now = datetime.now(UTC)
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        return f"is valid only {certificate.not_valid_before_utc.date()} to {certificate.not_valid_after_utc.date()}"
    if _revoked(pki, certificate):
        return "is revoked"
    trusted = list(_certificates(pki / "trusted"))
    if any(certificate == known for known in trusted):
        return ""
    if not any(_issued(certificate, authority, now) for authority in trusted):
        return "is not trusted"
    if uri not in _uris(certificate):
        return f"does not name the application it is used by ({uri})"
    return ""


def _issued(certificate: x509.Certificate, authority: x509.Certificate, now: datetime) -> bool:
    try:
        constraints = authority.extensions.get_extension_for_class(x509.BasicConstraints).value
        if not constraints.ca or not authority.not_valid_before_utc <= now <= authority.not_valid_after_utc:
            return False
        certificate.verify_directly_issued_by(authority)
    except (x509.ExtensionNotFound, ValueError, TypeError, InvalidSignature):
        return False
    return True


def _revoked(pki: Path, certificate: x509.Certificate) -> bool:
    folder = pki / "crl"
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        data = path.read_bytes()
        try:
            crl = x509.load_pem_x509_crl(data) if data.startswith(b"-----") else x509.load_der_x509_crl(data)
        except ValueError as error:
            raise SecurityError("not a revocation list", where=str(path)) from error
        same_issuer = crl.issuer == certificate.issuer
        if same_issuer and crl.get_revoked_certificate_by_serial_number(certificate.serial_number):
            return True
    return False


def _certificates(folder: Path) -> Iterator[x509.Certificate]:
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.suffix.lower() in _SUFFIXES and (certificate := _load(path)) is not None:
            yield certificate


def _load(path: Path) -> x509.Certificate | None:
    data = path.read_bytes()
    try:
        return x509.load_pem_x509_certificate(data) if b"-----BEGIN" in data else x509.load_der_x509_certificate(data)
    except ValueError:
        return None


def _uris(certificate: x509.Certificate) -> list[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return list(names.get_values_for_type(x509.UniformResourceIdentifier))


def _common_name(certificate: x509.Certificate) -> str:
    """The certificate's common name, fit for a file name whatever a stranger put into it."""
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return re.sub(r"[^A-Za-z0-9_-]+", "_", str(names[0].value))[:60].strip("_") if names else "server"


def _make_identity(certificate_file: Path, key_file: Path, role: str) -> None:
    host = socket.gethostname()
    uri = f"urn:{host}:luban:{role}"
    key = rsa.generate_private_key(public_exponent=65537, key_size=_KEY_BITS)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"luban {role}"[:64])])
    usage = ExtendedKeyUsageOID.SERVER_AUTH if role == "server" else ExtendedKeyUsageOID.CLIENT_AUTH
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=_VALID_DAYS))
        .add_extension(
            x509.SubjectAlternativeName([x509.UniformResourceIdentifier(uri), x509.DNSName(host)]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=True,
                content_commitment=True,
                key_encipherment=True,
                data_encipherment=True,
                key_agreement=False,
                key_cert_sign=False,
                crl_sign=False,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
        .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate_file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with os.fdopen(os.open(key_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        out.write(private)
    certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.DER))
