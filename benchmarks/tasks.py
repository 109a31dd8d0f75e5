# ruff: noqa: ASYNC110, ASYNC220, ASYNC240 - what is waited for is all that happens
"""How soon a task begins, how many can be claimed, and how many people can be told of it.

    python -m benchmarks.tasks [--clients 200] [--tasks 100] [--only begin|claims|told]

- *begin*: from the call that adds a task (its commit included) to the first line of its handler, in one process, beside
  its floor: one committed SQLite transaction and an ``asyncio.Queue``.
- *claims*: fair claims of one task each while 10,000 are queued, beside its floor: one committed update of one row of
  the same database.
- *told*: real changes of tasks (every one a committed move of the queue), told over the real server's WebSocket to
  clients in another process. Counted are the messages each client got and whether it ends with the newest state of
  every task. Beside it the floor: the ``websockets`` library broadcasting the same messages from a bare server.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import json
import logging
import os
import random
import resource
import secrets
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from benchmarks._table import Row, machine, show
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.embed import Server
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import broadcast, serve

from vtonlab.accounts.models import Role, User
from vtonlab.accounts.service import Accounts
from vtonlab.db import upgrade
from vtonlab.db.base import new_id, now
from vtonlab.db.database import Database
from vtonlab.settings import Settings
from vtonlab.tasks.contract import Done, Job, JobKind
from vtonlab.tasks.events import TaskState, update_message
from vtonlab.tasks.models import Status, Task
from vtonlab.tasks.queue import Lease
from vtonlab.tasks.service import Tasks
from vtonlab.web.app import create_app

TIMES = 200
QUEUED = 10_000
CLAIMS = 200
STEPS = 7
"""Of progress; with queued, running and succeeded ten states a task."""
STATES = STEPS + 3
MOST_MS_TO_BEGIN = 50.0


def main() -> None:
    """Measure everything, or what ``--only`` names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--tasks", type=int, default=100)
    parser.add_argument("--only", choices=["begin", "claims", "told"])
    parser.add_argument("--role", choices=["server", "bare"], help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    logging.basicConfig(level=logging.ERROR)
    if chosen.role:
        asyncio.run((be_server if chosen.role == "server" else be_bare)(chosen.folder, chosen.tasks))
        return
    print(machine())
    parts = {"begin": measure_begin, "claims": measure_claims}
    for name, measure in parts.items():
        if chosen.only in {None, name}:
            with tempfile.TemporaryDirectory() as folder:
                show(name, asyncio.run(measure(Path(folder))))
    if chosen.only in {None, "told"}:
        with tempfile.TemporaryDirectory() as folder:
            show("told", asyncio.run(measure_told(Path(folder), chosen.clients, chosen.tasks)))


# How soon a task begins


async def measure_begin(folder: Path) -> list[Row]:
    async with house(folder) as tasks:
        begun: dict[str, float] = {}
        noticed = asyncio.Event()

        async def handle(job: Job) -> Done:
            begun[job.task_id] = time.perf_counter()
            noticed.set()
            return Done(keep_nothing)

        tasks.register(JobKind("job", handle))
        await tasks.start()
        ours, added = [], []
        for _ in range(TIMES):
            start = time.perf_counter()
            task = await add(tasks)
            added.append(time.perf_counter() - start)
            while task.task_id not in begun:
                noticed.clear()
                await noticed.wait()
            ours.append(begun[task.task_id] - start)
            await asyncio.sleep(0.02)  # until it ended: what is measured is one task, not a queue of them
        await tasks.stop()
    floor = await begin_floor(folder / "floor.db")
    ratio = statistics.median(ours) / statistics.median(floor)
    median = 1e3 * statistics.median(ours)
    return [
        Row(
            "task added to handler begun",
            f"median {median:.1f} ms, p95 {1e3 * percentile(ours, 95):.1f} ms",
            f"≤ {MOST_MS_TO_BEGIN:.0f} ms",
            median <= MOST_MS_TO_BEGIN,
            f"{ratio:.1f}× of one commit and a queue: median {1e3 * statistics.median(floor):.1f} ms, "
            f"p95 {1e3 * percentile(floor, 95):.1f} ms",
        ),
        Row("of that, adding it", f"median {1e3 * statistics.median(added):.1f} ms", "", None),
    ]


async def begin_floor(path: Path) -> list[float]:
    """A row committed as durably as ours, then an item through a queue to a task that waits for it."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE tasks (id TEXT PRIMARY KEY, parameters TEXT)")
    queue: asyncio.Queue[float] = asyncio.Queue()
    took: list[float] = []
    begun = asyncio.Event()

    async def work() -> None:
        while True:
            start = await queue.get()
            took.append(time.perf_counter() - start)
            begun.set()

    worker = asyncio.create_task(work())
    for _ in range(TIMES):
        start = time.perf_counter()
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO tasks VALUES (?, ?)", (secrets.token_hex(16), "{}"))
        connection.execute("COMMIT")
        begun.clear()
        queue.put_nowait(start)
        await begun.wait()
        await asyncio.sleep(0.02)
    worker.cancel()
    connection.close()
    return took


# How many can be claimed


async def measure_claims(folder: Path) -> list[Row]:
    rows = []
    for users in (1, 100):
        async with house(folder / str(users)) as tasks:
            people = [f"user-{number:03d}" for number in range(users)]
            await tasks.database.write(lambda session, people=people: fill(session, people))  # type: ignore[misc]
            await tasks.queue.claim("lane", ["job"], 1)
            start = time.perf_counter()
            for _ in range(CLAIMS):
                assert len(await tasks.queue.claim("lane", ["job"], 1)) == 1
            each = (time.perf_counter() - start) / CLAIMS
            start = time.perf_counter()
            together = len(await tasks.queue.claim("lane", ["job"], CLAIMS))
            batch = (time.perf_counter() - start) / together
            floor = await claims_floor(tasks.database)
        rows.append(
            Row(
                f"{QUEUED} queued by {users} {'users' if users > 1 else 'user'}",
                f"{1 / each:.0f}/s ({1e3 * each:.1f} ms)",
                "",
                None,
                f"{floor / each:.2f}× of one commit each, {1 / floor:.0f}/s; {together} at once: {1 / batch:.0f}/s",
            )
        )
    return rows


async def claims_floor(database: Database) -> float:
    """Seconds of one committed update of one row of the same table."""
    async with database.read() as session:
        ids = (await session.execute(select(Task.task_id).limit(CLAIMS))).scalars().all()
    start = time.perf_counter()
    for task_id in ids:
        change = update(Task).where(Task.task_id == task_id).values(stage="x")
        await database.write(lambda session, change=change: session.execute(change))  # type: ignore[misc]
    return (time.perf_counter() - start) / len(ids)


async def fill(session: AsyncSession, people: Sequence[str]) -> None:
    moment = now()
    chance = random.Random(1)
    session.add_all(User(user_id=name, username=name, username_key=name) for name in people)
    await session.flush()
    rows = [
        {
            "task_id": new_id(),
            "user_id": people[number % len(people)],
            "kind": "job",
            "lane": "lane",
            "parameters": {"human_image": secrets.token_hex(16), "garment_image": secrets.token_hex(16)},
            "created_at": moment + timedelta(milliseconds=chance.randrange(10**6)),
            "run_at": moment,
        }
        for number in range(QUEUED)
    ]
    await session.execute(insert(Task), rows)


# How many people can be told


@dataclass
class Heard:
    """What one client heard."""

    messages: int = 0
    newest: dict[str, str] = field(default_factory=dict)
    states: set[tuple[str, str, float]] = field(default_factory=set)


async def measure_told(folder: Path, clients: int, tasks: int) -> list[Row]:
    ours = await tell("server", folder, clients, tasks)
    bare = await tell("bare", folder, clients, tasks)
    expected = clients * tasks * STATES
    rows = []
    for name, told in (("ours", ours), ("bare broadcast", bare)):
        got = sum(len(heard.states) for heard in told.heard)
        complete = sum(len(heard.states) == tasks * STATES for heard in told.heard)
        newest = sum(Counter(heard.newest.values()) == {"succeeded": tasks} for heard in told.heard)
        rows += [
            Row(
                f"{name}: clients that end with the newest state of every task",
                f"{newest} of {clients}",
                "all",
                newest == clients,
            ),
            Row(
                f"{name}: updates told",
                f"{got} of {expected}, {complete} clients heard every one",
                "all",
                got == expected,
            ),
            Row(
                f"{name}: until the last client heard the last",
                f"{told.seconds:.1f} s ({got / told.seconds:.0f} messages/s, CPU {1e6 * told.cpu / got:.0f} µs each)",
                "",
                None,
                f"{bare.seconds / told.seconds:.2f}× of the bare broadcast's speed, which commits nothing"
                if told is ours
                else "",
            ),
            Row(
                f"{name}: memory of the server",
                f"{told.before:.0f} MB connected, {told.after:.0f} MB after, {told.peak:.0f} MB at most",
                "",
                None,
            ),
        ]
    rows.append(
        Row(
            "ours: one client that read nothing meanwhile",
            f"then {ours.slow.messages} messages for {tasks * STATES} updates, "
            f"newest state of {Counter(ours.slow.newest.values())['succeeded']} of {tasks} tasks",
            "newest",
            Counter(ours.slow.newest.values()) == {"succeeded": tasks},
        )
    )
    rows.append(Row("ours: the same changes with nobody connected", f"{ours.alone:.1f} s", "", None))
    return rows


@dataclass
class Told:
    """How telling went. Memory in MB."""

    heard: list[Heard]
    slow: Heard
    seconds: float
    before: float
    after: float
    peak: float
    cpu: float
    """Seconds the server's process worked meanwhile."""
    alone: float


async def tell(role: str, folder: Path, clients: int, tasks: int) -> Told:
    command = [sys.executable, "-m", "benchmarks.tasks", "--role", role, "--folder", str(folder), "--tasks", str(tasks)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        ready = json.loads(await asyncio.to_thread(server.stdout.readline))
        heard = [Heard() for _ in range(clients)]
        connections = [await connect(ready["address"], compression=None, ping_interval=None) for _ in range(clients)]
        sleeper = await connect(ready["address"], compression=None, ping_interval=None, max_queue=1)
        before, worked = resident(server.pid), cpu_seconds(server.pid)
        start = time.perf_counter()
        listening = [
            asyncio.create_task(listen(connection, one, tasks))
            for connection, one in zip(connections, heard, strict=True)
        ]
        print("go", file=server.stdin, flush=True)
        finished = json.loads(await asyncio.to_thread(server.stdout.readline))
        await asyncio.wait(listening, timeout=60)
        seconds = time.perf_counter() - start
        after, peak = resident(server.pid), resident(server.pid, "VmHWM")
        worked = cpu_seconds(server.pid) - worked
        slow = Heard()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(listen(sleeper, slow, tasks), 30)
        for task in listening:
            task.cancel()
        for connection in (*connections, sleeper):
            connection.transport.abort()
        print("end", file=server.stdin, flush=True)
    return Told(heard, slow, seconds, before, after, peak, worked, finished["alone"])


async def listen(connection: ClientConnection, heard: Heard, tasks: int) -> None:
    """Until the newest state of every task is that it ended."""
    ended = 0
    while ended < tasks:
        message = json.loads(await connection.recv())
        if message["type"] != "task_update":
            continue
        heard.messages += 1
        task_id, status = message["task_id"], message["status"]
        heard.states.add((task_id, status, message["progress"]))
        ended += status == "succeeded" and heard.newest.get(task_id) != "succeeded"
        heard.newest[task_id] = status


def resident(pid: int, what: str = "VmRSS") -> float:
    """Megabytes of memory a process has (Linux)."""
    text = Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in text.splitlines() if line.startswith(what)).split()[1]) / 1e3


