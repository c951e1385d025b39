"""What somebody asks to pay, checked and written down before any gateway hears of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select

from domain.actor import Actor
from domain.money import LARGEST_AMOUNT, AmountTooLarge
from domain.refusals import Refusal
from domain.sentences import Sentence, listed, opening
from extensions import db
from gateways.port import Means
from gateways.registry import Gateways
from models.account import Account
from models.number_series import NumberedKind
from models.payment import Payment, PaymentKind, PaymentStatus
from models.payment_method import PaymentMethod, PaymentMethodStatus
from services.account_languages import written_for
from services.allocations import InvoiceNotPayable, lock_invoices
from services.audit import record_event
from services.locks import lock_accounts
from services.numbers import next_number
from services.pay_approvals import require_within_pay_limit
from services.paying.claims import InvoicePart, claim_invoices, refuse_while_claimed
from services.paying.offers import is_offered
from services.payments import AmountNotPositive, InvoiceOfAnother, OtherCurrency
from services.people import refuse_while_logged_in_as
from services.step_up import require_recent_proof

_LONGEST_NUMBERS: Final = 200
_MEANS: Final = frozenset(means.value for means in Means)


class MeansNotOffered(Refusal):
    message = "This way to pay is not offered for your account. Choose another one."


class MethodNotUsable(Refusal):
    message = "This stored payment method has expired or was removed. Choose another one, or add it anew."


class MoreThanDue(Refusal):
    message = "That is more than is due on the invoice. Reload the page to see what is due."


class PaidTwiceInOne(Refusal):
    message = "The same invoice stands twice in this payment. Choose each invoice once."


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody asks to pay, and how.

    ``parts`` are invoices in full or in part, ``funds`` is money to add to the balance on top, both in minor units of
    the account's currency. With a stored ``method`` the payer need not act. ``key`` names the request: asked again with
    the same one, it is the same payment.
    """

    means: PaymentKind
    gateway: str
    key: str
    parts: tuple[InvoicePart, ...] = ()
    funds: int = 0
    method: PaymentMethod | None = None

    @property
    def amount(self) -> int:
        return self.funds + sum(part.amount for part in self.parts)


def begin_payment(account: Account, wanted: Wanted, *, gateways: Gateways, actor: Actor, now: dt.datetime) -> Payment:
    """Write the payment as pending and claim its invoices. Commit before `carry_out` asks the gateway.

    Asked again with the same key it gives the payment that is there. Refused: NotWhileLoggedInAs, AmountNotPositive,
    AmountTooLarge, InvoiceOfAnother, PaidTwiceInOne, MeansNotOffered, MethodNotUsable, InvoiceNotPayable, MoreThanDue,
    PaymentUnderWay, AbovePayLimit. Who pays with a stored method proves who they are first (ProofNeeded).
    """
    refuse_while_logged_in_as(actor)
    check_parts(account, wanted.parts, wanted.funds)
    _check_means(account, wanted, gateways)
    if wanted.method is not None:
        require_recent_proof(actor, now=now)
        _check_method(account, wanted, wanted.method, now)
    lock_invoices(part.invoice for part in wanted.parts)
    lock_accounts([account.id])
    there = payment_of_key(account, wanted.key)
    if there is not None:
        return there
    for part in wanted.parts:
        refuse_while_claimed(part.invoice)
        require_payable(part)
        require_within_pay_limit(part.invoice, part.amount, actor=actor, now=now)
    payment = Payment(
        account_id=account.id,
        number=next_number(NumberedKind.PAYMENT, now=now),
        method=wanted.means,
        gateway=wanted.gateway,
        status=PaymentStatus.PENDING,
        received_on=now.date(),
        currency=account.currency,
        amount=wanted.amount,
        description=written_for(account.id, describe(wanted.parts, wanted.funds)),
        paid_by_id=actor.person_id,
        payment_method_id=wanted.method.id if wanted.method is not None else None,
        idempotency_key=wanted.key,
        created_at=now,
    )
    db.session.add(payment)
    db.session.flush()
    claim_invoices(payment, wanted.parts, now=now)
    after = {"amount": payment.amount, "currency": payment.currency, "method": payment.method, "by": payment.gateway}
    record_event("payment.started", payment, actor=actor, now=now, after=after)
    return payment


def payment_of_key(account: Account, key: str) -> Payment | None:
    """The payment that was asked for under this key before. The account is locked, so nobody makes it meanwhile."""
    if not key:
        raise ValueError("a payment is asked for under a key")
    return db.session.scalar(select(Payment).where(Payment.account_id == account.id, Payment.idempotency_key == key))


def check_parts(account: Account, parts: Sequence[InvoicePart], funds: int = 0) -> None:
    """Refused: AmountNotPositive, AmountTooLarge, InvoiceOfAnother, OtherCurrency, PaidTwiceInOne."""
    amount = funds + sum(part.amount for part in parts)
    if funds < 0 or amount <= 0 or any(part.amount <= 0 for part in parts):
        raise AmountNotPositive
    if amount > LARGEST_AMOUNT:
        raise AmountTooLarge
    if any(part.invoice.account_id != account.id for part in parts):
        raise InvoiceOfAnother
    if any(part.invoice.currency != account.currency for part in parts):
        raise OtherCurrency(account.currency)
    if len({part.invoice.id for part in parts}) < len(parts):
        raise PaidTwiceInOne


def check_way(account: Account, wanted: Wanted, gateways: Gateways, *, now: dt.datetime) -> None:
    """Whether it can be paid so today. Refused: MeansNotOffered, MethodNotUsable."""
    _check_means(account, wanted, gateways)
    if wanted.method is not None:
        _check_method(account, wanted, wanted.method, now)


def require_payable(part: InvoicePart) -> None:
    """Refused: InvoiceNotPayable, MoreThanDue. The invoice is locked and read anew."""
    if not part.invoice.can_pay:
        raise InvoiceNotPayable
    if part.amount > part.invoice.amount_due:
        raise MoreThanDue


def describe(parts: Sequence[InvoicePart], funds: int = 0) -> Sentence:
    """What the payment is for, in a line."""
    if not parts:
        return Sentence("funds")
    return opening(paid_for(parts, funds))


def paid_for(parts: Sequence[InvoicePart], funds: int = 0) -> Sentence:
    """The same within a sentence."""
    numbers = ", ".join(part.invoice.number for part in parts)
    if len(numbers) > _LONGEST_NUMBERS:
        numbers = f"{numbers[:_LONGEST_NUMBERS]}…"
    invoices = Sentence("invoice %(numbers)s", numbers=numbers)
    if len(parts) > 1:
        invoices = Sentence("invoices %(numbers)s", numbers=numbers)
    return listed([invoices, Sentence("funds")]) if funds else invoices


def _check_means(account: Account, wanted: Wanted, gateways: Gateways) -> None:
    offered = (
        wanted.means.value in _MEANS
        and is_offered(account, wanted.means)
        and any(
            gateway.name == wanted.gateway
            and gateway.asks_back
            and (wanted.method is not None or Means(wanted.means.value) in gateway.pages)
            for gateway in gateways.offering(Means(wanted.means.value), account.currency)
        )
    )
    if not offered:
        raise MeansNotOffered


def _check_method(account: Account, wanted: Wanted, method: PaymentMethod, now: dt.datetime) -> None:
    works = method.status is PaymentMethodStatus.ACTIVE and (
        method.expires_on is None or method.expires_on >= now.date()
    )
    if method.account_id != account.id or method.gateway != wanted.gateway or not works:
        raise MethodNotUsable
    if method.gateway_customer_ref is None or method.gateway_method_ref is None:
        raise MethodNotUsable
