"""The icons we use, cut out of the installed Bootstrap-Flask's sprite: 35 kB instead of 1.1 MB."""

from __future__ import annotations

import re
from importlib.resources import files

# Everything a template or a navigation group may name. A test refuses a name that nothing names.
ICONS = (
    "arrow-left-right",
    "arrow-right",
    "bell",
    "box-seam",
    "boxes",
    "building",
    "buildings",
    "calendar-range",
    "cart",
    "cash-coin",
    "chat-dots",
    "chat-left-text",
    "check-circle",
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
    "credit-card",
    "download",
    "eye",
    "envelope",
    "exclamation-circle",
    "exclamation-triangle",
    "file-earmark-minus",
    "fingerprint",
    "folder",
    "funnel",
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
    "plus-lg",
    "printer",
    "question-circle",
    "receipt",
    "repeat",
    "search",
    "shield-check",
    "shield-lock",
    "sliders",
    "star",
    "sun",
    "tag",
    "tags",
    "telegram",
    "three-dots",
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
