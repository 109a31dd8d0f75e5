"""The library on the wardrobe interface: ``/api/images``, ``/api/favorites`` and what goes with them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Query, Request
from pydantic import BaseModel, Field

from vtonlab.accounts.asking import Asking
from vtonlab.accounts.caller import Caller
from vtonlab.db.base import now
from vtonlab.errors import BadRequest, NothingDone, Text
from vtonlab.library import paths
from vtonlab.library.asking import Looking, Managing, Reading, language_of
from vtonlab.library.browsing import Page, sum_categories
from vtonlab.library.links import picture_link, thumbnail_link
from vtonlab.library.listings import Filter, Sort
from vtonlab.library.models import Category
from vtonlab.library.repository import Entry
from vtonlab.library.schemas import MOST_IDS, Flag, SortName
from vtonlab.library.service import Library, known_category
from vtonlab.library.wording import TITLE_LETTERS, split_search

FAVORITES = "favorites"
ALL = "all"

Answer = dict[str, Any]
Number = Annotated[int, Query(description="Page, from 1; beyond the end it is empty.")]
Size = Annotated[int, Query(description="Pictures a page; more than 100 is 100.")]
Kind = Literal["image", "vton_result"]

TRASHED = Text("Moved to the trash; it stays there for {days} days.", "已移到回收站，保留 {days} 天。")
TRASHED_MANY = Text("Moved {count} pictures to the trash.", "已将 {count} 张图片移到回收站。")
SOME_FAILED = Text(
    "Moved {count} pictures to the trash; {failed} could not be.", "已将 {count} 张图片移到回收站，{failed} 张失败。"
)
RESTORED = Text("Restored {count} pictures.", "已恢复 {count} 张图片。")
LIKED = Text("Added to your favourites.", "收藏成功")
LIKED_ALREADY = Text("It is among your favourites already.", "已经收藏过了")
LIKED_NO_LONGER = Text("Removed from your favourites.", "已取消收藏")
NEVER_LIKED = Text("It is not among your favourites.", "尚未收藏")
NO_SUCH = Text("none of these pictures is there", "这些图片都不存在")


class Edit(BaseModel):
    """What is to be different; null is absent."""

    category: str | None = None
    page_title: str | None = Field(default=None, max_length=4 * TITLE_LETTERS)


class ChosenPictures(BaseModel):
    """Several pictures."""

    image_ids: list[str] = Field(max_length=MOST_IDS)


class Favourite(BaseModel):
    """A picture, by its id or by that of a history entry that shows it."""

    image_id: str | None = None
    vton_result_id: str | int | None = None
    type: Kind | None = None


def make_router(library: Library) -> APIRouter:
    """The routes over ``library``."""
    router = APIRouter(prefix="/api", tags=["wardrobe: library"])
    _add_listings(router, library)
    _add_pictures(router, library)
    _add_trash(router, library)
    _add_favorites(router, library)
    router.include_router(paths.make_router(library))
    return router


def describe(entry: Entry) -> Answer:
    """The interface's image."""
    return {
        "id": entry.id,
        "user_id": entry.user_id,
        "filename": entry.filename,
        "original_url": entry.original_url,
        "page_url": entry.page_url,
        "page_title": entry.page_title,
        "saved_at": entry.saved_at.isoformat(),
        "file_size": entry.file_size,
        "image_width": entry.image_width,
        "image_height": entry.image_height,
        "context_info": {"category": entry.category, **entry.context_info},
        "status": entry.status,
        "cloud_synced": entry.cloud_synced,
        "category": entry.category,
        "is_favorited": entry.is_favorited,
        "preview_url": picture_link(entry),
        "thumbnail_url": thumbnail_link(entry),
        "thumbhash": entry.thumbhash,
    }


def _add_listings(router: APIRouter, library: Library) -> None:
    async def browse(caller: Caller, query: _Listing) -> Answer:
        return await _browse(library, caller, query)

    @router.get("/status", summary="Whether the server runs")
    async def status(caller: Asking) -> Answer:
        """With the number of the caller's own pictures."""
        total = await library.count(caller.user_id)
        return {"status": "running", "timestamp": now().isoformat(), "total_images": total}

    @router.get("/images", summary="List pictures")
    async def list_images(caller: Looking, query: Annotated[_Listing, Query()]) -> Answer:
        """Guests see their own."""
        return await browse(caller, query)

    @router.get("/user/images", summary="List pictures, signed in")
    async def list_own_images(caller: Reading, query: Annotated[_Listing, Query()]) -> Answer:
        """The same for those who signed in."""
        return await browse(caller, query)

    @router.get("/categories/stats", summary="How many pictures there are")
    async def stats(caller: Reading) -> Answer:
        """By category; the total counts each picture once."""
        images = (await library.totals(caller.owner)).images
        counts = {name: images.get(name, 0) for name in (*Category, FAVORITES)}
        return {"success": True, "stats": counts, "total": sum_categories(images)}


class _Listing(BaseModel):
    """The query of a listing; what this interface does not know is ignored."""

    page: int = 1
    per_page: int = 20
    category: str = ""
    q: str = ""
    sort: SortName | Literal[""] = ""
    favorite: Flag = None
    cursor: str = ""


