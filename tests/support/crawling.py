"""A walk over everything that somebody can click to: each page once for each kind of address."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from tests.support.matrix_world import Visitor, World
from tests.support.pages import page_of

_CHOICES = ("action", "slug", "field")
"""Parts of an address that say what is done, and not to which row."""
_FILES = ("static", "attachments", "avatars", "downloads", "export", "count", "/pdf", "papers", "emblem")


def pages_from(world: World, visitor: Visitor, start: str, *, each: int = 1) -> Iterator[tuple[str, str, Any]]:
    """The address, its endpoint and the answer of every page of HTML that links lead to from ``start``."""
    adapter = world.app.url_map.bind("localhost")
    waiting, met = [start], {start}
    kinds: Counter[tuple[Any, ...]] = Counter()
    while waiting:
        address = waiting.pop(0)
        with visitor.get(address) as answer:
            if answer.mimetype != "text/html" or answer.status_code != 200:
                continue
            page = page_of(answer)
            endpoint = str(adapter.match(urlsplit(address).path, method="GET")[0])
            yield address, endpoint, answer
        for _label, link in page.links:
            parts = urlsplit(link)
            target = parts.path
            if parts.netloc or parts.scheme or not target or target in met or any(each_ in target for each_ in _FILES):
                continue
            met.add(target)
            try:
                found, values = adapter.match(target, method="GET")
            except (HTTPException, RequestRedirect):
                continue
            kind = (found, *(values[name] for name in _CHOICES if name in values))
            if kinds[kind] < each:
                kinds[kind] += 1
                waiting.append(target)
