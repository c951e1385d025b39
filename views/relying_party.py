"""For whom passkeys are: the host of BASE_URL, by the settings."""

from __future__ import annotations

from flask import current_app, request

from config import Environment, Settings
from domain.passkeys import RelyingParty, party_at

LOCAL_NAME = "localhost"


def relying_party() -> RelyingParty:
    """Who asks for a passkey. The demo, whose BASE_URL is a number, takes them when it is opened by its local name.

    Browsers make no passkeys for numbers. In production only BASE_URL counts, whatever the Host header says.
    """
    settings: Settings = current_app.extensions["settings"]
    here = request.host.partition(":")[0]
    is_local = settings.environment is not Environment.PRODUCTION and here == LOCAL_NAME
    return party_at(request.host_url.rstrip("/") if is_local else settings.base_url, settings.brand_name)
