"""What is kept of pictures and templates, on every database."""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path

import pytest
from tests.unit.generation.house import ANN, ANNS, open_house, plain

from vtonlab.db.database import Database
from vtonlab.errors import Conflict
from vtonlab.generation.templates import Draft
from vtonlab.tasks.models import Status

pytestmark = pytest.mark.anyio


async def test_pictures_and_templates_on_every_database(any_database: Database, tmp_path: Path) -> None:
    brought = "data:image/png;base64," + base64.b64encode(plain((1, 2, 3))).decode()
    async with open_house(any_database, tmp_path) as house:
        prompt = "外套 🧥 " * 3_000
        task = await house.draw(prompt, reference_images=(brought,), negative_prompt="文字")
        assert task.status == Status.SUCCEEDED, task.error
        (image,) = await house.rows()
        assert image.context_info["prompt"] == prompt
        assert await house.generation.references.tidy() == 0

        own = house.generation.templates
        drafts = [own.add(ANNS, Draft("街拍 🧥", "{外套}" * 2_000)) for _ in range(5)]
        ended = await asyncio.gather(*drafts, return_exceptions=True)
        assert sorted(isinstance(one, Conflict) for one in ended) == [False, True, True, True, True]
        (kept,) = await own.own(ANNS)
        assert (await own.change(ANNS, kept.id, Draft("a", "b"))).name == "a"
        assert await house.database.write(lambda session: house.generation.hook.delete(session, ANN)) == {
            "templates": 1
        }
        assert await house.keys("references/") == set()
