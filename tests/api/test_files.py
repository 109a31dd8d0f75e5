"""Pictures' bytes, asked for through the routes and through the layer in front of them: both must say the same."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from sqlalchemy.exc import OperationalError
from tests.api.house import open_house as open_whole_house
from tests.api.house import upload
from tests.api.pictures import PASSWORD, STRANGER, House, draw, open_house
from tests.s3_server import BUCKET, KEYS, run_s3_server

from vtonlab.accounts.caller import Caller, CallerKind, Permission
from vtonlab.accounts.people import Changes
from vtonlab.accounts.service import Accounts
from vtonlab.db.database import Database
from vtonlab.errors import StorageUnavailable
from vtonlab.library import changes, files
from vtonlab.library.models import Image
from vtonlab.library.pictures import thumbnail_key
from vtonlab.library.serving import HELD_MOST

pytestmark = pytest.mark.anyio


@pytest.fixture
async def house(database: Database, tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(database, tmp_path / "data") as opened:
        yield opened


@pytest.fixture
async def small(house: House) -> Image:
    """A picture of Anna's that is held in memory."""
    return await house.keep("anna", draw(90, 60))


@pytest.fixture
async def large(house: House) -> Image:
    """A picture of Anna's that is sent from where it lies."""
    image = await house.keep("anna", draw(900, 700, seed=1))
    assert image.file_size > HELD_MOST
    return image


def addresses(image: Image) -> list[str]:
    """Every address of the picture itself."""
    own = f"/api/user/{image.user_id}"
    return [
        f"{own}/images/clothes/{image.filename}",
        f"{own}/images/char/{image.filename}",
        f"{own}/images/{image.filename}",
        f"{own}/vton_results/{image.filename}",
        f"/api/user/current/images/clothes/{image.filename}",
        f"/api/v1/library/images/{image.id}/file",
    ]


async def test_every_address_gives_the_bytes(house: House, small: Image, large: Image) -> None:
    for image in (small, large):
        data = await house.storage.load(image.storage_key)
        for address in addresses(image):
            told = await house.both(address, "anna")
            assert told.status == 200, (address, told.body)
            assert told.body == data
            assert told.headers["content-type"] == "image/jpeg"
            assert told.headers["content-length"] == str(len(data))
            assert told.headers["etag"] == f'"{image.content_hash}"'
            assert told.headers["x-content-type-options"] == "nosniff"
            assert told.headers["content-security-policy"].startswith("default-src 'none'")
            assert told.headers["cross-origin-resource-policy"] == "same-origin"
            name = told.headers["content-disposition"].removeprefix("inline; filename*=UTF-8''")
            assert unquote(name) == "我的 Jacke.jpg"
    assert house.serving.answered[200] == 2 * 2 * len(addresses(small))  # the front did answer itself


async def test_thumbnails(house: House, small: Image) -> None:
    for address, side in [
        (f"/api/user/{small.user_id}/thumbnails/{small.filename}", 320),
        (f"/api/user/{small.user_id}/thumbnails/{small.filename}?size=640", 640),
        (f"/api/v1/library/images/{small.id}/thumbnail", 320),
        (f"/api/v1/library/images/{small.id}/thumbnail?size=640", 640),
        (f"/api/user/current/thumbnails/{small.filename}?size=320", 320),
    ]:
        told = await house.both(address, "anna")
        assert told.status == 200
        assert told.body == await house.storage.load(thumbnail_key(small.storage_key, side))
        assert told.headers["content-type"] == "image/webp"
        assert told.headers["etag"] == f'"{small.content_hash}-{side}"'
    for size in ("0", "100", "-320", "x", "320x", "９"):
        told = await house.both(f"/api/user/{small.user_id}/thumbnails/{small.filename}?size={size}", "anna")
        assert told.status in {400, 422}, size


