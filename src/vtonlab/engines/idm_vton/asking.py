"""What the service is given."""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from pydantic import Field

from vtonlab.engines.contract import GarmentKind, Note, Picture, TryOnRequest
from vtonlab.engines.contract import Options as BaseOptions
from vtonlab.engines.frames import Frame, cut, pad, pad_mask
from vtonlab.engines.idm_vton.interface import Form, Interface
from vtonlab.errors import MaskNeeded, Text
from vtonlab.imaging.write import encode_picture

RATIO: Final = (3, 4)
"""Width to height of what IDM-VTON works on (768×1024); it stretches everything else."""
PERSON_LONGEST: Final = 2048
"""Pixels. IDM-VTON reduces to 1024 itself; other services with its interface can use more."""
GARMENT_LONGEST: Final = 1024
QUALITY: Final = 95
"""Of the JPEG of the person. The garment goes as a PNG: small marks in a JPEG look like texture on a plain cloth."""
MOST_SEED: Final = 2**31 - 1
WORDS: Final = {
    GarmentKind.AUTO: "a garment",
    GarmentKind.UPPER: "a top",
    GarmentKind.LOWER: "trousers",
    GarmentKind.DRESS: "a dress",
}
"""The description, where none is given: the model puts it behind “model is wearing ”."""

UPPER_ONLY = Note(
    "upper_only",
    "warning",
    Text(
        "IDM-VTON's automatic mask covers the upper body only; draw a mask for other garments.",
        "IDM-VTON 的自动遮罩只覆盖上半身；其他衣物请手动绘制遮罩。",
    ),
)
MASK_KEPT_HERE = Note(
    "mask_kept_here",
    "info",
    Text(
        "This service takes no mask: it chose what to change itself, and only what lies within yours was kept.",
        "该服务不接受遮罩：它自行决定修改区域，仅保留了您的遮罩内的部分。",
    ),
)


class Options(BaseOptions):
    """How IDM-VTON is asked."""

    auto_mask: bool = True
    """The service finds out itself what is to be changed. Without it a mask is needed; a given mask goes before."""
    auto_crop: bool = False
    """Only the middle of the photo, cut to 3:4, is worked on: larger in wide photos. Without it, the photo gets a
    border."""
    denoise_steps: int = Field(default=30, ge=1, le=50)
    """Rounds of denoising: more take longer. The service's own demo takes 20–40; the nearest it takes is used."""
    seed: int | None = None
    """The same seed draws the same picture; none, or a negative one, draws another each time."""
    composite: bool = True
    """What was not to be changed is the photo's own, pixel by pixel; without it, the service's raw picture."""


@dataclass(frozen=True)
class Asking:
    """The pictures as they are sent. ``person``: the photo in its ``frame``."""

    person: Picture
    frame: Frame
    person_file: bytes
    garment_file: bytes
    mask_file: bytes | None
    description: str

    def pictures(self, interface: Interface) -> tuple[int, int]:
        """How many are sent, and their bytes."""
        files = [self.person_file, self.garment_file]
        if self.mask_file is not None and interface.form is Form.FILES:
            files.append(self.mask_file)
        return len(files), sum(len(file) for file in files)


def prepare(request: TryOnRequest, options: Options) -> Asking:
    """The request's pictures at the shape that the service wants. Raises ``MaskNeeded``."""
    mask = request.mask if request.mask is not None and request.mask.any() else None
    if mask is None and (request.mask is not None or not options.auto_mask):
        raise MaskNeeded
    fit = cut if options.auto_crop else pad
    person, frame = fit(request.person, RATIO, longest=PERSON_LONGEST)
    garment, _ = pad(request.garment, RATIO, longest=GARMENT_LONGEST, colour=_border_colour(request.garment))
    return Asking(
        person=person,
        frame=frame,
        person_file=encode_picture(person, ".jpg", quality=QUALITY),
        garment_file=encode_picture(garment, ".png"),
        mask_file=None if mask is None else _encode_mask(pad_mask(mask, frame)),
        description=request.description.strip() or WORDS[request.kind],
    )


def compose(asking: Asking, interface: Interface, options: Options, folder: Path) -> tuple[list[Any], tuple[Note, ...]]:
    """The arguments of the service's ``/tryon``, and what is worth telling about them. Files are written to
    ``folder``."""
    steps = interface.steps.fit(options.denoise_steps)
    seed = choose_seed(options.seed, interface)
    has_mask = asking.mask_file is not None
    notes = [] if steps == options.denoise_steps else [_steps_changed(options.denoise_steps, steps)]
    if interface.form is Form.FILES:
        pictures = _as_files(asking, folder)
        auto_mask = not has_mask
    else:
        pictures = [_as_data_url(asking.person_file, "jpeg"), _as_data_url(asking.garment_file, "png")]
        auto_mask = True
        notes += [MASK_KEPT_HERE] if has_mask else []
    return [*pictures, asking.description, auto_mask, options.auto_crop, steps, seed], tuple(notes)


def choose_seed(asked: int | None, interface: Interface) -> int:
    """``asked`` where the service takes it, folded into its range where it does not; one by chance for none."""
    most = min(MOST_SEED, int(interface.seeds.most)) if interface.seeds.most is not None else MOST_SEED
    if asked is None or asked < 0:
        return secrets.randbelow(most + 1)
    return asked % (most + 1)


def _as_files(asking: Asking, folder: Path) -> list[Any]:
    from gradio_client import handle_file  # type: ignore[import-untyped]

    def write(name: str, data: bytes) -> Any:
        (folder / name).write_bytes(data)
        return handle_file(folder / name)

    layers = [] if asking.mask_file is None else [write("mask.png", asking.mask_file)]
    person = {"background": write("person.jpg", asking.person_file), "layers": layers, "composite": None}
    return [person, write("garment.png", asking.garment_file)]


def _as_data_url(data: bytes, kind: str) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"


def _encode_mask(mask: Picture) -> bytes:
    # The service changes every pixel that is not wholly black.
    firm = np.where(mask > 127, 255, 0).astype(np.uint8)
    return encode_picture(np.repeat(firm[..., None], 3, axis=2), ".png")


def _border_colour(garment: Picture) -> tuple[int, int, int]:
    """The usual colour at the picture's edge: a cloth that touches it is not drawn out."""
    edge = np.concatenate([garment[0], garment[-1], garment[:, 0], garment[:, -1]])
    red, green, blue = (int(value) for value in np.median(edge, axis=0))
    return red, green, blue


def _steps_changed(asked: int, used: int) -> Note:
    text = Text(
        "The service does not take {asked} steps; {used} were used.", "该服务不支持 {asked} 步，实际使用 {used} 步。"
    )
    return Note("steps_changed", "info", text.with_values(asked=asked, used=used))
