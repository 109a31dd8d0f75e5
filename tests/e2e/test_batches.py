"""Many prompts at once in the studio: written or from a file, handed in, watched to the end, taken along."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect
from tests.e2e.browsing import GONE, is_too_wide
from tests.e2e.site import Site, run_site
from tests.e2e.words import Say
from tests.e2e.world import wait_for
from tests.fakes.gemini import KEY, FakeGemini

pytestmark = pytest.mark.browser

OpenPage = Callable[..., Page]
CheckAxe = Callable[..., None]
PATIENCE_MS = 90_000
PATH = "/generate?tab=batch"
FAILING = (3, 17, 18, 42, 77, 98, 99)
"""Numbers of prompts that Gemini draws no picture for, from 0."""
say = Say("en")


@pytest.fixture
def gemini() -> Iterator[FakeGemini]:
    """A service that draws small pictures, some seconds after it was asked."""
    with FakeGemini() as fake:
        fake.scale = 0.1
        fake.batch.seconds = 3
        fake.batch.failing = dict.fromkeys(FAILING, "unsafe")
        yield fake


@pytest.fixture(scope="module")
def shared(built_pages: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site with the sandbox alone: it can be told by the prompts how long they take and how they end."""
    with run_site(tmp_path_factory.mktemp("batches"), engine="instant", sandbox_on="1") as site:
        yield site


@pytest.fixture
def house(shared: Site) -> Site:
    """The same, with nothing running and no picture in it."""
    with shared.client() as client:
        for task in client.get("/api/v1/images", params={"kind": "batch"}).json()["items"]:
            if task["status"] not in {"succeeded", "failed", "cancelled"}:
                client.post(f"/api/v1/tasks/{task['id']}/cancel")
    shared.empty()
    return shared


def order(client: httpx.Client, *prompts: str) -> dict[str, Any]:
    """A batch that is handed in without a page."""
    body = {"prompts": prompts, "provider": "sandbox"}
    made: dict[str, Any] = client.post("/api/v1/images/batch-generate", json=body).raise_for_status().json()
    return made


def opened(made: dict[str, Any]) -> str:
    """The address of a batch."""
    return f"{PATH}&batch={made['batch_name']}"


def field(page: Page, say: Say = say) -> Locator:
    """Where prompts are written."""
    return page.get_by_label(say("batches.prompts"), exact=True)


def hand_in(page: Page, n: int, say: Say = say) -> Locator:
    """The button that hands in ``n`` prompts."""
    return page.get_by_role("button", name=say("batches.handIn", n=n), exact=True)


def cards(page: Page, say: Say = say) -> Locator:
    """The batches in the list."""
    return page.get_by_role("region", name=say("batches.list")).get_by_role("listitem")


def rows(page: Page) -> Locator:
    """The prompts of the batch that is open, without the head of their table."""
    return page.get_by_role("table", name=say("batches.table")).locator("tbody").get_by_role("row")


def drop(page: Page, target: Locator, name: str, text: str) -> None:
    """Let a file go over ``target``."""
    make = "([name, text]) => { const held = new DataTransfer(); held.items.add(new File([text], name)); return held; }"
    held = page.evaluate_handle(make, [name, text])
    target.dispatch_event("drop", {"dataTransfer": held})


