"""What a load balancer asks: does the process live, and can it serve?"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Blueprint, current_app, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError

from extensions import db
from jobs.clock import PULSE
from services.clock_slots import newest_slot
from views.access import public
from views.clock import now

blueprint = Blueprint("health", __name__)

PULSE_IS_OLD = dt.timedelta(minutes=3)


@blueprint.get("/healthz")
@public
def healthz() -> ResponseReturnValue:
    """200 as long as the process answers; touches nothing else."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
@public
def readyz() -> ResponseReturnValue:
    """200 when the database answers and holds this program's newest migration, else 503 with what is missing.

    Jobs that stand still are told of, with status "degraded", and leave the answer at 200: pages are served without
    them, and taking every web server out would help nobody.
    """
    problem = _database_problem()
    if problem:
        return jsonify(status="unavailable", database=problem), 503
    jobs = _jobs_problem()
    return jsonify(status="degraded" if jobs else "ok", database="ok", jobs=jobs or "ok")


def _jobs_problem() -> str:
    """A clock that runs takes a slot every minute; without one neither clock nor runner is alive anywhere."""
    pulse = newest_slot(PULSE)
    if pulse is None:
        return "not running: start flask jobs"
    if pulse < now() - PULSE_IS_OLD:
        return f"not running since {pulse:%Y-%m-%d %H:%M} UTC: start flask jobs"
    return ""


def _database_problem() -> str:
    try:
        with db.engine.connect() as connection:
            applied = MigrationContext.configure(connection).get_current_revision()
    except SQLAlchemyError:
        current_app.logger.exception("the database does not answer")
        return "the database does not answer"
    return "" if applied == newest_migration() else "migrations are missing: run flask db upgrade"


def newest_migration() -> str | None:
    """The revision this program was written for."""
    config = Config()
    config.set_main_option("script_location", str(Path(current_app.root_path) / "migrations"))
    return ScriptDirectory.from_config(config).get_current_head()
