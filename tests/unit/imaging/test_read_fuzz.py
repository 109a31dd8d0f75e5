"""Whatever bytes arrive: a picture or one of our errors, nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.unit.imaging.conftest import draw_scene, encode

from vtonlab.errors import VtonError
from vtonlab.imaging.read import Limits, read_photo

DRAWINGS = Path(__file__).parent / "drawings"
SMALL = Limits(pixels=4_000_000)


def _seeds() -> dict[str, bytes]:
    scene = draw_scene()
    alpha = np.dstack([scene, scene[..., 0]])
    seeds = {kind.lower(): encode(scene, kind) for kind in ("JPEG", "PNG", "WEBP", "GIF", "AVIF", "TIFF", "BMP")}
    seeds["progressive jpeg"] = encode(scene, "JPEG", progressive=True)
    seeds["png with alpha"] = encode(alpha, "PNG")
    seeds["webp with alpha"] = encode(alpha, "WEBP", lossless=True)
    seeds["lzw tiff"] = encode(scene, "TIFF", compression="tiff_lzw")
    seeds["heic"] = (DRAWINGS / "lying.heic").read_bytes()
    return seeds


SEEDS = _seeds()


def _survives(data: bytes) -> None:
    try:
        photo = read_photo(data, limits=SMALL)
    except VtonError:
        return
    assert photo.picture.ndim == 3
    assert photo.picture.shape[2] == 3
    assert photo.picture.dtype == np.uint8


@pytest.mark.parametrize("name", SEEDS)
def test_every_truncation(name):
    data = SEEDS[name]
    for end in [*range(0, min(len(data), 200), 3), *np.linspace(200, max(len(data) - 1, 200), 60).astype(int)]:
        _survives(data[:end])


@pytest.mark.parametrize("name", SEEDS)
def test_flipped_bytes(name):
    rng = np.random.default_rng(len(name))
    data = np.frombuffer(SEEDS[name], np.uint8)
    for round_ in range(150):
        damaged = data.copy()
        # Headers decide most, so half of the rounds damage only them.
        reach = min(len(damaged), 120 if round_ % 2 else len(damaged))
        places = rng.integers(0, reach, size=int(rng.integers(1, 6)))
        damaged[places] = rng.integers(0, 256, size=len(places), dtype=np.uint8)
        _survives(damaged.tobytes())


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(head=st.sampled_from(sorted(SEEDS)), keep=st.integers(4, 60), tail=st.binary(max_size=300))
@example(head="png", keep=8, tail=b"")
def test_real_beginnings_with_arbitrary_rest(head, keep, tail):
    _survives(SEEDS[head][:keep] + tail)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400))
def test_arbitrary_bytes(data):
    _survives(data)
