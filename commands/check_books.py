"""flask check-books: what must always be true of the books, checked now."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from services.books import INVARIANTS, check_invariant


@click.command("check-books")
@with_appcontext
def command() -> None:
    """Check the invariants of the books, and exit with 1 when one is broken."""
    broken = 0
    for name in INVARIANTS:
        findings = check_invariant(name)
        broken += bool(findings)
        click.echo(f"{'broken' if findings else 'right '}  {name}")
        for finding in findings:
            click.echo(f"        {finding.table} {finding.key}: {finding.detail}")
    if broken:
        click.echo(f"{broken} of {len(INVARIANTS)} invariants are broken.")
        raise SystemExit(1)
    click.echo("The books are right.")
