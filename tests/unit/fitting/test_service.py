"""From the order to the picture in the library."""

from __future__ import annotations

import numpy as np
import pytest
from tests.unit.fitting.engines import Script
from tests.unit.fitting.house import ANNS, BLUE, RED, SKIN, House, order
from tests.unit.library.arriving import decode

from vtonlab.db import journal
from vtonlab.library.companions import Companion, companion_key
from vtonlab.library.models import Image

pytestmark = pytest.mark.anyio


async def test_a_fitting_goes_from_the_order_to_the_picture(house: House, script: Script) -> None:
    person, top, _ = await house.wardrobe()
    task = await house.fitting.ask(ANNS, order(person, top))
    fitted = await house.fitting.wait(ANNS, task.task_id)
    image = decode(fitted.data)
    assert image.shape == (200, 150, 3)
    assert tuple(image[75, 75]) == RED
    assert tuple(image[150, 75]) == SKIN
    entry = fitted.entry
    assert (entry.human_image, entry.garment_image, entry.result_image) == (
        person.filename,
        top.filename,
        fitted.picture.filename,
    )
    assert (entry.engine, entry.confidence, entry.task_id) == ("painter", 0.75, task.task_id)
    assert entry.parameters["denoise_steps"] == 25
    assert entry.parameters["seed"] == -1
    assert fitted.picture.category == "vton_results"
    assert (await house.task(task.task_id)).result == {
        "images": [
            {
                "image_id": fitted.picture.id,
                "url": f"/api/user/ann/images/vton_results/{entry.result_image}?v={fitted.picture.content_hash[:12]}",
                "width": 150,
                "height": 200,
            }
        ],
        "image_id": fitted.picture.id,
        "vton_id": entry.id,
        "confidence": 0.75,
        "notes": [{"code": "tested", "level": "info", "en": "A test.", "zh-CN": "测试。"}],
    }
    mask = decode(await house.fitting.mask(ANNS, entry.id))
    assert (mask[75, 75] == 255).all()
    assert (mask[150, 75] == 0).all()
    page = await house.fitting.history(ANNS, 1, 20)
    assert [item.entry.id for item in page.items] == [entry.id]
    assert (page.total, page.has_next, page.has_prev) == (1, False, False)
    async with house.database.read() as session:
        changes = [(c.entity, c.action, c.entity_id) for c in await journal.read(session, "ann")]
    assert changes[-2:] == [("image", "create", fitted.picture.id), ("history", "create", entry.id)]
