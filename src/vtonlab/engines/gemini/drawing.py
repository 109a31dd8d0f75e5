"""Requests for new pictures, as the service takes them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from vtonlab.engines.answers import encode
from vtonlab.engines.contract import Picture
from vtonlab.engines.gemini.models import describe
from vtonlab.engines.gemini.prompt import Prompt, write_drawing
from vtonlab.engines.gemini.setup import Setup
from vtonlab.engines.generating import GenerateRequest, ImageModel
from vtonlab.errors import BadOption

REFERENCE_SIDES: Final = (2048, 1536, 1024, 768)
"""Longer side of reference pictures as they are sent, in pixels: the first with which a request is small enough."""
MOST_REFERENCES: Final = 14_000_000
"""Bytes of a request's reference pictures together: the service takes 20 MB, in base64 and with the words."""

MOST_SEED: Final = 2**31 - 1


def find_model(request: GenerateRequest, setup: Setup) -> ImageModel:
    """The model that draws ``request``."""
    return describe(request.model or setup.model, setup)


def write_prompts(requests: Sequence[GenerateRequest], setup: Setup) -> tuple[Prompt, ...]:
    """The requests as they are sent; a reference picture of several is encoded once. Raises ``BadOption``."""
    known: dict[tuple[int, int], bytes] = {}

    def encode_once(picture: Picture, side: int) -> bytes:
        if (id(picture), side) not in known:
            known[id(picture), side] = encode(picture, side)
        return known[id(picture), side]

    return tuple(_write(request, setup, encode_once) for request in requests)


def _write(request: GenerateRequest, setup: Setup, encode_once: Callable[[Picture, int], bytes]) -> Prompt:
    model = find_model(request, setup)
    _check(request, model)
    references: list[bytes] = []
    for side in REFERENCE_SIDES:
        references = [encode_once(picture, side) for picture in request.references]
        if sum(map(len, references)) <= MOST_REFERENCES:
            break
    parts = write_drawing(request.prompt, request.negative_prompt, references)
    return Prompt(parts, request.aspect_ratio, request.resolution, request.seed, model.name)


def _check(request: GenerateRequest, model: ImageModel) -> None:
    """Raises ``BadOption`` for what the model does not do: it is refused before it costs anything."""
    for name, value, known in (
        ("aspect_ratio", request.aspect_ratio, model.aspect_ratios),
        ("resolution", request.resolution, model.resolutions),
    ):
        if value not in known:
            raise BadOption(option=name, reason=", ".join(known))
    if len(request.references) > model.references:
        raise BadOption(option="references", reason=f"≤ {model.references} ({model.name})")
    if request.seed is not None and not 0 <= request.seed <= MOST_SEED:
        raise BadOption(option="seed", reason=f"0 … {MOST_SEED}")
    if not request.prompt.strip():
        raise BadOption(option="prompt", reason="…")
