"""Administration, as administrators do it: each part for who may, and what is changed there holds at once."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect
from tests.e2e.browsing import is_too_wide
from tests.e2e.people import PASSWORD, enter, make_account, me
from tests.e2e.site import PATIENCE, Site, run_site

pytestmark = pytest.mark.browser

OpenPage = Callable[..., Page]
CheckAxe = Callable[..., None]
SECTIONS = ("overview", "users", "roles", "tasks", "audit", "engines", "storage")
ADMIN = "anna"
ADMINISTRATION = ("users", "roles", "tasks", "audit", "audit/actions", "stats")


@dataclass
class House:
    """A server for many with an engine that takes its time, and its administrator."""

    site: Site
    made: set[str]

    @contextmanager
    def ask(self, name: str) -> Iterator[httpx.Client]:
        """Asks as somebody who has ``PASSWORD``, without a browser."""
        address = self.site.address
        with httpx.Client(base_url=address, headers={"Origin": address}, timeout=PATIENCE, trust_env=False) as client:
            client.post("/api/login", json={"username": name, "password": PASSWORD}).raise_for_status()
            yield client

    def add(self, name: str, role: str = "editor") -> str:
        """An account with ``PASSWORD``, made by the administrator; its id."""
        with self.ask(ADMIN) as admin:
            body = {"username": name, "password": PASSWORD, "role": role}
            self.made.add(name)
            return str(admin.post("/api/v1/admin/users", json=body).raise_for_status().json()["user_id"])


@pytest.fixture(scope="module")
def house(built_pages: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Shared: each test has people of its own."""
    settings = {"sign_in_rate": "1000/minute", "sandbox_on": "1", "engine": "sandbox"}
    with run_site(tmp_path_factory.mktemp("house"), "--mode", "server", **settings) as site:
        with httpx.Client(base_url=site.address, trust_env=False, timeout=PATIENCE) as client:
            body = {"token": site.setup, "username": ADMIN, "password": PASSWORD}
            client.post("/api/v1/auth/setup", json=body).raise_for_status()
        yield House(site, {ADMIN})


@pytest.fixture
def open_as(house: House, open_page: OpenPage) -> OpenPage:
    """``open_as("mei", "/admin#users")``: a window in which mei is signed in; who has no account makes one."""

    def open_as(name: str, path: str, **options: Any) -> Page:
        if name not in house.made:
            make_account(house.site, name)
            house.made.add(name)
        page = open_page(house.site, "/login", **options)
        enter(page, name)
        page.goto(path)
        return page

    return open_as


def row(page: Page, words: str | re.Pattern[str]) -> Locator:
    """The line of a list that says so."""
    return page.get_by_role("main").get_by_role("listitem").filter(has_text=words)


def long_task(client: httpx.Client, photos: dict[str, Path]) -> str:
    """A fitting that takes ten minutes, asked for by ``client``."""
    ids = []
    for name, category in (("me", "char"), ("red", "clothes")):
        files = {"files": (f"{name}.png", photos[name].read_bytes())}
        answer = client.post("/api/v1/library/images", files=files, data={"category": category}).raise_for_status()
        ids.append(answer.json()["items"][0]["image"]["id"])
    body = {"human_image": ids[0], "garment_image": ids[1], "engine": "sandbox", "options": {"seconds": 600}}
    return str(client.post("/api/v1/tryon", json=body).raise_for_status().json()["id"])


