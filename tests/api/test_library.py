"""Browsing, favourites and the trash over HTTP: both interfaces, as older pages and programs meet them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncSession
from tests.api.house import House, make_photo, upload

pytestmark = pytest.mark.anyio

V1 = "/api/v1/library"
JSON = {"Content-Type": "application/json"}
ENGLISH = {"Accept-Language": "en"}
IMAGE = {
    "id", "user_id", "filename", "original_url", "page_url", "page_title", "saved_at", "file_size", "image_width",
    "image_height", "context_info", "status", "cloud_synced", "category", "is_favorited", "preview_url",
    "thumbnail_url", "thumbhash",
}  # fmt: skip


async def keep(client: httpx.AsyncClient, *seeds: int, category: str = "clothes") -> list[str]:
    """Upload one picture for each of ``seeds``; their ids, in order."""
    ids = []
    for seed in seeds:
        answer = await upload(client, make_photo(seed=seed), category=category, name=f"photo {seed}.png")
        assert answer.status_code == 200, answer.text
        ids.append(answer.json()["imageId"])
    return ids


async def ids_of(client: httpx.AsyncClient, url: str = "/api/images", **query: Any) -> list[str]:
    answer = await client.get(url, params=query)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    return [image["id"] for image in body.get("images", body.get("favorites", body.get("items")))]


class TestListing:
    async def test_a_page_of_pictures_has_every_field(self, server_house: House) -> None:
        ann = (await server_house.admin()).client
        (first,) = await keep(ann, 1, category="char")
        answer = (await ann.get("/api/images", headers=JSON)).json()
        assert set(answer) == {"images", "total", "page", "per_page", "pages", "category", "next_cursor"}
        (image,) = answer.pop("images")
        assert answer == {"total": 1, "page": 1, "per_page": 20, "pages": 1, "category": "all", "next_cursor": None}
        assert set(image) == IMAGE
        assert image["id"] == first
        assert image["context_info"]["category"] == image["category"] == "char"
        assert (image["is_favorited"], image["cloud_synced"], image["status"]) == (False, False, "ready")
        for link in (image["preview_url"], image["thumbnail_url"]):
            assert not set("'\"") & set(link + image["id"])
            shown = await ann.get(link, headers=JSON)
            assert shown.status_code == 200
            assert "immutable" in shown.headers["cache-control"]
        assert shown.headers["content-type"] == "image/webp"

    async def test_orders_pages_and_cursors(self, server_house: House) -> None:
        ann = (await server_house.admin()).client
        ids = await keep(ann, *range(7))
        assert await ids_of(ann) == ids[::-1]
        assert await ids_of(ann, sort="oldest") == ids
        assert await ids_of(ann, sort="name", per_page=2, page=2) == ids[2:4]
        sizes = {image["id"]: image["file_size"] for image in (await ann.get("/api/images")).json()["images"]}
        assert await ids_of(ann, sort="largest") == sorted(ids, key=lambda each: (sizes[each], each), reverse=True)
        assert await ids_of(ann, page=9) == []
        assert (await ann.get("/api/images?page=10000000000000000000000")).json()["images"] == []
        assert (await ann.get("/api/images?per_page=5000")).json()["per_page"] == 100
        assert (await ann.get("/api/images?per_page=0&page=-3")).json()["page"] == 1
        walked: list[str] = []
        cursor: str | None = ""
        while cursor is not None:
            body = (await ann.get("/api/user/images", params={"per_page": 3, "cursor": cursor})).json()
            walked += [image["id"] for image in body["images"]]
            cursor = body["next_cursor"]
        assert walked == ids[::-1]

    async def test_a_cursor_that_is_none(self, server_house: House) -> None:
        ann = (await server_house.admin()).client
        for cursor in ("x", "%00", "bnVsbA", "WyJuZXdlc3QiLDEsMiwzXQ", "é", "=" * 40, "W" * 1500):
            answer = await ann.get("/api/images", params={"cursor": cursor})
            assert answer.status_code in {400, 422}
            assert answer.json()["success"] is False

    async def test_a_cursor_of_another_listing_is_none(self, server_house: House) -> None:
        ann = (await server_house.admin()).client
        await keep(ann, 1, 2, 3)
        cursor = (await ann.get("/api/images?per_page=1")).json()["next_cursor"]
        assert (await ann.get("/api/images", params={"cursor": cursor})).status_code == 200
        for other in ({"sort": "oldest"}, {"category": "clothes"}, {"q": "photo"}):
            assert (await ann.get("/api/images", params={"cursor": cursor, **other})).status_code in {400, 422}

    async def test_categories_and_favourites_as_filters(self, server_house: House) -> None:
        ann = (await server_house.admin()).client
        clothes, char = await keep(ann, 1, 2), await keep(ann, 3, category="char")
        await ann.post("/api/favorites", json={"image_id": clothes[0], "type": "image"})
        assert await ids_of(ann, category="clothes") == clothes[::-1]
        assert await ids_of(ann, category="char") == char
        assert await ids_of(ann, category="vton_results") == []
        assert await ids_of(ann, category="favorites") == clothes[:1]
        assert await ids_of(ann, favorite="true") == clothes[:1]
        assert await ids_of(ann, category="", q="", favorite="", sort="") == [*char, *clothes[::-1]]
        wrong = await ann.get("/api/images?category=shoes")
        assert wrong.status_code == 400
        assert wrong.json()["code"] == "unknown_category"

    async def test_search(self, server_house: House) -> None:
        ann = (await server_house.admin()).client
        shirt, percent, script = await keep(ann, 1, 2, 3)
        await ann.patch(f"/api/images/{shirt}", json={"page_title": "Weißes HEMD, Größe Ｌ"})
        await ann.patch(f"/api/images/{percent}", json={"page_title": "100% wool_coat"})
        await ann.patch(f"/api/images/{script}", json={"page_title": "红色连衣裙"})
        for words, found in {
            "hemd weisses": [shirt],
            "GRÖSSE l": [shirt],
            "100%": [percent],
            "wool_": [percent],
            "w%l": [],
            "wool/": [],
            "连衣裙": [script],
            "hemd wool": [],
            "photo": [script, percent, shirt],
            "\x01\x7f": [script, percent, shirt],
        }.items():
            assert await ids_of(ann, q=words) == found, words
        assert (await ann.get("/api/images?q=photo&per_page=1")).json()["total"] == 3

    async def test_guests_strangers_and_the_signed_in(self, server_house: House) -> None:
        guest, stranger = await server_house.guest(), await server_house.visitor()
        assert len(await ids_of(guest)) == 1
        assert (await guest.get("/api/status")).json()["total_images"] == 1
        assert await ids_of(stranger) == []
        status = (await stranger.get("/api/status", headers=JSON)).json()
        assert (set(status), status["total_images"]) == ({"status", "timestamp", "total_images"}, 0)
        (own,) = await ids_of(guest)
        for client in (guest, stranger):
            for method, url, body in (
                ("GET", "/api/user/images", None),
                ("GET", f"/api/images/{own}", None),
                ("PATCH", f"/api/images/{own}", {"category": "char"}),
                ("DELETE", f"/api/images/{own}", None),
                ("POST", "/api/images/batch-delete", {"image_ids": [own]}),
                ("POST", "/api/images/restore", {"image_ids": [own]}),
                ("GET", "/api/categories/stats", None),
                ("GET", "/api/favorites", None),
                ("POST", "/api/favorites", {"image_id": own}),
                ("DELETE", "/api/favorites", {"image_id": own}),
                ("DELETE", f"/api/favorites/{own}", None),
                ("GET", "/api/user/paths", None),
            ):
                answer = await client.request(method, url, json=body, headers=ENGLISH)
                assert answer.status_code == 401, (method, url)
                assert "登录" in answer.json()["error"]
        assert await ids_of(guest) == [own]

    async def test_at_home_guests_see_the_machines_pictures(self, local_house: House) -> None:
        owner, extension = (await local_house.admin()).client, await local_house.visitor()
        ids = await keep(owner, 1, 2)
        assert await ids_of(extension) == ids[::-1]
        assert (await extension.get("/api/status")).json()["total_images"] == 2
        assert (await extension.get(f"/api/images/{ids[0]}")).status_code == 401


class TestOnePicture:
    async def test_details_and_changes(self, server_house: House) -> None:
        ann = (await server_house.admin()).client
        (own,) = await keep(ann, 1)
        shown = (await ann.get(f"/api/images/{own}")).json()
        assert (shown["success"], set(shown["image"])) == (True, IMAGE)
        changed = (await ann.patch(f"/api/images/{own}", json={"page_title": "  A\ttitle ", "unknown": 1})).json()
        assert changed["image"]["page_title"] == "A title"
        moved = (await ann.patch(f"/api/images/{own}", json={"category": "char", "page_title": None})).json()["image"]
        assert (moved["category"], moved["page_title"]) == ("char", "A title")
        assert moved["filename"] == shown["image"]["filename"]
        assert (await ann.get(moved["preview_url"])).content == (await ann.get(shown["image"]["preview_url"])).content
        assert (await ann.patch(f"/api/images/{own}", headers=JSON, content=b"")).status_code == 200
        assert (await ann.patch(f"/api/images/{own}", json={"category": "shoes"})).status_code == 400
        stats = (await ann.get("/api/categories/stats")).json()
        counts = {"clothes": 0, "char": 1, "vton_results": 0, "generated": 0, "favorites": 0}
        assert stats == {"success": True, "stats": counts, "total": 1}

    async def test_a_foreign_picture_is_as_if_it_did_not_exist(self, server_house: House) -> None:
        ann, bob = (await server_house.admin()).client, (await server_house.person("bob")).client
        (own,) = await keep(ann, 1)
        for foreign in (own, "nothing", "\x7f", "é", "a" * 96, "%"):
            for method, url, body in (
                ("GET", "/api/images/{}", None),
                ("PATCH", "/api/images/{}", {"category": "char"}),
                ("DELETE", "/api/images/{}", None),
                ("DELETE", "/api/favorites/{}", None),
                ("GET", V1 + "/images/{}", None),
                ("PATCH", V1 + "/images/{}", {"category": "char"}),
                ("DELETE", V1 + "/images/{}", None),
                ("PUT", V1 + "/images/{}/favorite", None),
                ("DELETE", V1 + "/images/{}/favorite", None),
                ("GET", V1 + "/images/{}/similar", None),
                ("DELETE", V1 + "/trash/{}", None),
            ):
                path = url.format(str(httpx.QueryParams({"x": foreign}))[2:])
                answer = await bob.request(method, path, json=body)
                assert answer.status_code == 404, (method, path)
                known = (answer.json()["code"], foreign)
                assert known[0] == "not_there", known
        assert (await bob.post("/api/favorites", json={"image_id": own})).status_code == 404
        deleted = await bob.post("/api/images/batch-delete", json={"image_ids": [own]})
        assert (deleted.status_code, deleted.json()["success"]) == (400, False)
        assert await ids_of(ann) == [own]


class TestTrash:
    async def test_there_and_back(self, server_house: House) -> None:
        ann = (await server_house.admin()).client
        ids = await keep(ann, 1, 2, 3)
        await ann.post("/api/favorites", json={"image_id": ids[0]})
        gone = (await ann.delete(f"/api/images/{ids[0]}")).json()
        assert gone == {"success": True, "message": "已移到回收站，保留 30 天。"}
        assert (await ann.get(f"/api/images/{ids[0]}")).status_code == 404
        assert (await ann.delete(f"/api/images/{ids[0]}")).status_code == 404
        assert await ids_of(ann, "/api/favorites") == []
        mixed = await ann.post("/api/images/batch-delete", json={"image_ids": [ids[1], "x", ids[1]]}, headers=ENGLISH)
        assert mixed.json()["deleted"] == 1
        ((failed),) = mixed.json()["failed"]
        assert failed["id"] == "x"
        assert failed["error"].startswith("There is no picture")
        again = await ann.post("/api/images/batch-delete", json={"image_ids": ids[:2]})
        assert (again.status_code, again.json()["code"]) == (400, "nothing_done")
        stats = (await ann.get("/api/categories/stats")).json()
        assert (stats["total"], stats["stats"]["clothes"], stats["stats"]["favorites"]) == (1, 1, 0)
        back = (await ann.post("/api/images/restore", json={"image_ids": [*ids, "x"]})).json()
        assert (back["success"], back["restored"]) == (True, 2)
        assert await ids_of(ann) == ids[::-1]
        assert await ids_of(ann, "/api/favorites") == ids[:1]

    async def test_studio_trash_is_listed_emptied_and_purged(self, server_house: House) -> None:
        ann = (await server_house.admin()).client
        ids = await keep(ann, 1, 2, 3)
        answer = await ann.post(V1 + "/images/delete", json={"image_ids": [*ids, "x"]})
        assert answer.json()["changed"] == ids
        assert [one["id"] for one in answer.json()["failed"]] == ["x"]
        trash = (await ann.get(V1 + "/trash")).json()
        assert (trash["total"], {item["id"] for item in trash["items"]}) == (3, set(ids))
        assert all(item["deleted_at"] for item in trash["items"])
        assert files_in(server_house.data) == 9
        assert (await ann.delete(f"{V1}/trash/{ids[0]}")).status_code == 204
        assert files_in(server_house.data) == 6
        assert (await ann.delete(f"{V1}/trash/{ids[0]}")).status_code == 404
        assert (await ann.post(V1 + "/images/restore", json={"image_ids": ids})).json()["changed"] == ids[1:]
        assert (await ann.delete(f"{V1}/trash/{ids[1]}")).status_code == 404
        await ann.post(V1 + "/images/delete", json={"image_ids": ids[1:2]})
        assert (await ann.delete(V1 + "/trash")).json() == {"purged": 1}
        assert (await ann.delete(V1 + "/trash")).json() == {"purged": 0}
        assert await ids_of(ann) == ids[2:]
        assert files_in(server_house.data) == 3

    async def test_an_entry_of_the_same_bytes_is_not_hurt(self, server_house: House) -> None:
        ann = (await server_house.admin()).client
        (clothes,), (char,) = await keep(ann, 1), await keep(ann, 1, category="char")
        await ann.delete(f"/api/images/{clothes}")
        await ann.delete(V1 + "/trash")
        (left,) = (await ann.get("/api/images")).json()["images"]
        assert left["id"] == char
        assert (await ann.get(left["preview_url"])).status_code == 200
        assert (await ann.get(left["thumbnail_url"])).status_code == 200


def size_of(path: str) -> int:
    return Path(path).stat().st_size


def files_in(data: Path) -> int:
    return sum(path.is_file() for path in (data / "images").rglob("*"))


class TestFavourites:
    async def test_once_and_no_longer(self, server_house: House) -> None:
        ann = (await server_house.admin()).client
        ids = await keep(ann, 1, 2, 3)
        liked = {"image_id": ids[1], "type": "image"}
        assert (await ann.post("/api/favorites", json=liked)).json() == {"success": True, "message": "收藏成功"}
        again = await ann.post("/api/favorites", json=liked)
        assert (again.status_code, again.json()) == (200, {"success": False, "message": "已经收藏过了"})
        await ann.post("/api/favorites", json={"image_id": ids[0]})
        listed = (await ann.get("/api/favorites?page=1&per_page=20&type=image")).json()
        assert {name: listed[name] for name in ("page", "per_page", "pages", "total", "type")} == {
            "page": 1, "per_page": 20, "pages": 1, "total": 2, "type": "image",
        }  # fmt: skip
        assert [image["id"] for image in listed["favorites"]] == [ids[0], ids[1]]
        assert all(set(image) == IMAGE | {"favorited_at"} and image["is_favorited"] for image in listed["favorites"])
        assert (await ann.get("/api/favorites?type=vton_result")).json()["total"] == 0
        gone = await ann.request("DELETE", "/api/favorites", json=liked)
        assert (gone.status_code, gone.json()["success"]) == (200, True)
        for none in (
            await ann.request("DELETE", "/api/favorites", json=liked),
            await ann.delete(f"/api/favorites/{ids[2]}"),
        ):
            assert (none.status_code, none.json()["success"]) == (200, False)
        assert (await ann.delete(f"/api/favorites/{ids[0]}")).json()["success"] is True
        assert (await ann.get("/api/favorites")).json()["total"] == 0

    async def test_of_a_history_entry(self, server_house: House) -> None:
        ann = await server_house.admin()
        (own,) = await keep(ann.client, 1)
        entry = {"vton_result_id": "h1", "type": "vton_result"}
        none = await ann.client.post("/api/favorites", json=entry)
        assert (none.status_code, none.json()["code"]) == (404, "not_there")

        async def picture_of(_session: AsyncSession, user_id: str, entry_id: str) -> str | None:
            return own if (user_id, entry_id) == (ann.user_id, "h1") else None

        server_house.parts.library.know_history(picture_of)
        assert (await ann.client.post("/api/favorites", json=entry)).json()["success"] is True
        assert (await ann.client.get(f"/api/images/{own}")).json()["image"]["is_favorited"] is True
        assert (await ann.client.request("DELETE", "/api/favorites", json=entry)).json()["success"] is True
        assert (await ann.client.post("/api/favorites", json=entry | {"vton_result_id": "h2"})).status_code == 404

    async def test_a_body_that_names_nothing(self, server_house: House) -> None:
        ann = (await server_house.admin()).client
        bodies: list[Any] = [{}, {"image_id": None}, {"image_id": ""}, {"image_id": [1]}, {"type": "x"}, []]
        for body in bodies:
            for method in ("POST", "DELETE"):
                answer = await ann.request(method, "/api/favorites", json=body)
                assert answer.status_code in {400, 422}


class TestPaths:
    async def test_of_oneself(self, server_house: House) -> None:
        ann = await server_house.admin()
        await keep(ann.client, 1, 2)
        await keep(ann.client, 3, category="char")
        for url in ("/api/user/paths", "/api/user/file-paths", f"/api/user/{ann.user_id}/file-paths"):
            answer = (await ann.client.get(url)).json()
            assert set(answer) == {"success", "user_id", "paths", "statistics"}
            assert {"clothes", "char", "vton_results"} <= set(answer["paths"])
            assert answer["paths"]["vton_results"]["files"] == []
            clothes = answer["paths"]["clothes"]
            assert (clothes["directory"], clothes["exists"]) == (f"images/{ann.user_id}/clothes", True)
            for file in clothes["files"]:
                assert set(file) == {"filename", "relative_path", "size", "modified"}
                assert (server_house.data / file["relative_path"]).stat().st_size == file["size"]
            sizes = [file["size"] for path in answer["paths"].values() for file in path["files"]]
            assert answer["statistics"]["total_files"] == len(sizes) == 3
            assert answer["statistics"]["total_size"] == sum(sizes)
        only = (await ann.client.get("/api/user/file-paths?category=char&include_files=true")).json()
        assert (list(only["paths"]), only["statistics"]["total_files"]) == (["char"], 1)
        bare = (await ann.client.get("/api/user/file-paths?category=all&include_files=false")).json()
        assert "files" not in bare["paths"]["clothes"]
        assert (await ann.client.get("/api/user/file-paths?category=shoes")).status_code == 400
        bob = await server_house.person("bob")
        assert (await bob.client.get(f"/api/user/{ann.user_id}/file-paths")).status_code == 403

    async def test_at_home_they_are_whole(self, local_house: House) -> None:
        owner = await local_house.admin()
        await keep(owner.client, 1)
        answer = (await owner.client.get("/api/user/paths")).json()
        assert answer["base_path"] == str(local_house.data.absolute())
        assert answer["user_path"] == str(local_house.data.absolute() / "images" / owner.user_id)
        (file,) = answer["paths"]["clothes"]["files"]
        assert size_of(file["full_path"]) == file["size"]


class TestStudio:
    async def test_a_program_lists_and_changes(self, server_house: House) -> None:
        ann = await server_house.admin()
        ids = await keep(ann.client, *range(5))
        program = await server_house.program(ann)
        page = (await program.get(V1 + "/images?page_size=2&page=2")).json()
        assert set(page) == {"items", "total", "page", "page_size", "next_cursor"}
        assert [item["id"] for item in page["items"]] == ids[2:0:-1]
        rest = (await program.get(V1 + "/images", params={"page_size": 9, "cursor": page["next_cursor"]})).json()
        assert [item["id"] for item in rest["items"]] == ids[:1]
        assert rest["next_cursor"] is None
        image = page["items"][0]
        assert (await program.get(image["url"])).status_code == 200
        assert {size: (await program.get(url)).status_code for size, url in image["thumbnails"].items()} == {
            "320": 200, "640": 200,
        }  # fmt: skip
        edited = await program.patch(f"{V1}/images/{ids[0]}", json={"title": "Shirt", "category": "char"})
        assert (edited.json()["title"], edited.json()["category"]) == ("Shirt", "char")
        assert (await program.patch(f"{V1}/images/{ids[0]}", json={"page_title": "no such field"})).status_code == 422
        assert (await program.put(f"{V1}/images/{ids[0]}/favorite")).status_code == 204
        assert (await program.put(f"{V1}/images/{ids[0]}/favorite")).status_code == 204
        assert await ids_of(program, V1 + "/images", favorite="true", category="char") == ids[:1]
        assert (await program.delete(f"{V1}/images/{ids[0]}/favorite")).status_code == 204
        moved = await program.post(V1 + "/images/move", json={"image_ids": [*ids[:2], "x"], "category": "char"})
        assert moved.json()["changed"] == ids[:2]
        assert moved.json()["failed"][0]["code"] == "not_there"
        assert await ids_of(program, V1 + "/images", category="char") == ids[1::-1]
        assert (await program.delete(f"{V1}/images/{ids[4]}")).status_code == 204
        assert (await program.get(f"{V1}/images/{ids[4]}")).status_code == 404

    async def test_statistics(self, server_house: House) -> None:
        ann = (await server_house.admin()).client
        ids = await keep(ann, 1, 2, 3)
        await ann.put(f"{V1}/images/{ids[0]}/favorite")
        await ann.delete(f"{V1}/images/{ids[1]}")
        sizes = {item["id"]: item["file_size"] for url in ("/images", "/trash") for item in await items(ann, url)}
        found = (await ann.get(V1 + "/statistics")).json()
        assert found["total"] == {"images": 2, "bytes": sizes[ids[0]] + sizes[ids[2]]}
        assert found["categories"]["clothes"] == found["total"]
        assert found["favorites"] == {"images": 1, "bytes": sizes[ids[0]]}
        assert found["trash"] == {"images": 1, "bytes": sizes[ids[1]]}
        assert found["quota"] == {"used": sum(sizes.values()), "limit": None}
        assert sum(found["colours"].values()) <= 2

    async def test_colours_are_a_filter(self, server_house: House) -> None:
        ann = (await server_house.admin()).client
        await keep(ann, 1, 2, 3)
        listed = await items(ann, "/images")
        for colour in {item["colour"] for item in listed if item["colour"]}:
            expected = [item["id"] for item in listed if item["colour"] == colour]
            assert await ids_of(ann, V1 + "/images", colour=colour) == expected
        assert await ids_of(ann, V1 + "/images", colour="nosuchcolour") == []
        assert (await ann.get(V1 + "/images?colour=Red")).status_code == 422

    async def test_what_clothes_dress_is_said_by_people_and_a_filter(self, server_house: House) -> None:
        ann = (await server_house.admin()).client
        shirt, skirt, coat, me = [*await keep(ann, 1, 2, 3), *await keep(ann, 4, category="char")]
        for image_id, kind in ((shirt, "upper"), (skirt, "lower"), (coat, "upper")):
            edited = await ann.patch(f"{V1}/images/{image_id}", json={"garment_kind": kind})
            assert edited.json()["garment_kind"] == kind
        assert await ids_of(ann, V1 + "/images", garment_kind="upper") == [coat, shirt]
        assert await ids_of(ann, V1 + "/images", garment_kind="upper", category="clothes", sort="name") == [shirt, coat]
        assert await ids_of(ann, V1 + "/images", garment_kind="upper", category="char") == []
        assert (await ann.get(V1 + "/ids?garment_kind=lower")).json() == {"ids": [skirt]}
        refused = await ann.patch(f"{V1}/images/{me}", json={"garment_kind": "upper", "title": "not kept either"})
        assert (refused.status_code, refused.json()["code"]) == (422, "bad_request")
        assert (await ann.get(f"{V1}/images/{me}")).json()["title"] is None
        assert (await ann.patch(f"{V1}/images/{coat}", json={"garment_kind": "hat"})).status_code == 422
        assert (await ann.get(V1 + "/images?garment_kind=hat")).status_code == 422
        moved = await ann.patch(f"{V1}/images/{coat}", json={"category": "char"})
        assert moved.json()["garment_kind"] is None
        assert await ids_of(ann, V1 + "/images", garment_kind="upper") == [shirt]
        back = await ann.patch(f"{V1}/images/{coat}", json={"category": "clothes", "title": "Coat"})
        assert back.json()["garment_kind"] == "upper"
        await ann.patch(f"{V1}/images/{coat}", json={"garment_kind": "auto"})
        assert (await ann.get(f"{V1}/images/{coat}")).json()["garment_kind"] is None

    async def test_the_ids_of_a_whole_listing(self, server_house: House) -> None:
        ann, other = (await server_house.admin()).client, (await server_house.person("other")).client
        ids = await keep(ann, *range(9))
        await ann.post(V1 + "/images/move", json={"image_ids": ids[:3], "category": "char"})
        await ann.put(f"{V1}/images/{ids[4]}/favorite")
        await ann.post(V1 + "/images/delete", json={"image_ids": ids[7:]})

        async def all_of(client: httpx.AsyncClient, **query: Any) -> list[str]:
            answer = await client.get(V1 + "/ids", params=query)
            assert answer.status_code == 200, answer.text
            found: list[str] = answer.json()["ids"]
            return found

        for query in ({}, {"sort": "oldest"}, {"category": "char"}, {"favorite": "true"}, {"q": "photo 4"}):
            assert await all_of(ann, **query) == await ids_of(ann, V1 + "/images", page_size=100, **query), query
        assert await all_of(ann, category="clothes") == ids[6:2:-1]
        assert await all_of(ann, trash="true") == await ids_of(ann, V1 + "/trash")
        assert set(await all_of(ann, trash="true")) == set(ids[7:])
        assert await all_of(other) == []
        assert await all_of(await server_house.visitor()) == []
        assert (await ann.get(V1 + "/ids?category=shoes")).status_code == 422

    async def test_a_viewer_may_look_only(self, server_house: House) -> None:
        viewer = (await server_house.person("eve", role="viewer")).client
        assert (await viewer.get("/api/user/images")).status_code == 200
        assert (await viewer.get(V1 + "/statistics")).status_code == 200
        assert (await viewer.post("/api/favorites", json={"image_id": "x"})).status_code == 403
        assert (await viewer.delete(V1 + "/trash")).status_code == 403


async def items(client: httpx.AsyncClient, url: str) -> Sequence[dict[str, Any]]:
    found: list[dict[str, Any]] = (await client.get(V1 + url)).json()["items"]
    return found