def test_a_hundred_prompts_are_watched_to_the_end_across_a_restart(
    built_pages: None, gemini: FakeGemini, tmp_path: Path, open_page: OpenPage
) -> None:
    settings = {"gemini_url": gemini.address, "gemini_api_key": KEY, "health_seconds": "2"}
    prompts = [f"a coat in colour {number}, “soft” light" for number in range(100)]
    table = tmp_path / "prompts.csv"
    with table.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file, delimiter=";").writerows([["Nr", "Prompt"], *enumerate(prompts)])

    with run_site(tmp_path / "house", engine="instant", **settings) as house:
        page = open_page(house, PATH, tolerated=[GONE])
        with page.expect_file_chooser() as chooser:
            page.get_by_role("button", name=say("batches.fromFile"), exact=True).click()
        chooser.value.set_files(table)
        expect(page.get_by_text(say("batches.count", n=100, most=100))).to_be_visible()
        expect(page.get_by_text("$2.50")).to_be_visible()  # a hundred, for half of five cents
        expect(page.get_by_role("note")).to_contain_text(gemini.host)  # where the words go, before they do
        hand_in(page, 100).click()
        card = cards(page).first
        expect(card).to_contain_text(say("batches.total", n=100))
        expect(field(page)).to_have_value("")
        card.get_by_role("link").click()
        expect(rows(page)).to_have_count(100)
        expect(page.get_by_role("progressbar").first).to_be_visible()

        house.stop()
        lost = page.get_by_role("region", name=say("shell.connection")).get_by_text(say("shell.lost"))
        expect(lost).to_be_visible(timeout=PATIENCE_MS)
        expect(rows(page)).to_have_count(100)  # what was there stays
        house.start()

        expect(lost).to_have_count(0, timeout=PATIENCE_MS)
        expect(page.get_by_role("main").get_by_text("93 drawn · 7 did not work")).to_be_visible(timeout=PATIENCE_MS)
        assert rows(page).locator("td:nth-child(3)").all_inner_texts() == prompts
        refused = rows(page).filter(has_text=say("batches.status.failed"))
        assert [int(one) - 1 for one in refused.locator("td:first-child").all_inner_texts()] == list(FAILING)
        expect(rows(page).get_by_role("button", name=say.like("batches.open"))).to_have_count(93)
        page.get_by_role("radio", name=say("batches.filter.failed", n=7)).click()
        expect(rows(page)).to_have_count(7)
        expect(rows(page).first).to_contain_text("Change the prompt")  # what to do
        page.reload()
        expect(rows(page)).to_have_count(100)
        assert gemini.bought == 93

        with page.expect_download() as download:
            page.get_by_role("button", name=say("batches.download"), exact=True).click()
        assert download.value.url.startswith(f"{house.address}/api/v1/images/batch/")  # the browser's own
        with zipfile.ZipFile(io.BytesIO(download.value.path().read_bytes())) as archive:
            assert archive.testzip() is None
            lines = list(csv.DictReader(io.StringIO(archive.read("prompts.csv").decode("utf-8-sig"))))
            files = {name for name in archive.namelist() if name != "prompts.csv"}
        assert [line["prompt"] for line in lines] == prompts
        assert [number for number, line in enumerate(lines) if line["status"] == "failed"] == list(FAILING)
        assert {line["file"] for line in lines} - {""} == files
        assert len(files) == 93


def test_what_is_written_is_counted_and_what_is_wrong_is_said_beside_the_line(house: Site, open_page: OpenPage) -> None:
    page = open_page(house, PATH)
    field(page).fill("a shirt\n\n  a dress  \na shirt\n")
    expect(page.get_by_text(say("batches.count", n=3, most=100))).to_contain_text(say("batches.variants", n=1))
    expect(page.get_by_text(say("batches.line.variant", n=2))).to_be_visible()
    expect(hand_in(page, 3)).to_be_enabled()

    field(page).fill("\n".join(f"number {number}" for number in range(102)))
    expect(page.get_by_role("alert").filter(has_text=say("batches.tooMany", n=2, most=100))).to_be_visible()
    expect(page.get_by_text(say("batches.line.tooMany"), exact=True)).to_have_count(2)
    expect(hand_in(page, 102)).to_be_disabled()

    field(page).fill("short\n" + "long " * 4001)
    expect(page.get_by_role("alert").filter(has_text="Prompt 2 is too long: 20,004 of 20,000")).to_be_visible()
    expect(hand_in(page, 2)).to_be_disabled()
    page.get_by_role("button", name=say("batches.goToFault"), exact=True).click()
    expect(field(page)).to_be_focused()
    page.keyboard.type("short, too")
    expect(field(page)).to_have_value("short\nshort, too")
    expect(hand_in(page, 2)).to_be_enabled()

    page.reload()
    expect(field(page)).to_have_value("short\nshort, too")  # nothing typed is lost