def test_it_is_shown_to_whom_it_is_for(house: House, open_as: OpenPage) -> None:
    house.add("viewer", "viewer")
    make_account(house.site, "drawer")  # who makes an account is an editor
    page = open_as("viewer", "/admin#users")
    for name in ("viewer", "drawer"):
        enter(page, name)
        page.goto("about:blank")
        page.goto(f"{house.site.address}/admin#users")
        expect(page.get_by_role("heading", name="This part is for administrators")).to_be_visible()
        expect(page.get_by_text(f"You are signed in as {name}")).to_be_visible()
        expect(page.get_by_role("main").get_by_role("navigation")).to_have_count(0)
        for what in ADMINISTRATION:
            answer = page.request.get(f"/api/v1/admin/{what}")
            assert (answer.status, answer.json()["code"]) == (403, "not_allowed"), what
        assert page.request.post("/api/v1/admin/roles", data={"name": "mine", "permissions": []}).status == 403
        drawn = page.request.post("/api/v1/images/generate", data={"prompt": "a red coat", "provider": "sandbox"})
        assert drawn.status == (202 if name == "drawer" else 403), drawn.text()
    page.get_by_role("link", name="To the start").click()
    expect(page).to_have_url(f"{house.site.address}/")

    page.context.clear_cookies()
    page.goto("/admin#users")
    expect(page.get_by_role("heading", name="Sign in to look after this server")).to_be_visible()
    page.get_by_role("main").get_by_role("link", name="Sign in").click()
    page.get_by_label("Name", exact=True).fill(ADMIN)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", level=2)).to_have_text("Users")
    expect(page.get_by_role("navigation", name="Administration").get_by_role("link")).to_have_count(len(SECTIONS))


def test_an_account_by_link_its_role_and_its_end(house: House, open_as: OpenPage, open_page: OpenPage) -> None:
    page = open_as(ADMIN, "/admin#users")
    page.get_by_role("button", name="Make an account").click()
    asked = page.get_by_role("dialog", name="Make an account")
    asked.get_by_role("button", name="Make it").click()
    expect(asked.get_by_role("alert").filter(has_text="Write a name.")).to_be_visible()
    asked.get_by_label("Name", exact=True).fill("newcomer")
    asked.get_by_label("Role").select_option(label="Viewer")
    asked.get_by_role("button", name="Make it").click()
    made = page.get_by_role("dialog", name="newcomer has an account")
    link = made.get_by_label("Link for newcomer").input_value()
    assert link.startswith(f"{house.site.address}/login?reset=")
    made.get_by_role("button", name="I have copied it").click()
    expect(row(page, "newcomer")).to_contain_text("no password yet")
    assert link.partition("=")[2] not in page.content()

    other = open_page(house.site, link.removeprefix(house.site.address))
    other.get_by_label("New password", exact=True).fill(PASSWORD)
    other.get_by_role("button", name="Keep this password").click()
    other.wait_for_url(f"{house.site.address}/")
    assert me(other)["role"] == "viewer"

    page.get_by_role("button", name="Change: newcomer").click()
    form = page.get_by_role("dialog", name="Change: newcomer")
    form.get_by_label("Role").select_option(label="Editor")
    form.get_by_label("Quota").select_option(label="An amount of their own")
    form.get_by_label("Gigabytes").fill("0")
    form.get_by_role("button", name="Save").click()
    expect(form.get_by_role("alert").filter(has_text="a number above zero")).to_be_visible()
    form.get_by_label("Gigabytes").fill("0.5")
    form.get_by_role("button", name="Save").click()
    expect(row(page, "newcomer")).to_contain_text("Editor")
    expect(row(page, "newcomer")).to_contain_text("of 500 MB")
    assert (me(other)["role"], me(other)["quota"]) == ("editor", 500_000_000)

    page.get_by_role("button", name="Change: newcomer").click()
    page.get_by_role("dialog").get_by_role("switch", name="May be used").click()
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(row(page, "newcomer")).to_contain_text("Disabled")
    expect(other.get_by_role("dialog", name="You were signed out")).to_be_visible()
    assert not me(other)

    page.get_by_role("button", name="More: newcomer").click()
    page.get_by_role("menuitem", name="Delete the account").click()
    sure = page.get_by_role("dialog", name="Delete newcomer for good?")
    sure.get_by_label("Write the name to confirm: newcomer").fill("somebody")
    sure.get_by_role("button", name="Delete for good").click()
    expect(sure.get_by_role("alert").filter(has_text="not the name")).to_be_visible()
    sure.get_by_label("Write the name to confirm: newcomer").fill("newcomer")
    sure.get_by_role("button", name="Delete for good").click()
    gone = page.get_by_role("dialog", name="newcomer is deleted")
    expect(gone.get_by_role("listitem").filter(has_text="1 account")).to_be_visible()
    gone.get_by_role("button", name="Close").first.click()
    expect(row(page, "newcomer")).to_have_count(0)


