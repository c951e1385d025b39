"""The composition root: binds the extensions, mounts the two sites, registers commands and error pages."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from datetime import timedelta

from flask import Flask, Response, g, request
from werkzeug.middleware.proxy_fix import ProxyFix

import models  # noqa: F401  the tables are complete once this is imported
from commands import register_commands
from config import Settings, SettingsError, load_settings
from extensions import babel, cipher, csrf, db, login_manager, migrate
from jobs import gateways, senders
from services import auto_top_up, dunning, money_mails, payment_tickets
from services.unit_of_work import intend_to_write, prepare_engine
from views import access, blueprints, bodies, errors, identity, locale, metrics, shell, social_sign_in, step_up
from views.look import install_look
from views.security_headers import set_security_headers
from views.sites import mount_sites

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
MAX_REQUEST_BYTES = 25 * 1024 * 1024


def create_app(settings: Settings | None = None) -> Flask:
    """Make the program for these settings, by default the environment's."""
    settings = settings or settings_or_stop()
    app = Flask(__name__, static_folder=None)  # what pages load is served by views/assets
    configure(app, settings)
    bind_extensions(app, settings)
    metrics.install(app)
    bodies.install(app)
    mark_writing_requests(app)
    identity.install(app)
    access.install(app)
    locale.install(app)
    for blueprint in blueprints():
        app.register_blueprint(blueprint)
    mount_sites(app)
    shell.install(app)
    errors.install(app)
    step_up.install(app)
    social_sign_in.install(app)
    install_look(app)
    if settings.broker_url is not None:
        from jobs.broker import announce_by_broker  # not before it is wanted: Dramatiq takes a while to import

        announce_by_broker(app, settings.broker_url.get_secret_value())
    senders.install(app, settings)
    gateways.install(app, settings)
    auto_top_up.follow_payments()
    dunning.follow_payments()
    money_mails.follow_payments()
    payment_tickets.follow_payments()
    register_commands(app)
    app.after_request(set_security_headers)
    return app


def settings_or_stop() -> Settings:
    """The environment's settings. Where they cannot be used, the start ends with their names and no trace."""
    try:
        return load_settings()
    except SettingsError as error:
        sys.exit(str(error))


def configure(app: Flask, settings: Settings) -> None:
    """Translate our settings into those of Flask and its extensions."""
    secure = settings.base_url.startswith("https://")
    app.config.update(
        SECRET_KEY=settings.secret_key.get_secret_value(),
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SESSION_COOKIE_NAME="foyer_form",  # holds the CSRF token and messages; who someone is stands in the database
        SESSION_COOKIE_SECURE=secure,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=timedelta(days=1),
        MAX_CONTENT_LENGTH=MAX_REQUEST_BYTES,
        TRUSTED_HOSTS=settings.trusted_hosts or None,
        WTF_CSRF_TIME_LIMIT=None,  # the token lives as long as the session, so a form left open overnight still saves
        BABEL_DEFAULT_LOCALE="en",
        BABEL_DEFAULT_TIMEZONE="UTC",
    )
    app.extensions["settings"] = settings
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    if settings.behind_proxy:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1)  # type: ignore[method-assign]


def bind_extensions(app: Flask, settings: Settings) -> None:
    """Bind every extension, and prepare the database engine before its first connection."""
    db.init_app(app)
    migrate.init_app(app, db, render_as_batch=True)
    csrf.init_app(app)
    login_manager.init_app(app)
    locale.bind(app, babel)
    cipher.init([key.get_secret_value() for key in settings.encryption_keys])
    with app.app_context():
        prepare_engine(db.engine)


def mark_writing_requests(app: Flask) -> None:
    """Let a request that may write take the write lock with its first query (see services/unit_of_work.py)."""

    @app.before_request
    def begin() -> Response | None:
        if request.method not in SAFE_METHODS:
            g.write_intent = ExitStack()
            g.write_intent.enter_context(intend_to_write())
        return None

    @app.teardown_request
    def end(_error: BaseException | None) -> None:
        intent = g.pop("write_intent", None)
        if intent is not None:
            intent.close()
