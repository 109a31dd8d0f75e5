"""What has to hold over a data folder after a crash, looked at from outside, without any part of the program."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

from PIL import Image as Pillow
from tests.crash.house import EFFECT, PEOPLE, source_hash

SIZES = (320, 640)
UPLOADED = ("clothes", "char")
Deed = dict[str, Any]
State = dict[tuple[int, str], tuple[bool, bool]]
"""Of one person, by picture and category: whether it is in the trash, and a favourite."""


def ask(folder: Path, question: str, *values: Any) -> list[sqlite3.Row]:
    with closing(sqlite3.connect(folder / "vtonlab.db", timeout=5)) as database:
        database.row_factory = sqlite3.Row
        return database.execute(question, values).fetchall()


def files(folder: Path) -> set[str]:
    """Keys of everything that is kept."""
    return {path.relative_to(folder).as_posix() for path in folder.glob("images/**/*") if path.is_file()}


def files_of(key: str) -> set[str]:
    path = Path(key)
    return {key} | {str(path.parent / "thumbnails" / f"{path.stem}_{size}.webp") for size in SIZES}


def look_at_what_is_served(folder: Path) -> None:
    """Every row has its files, whole, also before anything was swept: whoever asks now is not given half of one."""
    assert [row[0] for row in ask(folder, "PRAGMA integrity_check")] == ["ok"]
    for row in ask(folder, "SELECT * FROM images"):
        data = (folder / row["storage_key"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == row["content_hash"], row["storage_key"]
        assert len(data) == row["file_size"]
        for key in files_of(row["storage_key"]):
            with Pillow.open(folder / key) as picture:
                picture.load()


def look_at_everything(folder: Path) -> None:
    """After the sweep: no row without file, no file without row, the books are right, every task ended once."""
    look_at_what_is_served(folder)
    rows = ask(folder, "SELECT * FROM images")
    assert files(folder) == {key for row in rows for key in files_of(row["storage_key"])}
    for rest in (".unfinished", "tmp"):
        assert not list((folder / rest).glob("**/*")) or not [p for p in (folder / rest).rglob("*") if p.is_file()]
    assert {row["status"] for row in rows} <= {"ready"}
    _look_at_totals(folder, rows)
    _look_at_favourites(folder, rows)
    _look_at_journal(folder)
    _look_at_tasks(folder)


def _look_at_totals(folder: Path, rows: list[sqlite3.Row]) -> None:
    counted: Counter[tuple[str, str]] = Counter()
    size: Counter[tuple[str, str]] = Counter()
    for row in rows:
        names = ["trash"] if row["in_trash"] else [row["category"], *["favorites"] * row["is_favorited"]]
        for name in names:
            counted[row["user_id"], name] += 1
            size[row["user_id"], name] += row["file_size"]
    kept = ask(folder, "SELECT * FROM library_totals WHERE images != 0 OR bytes != 0")
    assert {(row["user_id"], row["name"]): row["images"] for row in kept} == dict(counted)
    assert {(row["user_id"], row["name"]): row["bytes"] for row in kept} == dict(size)


def _look_at_favourites(folder: Path, rows: list[sqlite3.Row]) -> None:
    liked = {row["image_id"] for row in ask(folder, "SELECT image_id FROM favorites")}
    assert liked == {row["id"] for row in rows if row["is_favorited"]}


def _look_at_journal(folder: Path) -> None:
    """Numbers without a gap; and who reads it from its begin knows every picture that there is."""
    for (user,) in ask(folder, "SELECT user_id FROM users"):
        entries = ask(folder, "SELECT * FROM changes WHERE user_id = ? ORDER BY number", user)
        assert [row["number"] for row in entries] == list(range(1, len(entries) + 1))
        last = ask(folder, "SELECT last FROM change_counters WHERE user_id = ?", user)
        assert [row["last"] for row in last] == [len(entries)] * bool(entries)
        known: set[str] = set()
        for row in entries:
            (known.discard if row["action"] == "purge" else known.add)(row["entity_id"])
        assert known == {row["id"] for row in ask(folder, "SELECT id FROM images WHERE user_id = ?", user)}


def _look_at_tasks(folder: Path) -> None:
    """Each task has ended well and left its effect once; a maker's picture is there, once."""
    tasks = {row["task_id"]: row for row in ask(folder, "SELECT * FROM tasks WHERE is_hidden = 0")}
    assert {row["status"] for row in tasks.values()} <= {"succeeded"}
    effects = Counter(row["target"] for row in ask(folder, "SELECT target FROM audit_log WHERE action = ?", EFFECT))
    assert effects == Counter(list(tasks)), "every task once"
    made = {row["image_id"] for row in tasks.values() if row["kind"] == "maker"}
    assert made == {row["id"] for row in ask(folder, "SELECT id FROM images WHERE category = 'vton_results'")}


