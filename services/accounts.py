"""Accounts: opened with their pots, place among resellers and owner; changed, suspended and reactivated."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from typing import Any, Final

from sqlalchemy import select, update

from domain.actor import Actor
from domain.contact import check_time_zone, normalise_email
from domain.currencies import exponent_of
from domain.money import parse_minor
from domain.refusals import Refusal
from domain.sentences import Sentence
from extensions import db
from models.account import Account, AccountStatus, PaymentMode, SuspensionCause
from models.member import Member
from models.number_series import NumberedKind
from models.sign_in import SessionEnd
from services.audit import record_event
from services.credit_limits import PostpaidNeedsLimit, set_credit_limit
from services.ledger import open_ledger_accounts
from services.locks import guarded, locked, reread
from services.members import add_owner
from services.numbers import next_numbers
from services.records import edit_record, flush_or_refuse
from services.resellers import place_below, refuse_circle
from services.sessions import end_sessions_without_seat
from services.vat import check_country, check_vat_id

SHORTEST_NAME: Final = 2
LONGEST_NAME: Final = 255
_OWNER: Final = ("first_name", "last_name", "email")
# Set by acts of their own, or never again.
_FIXED: Final = frozenset(
    {"id", "client_id", "status", "suspended_at", "suspension_cause", "deletion_due_on", "deleted_at", "version"}
)
# Has acts of its own once the account is open (services/payment_modes.py).
_SWITCHED: Final = frozenset({"payment_mode"})
_EMAILS: Final = ("contact_email", "billing_email")


class NameNotReadable(Refusal):
    message = Sentence(
        "Enter the name of the organisation: %(shortest_name)s to %(longest_name)s characters.",
        shortest_name=SHORTEST_NAME,
        longest_name=LONGEST_NAME,
    )


class PricingModelFixed(Refusal):
    message = "The pricing model is chosen when an account is opened and can never be changed."


class CurrencyFixed(Refusal):
    message = "An account keeps its currency for ever: its books are kept in it."


class FieldNotEditable(Refusal):
    message = "Part of this form cannot be changed here. Reload the page and try again."


class AccountNotActive(Refusal):
    message = "Only an active account can be suspended. Reload the page to see it as it is."


class AccountNotSuspended(Refusal):
    message = "This account is not suspended. Reload the page to see it as it is."


def create_account(values: Mapping[str, Any], *, actor: Actor, now: dt.datetime) -> Account:
    """Open an account: with a client ID, its pots in the ledger, its place below a parent, and an invited owner.

    ``values`` are those of the form; the owner is owner_first_name, owner_last_name and owner_email (without an address
    nobody is invited, as in imports). ``credit_limit`` is as it was typed, in the currency of the account. Refused:
    NameNotReadable, CountryUnknown, UnknownCurrency, TimeZoneUnknown, VatIdNotReadable, PostpaidNeedsLimit, and what
    ``add_owner``, ``parse_minor`` and ``set_credit_limit`` refuse.
    """
    owner = {f"person.{name}": values.get(f"owner_{name}") for name in _OWNER}
    kept = _checked({name: value for name, value in values.items() if not name.startswith("owner_")})
    if kept.keys() & (_FIXED - {"client_id"}):
        raise FieldNotEditable
    exponent_of(kept.get("currency") or "")
    parent = kept.pop("parent", None)
    limit = kept.pop("credit_limit", None)
    if kept.get("payment_mode") == PaymentMode.POSTPAID and not limit:
        raise PostpaidNeedsLimit
    account = Account(
        **{name: value for name, value in kept.items() if value is not None},
        client_id=kept.pop("client_id", None) or next_client_ids(1, now=now)[0],
        created_at=now,
    )
    account.billing_name = account.billing_name or account.name
    account.billing_email = account.billing_email or account.contact_email
    db.session.add(account)
    flush_or_refuse()
    place_below(account, parent)
    open_ledger_accounts([(account.id, account.currency)], now=now)
    after = {name: value for name, value in kept.items() if value is not None}
    record_event("account.created", account, actor=actor, now=now, after={**after, "client_id": account.client_id})
    if limit:
        set_credit_limit(account, amount=parse_minor(limit, account.currency), actor=actor, now=now)
    if owner["person.email"]:
        add_owner(account, owner, actor=actor, now=now)
    return account


def update_account(account: Account, changes: Mapping[str, Any], *, actor: Actor, now: dt.datetime) -> Account:
    """Change anything but the pricing model, the currency and what has an act of its own.

    Refused: PricingModelFixed, CurrencyFixed, FieldNotEditable, ParentBelow, and the values ``create_account`` refuses.
    """
    if "pricing_model" in changes and changes["pricing_model"] != account.pricing_model:
        raise PricingModelFixed
    if "currency" in changes and changes["currency"] != account.currency:
        raise CurrencyFixed
    if changes.keys() & (_FIXED | _SWITCHED):
        raise FieldNotEditable
    kept = _checked(changes, country=account.country)
    if "billing_name" in kept:
        kept["billing_name"] = kept["billing_name"] or kept.get("name") or account.name
    if "parent" in kept:
        refuse_circle(account, kept["parent"])
    edit_record(account, kept, actor=actor, now=now)
    return place_below(account, kept["parent"]) if "parent" in kept else account


def account_named(typed: str) -> Account | None:
    """The account with this client ID, else the only one with exactly this name."""
    found = db.session.scalar(select(Account).where(Account.client_id == typed))
    if found is None:
        named = db.session.scalars(select(Account).where(Account.name == typed).limit(2)).all()
        found = named[0] if len(named) == 1 else None
    return found


def suspend_account(
    account: Account,
    *,
    actor: Actor,
    now: dt.datetime,
    reason: str = "",
    cause: SuspensionCause = SuspensionCause.STAFF,
) -> Account:
    """Let nobody of the account in; the balance is kept. Sessions of people without another live seat end.

    One for debt is lifted by itself when the debt is paid (services/dunning.py).

    Refused: AccountNotActive.
    """
    locked(account)
    suspended = (
        update(Account)
        .where(Account.id == account.id, Account.can_suspend)
        .values(
            status=AccountStatus.SUSPENDED,
            suspended_at=now,
            suspension_cause=cause,
            version=Account.version + 1,
        )
    )
    if not guarded(suspended):
        raise AccountNotActive
    reread(account)
    people = list(db.session.scalars(select(Member.person_id).where(Member.account_id == account.id)))
    end_sessions_without_seat(people, SessionEnd.ACCOUNT_SUSPENDED, now=now)
    before, after = {"status": AccountStatus.ACTIVE}, {"status": account.status, "reason": reason or None}
    record_event("account.suspended", account, actor=actor, now=now, before=before, after=after)
    return account


def reactivate_account(account: Account, *, actor: Actor, now: dt.datetime) -> Account:
    """Let the people of a suspended account in again. One that waits for its deletion has an act of its own
    (services/deletions.py). Refused: AccountNotSuspended.
    """
    locked(account)
    before = {"status": account.status}
    active = (
        update(Account)
        .where(Account.id == account.id, Account.can_reactivate)
        .values(
            status=AccountStatus.ACTIVE,
            suspended_at=None,
            suspension_cause=None,
            deletion_due_on=None,
            version=Account.version + 1,
        )
    )
    if not guarded(active):
        raise AccountNotSuspended
    reread(account)
    record_event("account.reactivated", account, actor=actor, now=now, before=before, after={"status": account.status})
    return account


def _checked(values: Mapping[str, Any], country: str = "") -> dict[str, Any]:
    """The values as they are kept: trimmed, in one spelling, each of a kind that exists."""
    kept: dict[str, Any] = {name: _trimmed(value) for name, value in values.items()}
    if "name" in kept or not country:
        kept["name"] = kept.get("name") or ""
        if not SHORTEST_NAME <= len(kept["name"]) <= LONGEST_NAME:
            raise NameNotReadable
    if "country" in kept or not country:
        kept["country"] = check_country(kept.get("country") or "")
    if kept.get("billing_country"):
        kept["billing_country"] = check_country(kept["billing_country"])
    if kept.get("currency"):
        kept["currency"] = kept["currency"].upper()
    for name in _EMAILS:
        if kept.get(name):
            kept[name] = normalise_email(kept[name])
    if kept.get("time_zone"):
        check_time_zone(kept["time_zone"])
    if kept.get("vat_id"):
        kept["vat_id"] = check_vat_id(kept["vat_id"], country=kept.get("country") or country)
    return kept


def _trimmed(value: Any) -> Any:
    return (value.strip() or None) if type(value) is str else value


def next_client_ids(count: int, *, now: dt.datetime, besides: Collection[str] = ()) -> list[str]:
    """The next numbers that no account has yet (an import may have brought its own), and none of ``besides``."""
    found: list[str] = []
    while len(found) < count:
        numbers = next_numbers(NumberedKind.ACCOUNT, count - len(found), now=now)
        taken = set(db.session.scalars(select(Account.client_id).where(Account.client_id.in_(numbers))))
        found += [number for number in numbers if number not in taken and number not in besides]
    return found
