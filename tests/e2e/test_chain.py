"""The whole way: browser, server, ``vtonlab gradio`` with the built-in engine behind it, and back as a picture on the
page. And what the page says before photos leave, while it waits, and when there is nobody to send them to."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser, Page, expect
from tests.fakes.fashn import KEY, FakeFashn
from tests.live import LiveServer, serve, serve_gradio

from vtonlab.imaging.manifest import read_manifest
from vtonlab.imaging.mannequin import draw_person, draw_shirt
from vtonlab.imaging.provenance import SourceType, read_source_type

pytestmark = pytest.mark.browser

DATA = Path(__file__).parents[3] / "shared" / "data"
PREVIEW = "#mirror[data-state=preview]:not([aria-busy])"
RESULT = "#mirror[data-state=result]:not([aria-busy])"
PATIENCE_MS = 90_000

OpenPage = Callable[..., Page]


@pytest.fixture(scope="module")
def service() -> Iterator[LiveServer]:
    """IDM-VTON's interface, with the built-in engine behind it."""
    with serve_gradio("--engine", "instant") as service:
        yield service


@pytest.fixture(scope="module")
def fashn() -> Iterator[FakeFashn]:
    """What speaks FASHN's protocol."""
    with FakeFashn() as fake:
        yield fake


@pytest.fixture(scope="module")
def server(service: LiveServer, fashn: FakeFashn) -> Iterator[LiveServer]:
    """Our server, which knows both."""
    with serve(idm_vton_url=service.address, fashn_url=fashn.url, fashn_api_key=KEY, health_seconds="0.5") as server:
        yield server


