"""Every page of the application in the states in which people meet it: for looking at them, and for proving things of
all of them. Everything is reached as a person reaches it, by what is written on it, in either language."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Locator, Page, expect
from tests.e2e.browsing import Windows
from tests.e2e.words import Say
from tests.e2e.world import World

PATIENCE_MS = 60_000
PHONE, DESKTOP = (390, 844), (1440, 900)


@dataclass
class View:
    """A page, the words of its language, and the sites."""

    page: Page
    say: Say
    world: World
    phone: bool

    def button(self, key: str, **values: object) -> Locator:
        """The first button that says so."""
        return self.page.get_by_role("button", name=self.say(key, **values), exact=True).first

    def named(self, role: Any, key: str) -> Locator:
        """The first of a role that is named so, whatever is put into the name."""
        return self.page.get_by_role(role, name=self.say.like(key)).first

    def seen(self, what: Locator) -> None:
        """Wait until it is there."""
        expect(what).to_be_visible(timeout=PATIENCE_MS)


Reach = Callable[[View], None]


@dataclass(frozen=True)
class State:
    """``site``: which of the world's; ``path``: where, with ``{name}`` for the id of a picture; ``reach``: how one gets
    from there into the state, and waits until it is there. ``engine``: chosen in that browser before."""

    name: str
    site: str
    path: str
    reach: Reach
    engine: str = "instant"
    sizes: tuple[str, ...] = ("desktop", "phone")


def title(view: View) -> None:
    """The page's own title is there, and what it asked for has come."""
    view.seen(view.page.locator("main h1").first)
    expect(view.page.locator("main [aria-busy=true]")).to_have_count(0, timeout=PATIENCE_MS)


def see(key: str) -> Reach:
    """Something that says so is there."""

    def reach(view: View) -> None:
        title(view)
        view.seen(view.page.get_by_text(view.say.like(key)).first)

    return reach


def pictures(view: View) -> None:
    """Pictures are there, and shown."""
    title(view)
    view.seen(view.page.locator("main img").first)
    shown = "() => [...document.querySelectorAll('main img')].every((one) => one.complete)"
    view.page.wait_for_function(shown, timeout=PATIENCE_MS)


def preview(view: View) -> None:
    """The person wears it."""
    view.seen(view.named("img", "fitting.stage.wornAlt"))


def then(*steps: Reach) -> Reach:
    """One after the other."""

    def reach(view: View) -> None:
        for step in steps:
            step(view)

    return reach


def press(key: str) -> Reach:
    """A key, as a person at a desk presses it."""
    return lambda view: view.page.keyboard.press(key)


def click(key: str, **values: object) -> Reach:
    """A button by its words."""
    return lambda view: view.button(key, **values).click()


def dialog(view: View) -> None:
    """A dialog, a drawer or a menu is open."""
    view.seen(view.page.locator("[role=dialog], [role=alertdialog], [role=menu]").last)


def open_panel(view: View) -> None:
    """On phones the engines' panel is behind a tab."""
    if view.phone:
        view.page.get_by_role("tab", name=view.say("fitting.tabs.photograph")).click()


def photograph(view: View) -> None:
    """Ask for a photograph of what is on the stage."""
    preview(view)
    open_panel(view)
    view.button("engines.photograph").click()


def choose_engine(view: View) -> None:
    """Ask for the other engines."""
    view.page.get_by_role("button", name=view.say("engines.change")).first.click()


def options(view: View) -> None:
    """The settings of the chosen engine are open."""
    preview(view)
    open_panel(view)
    view.page.get_by_role("button", name=view.say("engines.settings")).first.click()
    dialog(view)


def photograph_slowly(view: View) -> None:
    """The same, of an engine that takes its time."""
    options(view)
    view.page.get_by_label(view.say("engines.option.seconds.label")).first.fill("600")
    view.button("engines.done").click()
    view.button("engines.photograph").click()
    view.seen(view.page.get_by_role("progressbar").first)
    expect(view.button("engines.progress.cancel")).to_be_enabled()


def compare(view: View) -> None:
    """Before and after."""
    preview(view)
    view.button("fitting.tools.compare").click()
    view.seen(view.named("slider", "fitting.compare.slider"))


def result(view: View) -> None:
    """A photograph has come."""
    photograph(view)
    view.seen(view.named("button", "history.tile"))


