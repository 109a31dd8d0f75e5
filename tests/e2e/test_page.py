"""The page as a person uses it: real Chromium, real server."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect
from tests.live import serve

from vtonlab.imaging.manifest import read_manifest

pytestmark = pytest.mark.browser

DATA = Path(__file__).parents[3] / "shared" / "data"
PREVIEW = "#mirror[data-state=preview]:not([aria-busy])"
RESULT = "#mirror[data-state=result]:not([aria-busy])"

OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser) -> Iterator[OpenPage]:
    """Opens an address in a window of its own; at the end nothing may have gone wrong in its console."""
    contexts, complaints = [], []

    def open_page(address: str, **options: Any) -> Page:
        context = browser.new_context(**{"locale": "en-GB", "viewport": {"width": 1280, "height": 800}, **options})
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        # A refused request is told in the console by the browser itself.
        page.on(
            "console",
            lambda message: (
                complaints.append(message.text)
                if message.type == "error" and "status of 4" not in message.text
                else None
            ),
        )
        page.goto(address)
        page.wait_for_selector("html[data-ready]")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not complaints


def give(page: Page, where: str, *files: Path) -> None:
    page.set_input_files(f"#{where} .drop input", list(files))


def make(page: Page) -> None:
    """Have the picture made, and wait for it."""
    page.click("#make")
    page.wait_for_selector(RESULT, timeout=60_000)


def colour_shown(page: Page) -> tuple[int, ...]:
    """The colour in the middle of the mirror, as it is seen."""
    return colour_at(page, 0.5, 0.5)


def colour_at(page: Page, across: float, down: float) -> tuple[int, ...]:
    """The colour at these shares of the mirror's width and height."""
    box = page.locator("#mirror").bounding_box()
    assert box is not None
    place = {"x": box["x"] + box["width"] * across - 2, "y": box["y"] + box["height"] * down - 2}
    screenshot = page.screenshot(clip={**place, "width": 4, "height": 4})  # type: ignore[arg-type]
    with Image.open(BytesIO(screenshot)) as picture:
        return tuple(picture.convert("RGB").getpixel((2, 2)))  # type: ignore[arg-type]


def size_of(path: Path) -> tuple[int, int]:
    with Image.open(path) as picture:
        return picture.size


