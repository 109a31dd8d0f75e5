# ruff: noqa: ASYNC110 - what is waited for happens in the server
"""What the engine says about photos and clothes: advice, words for notes, and what garments dress."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image
from sqlalchemy import select
from tests.api.fittings import person, shirt
from tests.api.house import House, open_house, upload

from vtonlab.db.journal import Change
from vtonlab.engines import registry
from vtonlab.engines.contract import Note
from vtonlab.fitting import findings, kinds
from vtonlab.library.models import Image as Row
from vtonlab.storage.local import LocalStorage

pytestmark = pytest.mark.anyio

V1 = "/api/v1/library"
ADVICE = "/api/v1/tryon/advice"


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The background waits for nobody."""
    for name in ("QUIET_SECONDS", "TICK_SECONDS", "PAUSE_SECONDS"):
        monkeypatch.setattr(kinds, name, 0.01)


@pytest.fixture(params=["local", "server"])
async def telling(request: pytest.FixtureRequest, tmp_path: Path, quick: None) -> AsyncIterator[House]:
    async with open_house(tmp_path / "data", mode=request.param, garment_kinds=True) as house:
        yield house


def plain() -> bytes:
    """Nothing that could be worn."""
    file = io.BytesIO()
    Image.new("RGB", (300, 400), (200, 200, 200)).save(file, "PNG")
    return file.getvalue()


async def keep(client: httpx.AsyncClient, photo: bytes, category: str = "clothes") -> str:
    """The id of ``photo`` in the library of who asks."""
    answer = await upload(client, photo, category)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["imageId"])


