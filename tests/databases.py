"""The three databases, really running: one PostgreSQL and one MariaDB a test session, in folders of their own.

``any_database`` runs a test on each of the three, over an empty database with every table; ``empty_database`` gives the
address of a database without any. Both servers listen on a socket in their folder only, and die with the tests.
"""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import create_engine, exists, literal, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from vtonlab.db.base import Base
from vtonlab.db.database import Database, choose_driver

DIALECTS = ("sqlite", "postgresql", "mariadb")
SECONDS_TO_START = 60.0
SECONDS_TO_STOP = 15.0

_numbers = itertools.count(1)


@dataclass
class Server:
    """A database server. ``address(name)`` is the SQLAlchemy address of one of its databases."""

    dialect: str
    socket: Path
    home: str
    """The database that is always there."""
    clean: list[str] = field(default_factory=list)
    """Databases with every table and nothing in them."""

    def address(self, name: str) -> str:
        if self.dialect == "postgresql":
            return f"postgresql://postgres@/{name}?host={self.socket}"
        return f"mysql://root@localhost/{name}?unix_socket={self.socket}"

    async def do(self, *statements: str, within: str = "") -> None:
        """Carry out ``statements`` outside any transaction."""
        engine = create_async_engine(choose_driver(self.address(within or self.home)), isolation_level="AUTOCOMMIT")
        try:
            async with engine.connect() as connection:
                for statement in statements:
                    await connection.execute(text(statement))
        finally:
            await engine.dispose()

    async def drop(self, name: str) -> None:
        """Also where a failed test left connections open."""
        await self.do(f"DROP DATABASE {name}" + (" WITH (FORCE)" if self.dialect == "postgresql" else ""))

    async def take(self) -> str:
        """The name of a database with every table and nothing in them."""
        return self.clean.pop() if self.clean else await self._make()

    async def give_back(self, name: str) -> None:
        """Empty it for the next test: that is faster than a new one. Where a failed test holds on to it, drop it."""
        used = await self._tables_with_rows(name)
        if self.dialect == "mariadb":
            await self.do("SET foreign_key_checks = 0", *(f"TRUNCATE TABLE {table}" for table in used), within=name)
        elif used:
            try:
                emptied = f"TRUNCATE {', '.join(used)} RESTART IDENTITY CASCADE"
                await self.do("SET lock_timeout = '3s'", emptied, within=name)
            except DBAPIError:
                await self.drop(name)
                return
        self.clean.append(name)

    async def _make(self) -> str:
        name = f"test_{next(_numbers)}"
        await self.do(f"CREATE DATABASE {name}")
        database = Database(self.address(name))
        async with database.engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        await database.close()
        return name

    async def _tables_with_rows(self, name: str) -> list[str]:
        database = Database(self.address(name))
        tables = Base.metadata.tables.values()
        async with database.read() as session:
            asked = select(*(exists(select(literal(1)).select_from(table)).label(table.name) for table in tables))
            found = (await session.execute(asked)).one()
        await database.close()
        return [table.name for table, has_rows in zip(tables, found, strict=True) if has_rows]


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Server]:
    """PostgreSQL without its safety nets against power cuts, which tests do not have."""
    programs = _find_postgresql()
    with _folder("postgres") as folder:
        data = folder / "data"
        make: list[str | Path] = [programs / "initdb", "-D", data, "-U", "postgres", "--auth=trust", "--no-sync"]
        _run("postgres", [*make, "--encoding=UTF8", "--locale=C.UTF-8"])
        options: dict[str, object] = {"listen_addresses": "", "unix_socket_directories": folder, "max_connections": 60}
        options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        options |= {"shared_buffers": "64MB", "deadlock_timeout": "100ms"}
        chosen = [f"--{name}={value}" for name, value in options.items()]
        with _process("postgres", [programs / "postgres", "-D", data, *chosen], signal.SIGINT, folder):
            server = Server("postgresql", folder, "postgres")
            _wait_for(folder / ".s.PGSQL.5432", [programs / "pg_isready", "-h", folder, "-q"], folder)
            yield server


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[Server]:
    """MariaDB, likewise."""
    program, make = _find_mariadb()
    with _folder("mysql") as folder:
        data, socket = folder / "data", folder / "socket"
        # A folder of its own for what is passing: two servers begun at once in /tmp now and then fail.
        places = [f"--datadir={data}", f"--tmpdir={folder}"]
        _run("mysql", [make, "--no-defaults", *places, "--auth-root-authentication-method=normal"])
        options = [*places, f"--socket={socket}", "--skip-networking", "--skip-log-bin"]
        options += ["--innodb-buffer-pool-size=64M", "--innodb-log-file-size=32M", "--innodb-doublewrite=0"]
        options += ["--innodb-flush-log-at-trx-commit=0", "--innodb-flush-method=nosync", "--innodb-fast-shutdown=2"]
        with _process("mysql", [program, "--no-defaults", *options], signal.SIGTERM, folder):
            ready: list[str | Path] = [
                shutil.which("mariadb-admin") or "mysqladmin",
                "--no-defaults",
                f"--socket={socket}",
                "-uroot",
            ]
            _wait_for(socket, [*ready, "--silent", "ping"], folder)
            yield Server("mariadb", socket, "mysql")


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite database with every table, to be copied."""
    path = tmp_path_factory.mktemp("template") / "template.db"
    engine = create_engine(f"sqlite:///{path}")
    Base.metadata.create_all(engine)
    engine.dispose()
    return path


@pytest.fixture(params=DIALECTS)
async def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """The address of a database without tables, on each of the three."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    server: Server = request.getfixturevalue(f"{request.param}_server")
    name = f"test_{next(_numbers)}"
    await server.do(f"CREATE DATABASE {name}")
    yield server.address(name)
    await server.drop(name)