def look_at_answers(folder: Path, log: Path) -> None:
    """What was answered holds; what was not yet answered happened wholly or not at all.

    Which of the two is written to ``log``, so that the next life goes on from there.
    """
    with log.open("a") as settled:
        for user in PEOPLE:
            deeds, waiting = read_log(log, user)
            before, found = expect(user, deeds), find(folder, user)
            if waiting is None:
                assert found == before
                continue
            happened = expect(user, [*deeds, waiting])
            assert found in (before, happened)
            word = "done" if found == happened else "dropped"
            settled.write(json.dumps({"user": user, word: waiting}) + "\n")


def read_log(log: Path, user: str) -> tuple[list[Deed], Deed | None]:
    """What ``user`` did, and what they still waited for when the machine stopped."""
    deeds: list[Deed] = []
    waiting: Deed | None = None
    for line in log.read_text().splitlines():
        entry = json.loads(line) if line.startswith('{"user"') else {}
        if entry.get("user") != user:
            continue
        if "begins" in entry:
            assert waiting is None
            waiting = entry["begins"]
            continue
        assert waiting == entry.get("done", entry.get("dropped"))
        if "done" in entry:
            deeds.append(entry["done"])
        waiting = None
    return deeds, waiting


def expect(user: str, deeds: list[Deed]) -> tuple[State, Counter[int]]:
    """The pictures and tasks that ``user`` has after ``deeds``."""
    state: State = {(seed, "clothes"): (seed % 100 < 2, False) for seed in known_seeds(user)[:6]}
    for deed in deeds:
        state = after(state, deed)
    return state, Counter(deed["number"] for deed in deeds if deed["do"] == "order")


def find(folder: Path, user: str) -> tuple[State, Counter[int]]:
    """Those that they have."""
    seeds = {source_hash(seed): seed for seed in known_seeds(user)}
    query = "SELECT * FROM images WHERE user_id = ? AND category IN (?, ?)"
    state: State = {}
    for row in ask(folder, query, user, *UPLOADED):
        key = (seeds[row["source_hash"]], row["category"])
        assert key not in state, "the same picture twice in a category"
        state[key] = (bool(row["in_trash"]), bool(row["is_favorited"]))
    orders = ask(folder, "SELECT parameters FROM tasks WHERE is_hidden = 0 AND user_id = ?", user)
    return state, Counter(json.loads(row["parameters"])["number"] for row in orders)


def known_seeds(user: str) -> list[int]:
    """The pictures a person has or may upload; the first six are there from the begin."""
    first = 100 * PEOPLE.index(user)
    return [*range(first, first + 12), 900, 901, 902]


def after(state: State, deed: Deed) -> State:
    """What a deed makes of somebody's pictures."""
    match deed["do"]:
        case "add":
            key = (deed["seed"], deed["category"])
            return state | {key: (False, state.get(key, (False, False))[1])}
        case "trash" | "restore":
            in_trash = deed["do"] == "trash"
            return {key: (in_trash if key[0] in deed["seeds"] else was, liked) for key, (was, liked) in state.items()}
        case "empty":
            return {key: value for key, value in state.items() if not value[0]}
        case "favour":
            return {key: (was, liked or (key[0] in deed["seeds"] and not was)) for key, (was, liked) in state.items()}
    return state
