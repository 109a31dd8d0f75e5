"""What tests of the library do with files, fingers and the pictures of the grid."""

from __future__ import annotations

import re
from base64 import b64encode
from pathlib import Path

from playwright.sync_api import Locator, Page

DROP = """(files) => {
  const carried = new DataTransfer();
  for (const { name, type, data } of files) {
    const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
    carried.items.add(new File([bytes], name, { type }));
  }
  for (const kind of ["dragenter", "dragover", "drop"])
    document.body.dispatchEvent(new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: carried }));
}"""
PASTE = """(files) => {
  const carried = new DataTransfer();
  for (const { name, type, data } of files) {
    const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
    carried.items.add(new File([bytes], name, { type }));
  }
  document.body.dispatchEvent(new ClipboardEvent("paste", { bubbles: true, cancelable: true, clipboardData: carried }));
}"""


def swipe(page: Page, start: int, end: int, y: int = 420) -> None:
    """A finger that goes over the screen, as the system tells the browser of it."""
    fingers = page.context.new_cdp_session(page)
    fingers.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": start, "y": y}]})
    for step in range(1, 6):
        at = start + (end - start) * step / 5
        fingers.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [{"x": at, "y": y}]})
    fingers.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    fingers.detach()


def carry(*paths: Path) -> list[dict[str, str]]:
    """Files as the scripts above take them."""
    kinds = {".png": "image/png", ".jpg": "image/jpeg", ".txt": "text/plain"}
    return [
        {"name": path.name, "type": kinds.get(path.suffix, ""), "data": b64encode(path.read_bytes()).decode()}
        for path in paths
    ]


def cells(page: Page) -> Locator:
    """The pictures that are drawn."""
    return page.get_by_role("gridcell")


def chosen(page: Page) -> Locator:
    """Those of them that are chosen."""
    return page.get_by_role("gridcell", selected=True)


def tab(page: Page, name: str) -> Locator:
    """The tab whose name begins so; its number follows."""
    return page.get_by_role("tab", name=re.compile(f"^{name}"))


def toast(page: Page) -> Locator:
    """The short messages."""
    return page.get_by_role("region", name="Messages")
