"""How people want their lists to stand: columns and closeness of each, and lists kept under a name (UX 8, 10)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final
from urllib.parse import parse_qsl, urlencode

from sqlalchemy import and_, or_, select
from sqlalchemy.exc import IntegrityError

from domain.actor import Actor
from domain.permissions import P, StaffRole
from domain.refusals import Refusal
from domain.sentences import Sentence
from extensions import db
from models.saved_view import SavedView
from services.records import create_record, delete_record, edit_record

LONGEST_NAME: Final = 80
LONGEST_QUERY: Final = 2000
MOST_VIEWS: Final = 30
"""So many of one list a person keeps; more would be a second list to search in."""
STAFF_REALM: Final = "staff"
_OF_A_PAGE: Final = frozenset({"after", "id"})


class ViewNotNamed(Refusal):
    message = Sentence("Enter a name of at most %(count)s characters.", count=LONGEST_NAME)
    fields: Final = {"name": message}


class ViewExists(Refusal):
    message = "You keep a view of this list under this name already. Remove it first, or enter another name."
    fields: Final = {"name": message}


class TooManyViews(Refusal):
    message = Sentence("You keep %(count)s views of this list already. Remove one first.", count=MOST_VIEWS)


class ViewTooLong(Refusal):
    message = "This list is filtered by too much to be kept. Leave some filters out."


class ViewNotShared(Refusal):
    message = "Only a shared view opens the list of others. Keep it as a shared one first."
    fields: Final = {"opens_for": message}


class DefaultSetMeanwhile(Refusal):
    message = "A colleague has just set another view for them. Reload the page to see it."


class ViewNotShareable(Refusal):
    message = "Only views of the back office are shared."
    fields: Final = {"shared": message}


def views_of_list(person_id: int, realm: str, slug: str) -> list[SavedView]:
    """Those of the person, the one without a name among them, and those that colleagues share; by name."""
    own = and_(SavedView.person_id == person_id, SavedView.realm == realm, SavedView.slug == slug)
    of_list = own
    if realm == STAFF_REALM:
        of_list = or_(own, and_(SavedView.shared, SavedView.slug == slug))
    return list(db.session.scalars(select(SavedView).where(of_list).order_by(SavedView.name, SavedView.id)))


def keep_layout(
    person_id: int, realm: str, slug: str, *, columns: Sequence[str], dense: bool, actor: Actor, now: dt.datetime
) -> None:
    """How the person wants this list to stand from now on. No columns: as usual."""
    found = _named(person_id, realm, slug, "")
    values = {"columns": list(columns), "dense": dense}
    if found is not None:
        edit_record(found, values, actor=actor, now=now)
    elif columns or dense:
        whose = {"person_id": person_id, "realm": realm, "slug": slug, "name": ""}
        create_record(SavedView, {**whose, **values}, actor=actor, now=now)


def keep_view(
    person_id: int, realm: str, slug: str, *, name: str, query: str, shared: bool, actor: Actor, now: dt.datetime
) -> SavedView:
    """Keep a list under a name. ``query`` is the part of its address after "?", without the place of a page in it.

    Refused: ViewNotNamed, ViewExists, TooManyViews, ViewTooLong, ViewNotShareable.
    """
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME:
        raise ViewNotNamed
    if shared and realm != STAFF_REALM:
        raise ViewNotShareable
    kept = urlencode([param for param in parse_qsl(query) if param[0] not in _OF_A_PAGE])
    if len(kept) > LONGEST_QUERY:
        raise ViewTooLong
    if _named(person_id, realm, slug, name) is not None:
        raise ViewExists
    own = select(SavedView.id).where(
        SavedView.person_id == person_id, SavedView.realm == realm, SavedView.slug == slug, SavedView.name != ""
    )
    if len(db.session.scalars(own.limit(MOST_VIEWS)).all()) == MOST_VIEWS:
        raise TooManyViews
    whose = {"person_id": person_id, "realm": realm, "slug": slug, "name": name}
    return create_record(SavedView, {**whose, "query": kept, "shared": shared}, actor=actor, now=now)


def removable_view(key: str, person_id: int, realm: str, slug: str, grants: frozenset[str]) -> SavedView | None:
    """The view of this key, with a name, that this person may remove."""
    found = db.session.scalar(
        select(SavedView).where(
            SavedView.public_id == key, SavedView.realm == realm, SavedView.slug == slug, SavedView.name != ""
        )
    )
    return found if found is not None and may_remove(found, person_id, grants) else None


def may_remove(view: SavedView, person_id: int, grants: frozenset[str]) -> bool:
    """Whether this person may remove a view: their own, or a shared one for who runs the settings."""
    return view.person_id == person_id or (view.shared and P.STAFF_SETTINGS_EDIT in grants)


def default_view(views: Sequence[SavedView], role: StaffRole | None) -> SavedView | None:
    """With which of these a list opens for somebody of the role: its own default, else that of everybody."""
    defaults = {view.default_role: view for view in views if view.is_default}
    return defaults.get(role) or defaults.get(None) if role is not None else None


def open_list_with(view: SavedView, role: StaffRole | None, *, actor: Actor, now: dt.datetime) -> None:
    """Let the list open with this view for a role, or for everybody without a default of their role (None).

    It takes the place of the one before. Refused: ViewNotShared, DefaultSetMeanwhile.
    """
    if not view.shared or not view.name:
        raise ViewNotShared
    before = select(SavedView).where(
        SavedView.slug == view.slug, SavedView.is_default, SavedView.default_role.is_not_distinct_from(role)
    )
    for each in db.session.scalars(before.with_for_update()):
        if each is not view:
            open_list_as_usual(each, actor=actor, now=now)
    try:
        with db.session.begin_nested():
            edit_record(view, {"is_default": True, "default_role": role}, actor=actor, now=now)
    except IntegrityError:
        raise DefaultSetMeanwhile from None


def open_list_as_usual(view: SavedView, *, actor: Actor, now: dt.datetime) -> None:
    """Let the list open with this view for nobody any more."""
    edit_record(view, {"is_default": False, "default_role": None}, actor=actor, now=now)


def remove_view(view: SavedView, *, actor: Actor, now: dt.datetime) -> None:
    """Forget it. Rows are not touched."""
    delete_record(view, actor=actor, now=now)


def _named(person_id: int, realm: str, slug: str, name: str) -> SavedView | None:
    return db.session.scalar(
        select(SavedView).where(
            SavedView.person_id == person_id,
            SavedView.realm == realm,
            SavedView.slug == slug,
            SavedView.name == name,
        )
    )
