"""Credit limits: granted for good or up to a day, and taken away. A temporary one ends by itself (SPEC D14)."""

from __future__ import annotations

import datetime as dt
from typing import Final

from sqlalchemy import ColumnElement, select, update

from domain.actor import Actor
from domain.credit import lowest_balance
from domain.money import LARGEST_AMOUNT, AmountTooLarge
from domain.postings import LedgerAccountKind
from domain.refusals import Refusal
from extensions import db
from models.account import Account, PaymentMode
from models.credit import CreditLimit, CreditLimitKind
from models.ledger import LedgerAccount
from services.audit import record_event
from services.ledger import ledger_account
from services.locks import lock_accounts, rows_changed
from services.people import refuse_while_logged_in_as
from services.usable_credit import limit_of, limits_in_force, mode_and_currency


class LimitNotPositive(Refusal):
    message = "Enter a credit limit above zero. To take a limit away, remove it."


LONGEST: Final = dt.timedelta(days=3660)
"""Of a temporary limit. Who means longer means a permanent one."""


class LastDayOutOfRange(Refusal):
    message = "A temporary limit ends today or within ten years. Enter another last day, or none for a permanent limit."


class NoLimitToRemove(Refusal):
    message = "This account has no credit limit now. Reload the page to see it as it is."


class PostpaidNeedsLimit(Refusal):
    message = "A postpaid account needs a credit limit. Set one first; to go without, switch it to prepaid."


def set_credit_limit(
    account: Account,
    *,
    amount: int,
    last_day: dt.date | None = None,
    reason: str = "",
    actor: Actor,
    now: dt.datetime,
) -> CreditLimit:
    """Grant a limit in minor units of the account's currency, from today: up to ``last_day``, or for good without one.

    It takes the place of the older limit of its kind; of a temporary and a permanent one the higher counts. Lowering it
    takes back nothing that was spent. Refused: NotWhileLoggedInAs, LimitNotPositive, AmountTooLarge, LastDayOutOfRange.
    """
    refuse_while_logged_in_as(actor)
    if amount <= 0:
        raise LimitNotPositive
    if amount > LARGEST_AMOUNT:
        raise AmountTooLarge
    today = now.date()
    if last_day is not None and not today <= last_day <= today + LONGEST:
        raise LastDayOutOfRange
    lock_accounts([account.id])
    before = _told(account, today)
    kind = CreditLimitKind.PERMANENT if last_day is None else CreditLimitKind.TEMPORARY
    _withdraw(account, now, CreditLimit.kind == kind)
    granted = CreditLimit(
        account_id=account.id,
        kind=kind,
        currency=account.currency,
        amount=amount,
        valid_from=today,
        valid_to=last_day + dt.timedelta(days=1) if last_day is not None else None,
        reason=reason.strip()[:255] or None,
        granted_by_id=actor.person_id,
        created_at=now,
    )
    db.session.add(granted)
    db.session.flush()
    fit_minimum(account, now=now)
    after = {**_told(account, today), "reason": granted.reason}
    record_event("account.credit_limit_changed", account, actor=actor, now=now, before=before, after=after)
    return granted


def remove_credit_limit(account: Account, *, reason: str = "", actor: Actor, now: dt.datetime) -> Account:
    """Take every limit away. What was spent on credit stays owed, and nothing more can be spent until it is covered.

    Refused: NotWhileLoggedInAs, NoLimitToRemove, PostpaidNeedsLimit.
    """
    refuse_while_logged_in_as(actor)
    lock_accounts([account.id])
    mode, _currency = mode_and_currency(account.id)
    if mode is PaymentMode.POSTPAID:
        raise PostpaidNeedsLimit
    before = _told(account, now.date())
    if not _withdraw(account, now):
        raise NoLimitToRemove
    fit_minimum(account, now=now)
    after = {**_told(account, now.date()), "reason": reason.strip() or None}
    record_event("account.credit_limit_changed", account, actor=actor, now=now, before=before, after=after)
    return account


def fit_minimum(account: Account, *, now: dt.datetime) -> None:
    """Say to the database how low the balance may stand from now on. The account is locked.

    This is the second door: how far one may spend is decided anew with each spending, by the limit of its day.
    """
    mode, currency = mode_and_currency(account.id)
    pot = ledger_account(LedgerAccountKind.FUNDS, account_id=account.id, currency=currency, now=now)
    limit = limit_of(account.id, currency, day=now.date()) if mode is PaymentMode.PREPAID else 0
    lowest = lowest_balance(balance=pot.balance, limit=limit, reserved=pot.reserved)
    rows_changed(update(LedgerAccount).where(LedgerAccount.id == pot.id).values(minimum=lowest))


def accounts_with_ended_limits(*, now: dt.datetime) -> list[int]:
    """The accounts with a temporary limit whose end has come and that nobody has withdrawn, by row numbers."""
    ended = select(CreditLimit.account_id).where(
        CreditLimit.withdrawn_at.is_(None), CreditLimit.valid_to.is_not(None), CreditLimit.valid_to <= now.date()
    )
    return sorted(set(db.session.scalars(ended)))


def put_ended_limits_away(account_id: int, *, now: dt.datetime) -> int:
    """Mark limits as withdrawn whose end has come, and raise the minimum of the balance; give how many there were.

    They stopped counting at their end already, so there is nothing to tell anybody.
    """
    account = db.session.get_one(Account, account_id)
    lock_accounts([account_id])
    ended = _withdraw(account, now, CreditLimit.valid_to.is_not(None), CreditLimit.valid_to <= now.date())
    if ended:
        fit_minimum(account, now=now)
    return ended


def _withdraw(account: Account, now: dt.datetime, *which: ColumnElement[bool]) -> int:
    grants = update(CreditLimit).where(CreditLimit.account_id == account.id, CreditLimit.withdrawn_at.is_(None), *which)
    return rows_changed(grants.values(withdrawn_at=now))


def _told(account: Account, day: dt.date) -> dict[str, object]:
    """What the audit keeps: the limit that counts, and the last day of a temporary one."""
    in_force = limits_in_force(account.id, account.currency, day)
    ends = [each.valid_to - dt.timedelta(days=1) for each in in_force if each.valid_to is not None]
    limit = limit_of(account.id, account.currency, day=day)
    return {"limit": limit, "currency": account.currency, "temporary_until": ends[0] if ends else None}
