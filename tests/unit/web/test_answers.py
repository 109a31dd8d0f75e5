"""Errors in the form of the interface they happen at, in the reader's language."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.web.layers import speak_to

from vtonlab.settings import Settings

pytestmark = pytest.mark.anyio


async def ask(path: str, method: str = "GET", **options: Any) -> tuple[int, dict[str, Any], Any]:
    async with speak_to(Settings(), raise_app_exceptions=False) as client:
        answer = await client.request(method, path, **options)
        return answer.status_code, answer.json(), answer.headers


async def test_the_wardrobe_speaks_in_envelopes_and_chinese() -> None:
    status, told, headers = await ask("/api/things/missing")
    assert status == 404
    assert told["success"] is False
    assert told["code"] == "not_there"
    assert "没有找到图片" in told["error"]
    assert headers["content-language"] == "zh-CN"
    assert headers["content-type"] == "application/json"


async def test_the_studio_speaks_in_problems_and_english() -> None:
    status, told, headers = await ask("/api/v1/things/missing")
    assert status == told["status"] == 404
    assert told["title"] == "Not Found"
    assert told["detail"] == "There is no picture “missing”."
    assert told["code"] == "not_there"
    assert told["hint"]
    assert told["request_id"] == headers["x-request-id"]
    assert headers["content-type"] == "application/problem+json"


async def test_the_reader_decides_about_the_language() -> None:
    _, told, _ = await ask("/api/things/missing", headers={"Accept-Language": "en"})
    assert told["error"].startswith("There is no picture")
    _, told, _ = await ask("/api/v1/things/missing", headers={"Accept-Language": "zh"})
    assert "没有找到图片" in told["detail"]


async def test_fields_are_named_with_what_they_may_be() -> None:
    garment = {"kind": "hat", "size": 0, "colour": "red"}
    status, told, _ = await ask("/api/v1/things", "POST", json=garment)
    assert status == 422
    reasons = {fault["field"]: fault["reason"] for fault in told["errors"]}
    assert reasons == {
        "name": "is missing",
        "kind": "must be one of upper or lower",
        "size": "must be at least 1",
        "colour": "is not known here",
    }
    status, told, _ = await ask("/api/things", "POST", json=garment)
    assert status == 400
    assert told["code"] == "bad_request"
    assert "“kind” 必须是以下之一：upper, lower" in told["error"]
    status, told, _ = await ask("/api/v1/things/1?page=x")
    assert told["errors"] == [{"field": "page", "reason": "must be a whole number"}]


@pytest.mark.parametrize("path", ["/api/things", "/api/v1/things"])
@pytest.mark.parametrize("body", [b"{", b"[1,", b"{'a': 1}", b"\xff\xfe", b"[" * 100_000, b"1" * 5_000])
async def test_a_body_that_is_no_json_is_400(path: str, body: bytes) -> None:
    status, told, _ = await ask(path, "POST", content=body, headers={"Content-Type": "application/json"})
    assert status == 400
    assert told["code"] == "malformed_body"


@pytest.mark.parametrize("path", ["/api/things", "/api/v1/things"])
async def test_an_empty_body_under_a_json_type_is_none(path: str) -> None:
    status, told, _ = await ask(path, "POST", headers={"Content-Type": "application/json"})
    assert (status, told) == (200, {"got": None})
    status, _, _ = await ask("/api/things/1", headers={"Content-Type": "application/json"})
    assert status == 200


async def test_addresses_that_are_none_answer_in_the_form_of_their_interface() -> None:
    for path, form in (("/api/none", "error"), ("/api/v1/none", "detail"), ("/none", "message")):
        status, told, _ = await ask(path)
        assert (status, told["code"]) == (404, "not_found")
        assert told[form]
        status, told, headers = await ask("/api/things" if path == "/api/none" else path, "DELETE")
        assert status in {404, 405}
        if status == 405:
            assert headers["allow"] == "POST"


async def test_what_nobody_expected_tells_its_number_and_nothing_else() -> None:
    for path in ("/api/things/broken", "/api/v1/things/broken"):
        status, told, headers = await ask(path)
        assert (status, told["code"]) == (500, "server_fault")
        assert headers["x-request-id"] in told["hint"]
        assert "secret" not in str(told)


async def test_text_that_no_database_takes_is_the_clients_mistake() -> None:
    assert (await ask("/api/v1/things/half"))[1]["code"] == "malformed_body"
    assert (await ask("/api/v1/things/1?q=%00"))[0] == 400


async def test_slow_down_says_for_how_long() -> None:
    status, _, headers = await ask("/api/v1/things/often")
    assert (status, headers["retry-after"]) == (429, "17")
