"""For whom passkeys are: the host of BASE_URL, by the settings."""

from __future__ import annotations

from flask import current_app

from config import Settings
from domain.passkeys import RelyingParty, party_at


def relying_party() -> RelyingParty:
    """Who asks for a passkey."""
    settings: Settings = current_app.extensions["settings"]
    return party_at(settings.base_url, settings.brand_name)
