"""What only a store can get wrong: unfinished parts, signatures, a server that is gone or full."""

from __future__ import annotations

import re
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import httpx
import pytest
from botocore.auth import S3SigV4Auth  # type: ignore[import-untyped]
from botocore.awsrequest import AWSRequest  # type: ignore[import-untyped]
from botocore.credentials import Credentials  # type: ignore[import-untyped]

from vtonlab.errors import BadSetting, StorageFull, StorageUnavailable
from vtonlab.settings import Settings
from vtonlab.storage import s3, s3_unfinished
from vtonlab.storage.contract import Storage
from vtonlab.storage.open import open_storage

pytestmark = pytest.mark.anyio


@pytest.fixture
async def bucket(s3_settings: Settings) -> AsyncIterator[Storage]:
    storage = open_storage(s3_settings)
    yield storage
    await storage.close()


def begin_upload(settings: Settings, key: str) -> str:
    """A multipart write whose program was killed."""
    name, _, prefix = settings.storage_url.removeprefix("s3://").partition("/")
    address = f"{settings.storage_endpoint}/{name}/{prefix}/{key}"
    answer = httpx.post(f"{address}?uploads", trust_env=False).raise_for_status()
    number = answer.text.partition("<UploadId>")[2].partition("<")[0]
    httpx.put(f"{address}?partNumber=1&uploadId={number}", content=b"x" * 100, trust_env=False).raise_for_status()
    return number


async def test_the_sweep_aborts_what_was_begun_before(bucket: Storage, s3_settings: Settings) -> None:
    for key in ("images/u/a.png", "images/u/b.png"):
        begin_upload(s3_settings, key)
    elsewhere = s3_settings.model_copy(update={"storage_url": s3_settings.storage_url + "-other"})
    foreign = begin_upload(elsewhere, "images/u/a.png")
    assert await bucket.sweep(datetime(2000, 1, 1, tzinfo=UTC)) == 0  # this server says that each began in 2010
    assert await bucket.sweep(datetime.now(UTC) + timedelta(hours=1)) == 2
    assert await bucket.sweep(datetime.now(UTC) + timedelta(hours=1)) == 0
    async with httpx.AsyncClient(trust_env=False) as client:
        assert foreign in (await client.get(f"{s3_settings.storage_endpoint}/pictures?uploads")).text
    assert [entry async for entry in bucket.list()] == []
    await open_storage(elsewhere).sweep(datetime.now(UTC) + timedelta(hours=1))


async def test_without_keys_the_sweep_says_what_to_set_up(
    bucket: Storage, s3_settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    begin_upload(s3_settings, "images/u/a.png")
    with monkeypatch.context() as patched:
        patched.delenv("AWS_ACCESS_KEY_ID")
        assert await bucket.sweep(datetime.now(UTC) + timedelta(hours=1)) == 0
    assert "lifecycle rule" in caplog.text
    assert await bucket.sweep(datetime.now(UTC) + timedelta(hours=1)) == 1


@pytest.mark.parametrize("token", ["", "session-token/+="])
@pytest.mark.parametrize("query", [{"uploads": "", "prefix": "a/b c+ü"}, {"uploadId": "x/+="}])
def test_requests_are_signed_as_amazon_signs_them(query: dict[str, str], token: str) -> None:
    address = "https://s3.eu-central-1.amazonaws.com/bucket/images/u/a_b-c.png"
    keys = s3_unfinished.Keys("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG", token, "eu-central-1")
    words = str(httpx.QueryParams(sorted(query.items()))).replace("+", "%20")
    words = words if "uploads=" in words or "uploadId" in words else "uploads=&" + words
    ours = s3_unfinished._sign("GET", address, words, keys)
    request = AWSRequest(
        "GET", f"{address}?{words}", headers={name: value for name, value in ours.items() if name != "authorization"}
    )
    theirs = S3SigV4Auth(Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG", token or None), "s3", "eu-central-1")
    request.context["timestamp"] = ours["x-amz-date"]
    text = theirs.string_to_sign(request, theirs.canonical_request(request))
    assert ours["authorization"].endswith("Signature=" + theirs.signature(text, request))


class Answers(BaseHTTPRequestHandler):
    """A store that refuses everything."""

    said = (507, "<Error><Code>XMinioStorageFull</Code></Error>")

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        status, text = self.said
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    do_GET = do_HEAD = do_POST = do_DELETE = do_PUT  # noqa: N815 - the library's names

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ((507, "<Error><Code>XMinioStorageFull</Code></Error>"), StorageFull),
        ((507, "no more"), StorageFull),
        ((503, "after 649.258507ms"), StorageUnavailable),
        ((403, "<Error><Code>AccessDenied</Code></Error>"), StorageUnavailable),
        ((400, "<Error><Code>InvalidBucketName</Code></Error>"), StorageUnavailable),
    ],
)
async def test_what_a_store_says_is_told_in_our_words(
    s3_settings: Settings, monkeypatch: pytest.MonkeyPatch, said: tuple[int, str], expected: type[Exception]
) -> None:
    monkeypatch.setattr(s3, "RETRY_SECONDS", 1)
    monkeypatch.setattr(Answers, "said", said)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        address = f"http://127.0.0.1:{server.server_port}"
        storage = open_storage(s3_settings.model_copy(update={"storage_endpoint": address}))
        with pytest.raises(expected):
            await storage.put("images/a", b"x")
        with pytest.raises(StorageUnavailable if expected is StorageUnavailable else (StorageFull, StorageUnavailable)):
            await storage.ping()
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


async def test_a_store_that_is_gone(s3_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3, "RETRY_SECONDS", 1)
    storage = open_storage(s3_settings.model_copy(update={"storage_endpoint": "http://127.0.0.1:9"}))
    for call in (storage.ping, lambda: storage.load("a"), lambda: storage.put("a", b"x" * 6_000_000)):
        with pytest.raises(StorageUnavailable):
            await call()
    with pytest.raises(StorageUnavailable):
        await storage.sweep(datetime.now(UTC))


async def test_a_bucket_that_is_not_there(s3_settings: Settings) -> None:
    storage = open_storage(s3_settings.model_copy(update={"storage_url": "s3://nobody/x"}))
    with pytest.raises(StorageUnavailable):
        await storage.ping()


@pytest.mark.parametrize(
    "address", ["s3://", "s3:///prefix", "http://bucket/x", "bucket", "s3://b/a b", "s3://b/../x", "s3://b/x?y=1"]
)
def test_addresses_that_are_none(address: str, tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="VTONLAB_STORAGE_URL"):
        open_storage(Settings(data=tmp_path, storage_url=address))


def test_without_the_extra_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "obstore" or name == s3.__name__]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "obstore", None)
    with pytest.raises(BadSetting, match=re.escape("pip install 'vtonlab[cluster]'")):
        open_storage(Settings(storage_url="s3://bucket/prefix"))
