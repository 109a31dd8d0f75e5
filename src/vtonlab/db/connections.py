"""How connections to each of the three databases are made, so that a transaction means the same in all of them."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from vtonlab.errors import BadSetting, Text

BUSY_SECONDS = 15.0
"""How long SQLite waits for a writer of another process."""

SQLITE_READERS = 8
SERVER_POOL = 5
OVERFLOW = 15
"""More connections than the pool keeps, when many read at once: none of them waits for another."""
POOL_SECONDS = 30.0

DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg", "mysql": "mysql+asyncmy"}
DRIVERS |= {"postgres": DRIVERS["postgresql"], "mariadb": "mysql+asyncmy"}

EXTRAS = {"asyncpg": "cluster", "asyncmy": "mariadb"}
"""What has to be installed for a driver: ``pip install "vtonlab[cluster]"``."""


def choose_driver(address: str) -> URL:
    """``address`` with the asynchronous driver of its dialect, and the character set that holds every script.

    Raises ``BadSetting`` where it is no address of a database that we know, or the driver is not installed.
    """
    try:
        url = make_url(address)
    except ArgumentError as error:
        raise _bad_address(Text("it is not an address", "不是有效的地址")) from error
    dialect = url.drivername.partition("+")[0]
    if dialect not in DRIVERS:
        known = "sqlite, postgresql, mysql"
        raise _bad_address(Text(f"it begins with none of {known}", f"开头应为以下之一：{known}"))
    url = url.set(drivername=DRIVERS[dialect])
    driver = url.drivername.partition("+")[2]
    if find_spec(driver) is None:
        install = f'pip install "vtonlab[{EXTRAS.get(driver, "cluster")}]"'
        raise _bad_address(Text(f"its driver is missing ({install})", f"缺少驱动（{install}）"))
    if driver == "asyncmy":
        return url.update_query_dict({"charset": "utf8mb4"})
    if driver == "asyncpg" and "sslmode" in url.query:  # what everybody writes; asyncpg has another name for it
        return url.difference_update_query(["sslmode"]).update_query_dict({"ssl": url.query["sslmode"]})
    return url


def file_of(url: URL) -> Path | None:
    """The file of an SQLite database; None for every other, and for one in memory."""
    name = url.database or ":memory:"
    return Path(name) if url.get_backend_name() == "sqlite" and name != ":memory:" else None


def make_writers(url: URL) -> AsyncEngine:
    """Connections for changes."""
    if url.get_backend_name() != "sqlite":
        return _on_server(url, "READ COMMITTED")
    # Two: writers wait in line in our process, but one that was cancelled may still be undoing what it did.
    return _on_sqlite(url, 2, "PRAGMA query_only = OFF")


def make_readers(url: URL) -> AsyncEngine:
    """Connections that see one state of the database for the length of a transaction, and cannot change it."""
    if url.get_backend_name() == "sqlite":
        return _on_sqlite(url, SQLITE_READERS, "PRAGMA query_only = ON")
    return _on_server(url, "REPEATABLE READ")


def _on_server(url: URL, level: Any) -> AsyncEngine:
    reads_only = level == "REPEATABLE READ"
    options: dict[str, Any] = {}
    if url.get_backend_name() == "postgresql" and reads_only:
        options = {"server_settings": {"default_transaction_read_only": "on"}}
    engine = create_async_engine(
        url,
        pool_size=SERVER_POOL,
        max_overflow=OVERFLOW,
        pool_timeout=POOL_SECONDS,
        pool_pre_ping=True,
        isolation_level=level,
        connect_args=options,
    )
    if url.get_backend_name() == "mysql":

        @event.listens_for(engine.sync_engine, "connect")
        def prepare(connection: Any, _record: object) -> None:
            cursor = connection.cursor()
            # Otherwise MariaDB may cut what does not fit, with a warning that nobody reads.
            cursor.execute("SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', time_zone = '+00:00'")
            if reads_only:
                cursor.execute("SET SESSION TRANSACTION READ ONLY")
            cursor.close()

    return engine


def _on_sqlite(url: URL, size: int, mode: str) -> AsyncEngine:
    engine = create_async_engine(
        url,
        pool_size=size,
        max_overflow=OVERFLOW,
        pool_timeout=POOL_SECONDS,
        connect_args={"timeout": BUSY_SECONDS},
    )

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # the driver begins nothing by itself; `begin` does
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = FULL")  # a commit outlives a power cut, not only a crash
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute(f"PRAGMA busy_timeout = {int(BUSY_SECONDS * 1000)}")
        cursor.execute("PRAGMA journal_size_limit = 67108864")
        cursor.execute("PRAGMA cache_size = -32000")
        cursor.execute(mode)
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Any) -> None:
        # A transaction that reads first and writes later loses to one that wrote in between; IMMEDIATE asks at once.
        writes = connection.get_execution_options().get("vtonlab_writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _bad_address(reason: Text) -> BadSetting:
    return BadSetting(setting="VTONLAB_DATABASE_URL", reason=reason)
