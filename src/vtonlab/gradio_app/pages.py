"""The two Gradio apps: the same page for people, and behind it the form that clients know."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, cast

import gradio as gr
from gradio.context import LocalContext

from vtonlab.engines.contract import TryOnResult
from vtonlab.gradio_app import Shape
from vtonlab.gradio_app.desk import Asked, Desk, IsGone
from vtonlab.gradio_app.door import Door, bound, find_blobs, make_file
from vtonlab.gradio_app.forms import Form, show_base64, show_pictures, take_base64, take_editor, take_file
from vtonlab.gradio_app.words import make_words

ENDPOINT: Final = "tryon"
LANES: Final = "fittings"
"""All ways into one app share its places."""

Show = Callable[[Asked, TryOnResult, bytes], tuple[str, str]]


@dataclass(frozen=True)
class _Parts:
    """The components that make up a request and its answer, in the order of IDM-VTON's own demo."""

    asked: tuple[Any, ...]
    answers: tuple[Any, ...]
    editor: gr.ImageEditor
    start: gr.Button
    stop: gr.Button


def build(shape: Shape, desk: Desk) -> Door:
    """The app whose ``/tryon`` is of that shape."""
    with Door(title="VTON Lab", analytics_enabled=False) as blocks:
        blocks.equip(desk.settings)
        parts = _draw_page(desk)
        by_picture = _answer_pictures(desk, blocks, parts.editor)
        is_own = shape is Shape.IDM_VTON
        running = parts.start.click(
            by_picture, list(parts.asked), list(parts.answers), concurrency_id=LANES, preprocess=False,
            api_name=ENDPOINT if is_own else "page", api_visibility="public" if is_own else "undocumented",
        )  # fmt: skip
        parts.stop.click(None, cancels=[running])
        if not is_own:
            _add_base64(desk, blocks)
    return blocks.queue(max_size=desk.offer.waiting, default_concurrency_limit=desk.workers)  # type: ignore[no-any-return]


def _draw_page(desk: Desk) -> _Parts:
    engine = desk.engine
    say = gr.I18n(**make_words(engine))
    can = engine.capabilities
    gr.Markdown(say("heading"))
    gr.Markdown(say("about"))
    with gr.Row(equal_height=False):
        with gr.Column():
            brush: Any = None if can.mask else False
            editor = bound(
                gr.ImageEditor(
                    label=say("person"),
                    placeholder=cast("Any", say("person_hint")),  # translated like every other word
                    sources=["upload", "clipboard"],
                    type="filepath",
                    interactive=True,
                    height=460,
                    brush=brush,
                    eraser=brush,
                    layers=can.mask,
                    transforms=(),
                    format="png",
                    canvas_size=(768, 1024),
                )
            )
            auto_mask = gr.Checkbox(True, label=say("auto_mask"), visible=can.mask)
            auto_crop = gr.Checkbox(False, label=say("auto_crop"), visible="auto_crop" in engine.Options.model_fields)
        with gr.Column():
            garment = gr.Image(label=say("garment"), sources=["upload", "clipboard"], height=460, buttons=[])
            description = gr.Textbox("", label=say("description"), placeholder=say("such_as"), visible=can.description)
            steps = gr.Slider(20, 40, 30, step=1, label=say("steps"), visible=can.steps)
            seed = gr.Number(42, label=say("seed"), precision=0, visible=can.seed)
        with gr.Column():
            with gr.Row():
                start = gr.Button(say("start"), variant="primary")
                stop = gr.Button(say("stop"))
            result = gr.Image(
                label=say("result"), format="png", height=460, interactive=False, buttons=["download", "fullscreen"]
            )
            with gr.Accordion(say("masked"), open=False):
                masked = gr.Image(show_label=False, format="png", height=460, interactive=False, buttons=["download"])
    asked = (editor, garment, description, auto_mask, auto_crop, steps, seed)
    return _Parts(asked, (result, masked), editor, start, stop)


def _answer_pictures(desk: Desk, blocks: Door, editor: gr.ImageEditor) -> Callable[..., Any]:
    """IDM-VTON's own function: its arguments have the names that clients know."""

    async def tryon(
        dict: Any,  # noqa: A002 - the name is published
        garm_img: Any,
        garment_des: Any,
        is_checked: Any,
        is_checked_crop: Any,
        denoise_steps: Any,
        seed: Any,
        progress: gr.Progress = gr.Progress(),  # noqa: B008 - Gradio finds it by its default
    ) -> tuple[str, str]:
        """Dress the person; the picture, and the photo with the changed region in grey."""
        person, layers = take_editor(dict, partial(find_blobs, editor))
        form = Form(person, take_file(garm_img), layers, garment_des, is_checked, is_checked_crop, denoise_steps, seed)
        return await _fit(desk, blocks, form, _write_pictures, progress)

    return tryon


def _add_base64(desk: Desk, blocks: Door) -> None:
    """The form with data-URLs, on components that nobody sees."""

    async def tryon(
        human_image_base64: Any,
        garment_image_base64: Any,
        garment_description: Any,
        auto_mask: Any,
        auto_crop: Any,
        denoise_steps: Any,
        seed: Any,
        progress: gr.Progress = gr.Progress(),  # noqa: B008 - Gradio finds it by its default
    ) -> tuple[str, str]:
        """Dress the person; the picture, and where it was changed, as data-URLs."""
        form = read_base64(
            human_image_base64, garment_image_base64, garment_description, auto_mask, auto_crop, denoise_steps, seed
        )
        return await _fit(desk, blocks, form, show_base64, progress)

    with gr.Row(visible=False):
        asked = [
            gr.Textbox(label="human_image_base64"),
            gr.Textbox(label="garment_image_base64"),
            gr.Textbox("", label="garment_description"),
            gr.Checkbox(True, label="auto_mask"),
            gr.Checkbox(False, label="auto_crop"),
            gr.Slider(1, 50, 30, step=1, label="denoise_steps"),
            gr.Number(42, label="seed", precision=0),
        ]
        answers = [gr.Textbox(label="result"), gr.Textbox(label="mask")]
        gr.Button().click(tryon, asked, answers, api_name=ENDPOINT, concurrency_id=LANES, preprocess=False)


def read_base64(
    person: Any, garment: Any, description: Any, auto_mask: Any, auto_crop: Any, steps: Any, seed: Any
) -> Form:
    """The arguments of the base64 form, in their order. Raises ``BadRequest``."""
    return Form(take_base64(person), take_base64(garment), (), description, auto_mask, auto_crop, steps, seed)


async def _fit(desk: Desk, blocks: Door, form: Form, show: Show, progress: gr.Progress) -> tuple[str, str]:
    def tell(fraction: float, stage: str) -> None:
        progress(min(max(fraction, 0.0), 1.0), desc=stage)

    return await desk.fit(lambda: form.read(desk.settings), show, tell, _is_gone(blocks))


def _is_gone(blocks: Door) -> IsGone:
    """Whether the client of the request that is being answered has hung up."""
    event = LocalContext.event_id.get(None) or ""
    queue = blocks._queue  # noqa: SLF001 - Gradio tells it nowhere else

    async def is_gone() -> bool:
        known = queue.event_ids_to_events.get(event)
        return known is not None and not known.alive

    return is_gone


def _write_pictures(asked: Asked, made: TryOnResult, png: bytes) -> tuple[str, str]:
    result, masked = show_pictures(asked, made, png)
    return _write(result), _write(masked)


def _write(png: bytes) -> str:
    path = make_file(".png")
    path.write_bytes(png)
    return str(path)
