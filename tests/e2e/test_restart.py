"""The server is stopped and started again while people work: the page says so, comes back by itself, and what runs
goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.e2e.browsing import GONE
from tests.e2e.site import Site, run_site
from tests.e2e.words import Say

pytestmark = pytest.mark.browser

OpenPage = Callable[..., Page]
PATIENCE_MS = 60_000
WORDS = "a red shirt with a print"


@pytest.fixture
def house(built_pages: None, tmp_path: Path) -> Iterator[Site]:
    """A site of its own."""
    with run_site(tmp_path, engine="instant", sandbox_on="1") as site:
        yield site


@pytest.mark.parametrize("language", ["en", pytest.param("zh-CN", marks=pytest.mark.deep)])
def test_work_goes_on_over_a_restart_and_nothing_typed_is_lost(
    house: Site, open_page: OpenPage, drawings: dict[str, Path], language: str
) -> None:
    say = Say(language)
    person, shirt = house.add(drawings["person"], category="char")[0], house.add(drawings["shirt"])[0]
    path = f"/tryon?person={person['id']}&garment={shirt['id']}"
    page = open_page(house, path, language, remembered={"engine": "sandbox"}, tolerated=[GONE])
    mirror = page.get_by_role("region", name=say("fitting.stage.label"))
    expect(mirror.get_by_role("img", name=say.like("fitting.stage.wornAlt"))).to_be_visible(timeout=PATIENCE_MS)

    page.get_by_role("button", name=say("engines.settings")).first.click()
    page.get_by_label(say("engines.option.seconds.label")).first.fill("6")
    page.get_by_role("button", name=say("engines.done"), exact=True).click()
    page.get_by_role("button", name=say("engines.photograph"), exact=True).click()
    expect(page.get_by_role("progressbar").first).to_be_visible()
    page.get_by_label(say("engines.description")).fill(WORDS)

    house.stop()
    lost = page.get_by_role("region", name=say("shell.connection")).get_by_text(say("shell.lost"))
    expect(lost).to_be_visible(timeout=PATIENCE_MS)
    expect(mirror.get_by_role("img", name=say.like("fitting.stage.wornAlt"))).to_be_visible()  # it stays usable
    house.start()

    expect(lost).to_have_count(0, timeout=PATIENCE_MS)
    shown = mirror.get_by_role("radio", name=say("fitting.stage.photograph"))
    expect(shown).to_be_checked(timeout=PATIENCE_MS)
    expect(page.get_by_label(say("engines.description"))).to_have_value(WORDS)
    with house.client() as client:
        [task] = client.get("/api/v1/tasks").json()["items"]
        assert task["status"] == "succeeded"
        assert client.get("/api/v1/tryon/history").json()["total"] == 1
