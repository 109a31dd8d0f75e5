"""For those who run the server: alive, ready, figures, statistics, the description of its interfaces."""

from __future__ import annotations

import gzip

import pytest
from tests.api.house import House, make_photo, open_house, upload

pytestmark = pytest.mark.anyio


async def test_ready_says_which_part_is_down(server_house: House) -> None:
    client = await server_house.visitor()
    answer = await client.get("/readyz")
    assert (answer.status_code, set(answer.json()["parts"].values())) == (200, {"ok"})
    await server_house.parts.tasks.stop()
    answer = await client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"status": "not ready", "parts": {"database": "ok", "storage": "ok", "runner": "down"}}
    assert (await client.get("/healthz")).status_code == 200


async def test_probes_and_pages_answer_to_head(server_house: House) -> None:
    client = await server_house.visitor()
    for path in ("/", "/healthz", "/readyz", "/favicon.svg"):
        answer = await client.head(path)
        assert (answer.status_code, answer.content) == (200, b"")
        assert int(answer.headers["content-length"]) > 0


async def test_figures_count_by_route_and_never_by_path(server_house: House) -> None:
    admin = await server_house.admin()
    guest = await server_house.guest()
    for number in range(3):
        await guest.get(f"/api/task/none{number}")
    await guest.get("/api/user/paths")
    await guest.get("/no/such/place")
    answer = await admin.client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert 'vtonlab_requests_total{method="GET",route="/api/task/{task_id}",status="404"} 3.0' in answer.text
    assert 'vtonlab_requests_total{method="GET",route="/api/user/paths",status="401"} 1.0' in answer.text
    assert 'route="(none)",status="404"' in answer.text
    assert 'vtonlab_uploads_total{status="200"} 1.0' in answer.text
    assert "none0" not in answer.text


async def test_figures_are_read_with_a_token_of_their_own(tmp_path_factory: pytest.TempPathFactory) -> None:
    async with open_house(tmp_path_factory.mktemp("data"), mode="server", metrics_token="prometheus-1") as house:
        for token, status in (("prometheus-1", 200), ("prometheus-2", 401), ("", 401)):
            client = await house.visitor(Authorization=f"Bearer {token}")
            assert (await client.get("/metrics")).status_code == status


async def test_statistics_count_everybodys(server_house: House) -> None:
    admin, mei = await server_house.admin(), await server_house.person("mei")
    for seed in (1, 2):
        await upload(mei.client, make_photo(seed))
    await upload(mei.client, make_photo(3), "char")
    await mei.client.delete(f"/api/images/{(await mei.client.get('/api/images')).json()['images'][0]['id']}")
    told = (await admin.client.get("/api/v1/admin/stats")).json()
    assert told["users"] == {"person": 2}
    assert told["pictures"]["by_category"] == {"clothes": 2, "char": 0}
    assert told["pictures"]["images"] == 2
    assert told["pictures"]["in_trash"] == 1
    assert sum(told["pictures"]["bytes_by_category"].values()) == told["pictures"]["bytes"] > 0
    assert told["pictures"]["bytes_by_category"]["char"] == 0 < told["pictures"]["bytes_in_trash"]
    assert (told["mode"], told["database"], told["storage"]) == ("server", "sqlite", "local")


async def test_text_is_compressed_and_pictures_are_not(server_house: House) -> None:
    mei = await server_house.person("mei")
    for seed in range(4):
        await upload(mei.client, make_photo(seed))
    listed = await mei.client.get("/api/images", headers={"Accept-Encoding": "gzip"})
    assert listed.headers["content-encoding"] == "gzip"
    assert "accept-encoding" in listed.headers["vary"].lower()
    picture = await mei.client.get(listed.json()["images"][0]["preview_url"], headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in picture.headers
    assert len(picture.content) == int(picture.headers["content-length"])
    async with mei.client.stream("GET", "/api/images", headers={"Accept-Encoding": "gzip"}) as raw:
        packed = b"".join([piece async for piece in raw.aiter_raw()])
    assert b'"images"' in gzip.decompress(packed)


async def test_both_interfaces_are_described(server_house: House) -> None:
    document = (await (await server_house.visitor()).get("/openapi.json")).json()
    known = {tag["name"] for tag in document["tags"]}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            told = f"{method} {path}"
            assert operation["tags"], told
            assert set(operation["tags"]) <= known, f"{told}: {operation['tags']}"
            assert operation["summary"], told
            assert "4XX" in operation["responses"], told
            if path.startswith("/api/v1/"):
                assert operation["tags"][0] == "studio", told
            elif path.startswith("/api/"):
                assert operation["tags"][0] == "wardrobe", told
    assert set(document["components"]["securitySchemes"]) == {"session", "bearer"}
    assert "HTTPValidationError" not in str(document)


async def test_a_picture_passes_the_same_rules_as_everything_else(local_house: House) -> None:
    client = await local_house.visitor()
    await upload(client)
    address = (await client.get("/api/images")).json()["images"][0]["preview_url"]
    answer = await client.get(address)
    assert answer.status_code == 200
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert (await client.get(address, headers={"Host": "evil.example"})).status_code == 403
