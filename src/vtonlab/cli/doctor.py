"""``vtonlab doctor``: what works on this machine, and what to do about the rest."""

from __future__ import annotations

import json
import os
import platform
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated, Literal

import typer

from vtonlab.cli.language import here, say
from vtonlab.errors import Text, VtonError

ENOUGH_MEMORY = 2.0
ENOUGH_DISK = 1.0
REINSTALL = Text("Run “make setup” again, or reinstall vtonlab.", "请重新运行 “make setup”，或重新安装 vtonlab。")
GUIDE = Text("docs/guides/engines.md says what it needs.", "它需要什么，见 docs/guides/engines.md。")
MARKS = {"ok": "✓", "not_set_up": "–", "warning": "!", "problem": "✗"}

State = Literal["ok", "not_set_up", "warning", "problem"]


@dataclass(frozen=True)
class Finding:
    """One thing looked at: whether it works, what was seen, and what to do where it does not."""

    what: Text
    state: State
    seen: str
    hint: Text | None = None


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help=here("As JSON.", "以 JSON 输出。"))] = False,
) -> None:
    """Check what works on this machine, and say what to do about the rest. Exit code 1 where something must be done."""
    findings = []
    for finding in examine():
        findings.append(finding)
        if not as_json:
            print(f"{MARKS[finding.state]} {say(finding.what)}: {finding.seen}", flush=True)
            if finding.hint is not None:
                print(f"    {here('hint', '提示')}: {say(finding.hint)}", flush=True)
    if as_json:
        told = [
            {"what": say(f.what), "state": f.state, "seen": f.seen, "hint": say(f.hint) if f.hint else None}
            for f in findings
        ]
        print(json.dumps(told, ensure_ascii=False, indent=2))
    if any(finding.state == "problem" for finding in findings):
        raise typer.Exit(1)


def examine() -> Iterator[Finding]:
    """Everything there is to look at, cheap things first."""
    yield _look_at_python()
    yield _look_at_machine()
    yield _look_at_disk()
    for package, module in LIBRARIES.items():
        yield _look_at_library(package, module)
    yield _look_at_formats()
    yield from _look_at_engines()


def _look_at_python() -> Finding:
    good = (3, 11) <= sys.version_info[:2] < (3, 13)
    hint = Text(
        "Use Python 3.11 or 3.12; “make setup” brings one.", "请使用 Python 3.11 或 3.12，“make setup” 会自动安装。"
    )
    return Finding(
        Text("Python", "Python"), "ok" if good else "problem", platform.python_version(), None if good else hint
    )


def _look_at_machine() -> Finding:
    cores = os.cpu_count() or 1
    memory = _memory()
    seen = f"{platform.system()} {platform.machine()}, {cores} × CPU" + (f", {memory:.1f} GB" if memory else "")
    if memory is not None and memory < ENOUGH_MEMORY:
        hint = Text(
            "Close other programs; “vtonlab batch --jobs 1” needs the least.",
            "请关闭其他程序；“vtonlab batch --jobs 1” 占用内存最少。",
        )
        return Finding(Text("Machine", "本机"), "warning", seen, hint)
    return Finding(Text("Machine", "本机"), "ok", seen)


def _look_at_disk() -> Finding:
    free = shutil.disk_usage(os.curdir).free / 1e9
    hint = Text("Make room before a large batch.", "进行大批量任务前请先清理磁盘。")
    return Finding(
        Text("Free disk space here", "当前磁盘剩余空间"),
        "ok" if free > ENOUGH_DISK else "warning",
        f"{free:.1f} GB",
        None if free > ENOUGH_DISK else hint,
    )


LIBRARIES = {
    "numpy": "numpy",
    "opencv-contrib-python-headless": "cv2.ximgproc",
    "mediapipe": "",
    "pillow": "PIL.Image",
    "pi-heif": "pi_heif",
    "c2pa-python": "c2pa",
    "gradio_client": "",
    "google-genai": "",
}
"""Package and the module that shows whether it is whole: OpenCV without ``ximgproc`` is the wrong package of OpenCV.
MediaPipe takes seconds to import whole; the trial of the engine shows whether the part that is used works. The clients
of services take seconds, too, and are asked by their engines."""