@pytest.mark.deep
def test_numbers_stay_beside_their_lines_however_these_wrap(house: Site, open_page: OpenPage) -> None:
    text = "a short one\n" + "linen, wool and cotton, " * 30 + "\n\n" + "长" * 400 + "\nlast"
    for width in (360, 768, 1440):
        page = open_page(house, PATH, width=width)
        field(page).fill(text)
        expect(page.get_by_text(say("batches.count", n=4, most=100))).to_be_visible()
        heights = "(one) => [one.scrollHeight, one.previousElementSibling.getBoundingClientRect().height]"
        needed, numbered = field(page).evaluate(heights)
        assert abs(needed - numbered) < 1, width


@pytest.mark.deep
def test_files_are_read_and_what_is_none_is_refused_by_name(
    house: Site, open_page: OpenPage, photos: dict[str, Path]
) -> None:
    page = open_page(house, PATH)
    field(page).fill("mine")
    drop(page, field(page), "list.txt", "one\r\n\r\n two \r\n")
    expect(field(page)).to_have_value("mine\none\ntwo")
    drop(page, field(page), "table.csv", '﻿提示词;n\r\n"a ""red"" coat;\nlong";1\r\nb;2\r\n')
    expect(field(page)).to_have_value('mine\none\ntwo\na "red" coat; long\nb')
    expect(page.get_by_text(say("batches.file.joined", n=1)).first).to_be_visible()
    page.get_by_role("button", name=say("common.undo")).last.click()
    expect(field(page)).to_have_value("mine\none\ntwo")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name=say("batches.fromFile"), exact=True).click()
    chooser.value.set_files(photos["red"])
    expect(page.get_by_text(say("batches.file.noText", name="red.png")).first).to_be_visible()
    expect(field(page)).to_have_value("mine\none\ntwo")
    page.get_by_role("button", name=say("batches.clear"), exact=True).click()
    expect(field(page)).to_have_value("")


@pytest.mark.deep
def test_pictures_are_looked_at_one_after_the_other_and_one_can_be_drawn_alone(
    house: Site, open_page: OpenPage
) -> None:
    with house.client() as client:
        made = order(client, *(f"sandbox: seconds=0 {one}" for one in ("first", "second", "third")), "fourth")
        wait_for(client, made["task_id"])
    page = open_page(house, opened(made))
    expect(rows(page)).to_have_count(4)
    page.get_by_role("button", name=say("batches.open", number=1), exact=True).click()
    lightbox = page.get_by_role("dialog")
    expect(lightbox).to_contain_text("first")
    page.keyboard.press("ArrowRight")
    expect(lightbox).to_contain_text("second")
    expect(page).to_have_url(re.compile("picture="))
    page.keyboard.press("Escape")
    expect(lightbox).to_have_count(0)
    expect(page.get_by_role("button", name=say("batches.open", number=2), exact=True)).to_be_focused()
    page.get_by_role("button", name=say("batches.drawNowOf", number=4), exact=True).click()
    expect(page).to_have_url(f"{house.address}/generate")
    expect(page.get_by_role("textbox").first).to_have_value("fourth")


@pytest.mark.deep
def test_what_failed_is_handed_in_again_and_a_batch_is_cancelled(
    house: Site, open_page: OpenPage, check_axe: CheckAxe
) -> None:
    with house.client() as client:
        made = order(client, "sandbox: seconds=0 good", "sandbox: seconds=0 fail=prompt_refused bad")
        wait_for(client, made["task_id"])
    page = open_page(house, opened(made))
    page.get_by_role("button", name=say("batches.again", n=1), exact=True).click()
    asked = page.get_by_role("alertdialog", name=say("batches.againSure", n=1))
    check_axe(page)
    asked.get_by_role("button", name=say("batches.againIt"), exact=True).click()
    expect(cards(page).first).to_contain_text("fail=prompt_refused bad")
    expect(cards(page).first).to_contain_text(say("batches.total", n=1))

    field(page).fill("sandbox: seconds=300 a long one\nanother")
    page.keyboard.press("Control+Enter")
    newest = cards(page).filter(has_text="a long one").first
    newest.get_by_role("button", name=say.like("batches.cancelOf")).click()
    sure = page.get_by_role("alertdialog", name=say("batches.cancelSure"))
    expect(sure).to_contain_text(say("batches.cancelText"))
    check_axe(page)
    sure.get_by_role("button", name=say("batches.cancelIt"), exact=True).click()
    expect(newest).to_contain_text(say("batches.status.cancelled"))
    newest.get_by_role("link").click()
    expect(rows(page).filter(has_text=say("batches.status.cancelled"))).to_have_count(2)
    page.get_by_role("button", name=say("batches.retry"), exact=True).click()
    expect(page.get_by_role("progressbar").first).to_be_visible()
    page.get_by_role("button", name=say("batches.cancelIt"), exact=True).click()
    sure.get_by_role("button", name=say("batches.cancelIt"), exact=True).click()
    expect(rows(page).filter(has_text=say("batches.status.cancelled"))).to_have_count(2)
    page.get_by_role("button", name=say("batches.useAgain"), exact=True).click()
    expect(field(page)).to_have_value("sandbox: seconds=300 a long one\nanother")


