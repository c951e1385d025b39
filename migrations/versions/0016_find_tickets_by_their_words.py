"""Find tickets by the words in them: a table of words with a full-text index, filled from what is there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from domain.search_words import words_of
from models import triggers

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_WORDS = sa.Text().with_variant(postgresql.TSVECTOR(), "postgresql")
_AT_ONCE = 2_000

_ticket = sa.table("ticket", *map(sa.column, ("id", "account_id", "number", "subject", "merged_into_id")))
_discussion = sa.table("discussion", sa.column("id"), sa.column("ticket_id"))
_message = sa.table(
    "message",
    *map(sa.column, ("id", "account_id", "discussion_id", "title", "body")),
    sa.column("internal", sa.Boolean),
)


def upgrade() -> None:
    dialect = op.get_bind().dialect.name
    text = op.create_table(
        "ticket_text",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("account_id", _KEY, nullable=False),
        sa.Column("ticket_id", _KEY, nullable=False),
        sa.Column("message_id", _KEY, nullable=True),
        sa.Column("internal", sa.Boolean(), nullable=False),
        sa.Column("words", _WORDS, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_ticket_text_account_id")),
        sa.ForeignKeyConstraint(
            ["account_id", "ticket_id"],
            ["ticket.account_id", "ticket.id"],
            name="fk_ticket_text_ticket_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "message_id"],
            ["message.account_id", "message.id"],
            name="fk_ticket_text_message_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_text")),
        sa.UniqueConstraint("ticket_id", "message_id", name=op.f("uq_ticket_text_ticket_id_message_id")),
    )
    for statement in triggers.search_statements(dialect):
        op.execute(statement)
    for rows in _in_batches(_rows_of_tickets()):
        op.get_bind().execute(text.insert(), rows)
    for rows in _in_batches(_rows_of_messages()):
        op.get_bind().execute(text.insert(), rows)
    op.create_index(
        "uq_ticket_text_own",
        "ticket_text",
        ["ticket_id"],
        unique=True,
        sqlite_where=sa.text("message_id IS NULL"),
        postgresql_where=sa.text("message_id IS NULL"),
    )
    op.create_index("ix_ticket_text_message_id", "ticket_text", ["message_id"])
    op.create_index("ix_ticket_text_account_id", "ticket_text", ["account_id"])
    if dialect == "postgresql":  # after the rows: made over all of them at once it costs a fraction
        op.create_index("ix_ticket_text_words", "ticket_text", ["words"], postgresql_using="gin")


def downgrade() -> None:
    for statement in triggers.drop_search_statements(op.get_bind().dialect.name):
        op.execute(statement)
    op.drop_table("ticket_text")


def _rows_of_tickets() -> Iterator[dict[str, Any]]:
    """The number and subject of each ticket, with the numbers of those that were merged into it."""
    merged: dict[int, list[str]] = {}
    for target_id, number in op.get_bind().execute(
        sa.select(_ticket.c.merged_into_id, _ticket.c.number).where(_ticket.c.merged_into_id.is_not(None))
    ):
        merged.setdefault(target_id, []).append(number)
    for row in _by_id(sa.select(_ticket), _ticket.c.id):
        yield _row(row, row.id, None, False, row.number, row.subject, *merged.get(row.id, ()))


def _rows_of_messages() -> Iterator[dict[str, Any]]:
    """What was written, in its ticket and in the one that this was merged into."""
    written = (
        sa.select(_message, _discussion.c.ticket_id, _ticket.c.merged_into_id)
        .select_from(_message)
        .join(_discussion, _discussion.c.id == _message.c.discussion_id)
        .join(_ticket, _ticket.c.id == _discussion.c.ticket_id)
    )
    for row in _by_id(written, _message.c.id):
        for shown_in in (row.ticket_id, row.merged_into_id):
            if shown_in is not None:
                yield _row(row, shown_in, row.id, row.internal, row.title, row.body)


def _row(row: Any, ticket_id: int, message_id: int | None, internal: bool, *texts: str) -> dict[str, Any]:
    words = " ".join(words_of(*texts))
    return {
        "account_id": row.account_id,
        "ticket_id": ticket_id,
        "message_id": message_id,
        "internal": internal,
        "words": words,
    }


def _by_id(statement: sa.Select[Any], key: Any) -> Iterator[Any]:
    last = 0
    while rows := op.get_bind().execute(statement.where(key > last).order_by(key).limit(_AT_ONCE)).all():
        yield from rows
        last = rows[-1].id


def _in_batches(rows: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    batch = []
    for row in rows:
        batch.append(row)
        if len(batch) == _AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch
