"""Pictures of every page in its main states: `make screenshots`, into out/screenshots with an index.html.

Both languages, both themes, desktop and phone. The people in them are drawn; `--photos FOLDER` takes real photos
(`FOLDER/persons/*.jpg`, `FOLDER/garments/*.jpg`) for looking at the pages with, which nobody keeps.
"""

from __future__ import annotations

import argparse
import contextlib
import html
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from itertools import product
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from PIL import Image  # noqa: E402
from playwright.sync_api import Browser, Error, Page, expect, sync_playwright  # noqa: E402
from playwright.sync_api import TimeoutError as NotInTime  # noqa: E402
from tests.e2e.browsing import Windows, settle  # noqa: E402
from tests.e2e.drawings import draw_into  # noqa: E402
from tests.e2e.states import STATES, State, enter  # noqa: E402
from tests.e2e.world import World, make_world  # noqa: E402

FOLDER = ROOT / "out" / "screenshots"
LANGUAGES, THEMES, SIZES = ("en", "zh-CN"), ("light", "dark"), ("desktop", "phone")
PATIENCE_MS = 30_000
QUIET_MS = 2_500
"""For what is on its way; pages that ask again every few seconds are never quiet."""
CHROMIUM = ["--no-sandbox", "--disable-gpu", "--force-color-profile=srgb", "--hide-scrollbars"]
GARMENTS = ("shirt", "tee", "long_sleeve", "tank", "polo", "dress", "skirt", "trousers", "shorts")

STYLE = """
body { margin: 0; padding: 24px; background: #2a2c2f; color: #eee; font: 14px/1.5 system-ui, sans-serif; }
section { margin-bottom: 40px; } h2 { font-size: 18px; }
div { display: flex; flex-wrap: wrap; gap: 16px; align-items: flex-start; }
figure { margin: 0; } figcaption { color: #aaa; } img { display: block; height: 340px; border-radius: 8px; }
"""


@dataclass(frozen=True)
class Shot:
    """One picture: which state, how, and its file; ``problem``: why there is none, or what went wrong on the way."""

    state: str
    manner: str
    file: str
    problem: str = ""


def main() -> int:
    """Take the pictures; 1 where one could not be taken."""
    chosen = read_arguments()
    subprocess.run([ROOT / "scripts" / "frontend.sh"], check=True)
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        print("no Chromium on this machine\nhint: apt-get install chromium", file=sys.stderr)
        return 1
    FOLDER.mkdir(parents=True, exist_ok=True)
    expect.set_options(timeout=PATIENCE_MS)
    began, shots = time.monotonic(), []
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM)
        with make_world(Path(folder) / "sites", find_photos(chosen.photos, Path(folder))) as world:
            for state in STATES:
                if not chosen.only or any(state.name.startswith(name) for name in chosen.only):
                    shots += take_all(browser, world, state, chosen)
        browser.close()
    write_index(shots)
    failed = [shot for shot in shots if shot.problem]
    for shot in failed:
        print(f"{shot.state} ({shot.manner}): {shot.problem}", file=sys.stderr)
    print(f"{len(shots) - len(failed)} pictures in {time.monotonic() - began:.0f} s: {FOLDER / 'index.html'}")
    return 1 if failed else 0


def read_arguments() -> argparse.Namespace:
    """What to take."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("only", nargs="*", help="states whose names begin so; all without any")
    parser.add_argument("--photos", type=Path, help="folder with real photos in persons/ and garments/")
    parser.add_argument("--languages", nargs="+", default=LANGUAGES, choices=LANGUAGES)
    parser.add_argument("--themes", nargs="+", default=THEMES, choices=THEMES)
    parser.add_argument("--sizes", nargs="+", default=SIZES, choices=SIZES)
    return parser.parse_args()


def find_photos(real: Path | None, folder: Path) -> dict[str, Path]:
    """Drawn people and garments, or real ones under the same names; and a picture of nobody."""
    drawn = folder / "drawn"
    drawn.mkdir()
    photos = draw_into(drawn)
    if real:
        people, clothes = (sorted((real / kind).glob("*.jpg")) for kind in ("persons", "garments"))
        photos |= {"person": people[0], "another": people[1]} | dict(zip(GARMENTS, clothes, strict=False))
    photos["nobody"] = folder / "nobody.png"
    Image.linear_gradient("L").resize((600, 800)).convert("RGB").save(photos["nobody"])
    return photos


def take_all(browser: Browser, world: World, state: State, chosen: argparse.Namespace) -> list[Shot]:
    """One state in every manner that was asked for."""
    sizes = [size for size in chosen.sizes if size in state.sizes]
    manners = product(chosen.languages, chosen.themes, sizes)
    shots = [take(browser, world, state, *manner) for manner in manners]
    world.rest()
    return shots


def take(browser: Browser, world: World, state: State, language: str, theme: str, size: str) -> Shot:
    """One picture."""
    manner = f"{language}-{theme}-{size}"
    file = f"{state.name}-{manner}.png"
    windows = Windows(browser)
    problem = ""
    try:
        view = enter(windows, world, state, language=language, theme=theme, size=size)
        if not state.name.endswith("-running"):
            wait_for_pictures(view.page)
        settle(view.page)
        view.page.screenshot(path=FOLDER / file)
    except (AssertionError, Error) as error:
        problem = str(error).strip().splitlines()[0]
    finally:
        said = windows.close()
    if not problem and said:
        problem = said[0]
    return Shot(state.name, manner, file, problem)


def wait_for_pictures(page: Page) -> None:
    """What is on its way is no picture of the page."""
    with contextlib.suppress(NotInTime):
        page.wait_for_load_state("networkidle", timeout=QUIET_MS)


def write_index(shots: list[Shot]) -> None:
    """A sheet of everything that lies in the folder, by state."""
    states = dict.fromkeys(shot.state for shot in shots)
    lines = [f"<!doctype html><meta charset=utf-8><title>Screenshots</title><style>{STYLE}</style>"]
    for state in states:
        lines.append(f"<section><h2>{html.escape(state)}</h2><div>")
        for shot in (shot for shot in shots if shot.state == state and (FOLDER / shot.file).exists()):
            image = f'<a href="{shot.file}"><img src="{shot.file}" loading="lazy" alt=""></a>'
            lines.append(f"<figure>{image}<figcaption>{html.escape(shot.manner)}</figcaption></figure>")
        lines.append("</div></section>")
    (FOLDER / "index.html").write_text("\n".join(lines), "utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
