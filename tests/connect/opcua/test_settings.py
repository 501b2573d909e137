from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from pydantic import ValidationError

from luban.connect.opcua import OpcUaSettings
from luban.connect.registry import settings_for
from luban.core.errors import ConfigError, SecurityError

URL = "opc.tcp://127.0.0.1:4840"


def test_security_is_on_by_default() -> None:
    settings = OpcUaSettings(url=URL)
    assert settings.security == "Basic256Sha256"
    assert settings.secure
    assert settings.writable == ()


@pytest.mark.parametrize("policy", ["Basic256", "Basic128Rsa15"])
def test_withdrawn_policies_are_refused(policy: str) -> None:
    with pytest.raises(ValidationError, match="withdrawn"):
        OpcUaSettings(url=URL, security=policy)


def test_unknown_policy_names_the_known_ones() -> None:
    with pytest.raises(ValidationError, match="Aes256_Sha256_RsaPss"):
        OpcUaSettings(url=URL, security="TLS")


def test_no_password_in_the_address() -> None:
    with pytest.raises(ValidationError) as caught:
        OpcUaSettings(url="opc.tcp://me:secret@127.0.0.1:4840")
    assert "secret" not in str(caught.value.errors()[0]["msg"])


def test_no_password_on_a_bare_wire() -> None:
    with pytest.raises(ValidationError, match="unprotected"):
        OpcUaSettings(url=URL, security="none", user="me", password_env="P")


def test_password_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = OpcUaSettings(url=URL, user="me", password_env="LUBAN_TEST_PASSWORD", pki=Path("x"))
    monkeypatch.delenv("LUBAN_TEST_PASSWORD", raising=False)
    with pytest.raises(SecurityError, match="LUBAN_TEST_PASSWORD"):
        settings.password()
    monkeypatch.setenv("LUBAN_TEST_PASSWORD", "s3cret")
    assert settings.password() == "s3cret"
    assert "s3cret" not in repr(settings)


def test_durations_as_text() -> None:
    assert OpcUaSettings.model_validate({"url": URL, "publishing_interval": "500ms"}).publishing_interval == 500_000
    with pytest.raises(ValidationError, match="needs its unit"):
        OpcUaSettings.model_validate({"url": URL, "publishing_interval": 500})


def test_complaint_about_plant_toml_hides_the_password() -> None:
    source = SimpleNamespace(id="a", type="opcua", settings={"url": "opc.tcp://me:s3cret@h:1"}, where="plant.toml:3")
    with pytest.raises(ConfigError, match=r"plant\.toml:3") as caught:
        settings_for(source)
    assert "s3cret" not in str(caught.value)
