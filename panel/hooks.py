"""What the generator is handed: it knows no record, session or rule of the house it stands in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session, scoped_session

from panel.pages import TimelineEntry
from panel.realm import Visit


@dataclass(frozen=True, slots=True)
class SavedList:
    """A list under a name: the part of its address after "?", and whether others see it too."""

    key: str
    name: str
    query: str
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """How a visitor wants a list to stand when its address does not say, and their saved lists.

    Without columns it has the usual ones.
    """

    columns: Sequence[str] = ()
    dense: bool = False
    saved: Sequence[SavedList] = ()
    default: SavedList | None = None  # what a visit without a word about rows opens
    url: str = ""  # where it is chosen; empty: nowhere
    counts_url: str = ""  # where the numbers of rows of the saved lists are asked for


class CreateRecord(Protocol):
    def __call__(self, model: type[Any], values: dict[str, Any], *, actor: Any, now: dt.datetime) -> Any: ...


class EditRecord(Protocol):
    def __call__(self, row: Any, changes: dict[str, Any], *, actor: Any, now: dt.datetime) -> Any: ...


class DeleteRecord(Protocol):
    def __call__(self, row: Any, *, actor: Any, now: dt.datetime) -> Any: ...


class Audit(Protocol):
    """Called inside a unit of work. The only event today is "export", with slug, format and filters."""

    def __call__(self, visit: Visit, event: str, details: Mapping[str, Any], *, now: dt.datetime) -> None: ...


def _no_timeline(visit: Visit, row: Any) -> Sequence[TimelineEntry]:
    return ()


def _no_tone(value: Any) -> str:
    return ""


def _two_digits(currency: str) -> int:
    return 2


def _no_currency(visit: Visit) -> str:
    return ""


def _proved_enough(visit: Visit) -> None:
    return None


def _no_layout(visit: Visit, slug: str) -> Layout:
    return Layout()


def _plain_money(minor: int, currency: str, locale: str) -> str:
    sign, minor = ("-" if minor < 0 else ""), abs(minor)
    return f"{sign}{minor // 100}.{minor % 100:02d} {currency}"


@dataclass(frozen=True, kw_only=True, eq=False)
class Hooks:
    """Everything that belongs to the house and not to the generator.

    ``owned`` is the mixin of rows that belong to one owner, ``owner_column`` its column. ``tone`` gives the badge of a
    choice value ("success", "danger", … or "" for none). ``exponent`` tells the minor digits of a currency, and
    ``lists`` are those that
    columns of the kinds ``listed:…`` and ``code:…`` choose from: name -> (visit -> code -> words).
    ``currencies`` those in use; ``currency`` is the one of a visit, for amounts whose row does not say. ``prove`` is
    called before a sensitive page is shown, and raises where the visitor must first prove who they are. ``layout``
    tells how a visit wants the list of a slug to stand.
    """

    session: scoped_session[Session]
    engine: Callable[[], Engine]
    unit_of_work: Callable[[], AbstractContextManager[Any]]
    owned: type[Any]
    refusals: type[Exception]
    now: Callable[[], dt.datetime]
    create: CreateRecord
    edit: EditRecord
    delete: DeleteRecord
    audit: Audit
    grants: frozenset[str]
    owner_column: str = "account_id"
    timeline: Callable[[Visit, Any], Sequence[TimelineEntry]] = _no_timeline
    format_money: Callable[[int, str, str], str] = _plain_money
    exponent: Callable[[str], int] = _two_digits
    currencies: Sequence[str] = field(default=())
    currency: Callable[[Visit], str] = _no_currency
    prove: Callable[[Visit], None] = _proved_enough
    tone: Callable[[Any], str] = _no_tone
    layout: Callable[[Visit, str], Layout] = _no_layout
    lists: Mapping[str, Callable[[Visit], Mapping[str, str]]] = field(default_factory=dict)