def _look_at_library(package: str, module: str) -> Finding:
    what = Text(f"Library {package}", f"库 {package}")
    start = time.perf_counter()
    try:
        found = version(package)
        if module:
            import_module(module)
    except PackageNotFoundError:
        return Finding(what, "problem", here("not installed", "未安装"), REINSTALL)
    except (ImportError, OSError, RuntimeError) as error:
        # An import fails on a missing system library, too; its name is in the message and tells what to install.
        return Finding(what, "problem", f"{type(error).__name__}: {error}"[:200], REINSTALL)
    return Finding(what, "ok", f"{found} ({time.perf_counter() - start:.2f} s)" if module else found)


def _look_at_formats() -> Finding:
    what = Text("Picture formats", "图片格式")
    works = {name: _try(check) for name, check in _format_checks().items()}
    seen = ", ".join(name if good else f"{name}: {here('no', '否')}" for name, good in works.items())
    return Finding(what, "ok", seen) if all(works.values()) else Finding(what, "warning", seen, REINSTALL)


def _format_checks() -> dict[str, Callable[[], bool]]:
    """For every format we can write ourselves, writing and reading a drawing; for HEIC, its decoder."""
    import io

    import numpy as np
    from PIL.Image import fromarray

    from vtonlab.imaging.read import read_picture

    drawing = np.zeros((64, 64, 3), np.uint8)
    drawing[16:48, 16:48] = (200, 60, 40)

    def round_trip(name: str) -> bool:
        file = io.BytesIO()
        fromarray(drawing).save(file, name)
        return bool(np.abs(read_picture(file.getvalue()).astype(int) - drawing).mean() < 8)

    def heif() -> bool:
        from pi_heif import libheif_info

        return bool(libheif_info()["decoders"])

    names = ("JPEG", "PNG", "WEBP", "AVIF", "GIF", "TIFF", "BMP")
    return {name: (lambda name=name: round_trip(name)) for name in names} | {"HEIC": heif}


def _try(check: Callable[[], bool]) -> bool:
    try:
        return check()
    except (VtonError, OSError, ImportError, KeyError, ValueError, RuntimeError):
        return False


def _look_at_engines() -> Iterator[Finding]:
    from vtonlab.engines import registry
    from vtonlab.equip import equip_engines

    equip_engines()
    for name in registry.names():
        what = Text(f"Engine {name}", f"引擎 {name}")
        start = time.perf_counter()
        try:
            engine = registry.get(name)
            health = engine.health()
        except VtonError as error:
            hint = Text("VTONLAB_DEBUG=1 vtonlab engines shows why.", "运行 VTONLAB_DEBUG=1 vtonlab engines 查看原因。")
            yield Finding(what, "problem", say(error.sentence.with_values(**error.values)), hint)
            continue
        if health.status == "not_set_up":
            seen = f"{here('not set up', '未配置')}: {say(health.detail)}"
            yield Finding(what, "not_set_up", seen, health.hint or GUIDE)
            continue
        loaded = time.perf_counter() - start
        state: State = "ok" if health.status == "ok" else "warning"
        yield Finding(what, state, f"{say(health.detail)} ({loaded:.2f} s)", health.hint)
        # A trial must cost nothing, and send nothing away.
        if engine.capabilities.remote_host is None and health.status != "down":
            yield _try_engine(name)


def _try_engine(name: str) -> Finding:
    """Let the engine look at a drawn person and a drawn shirt: its models must load and run, whatever they see."""
    from vtonlab.engines import registry
    from vtonlab.engines.contract import TryOnRequest
    from vtonlab.errors import BadInput, EngineFault
    from vtonlab.imaging.mannequin import draw_person, draw_shirt

    what = Text(f"Engine {name}, tried", f"引擎 {name} 试运行")
    request = TryOnRequest(draw_person(), draw_shirt())
    engine = registry.get(name)
    seconds = []
    seen = here("a drawn person was dressed", "已为绘制的人物试穿")
    for _ in range(2):
        start = time.perf_counter()
        try:
            engine.try_on(request)
        except BadInput as error:
            seen = here("a drawing was looked at", "已分析绘制的图") + f" ({error.code})"
        except Exception as error:  # noqa: BLE001 - the edge: the doctor reports every way an engine can fail
            told = error.say() if isinstance(error, VtonError) else type(error).__name__
            return Finding(what, "problem", told, EngineFault.hint)
        seconds.append(time.perf_counter() - start)
    return Finding(what, "ok", f"{seen}: {seconds[0]:.2f} s, {here('again', '再次')} {seconds[1]:.2f} s")


def _memory() -> float | None:
    """The machine's memory in GB, where the system tells."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    except (AttributeError, ValueError, OSError):
        return None
