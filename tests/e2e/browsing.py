"""Windows of a real browser on a site, and what may not go wrong in them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page
from tests.e2e.site import Site

KEPT = "vtonlab.preferences"
AXE = Path(__file__).parents[2] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
KINDS_OF_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LOCALES = {"en": "en-GB", "zh-CN": "zh-CN"}
REFUSED = re.compile(r"status of 4\d\d")
"""The browser itself tells in the console of every refused request: that is no fault of the page."""
GONE = re.compile(
    r"ERR_(CONNECTION_\w+|EMPTY_RESPONSE|NETWORK_\w+|INTERNET_\w+|INCOMPLETE_CHUNKED_\w+)|WebSocket connection to"
)
"""What it tells while the server is stopped; for tests that stop it."""
KEY_IN_SIGHT = re.compile(r"^(?:[a-z]\w*\.){1,4}[a-z]\w*$")
"""A word that nobody wrote: vue-i18n shows its key."""

LISTEN_FOR_CSP = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`refused by the page's own rules: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`));
"""

SETTLE = """async () => {
  const drawn = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const running = () => document.getAnimations().filter((one) => one.playState === "running"
    && one.effect?.getComputedTiming().iterations !== Infinity);
  await drawn();  // only then is known what a change sets in motion
  for (let round = 0; round < 20 && running().length > 0; round += 1) {
    await Promise.all(running().map((one) => one.finished.catch(() => null)));
    await drawn();  // and what follows from its end
  }
}"""


class Windows:
    """Opens pages, each in a window with cookies and storage of its own, and hears what they complain about."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._contexts: list[BrowserContext] = []
        self._complaints: list[str] = []

    def open(
        self,
        site: Site,
        path: str = "/",
        language: str = "en",
        theme: str = "light",
        width: int = 1440,
        height: int = 900,
        touch: bool = False,
        *,
        motion: bool = False,
        refused: bool = True,
        beside: Page | None = None,
        remembered: Mapping[str, object] | None = None,
        tolerated: Sequence[re.Pattern[str]] = (),
        **options: Any,
    ) -> Page:
        """A page that is ready: its words are there. Language and theme are those of the system.

        ``motion``: with transitions; ``refused``: whether the server may refuse what is asked;
        ``beside``: another tab of the window of that page, with the same session;
        ``remembered``: preferences that this browser has kept (stores/preferences.ts);
        ``tolerated``: complaints that belong to the test; ``options``: for the window, as Playwright has them.
        """
        if beside is None:
            context = self._browser.new_context(
                base_url=site.address,
                locale=LOCALES[language],
                color_scheme="dark" if theme == "dark" else "light",
                reduced_motion="no-preference" if motion else "reduce",
                viewport={"width": width, "height": height},
                has_touch=touch,
                is_mobile=touch and width < 600,
                **options,
            )
            context.add_init_script(LISTEN_FOR_CSP)
            if remembered:
                kept = json.dumps(json.dumps(remembered))
                context.add_init_script(f'localStorage["{KEPT}"] ??= {kept}')
            self._contexts.append(context)
        else:
            context = beside.context
        page = context.new_page()
        self._listen(page, [*([REFUSED] if refused else []), *tolerated])
        page.goto(f"{site.address}{path}")
        wait_until_ready(page)
        return page

    def close(self) -> list[str]:
        """Close every window; what went wrong in them."""
        for context in self._contexts:
            for page in context.pages:
                self._complaints += [f"{page.url}: a key in place of a word: {key}" for key in _keys_in_sight(page)]
            context.close()
        return self._complaints

    def _listen(self, page: Page, tolerated: Sequence[re.Pattern[str]]) -> None:
        def complain(text: str) -> None:
            if not any(pattern.search(text) for pattern in tolerated):
                self._complaints.append(f"{page.url}: {text}")

        page.on("pageerror", lambda error: complain(f"{error.name}: {error.message}\n{error.stack}"))
        page.on("console", lambda message: complain(message.text) if message.type == "error" else None)


def wait_until_ready(page: Page) -> None:
    """The page is put together: its frame, and the page's own part in it."""
    page.wait_for_selector("#app > *", state="attached")
    page.wait_for_load_state("load")


def settle(page: Page) -> None:
    """Wait until what has changed is drawn, and what moves has come to rest."""
    page.evaluate(SETTLE)


def _keys_in_sight(page: Page) -> list[str]:
    if page.is_closed():
        return []
    words = str(page.evaluate("document.body?.innerText ?? ''")).split()
    return sorted({word for word in words if KEY_IN_SIGHT.fullmatch(word) and word.partition(".")[0] in namespaces()})


@cache
def namespaces() -> frozenset[str]:
    """What the keys of words begin with."""
    folder = Path(__file__).parents[2] / "frontend" / "src" / "locales" / "en"
    return frozenset(path.stem for path in folder.glob("*.json"))


@cache
def _axe() -> str:
    return AXE.read_text("utf-8")


RUN_AXE = """async ([only, type, values]) => {
  const options = { runOnly: { type, values }, resultTypes: ["violations"] };
  const { violations } = await axe.run(only ?? document, options);
  const tell = ({ html, any, all, none }) => {
    const why = [...any, ...all, ...none].map((check) => check.message).join("; ");
    return `    ${html.slice(0, 240)}\\n      ${why.slice(0, 300)}`;
  };
  return violations.map(({ id, help, nodes }) => [`${id}: ${help}`, ...nodes.slice(0, 6).map(tell)].join("\\n"));
}"""


def find_violations(page: Page, only: str | None = None, rules: Sequence[str] = ()) -> list[str]:
    """What axe finds wrong with the page as it is now; ``only``: with the part of it that a CSS selector finds;
    ``rules``: by these rules alone."""
    settle(page)
    page.evaluate(_axe())  # not a script of the page: its rules allow none from elsewhere
    found: list[str] = page.evaluate(RUN_AXE, [only, *(["rule", list(rules)] if rules else ["tag", KINDS_OF_RULES])])
    return found


def is_too_wide(page: Page) -> bool:
    """Whether the page can be scrolled sideways."""
    found: bool = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    return found
