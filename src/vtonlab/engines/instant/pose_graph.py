# ruff: noqa: SLF001 - the runner's packets have no public or typed interface without the rest of MediaPipe
"""MediaPipe's pose, silhouette and face models, without the rest of MediaPipe.

``import mediapipe`` loads matplotlib, the task library and protobuf (0.8 s, 110 MB); its graph runner alone takes
0.1 s and 30 MB. So the runner's extension module is loaded by its path, under its own full name (a later
``import mediapipe`` by somebody else in the process then finds and shares it), the graphs are written here as text,
and the few protobuf messages that go in and out are read and written by hand (wire format:
https://protobuf.dev/programming-guides/encoding). All graphs are stateless: the same picture gives the same answer.

Graphs live once per process behind one lock, so that any number of threads may ask. Start worker
processes with ``spawn``, or fork before the first picture: MediaPipe's threads do not survive a fork.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.machinery import ExtensionFileLoader, PathFinder
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vtonlab.engines.contract import Picture

_BINDINGS = "mediapipe.python._framework_bindings"
_DETECTION_SCORE = 0.3
"""Below MediaPipe's own 0.5: people without a head in the picture score between the two."""
_FIGURE_PRESENCE = 0.35
_ROI_SCALE = 1.25
"""As MediaPipe's pose_detection_to_roi.pbtxt."""


@dataclass(frozen=True)
class Circle:
    """Where a figure is: the middle of the hips, a radius that holds the whole body, and its tilt, in pixels."""

    x: float
    y: float
    radius: float
    tilt: float
    """Radians, 0 for an upright figure, clockwise."""
    score: float = 1.0


@dataclass(frozen=True)
class Figure:
    """A traced figure. ``joints``: (33, 3) float32 x, y in pixels and visibility 0…1. ``silhouette``: (h, w) float32
    0…1. ``circle``: the figure's own circle, better than the one it was found with."""

    joints: NDArray[np.float32]
    silhouette: NDArray[np.float32]
    circle: Circle


def find_circles(picture: Picture) -> tuple[Circle, ...]:
    """Every figure's circle, the surest first. Heads cut off by the border are often missed: pad and ask again."""
    height, width = picture.shape[:2]
    answer = _ask("find", picture, None, ("detections",))["detections"]
    if answer is None:
        return ()
    circles = []
    for message in _runner().bindings._packet_getter._get_serialized_proto_list(answer):
        fields = _fields(message)
        score = struct.unpack("<f", fields[3][0][-4:])[0] if 3 in fields else 0.0
        keys = [_floats(point) for point in _fields(fields[4][0]).get(5, [])]
        if len(keys) >= 2:
            circles.append(_circle_through(keys[0], keys[1], width, height, score))
    return tuple(sorted(circles, key=lambda circle: -circle.score))


def trace_figure(picture: Picture, circle: Circle) -> Figure | None:
    """The joints and silhouette of the figure in ``circle``; None where there is no figure after all."""
    height, width = picture.shape[:2]
    answers = _ask("trace", picture, _roi(circle, _ROI_SCALE, width, height), ("landmarks", "helpers", "mask"))
    landmarks, helpers, mask = answers["landmarks"], answers["helpers"], answers["mask"]
    if landmarks is None or helpers is None or mask is None:
        return None
    joints = _landmarks(landmarks, width, height)
    points = _landmarks(helpers, 1, 1)
    own = _circle_through(points[0], points[1], width, height, circle.score)
    silhouette = _runner().bindings._packet_getter.get_image(mask).numpy_view()
    return Figure(joints[:33, :3].copy(), np.array(silhouette[..., 0] if silhouette.ndim == 3 else silhouette), own)


def trace_silhouette(picture: Picture) -> NDArray[np.float32]:
    """(h, w) float32 0…1: people (any number) against background, with hair and loose cloth."""
    mask = _ask("silhouette", picture, None, ("mask",))["mask"]
    if mask is None:
        return np.zeros(picture.shape[:2], np.float32)
    view = _runner().bindings._packet_getter.get_image_frame(mask).numpy_view()
    return np.array(view[..., 0] if view.ndim == 3 else view)


def trace_face(picture: Picture, x: float, y: float, size: float, tilt: float) -> NDArray[np.float32] | None:
    """(468, 2) float32 points of the face mesh in pixels; None where no face is seen.

    ``x, y``: middle of the face, ``size``: side of the square that holds the head, ``tilt``: radians, clockwise.
    """
    height, width = picture.shape[:2]
    mesh = _ask("face", picture, _roi(Circle(x, y, size / 2, tilt), 1.0, width, height), ("landmarks",))["landmarks"]
    return None if mesh is None else _landmarks(mesh, width, height)[:, :2].copy()


