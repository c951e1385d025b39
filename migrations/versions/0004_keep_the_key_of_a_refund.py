"""Keep the key under which a gateway knows a refund; until now it was put together from number and form key."""

from __future__ import annotations

import hashlib

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("refund", sa.Column("gateway_key", sa.String(length=64)))
    refund = sa.table(
        "refund", sa.column("id"), sa.column("number"), sa.column("idempotency_key"), sa.column("gateway_key")
    )
    connection = op.get_bind()
    for row in connection.execute(sa.select(refund.c.id, refund.c.number, refund.c.idempotency_key)).all():
        told = hashlib.sha256((row.idempotency_key or "").encode()).hexdigest()[:16]
        connection.execute(refund.update().where(refund.c.id == row.id).values(gateway_key=f"{row.number}-{told}"))
    with op.batch_alter_table("refund") as batch:
        batch.create_unique_constraint(op.f("uq_refund_gateway_key"), ["gateway_key"])


def downgrade() -> None:
    with op.batch_alter_table("refund") as batch:
        batch.drop_constraint(op.f("uq_refund_gateway_key"), type_="unique")
        batch.drop_column("gateway_key")