async def test_what_may_be_kept_by_the_browser(house: House, small: Image) -> None:
    version = small.content_hash[:12]
    own = f"/api/user/{small.user_id}"
    for address, lasting in [
        (f"{own}/images/clothes/{small.filename}?v={version}", True),
        (f"{own}/thumbnails/{small.filename}?size=320&v={version}", True),
        (f"/api/v1/library/images/{small.id}/file?v={version}", True),
        (f"{own}/images/clothes/{small.filename}", False),
        (f"{own}/images/clothes/{small.filename}?v=", False),
        (f"{own}/images/clothes/{small.filename}?v=000000000000", False),
        (f"{own}/images/clothes/{small.filename}?v={small.content_hash}", False),
        (f"/api/user/current/images/clothes/{small.filename}?v={version}", False),
    ]:
        for headers in ({}, {"if-none-match": "*"}):
            told = await house.both(address, "anna", headers=headers)
            assert told.status == (304 if headers else 200)
            expected = "private, max-age=31536000, immutable" if lasting else "private, no-cache"
            assert told.headers["cache-control"] == expected, address
            assert told.headers.get("vary") == (None if lasting else "Cookie, Authorization")


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_unchanged(house: House, small: Image, method: str) -> None:
    tag = small.content_hash
    for condition, is_same in [
        (f'"{tag}"', True),
        (f'W/"{tag}"', True),
        (f'"other", "{tag}"', True),
        (f'"a,b" ,W/"{tag}" , "c"', True),
        ("*", True),
        (" * ", True),
        ('"other"', False),
        (tag, False),
        (f'"{tag}', False),
        (f'"{tag}-320"', False),
        ("", False),
        ("garbage,,,", False),
    ]:
        plain = await house.both(addresses(small)[0], "anna", method=method, headers={"if-none-match": condition})
        part = {"if-none-match": condition, "range": "bytes=0-1"}
        told = await house.both(addresses(small)[0], "anna", method=method, headers=part)
        if is_same:
            assert told.status == plain.status == 304, condition
            assert told.body == b""
            assert told.headers["etag"] == f'"{tag}"'
            assert "content-length" not in told.headers
            assert "content-type" not in told.headers
        else:
            assert plain.status == 200, condition
            assert told.status == (206 if method == "GET" else 200), condition


async def test_head_is_get_without_the_bytes(house: House, small: Image, large: Image) -> None:
    for image in (small, large):
        for address in addresses(image):
            told = await house.both(address, "anna", method="HEAD")
            whole = await house.both(address, "anna")
            assert told.status == 200
            assert told.body == b""
            assert told.headers == whole.headers
    assert (await house.both(addresses(small)[0], "bert", method="HEAD")).status == 403


async def test_ranges(house: House, small: Image, large: Image) -> None:
    for image in (small, large):
        data = await house.storage.load(image.storage_key)
        size = len(data)
        for asked, start, end in [
            ("bytes=0-0", 0, 1),
            ("bytes=0-99", 0, 100),
            ("bytes=100-", 100, size),
            ("bytes=-100", size - 100, size),
            (f"bytes={size - 1}-", size - 1, size),
            (f"bytes=0-{size * 2}", 0, size),
            (f"bytes=-{size * 2}", 0, size),
            (f"bytes=0-{'9' * 400}", 0, size),
            ("BYTES = 1 - 2 ", 1, 3),
        ]:
            for pathsend in (True, False):
                told = await house.both(addresses(image)[0], "anna", headers={"range": asked}, pathsend=pathsend)
                assert told.status == 206, asked
                assert told.body == data[start:end], asked
                assert told.headers["content-range"] == f"bytes {start}-{end - 1}/{size}"
                assert told.headers["content-length"] == str(end - start)
        for asked in (f"bytes={size}-", f"bytes={size * 2}-{size * 3}", "bytes=-0", f"bytes={'9' * 400}-"):
            told = await house.both(addresses(image)[0], "anna", headers={"range": asked})
            assert told.status == 416, asked
            assert told.body == b""
            assert told.headers["content-range"] == f"bytes */{size}"
        for asked in ("bytes=0-1,3-4", "bytes=5-2", "bytes=-", "bytes", "lines=0-1", "bytes=a-b", "", "bytes=１-２"):
            value = asked.encode().decode("latin-1")
            told = await house.both(addresses(image)[0], "anna", headers={"range": value})
            assert (told.status, told.body) == (200, data), asked


