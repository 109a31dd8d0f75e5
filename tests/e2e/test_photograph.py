"""Photographing what the mirror shows: engines and their options, consent, progress, masks, history; real services.

The engine ``sandbox`` takes as long and fails as it is told; ``fashn`` is a fake of its service, over HTTP.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect
from tests.e2e.browsing import settle
from tests.e2e.site import Site, run_site
from tests.fakes.fashn import KEY, FakeFashn

Open = Callable[..., Page]
CheckAxe = Callable[..., None]
Drawings = dict[str, Path]

SANDBOX = re.compile("Sandbox")
OPTIONS = "Settings of"
DIALOG = "[role=dialog]"


@pytest.fixture(scope="module")
def fashn() -> Iterator[FakeFashn]:
    """The service that pictures are sent to."""
    with FakeFashn() as fake:
        yield fake


@pytest.fixture(scope="module")
def studio(
    built_pages: None, fashn: FakeFashn, drawings: Drawings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """At home, one fitting at a time, with a person and a shirt."""
    folder = tmp_path_factory.mktemp("studio")
    settings = {"engine": "instant", "workers": "1", "sandbox_on": "1", "fashn_api_key": KEY, "fashn_url": fashn.url}
    with run_site(folder, **settings) as site:
        site.add(drawings["person"], drawings["another"], category="char")
        site.add(drawings["shirt"], drawings["skirt"])
        yield site


@pytest.fixture
def at_rest(studio: Site) -> Iterator[Site]:
    """``studio``; at the end nothing runs there any more."""
    yield studio
    with studio.client() as client:
        for task in tasks(studio):
            if task["status"] in {"queued", "running"}:
                client.post(f"/api/v1/tasks/{task['id']}/cancel")


def tasks(site: Site) -> list[dict[str, Any]]:
    """All tasks of the machine's own user, the newest first."""
    with site.client() as client:
        found: list[dict[str, Any]] = client.get("/api/v1/tasks").raise_for_status().json()["items"]
        return found


def history(site: Site) -> list[dict[str, Any]]:
    """All fittings of the machine's own user, the newest first."""
    with site.client() as client:
        found: list[dict[str, Any]] = client.get("/api/v1/tryon/history").raise_for_status().json()["items"]
        return found


def pair(site: Site, garment: int = 0) -> str:
    """The address of the fitting room with the first person in the garment of this place."""
    with site.client() as client:

        def ids(category: str) -> list[str]:
            listed = client.get("/api/v1/library/images", params={"category": category, "sort": "oldest"})
            return [item["id"] for item in listed.raise_for_status().json()["items"]]

        return f"/tryon?person={ids('char')[0]}&garment={ids('clothes')[garment]}"


def panel(page: Page) -> Locator:
    return page.get_by_role("region", name=re.compile("^(Photograph it|正式拍摄)$"))


def choose(page: Page, engine: str | re.Pattern[str]) -> None:
    """Have ``engine`` make the photograph."""
    panel(page).get_by_role("button", name=re.compile("Choose another engine")).click()
    page.get_by_role("dialog").get_by_role("radio", name=engine).click()
    page.get_by_role("button", name="Use this one").click()
    expect(page.get_by_role("dialog")).to_have_count(0)


def open_settings(page: Page) -> Locator:
    """Open the drawer of the engine's options."""
    panel(page).get_by_role("button", name=re.compile("^Settings")).click()
    return page.get_by_role("dialog", name=OPTIONS)


def set_options(page: Page, **options: str) -> None:
    """Type ``options``, by the words of their labels with underscores for blanks, and close the drawer."""
    drawer = open_settings(page)
    for label, value in options.items():
        drawer.get_by_label(re.compile(label.replace("_", " "))).fill(value)
    drawer.get_by_role("button", name="Done").click()
    expect(drawer).to_have_count(0)


def photograph(page: Page) -> None:
    """Press the button."""
    panel(page).get_by_role("button", name="Photograph it", exact=True).click()


def progress(page: Page) -> Locator:
    return page.get_by_role("region", name="How the photograph is coming along")


def tiles(page: Page) -> Locator:
    return page.get_by_role("region", name="Photographs").get_by_role("button", name=re.compile("^Photograph of"))


def mirror(page: Page) -> Locator:
    return page.get_by_role("region", name="The mirror")


def expect_photograph(page: Page) -> None:
    """The photograph is on the stage, and kept."""
    expect(mirror(page).get_by_role("button", name="Kept")).to_be_visible()
    expect(progress(page)).to_have_count(0)


