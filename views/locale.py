"""The reader's language, direction and time zone."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from flask import Flask

from views.identity import current_identity

LANGUAGES = {"en": "English"}
DEFAULT_LANGUAGE = "en"


def select_locale() -> str:
    """The language the person chose, as far as we speak it."""
    identity = current_identity()
    language = identity.person.language if identity is not None else ""
    return language if language in LANGUAGES else DEFAULT_LANGUAGE


def select_time_zone() -> str:
    """The name of the person's time zone; UTC for strangers and for a zone this machine does not know."""
    identity = current_identity()
    name = identity.person.time_zone if identity is not None else ""
    return name if name and _zone(name) is not None else "UTC"


def zone_of(name: str | None) -> dt.tzinfo:
    """The time zone of this name, or UTC."""
    return (_zone(name) if name else None) or dt.UTC


def install(app: Flask) -> None:
    """Give every template its language and direction."""

    @app.context_processor
    def language() -> dict[str, str]:
        return {"lang": select_locale(), "direction": "ltr"}


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