async def test_a_range_only_of_the_version_that_is_known(house: House, small: Image) -> None:
    for condition, status in [
        (f'"{small.content_hash}"', 206),
        (f'W/"{small.content_hash}"', 200),
        ('"other"', 200),
        ("Sun, 22 Nov 2026 10:11:12 GMT", 200),
        ("", 200),
    ]:
        told = await house.both(addresses(small)[0], "anna", headers={"range": "bytes=0-9", "if-range": condition})
        assert told.status == status, condition
    assert (await house.both(addresses(small)[0], "anna", headers={"if-range": '"other"'})).status == 200


async def test_others_pictures(house: House, small: Image) -> None:
    for address in [*addresses(small)[:4], f"/api/user/{small.user_id}/thumbnails/{small.filename}"]:
        assert (await house.both(address, "bert")).status == 403
        told = await house.both(address)
        assert told.status == 401
        assert "登录".encode() in told.body
    for address in [*addresses(small)[4:], f"/api/v1/library/images/{small.id}/thumbnail"]:
        assert (await house.both(address, "bert")).status == 404
        assert (await house.both(address)).status == 401
    # Somebody else's name in the path is refused before it is looked whether there is such a picture.
    assert (await house.both(f"/api/user/{house.users['bert']}/images/nothing.jpg", "anna")).status == 403
    assert (await house.both("/api/user/nobody/images/nothing.jpg", "anna")).status == 403
    assert house.serving.answered.total() == 0


async def test_the_same_name_in_two_libraries(house: House, small: Image) -> None:
    other = await house.keep("bert", draw(50, 50, seed=9), filename=small.filename)
    address = f"/api/user/current/images/clothes/{small.filename}"
    anna, bert = await house.both(address, "anna"), await house.both(address, "bert")
    assert anna.headers["etag"] == f'"{small.content_hash}"'
    assert bert.headers["etag"] == f'"{other.content_hash}"'


async def test_what_is_in_the_trash(house: House, small: Image) -> None:
    for address in addresses(small):
        assert (await house.both(address, "anna")).status == 200
    await house.change(lambda session: changes.trash(session, [small]))
    for address in addresses(small)[:-1]:
        assert (await house.both(address, "anna")).status == 404
    version = small.content_hash[:12]
    for address in (f"/api/v1/library/images/{small.id}/{what}?v={version}" for what in ("file", "thumbnail")):
        told = await house.both(address, "anna")
        assert told.status == 200  # for the page that shows the trash
        assert told.headers["cache-control"] == "private, no-cache"
        assert (await house.both(address, "bert")).status == 404
    await house.change(lambda session: changes.restore(session, [small]))
    for address in addresses(small):
        assert (await house.both(address, "anna")).status == 200
    await house.change(lambda session: changes.purge(session, [small], house.storage))
    for address in addresses(small):
        assert (await house.both(address, "anna")).status == 404


TRICKS = [
    "..",
    "%2e%2e",
    ".",
    "..%2f..%2fvtonlab.db",
    "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "%00",
    "a%00.jpg",
    "..%5c..%5cvtonlab.db",
    "a\\b",
    "%2fetc%2fpasswd",
    "C:%5cwindows%5cwin.ini",
    "a%0ab.jpg",
    "a%20b.jpg",
    "%e4%bd%a0.jpg",
    "%ff%fe",
    "a" * 5000,
    "thumbnails",
    "nothing.jpg",
    "clothes_*.jpg",
    "%25%32%65%25%32%65",
]
FORMS = [
    "/api/user/{own}/images/clothes/{name}",
    "/api/user/{own}/images/{name}/nothing.jpg",
    "/api/user/{own}/images/{name}",
    "/api/user/{own}/thumbnails/{name}",
    "/api/user/{own}/vton_results/{name}",
    "/api/user/current/images/clothes/{name}",
    "/api/v1/library/images/{name}/file",
    "/api/v1/library/images/{name}/thumbnail",
]