def test_a_real_pair_is_photographed_and_comes_back(
    clean_site: Site, real_photos: dict[str, list[Path]], open_page: Open
) -> None:
    clean_site.add(real_photos["persons"][2], category="char")
    clean_site.add(*real_photos["garments"][:2])
    before = len(history(clean_site))
    page = open_page(clean_site, pair(clean_site))
    expect(panel(page).get_by_text("Pictures stay on this computer.")).to_be_visible()
    expect(panel(page).get_by_role("button", name="Photograph it", exact=True)).to_be_enabled()

    page.keyboard.press("Control+Enter")
    expect_photograph(page)
    expect(tiles(page)).to_have_count(1)
    made = history(clean_site)
    assert len(made) == before + 1
    assert made[0]["engine"] == "instant"

    # Another garment: the preview again. The history brings back what was, on a page loaded anew, too.
    page.goto(f"{clean_site.address}{pair(clean_site, 1)}")
    expect(mirror(page).get_by_role("img", name=re.compile("wearing"))).to_be_visible()
    expect(mirror(page).get_by_role("button", name="Kept")).to_have_count(0)
    tiles(page).first.click()
    expect_photograph(page)
    expect(tiles(page).first).to_have_attribute("aria-current", "true")
    expect(page).to_have_url(re.compile(f"garment={made[0]['garment_image_id']}"))


def test_the_panel_is_what_the_engine_has(at_rest: Site, open_page: Open, check_axe: CheckAxe) -> None:
    page = open_page(at_rest, pair(at_rest))
    drawer = open_settings(page)
    expect(drawer.get_by_role("radiogroup", name="Top in or out")).to_be_visible()
    for absent in ("Seed", "Effort", "Find what is to change"):
        expect(drawer.get_by_text(absent, exact=True)).to_have_count(0)
    drawer.get_by_role("button", name="Done").click()
    expect(panel(page).get_by_label("What is the garment?")).to_have_count(0)
    expect(panel(page).get_by_role("radiogroup", name="Quality")).to_have_count(0)

    choose(page, SANDBOX)
    expect(panel(page).get_by_label("What is the garment?")).to_be_visible()
    quality = panel(page).get_by_role("radiogroup", name="Quality")
    expect(quality.get_by_role("radio", name="Balanced")).to_be_checked()
    quality.get_by_role("radio", name="Best").click()
    drawer = open_settings(page)
    expect(drawer.get_by_role("slider", name="Effort (rounds)")).to_have_attribute("aria-valuenow", "40")
    for present in ("Find what is to change", "Cut to the middle"):
        expect(drawer.get_by_role("switch", name=present)).to_be_visible()
    expect(drawer.get_by_role("button", name="Draw what is to change")).to_be_visible()

    seed = drawer.get_by_label("Seed")
    drawer.get_by_role("button", name="Throw the die").click()
    assert re.fullmatch(r"\d{1,6}", seed.input_value())
    seed.fill("1.5")
    expect(drawer.get_by_text("Enter a whole number.")).to_be_visible()
    drawer.get_by_label("How long it takes (seconds)").fill("4000")
    expect(drawer.get_by_text("Enter a number from 0 to 3600.")).to_be_visible()
    check_axe(page, DIALOG)
    drawer.get_by_role("button", name="Done").click()
    expect(panel(page).get_by_role("button", name="Photograph it", exact=True)).to_be_disabled()
    expect(panel(page).get_by_text("One of the settings needs another value.")).to_be_visible()

    open_settings(page).get_by_role("button", name="Back to the usual settings").click()
    page.get_by_role("dialog").get_by_role("button", name="Done").click()
    expect(panel(page).get_by_role("button", name="Photograph it", exact=True)).to_be_enabled()
    expect(quality.get_by_role("radio", name="Balanced")).to_be_checked()


def test_faults_are_told_in_the_readers_language(at_rest: Site, open_page: Open) -> None:
    page = open_page(at_rest, pair(at_rest), language="zh-CN", remembered={"engine": "sandbox"})
    panel(page).get_by_role("button", name="设置").click()
    page.get_by_role("dialog").get_by_label("随机种子").fill("-3")
    told = page.get_by_role("dialog").get_by_role("alert")
    expect(told).to_have_text("请输入 0 到 2147483647 之间的数。")


