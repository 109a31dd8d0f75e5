"""Try-ons over HTTP, from the request to the picture in the library: both interfaces, in process."""

from __future__ import annotations

import asyncio
import base64
import io
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image
from tests.api.fittings import keep, pair, person, shirt
from tests.api.house import House, make_photo, open_house

from vtonlab.imaging.manifest import read_manifest

pytestmark = pytest.mark.anyio

TRY_ON = "/api/vton/tryon"
HISTORY = "/api/vton/history"
STUDIO = "/api/v1/tryon"


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """One loop for all, so that one house serves them."""
    return "asyncio"


@pytest.fixture(scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with open_house(tmp_path_factory.mktemp("data"), mode="local", sandbox_on=True) as house:
        yield house


@pytest.fixture(scope="module")
async def home(house: House) -> httpx.AsyncClient:
    """Our own page, signed in as the machine's user."""
    return (await house.admin()).client


@pytest.fixture(scope="module")
async def wanted(home: httpx.AsyncClient) -> dict[str, Any]:
    return await pair(home)


def open_data_url(text: str) -> bytes:
    head, _, body = text.partition(",")
    assert head == "data:image/png;base64"
    return base64.b64decode(body, validate=True)


async def end(client: httpx.AsyncClient, task_id: str) -> dict[str, Any]:
    """The task when it has ended."""
    async with asyncio.timeout(60):
        while True:
            task: dict[str, Any] = (await client.get(f"/api/v1/tasks/{task_id}")).json()
            if task["status"] in {"succeeded", "failed", "cancelled"}:
                return task
            await asyncio.sleep(0.02)


# ---- the wardrobe


async def test_a_try_on_waits_for_its_picture(home: httpx.AsyncClient, wanted: dict[str, Any]) -> None:
    answer = await home.post(TRY_ON, json=wanted)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["success"] is True
    assert told["message"] == "试衣完成"
    result = told["result"]
    data = open_data_url(result["result_image"])
    picture = Image.open(io.BytesIO(data))
    assert (picture.format, picture.size) == ("PNG", (384, 512))
    photo = np.asarray(Image.open(io.BytesIO(person())).convert("RGB")).astype(int)
    change = np.abs(np.asarray(picture.convert("RGB")).astype(int) - photo).max(axis=2)
    assert (change[200:330, 150:230] > 40).mean() > 0.5, "the shirt is on the chest"
    assert change[:20].max() == 0, "the backdrop is as it was, bit for bit"
    assert b"digitalsourcetype/composite" in data
    manifest = read_manifest(data)
    assert manifest is not None
    assert manifest.engine == "instant"
    assert result["engine"] == "instant"
    assert result["human_image"] == wanted["human_image"]
    assert result["garment_image"] == wanted["garment_image"]
    assert result["result_filename"].startswith("vton_result_")
    assert result["has_original_page"] is False
    assert result["is_favorited"] is False
    for number in (result["processing_time"], result["parameters"]["denoise_steps"], result["parameters"]["seed"]):
        assert isinstance(number, int | float)
        assert not isinstance(number, bool)
    assert (await home.get(result["result_url"])).content == data
    assert (await home.get(f"/api/images/{result['result_image_id']}")).json()["image"]["category"] == "vton_results"


async def test_the_answer_is_not_compressed_a_second_time(home: httpx.AsyncClient, wanted: dict[str, Any]) -> None:
    answer = await home.post(TRY_ON, json=wanted, headers={"Accept-Encoding": "gzip"})
    assert answer.status_code == 200
    assert "gzip" not in answer.headers.get("content-encoding", "")


async def test_the_mask_says_where_the_picture_differs(home: httpx.AsyncClient, wanted: dict[str, Any]) -> None:
    result = (await home.post(TRY_ON, json=wanted)).json()["result"]
    answer = await home.get(result["mask_url"])
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["cache-control"] == "private, no-cache"
    mask = np.asarray(Image.open(io.BytesIO(answer.content)))
    assert mask.shape == (512, 384)
    picture = np.asarray(Image.open(io.BytesIO(open_data_url(result["result_image"]))).convert("RGB"))
    photo = np.asarray(Image.open(io.BytesIO(person())).convert("RGB"))
    assert (picture != photo)[mask == 0].sum() == 0
    again = await home.get(result["mask_url"], headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert (await home.get(f"{STUDIO}/none/mask")).status_code == 404


async def test_who_does_not_wait_gets_the_task(home: httpx.AsyncClient, wanted: dict[str, Any]) -> None:
    answer = await home.post(TRY_ON, json=wanted | {"wait": False})
    assert answer.status_code == 202
    assert answer.json()["success"] is True
    task = await end(home, answer.json()["task_id"])
    assert task["status"] == "succeeded"
    assert task["kind"] == "tryon"
    (image,) = task["result"]["images"]
    assert image.keys() >= {"image_id", "url", "width", "height"}
    assert (await home.get(image["url"])).status_code == 200
    old = (await home.get(f"/api/task/{task['id']}")).json()["status"]
    assert (old["status"], old["image_id"]) == ("completed", image["image_id"])


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"human_image": "char_20200101_000000_00000000.png"}, 404, "not_there"),
        ({"garment_image": "../../etc/passwd"}, 404, "not_there"),
        ({"human_image": None}, 400, "bad_request"),
        ({"garment_image": ""}, 400, "bad_request"),
        ({"human_image": 7}, 400, "bad_request"),
        ({"denoise_steps": 0}, 400, "bad_request"),
        ({"denoise_steps": 51}, 400, "bad_request"),
        ({"denoise_steps": "many"}, 400, "bad_request"),
        ({"garment_kind": "hat"}, 400, "bad_request"),
        ({"seed": 10**30}, 400, "bad_request"),
        ({"auto_mask": "perhaps"}, 400, "bad_request"),
        ({"engine": "none"}, 400, "unknown_engine"),
        ({"options": {"tuck": "sideways"}}, 400, "bad_option"),
        ({"engine": "fashn"}, 503, "engine_not_set_up"),
    ],
)
async def test_what_cannot_be_asked_is_refused_at_once(
    home: httpx.AsyncClient, wanted: dict[str, Any], change: dict[str, Any], status: int, code: str
) -> None:
    before = (await home.get("/api/v1/tasks")).json()["total"]
    answer = await home.post(TRY_ON, json=wanted | change)
    told = answer.json()
    assert (answer.status_code, told["code"], told["success"]) == (status, code, False), answer.text
    assert told["error"]
    assert any("\u4e00" <= letter <= "\u9fff" for letter in told["error"])
    assert (await home.get("/api/v1/tasks")).json()["total"] == before


