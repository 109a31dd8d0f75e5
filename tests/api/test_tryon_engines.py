"""What the server says of its engines, without asking any of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from tests.api.fittings import pair
from tests.api.house import House, open_house

from vtonlab.engines import registry
from vtonlab.errors import EngineUnavailable
from vtonlab.providers.conditions import State

pytestmark = pytest.mark.anyio

CHECK = "/api/vton/check"
ENGINES = "/api/v1/engines"
WORDS = {"available", "available_limited", "unavailable", "dependency_missing", "error"}


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not is_so():  # noqa: ASYNC110 - what other threads do
            await asyncio.sleep(0.01)


async def settle(house: House) -> None:
    """Until every engine has said how it is."""
    await until(lambda: all(one.state is not State.UNKNOWN for one in house.parts.conditions.get()))


async def test_the_built_in_engine_can_serve(local_house: House) -> None:
    await settle(local_house)
    answer = await (await local_house.visitor()).get(CHECK)
    told = answer.json()
    assert answer.status_code == 200
    assert told["success"] is True
    assert told["status"] == "available"
    assert told["engine"] == "instant"
    assert told["service_url"] == "local:instant"
    assert told["has_tryon_api"] is True
    assert "error" not in told
    assert "本机" in told["message"]
    assert [one["name"] for one in told["engines"]] == list(registry.names())
    for one in told["engines"]:
        assert one.keys() == {"name", "title", "status", "detail", "parameters"}
        assert one["status"] in WORDS
        assert one["detail"]
    assert "tuck" in told["engines"][0]["parameters"]["properties"]


async def test_right_after_the_start_it_is_worth_trying(local_house: House) -> None:
    conditions = local_house.parts.conditions
    await conditions.stop()
    conditions._known.clear()
    told = (await (await local_house.visitor()).get(CHECK)).json()
    assert told["success"] is True
    assert told["service_url"] == "local:instant"


async def test_an_engine_that_is_not_set_up_names_the_others(tmp_path: Path) -> None:
    async with open_house(tmp_path, mode="local", engine="fashn") as house:
        await settle(house)
        visitor = await house.visitor()
        answer = await visitor.get(CHECK, headers={"Accept-Language": "en"})
        told = answer.json()
        assert answer.status_code == 200, "another engine can serve"
        assert (told["success"], told["status"], told["engine"]) == (False, "unavailable", "fashn")
        assert told["error"] == told["message"]
        assert "instant" in told["error"]
        assert told["service_url"].startswith("https://api.fashn.ai")
        assert told["has_tryon_api"] is False
        assert "引擎" in (await visitor.get(CHECK)).json()["error"]


async def test_when_no_engine_can_serve_the_status_says_so(local_house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    await settle(local_house)
    down = [replace(one, state=State.DOWN) for one in local_house.parts.conditions.get()]
    monkeypatch.setattr(local_house.parts.conditions, "get", lambda: down)
    answer = await (await local_house.visitor()).get(CHECK)
    assert answer.status_code == 503
    assert answer.json()["success"] is False
    assert answer.json()["service_url"] == "local:instant"


async def test_engines_show_their_cards(local_house: House) -> None:
    await settle(local_house)
    items = (await (await local_house.visitor()).get(ENGINES)).json()["items"]
    assert [one["name"] for one in items] == list(registry.names())
    known: dict[str, Any] = {one["name"]: one for one in items}
    instant = known["instant"]
    assert instant["status"] == "ok"
    assert instant["sends_pictures_to"] is None
    assert instant["commercial_use"] is True
    assert instant["is_default"] is True
    assert instant["capabilities"]["outfits"] is True
    assert instant["capabilities"]["presets"] == {}
    assert known["sandbox"]["capabilities"]["presets"]["fast"] == {"denoise_steps": 15}
    assert instant["parameters"]["properties"]["tuck"]
    assert known["idm_vton"]["commercial_use"] is False
    assert known["idm_vton"]["status"] == "not_set_up"
    assert known["idm_vton"]["hint"]
    assert known["fashn"]["is_paid"] is True
    assert "0.075" in known["fashn"]["cost"]
    assert known["gemini"]["sends_pictures_to"]
    assert "Google" in known["gemini"]["privacy"]


async def test_engines_say_by_which_settings_they_are_set_up_and_no_value(tmp_path: Path) -> None:
    async with open_house(tmp_path, mode="local", fashn_api_key=SecretStr("fa-hush")) as house:
        await settle(house)
        answer = await (await house.visitor()).get(ENGINES)
    known = {one["name"]: one["settings"] for one in answer.json()["items"]}
    assert known["instant"] == []
    key = {"variable": "VTONLAB_FASHN_API_KEY", "is_secret": True}
    assert key | {"is_set": True} in known["fashn"]
    assert {"variable": "VTONLAB_FASHN_URL", "is_secret": False, "is_set": False} in known["fashn"]
    assert {"variable": "VTONLAB_GEMINI_API_KEY", "is_secret": True, "is_set": False} in known["gemini"]
    assert "fa-hush" not in answer.text


async def test_cards_speak_the_readers_language(local_house: House) -> None:
    await settle(local_house)
    visitor = await local_house.visitor()
    items = (await visitor.get(ENGINES, headers={"Accept-Language": "zh-CN"})).json()["items"]
    assert "本机" in items[0]["privacy"]
    assert "免费" in items[0]["cost"]


async def test_business_refuses_what_its_licence_forbids(tmp_path: Path) -> None:
    async with open_house(tmp_path, mode="local", commercial=True, engine="idm_vton") as house:
        await settle(house)
        visitor = await house.visitor(Accept_Language="en")
        items = {one["name"]: one for one in (await visitor.get(ENGINES)).json()["items"]}
        assert items["idm_vton"]["status"] == "refused"
        assert items["instant"]["status"] == "ok"
        told = (await visitor.get(CHECK)).json()
        assert (told["success"], told["status"]) == (False, "unavailable")
        assert "commercially" in told["error"]


async def test_a_default_engine_that_nobody_offers_is_told(tmp_path: Path) -> None:
    async with open_house(tmp_path, mode="local", engine="instnat") as house:
        await settle(house)
        answer = await (await house.visitor(Accept_Language="en")).get(CHECK)
        told = answer.json()
        assert answer.status_code == 200
        assert (told["success"], told["status"], told["service_url"]) == (False, "dependency_missing", "local:instnat")
        assert "instnat" in told["error"]
        assert "instant" in told["error"]


async def test_who_asks_for_an_engine_that_cannot_serve_hears_of_the_others(
    local_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await settle(local_house)
    visitor = await local_house.visitor(Accept_Language="en")
    body = await pair(visitor)

    async def fail(*_: Any, **__: Any) -> Any:
        raise EngineUnavailable(engine="idm_vton")

    monkeypatch.setattr(local_house.parts.fitting, "ask", fail)
    for path in ("/api/vton/tryon", "/api/v1/tryon"):
        answer = await visitor.post(path, json=body | {"engine": "idm_vton"})
        assert answer.status_code == 503
        assert answer.json()["hint"] == "“vtonlab doctor” says what it needs. Available: instant."


async def test_a_token_that_may_not_see_the_picture_is_refused_before_it_is_made(server_house: House) -> None:
    mei = await server_house.person("mei")
    body = await pair(mei.client)
    program = await server_house.token(mei, "tryon:create")
    assert (await program.post("/api/vton/tryon", json=body)).status_code == 403
    assert (await mei.client.get("/api/v1/tasks?kind=tryon")).json()["total"] == 0
    assert (await program.post("/api/vton/tryon", json=body | {"wait": False})).status_code == 202


async def test_a_service_that_does_not_run_is_told_with_what_starts_it(tmp_path: Path) -> None:
    nowhere = "http://mei:secret@127.0.0.1:9"
    async with open_house(tmp_path, mode="local", engine="idm_vton", idm_vton_url=nowhere) as house:
        await settle(house)
        visitor = await house.visitor()
        told = (await visitor.get(CHECK)).json()
        assert (told["success"], told["status"], told["service_url"]) == (False, "unavailable", "http://127.0.0.1:9")
        answer = await visitor.post("/api/vton/tryon", json=await pair(visitor))
        assert (answer.status_code, answer.json()["code"]) == (503, "service_not_running")
        assert "vtonlab gradio" in answer.json()["hint"]
        assert answer.json()["hint"].endswith("可用的引擎：instant。")
        assert "secret" not in answer.text
