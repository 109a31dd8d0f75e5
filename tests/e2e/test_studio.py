"""The studio: words and pictures go in, pictures come out, live, in every window; and who is told why not."""

from __future__ import annotations

import base64
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect
from tests.e2e.browsing import is_too_wide
from tests.e2e.people import PASSWORD, enter, make_account, upload
from tests.e2e.site import PATIENCE, Site, run_site
from tests.fakes.gemini import KEY, FakeGemini, read_pictures

from vtonlab.imaging.read import read_picture

pytestmark = pytest.mark.browser

OpenPage = Callable[..., Page]
CheckAxe = Callable[..., None]
OpenAs = Callable[..., Page]

GIVE = """([kind, name, content]) => {
  const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], name, { type: "image/png" }));
  const options = { bubbles: true, cancelable: true };
  const on = document.querySelector("[data-composer]");
  if (kind === "paste") on.dispatchEvent(new ClipboardEvent("paste", { ...options, clipboardData: transfer }));
  else for (const one of ["dragenter", "dragover", "drop"])
    on.dispatchEvent(new DragEvent(one, { ...options, dataTransfer: transfer }));
}"""


class Easel(FakeGemini):
    """A service that draws once it is let to."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Event()
        self.gate.set()

    def buy(self, body: Mapping[str, Any], model: str) -> bytes:
        assert self.gate.wait(PATIENCE)
        return super().buy(body, model)


@pytest.fixture(scope="module")
def gemini() -> Iterator[Easel]:
    """What speaks Gemini's protocol."""
    with Easel() as fake:
        yield fake


