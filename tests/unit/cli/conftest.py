"""A small engine in a package of its own, installed for the time of a test, and the real console script."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from tests.forked import CAN_FORK, starter

SCRIPT = Path(sys.executable).with_name("vtonlab")

ENGINE = '''
"""Paints the middle of the person in the garment's mean colour. Colours of the inputs make it fail in every way."""

import os
import sys
import time

import numpy as np

from vtonlab.engines import contract
from vtonlab.engines.contract import Capabilities, Health, HealthStatus, Note, TryOnResult, silent
from vtonlab.errors import EngineTimeout, GarmentNotUnderstood, NoPersonFound, Text


class Options(contract.Options):
    strength: float = 1.0
    """How opaque the paint is."""


class PaintEngine:
    name = "paint"
    title = Text("Paint", "涂色")
    capabilities = Capabilities(analyses=True, advice=True)
    Options = Options

    def health(self):
        return Health(HealthStatus.OK, Text("Ready.", "就绪。"))

    def analyse_person(self, picture):
        _count("person")
        if picture.max() < 10:
            raise NoPersonFound()
        return b"person"

    def analyse_garment(self, picture, kind=None):
        _count("garment")
        if picture.max() < 10:
            raise GarmentNotUnderstood()
        return b"garment"

    def advise(self, picture, role="person"):
        if role == "person" and picture.max() < 10:
            return (Note("no_person", "problem", Text("No person.", "没有人。")),)
        return (Note("dark", "warning", Text("Dark.", "太暗。")),) if picture.mean() < 60 else ()

    def try_on(self, request, report=silent):
        try:
            options = Options.model_validate(dict(request.options))
        except ValueError as error:
            from vtonlab.errors import BadOption
            raise BadOption(option=str(error.errors()[0]["loc"][0]), reason=str(error.errors()[0]["msg"])) from error
        report(0.0, "paint")
        if request.person_analysis is None:
            self.analyse_person(request.person)
        if request.garment_analysis is None:
            self.analyse_garment(request.garment)
        r, g, b = request.garment.reshape(-1, 3).mean(0)
        if r > 240 and g < 20 and b < 20:
            raise RuntimeError("an unexpected failure, with a secret path /srv/secret")
        if b > 240 and g < 20 and r < 20:
            os._exit(7)
        if g > 240 and r < 20 and b < 20:
            raise EngineTimeout(engine="paint", seconds=1)
        if os.environ.get("PAINT_SLEEP"):
            time.sleep(float(os.environ["PAINT_SLEEP"]))
        image = request.person.copy()
        h, w = image.shape[:2]
        mask = np.zeros((h, w), np.uint8)
        mask[h // 4 : -h // 4, w // 4 : -w // 4] = 255
        image[mask > 0] = (r, g, b)
        said = Note("painted", "info", Text("Painted.", "已涂色。"))
        return TryOnResult(image, mask, self.name, 0.5, (said,), {"paint": 0.1})


def _count(what):
    log = os.environ.get("PAINT_LOG")
    if log:
        with open(log, "a") as file:
            file.write(what + "\\n")
'''


@pytest.fixture(scope="session")
def paint_package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that, on the path, is an installed package with the engine ``paint``."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "paint_engine.py").write_text(ENGINE, encoding="utf-8")
    about = folder / "paint_engine-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: paint-engine\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[vtonlab.engines]\npaint = paint_engine:PaintEngine\n")
    return folder


Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def environment(paint_package: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("VTONLAB_", "LC_", "LANG"))}
    return kept | {"PYTHONPATH": str(paint_package), "LANG": "C.UTF-8"}


@pytest.fixture
def vtonlab(environment: dict[str, str], vtonlab_script: Run, tmp_path: Path) -> Run:
    """Call the command line: ``vtonlab("engines", "--json", LANG="zh_CN.UTF-8")``."""

    def run(*words: str | Path, timeout: float = 60, **variables: str) -> subprocess.CompletedProcess[str]:
        return starter().run(*words, cwd=tmp_path, environment=environment | variables, timeout=timeout)

    return run if CAN_FORK else vtonlab_script


@pytest.fixture
def vtonlab_script(environment: dict[str, str], tmp_path: Path) -> Run:
    """The same by the console script itself, in a Python of its own."""
    if not SCRIPT.exists():
        pytest.skip("the package is not installed (pip install -e . --no-deps)")

    def run(*words: str | Path, timeout: float = 60, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(SCRIPT), *map(str, words)],
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=timeout,
            cwd=tmp_path,
            env=environment | variables,
            check=False,
        )

    return run


def paint(path: Path, colour: tuple[int, int, int], size: tuple[int, int] = (96, 128), **options: Any) -> Path:
    """A picture of one colour, written to ``path``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path, **options)
    return path


def read(path: Path) -> NDArray[np.uint8]:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))