async def test_a_photo_without_a_person_is_told_in_the_readers_language(home: httpx.AsyncClient) -> None:
    nobody = await keep(home, make_photo(1, 300, 400), "char")
    body = {"human_image": nobody, "garment_image": await keep(home, shirt(), "clothes")}
    answer = await home.post(TRY_ON, json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "no_person_found")
    assert answer.json()["error"] == "照片中没有找到人物。"
    answer = await home.post(TRY_ON, json=body, headers={"Accept-Language": "en"})
    assert answer.json()["error"] == "No person was found in the photo."


async def test_the_page_of_the_garment_is_carried_along(home: httpx.AsyncClient, wanted: dict[str, Any]) -> None:
    data = "data:image/jpeg;base64," + base64.b64encode(shirt(1)).decode()
    page = {"url": "https://shop.example/shirt?id=7", "title": "A shirt"}
    saved = (await home.post("/api/receive-image", json={"imageData": data, "pageInfo": page})).json()
    body = wanted | {"garment_image": saved["filename"]}
    result = (await home.post(TRY_ON, json=body)).json()["result"]
    assert result["has_original_page"] is True
    assert result["original_page_url"] == page["url"]
    assert result["original_page_title"] == page["title"]


async def test_the_history_outlives_its_pictures(home: httpx.AsyncClient) -> None:
    body = await pair(home, step=2)
    result = (await home.post(TRY_ON, json=body)).json()["result"]
    first = (await home.get(HISTORY)).json()["history"][0]
    assert first["id"] == result["vton_id"]
    assert first["result_url"] == result["result_url"]
    assert first["mask_url"] == result["mask_url"]
    assert first["is_favorited"] is False
    liked = await home.post("/api/favorites", json={"vton_result_id": first["id"], "type": "vton_result"})
    assert liked.json()["success"], liked.text
    assert (await home.get(HISTORY)).json()["history"][0]["is_favorited"] is True
    garments = (await home.get("/api/user/images?category=clothes")).json()["images"]
    garment = next(one["id"] for one in garments if one["filename"] == body["garment_image"])
    for image_id in (result["result_image_id"], garment):
        assert (await home.delete(f"/api/images/{image_id}")).status_code == 200
        assert (await home.delete(f"/api/v1/library/trash/{image_id}")).status_code == 204
    first = (await home.get(HISTORY)).json()["history"][0]
    assert (first["id"], first["garment_image"]) == (result["vton_id"], body["garment_image"])
    assert (first["result_url"], first["mask_url"], first["is_favorited"]) == (None, None, False)
    entry = (await home.get(f"{STUDIO}/{result['vton_id']}")).json()
    assert (entry["url"], entry["thumbnail_url"], entry["mask_url"], entry["width"]) == (None, None, None, None)
    assert (await home.get(result["mask_url"])).status_code == 404


