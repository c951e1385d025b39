"""Auto top-up: below a threshold, a stored method adds an amount to the balance, one payment at a time (SPEC D13)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final

from sqlalchemy import or_, select

from domain.actor import Actor
from domain.money import LARGEST_AMOUNT, AmountTooLarge
from domain.permissions import P
from domain.postings import LedgerAccountKind
from domain.refusals import Refusal
from domain.sentences import Amount
from domain.top_ups import MOST_FAILURES, PAUSE, gives_up, is_due
from extensions import db
from gateways.registry import Gateways
from models.account import Account, AccountStatus
from models.ledger import LedgerAccount
from models.notification import NotificationKind
from models.payment import UNDER_WAY, Payment, PaymentStatus
from models.payment_method import AutoTopUp, PaymentMethod, PaymentMethodStatus
from services.audit import record_event
from services.ledger import balance_of
from services.locks import lock_accounts, locked
from services.notifications import tell_account
from services.paying.followers import followers
from services.paying.intents import Wanted, begin_payment
from services.paying.offers import STORED_MEANS
from services.payments import AmountNotPositive
from services.people import refuse_while_logged_in_as
from services.records import edit_record, flush_or_refuse
from services.step_up import require_recent_proof

PREFIX: Final = "top-up-"
"""How the keys of its payments begin."""
_AT_ONCE: Final = 100


class MethodNotChosen(Refusal):
    message = "Choose a stored payment method that works. Add one first if there is none."


def set_auto_top_up(
    account: Account,
    *,
    enabled: bool,
    threshold: int,
    amount: int,
    method: PaymentMethod | None,
    actor: Actor,
    now: dt.datetime,
) -> AutoTopUp:
    """Say below what (minor units) how much is added by which method. One rule an account.

    Who lets a stored method pay by itself proves who they are (ProofNeeded). Refused: NotWhileLoggedInAs,
    AmountNotPositive, AmountTooLarge, MethodNotChosen.
    """
    refuse_while_logged_in_as(actor)
    require_recent_proof(actor, now=now)
    if threshold < 0 or amount <= 0:
        raise AmountNotPositive
    if max(threshold, amount) > LARGEST_AMOUNT:
        raise AmountTooLarge
    if method is None or method.account_id != account.id or method.status is not PaymentMethodStatus.ACTIVE:
        raise MethodNotChosen
    lock_accounts([account.id])
    values = {"is_enabled": enabled, "threshold": threshold, "amount": amount, "payment_method_id": method.id}
    rule = rule_of(account)
    if rule is not None:
        edit_record(rule, values, actor=actor, now=now)
        return rule
    rule = AutoTopUp(account_id=account.id, currency=account.currency, created_at=now, **values)
    db.session.add(rule)
    flush_or_refuse()
    record_event("auto_top_up.created", rule, actor=actor, now=now, after=values)
    return rule


def rule_of(account: Account) -> AutoTopUp | None:
    """The rule of an account, if it has one."""
    return db.session.scalar(select(AutoTopUp).where(AutoTopUp.account_id == account.id))


def due_top_ups(*, now: dt.datetime, limit: int = _AT_ONCE) -> Sequence[int]:
    """Row numbers of the rules whose account has too little and was not tried within the hour."""
    found = (
        select(AutoTopUp.id)
        .join(Account, Account.id == AutoTopUp.account_id)
        .outerjoin(
            LedgerAccount,
            (LedgerAccount.account_id == AutoTopUp.account_id)
            & (LedgerAccount.kind == LedgerAccountKind.FUNDS)
            & (LedgerAccount.currency == AutoTopUp.currency),
        )
        .where(
            AutoTopUp.is_enabled.is_(True),
            Account.status == AccountStatus.ACTIVE,
            or_(LedgerAccount.balance.is_(None), LedgerAccount.balance < AutoTopUp.threshold),
            or_(AutoTopUp.last_run_at.is_(None), AutoTopUp.last_run_at <= now - PAUSE),
        )
    )
    return db.session.scalars(found.order_by(AutoTopUp.id).limit(limit)).all()


def begin_top_up(rule_id: int, gateways: Gateways, *, actor: Actor, now: dt.datetime) -> int | None:
    """Begin the payment of a rule that is still due, to be carried out after the commit; None: nothing to do.

    The rule is locked, so of two runners one finds it tried; while a top-up is under way there is no second one.
    """
    rule = locked(db.session.get_one(AutoTopUp, rule_id))
    account = db.session.get_one(Account, rule.account_id)
    funds = balance_of(LedgerAccountKind.FUNDS, account_id=account.id, currency=rule.currency)
    due = is_due(
        threshold=rule.threshold,
        funds=funds,
        last_run_at=rule.last_run_at,
        under_way=_under_way(account.id),
        now=now,
    )
    if not rule.is_enabled or not due:
        return None
    method = db.session.get_one(PaymentMethod, rule.payment_method_id)
    rule.last_run_at = now
    means = STORED_MEANS.get(method.kind)
    if means is None:
        return None
    key = f"{PREFIX}{rule.id}-{now:%Y%m%d%H%M%S}"
    wanted = Wanted(means, method.gateway, key, funds=rule.amount, method=method)
    try:
        return begin_payment(account, wanted, gateways=gateways, actor=actor, now=now).id
    except Refusal:
        return None  # its method or gateway does not work just now: it is tried again in an hour


def stop_after_failures(payment: Payment, *, actor: Actor, now: dt.datetime) -> None:
    """Follow payments: after three failures in a row a rule is switched off, and the owner is told."""
    if payment.status is not PaymentStatus.FAILED or not (payment.idempotency_key or "").startswith(PREFIX):
        return
    newest = select(Payment.status).where(
        Payment.account_id == payment.account_id, Payment.idempotency_key.startswith(PREFIX)
    )
    last = db.session.scalars(newest.order_by(Payment.id.desc()).limit(MOST_FAILURES)).all()
    rule = db.session.scalar(select(AutoTopUp).where(AutoTopUp.account_id == payment.account_id))
    if rule is None or not gives_up([status is PaymentStatus.FAILED for status in last]):
        return
    edit_record(rule, {"is_enabled": False}, actor=actor, now=now)
    account = db.session.get_one(Account, payment.account_id)
    tell_account(
        account.id,
        P.FUNDS_ADD,
        "auto_top_up_stopped",
        now=now,
        kind=NotificationKind.PAYMENTS,
        account=account.name,
        client_id=account.client_id,
        amount=Amount(payment.amount, payment.currency),
        reason=payment.failure_reason or "",
    )


def follow_payments() -> None:
    """Hear of every settled and failed payment from now on. Asked twice it follows once."""
    if stop_after_failures not in followers:
        followers.append(stop_after_failures)


def _under_way(account_id: int) -> bool:
    found = select(Payment.id).where(
        Payment.account_id == account_id,
        Payment.idempotency_key.startswith(PREFIX),
        Payment.status.in_(UNDER_WAY),
    )
    return db.session.scalar(found.limit(1)) is not None
