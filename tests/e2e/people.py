"""People with accounts on a site, and windows in which they are signed in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Page
from tests.e2e.site import Site

PASSWORD = "correct horse battery"


def make_account(site: Site, name: str, email: str | None = None) -> None:
    """An account with ``PASSWORD``."""
    with httpx.Client(base_url=site.address, trust_env=False, timeout=60) as client:
        body = {"username": name, "email": email, "password": PASSWORD}
        client.post("/api/register", json=body).raise_for_status()


def enter(page: Page, name: str, password: str = PASSWORD) -> None:
    """Sign the page's window in, without its forms; the page itself knows when it is opened next."""
    answer = page.request.post("/api/login", data={"username": name, "password": password, "remember_me": True})
    assert answer.ok, answer.text()


def upload(page: Page, *paths: Path, category: str = "clothes") -> list[str]:
    """Pictures kept by whoever the page's window is; their ids."""
    ids = []
    for path in paths:
        file: Any = {"name": path.name, "mimeType": "image/png", "buffer": path.read_bytes()}
        answer = page.request.post("/api/v1/library/images", multipart={"files": file, "category": category})
        assert answer.ok, answer.text()
        ids.append(str(answer.json()["items"][0]["image"]["id"]))
    return ids


def me(page: Page) -> dict[str, Any]:
    """Who the page's window is, to the server; empty for a stranger."""
    answer = page.request.get("/api/v1/users/me")
    return dict(answer.json()) if answer.ok else {}
