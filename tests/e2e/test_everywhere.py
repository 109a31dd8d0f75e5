"""What holds on every page: it fits the smallest phone and text of twice the size, speaks its language, keeps still
where that is wished and is quick where not, asks nobody else, and can be used with the keyboard alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.e2e.browsing import Windows, is_too_wide, wait_until_ready
from tests.e2e.site import Site, run_site
from tests.e2e.words import Say

pytestmark = pytest.mark.browser

PAGES = {
    "/": "home",
    "/tryon": "tryon",
    "/images": "images",
    "/images?tab=me": "images",
    "/tutorial": "tutorial",
    "/settings": "settings",
    "/settings#privacy": "settings",
    "/settings#engines": "settings",
    "/generate": "generate",
    "/generate?tab=batch": "generate",
    "/admin": "admin",
    "/admin#users": "admin",
    "/login": "login",
    "/nothing/is/here": "lost",
}
PATIENCE_MS = 60_000
QUICK_MS = 200
PHONE = 600

OpenPage = Callable[..., Page]


@pytest.fixture(scope="module")
def house(built_pages: None, tmp_path_factory: pytest.TempPathFactory, drawings: dict[str, Path]) -> Iterator[Site]:
    """A site with some pictures."""
    with run_site(tmp_path_factory.mktemp("everywhere"), engine="instant") as site:
        site.add(drawings["person"], drawings["another"], category="char")
        site.add(*(drawings[name] for name in ("shirt", "tee", "dress", "trousers")))
        yield site


def go(page: Page, site: Site, path: str) -> None:
    """Open another page in the same window, as from a bookmark."""
    page.goto("about:blank")
    page.goto(f"{site.address}{path}")
    wait_until_ready(page)
    expect(page.locator("main h1").first).to_be_attached()
    expect(page.locator("main [aria-busy=true]")).to_have_count(0)


@pytest.mark.parametrize(
    ("language", "theme", "width", "height"),
    [
        ("en", "dark", 360, 640),  # its words are longer
        pytest.param("zh-CN", "light", 360, 640, marks=pytest.mark.deep),
        ("zh-CN", "light", 1280, 800),
        pytest.param("en", "dark", 3840, 2160, marks=pytest.mark.deep),
    ],
)
def test_every_page_fits_also_with_text_of_twice_the_size_and_asks_only_its_own_server(
    house: Site, open_page: OpenPage, language: str, theme: str, width: int, height: int
) -> None:
    say = Say(language)
    page = open_page(house, "/", language, theme, width, height, touch=width <= PHONE)
    asked: set[str] = set()
    page.context.on("request", lambda request: asked.add(urlsplit(request.url).netloc))
    too_wide = []
    for path, name in PAGES.items():
        go(page, house, path)
        assert page.locator("html").get_attribute("lang") == language, path
        expect(page).to_have_title(re.compile(re.escape(say(f"shell.page.{name}"))))
        ground = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        assert (sum(map(int, re.findall(r"\d+", ground)[:3])) < 200) == (theme == "dark"), path
        too_wide += [path] if is_too_wide(page) else []
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        too_wide += [f"{path} with large text"] if is_too_wide(page) else []
    assert not too_wide
    assert asked - {""} == {urlsplit(house.address).netloc}


LONGEST_MOTION = """() => Math.max(0, ...document.getAnimations().map((one) => one.effect.getComputedTiming())
    .filter((one) => one.iterations !== Infinity).map((one) => Number(one.duration) + one.delay))"""


@pytest.mark.parametrize("motion", [False, True])
def test_what_moves_is_quick_and_rests_where_that_is_wished(house: Site, open_page: OpenPage, motion: bool) -> None:
    page = open_page(house, "/images", motion=motion)
    watch = f"window.longest = 0; setInterval(() => window.longest = Math.max(window.longest, ({LONGEST_MOTION})()), 5)"
    page.evaluate(watch)
    say = Say("en")
    page.get_by_role("button", name=say.like("tasks.button")).click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("main").get_by_role("gridcell").first.hover()
    longest = page.evaluate("window.longest")
    assert longest <= QUICK_MS
    if not motion:
        assert longest <= 1


def test_with_the_keyboard_alone_from_the_first_visit_to_the_first_picture(
    browser: Browser, built_pages: None, tmp_path: Path
) -> None:
    say = Say("en")
    windows = Windows(browser)
    with run_site(tmp_path, engine="instant") as site:
        page = windows.open(site, "/")
        expect(page.get_by_role("button", name=say("home.trySample"))).to_be_visible()
        tab_to(page, say("home.trySample"))
        page.keyboard.press("Enter")
        mirror = page.get_by_role("region", name=say("fitting.stage.label"))
        expect(mirror.get_by_role("img", name=say.like("fitting.stage.wornAlt"))).to_be_visible(timeout=PATIENCE_MS)
        tab_to(page, say("fitting.keep.do"))
        page.keyboard.press("Enter")
        expect(page.get_by_text(say("fitting.keep.done"), exact=True)).to_be_visible(timeout=PATIENCE_MS)
        page.keyboard.press("c")
        slider = page.get_by_role("slider", name=say("fitting.compare.slider"))
        tab_to(page, say("fitting.compare.slider"))
        before = slider.get_attribute("aria-valuenow")
        page.keyboard.press("ArrowLeft")
        expect(slider).not_to_have_attribute("aria-valuenow", str(before))
        assert not windows.close()


FOCUSED = """() => {
  const one = document.activeElement;
  const isSeen = [null, "::after"].some((part) => { // cells of grids draw theirs over the picture
    const { content, outlineStyle, outlineWidth, boxShadow } = getComputedStyle(one, part);
    if (part && content === "none") return false;
    return (outlineStyle !== "none" && parseFloat(outlineWidth) > 0) || boxShadow !== "none";
  });
  return [one.getAttribute("aria-label") ?? one.innerText ?? "", isSeen, one.tagName];
}"""


def tab_to(page: Page, name: str) -> None:
    """Press Tab until what has the focus is called ``name``; on the way one always sees where one is."""
    for _ in range(80):
        page.keyboard.press("Tab")
        words, is_seen, tag = page.evaluate(FOCUSED)
        if tag == "BODY":
            continue
        assert is_seen, f"the focus cannot be seen on {tag} {words!r}"
        if name in " ".join(words.split()):
            return
    raise AssertionError(f"Tab does not come to {name!r}")


def test_a_kind_that_the_browser_cannot_show_is_shown(
    house: Site, open_page: OpenPage, photos: dict[str, Path]
) -> None:
    house.add(photos["scan"])
    page = open_page(house, "/images")
    picture = page.get_by_role("main").get_by_role("img", name="scan.tif").first
    expect(picture).to_be_visible()
    page.wait_for_function("(one) => one.complete && one.naturalWidth > 0", arg=picture.element_handle())