def details(view: View) -> None:
    """How a photograph was made."""
    view.named("button", "history.tile").click()
    preview(view)
    if view.phone:
        view.button("fitting.tools.more").click()
        view.page.get_by_role("menuitem", name=view.say("fitting.tools.details")).click()
    else:
        view.button("fitting.tools.details").click()
    dialog(view)


def mask(view: View) -> None:
    """A mask is drawn by hand."""
    options(view)
    view.page.get_by_role("switch", name=view.say("engines.option.auto_mask.label")).click()
    view.button("engines.maskDraw").click()
    view.seen(view.page.get_by_role("dialog", name=view.say("engines.mask.title")))


def choose_all(view: View) -> None:
    """Every picture of the library is chosen."""
    pictures(view)
    view.page.get_by_role("listbox").or_(view.page.get_by_role("grid")).first.focus()
    view.page.keyboard.press("Control+a")
    view.seen(view.page.get_by_role("toolbar", name=view.say("library.chosen.tools")))


def as_list(view: View) -> None:
    """The library as a list."""
    pictures(view)
    view.page.get_by_role("radio", name=view.say("library.asList")).first.click()


def menu(key: str) -> Reach:
    """A menu of the bar at the top is open."""

    def reach(view: View) -> None:
        title(view)
        view.named("button", key).click()
        dialog(view)

    return reach


def tasks(view: View) -> None:
    """The drawer of tasks is open, and its pictures are shown."""
    title(view)
    view.named("button", "tasks.button").click()
    dialog(view)
    shown = "() => [...document.querySelectorAll('[role=dialog] img')].every((one) => one.complete)"
    view.page.wait_for_function(shown, timeout=PATIENCE_MS)


def write_batch(view: View) -> None:
    """Prompts are written, some of them twice, and one of them too long."""
    field = view.page.get_by_label(view.say("batches.prompts"), exact=True)
    field.fill("\n".join(["A red coat, evening light", "", "A blue coat, evening light"] * 2 + ["long " * 4001]))
    view.seen(view.page.get_by_text(view.say("batches.line.tooLong"), exact=True))


def studio(view: View) -> None:
    """The studio, with somebody who draws."""
    title(view)
    view.seen(view.button("generation.draw.button"))


def write_prompt(view: View, words: str) -> None:
    """Ask the studio for a picture."""
    view.page.get_by_label(view.say("generation.prompt.label"), exact=True).fill(words)
    view.named("button", "generation.draw.button").click()


def drawn(view: View) -> None:
    """Pictures of the studio: one is there, one was refused, one is being drawn."""
    for words in ("a linen shirt on a hanger", "sandbox: fail=prompt_refused a red coat", "sandbox: seconds=600 a hat"):
        write_prompt(view, words)
        view.seen(view.page.locator("main li").filter(has_text=words).first)
    view.seen(view.named("button", "generation.card.open"))
    view.seen(view.named("button", "generation.card.retry"))
    view.seen(view.page.get_by_role("progressbar").first)


def choose_model(view: View) -> None:
    """Ask who else draws."""
    view.page.get_by_role("button", name=view.say("generation.model.change")).click()


def templates(view: View) -> None:
    """The templates of the studio."""
    view.button("generation.template.button").click()
    dialog(view)
    view.seen(view.page.get_by_role("dialog").get_by_role("listitem").first)


def picker(view: View) -> None:
    """Pictures of the library, to go along with the words."""
    view.button("generation.references.add").click()
    view.page.get_by_role("menuitem", name=view.say("generation.references.fromLibrary")).click()
    view.page.get_by_role("gridcell").first.click()
    view.seen(view.page.get_by_text(view.say("generation.picker.isChosen"), exact=True))


ROOM = "/tryon?person={person}&garment={shirt}"
OUTFIT = "/tryon?person={person}&garment={tee}&lower={trousers}"
SECTIONS = (
    *("profile", "sessions", "tokens", "appearance", "engines", "privacy"),
    *("extension", "cloud", "app", "shortcuts", "about"),
)
ADMINISTRATION = {
    "overview": "admin.overview.daysChart",
    "users": "admin.users.seen",
    "roles": "admin.roles.builtIn",
    "tasks": "admin.tasks.count",
    "audit": "admin.audit.count",
    "engines": "admin.engines.queueText",
    "storage": "admin.storage.largestText",
}
"""What each section says once its figures have come."""
DESK = ("desktop",)

