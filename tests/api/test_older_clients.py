"""Clients that were written against the interface before: their requests one by one, and every field they read."""

from __future__ import annotations

import base64
import io
import time
from typing import Any

import httpx
import pytest
from PIL import Image
from tests.api.house import House, make_photo, open_house

pytestmark = pytest.mark.anyio

EXTENSION = {"Origin": "chrome-extension://knldjmfmopnpolahpmmgbagdohdnhkik", "Sec-Fetch-Site": "cross-site"}
PAGE = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
JSON = {"Content-Type": "application/json"}
ONE_PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
CONTEXT = {
    "altText": "Linen shirt",
    "contextText": "New in · 49 EUR",
    "position": {"top": -12.5, "left": 0.333, "width": 300, "height": 400.25},
    "parentTagName": "DIV",
    "imageDimensions": {"naturalWidth": 600, "naturalHeight": 800, "displayWidth": 300, "displayHeight": 400},
}


def data_url(photo: bytes, kind: str = "png") -> str:
    return f"data:image/{kind};base64,{base64.b64encode(photo).decode()}"


def from_extension(seed: int, **page: Any) -> dict[str, Any]:
    told = {"url": "https://shop.example/shirt?id=1", "title": "A shirt", "documentTitle": "A shirt"}
    return {
        "imageData": data_url(make_photo(seed)),
        "originalUrl": "https://shop.example/shirt.jpg",
        "timestamp": int(time.time() * 1000),
        "source": "browser-extension",
        "pageInfo": told | {"favIconUrl": "https://shop.example/i.ico", "documentUrl": "about:blank"} | page,
    }


# ---- the browser extension: a service worker without a cookie


@pytest.mark.parametrize(
    "body",
    [
        from_extension(1, contextFound=True, imageContext=CONTEXT, timestamp=1),
        from_extension(2, contextFound=False, imageContext=None),
        from_extension(3, contextFound=False, error="Could not establish connection"),
        from_extension(4) | {"pageInfo": {"url": "file:///home/me/page.html", "title": ""}},
        from_extension(5) | {"pageInfo": {"url": "about:blank", "title": "x"}, "originalUrl": "blob:https://a/1-2"},
        from_extension(6) | {"originalUrl": data_url(b"x" * 9_000)},
        from_extension(7) | {"imageData": data_url(make_photo(7, kind="JPEG"), "jpeg")},
        from_extension(8) | {"imageData": data_url(make_photo(8, kind="WEBP"), "webp"), "pageInfo": None},
    ],
)
async def test_the_extension_saves_a_picture_and_asks_what_became_of_it(
    local_house: House, body: dict[str, Any]
) -> None:
    worker = await local_house.visitor()
    assert (await worker.get("/api/status", headers=EXTENSION)).is_success
    answer = await worker.post("/api/receive-image", json=body, headers=EXTENSION)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["success"] is True
    assert told["category"] == "clothes"
    worker.cookies.clear()
    task = await worker.get(f"/api/task/{told['taskId']}", headers=EXTENSION)
    assert task.is_success
    assert task.json()["status"]["status"] == "completed"
    assert task.json()["status"]["image_id"] == told["imageId"]


async def test_the_extension_is_told_why_not(local_house: House) -> None:
    worker = await local_house.visitor()
    answer = await worker.post(
        "/api/receive-image", json={"imageData": "data:image/png;base64,AAAA"}, headers=EXTENSION
    )
    assert not answer.is_success
    assert answer.json()["success"] is False
    assert answer.json()["error"]
    assert not (await worker.get("/api/task/none", headers=EXTENSION)).is_success


async def test_on_a_server_the_extension_is_told_how_to_pair_and_then_saves(server_house: House) -> None:
    worker = await server_house.visitor()
    answer = await worker.post("/api/receive-image", json=from_extension(1), headers=EXTENSION)
    assert answer.status_code == 401
    assert "登录" in answer.json()["error"]
    mei = await server_house.person("mei")
    paired = await server_house.token(mei, "images:upload", "images:read", "tasks:read")
    answer = await paired.post("/api/receive-image", json=from_extension(1), headers=EXTENSION)
    assert answer.status_code == 200
    task = await paired.get(f"/api/task/{answer.json()['taskId']}", headers=EXTENSION)
    assert task.json()["status"]["status"] == "completed"


# ---- the pages: same origin, a session cookie


async def sign_in(client: httpx.AsyncClient, name: str) -> None:
    wanted = {"username": name, "email": f"{name}@lab.example", "password": "secret1"}
    answer = await client.post("/api/register", json=wanted, headers=PAGE)
    assert answer.json()["success"], answer.text
    answer = await client.post("/api/login", json={"username": name, "password": "secret1"}, headers=PAGE)
    assert answer.json()["success"]
    assert answer.json()["user"]["username"] == name


