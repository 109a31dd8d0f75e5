"""Pictures from words over HTTP: against Gemini's service as a fake, and the sandbox."""

from __future__ import annotations

import asyncio
import base64
import json
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from pydantic import SecretStr
from tests.api.house import House, make_photo, open_house, upload
from tests.crash.test_remote_jobs import serve
from tests.fakes.gemini import KEY, FakeGemini, read_pictures, read_words

from vtonlab.engines.generating import RESOLUTIONS
from vtonlab.generation.choosing import RATIOS
from vtonlab.imaging.read import read_picture
from vtonlab.imaging.write import encode_picture

pytestmark = pytest.mark.anyio

ASK = "/api/v1/images/generate"
IMAGES = "/api/v1/images"
PROVIDERS = "/api/v1/images/providers"


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeGemini]:
    with FakeGemini() as server:
        server.scale = 0.15
        yield server


@pytest.fixture
async def studio(tmp_path: Path, fake: FakeGemini) -> AsyncIterator[House]:
    """In server mode, with Gemini and the sandbox."""
    fake.__dict__["requests"].clear()
    fake.asked = fake.bought = 0
    key = SecretStr(KEY)
    async with open_house(
        tmp_path / "data",
        mode="server",
        sandbox_on=True,
        gemini_api_key=key,
        gemini_url=fake.address,
        remote_budget=0.2,
    ) as house:
        yield house


def noise() -> bytes:
    """A picture whose file is large."""
    return encode_picture(np.random.default_rng(3).integers(0, 255, (300, 260, 3), np.uint8), ".png")


async def ended(client: httpx.AsyncClient, task_id: str) -> dict[str, Any]:
    """The task, once it has ended."""
    async with asyncio.timeout(30):
        while True:
            task: dict[str, Any] = (await client.get(f"{IMAGES}/tasks/{task_id}")).json()
            if task["status"] in {"succeeded", "failed", "cancelled"}:
                return task
            await asyncio.sleep(0.03)


async def providers(client: httpx.AsyncClient) -> dict[str, Any]:
    """What ``PROVIDERS`` tells, once every engine that is set up has said with what it draws."""
    async with asyncio.timeout(60):
        while True:
            told: dict[str, Any] = (await client.get(PROVIDERS)).json()
            known = {one["name"]: one for one in told["items"]}
            if known.keys() >= {"gemini", "sandbox"} and all(
                one["models"] or one["status"] == "not_set_up" for one in known.values()
            ):
                return told
            await asyncio.sleep(0.05)


async def test_a_picture_from_words_and_pictures(studio: House, fake: FakeGemini) -> None:
    mei = await studio.person("mei")
    shirt = (await upload(mei.client, make_photo(3))).json()["filename"]
    brought = "data:image/png;base64," + base64.b64encode(noise()).decode()
    assert len(brought) > 200_000, "longer than what is held in memory"
    body = {
        "prompt": "两件衣服",
        "reference_images": [shirt, brought],
        "aspect_ratio": "6:9",
        "resolution": "2K",
        "provider": "gemini",
        "negative_prompt": "text",
        "seed": 5,
    }
    answer = await mei.client.post(ASK, json=body, headers={"Idempotency-Key": "one"})
    assert answer.status_code == 202, answer.text
    told = answer.json()
    assert (told["kind"], told["status"]) == ("generate", "queued")
    assert told["parameters"]["reference_images"][1] == "upload"
    assert not [name for name in told["parameters"] if name.startswith("_")]
    again = await mei.client.post(ASK, json=body, headers={"Idempotency-Key": "one"})
    assert again.json()["id"] == told["id"]
    other = await mei.client.post(ASK, json=body | {"seed": 6}, headers={"Idempotency-Key": "one"})
    assert (other.status_code, other.json()["code"]) == (409, "conflict")

    task = await ended(mei.client, told["id"])
    assert task["status"] == "succeeded", task
    (sent,) = fake.requests
    assert "两件衣服" in read_words(sent)
    shirt_sent, brought_sent = map(read_picture, read_pictures(sent))
    assert (shirt_sent.shape, brought_sent.shape) == ((80, 60, 3), (300, 260, 3))
    config = sent["generationConfig"]
    assert (config["seed"], config["imageConfig"]) == (5, {"aspectRatio": "2:3", "imageSize": "2K"})
    (shown,) = task["result"]["images"]
    picture = await mei.client.get(shown["url"])
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/png")
    listed = (await mei.client.get("/api/v1/library/images?category=generated")).json()["items"]
    assert [one["id"] for one in listed] == [task["result"]["image_id"]]
    assert listed[0]["context"]["prompt"] == "两件衣服"
    ben = await studio.person("ben")
    assert (await ben.client.get(f"{IMAGES}/tasks/{told['id']}")).status_code == 404
    assert (await ben.client.post(ASK, json=body | {"reference_images": [shirt]})).status_code == 404


