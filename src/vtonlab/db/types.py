"""Column types that mean the same in SQLite, PostgreSQL and MariaDB."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, DateTime, String
from sqlalchemy import Text as LongText
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

JsonValue = Any
"""What a JSON column holds: None, bool, int, float, str, and lists and string-keyed dicts of these."""


class UtcDateTime(TypeDecorator[datetime]):
    """A moment, aware and in UTC, to the microsecond. SQLite and MariaDB drop the zone; it is put back on reading.

    Raises ``ValueError`` for a naive moment: nobody could know which one it was.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """MariaDB keeps whole seconds unless it is told otherwise."""
        if dialect.name in {"mysql", "mariadb"}:
            return dialect.type_descriptor(mysql.DATETIME(fsp=6))
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To UTC; without its zone where the database has none."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone")
        moment = value.astimezone(UTC)
        return moment if dialect.name == "postgresql" else moment.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Aware, in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def identifier(length: int = 64) -> String:
    """An opaque id or key: compared byte for byte everywhere (MariaDB would take ``a`` for ``A``)."""
    plain = String(length).with_variant(String(length, collation="C"), "postgresql")
    return plain.with_variant(mysql.VARCHAR(length, charset="ascii", collation="ascii_bin"), "mysql", "mariadb")


def words(length: int) -> String:
    """Words of people, in any script, compared and sorted byte for byte."""
    plain = String(length).with_variant(String(length, collation="C"), "postgresql")
    return plain.with_variant(mysql.VARCHAR(length, charset="utf8mb4", collation="utf8mb4_bin"), "mysql", "mariadb")


def long_words() -> LongText:
    """Words of any length."""
    return LongText().with_variant(mysql.MEDIUMTEXT(charset="utf8mb4", collation="utf8mb4_bin"), "mysql", "mariadb")


def json() -> JSON:
    """A JSON value; binary on PostgreSQL. Python's None is SQL's NULL."""
    return JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
