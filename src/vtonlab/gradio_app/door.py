"""A Gradio app that takes no file but what it was sent, and answers every error with our own sentence."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import gradio as gr
from gradio.components.image_editor import AcceptBlobs
from gradio.exceptions import Error as GradioError
from gradio.utils import LRUCache, get_upload_folder

from vtonlab.errors import BadRequest, BodyTooLarge, VtonError
from vtonlab.errors.language import Language, choose_language
from vtonlab.gradio_app.forms import MOST_LAYERS
from vtonlab.gradio_app.words import ENGLISH
from vtonlab.library.fetch import Fetcher
from vtonlab.settings import Settings

MOST_DRAWINGS: Final = 16
"""Drawings that pages have sent ahead and not yet asked a picture for."""
MOST_SESSIONS: Final = 20
"""Gradio keeps the last answers of so many clients in memory."""

log = logging.getLogger(__name__)


class Door(gr.Blocks):
    """Gradio's app, narrowed: inputs reach functions as they were sent, files only from our own folder or the web."""

    settings: Settings
    fetcher: Fetcher

    def equip(self, settings: Settings) -> Door:
        """To be called before anything is asked."""
        self.settings = settings
        self.fetcher = Fetcher(settings)
        self.state_session_capacity = MOST_SESSIONS
        self.has_launched = True  # Gradio itself looks at files' paths only in apps that it launched
        return self

    def get_block_name(self) -> str:
        """The page of a plain app shows it."""
        return "blocks"

    def get_api_info(self, *arguments: Any, **named: Any) -> Any:
        """What clients are told of the endpoints, in words and in schemas that clients of Gradio 4 can read too."""
        return _plainly(super().get_api_info(*arguments, **named))

    def get_config_file(self, *arguments: Any, **named: Any) -> Any:
        """What the page and clients are told of the app, with schemas in that same plain form."""
        told = super().get_config_file(*arguments, **named)
        for component in told["components"]:
            component.update({name: _plainly(component[name]) for name in component if name.startswith("api_info")})
        return told

    async def preprocess_data(
        self,
        block_fn: Any,
        inputs: list[Any],
        state: Any,  # noqa: ARG002 - Gradio's signature
        explicit_call: bool = False,  # noqa: ARG002
    ) -> list[Any]:
        """The inputs, with every file they name looked at, and fetched where it is one of the web. Gradio itself would
        fetch without our limits, and keep the last inputs of each client."""
        wanted = len(block_fn.inputs)
        if len(inputs) < wanted:
            raise BadRequest(part=f"data[{len(inputs)}]")
        return [await self._take(value) for value in inputs[:wanted]]

    async def process_api(self, *arguments: Any, **named: Any) -> dict[str, Any]:
        """As Gradio does it, with errors that people can read and that tell nothing of this machine."""
        try:
            return await super().process_api(*arguments, **named)
        except VtonError as error:
            raise in_words(error, language_of(named.get("request"), self.settings)) from error
        except (ValueError, TypeError, KeyError, AttributeError, OSError) as error:
            log.warning("a request could not be understood: %r", error)
            language = language_of(named.get("request"), self.settings)
            raise in_words(BadRequest(part="data"), language) from error

    async def _take(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            if isinstance(value.get("path"), str):
                return {**value, "path": str(await self._take_file(value["path"]))}
            return {name: await self._take(inner) for name, inner in value.items()}
        if isinstance(value, Sequence) and not isinstance(value, str | bytes):
            return [await self._take(inner) for inner in value]
        return value

    async def _take_file(self, path: str) -> Path:
        if "://" not in path:
            return find_own(path)
        into = make_file()
        into.touch()
        await self.fetcher.fetch(path, into)
        return into


def bound(editor: gr.ImageEditor) -> gr.ImageEditor:
    """``editor`` with bounds on the drawings that pages send ahead, part by part, before they ask for a picture.

    Done to the object: Gradio writes a file beside the source of every class that is derived from a component.
    """
    accept = editor.accept_blobs

    def accept_few(data: AcceptBlobs) -> None:
        index = str(data.data["index"])
        if index.isdecimal() and int(index) >= MOST_LAYERS:  # the list of layers would grow to it
            raise BodyTooLarge(limit=str(MOST_LAYERS))
        accept(data)

    vars(accept_few)["_is_server_fn"] = True  # Gradio's mark
    editor.accept_blobs = accept_few
    editor.blob_storage = LRUCache(MOST_DRAWINGS)
    return editor


def find_blobs(editor: gr.ImageEditor, drawing: str) -> dict[str, Any] | None:
    """What was sent ahead under that id, once."""
    blobs = editor.blob_storage.pop(drawing, None)
    return None if blobs is None else dict(blobs)


_TEXT: Final = {"type": "string"}
_MAYBE_TEXT: Final = {"anyOf": [_TEXT, {"type": "null"}]}
FILE: Final = {
    "title": "FileData",
    "type": "object",
    "required": ["path"],
    "properties": {
        "path": _TEXT,
        "url": _MAYBE_TEXT,
        "size": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
        "orig_name": _MAYBE_TEXT,
        "mime_type": _MAYBE_TEXT,
        "is_stream": {"type": "boolean"},
        "meta": {"type": "object"},
    },
}
"""A file as Gradio 4 described it: its clients upload what is described in these very words."""


def _plainly(told: Any) -> Any:
    """``told`` with labels in English instead of keys, and schemas as clients of Gradio 4 know them."""
    if isinstance(told, Mapping):
        if {"path", "orig_name", "meta"} <= set(told.get("properties") or ()):
            return FILE
        if told.get("_type") == "translation_metadata":
            return ENGLISH.get(str(told.get("key")), "")
        return {
            name: _plainly(value)
            for name, value in told.items()
            if not (name == "additionalProperties" and isinstance(value, bool))
        }
    if isinstance(told, gr.i18n.I18nData):
        return ENGLISH.get(told.key, "")
    if isinstance(told, list):
        return [_plainly(value) for value in told]
    return told


def find_own(path: str) -> Path:
    """The file at ``path``, which lies in our own folder. Raises ``BadRequest`` for any other."""
    own = Path(get_upload_folder()).resolve()
    found = Path(path).resolve()
    if not found.is_relative_to(own) or not found.is_file():
        raise BadRequest(part="path")
    return found


def make_file(suffix: str = "") -> Path:
    """A name in a folder of its own, where Gradio hands out files and deletes them later; nobody can guess it."""
    folder = Path(get_upload_folder()) / secrets.token_hex(32)
    folder.mkdir(parents=True)
    return folder / f"result{suffix}"


def in_words(error: VtonError, language: str) -> GradioError:
    """``error`` as Gradio carries it to pages and clients."""
    title = "出错了" if language.startswith("zh") else "Error"
    return GradioError(f"{error.say(language)} {error.advise(language)}", title=title, print_exception=False)


def language_of(request: Any, settings: Settings) -> Language:
    """The language in which a client wants to be answered."""
    headers = getattr(request, "headers", None) or {}
    otherwise: Language = "en" if settings.language == "auto" else settings.language
    return choose_language(headers.get("accept-language", ""), otherwise)
