"""Keep the terms that were sold with the order or period, and which plan was tried, whatever plan came after it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(JSONB(), "postgresql")
_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TRIED = "fk_subscription_trial_package_id_package"


def upgrade() -> None:
    for table in ("order_line", "subscription_period"):
        with op.batch_alter_table(table) as batch:
            batch.add_column(sa.Column("terms", _JSON, nullable=True))
    op.drop_index("uq_subscription_trial", "subscription")
    with op.batch_alter_table("subscription") as batch:
        batch.add_column(sa.Column("trial_package_id", _ID, nullable=True))
        batch.create_foreign_key(op.f(_TRIED), "package", ["trial_package_id"], ["id"])
    op.execute("UPDATE subscription SET trial_package_id = package_id WHERE trial_ends_on IS NOT NULL")
    op.create_index("uq_subscription_trial", "subscription", ["account_id", "trial_package_id"], unique=True)
    op.create_index("ix_subscription_trial_package_id", "subscription", ["trial_package_id"])


def downgrade() -> None:
    op.drop_index("ix_subscription_trial_package_id", "subscription")
    op.drop_index("uq_subscription_trial", "subscription")
    with op.batch_alter_table("subscription") as batch:
        batch.drop_constraint(op.f(_TRIED), type_="foreignkey")
        batch.drop_column("trial_package_id")
    tried = sa.text("trial_ends_on IS NOT NULL")
    op.create_index(
        "uq_subscription_trial",
        "subscription",
        ["account_id", "package_id"],
        unique=True,
        sqlite_where=tried,
        postgresql_where=tried,
    )
    for table in ("order_line", "subscription_period"):
        with op.batch_alter_table(table) as batch:
            batch.drop_column("terms")
