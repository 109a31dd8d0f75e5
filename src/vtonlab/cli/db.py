"""``vtonlab db``: the database and its backups, from the command line."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from vtonlab.cli.commands import make_group
from vtonlab.cli.data_folder import Data, load_settings
from vtonlab.cli.language import here

if TYPE_CHECKING:
    from vtonlab.db.database import Database
    from vtonlab.settings import Settings

T = TypeVar("T")

app = make_group("db")


@app.command(
    help=here(
        "Say which revision the database has, and which one this program needs.", "显示数据库的版本和本程序所需的版本。"
    )
)
def current(data: Data = None) -> None:
    """Say which revision the database has, and which one this program needs."""
    from vtonlab.db import revisions, upgrade

    settings = load_settings(data)

    async def look(database: Database) -> str | None:
        # Nothing is made where there is nothing yet.
        return None if database.file and not database.file.exists() else await upgrade.current(database)

    found, needed = _with_database(settings, look), revisions.newest()
    print(f"{here('database', '数据库')}: {found or here('none yet', '尚无')}")
    print(f"{here('program', '程序')}: {needed}")
    if found != needed:
        _say(here("“vtonlab db upgrade” brings it up to date.", "运行 “vtonlab db upgrade” 进行升级。"))


@app.command(
    "upgrade",
    help=here(
        "Bring the database up to date. On SQLite, after a copy of it; the server does this by itself.",
        "升级数据库。SQLite 会先备份；服务器启动时也会自动升级。",
    ),
)
def upgrade_database(data: Data = None) -> None:
    """Bring the database up to date."""
    from vtonlab.db import upgrade

    settings = load_settings(data)
    with _alone(settings):
        done = _with_database(settings, lambda database: upgrade.upgrade(database, settings))
    if done.before == done.after:
        _say(here(f"It is up to date ({done.after}).", f"数据库已是最新（{done.after}）。"))
        return
    if done.copy is not None:
        _say(here(f"Copy of the old one: {done.copy}", f"旧数据库的备份：{done.copy}"))
    before = done.before or here("nothing", "无")
    _say(here(f"Upgraded from {before} to {done.after}.", f"已从 {before} 升级到 {done.after}。"))


@app.command(
    help=here(
        "Write a backup, while the server goes on: to FILE (new, or a folder), else to the data folder's backups.",
        "写入备份，服务器可继续运行。FILE 为新文件或文件夹，默认写入数据文件夹的 backups。",
    )
)
def backup(
    file: Annotated[Path | None, typer.Argument(metavar="FILE", show_default=False)] = None,
    with_pictures: Annotated[
        bool,
        typer.Option(
            "--with-pictures",
            help=here("Every picture, too: a .zip instead of a .db.", "同时备份所有图片：生成 .zip 而不是 .db。"),
        ),
    ] = False,
    data: Data = None,
) -> None:
    """Write a backup."""
    from vtonlab.db import backup as backups

    settings = load_settings(data)
    database = _sqlite_file(settings)
    if with_pictures and settings.storage_url:
        raise backups.refuse_pictures()
    done = backups.back_up(database, settings.data_folder, file, with_pictures=with_pictures)
    print(done.path)
    size = f"{done.size / 1e6:.1f} MB"
    if with_pictures:
        _say(here(f"Database and {done.pictures} pictures, {size}.", f"数据库和 {done.pictures} 个图片文件，{size}。"))
    else:
        _say(
            here(
                f"The database, {size}. --with-pictures adds the pictures.",
                f"数据库，{size}。加上 --with-pictures 可同时备份图片。",
            )
        )


@app.command(
    help=here(
        "Bring a backup back. The server must not run; what is replaced is kept in the data folder's backups.",
        "恢复备份。服务器必须已停止；被替换的内容保存在数据文件夹的 backups 中。",
    )
)
def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", show_default=False)],
    data: Data = None,
) -> None:
    """Bring a backup back."""
    from vtonlab.db import backup as backups

    settings = load_settings(data)
    database = _sqlite_file(settings)
    with _alone(settings):
        done = backups.restore(file, database, settings.data_folder)
    pictures = here(f" and {done.pictures} pictures", f"和 {done.pictures} 个图片文件") if done.pictures else ""
    _say(here(f"Restored: the database ({done.revision}){pictures}.", f"已恢复：数据库（{done.revision}）{pictures}。"))
    for kept in (done.database_before, done.pictures_before):
        if kept is not None:
            _say(here(f"What was here before: {kept}", f"原有内容：{kept}"))


def _with_database(settings: Settings, work: Callable[[Database], Awaitable[T]]) -> T:
    """What ``work`` returns, given the open database."""
    from vtonlab.db.database import Database

    async def run() -> T:
        database = Database(settings.database_address)
        try:
            return await work(database)
        finally:
            await database.close()

    return asyncio.run(run())


def _sqlite_file(settings: Settings) -> Path:
    """The file of the database. Raises ``BackupElsewhere`` where it has none."""
    from vtonlab.db.backup import refuse_server
    from vtonlab.db.connections import choose_driver, file_of

    url = choose_driver(settings.database_address)
    file = file_of(url)
    if file is None:
        raise refuse_server(url.get_backend_name())
    return file


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """While no server uses the data folder. Raises ``FileProblem`` when one does."""
    from vtonlab.web import lock

    held = lock.take(settings.data_folder)
    try:
        yield
    finally:
        lock.give_back(held)


def _say(sentence: str) -> None:
    typer.echo(sentence, err=True)
