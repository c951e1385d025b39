"""A person's own settings: one module a section, all in the frame of frame.py."""

from __future__ import annotations

from flask import Blueprint


def own_settings_blueprint() -> Blueprint:
    """The pages of all sections. Importing a section's module puts its pages onto the one blueprint."""
    from views.own_settings import frame, profile, security, sign_in_methods  # noqa: F401  the sections register themselves

    return frame.blueprint
