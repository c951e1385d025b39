"""Talk with people by Telegram: what was taken from the bot, what a chat is writing, and a door for its codes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_MOMENT = sa.DateTime(timezone=True)
_DOORS = (
    "password",
    "code",
    "recovery_code",
    "passkey",
    "reset_request",
    "reset",
    "invitation",
    "phone_code",
    "social",
    "api",
)


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("telegram_binding", sa.Column("blocked_at", _MOMENT))
    op.add_column("notification_delivery", sa.Column("remote_id", sa.String(length=64)))
    op.create_index(
        "ix_notification_delivery_remote_id",
        "notification_delivery",
        ["remote_id"],
        sqlite_where=sa.text("remote_id IS NOT NULL"),
        postgresql_where=sa.text("remote_id IS NOT NULL"),
    )
    _allow_doors(*_DOORS, "telegram")
    _create_poller()
    _create_dialogue()


def downgrade() -> None:
    op.drop_table("telegram_file")
    op.drop_table("telegram_dialogue")
    op.drop_table("telegram_update")
    op.drop_table("telegram_poller")
    op.execute("DELETE FROM sign_in_attempt WHERE door = 'telegram'")
    _allow_doors(*_DOORS)
    op.drop_index("ix_notification_delivery_remote_id", "notification_delivery")
    op.drop_column("notification_delivery", "remote_id")
    op.drop_column("telegram_binding", "blocked_at")


def _create_poller() -> None:
    op.create_table(
        "telegram_poller",
        sa.Column("id", _ID, nullable=False),
        sa.Column("bot", sa.String(length=20), nullable=False),
        sa.Column("held_by", sa.String(length=64)),
        sa.Column("held_until", _MOMENT),
        sa.CheckConstraint("(held_by IS NULL) = (held_until IS NULL)", name=op.f("ck_telegram_poller_holder_has_time")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_telegram_poller")),
        sa.UniqueConstraint("bot", name=op.f("uq_telegram_poller_bot")),
    )
    op.create_table(
        "telegram_update",
        sa.Column("id", _ID, nullable=False),
        sa.Column("bot", sa.String(length=20), nullable=False),
        sa.Column("update_id", sa.BigInteger(), nullable=False),
        sa.Column("taken_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_telegram_update")),
        sa.UniqueConstraint("bot", "update_id", name=op.f("uq_telegram_update_bot_update_id")),
    )
    op.create_index("ix_telegram_update_taken_at", "telegram_update", ["taken_at"])


def _create_dialogue() -> None:
    op.create_table(
        "telegram_dialogue",
        sa.Column("id", _ID, nullable=False),
        sa.Column("account_id", _ID),
        sa.Column("person_id", _ID, nullable=False),
        sa.Column(
            "step",
            sa.Enum(
                "account",
                "type",
                "question",
                "text",
                "files",
                name="dialoguestep",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("offered", _JSON, nullable=False),
        sa.Column("ticket_type_id", _ID),
        sa.Column("answers", _JSON, nullable=False),
        sa.Column("discussion_id", _ID),
        sa.Column("text", sa.String(length=255)),
        sa.Column("last_at", _MOMENT, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.CheckConstraint(
            "discussion_id IS NULL OR account_id IS NOT NULL", name=op.f("ck_telegram_dialogue_discussion_has_account")
        ),
        sa.CheckConstraint(
            "step = 'account' OR account_id IS NOT NULL", name=op.f("ck_telegram_dialogue_account_chosen_first")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_telegram_dialogue_account_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_telegram_dialogue_person_id")),
        sa.ForeignKeyConstraint(
            ["ticket_type_id"], ["ticket_type.id"], name=op.f("fk_telegram_dialogue_ticket_type_id")
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "discussion_id"],
            ["discussion.account_id", "discussion.id"],
            name="fk_telegram_dialogue_discussion_id",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_telegram_dialogue")),
        sa.UniqueConstraint("person_id", name=op.f("uq_telegram_dialogue_person_id")),
    )
    for column in ("account_id", "discussion_id", "last_at", "ticket_type_id"):
        op.create_index(f"ix_telegram_dialogue_{column}", "telegram_dialogue", [column])
    op.create_table(
        "telegram_file",
        sa.Column("id", _ID, nullable=False),
        sa.Column("dialogue_id", _ID, nullable=False),
        sa.Column("file_id", _ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["dialogue_id"],
            ["telegram_dialogue.id"],
            name=op.f("fk_telegram_file_dialogue_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["file_id"], ["file.id"], name=op.f("fk_telegram_file_file_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_telegram_file")),
        sa.UniqueConstraint("file_id", name=op.f("uq_telegram_file_file_id")),
    )
    op.create_index("ix_telegram_file_dialogue_id", "telegram_file", ["dialogue_id"])


def _allow_doors(*doors: str) -> None:
    """Let tries be counted at these doors."""
    name = op.f("ck_sign_in_attempt_signindoor")
    listed = ", ".join(f"'{door}'" for door in doors)
    with op.batch_alter_table("sign_in_attempt") as batch:
        batch.drop_constraint(name, type_="check")
        batch.create_check_constraint(name, f"door IN ({listed})")