@pytest.fixture(params=DIALECTS)
async def any_database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    """A database with every table and nothing in them, on each of the three."""
    if request.param == "sqlite":
        path = tmp_path / "any.db"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
        database = Database(f"sqlite:///{path}")
        yield database
        await database.close()
        return
    server: Server = request.getfixturevalue(f"{request.param}_server")
    name = await server.take()
    database = Database(server.address(name))
    yield database
    await database.close()
    await server.give_back(name)


def _find_postgresql() -> Path:
    pytest.importorskip("asyncpg", reason="PostgreSQL's driver is not installed")
    on_path = shutil.which("postgres")
    places = [Path(on_path).resolve().parent] if on_path else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for place in places:
        if (place / "initdb").exists() and (place / "postgres").exists():
            return place
    pytest.skip("PostgreSQL is not installed (apt-get install postgresql)")


def _find_mariadb() -> tuple[str, str]:
    pytest.importorskip("asyncmy", reason="MariaDB's driver is not installed")
    places = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
    program, make = shutil.which("mariadbd", path=places), shutil.which("mariadb-install-db", path=places)
    if program is None or make is None:
        pytest.skip("MariaDB is not installed (apt-get install mariadb-server)")
    return program, make


@contextmanager
def _folder(user: str) -> Iterator[Path]:
    # Not pytest's own folder: only its owner may enter that, and a socket's path has about a hundred letters.
    folder = Path(tempfile.mkdtemp(prefix=f"vtonlab-{user}-"))
    if os.geteuid() == 0:
        shutil.chown(folder, user, pwd.getpwnam(user).pw_gid)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _as(user: str) -> list[str]:
    """The words by which a program runs as ``user`` (both servers refuse root), and ends when we are killed."""
    words = ["setpriv", "--pdeathsig", "QUIT" if user == "postgres" else "KILL"] if sys.platform == "linux" else []
    if os.geteuid() == 0:
        words += ["--reuid", user, "--regid", str(pwd.getpwnam(user).pw_gid), "--init-groups"]
    return words


def _run(user: str, words: list[str | Path]) -> None:
    done = subprocess.run([*_as(user), *map(str, words)], capture_output=True, text=True, check=False, cwd="/")
    assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def _process(user: str, words: list[str | Path], stop: signal.Signals, folder: Path) -> Iterator[None]:
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([*_as(user), *map(str, words)], stdout=log, stderr=log, cwd="/")
    try:
        yield
    finally:
        process.send_signal(stop)
        try:
            process.wait(SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for(socket: Path, ready: list[str | Path], folder: Path) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline:
        if socket.exists() and not subprocess.run(list(map(str, ready)), capture_output=True, check=False).returncode:
            return
        time.sleep(0.05)
    raise AssertionError((folder / "log").read_text(errors="replace")[-2000:])


__all__ = ["DIALECTS", "Server"]
