"""Settings come from VTONLAB_* and a wrong one is named."""

from __future__ import annotations

import pytest

from vtonlab import settings
from vtonlab.errors import BadSetting


def test_values_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VTONLAB_PORT", "9001")
    monkeypatch.setenv("VTONLAB_LANGUAGE", "zh-CN")
    monkeypatch.setenv("VTONLAB_HOST", "")
    loaded = settings.load()
    assert (loaded.port, loaded.language, loaded.host) == (9001, "zh-CN", "127.0.0.1")


@pytest.mark.parametrize(
    ("name", "value"),
    [("PORT", "70000"), ("PORT", "eighty"), ("LANGUAGE", "fr"), ("LOG_LEVEL", "loud"), ("MAX_PIXELS", "0")],
)
def test_a_wrong_value_names_its_variable(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(settings.PREFIX + name, value)
    with pytest.raises(BadSetting) as caught:
        settings.load()
    assert settings.PREFIX + name in caught.value.say("en")
    assert settings.PREFIX + name in caught.value.say("zh-CN")
