"""Paying from the balance: no gateway, so one transaction, however many invoices."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from domain.actor import Actor
from domain.sentences import Amount, Sentence
from models.account import Account
from models.payment import Payment, PaymentKind
from models.statement_line import StatementKind
from services.allocations import allocate, lock_invoices, settled_payment
from services.audit import record_event
from services.locks import lock_accounts
from services.pay_approvals import require_within_pay_limit
from services.paying.claims import InvoicePart, refuse_while_claimed
from services.paying.followers import tell_followers
from services.paying.intents import check_parts, describe, paid_for, payment_of_key, require_payable
from services.people import refuse_while_logged_in_as
from services.statements import NewLine, write_statement_line
from services.usable_credit import overdraft_of


def pay_from_balance(
    account: Account, parts: Sequence[InvoicePart], *, actor: Actor, now: dt.datetime, key: str | None = None
) -> Payment:
    """Pay invoices, in full or in part, with what is usable of the account's balance: all of them or none.

    A prepaid account may take its balance below zero, down to its credit limit, and never what it has reserved. A
    postpaid one pays invoices with money only: its limit is for what is not billed yet.

    Asked again with the same ``key`` it gives the payment that is there. Refused: NotWhileLoggedInAs,
    AmountNotPositive, InvoiceOfAnother, PaidTwiceInOne, PaymentUnderWay, InvoiceNotPayable, MoreThanDue,
    AbovePayLimit, NotEnoughFunds.
    """
    refuse_while_logged_in_as(actor)
    check_parts(account, parts)
    lock_invoices(part.invoice for part in parts)
    lock_accounts([account.id])
    there = payment_of_key(account, key) if key else None
    if there is not None:
        return there
    for part in parts:
        require_payable(part)
        refuse_while_claimed(part.invoice)
        require_within_pay_limit(part.invoice, part.amount, actor=actor, now=now)
    overdraft = overdraft_of(account.id, day=now.date())
    return settle_from_balance(account, parts, overdraft=overdraft, actor=actor, now=now, key=key)


def settle_from_balance(
    account: Account,
    parts: Sequence[InvoicePart],
    *,
    overdraft: int | None,
    actor: Actor,
    now: dt.datetime,
    key: str | None = None,
) -> Payment:
    """Pay the parts, which were checked and locked. ``overdraft``: how far below zero, as of an Entry of the ledger."""
    amount = sum(part.amount for part in parts)
    payment = settled_payment(
        account_id=account.id,
        amount=amount,
        currency=account.currency,
        method=PaymentKind.BALANCE,
        received_on=now.date(),
        description=Sentence("%(what)s from the balance", what=describe(parts)),
        paid_by_id=actor.person_id,
        idempotency_key=key,
        now=now,
    )
    for part in parts:
        allocate(payment, part.invoice, part.amount, overdraft=overdraft, actor=actor, now=now)
    words = Sentence(
        "%(amount)s of the balance paid %(what)s", amount=Amount(amount, account.currency), what=paid_for(parts)
    )
    line = NewLine(
        account_id=account.id,
        kind=StatementKind.PAYMENT,
        amount=0,
        currency=account.currency,
        document_number=payment.number,
        description=words,
        booked_on=now.date(),
    )
    write_statement_line(line, now=now)
    after = {
        "amount": amount,
        "currency": account.currency,
        "method": payment.method,
        "invoice": ", ".join(part.invoice.number for part in parts),
    }
    record_event("payment.settled", payment, actor=actor, now=now, after=after)
    tell_followers(payment, actor=actor, now=now)
    return payment