# -------------------------------------------------------------------------------------------------- messages


def _roi(circle: Circle, scale: float, width: int, height: int) -> bytes:
    """A mediapipe.NormalizedRect: a square around the circle."""
    side = 2.0 * circle.radius * scale
    return struct.pack(
        "<BfBfBfBfBf",
        *(0x0D, circle.x / width, 0x15, circle.y / height, 0x1D, side / height, 0x25, side / width, 0x2D, circle.tilt),
    )


def _circle_through(
    middle: NDArray[np.float32], rim: NDArray[np.float32], width: int, height: int, score: float
) -> Circle:
    x, y = float(middle[0]) * width, float(middle[1]) * height
    dx, dy = float(rim[0]) * width - x, float(rim[1]) * height - y
    return Circle(x, y, max(float(np.hypot(dx, dy)), 1.0), float(np.arctan2(dx, -dy)), float(score))


def _fields(message: bytes) -> dict[int, list[bytes]]:
    """The top-level fields of a protobuf message: number → raw values, length-delimited ones without their length."""
    found: dict[int, list[bytes]] = {}
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        number, wire = key >> 3, key & 7
        if wire == 2:
            size, at = _varint(message, at)
        elif wire == 0:
            size = _varint(message, at)[1] - at
        else:
            size = 4 if wire == 5 else 8
        found.setdefault(number, []).append(message[at : at + size])
        at += size
    return found


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at


def _floats(message: bytes) -> NDArray[np.float32]:
    """The 32-bit fields 1…5 of a message, 0 where it leaves one out."""
    fields = _fields(message)
    values = [struct.unpack("<f", fields[number][0])[0] if number in fields else 0.0 for number in range(1, 6)]
    return np.array(values, np.float32)


def _landmarks(packet: Any, width: int, height: int) -> NDArray[np.float32]:
    """(n, 3) x, y, visibility of a NormalizedLandmarkList."""
    message = _runner().bindings._packet_getter._get_serialized_proto(packet)
    points = np.stack([_floats(point) for point in _fields(message)[1]])
    return (points[:, [0, 1, 3]] * np.array([width, height, 1], np.float32)).astype(np.float32)


# ---------------------------------------------------------------------------------------------------- graphs

_CONSTANT = """node {{ calculator: "ConstantSidePacketCalculator" {outputs}
  options {{ [mediapipe.ConstantSidePacketCalculatorOptions.ext] {{ {values} }} }} }}"""

_GRAPHS = {
    "find": """input_stream: "image" output_stream: "detections"
        node { calculator: "PoseDetectionCpu" input_stream: "IMAGE:image" output_stream: "DETECTIONS:detections" }""",
    "trace": """input_stream: "image" input_stream: "roi"
        output_stream: "landmarks" output_stream: "helpers" output_stream: "mask"
        """
    + _CONSTANT.format(
        outputs='output_side_packet: "PACKET:0:complexity" output_side_packet: "PACKET:1:segment"',
        values="packet { int_value: 1 } packet { bool_value: true }",
    )
    + """node { calculator: "PoseLandmarkByRoiCpu" input_stream: "IMAGE:image" input_stream: "ROI:roi"
        input_side_packet: "MODEL_COMPLEXITY:complexity" input_side_packet: "ENABLE_SEGMENTATION:segment"
        output_stream: "LANDMARKS:landmarks" output_stream: "AUXILIARY_LANDMARKS:helpers"
        output_stream: "SEGMENTATION_MASK:mask" }""",
    "silhouette": """input_stream: "image" output_stream: "mask"
        """
    + _CONSTANT.format(outputs='output_side_packet: "PACKET:model"', values="packet { int_value: 0 }")
    + """node { calculator: "SelfieSegmentationCpu" input_stream: "IMAGE:image"
        input_side_packet: "MODEL_SELECTION:model" output_stream: "SEGMENTATION_MASK:mask" }""",
    "face": """input_stream: "image" input_stream: "roi" output_stream: "landmarks"
        """
    + _CONSTANT.format(outputs='output_side_packet: "PACKET:attention"', values="packet { bool_value: false }")
    + """node { calculator: "FaceLandmarkCpu" input_stream: "IMAGE:image" input_stream: "ROI:roi"
        input_side_packet: "WITH_ATTENTION:attention" output_stream: "LANDMARKS:landmarks" }""",
}


