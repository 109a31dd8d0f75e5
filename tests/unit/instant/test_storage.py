"""Records survive as bytes; anything else is refused."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.instant.figure import draw_figure

from vtonlab.engines.contract import GarmentKind, Note
from vtonlab.engines.instant import storage
from vtonlab.engines.instant.anatomy import build_skeleton
from vtonlab.engines.instant.body import measure_body
from vtonlab.engines.instant.mattes import soften_labels
from vtonlab.engines.instant.parsing import parse_person
from vtonlab.engines.instant.records import Cut, Frame, Garment, Landmark, Person
from vtonlab.engines.instant.storage import pack, unpack_garment, unpack_person
from vtonlab.errors import Text

NOTE = Note("turned", "warning", Text("Turned – “a bit”.", "侧身。"))


@pytest.fixture(scope="module")
def person() -> Person:
    drawn = draw_figure()
    skeleton = build_skeleton(drawn.joints)
    parse = parse_person(drawn.picture, skeleton, drawn.silhouette, drawn.face)
    mattes, labels = soften_labels(drawn.picture, parse.labels)
    return Person(
        frame=Frame(0, 0, 768, 1024, 1.0, 768, 1024),
        joints=drawn.joints,
        labels=labels,
        mattes=mattes,
        face=drawn.face,
        hands=np.zeros((1024, 768), np.uint8),
        body=measure_body(skeleton, parse, drawn.face),
        notes=(NOTE,),
        certainty=0.75,
    )


@pytest.fixture(scope="module")
def garment() -> Garment:
    rng = np.random.default_rng(3)
    points = rng.random((7, 2)).astype(np.float32)
    return Garment(
        picture=rng.integers(0, 255, (90, 70, 3), np.uint8),
        alpha=rng.integers(0, 255, (90, 70), np.uint8),
        parts=rng.integers(0, 7, (90, 70), np.uint8),
        kind=GarmentKind.DRESS,
        cut=Cut.SHORT_SLEEVE,
        axis_x=34.5,
        landmarks={"neck_left": Landmark(1.5, 2.25, 0.5), "hem_right": Landmark(60, 80, 1)},
        neckline=points,
        outline_left=points,
        outline_right=points[:0],
        open_front=False,
        has_collar=True,
        worn=False,
        hidden=np.zeros((0, 0), np.uint8),
        notes=(),
        certainty=1.0,
    )


def assert_same(first: object, second: object) -> None:
    assert type(first) is type(second) or isinstance(first, int | float)
    if isinstance(first, np.ndarray):
        assert isinstance(second, np.ndarray)
        assert first.dtype == second.dtype
        assert np.array_equal(first, second)
    elif is_dataclass(first) and not isinstance(first, type):
        for field in fields(first):
            assert_same(getattr(first, field.name), getattr(second, field.name))
    elif isinstance(first, dict):
        assert isinstance(second, dict)
        assert list(first) == list(second)
        for key in first:
            assert_same(first[key], second[key])
    else:
        assert first == second


def test_a_person_comes_back(person: Person) -> None:
    data = pack(person)
    assert_same(person, unpack_person(data))
    assert len(data) < 400_000


def test_a_garment_comes_back(garment: Garment) -> None:
    assert_same(garment, unpack_garment(pack(garment)))


def test_one_is_not_the_other(person: Person, garment: Garment) -> None:
    with pytest.raises(ValueError, match="not of a Garment"):
        unpack_garment(pack(person))
    with pytest.raises(ValueError, match="not of a Person"):
        unpack_person(pack(garment))


def test_older_bytes_are_refused(garment: Garment, monkeypatch: pytest.MonkeyPatch) -> None:
    data = pack(garment)
    monkeypatch.setattr(storage, "ANALYSIS", storage.ANALYSIS + 1)
    storage._format.cache_clear()
    try:
        with pytest.raises(ValueError, match="version"):
            unpack_garment(data)
    finally:
        storage._format.cache_clear()


def test_arrays_of_other_types_are_not_packed(garment: Garment) -> None:
    with pytest.raises(TypeError):
        pack(replace(garment, neckline=np.zeros((3, 2), np.float64)))


@given(st.binary(max_size=300))
def test_foreign_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="not an analysis"):
        unpack_person(data)


@given(cut=st.integers(0, 5000), flips=st.lists(st.tuples(st.integers(16, 5000), st.integers(1, 255)), max_size=4))
def test_damaged_bytes_are_refused_or_harmless(garment: Garment, cut: int, flips: list[tuple[int, int]]) -> None:
    data = bytearray(pack(garment))
    for at, change in flips:
        data[at % len(data)] ^= change
    if cut < len(data) - 1:
        data = data[: len(data) - cut] if cut else data
    try:
        unpack_garment(bytes(data))
    except ValueError:
        return