@pytest.mark.deep
def test_engines_are_cards_with_health_licence_and_what_to_set(
    at_rest: Site, open_page: Open, check_axe: CheckAxe
) -> None:
    page = open_page(at_rest, pair(at_rest))
    panel(page).get_by_role("button", name=re.compile("Choose another engine")).click()
    cards = page.get_by_role("dialog").get_by_role("radio")
    fashn = cards.filter(has_text="FASHN")
    for words in ("Ready", "Sent to 127.0.0.1", "FASHN Terms of Service", "0.075 US dollars"):
        expect(fashn).to_contain_text(words)
    idm = cards.filter(has_text="IDM-VTON")
    for words in ("Not set up", "VTONLAB_IDM_VTON_URL", "Not for commercial use"):
        expect(idm).to_contain_text(words)
    check_axe(page, DIALOG)
    idm.click()
    page.get_by_role("button", name="Use this one").click()
    expect(panel(page).get_by_text("No address of a service is set.")).to_be_visible()
    expect(panel(page).get_by_role("button", name="Photograph it", exact=True)).to_be_disabled()


def test_nothing_leaves_before_the_reader_knows_where_to(at_rest: Site, fashn: FakeFashn, open_page: Open) -> None:
    page = open_page(at_rest, pair(at_rest))
    choose(page, "FASHN")
    card = panel(page).get_by_role("note")
    for words in (f"They are sent to {fashn.host}.", "does not store what is sent", "0.075 US dollars"):
        expect(card).to_contain_text(words)
    send = panel(page).get_by_role("button", name="Send and photograph")
    page.keyboard.press("Control+Enter")
    expect(send).to_be_focused()
    assert fashn.asked == 0
    assert not tasks(at_rest)

    panel(page).get_by_role("radiogroup", name="Quality").get_by_role("radio", name="Best").click()
    set_options(page, Seed="4711")
    send.click()
    expect_photograph(page)
    assert fashn.asked == 1
    [job] = fashn.jobs.values()
    assert (job.inputs["seed"], job.inputs["mode"]) == (4711, "quality")
    expect(panel(page).get_by_role("note")).to_have_count(0)
    # The preview stays beside it, to compare.
    expect(mirror(page).get_by_role("radio", name="Photograph")).to_be_checked()
    mirror(page).get_by_role("radio", name="Preview").click()
    expect(mirror(page).get_by_role("radio", name="Preview")).to_be_checked()

    page.reload()  # what was read once is remembered
    expect(panel(page).get_by_text(f"Pictures are sent to {fashn.host}.")).to_be_visible()
    expect(panel(page).get_by_role("button", name="Photograph it", exact=True)).to_be_enabled()


def test_a_photograph_outlives_its_page_and_can_be_cancelled(at_rest: Site, open_page: Open) -> None:
    page = open_page(at_rest, pair(at_rest), remembered={"engine": "sandbox"})
    set_options(page, How_long_it_takes="120")
    photograph(page)
    expect(progress(page)).to_contain_text(re.compile(r"step \d+ of 25"))
    expect(progress(page)).to_contain_text("about 2 min left")
    expect(progress(page).get_by_role("progressbar")).to_have_attribute("aria-valuenow", re.compile(r"\d+"))

    page.reload()
    expect(progress(page)).to_contain_text(re.compile(r"step \d+ of 25"))
    expect(panel(page).get_by_role("button", name="Being photographed")).to_be_visible()

    waiting = open_page(at_rest, pair(at_rest, 1), remembered={"engine": "sandbox"})
    photograph(waiting)
    expect(progress(waiting)).to_contain_text("Next in line")

    progress(page).get_by_role("button", name="Cancel").click()
    expect(progress(page)).to_have_count(0)
    expect(panel(page).get_by_role("button", name="Photograph it", exact=True)).to_be_enabled()
    expect_photograph(waiting)
    assert sorted(task["status"] for task in tasks(at_rest)[:2]) == ["cancelled", "succeeded"]


def test_what_went_wrong_is_told_with_what_to_do(at_rest: Site, open_page: Open, check_axe: CheckAxe) -> None:
    page = open_page(at_rest, pair(at_rest), remembered={"engine": "sandbox"})
    drawer = open_settings(page)
    drawer.get_by_label("End in an error").select_option("out_of_gpu_memory")
    drawer.get_by_role("button", name="Done").click()
    photograph(page)
    told = page.get_by_role("alert").filter(has_text="This photograph did not work out")
    expect(told).to_be_visible()
    error = tasks(at_rest)[0]["error"]
    expect(told).to_contain_text(error["message"])
    expect(told).to_contain_text(error["hint"])
    check_axe(page, "[role=alert]")

    told.get_by_role("button", name="Try again").click()
    expect(told).to_be_visible()
    assert tasks(at_rest)[0]["attempts"] >= 1
    told.get_by_role("button", name="Choose another engine").click()
    page.get_by_role("dialog").get_by_role("radio", name=re.compile("Instant")).click()
    page.get_by_role("button", name="Use this one").click()
    expect(told).to_have_count(0)
    photograph(page)
    expect_photograph(page)


