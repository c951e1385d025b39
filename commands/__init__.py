"""The flask commands: each opens one unit of work, is told the time, and says what it did."""

from __future__ import annotations

from flask import Flask


def register_commands(app: Flask) -> None:
    """Add every command to ``flask --app app``."""
    from commands import check_books, create_staff, demo, import_, permissions, serve

    for module in (check_books, create_staff, demo, import_, permissions, serve):
        app.cli.add_command(module.command)
