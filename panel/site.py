"""A site: the resources and pages of one realm, mounted on the app."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Flask
from flask_admin import Admin
from flask_admin.menu import MenuView
from flask_admin.theme import Theme

from panel import scope
from panel.checks import check
from panel.door import RealmPage, RealmView
from panel.hooks import Hooks
from panel.mounted import Mounted
from panel.realm import Realm
from panel.resource import Resource
from panel.view import ResourceView

_GUARDED = "panel_guarded"


@dataclass(frozen=True, slots=True)
class Route:
    """One address of a realm, for those who walk them all: tests, the permission table, the app's own guard.

    ``grant`` is empty where it depends on the last part of the address (actions and lookups).
    """

    endpoint: str
    rule: str
    verb: str
    grant: str
    slug: str


class Site(Admin):
    """One realm with its resources. ``index`` is the realm's own page; ``pages`` are others written by hand."""

    def __init__(
        self,
        realm: Realm,
        hooks: Hooks,
        resources: Iterable[type[Resource]],
        *,
        index: type[RealmPage],
        pages: Sequence[type[RealmPage]] = (),
    ) -> None:
        self.realm, self.hooks = realm, hooks
        described = list(resources)
        everywhere: dict[type[Any], type[Resource]] = {}
        here: dict[type[Any], Mounted] = {}
        self.mounted: dict[str, Mounted] = {}
        for resource in described:
            everywhere.setdefault(resource.model, resource)
            if realm.name in resource.realms:
                mounted = Mounted(resource, realm, hooks, here, everywhere)
                self.mounted[resource.slug] = mounted
                here.setdefault(resource.model, mounted)
        super().__init__(
            name=realm.label,
            endpoint=realm.name,
            url=realm.prefix,
            index_view=index(realm, hooks),
            theme=Theme(folder="none-of-flask-admin", base_template=realm.layout),
        )
        for page in pages:
            self.add_view(page(realm, hooks))
        for mounted in self.mounted.values():
            check(mounted)
            self.add_view(ResourceView(mounted))

    def init_app(self, app: Flask, *args: Any, **options: Any) -> None:
        """Mount every view, and set the second lock on the session."""
        super().init_app(app, *args, **options)
        if self.hooks.session not in app.extensions.setdefault(_GUARDED, []):
            app.extensions[_GUARDED].append(self.hooks.session)
            scope.install_guard(self.hooks.session)
        app.teardown_request(_leave)

    def routes(self) -> Iterator[Route]:
        """Every address of this realm, with what it needs."""
        for view in self._views:
            if not isinstance(view, RealmView):
                continue
            for part, method, _methods in view._urls:
                verb = view.verbs.get(method, "")
                if isinstance(view, ResourceView):
                    dynamic = verb in ("action", "bulk", "lookup")
                    grant = "" if dynamic else view.mounted.grant(verb)
                    slug = view.mounted.slug
                else:
                    grant, slug = verb, getattr(view, "slug", "")
                yield Route(f"{view.endpoint}.{method}", f"{view.url}{part}", verb, grant, slug)

    def _add_view_to_menu(self, view: Any) -> None:
        # Flask-Admin keeps the first address a menu entry makes; ours hold the owner.
        self.add_menu_item(MenuView(view.name, view, cache=False), view.category)


def _leave(_error: BaseException | None) -> None:
    scope.leave()