@pytest.mark.parametrize("form", FORMS)
async def test_tricks_in_names_find_nothing(house: House, form: str) -> None:
    for name in TRICKS:
        address = form.format(own=house.users["anna"], name=name)
        told = await house.both(address, "anna")
        assert told.status == 404, address
        assert b"Traceback" not in told.body
        assert str(house.storage.path("x")).encode()[:-2] not in told.body


async def test_a_row_without_its_file_is_not_there_and_told_in_the_log(
    house: House, small: Image, large: Image, caplog: pytest.LogCaptureFixture
) -> None:
    for image in (small, large):
        await house.storage.delete(image.storage_key)
        assert (await house.both(addresses(image)[0], "anna")).status == 404
        assert image.id in caplog.text


async def test_a_missing_thumbnail_is_made_once(house: House, small: Image, monkeypatch: pytest.MonkeyPatch) -> None:
    key = thumbnail_key(small.storage_key, 320)
    before = await house.storage.load(key)
    await house.storage.delete(key)
    made = 0
    real = files._make_as_at_first

    def count(data: bytes, side: int) -> bytes:
        nonlocal made
        made += 1
        return real(data, side)

    monkeypatch.setattr(files, "_make_as_at_first", count)
    address = f"/api/user/{small.user_id}/thumbnails/{small.filename}?size=320"
    ways = ["routes"] * 6 + ["front"] * 6
    told = await asyncio.gather(*(house.ask(address, "anna", through=way) for way in ways))
    assert {one.body for one in told} == {before}  # so the ETag did not lie
    assert made == 1
    assert await house.storage.load(key) == before


async def test_a_thumbnail_of_what_is_no_picture(house: House, small: Image) -> None:
    await house.storage.put(small.storage_key, b"damaged on the disk")
    await house.storage.delete(thumbnail_key(small.storage_key, 320))
    address = f"/api/user/{small.user_id}/thumbnails/{small.filename}"
    assert (await house.both(address, "anna")).status == 404
    await house.storage.delete(small.storage_key)
    assert (await house.both(address, "anna")).status == 404


async def test_a_server_that_sends_files_is_told_which(house: House, large: Image) -> None:
    for through in ("front", "routes"):
        told = await house.ask(addresses(large)[0], "anna", through=through)
        assert told.path == str(house.storage.path(large.storage_key))
        told = await house.ask(addresses(large)[0], "anna", through=through, pathsend=False)
        assert told.path is None
        assert told.pieces > 1
        assert told.body == await house.storage.load(large.storage_key)


async def identify(house: House, name: str) -> Caller:
    scope = {"type": "http", "headers": [(b"cookie", house.cookies[name].encode())], "client": ("127.0.0.1", 1)}
    return await house.serving._identify(scope)


async def sign_out(house: House, caller: Caller) -> None:
    await house.accounts.sessions.sign_out(caller)


async def change_password(house: House, caller: Caller) -> None:
    admin = Caller(CallerKind.USER, house.users["bert"], permissions=frozenset(Permission))
    await house.accounts.people.set_password(admin, caller.owner, "another good password")


async def switch_off(house: House, caller: Caller) -> None:
    admin = Caller(CallerKind.USER, house.users["bert"], permissions=frozenset(Permission))
    await house.accounts.people.edit(admin, caller.owner, Changes(is_active=False))


async def delete_account(house: House, caller: Caller) -> None:
    await house.accounts.deletion.delete_own(caller, PASSWORD, None)


