"""Where the pages of long listings begin, so that page 900 costs what page 1 costs.

A mark says how many entries of a listing lie below a key. There is one about every ``EVERY`` entries, found by one
pass over the listing's index; a page is then read from the nearest mark on, over at most that many entries. Pictures
that come and go move the marks above them by one. Each set of marks knows the version of the library it is right for:
a change made by another process is seen by that, and the marks are found anew.

What no index lists in order (searches, two filters at once) is found once a version, and its ids are kept.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import OrderedDict
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncSession

from vtonlab.library import repository
from vtonlab.library.listeners import Changed, on_steps
from vtonlab.library.listings import COLUMNS, Filter, Key, Listing, Sort

EVERY = 200
"""Entries between two marks when they are found."""

WIDEST = 4
"""Times ``every`` that two marks may come apart before more are put between them."""

MOST_KEPT = 400_000
"""Marks and ids kept for everybody together; one takes about 200 bytes."""

MOST_USERS = 1_000
"""Users of whom something is kept."""

MOST_WAITING = 32
"""Changes heard of before the one they follow; more, and the marks are found anew."""

Kind = tuple[Filter, str]
"""What a listing shows, and the column it goes by; up and down share their marks."""


@dataclass
class Marks:
    """Marks of one listing in ascending order: ``ranks[i]`` of its entries lie below ``keys[i]``."""

    version: int
    keys: list[Key]
    ranks: list[int]
    waiting: dict[int, Changed] = field(default_factory=dict)

    def follow(self, listing: Listing, changed: Changed) -> bool:
        """Take up what was changed, in the order of versions; whether the marks can still become right."""
        if changed.after > self.version:
            self.waiting[changed.before] = changed
        while (following := self.waiting.pop(self.version, None)) is not None:
            for step in following.steps:
                left, entered = listing.key_of(step.before), listing.key_of(step.after)
                if left != entered:
                    self._shift(left, -1)
                    self._shift(entered, 1)
            self.version = following.after
        return len(self.waiting) < MOST_WAITING

    def _shift(self, key: Key | None, by: int) -> None:
        if key is not None:
            for place in range(bisect_right(self.keys, key), len(self.ranks)):
                self.ranks[place] += by

    def below(self, rank: int) -> int:
        """Index of the last mark with at most ``rank`` entries below it; -1 for the listing's start."""
        return bisect_right(self.ranks, rank) - 1

    def width(self, place: int, total: int) -> int:
        """Entries from mark ``place`` (-1: the start) to the next one, or to the end; ``total`` are in the listing."""
        end = self.ranks[place + 1] if place + 1 < len(self.ranks) else total
        return end - (self.ranks[place] if place >= 0 else 0)

    def fill(self, place: int, keys: list[Key], every: int) -> None:
        """Put marks ``keys``, each ``every`` entries after the one before, behind mark ``place``."""
        start = self.ranks[place] if place >= 0 else 0
        end = self.keys[place + 1] if place + 1 < len(self.keys) else None
        kept = [key for key in keys if end is None or key < end]
        self.keys[place + 1 : place + 1] = kept
        self.ranks[place + 1 : place + 1] = [start + every * (number + 1) for number in range(len(kept))]


@dataclass
class Found:
    """The ids of a listing that no index has, in its order, at one version of the library."""

    version: int
    ids: list[str]


@dataclass
class Shelf:
    """What is kept of one user."""

    marks: dict[Kind, Marks] = field(default_factory=dict)
    found: dict[Listing, Found] = field(default_factory=dict)
    counts: dict[Filter, tuple[int, int]] = field(default_factory=dict)
    """Version and number, of what is counted."""
    wanted: dict[Kind, int] = field(default_factory=dict)
    """The version at which marks were asked for and not there."""

    @property
    def size(self) -> int:
        """Marks and ids on it."""
        marks = sum(len(each.keys) for each in self.marks.values())
        return marks + sum(len(each.ids) for each in self.found.values()) + len(self.counts) + len(self.wanted) + 1


@dataclass(frozen=True)
class Start:
    """Where a page begins: beyond ``key`` (with it, where ``inclusive``), leaving out ``skip``; None: at the start."""

    key: Key | None
    inclusive: bool
    skip: int

    @property
    def from_key(self) -> tuple[Key, bool] | None:
        """As ``repository.read_rows`` takes it."""
        return None if self.key is None else (self.key, self.inclusive)


