"""Asking the gateway: between two transactions, never within one."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable
from dataclasses import dataclass

from domain.actor import Actor
from extensions import db
from gateways.port import ChargeRequest, ChargeResult, ChargeState, Gateway, Means, MethodRefs, Payer
from gateways.registry import Gateways
from models.account import Account
from models.base import new_public_id
from models.payment import AttemptOutcome, Payment, PaymentAttempt, PaymentStatus
from models.payment_method import PaymentMethod
from services.locks import locked
from services.paying.outcomes import last_attempt, record_outcome
from services.unit_of_work import unit_of_work

log = logging.getLogger("foyer.payments")

ANSWER_WITHIN = dt.timedelta(seconds=30)
"""How long the caller of a gateway may take; after that its answer counts as lost, and the gateway is asked.

Above the limits that the adapters set themselves. A charge that is found to have failed meanwhile, and succeeds after
all, is booked all the same (record_outcome).
"""


class TransactionOpen(RuntimeError):
    """A gateway would have been called with a transaction open: a mistake of the programmer's."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call that may be made now: which gateway, with what, and what finds the charge again."""

    gateway: Gateway
    request: ChargeRequest
    handle: str | None


def carry_out(
    payment_id: int,
    gateways: Gateways,
    *,
    actor: Actor,
    now: dt.datetime,
    return_url: str = "",
    cancel_url: str = "",
) -> ChargeResult:
    """Charge a payment that was begun and committed; opens units of work of its own. Asked twice it charges once.

    A payment that is settled or has failed, or whose charge waits for its payer or is being asked for by somebody else,
    is not charged again: its state is given as it is. Raises TransactionOpen, GatewayNotSetUp.
    """
    with unit_of_work():
        payment = locked(db.session.get_one(Payment, payment_id))
        if payment.status is not PaymentStatus.PENDING or last_attempt(payment) is not None:
            return state_of(payment)
        gateway = gateways.get(payment.gateway or "")
        attempt = PaymentAttempt(
            account_id=payment.account_id,
            payment_id=payment.id,
            attempt=1,
            gateway=gateway.name,
            outcome=AttemptOutcome.STARTED,
            started_at=now,
            idempotency_key=f"pay-{new_public_id()}",
        )
        db.session.add(attempt)
        payment.intent = {**payment.intent, "return_url": return_url, "cancel_url": cancel_url}
        db.session.flush()
        request = _request(payment, attempt)
    result = ask(lambda: gateway.charge(request))
    return _record(payment_id, result, actor, now)


def finish(payment_id: int, gateways: Gateways, *, actor: Actor, now: dt.datetime) -> ChargeResult:
    """The payer came back from the gateway's page: take what they approved, or see how it stands."""
    call, state = _call(payment_id, gateways)
    if call is None or call.handle is None:
        return state
    handle = call.handle
    result = ask(lambda: call.gateway.finish_charge(call.request, handle))
    return _record(payment_id, result, actor, now)


def give_up(payment_id: int, gateways: Gateways, *, actor: Actor, now: dt.datetime) -> ChargeResult:
    """The payer does not want to go on, or took too long: let the charge never happen. If they were faster, it did."""
    call, state = _call(payment_id, gateways)
    if call is None:
        return state
    result = ask(lambda: call.gateway.cancel_charge(call.request, handle=call.handle))
    return _record(payment_id, result, actor, now)


def look_up(payment_id: int, gateways: Gateways, *, actor: Actor, now: dt.datetime) -> ChargeResult:
    """Ask the gateway what became of a charge, and write it down.

    A payer who approved it on the gateway's page, and whose browser never came back, has come back by this.
    """
    call, state = _call(payment_id, gateways)
    if call is None:
        return state
    if call.handle is not None and call.request.method is None:
        return finish(payment_id, gateways, actor=actor, now=now)
    result = ask(lambda: call.gateway.find_charge(call.request, handle=call.handle))
    return _record(payment_id, result, actor, now)


def state_of(payment: Payment) -> ChargeResult:
    """How a payment stands, in the words of a gateway."""
    if payment.settled_at is not None:
        return ChargeResult(
            ChargeState.SUCCEEDED, payment.gateway_ref, amount=payment.amount, currency=payment.currency
        )
    if payment.status is PaymentStatus.FAILED:
        return ChargeResult(ChargeState.DECLINED, message=payment.failure_reason)
    kept = payment.intent
    if payment.status is PaymentStatus.PENDING and kept.get("continue_at"):
        return ChargeResult(
            ChargeState.WAITING,
            handle=kept.get("handle"),
            continue_at=kept["continue_at"],
            continue_fields=kept.get("continue_fields") or {},
        )
    return ChargeResult(ChargeState.UNKNOWN, message=payment.failure_reason)


def ask(call: Callable[[], ChargeResult]) -> ChargeResult:
    """Call a gateway with no transaction open. What it raises against its promise is an outcome that nobody knows."""
    require_no_transaction()
    try:
        return call()
    except Exception:
        log.exception("a gateway raised instead of answering; its outcome is unknown")
        return ChargeResult(ChargeState.UNKNOWN)


def require_no_transaction() -> None:
    """Raises TransactionOpen: a gateway may take seconds, and nobody waits for rows that long."""
    if db.session().in_transaction():
        raise TransactionOpen("a gateway is called between transactions, never within one")


def _call(payment_id: int, gateways: Gateways) -> tuple[Call | None, ChargeResult]:
    """What to ask about a payment that is under way; no call where there is nothing to ask."""
    with unit_of_work():
        payment = locked(db.session.get_one(Payment, payment_id))
        attempt = last_attempt(payment)
        if payment.settled_at is not None or attempt is None or payment.intent.get("held"):
            return None, state_of(payment)
        request = _request(payment, attempt)
        call = Call(gateways.get(attempt.gateway), request, payment.intent.get("handle"))
        return call, state_of(payment)


def _record(payment_id: int, result: ChargeResult, actor: Actor, now: dt.datetime) -> ChargeResult:
    with unit_of_work():
        payment = record_outcome(db.session.get_one(Payment, payment_id), result, actor=actor, now=now)
        waits = result.state is ChargeState.WAITING and payment.status is PaymentStatus.PENDING
        return result if waits else state_of(payment)


def _request(payment: Payment, attempt: PaymentAttempt) -> ChargeRequest:
    """What the gateway is asked for, in the same words each time."""
    account = db.session.get_one(Account, payment.account_id)
    method = db.session.get(PaymentMethod, payment.payment_method_id) if payment.payment_method_id else None
    refs = None
    if method is not None:
        refs = MethodRefs(method.gateway_customer_ref or "", method.gateway_method_ref or "")
    return ChargeRequest(
        key=attempt.idempotency_key,
        amount=payment.amount,
        currency=payment.currency,
        means=Means(payment.method.value),
        payer=Payer(
            reference=account.client_id,
            name=account.billing_name or account.name,
            email=account.billing_email or "",
            country=account.billing_country or account.country,
        ),
        reference=payment.number,
        description=payment.description,
        return_url=payment.intent.get("return_url", ""),
        cancel_url=payment.intent.get("cancel_url", ""),
        method=refs,
        asked_at=attempt.started_at,
    )
