"""flask serve: the whole program in one process, ready to be used; what `make run` starts."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Protocol

import click
from flask import Flask, current_app
from flask.cli import with_appcontext
from flask_migrate import upgrade
from waitress.server import BaseWSGIServer, create_server

from commands.demo import load_and_tell, tell_sign_ins
from config import Environment, Settings
from extensions import db
from jobs.demo_gateways import DemoGateways
from jobs.demo_mail import DemoMail
from jobs.demo_telegram import DemoTelegram
from jobs.engine import Engine
from jobs.logs import log_to_the_console
from jobs.mail_in import MailInDoor
from jobs.telegram import ChatPoller
from services.demo import database_is_empty

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"
THREADS = 8


class Companion(Protocol):
    """What runs beside the pages in the same process."""

    def start(self) -> None: ...

    def stop(self) -> None: ...


@click.command("serve")
@with_appcontext
def command() -> None:
    """Migrate, load the demo at its first start, and serve until Ctrl-C."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    settings: Settings = app.extensions["settings"]
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    make_ready(settings)
    db.session.remove()
    log_to_the_console(settings.log_level)
    run(app, settings, companions(app))


def companions(app: Flask) -> list[Companion]:
    """What starts before the pages and stops after them in reverse order: the demo's mail server, payment providers
    and Telegram, the door for mails, who fetches what is sent to the bot, jobs, the clock."""
    return [DemoMail(app), DemoGateways(app), DemoTelegram(app), MailInDoor(app), ChatPoller(app), Engine(app)]


def make_ready(settings: Settings) -> None:
    """Bring the tables up to date, and load the demo into an empty database of a demo."""
    click.echo("Bringing the database up to date")
    upgrade(directory=str(MIGRATIONS))
    if settings.environment is Environment.DEMO:
        if database_is_empty():
            click.echo("Loading the demo, once; this takes a few seconds")
            load_and_tell(settings)
        tell_sign_ins()


def make_server(app: Flask, settings: Settings) -> BaseWSGIServer:
    """The web server, listening. What a proxy says of the visitor reaches the app only where there is a proxy."""
    return create_server(
        app,
        host=settings.host,
        port=settings.port,
        threads=THREADS,
        ident="Foyer",
        clear_untrusted_proxy_headers=not settings.behind_proxy,
    )


def run(app: Flask, settings: Settings, beside: Sequence[Companion] = ()) -> None:
    """Serve until a signal to stop; requests and jobs under way are finished."""
    try:
        server = make_server(app, settings)
    except OSError as error:
        message = f"Port {settings.port} cannot be used: {error.strerror}. Choose another one: PORT=8001 make run"
        raise click.ClickException(message) from None
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, _stop)
    started: list[Companion] = []
    try:
        for companion in beside:
            companion.start()
            started.append(companion)
        click.echo(f"\nFoyer is at {settings.base_url}  (Ctrl-C stops it)")
        server.run()
    except KeyboardInterrupt:
        click.echo("")
    finally:
        server.close()
        for companion in reversed(started):
            companion.stop()
        click.echo("Foyer has stopped.")


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
