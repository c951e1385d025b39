"""A person's own settings: one module a section, all in the frame of frame.py."""

from __future__ import annotations

from flask import Blueprint


def own_settings_blueprint() -> Blueprint:
    """The pages of all sections. Importing a section's module puts its pages onto the one blueprint."""
    # The sections register themselves.
    from views.own_settings import frame  # isort: skip
    from views.own_settings import (  # noqa: F401
        networks,
        notifications,
        passkeys,
        phone,
        policies,
        profile,
        security,
        sessions,
        sign_in_methods,
        telegram,
        two_step,
        your_data,
    )

    return frame.blueprint