@pytest.mark.parametrize("mode", ["local", "server"])
async def test_the_pages(tmp_path_factory: pytest.TempPathFactory, mode: str) -> None:
    async with open_house(tmp_path_factory.mktemp("data"), mode=mode) as house:
        page = await house.visitor(**PAGE)
        await look_around_signed_out(page)
        await sign_in(page, "mei")
        profile = (await page.get("/api/user/profile", headers=JSON | {"Cache-Control": "no-cache"})).json()
        wanted = {"username", "email", "created_at", "last_login", "image_count", "cloud_sync_enabled"}
        assert wanted <= profile["user"].keys()
        ids = await save_pictures(page)
        await look_at_pictures(page, ids)
        await use_favourites(page, ids)
        answer = await page.post("/api/images/batch-delete", json={"image_ids": ids})
        assert answer.json()["success"]
        assert answer.json()["message"]
        await page.post("/api/logout")
        assert (await page.get("/api/user/profile")).status_code == 401


async def look_around_signed_out(page: httpx.AsyncClient) -> None:
    profile = await page.get("/api/user/profile", headers=JSON)
    assert profile.status_code == 401
    assert profile.json()["success"] is False
    assert "登录" in profile.json()["error"]
    for language in ("en", "zh-CN", "fr"):
        told = (await page.get("/api/user/profile", headers={"Accept-Language": language})).json()
        assert "登录" in told["error"]
    latest = await page.get("/api/user/images?per_page=6")
    assert "images" not in latest.json()
    assert isinstance((await page.get("/api/status")).json()["total_images"], int)
    for path in ("/api/favorites?page=1&per_page=20&type=image", "/api/user/images?page=1&per_page=20"):
        assert (await page.get(path)).status_code == 401


async def save_pictures(page: httpx.AsyncClient) -> list[str]:
    pasted = await page.post("/api/upload-clipboard", json={"imageData": data_url(make_photo(1)), "category": "char"})
    assert pasted.json()["success"]
    assert pasted.json()["filename"].startswith("char_")
    file = {"file": ("裙子 red.jpg", make_photo(2, kind="JPEG"), "image/jpeg")}
    chosen = await page.post("/api/upload-file", files=file, data={"category": "clothes"})
    assert chosen.json()["success"]
    bad = await page.post("/api/upload-file", files={"file": ("a.png", b"none")}, data={"category": "clothes"})
    assert bad.json()["success"] is False
    assert bad.json()["error"]
    return [pasted.json()["imageId"], chosen.json()["imageId"]]


async def look_at_pictures(page: httpx.AsyncClient, ids: list[str]) -> None:
    stats = (await page.get("/api/categories/stats")).json()
    assert (stats["success"], stats["total"]) == (True, 2)
    assert stats["stats"]["clothes"] == stats["stats"]["char"] == 1
    assert {"vton_results", "favorites"} <= stats["stats"].keys()
    for category, count in (("", 2), ("&category=clothes", 1), ("&category=vton_results", 0)):
        listed = (await page.get(f"/api/user/images?page=1&per_page=20{category}")).json()
        assert len(listed["images"]) == count
        assert listed["pages"] == (1 if count else listed["pages"])
    images = (await page.get("/api/user/images?per_page=6")).json()["images"]
    assert {image["id"] for image in images} == set(ids)
    read = "id thumbnail_url preview_url page_title page_url category is_favorited saved_at file_size image_width"
    for image in images:
        assert {*read.split(), "image_height", "cloud_synced", "filename"} <= image.keys()
        assert not set("'\"") & set(image["id"] + image["preview_url"] + image["thumbnail_url"])
        for address in (image["preview_url"], image["thumbnail_url"]):
            shown = await page.get(address)
            assert shown.status_code == 200
            assert Image.open(io.BytesIO(shown.content)).size
    paths = (await page.get("/api/user/file-paths?category=char&include_files=true")).json()
    name = paths["paths"]["char"]["files"][0]["filename"]
    assert (await page.get(f"/api/user/current/images/char/{name}")).status_code == 200


async def use_favourites(page: httpx.AsyncClient, ids: list[str]) -> None:
    heart = {"image_id": ids[0], "type": "image"}
    first = (await page.post("/api/favorites", json=heart)).json()
    assert first["success"]
    assert first["message"]
    again = await page.post("/api/favorites", json=heart)
    assert again.status_code == 200
    assert again.json() == {"success": False, "message": "已经收藏过了"}
    listed = (await page.get("/api/favorites?page=1&per_page=20&type=image")).json()
    assert listed["favorites"][0]["id"] == ids[0]
    assert listed["favorites"][0]["favorited_at"]
    assert listed["pages"] == 1
    gone = await page.request("DELETE", "/api/favorites", json=heart)
    assert gone.json()["success"]
    gone = await page.request("DELETE", "/api/favorites", json=heart)
    assert (gone.status_code, gone.json()["success"]) == (200, False)


