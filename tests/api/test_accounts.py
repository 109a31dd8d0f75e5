"""Accounts over HTTP: both interfaces, as clients and pages meet them."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from pathlib import Path

import httpx
import pytest
from tests.api.house import PASSWORD, House, make_photo, open_house, upload

pytestmark = pytest.mark.anyio

V1 = "/api/v1"
JSON = {"Content-Type": "application/json"}


def cookie_of(answer: httpx.Response) -> str:
    return answer.headers["set-cookie"]


class TestWardrobe:
    """What older clients send and read (clients.md)."""

    async def test_the_life_of_an_older_script(self, server_house: House) -> None:
        client = await server_house.visitor()
        name = "testuser_12345678901234"
        wanted = {"username": name, "email": f"{name}@example.com", "password": "testpass123"}
        made = await client.post("/api/register", json=wanted)
        assert made.status_code == 200
        assert made.json()["success"] is True
        assert made.json()["message"] == "注册成功，请登录"
        assert "set-cookie" not in made.headers
        assert (await client.get("/api/auth/check", headers=JSON)).json() == {"authenticated": False}
        entered = await client.post(
            "/api/login", json={"username": name, "password": "testpass123", "remember_me": True}
        )
        assert entered.status_code == 200
        user = {"user_id": made.json()["user_id"], "username": name, "email": wanted["email"]}
        assert entered.json() == {"success": True, "user": user, "message": "登录成功"}
        for part in ("HttpOnly", "SameSite=lax", "Path=/", "Max-Age=604800"):
            assert part in cookie_of(entered)
        assert "Secure" not in cookie_of(entered)
        check = (await client.get("/api/auth/check", headers=JSON)).json()
        assert check["authenticated"] is True
        assert set(check["user"]) == {"user_id", "username", "email", "created_at", "last_login", "cloud_sync_enabled"}
        assert (await upload(client)).status_code == 200
        profile = await client.get("/api/user/profile", headers=JSON | {"Cache-Control": "no-cache"})
        assert profile.status_code == 200
        assert profile.json()["user"] == check["user"] | {"image_count": 1}
        left = await client.post("/api/logout", headers=JSON, content=b"")
        assert (left.status_code, left.json()) == (200, {"success": True, "message": "已退出登录"})
        assert "Max-Age=0" in cookie_of(left)
        assert (await client.get("/api/auth/check")).json() == {"authenticated": False}

    async def test_a_page_that_was_signed_out_reads_the_word(self, server_house: House) -> None:
        client = await server_house.visitor()
        for language in ("zh", "en"):
            for method, path in (("GET", "/api/user/profile"), ("POST", "/api/logout")):
                answer = await client.request(method, path, headers={"Accept-Language": language})
                assert answer.status_code == 401
                assert answer.json()["success"] is False
                assert "登录" in answer.json()["error"]
            wrong = await client.post(
                "/api/login", json={"username": "nobody", "password": "wrong"}, headers={"Accept-Language": language}
            )
            assert wrong.status_code == 401
            assert "登录" in wrong.json()["error"]

    async def test_what_clients_leave_out_or_send_too_much_of(self, server_house: House) -> None:
        client = await server_house.visitor()
        wanted = {"username": "王小明", "email": None, "password": "secret", "confirm": "secret", "extra": {"a": [1]}}
        assert (await client.post("/api/register", json=wanted)).status_code == 200
        entering = {"username": "王小明", "password": "secret", "remember_me": None, "timestamp": 1}
        entered = await client.post("/api/login", json=entering)
        assert entered.status_code == 200
        assert entered.json()["user"]["email"] is None
        assert "Max-Age" not in cookie_of(entered)

    async def test_what_is_not_taken(self, server_house: House) -> None:
        await server_house.person("mei")
        client = await server_house.visitor()
        refused: list[tuple[object, int, str]] = [
            ({"username": "mei", "email": "else@lab.example", "password": "secret"}, 409, "name_taken"),
            ({"username": "ＭＥＩ", "email": "else@lab.example", "password": "secret"}, 409, "name_taken"),
            ({"username": "other", "email": "MEI@lab.example", "password": "secret"}, 409, "name_taken"),
            ({"username": "ab", "password": "secret"}, 400, "bad_detail"),
            ({"username": "x" * 33, "password": "secret"}, 400, "bad_detail"),
            ({"username": "other", "password": "five5"}, 400, "bad_detail"),
            ({"username": "other", "password": "x" * 1025}, 400, "bad_request"),
            ({"username": "other", "email": "nowhere", "password": "secret"}, 400, "bad_detail"),
            ({"username": "other"}, 400, "bad_request"),
            ({"username": None, "password": "secret"}, 400, "bad_request"),
            ({"username": ["a"], "password": {"a": 1}}, 400, "bad_request"),
            ([], 400, "bad_request"),
        ]
        for wanted, status, code in refused:
            answer = await client.post("/api/register", json=wanted)
            assert (answer.status_code, answer.json()["code"]) == (status, code), wanted
            assert answer.json()["success"] is False
            assert "secret" not in answer.text

    async def test_what_is_wrong_is_told_of_its_field(self, server_house: House) -> None:
        client = await server_house.visitor(Accept_Language="en")
        short = await client.post("/api/register", json={"username": "ab", "password": "secret"})
        (fault,) = short.json()["errors"]
        assert fault["field"] == "username"
        assert fault["reason"].startswith("a user name has 3")
        answer = await client.post("/api/register", json={"username": "other", "password": "five5"})
        assert [fault["field"] for fault in answer.json()["errors"]] == ["password"]

    async def test_languages(self, server_house: House) -> None:
        client = await server_house.visitor()
        entering = {"username": "nobody", "password": "wrong"}
        english = await client.post("/api/login", json=entering, headers={"Accept-Language": "en"})
        assert "not right" in english.json()["error"]

    async def test_too_many_attempts_say_when_to_come_back(self, tmp_path: Path) -> None:
        async with open_house(tmp_path, mode="server", sign_in_rate="3/minute") as house:
            client = await house.visitor()
            entering = {"username": "nobody", "password": "wrong"}
            answers = [await client.post("/api/login", json=entering) for _ in range(4)]
            assert [answer.status_code for answer in answers] == [401, 401, 401, 429]
            assert 1 <= int(answers[3].headers["retry-after"]) <= 120
            form = {"username": "nobody", "password": "wrong"}
            assert (await client.post(f"{V1}/auth/token", data=form)).status_code == 429  # the same guesses

    async def test_guests_take_their_pictures_along(self, server_house: House) -> None:
        await server_house.person("mei")
        guest = await server_house.guest()
        assert (await guest.get("/api/images")).json()["total"] == 1
        assert (await guest.get("/api/auth/check")).json() == {"authenticated": False}
        before = guest.cookies["vtonlab_session"]
        entered = await guest.post("/api/login", json={"username": "mei", "password": PASSWORD})
        assert entered.status_code == 200
        assert guest.cookies["vtonlab_session"] != before
        images = (await guest.get("/api/images")).json()
        assert images["total"] == 1
        assert (await guest.get(images["images"][0]["preview_url"])).status_code == 200
        assert (await guest.get(images["images"][0]["thumbnail_url"])).status_code == 200
        assert (await guest.get("/api/user/profile")).json()["user"]["image_count"] == 1

    async def test_a_guest_who_registers_then_signs_in(self, server_house: House) -> None:
        guest = await server_house.guest()
        assert (await guest.post("/api/register", json={"username": "ana", "password": "secret"})).status_code == 200
        assert (await guest.get("/api/images")).json()["total"] == 0  # the guest is gone
        await guest.post("/api/login", json={"username": "ana", "password": "secret"})
        assert (await guest.get("/api/images")).json()["total"] == 1


class TestHome:
    """Local mode."""

    async def test_our_page_signs_in_by_itself_and_nobody_else_does(self, local_house: House) -> None:
        client = await local_house.visitor()
        path = f"{V1}/auth/local"
        for headers in (
            {},
            {"Origin": "http://evil.example"},
            {"Origin": "http://localhost:9"},
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "none"},
            {"Origin": "chrome-extension://abc"},
        ):
            assert (await client.post(path, headers=headers)).status_code == 403
        assert (await client.get("/api/user/profile")).status_code == 401
        entered = await client.post(path, headers={"Origin": "http://localhost"})
        assert entered.status_code == 200
        assert entered.json()["user"]["kind"] == "default"
        assert (await client.get("/api/user/profile")).status_code == 200
        again = await client.post(path, headers={"Sec-Fetch-Site": "same-origin"})
        assert again.status_code == 200
        assert "set-cookie" not in again.headers  # the session it has is good
        me = (await client.get(f"{V1}/users/me")).json()
        assert me["role"] == "admin"
        assert me["username"].startswith("default-user-")

    async def test_what_strangers_save_at_home_is_the_machines_users(self, local_house: House) -> None:
        program = await local_house.visitor()
        assert (await upload(program)).status_code == 200
        assert "vtonlab_session" not in program.cookies
        boss = await local_house.admin()
        assert (await boss.client.get("/api/user/profile")).json()["user"]["image_count"] == 1
        assert (await program.get(f"{V1}/users/me")).status_code == 401

    async def test_accounts_can_be_made_at_home(self, local_house: House) -> None:
        mei = await local_house.person("mei")
        assert (await mei.client.get(f"{V1}/users/me")).json()["username"] == "mei"
        left = await mei.client.post("/api/logout")
        assert left.status_code == 200

    async def test_not_in_server_mode(self, server_house: House) -> None:
        client = await server_house.visitor()
        answer = await client.post(f"{V1}/auth/local", headers={"Origin": "http://localhost"})
        assert answer.status_code == 404

    async def test_emptied_it_begins_anew(self, local_house: House) -> None:
        boss = await local_house.admin()
        await upload(boss.client)
        kept = [path for path in (local_house.data / "images").rglob("*") if path.is_file()]
        assert len(kept) == 3
        refused = await boss.client.request("DELETE", f"{V1}/users/me", json={"confirm": "no"})
        assert refused.status_code == 422
        deleted = await boss.client.request("DELETE", f"{V1}/users/me", json={"confirm": boss.name})
        assert deleted.status_code == 200
        assert deleted.json()["deleted"]["library"]["images"] == 1
        assert [path for path in (local_house.data / "images").rglob("*") if path.is_file()] == []
        stranger = await local_house.visitor()
        assert (await stranger.get("/api/images")).json()["total"] == 0
        entered = await stranger.post(f"{V1}/auth/local", headers={"Origin": "http://localhost"})
        assert entered.json()["user"]["user_id"] != boss.user_id


class TestTokens:
    """Programs."""

    async def test_an_oauth_client(self, server_house: House) -> None:
        await server_house.person("mei")
        client = await server_house.visitor()
        form = {"grant_type": "password", "username": "mei", "password": PASSWORD, "client_id": "x", "scope": ""}
        made = await client.post(f"{V1}/auth/token", data=form)
        assert made.status_code == 200
        assert made.headers["cache-control"] == "no-store"
        pair = made.json()
        assert set(pair) == {"access_token", "token_type", "expires_in", "refresh_token"}
        assert (pair["token_type"], pair["expires_in"]) == ("bearer", 900)
        bearer = {"Authorization": f"Bearer {pair['access_token']}"}
        assert (await client.get(f"{V1}/users/me", headers=bearer)).json()["username"] == "mei"
        following = await client.post(f"{V1}/auth/refresh", json={"refresh_token": pair["refresh_token"]})
        assert following.status_code == 200
        twice = await asyncio.gather(
            *(client.post(f"{V1}/auth/refresh", json={"refresh_token": pair["refresh_token"]}) for _ in range(3))
        )
        assert {answer.json()["refresh_token"] for answer in twice} == {following.json()["refresh_token"]}
        assert (
            await client.post(f"{V1}/auth/revoke", json={"refresh_token": pair["refresh_token"]})
        ).status_code == 204
        dead = await client.post(f"{V1}/auth/refresh", json={"refresh_token": following.json()["refresh_token"]})
        assert (dead.status_code, dead.json()["code"]) == (401, "token_not_valid")
        assert dead.headers["content-type"] == "application/problem+json"
        assert (await client.get(f"{V1}/users/me", headers=bearer)).status_code == 401
        # A token that ran out in the headers does not keep anybody from getting the next one.
        assert (await client.post(f"{V1}/auth/token", data=form, headers=bearer)).status_code == 200

    async def test_an_extensions_token(self, server_house: House) -> None:
        mei = await server_house.person("mei")
        wanted: dict[str, object] = {"name": "Extension", "scopes": ["images:upload"], "expires_in_days": 30}
        made = await mei.client.post(f"{V1}/auth/api-tokens", json=wanted)
        assert made.status_code == 201
        text = made.json()["token"]
        assert text.startswith(made.json()["prefix"])
        program = await server_house.visitor(Authorization=f"Bearer {text}", Origin="chrome-extension://abcdef")
        assert (await upload(program)).status_code == 200
        beyond = await program.get(f"{V1}/library/images")
        assert (beyond.status_code, beyond.json()["code"]) == (403, "not_allowed")
        assert beyond.json()["detail"] == "This token may not do this (images:read)."
        assert (await program.post(f"{V1}/auth/api-tokens", json=wanted)).status_code == 403
        listed = (await mei.client.get(f"{V1}/auth/api-tokens")).json()["items"]
        assert [set(token) for token in listed] == [
            {"id", "name", "scopes", "prefix", "created_at", "last_used_at", "expires_at"}
        ]
        assert listed[0]["last_used_at"] is not None
        refused = await mei.client.post(f"{V1}/auth/api-tokens", json=wanted | {"scopes": ["users:manage"]})
        assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed")
        mistakes: list[dict[str, object]] = [{"scopes": []}, {"scopes": ["else"]}, {"name": ""}, {"more": 1}]
        mistakes += [{"expires_in_days": 0}, {"expires_in_days": 10_000}]
        for wrong in mistakes:
            assert (await mei.client.post(f"{V1}/auth/api-tokens", json=wanted | wrong)).status_code == 422
        ana = await server_house.person("ana")
        path = f"{V1}/auth/api-tokens/{listed[0]['id']}"
        assert (await ana.client.delete(path)).status_code == 404
        assert (await mei.client.delete(path)).status_code == 204
        assert (await upload(program)).status_code == 401

    async def test_what_is_no_token(self, server_house: House) -> None:
        for bearer in ("nonsense", "a.b.c", "vtl_x", "vtl_" + "x" * 43, "x" * 6000):
            client = await server_house.visitor(Authorization=f"Bearer {bearer}")
            for path in (f"{V1}/users/me", "/api/images", "/api/auth/check"):
                assert (await client.get(path)).status_code == 401
        empty = await server_house.visitor(Authorization="Bearer ")
        assert (await empty.get("/api/images")).status_code == 200  # a guest


class TestOwnAccount:
    """Sessions, password, profile, export, deletion."""

    async def test_sessions_are_listed_and_ended(self, server_house: House) -> None:
        mei = await server_house.person("mei")
        other = await server_house.visitor(
            User_Agent="Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
        )
        await other.post("/api/login", json={"username": "mei", "password": PASSWORD, "remember_me": True})
        listed = (await mei.client.get(f"{V1}/auth/sessions")).json()["items"]
        assert [(one["device"], one["is_current"], one["is_remembered"]) for one in listed] == [
            ("Firefox · Windows", False, True),
            ("python-httpx", True, False),
        ]
        assert (await mei.client.delete(f"{V1}/auth/sessions/{listed[0]['session_id']}")).status_code == 204
        assert (await other.get("/api/user/profile")).status_code == 401
        assert (await mei.client.delete(f"{V1}/auth/sessions")).json() == {"ended": 0}
        assert (await mei.client.delete(f"{V1}/auth/sessions/{listed[1]['session_id']}")).status_code == 204
        assert (await mei.client.get("/api/user/profile")).status_code == 401

    async def test_a_remembered_cookie_is_given_anew_while_it_is_used(self, server_house: House) -> None:
        await server_house.person("mei")
        client = await server_house.visitor()
        await client.post("/api/login", json={"username": "mei", "password": PASSWORD, "remember_me": True})
        for path in ("/api/auth/check", "/api/user/profile", f"{V1}/users/me"):
            assert "Max-Age=604800" in cookie_of(await client.get(path))
        mei = await server_house.person("mei")
        for path in ("/api/auth/check", "/api/user/profile", f"{V1}/users/me"):
            assert "set-cookie" not in (await mei.client.get(path)).headers

    async def test_changing_the_password(self, server_house: House) -> None:
        mei = await server_house.person("mei")
        program = await server_house.program(mei)
        path = f"{V1}/auth/password"
        wrong = await mei.client.post(path, json={"current_password": "wrong", "new_password": "another horse"})
        assert (wrong.status_code, wrong.json()["code"]) == (401, "wrong_password")
        short = await mei.client.post(path, json={"current_password": PASSWORD, "new_password": "short"})
        assert short.status_code == 422
        done = await mei.client.post(path, json={"current_password": PASSWORD, "new_password": "another horse"})
        assert done.json() == {"ended": 1}
        assert (await program.get(f"{V1}/users/me")).status_code == 401
        assert (await mei.client.get(f"{V1}/users/me")).status_code == 200
        script = await server_house.token(mei, "account:manage")
        again = await script.post(path, json={"current_password": "another horse", "new_password": "third horse!"})
        assert again.status_code == 403

    async def test_the_profile(self, server_house: House) -> None:
        mei = await server_house.person("mei")
        await upload(mei.client)
        edited = await mei.client.patch(f"{V1}/users/me", json={"language": "zh-CN", "email": "new@lab.example"})
        assert edited.status_code == 200
        me = (await mei.client.get(f"{V1}/users/me")).json()
        assert me == edited.json()
        assert (me["language"], me["email"], me["role"], me["quota"]) == ("zh-CN", "new@lab.example", "editor", 0)
        assert me["usage"]["images"] == 1
        assert me["usage"]["bytes"] > 0
        assert "images:manage" in me["permissions"]
        for wrong in ({"email": "nowhere"}, {"language": "fr"}, {"role": "admin"}, {"quota_bytes": 0}):
            assert (await mei.client.patch(f"{V1}/users/me", json=wrong)).status_code == 422
        boss = await server_house.admin()
        taken = await mei.client.patch(f"{V1}/users/me", json={"email": "BOSS@lab.example"})
        assert taken.status_code == 409
        assert boss.name == "boss"
        guest = await server_house.guest()
        me = (await guest.get(f"{V1}/users/me")).json()
        assert (me["kind"], me["usage"]["images"], me["quota"]) == ("guest", 1, 200_000_000)
        assert (await (await server_house.visitor()).get(f"{V1}/users/me")).status_code == 401

    async def test_the_export_holds_every_picture(self, server_house: House) -> None:
        mei = await server_house.person("mei")
        for seed in range(3):
            await upload(mei.client, make_photo(seed))
        answer = await mei.client.get(f"{V1}/users/me/export")
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/zip"
        with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
            assert archive.testzip() is None
            names = archive.namelist()
            account = json.loads(archive.read("account.json"))
        assert account["account"]["username"] == "mei"
        assert sum(name.endswith((".png", ".jpg")) for name in names) >= 3
        assert PASSWORD not in answer.text

    async def test_deletion_deletes_every_byte(self, server_house: House) -> None:
        mei = await server_house.person("mei")
        ana = await server_house.person("ana")
        await upload(mei.client)
        await upload(ana.client)
        folder = server_house.data / "images"
        assert (folder / mei.user_id).exists()
        wrong = await mei.client.request("DELETE", f"{V1}/users/me", json={"password": "wrong"})
        assert wrong.status_code == 401
        deleted = await mei.client.request("DELETE", f"{V1}/users/me", json={"password": PASSWORD})
        assert deleted.status_code == 200
        assert deleted.json()["deleted"]["library"]["images"] == 1
        assert "Max-Age=0" in cookie_of(deleted)
        assert [path for path in (folder / mei.user_id).rglob("*") if path.is_file()] == []
        assert [path for path in (folder / ana.user_id).rglob("*") if path.is_file()]
        assert (await mei.client.get("/api/user/profile")).status_code == 401

    async def test_a_guest_can_leave_too(self, server_house: House) -> None:
        guest = await server_house.guest()
        me = (await guest.get(f"{V1}/users/me")).json()
        deleted = await guest.request("DELETE", f"{V1}/users/me", json={"confirm": me["username"]})
        assert deleted.status_code == 200
        assert not [path for path in (server_house.data / "images").rglob("*") if path.is_file()]


class TestAdministration:
    """Users, roles, links, the log."""

    async def test_users(self, server_house: House) -> None:
        boss = (await server_house.admin()).client
        made = await boss.post(f"{V1}/admin/users", json={"username": "Ana", "role": "viewer"})
        assert made.status_code == 201
        user_id, link = made.json()["user_id"], made.json()["setup_path"]
        assert made.json()["has_password"] is False
        visitor = await server_house.visitor()
        wanted = {"token": link.partition("reset=")[2], "password": "a long password"}
        entered = await visitor.post(f"{V1}/auth/setup", json=wanted)
        assert entered.status_code == 200
        assert entered.json()["user"]["username"] == "Ana"
        assert (await visitor.post(f"{V1}/auth/setup", json=wanted)).status_code == 401
        path = f"{V1}/admin/users/{user_id}"
        edited = await boss.patch(path, json={"role": "editor", "quota_bytes": 1000})
        assert (edited.json()["role"], edited.json()["quota"]) == ("editor", 1000)
        assert (await visitor.get(f"{V1}/users/me")).json()["role"] == "editor"
        assert (await boss.patch(path, json={"is_active": False})).json()["is_active"] is False
        assert (await visitor.get(f"{V1}/users/me")).status_code == 401
        listed = (await boss.get(f"{V1}/admin/users", params={"q": "AN", "kind": "person"})).json()
        assert set(listed) == {"items", "total", "page", "page_size", "next_cursor"}
        assert [user["username"] for user in listed["items"]] == ["Ana"]
        assert (await boss.delete(path)).json()["deleted"]["accounts"]["accounts"] == 1
        for gone in (path, f"{V1}/admin/users/没有"):
            assert (await boss.get(gone)).status_code == 404
            assert (await boss.delete(gone)).status_code == 404
            assert (await boss.patch(gone, json={"role": "editor"})).status_code == 404
            assert (await boss.post(f"{gone}/reset-link")).status_code == 404

    async def test_the_last_administrator_stays(self, server_house: House) -> None:
        boss = await server_house.admin()
        path = f"{V1}/admin/users/{boss.user_id}"
        for answer in (
            await boss.client.patch(path, json={"role": "editor"}),
            await boss.client.patch(path, json={"is_active": False}),
            await boss.client.delete(path),
            await boss.client.request("DELETE", f"{V1}/users/me", json={"password": PASSWORD}),
        ):
            assert (answer.status_code, answer.json()["code"]) == (409, "conflict")

    async def test_a_reset_link(self, server_house: House) -> None:
        boss, mei = (await server_house.admin()).client, await server_house.person("mei")
        made = await boss.post(f"{V1}/admin/users/{mei.user_id}/reset-link")
        assert made.status_code == 201
        wanted = {"token": made.json()["path"].partition("reset=")[2], "password": "another horse"}
        visitor = await server_house.visitor()
        assert (await visitor.post(f"{V1}/auth/setup", json=wanted)).status_code == 200
        assert (await mei.client.get(f"{V1}/users/me")).status_code == 401

    async def test_roles(self, server_house: House) -> None:
        boss = (await server_house.admin()).client
        listed = (await boss.get(f"{V1}/admin/roles")).json()
        assert {role["name"] for role in listed["items"]} == {"admin", "editor", "viewer", "guest"}
        assert "audit:read" in listed["permissions"]
        made = await boss.post(f"{V1}/admin/roles", json={"name": "auditor", "permissions": ["audit:read"]})
        assert made.status_code == 201
        eve = await server_house.person("eve", role="auditor")
        assert (await eve.client.get(f"{V1}/admin/audit")).status_code == 200
        assert (await eve.client.get(f"{V1}/admin/users")).status_code == 403
        await boss.put(f"{V1}/admin/roles/auditor", json={"permissions": []})
        assert (await eve.client.get(f"{V1}/admin/audit")).status_code == 403
        assert (await boss.delete(f"{V1}/admin/roles/auditor")).status_code == 409
        assert (await boss.put(f"{V1}/admin/roles/admin", json={"permissions": []})).status_code == 409
        assert (await boss.put(f"{V1}/admin/roles/none", json={"permissions": []})).status_code == 404
        wrong = await boss.post(f"{V1}/admin/roles", json={"name": "x y", "permissions": ["audit:read"]})
        assert wrong.status_code == 422

    async def test_the_log(self, server_house: House) -> None:
        boss, mei = (await server_house.admin()).client, await server_house.person("mei")
        await mei.client.post("/api/login", json={"username": "mei", "password": "a wrong password"})
        page = (await boss.get(f"{V1}/admin/audit", params={"about": mei.user_id, "page_size": 2})).json()
        assert [entry["action"] for entry in page["items"]] == ["auth.sign_in_failed", "auth.sign_in"]
        assert page["total"] == 3
        rest = (
            await boss.get(
                f"{V1}/admin/audit", params={"about": mei.user_id, "page_size": 2, "cursor": page["next_cursor"]}
            )
        ).json()
        assert [entry["action"] for entry in rest["items"]] == ["users.create"]
        assert rest["next_cursor"] is None
        everything = (await boss.get(f"{V1}/admin/audit", params={"page_size": 1000})).text
        for secret in (PASSWORD, "a wrong password", mei.client.cookies["vtonlab_session"]):
            assert secret not in everything
        for wrong in ({"cursor": "x"}, {"page": 0}, {"since": "yesterday"}, {"until": "0001-01-01T00:00:00+14:00"}):
            assert (await boss.get(f"{V1}/admin/audit", params=wrong)).status_code == 422
        later = (await boss.get(f"{V1}/admin/audit", params={"since": "2100-01-01T00:00:00"})).json()
        assert later["total"] == 0
        assert (await mei.client.get(f"{V1}/admin/audit")).status_code == 403

    async def test_registering_can_be_switched_off(self, tmp_path: Path) -> None:
        async with open_house(tmp_path, mode="server", registration=False) as house:
            client = await house.visitor()
            refused = await client.post("/api/register", json={"username": "mei", "password": "secret"})
            assert refused.status_code == 403
            assert await house.person("mei")