class Places:
    """The marks of the listings looked at last, of all users. Used in one event loop."""

    def __init__(self, most: int = MOST_KEPT, every: int = EVERY) -> None:
        self.every = every
        """Entries between two marks when they are found; pages are read from no further away than a few times this."""
        self._most = most
        self._shelves: OrderedDict[str, Shelf] = OrderedDict()
        on_steps(self._follow)

    def forget(self) -> None:
        """Forget everything: all is found anew."""
        self._shelves.clear()

    async def find(self, session: AsyncSession, listing: Listing, rank: int, total: int, version: int) -> Start | None:
        """Where the entry begins that has ``rank`` entries of an indexed ``listing`` before it; ``total`` are in it.

        ``version`` is the library's, as ``session`` sees it. None where no marks are right for it and this is the
        first page asked for: to find them costs a few times what it costs to count that far.
        """
        marks = await self._marks(session, listing, version)
        if marks is None:
            return None
        upward_rank = rank if listing.is_ascending else total - 1 - rank
        if marks.width(marks.below(upward_rank), total) > WIDEST * self.every:
            await self._refine(session, listing, marks, upward_rank, total)
        if listing.is_ascending:
            below = marks.below(rank)
            return Start(None, True, rank) if below < 0 else Start(marks.keys[below], True, rank - marks.ranks[below])
        above = bisect_left(marks.ranks, upward_rank + 1)
        if above == len(marks.ranks):
            return Start(None, False, rank)
        return Start(marks.keys[above], False, marks.ranks[above] - 1 - upward_rank)

    async def found(self, session: AsyncSession, listing: Listing, version: int) -> list[str]:
        """The ids of all in ``listing``, whatever it is narrowed down by."""
        shelf = self._shelf(listing.user_id)
        kept = shelf.found.get(listing)
        if kept is None or kept.version != version:
            kept = shelf.found[listing] = Found(version, await repository.read_ids(session, listing))
            for other in [other for other, found in shelf.found.items() if found.version < version]:
                del shelf.found[other]
            self._make_room(listing.user_id)
        return kept.ids

    async def count(self, session: AsyncSession, listing: Listing, version: int) -> int:
        """How many are in an indexed ``listing`` for which there is no total."""
        shelf = self._shelf(listing.user_id)
        known, number = shelf.counts.get(listing.filter, (-1, 0))
        if known != version:
            number = await repository.count(session, listing)
            shelf.counts[listing.filter] = version, number
        return number

    async def _marks(self, session: AsyncSession, listing: Listing, version: int) -> Marks | None:
        shelf, kind = self._shelf(listing.user_id), (listing.filter, listing.column)
        marks = shelf.marks.get(kind)
        # Marks that know of more than this session does are off by no more than that.
        if marks is not None and marks.version >= version:
            return marks
        if shelf.wanted.get(kind) != version:
            shelf.wanted[kind] = version
            return None
        keys = await repository.read_marks(session, listing, self.every)
        ranks = [self.every * (place + 1) for place in range(len(keys))]
        marks = shelf.marks[kind] = Marks(version, keys, ranks)
        self._make_room(listing.user_id)
        return marks

    async def _refine(self, session: AsyncSession, listing: Listing, marks: Marks, rank: int, total: int) -> None:
        place, version = marks.below(rank), marks.version
        keys = await repository.read_marks(session, listing, self.every, marks.keys[place] if place >= 0 else None)
        # Meanwhile something may have been changed, or another page have done the same.
        if marks.version == version and marks.width(place, total) > WIDEST * self.every:
            marks.fill(place, keys, self.every)
            self._make_room(listing.user_id)

    def _shelf(self, user_id: str) -> Shelf:
        shelf = self._shelves.setdefault(user_id, Shelf())
        self._shelves.move_to_end(user_id)
        return shelf

    def _make_room(self, user_id: str) -> None:
        """Forget whom nobody has looked at for the longest, then what the user looked at first."""
        size = sum(shelf.size for shelf in self._shelves.values())
        while (size > self._most or len(self._shelves) > MOST_USERS) and len(self._shelves) > 1:
            oldest = next(name for name in self._shelves if name != user_id)
            size -= self._shelves.pop(oldest).size
        shelf = self._shelves[user_id]
        while shelf.size > self._most and len(shelf.found) > 1:
            del shelf.found[next(iter(shelf.found))]
        while shelf.size > self._most and len(shelf.marks) > 1:
            del shelf.marks[next(iter(shelf.marks))]

    def _follow(self, changed: Changed) -> None:
        shelf = self._shelves.get(changed.user_id)
        if shelf is None:
            return
        for kind in list(shelf.marks):
            chosen, column = kind
            listing = Listing(changed.user_id, chosen, next(sort for sort in Sort if COLUMNS[sort] == column))
            if not shelf.marks[kind].follow(listing, changed):
                del shelf.marks[kind]
