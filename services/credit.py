"""Credit that staff give an account at the house's expense, and take back."""

from __future__ import annotations

import datetime as dt

from domain.actor import Actor
from domain.money import LARGEST_AMOUNT, AmountTooLarge
from domain.postings import Transfer, credit_given, credit_taken_back
from domain.sentences import Sentence
from models.account import Account
from models.base import new_public_id
from models.statement_line import StatementKind
from services.audit import record_event
from services.ledger import Entry, post
from services.locks import lock_accounts
from services.payments import AmountNotPositive
from services.people import refuse_while_logged_in_as
from services.statements import NewLine, write_statement_line


def give_credit(account: Account, *, amount: int, reason: str, actor: Actor, now: dt.datetime) -> Account:
    """Put an amount, in minor units of the account's currency, into its balance; the reason stands on the statement.

    Refused: NotWhileLoggedInAs, AmountNotPositive, AmountTooLarge.
    """
    _check(amount, actor)
    lock_accounts([account.id])
    _book(account, "credit.given", credit_given(amount), StatementKind.CREDIT_GIVEN, amount, reason, actor, now)
    return account


def take_back_credit(account: Account, *, amount: int, reason: str, actor: Actor, now: dt.datetime) -> Account:
    """Take an amount out of the balance again, never more than it holds.

    Refused: NotWhileLoggedInAs, AmountNotPositive, AmountTooLarge, NotEnoughFunds.
    """
    _check(amount, actor)
    lock_accounts([account.id])
    _book(
        account, "credit.taken_back", credit_taken_back(amount), StatementKind.CREDIT_TAKEN, -amount, reason, actor, now
    )
    return account


def _check(amount: int, actor: Actor) -> None:
    refuse_while_logged_in_as(actor)
    if amount <= 0:
        raise AmountNotPositive
    if amount > LARGEST_AMOUNT:
        raise AmountTooLarge


def _book(
    account: Account,
    event: str,
    transfers: list[Transfer],
    kind: StatementKind,
    change: int,
    reason: str,
    actor: Actor,
    now: dt.datetime,
) -> None:
    key = new_public_id()
    words = Sentence("Credit: %(reason)s", reason=reason)
    if change <= 0:
        words = Sentence("Credit taken back: %(reason)s", reason=reason)
    entry = Entry(
        event=event,
        description=words[:255],
        transfers=transfers,
        account_id=account.id,
        currency=account.currency,
        document_kind="credit",
        document_key=key,
    )
    post(entry, actor=actor, now=now)
    line = NewLine(account.id, kind, change, account.currency, key, words, now.date())
    write_statement_line(line, now=now)
    after = {"amount": change, "currency": account.currency, "reason": reason}
    record_event(f"account.{event.replace('.', '_')}", account, actor=actor, now=now, after=after)
