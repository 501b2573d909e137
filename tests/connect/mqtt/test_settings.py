"""What the settings of an MQTT source accept and refuse."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from luban.connect.mqtt.settings import MqttSettings
from luban.core.errors import SecurityError


def settings(**fields: object) -> MqttSettings:
    return MqttSettings.model_validate({"url": "mqtt://127.0.0.1", **fields})


def test_defaults() -> None:
    plain = settings()
    assert (plain.host, plain.port, plain.encrypted, plain.qos, plain.keepalive) == (
        "127.0.0.1",
        1883,
        False,
        1,
        5_000_000,
    )
    assert settings(url="mqtts://broker.example").port == 8883


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"url": "mqtt://192.168.0.10"}, "plain MQTT"),
        ({"url": "mqtt://127.0.0.1.evil.example"}, "plain MQTT"),
        ({"url": "http://127.0.0.1"}, "expected mqtts"),
        ({"url": "mqtt://u:secret@127.0.0.1"}, "password_env"),
        ({"password_env": "X"}, "without 'user'"),
        ({"certificate": "c.pem"}, "go together"),
        ({"time_path": "a[b"}, "not a path"),
        ({"time_zone": "Mars/Base"}, "time zone"),
        ({"writable": ["hall/+/x"]}, "not an MQTT address"),
        ({"read_back": {"a#b": "c#d"}}, "not in 'writable'"),
        ({"keepalive": "0s"}, "greater than"),
        ({"qos": 2}, "qos"),
    ],
)
def test_refused(fields: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError, match=says) as caught:
        settings(**fields)
    assert all("secret" not in error["msg"] for error in caught.value.errors())


def test_plain_to_another_computer_only_by_name() -> None:
    assert settings(url="mqtt://192.168.0.10", insecure=True).host == "192.168.0.10"
    assert settings(url="mqtt://[::1]:1884").port == 1884
    assert settings(url="mqtt://localhost").host == "localhost"


def test_password_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    named = settings(user="luban", password_env="LUBAN_TEST_PASSWORD")
    monkeypatch.delenv("LUBAN_TEST_PASSWORD", raising=False)
    with pytest.raises(SecurityError, match="LUBAN_TEST_PASSWORD"):
        named.password()
    monkeypatch.setenv("LUBAN_TEST_PASSWORD", "s3cret")
    assert named.password() == "s3cret"
    assert settings().password() is None


def test_our_name_at_the_broker_stays() -> None:
    ours = settings().name_at_broker(["b", "a"])
    assert ours == settings().name_at_broker(["a", "b"])
    assert ours != settings().name_at_broker(["a"])
    assert ours != settings(user="u").name_at_broker(["a", "b"])
    assert len(ours) == 23
    assert settings(client_id="mine").name_at_broker(["a"]) == "mine"
