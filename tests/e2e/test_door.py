"""The links that the server prints, opened in a browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from tests.live import serve

pytestmark = pytest.mark.browser


def test_the_printed_link_makes_the_first_administrator(browser: Browser, tmp_path: Path) -> None:
    with serve("--mode", "server", data=str(tmp_path)) as server:
        page = browser.new_context(locale="en-GB").new_page()
        page.goto(f"{server.address}/login?setup={server.setup}")
        page.wait_for_selector("html[data-ready]")
        expect(page.locator("h1")).to_have_text("Make the first administrator")
        page.get_by_label("Name").fill("boss")
        page.get_by_label("Password").fill("short1")
        page.click("#send")
        expect(page.locator("#failure")).to_contain_text("10")
        page.get_by_label("Password").fill("correct horse battery")
        page.click("#send")
        page.wait_for_url(f"{server.address}/")
        me = page.request.get(f"{server.address}/api/v1/users/me").json()
        assert (me["username"], me["role"]) == ("boss", "admin")

        again = browser.new_context(locale="zh-CN").new_page()
        again.goto(f"{server.address}/login?setup={server.setup}")
        again.get_by_label("用户名").fill("thief")
        again.get_by_label("密码").fill("correct horse battery")
        again.click("#send")
        expect(again.locator("#failure")).to_contain_text("登录已失效")

        again.goto(f"{server.address}/login")
        again.get_by_label("用户名").fill("boss")
        again.get_by_label("密码").fill("correct horse battery")
        again.click("#send")
        again.wait_for_url(f"{server.address}/")
        assert again.request.get(f"{server.address}/api/auth/check").json()["authenticated"] is True
        for one in (page, again):
            one.context.close()
