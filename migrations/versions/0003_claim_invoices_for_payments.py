"""Add the claims that payments under way have on invoices."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
OPEN = sa.text("released_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "payment_claim",
        sa.Column("id", KEY, nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("payment_id", KEY, nullable=False),
        sa.Column("invoice_id", KEY, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("released_at", MOMENT),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_payment_claim_amount_positive")),
        sa.ForeignKeyConstraint(
            ["account_id", "payment_id", "currency"],
            ["payment.account_id", "payment.id", "payment.currency"],
            name="fk_payment_claim_payment_id",
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "invoice_id", "currency"],
            ["invoice.account_id", "invoice.id", "invoice.currency"],
            name="fk_payment_claim_invoice_id",
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_payment_claim_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_claim")),
    )
    op.create_index("ix_payment_claim_account_id", "payment_claim", ["account_id"])
    op.create_index(op.f("ix_payment_claim_payment_id"), "payment_claim", ["payment_id"])
    op.create_index(
        "uq_payment_claim_open", "payment_claim", ["invoice_id"], unique=True, sqlite_where=OPEN, postgresql_where=OPEN
    )


def downgrade() -> None:
    op.drop_table("payment_claim")
