"""The icons we use, cut at start-up out of the installed Bootstrap-Flask's sprite: 35 kB instead of 1.1 MB."""

from __future__ import annotations

import hashlib
import re
from importlib.resources import files

from flask import Blueprint, Flask, Response, abort

from views.access import public

# Everything a template or a navigation group may name. A name the sprite does not hold stops the start.
ICONS = (
    "arrow-left-right",
    "arrow-right",
    "bell",
    "box-seam",
    "boxes",
    "building",
    "buildings",
    "calendar-event",
    "calendar-range",
    "cart",
    "cash-coin",
    "chat-dots",
    "chat-left-text",
    "check-circle",
    "check-lg",
    "chevron-bar-left",
    "chevron-bar-right",
    "chevron-down",
    "chevron-expand",
    "chevron-left",
    "chevron-right",
    "chevron-up",
    "circle-half",
    "clipboard",
    "clock-history",
    "cloud-download",
    "cpu",
    "credit-card",
    "download",
    "eye",
    "envelope",
    "exclamation-circle",
    "exclamation-triangle",
    "file-earmark-minus",
    "file-earmark-text",
    "fingerprint",
    "folder",
    "funnel",
    "gear",
    "geo",
    "globe",
    "hourglass-split",
    "house",
    "inbox",
    "info-circle",
    "journal-check",
    "journal-text",
    "key",
    "laptop",
    "life-preserver",
    "lightning",
    "link-45deg",
    "list",
    "lock",
    "megaphone",
    "moon-stars",
    "newspaper",
    "pencil",
    "people",
    "percent",
    "person",
    "phone",
    "person-badge",
    "person-lock",
    "piggy-bank",
    "plus-lg",
    "printer",
    "question-circle",
    "receipt",
    "repeat",
    "search",
    "shield-check",
    "shield-lock",
    "shop",
    "sliders",
    "speedometer2",
    "star",
    "sun",
    "tag",
    "tags",
    "telegram",
    "three-dots",
    "three-dots-vertical",
    "wallet2",
    "x-lg",
)

SYMBOL = re.compile(
    r'<symbol class="[^"]*" viewBox="(?P<box>[^"]*)" id="(?P<name>[^"]+)">(?P<body>.*?)</symbol>',
    re.DOTALL,
)


def cut_sprite(names: tuple[str, ...]) -> str:
    """Return an SVG sprite of just these icons. A name that Bootstrap Icons does not have raises LookupError."""
    whole = (files("flask_bootstrap") / "static/bootstrap5/icons/bootstrap-icons.svg").read_text("utf-8")
    found = {match["name"]: match for match in SYMBOL.finditer(whole)}
    missing = sorted(set(names) - set(found))
    if missing:
        raise LookupError(f"Bootstrap Icons has no {', '.join(missing)}")
    symbols = (
        f'<symbol id="{name}" viewBox="{found[name]["box"]}" fill="currentColor">{found[name]["body"]}</symbol>'
        for name in names
    )
    return f'<svg xmlns="http://www.w3.org/2000/svg">{"".join(symbols)}</svg>'


def install_icons(app: Flask) -> None:
    """Serve the sprite under an address that names its content, and give templates that address as ``icon_sprite``."""
    sprite = cut_sprite(ICONS)
    digest = hashlib.sha256(sprite.encode()).hexdigest()[:12]
    icons = Blueprint("icons", __name__)

    @icons.get("/icons/<version>.svg", endpoint="sprite")
    @public
    def serve_sprite(version: str) -> Response:
        """Answer the sprite of this start; an older address is gone, so that nothing wrong is ever cached."""
        if version != digest:
            abort(404)
        answer = Response(sprite, mimetype="image/svg+xml")
        answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return answer

    app.register_blueprint(icons)
    app.jinja_env.globals["icon_sprite"] = f"/icons/{digest}.svg"
