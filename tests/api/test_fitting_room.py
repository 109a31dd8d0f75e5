"""The fitting room over HTTP, with the third-party engine of tests/plugins behind it."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from vtonlab.settings import Settings
from vtonlab.web.app import create_app


def make_photo(
    width: int = 60, height: int = 80, colour: tuple[int, int, int] = (90, 140, 200), kind: str = "PNG"
) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(file, kind)
    return file.getvalue()


def pair(person: bytes | None = None, garment: bytes | None = None) -> dict[str, Any]:
    return {
        "person": ("me.png", person or make_photo()),
        "garment": ("shirt.png", garment or make_photo(20, 20, (220, 30, 40))),
    }


@pytest.fixture
def client(example_engine: str, tmp_path: Path) -> Iterator[TestClient]:
    app = create_app(Settings(engine=example_engine, data=tmp_path, max_upload_bytes=200_000, max_pixels=1_000_000))
    with TestClient(app, base_url="http://localhost", raise_server_exceptions=False) as client:
        yield client


def test_two_photos_make_a_picture(client: TestClient) -> None:
    answer = client.post("/try-on", files=pair(), data={"kind": "upper"})
    assert answer.status_code == 200
    picture = np.asarray(Image.open(io.BytesIO(answer.content)))
    assert picture.shape == (80, 60, 3)
    assert np.abs(picture[40, 30].astype(int) - (220, 30, 40)).max() < 12
    assert np.abs(picture[2, 2].astype(int) - (90, 140, 200)).max() < 12
    assert b"digitalsourcetype/composite" in answer.content
    told = json.loads(answer.headers["vtonlab-result"])
    assert told["engine"] == "example"
    assert told["notes"] == [{"code": "pinned", "level": "info", "text": "Pinned, not fitted."}]


def test_notes_and_errors_speak_the_readers_language(client: TestClient) -> None:
    chinese = {"Accept-Language": "zh-CN"}
    answer = client.post("/try-on", files=pair(), headers=chinese)
    assert "没有试穿" in json.loads(answer.headers["vtonlab-result"])["notes"][0]["text"]
    answer = client.post("/try-on", files=pair(person=b"not a picture"), headers=chinese)
    assert answer.json()["message"] == "无法读取图片 me.png。"
    assert answer.headers["content-language"] == "zh-CN"


@pytest.mark.parametrize(
    ("files", "data", "status", "code"),
    [
        (pair(person=b"hello"), {}, 415, "image_unreadable"),
        (pair(garment=b"<svg xmlns='http://www.w3.org/2000/svg'/>"), {}, 415, "image_unreadable"),
        (pair(person=make_photo()[:60]), {}, 415, "image_unreadable"),
        (pair(person=make_photo(4, 4)), {}, 422, "no_person_found"),
        (pair(person=make_photo(1100, 1000)), {}, 413, "image_too_large"),
        (pair(person=b"\0" * 250_000), {}, 413, "image_too_large"),
        (pair(person=b"\0" * 900_000), {}, 413, "body_too_large"),
        ({"person": ("me.png", make_photo())}, {}, 422, "bad_request"),
        (pair(), {"kind": "hat"}, 422, "bad_request"),
        (pair() | {"lower": ("skirt.png", make_photo())}, {}, 422, "wrong_kind"),
    ],
)
def test_what_cannot_be_used_is_told(
    client: TestClient, files: dict[str, Any], data: dict[str, str], status: int, code: str
) -> None:
    answer = client.post("/try-on", files=files, data=data)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert set(answer.json()) == {"code", "message", "hint"}
    assert "Traceback" not in answer.text


def test_a_picture_that_a_browser_cannot_show_becomes_a_jpeg(client: TestClient) -> None:
    answer = client.post("/picture", files={"picture": ("scan.tif", make_photo(kind="TIFF"))})
    assert answer.headers["content-type"] == "image/jpeg"
    assert Image.open(io.BytesIO(answer.content)).size == (60, 80)


@pytest.mark.parametrize("role", ["person", "garment"])
def test_there_is_a_drawn_pair_to_try(client: TestClient, role: str) -> None:
    assert Image.open(io.BytesIO(client.get(f"/sample/{role}").content)).format == "JPEG"
    assert client.get("/sample/dog").json()["code"] == "bad_request"


def test_only_our_own_pages_may_ask_for_a_change(client: TestClient) -> None:
    for headers in ({"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = client.post("/try-on", files=pair(), headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "foreign_request")
    assert client.post("/try-on", files=pair(), headers={"Origin": "http://localhost"}).status_code == 200


def test_a_name_that_was_rebound_to_this_machine_is_refused(client: TestClient) -> None:
    assert client.get("/", headers={"Host": "evil.example"}).status_code == 403
    assert client.get("/", headers={"Host": "[::1]:8080"}).status_code == 200


def test_where_everybody_is_let_in_any_name_is_answered(example_engine: str, tmp_path: Path) -> None:
    app = create_app(Settings(engine=example_engine, data=tmp_path, host="0.0.0.0"))
    with TestClient(app, base_url="http://lab.example") as client:
        assert client.get("/health").status_code == 200


def test_the_page_is_whole_and_needs_nothing_from_elsewhere(client: TestClient) -> None:
    page = client.get("/")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    for address in ("/static/app.css", "/static/app.js", "/static/words.js", "/static/logo.svg"):
        answer = client.get(address)
        assert answer.status_code == 200
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert "://" not in page.text
    assert "<script>" not in page.text
    assert "style=" not in page.text
    assert "onclick" not in page.text


def test_every_other_address_answers_with_the_envelope(client: TestClient) -> None:
    assert client.get("/nothing").json()["code"] == "not_found"
    assert client.get("/static/../app.py").json()["code"] == "not_found"
    assert client.delete("/try-on").json()["code"] == "method_not_allowed"


def test_an_engine_that_is_not_installed_is_named(tmp_path: Path) -> None:
    with TestClient(create_app(Settings(engine="nix", data=tmp_path)), base_url="http://localhost") as client:
        answer = client.post("/try-on", files=pair())
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_engine")


def test_an_unexpected_error_tells_nothing_of_the_machine(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("/secret/path")

    monkeypatch.setattr("vtonlab.web.fitting.encode_picture", fail)
    answer = client.post("/try-on", files=pair())
    assert (answer.status_code, answer.json()["code"]) == (500, "server_fault")
    assert "secret" not in answer.text
    assert answer.headers["x-request-id"] in answer.json()["hint"]
    assert "content-security-policy" in answer.headers