def test_a_permission_holds_at_once_and_the_log_tells_of_it(house: House, open_as: OpenPage) -> None:
    with house.ask(ADMIN) as admin:
        body = {"name": "stylists", "permissions": ["images:read", "account:manage"]}
        admin.post("/api/v1/admin/roles", json=body).raise_for_status()
    house.add("stylist", "stylists")
    with house.ask("stylist") as stylist:
        assert stylist.get("/api/v1/admin/stats").status_code == 403
        page = open_as(ADMIN, "/admin#roles")
        expect(page.get_by_role("columnheader", name="stylists")).to_contain_text("1 account")
        page.get_by_label("stylists: read the figures of this server").check()
        page.get_by_label("stylists: look at your pictures").uncheck()
        page.get_by_role("button", name="Save: stylists").click()
        expect(page.get_by_text("stylists: saved").first).to_be_visible()
        assert stylist.get("/api/v1/admin/stats").status_code == 200
        assert stylist.get("/api/v1/library/images").status_code == 403
    theirs = open_as("stylist", "/admin")
    expect(theirs.get_by_role("navigation", name="Administration").get_by_role("link")).to_have_count(3)
    expect(theirs.get_by_role("heading", level=2)).to_have_text("Overview")

    expect(page.get_by_label("Administrator: look at your pictures")).to_have_count(0)  # nobody changes that one
    page.get_by_role("button", name="Delete: stylists").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_text(re.compile("users have this role")).first).to_be_visible()

    page.goto("/admin#audit")
    entry = row(page, "Changed a role").filter(has_text="stylists").first
    expect(entry).to_contain_text("May now: read the figures of this server")
    expect(entry).to_contain_text("May no longer: look at your pictures")
    expect(entry).to_contain_text(ADMIN)


def test_somebodys_task_is_stopped_and_tried_again(house: House, open_as: OpenPage, photos: dict[str, Path]) -> None:
    house.add("worker")
    with house.ask("worker") as worker:
        task = long_task(worker, photos)
        page = open_as(ADMIN, "/admin#tasks")
        page.get_by_label("Whose").fill("worker")
        line = row(page, "worker")
        expect(line).to_have_count(1)
        expect(line.get_by_role("progressbar")).to_be_visible()
        expect(line).to_contain_text(re.compile(r"step \d+ of"))  # live: nobody has loaded the page again
        line.get_by_role("button", name=re.compile("^Cancel: Fitting, worker")).click()
        expect(line).to_contain_text("Cancelled")
        assert worker.get(f"/api/v1/tasks/{task}").json()["status"] == "cancelled"
        line.get_by_role("button", name=re.compile("^Try again: Fitting, worker")).click()
        expect(line.get_by_role("button", name=re.compile("^Cancel"))).to_be_visible()
        assert worker.get(f"/api/v1/tasks/{task}").json()["status"] in {"queued", "running"}
        worker.post(f"/api/v1/tasks/{task}/cancel").raise_for_status()
        expect(line).to_contain_text("Cancelled")  # by itself
    page.goto("/admin#audit")
    expect(row(page, "Stopped somebody's task").first).to_contain_text(ADMIN)
    expect(row(page, "Tried somebody's task again").first).to_be_visible()


@pytest.mark.deep
def test_what_the_server_refuses_is_told_in_its_own_words(house: House, open_as: OpenPage) -> None:
    page = open_as(ADMIN, "/admin#users")
    page.get_by_label("Name or e-mail").fill(ADMIN)
    expect(row(page, "last seen")).to_have_count(1)
    expect(row(page, ADMIN)).to_contain_text("you")
    page.get_by_role("button", name=f"Change: {ADMIN}").click()
    form = page.get_by_role("dialog", name=f"Change: {ADMIN}")
    form.get_by_label("Role").select_option(label="Viewer")
    form.get_by_role("button", name="Save").click()
    expect(form.get_by_role("alert").filter(has_text="this is the last administrator")).to_be_visible()
    form.get_by_role("button", name="Cancel").click()

    with house.ask(ADMIN) as admin:
        body = {"name": "helpers", "permissions": ["account:manage", "users:manage"]}
        admin.post("/api/v1/admin/roles", json=body).raise_for_status()
    house.add("helper", "helpers")
    page = open_as("helper", "/admin")
    expect(page.get_by_role("navigation", name="Administration").get_by_role("link")).to_have_text(["Users"])
    page.get_by_role("button", name=f"More: {ADMIN}").click()
    page.get_by_role("menuitem", name="Link for a new password").click()
    asked = page.get_by_role("dialog", name=f"New password: {ADMIN}")
    asked.get_by_role("button", name="Make the link").click()
    expect(asked.get_by_role("alert").get_by_text(re.compile("not allow|permission|may not")).first).to_be_visible()

    with house.ask(ADMIN) as admin:
        edited = admin.put("/api/v1/admin/roles/helpers", json={"permissions": ["account:manage"]})
        edited.raise_for_status()
    page.get_by_role("button", name="Close").first.click()
    page.get_by_label("Name or e-mail").fill("somebody")
    expect(page.get_by_role("heading", name="This part is for administrators")).to_be_visible()