@pytest.fixture
def open_page(browser: Browser, server: LiveServer) -> Iterator[OpenPage]:
    """Opens our page in a window of its own."""
    contexts = []

    def open_page(**options: Any) -> Page:
        usual: dict[str, Any] = {
            "locale": "en-GB",
            "viewport": {"width": 1280, "height": 900},
            "base_url": server.address,
        }
        context = browser.new_context(**{**usual, **options})
        contexts.append(context)
        page = context.new_page()
        page.goto("/")
        page.wait_for_selector("html[data-ready]")
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def drawings(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A drawn person and a drawn shirt."""
    folder = tmp_path_factory.mktemp("drawings")
    for name, picture in (("me", draw_person()), ("shirt", draw_shirt())):
        Image.fromarray(picture).save(folder / f"{name}.png")
    return folder / "me.png", folder / "shirt.png"


@pytest.fixture
def real_photos() -> tuple[Path, Path]:
    """Two real photos."""
    if not DATA.is_dir():
        pytest.skip("no real photos beside the checkout (../shared/data)")
    return sorted((DATA / "persons").glob("*.jpg"))[3], sorted((DATA / "garments").glob("*.jpg"))[1]


def give(page: Page, person: Path, garment: Path) -> None:
    for where, file in (("person", person), ("garment", garment)):
        page.set_input_files(f"#{where} .drop input", file)
    page.wait_for_selector(PREVIEW, timeout=PATIENCE_MS)


def choose(page: Page, engine: str) -> None:
    """Wait until the engine is offered, and choose it."""
    page.locator("#engines label", has_text=engine).click(timeout=PATIENCE_MS)


def dress_through_the_chain(page: Page, person: Path, garment: Path) -> bytes:
    """What the page gives as a download."""
    give(page, person, garment)
    choose(page, "IDM-VTON")
    page.click("#make")
    page.wait_for_selector(RESULT, timeout=PATIENCE_MS)
    expect(page.locator("#made")).to_contain_text("IDM-VTON · ")
    with page.expect_download() as download:
        page.click("#download")
    return download.value.path().read_bytes()


def person_kept(page: Page) -> NDArray[np.uint8]:
    """The photo of the person as the library has it."""
    address = page.locator("#person .chosen").evaluate("image => image.src")
    with Image.open(io.BytesIO(page.request.get(address).body())) as picture:
        return np.asarray(picture.convert("RGB"))


def check_picture(page: Page, data: bytes) -> None:
    """It is the person's own photo, dressed: as large as that, and untouched where nothing was to be changed."""
    before = person_kept(page)
    with Image.open(io.BytesIO(data)) as picture:
        after = np.asarray(picture.convert("RGB"))
    assert after.shape == before.shape
    changed = (after != before).any(axis=2)
    top = changed[: len(changed) // 16]
    assert not top.any(), "above the head nothing was to be changed"
    assert changed.mean() > 0.03
    manifest = read_manifest(data)
    assert manifest is not None
    assert manifest.engine == "idm_vton"
    assert read_source_type(data) == SourceType.COMPOSITE_GENERATED.uri


def test_a_drawn_pair_goes_all_the_way(open_page: OpenPage, drawings: tuple[Path, Path]) -> None:
    page = open_page()
    check_picture(page, dress_through_the_chain(page, *drawings))
    expect(page.locator("#consent")).to_be_hidden()  # nothing left this machine, so nothing was asked
    assert page.request.get("/api/v1/users/me/departures").json()["total"] == 0


def test_real_photos_go_all_the_way(open_page: OpenPage, real_photos: tuple[Path, Path]) -> None:
    page = open_page(locale="zh-CN")
    check_picture(page, dress_through_the_chain(page, *real_photos))


def test_before_photos_leave_it_is_asked_and_nothing_is_sent_without_a_yes(
    open_page: OpenPage, drawings: tuple[Path, Path], fashn: FakeFashn
) -> None:
    page = open_page()
    give(page, *drawings)
    choose(page, "FASHN")
    expect(page.locator("#privacy")).to_contain_text(fashn.host)
    page.click("#make")
    expect(page.locator("#consent-title")).to_have_text(f"Send your photos to {fashn.host}?")
    expect(page.locator("#consent-card")).to_contain_text("72 hours")
    expect(page.locator("#consent-card")).to_contain_text("0.075 US dollars")
    page.get_by_role("button", name="Do not send").click()
    expect(page.locator("#consent")).to_be_hidden()
    assert not fashn.jobs
    page.click("#make")
    page.get_by_role("button", name="Send them").click()
    page.wait_for_selector(RESULT, timeout=PATIENCE_MS)
    assert len(fashn.jobs) == 1
    left = page.request.get("/api/v1/users/me/departures").json()["items"]
    assert [(one["host"], one["pictures"], one["price"]) for one in left] == [(fashn.host, 2, 0.075)]
    page.keyboard.press("ArrowLeft")
    choose(page, "Instant")
    expect(page.locator("#privacy")).not_to_contain_text(fashn.host)
    choose(page, "FASHN")  # was said yes to once
    page.locator("#kinds label", has_text="Top").click()
    page.wait_for_selector(PREVIEW, timeout=PATIENCE_MS)
    page.click("#make")
    page.wait_for_selector(RESULT, timeout=PATIENCE_MS)
    assert len(fashn.jobs) == 2


def test_how_it_goes_is_told_and_it_can_be_stopped(
    open_page: OpenPage, drawings: tuple[Path, Path], fashn: FakeFashn
) -> None:
    fashn.knobs.questions = 10_000
    page = open_page(locale="zh-CN")
    give(page, *drawings)
    choose(page, "FASHN")
    page.click("#make")
    page.get_by_role("button", name="发送", exact=True).click()
    expect(page.locator("#working-words")).to_have_text("正在生成图片……")
    expect(page.locator("#progress")).to_have_attribute("aria-valuenow", re.compile(r"\d+"))
    expect(page.locator("#make")).to_be_hidden()
    page.click("#cancel")
    expect(page.locator("#working")).to_be_hidden()
    expect(page.locator("#failure")).to_be_hidden()
    expect(page.locator("#make")).to_be_visible()
    newest = page.request.get("/api/v1/tasks?page_size=1").json()["items"][0]
    assert newest["status"] == "cancelled"


def test_a_service_that_is_gone_is_told_with_how_to_start_it(
    open_page: OpenPage, drawings: tuple[Path, Path], service: LiveServer
) -> None:
    page = open_page(locale="zh-CN", viewport={"width": 390, "height": 844}, has_touch=True)
    give(page, *drawings)
    choose(page, "IDM-VTON")
    service.process.terminate()
    service.process.wait(30)
    page.click("#make")
    expect(page.locator("#failure")).to_contain_text("“idm_vton”的服务没有运行", timeout=PATIENCE_MS)
    expect(page.locator("#failure")).to_contain_text("请启动它")
    expect(page.locator("#make")).to_be_visible()  # to try again
    expect(page.locator("#engine-about")).to_contain_text("idm_vton", timeout=PATIENCE_MS)
