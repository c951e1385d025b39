"""Prepaid or postpaid: an account is switched between the two at any time (SPEC D14)."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import update

from domain.actor import Actor
from domain.postings import LedgerAccountKind
from domain.refusals import Refusal
from domain.sentences import Sentence
from models.account import Account, PaymentMode
from models.ledger import LedgerAccount
from services.audit import record_event
from services.credit_limits import PostpaidNeedsLimit, fit_minimum
from services.ledger import ledger_account
from services.locks import guarded, lock_accounts, reread, rows_changed
from services.people import refuse_while_logged_in_as
from services.unbilled import bill_unbilled
from services.usable_credit import limit_of

POT_OF_MODE = {PaymentMode.PREPAID: LedgerAccountKind.FUNDS, PaymentMode.POSTPAID: LedgerAccountKind.RECEIVABLE}
"""Where an account sets aside: a prepaid one of its money, a postpaid one of what it may come to owe."""


class PaymentModeAlready(Refusal):
    """Somebody else was faster."""

    def __init__(self, mode: PaymentMode) -> None:
        super().__init__(
            Sentence("This account is %(mode)s already. Reload the page to see it as it is.", mode=mode.value)
        )


def switch_to_postpaid(account: Account, *, actor: Actor, now: dt.datetime) -> Account:
    """Bill the account afterwards from now on, up to its limit. What is reserved stays reserved.

    Refused: NotWhileLoggedInAs, PostpaidNeedsLimit when no limit is in force, PaymentModeAlready.
    """
    refuse_while_logged_in_as(actor)
    lock_accounts([account.id])
    if not limit_of(account.id, account.currency, day=now.date()):
        raise PostpaidNeedsLimit
    return _switch(account, PaymentMode.POSTPAID, actor, now)


def switch_to_prepaid(account: Account, *, actor: Actor, now: dt.datetime) -> Account:
    """Let the account pay before it uses, from now on. What it used and was not billed for is billed at once.

    Without that it could use its limit a second time. Refused: NotWhileLoggedInAs, PaymentModeAlready.
    """
    refuse_while_logged_in_as(actor)
    lock_accounts([account.id])
    switched = _switch(account, PaymentMode.PREPAID, actor, now)
    bill_unbilled(account, actor=actor, now=now)
    return switched


def _switch(account: Account, mode: PaymentMode, actor: Actor, now: dt.datetime) -> Account:
    before = PaymentMode.POSTPAID if mode is PaymentMode.PREPAID else PaymentMode.PREPAID
    switched = update(Account).where(Account.id == account.id, Account.payment_mode == before)
    if not guarded(switched.values(payment_mode=mode, version=Account.version + 1)):
        raise PaymentModeAlready(mode)
    reread(account)
    _carry_reserved(account, POT_OF_MODE[before], POT_OF_MODE[mode], now)
    fit_minimum(account, now=now)
    told, after = {"payment_mode": before}, {"payment_mode": mode}
    record_event("account.payment_mode_changed", account, actor=actor, now=now, before=told, after=after)
    return account


def _carry_reserved(account: Account, source: LedgerAccountKind, target: LedgerAccountKind, now: dt.datetime) -> None:
    """What is set aside is from now on set aside of the other pot."""
    pots = {
        kind: ledger_account(kind, account_id=account.id, currency=account.currency, now=now)
        for kind in sorted((source, target))
    }
    reserved = pots[source].reserved
    for kind, change in ((source, -reserved), (target, reserved)):
        if change:
            moved = update(LedgerAccount).where(LedgerAccount.id == pots[kind].id)
            rows_changed(moved.values(reserved=LedgerAccount.reserved + change))
