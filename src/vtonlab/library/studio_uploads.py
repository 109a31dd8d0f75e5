"""Pictures coming in on the studio interface: files, and pictures by address or data-URL."""

from __future__ import annotations

from typing import Any, Final, Literal, Self

from fastapi import APIRouter, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vtonlab.accounts.asking import Keeping
from vtonlab.errors import BadRequest, UnknownCategory, VtonError
from vtonlab.errors.language import Language
from vtonlab.library.accepting import ADDRESS_LETTERS, clean_context, text_of
from vtonlab.library.asking import language_of
from vtonlab.library.door import Door, is_address
from vtonlab.library.ingest import Added, Incoming
from vtonlab.library.models import UPLOAD_CATEGORIES
from vtonlab.library.receiving import LongText, read_json
from vtonlab.library.repository import NAMES, Entry
from vtonlab.library.schemas import Body, LibraryImage
from vtonlab.library.wording import TITLE_LETTERS

PREFIX: Final = "/api/v1/library"
UploadCategory = Literal["clothes", "char"]
FIELDS: Final = frozenset({"category"})


class Refused(BaseModel):
    """Why a file was not kept."""

    code: str
    detail: str
    hint: str


class Upload(BaseModel):
    """What became of one file: `image`, or `error`."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "name": "IMG_2041.jpg",
                "image": None,
                "task_id": None,
                "duplicate_of": None,
                "restored": False,
                "similar_to": [],
                "error": {
                    "code": "image_unreadable",
                    "detail": "IMG_2041.jpg is not a picture we can read.",
                    "hint": "Use a complete JPEG, PNG, WebP, AVIF, GIF or HEIC photo.",
                },
            }
        }
    )

    name: str = Field(description="As the client calls it.")
    image: LibraryImage | None = None
    task_id: str | None = None
    duplicate_of: str | None = Field(default=None, description="The picture was there already: this is its id.")
    restored: bool = Field(default=False, description="It was in the trash, and is taken out of it.")
    similar_to: list[str] = Field(default=[], description="Ids of pictures that look the same.")
    error: Refused | None = None

    @classmethod
    def of(cls, name: str, outcome: Added | VtonError, language: Language) -> Self:
        """The answer's form of ``outcome``."""
        if isinstance(outcome, VtonError):
            refused = Refused(code=outcome.code, detail=outcome.say(language), hint=outcome.advise(language))
            return cls(name=name, error=refused)
        entry = Entry(**{name: getattr(outcome.image, name) for name in NAMES})
        return cls(
            name=name,
            image=LibraryImage.of(entry),
            task_id=outcome.task_id,
            duplicate_of=outcome.duplicate_of,
            restored=outcome.restored,
            similar_to=list(outcome.similar_to),
        )


class Uploads(BaseModel):
    """What became of each file, in their order."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "items": [
                    {
                        "name": "notes.txt",
                        "image": None,
                        "task_id": None,
                        "duplicate_of": None,
                        "restored": False,
                        "similar_to": [],
                        "error": {
                            "code": "image_unreadable",
                            "detail": "notes.txt is not a picture we can read.",
                            "hint": "Use a complete JPEG, PNG, WebP, AVIF, GIF or HEIC photo.",
                        },
                    }
                ],
                "added": 0,
                "failed": 1,
            }
        }
    )

    items: list[Upload]
    added: int = Field(description="Files kept, or known already.")
    failed: int


class SourcePage(Body):
    """The page a picture was found on."""

    url: str | None = Field(default=None, max_length=ADDRESS_LETTERS)
    title: str | None = Field(default=None, max_length=4 * TITLE_LETTERS)


class ImportOrder(Body):
    """A picture by its address, or as a data-URL: one of the two."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "url": "https://shop.example/shirt.jpg",
                "category": "clothes",
                "page": {"url": "https://shop.example/linen-shirt", "title": "Linen shirt, white"},
                "product": {"name": "Linen shirt", "brand": "Shop", "price": "49.00", "currency": "EUR"},
            }
        }
    )

    url: str | None = Field(default=None, max_length=ADDRESS_LETTERS, pattern="^[hH][tT][tT][pP][sS]?://")
    data_url: str | None = None
    category: UploadCategory = "clothes"
    page: SourcePage | None = None
    product: dict[str, Any] | None = Field(default=None, description="What the page says of it: name, brand, price …")