async def until(client: httpx.AsyncClient, image_id: str, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    async with asyncio.timeout(60):
        while True:
            image: dict[str, Any] = (await client.get(f"{V1}/images/{image_id}")).json()
            if wanted(image):
                return image
            await asyncio.sleep(0.05)


async def row_of(house: House, image_id: str) -> Row:
    async with house.parts.database.read() as session:
        return (await session.execute(select(Row).where(Row.id == image_id))).scalar_one()


async def until_looked_at(house: House, image_id: str) -> Row:
    async with asyncio.timeout(60):
        while not (row := await row_of(house, image_id)).kind_by:
            await asyncio.sleep(0.05)
    return row


class TestKinds:
    async def test_they_are_told_after_the_upload_and_a_persons_word_stands(self, telling: House) -> None:
        home = (await telling.admin()).client
        top = await keep(home, shirt(1), "clothes")
        nothing = await keep(home, plain(), "clothes")
        me = await keep(home, person(), "char")
        await until(home, top, lambda image: image["garment_kind"] == "upper")
        assert (await home.get(f"{V1}/ids?garment_kind=upper")).json() == {"ids": [top]}
        row = await until_looked_at(telling, nothing)
        assert (row.garment_kind, row.kind_by) == ("", "engine")
        assert (await row_of(telling, me)).kind_by == ""
        corrected = await home.patch(f"{V1}/images/{top}", json={"garment_kind": "dress"})
        assert corrected.json()["garment_kind"] == "dress"
        library = telling.parts.library
        await library.tell_kinds([await row_of(telling, top)], {top: "lower"})
        assert (await home.get(f"{V1}/images/{top}")).json()["garment_kind"] == "dress"
        await home.patch(f"{V1}/images/{top}", json={"garment_kind": "auto"})
        await until(home, top, lambda image: image["garment_kind"] == "upper")
        async with telling.parts.database.read() as session:
            noted = (
                await session.execute(select(Change).where(Change.entity_id == top).order_by(Change.number))
            ).scalars()
            told = [change.fields for change in noted if change.action == "set"]
        assert [(one["garment_kind"], one["kind_by"]) for one in told] == [
            ("upper", "engine"), ("dress", "person"), ("", ""), ("upper", "engine"),
        ]  # fmt: skip

    async def test_what_was_there_before_is_caught_up_after_a_start(self, tmp_path: Path, quick: None) -> None:
        async with open_house(tmp_path / "data") as house:
            home = (await house.admin()).client
            ids = [await keep(home, shirt(number), "clothes") for number in (1, 2)]
            moved = await keep(home, shirt(3), "char")
            missing = await keep(home, shirt(4), "clothes")
            assert isinstance(house.parts.storage, LocalStorage)
            path = house.parts.storage.path((await row_of(house, missing)).storage_key)
            assert path is not None
            path.unlink()
        async with open_house(tmp_path / "data", garment_kinds=True) as house:
            home = (await house.admin()).client
            for image_id in ids:
                await until(home, image_id, lambda image: image["garment_kind"] == "upper")
            assert (await until_looked_at(house, missing)).garment_kind == ""
            await home.post(V1 + "/images/move", json={"image_ids": [moved], "category": "clothes"})
            await until(home, moved, lambda image: image["garment_kind"] == "upper")

    async def test_an_engine_that_fails_and_a_storage_that_does_not_answer(
        self, tmp_path: Path, quick: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(kinds, "TROUBLE_SECONDS", 0.05)
        failing: list[BaseException] = [RuntimeError("a fault of the engine"), OSError("no answer")]
        looked = findings.Findings.look

        async def look(*given: Any, **more: Any) -> Any:
            if failing:
                raise failing.pop(0)
            return await looked(*given, **more)

        monkeypatch.setattr(findings.Findings, "look", look)
        async with open_house(tmp_path / "data", garment_kinds=True) as house:
            home = (await house.admin()).client
            first = await keep(home, shirt(1), "clothes")
            assert (await until_looked_at(house, first)).garment_kind == ""
            second = await keep(home, shirt(2), "clothes")
            await until(home, second, lambda image: image["garment_kind"] == "upper")
            assert not failing

    async def test_a_stop_does_not_wait_for_what_is_left(self, tmp_path: Path, quick: None) -> None:
        async with open_house(tmp_path / "data", garment_kinds=True) as house:
            home = (await house.admin()).client
            ids = [await keep(home, shirt(number), "clothes") for number in range(12)]
            async with asyncio.timeout(5):
                await house.parts.kinds.stop()
            told = [(await row_of(house, image_id)).kind_by for image_id in ids]
            assert "" in told


async def test_what_a_person_said_is_what_is_fitted(local_house: House) -> None:
    home = (await local_house.admin()).client
    me, top, other = await keep(home, person(), "char"), await keep(home, shirt(1)), await keep(home, shirt(2))

    async def preview(**more: Any) -> httpx.Response:
        answer = await home.post("/api/v1/tryon/preview", json={"human_image": me, "garment_image": top, **more})
        assert answer.status_code == 200, answer.text
        return answer

    left_open, asked = await preview(), await preview(garment_kind="dress")
    assert left_open.content != asked.content
    await home.patch(f"{V1}/images/{top}", json={"garment_kind": "dress"})
    assert (await preview()).content == asked.content
    many = {"human_images": [me], "garment_images": [top, other], "engine": "instant"}
    group = (await home.post("/api/v1/tryon", json=many)).json()
    told = {}
    for task_id in group["children"]:
        parameters = (await home.get(f"/api/v1/tasks/{task_id}")).json()["parameters"]
        told[parameters["garment_image"]] = parameters["garment_kind"]
    assert told == {top: "dress", other: "auto"}
    library = local_house.parts.library
    await library.tell_kinds([await row_of(local_house, other)], {other: "upper"})
    of_other = await preview(garment_image=other), await preview(garment_image=other, garment_kind="upper")
    assert len({answer.headers["etag"] for answer in of_other}) == 1


def test_nobody_waits_for_anothers_thousands() -> None:
    rows = [Row(id=f"{user}{number}", user_id=user) for user, count in (("a", 50), ("b", 2)) for number in range(count)]
    assert [row.id for row in kinds.choose_next(rows)] == ["a0", "b0", "a1", "b1", "a2", "a3", "a4", "a5"]
    assert kinds.choose_next([]) == []


class TestAdvice:
    async def test_what_would_make_a_photo_work_better(self, local_house: House) -> None:
        home = (await local_house.admin()).client
        me, top, nothing = await keep(home, person(), "char"), await keep(home, shirt(1)), await keep(home, plain())
        for image_id, role in ((me, "person"), (top, "garment")):
            answer = await home.get(ADVICE, params={"image": image_id, "role": role})
            assert answer.status_code == 200, answer.text
            assert "problem" not in {note["level"] for note in answer.json()["items"]}
        for role, code in (("person", "no_person_found"), ("garment", "garment_not_understood")):
            for language, word in (("en", "photo"), ("zh-CN", "照片")):
                headers = {"Accept-Language": language}
                answer = await home.get(ADVICE, params={"image": nothing, "role": role}, headers=headers)
                (note,) = answer.json()["items"]
                assert (note["code"], note["level"]) == (code, "problem")
                assert word in note["text"]
        filename = (await home.get(f"{V1}/images/{me}")).json()["filename"]
        assert (await home.get(ADVICE, params={"image": filename})).status_code == 200
        assert (await home.get(ADVICE, params={"image": "none"})).status_code == 404
        assert (await home.get(ADVICE, params={"image": me, "role": "cat"})).status_code == 422

    async def test_a_photo_is_looked_at_once(self, local_house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        home = (await local_house.admin()).client
        me = await keep(home, person(), "char")
        first = (await home.get(ADVICE, params={"image": me})).json()
        engine = registry.get()
        monkeypatch.delattr(type(engine), "analyse_person")
        assert (await home.get(ADVICE, params={"image": me})).json() == first

    async def test_the_engine_of_previews_is_told_what_was_found_out(
        self, local_house: House, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        home = (await local_house.admin()).client
        me, top = await keep(home, person(), "char"), await keep(home, shirt(1))
        for image_id, role in ((me, "person"), (top, "garment")):
            assert (await home.get(ADVICE, params={"image": image_id, "role": role})).status_code == 200
        engine = registry.get()
        for name in ("analyse_person", "analyse_garment"):
            monkeypatch.setattr(engine, name, None, raising=False)
        answer = await home.post("/api/v1/tryon/preview", json={"human_image": me, "garment_image": top})
        assert answer.status_code == 200, answer.text

    async def test_every_note_has_words_in_both_languages(self, local_house: House) -> None:
        stranger = await local_house.visitor()
        words = {
            language: (await stranger.get("/api/v1/tryon/notes", headers={"Accept-Language": language})).json()["items"]
            for language in ("en", "zh-CN")
        }
        codes = [note["code"] for note in words["en"]]
        assert len(set(codes)) == len(codes) >= 19
        assert {"arms_across", "garment_cropped", "much_invented"} <= set(codes)
        for english, chinese in zip(words["en"], words["zh-CN"], strict=True):
            assert english["code"] == chinese["code"]
            assert english["text"] != chinese["text"]


def test_the_engine_tells_every_note_that_its_modules_have() -> None:
    import importlib
    import pkgutil

    from vtonlab.engines import instant

    there = {
        value
        for module in pkgutil.iter_modules(instant.__path__)
        for value in vars(importlib.import_module(f"{instant.__name__}.{module.name}")).values()
        if isinstance(value, Note)
    }
    told = getattr(registry.get(), "all_notes")  # noqa: B009 - only some engines have it
    assert there == set(told)
