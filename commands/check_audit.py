"""flask check-audit: every chain of the audit, calculated again."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from services.audit_checks import verify_all


@click.command("check-audit")
@with_appcontext
def command() -> None:
    """Walk the audit of the house and of every account, and exit with 1 when one is broken."""
    chains = events = broken = 0
    for checked in verify_all():
        chains, events = chains + 1, events + checked.number
        if checked.broken_at is not None:
            broken += 1
            click.echo(f"broken  {checked.chain}: at event #{checked.broken_at}")
    if broken:
        click.echo(f"{broken} of {chains} chains are broken.")
        raise SystemExit(1)
    click.echo(f"The audit is intact: {events} events in {chains} chains.")
