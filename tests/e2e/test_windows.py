"""Two windows of the same person are in step, over the WebSocket: nothing is loaded anew in either."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from tests.e2e.site import Site, run_site
from tests.e2e.words import Say

pytestmark = pytest.mark.browser

OpenPage = Callable[..., Page]
say = Say("en")


@pytest.fixture(scope="module")
def shared(built_pages: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site with an engine that takes its time."""
    with run_site(tmp_path_factory.mktemp("windows"), engine="instant", sandbox_on="1") as site:
        yield site


@pytest.fixture
def house(shared: Site) -> Site:
    """The same, with nothing in its library."""
    shared.empty()
    return shared


def grid(page: Page) -> Locator:
    """The pictures of the library."""
    return page.get_by_role("main").get_by_role("gridcell")


def test_pictures_that_come_are_liked_and_go_are_seen_in_the_other_window(
    house: Site, open_page: OpenPage, drawings: dict[str, Path]
) -> None:
    here, there = open_page(house, "/images"), open_page(house, "/images")
    expect(here.get_by_text(say("library.empty.clothes"))).to_be_visible()
    expect(there.get_by_text(say("library.empty.clothes"))).to_be_visible()

    with here.expect_file_chooser() as chooser:
        here.get_by_role("button", name=say("library.add")).first.click()
    chooser.value.set_files([drawings["tee"], drawings["trousers"]])
    expect(grid(here)).to_have_count(2)
    expect(grid(there)).to_have_count(2)

    newest = grid(here).first
    name = str(newest.get_by_role("img").first.get_attribute("alt"))
    newest.focus()
    here.keyboard.press("f")
    liked = there.get_by_role("gridcell", name=re.compile(re.escape(name))).get_by_text(say("library.liked"))
    expect(liked).to_be_attached()

    newest.focus()
    here.keyboard.press("Delete")
    expect(grid(here)).to_have_count(1)
    expect(grid(there)).to_have_count(1)
    here.get_by_role("button", name=say("common.undo")).first.click()
    expect(grid(there)).to_have_count(2)


def test_a_task_is_followed_and_its_result_appears_in_the_other_window(
    house: Site, open_page: OpenPage, drawings: dict[str, Path]
) -> None:
    person, shirt = house.add(drawings["person"], category="char")[0], house.add(drawings["shirt"])[0]
    results = open_page(house, "/images?tab=results")
    expect(results.get_by_text(say("library.empty.results"))).to_be_visible()
    with house.client() as client:
        order = {"human_image": person["id"], "garment_image": shirt["id"], "engine": "sandbox"}
        client.post("/api/v1/tryon", json=order | {"options": {"seconds": 3}}).raise_for_status()
    results.get_by_role("button", name=say.like("tasks.button")).click()
    drawer = results.get_by_role("dialog", name=say("tasks.title"))
    expect(drawer.get_by_role("progressbar")).to_be_visible()
    expect(drawer.get_by_role("progressbar")).to_have_count(0)
    expect(drawer.get_by_text(say("tasks.status.succeeded")).first).to_be_visible()
    results.keyboard.press("Escape")
    expect(grid(results)).to_have_count(1)
