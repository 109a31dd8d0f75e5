"""The fitting room in a real browser: the first picture, flipping, outfits, looking closely; with real photos."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect
from tests.e2e.site import Site

Open = Callable[..., Page]
Pixels = npt.NDArray[np.int16]
Photos = dict[str, list[Path]]
GARMENTS = 4
SAME = 1.5
"""Mean difference of two screenshots of the same picture, of 255."""
MADE = """(count) => performance.getEntriesByType("resource")
  .filter(({ name, responseEnd }) => name.endsWith("/tryon/preview") && responseEnd > 0).length >= count"""
WEARING = re.compile(" wearing ")


def mirror(page: Page) -> Locator:
    """The stage."""
    return page.get_by_role("region", name="The mirror")


def worn(page: Page) -> Locator:
    """The picture of the fitting."""
    return mirror(page).get_by_role("img", name=WEARING)


def look(page: Page) -> Pixels:
    """What the middle of the mirror shows, without what lies over it."""
    box = mirror(page).bounding_box()
    assert box is not None
    width, height = box["width"], box["height"]
    clip = {"x": box["x"] + 0.3 * width, "y": box["y"] + 0.15 * height, "width": 0.4 * width, "height": 0.5 * height}
    picture = Image.open(io.BytesIO(page.screenshot(clip=clip, animations="disabled")))  # type: ignore[arg-type]
    return np.asarray(picture.convert("RGB"), np.int16)


def difference(one: Pixels, other: Pixels) -> float:
    """Mean of the differences of their pixels."""
    return float(np.abs(one - other).mean())


def flips(page: Page) -> int:
    """How many pictures were painted until now."""
    return int(page.evaluate("performance.getEntriesByName('flip').length"))


def flip(page: Page, key: str) -> Pixels:
    """Press ``key``, wait for the picture; what is to be seen then."""
    before = flips(page)
    page.keyboard.press(key)
    page.wait_for_function("(before) => performance.getEntriesByName('flip').length > before", arg=before)
    return look(page)


@pytest.fixture
def room(clean_site: Site, real_photos: Photos, open_page: Open) -> Page:
    """A person before the mirror and garments on the rail; nothing is worn yet."""
    stock(clean_site, real_photos)
    page = open_page(clean_site, "/tryon")
    expect(mirror(page).get_by_role("img", name="The photo of")).to_be_visible()
    expect(rail(page)).to_have_count(GARMENTS)
    return page


def stock(site: Site, photos: Photos) -> None:
    """Two people and some garments."""
    site.add(*photos["persons"][2:4], category="char")
    site.add(*photos["garments"][:GARMENTS])


def rail(page: Page) -> Locator:
    """The garments on the rail."""
    return page.get_by_role("grid", name="Wardrobe").get_by_role("gridcell")


def give(page: Page, button: Locator, files: list[Path]) -> None:
    """Choose files by a button."""
    with page.expect_file_chooser() as chooser:
        button.click()
    chooser.value.set_files(files)


def wear(page: Page, place: int) -> None:
    """Press a garment and wait for the picture."""
    before = flips(page)
    rail(page).nth(place).click()
    page.mouse.move(700, 20)
    page.wait_for_function("(before) => performance.getEntriesByName('flip').length > before", arg=before)


def test_a_stranger_sees_a_garment_on_themselves(server_site: Site, real_photos: Photos, open_page: Open) -> None:
    page = open_page(server_site, "/tryon")
    give(page, mirror(page).get_by_role("button", name=re.compile("^A photo of you Drop")), [real_photos["persons"][2]])
    expect(mirror(page).get_by_role("img", name="The photo of")).to_be_visible()
    expect(page.get_by_role("heading", name="The wardrobe is empty")).to_be_visible()
    give(page, page.get_by_role("button", name="Add garments"), real_photos["garments"][:2])
    expect(worn(page)).to_be_visible()
    assert "person=" in page.url


@pytest.mark.deep
def test_the_drawn_pair_needs_no_photo(clean_site: Site, open_page: Open) -> None:
    page = open_page(clean_site, "/tryon")
    mirror(page).get_by_role("button", name="Try a drawn pair").click()
    expect(worn(page)).to_be_visible()


def test_arrows_turn_the_hangers_and_change_the_person(room: Page) -> None:
    bare = look(room)
    first = flip(room, "ArrowRight")
    second = flip(room, "ArrowRight")
    assert difference(bare, first) > SAME
    assert difference(first, second) > SAME
    again = flip(room, "ArrowLeft")
    assert difference(first, again) < SAME
    round_again = flip(room, "ArrowLeft")  # the rack goes round
    assert difference(again, round_again) > SAME
    other_person = flip(room, "ArrowDown")
    assert difference(round_again, other_person) > SAME


def test_a_flip_tells_how_long_it_took_and_neighbours_are_ready(room: Page) -> None:
    flip(room, "ArrowRight")
    flip(room, "ArrowRight")
    # What comes next is made ready while one looks; then it needs no server any more.
    room.wait_for_function(MADE, arg=GARMENTS)
    flip(room, "ArrowRight")
    entries = room.evaluate("performance.getEntriesByName('flip').map(({duration, detail}) => ({duration, ...detail}))")
    assert [entry["from"] for entry in entries][-1] == "shelf"
    assert all(entry["duration"] > 0 and entry["server"]["engine"] > 0 for entry in entries)


def test_the_wardrobe_is_searched_as_soon_as_one_types(
    clean_site: Site, photos: dict[str, Path], open_page: Open
) -> None:
    clean_site.add(photos["red"], photos["blue"])
    page = open_page(clean_site, "/tryon")
    expect(rail(page)).to_have_count(2)
    page.get_by_role("button", name="Search the wardrobe").click()
    expect(page.get_by_role("searchbox", name="Search the wardrobe")).to_be_focused()
    page.keyboard.type("blue")
    expect(rail(page)).to_have_count(1)


def test_the_resting_mouse_shows_a_garment_and_leaving_shows_what_is_worn(room: Page) -> None:
    wear(room, 0)
    chosen, address = look(room), room.url
    before = flips(room)
    rail(room).nth(2).hover()
    room.wait_for_function("(before) => performance.getEntriesByName('flip').length > before", arg=before)
    assert difference(chosen, look(room)) > SAME
    room.mouse.move(700, 20)
    room.wait_for_function("(before) => performance.getEntriesByName('flip').length > before + 1", arg=before)
    assert difference(chosen, look(room)) < SAME
    assert room.url.partition("garment=")[2] == address.partition("garment=")[2]


def test_an_outfit_is_changed_piece_by_piece(
    clean_site: Site, real_photos: Photos, drawings: dict[str, Path], open_page: Open
) -> None:
    clean_site.add(real_photos["persons"][2], category="char")
    clean_site.add(drawings["trousers"], drawings["tee"], drawings["dress"])  # the newest hangs first
    page = open_page(clean_site, "/tryon")
    expect(rail(page)).to_have_count(3)
    slots = page.get_by_role("list", name="What is worn").get_by_role("listitem")
    for place, kind in ((1, "Top"), (2, "Bottom"), (0, "Dress")):
        wear(page, place)
        say_kind(page, kind)
    expect(slots).to_have_count(1)  # the dress took off the others
    wear(page, 1)
    wear(page, 2)
    expect(slots).to_have_count(2)
    both, before = look(page), flips(page)
    page.get_by_role("button", name="Take off tee").click()
    page.wait_for_function("(before) => performance.getEntriesByName('flip').length > before", arg=before)
    expect(slots).to_have_count(1)
    expect(page).to_have_url(re.compile(r"^((?!garment=).)*lower="))
    expect(worn(page)).to_have_attribute("alt", re.compile("trousers"))
    assert difference(both, look(page)) > SAME


def say_kind(page: Page, kind: str) -> None:
    """Say of what was put on last that it is of that kind."""
    page.get_by_role("button", name="Change that").last.click()
    page.get_by_role("menuitemradio", name=kind, exact=True).click()
    expect(page.get_by_role("menu")).to_have_count(0)


def test_before_and_after_are_compared_at_a_line(room: Page) -> None:
    bare = look(room)
    wear(room, 0)
    after = look(room)
    room.keyboard.press("c")
    line = room.get_by_role("slider", name="Line between before and after")
    expect(line).to_be_visible()
    line.focus()
    room.keyboard.press("End")
    expect(line).to_have_attribute("aria-valuenow", "100")
    room.keyboard.press("ArrowLeft")
    expect(line).to_have_attribute("aria-valuenow", "98")
    room.keyboard.press("Home")
    expect(line).to_have_attribute("aria-valuenow", "0")
    box = mirror(room).bounding_box()
    assert box is not None
    room.mouse.move(box["x"] + 0.1 * box["width"], box["y"] + 0.5 * box["height"])
    room.mouse.down()
    room.mouse.move(box["x"] + 0.95 * box["width"], box["y"] + 0.6 * box["height"], steps=5)
    room.mouse.up()
    expect(line).to_have_attribute("aria-valuenow", "100")
    assert difference(bare, look(room)) < difference(after, look(room))
    room.keyboard.press("c")
    expect(line).to_have_count(0)
    assert difference(after, look(room)) < SAME


def test_holding_space_shows_the_photo(room: Page) -> None:
    bare = look(room)
    wear(room, 0)
    after = look(room)
    room.keyboard.down("Space")
    expect(worn(room)).not_to_be_visible()
    assert difference(bare, look(room)) < difference(bare, after) / 4
    room.keyboard.up("Space")
    expect(worn(room)).to_be_visible()
    assert difference(after, look(room)) < SAME


def test_the_picture_is_enlarged_moved_and_shown_whole_again(room: Page) -> None:
    wear(room, 0)
    whole = look(room)
    room.keyboard.press("+")
    expect(mirror(room).get_by_role("button", name="Show all of it")).to_have_text("140 %")
    large = look(room)
    assert difference(whole, large) > SAME
    box = mirror(room).bounding_box()
    assert box is not None
    room.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 3)
    room.mouse.wheel(0, -400)
    expect(mirror(room).get_by_role("button", name="Show all of it")).not_to_have_text("140 %")
    near = look(room)
    room.mouse.down()
    room.mouse.move(box["x"] + box["width"] / 2 - 80, box["y"] + box["height"] / 3 - 60, steps=4)
    room.mouse.up()
    assert difference(near, look(room)) > SAME
    room.keyboard.press("0")
    room.mouse.move(700, 20)
    assert difference(whole, look(room)) < SAME


def test_a_reload_keeps_who_wears_what(room: Page) -> None:
    room.keyboard.press("ArrowDown")
    wear(room, 1)
    expect(room).to_have_url(re.compile("person=.*garment="))
    before = look(room)
    room.reload()
    expect(worn(room)).to_be_visible()
    room.wait_for_function("performance.getEntriesByName('flip').length > 0")
    assert difference(before, look(room)) < SAME


def test_what_cannot_be_fitted_says_what_would_help_and_flipping_goes_on(
    clean_site: Site, real_photos: Photos, photos: dict[str, Path], open_page: Open
) -> None:
    clean_site.add(real_photos["persons"][2], category="char")
    clean_site.add(photos["red"], category="char")  # the newest steps forward: nobody is in it
    clean_site.add(*real_photos["garments"][:2])
    page = open_page(clean_site, "/tryon")
    expect(rail(page)).to_have_count(2)
    page.keyboard.press("ArrowRight")
    expect(mirror(page).get_by_role("alert")).to_contain_text("person")
    expect(mirror(page).get_by_role("button", name="Choose another photo")).to_be_visible()
    flip(page, "ArrowDown")
    expect(worn(page)).to_be_visible()
    expect(mirror(page).get_by_role("alert")).to_have_count(0)


def test_a_kept_preview_is_among_the_results_and_can_be_liked(room: Page, clean_site: Site) -> None:
    wear(room, 0)
    with room.expect_download() as download:
        room.keyboard.press("d")
    with Image.open(download.value.path()) as picture:
        assert picture.format == "JPEG"
    mirror(room).get_by_role("button", name="Keep").click()
    expect(mirror(room).get_by_role("button", name="Kept")).to_be_visible()
    with room.expect_response("**/favorite"):
        room.keyboard.press("f")
    expect(mirror(room).get_by_role("button", name="Remove from favourites")).to_be_visible()
    with clean_site.client() as client:
        wanted = {"category": "vton_results", "favorite": "true"}
        assert client.get("/api/v1/library/images", params=wanted).json()["total"] == 1


def test_on_a_phone_a_swipe_turns_the_hangers(clean_site: Site, real_photos: Photos, open_page: Open) -> None:
    stock(clean_site, real_photos)
    page = open_page(clean_site, "/tryon", width=390, height=844, touch=True)
    expect(mirror(page).get_by_role("img", name="The photo of")).to_be_visible()
    garments = page.get_by_role("list", name="Wardrobe").get_by_role("button")
    expect(garments).to_have_count(GARMENTS)
    garments.first.tap()
    expect(worn(page)).to_be_visible()
    before, seen = flips(page), look(page)
    swipe(page, from_x=300, to_x=120)
    page.wait_for_function("(before) => performance.getEntriesByName('flip').length > before", arg=before)
    assert difference(seen, look(page)) > SAME
    page.get_by_role("tab", name="Me").click()
    expect(page.get_by_role("tab", name="Me")).to_have_attribute("aria-selected", "true")
    expect(page.get_by_role("list", name="Me").get_by_role("button")).to_have_count(2)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def swipe(page: Page, from_x: int, to_x: int) -> None:
    """One finger across the mirror."""
    touch = page.context.new_cdp_session(page)
    steps = [from_x + (to_x - from_x) * share / 5 for share in range(6)]
    for number, x in enumerate(steps):
        kind = "touchStart" if number == 0 else "touchMove"
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": 260}]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_nothing_bars_anybody(room: Page, check_axe: Callable[[Page], None]) -> None:
    wear(room, 0)
    room.keyboard.press("c")
    expect(room.get_by_role("slider", name="Line between before and after")).to_be_visible()
    check_axe(room)
