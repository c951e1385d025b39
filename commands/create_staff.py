"""flask create-staff: a person of the provider's own, invited by mail."""

from __future__ import annotations

import datetime as dt

import click
from flask.cli import with_appcontext

from domain.actor import system_actor
from domain.permissions import StaffRole
from domain.refusals import Refusal
from services.notifications import latest_mails
from services.staff_members import create_staff_member
from services.unit_of_work import unit_of_work

ROLES = [role.value for role in StaffRole]


@click.command("create-staff")
@click.argument("email", metavar="E-MAIL")
@click.argument("role", type=click.Choice(ROLES, case_sensitive=False))
@click.option("--first-name", default="", help="Left out, it is read from the address.")
@click.option("--last-name", default="", help="Left out, it stays empty.")
@with_appcontext
def command(email: str, role: str, first_name: str, last_name: str) -> None:
    """Let a person work in the back office. The invitation is mailed, and printed here."""
    values = {
        "person.email": email,
        "person.first_name": first_name or email.partition("@")[0].replace(".", " ").title(),
        "person.last_name": last_name,
        "role": StaffRole(role.lower()),
    }
    try:
        with unit_of_work():
            create_staff_member(values, actor=system_actor("create-staff"), now=dt.datetime.now(dt.UTC))
            [mail] = latest_mails(1)
    except Refusal as refusal:
        raise click.ClickException(refusal.message) from None
    click.echo(f"{mail.address} is invited as {role}. This mail waits in the outbox:")
    click.echo(f"\nSubject: {mail.subject}\n\n{mail.text}")
