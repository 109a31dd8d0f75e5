"""A service that speaks as Gradio 4.24 does, with the interface of IDM-VTON's own demo.

What it says at ``/config`` and ``/info`` and in which order, was taken down from a real Gradio 4.24.0 with that demo's
page. What it does next is set by ``behave``; what it was sent is in ``asked``.
"""

from __future__ import annotations

import email.parser
import email.policy
import io
import json
import select
import socket
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from PIL import Image
from tests.fakes.pretended import pretend
from tests.fakes.serving import Exchange, Fake

FILE = {
    "properties": {
        "path": {"title": "Path", "type": "string"},
        "url": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None, "title": "Url"},
        "size": {"anyOf": [{"type": "integer"}, {"type": "null"}], "default": None, "title": "Size"},
        "orig_name": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None, "title": "Orig Name"},
        "mime_type": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None, "title": "Mime Type"},
        "is_stream": {"default": False, "title": "Is Stream", "type": "boolean"},
        "meta": {"default": {"_type": "gradio.FileData"}, "title": "Meta", "type": "object"},
    },
    "required": ["path"],
    "title": "FileData",
    "type": "object",
}
_MAYBE = {"anyOf": [{"$ref": "#/$defs/FileData"}, {"type": "null"}], "default": None}
EDITOR = {
    "$defs": {"FileData": FILE},
    "properties": {
        "background": _MAYBE,
        "layers": {"default": [], "items": {"$ref": "#/$defs/FileData"}, "title": "Layers", "type": "array"},
        "composite": _MAYBE,
    },
    "title": "EditorData",
    "type": "object",
}
TEXT, FLAG, NUMBER = {"type": "string"}, {"type": "boolean"}, {"type": "number"}
NO_DEFAULT = object()

# label, name, default, type, component, its id and properties on the page
INPUTS: Sequence[tuple[str, str, object, dict[str, Any], str, int, dict[str, Any]]] = (
    ("Human. Mask with pen or use auto-masking", "dict", NO_DEFAULT, EDITOR, "imageeditor", 1, {}),
    ("Garment", "garm_img", NO_DEFAULT, FILE, "image", 4, {}),
    ("parameter_5", "garment_des", NO_DEFAULT, TEXT, "textbox", 5, {}),
    ("Yes", "is_checked", True, FLAG, "checkbox", 2, {}),
    ("Yes", "is_checked_crop", False, FLAG, "checkbox", 3, {}),
    ("Denoising Steps", "denoise_steps", 30, NUMBER, "number", 9, {"minimum": 20, "maximum": 40}),
    ("Seed", "seed", 42, NUMBER, "number", 10, {"minimum": -1, "maximum": 2147483647}),
)
OUTPUTS = (("Output", 7), ("Masked image output", 6))


@dataclass
class Behaviour:
    """What happens at the next requests."""

    config: tuple[int, Any] | None = None
    """Status and content of ``/config`` instead of the real one."""
    info: tuple[int, Any] | None = None
    upload_status: int = 200
    join_status: int = 200
    file_status: int = 200
    ranks: Sequence[tuple[int, int, float | None]] = ((0, 1, None),)
    """Rank, size and eta, told in turn while it waits in the queue."""
    rank_seconds: float = 0.0
    seconds: float = 0.0
    """Of work."""
    steps: int = 0
    """Told as progress, if any."""
    words: str | None = ""
    """Of the error that it ends in; None is one without words, "" none at all."""
    cut_after: str = ""
    """The message after which the line goes dead."""
    pictures: Callable[[Image.Image, Image.Image], Sequence[object]] | None = None
    """What it answers with instead of its two pictures: pictures, bytes of files, or anything as it is."""
    stuck: bool = False
    """It says nothing any more after the job was taken on, until ``go_on`` is set."""


@dataclass
class Asked:
    """What a job came with."""

    photo: Image.Image
    garment: Image.Image
    mask: Image.Image | None
    values: tuple[Any, ...]
    """description, auto mask, auto crop, steps, seed"""


