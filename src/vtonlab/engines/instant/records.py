"""What is known of a person and of a garment: the two records every later stage works from.

Both are plain frozen dataclasses of numbers and arrays, made once per picture, and can be kept beside it
(:mod:`.storage`). Coordinates are ``(x, y)`` in working pixels, y downwards, float32. ``left`` and ``right`` always
mean the left and right side *of the picture*.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

import numpy as np
from numpy.typing import NDArray

from vtonlab.engines.contract import GarmentKind, Note, Picture

Points = NDArray[np.float32]
"""``(N, 2) float32``: x, y in working pixels."""

Plane = NDArray[np.uint8]
"""``(h, w) uint8`` at working size."""


# ------------------------------------------------------------------------------------------------ the person


class Label(IntEnum):
    """What a pixel of the person's photo shows."""

    BACKGROUND = 0
    HAIR = 1
    SKIN = 2
    UPPER = 3
    """The top, jacket, or the part of a dress above the waist."""
    LOWER = 4
    """Trousers, skirt, or the part of a dress below the waist."""
    OTHER = 5
    """Shoes, bags, hats, belts, things held: never covered up by accident, never taken away."""


@dataclass(frozen=True)
class Frame:
    """Where the working picture lies in the upright source photo.

    ``working = (source - (x, y)) * scale``. The working picture is ``width`` × ``height`` pixels; the whole source
    photo is ``source_width`` × ``source_height``.
    """

    x: int
    y: int
    width: int
    height: int
    scale: float
    source_width: int
    source_height: int


@dataclass(frozen=True)
class Arm:
    """One arm: joints in working pixels, and how surely each was seen (0…1)."""

    shoulder: Points
    """``(2,)``, as are all single points here."""
    elbow: Points
    wrist: Points
    fingers: Points
    """Knuckle of the index finger."""
    seen: float
    """The least visibility of elbow and wrist, 0…1."""
    sleeve_end: float
    """Where the worn sleeve ends along shoulder–elbow–wrist as a share of that length: 0 no sleeve, 1 at the wrist."""


@dataclass(frozen=True)
class Leg:
    """One leg, as :class:`Arm`."""

    hip: Points
    knee: Points
    ankle: Points
    toes: Points
    seen: float
    """Visibility of knee and ankle, 0…1; 0 where the photo ends above the knee."""
    hem: float
    """Where the worn lower garment ends along hip–knee–ankle: 0 at the hip, 1 at the ankle."""


@dataclass(frozen=True)
class Body:
    """Measures of the body, in working pixels along the body's own axes.

    ``t`` measures down the torso: 0 on the line between the shoulder joints, 1 on the line between the hip joints.
    """

    unit: float
    """The measure everything is relative to: shoulder-joint distance, corrected for turned bodies
    (``max(distance, torso length / 1.72)``)."""
    turn: float
    """Shoulder-joint distance / unit: 1 frontal, smaller when turned."""
    neck: Points
    """Base of the neck, between the shoulders' tops."""
    shoulders: Points
    """Mid-point of the shoulder joints."""
    hips: Points
    """Mid-point of the hip joints."""
    down: Points
    """Unit vector from shoulders to hips."""
    across: Points
    """Unit vector from the left to the right shoulder joint."""
    hips_across: Points
    """Unit vector from the left to the right hip joint."""
    torso_length: float
    left_arm: Arm
    right_arm: Arm
    left_leg: Leg
    right_leg: Leg
    shoulder_line_left: Points
    """``(K, 2)`` top outline of the shoulder (skin or cloth) from the neck's side out to the shoulder tip."""
    shoulder_line_right: Points
    profile_t: NDArray[np.float32]
    """``(n,)`` values of t, ascending, about -0.1 … 2."""
    profile_left: NDArray[np.float32]
    """``(n,)`` distance from the axis to the torso's left outline at each t, arms left out, px."""
    profile_right: NDArray[np.float32]
    chin: Points
    mouth: Points
    eyes: Points
    """Mid-point between the eyes; above the picture when the head is cut off."""
    waist_t: float
    """t at which the lower garment begins to be seen (where a tucked top ends)."""
    top_hem_t: float
    """t of the lowest part of the worn top, at the middle; equals waist_t for a tucked one."""
    tucked: bool
    one_piece: bool
    """Wears a dress or jumpsuit: UPPER and LOWER are the same cloth."""
    neckline: Points
    """``(K, 2)`` edge of the worn top at the neck from left to right; empty where there is none to be seen."""
    top_plainness: float
    """0 strongly patterned … 1 plain cloth, so that its lightness is light and shadow, not print."""
    lower_plainness: float
    skin_lab: tuple[float, float, float]
    """Median face (else neck, hands) colour, OpenCV 8-bit Lab."""