@dataclass
class _Graph:
    graph: Any
    answers: dict[str, Any]
    time: int = 0


class _Runner:
    """The bindings and the graphs that were started in this process."""

    def __init__(self) -> None:
        with _quiet():
            self.bindings = _load_bindings()
        self.graphs: dict[str, _Graph] = {}

    def graph(self, name: str) -> _Graph:
        if name not in self.graphs:
            plan = self.bindings.validated_graph_config.ValidatedGraphConfig()
            plan.initialize(graph_config=_GRAPHS[name])
            text = plan.text_config.replace("min_score_thresh: 0.5", f"min_score_thresh: {_DETECTION_SCORE}")
            if name == "trace":
                text = text.replace("threshold: 0.5", f"threshold: {_FIGURE_PRESENCE}")
            graph = self.bindings.calculator_graph.CalculatorGraph(graph_config=text)
            answers: dict[str, Any] = {}
            for stream in ("detections", "landmarks", "helpers", "mask"):
                if f'output_stream: "{stream}"' in _GRAPHS[name]:
                    graph.observe_output_stream(stream, answers.__setitem__, True)
            graph.start_run({})
            self.graphs[name] = _Graph(graph, answers)
        return self.graphs[name]


_lock = threading.RLock()
_current: _Runner | None = None
_forked = False


def _runner() -> _Runner:
    global _current  # noqa: PLW0603 - one set of graphs per process is the point
    with _lock:
        if _forked:
            raise RuntimeError(
                "This process was forked from one that had already looked for people; MediaPipe does not survive that. "
                "Start workers with multiprocessing.get_context('spawn'), or before the first picture."
            )
        if _current is None:
            _current = _Runner()
        return _current


def _note_fork() -> None:
    """In a forked child. The parent's graphs have lost their threads here: using them hangs, destroying them too, so
    they are kept for ever, and asking is refused."""
    global _forked, _lock  # noqa: PLW0603 - see _runner
    if _current is not None:
        for graph in _current.graphs.values():
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(graph.graph))
        _forked = True
    _lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_note_fork)


def _ask(name: str, picture: Picture, roi: bytes | None, streams: tuple[str, ...]) -> dict[str, Any]:
    """Run a graph on one picture; None for a stream that had nothing to say."""
    with _lock:
        runner = _runner()
        create = runner.bindings._packet_creator
        with _quiet() if name not in runner.graphs else _as_is():
            graph = runner.graph(name)
            graph.time += 1
            graph.answers.clear()
            frame = create._create_image_frame_from_pixel_data(
                runner.bindings.image_frame.ImageFormat.SRGB, np.ascontiguousarray(picture), True
            )
            graph.graph.add_packet_to_input_stream("image", frame.at(graph.time))
            if roi is not None:
                place = create._create_proto("mediapipe.NormalizedRect", roi)
                graph.graph.add_packet_to_input_stream("roi", place.at(graph.time))
            graph.graph.wait_until_idle()
        answers = {stream: graph.answers.get(stream) for stream in streams}
    return {stream: None if packet is None or packet.is_empty() else packet for stream, packet in answers.items()}


def _load_bindings() -> Any:
    """The graph runner, shared with ``import mediapipe`` wherever that happens."""
    package = PathFinder.find_spec("mediapipe")
    if package is None or package.origin is None:
        raise ImportError("mediapipe is not installed")
    folder = Path(package.origin).parent
    if _BINDINGS in sys.modules:
        bindings: Any = sys.modules[_BINDINGS]
        bindings.resource_util.set_resource_dir(str(folder.parent))
        return bindings
    extension = PathFinder.find_spec("_framework_bindings", [str(folder / "python")])
    if extension is None or extension.origin is None:
        import mediapipe.python  # where the wheel is not laid out as we know it

        return mediapipe.python._framework_bindings
    loader = ExtensionFileLoader(_BINDINGS, extension.origin)
    spec = spec_from_loader(_BINDINGS, loader, origin=extension.origin)
    if spec is None:
        raise ImportError("mediapipe's graph runner cannot be loaded")
    bindings = module_from_spec(spec)
    loader.exec_module(bindings)
    bindings.resource_util.set_resource_dir(str(folder.parent))
    return bindings


@contextmanager
def _as_is() -> Iterator[None]:
    yield


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the C++ libraries' start-up messages from standard error: they write to the descriptor itself and have no
    switch for it. Held only while a graph starts, under the lock."""
    os.environ.setdefault("GLOG_minloglevel", "2")
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
