"""The flask commands: each opens one unit of work, is told the time, and says what it did."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from flask import Flask


def register_commands(app: Flask) -> None:
    """Add every command to ``flask --app app``: each module here holds one, called ``command``."""
    for module in iter_modules(__path__):
        app.cli.add_command(import_module(f"{__name__}.{module.name}").command)
