"""Who is here and by which door: a realm, and one visit of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from flask import g, has_app_context
from werkzeug.wrappers import Response

STAFF: Final = "staff"
PORTAL: Final = "portal"
BOTH: Final = frozenset({STAFF, PORTAL})

EVERYONE: Final = "*"
"""The grant of everybody who came through the door."""


@dataclass(frozen=True, slots=True, eq=False)
class Realm:
    """A door of the house.

    ``prefix`` is its address ("/portal/<client_id>"); ``enter`` gets the prefix's values and answers with a Visit, or
    with a Response (to the sign-in page), or aborts (404 for a stranger). ``layout`` is the template its pages extend.
    ``grants`` are those that somebody here can hold (None: any); a verb that needs another does not exist here.
    ``scoped`` realms show the rows of one owner only.
    """

    name: str
    prefix: str
    label: str
    enter: Callable[[Mapping[str, Any]], Visit | Response]
    layout: str = ""
    grants: frozenset[str] | None = None

    @property
    def scoped(self) -> bool:
        return self.name != STAFF

    def knows(self, grant: str) -> bool:
        """Whether anybody in this realm can ever hold the grant."""
        return self.grants is None or grant == EVERYONE or grant in self.grants


@dataclass(frozen=True, slots=True, eq=False)
class Visit:
    """One request of one person through one realm. ``base_url`` is the realm's prefix with its values filled in.

    ``context`` is for the app's own use in its templates and pages. ``page_size`` is how many rows the person wants on
    a page; None: as many as the resource says.
    """

    realm: Realm
    actor: Any
    grants: frozenset[str]
    owner_id: int | None
    base_url: str
    time_zone: dt.tzinfo = dt.UTC
    locale: str = "en"
    context: Any = None
    page_size: int | None = None

    def allows(self, grant: str) -> bool:
        return grant == EVERYONE or grant in self.grants


def current_visit() -> Visit | None:
    """The visit of the running request, or None outside of any realm."""
    return g.get("panel_visit") if has_app_context() else None