STATES: Sequence[State] = (
    State("home-first-visit", "empty", "/", title),
    State("room-empty", "empty", "/tryon", title),
    State("library-empty", "empty", "/images", see("library.empty.clothes")),
    State("library-no-results", "empty", "/images?tab=results", see("library.empty.results")),
    State("library-no-favourites", "empty", "/images?tab=favourites", see("library.empty.favourites")),
    State("library-trash-empty", "empty", "/images?tab=trash", see("library.empty.trash")),
    State("tasks-none", "empty", "/", tasks),
    State("home", "full", "/", pictures),
    State("room-preview", "full", ROOM, preview),
    State("room-compare", "full", ROOM, compare),
    State("room-outfit", "full", OUTFIT, preview),
    State(
        "room-engines",
        "full",
        ROOM,
        then(preview, open_panel, choose_engine, dialog),
    ),
    State("room-options", "full", ROOM, options, engine="sandbox"),
    State("room-mask", "full", ROOM, mask, engine="sandbox"),
    State("room-running", "full", ROOM, photograph_slowly, engine="sandbox"),
    State("room-result", "full", ROOM, result),
    State("room-details", "full", ROOM, then(preview, details)),
    State("room-no-person-in-it", "full", "/tryon?person={nobody}&garment={shirt}", see("fitting.notice.otherPhoto")),
    State("library", "full", "/images", pictures),
    State("library-list", "full", "/images", as_list),
    State("library-me", "full", "/images?tab=me", pictures),
    State("library-results", "full", "/images?tab=results", pictures),
    State("library-favourites", "full", "/images?tab=favourites", pictures),
    State("library-trash", "full", "/images?tab=trash", pictures),
    State("library-trash-sure", "full", "/images?tab=trash", then(pictures, click("library.trash.empty"), dialog)),
    State("library-nothing-found", "full", "/images?q=zeppelin", see("library.empty.nothingFound")),
    State("library-chosen", "full", "/images", choose_all, sizes=DESK),
    State("lightbox", "full", "/images?picture={shirt}", dialog),
    State("lightbox-details", "full", "/images?picture={shirt}", then(dialog, click("library.lightbox.details"))),
    State("tasks", "full", "/", tasks),
    State("shortcuts", "full", "/", then(title, press("?"), dialog), sizes=DESK),
    State("menu-view", "full", "/", menu("shell.view")),
    *(State(f"settings-{name}", "full", f"/settings#{name}", title) for name in SECTIONS),
    State("settings", "full", "/settings", title, sizes=("phone",)),
    State("tutorial", "full", "/tutorial", title),
    State("studio", "full", "/generate", studio),
    State("studio-templates", "full", "/generate", templates),
    State("studio-picker", "full", "/generate", picker),
    State("studio-models", "full", "/generate", then(studio, choose_model, dialog)),
    State("studio-drawn", "full", "/generate", drawn),
    State("studio-stranger", "server", "/generate", see("generation.mayNot.stranger")),
    State("batches-none", "empty", "/generate?tab=batch", see("batches.none")),
    State("batches-written", "full", "/generate?tab=batch", then(see("batches.list"), write_batch)),
    State("batch", "full", "/generate?tab=batch&batch={batch}", then(see("batches.again"), pictures)),
    State(
        "batch-again-sure",
        "full",
        "/generate?tab=batch&batch={batch}",
        then(see("batches.again"), click("batches.again", n=1), dialog),
    ),
    *(State(f"admin-{name}", "full", f"/admin#{name}", see(key)) for name, key in ADMINISTRATION.items()),
    State("admin-new-user", "full", "/admin#users", then(title, click("admin.users.make"), dialog)),
    State("admin", "full", "/admin", title, sizes=("phone",)),
    State("admin-closed", "server", "/admin", see("admin.closed.guest")),
    State("lost", "full", "/nothing/is/here", title),
    State("server-home", "server", "/", title),
    State("login", "server", "/login", title),
    State("register", "server", "/login?as=new", title),
)


def enter(
    windows: Windows, world: World, state: State, *, language: str = "en", theme: str = "light", size: str = "desktop"
) -> View:
    """A window of its own, in ``state``."""
    width, height = PHONE if size == "phone" else DESKTOP
    page = windows.open(
        world.site(state.site),
        state.path.format(**world.images),
        language,
        theme,
        width,
        height,
        size == "phone",
        remembered={"engine": state.engine, "hasSeenWelcome": state.site != "empty"},
    )
    view = View(page, Say(language), world, size == "phone")
    state.reach(view)
    return view
