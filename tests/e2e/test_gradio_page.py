"""The page of ``vtonlab gradio``, in a real browser: two pictures in, one out, and nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.doors import Door, open_door

from vtonlab.imaging.mannequin import draw_person, draw_shirt
from vtonlab.imaging.write import write_picture

pytestmark = [pytest.mark.browser, pytest.mark.deep]

MILLISECONDS = 120_000
"""A bound, not a wait: without a graphics card the editor's canvas is slow, and on a busy machine slower."""


ENGLISH = (1280, "en-US", "Sandbox (a placeholder, no fitting)", "Drop or paste a photo here", "Try it on")


@pytest.fixture(scope="module")
def door() -> Iterator[Door]:
    with open_door("--engine", "sandbox", VTONLAB_SANDBOX_ON="1") as opened:
        yield opened


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("pictures")
    write_picture(folder / "person.png", draw_person())
    write_picture(folder / "garment.png", draw_shirt())
    return folder / "person.png", folder / "garment.png"


def put_in(page: Page, person: Path, hint: str) -> None:
    """Choose the person's photo. The editor shows its words before it listens; its canvas comes once it does."""
    page.locator("canvas").first.wait_for(state="attached")
    page.locator("input[type=file]").first.set_input_files(person)
    expect(page.get_by_text(hint)).to_be_hidden(timeout=MILLISECONDS)


@pytest.mark.parametrize(
    ("width", "language", "about", "hint", "start"),
    [
        ENGLISH,
        (390, "zh-CN", "沙盒（仅占位图，不试穿）", "将照片拖放或粘贴到此处", "试穿"),
    ],
)
def test_a_person_gets_a_picture(
    browser: Browser,
    door: Door,
    pictures: tuple[Path, Path],
    width: int,
    language: str,
    about: str,
    hint: str,
    start: str,
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 850}, locale=language)
    page = context.new_page()
    page.set_default_timeout(MILLISECONDS)
    elsewhere: list[str] = []
    refused: list[str] = []
    own = (door.address, "data:", "blob:")
    page.on("request", lambda asked: None if asked.url.startswith(own) else elsewhere.append(asked.url))
    page.on("console", lambda said: refused.append(said.text) if "Content Security Policy" in said.text else None)
    page.goto(door.address)
    expect(page.get_by_text(about)).to_be_visible(timeout=MILLISECONDS)
    assert page.title() == "VTON Lab"
    expect(page.get_by_text(hint)).to_be_visible(timeout=MILLISECONDS)
    put_in(page, pictures[0], hint)
    page.locator("input[type=file]").last.set_input_files(pictures[1])
    expect(page.locator("img[src*='garment.png']")).to_be_visible(timeout=MILLISECONDS)
    page.get_by_role("button", name=start).click()
    result = page.locator("img[src*='result.png']").first
    expect(result).to_be_visible(timeout=MILLISECONDS)
    assert result.evaluate("image => [image.naturalWidth, image.naturalHeight]") == [384, 512]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert not elsewhere
    assert not refused
    context.close()