async def test_providers_are_told_with_models_prices_and_budget(studio: House) -> None:
    mei = await studio.person("mei", "viewer")
    told = await providers(mei.client)
    gemini, sandbox = ({one["name"]: one for one in told["items"]}[name] for name in ("gemini", "sandbox"))
    assert (gemini["is_default"], sandbox["is_default"]) == (True, False)
    assert (gemini["is_paid"], sandbox["is_paid"]) == (True, False)
    assert "Google" in gemini["privacy"]
    assert KEY not in json.dumps(told)
    usual, *others = gemini["models"]
    assert usual["name"] == "gemini-nano-banana-2.1"
    assert usual["prices"] == {"1K": 0.05, "2K": 0.05, "4K": 0.1}
    assert usual["batch_prices"] == {"1K": 0.025, "2K": 0.025, "4K": 0.05}
    assert usual["cost_classes"] == {"1K": "low", "2K": "low", "4K": "medium"}
    assert {one["name"] for one in others} >= {"gemini-3-pro-image", "gemini-3.1-flash-lite-image"}
    assert set(sandbox["models"][0]["cost_classes"].values()) == {"free"}
    assert told["budget"]["limit"] == 0.2
    chinese = (await mei.client.get(PROVIDERS, headers={"Accept-Language": "zh-CN"})).json()
    assert "Google" in chinese["items"][0]["privacy"]
    assert chinese["items"][0]["privacy"] != gemini["privacy"]


async def test_what_cannot_be_done_is_refused_and_costs_nothing(studio: House, fake: FakeGemini) -> None:
    mei = await studio.person("mei")
    await providers(mei.client)
    for more, code, status in (
        ({"model": "gemini-3.1-flash-lite-image", "resolution": "4K"}, "provider_cannot", 422),
        ({"model": "dall-e"}, "provider_cannot", 422),
        ({"provider": "instant"}, "provider_cannot", 422),
        ({"provider": "nobody"}, "unknown_engine", 404),
        ({"reference_images": ["/etc/passwd"]}, "bad_option", 422),
        ({"reference_images": ["nobody.jpg"]}, "not_there", 404),
        ({"reference_images": ["data:image/png;base64,AAAA"]}, "image_unreadable", 415),
    ):
        answer = await mei.client.post(ASK, json={"prompt": "a coat"} | more)
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
        assert answer.json()["hint"]
        assert "(bytes)" not in answer.json()["detail"]
    cannot = await mei.client.post(ASK, json={"prompt": "a coat", "provider": "instant"})
    assert "gemini (gemini-nano-banana-2.1)" in cannot.json()["hint"]
    assert "sandbox (sandbox)" in cannot.json()["hint"]
    assert (fake.asked, fake.bought) == (0, 0)
    assert (await mei.client.get(IMAGES)).json()["total"] == 0


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"prompt": ""}, "prompt"),
    ({"prompt": " \n"}, "prompt"),
    ({"prompt": "a" * 20_001}, "prompt"),
    ({"prompt": "衣" * 20_001}, "prompt"),
    ({"prompt": "a\x00b"}, "prompt"),
    ({"negative_prompt": "a\x07b"}, "negative_prompt"),
    ({"prompt": None}, "prompt"),
    ({"prompt": ["a"]}, "prompt"),
    ({"aspect_ratio": "7:9"}, "aspect_ratio"),
    ({"resolution": "8K"}, "resolution"),
    ({"seed": -1}, "seed"),
    ({"seed": 2**31}, "seed"),
    ({"reference_images": "a.jpg"}, "reference_images"),
    ({"reference_images": [{"id": 1}]}, "reference_images"),
    ({"reference_images": ["a.jpg"] * 17}, "reference_images"),
    ({"n": 4}, "n"),
]


async def test_requests_of_the_wrong_form(local_house: House) -> None:
    home = await local_house.admin()
    for more, field in WRONG:
        answer = await home.client.post(ASK, json={"prompt": "a coat"} | more)
        assert answer.status_code == 422, answer.text
        (told,) = [one for one in answer.json()["errors"] if field in one["field"]]
        assert told["reason"] != "is not right", more
        for known in {"aspect_ratio": RATIOS, "resolution": RESOLUTIONS}.get(field, ()):
            assert known in told["reason"]


async def test_bodies_that_are_none(local_house: House) -> None:
    home = await local_house.admin()
    for content in (b"", b"{", b"[]", b'{"prompt": "\\ud800"}'):
        answer = await home.client.post(ASK, content=content, headers={"Content-Type": "application/json"})
        assert 400 <= answer.status_code < 500, answer.text
    # Nobody reads what somebody sends who may not ask.
    stranger = await local_house.visitor()
    assert (await stranger.post(ASK, content=b"{")).status_code == 401


