"""Trust: pinned certificates, certificates of an authority, revoked and expired ones."""

from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from luban.connect.opcua import trust
from luban.connect.opcua.pki import check_server, own_identity, thumbprint
from luban.core.errors import InputError, SecurityError

URI, URL = "urn:cell:server", "opc.tcp://cell:4840"
KEY = ec.generate_private_key(ec.SECP256R1())
AUTHORITY_KEY = ec.generate_private_key(ec.SECP256R1())


def name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])


def certificate(subject: str, issuer: str, *, key=KEY, by=KEY, ca: bool = False, days: int = 30, uri: str = URI):  # type: ignore[no-untyped-def]
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name(subject)).issuer_name(name(issuer)).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=60)).not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.UniformResourceIdentifier(uri)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .sign(by, hashes.SHA256())
    )  # fmt: skip


def der(cert: x509.Certificate) -> bytes:
    return cert.public_bytes(serialization.Encoding.DER)


def keep(folder: Path, cert: x509.Certificate) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{thumbprint(cert)[:8]}.der").write_bytes(der(cert))


def test_own_identity_is_made_once_and_its_key_is_private(tmp_path: Path) -> None:
    first, again = own_identity(tmp_path), own_identity(tmp_path)
    assert first == again
    assert stat.S_IMODE(first.key.stat().st_mode) == 0o600
    made = x509.load_der_x509_certificate(first.certificate.read_bytes())
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.UniformResourceIdentifier) == [first.uri]


def test_stranger_is_kept_and_can_be_trusted(tmp_path: Path) -> None:
    cert = certificate("Cell ../7", "Cell ../7")
    with pytest.raises(SecurityError, match="luban connect trust") as caught:
        check_server(tmp_path, der(cert), URI, URL)
    assert thumbprint(cert) in caught.value.came
    (kept,) = (tmp_path / "rejected").iterdir()
    assert ".." not in kept.name
    trusted = trust(kept)
    assert trusted.parent == tmp_path / "trusted"
    assert not kept.exists()
    assert check_server(tmp_path, der(cert), URI, URL) == cert


def test_trust_wants_a_certificate(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such certificate"):
        trust(tmp_path / "x.der")
    (tmp_path / "x.der").write_bytes(b"no")
    with pytest.raises(InputError, match="not a certificate"):
        trust(tmp_path / "x.der", tmp_path)


def test_issued_by_a_trusted_authority(tmp_path: Path) -> None:
    keep(tmp_path / "trusted", certificate("CA", "CA", key=AUTHORITY_KEY, by=AUTHORITY_KEY, ca=True))
    issued = certificate("server", "CA", by=AUTHORITY_KEY)
    assert check_server(tmp_path, der(issued), URI, URL) == issued
    with pytest.raises(SecurityError, match="does not name the application"):
        check_server(tmp_path, der(issued), "urn:another", URL)


def test_chain_sent_along_is_cut_off(tmp_path: Path) -> None:
    authority = certificate("CA", "CA", key=AUTHORITY_KEY, by=AUTHORITY_KEY, ca=True)
    keep(tmp_path / "trusted", authority)
    issued = certificate("server", "CA", by=AUTHORITY_KEY)
    assert check_server(tmp_path, der(issued) + der(authority), URI, URL) == issued


def test_a_trusted_server_is_no_authority(tmp_path: Path) -> None:
    keep(tmp_path / "trusted", certificate("leaf", "leaf", key=AUTHORITY_KEY, by=AUTHORITY_KEY))
    with pytest.raises(SecurityError, match="not trusted"):
        check_server(tmp_path, der(certificate("server", "leaf", by=AUTHORITY_KEY)), URI, URL)


def test_forged_issuer(tmp_path: Path) -> None:
    keep(tmp_path / "trusted", certificate("CA", "CA", key=AUTHORITY_KEY, by=AUTHORITY_KEY, ca=True))
    with pytest.raises(SecurityError, match="not trusted"):
        check_server(tmp_path, der(certificate("server", "CA", by=KEY)), URI, URL)


def test_expired_even_if_pinned(tmp_path: Path) -> None:
    old = certificate("server", "server", days=-1)
    keep(tmp_path / "trusted", old)
    with pytest.raises(SecurityError, match="valid only"):
        check_server(tmp_path, der(old), URI, URL)


def test_revoked(tmp_path: Path) -> None:
    keep(tmp_path / "trusted", certificate("CA", "CA", key=AUTHORITY_KEY, by=AUTHORITY_KEY, ca=True))
    issued = certificate("server", "CA", by=AUTHORITY_KEY)
    now = datetime.now(UTC)
    entry = x509.RevokedCertificateBuilder().serial_number(issued.serial_number).revocation_date(now).build()
    crl = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(name("CA")).last_update(now).next_update(now + timedelta(days=1)).add_revoked_certificate(entry)
        .sign(AUTHORITY_KEY, hashes.SHA256())
    )  # fmt: skip
    (tmp_path / "crl").mkdir()
    (tmp_path / "crl" / "ca.crl").write_bytes(crl.public_bytes(serialization.Encoding.DER))
    with pytest.raises(SecurityError, match="revoked"):
        check_server(tmp_path, der(issued), URI, URL)


def test_no_certificate_at_all(tmp_path: Path) -> None:
    with pytest.raises(SecurityError, match="cannot be read"):
        check_server(tmp_path, b"", URI, URL)
