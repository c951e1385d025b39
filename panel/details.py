"""The page of one record, with what belongs to it and what happened to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from markupsafe import Markup
from sqlalchemy.orm import Session

from panel.addresses import address
from panel.mounted import Mounted
from panel.pages import ActionLink, DetailsField, DetailsPage, PeekPage
from panel.realm import Visit
from panel.related import related_tables
from panel.rows import read_key
from panel.view_menu import view_groups


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """A record within this visit's rows: its values as selected, and what is written of them."""

    values: Any
    row: Any
    key: str
    title: str
    fields: list[DetailsField]
    url: str


def details_page(mounted: Mounted, visit: Visit, session: Session, key: str, tab: str = "") -> DetailsPage | None:
    """The record's page; None when it is not there for this visit. ``tab``: which of the related lists it shows."""
    found = _find(mounted, visit, session, key)
    if found is None:
        return None
    resource, row = mounted.resource, found.row
    lists = mounted.allows(visit, "list")
    tabs, related = related_tables(mounted, visit, session, row, found.key, tab)
    return DetailsPage(
        title=found.title,
        kind_label=resource.noun_label(),
        key=found.key,
        status=_status(mounted, found.fields),
        fields=found.fields,
        list_url=mounted.url(visit) if lists else "",
        list_label=resource.title,
        edit_url=f"{found.url}/edit" if mounted.allows(visit, "edit") else "",
        actions=_actions(mounted, visit, found.values, found.url),
        related=related,
        tabs=tabs,
        views=view_groups(mounted, visit, found.key),
        facts=resource.facts(visit, row, mounted.hooks.now()) if resource.facts is not None else (),
        timeline=mounted.hooks.timeline(visit, row),
        body=resource.body(visit, row, mounted.hooks.now()) if resource.body is not None else None,
    )


def peek_page(mounted: Mounted, visit: Visit, session: Session, key: str) -> PeekPage | None:
    """A quick look at the record, of one statement; None when it is not there for this visit."""
    found = _find(mounted, visit, session, key)
    if found is None:
        return None
    kind_label = mounted.resource.noun_label()
    return PeekPage(found.title, kind_label, _status(mounted, found.fields), found.fields, found.url)


def _find(mounted: Mounted, visit: Visit, session: Session, key: str) -> _Found | None:
    try:
        value = read_key(mounted, key)
    except (ValueError, TypeError):
        return None
    table = mounted.details_table
    statement = table.selection.statement(mounted.model).where(mounted.key == value, *mounted.own(visit))
    found = session.execute(statement).one_or_none()
    if found is None:
        return None
    row, key, label = found[len(table.selection)], str(found[mounted.key_at[1]]), found[mounted.key_at[2]]
    writers = table.writers(visit, mounted.hooks, short=False)
    withheld = mounted.withheld(visit, row)
    fields = [
        DetailsField(cell.column.name, cell.label, cell.kind.name, write(found))
        for cell, write in zip(table.cells, writers, strict=True)
        if cell.column.name not in withheld
    ]
    title = str(label) if label not in (None, "") else key
    return _Found(found, row, key, title, fields, mounted.url(visit) + address(key))


def _status(mounted: Mounted, fields: list[DetailsField]) -> Markup:
    return next((field.value for field in fields if field.name == mounted.resource.status), Markup(""))


def _actions(mounted: Mounted, visit: Visit, found: Any, url: str) -> list[ActionLink]:
    conditions = mounted.details_conditions
    links = [
        ActionLink(action.slug, action.label, f"{url}/{action.slug}", action.danger, action.leads_to is None)
        for action in mounted.allowed_actions(visit)
        if action.menu and (action.slug not in conditions or found[conditions[action.slug]])
    ]
    if mounted.allows(visit, "delete"):
        links.append(ActionLink("delete", "Delete", f"{url}/delete", danger=True))
    return links