@pytest.mark.deep
def test_many_accounts_are_found_and_go_on(house: House, open_as: OpenPage) -> None:
    with house.ask(ADMIN) as admin:
        for number in range(60):
            body = {"username": f"crowd-{number:02}", "password": None, "role": "viewer"}
            admin.post("/api/v1/admin/users", json=body).raise_for_status()
    page = open_as(ADMIN, "/admin#users")
    page.get_by_label("Name or e-mail").fill("crowd-")
    expect(page.get_by_text("60 accounts")).to_be_visible()
    page.get_by_label("Order").select_option(label="By name")
    expect(row(page, "crowd-").first).to_contain_text("crowd-00")
    row(page, "crowd-").last.scroll_into_view_if_needed()
    expect(row(page, "crowd-")).to_have_count(60)
    expect(row(page, "crowd-").last).to_contain_text("crowd-59")
    page.get_by_label("Role", exact=True).select_option(label="Editor")
    expect(page.get_by_text("No account is like that.")).to_be_visible()
    page.get_by_label("Role", exact=True).select_option(label="Viewer")
    page.get_by_label("State").select_option(label="Disabled")
    expect(page.get_by_text("No account is like that.")).to_be_visible()
    page.get_by_label("State").select_option(label="In use")
    expect(page.get_by_text("60 accounts")).to_be_visible()


@pytest.mark.deep
def test_the_log_is_narrowed_down_and_taken_along(house: House, open_as: OpenPage) -> None:
    culprit = house.add("culprit")
    with house.ask("culprit") as client:
        client.patch("/api/v1/users/me", json={"language": "en"}).raise_for_status()
    with httpx.Client(base_url=house.site.address, trust_env=False, timeout=PATIENCE) as stranger:
        wrong = stranger.post("/api/login", json={"username": "culprit", "password": "=cmd()"})
        assert wrong.status_code == 401
    page = open_as(ADMIN, "/admin#users")
    page.get_by_role("button", name="More: culprit").click()
    page.get_by_role("menuitem", name="What they did").click()
    expect(page).to_have_url(re.compile(rf"who={culprit}#audit$"))
    expect(page.get_by_label("Who", exact=True)).to_have_value("culprit")
    expect(row(page, "culprit")).to_have_count(2)
    expect(row(page, "Changed an account")).to_contain_text("Changed: language")
    page.get_by_label("What was done").select_option(label="Signing in")
    expect(row(page, "culprit")).to_have_count(1)

    page.get_by_label("Who", exact=True).fill("")
    page.get_by_label("To whom or what").fill("culprit")
    failed = row(page, "Could not sign in")
    expect(failed).to_contain_text("Reason: wrong password")
    failed.locator("summary").click()
    expect(failed.get_by_text(culprit)).to_be_visible()
    expect(failed.get_by_text("127.0.0.1")).to_be_visible()
    shown = row(page, "culprit").count()
    with page.expect_download() as download:
        page.get_by_role("button", name=f"CSV of these {shown}").click()
    assert download.value.suggested_filename == "vtonlab-audit.csv"
    table = list(csv.reader(download.value.path().read_text("utf-8-sig").splitlines()))
    assert table[0][:4] == ["Time", "Who", "Action", "Target"]
    assert len(table) == shown + 1
    assert {line[3] for line in table[1:]} == {"culprit"}
    assert "auth.sign_in_failed" in {line[2] for line in table[1:]}

    page.get_by_label("From").fill("2001-01-01")
    expect(row(page, "culprit").first).to_be_visible()
    page.get_by_label("To", exact=True).fill("2001-12-31")
    expect(page.get_by_text("There is no such entry.")).to_be_visible()


