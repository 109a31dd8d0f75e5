"""The real server in a process of its own, and a real Chromium before it.

``site`` is one server for all tests of a process, at home (local mode) with the built-in engine; its library is
shared, so a test that counts takes ``clean_site``. What is stopped in mid-work is made by ``run_site``.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageDraw
from playwright._impl._driver import compute_driver_executable
from playwright.sync_api import Browser, Page, expect, sync_playwright
from tests.e2e.browsing import Windows, find_violations
from tests.e2e.drawings import draw_into
from tests.e2e.site import Site, run_site

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data"
CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

OpenPage = Callable[..., Page]
CheckAxe = Callable[..., None]


def find_chromium() -> str:
    """The browser, or the test skips and says what is missing."""
    found = shutil.which("chromium") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("no Chromium on this machine (apt-get install chromium)")
    driver, *_ = compute_driver_executable()
    if subprocess.run([driver, "--version"], capture_output=True, check=False).returncode:
        pytest.skip("what drives the browser does not start here (apt-get install libatomic1)")
    return found


@pytest.fixture(scope="session")
def built_pages() -> None:
    """The pages, built of the sources as they are."""
    done = subprocess.run([ROOT / "scripts" / "frontend.sh"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium. Not for the whole session: until it is closed, Playwright runs an event loop in this thread."""
    found = find_chromium()
    expect.set_options(timeout=20_000)  # a busy machine is slow, not wrong
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=CHROMIUM_OPTIONS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def site(built_pages: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """At home, with the built-in engine. Shared: what other tests have put in may be there."""
    find_chromium()
    with run_site(tmp_path_factory.mktemp("site"), engine="instant") as site:
        yield site


@pytest.fixture
def clean_site(site: Site) -> Site:
    """``site`` with nothing in its library, nor in its trash."""
    site.empty()
    return site


@pytest.fixture(scope="session")
def server_site(built_pages: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server for many (server mode), where every window begins as a stranger. Shared."""
    find_chromium()
    with run_site(tmp_path_factory.mktemp("server-site"), "--mode", "server", engine="instant") as site:
        yield site


@pytest.fixture
def open_page(browser: Browser) -> Iterator[OpenPage]:
    """``open_page(site, path="/", language="en", theme="light", width=1440, height=900, touch=False)``: a page in a
    window of its own; see :meth:`Windows.open` for more. At the end nothing may have gone wrong in any of them."""
    windows = Windows(browser)
    yield windows.open
    complaints = windows.close()
    assert not complaints


@pytest.fixture
def check_axe() -> CheckAxe:
    """``check_axe(page)``: axe finds nothing wrong with the page as it is now. ``only``: a part of it (CSS)."""

    def check_axe(page: Page, only: str | None = None) -> None:
        found = find_violations(page, only)
        assert not found, "\n".join(found)

    return check_axe


@pytest.fixture(scope="session")
def real_photos() -> dict[str, list[Path]]:
    """Real photos: ``persons``, who stand alone before the camera, and ``garments``."""
    if not DATA.is_dir():
        pytest.skip("no real photos beside the checkout (../shared/data)")
    return {name: sorted((DATA / name).glob("*.jpg")) for name in ("persons", "garments")}


@pytest.fixture(scope="session")
def drawings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Drawn pictures that the built-in engine takes for what they are: ``person``, ``another``, ``shirt``, and one of
    every cut that tests draw (``tee long_sleeve tank polo dress skirt trousers shorts``)."""
    return draw_into(tmp_path_factory.mktemp("drawings"))


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Plain pictures, and files that are none: ``me red blue`` (png), ``scan`` (tif), ``list``, ``drawing`` (svg)."""
    folder = tmp_path_factory.mktemp("photos")
    colours = {"me": "#c8b090", "red": "#c03030", "blue": "#3050c0"}
    for name, colour in colours.items():
        picture = Image.new("RGB", (300, 400), "#e8e8e8")
        ImageDraw.Draw(picture).ellipse((60, 60, 240, 340), fill=colour)
        picture.save(folder / f"{name}.png")
    Image.new("RGB", (300, 400), "#309050").save(folder / "scan.tif")
    (folder / "list.jpg").write_text("eggs, milk")
    (folder / "drawing.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>")
    return {path.stem: path for path in folder.iterdir()}


@pytest.fixture(scope="session")
def seed_library(drawings: dict[str, Path]) -> Callable[[Site, int], None]:
    """``seed_library(site, n)``: ``n`` more pictures in the library of the machine's own user (not ``server_site``),
    in every category, with files: rows, and links to a few drawn pictures. 100,000 take some 20 seconds."""
    return lambda site, n: site.seed(n, drawings.values())
