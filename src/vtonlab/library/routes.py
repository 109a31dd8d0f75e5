"""The library on the studio interface: ``/api/v1/library``."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request

from vtonlab.accounts.caller import Permission
from vtonlab.library.asking import Looking, Managing, Reading, language_of
from vtonlab.library.listings import Filter, Sort
from vtonlab.library.models import Category
from vtonlab.library.schemas import (
    EXAMPLE_ID,
    CategoryName,
    Changed,
    Chosen,
    Emptied,
    ImageEdit,
    ImageIdList,
    ImagePage,
    KindName,
    LibraryImage,
    LibraryStatistics,
    Moving,
    SimilarImage,
    SimilarImages,
    SortName,
)
from vtonlab.library.service import Library
from vtonlab.library.wording import split_search

PREFIX = "/api/v1/library"
MOST_ALIKE = 100
SEARCH_LETTERS = 500

ImageId = Annotated[str, Path(max_length=96, description="Id of a picture.", examples=[EXAMPLE_ID])]
Number = Annotated[int, Query(ge=1, description="Page, from 1; beyond the end it is empty.")]
Size = Annotated[int, Query(ge=1, description="Pictures a page; more than 100 is 100.")]
Cursor = Annotated[str | None, Query(max_length=2_000, description="`next_cursor` of the page before; wins over page.")]


def make_router(library: Library) -> APIRouter:
    """The routes over ``library``."""
    router = APIRouter(prefix=PREFIX, tags=["library"])
    _add_listing(router, library)
    _add_pictures(router, library)
    _add_several(router, library)
    _add_trash(router, library)
    return router


def _choose(
    *,
    category: CategoryName | None = None,
    q: Annotated[str, Query(max_length=SEARCH_LETTERS, description="Words, in any order.")] = "",
    colour: Annotated[str, Query(pattern="^[a-z_-]{0,16}$", description="Name of the main colour.")] = "",
    garment_kind: Annotated[KindName | None, Query(description="Only clothes that dress this.")] = None,
    favorite: Annotated[bool, Query(description="Only favourites.")] = False,
) -> Filter:
    return Filter(
        category=category, colour=colour or None, garment_kind=garment_kind, favorite=favorite, words=split_search(q)
    )


Choosing = Annotated[Filter, Depends(_choose)]


def _add_listing(router: APIRouter, library: Library) -> None:
    @router.get("/images", summary="List pictures")
    async def list_images(
        caller: Looking,
        chosen: Choosing,
        *,
        sort: SortName = "newest",
        page: Number = 1,
        page_size: Size = 20,
        cursor: Cursor = None,
    ) -> ImagePage:
        """Pictures outside the trash. Pages by number and by cursor cost the same wherever they are; only the cursor
        never skips or repeats a picture while others come and go."""
        found = await library.browse(caller.user_id, chosen, Sort(sort), page=page, size=page_size, cursor=cursor)
        return ImagePage.of(found)

    @router.get("/ids", summary="The ids of a whole listing")
    async def list_ids(
        caller: Looking,
        chosen: Choosing,
        *,
        sort: SortName = "newest",
        trash: Annotated[bool, Query(description="Those in the trash, the last deleted first.")] = False,
    ) -> ImageIdList:
        """What the listing of the same filters shows, without pages: for selecting from one picture to another, or
        everything."""
        if trash:
            caller.require(Permission.IMAGES_READ)
            chosen, sort_by = replace(chosen, trash=True), Sort.DELETED
        else:
            sort_by = Sort(sort)
        return ImageIdList(ids=await library.list_ids(caller.user_id, chosen, sort_by))

    @router.get("/statistics", summary="Numbers about the library")
    async def statistics(caller: Reading) -> LibraryStatistics:
        """Pictures and bytes by category, favourites, trash, colours, and the quota."""
        return LibraryStatistics.of(await library.statistics(caller.owner), list(Category))


def _add_pictures(router: APIRouter, library: Library) -> None:
    @router.get("/images/{image_id}", summary="A picture")
    async def get_image(caller: Looking, image_id: ImageId) -> LibraryImage:
        """Everything known about it, as the listing has it; what is in the trash is not there."""
        return LibraryImage.of(await library.get(caller.owner, image_id))

    @router.patch("/images/{image_id}", summary="Move or rename a picture, or say what it dresses")
    async def edit_image(caller: Managing, image_id: ImageId, edit: ImageEdit) -> LibraryImage:
        """What is absent or null stays as it is."""
        kind = "" if edit.garment_kind == "auto" else edit.garment_kind
        entry = await library.edit(caller.owner, image_id, category=edit.category, title=edit.title, kind=kind)
        return LibraryImage.of(entry)

    @router.delete("/images/{image_id}", status_code=204, summary="Put a picture into the trash")
    async def delete_image(caller: Managing, image_id: ImageId) -> None:
        """It stays there for 30 days (`VTONLAB_TRASH_DAYS`)."""
        for failure in (await library.trash(caller.owner, [image_id])).failed:
            raise failure.error

    @router.put("/images/{image_id}/favorite", status_code=204, summary="Like a picture")
    async def favour(caller: Managing, image_id: ImageId) -> None:
        """May be repeated."""
        await library.favour(caller.owner, image_id)

    @router.delete("/images/{image_id}/favorite", status_code=204, summary="Like a picture no longer")
    async def unfavour(caller: Managing, image_id: ImageId) -> None:
        """May be repeated."""
        await library.unfavour(caller.owner, image_id)

    @router.get("/images/{image_id}/similar", summary="Pictures that look like it")
    async def similar(
        caller: Reading, image_id: ImageId, limit: Annotated[int, Query(ge=1, le=MOST_ALIKE)] = 24
    ) -> SimilarImages:
        """By perceptual hash, the most alike first; the picture itself is not among them."""
        found = await library.similar(caller.owner, image_id, limit)
        return SimilarImages(
            items=[SimilarImage(image=LibraryImage.of(entry), difference=bits) for entry, bits in found]
        )


def _add_several(router: APIRouter, library: Library) -> None:
    @router.post("/images/delete", summary="Put pictures into the trash")
    async def delete_images(request: Request, caller: Managing, chosen: Chosen) -> Changed:
        """Those that cannot be are named; the others are done."""
        return Changed.of(await library.trash(caller.owner, chosen.image_ids), language_of(request, "en"))

    @router.post("/images/restore", summary="Take pictures out of the trash")
    async def restore_images(request: Request, caller: Managing, chosen: Chosen) -> Changed:
        """They come back into their categories, favourites as favourites."""
        return Changed.of(await library.restore(caller.owner, chosen.image_ids), language_of(request, "en"))

    @router.post("/images/move", summary="Move pictures to another category")
    async def move_images(request: Request, caller: Managing, moving: Moving) -> Changed:
        """Names and addresses stay."""
        outcome = await library.move(caller.owner, moving.image_ids, moving.category)
        return Changed.of(outcome, language_of(request, "en"))


def _add_trash(router: APIRouter, library: Library) -> None:
    @router.get("/trash", summary="List the trash")
    async def list_trash(caller: Reading, page: Number = 1, page_size: Size = 20, cursor: Cursor = None) -> ImagePage:
        """What was deleted last comes first."""
        found = await library.browse(
            caller.owner, Filter(trash=True), Sort.DELETED, page=page, size=page_size, cursor=cursor
        )
        return ImagePage.of(found)

    @router.delete("/trash", summary="Empty the trash")
    async def empty_trash(caller: Managing) -> Emptied:
        """Everything in it, and its files, are gone for good."""
        return Emptied(purged=await library.empty_trash(caller))

    @router.delete("/trash/{image_id}", status_code=204, summary="Forget a picture for good")
    async def purge(caller: Managing, image_id: ImageId) -> None:
        """Only what is in the trash."""
        await library.purge(caller, image_id)
