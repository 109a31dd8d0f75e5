"""The start: from the first visit to the first picture, and what there is on later ones."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.e2e.site import Site

Open = Callable[..., Page]
WEARING = re.compile(" wearing | 穿着")


def first_picture(page: Page) -> None:
    """The fitting room shows somebody with something on."""
    expect(page).to_have_url(re.compile("/tryon"))
    expect(page.get_by_role("region", name="The mirror").get_by_role("img", name=WEARING)).to_be_visible()


@pytest.mark.deep
def test_a_stranger_sees_the_first_picture_with_one_click(
    server_site: Site, open_page: Open, check_axe: Callable[..., None]
) -> None:
    page = open_page(server_site)
    expect(page.get_by_role("heading", level=1, name="See it on yourself")).to_be_visible()
    expect(page.get_by_text("You can begin without an account.")).to_be_visible()
    check_axe(page)
    page.get_by_role("button", name="Try with a drawn pair").click()
    first_picture(page)

    page.goto("/")
    expect(page.get_by_role("heading", name="What shall it be today?")).to_be_visible()
    steps = page.get_by_role("region", name="What to do next")
    expect(steps.get_by_text("Add a photo of yourself")).to_be_visible()
    check_axe(page)


def test_own_photo_and_garment_lead_into_the_fitting_room(
    clean_site: Site, open_page: Open, drawings: dict[str, Path]
) -> None:
    page = open_page(clean_site)
    steps = page.get_by_role("list", name="Three steps to the first picture").get_by_role("listitem")
    expect(page.get_by_text("The mirror waits for the first two steps.")).to_be_visible()
    page.get_by_label("Choose a photo of you", exact=True).set_input_files(drawings["person"])
    expect(steps.first.get_by_text("Done")).to_be_attached()
    expect(page).to_have_url(re.compile(r"/$"))
    page.get_by_label("Choose pictures of garments", exact=True).set_input_files(drawings["shirt"])
    first_picture(page)


def test_a_file_that_is_no_picture_says_so_at_its_step(
    clean_site: Site, open_page: Open, photos: dict[str, Path]
) -> None:
    page = open_page(clean_site)
    page.get_by_label("Choose a photo of you", exact=True).set_input_files(photos["list"])
    step = page.get_by_role("list", name="Three steps to the first picture").get_by_role("listitem").first
    expect(step.get_by_text("list.jpg")).to_be_visible()
    expect(step.get_by_role("button", name="Try again")).to_be_visible()


def test_what_is_dropped_later_is_taken_for_what_the_choice_says(
    clean_site: Site, open_page: Open, drawings: dict[str, Path]
) -> None:
    clean_site.add(drawings["person"], category="char")
    clean_site.add(drawings["shirt"], drawings["dress"])
    page = open_page(clean_site)
    add = page.get_by_role("region", name="Add pictures")
    add.get_by_role("radio", name="Me", exact=True).click()
    add.get_by_label("Choose a photo of you", exact=True).set_input_files(drawings["another"])
    expect(page.get_by_role("link", name=re.compile("All 4"))).to_be_visible()
    expect(page.get_by_role("link", name="another.png")).to_be_visible()
    page.get_by_role("region", name="What to do next").get_by_role("button", name="Look").click()
    first_picture(page)


def test_the_state_of_things_is_told(clean_site: Site, open_page: Open, drawings: dict[str, Path]) -> None:
    clean_site.add(drawings["person"], category="char")
    clean_site.add(drawings["shirt"])
    page = open_page(clean_site, language="zh-CN", theme="dark", width=390, height=844, touch=True)
    state = page.get_by_role("region", name="当前状况")
    expect(state.get_by_text("可用", exact=True)).to_be_visible()
    expect(state.get_by_text(re.compile("还可以接入 3 个引擎"))).to_be_visible()
    expect(state.get_by_text("没有正在进行的任务。")).to_be_visible()
    expect(state.get_by_text(re.compile("已用"))).to_be_visible()
    expect(state.get_by_text(re.compile("云端服务器"))).to_be_visible()


def test_an_address_without_a_page_says_so(site: Site, open_page: Open, check_axe: Callable[..., None]) -> None:
    page = open_page(site, "/nowhere")
    expect(page.get_by_role("heading", level=2, name=re.compile("There is no page"))).to_be_visible()
    check_axe(page)
    page.get_by_role("link", name="To the fitting room").click()
    expect(page).to_have_url(re.compile("/tryon"))
