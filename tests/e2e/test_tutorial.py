"""Help: its chapters can be linked to, its commands copied, in both languages."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from tests.e2e.site import Site

Open = Callable[..., Page]
CHAPTERS = {
    "en": {
        "photo": "A good photo of you",
        "garment": "Pictures of garments",
        "room": "In the fitting room",
        "engines": "What makes the pictures",
        "extension": "Browser extension",
        "install": "As an app",
    },
    "zh-CN": {
        "photo": "拍一张好照片",
        "garment": "选衣服的图片",
        "room": "在试衣间里",
        "engines": "图片由谁生成",
        "extension": "浏览器扩展",
        "install": "安装为应用",
    },
}
BELOW_THE_BAR = (56, 200)


def top_of(page: Page, anchor: str) -> float:
    """How far below the window's upper edge the chapter begins."""
    return float(page.evaluate("(id) => document.getElementById(id).getBoundingClientRect().top", anchor))


@pytest.mark.parametrize(
    ("language", "theme", "width"), [("en", "light", 1440), ("zh-CN", "dark", 390)], ids=["desktop", "phone"]
)
def test_every_chapter_is_there_and_can_be_gone_to(
    site: Site, open_page: Open, check_axe: Callable[..., None], language: str, theme: str, width: int
) -> None:
    page = open_page(site, "/tutorial", language=language, theme=theme, width=width, height=844, touch=width < 600)
    contents = page.get_by_role("navigation", name="Chapters" if language == "en" else "目录")
    for anchor, title in CHAPTERS[language].items():
        contents.get_by_role("link", name=title).click()
        expect(page).to_have_url(re.compile(f"#{anchor}$"))
        expect(page.get_by_role("heading", level=2, name=title)).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing sticks out to the side"
    check_axe(page)


def test_a_link_from_elsewhere_opens_its_chapter(site: Site, open_page: Open) -> None:
    page = open_page(site, "/tutorial#engines")
    expect(page.get_by_role("heading", level=2, name="What makes the pictures")).to_be_in_viewport()
    low, high = BELOW_THE_BAR
    assert low <= top_of(page, "engines") <= high


def test_commands_can_be_copied(site: Site, open_page: Open) -> None:
    page = open_page(site, "/tutorial", permissions=["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy: Command that connects it").click()
    expect(page.get_by_text("Copied", exact=True)).to_be_attached()
    assert page.evaluate("navigator.clipboard.readText()") == (
        "VTONLAB_IDM_VTON_URL=http://192.168.1.20:7860 vtonlab serve"
    )


def test_what_is_not_here_yet_is_said(site: Site, open_page: Open) -> None:
    page = open_page(site, "/tutorial")
    extension = page.get_by_role("region", name="Browser extension")
    expect(extension.get_by_text("Not in this version")).to_be_visible()
    expect(extension.get_by_text(re.compile("paste anywhere"))).to_be_visible()
