"""Batches over a fake of Gemini's service: what is handed in, what is waited for, what is kept."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Update, update
from tests.fakes.gemini import FakeGemini, colour_of
from tests.unit.generation.batches import (
    PROMPTS,
    Studio,
    hurry,
    is_with_service,
    open_studio,
    pictures,
    statuses,
)
from tests.unit.generation.house import ANN, ANNS, BOBS, caller

from vtonlab.accounts.models import User
from vtonlab.db.database import Database
from vtonlab.errors import (
    BudgetSpent,
    Conflict,
    NotAllowed,
    NotThere,
    ProviderCannot,
    SignInNeeded,
    TooManyRequests,
)
from vtonlab.generation import batch_jobs
from vtonlab.imaging.manifest import read_manifest
from vtonlab.remote.models import Departure
from vtonlab.tasks.models import Status, Task

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def in_a_hurry(monkeypatch: pytest.MonkeyPatch, fake: FakeGemini) -> None:
    hurry(monkeypatch)
    fake.size, fake.scale = (64, 64), 1.0
    fake.batch.polls = 0


@pytest.fixture
async def studio(database: Database, tmp_path: Path, fake: FakeGemini) -> AsyncIterator[Studio]:
    async with open_studio(database, tmp_path / "data", fake) as studio:
        yield studio


async def test_a_hundred_of_which_seven_fail(studio: Studio, fake: FakeGemini) -> None:
    """In order, each with its picture or its reason, however the service mixes its answers."""
    prompts = tuple(f"picture {number // 2}" for number in range(100))  # each twice
    reasons = {3: "unsafe", 10: "words", 20: "missing", 41: "trouble", 42: "blocked", 77: "no image", 99: "nothing"}
    fake.batch.failing, fake.batch.is_shuffled = dict(reasons), True
    heard = studio.house.tasks.events.subscribe(ANN)
    told = await studio.until_ended(await studio.ask(*prompts))
    assert told.status == Status.SUCCEEDED, told.task.error
    assert [one.row.prompt for one in told.prompts] == list(prompts)
    assert {one.row.number for one in told.prompts if one.status == "failed"} == set(reasons)
    assert (told.batch.succeeded, told.batch.failed, told.batch.total) == (93, 7, 100)
    codes = {one.row.number: (one.row.error or {}).get("code") for one in told.prompts if one.row.error}
    assert codes[3] == codes[42] == "prompt_refused"
    assert codes[10] == codes[77] == codes[99] == "no_picture"
    assert codes[20] == codes[41] == "prompt_failed"
    entries = await pictures(studio)
    ids = [one.row.image_id for one in told.prompts if one.row.image_id]
    assert len(set(ids)) == len(entries) == 93  # the same words twice are two pictures
    for one in (*told.prompts[:5], *told.prompts[95:]):
        if one.entry is not None:
            seen = await studio.house.picture(one.entry.id)
            assert np.abs(seen[40:, :].mean(axis=(0, 1)) - colour_of(one.row.prompt)).max() < 3
    told_of = [(state.progress, state.stage) for state in heard._pending.values()]
    assert [progress for progress, _ in told_of] == sorted(progress for progress, _ in told_of)
    assert any(stage.startswith("collect done=") and stage.endswith(" of=100") for _, stage in told_of)


async def test_what_is_kept_says_where_it_is_from(studio: Studio) -> None:
    name = await studio.ask("a red coat", aspect_ratio="6:9", negative_prompt="text")
    told = await studio.until_ended(name)
    (entry,) = (await pictures(studio)).values()
    assert (entry.category, entry.page_title, entry.user_id) == ("generated", "a red coat", ANN)
    context = entry.context_info
    assert (context["batch_name"], context["index"], context["task_id"]) == (name, 0, told.task.task_id)
    assert (context["prompt"], context["negative_prompt"]) == ("a red coat", "text")
    assert context["aspect_ratio"] == "6:9"
    assert context["source_type"].endswith("trainedAlgorithmicMedia")
    data = await studio.house.storage.load(entry.storage_key)
    assert read_manifest(data, anchors=studio.house.signer.root) is not None
    assert told.task.result is not None
    assert told.task.result["image_id"] == entry.id
    assert told.task.result["images"][0]["url"].startswith(f"/api/user/{ANN}/images/generated/")


async def test_it_is_paid_for_once_and_at_half_the_price(studio: Studio, fake: FakeGemini) -> None:
    told = await studio.until_ended(await studio.ask())
    (departure,) = await studio.house.rows(Departure)
    assert (departure.price, departure.pictures, departure.task_id) == (0.125, 0, told.task.task_id)
    today = await studio.house.outbound.today()
    assert (today.pictures, today.price) == (5, 0.125)
    assert told.batch.price == 0.125
    assert len(fake.batches.all) == 1


@pytest.mark.deep
async def test_what_the_budget_does_not_hold_is_not_handed_in(
    database: Database, tmp_path: Path, fake: FakeGemini
) -> None:
    async with open_studio(database, tmp_path / "data", fake, remote_budget=0.12) as studio:
        told = await studio.until_ended(await studio.ask())
        assert (told.status, (told.task.error or {})["code"]) == (Status.FAILED, BudgetSpent.code)
        assert not fake.batches.all


@pytest.mark.parametrize(
    ("ending", "code"),
    [("expired", "batch_expired"), pytest.param("cancelled", "batch_failed", marks=pytest.mark.deep)],
)
async def test_what_came_before_it_expired_is_kept(studio: Studio, fake: FakeGemini, ending: str, code: str) -> None:
    fake.batch.ending, fake.batch.done = ending, 0.6
    told = await studio.until_ended(name := await studio.ask())
    assert (told.status, (told.task.error or {})["code"]) == (Status.FAILED, code)
    assert statuses(told) == ["succeeded"] * 3 + ["failed"] * 2
    assert all(one.row.error for one in told.prompts[3:])
    kept = [one.row.image_id for one in told.prompts[:3]]
    fake.batch.ending = "succeeded"
    await studio.retry(name)
    told = await studio.until_ended(name)
    assert (told.status, statuses(told)) == (Status.SUCCEEDED, ["succeeded"] * 5)
    assert [one.row.image_id for one in told.prompts[:3]] == kept
    assert [len(one.requests) for one in fake.batches.all.values()] == [5, 2]
    assert [one.title for one in fake.batches.all.values()] == [f"{name}-1", f"{name}-2"]
    assert told.batch.price == pytest.approx(0.125 + 0.05)
    assert len(await pictures(studio)) == 5


@pytest.mark.deep
async def test_what_fails_as_a_whole_says_why(studio: Studio, fake: FakeGemini) -> None:
    fake.batch.ending = "failed"
    told = await studio.until_ended(await studio.ask())
    assert told.status == Status.FAILED
    assert statuses(told) == ["failed"] * 5
    assert told.task.error is not None
    assert {(one.row.error or {})["code"] for one in told.prompts} == {told.task.error["code"]}


@pytest.mark.deep
async def test_nothing_came_of_any_prompt(studio: Studio, fake: FakeGemini) -> None:
    fake.batch.failing = dict.fromkeys(range(5), "unsafe")
    told = await studio.until_ended(name := await studio.ask())
    assert (told.status, (told.task.error or {})["code"]) == (Status.FAILED, "parts_failed")
    fake.batch.failing = {}
    await studio.retry(name)
    told = await studio.until_ended(name)
    assert (told.status, told.batch.succeeded, told.batch.failed) == (Status.SUCCEEDED, 5, 0)
    with pytest.raises(Conflict):
        await studio.retry(name)


async def test_cancelled_the_service_is_told(studio: Studio, fake: FakeGemini) -> None:
    fake.batch.seconds = 600
    name = await studio.ask()
    await studio.until(name, is_with_service)
    await studio.until(name, lambda told: told.task.status == Status.WAITING)
    await studio.cancel(name)
    told = await studio.look(name)
    assert (told.status, statuses(told)) == (Status.CANCELLED, ["cancelled"] * 5)
    await studio.until(name, lambda told: told.batch.is_over)
    await studio.until_told()
    assert fake.batches.cancels == 1
    assert (await studio.batches.results(ANNS, name)).has_ended
    fake.batch.seconds = 0
    await studio.retry(name)
    told = await studio.until_ended(name)
    assert (told.status, told.batch.succeeded, len(fake.batches.all)) == (Status.SUCCEEDED, 5, 2)


@pytest.mark.deep
async def test_cancelled_before_it_was_handed_in(database: Database, tmp_path: Path, fake: FakeGemini) -> None:
    async with open_studio(database, tmp_path / "data", fake, runs=False) as studio:
        name = await studio.ask()
        await studio.cancel(name)
        await studio.until(name, lambda told: told.batch.is_over)
        await studio.until_told()
        await studio.retry(name)
        await studio.house.tasks.start()
        told = await studio.until_ended(name)
        assert (told.status, told.batch.round, fake.batches.cancels) == (Status.SUCCEEDED, 2, 0)


async def test_a_service_that_does_not_hear_is_told_again_after_a_restart(
    database: Database, tmp_path: Path, fake: FakeGemini
) -> None:
    """Nobody was there to tell it; then it does not answer; then it hears."""
    fake.batch.seconds = 600
    async with open_studio(database, tmp_path / "data", fake, stops=False) as studio:
        name = await studio.ask()
        await studio.until(name, lambda told: is_with_service(told) and told.task.status == Status.WAITING)
        await studio.cancel(name)
    assert fake.batches.cancels == 0
    async with open_studio(database, tmp_path / "data", None, runs=False, stops=False, sandbox_on=True) as studio:
        await studio.batches.stopping.look()
        assert await studio.batches.stopping.tell() == 1  # it is not set up
    async with open_studio(database, tmp_path / "data", fake, runs=False, stops=False) as studio:
        await database.write(lambda session: session.execute(update_stops()))
        assert await studio.batches.stopping.tell() == 0
        assert fake.batches.cancels == 1


@pytest.mark.deep
async def test_tried_again_before_the_service_was_told_it_goes_on(
    database: Database, tmp_path: Path, fake: FakeGemini
) -> None:
    fake.batch.seconds = 600
    async with open_studio(database, tmp_path / "data", fake, stops=False) as studio:
        name = await studio.ask()
        await studio.until(name, lambda told: is_with_service(told) and told.task.status == Status.WAITING)
        await studio.cancel(name)
        fake.batch.seconds = 0
        await studio.retry(name)
        assert (await studio.until_ended(name)).status == Status.SUCCEEDED
        await studio.batches.stopping.look()
        assert await studio.batches.stopping.tell() == 0
    assert (len(fake.batches.all), fake.batches.cancels) == (1, 0)


@pytest.mark.parametrize("word", ["lose", pytest.param("trouble", marks=pytest.mark.deep)])
async def test_an_answer_that_was_lost_is_looked_for(studio: Studio, fake: FakeGemini, word: str) -> None:
    fake.batch.handed_in.append(word)
    told = await studio.until_ended(await studio.ask())
    assert told.status == Status.SUCCEEDED, told.task.error
    assert (len(fake.batches.all), fake.bought) == (1, 5)


@pytest.mark.deep
async def test_cancelled_while_nobody_knows_whether_it_was_taken(studio: Studio, fake: FakeGemini) -> None:
    """It is found by its name, and stopped."""
    fake.batch.handed_in.append("hang")
    fake.batch.seconds = 600
    name = await studio.ask()
    await studio.until(name, lambda told: bool(told.batch.remote_id) and bool(fake.batches.all))
    await studio.cancel(name)
    await studio.until_ended(name)
    await studio.until(name, lambda told: told.batch.is_over)
    await studio.until_told()
    assert fake.batches.cancels >= 1
    assert not await pictures(studio)


async def test_trouble_at_the_service_ends_no_batch(studio: Studio, fake: FakeGemini) -> None:
    fake.batch.trouble.extend(["trouble", "overloaded", "lose", "exhausted", "too long", "lose"])
    heard = studio.house.tasks.events.subscribe(ANN)
    told = await studio.until_ended(await studio.ask())
    assert told.status == Status.SUCCEEDED, told.task.error
    assert "remote_trouble" in {state.stage for state in heard._pending.values()}
    assert told.task.failures == 0


async def test_a_wrong_key_is_told_and_then_the_same_batch_goes_on(studio: Studio, fake: FakeGemini) -> None:
    fake.batch.trouble.extend(["forbidden"] * batch_jobs.MOST_REFUSALS)
    told = await studio.until_ended(name := await studio.ask())
    assert (told.status, (told.task.error or {})["code"]) == (Status.FAILED, "key_refused")
    assert statuses(told) == ["queued"] * 5
    await studio.retry(name)
    told = await studio.until_ended(name)
    assert (told.status, len(fake.batches.all)) == (Status.SUCCEEDED, 1)


@pytest.mark.deep
async def test_forgotten_by_the_service(studio: Studio, fake: FakeGemini) -> None:
    fake.batch.seconds = 600
    name = await studio.ask()
    await studio.until(name, is_with_service)
    fake.batches.all.clear()
    told = await studio.until_ended(name)
    assert (told.status, (told.task.error or {})["code"]) == (Status.FAILED, "batch_gone")
    assert statuses(told) == ["failed"] * 5


async def test_no_room_for_all_of_it(studio: Studio, fake: FakeGemini) -> None:
    """What there is no room for is fetched when there is, and not bought again."""
    first = await studio.until_ended(await studio.ask("a hat"))
    (entry,) = (await pictures(studio)).values()
    await _set_quota(studio, entry.file_size * 4)
    told = await studio.until_ended(name := await studio.ask())
    assert (told.status, (told.task.error or {})["code"]) == (Status.FAILED, "no_room_left")
    assert 0 < told.batch.succeeded < 5
    await _set_quota(studio, 0)
    await studio.retry(name)
    told = await studio.until_ended(name)
    assert (told.status, told.batch.succeeded) == (Status.SUCCEEDED, 5)
    assert (len(fake.batches.all), len(await pictures(studio))) == (2, 6)
    assert first.status == Status.SUCCEEDED
    assert {key.rpartition("/")[2] for key in await studio.house.keys() if "thumbnails" not in key} == {
        row.filename for row in (await pictures(studio)).values()
    }


async def test_the_same_key_is_the_same_batch(studio: Studio, fake: FakeGemini) -> None:
    names = {await studio.ask(key="once") for _ in range(3)}
    assert len(names) == 1
    with pytest.raises(Conflict):
        await studio.ask("something else", key="once")
    assert await studio.ask("something else", who=BOBS, key="once") not in names
    await studio.until_ended(names.pop())
    assert len([one for one in fake.batches.all.values() if len(one.requests) == 5]) == 1


async def test_who_may(database: Database, tmp_path: Path, fake: FakeGemini) -> None:
    async with open_studio(database, tmp_path / "data", fake, runs=False, generate_waiting=2) as studio:
        with pytest.raises(NotAllowed):
            await studio.ask(who=caller(ANN, "viewer"))
        with pytest.raises(SignInNeeded):
            await studio.ask(who=caller(ANN, "guest").__class__(BOBS.kind.GUEST, ANN, permissions=BOBS.permissions))
        with pytest.raises(ProviderCannot) as refused:
            await studio.ask(provider="fashn")
        assert "gemini" in refused.value.advise()
        name = await studio.ask()
        with pytest.raises(NotThere):
            await studio.look(name, who=BOBS)
        with pytest.raises(Conflict):
            await studio.batches.results(ANNS, name)
        await studio.ask()
        with pytest.raises(TooManyRequests):
            await studio.ask()
        assert len(await studio.house.rows(Task)) == 2


async def test_the_zip_has_pictures_and_prompts(studio: Studio, fake: FakeGemini) -> None:
    fake.batch.failing = {2: "unsafe"}
    prompts = ("=HYPERLINK(1)", "../a/b: c", "nothing", "大衣", "大衣")
    name = await studio.ask(*prompts)
    told = await studio.until_ended(name)
    await studio.house.library.trash(ANN, [told.prompts[4].row.image_id or ""])
    async with aclosing(await studio.batches.download(ANNS, name)) as pieces:
        data = b"".join([piece async for piece in pieces])
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = archive.namelist()
        assert names == ["001 =HYPERLINK(1).png", "002 a b c.png", "004 大衣.png", "prompts.csv"]
        text = archive.read("prompts.csv")
        assert text.startswith(b"\xef\xbb\xbf")
        rows = list(csv.DictReader(io.StringIO(text.decode("utf-8-sig"), newline="")))
        assert [row["status"] for row in rows] == ["succeeded", "succeeded", "failed", "succeeded", "missing"]
        assert [row["prompt"] for row in rows] == ["'=HYPERLINK(1)", *prompts[1:]]
        assert [row["file"] for row in rows] == [*names[:2], "", names[2], ""]
        assert rows[2]["error"]


def update_stops() -> Update:
    from vtonlab.db.base import now
    from vtonlab.generation.models import GenerationStop

    return update(GenerationStop).values(run_at=now())


async def _set_quota(studio: Studio, size: int) -> None:
    await studio.house.database.write(
        lambda session: session.execute(update(User).where(User.user_id == ANN).values(quota_bytes=size))
    )


def test_the_prompts_of_these_tests() -> None:
    """One is there twice."""
    assert len(set(PROMPTS)) == len(PROMPTS) - 1
