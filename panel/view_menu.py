"""The View menu of a record: every list of the realm that can be filtered by it, and that this visit may open."""

from __future__ import annotations

from urllib.parse import urlencode

from panel.filters import Lookup
from panel.mounted import Mounted
from panel.pages import ViewGroup
from panel.paths import relation_of
from panel.realm import Visit


def view_groups(mounted: Mounted, visit: Visit, key: str) -> list[ViewGroup]:
    """The menu's links by the groups of their resources, in the order in which these are mounted."""
    if not mounted.resource.view_menu:
        return []
    groups: dict[str, list[tuple[str, str]]] = {}
    for other in mounted.neighbours():
        if not other.allows(visit, "list"):
            continue
        for declared in _leading_to(other, mounted):
            label = declared.reverse or other.resource.title
            address = f"{other.url(visit)}?{urlencode({declared.address: key})}"
            groups.setdefault(other.resource.group, []).append((label, address))
    return [ViewGroup(label, links) for label, links in groups.items()]


def _leading_to(other: Mounted, mounted: Mounted) -> list[Lookup]:
    """The filters of another list that choose one of these records."""
    return [
        declared
        for declared in other.resource.filters
        if isinstance(declared, Lookup)
        and other.realm.name in declared.realms
        and "." not in declared.name
        and relation_of(other.model, declared.name).mapper.class_ is mounted.model
    ]
