"""Things that belong to somebody, made anew for every question that is asked about them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Awaitable, Callable, Mapping

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from tests.api.house import PASSWORD, House, Person, make_photo

from vtonlab.fitting.models import VtonHistory
from vtonlab.generation.models import GenerationBatch, GenerationPrompt, PromptTemplate
from vtonlab.library.companions import Companion, companion_key
from vtonlab.library.ingest import Incoming
from vtonlab.library.models import Category, Image
from vtonlab.tasks.models import Task

NUMBERS = itertools.count(100)


class Belongings:
    """What ``user_id`` has; every word of :data:`MAKERS` is a new one."""

    def __init__(self, house: House, user_id: str) -> None:
        self.house = house
        self.user_id = user_id

    async def fill_in(self, text: str, fixed: Mapping[str, str]) -> str:
        """``text`` with its ``<words>`` replaced by the ids of new things."""
        for word in set(re.findall(r"<(\w+)>", text)):
            value = fixed.get(word) or await MAKERS[word](self)
            text = text.replace(f"<{word}>", value)
        return text

    async def image(self) -> str:
        """A picture."""
        added = await self.house.parts.ingest.add(self.user_id, Incoming(make_photo(seed=next(NUMBERS))))
        return added.image.id

    async def filename(self) -> str:
        """The name of a picture."""
        image_id = await self.image()
        async with self.house.parts.database.read() as session:
            return (await session.execute(select(Image.filename).where(Image.id == image_id))).scalar_one()

    async def trashed(self) -> str:
        """A picture in the trash."""
        image_id = await self.image()
        assert (await self.house.parts.library.trash(self.user_id, [image_id])).done
        return image_id

    async def task(self, *, ended: bool = False) -> str:
        """A task that nobody will run, or one that was cancelled."""
        tasks = self.house.parts.tasks
        made: Task = await self.house.parts.database.write(
            lambda session: tasks.add(
                session, user_id=self.user_id, kind="nobody", lane="nobody", parameters={"a": next(NUMBERS)}
            )
        )
        if ended:
            await self.house.parts.database.write(lambda session: _end(session, made.task_id))
        return made.task_id

    async def drawing(self) -> str:
        """A task that drew a picture from words, and was cancelled."""

        async def work(session: AsyncSession) -> str:
            row = Task(user_id=self.user_id, kind="generate", lane="nobody", status="cancelled", parameters={})
            session.add(row)
            await session.flush()
            return row.task_id

        return await self.house.parts.database.write(work)

    async def batch(self) -> str:
        """A batch that was cancelled when its first picture had come."""
        parts, user_id = self.house.parts, self.user_id
        prepared = await parts.ingest.prepare(
            user_id, Incoming(make_photo(seed=next(NUMBERS)), Category.GENERATED.value, as_made=True)
        )

        async def work(session: AsyncSession) -> str:
            image = await parts.ingest.keep(session, prepared)
            task = Task(user_id=user_id, kind="batch", lane="nobody", status="cancelled", parameters={})
            task.finished_at = image.saved_at
            session.add(task)
            await session.flush()
            named = {"provider": "nobody", "model": "m", "aspect_ratio": "1:1", "resolution": "1K"}
            row = GenerationBatch(user_id=user_id, task_id=task.task_id, negative_prompt="", total=1, **named)
            row.succeeded, row.is_over = 1, True
            session.add(row)
            await session.flush()
            prompt = GenerationPrompt(batch_name=row.batch_name, number=0, prompt="a shirt", status="succeeded")
            prompt.image_id = image.id
            session.add(prompt)
            return row.batch_name

        return await parts.database.write(work)

    async def template(self) -> str:
        """A prompt template of somebody's own."""

        async def work(session: AsyncSession) -> str:
            row = PromptTemplate(user_id=self.user_id, name=f"t{next(NUMBERS)}", text="{a}", negative_prompt="")
            session.add(row)
            await session.flush()
            return row.id

        return await self.house.parts.database.write(work)

    async def upload_task(self) -> str:
        """The hidden row behind an upload answer."""
        image_id = await self.image()
        tasks = self.house.parts.tasks
        return await self.house.parts.database.write(
            lambda session: tasks.record_upload(session, user_id=self.user_id, image_id=image_id, result={})
        )

    async def fitting(self) -> str:
        """An entry of the history, with its picture and mask."""
        parts = self.house.parts
        incoming = Incoming(make_photo(seed=next(NUMBERS)), Category.VTON_RESULTS.value, as_made=True)
        prepared = await parts.ingest.prepare(self.user_id, incoming)
        mask = companion_key(str(prepared.fields["storage_key"]), Companion.MASK)
        await parts.storage.put(mask, make_photo())

        async def work(session: AsyncSession) -> str:
            image = await parts.ingest.keep(session, prepared)
            names = {"human_image": "a.jpg", "garment_image": "b.jpg", "result_image": image.filename}
            entry = VtonHistory(user_id=self.user_id, engine="instant", mask_image=mask, **names)
            entry.result_image_id, entry.parameters, entry.notes, entry.processing_time = image.id, {}, [], 0.1
            session.add(entry)
            await session.flush()
            return entry.id

        return await parts.database.write(work)

    async def user(self) -> str:
        """Somebody's account, of no one who asks."""
        admin = await self.house.admin()
        name = f"somebody{next(NUMBERS)}"
        wanted = {"username": name, "email": f"{name}@lab.example", "password": PASSWORD}
        return str((await admin.client.post("/api/v1/admin/users", json=wanted)).json()["user_id"])

    async def role(self) -> str:
        """A role that nobody has."""
        admin = await self.house.admin()
        wanted = {"name": f"role{next(NUMBERS)}", "permissions": ["images:read"]}
        return str((await admin.client.post("/api/v1/admin/roles", json=wanted)).json()["name"])


async def _end(session: object, task_id: str) -> None:
    from sqlalchemy import update

    assert isinstance(session, AsyncSession)
    await session.execute(update(Task).where(Task.task_id == task_id).values(status="cancelled"))


async def _number(_: Belongings) -> str:
    return str(next(NUMBERS))


async def _own_id(of: Belongings) -> str:
    return of.user_id


MAKERS: dict[str, Callable[[Belongings], Awaitable[str]]] = {
    "image": Belongings.image,
    "filename": Belongings.filename,
    "trashed": Belongings.trashed,
    "task": Belongings.task,
    "ended": lambda of: of.task(ended=True),
    "drawing": Belongings.drawing,
    "batch": Belongings.batch,
    "template": Belongings.template,
    "upload": Belongings.upload_task,
    "fitting": Belongings.fitting,
    "user": Belongings.user,
    "role": Belongings.role,
    "owner": _own_id,
    "number": _number,
}


async def own_token(person: Person) -> str:
    """The id of a new API token of ``person``; empty where they may have none."""
    made = await person.client.post("/api/v1/auth/api-tokens", json={"name": "t", "scopes": ["images:read"]})
    return str(made.json()["id"]) if made.status_code == 201 else ""
