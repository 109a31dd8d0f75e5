"""The registry finds what pip installed, loads nothing it was not asked for, and survives what is broken."""

from __future__ import annotations

import logging
import subprocess
import sys

import numpy as np
import pytest

from vtonlab.engines import registry
from vtonlab.engines.contract import Engine, TryOnRequest
from vtonlab.errors import EngineUnavailable, UnknownEngine


def test_the_built_in_engine_is_found_first(example_engine: str) -> None:
    assert registry.names()[0] == registry.DEFAULT_ENGINE
    assert example_engine in registry.names()


def test_an_installed_package_adds_its_engine(example_engine: str) -> None:
    found = {engine.name: engine for engine in registry.installed()}
    assert found[example_engine].package == "vtonlab-example-engine"
    assert found[example_engine].version == "1.0.0"
    engine = registry.get(example_engine)
    assert isinstance(engine, Engine)
    assert registry.get(example_engine) is engine

    person, garment = np.zeros((40, 30, 3), np.uint8), np.full((10, 10, 3), 200, np.uint8)
    result = engine.try_on(TryOnRequest(person, garment))
    assert (result.image[result.mask == 255] == 200).all()
    assert (result.image[result.mask == 0] == 0).all()


def test_without_the_package_its_engine_is_gone() -> None:
    registry.forget()
    with pytest.raises(UnknownEngine) as caught:
        registry.get("example")
    assert registry.DEFAULT_ENGINE in caught.value.advise()


def test_a_broken_engine_is_reported_and_leaves_the_others_alone(
    example_engine: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR), pytest.raises(EngineUnavailable):
        registry.get("broken-example")
    assert "vtonlab-example-engine" in caplog.text
    assert registry.get(example_engine).name == example_engine


def test_presets_are_options_of_their_own_engine() -> None:
    having = 0
    for name in registry.names():
        engine = registry.get(name)
        for preset, options in engine.capabilities.presets.items():
            assert preset in {"fast", "balanced", "best"}
            chosen = engine.Options.model_validate(dict(options)).model_dump()
            assert {key: chosen[key] for key in options} == dict(options)
            having += 1
    assert having >= 9


def test_listing_names_imports_no_engine() -> None:
    program = (
        "import sys; from vtonlab.engines import registry; registry.names();"
        "print([m for m in ('cv2', 'mediapipe', 'scipy', 'vtonlab.engines.instant.engine') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
