"""flask check-books: the invariants of the books, each with the rows that break it."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from services.books import INVARIANTS, check_invariant


@click.command("check-books")
@with_appcontext
def command() -> None:
    """Check what must always be true of the books; exit 1 when something is broken."""
    broken = 0
    for name in INVARIANTS:
        findings = check_invariant(name)
        click.echo(f"{'broken' if findings else 'right '}  {name}")
        for finding in findings:
            click.echo(f"        {finding.table} {finding.key}: {finding.detail}")
        broken += bool(findings)
    if broken:
        raise SystemExit(1)