async def test_pages_of_the_history(house: House, home: httpx.AsyncClient, wanted: dict[str, Any]) -> None:
    for _ in range(3):
        assert (await home.post(TRY_ON, json=wanted)).status_code == 200
    total = (await home.get(HISTORY)).json()["total"]
    assert total >= 3
    page = (await home.get(HISTORY, params={"page": 1, "per_page": 2})).json()
    assert (len(page["history"]), page["has_next"], page["has_prev"]) == (2, True, False)
    page = (await home.get(HISTORY, params={"page": 2, "per_page": 2})).json()
    assert page["has_prev"] is True
    beyond = (await home.get(HISTORY, params={"page": 10**9, "per_page": 500})).json()
    assert (beyond["history"], beyond["per_page"], beyond["success"]) == ([], 50, True)
    assert (await home.get(HISTORY, params={"page": "", "per_page": ""})).json()["page"] == 1
    studio = (await home.get(f"{STUDIO}/history", params={"page_size": 2})).json()
    assert (len(studio["items"]), studio["total"], studio["page_size"]) == (2, total, 2)
    assert (await (await house.visitor()).get(HISTORY)).json()["total"] == total, "guests of this machine see the same"


# ---- the studio


async def test_the_studio_answers_with_the_task(home: httpx.AsyncClient, wanted: dict[str, Any]) -> None:
    answer = await home.post(STUDIO, json=wanted | {"garment_kind": "upper", "options": {"tuck": "out"}})
    assert answer.status_code == 202, answer.text
    told = answer.json()
    assert told["kind"] == "tryon"
    assert told["status"] in {"queued", "running", "succeeded"}
    task = await end(home, told["id"])
    entry = (await home.get(f"{STUDIO}/{task['result']['vton_id']}")).json()
    assert entry["task_id"] == told["id"]
    assert entry["parameters"]["tuck"] == "out"
    assert 0 < entry["confidence"] <= 1
    assert (await home.get(entry["url"])).status_code == 200
    assert (await home.get(entry["thumbnail_url"])).status_code == 200


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"colour": "red"}, 422, "bad_request"),
        ({"garment_image": None}, 422, "bad_request"),
        ({"outfit": []}, 422, "bad_request"),
        ({"outfit": [{"garment_image": "a"}]}, 422, "bad_request"),
        ({"human_images": ["a"]}, 422, "bad_request"),
        ({"denoise_steps": 60}, 422, "bad_request"),
        ({"denoise_steps": 20}, 422, "bad_option"),
        ({"options": {"steps": 20}}, 422, "bad_option"),
        ({"mask_image": "a"}, 422, "bad_option"),
        ({"engine": "none"}, 404, "unknown_engine"),
        ({"human_image": "none"}, 404, "not_there"),
        ({"engine": "gemini"}, 503, "engine_not_set_up"),
    ],
)
async def test_the_studio_is_strict(
    home: httpx.AsyncClient, wanted: dict[str, Any], change: dict[str, Any], status: int, code: str
) -> None:
    answer = await home.post(STUDIO, json=wanted | change)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_drawn_mask_may_be_larger_than_other_bodies_and_is_told_to_nobody(
    home: httpx.AsyncClient, wanted: dict[str, Any]
) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (1024, 768, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).save(file, "PNG")
    mask = "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
    assert len(mask) > 2_500_000
    answer = await home.post(STUDIO, json=wanted | {"engine": "sandbox", "mask_image": mask})
    assert answer.status_code == 202, answer.text
    task = await end(home, answer.json()["id"])
    assert task["status"] == "succeeded", task
    assert len(json.dumps(task)) < 5_000
    too_large = mask + "A" * 3_000_000
    answer = await home.post(STUDIO, json=wanted | {"engine": "sandbox", "mask_image": too_large})
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_request")
    assert (await home.post(STUDIO, json=wanted | {"mask_image": "A" * 8_000_000})).status_code == 413


async def test_everybody_in_everything(home: httpx.AsyncClient, wanted: dict[str, Any]) -> None:
    second = await keep(home, shirt(3), "clothes")
    body = {"human_images": [wanted["human_image"]], "garment_images": [wanted["garment_image"], second]}
    answer = await home.post(STUDIO, json=body)
    assert answer.status_code == 202, answer.text
    parent = answer.json()
    assert len(parent["children"]) == 2
    ended = await end(home, parent["id"])
    assert ended["status"] == "succeeded"
    for child in parent["children"]:
        assert (await end(home, child))["parent_id"] == parent["id"]
    too_many = {"human_images": [wanted["human_image"]] * 21, "garment_images": [second] * 20}
    assert (await home.post(STUDIO, json=too_many)).status_code == 422


