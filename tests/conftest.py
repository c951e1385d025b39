"""What every test can ask for: both databases, an app on them, a client, a session, and a fixed time."""

from __future__ import annotations

import datetime as dt
import gc
import logging
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session, scoped_session

from config import Settings, load_settings
from domain.entitlements import key_bytes
from extensions import cipher, db, migrate
from integrations.files import FileStore
from services.entitlement_signing import entitlement_signer
from services.mail_texts import mail_texts
from services.passwords import passwords
from services.stored_files import stored_files
from services.unit_of_work import prepare_engine
from tests.support.client import SeparateClient
from tests.support.databases import (
    PostgresScratch,
    SqliteFile,
    TestDatabase,
    drop_stale_scratch_databases,
    migrate_to_newest,
    never_wait_for_the_disk,
)
from tests.support.network import stay_on_this_machine
from tests.support.order import longest_first
from tests.support.surroundings import POSTGRESQL, lines_of_what_was_not_found

# Passwords are checked often here: as cheaply as Argon2 allows.
CHEAP_PASSWORDS = {"ARGON2_TIME_COST": "1", "ARGON2_MEMORY_KIB": "8", "ARGON2_PARALLELISM": "1"}


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Look for no garbage while everything is imported, nor later among what was: it all stays to the end."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, since a module's tests stay on one worker."""
    longest_first(items)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was not found, so that a green run does not look more complete than it was."""
    for line in lines_of_what_was_not_found():
        terminalreporter.write_line(line)


@pytest.fixture(scope="session", autouse=True)
def _no_network() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        stay_on_this_machine(patch)
        yield


@pytest.fixture
def kept_files(tmp_path: Path) -> Iterator[FileStore]:
    """The store of files of this process, in a folder of this test."""
    before = stored_files._store
    stored_files.bind_folder(tmp_path / "files")
    yield stored_files.store
    if before is not None:
        stored_files.bind(before)


@pytest.fixture
def now() -> dt.datetime:
    """The time that tests tell: a Friday morning, half a year from any change of clocks or year."""
    return dt.datetime(2026, 5, 15, 9, 30, tzinfo=dt.UTC)


def settings_for(database: TestDatabase, folder: Path, **others: str) -> Settings:
    """The settings of a test on this database; ``others`` are environment variables that differ."""
    environ = {
        "FOYER_ENV": "test",
        "DATA_DIR": str(folder),
        "DATABASE_URL": database.url,
        "BASE_URL": "http://localhost",
        **CHEAP_PASSWORDS,
        **others,
    }
    return load_settings(environ)


def plain_app(settings: Settings) -> Flask:
    """An app with a database and the services' helpers, but without pages: enough for models, services and jobs."""
    app = Flask("plain_app_of_the_tests")
    app.config["SQLALCHEMY_DATABASE_URI"] = settings.database_url
    app.extensions["settings"] = settings
    db.init_app(app)
    migrate.init_app(app, db, render_as_batch=True)
    cipher.init([key.get_secret_value() for key in settings.encryption_keys])
    passwords.bind(
        time_cost=settings.argon2_time_cost,
        memory_cost=settings.argon2_memory_kib,
        parallelism=settings.argon2_parallelism,
    )
    entitlement_signer.bind(key_bytes(settings.activation_signing_key.get_secret_value()))
    with app.app_context():
        prepare_engine(db.engine)
        never_wait_for_the_disk(db.engine)
    return app


def close_connections(app: Flask) -> None:
    """Give back all connections of the app's engine."""
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


