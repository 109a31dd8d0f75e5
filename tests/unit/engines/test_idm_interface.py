"""Telling the published interfaces apart by a service's own description."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from tests.fakes.gradio_424 import config, info

from vtonlab.engines.idm_vton.interface import Form, Span, recognise

CONFIG = config("http://127.0.0.1:7860")


def described(*components: str, names: tuple[str, ...] = (), extra: Mapping[str, Any] | None = None) -> dict[str, Any]:
    parameters = [
        {"component": component, "parameter_name": names[place] if place < len(names) else f"param_{place}"}
        for place, component in enumerate(components)
    ]
    parameters += [dict(extra)] if extra else []
    return {"named_endpoints": {"/tryon": {"parameters": parameters, "returns": []}}, "unnamed_endpoints": {}}


NUMBERS = ("Checkbox", "Checkbox", "Slider", "Number")
BASE64 = ("human_image_base64", "garment_image_base64", "garment_description")


def test_the_demos_own() -> None:
    found = recognise(info(), CONFIG)
    assert found is not None
    assert found.form is Form.FILES
    assert (found.steps, found.seeds) == (Span(20, 40), Span(-1, 2147483647))


def test_the_one_with_data_urls() -> None:
    found = recognise(described("Textbox", "Textbox", "Textbox", *NUMBERS, names=BASE64), CONFIG)
    assert found is not None
    assert found.form is Form.DATA_URLS


def test_limits_may_be_missing_or_nonsense() -> None:
    for steps in ({}, {"minimum": None, "maximum": "many"}):
        found = recognise(info(), config("http://127.0.0.1:7860", steps={"x": 1, **steps}))
        assert found is not None
        assert found.steps == Span()
        assert found.steps.fit(50) == 50


def test_more_is_taken_where_it_need_not_be_given() -> None:
    optional = {"component": "Checkbox", "parameter_name": "upscale", "parameter_has_default": True}
    assert recognise(described("Imageeditor", "Image", "Textbox", *NUMBERS, extra=optional), CONFIG) is not None
    needed = {**optional, "parameter_has_default": False}
    assert recognise(described("Imageeditor", "Image", "Textbox", *NUMBERS, extra=needed), CONFIG) is None


@pytest.mark.parametrize(
    "other",
    [
        described("Textbox", "Textbox", "Textbox", *NUMBERS),
        described("Image", "Image", "Textbox", *NUMBERS),
        described("Imageeditor", "Image", "Textbox", "Checkbox", "Checkbox", "Slider"),
        described("Image", "Imageeditor", "Textbox", *NUMBERS),
        {"named_endpoints": {"/predict": info()["named_endpoints"]["/tryon"]}},
        {"named_endpoints": {"/tryon": {"parameters": [None] * 7}}},
        {"named_endpoints": {"/tryon": {"parameters": "seven"}}},
        {"named_endpoints": []},
        [],
        None,
        "words",
    ],
)
def test_anything_else_is_not_that_service(other: object) -> None:
    assert recognise(other, CONFIG) is None


@pytest.mark.parametrize("page", [None, [], {}, {"dependencies": [None, 1]}, {"dependencies": "none"}])
def test_a_page_without_the_function_is_not_it_either(page: object) -> None:
    assert recognise(info(), page) is None


@pytest.mark.parametrize(("value", "wanted"), [(1, 20), (20, 20), (33, 33), (40, 40), (50, 40)])
def test_a_span(value: int, wanted: int) -> None:
    assert Span(20, 40).fit(value) == wanted
    assert Span(None, 40).fit(value) == min(value, 40)
    assert Span().fit(value) == value