@pytest.mark.parametrize("end", [sign_out, change_password, switch_off, delete_account])
async def test_rights_end_at_once(
    house: House, small: Image, large: Image, end: Callable[[House, Caller], Awaitable[None]]
) -> None:
    for image in (small, large):
        assert (await house.both(addresses(image)[0], "anna")).status == 200
    await end(house, await identify(house, "anna"))
    for image in (small, large):
        assert (await house.ask(addresses(image)[0], "anna")).status == 401
        assert (await house.both(addresses(image)[0], "anna")).status == 401


async def test_what_another_process_ended_is_noticed_soon(house: House, small: Image, large: Image) -> None:
    other = Accounts(house.database, house.accounts.settings, b"s" * 32, [])
    await other.prepare()
    caller = await identify(house, "anna")
    for image in (small, large):
        assert (await house.ask(addresses(image)[0], "anna")).status == 200
    await other.sessions.sign_out(caller)
    async with asyncio.timeout(20):
        for image in (small, large):
            while (await house.ask(addresses(image)[0], "anna")).status != 401:  # noqa: ASYNC110 - nobody tells us
                await asyncio.sleep(0.1)


async def test_a_bearer_token_is_as_good_as_a_cookie(house: House, small: Image) -> None:
    pair = await house.accounts.sign_in.of_program(STRANGER, "anna", PASSWORD)
    right = {"authorization": f"Bearer {pair.access_token}"}
    assert (await house.both(addresses(small)[0], headers=right)).status == 200
    wrong = {"authorization": f"Bearer {pair.access_token}x"}
    assert (await house.both(addresses(small)[0], headers=wrong)).status == 401
    # A wrong token is not made good by a cookie beside it, here or there.
    assert (await house.both(addresses(small)[0], "anna", headers=wrong)).status == 401


async def test_two_cookies_of_one_request_are_read_whole(house: House, small: Image) -> None:
    """HTTP/2 sends each cookie in a header of its own: callers must not be mixed up by the last one."""

    async def ask(first: str) -> int:
        scope = {
            "type": "http",
            "method": "GET",
            "path": addresses(small)[0],
            "query_string": b"",
            "headers": [(b"cookie", first.encode()), (b"cookie", b"theme=dark")],
            "client": ("127.0.0.1", 1),
        }
        seen: list[int] = []

        async def send(message: Any) -> None:
            seen.append(message.get("status", 0))

        async def routes(*_: object) -> None:
            seen.append(-1)

        await house.serving.wrap(routes)(scope, None, send)  # type: ignore[arg-type]
        return seen[0]

    assert await ask(house.cookies["anna"]) == 200
    assert await ask(house.cookies["bert"]) == -1


async def test_a_foreign_name_of_the_server_is_left_to_the_guard(house: House, small: Image) -> None:
    reached: list[str] = []

    async def guard(scope: Any, *_: object) -> None:
        reached.append(scope["path"])

    front = house.serving.wrap(guard, lambda host: host.startswith("localhost"))
    for host, is_ours in ((b"localhost:8080", True), (b"evil.example", False), (b"localhost:8080", True)):
        reached.clear()
        headers = [(b"host", host), (b"cookie", house.cookies["anna"].encode())]
        scope = {
            "type": "http",
            "method": "GET",
            "path": addresses(small)[0],
            "query_string": b"",
            "headers": headers,
            "client": ("127.0.0.1", 1),
        }

        async def send(_: object) -> None:
            """Nothing."""

        await front(scope, None, send)  # type: ignore[arg-type]
        assert bool(reached) is not is_ours


