"""Finding customers and what is theirs by whatever somebody says on the phone: a name, a number, a code, an address.

Exact numbers are looked up by their index. Words are found by trigrams, as in lists: the keys of the rows come from a
MATERIALIZED step, so that PostgreSQL does not walk a table because it hopes for an early end. The step is read only as
far as rows are shown. Tickets are found by the words in all that was written in them (services/ticket_texts.py).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, func, literal, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from domain.codes import possible_codes
from domain.invoices import InvoiceStatus
from domain.search_words import read_words
from extensions import db
from models.account import Account
from models.credit_note import CreditNote
from models.invoice import Invoice
from models.license import License
from models.member import Member
from models.payment import Payment
from models.payment_method import PaymentMethod
from models.person import Person
from models.subscription import Subscription
from models.ticket import Ticket
from services.ticket_texts import tickets_holding

SHORTEST_WORD: Final = 3
LONGEST_TEXT: Final = 200
MOST_WORDS: Final = 6
SHOWN: Final = 10
LOOKED_THROUGH: Final = 500


class FoundKind(StrEnum):
    """What is searched, in the order in which it is shown."""

    ACCOUNT = "accounts"
    MEMBER = "members"
    LICENSE = "licenses"
    SUBSCRIPTION = "subscriptions"
    INVOICE = "invoices"
    CREDIT_NOTE = "credit-notes"
    PAYMENT = "payments"
    PAYMENT_METHOD = "payment-methods"
    TICKET = "tickets"


@dataclass(frozen=True, slots=True)
class Hit:
    """One record found. ``key`` stands in its address; ``exact`` says that what was typed is its number or address."""

    kind: FoundKind
    key: str
    title: str
    note: str
    client_id: str
    account_name: str
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """What a search gave: the exact hits first in each kind, at most ten of a kind (``more`` names kinds that have
    others), and the words that were too short to be looked for."""

    hits: Sequence[Hit]
    more: frozenset[FoundKind] = frozenset()
    left_out: Sequence[str] = ()

    @property
    def only_exact(self) -> Hit | None:
        """The one record whose number was typed, if there is just one."""
        exact = [hit for hit in self.hits if hit.exact]
        return exact[0] if len(exact) == 1 else None


@dataclass(frozen=True, slots=True)
class _Searched:
    """How one kind is found: the number it is known by, the columns words may stand in, and what is shown of it."""

    model: type[Any]
    exact: InstrumentedAttribute[Any]
    words: tuple[InstrumentedAttribute[Any], ...]  # empty for tickets, which have an index of words
    shown: Any  # a SELECT of key, title, note, client_id and account_name
    hits_of: type[Any]  # the model the words stand on; its id is what ``shown`` is narrowed by
    narrowed_by: InstrumentedAttribute[Any]


_ACCOUNT = (Account.client_id, Account.name.label("account_name"))
_SEARCHED: Final[dict[FoundKind, _Searched]] = {
    FoundKind.ACCOUNT: _Searched(
        Account,
        Account.client_id,
        (Account.name, Account.client_id, Account.contact_email, Account.billing_email, Account.customer_ref),
        select(
            Account.client_id.label("key"), Account.name.label("title"), Account.contact_email.label("note"), *_ACCOUNT
        ),
        Account,
        Account.id,
    ),
    FoundKind.MEMBER: _Searched(
        Member,
        Person.email,
        (Person.email, Person.first_name, Person.last_name),
        select(Member.public_id.label("key"), Person.name.label("title"), Person.email.label("note"), *_ACCOUNT)
        .join(Person, Person.id == Member.person_id)
        .join(Account, Account.id == Member.account_id),
        Person,
        Member.person_id,
    ),
    FoundKind.LICENSE: _Searched(
        License,
        License.code,
        (License.code, License.reference),
        select(License.code.label("key"), License.code.label("title"), License.reference.label("note"), *_ACCOUNT).join(
            Account, Account.id == License.account_id
        ),
        License,
        License.id,
    ),
    FoundKind.INVOICE: _Searched(
        Invoice,
        Invoice.number,
        (Invoice.number,),
        select(
            Invoice.number.label("key"), Invoice.number.label("title"), Invoice.description.label("note"), *_ACCOUNT
        ).join(Account, Account.id == Invoice.account_id),
        Invoice,
        Invoice.id,
    ),
    FoundKind.SUBSCRIPTION: _Searched(
        Subscription,
        Subscription.number,
        (Subscription.number, Subscription.reference, Subscription.licensee),
        select(
            Subscription.number.label("key"),
            Subscription.number.label("title"),
            func.coalesce(Subscription.licensee, Subscription.reference).label("note"),
            *_ACCOUNT,
        ).join(Account, Account.id == Subscription.account_id),
        Subscription,
        Subscription.id,
    ),
    FoundKind.CREDIT_NOTE: _Searched(
        CreditNote,
        CreditNote.number,
        (CreditNote.number,),
        select(
            CreditNote.number.label("key"), CreditNote.number.label("title"), literal("").label("note"), *_ACCOUNT
        ).join(Account, Account.id == CreditNote.account_id),
        CreditNote,
        CreditNote.id,
    ),
    FoundKind.PAYMENT: _Searched(
        Payment,
        Payment.number,
        (Payment.number, Payment.reference),
        select(
            Payment.number.label("key"), Payment.number.label("title"), Payment.reference.label("note"), *_ACCOUNT
        ).join(Account, Account.id == Payment.account_id),
        Payment,
        Payment.id,
    ),
    FoundKind.PAYMENT_METHOD: _Searched(
        PaymentMethod,
        PaymentMethod.last_four,
        (),  # found by its last four digits only: nothing else of it is known to people
        select(
            PaymentMethod.public_id.label("key"),
            PaymentMethod.last_four.label("title"),
            PaymentMethod.brand.label("note"),
            *_ACCOUNT,
        ).join(Account, Account.id == PaymentMethod.account_id),
        PaymentMethod,
        PaymentMethod.id,
    ),
    FoundKind.TICKET: _Searched(
        Ticket,
        Ticket.number,
        (),
        select(Ticket.number.label("key"), Ticket.number.label("title"), Ticket.subject.label("note"), *_ACCOUNT).join(
            Account, Account.id == Ticket.account_id
        ),
        Ticket,
        Ticket.id,
    ),
}


def search_everything(
    text: str,
    kinds: Collection[FoundKind],
    *,
    account_id: int | None = None,
    seen_tickets: ColumnElement[bool] | None = None,
) -> Found:
    """Find records of these kinds only, of one account if it is named. ``seen_tickets`` narrows tickets to those the
    searcher sees.

    A number or address that is typed whole is found whatever its length; words need three characters.
    """
    text = text.strip()
    if not text or "\0" in text or len(text) > LONGEST_TEXT:
        return Found([])
    every = text.split()
    words = [word for word in every if len(word) >= SHORTEST_WORD][:MOST_WORDS]
    hits: list[Hit] = []
    more = set()
    for kind in FoundKind:
        if kind not in kinds:
            continue
        searched = _SEARCHED[kind]
        narrowed = (seen_tickets,) if kind is FoundKind.TICKET and seen_tickets is not None else ()
        if account_id is not None:
            narrowed = (*narrowed, _owner_of(searched.model) == account_id)
        if account_id is not None and kind is FoundKind.INVOICE:
            narrowed = (*narrowed, Invoice.status != InvoiceStatus.DRAFT)  # as in their list: views/invoices.py
        exact = _exact(kind, searched, text, narrowed)
        if kind is FoundKind.TICKET:
            others = _tickets(words, narrowed, account_id)
        else:
            others = _by_words(kind, searched, words, narrowed) if words and searched.words else []
        known = {hit.key for hit in exact}
        found = [*exact, *(hit for hit in others if hit.key not in known)]
        hits += found[:SHOWN]
        more |= {kind} if len(found) > SHOWN else set()
    return Found(hits, frozenset(more), [word for word in every if len(word) < SHORTEST_WORD])


def _owner_of(model: type[Any]) -> InstrumentedAttribute[Any]:
    owner: InstrumentedAttribute[Any] = model.id if model is Account else model.account_id
    return owner


def _exact(kind: FoundKind, searched: _Searched, text: str, narrowed: tuple[ColumnElement[bool], ...]) -> list[Hit]:
    spellings = {text, text.upper(), text.lower()}
    if kind is FoundKind.LICENSE:
        spellings |= set(possible_codes(text))
    statement = searched.shown.where(searched.exact.in_(spellings), *narrowed).order_by(searched.model.id)
    return [_hit(kind, row, exact=True) for row in db.session.execute(statement.limit(SHOWN + 1))]


def _by_words(
    kind: FoundKind, searched: _Searched, words: Sequence[str], narrowed: tuple[ColumnElement[bool], ...]
) -> list[Hit]:
    everywhere = [or_(*(_contains(column, word) for column in searched.words)) for word in words]
    keys = select(searched.hits_of.id.label("key")).where(*everywhere).cte("hits")
    keys = keys.prefix_with("MATERIALIZED", dialect="postgresql")
    # With a narrower the first rows may all be hidden ones: then it is asked of every hit.
    first = select(keys.c.key) if narrowed else select(keys.c.key).limit(SHOWN * 5)
    statement = searched.shown.where(searched.narrowed_by.in_(first), *narrowed).order_by(searched.model.id.desc())
    return [_hit(kind, row) for row in db.session.execute(statement.limit(SHOWN + 1))]


def _tickets(words: Sequence[str], narrowed: tuple[ColumnElement[bool], ...], account_id: int | None) -> list[Hit]:
    """By what was written in them; whoever searches one account is its member, and finds nothing by a note of staff."""
    wanted, _too_short = read_words(" ".join(words))
    if not wanted:
        return []
    holding = tickets_holding(wanted, account_id=account_id, with_notes=account_id is None)
    shown = _SEARCHED[FoundKind.TICKET].shown.order_by(Ticket.id.desc()).limit(SHOWN + 1)
    # What is common stands in the newest; what is not is gathered whole (as in lists: panel/keyset.py).
    newest = select(Ticket.id).where(*narrowed).order_by(Ticket.id.desc()).limit(LOOKED_THROUGH).subquery()
    rows = db.session.execute(shown.where(Ticket.id.in_(select(newest.c.id)), holding, *narrowed)).all()
    if len(rows) <= SHOWN:
        keys = select(Ticket.id.label("key")).where(holding, *narrowed).cte("hits")
        keys = keys.prefix_with("MATERIALIZED", dialect="postgresql")
        rows = db.session.execute(shown.where(Ticket.id.in_(select(keys.c.key)))).all()
    return [_hit(FoundKind.TICKET, row) for row in rows]


def _contains(column: InstrumentedAttribute[Any], word: str) -> ColumnElement[bool]:
    escaped = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return column.ilike(f"%{escaped}%", escape="\\")


def _hit(kind: FoundKind, row: Any, *, exact: bool = False) -> Hit:
    return Hit(kind, row.key, row.title or row.note or row.key, row.note or "", row.client_id, row.account_name, exact)
