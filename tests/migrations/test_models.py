"""The steps lead to what the models say, on every database, and back."""

from __future__ import annotations

from importlib import util
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, inspect, select

from vtonlab.accounts.caller import BUILT_IN_ROLES
from vtonlab.accounts.models import Role
from vtonlab.db import revisions
from vtonlab.db.base import Base
from vtonlab.db.database import Database

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="session", autouse=True)
def every_table() -> Any:
    """The script that writes the first step, once it has imported every module with tables."""
    spec = util.spec_from_file_location("write_migration", ROOT / "scripts" / "write_migration.py")
    assert spec is not None
    assert spec.loader is not None
    script = util.module_from_spec(spec)
    spec.loader.exec_module(script)
    assert script.gather_tables() is Base.metadata
    return script


async def in_connection(database: Database, work: Any) -> Any:
    async with database.engine.connect() as plain:
        connection = await plain.execution_options(vtonlab_writes=True)
        return await connection.run_sync(work)


def look(connection: Connection) -> dict[str, Any]:
    """Everything the database tells about its tables."""
    seen = inspect(connection)
    return {
        name: {
            "columns": {c["name"]: (repr(c["type"]), c["nullable"], c["default"]) for c in seen.get_columns(name)},
            "indexes": {i["name"]: (i["column_names"], bool(i["unique"])) for i in seen.get_indexes(name)},
            "unique": {u["name"]: u["column_names"] for u in seen.get_unique_constraints(name)},
            "keys": {
                f["name"]: (f["constrained_columns"], f["referred_table"], f["referred_columns"], f["options"])
                for f in seen.get_foreign_keys(name)
            },
            "primary": seen.get_pk_constraint(name),
        }
        for name in seen.get_table_names()
        if name != revisions.VERSION_TABLE
    }


async def test_the_steps_lead_to_what_the_models_say(empty_database):
    database = Database(empty_database)
    try:
        await in_connection(database, revisions.upgrade)

        def compare(connection: Connection) -> Any:
            context = MigrationContext.configure(connection, opts={"compare_server_default": True})
            return compare_metadata(context, Base.metadata)

        assert await in_connection(database, compare) == [], "run: python scripts/write_migration.py"
        stepped = await in_connection(database, look)
        await in_connection(database, lambda connection: revisions.downgrade(connection, "base"))
        assert await in_connection(database, look) == {}

        # Autogenerate overlooks collations and names; the database's own account of both does not.
        def create(connection: Connection) -> None:
            with connection.begin():
                Base.metadata.create_all(connection)

        await in_connection(database, create)
        assert stepped == await in_connection(database, look)
    finally:
        await database.close()


async def test_up_down_and_up_again(empty_database):
    database = Database(empty_database)
    try:
        assert await in_connection(database, revisions.read) is None
        for _ in range(2):
            await in_connection(database, revisions.upgrade)
            assert await in_connection(database, revisions.read) == revisions.newest()
            async with database.read() as session:
                roles = {role.name: role for role in (await session.execute(select(Role))).scalars()}
            assert {name: frozenset(role.permissions) for name, role in roles.items()} == BUILT_IN_ROLES
            assert all(role.is_built_in for role in roles.values())
            await in_connection(database, lambda connection: revisions.downgrade(connection, "base"))
            assert await in_connection(database, revisions.read) is None
    finally:
        await database.close()


def test_the_first_step_is_as_the_script_writes_it(every_table):
    if len(list(every_table.STEP.parent.glob("0*.py"))) > 1:
        pytest.skip("there are later steps: the first one stays as it is")
    written = every_table.write_step(every_table.gather_tables())
    kept = every_table.STEP.read_text("utf-8")
    # Formatting moves words to other lines and adds commas and quotes; it changes no word.
    assert _words(written) == _words(kept), "run: python scripts/write_migration.py"


def _words(source: str) -> str:
    return "".join(letter for letter in source if letter not in " \n,()'\"")


def test_every_name_fits_every_database():
    """PostgreSQL cuts names at 63 letters, MariaDB refuses more than 64."""
    for table in Base.metadata.tables.values():
        names = [table.name, *(str(c.name) for c in table.constraints), *(str(i.name) for i in table.indexes)]
        assert not [name for name in names if len(name) > 63]
