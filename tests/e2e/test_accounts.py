"""Coming in, going, and being sent out: as people do it, on a server for many and at home."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.e2e.people import PASSWORD, enter, make_account, me, upload
from tests.e2e.site import Site, run_site

pytestmark = pytest.mark.browser

OpenPage = Callable[..., Page]
CheckAxe = Callable[..., None]


@pytest.fixture(scope="module")
def house(built_pages: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server for many that lets its people sign in as often as these tests do."""
    with run_site(tmp_path_factory.mktemp("house"), "--mode", "server", sign_in_rate="1000/minute") as site:
        yield site


@pytest.fixture(scope="module")
def strict_house(built_pages: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One of three attempts a minute, where only administrators make accounts."""
    options = {"sign_in_rate": "3/minute", "registration": "false"}
    with run_site(tmp_path_factory.mktemp("strict"), "--mode", "server", **options) as site:
        yield site


def fill_in(page: Page, name: str, password: str = PASSWORD, language: str = "en") -> None:
    words = {"en": ("Name", "Password"), "zh-CN": ("用户名", "密码")}[language]
    page.get_by_label(words[0], exact=True).fill(name)
    page.get_by_label(words[1], exact=True).fill(password)


def test_a_guest_makes_an_account_and_their_pictures_come_along(
    house: Site, open_page: OpenPage, photos: dict[str, Path], check_axe: CheckAxe
) -> None:
    page = open_page(house)
    upload(page, photos["red"], photos["blue"])
    page.goto("/login?as=new&next=/settings%23about")
    expect(page.get_by_text("Your 2 pictures come with you.")).to_be_visible()
    check_axe(page)
    password = page.get_by_label("Password", exact=True)
    expect(password).to_have_attribute("autocomplete", "new-password")
    expect(page.get_by_label("Name", exact=True)).to_have_attribute("autocomplete", "username")

    fill_in(page, "xiaoming", "five5")
    page.get_by_role("button", name="Make an account").click()
    expect(page.get_by_role("alert").filter(has_text="at least 6 characters")).to_be_visible()
    expect(password).to_be_focused()
    password.fill("xiaoming123")
    expect(page.get_by_text("Easy to guess")).to_be_visible()
    password.fill("h7Gk2pw")
    expect(page.get_by_text("This is accepted.")).to_be_visible()
    page.get_by_role("button", name="Show the password").click()
    expect(password).to_have_attribute("type", "text")
    password.fill(PASSWORD)
    page.get_by_role("button", name="Make an account").click()

    page.wait_for_url("**/settings#about")
    expect(page.get_by_text("Welcome, xiaoming. Your 2 pictures came with you.").first).to_be_visible()
    assert me(page)["username"] == "xiaoming"
    assert me(page)["usage"]["images"] == 2


def test_a_stranger_asks_for_nothing_that_is_refused(house: Site, open_page: OpenPage) -> None:
    page = open_page(house, refused=False)
    for path in ("/", "/tryon", "/images", "/generate"):
        page.goto(path)
        expect(page.get_by_role("main").get_by_role("heading", level=1)).to_be_attached()
        page.wait_for_load_state("networkidle")


def test_a_guests_fitting_room_comes_back_by_their_pictures_ids(
    house: Site, open_page: OpenPage, drawings: dict[str, Path]
) -> None:
    page = open_page(house, refused=False)
    [person] = upload(page, drawings["person"], category="char")
    shirt, *newer = upload(page, *(drawings[name] for name in ("shirt", "tee", "skirt")))
    upload(page, drawings["another"], category="char")
    page.goto(f"/tryon?person={person}&garment={shirt}")
    worn = page.get_by_role("region", name="The mirror").get_by_role("img", name=re.compile(" wearing "))
    expect(worn).to_be_visible()
    page.reload()
    expect(worn).to_be_visible()
    expect(page).to_have_url(f"{house.address}/tryon?person={person}&garment={shirt}")
    # The room asks for what it wants: it need not be among the pictures that a listing begins with.
    asked = page.evaluate("performance.getEntriesByType('resource').map(({ name }) => new URL(name).pathname)")
    assert {f"/api/v1/library/images/{one}" for one in (person, shirt)} <= set(asked)
    assert not {f"/api/v1/library/images/{one}" for one in newer} & set(asked)


def test_names_and_addresses_that_are_taken_are_told_at_their_field(house: Site, open_page: OpenPage) -> None:
    make_account(house, "first", "first@lab.example")
    page = open_page(house, "/login?as=new")
    fill_in(page, "FIRST")
    page.get_by_role("button", name="Make an account").click()
    expect(page.get_by_role("alert").filter(has_text="Somebody has this name already")).to_be_visible()
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    page.get_by_label("Name", exact=True).fill("second")
    email = page.get_by_label("E-mail (optional)")
    email.fill("nowhere")
    page.get_by_role("button", name="Make an account").click()
    expect(page.get_by_role("alert").filter(has_text="This is no e-mail address.")).to_be_visible()
    email.fill("first@lab.example")
    page.get_by_role("button", name="Make an account").click()
    expect(page.get_by_role("alert").filter(has_text="An account has this address already")).to_be_visible()
    expect(email).to_be_focused()


def test_a_wrong_password_is_told_at_its_field_and_the_right_one_leads_back(house: Site, open_page: OpenPage) -> None:
    make_account(house, "mei")
    page = open_page(house, "/login?next=/images%3Fq%3Dred", language="zh-CN")
    fill_in(page, "mei", "wrong horse battery", "zh-CN")
    page.get_by_role("button", name="登录", exact=True).click()
    expect(page.get_by_role("alert").filter(has_text="用户名或密码不正确")).to_be_visible()
    expect(page.get_by_label("密码", exact=True)).to_be_focused()
    page.get_by_label("密码", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/images?q=red")
    expect(page.get_by_text("已登录为 mei。").first).to_be_visible()
    [cookie] = [one for one in page.context.cookies() if one["name"] == "vtonlab_session"]
    assert cookie["expires"] > 0, "remembered for days, not until the browser is closed"


def test_foreign_return_addresses_are_refused(house: Site, open_page: OpenPage) -> None:
    make_account(house, "wanderer")
    page = open_page(house, "/login?next=/tryon")
    without = page.get_by_role("link", name="Look around without an account")
    expect(without).to_have_attribute("href", "/tryon")
    for address in ("javascript:1", "/%5Cevil.example", "%2F%2Fevil.example%2Ftryon", "https%3A%2F%2Fevil.example%2F"):
        page.goto(f"/login?next={address}")
        expect(without).to_have_attribute("href", "/")
    fill_in(page, "wanderer")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page).to_have_url(f"{house.address}/")
    assert me(page)["username"] == "wanderer"


def test_too_many_attempts_are_told_with_their_seconds(
    strict_house: Site, open_page: OpenPage, check_axe: CheckAxe
) -> None:
    page = open_page(strict_house, "/login", width=390, height=844, touch=True)
    expect(page.get_by_text("New accounts are made by the administrator of this server.")).to_be_visible()
    send = page.get_by_role("button", name="Sign in", exact=True)
    for attempt in range(3):
        fill_in(page, "nobody", f"guess number {attempt}")
        send.click()
        expect(page.get_by_role("alert").filter(has_text="The name or the password is not right")).to_be_visible()
        page.get_by_label("Password", exact=True).fill("")
    fill_in(page, "nobody", "one too many")
    send.click()
    told = page.get_by_role("alert").filter(has_text=re.compile(r"Too many attempts\. Try again in \d+ seconds\."))
    expect(told).to_be_visible()
    expect(send).to_be_disabled()
    check_axe(page)


def test_the_printed_link_makes_the_first_administrator_once(strict_house: Site, open_page: OpenPage) -> None:
    link = f"/login?setup={strict_house.setup}"
    page = open_page(strict_house, link)
    expect(page.get_by_role("heading", level=1)).to_have_text("Make the first administrator")
    fill_in(page, "boss", "only9char")
    page.get_by_role("button", name="Make the account").click()
    expect(page.get_by_role("alert").filter(has_text="at least 10 characters")).to_be_visible()
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Make the account").click()
    page.wait_for_url(f"{strict_house.address}/")
    assert (me(page)["username"], me(page)["role"]) == ("boss", "admin")

    thief = open_page(strict_house, link, language="zh-CN")
    fill_in(thief, "thief", language="zh-CN")
    thief.get_by_role("button", name="创建账户").click()
    told = thief.get_by_role("alert").filter(has_text="这个链接已经失效")
    expect(told).to_contain_text("vtonlab users setup-link")
    assert not me(thief)


@pytest.mark.deep
def test_a_link_from_an_administrator_sets_a_new_password(house: Site, open_page: OpenPage) -> None:
    make_account(house, "forgetful")
    boss = open_page(house, f"/login?setup={house.setup}")
    fill_in(boss, "boss")
    boss.get_by_role("button", name="Make the account").click()
    boss.wait_for_url(f"{house.address}/")
    found = boss.request.get("/api/v1/admin/users?q=forgetful").json()["items"]
    [user] = [one for one in found if one["username"] == "forgetful"]
    answer = boss.request.post(f"/api/v1/admin/users/{user['user_id']}/reset-link")
    path = re.search(r"/login\?reset=[\w-]+", answer.text())
    assert path, answer.text()
    page = open_page(house, path[0])
    page.get_by_label("New password", exact=True).fill("an altogether new one")
    page.get_by_role("button", name="Keep this password").click()
    page.wait_for_url(f"{house.address}/")
    assert me(page)["username"] == "forgetful"


def test_who_is_signed_out_elsewhere_is_told_and_loses_nothing_typed(
    house: Site, open_page: OpenPage, check_axe: CheckAxe
) -> None:
    make_account(house, "lin")
    here, elsewhere = open_page(house), open_page(house)
    for page in (here, elsewhere):
        enter(page, "lin")
    here.goto("/settings#profile")
    email = here.get_by_label("E-mail (optional)")
    email.fill("lin@lab.example")
    elsewhere.goto("/settings#sessions")
    elsewhere.get_by_role("button", name="Sign out everywhere else").click()
    elsewhere.get_by_role("alertdialog").get_by_role("button", name="Sign them out").click()
    expect(elsewhere.get_by_text("One other device was signed out.").first).to_be_visible()

    told = here.get_by_role("dialog", name="You were signed out")
    expect(told).to_contain_text("The session of lin in this browser was ended")
    check_axe(here)
    told.get_by_label("Password", exact=True).fill(PASSWORD)
    told.get_by_role("button", name="Sign in", exact=True).click()
    expect(told).to_be_hidden()
    expect(email).to_have_value("lin@lab.example")
    here.get_by_role("button", name="Save").click()
    expect(here.get_by_text("Saved", exact=True)).to_be_visible()
    assert me(here)["email"] == "lin@lab.example"


def test_signing_out_leaves_nothing_on_the_screen(house: Site, open_page: OpenPage, photos: dict[str, Path]) -> None:
    make_account(house, "leaving")
    page = open_page(house)
    enter(page, "leaving")
    upload(page, photos["red"])
    page.goto("/settings")
    page.get_by_role("button", name="Account: leaving").click()
    page.get_by_role("menuitem", name="Sign out").click()
    expect(page).to_have_url(f"{house.address}/")
    expect(page.get_by_text("You are signed out.").first).to_be_visible()
    assert not me(page)
    page.goto("/settings#profile")
    expect(page.get_by_text("You are not signed in")).to_be_visible()


@pytest.mark.deep
def test_at_home_nobody_is_asked_to_sign_in(site: Site, open_page: OpenPage, check_axe: CheckAxe) -> None:
    page = open_page(site, "/login", theme="dark", width=360, height=740, touch=True)
    expect(page.get_by_role("heading", level=1)).to_have_text("Nobody needs to sign in here")
    expect(page.get_by_label("Password", exact=True)).to_have_count(0)
    check_axe(page)
    page.get_by_role("button", name="Make an account").click()
    fill_in(page, "housemate")
    page.get_by_role("button", name="Make an account").click()
    expect(page).to_have_url(f"{site.address}/")
    assert me(page)["username"] == "housemate"
    page.goto("/settings#profile")
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(f"{site.address}/")
    page.goto("/settings#profile")
    expect(page.get_by_role("heading", name="The user of this machine")).to_be_visible()
