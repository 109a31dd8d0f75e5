"""One picture: from the request that really goes out to the signed entry in the library."""

from __future__ import annotations

import pytest
from tests.fakes.gemini import FakeGemini
from tests.unit.generation.house import House

from vtonlab.tasks.models import Status

pytestmark = pytest.mark.anyio


async def test_smoke(house: House, fake: FakeGemini) -> None:
    task = await house.draw()
    assert task.status == Status.SUCCEEDED, task.error
    assert task.parameters["provider"] == "gemini"
