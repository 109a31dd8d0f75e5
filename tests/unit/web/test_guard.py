"""Who may ask for what from where, how much they may bring, and what every answer carries."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator

import pytest
from starlette.types import Message, Scope
from tests.unit.web.layers import make_app, speak_to

from vtonlab.accounts.asking import SESSION_COOKIE
from vtonlab.settings import Settings
from vtonlab.web import bodies

pytestmark = pytest.mark.anyio

LOCAL = Settings()
SERVER = Settings(mode="server", public_url="https://fitting.example")
COOKIE = {"Cookie": f"{SESSION_COOKIE}=x"}
TOKEN = {"Authorization": "Bearer vtl_x"}
EXTENSION = {"Origin": "chrome-extension://abcdef"}
FOREIGN = {"Origin": "https://evil.example"}
CROSS = {"Sec-Fetch-Site": "cross-site"}


@pytest.mark.parametrize(
    ("settings", "headers", "status"),
    [
        (LOCAL, {}, 200),
        (LOCAL, COOKIE, 200),
        (LOCAL, {"Origin": "http://localhost", **COOKIE}, 200),
        (LOCAL, FOREIGN, 403),
        (LOCAL, {"Origin": "null"}, 403),
        (LOCAL, {"Origin": "http://localhost:3000"}, 403),
        (LOCAL, {"Origin": "http://[broken"}, 403),
        (LOCAL, CROSS, 403),
        (LOCAL, {"Sec-Fetch-Site": "same-site"}, 403),
        (LOCAL, {"Sec-Fetch-Site": "same-origin"}, 200),
        (LOCAL, FOREIGN | TOKEN, 200),
        (LOCAL, EXTENSION, 200),
        (LOCAL, EXTENSION | CROSS, 200),
        (SERVER, {}, 200),
        (SERVER, COOKIE, 200),
        (SERVER, FOREIGN | COOKIE, 403),
        (SERVER, CROSS | COOKIE, 403),
        (SERVER, FOREIGN | COOKIE | TOKEN, 200),
        (SERVER, FOREIGN, 403),
        (SERVER, {"Origin": "https://fitting.example"} | COOKIE, 200),
        (SERVER, {"Origin": "http://fitting.example"} | COOKIE, 403),
        (SERVER, EXTENSION | TOKEN, 200),
        (SERVER, EXTENSION | COOKIE, 403),
        (SERVER, EXTENSION, 200),  # a stranger: the route says how to pair
    ],
)
async def test_who_may_ask_for_a_change(settings: Settings, headers: dict[str, str], status: int) -> None:
    async with speak_to(settings) as client:
        answer = await client.post("/api/things", headers=headers)
    assert answer.status_code == status
    if status == 403:
        assert answer.json()["code"] == "foreign_request"


async def test_looking_is_open_to_every_page_because_no_page_can_read_the_answer() -> None:
    async with speak_to(SERVER) as client:
        answer = await client.get("/api/things/1", headers=FOREIGN | COOKIE)
    assert answer.status_code == 200
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    ("settings", "host", "status"),
    [
        (LOCAL, "localhost:8080", 200),
        (LOCAL, "[::1]:8080", 200),
        (LOCAL, "evil.example", 403),
        (LOCAL, "192.168.1.5", 403),
        (LOCAL, "[", 403),
        (LOCAL, "", 403),
        (Settings(mode="local", host="0.0.0.0"), "192.168.1.5:8080", 200),
        (Settings(mode="local", host="0.0.0.0"), "evil.example", 403),
        (Settings(mode="local", host="lab.home"), "lab.home", 200),
        (Settings(mode="server"), "any.example", 200),
    ],
)
async def test_in_local_mode_only_names_of_this_machine_are_answered(
    settings: Settings, host: str, status: int
) -> None:
    async with speak_to(settings) as client:
        answer = await client.get("/api/things/1", headers={"Host": host})
    assert answer.status_code == status


async def test_every_answer_carries_the_security_headers() -> None:
    for settings in (LOCAL, SERVER):
        async with speak_to(settings, raise_app_exceptions=False) as client:
            for path in ("/api/things/1", "/api/things/broken", "/nothing", "/api/v1/nothing"):
                headers = (await client.get(path)).headers
                assert "unsafe" not in headers["content-security-policy"]
                assert headers["x-content-type-options"] == "nosniff"
                assert headers["referrer-policy"] == "no-referrer"
                assert headers["x-frame-options"] == "DENY"
                assert ("strict-transport-security" in headers) is (settings is SERVER)
                assert headers["cache-control"]


async def test_the_answer_has_the_requests_id_or_one_of_its_own() -> None:
    async with speak_to(LOCAL) as client:
        assert (await client.get("/api/things/1", headers={"X-Request-ID": "trace-12345"})).headers[
            "x-request-id"
        ] == "trace-12345"
        made = [
            (await client.get("/api/things/1", headers={"X-Request-ID": bad})).headers["x-request-id"]
            for bad in ("", "short", "x" * 65, "spaces are no", "<script>alert(1)</script>")
        ]
    assert len(set(made)) == 5
    assert all(len(one) == 32 for one in made)


async def test_forwarded_addresses_are_believed_from_trusted_proxies_only() -> None:
    told = {"X-Forwarded-For": "6.6.6.6, 203.0.113.9", "X-Forwarded-Proto": "https"}
    for proxies, address, scheme in (("", "127.0.0.1", "http"), ("127.0.0.0/8", "203.0.113.9", "https")):
        async with speak_to(Settings(mode="server", trusted_proxies=proxies)) as client:
            answer = (await client.get("/api/things/1", headers=told)).json()
        assert answer["address"] == address
        assert answer["url"].startswith(scheme + "://")


async def test_a_body_over_the_limit_of_its_address_is_refused_by_its_length() -> None:
    small = Settings(max_upload_bytes=1_000_000, max_files=2)
    async with speak_to(small) as client:
        over = await client.post("/api/things", content=b"x" * 1_000_001)
        fits = await client.post("/api/upload-file", content=b"x" * 2_000_001)
        files = await client.post("/api/upload-file", content=b"x" * 2_200_000)
    assert (over.status_code, over.json()["code"]) == (413, "body_too_large")
    assert fits.json() == {"bytes": 2_000_001}
    assert files.status_code == 413


async def test_a_body_without_a_length_is_counted_while_it_comes() -> None:
    taken = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken
        for _ in range(40):
            taken += 1
            yield b"x" * 100_000

    async with speak_to(LOCAL) as client:
        answer = await client.post("/api/things", content=endless(), headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


async def call(scope: dict[str, object], messages: list[Message | None]) -> list[Message]:
    """What the application sends when it gets ``messages``; None is a silence without end."""
    import asyncio

    sent: list[Message] = []
    waiting = list(messages)

    async def receive() -> Message:
        message = waiting.pop(0) if waiting else None
        if message is None:
            await asyncio.sleep(3600)
        assert message is not None
        return message

    async def send(message: Message) -> None:
        sent.append(message)

    full: Scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "path": "/api/upload-file",
        "raw_path": b"/api/upload-file",
        "query_string": b"",
        "scheme": "http",
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "headers": [(b"host", b"localhost"), (b"content-length", b"100")],
        **scope,
    }
    await make_app(LOCAL)(full, receive, send)
    return sent


async def test_whoever_sends_too_slowly_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "SILENCE_SECONDS", 0.05)
    sent = await call({}, [{"type": "http.request", "body": b"x" * 50, "more_body": True}, None])
    assert sent[0]["status"] == 408
    assert b"too_slow" in sent[1]["body"]


async def test_whoever_leaves_while_sending_leaves_nothing_but_a_line_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "vtonlab.access")
    sent = await call({}, [{"type": "http.request", "body": b"x", "more_body": True}, {"type": "http.disconnect"}])
    assert sent[0]["status"] == 499
    assert caplog.records[-1].event["status"] == 499  # type: ignore[attr-defined]
    assert not [record for record in caplog.records if record.levelno > logging.INFO]


@pytest.mark.parametrize("length", [b"-1", b"1e3", b"\xb2", b"9" * 40])
async def test_a_length_that_is_none_is_refused(length: bytes) -> None:
    sent = await call({"headers": [(b"host", b"localhost"), (b"content-length", length)]}, [])
    assert sent[0]["status"] in {400, 413}


async def test_the_rest_of_a_refused_body_is_read_before_the_answer_ends() -> None:
    pieces: list[Message | None] = [{"type": "http.request", "body": b"x" * 10, "more_body": n < 9} for n in range(10)]
    headers = [(b"host", b"evil.example"), (b"content-length", b"100")]
    sent = await call({"headers": headers}, pieces)
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert sent[0]["status"] == 403


async def test_the_log_tells_a_request_without_its_query(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "vtonlab.access")
    async with speak_to(LOCAL) as client:
        await client.get("/api/things/a%0Ab?token=secret", headers=TOKEN)
    record = caplog.records[-1]
    assert "secret" not in record.getMessage()
    assert "\n" not in record.getMessage()
    assert "vtl_x" not in str(record.__dict__)
    assert record.event["route"] == "/api/things/{thing_id}"  # type: ignore[attr-defined]


@pytest.mark.parametrize("query", [b"", b"xtoken=1", b"token=", b"a=token%3D1"])
async def test_a_socket_of_a_foreign_page_is_refused(query: bytes) -> None:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "websocket",
        "path": "/api/v1/ws/tasks",
        "query_string": query,
        "client": ("127.0.0.1", 1),
        "headers": [(b"host", b"localhost"), (b"origin", b"https://evil.example")],
    }
    await make_app(LOCAL)(scope, receive, send)
    assert sent == [{"type": "websocket.close", "code": 1008}]


def test_proxies_that_are_no_addresses_are_told() -> None:
    from vtonlab.errors import BadSetting

    with pytest.raises(BadSetting, match="trusted_proxies"):
        make_app(Settings(trusted_proxies="my-proxy"))