@pytest.mark.deep
def test_figures_engines_and_storage_are_told(house: House, open_as: OpenPage, photos: dict[str, Path]) -> None:
    house.add("keeper")
    with house.ask("keeper") as keeper:
        task = long_task(keeper, photos)
        page = open_as(ADMIN, "/admin")
        expect(page.get_by_role("heading", level=2)).to_have_text("Overview")
        expect(row(page, "Sandbox")).to_contain_text(re.compile(r"[1-9]\d* running"))
        chart = page.get_by_role("table", name="Tasks that ended, by day")
        expect(chart.get_by_role("row")).to_have_count(15)
        expect(page.get_by_role("table", name="US dollars by day").get_by_role("row")).to_have_count(15)
        expect(chart.get_by_role("columnheader")).to_have_text(["Day", "Done", "Did not work", "Cancelled"])
        stopped = chart.get_by_role("row").last.get_by_role("cell").last
        before = int(stopped.text_content() or "")
        keeper.post(f"/api/v1/tasks/{task}/cancel").raise_for_status()
        expect(stopped).to_have_text(str(before + 1))  # by itself
    links = page.get_by_role("navigation", name="Administration")
    links.get_by_role("link", name="Engines and queue").click()
    expect(row(page, "Sandbox (a placeholder, no fitting)")).to_contain_text("Ready")
    expect(page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="Sandbox"))).to_be_visible()
    links.get_by_role("link", name="Storage").click()
    expect(row(page, "keeper")).to_contain_text("2 pictures")
    expect(row(page, "People")).to_contain_text("kB")


@pytest.mark.deep
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_section_has_an_address_and_nothing_that_axe_finds(
    open_as: OpenPage, check_axe: CheckAxe, theme: str
) -> None:
    page = open_as(ADMIN, "/admin", theme=theme)
    listed = page.get_by_role("navigation", name="Administration").get_by_role("link")
    expect(listed).to_have_count(len(SECTIONS))
    for number, section in enumerate(SECTIONS):
        listed.nth(number).click()
        expect(page).to_have_url(re.compile(f"/admin#{section}$"))
        expect(listed.nth(number)).to_have_attribute("aria-current", "true")
        expect(page.get_by_role("heading", level=2)).to_be_focused()
        expect(page.get_by_role("heading", level=3).first).to_be_visible()
        expect(page.get_by_role("main").get_by_role("alert")).to_have_count(0)
        check_axe(page)
    page.goto("/admin#users")
    page.get_by_label("Name or e-mail").fill(ADMIN)
    for name in ("Make an account", f"Change: {ADMIN}"):
        page.get_by_role("button", name=name).click()
        expect(page.get_by_role("dialog", name=name)).to_be_visible()
        check_axe(page)
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)


@pytest.mark.deep
def test_on_phones_the_list_comes_first(open_as: OpenPage, check_axe: CheckAxe) -> None:
    page = open_as(ADMIN, "/admin", language="zh-CN", theme="dark", width=360, height=740, touch=True)
    expect(page.get_by_role("heading", level=1, name="管理")).to_be_visible()
    check_axe(page)
    for name in ("概览", "用户", "角色", "任务", "操作日志", "引擎与队列", "存储"):
        page.get_by_role("navigation", name="管理").get_by_role("link", name=name).click()
        expect(page.get_by_role("heading", level=2, name=name)).to_be_focused()
        expect(page.get_by_role("heading", level=3).first).to_be_visible()
        expect(page.locator("main [role=progressbar]:not([aria-valuenow])")).to_have_count(0)
        assert not is_too_wide(page), name
        page.get_by_role("main").get_by_role("link", name="管理").click()
    page.get_by_role("link", name="角色").click()
    page.get_by_label("角色", exact=True).select_option(label="查看者")
    page.get_by_label("查看者: 生成新图片").check()
    page.get_by_role("button", name="放弃更改：查看者").click()
    expect(page.get_by_label("查看者: 生成新图片")).not_to_be_checked()
