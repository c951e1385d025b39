"""Remember which message of a ticket somebody saw last, for the counters, and keep macros: answers with changes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _ticket_seen()
    _macro()


def downgrade() -> None:
    op.drop_table("macro")
    op.drop_table("ticket_seen")


def _ticket_seen() -> None:
    op.create_table(
        "ticket_seen",
        sa.Column("id", _ID, nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("ticket_id", _ID, nullable=False),
        sa.Column("person_id", _ID, nullable=False),
        sa.Column("message_id", _ID, nullable=False),
        sa.Column("seen_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_ticket_seen_account_id")),
        sa.ForeignKeyConstraint(
            ["account_id", "ticket_id"], ["ticket.account_id", "ticket.id"], name=op.f("fk_ticket_seen_ticket_id")
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "message_id"], ["message.account_id", "message.id"], name=op.f("fk_ticket_seen_message_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_ticket_seen_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_seen")),
        sa.UniqueConstraint("person_id", "ticket_id", name=op.f("uq_ticket_seen_person_id_ticket_id")),
    )
    for column in ("account_id", "message_id", "ticket_id"):
        op.create_index(f"ix_ticket_seen_{column}", "ticket_seen", [column])


def _macro() -> None:
    op.create_table(
        "macro",
        sa.Column("id", _ID, nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("ready_answer_id", _ID),
        sa.Column("status", _choice("macrostatus", "waiting_for_customer", "waiting_for_support", "solved")),
        sa.Column("priority", _choice("ticketpriority", "low", "normal", "high", "urgent")),
        sa.Column("department_id", _ID),
        sa.Column("takes", sa.Boolean(), nullable=False),
        sa.Column("assignee_id", _ID),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "ready_answer_id IS NOT NULL OR status IS NOT NULL OR priority IS NOT NULL OR department_id IS NOT NULL"
            " OR takes OR assignee_id IS NOT NULL",
            name=op.f("ck_macro_does_something"),
        ),
        sa.CheckConstraint("NOT takes OR assignee_id IS NULL", name=op.f("ck_macro_taken_or_assigned")),
        sa.ForeignKeyConstraint(["assignee_id"], ["staff_member.id"], name=op.f("fk_macro_assignee_id")),
        sa.ForeignKeyConstraint(["department_id"], ["department.id"], name=op.f("fk_macro_department_id")),
        sa.ForeignKeyConstraint(["ready_answer_id"], ["ready_answer.id"], name=op.f("fk_macro_ready_answer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_macro")),
        sa.UniqueConstraint("public_id", name=op.f("uq_macro_public_id")),
        sa.UniqueConstraint("title", name=op.f("uq_macro_title")),
    )
    for column in ("assignee_id", "department_id", "ready_answer_id"):
        op.create_index(f"ix_macro_{column}", "macro", [column])
    op.create_index("ix_macro_title_id", "macro", ["title", "id"])
    op.create_index(
        "ix_macro_title_search",
        "macro",
        ["title"],
        postgresql_using="gin",
        postgresql_ops={"title": "gin_trgm_ops"},
    )


def _choice(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)
