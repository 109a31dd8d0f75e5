"""Batches over HTTP, drawn by the sandbox."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.api.house import House, open_house

from vtonlab.generation import batch_jobs

pytestmark = pytest.mark.anyio

ASK = "/api/v1/images/batch-generate"
AT_ONCE = "sandbox: seconds=0"


@pytest.fixture
async def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    monkeypatch.setattr(batch_jobs, "SHORTEST_PAUSE", 0.05)
    async with open_house(tmp_path / "data", mode="server", sandbox_on=True) as house:
        yield house


async def until_ended(client: httpx.AsyncClient, name: str) -> dict[str, Any]:
    async with asyncio.timeout(30):
        while True:
            answer = await client.get(f"/api/v1/images/batch/{name}")
            assert answer.status_code == 200, answer.text
            if answer.json()["finished_at"]:
                found: dict[str, Any] = answer.json()
                return found
            await asyncio.sleep(0.05)


async def test_a_batch_from_the_request_to_the_zip(house: House) -> None:
    ann, bob = await house.person("ann"), await house.person("bob")
    body = {"prompts": [f"{AT_ONCE} a", f"{AT_ONCE} fail=prompt_refused b", f"{AT_ONCE} a"], "aspect_ratio": "6:9"}
    key = {"Idempotency-Key": "once"}
    first = await ann.client.post(ASK, json=body, headers=key)
    again = await ann.client.post(ASK, json=body, headers=key)
    assert (first.status_code, again.status_code) == (202, 202)
    assert {**first.json(), "status": ""} == {**again.json(), "status": ""}
    assert first.json().keys() == {"batch_name", "task_id", "count", "status"}
    assert (await ann.client.post(ASK, json={"prompts": ["c"]}, headers=key)).status_code == 409
    name = first.json()["batch_name"]
    told = await until_ended(ann.client, name)
    assert (told["status"], told["counts"]) == ("succeeded", {"total": 3, "succeeded": 2, "failed": 1})
    assert [item["status"] for item in told["items"]] == ["succeeded", "failed", "succeeded"]
    assert told["items"][0]["width"] / told["items"][0]["height"] == pytest.approx(2 / 3, abs=0.01)
    for item in (told["items"][0], told["items"][2]):
        for address in (item["url"], item["thumbnail_url"]):
            assert (await ann.client.get(address)).status_code == 200
    status = (await ann.client.get(f"/api/v1/images/batch/{name}/status")).json()
    assert status.keys() == {"batch_name", "status", "counts", "created_at", "updated_at"}
    results = await ann.client.get(f"/api/v1/images/batch/{name}/results", headers={"Accept-Language": "zh"})
    assert [one["index"] for one in results.json()["results"]] == [0, 1, 2]
    assert "拒绝" in results.json()["results"][1]["error"]["message"]
    task = (await ann.client.get(f"/api/v1/images/tasks/{told['task_id']}")).json()
    assert (task["kind"], task["parameters"]["batch_name"], len(task["result"]["images"])) == ("batch", name, 2)
    listed = (await ann.client.get("/api/v1/images", params={"kind": "batch"})).json()
    assert [one["id"] for one in listed["items"]] == [told["task_id"]]
    assert (await ann.client.post(f"/api/v1/images/batch/{name}/download")).status_code == 204
    zipped = await ann.client.get(f"/api/v1/images/batch/{name}/download")
    assert zipped.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(zipped.content)) as archive:
        assert archive.testzip() is None
        assert len(archive.namelist()) == 3
    for part in ("", "/status", "/results", "/download"):
        assert (await bob.client.get(f"/api/v1/images/batch/{name}{part}")).status_code == 404
    assert (await bob.client.post(f"/api/v1/images/batch/{name}/download")).status_code == 404


async def test_before_the_end_and_cancelled(house: House) -> None:
    ann = await house.person("ann")
    name = (await ann.client.post(ASK, json={"prompts": ["sandbox: seconds=600 a"]})).json()["batch_name"]
    early = await ann.client.get(f"/api/v1/images/batch/{name}/results")
    assert (early.status_code, early.json()["code"]) == (409, "conflict")
    assert "has not ended" in early.json()["title"] + str(early.json().get("detail"))
    for ask in (ann.client.get, ann.client.post):
        assert (await ask(f"/api/v1/images/batch/{name}/download")).status_code == 404
    told = (await ann.client.get(f"/api/v1/images/batch/{name}")).json()
    assert (await ann.client.post(f"/api/v1/tasks/{told['task_id']}/cancel")).status_code == 200
    told = await until_ended(ann.client, name)
    assert (told["status"], told["items"][0]["status"]) == ("cancelled", "cancelled")
    results = (await ann.client.get(f"/api/v1/images/batch/{name}/results")).json()["results"]
    assert [one["status"] for one in results] == ["cancelled"]


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"prompts": []}, "prompts"),
    ({"prompts": ["a"] * 101}, "prompts"),
    ({"prompts": ["a", "b", " \n\u3000"]}, "prompts.2"),
    ({"prompts": ["a", "b" * 20_001]}, "prompts.1"),
    ({"prompts": ["a\x0bb"]}, "prompts.0"),
    ({"prompts": ["a"], "negative_prompt": "\x00"}, "negative_prompt"),
    ({"prompts": ["a"], "aspect_ratio": "1:2"}, "aspect_ratio"),
    ({"prompts": ["a"], "resolution": "8K"}, "resolution"),
    ({"prompts": ["a"], "reference_images": ["x"]}, "reference_images"),
    ({"prompts": "a"}, "prompts"),
]


async def test_what_is_taken_and_what_is_refused(house: House) -> None:
    """What is refused is named; a hundred long prompts are taken, however they are written: a letter may take six
    bytes."""
    ann = await house.person("ann")
    for body, field in REFUSED:
        answer = await ann.client.post(ASK, json=body)
        assert answer.status_code == 422, body
        assert answer.json()["errors"][0]["field"] == field, answer.text
    assert (await ann.client.get("/api/v1/images")).json()["total"] == 0
    content = json.dumps({"prompts": ["sandbox: seconds=600 " + "衣" * 19_900] * 100})
    assert len(content) > 11_000_000
    answer = await ann.client.post(ASK, content=content, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["count"]) == (202, 100)
