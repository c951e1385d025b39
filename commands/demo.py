"""flask demo: load the demo's customers and three years of their business, once."""

from __future__ import annotations

import datetime as dt
import time

import click
from flask import current_app
from flask.cli import with_appcontext

from config import Settings
from domain.refusals import Refusal
from services.demo import PASSWORD, SIGN_INS, load_demo
from services.unit_of_work import unit_of_work


@click.command("demo")
@with_appcontext
def command() -> None:
    """Load the demo: customers, staff and three years of business. A second run changes nothing."""
    settings: Settings = current_app.extensions["settings"]
    try:
        load_and_tell(settings)
    except Refusal as refusal:
        raise click.ClickException(refusal.message) from None


def load_and_tell(settings: Settings) -> None:
    """Load the demo and say what happened. Refused: DemoNotPossible."""
    begun = time.monotonic()
    with unit_of_work():
        loaded = load_demo(
            now=dt.datetime.now(dt.UTC),
            platform_name=settings.platform_name,
            client_app_name=settings.client_app_name,
        )
    if loaded:
        click.echo(f"The demo is loaded, in {time.monotonic() - begun:.0f} seconds.")
    else:
        click.echo("The demo is there already; nothing was changed.")


def tell_sign_ins() -> None:
    """Print who can sign in to the demo."""
    click.echo(f"Sign in with one of these, password {PASSWORD}")
    for email in SIGN_INS:
        click.echo(f"  {email}")
