"""Prompt templates over HTTP."""

from __future__ import annotations

import pytest
from tests.api.house import House

pytestmark = pytest.mark.anyio

TEMPLATES = "/api/v1/images/templates"


async def test_the_programs_own_speak_the_readers_language(local_house: House) -> None:
    home = await local_house.admin()
    english = (await home.client.get(TEMPLATES)).json()["items"]
    chinese = (await home.client.get(TEMPLATES, headers={"Accept-Language": "zh"})).json()["items"]
    assert [one["id"] for one in english] == [one["id"] for one in chinese]
    assert english[0]["name"] == "Model photo"
    assert chinese[0]["name"] == "模特图"
    for one in (*english, *chinese):
        assert not one["is_own"]
        assert one["fields"]
        assert all(f"{{{field['name']}}}" in one["text"] for field in one["fields"])


async def test_kept_changed_and_removed(local_house: House) -> None:
    home = await local_house.admin()
    made = await home.client.post(TEMPLATES, json={"name": "  Street  walk ", "text": "{coat} in {street}, {coat}"})
    assert made.status_code == 201, made.text
    told = made.json()
    assert told["name"] == "Street walk"
    assert told["is_own"]
    assert [field["name"] for field in told["fields"]] == ["coat", "street"]
    address = f"{TEMPLATES}/{told['id']}"
    changed = await home.client.put(address, json={"name": "Street", "text": "{coat}", "negative_prompt": "rain"})
    assert (changed.status_code, changed.json()["negative_prompt"]) == (200, "rain")
    assert (await home.client.get(TEMPLATES)).json()["items"][-1] == changed.json()
    taken = await home.client.post(TEMPLATES, json={"name": "street", "text": "x"})
    assert (taken.status_code, taken.json()["code"]) == (409, "conflict")
    assert (await home.client.delete(address)).status_code == 204
    assert (await home.client.delete(address)).status_code == 404


async def test_what_cannot_be_kept(local_house: House) -> None:
    home = await local_house.admin()
    for body in (
        {"name": "", "text": "x"},
        {"name": " ", "text": "x"},
        {"name": "n" * 81, "text": "x"},
        {"name": "n", "text": ""},
        {"name": "n", "text": "x" * 20_001},
        {"name": "n\x00", "text": "x"},
        {"name": "n", "text": "x", "fields": []},
        {"name": "n"},
    ):
        assert (await home.client.post(TEMPLATES, json=body)).status_code == 422, body
    english = (await home.client.get(TEMPLATES)).json()["items"]
    program = f"{TEMPLATES}/{english[0]['id']}"
    assert (await home.client.put(program, json={"name": "n", "text": "x"})).status_code == 404
    assert (await home.client.delete(program)).status_code == 404
    assert len((await home.client.get(TEMPLATES)).json()["items"]) == len(english)


async def test_they_count_in_the_profile(local_house: House) -> None:
    home = await local_house.admin()
    await home.client.post(TEMPLATES, json={"name": "n", "text": "x"})
    assert (await home.client.get("/api/v1/users/me")).json()["usage"]["templates"] == 1
