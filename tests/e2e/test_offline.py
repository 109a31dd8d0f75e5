"""The service worker: says so where the server is gone, goes on by itself, and takes what other apps share."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.e2e.browsing import GONE
from tests.e2e.site import Site, run_site

Open = Callable[..., Page]
READY = """async () => {
  await navigator.serviceWorker.ready;
  if (!navigator.serviceWorker.controller) {
    await new Promise((done) => navigator.serviceWorker.addEventListener("controllerchange", done, { once: true }));
  }
}"""
KEPT = """async () => {
  const kept = {};
  for (const name of await caches.keys()) {
    kept[name] = (await (await caches.open(name)).keys()).map((request) => new URL(request.url).pathname);
  }
  return kept;
}"""
SHARE = """async ([name, bytes]) => {
  const form = new FormData();
  form.append("title", "A shop");
  const content = Uint8Array.from(atob(bytes), (letter) => letter.charCodeAt(0));
  form.append("pictures", new File([content], name, { type: "image/png" }));
  const answer = await fetch("/share", { method: "POST", body: form });
  return new URL(answer.url).pathname + new URL(answer.url).search;
}"""


@pytest.fixture
def own_site(built_pages: None, tmp_path: Path) -> Iterator[Site]:
    """One that may be stopped."""
    with run_site(tmp_path, engine="instant") as site:
        yield site


def worked(page: Page) -> Page:
    """``page``, once the service worker has taken over."""
    page.evaluate(READY)
    return page


def test_without_the_server_pages_say_so_and_go_on_when_it_is_back(
    own_site: Site, open_page: Open, check_axe: Callable[..., None]
) -> None:
    english, chinese = (worked(open_page(own_site, language=each, tolerated=[GONE])) for each in ("en", "zh-CN"))
    own_site.stop()
    for page, first, second in (
        (english, "VTON Lab cannot be reached", "暂时连不上"),
        (chinese, "暂时连不上", "VTON Lab cannot be reached"),
    ):
        page.goto("/tutorial")
        expect(page.get_by_role("heading")).to_have_text([re.compile(first), re.compile(second)])
        check_axe(page)
    own_site.start()
    for page, title in ((english, "Help"), (chinese, "帮助")):
        expect(page.get_by_role("heading", level=1, name=title)).to_be_visible()
        expect(page).to_have_url(re.compile("/tutorial$"))


def test_only_scripts_styles_and_the_offline_page_are_kept(
    clean_site: Site, open_page: Open, drawings: dict[str, Path]
) -> None:
    clean_site.add(drawings["person"], category="char")
    clean_site.add(drawings["shirt"])
    page = worked(open_page(clean_site))
    page.reload()
    expect(page.get_by_role("link", name="shirt.png")).to_be_visible()
    page.evaluate("fetch('/api/v1/library/images')")
    kept = page.evaluate(KEPT)
    assert set(kept) == {"vtonlab-shell", "vtonlab-assets"}
    assert kept["vtonlab-shell"] == ["/offline.html", "/offline.css", "/offline.js", "/theme.js", "/favicon.svg"]
    assert kept["vtonlab-assets"]
    assert all(re.fullmatch(r"/assets/[\w.-]+\.(js|css)", path) for path in kept["vtonlab-assets"])


def test_assets_of_an_older_version_are_dropped(clean_site: Site, open_page: Open) -> None:
    page = worked(open_page(clean_site))
    page.evaluate(
        """async () => {
          await (await caches.open("vtonlab-assets")).put("/assets/old-12345678.js", new Response("old"));
          const worker = await navigator.serviceWorker.getRegistration();
          await worker.unregister();
        }"""
    )
    page.reload()
    worked(page)
    page.wait_for_function("async () => !(await caches.match('/assets/old-12345678.js'))")


def test_what_another_app_shares_is_asked_about_and_kept(
    clean_site: Site, open_page: Open, drawings: dict[str, Path]
) -> None:
    page = worked(open_page(clean_site))
    name, picture = "from a shop 裙子.png", drawings["dress"].read_bytes()
    assert share(page, name, picture) == "/?shared=1"
    page.goto("/?shared=1")
    page.get_by_role("dialog").get_by_role("button", name=re.compile("garment", re.IGNORECASE)).click()
    expect(page.get_by_role("list", name="Three steps").get_by_text("Done")).to_have_count(1)
    expect(page).to_have_url(re.compile("/$"))
    assert not page.evaluate(KEPT).get("vtonlab-shared"), "it waits nowhere any longer"
    with clean_site.client() as client:
        [kept] = client.get("/api/v1/library/images", params={"category": "clothes"}).json()["items"]
    assert kept["original_name"] == name


def test_a_share_without_a_picture_says_what_to_share(clean_site: Site, open_page: Open) -> None:
    page = worked(open_page(clean_site))
    assert share(page, "empty.png", b"") == "/?shared=0"
    page.goto("/?shared=0")
    expect(page.get_by_text("No picture came with what was shared.").first).to_be_visible()


def test_it_can_be_installed(clean_site: Site, open_page: Open) -> None:
    page = worked(open_page(clean_site))
    with clean_site.client() as client:
        manifest = client.get("/manifest.webmanifest").raise_for_status().json()
        for icon in manifest["icons"]:
            answer = client.get(icon["src"]).raise_for_status()
            assert answer.headers["content-type"].startswith(icon["type"])
        worker = client.get("/sw.js").raise_for_status()
    assert worker.headers["cache-control"] == "no-cache"
    assert worker.headers["content-type"].startswith("text/javascript")
    faults = page.context.new_cdp_session(page).send("Page.getAppManifest")
    assert not faults["errors"]


def share(page: Page, name: str, picture: bytes) -> str:
    """Send a picture as another app would; where the worker leads to."""
    return str(page.evaluate(SHARE, [name, base64.b64encode(picture).decode()]))
