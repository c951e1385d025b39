"""What the tests found around them: PostgreSQL, RabbitMQ, Redis and Chromium, or the reason why not."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from urllib.parse import urlsplit

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

POSTGRES_URL = os.environ.get("TEST_POSTGRES_URL", "postgresql+psycopg:///postgres")
REDIS_URL = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379")
RABBITMQ_URL = os.environ.get("TEST_RABBITMQ_URL", "amqp://127.0.0.1:5672")


@dataclass(frozen=True)
class Surrounding:
    """One thing that tests can use. ``missing()`` is empty when it is there, otherwise it says what was not found."""

    name: str
    missing: Callable[[], str]

    def require(self) -> None:
        """Skip the test without it, or fail where everything has to be there (CI is set)."""
        reason = self.missing()
        if not reason:
            return
        if os.environ.get("CI"):
            pytest.fail(f"{self.name} was not found ({reason}), and CI tests everything")
        pytest.skip(f"{self.name} was not found: {reason}")


@cache
def _postgresql_missing() -> str:
    engine = create_engine(POSTGRES_URL, poolclass=NullPool, connect_args={"connect_timeout": 5})
    try:
        with engine.connect() as connection:
            # Cleaning up after a test passes over the triggers that keep tables append-only.
            mighty = connection.scalar(text("SELECT rolsuper FROM pg_roles WHERE rolname = current_user"))
    except SQLAlchemyError as error:
        return str(error).splitlines()[0]
    return "" if mighty else "the role of TEST_POSTGRES_URL is no superuser"


@cache
def chromium_path() -> str:
    """Where Chromium is, or an empty text."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome") or ""


def _unreachable(address: str, usual_port: int) -> Callable[[], str]:
    @cache
    def missing() -> str:
        parts = urlsplit(address)
        host, port = parts.hostname or "127.0.0.1", parts.port or usual_port
        try:
            socket.create_connection((host, port), timeout=1).close()
        except OSError:
            return f"nothing answers at {host}:{port}"
        return ""

    return missing


POSTGRESQL = Surrounding("PostgreSQL", _postgresql_missing)
RABBITMQ = Surrounding("RabbitMQ", _unreachable(RABBITMQ_URL, 5672))
REDIS = Surrounding("Redis", _unreachable(REDIS_URL, 6379))
OATHTOOL = Surrounding("oathtool", lambda: "" if shutil.which("oathtool") else "no oathtool on the PATH")
CHROMIUM = Surrounding("Chromium", lambda: "" if chromium_path() else "no chromium on the PATH")
PDFTOTEXT = Surrounding("pdftotext", lambda: "" if shutil.which("pdftotext") else "no pdftotext on the PATH")

ALL = (POSTGRESQL, RABBITMQ, REDIS, CHROMIUM, OATHTOOL, PDFTOTEXT)


def lines_of_what_was_not_found() -> list[str]:
    """One line for each thing that is not here."""
    return [f"not found: {thing.name} ({reason})" for thing in ALL if (reason := thing.missing())]
