"""The real server in a process of its own, and a real Chromium before it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageDraw
from playwright._impl._driver import compute_driver_executable
from playwright.sync_api import Browser, expect, sync_playwright
from tests.live import serve

CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium. Not for the whole session: until it is closed, Playwright runs an event loop in this thread."""
    found = shutil.which("chromium") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("no Chromium on this machine (apt-get install chromium)")
    driver, *_ = compute_driver_executable()
    if subprocess.run([driver, "--version"], capture_output=True, check=False).returncode:
        pytest.skip("what drives the browser does not start here (apt-get install libatomic1)")
    expect.set_options(timeout=20_000)  # a busy machine is slow, not wrong
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=CHROMIUM_OPTIONS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def example_page(example_package: Path) -> Iterator[str]:
    """Address of the page with the third-party engine of tests/plugins behind it."""
    with serve(packages=example_package, engine="example", language="auto") as server:
        yield server.address + "/"


@pytest.fixture(scope="session")
def instant_page() -> Iterator[str]:
    """Address of the page with the built-in engine behind it."""
    with serve(engine="instant", language="auto") as server:
        yield server.address + "/"


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Drawn pictures, and files that are none."""
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
