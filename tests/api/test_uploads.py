"""Pictures coming in over HTTP, as the clients of clients.md send them."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image
from tests.api.house import House, make_photo, open_house, upload

pytestmark = pytest.mark.anyio

EXTENSION = {"Origin": "chrome-extension://abcdefghijklmnop"}
PIXEL = make_photo(seed=5, width=1, height=1)


def data_url(data: bytes, kind: str = "image/png") -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


async def receive(client: httpx.AsyncClient, **body: Any) -> httpx.Response:
    return await client.post("/api/receive-image", json=body, headers=EXTENSION)


async def left_behind(house: House) -> list[str]:
    """Files that belong to nothing: of uploads, of writes, of pictures without a row."""
    folders = [house.data / "tmp", house.data / ".unfinished"]
    found = [path.name for folder in folders if folder.is_dir() for path in folder.iterdir()]
    report = await house.parts.sweep.run(alone=True)
    return found + ["orphan"] * report.orphans + ["missing"] * report.missing


# ---- clipboard


async def test_a_pasted_pixel_is_a_picture(local_house: House) -> None:
    client = (await local_house.admin()).client
    for category in ("clothes", "char"):
        answer = await client.post("/api/upload-clipboard", json={"imageData": data_url(PIXEL), "category": category})
        assert answer.status_code == 200, answer.text
        told = answer.json()
        assert (told["success"], told["category"], told["isLoggedIn"]) == (True, category, True)
        assert told.keys() >= {"taskId", "imageId", "filename", "fileSize", "message"}
        assert "duplicate_of" not in told
        task = (await client.get(f"/api/task/{told['taskId']}")).json()["status"]
        assert (task["status"], task["image_id"]) == ("completed", told["imageId"])
    again = await client.post("/api/upload-clipboard", json={"imageData": data_url(PIXEL)})
    assert again.json()["category"] == "clothes"
    assert again.json()["duplicate_of"] == again.json()["imageId"]
    assert again.json()["message"] == "该图片已存在"


async def test_an_unknown_category_is_clothes_and_more_fields_are_ignored(local_house: House) -> None:
    client = await local_house.visitor()
    for category in ("shoes", None, 7, ["char"]):
        body = {"imageData": data_url(make_photo()), "category": category, "future": {"a": [1]}}
        answer = await client.post("/api/upload-clipboard", json=body)
        assert answer.json()["category"] == "clothes"
        assert answer.json()["isLoggedIn"] is False


NO_PICTURES = [
    (b"", 400),
    (b"{}", 400),
    (b'{"imageData": null}', 400),
    (b'{"imageData": 7}', 400),
    (b'{"imageData": "hello"}', 415),
    (b'{"imageData": "http://shop.example/a.png"}', 415),
    (b'{"imageData": "data:image/png;base64,!!!!"}', 415),
    (b'{"imageData": "data:image/png;base64,QUJD"}', 415),
    (b'{"imageData": "data:image/svg+xml,%3Csvg%2F%3E"}', 415),
    (b'{"imageData": "data:', 400),
    (b"[1]", 400),
    (b"\xff\xfe", 400),
    (b'{"imageData": NaN}', 400),
    (b"[" * 100_000, 400),
    (b'{"a": ' + b'"' + b"\\" * 99_999, 400),
]


async def test_what_is_no_picture_is_told_clearly(local_house: House) -> None:
    client = await local_house.visitor()
    for body, status in NO_PICTURES:
        answer = await client.post("/api/upload-clipboard", content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code == status, (body[:60], answer.text)
        assert answer.json()["success"] is False
        assert answer.json()["error"]
    assert await left_behind(local_house) == []


async def test_a_large_data_url_may_be_written_in_many_ways(local_house: House) -> None:
    client = await local_house.visitor()
    file = io.BytesIO()
    Image.effect_noise((900, 700), 90).save(file, "PNG")
    plain = data_url(file.getvalue())
    assert len(plain) > 500_000
    head, data = plain.split(",")
    lines = "\\r\\n".join(data[at : at + 76] for at in range(0, len(data), 76))
    forms = {
        "plain": json.dumps({"imageData": plain}),
        "escaped": json.dumps({"imageData": plain}).replace("/", "\\/"),
        "lines": json.dumps({"imageData": head + ","})[:-2] + lines + '"}',
        "url-safe": json.dumps({"imageData": head + "," + data.replace("+", "-").replace("/", "_").rstrip("=")}),
        "twice": json.dumps({"extra": "x" * 40_000, "imageData": plain, "more": [plain]}),
        "ascii": json.dumps({"note": "衣服" * 9_000, "imageData": plain}, ensure_ascii=False),
    }
    ids = set()
    for name, text in forms.items():
        answer = await client.post("/api/upload-clipboard", content=text.encode())
        assert answer.status_code == 200, (name, answer.text)
        ids.add(answer.json()["imageId"])
    assert len(ids) == 1  # each decoded to the very same file
    broken = json.dumps({"imageData": plain}).replace("A", "\\u0041")
    assert (await client.post("/api/upload-clipboard", content=broken.encode())).status_code == 415
    assert await left_behind(local_house) == []


# ---- files


async def test_one_file_and_many_files(local_house: House) -> None:
    client = (await local_house.admin()).client
    one = await upload(client, make_photo(seed=1), "char", name="C:\\Photos\\me.png")
    assert one.json()["originalFilename"] == "me.png"
    assert one.json()["category"] == "char"
    files = [
        ("file", ("a.png", make_photo(seed=2), "image/png")),
        ("file", ("b.png", b"not a picture", "image/png")),
        ("file", ("../../c\x01.png", make_photo(seed=3), "text/html")),
        ("file", ("d.png", make_photo(seed=2), "image/png")),
        ("file", ("e.png", b"", "image/png")),
    ]
    answer = await client.post("/api/upload-file", files=files, headers={"Accept-Language": "en"})
    assert answer.status_code == 200
    results = answer.json()["results"]
    assert [result["success"] for result in results] == [True, False, True, True, False]
    names = [result["originalFilename"] for result in results]
    assert names == ["a.png", "b.png", "../../c%01.png", "d.png", "e.png"]  # words, and never a path
    assert results[3]["imageId"] == results[0]["imageId"]
    assert results[1]["code"] == "image_unreadable"
    assert "b.png" in results[1]["error"]
    listed = (await client.get("/api/user/images")).json()
    assert listed["total"] == 3
    assert await left_behind(local_house) == []


async def test_when_no_file_is_good_the_status_says_so(local_house: House) -> None:
    client = await local_house.visitor()
    files = [("file", (name, b"nothing", "image/png")) for name in ("a.png", "b.png")]
    answer = await client.post("/api/upload-file", files=files)
    assert answer.status_code == 415
    assert answer.json()["success"] is False
    assert [result["originalFilename"] for result in answer.json()["results"]] == ["a.png", "b.png"]
    assert (await upload(client, b"nothing")).status_code == 415


FILE = b'--x\r\nContent-Disposition: form-data; name="file"'
BROKEN_FORMS = {
    "json": ("application/json", b"--x\r\n", 400),
    "no boundary": ("multipart/form-data", b"--x\r\n", 400),
    "empty": ("multipart/form-data; boundary=x", b"", 400),
    "no file": ("multipart/form-data; boundary=x", b"--x--\r\n", 400),
    "no filename": ("multipart/form-data; boundary=x", FILE + b"\r\n\r\ntext\r\n--x--", 400),
    "long header": ("multipart/form-data; boundary=x", b"--x\r\nA: " + b"b" * 300_000 + b"\r\n", 400),
    "many parts": ("multipart/form-data; boundary=x", b"--x\r\n\r\n\r\n" * 20_000, 413),
    "no end": ("multipart/form-data; boundary=x", FILE + b'; filename="a.png"\r\n\r\n' + PIXEL, 400),
}


async def test_broken_forms_are_refused(local_house: House) -> None:
    client = await local_house.visitor()
    for name, (kind, body, status) in BROKEN_FORMS.items():
        answer = await client.post("/api/upload-file", content=body, headers={"Content-Type": kind})
        assert answer.status_code == status, (name, answer.text)
        assert answer.json()["success"] is False
    assert await left_behind(local_house) == []


async def test_too_large_a_file_does_not_lose_the_others(tmp_path: Path) -> None:
    async with open_house(tmp_path / "data", max_upload_bytes=50_000, max_files=3) as house:
        client = await house.visitor()
        large = b"\x89PNG\r\n\x1a\n" + b"x" * 60_000
        files = [("file", ("a.png", data, "image/png")) for data in (make_photo(seed=1), large, make_photo(seed=2))]
        answer = await client.post("/api/upload-file", files=files)
        assert [result["success"] for result in answer.json()["results"]] == [True, False, True]
        assert answer.json()["results"][1]["code"] == "image_too_large"
        assert (await upload(client, large)).status_code == 413
        four = [("file", ("a.png", make_photo(seed=n), "image/png")) for n in range(4)]
        assert (await client.post("/api/upload-file", files=four)).status_code == 413
        assert await left_behind(house) == []


# ---- the browser extension


async def test_the_extension_at_home_needs_no_account(local_house: House) -> None:
    client = await local_house.visitor()
    page = {
        "url": "file:///home/ann/shop.html",
        "title": "Linen shirt",
        "favIconUrl": "https://shop.example/icon.png",
        "contextFound": True,
        "imageContext": {
            "altText": "white shirt",
            "contextText": "\u0000nice",
            "position": {"top": -3.5, "left": 0, "width": 1e300, "height": 2},
            "parentTagName": "DIV",
        },
        "product": {
            "name": "Shirt",
            "brand": "Lin",
            "price": "49.00",
            "currency": "EUR",
            "url": "https://shop.example/1",
        },
        "documentTitle": "Shop",
        "timestamp": 1_790_000_000_000,
    }
    answer = await receive(
        client,
        imageData=data_url(make_photo(seed=1)),
        originalUrl="blob:https://shop.example/" + "x" * 5000,
        timestamp=1_790_000_000_000,
        source="browser-extension",
        pageInfo=page,
    )
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["success"], told["category"], told["isLoggedIn"]) == (True, "clothes", False)
    status = await client.get(f"/api/task/{told['taskId']}", headers=EXTENSION)
    assert status.json()["status"]["status"] == "completed"
    admin = (await local_house.admin()).client
    image = (await admin.get(f"/api/images/{told['imageId']}")).json()["image"]
    assert (image["page_url"], image["page_title"]) == (page["url"], "Linen shirt")
    assert len(image["original_url"]) == 2000
    context = image["context_info"]
    assert (context["altText"], context["category"], context["contextText"]) == ("white shirt", "clothes", "nice")
    assert context["product"]["price"] == "49.00"
    assert context["source"] == "browser-extension"
    assert context["position"]["width"] is None  # beyond what JSON's readers agree about
    assert (await admin.get("/api/user/images?q=white shirt")).json()["total"] == 1


PAGES: list[Any] = [
    None,
    {},
    "text",
    {"url": "about:blank", "title": None, "imageContext": None, "contextFound": False},
    {"url": 7, "title": ["x"], "imageContext": [1], "product": "none", "error": "lookup failed"},
]


async def test_the_page_may_say_nothing(local_house: House) -> None:
    client = await local_house.visitor()
    for number, page in enumerate(PAGES):
        answer = await receive(client, imageData=data_url(make_photo(number)), originalUrl=None, pageInfo=page)
        assert answer.status_code == 200, answer.text


async def test_one_picture_as_clothes_person_and_clothes_again(local_house: House) -> None:
    client, ids = await local_house.visitor(), []
    for category in ("clothes", "char", "clothes"):
        page = {"url": "test://page", "title": "test"}
        answer = await receive(
            client, imageData=data_url(PIXEL), originalUrl="test://x", category=category, pageInfo=page
        )
        assert answer.status_code == 200
        assert answer.json()["category"] == category
        ids.append(answer.json()["imageId"])
    assert ids[0] == ids[2] != ids[1]


async def test_nothing_is_fetched_from_this_machine(local_house: House) -> None:
    client = await local_house.visitor()
    for address in ("http://127.0.0.1:8080/a.png", "http://localhost/a.png", "http://169.254.169.254/latest/meta-data"):
        answer = await receive(client, imageData=address)
        assert (answer.status_code, answer.json()["code"]) == (400, "address_refused")
    assert (await receive(client, imageData="file:///etc/passwd")).status_code == 415
    assert await left_behind(local_house) == []


async def test_in_server_mode_the_extension_says_for_whom(server_house: House) -> None:
    stranger = await server_house.visitor()
    answer = await receive(stranger, imageData=data_url(PIXEL))
    assert answer.status_code == 401
    assert "登录" in answer.json()["error"]
    assert "令牌" in answer.json()["hint"]
    assert answer.json()["code"] == "pairing_needed"
    person = await server_house.person("ann")
    paired = await server_house.token(person, "images:upload")
    answer = await receive(paired, imageData=data_url(PIXEL))
    assert answer.status_code == 200
    assert answer.json()["isLoggedIn"] is True
    reading = await server_house.token(person, "images:read")
    assert (await receive(reading, imageData=data_url(PIXEL))).status_code == 403
    viewer = await server_house.person("viewer", role="viewer")
    assert (await upload(viewer.client)).status_code == 403


async def test_guests_of_a_server_keep_their_own_pictures(server_house: House) -> None:
    one, other = await server_house.guest(), await server_house.guest()
    assert (await one.get("/api/images")).json()["total"] == 1
    assert (await other.get("/api/images")).json()["total"] == 1
    assert (await receive(one, imageData=data_url(PIXEL))).status_code == 403  # an extension with a cookie, no token
    page = await one.post("/api/receive-image", json={"imageData": data_url(PIXEL)})
    assert page.status_code == 200
    listed = (await one.get("/api/v1/library/images")).json()["items"]
    for picture in listed:  # by its id a guest is told what the listing tells, and nobody else is
        address = f"/api/v1/library/images/{picture['id']}"
        assert (await one.get(address)).json() == picture
        assert (await other.get(address)).status_code == 404
    assert len(listed) == 2


async def test_uploads_have_a_rate_in_server_mode(tmp_path: Path) -> None:
    async with open_house(tmp_path / "data", mode="server", upload_rate="3/minute") as house:
        client = (await house.person("ann")).client
        statuses = [(await upload(client)).status_code for _ in range(5)]
        assert statuses == [200, 200, 200, 429, 429]
        assert (await upload((await house.person("bob")).client)).status_code == 200


# ---- the studio interface


async def test_files_of_the_studio(server_house: House) -> None:
    client = await server_house.program(await server_house.person("ann"))
    files = [("files", (name, data, "image/png")) for name, data in (("a.png", make_photo(seed=1)), ("b.png", b"no"))]
    answer = await client.post("/api/v1/library/images", files=files, data={"category": "char"})
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["added"], told["failed"]) == (1, 1)
    good, bad = told["items"]
    assert (good["name"], good["image"]["category"], good["error"]) == ("a.png", "char", None)
    assert (bad["name"], bad["image"], bad["error"]["code"]) == ("b.png", None, "image_unreadable")
    assert (await client.get(f"/api/v1/library/images/{good['image']['id']}")).json() == good["image"]
    refused = await client.post("/api/v1/library/images", files=files[1:])
    assert (refused.status_code, refused.headers["content-type"]) == (415, "application/problem+json")
    assert (await client.post("/api/v1/library/images", files=files, data={"category": "shoes"})).status_code == 400
    assert (await client.post("/api/v1/library/images", files=files, data={"colour": "red"})).status_code == 422
    assert (await client.post("/api/v1/library/images")).status_code == 400
    assert await left_behind(server_house) == []


async def test_imports_of_the_studio(server_house: House) -> None:
    client = await server_house.program(await server_house.person("ann"))
    order = {
        "data_url": data_url(make_photo(seed=1, width=300, height=300)),
        "page": {"url": "https://shop.example/1", "title": "Shirt"},
        "product": {"price": "49"},
    }
    answer = await client.post("/api/v1/library/images/import", json=order)
    assert answer.status_code == 200, answer.text
    image = answer.json()["image"]
    assert (image["title"], image["context"]["product"]) == ("Shirt", {"price": "49"})
    wrong: list[tuple[dict[str, Any], int]] = [
        ({}, 422),
        (order | {"url": "https://shop.example/a.png"}, 422),
        (order | {"future": 1}, 422),
        (order | {"category": "shoes"}, 422),
        ({"url": "ftp://shop.example/a.png"}, 422),
        ({"url": "http://10.0.0.1/a.png"}, 400),
        ({"data_url": "https://shop.example/a.png"}, 422),
        ({"data_url": "data:text/plain,hello"}, 415),
        ({"data_url": 7}, 422),
    ]
    for body, status in wrong:
        answer = await client.post("/api/v1/library/images/import", json=body)
        assert answer.status_code == status, (body.keys(), answer.text)
    assert await left_behind(server_house) == []