@pytest.mark.parametrize(
    "error", [OperationalError("", None, Exception()), StorageUnavailable(), OSError(), ValueError()]
)
async def test_what_goes_wrong_is_left_to_the_layers_that_tell_it(
    house: House, small: Image, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    reached: list[str] = []

    async def layers(scope: Any, *_: object) -> None:
        reached.append(scope["path"])

    async def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(house.serving._files, "named", fail)
    house.front = house.serving.wrap(layers)
    await house.ask(addresses(small)[0], "anna")
    assert reached == [addresses(small)[0]]


async def test_what_is_sent_is_nobody_elses_to_change(house: House, small: Image) -> None:
    """Layers around add headers to the message they are given: the next answer must not have them."""
    seen: list[int] = []
    scope = {
        "type": "http",
        "method": "GET",
        "path": addresses(small)[0],
        "query_string": b"",
        "headers": [(b"cookie", house.cookies["anna"].encode())],
        "client": ("127.0.0.1", 1),
    }

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            seen.append(len(message["headers"]))
            message["headers"].append((b"x-more", b"1"))

    for _ in range(3):
        await house.front(dict(scope), None, send)
    assert len(set(seen)) == 1


@pytest.fixture(scope="module")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with run_s3_server(tmp_path_factory.mktemp("s3")) as address:
        yield address


async def test_pictures_in_a_bucket(
    database: Database, tmp_path: Path, s3_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    place = {"storage_url": f"s3://{BUCKET}/here", "storage_endpoint": s3_server}
    async with open_house(database, tmp_path / "data", **place) as house:
        for side in (60, 800):
            image = await house.keep("anna", draw(side, side))
            data = await house.storage.load(image.storage_key)
            for address in addresses(image):
                told = await house.both(address, "anna")
                assert (told.status, told.body, told.path) == (200, data, None)
            part = await house.both(addresses(image)[0], "anna", headers={"range": "bytes=-1000"})
            assert (part.status, part.body) == (206, data[-1000:])
            same = await house.both(addresses(image)[0], "anna", headers={"if-none-match": f'"{image.content_hash}"'})
            assert same.status == 304
            await house.storage.delete(thumbnail_key(image.storage_key, 320))
            small = await house.both(f"/api/user/{image.user_id}/thumbnails/{image.filename}?size=320", "anna")
            assert (small.status, small.headers["content-type"]) == (200, "image/webp")
            await house.storage.delete(image.storage_key)
            # What was remembered two seconds ago may still be shown; what has to be read says that it is gone.
            assert (await house.ask(addresses(image)[0], "anna", through="routes")).status == 404
            if image.file_size > HELD_MOST:
                assert (await house.ask(addresses(image)[0], "anna")).status == 404
        assert not (tmp_path / "data" / "images").exists()


async def test_in_the_whole_application(tmp_path: Path) -> None:
    """The layer stands before all others, and an answer of its own differs from theirs in nothing but its id."""
    async with open_whole_house(tmp_path / "data") as house:
        boss = await house.admin()
        kept = (await upload(boss.client)).json()
        address = f"/api/user/{boss.user_id}/thumbnails/{kept['filename']}?size=320"
        answered = house.parts.serving.answered
        first = await boss.client.get(address)
        assert (first.status_code, answered[200]) == (200, 1)
        layered = await boss.client.get(address, headers={"Range": "bytes=5-2"})  # means nothing, but goes all the way
        assert (layered.status_code, answered[200]) == (200, 1)
        assert layered.content == first.content
        assert {name for name in layered.headers if name not in first.headers} == {"x-request-id"}
        same = {name: value for name, value in layered.headers.items() if name != "x-request-id"}
        assert same == dict(first.headers)

        for host in ("evil.example", "evil.example:8080", "127.0.0.1.evil.example", ""):
            assert (await boss.client.get(address, headers={"Host": host})).status_code == 403, host
        assert (await boss.client.get(address)).status_code == 200
        link = (await boss.client.get("/api/user/images")).json()["images"][0]
        for url in (link["preview_url"], link["thumbnail_url"]):
            told = await boss.client.get(url)
            assert told.status_code == 200
            assert told.headers["cache-control"] == "private, max-age=31536000, immutable"
            unchanged = await boss.client.get(url, headers={"If-None-Match": told.headers["etag"]})
            assert (unchanged.status_code, unchanged.content) == (304, b"")
        assert (await boss.client.delete(f"/api/images/{kept['imageId']}")).status_code == 200
        assert (await boss.client.get(address)).status_code == 404
        assert (tmp_path / "data").stat().st_mode & 0o077 == 0