async def test_an_outfit_is_put_in_order(home: httpx.AsyncClient, wanted: dict[str, Any]) -> None:
    lower = await keep(home, shirt(4), "clothes")
    outfit = [
        {"garment_image": lower, "garment_kind": "lower"},
        {"garment_image": wanted["garment_image"], "garment_kind": "upper"},
    ]
    answer = await home.post(STUDIO, json={"human_image": wanted["human_image"], "outfit": outfit})
    assert answer.status_code == 202, answer.text
    asked = (await end(home, answer.json()["id"]))["parameters"]["outfit"]
    assert [one["garment_kind"] for one in asked] == ["upper", "lower"]
    both_upper = [dict(one, garment_kind="upper") for one in outfit]
    answer = await home.post(STUDIO, json={"human_image": wanted["human_image"], "outfit": both_upper})
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_request")


async def test_a_request_repeated_with_its_key_is_one_task(home: httpx.AsyncClient, wanted: dict[str, Any]) -> None:
    headers = {"Idempotency-Key": "look-1"}
    first = await home.post(STUDIO, json=wanted, headers=headers)
    again = await home.post(STUDIO, json=wanted, headers=headers)
    assert first.json()["id"] == again.json()["id"]
    other = await home.post(STUDIO, json=wanted | {"garment_kind": "upper"}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (409, "conflict")
    refused = await home.post(STUDIO, json=wanted, headers={"Idempotency-Key": "x" * 200})
    assert refused.status_code == 422
    await end(home, first.json()["id"])


async def test_a_request_repeated_when_its_pictures_are_gone_is_answered_the_same(home: httpx.AsyncClient) -> None:
    mine, other = await pair(home, step=8), await pair(home, step=9)
    alone, matrix = {"Idempotency-Key": "gone-1"}, {"Idempotency-Key": "gone-2"}
    several = {"human_images": [mine["human_image"]], "garment_images": [mine["garment_image"]]}
    first = await home.post(STUDIO, json=mine, headers=alone)
    group = await home.post(STUDIO, json=several, headers=matrix)
    garment = (await end(home, first.json()["id"]))["parameters"]["garment_image"]
    await end(home, group.json()["id"])
    assert (await home.delete(f"/api/images/{garment}")).status_code == 200
    again = await home.post(STUDIO, json=mine, headers=alone)
    assert (again.status_code, again.json()["id"]) == (202, first.json()["id"])
    assert (await home.post(STUDIO, json=several, headers=matrix)).json()["id"] == group.json()["id"]
    assert (await home.get(f"/api/images/{garment}")).status_code == 404
    for body, headers in ((mine, {}), (mine, {"Idempotency-Key": "gone-3"})):
        assert (await home.post(STUDIO, json=body, headers=headers)).status_code == 404
    else_than_first = mine | {"human_image": other["garment_image"]}
    assert (await home.post(STUDIO, json=else_than_first, headers=alone)).status_code == 404


async def test_a_try_on_can_be_stopped(home: httpx.AsyncClient, wanted: dict[str, Any]) -> None:
    body = {"human_images": [wanted["human_image"]], "garment_images": [await keep(home, shirt(5), "clothes")]}
    body["garment_images"] += [await keep(home, shirt(6 + step), "clothes") for step in range(3)]
    parent = (await home.post(STUDIO, json=body)).json()
    assert (await home.post(f"/api/v1/tasks/{parent['id']}/cancel")).status_code == 200
    assert (await end(home, parent["id"]))["status"] == "cancelled"


async def test_the_wait_has_an_end_but_the_task_goes_on(tmp_path_factory: pytest.TempPathFactory) -> None:
    async with open_house(tmp_path_factory.mktemp("data"), mode="local", wait_seconds=0.001) as house:
        client = await house.visitor()
        answer = await client.post(TRY_ON, json=await pair(client))
        assert (answer.status_code, answer.json()["code"]) == (504, "engine_timeout")
        (task,) = (await client.get("/api/v1/tasks?kind=tryon")).json()["items"]
        assert (await end(client, task["id"]))["status"] == "succeeded"


async def test_who_goes_away_finds_the_picture_in_the_history(tmp_path_factory: pytest.TempPathFactory) -> None:
    async with open_house(tmp_path_factory.mktemp("data"), mode="local") as house:
        client = await house.visitor()
        body = await pair(client)
        asking = asyncio.create_task(client.post(TRY_ON, json=body))
        async with asyncio.timeout(30):
            while not (await client.get("/api/v1/tasks?kind=tryon")).json()["items"]:  # noqa: ASYNC110 - over HTTP
                await asyncio.sleep(0.01)
        asking.cancel()
        (task,) = (await client.get("/api/v1/tasks?kind=tryon")).json()["items"]
        assert (await end(client, task["id"]))["status"] == "succeeded"
        assert (await client.get(HISTORY)).json()["total"] == 1