@pytest.fixture(scope="module")
def house(built_pages: None, gemini: Easel, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server for many, where two draw: a service elsewhere, and the sandbox. Each test has people of its own."""
    settings = {
        "sign_in_rate": "1000/minute",
        "sandbox_on": "1",
        "gemini_url": gemini.address,
        "gemini_api_key": KEY,
        "health_seconds": "0.5",
    }
    with run_site(tmp_path_factory.mktemp("house"), "--mode", "server", **settings) as site:
        yield site


@pytest.fixture(autouse=True)
def open_gate(gemini: Easel) -> Iterator[None]:
    """What one test holds back does not hold up the next."""
    yield
    gemini.gate.set()


@pytest.fixture
def open_as(house: Site, open_page: OpenPage) -> OpenAs:
    """``open_as("mei")``: the studio, in a window in which mei is signed in; her account is made."""
    made: set[str] = set()

    def open_as(name: str, path: str = "/generate", **options: Any) -> Page:
        if name not in made:
            make_account(house, name)
            made.add(name)
        page = open_page(house, "/login", **options)
        enter(page, name)
        page.goto(path)
        return page

    return open_as


def cards(page: Page) -> Locator:
    """What was asked for, newest first."""
    return page.get_by_role("region", name=re.compile("Your pictures|我的作品")).locator("li")


def write(page: Page, words: str) -> None:
    """Put words into the field for them."""
    page.get_by_role("textbox", name=re.compile("What is to be seen|画面内容")).fill(words)


def draw(page: Page, words: str) -> Locator:
    """Ask for a picture, having read where the words go; its card."""
    write(page, words)
    page.get_by_role("button", name=re.compile("^(Send and draw|Draw|发送并生成|生成)")).click()
    card = cards(page).filter(has_text=words).first
    expect(card).to_be_visible()
    return card


def use_sandbox(page: Page) -> None:
    """Let the sandbox draw."""
    page.get_by_role("button", name=re.compile("Choose another|换一个")).click()
    asked = page.get_by_role("dialog")
    asked.get_by_role("radio", name="Sandbox").click()
    asked.get_by_role("button", name=re.compile("Use this one|使用这个")).click()
    expect(asked).to_have_count(0)


def give(page: Page, kind: str, path: Path) -> None:
    """What a hand would do with a file: ``paste``, ``drop``."""
    page.evaluate(GIVE, [kind, path.name, base64.b64encode(path.read_bytes()).decode()])


def test_a_prompt_fills_in_live_in_every_window(
    gemini: Easel, open_as: OpenAs, open_page: OpenPage, check_axe: CheckAxe, house: Site
) -> None:
    page = open_as("painter")
    write(page, "A linen shirt on a hanger")
    page.get_by_role("radio", name="3:4").click()
    page.get_by_role("radio", name="2", exact=True).click()
    told = page.get_by_role("note")
    expect(told).to_contain_text(f"Your words leave this server. They are sent to {gemini.host}.")
    before = len(gemini.requests)
    page.keyboard.press("Control+Enter")  # a key sends nothing to where nobody has read of
    send = page.get_by_role("button", name="Send and draw")
    expect(send).to_be_focused()
    assert len(gemini.requests) == before
    expect(page.get_by_text(re.compile(r"^2 pictures, about \$0\.\d+$"))).to_be_visible()

    gemini.gate.clear()
    send.click()
    expect(cards(page)).to_have_count(2)
    expect(cards(page).get_by_role("progressbar")).to_have_count(2)
    expect(cards(page).first).to_have_attribute("aria-busy", "true")
    check_axe(page)
    other = open_page(house, "/generate", beside=page)
    expect(cards(other).get_by_role("progressbar")).to_have_count(2)
    gemini.gate.set()
    for window in (page, other):
        expect(cards(window).get_by_role("button", name="Look at: A linen shirt on a hanger")).to_have_count(2)
    expect(page.get_by_role("note")).to_have_count(0)
    sent = gemini.requests[before:]
    assert len(sent) == 2
    assert {one["generationConfig"]["imageConfig"]["aspectRatio"] for one in sent} == {"3:4"}

    page.reload()
    expect(cards(page).locator("img")).to_have_count(2)
    expect(page.get_by_text(re.compile(r"Spent today: \$0\.\d+"))).to_be_visible()
    cards(page).first.get_by_role("button", name="Look at: A linen shirt on a hanger").click()
    box = page.get_by_role("dialog")
    box.get_by_role("button", name="Details").click()
    expect(box.get_by_text("How it was drawn")).to_be_visible()
    expect(box.get_by_text("3:4 · 1K")).to_be_visible()
    check_axe(page)
    box.get_by_role("button", name="Use as a reference").click()
    expect(page.get_by_text("1 of 14")).to_be_visible()


def test_reference_pictures_reach_who_draws_and_files_stay_out_of_the_library(
    gemini: Easel, open_as: OpenAs, photos: dict[str, Path]
) -> None:
    page = open_as("collector")
    upload(page, photos["red"])
    page.get_by_role("button", name="Add a picture").click()
    page.get_by_role("menuitem", name="From the library").click()
    picker = page.get_by_role("dialog", name="Choose from the library")
    picker.get_by_role("gridcell").first.click()
    picker.get_by_role("button", name="Use this picture").click()
    expect(page.get_by_role("img", name="red.png")).to_be_visible()
    give(page, "drop", photos["blue"])
    expect(page.get_by_role("img", name="blue.png")).to_be_visible()
    give(page, "paste", photos["me"])
    expect(page.get_by_role("img", name="me.png")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)  # nobody asks whom they show
    page.get_by_role("button", name="What can be done with me.png").click()
    page.get_by_role("menuitem", name="Remove").click()

    card = draw(page, "These two side by side")
    expect(card.locator("img")).to_be_visible()
    middles = [
        read_picture(data)[height // 2, width // 2]
        for data in read_pictures(gemini.requests[-1])
        for height, width in [read_picture(data).shape[:2]]
    ]
    assert len(middles) == 2
    for middle, colour in zip(middles, ((0xC0, 0x30, 0x30), (0x30, 0x50, 0xC0)), strict=True):
        assert np.abs(middle.astype(int) - colour).max() < 12
    kept = page.request.get("/api/v1/library/images?category=clothes").json()
    assert kept["total"] == 1

    page.get_by_role("button", name="What can be done with blue.png").click()
    page.get_by_role("menuitem", name="A garment").click()
    expect(page.get_by_text("File", exact=True)).to_have_count(0)
    assert page.request.get("/api/v1/library/images?category=clothes").json()["total"] == 2


@pytest.mark.deep
def test_what_a_model_cannot_is_off_and_says_who_can(open_as: OpenAs, check_axe: CheckAxe) -> None:
    page = open_as("chooser")
    expect(page.get_by_role("radio", name=re.compile("^4K"))).to_be_enabled()
    page.get_by_role("radio", name=re.compile("^4K")).click()
    page.get_by_role("button", name="Choose another").click()
    asked = page.get_by_role("dialog", name="Who draws")
    check_axe(page)
    asked.get_by_role("radio", name=re.compile("Flash.Lite")).click()
    asked.get_by_role("button", name="Use this one").click()
    for size in ("2K", "4K"):
        expect(page.get_by_role("radio", name=re.compile(f"^{size}"))).to_be_disabled()
    expect(page.get_by_role("radio", name=re.compile("^1K"))).to_be_checked()
    expect(page.get_by_text(re.compile("Flash.Lite Image does not draw 2K, 4K. These do:"))).to_be_visible()
    page.reload()
    expect(page.get_by_role("radio", name=re.compile("^4K"))).to_be_disabled()  # the browser remembers who draws
    check_axe(page)


@pytest.mark.deep
def test_templates_are_filled_in_kept_renamed_and_deleted(open_as: OpenAs, check_axe: CheckAxe) -> None:
    page = open_as("writer")
    page.get_by_role("button", name="Templates").click()
    shelf = page.get_by_role("dialog", name="Templates")
    shelf.get_by_role("button", name=re.compile("^Change the background")).click()
    expect(page.get_by_text("Add a reference picture: this template works on one.")).to_be_visible()
    expect(page.get_by_role("button", name="Send and draw")).to_be_disabled()
    words = page.get_by_role("textbox", name="What is to be seen")
    expect(words).to_have_value(re.compile(r"\{background\}"))

    words.fill("A {colour} coat on a {place}")
    page.get_by_role("textbox", name="colour").fill("green")
    page.get_by_role("button", name="Save as a template").click()
    page.get_by_role("textbox", name="Name").fill("Coats")
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(page.get_by_text("“Coats” is saved.").first).to_be_visible()

    page.get_by_role("button", name="Templates").click()
    page.get_by_role("button", name="What can be done with “Coats”").click()
    page.get_by_role("menuitem", name="Rename").click()
    shelf.get_by_role("textbox", name="Name").fill("All coats")
    shelf.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="What can be done with “All coats”").click()
    page.get_by_role("menuitem", name="Delete").click()
    own = shelf.get_by_role("button", name=re.compile("^All coats"))
    expect(own).to_have_count(0)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Undo").first.click()
    page.get_by_role("button", name="Templates").click()
    check_axe(page)
    own.click()
    expect(page.get_by_text("Fill in: colour, place.")).to_be_visible()
    page.get_by_role("textbox", name="colour").fill("green")
    page.get_by_role("textbox", name="place").fill("bench")
    page.get_by_role("button", name="Send and draw").click()
    expect(cards(page).filter(has_text="A green coat on a bench")).to_be_visible()


def test_who_is_refused_is_told_why_and_tries_again_and_what_takes_long_is_cancelled(
    gemini: Easel, open_as: OpenAs, check_axe: CheckAxe
) -> None:
    gemini.by_prompt["forbidden fruit"] = "unsafe kind"
    page = open_as("eve")
    card = draw(page, "The forbidden fruit")
    again = card.get_by_role("button", name="Try again: The forbidden fruit")
    expect(again).to_be_visible()
    [task] = page.request.get("/api/v1/images?kind=generate").json()["items"]
    assert task["error"]["code"] == "prompt_refused"
    expect(card).to_contain_text(task["error"]["message"])
    expect(card).to_contain_text(task["error"]["hint"])
    check_axe(page)
    del gemini.by_prompt["forbidden fruit"]
    write(page, "Something else")
    card.get_by_role("button", name="Use this prompt again", exact=True).click()
    expect(page.get_by_role("textbox", name="What is to be seen")).to_have_value("The forbidden fruit")
    again.click()
    expect(card.locator("img")).to_be_visible()

    use_sandbox(page)
    expect(page.get_by_text("Words and pictures stay on this server.")).to_be_visible()
    card = draw(page, "sandbox: seconds=600 a slow coat")
    expect(card.get_by_role("progressbar")).to_have_attribute("aria-valuenow", re.compile(r"\d"))
    card.get_by_role("button", name=re.compile("^Cancel")).click()
    expect(card.get_by_text("Cancelled")).to_be_visible()


def test_with_no_key_the_page_says_what_to_set(site: Site, open_page: OpenPage, check_axe: CheckAxe) -> None:
    page = open_page(site, "/generate", "zh-CN", "dark")
    expect(page.get_by_role("heading", name="这里还没有可用的绘图服务")).to_be_visible()
    for variable in ("VTONLAB_GEMINI_API_KEY", "VTONLAB_SANDBOX_ON"):
        expect(page.get_by_text(variable, exact=True)).to_be_visible()
    check_axe(page)
    page.get_by_role("link", name="设置中的引擎").click()
    expect(page).to_have_url(re.compile("/settings#engines$"))


def test_who_may_not_draw_is_told_what_would_change_that(
    house: Site, open_page: OpenPage, open_as: OpenAs, check_axe: CheckAxe
) -> None:
    stranger = open_page(house, "/generate")
    expect(stranger.get_by_role("heading", name="Sign in to draw")).to_be_visible()
    check_axe(stranger)
    with httpx.Client(base_url=house.address, trust_env=False, timeout=PATIENCE) as client:
        body: dict[str, str] = {"token": house.setup, "username": "boss", "password": PASSWORD}
        client.post("/api/v1/auth/setup", json=body).raise_for_status()
        body = {"username": "looker", "password": PASSWORD, "role": "viewer"}
        client.post("/api/v1/admin/users", json=body, headers={"Origin": house.address}).raise_for_status()
    viewer = open_page(house, "/login")
    enter(viewer, "looker")
    viewer.goto("/generate")
    expect(viewer.get_by_role("heading", name="Your role looks on")).to_be_visible()
    expect(viewer.get_by_role("button", name=re.compile("draw", re.IGNORECASE))).to_have_count(0)
    assert viewer.request.post("/api/v1/images/generate", data={"prompt": "a coat"}).status == 403
    editor = open_as("maker")
    expect(editor.get_by_role("button", name="Send and draw")).to_be_visible()


@pytest.mark.parametrize(
    ("language", "theme"), [("zh-CN", "dark"), pytest.param("en", "light", marks=pytest.mark.deep)]
)
def test_on_a_phone_the_words_come_first_and_the_pictures_below(
    open_as: OpenAs, check_axe: CheckAxe, language: str, theme: str
) -> None:
    page = open_as(f"phone-{theme}", language=language, theme=theme, width=360, height=740, touch=True)
    use_sandbox(page)
    page.get_by_role("radio", name="9:16").tap()
    card = draw(page, "sandbox: a red coat")
    expect(card.locator("img")).to_be_visible()
    expect(card).to_be_in_viewport()
    shape = card.locator("img").evaluate(
        "(one) => one.getBoundingClientRect().width / one.getBoundingClientRect().height"
    )
    assert abs(shape - 9 / 16) < 0.05
    check_axe(page)
    assert not is_too_wide(page)
    bar = page.get_by_role("navigation", name=re.compile("Pages|页面")).filter(visible=True)
    expect(bar.get_by_role("link", name=re.compile("Studio|创作室"))).to_have_attribute("aria-current", "page")
    page.get_by_role("button", name=re.compile("^(Account|账号)")).tap()
    expect(page.get_by_role("menuitem", name=re.compile("Help|帮助"))).to_be_visible()
