"""Long strings of an answer go to a temporary file while it is received."""

from __future__ import annotations

import base64
import json
import random

import pytest

from vtonlab.engines.gemini.spool import LONGEST, Spool, Squeezer

PICTURES = [random.Random(seed).randbytes(size) for seed, size in enumerate((30_000, 13_000, 70_000))]


def write_answer(altchars: bytes | None, escape: bool) -> tuple[str, dict[str, object]]:
    data = [base64.b64encode(picture, altchars).decode() for picture in PICTURES]
    said = 'quotes " and \\ and \\" "} ' + "红" * 500
    told: dict[str, object] = {
        "a": data,
        "short": "x" * LONGEST,
        "said": said,
        "ends": "\\",
        "small": base64.b64encode(b"!").decode(),
    }
    text = json.dumps(told, ensure_ascii=False)
    if escape:  # as Google writes them sometimes
        text = text.replace("=", "\\u003d").replace("/", "\\/")
    return text, told


@pytest.mark.parametrize("step", [41, 4096, 10_000_000])
@pytest.mark.parametrize("altchars", [None, b"-_"])
@pytest.mark.parametrize("escape", [False, True])
def test_the_answer_is_small_and_the_pictures_are_there(step: int, altchars: bytes | None, escape: bool) -> None:
    text, told = write_answer(altchars, escape)
    data = text.encode()
    with Spool() as spool:
        squeezer = Squeezer(spool)
        small = b"".join(squeezer.feed(data[place : place + step]) for place in range(0, len(data), step))
        assert len(small) < 30_000
        read = json.loads(small)
        assert {name: read[name] for name in ("short", "said", "ends", "small")} == {
            name: told[name] for name in ("short", "said", "ends", "small")
        }
        places = [base64.b64decode(one) for one in read["a"]]
        assert [spool.read(place) for place in places] == PICTURES
        assert [spool.read(place) for place in reversed(places)] == PICTURES[::-1], "in any order"
        assert spool.read(b"a small picture") == b"a small picture"


def test_escapes_that_are_cut_in_two() -> None:
    text = json.dumps({"said": '" and \\ and "', "long": 'x"' * (LONGEST // 2 + 9)})
    for step in (1, 3):
        with Spool() as spool:
            squeezer = Squeezer(spool)
            read = json.loads(
                b"".join(squeezer.feed(text[at : at + step].encode()) for at in range(0, len(text), step))
            )
            assert read["said"] == '" and \\ and "'
            assert len(read["long"]) < 100


def test_what_nobody_wants_is_thrown_away() -> None:
    text, _ = write_answer(None, escape=False)
    with Spool(keeps=False) as spool:
        read = json.loads(Squeezer(spool).feed(text.encode()))
        assert all(len(one) < 100 for one in read["a"])


def test_a_long_string_that_is_no_picture() -> None:
    with Spool() as spool:
        read = json.loads(Squeezer(spool).feed(json.dumps("é" * LONGEST).encode()))
        assert spool.read(base64.b64decode(read)) == b""
