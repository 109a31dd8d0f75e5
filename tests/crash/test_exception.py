"""Whatever is raised at a named place, the program goes on: what was begun is undone, or left to the sweep."""

from __future__ import annotations

import pytest
from tests.crash import house
from tests.crash.looking import look_at_everything, look_at_what_is_served
from tests.crash.test_kill import POINTS

from vtonlab import crash_points
from vtonlab.library.sweep import Sweep

pytestmark = pytest.mark.anyio


class Stopped(BaseException):
    """As little expected as can be."""


@pytest.mark.parametrize(
    ("action", "point"), [(action, point) for action, points in POINTS.items() if action != "work" for point in points]
)
async def test_raised_at_a_named_place(data, action, point):
    opened = await house.open_house(data, lambda _entry: None)
    try:

        def stop(name):
            if name == point:
                crash_points.listen(None)
                raise Stopped

        crash_points.listen(stop)
        with pytest.raises(Stopped):
            await house.ACTIONS[action](opened)
        look_at_what_is_served(data)
        await house.ACTIONS[action](opened)  # and again, in the same process
        await Sweep(opened.database, opened.storage, opened.library, opened.ingest.scratch).run(alone=True)
        look_at_everything(data)
    finally:
        crash_points.listen(None)
        await opened.close()
