"""Pages that were written against the interface before: their try-on requests one by one, and every field they read."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from tests.api.fittings import pair
from tests.api.house import House, open_house

pytestmark = pytest.mark.anyio

PAGE = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with open_house(tmp_path_factory.mktemp("data"), mode="local") as house:
        yield house


@pytest.fixture(scope="module")
async def page(house: House) -> httpx.AsyncClient:
    """The older page, signed in with an account of its own, with a person and a shirt saved."""
    client = await house.visitor(**PAGE)
    wanted = {"username": "xiaomei", "email": "xiaomei@lab.example", "password": "secret1"}
    assert (await client.post("/api/register", json=wanted)).json()["success"]
    assert (await client.post("/api/login", json={"username": "xiaomei", "password": "secret1"})).json()["success"]
    await pair(client)
    return client


async def choose(page: httpx.AsyncClient) -> tuple[str, str]:
    """The first person and garment of the page's two lists, each shown as a picture."""
    chosen = []
    for category in ("char", "clothes"):
        answer = await page.get("/api/user/file-paths", params={"category": category, "include_files": "true"})
        assert answer.is_success
        told = answer.json()
        assert told["success"]
        chosen.append(told["paths"][category]["files"][0]["filename"])
        assert (await page.get(f"/api/user/current/images/{category}/{chosen[-1]}")).is_success
    return chosen[0], chosen[1]


def is_number(value: Any) -> bool:
    """What ``.toFixed`` and a template literal can show."""
    return isinstance(value, int | float) and not isinstance(value, bool)


async def test_the_page_prints_where_the_service_is(page: httpx.AsyncClient) -> None:
    told = (await page.get("/api/vton/check")).json()
    assert told["service_url"] if told["success"] else told["error"]
    assert isinstance(told["service_url"], str)
    assert isinstance(told["has_tryon_api"], bool)


@pytest.mark.parametrize(
    "form",
    [
        {"garment_description": "a shirt", "auto_mask": True, "auto_crop": True, "denoise_steps": 25, "seed": 42},
        {"garment_description": "", "auto_mask": True, "auto_crop": True, "denoise_steps": 25, "seed": None},
        {"garment_description": "蓝色衬衫", "auto_mask": False, "auto_crop": False, "denoise_steps": 15, "seed": 0},
        {"garment_description": "x" * 3000, "auto_mask": True, "auto_crop": False, "denoise_steps": 40, "seed": 2**31},
        {"garment_description": "a shirt", "auto_mask": True, "auto_crop": True, "denoise_steps": 1, "seed": -1},
        {"garment_description": None, "denoise_steps": 50, "seed": "", "presets": "fast", "timestamp": 1700000000000},
        {},
    ],
)
async def test_the_page_tries_on(page: httpx.AsyncClient, form: dict[str, Any]) -> None:
    human, garment = await choose(page)
    answer = await page.post("/api/vton/tryon", json={"human_image": human, "garment_image": garment, **form})
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["success"] is True
    result = told["result"]
    head, _, body = result["result_image"].partition(",")
    assert head == "data:image/png;base64"
    assert base64.b64decode(body).startswith(b"\x89PNG")
    for value in (result["processing_time"], result["parameters"]["denoise_steps"], result["parameters"]["seed"]):
        assert is_number(value)
    if form.get("denoise_steps"):
        assert result["parameters"]["denoise_steps"] == form["denoise_steps"]
    if isinstance(form.get("seed"), int):
        assert result["parameters"]["seed"] == form["seed"]
    assert result["has_original_page"] is False
    assert {"original_page_title", "original_page_url"} <= result.keys()
    assert result["is_favorited"] is False
    assert result["result_image_id"]
    assert result["vton_id"]


async def test_the_page_likes_the_picture_and_then_not(page: httpx.AsyncClient) -> None:
    human, garment = await choose(page)
    result = (await page.post("/api/vton/tryon", json={"human_image": human, "garment_image": garment})).json()[
        "result"
    ]
    for chosen in (
        {"image_id": result["result_image_id"], "type": "image"},
        {"vton_result_id": result["vton_id"], "type": "vton_result"},
    ):
        told = (await page.post("/api/favorites", json=chosen)).json()
        assert (told["success"], bool(told["message"])) == (True, True)
        assert (await page.get("/api/vton/history")).json()["history"][0]["is_favorited"] is True
        told = (await page.request("DELETE", "/api/favorites", json=chosen)).json()
        assert (told["success"], bool(told["message"])) == (True, True)
        assert (await page.get("/api/vton/history")).json()["history"][0]["is_favorited"] is False


async def test_the_page_lists_its_history(page: httpx.AsyncClient) -> None:
    told = (await page.get("/api/vton/history")).json()
    assert told["success"] is True
    assert told["history"]
    for one in told["history"]:
        assert {"human_image", "garment_image", "created_at", "mask_url"} <= one.keys()
        assert one["processing_time"] is None or is_number(one["processing_time"])
        assert isinstance(one["is_favorited"], bool)
        for text in (one["id"], one["result_url"]):  # inside quoted onclick text
            assert not set(str(text)) & {"'", '"'}
        assert (await page.get(one["result_url"])).is_success
        assert (await page.get(one["mask_url"])).is_success


async def test_the_page_shows_what_went_wrong(page: httpx.AsyncClient) -> None:
    _, garment = await choose(page)
    answer = await page.post("/api/vton/tryon", json={"human_image": "gone.jpg", "garment_image": garment})
    assert not answer.is_success
    assert answer.status_code == 404
    assert answer.json()["error"]
    assert answer.json()["success"] is False


async def test_a_page_that_is_not_signed_in_tries_on_as_a_guest(house: House) -> None:
    page = await house.visitor(**PAGE)
    body = await pair(page)
    told = (await page.post("/api/vton/tryon", json=body | {"seed": None})).json()
    assert told["success"] is True
    history = (await page.get("/api/vton/history")).json()
    assert history["history"][0]["id"] == told["result"]["vton_id"]


async def test_a_script_that_sends_no_type_and_reads_chunks(house: House) -> None:
    script = await house.visitor()
    body = await pair(script)
    answer = await script.post("/api/vton/tryon", json=body, headers={"User-Agent": "python-requests/2.31"})
    assert answer.status_code == 200
    assert answer.json()["result"]["engine"] == "instant"
    empty = await script.post("/api/vton/tryon", headers={"Content-Type": "application/json"})
    assert (empty.status_code, empty.json()["success"]) == (400, False)
