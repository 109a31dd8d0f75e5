"""The library in a real browser: coming in, finding, choosing, the trash and back, the lightbox, very many pictures."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect
from tests.e2e.conftest import CheckAxe, OpenPage
from tests.e2e.library import DROP, PASTE, carry, cells, chosen, swipe, tab, toast
from tests.e2e.site import Site

from vtonlab.library.tickets import MOST_OPEN


@pytest.fixture
def twelve(clean_site: Site, tmp_path: Path) -> Site:
    """A library of twelve plain pictures, ``number-00`` to ``number-11``, the last one the newest."""
    from PIL import Image

    paths = []
    for number in range(12):
        path = tmp_path / f"number-{number:02}.png"
        Image.new("RGB", (90, 120), (20 * number, 90, 200 - 10 * number)).save(path)
        paths.append(path)
    clean_site.add(*paths)
    return clean_site


class TestComingIn:
    def test_many_files_with_one_bad(
        self, clean_site: Site, open_page: OpenPage, photos: dict[str, Path], check_axe: CheckAxe
    ) -> None:
        page = open_page(clean_site, "/images")
        with page.expect_file_chooser() as chooser:
            page.get_by_role("button", name="Add pictures").first.click()
        chooser.value.set_files([photos["red"], photos["list"], photos["blue"]])
        tray = page.get_by_role("region", name="Pictures being added")
        bad = tray.get_by_role("listitem").filter(has_text="list.jpg")
        expect(bad).to_contain_text("not a picture")
        expect(bad.get_by_role("button", name="Try again")).to_be_visible()
        expect(tray.get_by_role("heading")).to_have_text("2 of 3 added")
        expect(cells(page)).to_have_count(2)
        expect(tab(page, "Clothes")).to_contain_text("2")
        check_axe(page)

    def test_drop_and_paste_and_what_is_there_already(
        self, clean_site: Site, open_page: OpenPage, photos: dict[str, Path], tmp_path: Path
    ) -> None:
        page = open_page(clean_site, "/images")
        expect(page.get_by_text("No clothes yet")).to_be_visible()
        notes = tmp_path / "notes.txt"
        notes.write_text("eggs, milk")
        page.evaluate(DROP, carry(photos["red"], notes, photos["blue"]))
        expect(cells(page)).to_have_count(2)
        refused = page.get_by_role("listitem").filter(has_text="notes.txt")
        expect(refused.get_by_role("button", name="Try again")).to_be_visible()
        page.evaluate(PASTE, carry(photos["red"]))
        tray = page.get_by_role("region", name="Pictures being added")
        expect(tray.get_by_text("in the library already")).to_be_visible()
        expect(cells(page)).to_have_count(2)
        tray.get_by_role("button", name="Show it").click()
        expect(page.get_by_role("dialog").get_by_role("img", name="red.png")).to_be_visible()

    def test_a_paste_into_a_field_is_for_the_field(
        self, clean_site: Site, open_page: OpenPage, photos: dict[str, Path]
    ) -> None:
        page = open_page(clean_site, "/images")
        expect(page.get_by_text("No clothes yet")).to_be_visible()
        page.get_by_role("searchbox").focus()
        page.evaluate(PASTE.replace("document.body", "document.activeElement"), carry(photos["red"]))
        page.evaluate(DROP, carry(photos["blue"]))
        expect(cells(page)).to_have_count(1)
        expect(page.get_by_role("img", name="blue.png")).to_be_visible()

    def test_another_window_is_told(self, twelve: Site, open_page: OpenPage, photos: dict[str, Path]) -> None:
        page = open_page(twelve, "/images")
        expect(cells(page)).to_have_count(12)
        twelve.add(photos["red"])
        expect(cells(page)).to_have_count(13)
        expect(tab(page, "Clothes")).to_contain_text("13")


class TestFinding:
    def test_search_order_and_address(self, twelve: Site, open_page: OpenPage) -> None:
        page = open_page(twelve, "/images")
        expect(cells(page).first.get_by_role("img")).to_have_accessible_name("number-11.png")
        page.keyboard.press("/")
        page.keyboard.type("number-03")
        expect(cells(page)).to_have_count(1)
        expect(page).to_have_url(re.compile("q=number-03"))
        page.reload()
        expect(page.get_by_role("searchbox")).to_have_value("number-03")
        expect(cells(page)).to_have_count(1)
        page.get_by_role("searchbox").fill("nothing of the kind")
        page.get_by_role("button", name="Show all").click()
        expect(cells(page)).to_have_count(12)
        page.get_by_role("button", name="Order: Newest first").click()
        page.get_by_role("menuitemradio", name="By name").click()
        expect(cells(page).first.get_by_role("img")).to_have_accessible_name("number-00.png")

    def test_colours_and_kinds(self, clean_site: Site, open_page: OpenPage, drawings: dict[str, Path]) -> None:
        from PIL import Image

        red = drawings["shirt"].parent / "all-red.png"
        Image.new("RGB", (300, 400), "#d01818").save(red)
        clean_site.add(drawings["trousers"], red)
        page = open_page(clean_site, "/images")
        expect(cells(page)).to_have_count(2)
        page.get_by_role("button", name="Colour").click()
        page.get_by_role("dialog").get_by_role("button", name=re.compile("^Red")).click()
        expect(cells(page)).to_have_count(1)
        expect(page.get_by_role("img", name="all-red.png")).to_be_visible()
        page.get_by_role("button", name="Red").click()
        page.get_by_role("button", name="All colours").click()
        expect(cells(page)).to_have_count(2)
        page.get_by_role("button", name="Kind").click()
        page.get_by_role("menuitemradio", name="Bottoms").click()
        expect(page).to_have_url(re.compile("kind=lower"))
        expect(page.get_by_role("img", name=drawings["trousers"].name)).to_be_visible()
        expect(page.get_by_role("img", name="all-red.png")).to_have_count(0)

    def test_layouts(self, twelve: Site, open_page: OpenPage, check_axe: CheckAxe) -> None:
        page = open_page(twelve, "/images")
        page.get_by_role("radio", name="L", exact=True).click()
        expect(page.get_by_role("grid")).to_have_attribute("aria-colcount", "5")
        page.keyboard.press("g")
        expect(page.get_by_role("grid")).to_have_attribute("aria-colcount", "1")
        expect(cells(page).first).to_contain_text("90 × 120")
        check_axe(page)


class TestChoosing:
    def test_mouse(self, twelve: Site, open_page: OpenPage, check_axe: CheckAxe) -> None:
        page = open_page(twelve, "/images")
        cells(page).nth(1).click(modifiers=["Control"])
        cells(page).nth(5).click(modifiers=["Shift"])
        expect(chosen(page)).to_have_count(5)
        cells(page).nth(3).click()  # choosing goes on
        expect(chosen(page)).to_have_count(4)
        expect(page.get_by_role("toolbar").get_by_role("status")).to_contain_text("4 chosen")
        check_axe(page)
        page.keyboard.press("Escape")
        expect(chosen(page)).to_have_count(0)

    def test_band(self, twelve: Site, open_page: OpenPage) -> None:
        page = open_page(twelve, "/images")
        first, last = (cells(page).nth(place).bounding_box() for place in (0, 2))
        assert first
        assert last
        page.mouse.move(first["x"] + 20, first["y"] + 30)
        page.mouse.down()
        page.mouse.move(last["x"] + 20, last["y"] + 60, steps=5)
        expect(chosen(page)).to_have_count(3)
        page.mouse.move(first["x"] + 60, first["y"] + 60, steps=5)
        expect(chosen(page)).to_have_count(1)
        page.mouse.up()
        expect(chosen(page)).to_have_count(1)
        expect(page.get_by_role("dialog")).to_have_count(0)

    def test_keys(self, twelve: Site, open_page: OpenPage) -> None:
        page = open_page(twelve, "/images")
        cells(page).first.focus()
        page.keyboard.press("ArrowRight")
        expect(cells(page).nth(1)).to_be_focused()
        page.keyboard.press("Space")
        page.keyboard.press("Shift+ArrowRight")
        page.keyboard.press("Shift+ArrowRight")
        expect(chosen(page)).to_have_count(3)
        page.keyboard.press("End")
        expect(cells(page).last).to_be_focused()
        page.keyboard.press("Control+a")
        expect(chosen(page)).to_have_count(12)

    def test_finger(self, twelve: Site, open_page: OpenPage, check_axe: CheckAxe) -> None:
        page = open_page(twelve, "/images", width=390, height=844, touch=True)
        cells(page).nth(1).evaluate(
            """(cell) => {
              const { x, y } = cell.getBoundingClientRect();
              const press = { bubbles: true, cancelable: true, pointerType: "touch", isPrimary: true,
                clientX: x + 9, clientY: y + 9 };
              cell.dispatchEvent(new PointerEvent("pointerdown", press));
            }"""
        )
        expect(chosen(page)).to_have_count(1)
        page.evaluate("() => window.dispatchEvent(new PointerEvent('pointerup'))")
        cells(page).nth(3).tap()
        expect(chosen(page)).to_have_count(2)
        check_axe(page)


class TestDoing:
    def test_trash_and_undo(self, twelve: Site, open_page: OpenPage) -> None:
        page = open_page(twelve, "/images")
        for place in (0, 1):
            cells(page).nth(place).click(modifiers=["Control"])
        page.keyboard.press("Delete")
        expect(cells(page)).to_have_count(10)
        expect(tab(page, "Trash")).to_contain_text("2")
        toast(page).get_by_role("button", name="Undo").click()
        expect(cells(page)).to_have_count(12)
        expect(tab(page, "Trash")).to_contain_text("0")

    def test_the_trash(self, twelve: Site, open_page: OpenPage, check_axe: CheckAxe) -> None:
        page = open_page(twelve, "/images")
        for place in (0, 1, 2):
            cells(page).nth(place).click(modifiers=["Control"])
        page.get_by_role("toolbar").get_by_role("button", name="Move to the trash").click()
        tab(page, "Trash").click()
        expect(cells(page)).to_have_count(3)
        expect(cells(page).first).to_contain_text("30 days left")
        check_axe(page)
        cells(page).first.click(modifiers=["Control"])
        page.get_by_role("toolbar").get_by_role("button", name="Restore").click()
        expect(cells(page)).to_have_count(2)
        cells(page).first.click(modifiers=["Control"])
        page.get_by_role("toolbar").get_by_role("button", name="Delete for good").click()
        page.get_by_role("alertdialog").get_by_role("button", name="Delete for good").click()
        expect(cells(page)).to_have_count(1)
        page.get_by_role("button", name="Empty the trash").click()
        page.get_by_role("alertdialog").get_by_role("button", name="Cancel").click()
        expect(cells(page)).to_have_count(1)
        page.get_by_role("button", name="Empty the trash").click()
        page.get_by_role("alertdialog").get_by_role("button", name="Empty the trash").click()
        expect(page.get_by_text("The trash is empty")).to_be_visible()
        expect(tab(page, "Clothes")).to_contain_text("10")

    def test_what_cannot_be_done_is_told_and_stays(self, twelve: Site, open_page: OpenPage) -> None:
        page = open_page(twelve, "/images", tolerated=[re.compile("ERR_FAILED")])
        expect(cells(page)).to_have_count(12)
        page.route("**/api/v1/library/images/delete", lambda route: route.abort())
        cells(page).nth(0).click(modifiers=["Control"])
        page.keyboard.press("Delete")
        expect(toast(page)).to_contain_text("does not answer")
        expect(cells(page)).to_have_count(12)

    def test_move_and_undo(self, twelve: Site, open_page: OpenPage) -> None:
        page = open_page(twelve, "/images")
        cells(page).nth(0).click(modifiers=["Control"])
        cells(page).nth(3).click(modifiers=["Shift"])
        page.get_by_role("toolbar").get_by_role("button", name="Move to", exact=True).click()
        page.get_by_role("menuitem", name="Me").click()
        expect(cells(page)).to_have_count(8)
        expect(tab(page, "Me")).to_contain_text("4")
        toast(page).get_by_role("button", name="Undo").click()
        expect(cells(page)).to_have_count(12)
        expect(tab(page, "Me")).to_contain_text("0")

    def test_download_of_several_is_a_zip_of_them(self, twelve: Site, open_page: OpenPage) -> None:
        page = open_page(twelve, "/images", accept_downloads=True)
        for place in (0, 2):
            cells(page).nth(place).click(modifiers=["Control"])
        with page.expect_download() as download:
            page.get_by_role("toolbar").get_by_role("button", name="Download").click()
        # The browser's own: what a page fetched would be at a blob: address, and in its memory.
        assert download.value.url.startswith(f"{twelve.address}/api/v1/library/downloads/")
        assert download.value.suggested_filename == "vtonlab-pictures.zip"
        expect(toast(page)).to_contain_text("saving a zip with 2 pictures")
        content = Path(download.value.path()).read_bytes()
        names = [name for name in zipfile.ZipFile(io.BytesIO(content)).namelist() if name.endswith(".png")]
        assert sorted(Path(name).name for name in names) == ["number-09.png", "number-11.png"]

    def test_a_download_that_cannot_begin_is_told_on_the_page(self, twelve: Site, open_page: OpenPage) -> None:
        page = open_page(twelve, "/images", accept_downloads=True)
        for place in (0, 2):
            cells(page).nth(place).click(modifiers=["Control"])
        begun: list[str] = []
        page.on("download", lambda download: begun.append(download.url))
        with twelve.client() as client:
            ids = client.get("/api/v1/library/ids").json()["ids"]
            asked = [client.post("/api/v1/library/downloads", json={"image_ids": ids}) for _ in range(MOST_OPEN + 1)]
            page.get_by_role("toolbar").get_by_role("button", name="Download").click()
            expect(toast(page)).to_contain_text("Too many requests")
            expect(chosen(page)).to_have_count(2)
            assert [answer.status_code for answer in asked] == [201] * MOST_OPEN + [429]
            for answer in asked[:-1]:
                client.get(answer.json()["url"]).raise_for_status()
        assert not begun

    def test_favourites(self, twelve: Site, open_page: OpenPage) -> None:
        page = open_page(twelve, "/images")
        cells(page).nth(4).focus()
        page.keyboard.press("f")
        expect(cells(page).nth(4)).to_contain_text("Favourite")
        tab(page, "Favourites").click()
        expect(cells(page)).to_have_count(1)
        cells(page).first.focus()
        page.keyboard.press("f")
        expect(page.get_by_text("No favourites yet")).to_be_visible()

    def test_try_on(self, clean_site: Site, open_page: OpenPage, drawings: dict[str, Path]) -> None:
        [garment] = clean_site.add(drawings["shirt"])
        page = open_page(clean_site, "/images")
        cells(page).first.click(modifiers=["Control"])
        page.get_by_role("toolbar").get_by_role("button", name="Try on").click()
        expect(page).to_have_url(re.compile(f"/tryon.*garment={garment['id']}"))


class TestLightbox:
    def test_by_keyboard(self, twelve: Site, open_page: OpenPage, check_axe: CheckAxe) -> None:
        page = open_page(twelve, "/images")
        cells(page).nth(1).focus()
        page.keyboard.press("Enter")
        view = page.get_by_role("dialog")
        expect(view.get_by_role("img", name="number-10.png")).to_be_visible()
        page.keyboard.press("ArrowRight")
        expect(view.get_by_role("img", name="number-09.png")).to_be_visible()
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("ArrowLeft")
        expect(view.get_by_role("img", name="number-11.png")).to_be_visible()
        page.keyboard.press("f")
        expect(view.get_by_role("button", name="Favourite")).to_have_attribute("aria-pressed", "true")
        check_axe(page)
        page.keyboard.press("Escape")
        expect(view).to_have_count(0)
        expect(cells(page).nth(0)).to_be_focused()
        expect(page).not_to_have_url(re.compile("picture="))

    def test_swipe(self, twelve: Site, open_page: OpenPage) -> None:
        page = open_page(twelve, "/images", width=390, height=844, touch=True)
        cells(page).nth(2).tap()
        view = page.get_by_role("dialog")
        expect(view.get_by_role("img", name="number-09.png")).to_be_visible()
        swipe(page, 320, 60)
        expect(view.get_by_role("img", name="number-08.png")).to_be_visible()
        swipe(page, 60, 320)
        expect(view.get_by_role("img", name="number-09.png")).to_be_visible()
        page.go_back()
        expect(view).to_have_count(0)

    def test_title_and_deep_link(self, twelve: Site, open_page: OpenPage, check_axe: CheckAxe) -> None:
        with twelve.client() as client:
            items = client.get("/api/v1/library/images", params={"page_size": 5}).json()["items"]
        page = open_page(twelve, f"/images?picture={items[3]['id']}")
        view = page.get_by_role("dialog")
        expect(view.get_by_role("img", name="number-08.png")).to_be_visible()
        expect(view.get_by_text("4 of 12")).to_be_visible()
        view.get_by_role("button", name="Details", exact=True).click()
        view.get_by_role("textbox", name="Title").fill("Blue of the sea")
        check_axe(page)
        page.keyboard.press("Enter")
        expect(view.get_by_role("heading", name="Blue of the sea")).to_be_visible()
        page.keyboard.press("Escape")
        expect(view).to_have_count(0)
        expect(page.get_by_role("img", name="Blue of the sea")).to_be_visible()

    def test_delete_goes_on_to_the_next(self, twelve: Site, open_page: OpenPage) -> None:
        page = open_page(twelve, "/images")
        cells(page).nth(0).click()
        view = page.get_by_role("dialog")
        expect(view.get_by_text("1 of 12")).to_be_visible()
        page.keyboard.press("Delete")
        expect(view.get_by_role("img", name="number-10.png")).to_be_visible()
        expect(view.get_by_text("1 of 11")).to_be_visible()


class TestGuests:
    def test_see_their_own_and_what_signing_in_gives(
        self, server_site: Site, open_page: OpenPage, photos: dict[str, Path], check_axe: CheckAxe
    ) -> None:
        page = open_page(server_site, "/images")
        expect(page.get_by_text("No clothes yet")).to_be_visible()
        page.evaluate(DROP, carry(photos["me"]))
        expect(cells(page)).to_have_count(1)
        expect(page.get_by_text("You are a guest")).to_be_visible()
        check_axe(page)
        tab(page, "Favourites").click()
        expect(page.get_by_text("This needs an account")).to_be_visible()
        tab(page, "Clothes").click()
        cells(page).first.click()
        view = page.get_by_role("dialog")
        expect(view.get_by_role("img", name="me.png")).to_be_visible()
        expect(view.get_by_role("button", name="Move to the trash")).to_have_count(0)


class TestVeryMany:
    @pytest.mark.parametrize(
        "count", [5_000, pytest.param(100_000, marks=pytest.mark.deep)], ids=["five thousand", "a hundred thousand"]
    )
    def test_every_place_is_reached(
        self, clean_site: Site, open_page: OpenPage, seed_library: Callable[[Site, int], Any], count: int
    ) -> None:
        seed_library(clean_site, count)
        page = open_page(clean_site, "/images")
        grid = page.get_by_role("grid")
        expect(cells(page).first.get_by_role("img")).to_be_visible()
        total = int(re.sub(r"\D", "", grid.get_attribute("aria-label") or ""))
        assert total > count // 2
        assert cells(page).count() < 200  # few elements, however long the list

        cells(page).first.focus()
        page.keyboard.press("End")
        last = page.locator(f"[data-index='{total - 1}']")
        expect(last).to_be_focused()
        expect(last.get_by_role("img")).to_be_visible()
        page.keyboard.press("Shift+Home")  # over ids, not over what was drawn
        expect(page.get_by_role("toolbar").get_by_role("status")).to_contain_text(f"{total} chosen")
        page.keyboard.press("Escape")
        expect(page.locator("[data-index='0']")).to_be_focused()
        page.keyboard.press("PageDown")
        expect(page.locator("[data-index='0']")).not_to_be_focused()

        # The scroll bar, pulled to the middle.
        grid.evaluate("(grid) => { grid.parentElement.scrollTop = grid.parentElement.scrollHeight / 2; }")
        page.wait_for_function(
            """([least, most]) => {
              const at = Number(document.querySelector("[role=gridcell]").getAttribute("data-index"));
              return at > least && at < most;
            }""",
            arg=[total * 0.4, total * 0.6],
        )
        expect(cells(page).first.get_by_role("img")).to_be_visible()
        assert cells(page).count() < 200