def is_near(colour: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    return max(abs(a - b) for a, b in zip(colour, wanted, strict=True)) < 20


RED, BLUE, SKIN = (192, 48, 48), (48, 80, 192), (200, 176, 144)


def test_two_photos_show_the_result(open_page: OpenPage, example_page: str, photos: dict[str, Path]) -> None:
    page = open_page(example_page)
    give(page, "person", photos["me"])
    give(page, "garment", photos["red"])
    make(page)
    assert is_near(colour_shown(page), RED)
    expect(page.locator("#made")).to_contain_text("Pin · ")
    expect(page.locator("#notes")).to_have_text("Pinned, not fitted.")
    expect(page.locator("#after")).to_have_attribute("alt", "me.png wearing red.png")


def test_holding_shows_the_original(open_page: OpenPage, example_page: str, photos: dict[str, Path]) -> None:
    page = open_page(example_page)
    give(page, "person", photos["me"])
    give(page, "garment", photos["red"])
    make(page)

    page.hover("#mirror")
    page.mouse.down()
    assert is_near(colour_shown(page), SKIN)
    expect(page.locator("#tag")).to_have_text("Original")
    page.mouse.up()
    assert is_near(colour_shown(page), RED)

    page.keyboard.down("Space")
    assert is_near(colour_shown(page), SKIN)
    page.keyboard.up("Space")
    assert is_near(colour_shown(page), RED)


def test_arrows_turn_the_hangers(open_page: OpenPage, example_page: str, photos: dict[str, Path]) -> None:
    page = open_page(example_page)
    give(page, "person", photos["me"])
    give(page, "garment", photos["red"], photos["blue"])
    expect(page.locator("#garment .chosen")).to_have_attribute("alt", "blue.png")
    make(page)
    expect(page.locator("#after")).to_have_attribute("alt", re.compile("blue"))
    page.locator("#stage").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#garment .chosen")).to_have_attribute("alt", "red.png")
    make(page)
    expect(page.locator("#after")).to_have_attribute("alt", re.compile("red"))
    assert is_near(colour_shown(page), RED)
    page.keyboard.press("ArrowLeft")  # what was made is there at once
    expect(page.locator("#after")).to_have_attribute("alt", re.compile("blue"))
    assert is_near(colour_shown(page), BLUE)


def test_the_result_can_be_kept(
    open_page: OpenPage, example_page: str, photos: dict[str, Path], tmp_path: Path
) -> None:
    page = open_page(example_page)
    give(page, "person", photos["me"])
    give(page, "garment", photos["red"])
    expect(page.locator("#download")).to_be_hidden()
    make(page)
    with page.expect_download() as download:
        page.click("#download")
    download.value.save_as(tmp_path / "kept.png")
    assert size_of(tmp_path / "kept.png") == (300, 400)
    assert download.value.suggested_filename.startswith("vton_result_")
    expect(page.locator("#make")).to_be_hidden()  # the same once more would be the same picture


DROP_OR_PASTE = """([kind, where, name, data]) => {
    const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
    const transfer = new DataTransfer();
    transfer.items.add(new File([bytes], name, { type: "image/png" }));
    const options = { bubbles: true, cancelable: true };
    const event = kind === "drop"
        ? new DragEvent("drop", { ...options, dataTransfer: transfer })
        : new ClipboardEvent("paste", { ...options, clipboardData: transfer });
    document.querySelector(where).dispatchEvent(event);
}"""


def test_photos_are_dropped_and_pasted(open_page: OpenPage, example_page: str, photos: dict[str, Path]) -> None:
    page = open_page(example_page)
    data = {name: base64.b64encode(path.read_bytes()).decode() for name, path in photos.items()}
    page.evaluate(DROP_OR_PASTE, ["drop", "#garment .drop", "red.png", data["red"]])
    page.evaluate(DROP_OR_PASTE, ["paste", "body", "me.png", data["me"]])  # goes where a photo is missing
    make(page)
    expect(page.locator("#after")).to_have_attribute("alt", "me.png wearing red.png")


def test_what_is_no_picture_is_told_beside_it(open_page: OpenPage, example_page: str, photos: dict[str, Path]) -> None:
    page = open_page(example_page, locale="zh-CN")
    give(page, "person", photos["list"], photos["me"])
    expect(page.locator("#person .complaint")).to_contain_text("无法读取图片 list.jpg。")
    expect(page.locator("#person .chosen")).to_have_attribute("alt", "me.png")  # the other file went on
    give(page, "garment", photos["drawing"])
    expect(page.locator("#garment .complaint")).to_contain_text("SVG")


def test_a_kind_the_browser_cannot_show_is_shown(
    open_page: OpenPage, example_page: str, photos: dict[str, Path]
) -> None:
    page = open_page(example_page)
    give(page, "person", photos["me"])
    give(page, "garment", photos["scan"])
    make(page)
    assert is_near(colour_shown(page), (48, 144, 80))
    assert page.locator("#garment .chosen").evaluate("image => image.naturalWidth") == 300


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("locale", ["en-GB", "zh-CN"])
@pytest.mark.parametrize("size", [(360, 740), (768, 1024), (1920, 1080)])
def test_it_fits_every_window_and_every_control_has_a_name(
    open_page: OpenPage, example_page: str, photos: dict[str, Path], size: tuple[int, int], locale: str, scheme: str
) -> None:
    page = open_page(
        example_page, locale=locale, color_scheme=scheme, viewport={"width": size[0], "height": size[1]}, has_touch=True
    )
    give(page, "person", photos["me"])
    give(page, "garment", photos["red"], photos["blue"])
    expect(page.locator("#garment .chosen")).to_have_attribute("alt", "blue.png")  # the last one
    make(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("document.documentElement.lang") == ("zh-CN" if locale == "zh-CN" else "en")
    nameless = page.evaluate(
        """() => [...document.querySelectorAll("button, a, input, summary, img[src]")]
            .filter((e) => e.checkVisibility() && !(e.getAttribute("aria-label") || e.textContent.trim()
                || e.alt || e.closest("label")?.textContent.trim() || e.closest("label")?.querySelector("img[alt]")
                || e.closest("a")?.textContent.trim()))
            .map((e) => e.outerHTML)"""
    )
    assert nameless == []
    background = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert (sum(map(int, re.findall(r"\d+", background)[:3])) < 200) == (scheme == "dark")


def test_another_language_is_spoken_at_once(open_page: OpenPage, example_page: str, photos: dict[str, Path]) -> None:
    page = open_page(example_page)
    give(page, "person", photos["me"])
    give(page, "garment", photos["red"])
    make(page)
    expect(page.locator("#notes")).to_have_text("Pinned, not fitted.")
    page.click("#language")
    expect(page.locator("#notes")).to_have_text("只是别上去，没有试穿。")
    expect(page.locator("#download")).to_have_text("下载")


def test_language_and_colours_are_remembered(open_page: OpenPage, example_page: str) -> None:
    page = open_page(example_page)
    page.click("#language")
    page.click("#theme")
    page.click("#theme")
    page.reload()
    page.wait_for_selector("html[data-ready]")
    expect(page.locator("#person-title")).to_have_text("你")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_a_real_photo_is_dressed(open_page: OpenPage, instant_page: str, tmp_path: Path) -> None:
    persons, garments = DATA / "persons", DATA / "garments"
    if not persons.is_dir():
        pytest.skip("no real photos beside the checkout (../shared/data)")
    person = min(persons.glob("*.jpg"))
    page = open_page(instant_page)
    give(page, "person", person)
    give(page, "garment", min(garments.glob("*.jpg")))
    page.wait_for_selector(PREVIEW, timeout=60_000)
    make(page)
    with page.expect_download() as download:
        page.click("#download")
    download.value.save_as(tmp_path / "kept.png")
    assert size_of(tmp_path / "kept.png") == size_of(person)
    assert read_manifest((tmp_path / "kept.png").read_bytes()) is not None
    assert page.locator("#made").inner_text()


def test_a_drawn_pair_shows_what_it_does(open_page: OpenPage, instant_page: str) -> None:
    page = open_page(instant_page)
    page.click("#sample")
    page.wait_for_selector(PREVIEW, timeout=60_000)
    expect(page.locator("#after")).to_have_attribute("alt", "drawn person wearing drawn shirt")
    expect(page.locator("#made")).to_contain_text("Quick preview")
    assert page.locator("#confidence").evaluate("meter => meter.value") > 0.3
    shirt = (178, 58, 52)  # its red, beside its print
    assert is_near(colour_at(page, 0.56, 0.62), shirt)
    make(page)
    expect(page.locator("#made")).to_contain_text("Instant fitting")
    assert is_near(colour_at(page, 0.56, 0.62), shirt)


def test_a_photo_without_a_person_is_told(open_page: OpenPage, instant_page: str, photos: dict[str, Path]) -> None:
    page = open_page(instant_page, locale="zh-CN")
    give(page, "garment", photos["red"])
    give(page, "person", photos["me"])
    expect(page.locator("#failure")).to_contain_text("照片中没有找到人物。", timeout=60_000)
    expect(page.locator("#failure")).to_contain_text("单人照片")
    page.click("#make")
    expect(page.locator("#working")).to_be_hidden(timeout=60_000)
    expect(page.locator("#failure")).to_contain_text("照片中没有找到人物。")


def test_on_a_server_a_stranger_becomes_one_guest(browser: Browser, tmp_path: Path) -> None:
    with serve("--mode", "server", data=str(tmp_path)) as server:
        page = browser.new_context(locale="en-GB", base_url=server.address).new_page()
        page.goto("/")
        page.wait_for_selector("html[data-ready]")
        expect(page.locator("#privacy")).to_have_text("Your photos are kept in your library on this server.")
        assert not page.context.cookies()
        page.click("#sample")
        page.wait_for_selector(PREVIEW, timeout=60_000)
        make(page)
        me = page.request.get("/api/v1/users/me").json()
        assert (me["kind"], me["usage"]["images"], me["usage"]["fittings"]) == ("guest", 3, 1)
        page.context.close()


def test_what_is_removed_goes_to_the_trash_unless_it_was_there_before(
    open_page: OpenPage, example_page: str, tmp_path: Path
) -> None:
    file = tmp_path / "once.png"
    Image.effect_noise((300, 400), 80).save(file)
    page = open_page(example_page)

    def kept() -> list[str]:
        items = page.request.get(f"{example_page}api/v1/library/images?q=once").json()["items"]
        return [item["original_name"] for item in items]

    give(page, "garment", file, file)  # the same twice is one
    expect(page.locator("#garment .chosen")).to_have_attribute("alt", "once.png")
    expect(page.locator("#garment .thumb")).to_have_count(1)
    assert kept() == ["once.png"]
    again = open_page(example_page)
    give(again, "garment", file)
    expect(again.locator("#garment .chosen")).to_have_attribute("alt", "once.png")
    again.evaluate("document.querySelector('#garment .thumb button').click()")
    expect(again.locator("#garment .chosen")).to_be_hidden()
    assert kept() == ["once.png"]
    with page.expect_response(lambda answer: answer.request.method == "DELETE") as gone:
        page.evaluate("document.querySelector('#garment .thumb button').click()")
    assert gone.value.status == 204
    assert kept() == []
