"""Count the mails that came in, by day and how they ended (none came in before), and find them by the reason."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_NUMBERS = ("received", "replies", "new_tickets", "held", "rejected")


def upgrade() -> None:
    op.create_table(
        "inbound_day",
        sa.Column("id", _ID, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in _NUMBERS),
        sa.CheckConstraint("received = replies + new_tickets + held + rejected", name=op.f("ck_inbound_day_adds_up")),
        sa.CheckConstraint(
            "replies >= 0 AND new_tickets >= 0 AND held >= 0 AND rejected >= 0",
            name=op.f("ck_inbound_day_none_negative"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbound_day")),
        sa.UniqueConstraint("day", name=op.f("uq_inbound_day_day")),
    )
    op.create_index(
        "ix_inbound_mail_reason_search",
        "inbound_mail",
        ["reason"],
        postgresql_using="gin",
        postgresql_ops={"reason": "gin_trgm_ops"},
    )


def downgrade() -> None:
    op.drop_index("ix_inbound_mail_reason_search", "inbound_mail")
    op.drop_table("inbound_day")
