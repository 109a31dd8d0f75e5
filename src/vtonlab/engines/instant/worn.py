"""Garments photographed on somebody: finding the wearer, and taking the garment off them."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vtonlab.engines.contract import GarmentKind, Picture
from vtonlab.engines.instant.cut_out import Cutting
from vtonlab.engines.instant.records import Label, Person, Plane
from vtonlab.engines.instant.regions import fill_holes
from vtonlab.errors import ImageTooSmall, NoPersonFound

_SKIN_SHARE = 0.025
"""Share of what was cut out (before a busy ground 0.015 of the photo) that looks like skin, from which somebody is
looked for."""
_FIGURE_SCORE = 0.62
"""Score of the pose detector from which a figure is believed; drawn faces and hooded tops reach 0.7 without skin."""
_SURE_FIGURE = 0.85
_LEAST_SKIN, _LEAST_SKIN_SURELY = 0.05, 0.012
"""Share of the parsed person that is skin, and looks like it; less is enough where the figure is sure."""
_LEAST_CERTAINTY = 0.55


@dataclass(frozen=True)
class Wearer:
    """Somebody in the photo, and what of them is the garment."""

    person: Person
    kind: GarmentKind
    matte: Plane
    """``(h, w)`` of the photo that was given."""
    hidden: Plane
    """Where hair, hands or things lie over the garment; part of ``matte``."""


def find_wearer(picture: Picture, cutting: Cutting, kind: GarmentKind) -> Wearer | None:
    """The person wearing the garment in ``picture``; None for a garment on its own.

    Asks the cheap questions first: is there any skin, then is there a figure (about 13 ms), then who is it.
    """
    skin = _looks_like_skin(picture)
    inside = cv2.resize(cutting.matte, (skin.shape[1], skin.shape[0]), interpolation=cv2.INTER_AREA) > 127
    share = float(skin[inside].mean()) if inside.any() else 0.0
    if share < _SKIN_SHARE and not (cutting.backdrop.busy and skin.mean() > 0.6 * _SKIN_SHARE):
        return None
    score = _find_figure(picture, cutting.matte)
    if score < _FIGURE_SCORE:
        return None
    from vtonlab.engines.instant.person import analyse_person

    try:
        person = analyse_person(picture)
    except (NoPersonFound, ImageTooSmall):
        return None
    if person.certainty < _LEAST_CERTAINTY or not _shows_skin(picture, person, score):
        return None
    if score < _SURE_FIGURE and _is_print(person, cutting):
        return None
    return _take_off(picture, person, kind)


def _looks_like_skin(picture: Picture) -> NDArray[np.bool_]:
    """At most 256 pixels a side. The usual limits in YCrCb (Chai and Ngan, 1999), which hold for all complexions."""
    scale = min(1.0, 256 / max(picture.shape[:2]))
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    luma, red, blue = cv2.split(cv2.cvtColor(small, cv2.COLOR_RGB2YCrCb))
    skin = (luma > 40) & (red > 136) & (red < 174) & (blue > 77) & (blue < 124)
    return cv2.morphologyEx(skin.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)) > 0


def _find_figure(picture: Picture, matte: Plane) -> float:
    """Score of a figure as large as what was cut out, upright; people printed on a shirt are smaller."""
    from vtonlab.engines.instant.pose_graph import find_circles

    scale = min(1.0, 512 / max(picture.shape[:2]))
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else picture
    circles = find_circles(np.ascontiguousarray(small))
    least = 0.3 * scale * max(cv2.boundingRect(matte)[2:])
    fitting = [circle.score for circle in circles if abs(circle.tilt) < 0.7 and circle.radius > least]
    return max(fitting, default=0.0)


def _shows_skin(picture: Picture, person: Person, score: float) -> bool:
    skin = _on_photo((person.labels == Label.SKIN).astype(np.uint8) * 255, person, picture) > 127
    body = _on_photo((person.labels != Label.BACKGROUND).astype(np.uint8) * 255, person, picture) > 127
    looks = _looks_like_skin(picture)
    small = cv2.resize(skin.astype(np.uint8), (looks.shape[1], looks.shape[0]), interpolation=cv2.INTER_AREA) > 0
    agreed = float(looks[small].mean()) if small.any() else 0.0
    enough = _LEAST_SKIN if score < _SURE_FIGURE else _LEAST_SKIN_SURELY
    return float(skin.sum()) > enough * float(body.sum()) and agreed > 0.3


def _is_print(person: Person, cutting: Cutting) -> bool:
    """Whether the figure is only a picture on the cloth: then most of what was cut out lies outside it."""
    if cutting.backdrop.busy:
        return False
    figure = _on_photo((person.labels != Label.BACKGROUND).astype(np.uint8) * 255, person, cutting.matte)
    solid = cutting.matte > 127
    return float((figure[solid] > 127).mean()) < 0.6 if solid.any() else False


def _take_off(picture: Picture, person: Person, kind: GarmentKind) -> Wearer | None:
    """The garment of a kind (the one that the photo is of, for AUTO) as the person was parsed."""
    if kind is GarmentKind.AUTO:
        kind = _tell_shown(person)
    labels = {
        GarmentKind.UPPER: (Label.UPPER, Label.LOWER) if person.body.one_piece else (Label.UPPER,),
        GarmentKind.LOWER: (Label.LOWER,),
        GarmentKind.DRESS: (Label.UPPER, Label.LOWER),
    }[kind]
    cover = np.minimum(person.mattes[list(labels)].astype(np.uint16).sum(0), 255).astype(np.uint8)
    whole = fill_holes((cover > 127).astype(np.uint8), 0.003)  # prints that were parsed as something else
    cover = np.maximum(cover, 255 * cv2.erode(whole, np.ones((5, 5), np.uint8))).astype(np.uint8, copy=False)
    hidden = _find_hidden(person, cover, kind)
    matte = _largest(np.maximum(cover, hidden))
    if cv2.countNonZero(matte) < 0.01 * matte.size:
        return None
    return Wearer(
        person, kind, _on_photo(matte, person, picture), _on_photo(np.minimum(hidden, matte), person, picture)
    )


def _tell_shown(person: Person) -> GarmentKind:
    """What a photo is of: the dress, else the lower garment where the upper one is hardly in it, else the upper."""
    if person.body.one_piece:
        return GarmentKind.DRESS
    upper, lower = ((person.labels == label).sum() for label in (Label.UPPER, Label.LOWER))
    shoulders_seen = float(person.body.shoulders[1]) > 0.02 * person.labels.shape[0]
    return GarmentKind.UPPER if shoulders_seen or upper > 1.5 * lower else GarmentKind.LOWER


def _find_hidden(person: Person, cover: Plane, kind: GarmentKind) -> Plane:
    """Hair, hands and things in front of the garment: between its visible parts, and on the trunk or the thighs."""
    body = person.body
    size = max(3, int(0.22 * body.unit)) | 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    visible = (cover > 127).astype(np.uint8)
    padded = cv2.copyMakeBorder(visible, size, size, size, size, cv2.BORDER_CONSTANT, value=0)
    between = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, disc)[size:-size, size:-size] > 0
    trunk = np.zeros(cover.shape, np.uint8)
    joints = (body.left_arm.shoulder, body.right_arm.shoulder, body.right_leg.hip, body.left_leg.hip)
    if kind is not GarmentKind.LOWER:
        lowered = np.array([0, 0.08 * body.torso_length])
        corners = np.array([joints[0] + lowered, joints[1] + lowered, joints[2], joints[3]])
        cv2.fillConvexPoly(trunk, np.rint(corners).astype(np.int32), 1)
    front = (person.labels == Label.HAIR) | (person.labels == Label.OTHER) | (person.hands > 127)
    return np.where(front & (between | (trunk > 0)), np.uint8(255), np.uint8(0))


def _largest(matte: Plane) -> Plane:
    count, labels, stats, _ = cv2.connectedComponentsWithStats((matte > 60).astype(np.uint8))
    if count <= 2:
        return matte
    areas = stats[1:, cv2.CC_STAT_AREA]
    kept = np.isin(labels, 1 + np.nonzero(areas > 0.12 * areas.max())[0])
    return np.where(kept, matte, np.uint8(0))


def _on_photo(plane: Plane, person: Person, picture: Picture | Plane) -> Plane:
    """A plane of the person's working picture laid onto the whole photo."""
    frame = person.frame
    move = np.array([[1 / frame.scale, 0, frame.x], [0, 1 / frame.scale, frame.y]])
    move[:, 2] += 0.5 / frame.scale - 0.5  # pixel centres
    size = (picture.shape[1], picture.shape[0])
    return np.asarray(cv2.warpAffine(plane, move, size, flags=cv2.INTER_LINEAR), np.uint8)
