"""Deleting an account: what stands in the way, 30 days to think again, and then the end.

Documents stay for ever. What is replaced, and when, is in services/erasure.py.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Select, func, select, update

from domain.actor import Actor
from domain.invoices import PAYABLE_STATUSES, InvoiceStatus
from domain.postings import LedgerAccountKind
from domain.refusals import Refusal
from domain.sentences import Sentence, WholeDay
from extensions import db
from models.account import Account, AccountAncestor, AccountStatus
from models.invoice import Invoice
from models.license import License, LicenseStatus
from models.member import Member
from models.payment import Payment, PaymentStatus
from models.person import Person
from models.sign_in import SessionEnd
from models.subscription import Subscription, SubscriptionStatus
from models.ticket import Ticket, TicketStatus
from services.audit import record_event
from services.erasure import replace_personal_data
from services.ledger import balance_of
from services.locks import guarded, locked, reread
from services.notifications import tell
from services.sessions import end_sessions_without_seat
from services.settings import number_setting
from services.usable_credit import limits_in_force, unbilled_of

REMINDED_BEFORE: Final = dt.timedelta(days=7)
_CLOSED_TICKETS: Final = (TicketStatus.SOLVED, TicketStatus.ARCHIVED)
_RUNNING: Final = (SubscriptionStatus.ACTIVE, SubscriptionStatus.SUSPENDED)
_UNDER_WAY: Final = (PaymentStatus.PENDING, PaymentStatus.BEING_CHECKED)


class BlockerKind(StrEnum):
    """What stands in the way of a deletion."""

    FUNDS = "funds"
    CREDIT = "credit"
    DEBT = "debt"
    UNBILLED = "unbilled"
    UNPAID_INVOICES = "unpaid_invoices"
    DRAFTS = "drafts"
    PAYMENTS = "payments"
    SUBSCRIPTIONS = "subscriptions"
    TICKETS = "tickets"


@dataclass(frozen=True, slots=True)
class Blocker:
    """One thing to be checked before a deletion: how many there are (0: nothing in the way), and what they come to.

    ``amount`` is in minor units of the account's currency.
    """

    kind: BlockerKind
    number: int
    amount: int = 0


@dataclass(frozen=True, slots=True)
class Consequences:
    """What a deletion takes from people: how many can sign in, which licenses run, and whose reseller it is."""

    people: int
    licenses: int
    customers: int


class DeletionBlocked(Refusal):
    """The message names all that stands in the way."""


class AccountNotDeletable(Refusal):
    message = "This account is being deleted already. Reload the page to see it as it is."


class DeletionNotUnderWay(Refusal):
    message = "This account does not wait for its deletion. Reload the page to see it as it is."


def blockers_of(account: Account, *, now: dt.datetime) -> list[Blocker]:
    """Every line of the checklist, also those that are fine."""
    currency = account.currency
    funds = balance_of(LedgerAccountKind.FUNDS, account_id=account.id, currency=currency)
    owed = -balance_of(LedgerAccountKind.RECEIVABLE, account_id=account.id, currency=currency)
    limits = limits_in_force(account.id, currency, now.date())
    unbilled = unbilled_of(account.id, currency)
    return [
        Blocker(BlockerKind.FUNDS, int(funds != 0), funds),
        Blocker(BlockerKind.CREDIT, len(limits)),
        Blocker(BlockerKind.DEBT, int(owed != 0), owed),
        Blocker(BlockerKind.UNBILLED, int(unbilled != 0), -unbilled),
        Blocker(
            BlockerKind.UNPAID_INVOICES, _number(_of(Invoice, account).where(Invoice.status.in_(PAYABLE_STATUSES)))
        ),
        Blocker(BlockerKind.DRAFTS, _number(_of(Invoice, account).where(Invoice.status == InvoiceStatus.DRAFT))),
        Blocker(BlockerKind.PAYMENTS, _number(_of(Payment, account).where(Payment.status.in_(_UNDER_WAY)))),
        Blocker(
            BlockerKind.SUBSCRIPTIONS, _number(_of(Subscription, account).where(Subscription.status.in_(_RUNNING)))
        ),
        Blocker(BlockerKind.TICKETS, _number(_of(Ticket, account).where(Ticket.status.not_in(_CLOSED_TICKETS)))),
    ]


def consequences_of(account: Account) -> Consequences:
    """What should be known before, and does not stand in the way."""
    below = select(func.count()).where(AccountAncestor.ancestor_id == account.id, AccountAncestor.depth > 0)
    return Consequences(
        people=_number(_of(Member, account).where(Member.can_sign_in)),
        licenses=_number(_of(License, account).where(License.status == LicenseStatus.ACTIVE)),
        customers=db.session.scalar(below) or 0,
    )


def start_deletion(account: Account, *, actor: Actor, now: dt.datetime, reason: str = "") -> Account:
    """Suspend an account for deletion: nobody gets in, and it can be undone until the day it is due.

    The owner is told by mail. Refused: AccountNotDeletable, DeletionBlocked while anything stands in the way.
    """
    locked(account)
    _refuse_blocked(account, now)
    before = account.status
    due_on = now.date() + dt.timedelta(days=number_setting("deletion_days"))
    started = (
        update(Account)
        .where(Account.id == account.id, Account.can_delete)
        .values(
            status=AccountStatus.SUSPENDED_FOR_DELETION,
            deletion_due_on=due_on,
            # Who was suspended before keeps the cause, and is suspended again when the deletion is undone.
            suspended_at=func.coalesce(Account.suspended_at, now, type_=Account.suspended_at.type),
            version=Account.version + 1,
        )
    )
    if not guarded(started):
        raise AccountNotDeletable
    reread(account)
    people = list(db.session.scalars(select(Member.person_id).where(Member.account_id == account.id)))
    end_sessions_without_seat(people, SessionEnd.ACCOUNT_SUSPENDED, now=now)
    after = {"status": account.status, "deletion_due_on": due_on, "reason": reason or None}
    record_event("account.deletion_started", account, actor=actor, now=now, before={"status": before}, after=after)
    _tell_owner(account, "account_deletion_started", now=now)
    return account


def undo_deletion(account: Account, *, actor: Actor, now: dt.datetime) -> Account:
    """Make an account what it was before: active, or suspended. Refused: DeletionNotUnderWay."""
    locked(account)
    was_suspended = account.suspension_cause is not None
    before = {"status": account.status, "deletion_due_on": account.deletion_due_on}
    undone = (
        update(Account)
        .where(Account.id == account.id, Account.can_undo_deletion)
        .values(
            status=AccountStatus.SUSPENDED if was_suspended else AccountStatus.ACTIVE,
            deletion_due_on=None,
            suspended_at=account.suspended_at if was_suspended else None,
            version=Account.version + 1,
        )
    )
    if not guarded(undone):
        raise DeletionNotUnderWay
    reread(account)
    after = {"status": account.status, "deletion_due_on": None}
    record_event("account.deletion_undone", account, actor=actor, now=now, before=before, after=after)
    _tell_owner(account, "account_deletion_undone", now=now)
    return account


def accounts_to_remind(*, now: dt.datetime) -> Sequence[int]:
    """The accounts whose deletion is due within a week, by their row numbers. Who was told already is told once."""
    return _waiting(Account.deletion_due_on > now.date(), Account.deletion_due_on <= now.date() + REMINDED_BEFORE)


def accounts_due(*, now: dt.datetime) -> Sequence[int]:
    """The accounts whose day has come, by their row numbers."""
    return _waiting(Account.deletion_due_on <= now.date())


def remind_of_deletion(account_id: int, *, now: dt.datetime) -> None:
    """Tell the owner that a week is left; once for each deletion that was started."""
    account = locked(db.session.get_one(Account, account_id))
    if account.status is AccountStatus.SUSPENDED_FOR_DELETION and account.deletion_due_on is not None:
        key = f"account-deletion-soon:{account.id}:{account.deletion_due_on}"
        _tell_owner(account, "account_deletion_soon", now=now, unique_key=key)


def carry_out_deletion(account_id: int, *, actor: Actor, now: dt.datetime) -> bool:
    """Replace the personal data of an account whose day has come; give whether it is deleted now.

    What has come to stand in the way meanwhile (a payment that arrived late) lets it wait until that is cleared.
    """
    account = locked(db.session.get_one(Account, account_id))
    due = account.deletion_due_on is not None and account.deletion_due_on <= now.date()
    if account.status is not AccountStatus.SUSPENDED_FOR_DELETION or not due:
        return False
    if any(blocker.number for blocker in blockers_of(account, now=now)):
        return False
    replace_personal_data(account, actor=actor, now=now)
    before = {"status": account.status}
    account.status, account.deleted_at = AccountStatus.DELETED, now
    account.version += 1
    db.session.flush()
    record_event("account.deleted", account, actor=actor, now=now, before=before, after={"status": account.status})
    return True


def _refuse_blocked(account: Account, now: dt.datetime) -> None:
    in_the_way = [blocker for blocker in blockers_of(account, now=now) if blocker.number]
    if in_the_way:
        named = ", ".join(blocker.kind.replace("_", " ") for blocker in in_the_way)
        raise DeletionBlocked(
            Sentence("This account cannot be deleted yet. In the way: %(named)s. Clear them first.", named=named)
        )


def _tell_owner(account: Account, event: str, *, now: dt.datetime, unique_key: str | None = None) -> None:
    owner = db.session.scalar(
        select(Person)
        .join(Member, Member.person_id == Person.id)
        .where(Member.account_id == account.id, Member.is_owner)
    )
    if owner is not None and owner.email is not None:
        due_on = account.deletion_due_on
        tell(
            owner,
            event,
            now=now,
            account_id=account.id,
            unique_key=unique_key,
            target=account,
            account=account.name,
            client_id=account.client_id,
            due_on=WholeDay(due_on) if due_on is not None else "",
            suspended=account.suspension_cause is not None and account.status is AccountStatus.SUSPENDED,
        )


def _waiting(*when: Any) -> Sequence[int]:
    found = select(Account.id).where(Account.status == AccountStatus.SUSPENDED_FOR_DELETION, *when)
    return db.session.scalars(found.order_by(Account.deletion_due_on, Account.id)).all()


def _of(model: Any, account: Account) -> Select[Any]:
    return select(func.count()).select_from(model).where(model.account_id == account.id)


def _number(statement: Select[Any]) -> int:
    return db.session.scalar(statement) or 0
