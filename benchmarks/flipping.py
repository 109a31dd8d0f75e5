"""From a key to the new picture on the screen of the fitting room, in Chromium. ``python -m benchmarks.flipping``.

Person and garments are known to the server (looked at before), as they are after the first round through a wardrobe;
the window was never here. Measured from the key's own time stamp to the frame after the picture was painted, in two
manners: with a look at each (while one is looked at, the page makes its neighbours ready), and without a pause (the
next key comes in the frame after a picture, before anything is made ready: every picture is made while one waits).
The engine's share and the server's are those of the same pictures, by ``Server-Timing``.
Floor: two frames, which any answer to a key takes that changes a picture.
"""

from __future__ import annotations

import argparse
import colorsys
import statistics
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks._browser import chromium, new_window, percentile, running_site, tell
from benchmarks._table import Row, machine, show
from PIL import Image
from playwright.sync_api import Page
from tests.drawn import draw_garment
from tests.e2e.site import Site

from vtonlab.imaging.mannequin import draw_person, draw_shirt
from vtonlab.imaging.write import encode_picture

FLIPS = 36
LOOK_MS = 1_500
"""How long each picture is looked at."""
TARGET_MS = 250
FRAME_MS = 1000 / 60
CUTS = ("tee", "long_sleeve", "tank", "polo")
WIDTH, HEIGHT = 768, 1024
DATA = Path(__file__).parents[2] / "shared" / "data"

WATCH = """
(() => {
  window.flips = [];
  let wantedAt = 0;
  addEventListener("keydown", (event) => { wantedAt = event.timeStamp; }, { capture: true });
  new PerformanceObserver((list) => {
    for (const { name, startTime, duration, detail } of list.getEntries()) {
      if (name !== "flip") continue;
      const from = wantedAt;
      requestAnimationFrame(() => window.flips.push({ total: performance.now() - from, told: duration, ...detail }));
    }
  }).observe({ type: "measure" });
})();
"""


@dataclass(frozen=True)
class Flip:
    """Milliseconds of one: from the key to the frame, of it the engine's and the server's; and where it came from."""

    total: float
    engine: float
    server: float
    source: str


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--real", action="store_true", help="real photos of ../shared/data in place of drawn ones")
    real = parser.parse_args().real
    with tempfile.TemporaryDirectory() as folder, running_site() as site, chromium() as browser:
        person, garments = stock(site, Path(folder), real=real)
        meet(site, person, garments)
        window = new_window(browser, site)
        page = window.new_page()
        page.add_init_script(WATCH)
        page.goto(f"/tryon?person={person}&garment={garments[0]}")
        page.wait_for_function("() => window.flips.length > 0", timeout=60_000)
        page.wait_for_timeout(2 * LOOK_MS)
        looked = [flip(page, "ArrowRight", LOOK_MS) for _ in range(FLIPS)]
        page.reload()
        page.wait_for_function("() => window.flips.length > 0", timeout=60_000)
        at_once = [flip(page, "ArrowRight", 0) for _ in range(FLIPS)]
        window.close()
    print(machine())
    rows = [*_rows("a look at each, neighbours made ready", looked), *_rows("without a pause, nothing ready", at_once)]
    kind = "real photos" if real else "drawn pictures"
    show(f"key → new picture on screen, {kind}, {FLIPS} flips each; floor: two frames, {2 * FRAME_MS:.0f} ms", rows)


def stock(site: Site, folder: Path, *, real: bool) -> tuple[str, list[str]]:
    """Put a person and more garments than are flipped through into the library; their ids."""
    people, clothes = find_real() if real else draw(folder)
    person = site.add(people, category="char")[0]["id"]
    return str(person), [str(item["id"]) for item in site.add(*clothes)]


def draw(folder: Path) -> tuple[Path, list[Path]]:
    """A drawn person, and drawn tops, each of a colour of its own."""
    person = folder / "person.jpg"
    person.write_bytes(encode_picture(_enlarge(draw_person()), ".jpg"))
    clothes = []
    for number in range(2 * FLIPS + 4):
        red, green, blue = (round(255 * part) for part in colorsys.hsv_to_rgb(number / 80, 0.6, 0.7))
        drawn = draw_garment(CUTS[number % 4], height=HEIGHT, width=WIDTH, colour=(red, green, blue), grain=2.0)
        clothes.append(folder / f"{number}.jpg")
        clothes[-1].write_bytes(encode_picture(drawn.picture, ".jpg"))
    return person, clothes


def find_real() -> tuple[Path, list[Path]]:
    """A real photo of a person, and real photos of tops and more."""
    return DATA / "pairs" / "hd_00008_person.jpg", sorted((DATA / "garments").glob("*.jpg"))[: 2 * FLIPS + 4]


def _enlarge(picture: Any) -> Any:
    import numpy as np

    return np.asarray(Image.fromarray(picture).resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS))


def meet(site: Site, person: str, garments: list[str]) -> None:
    """Let the server look at every picture once, in other company than they are in later."""
    with site.client() as client:
        shirt = site.add_bytes("shirt.jpg", encode_picture(draw_shirt(), ".jpg"), "clothes")["id"]
        other = site.add_bytes("other.jpg", encode_picture(draw_person(), ".jpg"), "char")["id"]
        for human, garment in [(person, shirt), *((other, garment) for garment in garments)]:
            order = {"human_image": human, "garment_image": garment, "size": 1024}
            client.post("/api/v1/tryon/preview", json=order)


def flip(page: Page, key: str, look: int) -> Flip:
    """Press ``key``, wait for the picture, look at it for ``look`` ms."""
    before = page.evaluate("window.flips.length")
    page.keyboard.press(key)
    page.wait_for_function("(before) => window.flips.length > before", arg=before, timeout=60_000)
    page.wait_for_timeout(look)
    told = page.evaluate("window.flips.at(-1)")
    steps = told["server"]
    return Flip(told["total"], steps.get("engine", 0.0), sum(steps.values()), told["from"])


def _rows(what: str, flips: list[Flip]) -> list[Row]:
    totals = [one.total for one in flips]
    middle = statistics.median(totals)
    shelf = sum(one.source == "shelf" for one in flips)
    engine, server = (statistics.median(values) for values in ([f.engine for f in flips], [f.server for f in flips]))
    floor = f"{middle / (2 * FRAME_MS):.1f} × floor"
    return [
        Row(what, tell(totals), f"≤ {TARGET_MS} ms median", middle <= TARGET_MS, floor),
        Row("  of it the engine", f"{engine:.0f} ms", "", None, f"{server:.0f} ms the server in all"),
        Row("  made ready before", f"{shelf} of {len(flips)}", "", None, f"worst {percentile(totals, 1):.0f} ms"),
    ]


if __name__ == "__main__":
    main()
