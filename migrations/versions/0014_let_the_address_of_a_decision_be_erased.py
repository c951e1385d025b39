"""Let the IP address of a decision on a policy be taken away, and nothing else of it (SPEC G2)."""

from __future__ import annotations

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_TABLE = "policy_decision"
_SAME = " AND ".join(
    f"NEW.{name} = OLD.{name}" for name in ("id", "policy_version_id", "person_id", "decision", "decided_at")
)
_FUNCTION = """
CREATE OR REPLACE FUNCTION refuse_change_but_erasing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.ip IS NULL AND to_jsonb(NEW) - 'ip' = to_jsonb(OLD) - 'ip' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' is append-only', ERRCODE = 'restrict_violation';
END
$$
""".strip()


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL lock_timeout = '5s'")
        op.execute(_FUNCTION)
        _guard_postgresql("refuse_change_but_erasing")
    else:
        _guard_sqlite(f"WHEN NOT (NEW.ip IS NULL AND {_SAME}) ")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        _guard_postgresql("refuse_change")
        op.execute("DROP FUNCTION IF EXISTS refuse_change_but_erasing()")
    else:
        _guard_sqlite("")


def _guard_postgresql(function: str) -> None:
    op.execute(f"DROP TRIGGER IF EXISTS {_TABLE}_append_only ON {_TABLE}")
    op.execute(
        f"CREATE TRIGGER {_TABLE}_append_only BEFORE UPDATE OR DELETE ON {_TABLE} "
        f"FOR EACH ROW EXECUTE FUNCTION {function}()"
    )


def _guard_sqlite(unless: str) -> None:
    op.execute(f"DROP TRIGGER IF EXISTS {_TABLE}_no_update")
    op.execute(
        f"CREATE TRIGGER {_TABLE}_no_update BEFORE UPDATE ON {_TABLE} {unless}"
        f"BEGIN SELECT RAISE(ABORT, '{_TABLE} is append-only'); END"
    )