def test_what_is_painted_is_what_changes(at_rest: Site, open_page: Open, check_axe: CheckAxe) -> None:
    page = open_page(at_rest, pair(at_rest), remembered={"engine": "sandbox"})
    drawer = open_settings(page)
    drawer.get_by_role("switch", name="Find what is to change").click()
    drawer.get_by_role("button", name="Done").click()
    expect(panel(page).get_by_text("Draw what is to change, or let the engine find it.")).to_be_visible()
    open_settings(page)
    drawer.get_by_role("button", name="Draw what is to change").click()
    editor = page.get_by_role("dialog", name="What is to change")
    canvas = editor.get_by_role("application")
    expect(editor.get_by_role("button", name="Upper body")).to_be_enabled()
    expect(editor.get_by_role("button", name="Use this drawing")).to_be_disabled()

    stroke(page, canvas, (0.3, 0.1), (0.7, 0.1))
    stroke(page, canvas, (0.3, 0.25), (0.7, 0.25))
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+Shift+z")
    page.keyboard.press("Control+z")  # the lower line is gone
    for _ in range(3):
        page.keyboard.press("]")
    page.keyboard.press("e")
    expect(editor.get_by_role("radio", name="Eraser")).to_be_checked()
    stroke(page, canvas, (0.5, 0.05), (0.5, 0.15))
    check_axe(page, DIALOG)
    editor.get_by_role("button", name="Use this drawing").click()
    drawer.get_by_role("button", name="Done").click()
    photograph(page)
    expect_photograph(page)

    with at_rest.client() as client:
        sent = client.get(history(at_rest)[0]["mask_url"]).raise_for_status().content
    mask = np.asarray(Image.open(io.BytesIO(sent)).convert("L"))

    def at(across: float, down: float) -> int:
        return int(mask[int(down * mask.shape[0]), int(across * mask.shape[1])])

    assert at(0.35, 0.1) == at(0.65, 0.1) == 255
    assert at(0.5, 0.1) == at(0.35, 0.25) == 0


def test_a_mask_is_painted_with_keys_alone(at_rest: Site, open_page: Open) -> None:
    page = open_page(at_rest, pair(at_rest), remembered={"engine": "sandbox"})
    open_settings(page).get_by_role("button", name="Draw what is to change").click()
    editor = page.get_by_role("dialog", name="What is to change")
    canvas = editor.get_by_role("application")
    save = editor.get_by_role("button", name="Use this drawing")
    expect(editor.get_by_role("button", name="Upper body")).to_be_enabled()
    canvas.focus()
    page.keyboard.press("ArrowDown")
    expect(save).to_be_disabled()
    page.keyboard.press("Space")
    expect(save).to_be_enabled()
    page.keyboard.press("Control+z")
    expect(save).to_be_disabled()
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    expect(save).to_be_enabled()
    save.click()
    expect(page.get_by_role("dialog", name=OPTIONS).get_by_text("You have drawn what is to change.")).to_be_visible()


def test_what_was_set_and_drawn_comes_back_with_the_page(at_rest: Site, open_page: Open) -> None:
    room = pair(at_rest)
    page = open_page(at_rest, room, remembered={"engine": "sandbox"})
    panel(page).get_by_label("What is the garment?").fill("a green shirt")
    set_options(page, Seed="4711")
    draw_with_keys(page)
    page.reload()
    expect(panel(page).get_by_role("button", name="Photograph it", exact=True)).to_be_enabled()
    page.goto(f"{at_rest.address}/images")
    page.goto(f"{at_rest.address}{room}")
    expect(panel(page).get_by_label("What is the garment?")).to_have_value("a green shirt")
    drawer = open_settings(page)
    expect(drawer.get_by_label("Seed")).to_have_value("4711")
    drawer.get_by_role("button", name="Change the drawing").click()
    editor = page.get_by_role("dialog", name="What is to change")
    expect(editor.get_by_role("button", name="Undo")).to_be_enabled()
    editor.get_by_role("button", name="Cancel").click()
    drawer.get_by_role("button", name="Done").click()
    photograph(page)
    expect_photograph(page)
    made = history(at_rest)[0]
    assert {**made["parameters"], "seed": 4711, "garment_description": "a green shirt"} == made["parameters"]
    with at_rest.client() as client:
        mask = client.get(made["mask_url"]).raise_for_status().content
    assert Image.open(io.BytesIO(mask)).convert("L").getextrema() == (0, 255)

    # The drawing is of one photo, and goes when another stands there.
    drawn = open_settings(page).get_by_text("You have drawn what is to change.")
    expect(drawn).to_be_visible()
    page.get_by_role("dialog").get_by_role("button", name="Done").click()
    page.keyboard.press("ArrowDown")
    expect(page).not_to_have_url(re.compile(re.escape(room)))
    page.goto(f"{at_rest.address}{room}")
    expect(open_settings(page).get_by_label("Seed")).to_have_value("4711")
    expect(drawn).to_have_count(0)