class Gradio424(Fake):
    """The service, as a context."""

    def __init__(self) -> None:
        super().__init__()
        self.behave = Behaviour()
        self.asked: list[Asked] = []
        self.paths: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.left: list[str] = []
        """Sessions that hung up before their answer."""
        self.go_on = threading.Event()
        self._files: dict[str, bytes] = {}
        self._jobs: dict[str, tuple[str, list[Any]]] = {}

    def get(self, exchange: Exchange) -> None:
        self._note(exchange)
        path = exchange.path
        if path == "/config":
            exchange.answer(*(self.behave.config or (200, config(self.address))))
        elif path == "/info":
            exchange.answer(*(self.behave.info or (200, info())))
        elif path.startswith("/file="):
            data = self._files.get(unquote(path.removeprefix("/file=")), b"")
            exchange.send(self.behave.file_status if data else 404, data, "image/png")
        elif path == "/queue/data":
            self._stream(exchange)
        else:
            exchange.answer(404, {"detail": "Not Found"})

    def post(self, exchange: Exchange) -> None:
        self._note(exchange)
        match exchange.path:
            case "/upload":
                exchange.answer(self.behave.upload_status, [self._keep(_part_of(exchange))])
            case "/queue/join":
                if self.behave.join_status != 200:
                    exchange.answer(self.behave.join_status, {"detail": "Queue is full."})
                    return
                asked = exchange.json()
                name = f"event{len(self.paths)}"
                self._jobs[asked["session_hash"]] = (name, asked["data"])
                exchange.answer(200, {"event_id": name})
            case _:
                exchange.answer(404, {"detail": "Not Found"})

    def _note(self, exchange: Exchange) -> None:
        with self.lock:
            self.paths.append(exchange.path)
            self.headers.append({name.lower(): value for name, value in exchange.headers.items()})

    def _keep(self, data: bytes) -> str:
        with self.lock:
            name = f"/tmp/gradio/{len(self._files):040x}/image.png"
            self._files[name] = data
        return name

    def _stream(self, exchange: Exchange) -> None:
        handler = exchange._handler
        session = parse_qs(urlsplit(handler.path).query)["session_hash"][0]
        name, data = self._jobs.pop(session)
        handler.send_response(200)
        handler.send_header("Content-Type", "text/event-stream; charset=utf-8")
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        for message in self._messages(name, data):
            if message is None:
                if _has_hung_up(handler.connection):
                    self.left.append(session)
                    handler.close_connection = True
                    return
                continue
            said = f"data:{json.dumps(message)}\n\n".encode()
            handler.wfile.write(b"%x\r\n%b\r\n" % (len(said), said))
            if self.behave.cut_after == message["msg"]:
                exchange.drop()
                return
        handler.wfile.write(b"0\r\n\r\n")

    def _messages(self, name: str, data: list[Any]) -> Any:
        """What is said about a job; None now and then, to look whether anybody listens."""
        behave = self.behave
        for rank, size, eta in behave.ranks:
            yield {"msg": "estimation", "event_id": name, "rank": rank, "queue_size": size, "rank_eta": eta}
            yield from self._pass(behave.rank_seconds)
        yield {"msg": "process_starts", "event_id": name, "eta": None}
        for step in range(behave.steps):
            units = [{"index": step, "length": behave.steps, "unit": "steps", "progress": None, "desc": "片"}]
            yield {"msg": "progress", "event_id": name, "progress_data": units}
            yield from self._pass(behave.seconds / behave.steps)
        if not behave.steps:
            yield from self._pass(behave.seconds)
        while behave.stuck and not self.go_on.is_set() and not self.closing.is_set():
            yield from self._pass(0.05)
        if behave.words != "":
            yield {"msg": "process_completed", "event_id": name, "output": {"error": behave.words}, "success": False}
        else:
            output = {"data": self._work(data), "is_generating": False, "duration": 1.0, "average_duration": 1.0}
            yield {"msg": "process_completed", "event_id": name, "output": output, "success": True}
        yield {"msg": "close_stream"}

    def _pass(self, seconds: float) -> Any:
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self.closing.is_set():
            yield None
            time.sleep(min(0.05, seconds))

    def _work(self, data: list[Any]) -> list[Any]:
        editor, garment_file, *values = data
        assert set(editor) == {"background", "layers", "composite"}
        photo, garment = self._open(editor["background"]), self._open(garment_file)
        mask = self._open(editor["layers"][0]) if editor["layers"] else None
        self.asked.append(Asked(photo, garment, mask, tuple(values)))
        assert 20 <= values[3] <= 40, "gr.Number refuses it"
        assert -1 <= values[4] <= 2147483647, "gr.Number refuses it"
        assert values[1] or mask is not None, "the real one fails here"
        made = pretend(photo, garment, None if values[1] else mask, crop=values[2])
        chosen = self.behave.pictures(*made) if self.behave.pictures else made
        return [self._tell(one) for one in chosen]

    def _open(self, file: dict[str, Any]) -> Image.Image:
        assert file["meta"] == {"_type": "gradio.FileData"}
        image = Image.open(io.BytesIO(self._files[file["path"]]))
        image.load()
        return image

    def _tell(self, one: object) -> object:
        if isinstance(one, Image.Image):
            file = io.BytesIO()
            one.save(file, "PNG", compress_level=1)
            one = file.getvalue()
        if not isinstance(one, bytes):
            return one
        path = self._keep(one)
        return {
            "path": path, "url": f"{self.address}/file={path}", "size": None, "orig_name": "image.png",
            "mime_type": None, "is_stream": False, "meta": {"_type": "gradio.FileData"},
        }  # fmt: skip


