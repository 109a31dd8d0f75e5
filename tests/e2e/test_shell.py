"""The frame around every page: bars, keys, language and theme, what is dropped or pasted, tasks, messages."""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Response, expect
from tests.e2e.browsing import GONE, settle
from tests.e2e.conftest import CheckAxe, OpenPage
from tests.e2e.site import Site, run_site

PAGES = {"1": "Home", "2": "Fitting room", "3": "Library", "4": "Studio", "5": "Help"}
FINGER = 44
"""CSS pixels that a finger needs."""

GIVE = """([kind, name, type, content]) => {
  const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], name, { type }));
  const on = document.activeElement ?? document.body;
  const options = { bubbles: true, cancelable: true };
  if (kind === "paste") on.dispatchEvent(new ClipboardEvent("paste", { ...options, clipboardData: transfer }));
  else for (const one of kind.split(" "))
    document.body.dispatchEvent(new DragEvent(one, { ...options, dataTransfer: transfer }));
}"""


def give(page: Page, kind: str, path: Path, media_type: str = "image/png") -> None:
    """What a hand would do with a file: ``paste``, ``dragenter``, ``drop``."""
    page.evaluate(GIVE, [kind, path.name, media_type, base64.b64encode(path.read_bytes()).decode()])


def messages(page: Page) -> Locator:
    return page.get_by_role("region", name="Messages")


def is_upload(answer: Response) -> bool:
    return answer.request.method == "POST" and answer.url.endswith("/api/v1/library/images")


def library(site: Site, category: str) -> int:
    with site.client() as client:
        answer = client.get("/api/v1/library/images", params={"category": category})
        return int(answer.raise_for_status().json()["total"])


def fit(site: Site, person: Path, garment: Path) -> str:
    """A fitting asked for from elsewhere; its task's id."""
    human = site.add(person, category="char")[0]["id"]
    clothes = site.add(garment, category="clothes")[0]["id"]
    with site.client() as client:
        asked = client.post("/api/v1/tryon", json={"human_image": human, "garment_image": clothes})
        return str(asked.raise_for_status().json()["id"])


def wait_for_end(site: Site, task: str) -> None:
    with site.client() as client:
        while client.get(f"/api/v1/tasks/{task}").json()["status"] in {"queued", "running"}:
            time.sleep(0.1)


# Keys


def test_keys_lead_to_the_pages_and_the_focus_to_their_titles(site: Site, open_page: OpenPage) -> None:
    page = open_page(site, "/tutorial")
    for key, name in PAGES.items():
        page.keyboard.press(key)
        expect(page).to_have_title(re.compile(f"^{name} ·"))
        expect(page.locator("main h1")).to_be_focused()
    current = page.get_by_role("navigation", name="Pages").locator("[aria-current=page]")
    page.keyboard.press("3")
    expect(current.filter(visible=True)).to_have_text("Library")


def test_keys_are_letters_while_words_are_typed_or_composed(site: Site, open_page: OpenPage) -> None:
    page = open_page(site, "/images")
    field = page.get_by_role("searchbox")
    expect(field).to_be_visible()
    page.keyboard.press("/")
    expect(field).to_be_focused()
    page.keyboard.type("2?t")
    expect(field).to_have_value("2?t")
    expect(page.get_by_role("dialog")).to_have_count(0)
    field.press("Escape")
    page.locator("main h1").focus()
    page.evaluate("""() => document.activeElement.dispatchEvent(
      new KeyboardEvent("keydown", { key: "2", isComposing: true, bubbles: true }))""")
    expect(page).to_have_title(re.compile("^Library"))
    page.keyboard.press("2")
    expect(page).to_have_title(re.compile("^Fitting room"))


def test_the_overview_of_keys(site: Site, open_page: OpenPage, check_axe: CheckAxe) -> None:
    page = open_page(site, "/tutorial")
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(sheet.get_by_text("Photograph it")).to_be_visible()
    settle(page)
    check_axe(page)
    page.keyboard.press("2")  # behind a dialog nothing moves
    expect(sheet).to_be_visible()
    page.keyboard.press("Escape")
    expect(sheet).to_have_count(0)
    expect(page).to_have_title(re.compile("^Help"))


def test_the_first_stop_of_the_keyboard_skips_the_bar(site: Site, open_page: OpenPage) -> None:
    page = open_page(site, "/tutorial")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()


