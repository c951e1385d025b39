"""What the panel's templates are given: ready values, no rows, no rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup


@dataclass(frozen=True, slots=True)
class Heading:
    """One list column. ``kind`` (text, number, money, date, moment, choice, boolean, or code for the number by which
    another record is known) decides alignment and wrapping by class."""

    name: str
    label: str
    kind: str
    sort_url: str = ""  # empty: not sortable
    sorted: str = ""  # "ascending", "descending" or empty: the value of aria-sort


@dataclass(frozen=True, slots=True)
class ActionLink:
    """A link to an action's confirmation. ``danger`` marks what cannot be taken back easily; ``asks``: it is a question
    that fits into a dialog, and not a page of its own."""

    name: str
    label: str
    url: str
    danger: bool = False
    asks: bool = True


@dataclass(frozen=True, slots=True)
class Row:
    """One list row. ``cells`` are escaped and hold their links, in the headings' order; ``label`` names the row."""

    key: str
    label: str
    url: str  # the details page, empty when it may not be opened
    cells: Sequence[Markup]
    actions: Sequence[ActionLink] = ()


@dataclass(frozen=True, slots=True)
class FilterOption:
    value: str
    label: str
    selected: bool


@dataclass(frozen=True, slots=True)
class FilterField:
    """One filter of the form. ``kind``: text, choice, lookup, dates, money or boolean.

    ``values`` are what the address holds, as typed: one for text, [from, to] for dates and money.
    """

    name: str
    label: str
    kind: str
    values: Sequence[str] = ()
    options: Sequence[FilterOption] = ()
    lookup_url: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter in force, and the address without it."""

    label: str
    value: str
    remove_url: str


@dataclass(frozen=True, slots=True)
class Pager:
    """Addresses of the neighbouring pages; empty where there is none."""

    first: str = ""
    previous: str = ""
    next: str = ""
    last: str = ""


@dataclass(frozen=True, slots=True)
class SavedLink:
    """A list somebody keeps under a name, and whether it is the one shown."""

    key: str
    name: str
    url: str
    here: bool
    shared: bool = False


@dataclass(frozen=True, slots=True)
class ListPage:
    """A list. ``empty``: "" when there are rows, "none" when there are none yet, "no-match" when filters hide all."""

    title: str
    description: str
    slug: str
    url: str
    headings: Sequence[Heading]
    rows: Sequence[Row]
    pager: Pager
    filters: Sequence[FilterField] = ()
    chips: Sequence[Chip] = ()
    keep: Sequence[tuple[str, str]] = ()  # hidden fields of the filter form (the sort order)
    clear_url: str = ""
    search: str = ""
    search_label: str = ""  # empty: nothing to search
    warnings: Sequence[str] = ()
    count_url: str = ""
    exports: Sequence[tuple[str, str]] = ()  # (label, address)
    create_label: str = ""
    create_url: str = ""
    bulk_actions: Sequence[ActionLink] = ()
    has_row_menus: bool = False
    empty: str = ""
    banners: Sequence[Banner] = ()
    shortcuts: Sequence[tuple[str, str, bool]] = ()  # (label, address, whether it is this list)
    saved: Sequence[SavedLink] = ()
    dense: bool = False
    layout_url: str = ""  # where its columns and views are chosen
    saved_counts_url: str = ""
    query: str = ""  # the part of the address after "?" that chooses what is shown


@dataclass(frozen=True, slots=True)
class DetailsField:
    name: str
    label: str
    kind: str
    value: Markup


@dataclass(frozen=True, slots=True)
class Facts:
    """What is said about a record beyond its columns: a title over labels and values."""

    title: str
    fields: Sequence[DetailsField]


@dataclass(frozen=True, slots=True)
class Banner:
    """A line above a list that leads to what waits there."""

    text: str
    url: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class RelatedTable:
    """The first rows of what belongs to a record, and the address of the whole list when there is one."""

    title: str
    headings: Sequence[Heading]
    rows: Sequence[Row]
    all_url: str = ""
    more: bool = False


@dataclass(frozen=True, slots=True)
class RelatedTab:
    """One of several lists that belong to a record: ``number`` is how many rows it has ("50+" for more)."""

    name: str
    label: str
    number: str
    url: str
    current: bool


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One thing that happened. ``at`` is in the reader's time zone, ``at_iso`` is absolute."""

    at: str
    at_iso: str
    who: str
    what: str
    source: str = ""
    changes: Sequence[tuple[str, str, str]] = ()  # (field, before, after)


@dataclass(frozen=True, slots=True)
class ViewGroup:
    """Lists that can be filtered by a record: (label, address), under the title their resources share."""

    label: str
    links: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class DetailsPage:
    """One record. ``status`` is a ready badge or empty."""

    title: str
    kind_label: str  # the noun, singular: "License"
    key: str
    status: Markup
    fields: Sequence[DetailsField]
    list_url: str
    list_label: str
    edit_url: str = ""
    actions: Sequence[ActionLink] = ()
    related: RelatedTable | None = None
    tabs: Sequence[RelatedTab] = ()  # of the lists that belong to it, where there are several
    facts: Sequence[Facts] = ()
    views: Sequence[ViewGroup] = ()
    timeline: Sequence[TimelineEntry] = ()
    exports: Sequence[tuple[str, str]] = ()
    body: Any = None  # of a resource whose page is one of its own


@dataclass(frozen=True, slots=True)
class PeekPage:
    """A quick look at a record from its list. ``url`` is its whole page."""

    title: str
    kind_label: str
    status: Markup
    fields: Sequence[DetailsField]
    url: str


@dataclass(frozen=True, slots=True)
class FormSection:
    """Fields under a title; the first section may have none."""

    title: str
    fields: Sequence[Any]
    help: str = ""


@dataclass(frozen=True, slots=True)
class FormPage:
    """Create or edit. ``errors`` are (field id or empty, message), for the summary that takes the focus."""

    title: str
    form: Any  # a FlaskForm
    url: str
    cancel_url: str
    submit_label: str
    errors: Sequence[tuple[str, str]] = ()
    help: str = ""
    sections: Sequence[FormSection] = ()  # empty: all fields in one row


@dataclass(frozen=True, slots=True)
class ChoosePage:
    """What a new record is, before the form that hangs on it. ``choices`` are (key, label, note)."""

    title: str
    name: str  # of the field
    label: str
    choices: Sequence[tuple[str, str, str]]
    url: str
    cancel_url: str
    error: str = ""


@dataclass(frozen=True, slots=True)
class CheckItem:
    """One line of an action's checklist. ``state``: fine, blocks or warns. ``links`` lead to what clears it."""

    label: str
    state: str
    text: str = ""
    links: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class RowResult:
    """What became of one row of a bulk action. ``outcome``: done, skipped or failed."""

    label: str
    outcome: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class ActionPage:
    """The confirmation of an action, its form, and after a bulk run what became of each row."""

    title: str
    label: str
    confirm: str
    danger: bool
    objects: Sequence[tuple[str, str]]  # (name, address)
    form: Any  # a FlaskForm; it holds at least the CSRF token
    url: str
    cancel_url: str
    ids: Sequence[str] = ()  # posted as "id", for bulk actions
    errors: Sequence[tuple[str, str]] = ()
    results: Sequence[RowResult] = field(default=())
    checks: Sequence[CheckItem] = ()
    also: Sequence[tuple[str, str]] = ()  # further buttons of the form: (label, address)
    instead: ActionLink | None = None  # the act that a refusal points to
