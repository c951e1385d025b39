"""How a record is described: once, for both realms, without a word of HTML or HTTP."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from sqlalchemy import true

from panel.actions import Action
from panel.filters import Filter
from panel.pages import Banner, Facts
from panel.realm import BOTH, Visit
from panel.search import OwnSearch

Realms = frozenset[str] | set[str]
PerRealm = str | Mapping[str, str]
FormColumns = tuple[str, ...] | type[Any]

READING = ("list", "details", "export")
WRITING = ("create", "edit", "delete")
VERBS = frozenset(READING + WRITING)


def reading(grant: PerRealm) -> dict[str, PerRealm]:
    """The grants of a record that is read by one right: list, details and export."""
    return dict.fromkeys(READING, grant)


@dataclass(frozen=True)
class Column:
    """One value of a record: a column, a hybrid property, or one reached over references ("account.name").

    ``link`` opens the record, ``sort`` needs the index of ``list_indexes``, ``kind`` overrides the kind that the mapped
    column tells.
    """

    name: str
    label: str = ""
    link: bool = False
    sort: bool = False
    realms: Realms = BOTH
    list: bool = True
    details: bool = True
    export: bool = True
    kind: str = ""


@dataclass(frozen=True)
class Related:
    """The rows a relationship leads to, in a tab of the record. ``order`` is a column of theirs ("-" for descending).

    Shown to those who may list the related records, where these have a Resource in the realm; ``grant`` asks for more.
    """

    name: str
    columns: tuple[str | Column, ...]
    label: str = ""
    order: str = ""
    grant: str = ""
    realms: Realms = BOTH


@dataclass(frozen=True)
class FurtherExport:
    """A CSV of another list that a list offers beside its own: of what belongs to exactly the rows chosen here.

    ``slug`` is the other Resource; whatever this list is filtered and searched by, it must know by the same name in
    addresses. ``params`` choose among its rows besides.
    """

    label: str
    slug: str
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Section:
    """Fields of a form that belong together, under a title. Those that no section names stand above them all."""

    title: str
    names: tuple[str, ...]
    help: str = ""


@dataclass(frozen=True)
class Reference:
    """How rows of another table are chosen, where its own Resource does not tell.

    ``label`` names a row, ``key`` stands in addresses and forms, ``search`` are the columns looked through, and
    ``where`` gets the Visit and answers with the predicate of the rows it may choose from. ``order`` and ``note`` are
    for where all choices stand on a page (``first``): the column they are sorted by, and that of the line below each.
    """

    label: str = ""
    key: str = ""
    search: tuple[str, ...] = ()
    where: Callable[[Any], Any] | None = None
    order: str = ""
    note: str = ""


def everyone(owner_id: int) -> Any:
    """The scope of records that belong to nobody and may be seen by all: ``scope = everyone``."""
    return true()


class Resource:
    """A record, described once. See docs/adding-a-record.md.

    Names that need a word more:

    - ``key``: the column whose value stands in addresses. ``label``: the column that names a record to people; default
      the column with ``link``, else the key.
    - ``grants``: verb -> grant (or {realm: grant}). An absent verb does not exist: 404.
    - ``form``: "create"/"edit" -> names of columns and references, or a FlaskForm, or {realm: either}.
      A value of another record ("person.email") may be asked for when a service in ``saves`` knows what to do with it.
    - ``form_extras``: "create"/"edit" -> FlaskForm whose fields are asked besides; the service gets them by name.
      With ``first`` it may be a function: (visit, row chosen first) -> FlaskForm.
      ``extra_values``: name of such a field -> what a row holds of it, to be shown in the edit form.
    - ``first``: "create" -> a reference of its form that is chosen first, on a page of its own, because what else is
      asked hangs on it.
    - ``saves``: "create", "edit", "delete" -> the service; default is the generic one of the hooks.
    - ``scope``: owner id -> predicate. Rows of the owned mixin are narrowed to their owner without it; a scope narrows
      them further. Records that belong to nobody must say one (``everyone``) to be shown in a scoped realm.
    - ``owners``: owner id -> SELECT of the owner ids whose rows are shown, where these are others than the one (a
      reseller's customers). Both locks take it instead, in the routes of this resource only.
    - ``search``: the columns looked through, in the list and where the record is looked up. ``search_by``: the list's
      search, where it is another one (``OwnSearch``).
    - ``narrow``: visit -> predicate of the rows of this record it may see, or None for all of its realm: an agent's
      departments. It holds in lists, details, forms, acts, exports, counts, lookups and related rows; pages written by
      hand must ask for it themselves.
    - ``withheld``: (visit, row) -> names of columns that the page and the edit form of this row leave out.
    - ``opened``: (visit, row) -> None, called when a record's page was opened: a notice is read by it.
    - ``references``: relation -> Reference. ``load``: relations that actions and saves need loaded on the row.
    - ``sensitive``: verbs whose page wants a recent proof of who the visitor is, as a sensitive ``Action`` does.
    - ``optional``: fields that forms do not insist on although the column does: the service fills them.
      ``required``: those they insist on although the column has a default.
    - ``sections``: how the fields of the forms are grouped; a section of which a form asks nothing is left out.
    - ``view_menu``: offers, on the details page, every list of the realm that can be filtered by this record.
    - ``status``: the choice column shown beside the title of the details page.
    - ``template``: the template of the record's page, where it is one of its own; it extends the house's layouts and
      gets the usual page, whose ``body`` is what ``body`` makes: (visit, row, now) -> anything.
    - ``shortcuts``: visit -> (label, filters) of lists that are asked for all day, shown above the list.
    - ``facts``: (visit, row, now) -> what else is said on the details page. ``banners``: visit -> lines above the list.
    """

    model: ClassVar[type[Any]]
    slug: ClassVar[str]
    title: ClassVar[str]
    noun: ClassVar[str] = ""
    description: ClassVar[str] = ""
    group: ClassVar[str] = ""
    icon: ClassVar[str] = ""
    key: ClassVar[str] = "public_id"
    label: ClassVar[str] = ""
    status: ClassVar[str] = "status"
    realms: ClassVar[Realms] = BOTH
    columns: ClassVar[tuple[Column, ...]] = ()
    filters: ClassVar[tuple[Filter, ...]] = ()
    search: ClassVar[tuple[str, ...]] = ()
    search_by: ClassVar[OwnSearch | None] = None
    default_sort: ClassVar[str] = ""
    page_size: ClassVar[int] = 50
    form: ClassVar[Mapping[str, FormColumns | Mapping[str, FormColumns]]] = {}
    form_extras: ClassVar[Mapping[str, type[Any] | Callable[[Visit, Any], type[Any]]]] = {}
    first: ClassVar[Mapping[str, str]] = {}
    extra_values: ClassVar[Mapping[str, Callable[[Any], Any]]] = {}
    labels: ClassVar[Mapping[str, str]] = {}
    help: ClassVar[Mapping[str, str]] = {}
    saves: ClassVar[Mapping[str, Callable[..., Any]]] = {}
    grants: ClassVar[Mapping[str, PerRealm]] = {}
    sensitive: ClassVar[frozenset[str]] = frozenset()
    actions: ClassVar[tuple[Action, ...]] = ()
    related: ClassVar[tuple[Related, ...]] = ()
    further_exports: ClassVar[tuple[FurtherExport, ...]] = ()
    references: ClassVar[Mapping[str, Reference]] = {}
    load: ClassVar[tuple[str, ...]] = ()
    optional: ClassVar[frozenset[str]] = frozenset()
    required: ClassVar[frozenset[str]] = frozenset()
    sections: ClassVar[tuple[Section, ...]] = ()
    view_menu: ClassVar[bool] = False
    facts: ClassVar[Callable[[Visit, Any, dt.datetime], Sequence[Facts]] | None] = None
    template: ClassVar[str] = "panel/details.html"
    body: ClassVar[Callable[[Visit, Any, dt.datetime], Any] | None] = None
    shortcuts: ClassVar[Callable[[Visit], Sequence[tuple[str, Sequence[tuple[str, str]]]]] | None] = None
    banners: ClassVar[Callable[[Visit], Sequence[Banner]] | None] = None
    scope: ClassVar[Callable[[int], Any] | None] = None
    owners: ClassVar[Callable[[int], Any] | None] = None
    narrow: ClassVar[Callable[[Visit], Any] | None] = None
    withheld: ClassVar[Callable[[Visit, Any], Collection[str]] | None] = None
    opened: ClassVar[Callable[[Visit, Any], None] | None] = None

    @staticmethod
    def is_offered(_visit: Visit) -> bool:
        """Whether the menu shows the list to somebody who may open it."""
        return True

    @classmethod
    def noun_label(cls) -> str:
        """The singular: "License" of "Licenses"."""
        if cls.noun:
            return cls.noun
        return re.sub("ies$", "y", cls.title) if cls.title.endswith("ies") else cls.title.removesuffix("s")

    @classmethod
    def grant(cls, verb: str, realm: str) -> str:
        """The grant a verb needs in a realm; empty when the verb does not exist there."""
        needed = cls.grants.get(verb, "")
        return needed if isinstance(needed, str) else needed.get(realm, "")

    @classmethod
    def form_columns(cls, verb: str, realm: str) -> FormColumns:
        """What the form of "create" or "edit" asks for in a realm."""
        declared = cls.form.get(verb, ())
        if isinstance(declared, Mapping):
            return declared.get(realm, ())
        return declared

    @classmethod
    def label_name(cls) -> str:
        """The column that names a record to people."""
        return cls.label or next((column.name for column in cls.columns if column.link), cls.key)

    @classmethod
    def label_of(cls, name: str) -> str:
        """What a column is called, from the Resource or the name: "expires_on" -> "Expires on"."""
        declared = cls.labels.get(name) or next((c.label for c in cls.columns if c.name == name and c.label), "")
        return declared or words(name)


def words(name: str) -> str:
    """A name as people read it: "account.client_id" -> "Account client ID"."""
    text = name.replace("_", " ").replace(".", " ")
    text = re.sub(r"\bid\b", "ID", text)
    text = re.sub(r"\b(vat|mac|ip|csv|url|api)\b", lambda found: found[0].upper(), text)
    return text[:1].upper() + text[1:]