@dataclass(frozen=True)
class Person:
    """A person in a photo, as :func:`.person.find_person` found and :func:`.parsing.parse_person` parsed them."""

    frame: Frame
    joints: NDArray[np.float32]
    """``(33, 3)``: x, y in working pixels, visibility 0…1; the order of MediaPipe's pose landmarks."""
    labels: Plane
    """``(h, w)`` of :class:`Label`."""
    mattes: NDArray[np.uint8]
    """``(6, h, w)``: soft share of each label, summing to 255 ± rounding; edges follow the photo's own."""
    face: Points
    """``(K, 2)`` closed outline of the face, chin included; empty when no face is in the picture."""
    hands: Plane
    """``(h, w)`` 0/255: hands (with what they hold) as far as the wrists."""
    body: Body
    notes: tuple[Note, ...]
    certainty: float
    """0…1: how far the analysis can be trusted."""


# ------------------------------------------------------------------------------------------------ the garment


class Cut(StrEnum):
    """How a garment is cut, as far as draping has to know."""

    SLEEVELESS = "sleeveless"
    SHORT_SLEEVE = "short_sleeve"
    LONG_SLEEVE = "long_sleeve"
    TROUSERS = "trousers"
    SHORTS = "shorts"
    SKIRT = "skirt"


class Part(IntEnum):
    """Which piece of the garment a pixel belongs to."""

    NONE = 0
    BODY = 1
    """Front of the torso, skirt included."""
    LEFT_SLEEVE = 2
    RIGHT_SLEEVE = 3
    LEFT_LEG = 4
    RIGHT_LEG = 5
    INSIDE = 6
    """Inner back seen through the neck or waist opening, and its label: never shown."""
    COLLAR = 7
    """A collar that stands around the neck, above the body's neckline."""


@dataclass(frozen=True)
class Landmark:
    """A named place on the garment and how sure it is (0…1)."""

    x: float
    y: float
    certainty: float


@dataclass(frozen=True)
class Garment:
    """A garment cut out of its photo, upright, its axis vertical.

    Landmark names. Upper and dress: ``neck_left/right`` (where neckline meets shoulder; under a standing collar or hood
    its foot, while the neckline runs along the collar's own upper edge), ``shoulder_left/right``
    (shoulder seam's end), ``armpit_…``, ``cuff_outer_…``, ``cuff_inner_…`` (sleeved only), ``hem_…``; a dress also has
    ``waist_…``. Lower: ``waist_left/right``, ``hip_…``, ``hem_outer_…``; trousers and shorts also ``crotch`` and
    ``hem_inner_…``.
    """

    picture: Picture
    """``(h, w, 3)`` RGB, h, w ≤ 1024; the cloth's colour runs on past its edge, so that no sample meets backdrop."""
    alpha: Plane
    """``(h, w)`` matte of the garment, INSIDE included."""
    parts: Plane
    """``(h, w)`` of :class:`Part`."""
    kind: GarmentKind
    """UPPER, LOWER or DRESS; never AUTO."""
    cut: Cut
    axis_x: float
    """Column of the axis of symmetry."""
    landmarks: dict[str, Landmark]
    neckline: Points
    """``(K, 2)`` front neckline from neck_left down and up to neck_right; of a lower garment, its top edge."""
    outline_left: Points
    """``(K, 2)`` contour from the top at the axis down the left side, round the sleeve, to the bottom at the axis."""
    outline_right: Points
    open_front: bool
    """Cardigan, coat or jacket worn open: the middle shows what is underneath."""
    has_collar: bool
    worn: bool
    """Cut out of a photo of somebody wearing it."""
    hidden: Plane
    """``(h, w)`` 0/255: places inside the outline that something covered (hair, hand) and that were filled; empty
    (0, 0) when nothing was."""
    notes: tuple[Note, ...]
    certainty: float
    """0…1, from cut-out, symmetry and landmarks."""
