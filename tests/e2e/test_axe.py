"""Every page and its main states: axe finds nothing, in either theme; nothing in the console; nothing too wide."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from tests.e2e.browsing import Windows, find_violations, is_too_wide
from tests.e2e.states import STATES, State, enter
from tests.e2e.world import World, make_world

pytestmark = pytest.mark.browser

ELSEWHERE = (
    *("settings-", "admin-", "batch", "studio-", "room-mask", "room-options", "room-engines"),
    *("register", "library-no-", "library-trash-empty"),
)
"""What the tests of its own feature show to axe: here only in the long run."""
TWINS = frozenset({"library-me", "library-results", "library-favourites", "lightbox", "room-outfit", "room-result"})
"""What another state shows as well (library, lightbox-details, room-preview, room-details): likewise."""
PARAMETERS = [
    pytest.param(
        state,
        id=state.name,
        marks=[pytest.mark.deep] if state.name.startswith(ELSEWHERE) or state.name in TWINS else [],
    )
    for state in STATES
]


@pytest.fixture(scope="module")
def world(
    built_pages: None, drawings: dict[str, Path], photos: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """Shared by all states; what one leaves running is stopped after it."""
    with make_world(tmp_path_factory.mktemp("world"), drawings | {"nobody": photos["me"]}) as world:
        yield world


@pytest.mark.parametrize("state", PARAMETERS)
def test_nothing_bars_anybody(browser: Browser, world: World, state: State) -> None:
    windows = Windows(browser)
    size = state.sizes[0]
    try:
        view = enter(windows, world, state, size=size)
        found = {"light": find_violations(view.page)}
        view.page.emulate_media(color_scheme="dark")
        found["dark"] = find_violations(view.page, rules=["color-contrast"])
        assert not is_too_wide(view.page)
    finally:
        complaints = windows.close()
        if state.name in {"room-running", "studio-drawn"}:
            world.rest()
    assert not any(found.values()), "\n".join(f"{theme}: {one}" for theme, every in found.items() for one in every)
    assert not complaints