def draw_with_keys(page: Page) -> None:
    """Draw a line over the photo, and close the drawer."""
    drawer = open_settings(page)
    drawer.get_by_role("button", name="Draw what is to change").click()
    editor = page.get_by_role("dialog", name="What is to change")
    expect(editor.get_by_role("button", name="Upper body")).to_be_enabled()
    editor.get_by_role("application").focus()
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    editor.get_by_role("button", name="Use this drawing").click()
    expect(drawer.get_by_text("You have drawn what is to change.")).to_be_visible()
    drawer.get_by_role("button", name="Done").click()
    expect(drawer).to_have_count(0)


def stroke(page: Page, canvas: Locator, begin: tuple[float, float], end: tuple[float, float]) -> None:
    """Draw a line with the mouse; places are shares of the photo's width and height."""
    settle(page)  # a dialog that still rises is not where it will be
    box = canvas.bounding_box()
    assert box is not None
    (x, y), (to_x, to_y) = (
        (box["x"] + across * box["width"], box["y"] + down * box["height"]) for across, down in (begin, end)
    )
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(to_x, to_y, steps=8)
    page.mouse.up()


@pytest.mark.deep
def test_settings_can_be_used_again(at_rest: Site, open_page: Open, check_axe: CheckAxe) -> None:
    page = open_page(at_rest, pair(at_rest), remembered={"engine": "sandbox"})
    panel(page).get_by_label("What is the garment?").fill("a green shirt")
    set_options(page, Seed="99")
    photograph(page)
    expect_photograph(page)
    panel(page).get_by_label("What is the garment?").fill("")
    choose(page, re.compile("Instant"))

    page.get_by_role("button", name="How it was made").click()
    details = page.get_by_role("dialog", name="How this picture was made")
    for words in ("Sandbox", "99", "a green shirt", "Put together from your photo", "is signed"):
        expect(details).to_contain_text(words)
    check_axe(page, DIALOG)
    details.get_by_role("button", name="Use these settings again").click()
    expect(panel(page).get_by_role("button", name=re.compile("^Sandbox"))).to_be_visible()
    expect(panel(page).get_by_label("What is the garment?")).to_have_value("a green shirt")
    expect(open_settings(page).get_by_label("Seed")).to_have_value("99")


@pytest.mark.deep
def test_the_history_is_in_step_with_another_window(at_rest: Site, open_page: Open) -> None:
    page = open_page(at_rest, pair(at_rest))
    other = open_page(at_rest, pair(at_rest), beside=page)
    expect(tiles(page).first).to_be_visible()
    before = tiles(page).count()
    photograph(page)
    expect(tiles(page)).to_have_count(before + 1)
    expect(tiles(other)).to_have_count(before + 1)
    newest = history(at_rest)[0]

    menu(page, "Add to favourites")
    expect(other.get_by_role("region", name="Photographs").get_by_text("Favourite", exact=True).first).to_be_attached()
    assert history(at_rest)[0]["is_favorite"]

    menu(page, "Move to trash")
    expect(tiles(page)).to_have_count(before)
    expect(tiles(other)).to_have_count(before)
    page.get_by_role("button", name="Undo").click()
    expect(tiles(page)).to_have_count(before + 1)
    expect(tiles(other)).to_have_count(before + 1)
    assert history(at_rest)[0]["id"] == newest["id"]


def menu(page: Page, what: str) -> None:
    """Do ``what`` with the newest photograph."""
    page.get_by_role("button", name=re.compile("^More about")).first.click()
    page.get_by_role("menuitem", name=what).click()


def test_a_photo_says_what_would_make_it_better(clean_site: Site, photos: dict[str, Path], open_page: Open) -> None:
    clean_site.add(photos["me"], category="char")
    page = open_page(clean_site, "/tryon")
    page.get_by_role("button", name="This photo may not work").first.click()
    advice = page.get_by_role("dialog", name="This photo may not work")
    expect(advice.get_by_role("listitem")).to_have_count(1)
    expect(advice).to_contain_text("You can use it all the same.")
    expect(advice.get_by_role("link", name="How to take a good photo")).to_be_visible()