class Stage:
    """What one worker keeps between its tests: the two databases, and the apps made on them. Both cost seconds to make."""

    def __init__(self, folder: Path, worker: str) -> None:
        self.folder = folder
        self.worker = worker
        self.databases: dict[str, TestDatabase] = {}
        self.apps: dict[tuple[str, str], Flask] = {}

    def database(self, dialect: str) -> TestDatabase:
        if dialect not in self.databases:
            if dialect == "sqlite":
                self.databases[dialect] = SqliteFile.make(self.folder, self.make_tables)
            else:
                drop_stale_scratch_databases()
                self.databases[dialect] = PostgresScratch.make(self.worker, self.make_tables)
        return self.databases[dialect]

    def make_tables(self, url: str) -> None:
        """Run the migrations as an installation does, without their log lines."""
        app = plain_app(settings_for(TestDatabase(url.partition(":")[0], url), self.folder))
        disabled = logging.root.manager.disable
        logging.disable(logging.INFO)
        try:
            migrate_to_newest(app)
        finally:
            logging.disable(disabled)
            close_connections(app)

    def app(self, kind: str, database: TestDatabase, make: Callable[[Settings], Flask]) -> Flask:
        key = (kind, database.dialect)
        if key not in self.apps:
            self.apps[key] = make(settings_for(database, self.folder))
        return self.apps[key]

    def clean(self, dialect: str) -> TestDatabase:
        """The database of this kind as the migrations left it."""
        database = self.database(dialect)
        if database.clean():
            self.close_connections_to(database)  # ours were cut too
        return database

    def leave(self, database: TestDatabase) -> None:
        """Give back what a test holds of this database.

        Connections to the server stay open for the next test, as those of a running program do: a new one costs 10 ms
        and learns every table and every statement anew. A file is another file for the next test.
        """
        if database.dialect == "sqlite":
            self.close_connections_to(database)
            return
        for app in self.apps_on(database):
            with app.app_context():
                db.session.remove()
                if db.engine.pool.checkedin():
                    with db.engine.connect() as connection:
                        awake = connection.scalar(text("SHOW session_replication_role")) == "origin"
                    assert awake, "a test put the triggers of a connection to sleep that others use after it"

    def apps_on(self, database: TestDatabase) -> list[Flask]:
        return [app for (_kind, dialect), app in self.apps.items() if dialect == database.dialect]

    def close_connections_to(self, database: TestDatabase) -> None:
        for app in self.apps_on(database):
            close_connections(app)

    def close(self) -> None:
        for database in self.databases.values():
            self.close_connections_to(database)
            database.drop()


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Stage]:
    """The databases and apps of this worker; dropped at its end, whatever the tests did."""
    worker = getattr(request.config, "workerinput", {}).get("workerid", "main")
    made = Stage(tmp_path_factory.mktemp("stage"), worker)
    yield made
    made.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, stage: Stage) -> Iterator[TestDatabase]:
    """A migrated, clean database; the test runs once on each kind."""
    if request.param == "postgresql":
        POSTGRESQL.require()
    clean = stage.clean(request.param)
    yield clean
    stage.leave(clean)


@pytest.fixture
def settings(database: TestDatabase, stage: Stage) -> Settings:
    """The settings of the app under test."""
    return settings_for(database, stage.folder)


def whole_app(settings: Settings) -> Flask:
    """The program as it is started, with pages."""
    from app import create_app

    app = create_app(settings)
    with app.app_context():
        never_wait_for_the_disk(db.engine)
    app.test_client_class = SeparateClient
    app.testing = True  # errors reach the test instead of an error page; switch off to see the page
    return app


@pytest.fixture
def keep_app(database: TestDatabase, stage: Stage) -> Callable[..., Flask]:
    """The program with these settings, made once for a worker: use `make_app` to change it. Making one takes seconds."""
    from views.identity import bind_services  # not before a test asks for pages: services are tested without them

    def keep(**environ: str) -> Flask:
        kind = " ".join(["whole", *(f"{name}={value}" for name, value in sorted(environ.items()))])
        found = stage.app(kind, database, lambda _settings: whole_app(settings_for(database, stage.folder, **environ)))
        # Another test may have made a program with other settings in this process since.
        bind_services(found.extensions["settings"])
        return found

    return keep


@pytest.fixture
def app(keep_app: Callable[..., Flask]) -> Flask:
    """The whole program on a clean database, with the settings of every test."""
    return keep_app()


@pytest.fixture
def make_app(database: TestDatabase, stage: Stage) -> Iterator[Callable[..., Flask]]:
    """Make a program of one's own on the test's database: `make_app(BEHIND_PROXY="true")`."""
    made: list[Flask] = []

    def make(**environ: str) -> Flask:
        made.append(whole_app(settings_for(database, stage.folder, **environ)))
        return made[-1]

    yield make
    for app in made:
        close_connections(app)


@pytest.fixture
def client(app: Flask) -> Any:
    """A browser without a session. See SeparateClient for what its requests see of the test's rows."""
    return app.test_client()


@pytest.fixture
def session(request: pytest.FixtureRequest, database: TestDatabase, stage: Stage) -> Iterator[scoped_session[Session]]:
    """The session that models and services use, in the context of the app (of a plain one when no test asks for pages)."""
    whole = {"app", "client"} & set(request.fixturenames)
    app = request.getfixturevalue("app") if whole else stage.app("plain", database, plain_app)
    if not whole:
        mail_texts.bind(brand_name="Foyer", base_url="")  # a whole program of another test may have bound its own words
    with app.app_context():
        yield db.session
        db.session.rollback()
