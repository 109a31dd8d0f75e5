"""The whole way: page, server, ``vtonlab gradio`` with the built-in engine behind it, and back as a picture on the
page and a file of one's own."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page, expect
from tests.e2e.site import Site, run_site
from tests.e2e.words import Say
from tests.live import LiveServer, serve_gradio

from vtonlab.imaging.manifest import read_manifest
from vtonlab.imaging.provenance import SourceType, read_source_type

pytestmark = pytest.mark.browser

PATIENCE_MS = 90_000
OpenPage = Callable[..., Page]


@pytest.fixture(scope="module")
def service() -> Iterator[LiveServer]:
    """IDM-VTON's interface, with the built-in engine behind it."""
    with serve_gradio("--engine", "instant") as service:
        yield service


@pytest.fixture(scope="module")
def house(built_pages: None, service: LiveServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Our server, which knows it."""
    folder = tmp_path_factory.mktemp("chain")
    with run_site(folder, engine="instant", idm_vton_url=service.address, health_seconds="0.5") as site:
        yield site


def go(open_page: OpenPage, house: Site, person: Path, garment: Path, language: str = "en") -> tuple[Page, str]:
    """The fitting room with the pair, IDM-VTON chosen; and the person's id."""
    [human], [cloth] = house.add(person, category="char"), house.add(garment)
    path = f"/tryon?person={human['id']}&garment={cloth['id']}"
    page = open_page(house, path, language, remembered={"engine": "idm_vton"})
    return page, str(human["url"])


def photograph(page: Page, say: Say) -> bytes:
    """Have it photographed, and fetch the file."""
    page.get_by_role("button", name=say("engines.photograph"), exact=True).click(timeout=PATIENCE_MS)
    mirror = page.get_by_role("region", name=say("fitting.stage.label"))
    shown = mirror.get_by_role("radio", name=say("fitting.stage.photograph"))
    expect(shown).to_be_checked(timeout=PATIENCE_MS)
    with page.expect_download() as download:
        mirror.get_by_role("button", name=say("fitting.tools.download")).click()
    return download.value.path().read_bytes()


def read(data: bytes) -> NDArray[np.uint8]:
    with Image.open(io.BytesIO(data)) as picture:
        return np.asarray(picture.convert("RGB"))


def check_picture(data: bytes, before: NDArray[np.uint8]) -> None:
    """It is the person's own photo, dressed: as large as that, untouched above the head, and it says what made it."""
    after = read(data)
    assert after.shape == before.shape
    changed = (after != before).any(axis=2)
    assert not changed[: len(changed) // 16].any(), "above the head nothing was to be changed"
    assert changed.mean() > 0.03
    manifest = read_manifest(data)
    assert manifest is not None
    assert manifest.engine == "idm_vton"
    assert read_source_type(data) == SourceType.COMPOSITE_GENERATED.uri


@pytest.mark.deep
def test_a_drawn_pair_goes_all_the_way(open_page: OpenPage, house: Site, drawings: dict[str, Path]) -> None:
    page, photo = go(open_page, house, drawings["person"], drawings["shirt"])
    check_picture(photograph(page, Say("en")), read(page.request.get(photo).body()))
    assert page.request.get("/api/v1/users/me/departures").json()["total"] == 0  # nothing left this machine


def test_real_photos_go_all_the_way(open_page: OpenPage, house: Site, real_photos: dict[str, list[Path]]) -> None:
    page, photo = go(open_page, house, real_photos["persons"][3], real_photos["garments"][1], "zh-CN")
    check_picture(photograph(page, Say("zh-CN")), read(page.request.get(photo).body()))


def test_a_service_that_is_gone_is_told_with_how_to_start_it(
    open_page: OpenPage, house: Site, drawings: dict[str, Path], service: LiveServer
) -> None:
    page, _ = go(open_page, house, drawings["another"], drawings["tee"], "zh-CN")
    start = page.get_by_role("button", name=Say("zh-CN")("engines.photograph"), exact=True)
    expect(start).to_be_enabled(timeout=PATIENCE_MS)
    service.process.terminate()
    service.process.wait(30)
    start.click()
    expect(page.get_by_text(re.compile("idm_vton.*没有运行")).first).to_be_visible(timeout=PATIENCE_MS)
    expect(page.get_by_text(re.compile("请启动它")).first).to_be_visible()
