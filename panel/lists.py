"""The list of a resource, as ready values for its template."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode

from markupsafe import Markup, escape
from sqlalchemy.orm import Session

from panel.actions import Action
from panel.addresses import address
from panel.filtering import Address
from panel.hooks import Layout
from panel.keyset import LAST_PAGE, Keyset, Slice
from panel.layouts import COLUMNS, shown_columns
from panel.listquery import ALL_ROWS, ListQuery, read_query
from panel.mounted import Mounted
from panel.pages import ActionLink, Chip, Heading, ListPage, Pager, Row, SavedLink
from panel.realm import Visit
from panel.selection import Table, link
from panel.words import gettext, inside


# What leads to a record whose linked column is empty (a member without an e-mail address): a link needs a word.
def _nameless() -> Markup:
    return escape(gettext("(empty)"))


def list_page(
    mounted: Mounted, visit: Visit, session: Session, asked: Address, secret: str | bytes, layout: Layout
) -> ListPage:
    """The page of the list that an address asks for: one statement, or two where empty values begin on it."""
    table = mounted.list_table_of(shown_columns(mounted, layout, asked))
    query = read_query(mounted, visit, session, asked, table)
    query = dataclasses.replace(query, has_default=layout.default is not None)
    keyset = Keyset(
        query.order, visit.page_size or mounted.resource.page_size, secret, f"{mounted.realm.name}:{mounted.slug}"
    )
    rows = table.selection.statement()
    # SQLite gathers what a word finds in either case, and would do so twice.
    walk = query.walk(rows) if session.get_bind().dialect.name == "postgresql" else None
    found = keyset.page(session, query.narrow(rows), asked.get("after", ""), gathered=query.searched, walk=walk)
    actions = mounted.allowed_actions(visit)
    offered = [action for action in actions if action.menu]
    resource = mounted.resource
    creates = mounted.allows(visit, "create")
    kept = [param for param in query.params() if param[0] in ("sort", COLUMNS)]
    return ListPage(
        title=resource.title,
        description=resource.description,
        slug=mounted.slug,
        url=query.url,
        headings=_headings(table, query),
        rows=write_rows(mounted, table, visit, found.rows, offered),
        pager=_pager(query, found, asked.get("after", "")),
        filters=[reading.field for reading in query.readings],
        chips=_chips(query),
        keep=kept,
        clear_url=query.address(kept),
        search=query.search.text,
        search_label=gettext("Search %(records)s", records=inside(resource.title)) if mounted.is_searched else "",
        warnings=query.warnings,
        count_url=_under(query, "count"),
        exports=_exports(mounted, visit, query),
        create_label=gettext("Add %(noun)s", noun=inside(resource.noun_label())) if creates else "",
        create_url=f"{query.url}new" if creates else "",
        bulk_actions=[
            ActionLink(action.slug, action.label, f"{query.url}bulk/{action.slug}", action.danger)
            for action in actions
            if action.bulk
        ],
        has_row_menus=bool(offered) or mounted.allows(visit, "details"),
        empty="" if found.rows else ("no-match" if query.filtered else "none"),
        banners=resource.banners(visit) if resource.banners is not None else (),
        shortcuts=_shortcuts(mounted, visit, query),
        saved=_saved(layout, query),
        dense=layout.dense,
        layout_url=f"{layout.url}?{urlencode({'query': urlencode(query.params())})}" if layout.url else "",
        saved_counts_url=layout.counts_url,
        query=urlencode(query.params()),
    )


def opens_with(mounted: Mounted, visit: Visit, layout: Layout, asked: Address) -> str:
    """Where a visit without a word about rows is taken to: the saved list that is the default, if there is one."""
    if layout.default is None or asked:
        return ""
    return f"{mounted.url(visit)}?{layout.default.query or urlencode([ALL_ROWS])}"


def _shortcuts(mounted: Mounted, visit: Visit, query: ListQuery) -> list[tuple[str, str, bool]]:
    """Lists that are asked for all day, each with its address and whether it is the one shown."""
    declared = mounted.resource.shortcuts(visit) if mounted.resource.shortcuts is not None else ()
    here = sorted(query.params())
    return [(label, query.address(params), sorted(params) == here) for label, params in declared]


def _saved(layout: Layout, query: ListQuery) -> list[SavedLink]:
    """The lists somebody keeps under a name, each with its address and whether it is the one shown."""
    here = sorted(query.params())
    whole = [SavedLink("", gettext("All"), query.address([]), not here)] if layout.default is not None else []
    return whole + [
        SavedLink(each.key, each.name, query.address(params), sorted(params) == here, each.shared)
        for each in layout.saved
        for params in [parse_qsl(each.query)]
    ]


def write_rows(
    mounted: Mounted, table: Table, visit: Visit, rows: Sequence[Any], actions: Sequence[Action]
) -> list[Row]:
    """Each row formatted once, in one loop over ready functions."""
    base = mounted.url(visit)
    writers = table.writers(visit, mounted.hooks, short=True)
    key_at, label_at = mounted.key_at[1:]
    opens = mounted.allows(visit, "details")
    links = _action_links(table, actions)
    link_at = [number for number, cell in enumerate(table.cells) if cell.column.link] if opens else []
    for number in link_at:  # it opens the row, not the record it names: a link in a link is none at all
        writers[number] = table.cells[number].unlinked().writer(visit, mounted.hooks, short=True)
    nameless = _nameless()
    written = []
    for row in rows:
        key, label = str(row[key_at]), row[label_at]
        url = base + address(key)
        cells = [write(row) for write in writers]
        for number in link_at:
            cells[number] = link(url, cells[number] or nameless)
        shown = str(label) if label else key
        written.append(Row(key, shown, url if opens else "", cells, links(row, url) if actions else ()))
    return written


def _action_links(table: Table, actions: Sequence[Action]) -> Callable[[Any, str], list[ActionLink]]:
    prepared = [
        (action.slug, action.label, f"/{action.slug}", action.danger, table.conditions.get(action.slug, -1))
        for action in actions
    ]

    def links(row: Any, url: str) -> list[ActionLink]:
        return [
            ActionLink(name, label, url + part, danger)
            for name, label, part, danger, condition_at in prepared
            if condition_at < 0 or row[condition_at]
        ]

    return links


def _headings(table: Table, query: ListQuery) -> list[Heading]:
    kept, order = query.params(sort=False), query.order
    found = []
    for cell in table.cells:
        heading = cell.heading()
        if cell.column.sort:
            sorted_by = order.name == cell.column.name
            turned = ("" if order.descending else "-") if sorted_by else ""
            heading = dataclasses.replace(
                heading,
                sort_url=query.address([*kept, ("sort", turned + cell.column.name)]),
                sorted=("descending" if order.descending else "ascending") if sorted_by else "",
            )
        found.append(heading)
    return found


def _pager(query: ListQuery, found: Slice, cursor: str) -> Pager:
    kept = query.params()

    def at(cursor: str) -> str:
        return query.address([*kept, ("after", cursor)]) if cursor else ""

    return Pager(
        first=query.address(kept) if found.previous else "",
        previous=at(found.previous),
        next=at(found.next),
        last=at(LAST_PAGE) if found.next else "",
    )


def _chips(query: ListQuery) -> list[Chip]:
    found = [
        Chip(reading.field.label, reading.shown, query.address(query.params(without=reading)))
        for reading in query.readings
        if reading.predicate is not None
    ]
    if query.search.words:
        found.append(
            Chip(gettext("Search"), " ".join(map(str, query.search.words)), query.address(query.params(search=False)))
        )
    return found


def _exports(mounted: Mounted, visit: Visit, query: ListQuery) -> list[tuple[str, str]]:
    """The files of the rows chosen: this list's own, and those of other lists that belong to them."""
    found = []
    if mounted.allows(visit, "export"):
        found += [("CSV", _under(query, "export.csv")), ("XLSX", _under(query, "export.xlsx"))]
    for further in mounted.resource.further_exports:
        other = mounted.named(further.slug)
        if other is not None and other.allows(visit, "export"):
            own = [param for param in query.params(sort=False) if param[0] != COLUMNS]
            chosen = urlencode([*own, *further.params.items()])
            found.append((further.label, f"{other.url(visit)}export.csv{'?' if chosen else ''}{chosen}"))
    return found


def _under(query: ListQuery, part: str) -> str:
    whole = query.address(query.params())
    return query.url + part + whole.removeprefix(query.url)
