"""The settings, as people use them: what they change is changed, and what they are told is so."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect
from tests.e2e.people import PASSWORD, enter, make_account, me, upload
from tests.e2e.site import Site, run_site
from tests.fakes.fashn import KEY, FakeFashn

pytestmark = pytest.mark.browser

OpenPage = Callable[..., Page]
CheckAxe = Callable[..., None]
SECTIONS = [
    *("profile", "sessions", "tokens", "appearance", "engines", "privacy"),
    *("extension", "cloud", "app", "shortcuts", "about"),
]
PATIENCE_MS = 90_000


@pytest.fixture(scope="module")
def fashn() -> Iterator[FakeFashn]:
    """What speaks FASHN's protocol."""
    with FakeFashn() as fake:
        yield fake


@pytest.fixture(scope="module")
def house(built_pages: None, fashn: FakeFashn, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server for many, which has a service elsewhere."""
    settings = {"sign_in_rate": "1000/minute", "fashn_url": fashn.url, "fashn_api_key": KEY, "health_seconds": "0.5"}
    with run_site(tmp_path_factory.mktemp("house"), "--mode", "server", **settings) as site:
        yield site


OpenAs = Callable[..., Page]


@pytest.fixture
def open_as(house: Site, open_page: OpenPage) -> OpenAs:
    """``open_as("mei", "/settings#tokens")``: a window in which mei is signed in; her account is made."""

    made: set[str] = set()

    def open_as(name: str, path: str, **options: object) -> Page:
        if name not in made:
            make_account(house, name)
            made.add(name)
        page = open_page(house, "/login", **options)
        enter(page, name)
        page.goto(path)
        return page

    return open_as


@pytest.mark.deep
def test_every_section_has_an_address_and_nothing_that_axe_finds(open_as: OpenAs, check_axe: CheckAxe) -> None:
    page = open_as("sections", "/settings")
    listed = page.get_by_role("navigation", name="Settings").get_by_role("link")
    expect(listed).to_have_count(len(SECTIONS))
    expect(page.get_by_role("heading", level=2)).to_have_text("Profile and password")
    for number, section in enumerate(SECTIONS):
        listed.nth(number).click()
        expect(page).to_have_url(re.compile(f"/settings#{section}$"))
        expect(listed.nth(number)).to_have_attribute("aria-current", "true")
        expect(page.get_by_role("heading", level=2)).to_have_text(str(listed.nth(number).text_content()).strip())
        expect(page.get_by_role("heading", level=3).first).to_be_visible()
        check_axe(page)
    page.goto("/settings?section=privacy")
    expect(page.get_by_role("heading", level=2)).to_have_text("Privacy")


@pytest.mark.deep
def test_on_phones_the_list_comes_first(open_as: OpenAs, check_axe: CheckAxe) -> None:
    page = open_as("phone", "/settings", language="zh-CN", theme="dark", width=360, height=740, touch=True)
    expect(page.get_by_role("heading", level=1, name="设置")).to_be_visible()
    check_axe(page)
    page.get_by_role("link", name="引擎").click()
    expect(page.get_by_role("heading", level=2, name="引擎")).to_be_focused()
    expect(page.get_by_text("api.fashn.ai").or_(page.get_by_text("127.0.0.1:")).first).to_be_visible()
    check_axe(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("main").get_by_role("link", name="设置").click()
    expect(page.get_by_role("link", name="隐私")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", level=2, name="引擎")).to_be_visible()


def test_a_token_is_shown_once_and_may_what_its_sentences_say(
    house: Site, open_as: OpenAs, check_axe: CheckAxe
) -> None:
    page = open_as("maker", "/settings#tokens")
    page.get_by_role("button", name="Make a token").click()
    asked = page.get_by_role("dialog", name="Make a token")
    asked.get_by_role("button", name="Make a token").click()
    expect(asked.get_by_role("alert").filter(has_text="Give it a name.")).to_be_visible()
    asked.get_by_label("Name", exact=True).fill("Night script")
    asked.get_by_label("add pictures to your library").uncheck()
    expect(asked.get_by_label("look at your pictures")).to_be_checked()
    check_axe(page)
    asked.get_by_label("It works for").select_option(label="30 days")
    asked.get_by_role("button", name="Make a token").click()
    made = page.get_by_role("dialog", name="Your new token")
    token = made.get_by_label("Token", exact=True).input_value()
    assert token.startswith("vtl_")
    check_axe(page)
    made.get_by_role("button", name="I have copied it").click()
    expect(page.get_by_text("Night script")).to_be_visible()
    expect(page.get_by_text("look at your pictures")).to_be_visible()
    page.reload()
    expect(page.get_by_text("Night script")).to_be_visible()
    assert token not in page.content()

    with httpx.Client(base_url=house.address, trust_env=False, headers={"Authorization": f"Bearer {token}"}) as program:
        assert program.get("/api/v1/users/me").json()["username"] == "maker"
        assert program.get("/api/v1/library/images").status_code == 200
        refused = program.post("/api/v1/library/images", files={"files": ("a.png", b"no picture")})
        assert refused.status_code == 403
        page.reload()
        expect(page.get_by_text("last used this minute")).to_be_visible()
        page.get_by_role("button", name="Delete: Night script").click()
        sure = page.get_by_role("alertdialog", name="Delete “Night script”?")
        sure.get_by_role("button", name="Delete").click()
        expect(page.get_by_text("You have none.")).to_be_visible()
        assert program.get("/api/v1/users/me").status_code == 401


def test_devices_are_listed_and_ended(open_as: OpenAs) -> None:
    agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
    other = open_as("traveller", "/settings#about", user_agent=agent)
    page = open_as("traveller", "/settings#sessions")
    there = page.get_by_role("listitem").filter(has_text="Firefox · Windows")
    expect(there).to_contain_text("127.0.0.1")
    expect(there).to_contain_text("Last used this minute")
    expect(page.get_by_role("listitem").filter(has_text="this browser")).to_contain_text("Chrome · Linux")
    page.get_by_role("button", name="Sign out: Firefox · Windows").first.click()
    expect(page.get_by_text("Firefox · Windows is signed out.").first).to_be_visible()
    expect(there).to_have_count(0)
    assert not me(other)
    assert me(page)["username"] == "traveller"


def test_a_new_password_holds_and_the_old_one_does_not(house: Site, open_as: OpenAs) -> None:
    page = open_as("changer", "/settings#profile")
    page.get_by_label("Present password").fill("not this one")
    page.get_by_label("New password").fill("short one")
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_role("alert").filter(has_text="at least 10 characters")).to_be_visible()
    page.get_by_label("New password").fill("tin kettle moon river")
    expect(page.get_by_text("Very good.")).to_be_visible()
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_role("alert").filter(has_text="This is not your password.")).to_be_visible()
    expect(page.get_by_label("Present password")).to_be_focused()
    expect(page.get_by_role("dialog")).to_have_count(0)  # nobody was signed out by a mistake
    page.get_by_label("Present password").fill(PASSWORD)
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_text("You have a new password.").first).to_be_visible()
    assert me(page)["username"] == "changer"
    with httpx.Client(base_url=house.address, trust_env=False, timeout=60) as client:
        for password, status in ((PASSWORD, 401), ("tin kettle moon river", 200)):
            answer = client.post("/api/login", json={"username": "changer", "password": password})
            assert answer.status_code == status


def test_everything_can_be_taken_along(house: Site, open_as: OpenAs, photos: dict[str, Path]) -> None:
    page = open_as("collector", "/settings#privacy")
    kept = upload(page, photos["red"], photos["blue"])
    page.reload()
    with page.expect_download() as download:
        page.get_by_role("button", name="Export everything").click()
    expect(page.get_by_text(re.compile(r"Your browser is saving the zip, with .* kB")).first).to_be_visible()
    assert download.value.url == f"{house.address}/api/v1/users/me/export"  # the browser's own, not the page's
    assert download.value.suggested_filename == "vtonlab-account.zip"
    with zipfile.ZipFile(io.BytesIO(download.value.path().read_bytes())) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert {"account.json", "audit.json", "library.json", "history.json", "departures.json"} <= set(names)
        assert sum(name.startswith("pictures/clothes/") for name in names) == 2
        assert json.loads(archive.read("account.json"))["account"]["username"] == "collector"
        assert {one["id"] for one in json.loads(archive.read("library.json"))["images"]} == set(kept)


def test_deleting_everything_asks_for_the_password_and_says_what_went(
    house: Site, open_as: OpenAs, photos: dict[str, Path], check_axe: CheckAxe
) -> None:
    page = open_as("goner", "/settings#privacy")
    upload(page, photos["red"], photos["blue"])
    page.reload()
    page.get_by_role("button", name="Delete everything").click()
    asked = page.get_by_role("dialog", name="Delete everything for good?")
    expect(asked).to_contain_text("2 pictures and what is in the trash")
    asked.get_by_label("Password", exact=True).fill("not this one")
    asked.get_by_role("button", name="Delete for good").click()
    expect(asked.get_by_role("alert").filter(has_text="This is not your password.")).to_be_visible()
    check_axe(page)
    asked.get_by_label("Password", exact=True).fill(PASSWORD)
    asked.get_by_role("button", name="Delete for good").click()
    gone = page.get_by_role("dialog", name="Everything is deleted")
    for told in ("2 pictures", "1 account", "kB of files"):
        expect(gone.get_by_role("listitem").filter(has_text=told)).to_be_visible()
    check_axe(page)
    gone.get_by_role("button", name="To the first page").click()
    expect(page).to_have_url(f"{house.address}/")
    expect(page.get_by_role("dialog", name="You were signed out")).to_have_count(0)
    answer = page.request.post("/api/login", data={"username": "goner", "password": PASSWORD})
    assert answer.status == 401


def test_guests_see_what_is_theirs_and_delete_it_by_its_name(
    house: Site, open_page: OpenPage, photos: dict[str, Path]
) -> None:
    page = open_page(house, "/settings", language="zh-CN")
    sections = page.get_by_role("navigation", name="设置").get_by_role("link")
    expect(sections).to_have_count(len(SECTIONS) - 2)
    expect(page.get_by_role("heading", name="你还没有登录")).to_be_visible()
    page.goto("/settings#privacy")
    expect(page.get_by_role("heading", name="这里没有保存你的任何内容")).to_be_visible()
    upload(page, photos["red"])
    page.goto("/settings#profile")
    page.reload()
    expect(page.get_by_role("heading", name="你现在是访客")).to_be_visible()
    expect(page.get_by_text("你的 1 张图片会一起带入账户。")).to_be_visible()
    page.goto("/settings#privacy")
    page.get_by_role("button", name="删除全部内容").click()
    asked = page.get_by_role("dialog", name="永久删除全部内容？")
    name = me(page)["username"]
    asked.get_by_label(f"请输入账户名以确认：{name}").fill("somebody")
    asked.get_by_role("button", name="永久删除").click()
    expect(asked.get_by_role("alert").filter(has_text="请输入账户名以确认删除。")).to_be_visible()
    asked.get_by_label(f"请输入账户名以确认：{name}").fill(name)
    asked.get_by_role("button", name="永久删除").click()
    gone = page.get_by_role("dialog", name="已全部删除")
    expect(gone.get_by_role("listitem").filter(has_text="1 张图片")).to_be_visible()
    gone.get_by_role("button", name="返回首页").click()
    expect(page).to_have_url(f"{house.address}/")
    assert not me(page)


def test_what_left_is_told(open_as: OpenAs, drawings: dict[str, Path], fashn: FakeFashn) -> None:
    page = open_as("sender", "/settings#privacy")
    expect(page.get_by_text("No picture of yours has ever left.")).to_be_visible()
    [person] = upload(page, drawings["person"], category="char")
    [garment] = upload(page, drawings["shirt"])
    body = {"human_image": person, "garment_image": garment, "engine": "fashn", "wait": True}
    answer = page.request.post("/api/vton/tryon", data=body, timeout=PATIENCE_MS)
    assert answer.ok, answer.text()
    page.reload()
    expect(page.get_by_text("One time.")).to_be_visible()
    row = page.get_by_role("row").filter(has_text=fashn.host)
    expect(row).to_contain_text("FASHN")
    expect(row.get_by_role("cell").nth(2)).to_have_text("2")
    expect(row).to_contain_text("$0.075")
    [told] = page.request.get("/api/v1/users/me/departures").json()["items"]
    assert (told["engine"], told["host"], told["pictures"]) == ("fashn", fashn.host, 2)


def test_engines_tell_whether_a_key_is_there_and_never_which(open_as: OpenAs) -> None:
    page = open_as("curious", "/settings#engines")
    fashn = page.locator("section").filter(has=page.get_by_role("heading", name="FASHN"))
    expect(fashn.get_by_text("Ready")).to_be_visible()
    fashn.get_by_text("How it is set up").click()
    expect(fashn.get_by_role("listitem").filter(has_text="VTONLAB_FASHN_API_KEY")).to_contain_text("key is set")
    gemini = page.locator("section").filter(has=page.get_by_role("heading", name="Gemini (Google)"))
    expect(gemini.get_by_role("listitem").filter(has_text="VTONLAB_GEMINI_API_KEY")).to_contain_text("no key")
    idm = page.locator("section").filter(has=page.get_by_role("heading", name="IDM-VTON"))
    expect(idm).to_contain_text("CC BY-NC-SA 4.0")
    expect(idm).to_contain_text("forbidden")
    with page.expect_response("**/api/v1/engines") as answered:
        page.get_by_role("button", name="Look again").click()
    assert KEY not in answered.value.text()
    assert KEY not in page.content()


def test_language_and_theme_stay_and_the_account_takes_its_language_along(open_as: OpenAs) -> None:
    page = open_as("polyglot", "/settings#appearance")
    page.get_by_role("radio", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    with page.expect_response("**/api/v1/users/me") as saved:
        page.get_by_role("radio", name="简体中文").click()
    assert saved.value.json()["language"] == "zh-CN"
    expect(page.get_by_role("heading", level=2)).to_have_text("语言与外观")
    page.reload()
    expect(page.get_by_role("heading", level=2)).to_have_text("语言与外观")
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    other = open_as("polyglot", "/settings#about")
    expect(other.get_by_role("heading", level=2)).to_have_text("关于")
    expect(other.locator("html")).not_to_have_attribute("data-theme", "dark")