@pytest.mark.deep
def test_two_windows_are_in_step(house: Site, open_page: OpenPage) -> None:
    here, there = open_page(house, PATH), open_page(house, PATH)
    expect(field(there)).to_be_visible()
    field(here).fill("\n".join(f"sandbox: seconds=0.5 number {number}" for number in range(6)))
    hand_in(here, 6).click()
    card = cards(there).filter(has_text="number 0").first
    expect(card.get_by_role("progressbar")).to_be_visible()
    expect(card).to_contain_text(say("batches.succeeded", n=6), timeout=PATIENCE_MS)
    expect(cards(here).filter(has_text="number 0").first).to_contain_text(say("batches.succeeded", n=6))


@pytest.mark.deep
def test_nothing_is_there_at_first_and_an_example_can_be_tried(
    built_pages: None, tmp_path: Path, open_page: OpenPage, check_axe: CheckAxe
) -> None:
    with run_site(tmp_path, engine="instant", sandbox_on="1") as empty:
        page = open_page(empty, PATH, theme="dark", tolerated=[GONE])
        expect(page.get_by_role("heading", name=say("batches.none"))).to_be_visible()
        check_axe(page)
        page.get_by_role("button", name=say("batches.example"), exact=True).click()
        expect(hand_in(page, 4)).to_be_enabled()
        hand_in(page, 4).click()
        expect(page.get_by_role("heading", name=say("batches.none"))).to_have_count(0)
        expect(cards(page)).to_have_count(1)
        expect(cards(page).first.get_by_role("link")).to_be_focused()
        page.goto(f"{PATH}&batch=of-somebody-else")
        expect(page.get_by_text(say("batches.back"))).to_be_visible()
        expect(page.get_by_role("button", name=say("common.retry"), exact=True)).to_be_visible()


@pytest.mark.deep
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_on_a_phone_prompts_are_cards_and_nothing_bars_anybody(
    house: Site, open_page: OpenPage, check_axe: CheckAxe, theme: str
) -> None:
    words = Say("zh-CN")
    with house.client() as client:
        made = order(client, "sandbox: seconds=0 红色外套", "sandbox: seconds=0 fail=prompt_refused 蓝色外套")
        wait_for(client, made["task_id"])
    page = open_page(house, PATH, "zh-CN", theme, 360, 740, True)
    field(page, words).fill("一件衬衫\n一件衬衫\n" + "长" * 20_001)
    expect(page.get_by_text(words("batches.line.tooLong"), exact=True)).to_be_visible()
    check_axe(page)
    assert not is_too_wide(page)
    cards(page, words).filter(has_text="红色外套").first.get_by_role("link").tap()
    listed = page.get_by_role("list", name=words("batches.table")).get_by_role("listitem")
    expect(listed).to_have_count(2)
    expect(listed.nth(1)).to_contain_text("拒绝")
    expect(page.get_by_role("table")).to_have_count(0)
    check_axe(page)
    assert not is_too_wide(page)
    page.get_by_role("radio", name=words("batches.filter.failed", n=1)).tap()
    expect(listed).to_have_count(1)
