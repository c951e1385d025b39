"""How the customers of the demo pay: by which way, how soon, and from when on no more."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from domain.postings import LedgerAccountKind
from extensions import db
from models.account import Account
from models.invoice import Invoice
from models.payment import Payment, PaymentKind
from services.demo.world import World
from services.invoices import pay_invoice_from_balance
from services.ledger import balance_of
from services.payments import record_received_payment

GATEWAY = "simulator"
_BY_GATEWAY = {
    PaymentKind.CARD: "Card payment",
    PaymentKind.PAYPAL: "PayPal",
    PaymentKind.PAYPAL_AGREEMENT: "PayPal billing agreement",
}


@dataclass(frozen=True, slots=True)
class Habit:
    """``until``: what is billed from this day on stays unpaid."""

    method: PaymentKind
    soonest: int = 1  # days after the invoice
    latest: int = 9
    until: dt.date | None = None


def pay_as_usual(world: World, invoice: Invoice, habit: Habit, billed_at: dt.datetime) -> None:
    """Put the payment of an invoice on the agenda, if there will be one."""
    if invoice.total == 0 or (habit.until is not None and billed_at.date() >= habit.until):
        return
    chance = world.chance(f"pay {invoice.number}")
    day = billed_at.date() + dt.timedelta(days=chance.randint(habit.soonest, habit.latest))
    moment = world.morning(day, 8 + chance.randrange(8), chance.randrange(60))
    world.agenda.note(max(moment, billed_at), _pay, world, invoice, habit.method)


def _pay(world: World, invoice: Invoice, method: PaymentKind, at: dt.datetime) -> None:
    account = db.session.get_one(Account, invoice.account_id)
    if not invoice.can_pay:  # an older payment had something left for it
        return
    if method is PaymentKind.BALANCE:
        funds = balance_of(LedgerAccountKind.FUNDS, account_id=account.id, currency=account.currency)
        if funds >= invoice.amount_due:
            pay_invoice_from_balance(invoice, actor=world.as_owner(account), now=at)
    else:
        receive(world, account, invoice.amount_due, method, at, invoices=[invoice])


def receive(
    world: World,
    account: Account,
    amount: int,
    method: PaymentKind,
    at: dt.datetime,
    *,
    invoices: list[Invoice] | None = None,
    remark: str | None = None,
) -> Payment:
    """Let money arrive by one of the ways money arrives by."""
    by_gateway = method in _BY_GATEWAY
    chance = world.chance(f"money {account.client_id} {amount} {method} {at.isoformat()}")
    payment = record_received_payment(
        account,
        amount=amount,
        currency=account.currency,
        method=method,
        received_on=at.date(),
        reference=None if by_gateway else f"{method.value[:3].upper()}-{chance.randrange(100_000, 999_999)}",
        remark=remark,
        invoices=invoices or (),
        actor=world.as_owner(account) if by_gateway else world.as_staff("finance"),
        now=at,
    )
    if by_gateway:
        payment.description = _BY_GATEWAY[method]
        payment.gateway, payment.gateway_ref = GATEWAY, f"sim_{chance.getrandbits(64):016x}"
        payment.paid_by_id = world.as_owner(account).person_id
    return payment