# ---- test_api.py: a JSON type on every request, a cookie jar, exact statuses


async def test_the_program_that_calls_everything_json(local_house: House) -> None:
    program = await local_house.visitor(**JSON)
    status = await program.get("/api/status")
    assert status.status_code == 200
    assert status.json()["status"] == "running"
    assert {"timestamp", "total_images"} <= status.json().keys()
    check = await program.get("/api/auth/check")
    assert (check.status_code, check.json()["authenticated"]) == (200, False)
    wrong = await program.post("/api/login", json={"username": "admin", "password": "admin123", "remember_me": True})
    assert wrong.status_code == 401
    assert wrong.json()["success"] is False
    name = f"testuser_{int(time.time())}"
    made = await program.post(
        "/api/register", json={"username": name, "email": f"{name}@a.example", "password": "secret"}
    )
    assert made.status_code == 200
    assert made.json()["success"]
    assert made.json()["user_id"]
    entered = await program.post("/api/login", json={"username": name, "password": "secret", "remember_me": True})
    assert (entered.status_code, entered.json()["user"]["username"]) == (200, name)
    assert "Max-Age=" in entered.headers["set-cookie"]
    profile = (await program.get("/api/user/profile")).json()["user"]
    assert {"user_id", "username", "email", "image_count", "created_at"} <= profile.keys()
    for category in ("clothes", "char"):
        body = {"imageData": data_url(ONE_PIXEL), "category": category}
        saved = await program.post("/api/upload-clipboard", json=body)
        assert saved.status_code == 200
        assert {"taskId", "imageId", "filename", "fileSize"} <= saved.json().keys()
        assert (saved.json()["category"], saved.json()["isLoggedIn"]) == (category, True)
        assert "duplicate_of" not in saved.json()
    listed = (await program.get("/api/user/images?per_page=10")).json()
    assert (listed["total"], listed["pages"]) == (2, 1)
    assert {"id", "filename", "page_title", "saved_at", "file_size", "preview_url"} <= listed["images"][0].keys()
    shown = await program.get(listed["images"][0]["preview_url"])
    assert shown.status_code == 200
    assert shown.headers["content-type"] == "image/png"
    assert int(shown.headers["content-length"]) == len(shown.content)
    broken = await program.post("/api/upload-file", content=b'--x\r\nContent-Disposition: form-data; name="file"\r\n')
    assert broken.status_code == 400
    assert broken.json()["success"] is False
    left = await program.post("/api/logout")
    assert (left.status_code, left.json()["success"]) == (200, True)


# ---- test_server.py


async def test_the_program_that_sends_one_picture_three_times(local_house: House) -> None:
    program = await local_house.visitor()
    name = f"testuser_{'1' * 14}"
    wanted = {"username": name, "email": "t@lab.example", "password": "secret1"}
    assert (await program.post("/api/register", json=wanted)).status_code == 200
    assert (await program.post("/api/login", json={"username": name, "password": "secret1"})).status_code == 200
    found = []
    for category in ("clothes", "char", "clothes"):
        page = {"url": "test://page", "title": "Test"}
        body = {"imageData": data_url(ONE_PIXEL), "originalUrl": "test://a", "category": category, "pageInfo": page}
        answer = await program.post("/api/receive-image", json=body)
        assert answer.status_code == 200
        assert answer.json()["success"]
        assert answer.json()["category"] == category
        found.append(answer.json())
    assert found[2]["duplicate_of"] == found[2]["imageId"] == found[0]["imageId"] != found[1]["imageId"]
    listed = (await program.get("/api/user/images?per_page=50")).json()
    assert listed["total"] == 2
    assert {image["context_info"]["category"] for image in listed["images"]} == {"clothes", "char"}
    for image in listed["images"]:
        kept = local_house.data / "images" / image["user_id"] / image["category"] / image["filename"]
        assert kept.is_file()


async def test_unknown_fields_are_ignored_here_and_refused_there(local_house: House) -> None:
    home = await local_house.admin()
    image = (await home.client.post("/api/upload-clipboard", json={"imageData": data_url(ONE_PIXEL)})).json()["imageId"]
    extra = {"page_title": "x", "colour": "red"}
    assert (await home.client.patch(f"/api/images/{image}", json=extra)).status_code == 200
    assert (await home.client.patch(f"/api/v1/library/images/{image}", json=extra)).status_code == 422
