"""Let a mail of the outbox name the document that goes with it. The list of file keys was never used."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# Plain SQL that both databases read: SQLite adds no constraint to a table, and a copy of the table (Alembic's batch
# mode) would lose the indexes over expressions. A check may name other columns, so the second one stands with a column.
ADD_KIND = """
ALTER TABLE notification_delivery ADD COLUMN document_kind VARCHAR(32)
CONSTRAINT ck_notification_delivery_documentkind
CHECK (document_kind IN ('invoice', 'credit_note', 'receipt', 'statement', 'month_pack'))
"""
ADD_NUMBER = """
ALTER TABLE notification_delivery ADD COLUMN document_number VARCHAR(64)
CONSTRAINT ck_notification_delivery_document_is_whole
CHECK ((document_kind IS NULL) = (document_number IS NULL) AND (document_kind IS NULL OR account_id IS NOT NULL))
"""


def upgrade() -> None:
    op.execute(ADD_KIND)
    op.execute(ADD_NUMBER)
    op.execute("ALTER TABLE notification_delivery DROP COLUMN file_keys")


def downgrade() -> None:
    kind = "JSON" if op.get_bind().dialect.name == "sqlite" else "JSONB"
    op.execute(f"ALTER TABLE notification_delivery ADD COLUMN file_keys {kind} NOT NULL DEFAULT '[]'")
    op.execute("ALTER TABLE notification_delivery DROP COLUMN document_number")
    op.execute("ALTER TABLE notification_delivery DROP COLUMN document_kind")
