"""What the palette offers beside records: the pages of the menu, one's own settings, and what can be added."""

from __future__ import annotations

from typing import Final

from flask import request

from panel import Visit
from panel.words import gettext, inside
from views.locale import said
from views.resources import RESOURCES
from views.shell import navigation

MOST_OFFERED: Final = 6
_OWN_PAGES: Final = (
    ("Your settings", "/settings/"),
    ("Security: passkeys, codes and devices", "/settings/two-step-verification"),
    ("Notifications you get", "/settings/notifications"),
)


def pages_named(visit: Visit, typed: str) -> list[dict[str, str]]:
    """The pages of the menu and of one's own settings whose names hold every word, in the order of the menu."""
    pages = [
        {"title": said(item.label), "note": said(group.label), "url": item.url}
        for group in navigation(visit, request.path)
        for item in group.entries
    ]
    pages += [{"title": said(title), "note": "", "url": url} for title, url in _OWN_PAGES]
    return _holding(pages, typed)


def acts_named(visit: Visit, typed: str) -> list[dict[str, str]]:
    """What this visit may add, likewise."""
    acts = [
        {
            "title": gettext("Add %(noun)s", noun=inside(resource.noun_label())),
            "note": said(resource.title),
            "url": f"{visit.base_url}/{resource.slug}/new",
        }
        for resource in RESOURCES
        if visit.realm.name in resource.realms
        and (grant := resource.grant("create", visit.realm.name))
        and visit.allows(grant)
        and resource.is_offered(visit)
    ]
    return _holding(acts, typed)


def _holding(offers: list[dict[str, str]], typed: str) -> list[dict[str, str]]:
    words = typed.casefold().split()
    return [offer for offer in offers if all(word in offer["title"].casefold() for word in words)][:MOST_OFFERED]