def config(address: str, *, steps: dict[str, Any] | None = None) -> dict[str, Any]:
    """``/config``; ``steps``: other properties of the component for the steps."""
    components = [
        {
            "id": number, "type": component, "skip_api": False, "api_info": kind,
            "props": {"label": label, "name": component, **(steps if steps and name == "denoise_steps" else props)},
        }
        for label, name, _, kind, component, number, props in INPUTS
    ]  # fmt: skip
    components += [
        {"id": number, "type": "image", "skip_api": False, "api_info": FILE, "props": {"label": label, "name": "image"}}
        for label, number in OUTPUTS
    ]
    components.append({"id": 8, "type": "button", "skip_api": True, "props": {"value": "Try-on", "name": "button"}})
    asked = {
        "targets": [[8, "click"]], "inputs": [one[5] for one in INPUTS], "outputs": [7, 6], "backend_fn": True,
        "js": None, "queue": None, "api_name": "tryon", "scroll_to_output": False, "show_progress": "full",
        "every": None, "batch": False, "max_batch_size": 4, "cancels": [], "collects_event_data": False,
        "types": {"continuous": False, "generator": False}, "trigger_after": None,
        "trigger_only_on_success": False, "trigger_mode": "once", "show_api": True,
    }  # fmt: skip
    return {
        "version": "4.24.0", "mode": "blocks", "app_id": 9548371748420059874, "dev_mode": False,
        "analytics_enabled": False, "components": components, "title": "Gradio", "space_id": None,
        "enable_queue": True, "show_error": False, "show_api": True, "is_colab": False, "theme": "default",
        "protocol": "sse_v3", "fill_height": False, "dependencies": [asked], "root": address,
    }  # fmt: skip


def info() -> dict[str, Any]:
    """``/info``."""
    parameters = [
        {
            "label": label, "parameter_name": name, "parameter_has_default": default is not NO_DEFAULT,
            "parameter_default": None if default is NO_DEFAULT else default, "type": kind,
            "python_type": {"type": "Any", "description": ""}, "component": component.capitalize(),
            "example_input": None,
        }
        for label, name, default, kind, component, _, _ in INPUTS
    ]  # fmt: skip
    returns = [
        {"label": label, "type": FILE, "python_type": {"type": "filepath", "description": ""}, "component": "Image"}
        for label, _ in OUTPUTS
    ]
    named = {"/tryon": {"parameters": parameters, "returns": returns}}
    return {"named_endpoints": named, "unnamed_endpoints": {}}


def _has_hung_up(connection: socket.socket) -> bool:
    readable, _, _ = select.select([connection], [], [], 0)
    return bool(readable) and connection.recv(1, socket.MSG_PEEK) == b""


def _part_of(exchange: Exchange) -> bytes:
    """The bytes of the only file in a multipart body."""
    head = f"content-type: {exchange.headers['content-type']}\r\n\r\n".encode()
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + exchange.body)
    (part,) = message.iter_parts()
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    return content
