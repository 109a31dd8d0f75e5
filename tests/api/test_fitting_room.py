"""What the page is made of, and what every answer of the server has."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from starlette.testclient import TestClient
from tests.api.house import House, make_photo

from vtonlab.accounts.asking import SESSION_COOKIE
from vtonlab.settings import Settings
from vtonlab.web.app import create_app

PREVIEW = "/api/v1/tryon/preview"


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    app = create_app(Settings(data=tmp_path, max_upload_bytes=200_000, max_pixels=1_000_000))
    with TestClient(app, base_url="http://localhost", raise_server_exceptions=False) as client:
        yield client


def test_the_page_knows_where_it_is(client: TestClient) -> None:
    told = client.get("/state").json()
    assert told | {"version": ""} == {
        "version": "",
        "language": "auto",
        "mode": "local",
        "engine": "instant",
        "max_upload_bytes": 200_000,
        "registration": True,
        "session_days": 7,
        "guest_days": 30,
        "visitor": "guest",
    }


@pytest.mark.anyio
async def test_the_page_knows_whether_a_stranger_has_come(server_house: House) -> None:
    stranger, guest, user = (await server_house.visitor(), await server_house.guest(), await server_house.admin())
    told = [(await one.get("/state")).json()["visitor"] for one in (stranger, guest, user.client)]
    assert told == ["stranger", "guest", "user"]
    stranger.cookies.set(SESSION_COOKIE, "of before")
    answer = await stranger.get("/state", headers={"Authorization": "Bearer of-before"})
    assert answer.json()["visitor"] == "stranger"
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("role", ["person", "garment"])
def test_there_is_a_drawn_pair_to_try(client: TestClient, role: str) -> None:
    assert Image.open(io.BytesIO(client.get(f"/sample/{role}").content)).format == "JPEG"
    assert client.get("/sample/dog").json()["code"] == "bad_request"


def test_only_our_own_pages_may_ask_for_a_change(client: TestClient) -> None:
    def keep(**headers: str) -> tuple[int, str | None]:
        answer = client.post("/api/v1/library/images", files={"files": ("a.png", make_photo())}, headers=headers)
        return answer.status_code, answer.json().get("code")

    for headers in ({"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        assert keep(**headers) == (403, "foreign_request")
    assert keep(Origin="http://localhost") == (200, None)


def test_a_name_that_was_rebound_to_this_machine_is_refused(client: TestClient) -> None:
    assert client.get("/", headers={"Host": "evil.example"}).status_code == 403
    assert client.get("/", headers={"Host": "[::1]:8080"}).status_code == 200


def test_where_everybody_is_let_in_any_name_is_answered(tmp_path: Path) -> None:
    app = create_app(Settings(data=tmp_path, host="0.0.0.0"))
    with TestClient(app, base_url="http://lab.example") as client:
        assert client.get("/health").status_code == 200


def test_the_page_is_whole_and_needs_nothing_from_elsewhere(client: TestClient) -> None:
    page = client.get("/")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    asked_for = re.findall(r'(?:src|href)="(/[^"]+)"', page.text)
    assert len(asked_for) >= 4
    for address in asked_for:
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
    assert client.delete("/state").json()["code"] == "method_not_allowed"


def test_an_unexpected_error_tells_nothing_of_the_machine(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("/secret/path")

    monkeypatch.setattr("vtonlab.web.routes._encode_sample", fail)
    answer = client.get("/sample/person")
    assert (answer.status_code, answer.json()["code"]) == (500, "server_fault")
    assert "secret" not in answer.text
    assert answer.headers["x-request-id"] in answer.json()["hint"]
    assert "content-security-policy" in answer.headers