def cpu_seconds(pid: int) -> float:
    """Seconds a process has worked (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def be_server(folder: Path, tasks: int) -> None:
    """The whole application, at home, where nobody needs to sign in."""
    port = free_port()
    app = create_app(Settings(data=folder / "site", port=port, open_browser=False))
    server = Server(app, "127.0.0.1", port, interface=Interfaces.ASGI, websockets=True, log_level=LogLevels.error)
    serving = asyncio.create_task(server.serve())
    while app.parts is None or app.parts.accounts.default_user_id is None:
        await asyncio.sleep(0.05)
    service, owner = app.parts.tasks, app.parts.accounts.default_user_id
    await asyncio.sleep(2)  # what begins in the background has begun
    start = time.perf_counter()
    await change(service, owner, tasks)
    alone = time.perf_counter() - start
    print(json.dumps({"address": f"ws://127.0.0.1:{port}/api/v1/ws/tasks"}), flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    await change(service, owner, tasks)
    print(json.dumps({"alone": alone}), flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    server.stop()
    await asyncio.wait_for(serving, 20)
    os._exit(0)


async def change(service: Tasks, owner: str, tasks: int) -> None:
    """Lead every task through its states, all of them at about the same time; each is a commit of its own."""
    kind = secrets.token_hex(4)
    for _ in range(tasks):
        await add(service, owner, kind)
    claimed = [await service.queue.claim("lane", [kind], 1) for _ in range(tasks)]
    leases = [Lease(task.task_id, task.attempts, task.lease_owner or "") for (task,) in claimed]
    for step in range(STEPS):
        for lease in leases:
            await service.queue.progress(lease, (step + 1) / (STEPS + 1), f"step {step}")
    for lease in leases:
        await service.queue.finish(lease, owner, keep_nothing)


async def be_bare(_: Path, tasks: int) -> None:
    """A server that does nothing but broadcast the same messages, as fast as it can."""
    connected: set[Any] = set()

    async def stay(connection: Any) -> None:
        connected.add(connection)
        await connection.wait_closed()
        connected.discard(connection)

    messages = list(make_messages(tasks))
    async with serve(stay, "127.0.0.1", 0, compression=None, ping_interval=None) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        print(json.dumps({"address": f"ws://127.0.0.1:{port}/"}), flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        for message in messages:
            broadcast(connected, message)
            await asyncio.sleep(0)
        print(json.dumps({"alone": 0.0}), flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        os._exit(0)


def make_messages(tasks: int) -> list[str]:
    ids = [new_id() for _ in range(tasks)]
    told = [(Status.QUEUED, 0.0), (Status.RUNNING, 0.0)]
    told += [(Status.RUNNING, (step + 1) / (STEPS + 1)) for step in range(STEPS)] + [(Status.SUCCEEDED, 1.0)]
    numbers = itertools.count()
    return [
        update_message(
            TaskState(
                task_id=task_id,
                user_id="somebody",
                revision=next(numbers),
                kind=ids[0][:8],
                status=status,
                progress=progress,
                stage="step 1",
                result=None,
                error=None,
                finished_at=None,
            ),
            "en",
        )
        for status, progress in told
        for task_id in ids
    ]


# What all share


@contextlib.asynccontextmanager
async def house(folder: Path) -> AsyncIterator[Tasks]:
    """A queue over an SQLite file of its own, as ``vtonlab serve`` makes it, with one user."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = Settings(data=folder)
    database = Database(settings.database_address)
    await upgrade.prepare(database, settings)

    async def people(session: AsyncSession) -> None:
        if await session.get(Role, "editor") is None:
            session.add(Role(name="editor", permissions=[], is_built_in=True))
            await session.flush()
        session.add(User(user_id="somebody", username="somebody", username_key="somebody"))

    await database.write(people)
    try:
        yield Tasks(database, settings, Accounts(database, settings, bytes(32), []))
    finally:
        await database.close()


async def add(tasks: Tasks, user_id: str = "somebody", kind: str = "job") -> Task:
    return await tasks.database.write(
        lambda session: tasks.add(session, user_id=user_id, kind=kind, lane="lane", parameters={"x": 1})
    )


async def keep_nothing(_: AsyncSession) -> dict[str, str]:
    return {}


def percentile(values: Sequence[float], share: int) -> float:
    return statistics.quantiles(values, n=100)[share - 1]


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, resource.getrlimit(resource.RLIMIT_NOFILE)[1]),) * 2)
    main()
