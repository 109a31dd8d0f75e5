"""Services on the Gradio that is installed, in a process of their own that can be killed, stopped and started again.

``/files`` has IDM-VTON's own interface, ``/data`` the one with data-URLs, ``/locked`` asks for name and password,
``/other`` is something else. What a fitting does there, its description says: ``slow:3`` takes 3 seconds and tells its
progress, ``fail:words`` ends in an error with these words, ``crash:words`` in an exception, ``nothing`` in no picture,
``garbage`` in a file that is none, ``wide`` in a picture of another shape; anything else is pretended (``pretended``).
"""

from __future__ import annotations

import base64
import io
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

SECONDS_TO_START = 120
PLACES = 2
"""In the queue of each service, behind the one that is worked on."""
NAME, PASSWORD = "eva", "open sesame"


class GradioServer:
    """The process. ``address`` stays the same when it is started again."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it unless it runs, and wait until it answers."""
        if self._process is None:
            told = {
                "GRADIO_ANALYTICS_ENABLED": "False", "HF_HUB_OFFLINE": "1", "GRADIO_TEMP_DIR": str(self._folder),
                "PYTHONPATH": str(Path(__file__).parents[2]),
            }  # fmt: skip
            command = [sys.executable, "-m", "tests.fakes.gradio_server", str(self.port)]
            with (self._folder / "log").open("ab") as log:
                self._process = subprocess.Popen(command, env={**os.environ, **told}, stdout=log, stderr=log)
        until = time.monotonic() + SECONDS_TO_START
        while time.monotonic() < until and self._process.poll() is None:
            try:
                if httpx.get(f"{self.address}/files/config", timeout=5, trust_env=False).status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.1)
        pytest.fail(f"the Gradio server did not start: {self.log()}")

    def kill(self) -> None:
        """As the kernel does it when memory runs out."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """It keeps its connections and answers nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def log(self) -> str:
        return (self._folder / "log").read_text("utf-8", "replace")[-3000:]


@contextmanager
def gradio_server() -> Iterator[GradioServer]:
    """The process, running."""
    with tempfile.TemporaryDirectory(prefix="vtonlab-gradio-", ignore_cleanup_errors=True) as folder:
        server = GradioServer(Path(folder))
        try:
            server.start()
            yield server
        finally:
            server.kill()


# ------------------------------------------------------------------------------------------- within the process


def _fit(photo: Any, garment: Any, mask: Any, description: str, crop: bool, tell: Any) -> tuple[Any, Any]:
    import gradio as gr
    from PIL import Image
    from tests.fakes.pretended import pretend

    order, _, value = description.partition(":")
    match order:
        case "fail":
            raise gr.Error(value)
        case "crash":
            raise IndexError(value)
        case "nothing":
            return None, None
        case "wide":
            return Image.new("RGB", (1024, 400), (200, 10, 10)), None
        case "slow":
            steps = max(1, round(float(value) / 0.2))
            for step in range(steps):
                tell((step, steps), desc="drawing", unit="steps")
                time.sleep(0.2)
    return pretend(photo, garment, mask, crop=crop)


def _build_files() -> Any:
    import gradio as gr

    def start(
        dict: Any,  # noqa: A002 - the parameters' names are part of the interface
        garm_img: Any,
        garment_des: str,
        is_checked: bool,
        is_checked_crop: bool,
        denoise_steps: int,
        seed: int,
        progress: Any = gr.Progress(),  # noqa: B008 - Gradio finds it here
    ) -> tuple[Any, Any]:
        if garment_des == "garbage":
            path = Path(os.environ["GRADIO_TEMP_DIR"]) / "garbage.png"
            path.write_bytes(b"no picture at all")
            return str(path), str(path)
        mask = None if is_checked else dict["layers"][0]
        return _fit(dict["background"], garm_img, mask, garment_des, is_checked_crop, progress)

    with gr.Blocks() as page:
        person = gr.ImageEditor(type="pil", label="Human. Mask with pen or use auto-masking")
        garment = gr.Image(type="pil", label="Garment")
        words = gr.Textbox()
        auto = gr.Checkbox(label="Yes", value=True)
        crop = gr.Checkbox(label="Yes", value=False)
        steps = gr.Number(label="Denoising Steps", minimum=20, maximum=40, value=30, step=1)
        seed = gr.Number(label="Seed", minimum=-1, maximum=2147483647, step=1, value=42)
        masked, result = gr.Image(label="Masked image output", format="webp"), gr.Image(label="Output", format="png")
        inputs = [person, garment, words, auto, crop, steps, seed]
        gr.Button("Try-on").click(start, inputs, [result, masked], api_name="tryon")
    return page.queue(max_size=PLACES)


def _build_data() -> Any:
    import gradio as gr

    def start(
        human_image_base64: str,
        garment_image_base64: str,
        garment_description: str,
        auto_mask: bool,
        auto_crop: bool,
        denoise_steps: int,
        seed: int,
        progress: Any = gr.Progress(),  # noqa: B008 - Gradio finds it here
    ) -> tuple[Any, Any]:
        if garment_description == "garbage":
            return "data:image/png;base64,bm8gcGljdHVyZQ==", "no base64 at all"
        if not auto_mask:
            raise gr.Error("no mask")
        pictures = _decode(human_image_base64), _decode(garment_image_base64)
        made = _fit(*pictures, None, garment_description, auto_crop, progress)
        return tuple("" if one is None else _encode(one) for one in made)  # type: ignore[return-value]

    return gr.Interface(
        start,
        [gr.Textbox(), gr.Textbox(), gr.Textbox(), gr.Checkbox(), gr.Checkbox(), gr.Slider(1, 50), gr.Number()],
        [gr.Textbox(label="result"), gr.Textbox(label="mask")],
        api_name="tryon",
        flagging_mode="never",
    ).queue(max_size=PLACES)


def _decode(url: str) -> Any:
    from PIL import Image

    assert url.startswith("data:image/")
    return Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2])))


def _encode(image: Any) -> str:
    file = io.BytesIO()
    image.save(file, "PNG", compress_level=1)
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


def _serve(port: int) -> None:
    import gradio as gr
    import uvicorn
    from fastapi import FastAPI

    app = FastAPI()
    other = gr.Interface(lambda words: words, gr.Textbox(), gr.Textbox(), api_name="tryon", flagging_mode="never")
    for path, page, keys in (
        ("/files", _build_files(), None),
        ("/data", _build_data(), None),
        ("/locked", _build_data(), (NAME, PASSWORD)),
        ("/other", other, None),
    ):
        app = gr.mount_gradio_app(app, page, path=path, auth=keys)
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")


if __name__ == "__main__":
    _serve(int(sys.argv[1]))
