"""The sandbox: a placeholder that nobody takes for a fitting, and failures on demand."""

from __future__ import annotations

import numpy as np
import pytest

from vtonlab.engines import registry
from vtonlab.engines.contract import ConfiguredEngine, GarmentKind, HealthStatus, TryOnRequest
from vtonlab.engines.sandbox import SandboxEngine
from vtonlab.engines.sandbox_orders import Failure
from vtonlab.errors import BadOption, Cancelled, EngineNotSetUp, MaskNeeded, VtonError
from vtonlab.imaging.mannequin import draw_person, draw_shirt
from vtonlab.imaging.provenance import SourceType
from vtonlab.settings import Settings, for_engine


@pytest.fixture
def sandbox() -> SandboxEngine:
    engine = SandboxEngine()
    engine.equip({"on": True})
    return engine


def ask(**options: object) -> TryOnRequest:
    return TryOnRequest(draw_person(), draw_shirt(), options=options)


def test_it_is_off_unless_the_setting_says_otherwise() -> None:
    engine = SandboxEngine()
    for values in ({}, {"on": False}, {"on": "0"}, {"on": ""}, for_engine(Settings(), "sandbox")):
        engine.equip(values)
        assert engine.health().status is HealthStatus.NOT_SET_UP
        with pytest.raises(EngineNotSetUp) as caught:
            engine.try_on(ask())
        assert "VTONLAB_SANDBOX_ON" in caught.value.advise()
    for values in ({"on": True}, {"on": "1"}, for_engine(Settings(sandbox_on=True), "sandbox")):
        engine.equip(values)
        assert engine.health().status is HealthStatus.OK


def test_the_registry_has_it() -> None:
    engine = registry.get("sandbox")
    assert type(engine).__name__ == "SandboxEngine"
    assert isinstance(engine, ConfiguredEngine)
    assert engine.capabilities.remote_host is None
    assert not engine.capabilities.is_paid


@pytest.mark.parametrize("size", [(64, 64), (512, 384), (1600, 400), (300, 1600), (1201, 901)])
@pytest.mark.parametrize("kind", list(GarmentKind))
def test_it_draws_over_the_photo_and_says_exactly_where(
    sandbox: SandboxEngine, size: tuple[int, int], kind: GarmentKind
) -> None:
    photo = np.random.default_rng(7).integers(0, 255, (*size, 3), np.uint8)
    made = sandbox.try_on(TryOnRequest(photo, draw_shirt(), kind=kind))
    assert made.image.shape == photo.shape
    assert made.mask.shape == size
    assert np.array_equal(made.image[made.mask == 0], photo[made.mask == 0])
    assert (made.mask > 0).mean() > 0.2
    assert made.confidence == 0
    assert made.source_type is SourceType.COMPOSITE
    assert [note.code for note in made.notes] == ["sandbox"]


def test_the_card_is_white_across_the_picture_with_black_letters_on_it(sandbox: SandboxEngine) -> None:
    photo = np.full((900, 700, 3), (10, 200, 10), np.uint8)
    made = sandbox.try_on(TryOnRequest(photo, np.full((500, 400, 3), (255, 0, 255), np.uint8)))
    white = (made.image == 255).all(axis=2)
    assert white.mean() > 0.2
    assert white.any(axis=0).mean() > 0.9
    rows = np.flatnonzero(white.mean(axis=1) > 0.3)
    title = made.image[rows[0] : rows[0] + 150, 30:-30]
    assert (title < 40).all(axis=2).mean() > 0.1
    assert ((made.image == (255, 0, 255)).all(axis=2)).sum() > 10_000, "the garment is shown as it is"


def test_what_was_asked_for_changes_the_card(sandbox: SandboxEngine) -> None:
    pictures = {sandbox.try_on(ask(seed=seed, auto_crop=crop)).image.tobytes() for seed in (1, 2) for crop in (0, 1)}
    described = TryOnRequest(draw_person(), draw_shirt(), description="红色衬衫", lower=draw_shirt())
    assert len(pictures | {sandbox.try_on(described).image.tobytes()}) == 5


def test_a_given_mask_is_where_the_stripes_are(sandbox: SandboxEngine) -> None:
    mask = np.zeros((512, 384), np.uint8)
    mask[5:40, 10:60] = 255
    made = sandbox.try_on(TryOnRequest(draw_person(), draw_shirt(), mask=mask, options={"auto_mask": False}))
    assert (made.mask[mask > 0] > 0).all()
    assert not made.mask[50:100, :100].any()
    with pytest.raises(MaskNeeded):
        sandbox.try_on(ask(auto_mask=False))
    empty = TryOnRequest(draw_person(), draw_shirt(), mask=np.zeros_like(mask), options={"auto_mask": False})
    with pytest.raises(MaskNeeded):
        sandbox.try_on(empty)


def test_it_takes_its_time_in_steps_and_hears_a_wish_to_stop(sandbox: SandboxEngine) -> None:
    told: list[tuple[float, str]] = []
    made = sandbox.try_on(ask(seconds=0.5, denoise_steps=10), lambda share, stage: told.append((share, stage)))
    assert made.timings["wait"] >= 0.5
    shares, stages = zip(*told, strict=True)
    assert list(shares) == sorted(shares)
    assert shares[-1] == 1
    assert stages[0] == "denoise step=1 steps=10 seconds=0"
    assert all(len(stage) <= 64 for stage in stages)

    def stop(_: float, stage: str) -> None:
        if stage.startswith("denoise"):
            raise Cancelled

    with pytest.raises(Cancelled):
        sandbox.try_on(ask(seconds=3000), stop)


@pytest.mark.parametrize("failure", list(Failure))
def test_it_fails_as_it_is_told_to(sandbox: SandboxEngine, failure: Failure) -> None:
    with pytest.raises(VtonError) as caught:
        sandbox.try_on(ask(fail=failure.value))
    assert caught.value.code == failure.value
    for language in ("en", "zh"):
        assert "{" not in caught.value.say(language) + caught.value.advise(language)


@pytest.mark.parametrize(
    "options",
    [{"seconds": -1}, {"seconds": "long"}, {"denoise_steps": 51}, {"fail": "badly"}, {"steps": 3}, {"seed": -2}],
)
def test_options_it_does_not_have_are_named(sandbox: SandboxEngine, options: dict[str, object]) -> None:
    with pytest.raises(BadOption, match=next(iter(options))):
        sandbox.try_on(ask(**options))
