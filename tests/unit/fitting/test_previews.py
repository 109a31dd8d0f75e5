"""The form of a preview that a client asks for. Previews themselves: tests/api/test_tryon_preview.py."""

from __future__ import annotations

import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image

from vtonlab.fitting.previews import choose_form
from vtonlab.imaging.mannequin import draw_person
from vtonlab.imaging.write import encode_picture


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("", ".jpg"),
        ("*/*", ".jpg"),
        ("image/*", ".jpg"),
        ("application/json, */*;q=0.1", ".jpg"),
        ("image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8", ".jpg"),
        ("image/webp", ".webp"),
        ("IMAGE/WEBP", ".webp"),
        ("image/jpeg, image/webp", ".jpg"),
        ("image/jpeg;q=0.5, image/webp;q=0.9", ".webp"),
        ("image/jpeg;q=0, image/webp", ".webp"),
        ("image/webp;q=0, image/*", ".jpg"),
        ("image/webp;q=high", ".jpg"),
        ("application/json", ".jpg"),
    ],
)
def test_the_form_is_what_the_client_likes_best(accept: str, form: str) -> None:
    assert choose_form(accept) == form


@given(st.text())
@example(";;q=,,")
@example("image/webp;q=inf")
@example("image/webp;q=nan")
def test_whatever_is_sent_there_is_a_form(accept: str) -> None:
    assert choose_form(accept) in {".jpg", ".webp"}


def test_a_fast_webp_is_the_same_picture() -> None:
    picture = draw_person()
    fast = encode_picture(picture, ".webp", quality=80, effort=0)
    assert Image.open(io.BytesIO(fast)).size == (picture.shape[1], picture.shape[0])
    assert Image.open(io.BytesIO(fast)).format == "WEBP"
