"""Programs that call engines themselves: equipped by the environment, held to the licences."""

from __future__ import annotations

import pytest

from vtonlab import equip
from vtonlab.engines import registry
from vtonlab.engines.contract import HealthStatus
from vtonlab.errors import EngineNotSetUp, NotForCommerce, UnknownEngine
from vtonlab.imaging.mannequin import draw_person, draw_shirt
from vtonlab.session import Session, try_on
from vtonlab.settings import Settings


@pytest.fixture(autouse=True)
def nobody_equipped_them(monkeypatch: pytest.MonkeyPatch) -> None:
    registry.forget()
    monkeypatch.setattr(equip, "_settings", None)
    monkeypatch.setattr(equip, "_seen", None)


def test_what_is_not_set_up_is_told_to_whoever_uses_the_library() -> None:
    with pytest.raises(EngineNotSetUp, match="not set up"):
        try_on(draw_person(), draw_shirt(), engine="idm_vton")


def test_variables_that_are_set_later_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    assert equip.find_engine("sandbox").health().status is HealthStatus.NOT_SET_UP
    monkeypatch.setenv("VTONLAB_SANDBOX_ON", "1")
    assert Session(engine="sandbox").engine.health().status is HealthStatus.OK
    assert try_on(draw_person(), draw_shirt(), engine="sandbox").engine == "sandbox"


def test_settings_that_somebody_chose_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    equip.equip_engines(Settings(sandbox_on=True))
    monkeypatch.setenv("VTONLAB_SANDBOX_ON", "0")
    assert equip.find_engine("sandbox").health().status is HealthStatus.OK


def test_licences_hold_for_the_library_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VTONLAB_COMMERCIAL", "1")
    with pytest.raises(NotForCommerce, match="CC BY-NC-SA"):
        Session(engine="idm_vton")
    assert Session(engine="instant").engine.name == "instant"


def test_an_engine_that_nobody_installed() -> None:
    with pytest.raises(UnknownEngine):
        equip.find_engine("nobody")
