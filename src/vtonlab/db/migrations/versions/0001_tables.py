"""Every table of the first release, and the four roles.

Written by scripts/write_migration.py from the models.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKeyConstraint,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    UniqueConstraint,
    table,
)

from vtonlab.db.types import UtcDateTime, identifier, json, long_words, words

revision = "0001"
down_revision = None

# "If not exists": MariaDB commits every table by itself, so a step that was interrupted there is taken again.


def upgrade() -> None:
    """Make everything."""
    _make_audit_log()
    _make_erasures()
    _make_generation_stops()
    _make_roles()
    _make_spendings()
    _make_users()
    _make_api_tokens()
    _make_change_counters()
    _make_changes()
    _make_departures()
    _make_download_tickets()
    _make_images()
    _make_library_states()
    _make_library_totals()
    _make_prompt_templates()
    _make_refresh_tokens()
    _make_sessions()
    _make_setup_links()
    _make_tasks()
    _make_vton_history()
    _make_favorites()
    _make_generation_batches()
    _make_generation_prompts()
    for of, indexes in INDEXES.items():
        for columns in indexes:
            op.create_index("_".join(["ix", of, *columns.split()]), of, columns.split(), if_not_exists=True)
    for name, of, columns, unique in OTHER_INDEXES:
        op.create_index(name, of, columns.split(), unique=unique, if_not_exists=True)
    roles = table(
        "roles", Column("name", identifier(32)), Column("permissions", json()), Column("is_built_in", Boolean())
    )
    rows = [{"name": name, "permissions": allowed, "is_built_in": True} for name, allowed in ROLES.items()]
    op.bulk_insert(roles, rows)


def downgrade() -> None:
    """Drop everything, with what it keeps."""
    for name in TABLES.split():
        op.drop_table(name, if_exists=True)


def _make_audit_log() -> None:
    op.create_table(
        "audit_log",
        Column("number", BigInteger().with_variant(Integer(), "sqlite"), nullable=False, autoincrement=True),
        Column("at", UtcDateTime(), nullable=False),
        Column("user_id", identifier(64)),
        Column("username", words(64), nullable=False),
        Column("action", identifier(64), nullable=False),
        Column("target", words(200), nullable=False),
        Column("details", json(), nullable=False),
        Column("address", words(64), nullable=False),
        Column("agent", words(200), nullable=False),
        PrimaryKeyConstraint("number", name="pk_audit_log"),
        if_not_exists=True,
    )


def _make_erasures() -> None:
    op.create_table(
        "erasures",
        Column("storage_key", identifier(255), nullable=False),
        Column("noted_at", UtcDateTime(), nullable=False),
        PrimaryKeyConstraint("storage_key", name="pk_erasures"),
        if_not_exists=True,
    )


def _make_generation_stops() -> None:
    op.create_table(
        "generation_stops",
        Column("id", identifier(64), nullable=False),
        Column("provider", identifier(64), nullable=False),
        Column("model", identifier(96), nullable=False),
        Column("remote_name", identifier(96), nullable=False),
        Column("remote_id", words(200), nullable=False),
        Column("is_known", Boolean(), nullable=False),
        Column("run_at", UtcDateTime(), nullable=False),
        Column("created_at", UtcDateTime(), nullable=False),
        PrimaryKeyConstraint("id", name="pk_generation_stops"),
        if_not_exists=True,
    )


def _make_roles() -> None:
    op.create_table(
        "roles",
        Column("name", identifier(32), nullable=False),
        Column("permissions", json(), nullable=False),
        Column("is_built_in", Boolean(), nullable=False),
        PrimaryKeyConstraint("name", name="pk_roles"),
        if_not_exists=True,
    )


def _make_spendings() -> None:
    op.create_table(
        "spendings",
        Column("day", identifier(10), nullable=False),
        Column("pictures", Integer(), nullable=False),
        Column("price", Float(), nullable=False),
        PrimaryKeyConstraint("day", name="pk_spendings"),
        if_not_exists=True,
    )


def _make_users() -> None:
    op.create_table(
        "users",
        Column("user_id", identifier(64), nullable=False),
        Column("kind", identifier(16), nullable=False),
        Column("username", words(64), nullable=False),
        Column("username_key", words(64), nullable=False),
        Column("email", words(254)),
        Column("email_key", words(254)),
        Column("password_hash", words(200)),
        Column("role", identifier(32), nullable=False),
        Column("created_at", UtcDateTime(), nullable=False),
        Column("last_login", UtcDateTime()),
        Column("last_seen_at", UtcDateTime(), nullable=False),
        Column("is_active", Boolean(), nullable=False),
        Column("quota_bytes", BigInteger()),
        Column("cloud_sync_enabled", Boolean(), nullable=False),
        Column("cloud_user_id", identifier(64)),
        Column("language", identifier(8)),
        ForeignKeyConstraint(["role"], ["roles.name"], name="fk_users_role_roles"),
        PrimaryKeyConstraint("user_id", name="pk_users"),
        UniqueConstraint("email_key", name="uq_users_email_key"),
        UniqueConstraint("username", name="uq_users_username"),
        UniqueConstraint("username_key", name="uq_users_username_key"),
        if_not_exists=True,
    )


def _make_api_tokens() -> None:
    op.create_table(
        "api_tokens",
        Column("id", identifier(64), nullable=False),
        Column("token_hash", identifier(64), nullable=False),
        Column("prefix", identifier(16), nullable=False),
        Column("user_id", identifier(64), nullable=False),
        Column("name", words(100), nullable=False),
        Column("scopes", json(), nullable=False),
        Column("created_at", UtcDateTime(), nullable=False),
        Column("last_used_at", UtcDateTime()),
        Column("expires_at", UtcDateTime()),
        ForeignKeyConstraint(["user_id"], ["users.user_id"], name="fk_api_tokens_user_id_users", ondelete="CASCADE"),
        PrimaryKeyConstraint("id", name="pk_api_tokens"),
        UniqueConstraint("token_hash", name="uq_api_tokens_token_hash"),
        if_not_exists=True,
    )


def _make_change_counters() -> None:
    op.create_table(
        "change_counters",
        Column("user_id", identifier(64), nullable=False),
        Column("last", BigInteger(), nullable=False),
        ForeignKeyConstraint(
            ["user_id"], ["users.user_id"], name="fk_change_counters_user_id_users", ondelete="CASCADE"
        ),
        PrimaryKeyConstraint("user_id", name="pk_change_counters"),
        if_not_exists=True,
    )


def _make_changes() -> None:
    op.create_table(
        "changes",
        Column("user_id", identifier(64), nullable=False),
        Column("number", BigInteger(), nullable=False, autoincrement=False),
        Column("entity", identifier(32), nullable=False),
        Column("entity_id", identifier(96), nullable=False),
        Column("action", identifier(16), nullable=False),
        Column("fields", json(), nullable=False),
        Column("at", UtcDateTime(), nullable=False),
        ForeignKeyConstraint(["user_id"], ["users.user_id"], name="fk_changes_user_id_users", ondelete="CASCADE"),
        PrimaryKeyConstraint("user_id", "number", name="pk_changes"),
        if_not_exists=True,
    )


def _make_departures() -> None:
    op.create_table(
        "departures",
        Column("id", identifier(64), nullable=False),
        Column("user_id", identifier(64), nullable=False),
        Column("at", UtcDateTime(), nullable=False),
        Column("engine", identifier(64), nullable=False),
        Column("host", words(255), nullable=False),
        Column("pictures", Integer(), nullable=False),
        Column("bytes", BigInteger(), nullable=False),
        Column("price", Float(), nullable=False),
        Column("task_id", identifier(64)),
        ForeignKeyConstraint(["user_id"], ["users.user_id"], name="fk_departures_user_id_users", ondelete="CASCADE"),
        PrimaryKeyConstraint("id", name="pk_departures"),
        if_not_exists=True,
    )


def _make_download_tickets() -> None:
    op.create_table(
        "download_tickets",
        Column("ticket_hash", identifier(64), nullable=False),
        Column("user_id", identifier(64), nullable=False),
        Column("image_ids", json(), nullable=False),
        Column("expires_at", UtcDateTime(), nullable=False),
        ForeignKeyConstraint(
            ["user_id"], ["users.user_id"], name="fk_download_tickets_user_id_users", ondelete="CASCADE"
        ),
        PrimaryKeyConstraint("ticket_hash", name="pk_download_tickets"),
        if_not_exists=True,
    )


def _make_images() -> None:
    op.create_table(
        "images",
        Column("id", identifier(64), nullable=False),
        Column("user_id", identifier(64), nullable=False),
        Column("filename", identifier(96), nullable=False),
        Column("storage_key", identifier(255), nullable=False),
        Column("media_type", identifier(32), nullable=False),
        Column("original_name", words(255), nullable=False),
        Column("original_url", words(2000)),
        Column("page_url", words(2000)),
        Column("page_title", words(500)),
        Column("context_info", json(), nullable=False),
        Column("category", identifier(32), nullable=False),
        Column("status", identifier(16), nullable=False),
        Column("saved_at", UtcDateTime(), nullable=False),
        Column("updated_at", UtcDateTime(), nullable=False),
        Column("deleted_at", UtcDateTime()),
        Column("in_trash", Boolean(), nullable=False),
        Column("file_size", BigInteger(), nullable=False),
        Column("image_width", Integer(), nullable=False),
        Column("image_height", Integer(), nullable=False),
        Column("thumbhash", identifier(64), nullable=False),
        Column("content_hash", identifier(64), nullable=False),
        Column("source_hash", identifier(64), nullable=False),
        Column("look", identifier(16), nullable=False),
        Column("look_a", Integer(), nullable=False),
        Column("look_b", Integer(), nullable=False),
        Column("look_c", Integer(), nullable=False),
        Column("look_d", Integer(), nullable=False),
        Column("colour", identifier(16), nullable=False),
        Column("garment_kind", identifier(8), nullable=False),
        Column("kind_by", identifier(8), nullable=False),
        Column("sort_name", words(255), nullable=False),
        Column("search_text", long_words(), nullable=False),
        Column("is_favorited", Boolean(), nullable=False),
        Column("favorited_at", UtcDateTime()),
        Column("rating", SmallInteger(), nullable=False),
        Column("cloud_synced", Boolean(), nullable=False),
        ForeignKeyConstraint(["user_id"], ["users.user_id"], name="fk_images_user_id_users", ondelete="CASCADE"),
        PrimaryKeyConstraint("id", name="pk_images"),
        UniqueConstraint("storage_key", name="uq_images_storage_key"),
        if_not_exists=True,
    )


def _make_library_states() -> None:
    op.create_table(
        "library_states",
        Column("user_id", identifier(64), nullable=False),
        Column("version", BigInteger(), nullable=False),
        ForeignKeyConstraint(
            ["user_id"], ["users.user_id"], name="fk_library_states_user_id_users", ondelete="CASCADE"
        ),
        PrimaryKeyConstraint("user_id", name="pk_library_states"),
        if_not_exists=True,
    )


def _make_library_totals() -> None:
    op.create_table(
        "library_totals",
        Column("user_id", identifier(64), nullable=False),
        Column("name", identifier(32), nullable=False),
        Column("images", Integer(), nullable=False),
        Column("bytes", BigInteger(), nullable=False),
        ForeignKeyConstraint(
            ["user_id"], ["users.user_id"], name="fk_library_totals_user_id_users", ondelete="CASCADE"
        ),
        PrimaryKeyConstraint("user_id", "name", name="pk_library_totals"),
        if_not_exists=True,
    )


def _make_prompt_templates() -> None:
    op.create_table(
        "prompt_templates",
        Column("id", identifier(64), nullable=False),
        Column("user_id", identifier(64), nullable=False),
        Column("name", words(80), nullable=False),
        Column("text", long_words(), nullable=False),
        Column("negative_prompt", long_words(), nullable=False),
        Column("created_at", UtcDateTime(), nullable=False),
        Column("updated_at", UtcDateTime(), nullable=False),
        ForeignKeyConstraint(
            ["user_id"], ["users.user_id"], name="fk_prompt_templates_user_id_users", ondelete="CASCADE"
        ),
        PrimaryKeyConstraint("id", name="pk_prompt_templates"),
        if_not_exists=True,
    )


def _make_refresh_tokens() -> None:
    op.create_table(
        "refresh_tokens",
        Column("token_hash", identifier(64), nullable=False),
        Column("family_id", identifier(64), nullable=False),
        Column("user_id", identifier(64), nullable=False),
        Column("created_at", UtcDateTime(), nullable=False),
        Column("expires_at", UtcDateTime(), nullable=False),
        Column("address", words(64), nullable=False),
        Column("agent", words(200), nullable=False),
        Column("spent_at", UtcDateTime()),
        Column("revoked_at", UtcDateTime()),
        ForeignKeyConstraint(
            ["user_id"], ["users.user_id"], name="fk_refresh_tokens_user_id_users", ondelete="CASCADE"
        ),
        PrimaryKeyConstraint("token_hash", name="pk_refresh_tokens"),
        if_not_exists=True,
    )


def _make_sessions() -> None:
    op.create_table(
        "sessions",
        Column("session_id", identifier(64), nullable=False),
        Column("token_hash", identifier(64), nullable=False),
        Column("user_id", identifier(64), nullable=False),
        Column("created_at", UtcDateTime(), nullable=False),
        Column("last_used_at", UtcDateTime(), nullable=False),
        Column("expires_at", UtcDateTime(), nullable=False),
        Column("is_remembered", Boolean(), nullable=False),
        Column("address", words(64), nullable=False),
        Column("agent", words(200), nullable=False),
        ForeignKeyConstraint(["user_id"], ["users.user_id"], name="fk_sessions_user_id_users", ondelete="CASCADE"),
        PrimaryKeyConstraint("session_id", name="pk_sessions"),
        UniqueConstraint("token_hash", name="uq_sessions_token_hash"),
        if_not_exists=True,
    )


def _make_setup_links() -> None:
    op.create_table(
        "setup_links",
        Column("token_hash", identifier(64), nullable=False),
        Column("purpose", identifier(16), nullable=False),
        Column("user_id", identifier(64)),
        Column("created_at", UtcDateTime(), nullable=False),
        Column("expires_at", UtcDateTime(), nullable=False),
        Column("used_at", UtcDateTime()),
        ForeignKeyConstraint(["user_id"], ["users.user_id"], name="fk_setup_links_user_id_users", ondelete="CASCADE"),
        PrimaryKeyConstraint("token_hash", name="pk_setup_links"),
        if_not_exists=True,
    )


def _make_tasks() -> None:
    op.create_table(
        "tasks",
        Column("task_id", identifier(64), nullable=False),
        Column("user_id", identifier(64), nullable=False),
        Column("kind", identifier(32), nullable=False),
        Column("lane", identifier(64), nullable=False),
        Column("status", identifier(16), nullable=False),
        Column("progress", Float(), nullable=False),
        Column("stage", words(64), nullable=False),
        Column("parameters", json(), nullable=False),
        Column("result", json()),
        Column("error", json()),
        Column("image_id", identifier(64)),
        Column("revision", Integer(), nullable=False),
        Column("attempts", Integer(), nullable=False),
        Column("history", json()),
        Column("failures", Integer(), nullable=False),
        Column("max_failures", Integer(), nullable=False),
        Column("run_at", UtcDateTime(), nullable=False),
        Column("lease_until", UtcDateTime()),
        Column("lease_owner", identifier(64)),
        Column("claimed_at", UtcDateTime()),
        Column("cancel_requested", Boolean(), nullable=False),
        Column("remote_id", words(200)),
        Column("state", json()),
        Column("idempotency_key", identifier(80)),
        Column("parent_id", identifier(64)),
        Column("is_hidden", Boolean(), nullable=False),
        Column("created_at", UtcDateTime(), nullable=False),
        Column("updated_at", UtcDateTime(), nullable=False),
        Column("started_at", UtcDateTime()),
        Column("finished_at", UtcDateTime()),
        ForeignKeyConstraint(["parent_id"], ["tasks.task_id"], name="fk_tasks_parent_id_tasks", ondelete="CASCADE"),
        ForeignKeyConstraint(["user_id"], ["users.user_id"], name="fk_tasks_user_id_users", ondelete="CASCADE"),
        PrimaryKeyConstraint("task_id", name="pk_tasks"),
        if_not_exists=True,
    )


def _make_vton_history() -> None:
    op.create_table(
        "vton_history",
        Column("id", identifier(64), nullable=False),
        Column("user_id", identifier(64), nullable=False),
        Column("task_id", identifier(64)),
        Column("engine", identifier(64), nullable=False),
        Column("human_image", identifier(96), nullable=False),
        Column("garment_image", identifier(96), nullable=False),
        Column("lower_image", identifier(96)),
        Column("result_image", identifier(96), nullable=False),
        Column("mask_image", identifier(255)),
        Column("human_image_id", identifier(64)),
        Column("garment_image_id", identifier(64)),
        Column("lower_image_id", identifier(64)),
        Column("result_image_id", identifier(64)),
        Column("layer_key", identifier(64)),
        Column("parameters", json(), nullable=False),
        Column("processing_time", Float(), nullable=False),
        Column("confidence", Float(), nullable=False),
        Column("notes", json(), nullable=False),
        Column("page_url", words(2000)),
        Column("page_title", words(500)),
        Column("created_at", UtcDateTime(), nullable=False),
        ForeignKeyConstraint(["user_id"], ["users.user_id"], name="fk_vton_history_user_id_users", ondelete="CASCADE"),
        PrimaryKeyConstraint("id", name="pk_vton_history"),
        if_not_exists=True,
    )


def _make_favorites() -> None:
    op.create_table(
        "favorites",
        Column("id", identifier(64), nullable=False),
        Column("user_id", identifier(64), nullable=False),
        Column("image_id", identifier(64), nullable=False),
        Column("favorite_type", identifier(16), nullable=False),
        Column("created_at", UtcDateTime(), nullable=False),
        ForeignKeyConstraint(["image_id"], ["images.id"], name="fk_favorites_image_id_images", ondelete="CASCADE"),
        ForeignKeyConstraint(["user_id"], ["users.user_id"], name="fk_favorites_user_id_users", ondelete="CASCADE"),
        PrimaryKeyConstraint("id", name="pk_favorites"),
        UniqueConstraint("user_id", "image_id", "favorite_type", name="uq_favorites_user_id_image_id_favorite_type"),
        if_not_exists=True,
    )


def _make_generation_batches() -> None:
    op.create_table(
        "generation_batches",
        Column("batch_name", identifier(64), nullable=False),
        Column("user_id", identifier(64), nullable=False),
        Column("task_id", identifier(64), nullable=False),
        Column("provider", identifier(64), nullable=False),
        Column("model", identifier(96), nullable=False),
        Column("aspect_ratio", identifier(8), nullable=False),
        Column("resolution", identifier(8), nullable=False),
        Column("negative_prompt", long_words(), nullable=False),
        Column("total", Integer(), nullable=False),
        Column("succeeded", Integer(), nullable=False),
        Column("failed", Integer(), nullable=False),
        Column("price", Float(), nullable=False),
        Column("round", Integer(), nullable=False),
        Column("remote_id", words(200)),
        Column("handed_in_at", UtcDateTime()),
        Column("is_over", Boolean(), nullable=False),
        Column("created_at", UtcDateTime(), nullable=False),
        Column("updated_at", UtcDateTime(), nullable=False),
        ForeignKeyConstraint(
            ["task_id"], ["tasks.task_id"], name="fk_generation_batches_task_id_tasks", ondelete="CASCADE"
        ),
        ForeignKeyConstraint(
            ["user_id"], ["users.user_id"], name="fk_generation_batches_user_id_users", ondelete="CASCADE"
        ),
        PrimaryKeyConstraint("batch_name", name="pk_generation_batches"),
        UniqueConstraint("task_id", name="uq_generation_batches_task_id"),
        if_not_exists=True,
    )


def _make_generation_prompts() -> None:
    op.create_table(
        "generation_prompts",
        Column("batch_name", identifier(64), nullable=False),
        Column("number", Integer(), nullable=False),
        Column("round", Integer(), nullable=False),
        Column("prompt", long_words(), nullable=False),
        Column("status", identifier(16), nullable=False),
        Column("image_id", identifier(64)),
        Column("error", json()),
        Column("finished_at", UtcDateTime()),
        ForeignKeyConstraint(
            ["batch_name"],
            ["generation_batches.batch_name"],
            name="fk_generation_prompts_batch_name_generation_batches",
            ondelete="CASCADE",
        ),
        PrimaryKeyConstraint("batch_name", "number", name="pk_generation_prompts"),
        if_not_exists=True,
    )


TABLES = (
    "generation_prompts generation_batches favorites vton_history tasks setup_links sessions "
    "refresh_tokens prompt_templates library_totals library_states images download_tickets departures "
    "changes change_counters api_tokens users spendings roles generation_stops erasures audit_log "
)
"""Those that hang on others first."""

INDEXES = {
    "audit_log": ["action number", "at", "target number", "user_id action address", "user_id number"],
    "generation_stops": ["run_at"],
    "users": ["kind last_seen_at"],
    "api_tokens": ["user_id"],
    "changes": ["user_id entity entity_id"],
    "departures": ["user_id at id"],
    "download_tickets": ["expires_at", "user_id"],
    "images": [
        "category kind_by in_trash saved_at",
        "in_trash deleted_at",
        "source_hash",
        "user_id content_hash category",
        "user_id filename",
        "user_id in_trash category file_size id",
        "user_id in_trash category garment_kind saved_at id",
        "user_id in_trash category saved_at id",
        "user_id in_trash category sort_name id",
        "user_id in_trash colour saved_at id",
        "user_id in_trash deleted_at id",
        "user_id in_trash file_size id",
        "user_id in_trash is_favorited favorited_at id",
        "user_id in_trash is_favorited saved_at id",
        "user_id in_trash saved_at id",
        "user_id in_trash sort_name id",
        "user_id look_a",
        "user_id look_b",
        "user_id look_c",
        "user_id look_d",
    ],
    "prompt_templates": ["user_id created_at id"],
    "refresh_tokens": ["expires_at", "family_id", "user_id"],
    "sessions": ["expires_at", "user_id"],
    "tasks": [
        "is_hidden created_at task_id",
        "is_hidden finished_at",
        "lane user_id claimed_at",
        "parent_id",
        "status lane run_at",
        "status lane user_id created_at kind",
        "status lease_until",
        "status run_at",
        "user_id is_hidden created_at task_id",
        "user_id is_hidden kind created_at task_id",
        "user_id is_hidden status created_at task_id",
    ],
    "vton_history": ["result_image_id", "task_id", "user_id created_at id", "user_id layer_key created_at id"],
    "favorites": ["image_id", "user_id favorite_type created_at id"],
    "generation_batches": ["is_over", "user_id created_at batch_name"],
}
"""The columns of each, by table."""

OTHER_INDEXES = (("uq_tasks_user_id_idempotency_key", "tasks", "user_id idempotency_key", True),)

ROLES = {
    "admin": [
        "account:manage",
        "audit:read",
        "generate:create",
        "images:manage",
        "images:read",
        "images:upload",
        "roles:manage",
        "stats:read",
        "tasks:control",
        "tasks:manage",
        "tasks:read",
        "tokens:manage",
        "tryon:create",
        "users:manage",
    ],
    "editor": [
        "account:manage",
        "generate:create",
        "images:manage",
        "images:read",
        "images:upload",
        "tasks:control",
        "tasks:read",
        "tokens:manage",
        "tryon:create",
    ],
    "viewer": ["account:manage", "images:read", "tasks:read"],
    "guest": ["images:read", "images:upload", "tasks:control", "tasks:read", "tryon:create"],
}