async def test_the_list_has_these_kinds_alone(studio: House) -> None:
    mei = await studio.person("mei")
    await upload(mei.client, make_photo(1))
    made = [await mei.client.post(ASK, json={"prompt": f"coat {n}", "provider": "sandbox"}) for n in range(3)]
    for one in made:
        await ended(mei.client, one.json()["id"])
    first = (await mei.client.get(IMAGES, params={"page_size": 2})).json()
    assert (first["total"], len(first["items"])) == (3, 2)
    rest = (await mei.client.get(IMAGES, params={"page_size": 2, "cursor": first["next_cursor"]})).json()
    assert [one["parameters"]["prompt"] for one in (*first["items"], *rest["items"])] == ["coat 2", "coat 1", "coat 0"]
    assert (await mei.client.get(IMAGES, params={"kind": "batch"})).json()["total"] == 0
    assert (await mei.client.get(IMAGES, params={"kind": "generate", "status": "succeeded"})).json()["total"] == 3
    assert (await mei.client.get(IMAGES, params={"status": "failed"})).json()["total"] == 0
    assert (await mei.client.get(IMAGES, params={"kind": "tryon"})).status_code == 422
    assert (await mei.client.get(IMAGES, params={"cursor": "none"})).status_code == 422


async def test_the_budget_is_told_and_kept(studio: House, fake: FakeGemini) -> None:
    mei = await studio.person("mei")
    for number in range(2):
        made = await mei.client.post(ASK, json={"prompt": f"coat {number}", "resolution": "4K", "provider": "gemini"})
        assert (await ended(mei.client, made.json()["id"]))["status"] == "succeeded"
    made = await mei.client.post(ASK, json={"prompt": "coat 3", "provider": "gemini"})
    task = await ended(mei.client, made.json()["id"])
    assert (task["status"], task["error"]["code"]) == ("failed", "budget_spent")
    assert (await mei.client.get(PROVIDERS)).json()["budget"]["spent"] == pytest.approx(0.2)
    assert fake.bought == 2


async def test_a_program_with_a_token_draws_and_one_without_the_scope_does_not(studio: House) -> None:
    mei = await studio.person("mei")
    program = await studio.token(mei, "generate:create", "tasks:read")
    made = await program.post(ASK, json={"prompt": "a coat", "provider": "sandbox"})
    assert (await ended(program, made.json()["id"]))["status"] == "succeeded"
    reader = await studio.token(mei, "tasks:read")
    assert (await reader.post(ASK, json={"prompt": "a coat", "provider": "sandbox"})).status_code == 403
    assert (await reader.get(PROVIDERS)).status_code == 200


async def test_deleting_the_account_takes_references_along(studio: House) -> None:
    mei = await studio.person("mei")
    brought = "data:image/png;base64," + base64.b64encode(make_photo(7)).decode()
    made = await mei.client.post(ASK, json={"prompt": "a", "provider": "sandbox", "reference_images": [brought]})
    await ended(mei.client, made.json()["id"])
    keys = [one.key async for one in studio.parts.storage.list("references/")]
    assert len(keys) == 1
    boss = await studio.admin()
    assert (await boss.client.delete(f"/api/v1/admin/users/{mei.user_id}")).status_code == 200
    assert [one.key async for one in studio.parts.storage.list("references/")] == []
    assert [one.key async for one in studio.parts.storage.list("images/")] == []


@pytest.mark.deep
def test_a_server_that_is_killed_in_mid_work_does_not_pay_twice(tmp_path: Path) -> None:
    """The real thing: over sockets, in processes of their own."""
    with FakeGemini("hang") as fake:
        settings = {"VTONLAB_GEMINI_API_KEY": KEY, "VTONLAB_GEMINI_URL": fake.address}
        with serve(tmp_path, **settings) as server, at_home(server.address) as home:
            brought = base64.b64encode(make_photo(2, 2400, 1600)).decode()
            body = {"prompt": "a coat", "reference_images": [f"data:image/png;base64,{brought}"]}
            task_id = home.post(ASK, json=body).json()["id"]
            until(lambda: fake.bought == 1)
            server.kill(signal.SIGKILL)
        with serve(tmp_path, **settings) as server, at_home(server.address) as home:
            task = until(lambda: found if (found := read(home, task_id))["status"] == "failed" else None)
            assert task["error"]["code"] == "answer_lost"
            made = home.post(ASK, json={"prompt": "a red coat"}).json()
            assert until(lambda: read(home, made["id"])["status"] == "succeeded")
        assert (fake.asked, fake.bought) == (2, 2)


@contextmanager
def at_home(address: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=address, trust_env=False, timeout=60, headers={"Accept-Language": "en"}) as client:
        assert client.post("/api/v1/auth/local", headers={"Origin": address}).status_code == 200
        yield client


def read(client: httpx.Client, task_id: str) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"{IMAGES}/tasks/{task_id}").json()
    return found


def until(find: Any) -> Any:
    end = time.monotonic() + 60
    while not (found := find()):
        assert time.monotonic() < end
        time.sleep(0.03)
    return found