def test_buttons_without_words_tell_their_names(site: Site, open_page: OpenPage) -> None:
    page = open_page(site, "/tutorial")
    page.get_by_role("button", name="Language and theme").hover()
    expect(page.get_by_text("Language and theme", exact=True)).to_be_visible()
    page.mouse.move(700, 700)
    expect(page.get_by_text("Language and theme", exact=True)).to_have_count(0)


# Language and theme


def test_language_and_theme_are_chosen_at_once_and_for_good(
    site: Site, open_page: OpenPage, check_axe: CheckAxe
) -> None:
    page = open_page(site, "/settings")
    page.get_by_role("button", name="Language and theme").click()
    expect(page.get_by_role("menuitemradio", name="As the system").first).to_be_checked()
    settle(page)
    check_axe(page)
    page.get_by_role("menuitemradio", name="简体中文").click()
    expect(page).to_have_title(re.compile("^设置 ·"))
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    page.get_by_role("button", name="语言和外观").click()
    page.get_by_role("menuitemradio", name="深色").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.reload()
    expect(page).to_have_title(re.compile("^设置 ·"))
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.locator("body")).to_have_css("color", "rgb(236, 236, 234)")


@pytest.mark.parametrize(("language", "theme"), [("en", "dark"), ("zh-CN", "light")])
def test_on_a_phone_the_pages_are_where_the_thumb_is(
    site: Site, open_page: OpenPage, check_axe: CheckAxe, language: str, theme: str
) -> None:
    page = open_page(site, "/tutorial", language, theme, width=360, height=740, touch=True)
    bars = page.get_by_role("navigation", name="Pages" if language == "en" else "页面")
    bar = bars.filter(visible=True)
    expect(bar).to_be_in_viewport()
    links = bar.get_by_role("link")
    expect(links).to_have_count(5)
    for target in [*links.all(), *page.get_by_role("banner").get_by_role("button").all()]:
        box = target.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= FINGER, target
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    check_axe(page)
    links.nth(2).tap()
    expect(page).to_have_title(re.compile("^(Library|图库)"))


# Dropping and pasting


def test_a_picture_pasted_anywhere_is_asked_about_and_kept(
    clean_site: Site, open_page: OpenPage, check_axe: CheckAxe, photos: dict[str, Path]
) -> None:
    page = open_page(clean_site, "/settings")
    give(page, "paste", photos["me"])
    asks = page.get_by_role("dialog", name="What does the picture show?")
    expect(asks.get_by_role("button", name="A photo of me")).to_be_focused()
    settle(page)
    check_axe(page)
    with page.expect_response(is_upload):
        asks.get_by_role("button", name="A photo of me").click()
    expect(page.get_by_text("me.png")).to_be_visible()
    expect(asks).to_have_count(0)
    assert library(clean_site, "char") == 1


def test_what_is_pasted_while_words_are_typed_goes_into_the_words(
    site: Site, open_page: OpenPage, photos: dict[str, Path]
) -> None:
    page = open_page(site, "/images")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.get_by_role("searchbox").focus()
    give(page, "paste", photos["me"])
    page.keyboard.press("Escape")
    page.locator("main h1").focus()
    page.keyboard.press("?")  # had a question come up, this would be no answer to it
    expect(page.get_by_role("dialog")).to_have_count(1)
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()


def test_a_picture_is_dropped_anywhere(clean_site: Site, open_page: OpenPage, photos: dict[str, Path]) -> None:
    page = open_page(clean_site, "/tutorial")
    give(page, "dragenter dragover", photos["red"])
    expect(page.get_by_text("Drop pictures anywhere")).to_be_visible()
    give(page, "drop", photos["red"])
    expect(page.get_by_text("Drop pictures anywhere")).to_have_count(0)
    with page.expect_response(is_upload):
        page.get_by_role("dialog").get_by_role("button", name="A garment").click()
    expect(page.get_by_text("red.png")).to_be_visible()
    assert library(clean_site, "clothes") == 1


def test_what_is_no_picture_is_said_to_be_none(site: Site, open_page: OpenPage, photos: dict[str, Path]) -> None:
    page = open_page(site, "/tutorial")
    give(page, "drop", photos["list"], "text/plain")
    expect(messages(page).get_by_text("That is not a picture.")).to_be_visible()
    expect(messages(page).get_by_text("JPEG, PNG, WebP, HEIC and AVIF files work.")).to_be_visible()


# Messages


