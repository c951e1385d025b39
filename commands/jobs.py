"""flask jobs: a runner of jobs, without pages. Any number of them may run, on any machine."""

from __future__ import annotations

import logging
import signal
import threading

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

from config import Settings
from extensions import db
from jobs.engine import Engine
from jobs.logs import log_to_the_console
from jobs.mail_in import MailInDoor
from jobs.telegram import ChatPoller


@click.command("jobs")
@with_appcontext
def command() -> None:
    """Run jobs and the clock until Ctrl-C or a TERM signal; one line for each job."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    settings: Settings = app.extensions["settings"]
    log_to_the_console(settings.log_level)
    db.session.remove()
    stopping = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda _signal, _frame: stopping.set())
    engine, door, poller = Engine(app), MailInDoor(app), ChatPoller(app)
    door.start()
    poller.start()
    engine.start()
    stopping.wait()
    poller.stop()
    door.stop()
    logging.getLogger("foyer.jobs").info("stopping: jobs in hand are finished or given back")
    engine.stop()
