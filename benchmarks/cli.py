"""How long the command line and the reading of pictures take. ``python benchmarks/cli.py``.

Floors: an empty Python process for the commands; a plain decode by Pillow, without any of our care, for reading.
"""

from __future__ import annotations

import functools
import io
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vtonlab.imaging.read import read_picture
from vtonlab.imaging.thumbnail import make_thumbnail
from vtonlab.imaging.write import encode_picture

SCRIPT = str(Path(sys.executable).with_name("vtonlab"))
ROUNDS = 7


def main() -> None:
    print(f"{'command':34}{'ms':>8}{'target':>9}{'× empty process':>17}")
    floor = time_process([sys.executable, "-c", "pass"])
    for words, target in (("", 300), ("--help", 300), ("try-on --help", 300), ("batch --help", 300), ("version", 300)):
        took = time_process([SCRIPT, *words.split()])
        print(f"{'vtonlab ' + words:34}{took:8.0f}{target:>9}{took / floor:17.1f}")
    took = time_process([sys.executable, "-c", "import vtonlab"]) - floor
    print(f"{'import vtonlab (less the process)':34}{took:8.0f}{50:>9}")

    print(f"\n{'reading 12 megapixels':34}{'ms':>8}{'plain decode':>14}{'ratio':>8}")
    photo = draw_noise(4000, 3000)
    for kind in ("JPEG", "PNG", "WEBP"):
        data = encode(photo, kind)
        ours = best(functools.partial(read_picture, data))
        plain = best(functools.partial(decode_plainly, data))
        print(f"{kind:34}{ours:8.0f}{plain:14.0f}{ours / plain:8.2f}")
    data = encode(photo, "JPEG")
    print(f"{'JPEG reduced to 1024':34}{best(lambda: read_picture(data, reduce_to=1024)):8.0f}")
    print(f"{'JPEG thumbnail of 320':34}{best(lambda: make_thumbnail(data)):8.0f}")
    small = photo[:1024, :768]
    for suffix in (".png", ".jpg", ".webp"):
        print(f"{'writing 768×1024 ' + suffix:34}{best(functools.partial(encode_picture, small, suffix)):8.0f}")

    print(f"\n{'200 megapixels, JPEG to 2048':34}{measure_huge()}")


def time_process(command: list[str]) -> float:
    """Median milliseconds of a whole process."""
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1000


def best(work: Callable[[], object]) -> float:
    """Least milliseconds of a few rounds."""
    times = []
    for _ in range(4):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times) * 1000


def decode_plainly(data: bytes) -> NDArray[np.uint8]:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def draw_noise(width: int, height: int) -> NDArray[np.uint8]:
    """A picture with as much detail as a photo: coarse noise, enlarged, a little grain."""
    rng = np.random.default_rng(1)
    coarse = Image.fromarray(rng.integers(0, 255, (height // 12, width // 12, 3), dtype=np.uint8))
    smooth = np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC)).astype(np.int16)
    return np.clip(smooth + rng.integers(-3, 4, smooth.shape, dtype=np.int16), 0, 255).astype(np.uint8)


def encode(picture: NDArray[np.uint8], kind: str) -> bytes:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, kind, quality=90)
    return file.getvalue()


def measure_huge() -> str:
    """Time and peak memory of a process of its own, so that nothing else counts (Linux: VmHWM begins at exec)."""
    code = """
import sys, time
from pathlib import Path
from vtonlab.imaging.read import read_picture

def peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024

data = sys.stdin.buffer.read()
before, start = peak(), time.perf_counter()
read_picture(data, reduce_to=2048)
print(f"{time.perf_counter() - start:.2f} s, {peak() - before:.0f} MB more than before")
"""
    if not Path("/proc/self/status").exists():
        return "not measured: needs /proc"
    file = io.BytesIO()
    Image.new("RGB", (16000, 12500), (90, 120, 30)).save(file, "JPEG")
    done = subprocess.run([sys.executable, "-c", code], input=file.getvalue(), capture_output=True, check=True)
    return done.stdout.decode().strip()


if __name__ == "__main__":
    main()