def test_a_message_stays_while_it_is_read(site: Site, open_page: OpenPage, photos: dict[str, Path]) -> None:
    page = open_page(site, "/tutorial")
    page.clock.install()
    give(page, "drop", photos["list"], "text/plain")
    message = messages(page).get_by_text("That is not a picture.")
    expect(page.get_by_role("alert").get_by_text("That is not a picture.")).to_have_count(1)  # it is read out
    page.keyboard.press("F8")
    expect(messages(page).get_by_role("button", name="Close")).to_be_focused()
    page.clock.run_for(60_000)
    expect(message).to_be_visible()
    page.get_by_role("main").focus()
    page.clock.run_for(10_000)
    expect(message).to_have_count(0)


# Tasks


def test_the_drawer_shows_what_was_done_and_leads_there(
    clean_site: Site, open_page: OpenPage, check_axe: CheckAxe, drawings: dict[str, Path]
) -> None:
    page = open_page(clean_site, "/tutorial")
    wait_for_end(clean_site, fit(clean_site, drawings["person"], drawings["shirt"]))
    expect(messages(page).get_by_text("Fitting: ready to look at")).to_be_visible()
    page.keyboard.press("t")
    drawer = page.get_by_role("dialog", name="Tasks")
    row = drawer.get_by_role("listitem").first
    expect(row.get_by_text("Done")).to_be_visible()
    expect(row.locator("img")).to_have_js_property("naturalWidth", 240)
    settle(page)
    check_axe(page)
    row.get_by_role("button", name="Look: Fitting").click()
    expect(page).to_have_url(re.compile("/tryon"))
    expect(drawer).to_have_count(0)


def test_what_ended_while_away_is_marked_until_it_was_seen(
    clean_site: Site, open_page: OpenPage, drawings: dict[str, Path]
) -> None:
    page = open_page(clean_site, "/tutorial")
    page.keyboard.press("t")
    drawer = page.get_by_role("dialog", name="Tasks")
    expect(drawer).to_be_visible()
    page.keyboard.press("Escape")  # everything until now was seen
    expect(drawer).to_have_count(0)
    page.goto("about:blank")
    wait_for_end(clean_site, fit(clean_site, drawings["another"], drawings["dress"]))
    page.goto(f"{clean_site.address}/tutorial")
    page.get_by_role("button", name="Tasks: one is done since you were away").click()
    expect(drawer.get_by_text("While you were away")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Tasks", exact=True)).to_be_visible()


def test_what_did_not_work_says_why_and_can_be_tried_again(
    clean_site: Site, open_page: OpenPage, photos: dict[str, Path], drawings: dict[str, Path]
) -> None:
    page = open_page(clean_site, "/tutorial")
    task = fit(clean_site, photos["blue"], drawings["shirt"])  # there is nobody on it
    wait_for_end(clean_site, task)
    expect(messages(page).get_by_text("Fitting: did not work")).to_be_visible()
    page.keyboard.press("t")
    row = page.get_by_role("dialog", name="Tasks").get_by_role("listitem").first
    expect(row.get_by_text("Did not work")).to_be_visible()
    with page.expect_response(re.compile(f"/{task}/retry")) as tried:
        row.get_by_role("button", name="Try again: Fitting").click()
    assert tried.value.ok


# The server


def test_a_visitor_of_a_server_finds_the_way_in(server_site: Site, open_page: OpenPage) -> None:
    page = open_page(server_site, "/images")
    page.get_by_role("button", name="Account: guest").click()
    page.get_by_role("menuitem", name="Sign in").click()
    expect(page).to_have_url(re.compile(r"/login\?next=/images"))


@pytest.fixture
def own_site(built_pages: None, tmp_path: Path) -> Iterator[Site]:
    """A site that may be stopped."""
    with run_site(tmp_path, engine="instant") as site:
        yield site


@pytest.mark.deep
def test_a_server_that_stops_is_missed_and_found_again(own_site: Site, open_page: OpenPage) -> None:
    page = open_page(own_site, "/tutorial", tolerated=[GONE])
    with page.expect_websocket() as connecting:
        page.reload()
    connecting.value.wait_for_event("framereceived")
    own_site.stop()
    lost = page.get_by_role("region", name="Connection")
    expect(lost).to_contain_text("The server is not answering.")
    expect(page.get_by_role("heading", level=1)).to_be_visible()  # the page is still there
    own_site.start()
    expect(messages(page).get_by_text("The server is back.")).to_be_visible()
    expect(lost).to_have_count(0)
