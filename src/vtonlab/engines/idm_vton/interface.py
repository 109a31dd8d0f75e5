"""What a service's own description of its API says about how to ask it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

ENDPOINT: Final = "/tryon"


class Form(StrEnum):
    """The two published forms of ``/tryon``."""

    FILES = "files"
    """IDM-VTON's own demo: an ImageEditor (photo and mask), a picture, and two pictures back."""
    DATA_URLS = "data_urls"
    """Pictures as base64 data-URLs, in and out; takes no mask."""


class Part(StrEnum):
    """What is asked with."""

    PERSON = "person"
    GARMENT = "garment"
    DESCRIPTION = "description"
    AUTO_MASK = "auto_mask"
    AUTO_CROP = "auto_crop"
    STEPS = "steps"
    SEED = "seed"


ORDER: Final = tuple(Part)
"""In which both published forms take them."""
_NUMBER: Final = frozenset({"number", "slider"})
_TEXT: Final = frozenset({"textbox", "text", "textarea"})
_KINDS: Final[Mapping[Form, tuple[frozenset[str], ...]]] = {
    Form.FILES: (
        frozenset({"imageeditor"}), frozenset({"image"}), _TEXT,
        frozenset({"checkbox"}), frozenset({"checkbox"}), _NUMBER, _NUMBER,
    ),
    Form.DATA_URLS: (
        _TEXT, _TEXT, _TEXT, frozenset({"checkbox"}), frozenset({"checkbox"}), _NUMBER, _NUMBER,
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Span:
    """The values a number may have; None where there is no limit."""

    least: float | None = None
    most: float | None = None

    def fit(self, value: int) -> int:
        """The nearest value that it may have."""
        if self.least is not None and value < self.least:
            return int(self.least)
        if self.most is not None and value > self.most:
            return int(self.most)
        return value


@dataclass(frozen=True)
class Interface:
    """How a service is asked. ``steps``, ``seeds``: what it takes."""

    form: Form
    steps: Span = Span()
    seeds: Span = Span()


def recognise(info: object, config: object) -> Interface | None:
    """The interface that ``info`` (Gradio's description of the API) tells of, with the limits in ``config``; None
    where it has none that we know."""
    parameters = _dig(info, "named_endpoints", ENDPOINT, "parameters")
    if not isinstance(parameters, list):
        return None
    needed = [one for one in parameters if not _dig(one, "parameter_has_default")] if len(parameters) > 7 else []
    if len(parameters) < 7 or len(needed) > 7:
        return None
    kinds = [str(_dig(one, "component")).lower() for one in parameters[:7]]
    for form, wanted in _KINDS.items():
        if all(kind in allowed for kind, allowed in zip(kinds, wanted, strict=True)):
            limits = _limits(config)
            if limits is None or (form is Form.DATA_URLS and not _takes_data(parameters)):
                return None
            return Interface(form, *limits)
    return None


def _takes_data(parameters: Sequence[object]) -> bool:
    """Whether the first two texts are pictures, and not just words."""
    names = [f"{_dig(one, 'parameter_name')} {_dig(one, 'label')}".lower() for one in parameters[:2]]
    return all("base64" in name or "image" in name for name in names)


def _limits(config: object) -> tuple[Span, Span] | None:
    """What steps and seed may be: the API's description does not say it, the page's components do. None where there is
    no such function."""
    components = {_dig(one, "id"): one for one in _list(_dig(config, "components"))}
    for asked in _list(_dig(config, "dependencies")):
        if _dig(asked, "api_name") == ENDPOINT.removeprefix("/"):
            inputs = [components.get(number) for number in _list(_dig(asked, "inputs"))]
            shown = [one for one in inputs if _dig(one, "type") != "state"]
            if len(shown) >= len(ORDER):
                return _span(shown[ORDER.index(Part.STEPS)]), _span(shown[ORDER.index(Part.SEED)])
    return None


def _span(component: object) -> Span:
    least, most = _dig(component, "props", "minimum"), _dig(component, "props", "maximum")
    return Span(
        least if isinstance(least, int | float) else None,
        most if isinstance(most, int | float) else None,
    )


def _list(value: object) -> Iterable[Any]:
    return value if isinstance(value, list) else ()


def _dig(value: object, *keys: str) -> Any:
    """What lies under ``keys``, one in the other; None where something else than mappings is."""
    for key in keys:
        if not isinstance(value, Mapping):
            return None
        value = value.get(key)
    return value