async def _browse(library: Library, caller: Caller, query: _Listing) -> Answer:
    name = "" if query.category == ALL else query.category
    favorite = bool(query.favorite) or name == FAVORITES
    category = known_category(name).value if name and name != FAVORITES else None
    chosen = Filter(category=category, favorite=favorite, words=split_search(query.q))
    page = await library.browse(
        caller.user_id,
        chosen,
        Sort(query.sort or "newest"),
        page=query.page,
        size=query.per_page,
        cursor=query.cursor or None,
    )
    images = [describe(entry) for entry in page.items]
    return {"images": images, **_pages(page), "category": query.category or ALL, "next_cursor": page.next_cursor}


def _pages(page: Page) -> Answer:
    return {"total": page.total, "page": page.number, "per_page": page.size, "pages": page.pages}


def _add_pictures(router: APIRouter, library: Library) -> None:
    @router.get("/images/{image_id}", summary="A picture")
    async def get_image(caller: Reading, image_id: str) -> Answer:
        """Its details."""
        return {"success": True, "image": describe(await library.get(caller.owner, image_id))}

    @router.patch("/images/{image_id}", summary="Move or rename a picture")
    async def edit_image(caller: Managing, image_id: str, edit: Annotated[Edit | None, Body()] = None) -> Answer:
        """What is absent stays as it is."""
        edit = edit or Edit()
        entry = await library.edit(caller.owner, image_id, category=edit.category, title=edit.page_title)
        return {"success": True, "image": describe(entry)}


def _add_trash(router: APIRouter, library: Library) -> None:
    @router.delete("/images/{image_id}", summary="Put a picture into the trash")
    async def delete_image(request: Request, caller: Managing, image_id: str) -> Answer:
        """`POST /api/images/restore` takes it out again."""
        for failure in (await library.trash(caller.owner, [image_id])).failed:
            raise failure.error
        return _tell(request, TRASHED.with_values(days=library.settings.trash_days))

    @router.post("/images/batch-delete", summary="Put pictures into the trash")
    async def delete_images(request: Request, caller: Managing, chosen: ChosenPictures) -> Answer:
        """Those that cannot be are named; the others are done."""
        outcome = await library.trash(caller.owner, chosen.image_ids)
        if not outcome.done:
            raise NothingDone(reason=NO_SUCH)
        count, failed, language = len(outcome.done), outcome.failed, language_of(request, "zh-CN")
        words = (SOME_FAILED if failed else TRASHED_MANY).with_values(count=count, failed=len(failed))
        named = [{"id": failure.id, "error": failure.error.say(language)} for failure in failed]
        return _tell(request, words, deleted=count, failed=named)

    @router.post("/images/restore", summary="Take pictures out of the trash")
    async def restore_images(request: Request, caller: Managing, chosen: ChosenPictures) -> Answer:
        """They come back into their categories, favourites as favourites."""
        count = len((await library.restore(caller.owner, chosen.image_ids)).done)
        if not count:
            raise NothingDone(reason=NO_SUCH)
        return _tell(request, RESTORED.with_values(count=count), restored=count)


def _add_favorites(router: APIRouter, library: Library) -> None:
    @router.get("/favorites", summary="List favourites")
    async def list_favorites(caller: Reading, query: Annotated[_Favourites, Query()]) -> Answer:
        """What was liked last comes first; `type=vton_result`: only results of fittings."""
        kind = query.type or "image"
        category = Category.VTON_RESULTS.value if kind == "vton_result" else None
        page = await library.browse(
            caller.owner, Filter(category=category, favorite=True), Sort.LIKED, page=query.page, size=query.per_page
        )
        images = [{**describe(entry), "favorited_at": _moment(entry)} for entry in page.items]
        return {"favorites": images, **_pages(page), "type": kind}

    @router.post("/favorites", summary="Like a picture")
    async def favour(request: Request, caller: Managing, chosen: Favourite) -> Answer:
        """A second time changes nothing and says so."""
        image_id = await find(caller, chosen)
        new = await library.favour(caller.owner, image_id, chosen.type or "image")
        return _tell(request, LIKED) if new else _tell(request, LIKED_ALREADY, success=False)

    @router.delete("/favorites", summary="Like a picture no longer")
    async def unfavour(request: Request, caller: Managing, chosen: Favourite) -> Answer:
        """With the body of the POST."""
        return await forget(request, caller, await find(caller, chosen))

    @router.delete("/favorites/{image_id}", summary="Like a picture no longer, by its id")
    async def unfavour_named(request: Request, caller: Managing, image_id: str) -> Answer:
        """The same without a body."""
        return await forget(request, caller, image_id)

    async def forget(request: Request, caller: Caller, image_id: str) -> Answer:
        done = await library.unfavour(caller.owner, image_id)
        return _tell(request, LIKED_NO_LONGER) if done else _tell(request, NEVER_LIKED, success=False)

    async def find(caller: Caller, chosen: Favourite) -> str:
        if chosen.vton_result_id is not None:
            return await library.picture_of_history(caller.owner, str(chosen.vton_result_id))
        if not chosen.image_id:
            raise BadRequest(part="image_id")
        return chosen.image_id


class _Favourites(BaseModel):
    """The query of the favourites."""

    page: int = 1
    per_page: int = 20
    type: Kind | Literal[""] = "image"


def _moment(entry: Entry) -> str | None:
    return entry.favorited_at.isoformat() if entry.favorited_at else None


def _tell(request: Request, text: Text, *, success: bool = True, **more: Any) -> Answer:
    return {"success": success, "message": text.say(language_of(request, "zh-CN")), **more}
