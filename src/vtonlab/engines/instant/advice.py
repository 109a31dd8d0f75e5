"""How sure a result is, and what would make it better."""

from __future__ import annotations

import numpy as np

from vtonlab.engines.contract import Note
from vtonlab.engines.instant.axes import SIDES, arm_of
from vtonlab.engines.instant.drape import whole_alpha
from vtonlab.engines.instant.outfit import Draped
from vtonlab.engines.instant.records import Arm, Body, Garment, Label, Person
from vtonlab.engines.instant.reveal import Undressed
from vtonlab.errors import Text

_INVENTED = Note("much_invented", "warning", Text(
    "Much of what the old garment covered is bare now and had to be filled in.",
    "原来衣物遮住的大片区域现在露出来了，这部分是推测填充的。",
))
_RAISED = Note("arms_raised", "warning", Text(
    "A raised arm pulls a sleeve in a way that geometry cannot follow; it looks better with the arms down.",
    "手臂抬起时袖子的形状难以推算；双臂自然下垂的照片效果更好。",
))

EVERY = (_INVENTED, _RAISED)


def judge(person: Person, garment: Garment, draped: Draped, undressed: Undressed) -> tuple[float, tuple[Note, ...]]:
    """Confidence 0…1 of one garment on one person, and the reasons that lower it."""
    notes: list[Note] = []
    confidence = person.certainty * garment.certainty
    invented = _invented_share(person, draped, undressed)
    if invented > 0.25:
        confidence *= 1 - 0.6 * min(1.0, invented)
        notes.append(_INVENTED)
    if draped.wearing.cuffs and any(_is_raised(arm_of(person.body, side), person.body) for side in SIDES):
        confidence *= 0.6
        notes.append(_RAISED)
    if person.body.turn < 0.75:
        confidence *= 0.8
    return float(np.clip(confidence, 0, 1)), tuple(notes)


def _is_raised(arm: Arm, body: Body) -> bool:
    """Whether the upper arm points level or upwards."""
    upper = arm.elbow - arm.shoulder
    return arm.seen > 0.5 and float(upper @ body.down) < 0.2 * float(np.linalg.norm(upper))


def _invented_share(person: Person, draped: Draped, undressed: Undressed) -> float:
    """Share of the removed garment on the body that the new one leaves uncovered."""
    cover = whole_alpha(draped.pieces, person.labels.shape)
    gone = (undressed.gone > 127) & (undressed.bare > 127)
    total = int(gone.sum())
    if total == 0:
        return 0.0
    kept = person.mattes[Label.OTHER] > 127
    return float((gone & (cover < 64) & ~kept).sum()) / total
