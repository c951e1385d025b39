"""What a load balancer asks: does the process live, and can it serve?"""

from __future__ import annotations

from pathlib import Path

from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Blueprint, current_app, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError

from extensions import db
from views.access import public

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
@public
def healthz() -> ResponseReturnValue:
    """200 as long as the process answers; touches nothing else."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
@public
def readyz() -> ResponseReturnValue:
    """200 when the database answers and holds this program's newest migration, else 503 with what is missing."""
    problem = _database_problem()
    if problem:
        return jsonify(status="unavailable", database=problem), 503
    return jsonify(status="ok", database="ok")


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