def make_router(door: Door) -> APIRouter:
    """The studio's two ways in, over ``door``."""
    router = APIRouter(prefix=PREFIX, tags=["library"])
    _add_files(router, door)
    _add_import(router, door)
    return router


def _add_files(router: APIRouter, door: Door) -> None:
    files = {"type": "array", "items": {"type": "string", "format": "binary"}}
    category = {"type": "string", "enum": ["clothes", "char"], "default": "clothes"}
    schema = {
        "type": "object",
        "required": ["files"],
        "properties": {"files": files, "category": category},
        "additionalProperties": False,
    }
    described = {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}

    @router.post("/images", summary="Keep picture files", openapi_extra=described)
    async def upload(request: Request, caller: Keeping) -> Uploads:
        """Each file is kept or refused by itself. Where none could be kept, the answer is the first one's problem."""
        door.admit(caller)
        language = language_of(request, "en")
        with door.folder() as folder:
            form = await door.take_form(request.headers.get("content-type", ""), request.stream(), folder)
            if unknown := form.fields.keys() - FIELDS:
                raise BadRequest(part=min(unknown)[:80])
            chosen = form.fields.get("category") or "clothes"
            if chosen not in UPLOAD_CATEGORIES:
                raise UnknownCategory(name=chosen[:80], known=", ".join(sorted(UPLOAD_CATEGORIES)))
            outcomes = await door.add_all(caller, form.files, chosen, lambda file: {"original_name": file.name})
        failures = [outcome for outcome in outcomes if isinstance(outcome, VtonError)]
        if len(failures) == len(outcomes):
            raise failures[0]
        named = zip(form.files, outcomes, strict=True)
        items = [Upload.of(file.name, outcome, language) for file, outcome in named]
        return Uploads(items=items, added=len(items) - len(failures), failed=len(failures))


def _add_import(router: APIRouter, door: Door) -> None:
    content = {"application/json": {"schema": ImportOrder.model_json_schema(ref_template="{model}")}}
    page = SourcePage.model_json_schema()
    content["application/json"]["schema"].pop("$defs", None)
    content["application/json"]["schema"]["properties"]["page"] = {"anyOf": [page, {"type": "null"}]}
    described = {"requestBody": {"required": True, "content": content}}

    @router.post("/images/import", summary="Keep a picture by its address or as a data-URL", openapi_extra=described)
    async def import_picture(request: Request, caller: Keeping) -> Upload:
        """An address is fetched from the public web only, within limits of size and time."""
        door.admit(caller)
        with door.folder() as folder:
            body = await read_json(request.stream(), folder)
            value, order = _read_order(body)
            shown = order.page or SourcePage()
            incoming = Incoming(
                await door.take_picture(value, folder, "data_url"),
                order.category,
                original_url=order.url,
                page_url=text_of(shown.url, ADDRESS_LETTERS),
                page_title=text_of(shown.title, TITLE_LETTERS),
                context=clean_context({"product": order.product} if order.product else {}),
            )
            added = await door.ingest.add(caller, incoming)
        return Upload.of("", added, language_of(request, "en"))


def _read_order(body: dict[str, Any]) -> tuple[str | LongText, ImportOrder]:
    """The picture, and the order without it. Raises ``RequestValidationError`` and ``BadRequest``."""
    picture = body.get("data_url")
    plain = {
        name: value.head(ADDRESS_LETTERS + 1) if isinstance(value, LongText) else value for name, value in body.items()
    }
    try:
        order = ImportOrder.model_validate(plain)
    except ValidationError as error:
        raise RequestValidationError([{**one, "loc": ("body", *one["loc"])} for one in error.errors()]) from error
    value = order.url if order.url is not None else picture
    if not value or (order.url is not None and picture is not None):
        raise BadRequest(part="url")
    if order.url is None and is_address(value):
        raise BadRequest(part="data_url")
    assert isinstance(value, str | LongText)
    return value, order


__all__ = ["ImportOrder", "Upload", "Uploads", "make_router"]
