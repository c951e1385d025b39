"""The one door: every page of a realm, generated or written by hand, is entered here and nowhere else."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, ClassVar

from flask import Blueprint, abort, g
from flask.typing import ResponseReturnValue
from flask_admin import BaseView
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from panel import scope
from panel.hooks import Hooks
from panel.realm import Realm, Visit, current_visit
from panel.scope import Scope

_VARIABLE = re.compile(r"<(?:[^:<>]+:)?([^<>]+)>")


class RealmView(BaseView):
    """A view behind the door. ``verbs`` names its methods; one that is not named is answered with 404."""

    verbs: ClassVar[dict[str, str]] = {}

    def __init__(self, realm: Realm, hooks: Hooks, **options: Any) -> None:
        self.realm = realm
        self.hooks = hooks
        super().__init__(**options)

    def _handle_view(self, name: str, **values: Any) -> ResponseReturnValue | None:
        """Enter the realm, then ask whether this visit may go on. Flask-Admin calls it before every method."""
        entered = self.realm.enter(g.get("panel_url_values") or {})
        if isinstance(entered, Response):
            return entered
        if name not in self.verbs:
            abort(404)
        g.panel_visit = entered
        scope.enter(self.scope_of(entered))
        self.admit(entered, name, values)
        return None

    def _run_view(self, method: Callable[..., Any], *args: Any, **values: Any) -> Any:
        """Run the method. (Flask-Admin's own would take a TypeError inside for a wrong signature.)"""
        return method(self, *args, **values)

    def scope_of(self, visit: Visit) -> Scope | None:
        """Whose rows the session shows during this request."""
        if not self.realm.scoped:
            return None
        return Scope(self.hooks.owned, self.hooks.owner_column, visit.owner_id)

    def admit(self, visit: Visit, method: str, values: dict[str, Any]) -> None:
        """Let the visit pass, or abort."""
        grant = self.verbs[method]
        if not self.realm.knows(grant):
            abort(404)
        if not visit.allows(grant):
            abort(403)

    @property
    def visit(self) -> Visit:
        found = current_visit()
        if found is None:
            raise RuntimeError("there is no visit outside of a request to a realm")
        return found

    @property
    def session(self) -> Session:
        return self.hooks.session()

    def create_blueprint(self, admin: Any) -> Blueprint:
        blueprint: Blueprint = super().create_blueprint(admin)
        take_realm_values(blueprint, self.realm.prefix)
        return blueprint


class RealmPage(RealmView):
    """A page of the house's own inside a realm. ``verbs`` maps each exposed method to the grant it needs.

    ``slug`` is its address below the realm's; empty for the realm's own page.
    """

    slug: ClassVar[str] = ""
    title: ClassVar[str] = ""

    def __init__(self, realm: Realm, hooks: Hooks) -> None:
        endpoint = f"{realm.name}_{self.slug.replace('-', '_')}" if self.slug else realm.name
        url = f"{realm.prefix}/{self.slug}" if self.slug else realm.prefix
        super().__init__(realm, hooks, name=self.title or realm.label, endpoint=endpoint, url=url)


def take_realm_values(blueprint: Blueprint, prefix: str) -> None:
    """Keep the values of the realm's prefix out of the views' arguments, and put them into the addresses they make."""
    names = _VARIABLE.findall(prefix)

    @blueprint.url_value_preprocessor
    def take(_endpoint: str | None, values: dict[str, Any] | None) -> None:
        g.panel_url_values = {name: values.pop(name) for name in names if values and name in values}

    @blueprint.url_defaults
    def give(_endpoint: str, values: dict[str, Any]) -> None:
        for name, value in (g.get("panel_url_values") or {}).items():
            values.setdefault(name, value)
