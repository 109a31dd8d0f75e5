"""Draws the icons that must be PNG from ``frontend/public/favicon.svg``, in Chromium: ``python scripts/draw_icons.py``.

Run it after the drawing has changed, and commit what it writes.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, sync_playwright

PUBLIC: Final = Path(__file__).parent.parent / "frontend" / "public"
GROUND: Final = "#0b6e5f"
ICONS: Final = {
    # Name: edge in pixels, share of it that the drawing takes, whether the ground fills the corners.
    "icon-192.png": (192, 1.0, False),
    "icon-512.png": (512, 1.0, False),
    "maskable-512.png": (512, 0.78, True),
    "apple-touch-icon.png": (180, 0.92, True),
}


def main() -> None:
    """Write every icon of ``ICONS``."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("No Chromium on this machine (apt-get install chromium).")
    drawing = (PUBLIC / "favicon.svg").read_text(encoding="utf-8")
    (PUBLIC / "icons").mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for name in ICONS:
            draw(browser, drawing, name)
        browser.close()


def draw(browser: Browser, drawing: str, name: str) -> None:
    """One icon, its corners see-through unless the ground fills them."""
    edge, share, filled = ICONS[name]
    page = browser.new_page(viewport={"width": edge, "height": edge})
    page.set_content(
        f"<style>body {{ margin: 0; background: {GROUND if filled else 'transparent'}; display: grid; height: {edge}px;"
        f" place-items: center }} svg {{ width: {edge * share}px; height: {edge * share}px }}</style>{drawing}"
    )
    page.screenshot(path=PUBLIC / "icons" / name, omit_background=True)
    page.close()


if __name__ == "__main__":
    main()
