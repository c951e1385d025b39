"""Add what is reserved of a pot, and the charges of postpaid accounts that wait for their bill."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
MOMENT = sa.DateTime(timezone=True)
TREATMENTS = ("taxed", "exempt", "reverse_charge", "outside")


def upgrade() -> None:
    # In words that both databases know, so that SQLite need not make the table anew.
    op.execute(
        "ALTER TABLE ledger_account ADD COLUMN reserved BIGINT NOT NULL DEFAULT 0"
        " CONSTRAINT ck_ledger_account_reserved_not_negative CHECK (reserved >= 0)"
    )
    # Until now a limit did not let a balance below zero.
    op.execute(
        "UPDATE ledger_account SET minimum = -coalesce((SELECT max(credit_limit.amount) FROM credit_limit"
        " WHERE credit_limit.account_id = ledger_account.account_id AND credit_limit.currency = ledger_account.currency"
        " AND credit_limit.withdrawn_at IS NULL), 0) WHERE kind = 'funds' AND minimum = 0 AND account_id IN"
        " (SELECT id FROM account WHERE payment_mode = 'prepaid')"
    )
    op.create_table(
        "unbilled_charge",
        sa.Column("id", KEY, nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("invoice_id", KEY),
        sa.Column("used_on", sa.Date(), nullable=False),
        sa.Column("description", sa.String(length=255), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("unit_price", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("tax_rate", sa.Integer(), nullable=False),
        sa.Column("tax_name", sa.String(length=120), nullable=False),
        sa.Column(
            "treatment",
            sa.Enum(*TREATMENTS, name="taxtreatment", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("tax_rule_id", KEY),
        sa.Column("product_id", KEY),
        sa.Column("subscription_id", KEY),
        sa.Column("period_from", sa.Date()),
        sa.Column("period_to", sa.Date()),
        sa.Column("explanation", JSON, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_unbilled_charge_quantity_positive")),
        sa.CheckConstraint("total >= 0", name=op.f("ck_unbilled_charge_total_not_negative")),
        sa.CheckConstraint("period_to >= period_from", name=op.f("ck_unbilled_charge_period_ends_after_start")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_unbilled_charge_account_id")),
        sa.ForeignKeyConstraint(
            ["account_id", "invoice_id"], ["invoice.account_id", "invoice.id"], name="fk_unbilled_charge_invoice_id"
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "subscription_id"],
            ["subscription.account_id", "subscription.id"],
            name="fk_unbilled_charge_subscription_id",
        ),
        sa.ForeignKeyConstraint(["tax_rule_id"], ["tax_rule.id"], name=op.f("fk_unbilled_charge_tax_rule_id")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_unbilled_charge_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unbilled_charge")),
        sa.UniqueConstraint("public_id", name=op.f("uq_unbilled_charge_public_id")),
    )
    op.create_index("ix_unbilled_charge_account_id_invoice_id", "unbilled_charge", ["account_id", "invoice_id"])
    op.create_index("ix_unbilled_charge_invoice_id_used_on", "unbilled_charge", ["invoice_id", "used_on"])
    for column in ("tax_rule_id", "product_id", "subscription_id"):
        op.create_index(op.f(f"ix_unbilled_charge_{column}"), "unbilled_charge", [column])


def downgrade() -> None:
    op.drop_table("unbilled_charge")
    op.execute("UPDATE ledger_account SET minimum = 0 WHERE kind = 'funds' AND minimum < 0 AND balance >= 0")
    with op.batch_alter_table("ledger_account") as table:
        table.drop_constraint(op.f("ck_ledger_account_reserved_not_negative"), type_="check")
        table.drop_column("reserved")
