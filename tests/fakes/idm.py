"""What the tests of the engine `idm_vton` share."""

from __future__ import annotations

import numpy as np
from PIL import Image
from tests.drawn_clothes import draw_upper
from tests.drawn_people import draw_person
from tests.fakes.pretended import auto_mask

from vtonlab.engines.contract import GarmentKind, Mask, Picture, TryOnRequest
from vtonlab.engines.idm_vton import IdmVtonEngine

PERSON: Picture = draw_person().picture
GARMENT: Picture = np.asarray(draw_upper().picture)


def make_engine(url: str, **values: object) -> IdmVtonEngine:
    engine = IdmVtonEngine()
    engine.equip({"url": url, "token": "", "seconds": 30.0} | values)
    return engine


def ask(person: Picture = PERSON, mask: Mask | None = None, **values: object) -> TryOnRequest:
    """A request; what is no field of it is an option."""
    fields = {name: values.pop(name) for name in ("description", "kind", "lower", "errand") if name in values}
    whole = {"person": person, "garment": GARMENT, "mask": mask, "kind": GarmentKind.UPPER, "options": values} | fields
    return TryOnRequest(**whole)  # type: ignore[arg-type]


def where_painted(photo: Picture) -> Mask:
    """The automatic mask of the fakes on ``photo``, worked out independently: 3:4 with the photo in its middle."""
    height, width = photo.shape[:2]
    wide, tall = max(width, round(height * 3 / 4)), max(height, round(width * 4 / 3))
    whole = np.asarray(auto_mask().resize((wide, tall), Image.Resampling.BILINEAR))
    left, top = (wide - width) // 2, (tall - height) // 2
    return np.where(whole[top : top + height, left : left + width] > 127, 255, 0).astype(np.uint8)
