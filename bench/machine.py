"""What the figures were measured on: enough to read them, nothing that names the machine."""

from __future__ import annotations

import datetime as dt
import os
import platform
from collections.abc import Sequence
from importlib.metadata import version

from bench.databases import server_version

LIBRARIES = ("Flask", "Flask-Admin", "SQLAlchemy", "psycopg", "Jinja2")


def facts() -> list[str]:
    """One line for each fact."""
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return [
        f"{dt.datetime.now(dt.UTC):%Y-%m-%d}, {os.cpu_count()} cores ({platform.machine()}), {_memory()}",
        f"Python {platform.python_version()}, PostgreSQL {server_version()} with its settings as installed or found",
        libraries,
    ]


def load() -> float:
    """How many processes wanted to run during the last minute: above the number of cores, times are noisy."""
    return os.getloadavg()[0]


def load_line(loads: Sequence[float]) -> str:
    return f"load average while measuring: {min(loads):.1f} to {max(loads):.1f}"


def _memory() -> str:
    return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GB of memory"
