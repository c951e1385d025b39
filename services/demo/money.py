"""Money out of the ordinary: funds added, drafts, voided and partly paid invoices, credit given, funds sent back."""

from __future__ import annotations

import datetime as dt
from typing import Final

from domain.money import minor_to_text
from domain.postings import balance_brought, credit_given, credit_taken_back, refund_settled, refund_started
from extensions import db
from models.account import Account
from models.invoice import Invoice
from models.number_series import NumberedKind
from models.order import Order, OrderKind, OrderStatus
from models.payment import Payment, PaymentKind, PaymentStatus, Refund, RefundStatus
from models.statement_line import StatementKind
from services.audit import record_event
from services.demo.bills import bill, draft_bill, simple_line
from services.demo.habits import receive
from services.demo.world import World, add
from services.invoices import void_invoice
from services.ledger import Entry, post
from services.numbers import next_number
from services.statements import NewLine, write_statement_line

_BOREALIS_TOP_UP: Final = 190_000


def put_money(world: World) -> None:
    """Put on the agenda what the contracts of the customers do not bring about by themselves."""
    _put_funds(world)
    _put_papers(world)
    _put_credit(world)
    _put_refunds(world)
    _put_orders(world)


def _put_funds(world: World) -> None:
    """Acme has money here that no invoice has asked for yet; Borealis is prepaid and adds funds every month."""
    acme, borealis = world.accounts["Acme Telecom"], world.accounts["Borealis Hosting"]
    world.agenda.note(world.ago(21, 10), receive, world, acme, 2_000_000, PaymentKind.BANK_TRANSFER)
    day = borealis.created_at.date() + dt.timedelta(days=2)
    while day <= world.today:
        moment = world.morning(day, 5)
        kind = PaymentKind.PAYPAL if day.month % 4 == 0 else PaymentKind.BANK_TRANSFER
        world.agenda.note(moment, receive, world, borealis, _BOREALIS_TOP_UP, kind)
        day += dt.timedelta(days=61)
    for name, days, method in (
        ("Northwind Outfitters", 12, PaymentKind.CHEQUE),
        ("Sonnenhof Kliniken", 34, PaymentKind.OTHER),
    ):
        account = world.accounts[name]
        world.agenda.note(world.ago(days, 13), receive, world, account, 45_000, method)


def _put_papers(world: World) -> None:
    """Invoices written by hand: drafts, one that was voided, and one of which a half is paid."""
    acme, cirrus = world.accounts["Acme Telecom"], world.accounts["Cirrus Voice"]
    for account, days in ((acme, 2), (world.accounts["Borealis Hosting"], 1), (world.accounts["Harborview Legal"], 0)):
        world.agenda.note(world.ago(days, 7, 40), _draft, world, account)
    for account, days in ((cirrus, 70), (acme, 45), (world.accounts["Bayside Clinic Group"], 16)):
        world.agenda.note(world.ago(days, 8, 20), _buy, world, account)
    for account, days in ((cirrus, 51), (acme, 96), (world.accounts["Silverline Taxi"], 9)):
        world.agenda.note(world.ago(days, 9), _void, world, account)
    for account, days in ((cirrus, 25), (acme, 19), (world.accounts["Nordlicht Energie AG"], 6)):
        world.agenda.note(world.ago(days, 15), _pay_half, world, account)


def _draft(world: World, account: Account, at: dt.datetime) -> None:
    lines = [
        simple_line(world, account, "setup", 89_000, 1, at.date()),
        simple_line(world, account, "desk-phone", 11_900, 6, at.date()),
    ]
    draft_bill(account, lines, "Phones for the new office", OrderKind.MANUAL, world.as_staff("finance"), at)


def _phones(world: World, account: Account, count: int, at: dt.datetime) -> Invoice:
    lines = [simple_line(world, account, "desk-phone", 11_900, count, at.date())]
    return bill(world, account, lines, f"{count} desk phones", OrderKind.MANUAL, world.as_staff("finance"), at)


def _buy(world: World, account: Account, at: dt.datetime) -> None:
    """Phones that are paid at once and not sent yet."""
    invoice = _phones(world, account, 5, at)
    receive(world, account, invoice.amount_due, PaymentKind.CARD, min(at + dt.timedelta(hours=1), world.now),
            invoices=[invoice])  # fmt: skip


def _void(world: World, account: Account, at: dt.datetime) -> None:
    invoice = _phones(world, account, 3, at)
    later = min(at + dt.timedelta(hours=2), world.now)
    void_invoice(invoice, actor=world.as_staff("finance"), now=later, reason="Ordered twice")


def _pay_half(world: World, account: Account, at: dt.datetime) -> None:
    invoice = _phones(world, account, 8, at)
    half = invoice.total // 2
    db.session.flush()
    receive(world, account, half, PaymentKind.CHEQUE, min(at + dt.timedelta(hours=4), world.now), invoices=[invoice])


def _put_credit(world: World) -> None:
    """Credit given by staff, some of it taken back, and balances brought along from the older system."""
    for name, days, amount in (
        ("Cirrus Voice", 400, 5_000),
        ("Bluewater Hotels", 33, 10_000),
        ("Lumière Santé", 77, 2_500),
    ):
        account = world.accounts[name]
        if world.ago(days) > account.created_at:
            world.agenda.note(world.ago(days, 14), _give_credit, world, account, amount)
    lumiere = world.accounts["Lumière Santé"]
    if world.ago(70) > lumiere.created_at:
        world.agenda.note(world.ago(70, 14), _take_credit_back, world, lumiere, 1_000)
    for name, amount in (("Acme Telecom", 120_000), ("Borealis Hosting", 25_000), ("Delta Dental", 8_900)):
        account = world.accounts[name]
        moment = account.created_at + dt.timedelta(hours=1)
        world.agenda.note(moment, _bring, world, account, amount)


def _give_credit(world: World, account: Account, amount: int, at: dt.datetime) -> None:
    staff = world.as_staff("finance")
    key = f"{account.client_id}-{at.date().isoformat()}"
    post(
        Entry("account.credit_given", "Credit given", credit_given(amount), account.id, account.currency,
              document_kind="credit", document_key=key),
        actor=staff, now=at,
    )  # fmt: skip
    _line(account, StatementKind.CREDIT_GIVEN, amount, "Credit for the outage", at)
    record_event("account.credit_given", account, actor=staff, now=at,
                 after={"amount": amount, "currency": account.currency, "reason": "Outage"})  # fmt: skip


def _take_credit_back(world: World, account: Account, amount: int, at: dt.datetime) -> None:
    staff = world.as_staff("finance")
    key = f"{account.client_id}-{at.date().isoformat()}"
    post(
        Entry("account.credit_taken_back", "Credit taken back", credit_taken_back(amount), account.id, account.currency,
              document_kind="credit", document_key=key),
        actor=staff, now=at,
    )  # fmt: skip
    _line(account, StatementKind.CREDIT_TAKEN, -amount, "Part of the credit was given by mistake", at)
    record_event("account.credit_taken_back", account, actor=staff, now=at,
                 after={"amount": amount, "currency": account.currency})  # fmt: skip


def _bring(world: World, account: Account, amount: int, at: dt.datetime) -> None:
    """The balance of the older system: the first line of the statement."""
    post(
        Entry("account.balance_brought", "Balance of the older system", balance_brought(amount), account.id,
              account.currency, document_kind="account", document_key=account.client_id),
        actor=world.system, now=at,
    )  # fmt: skip
    _line(account, StatementKind.OPENING, amount, "Balance of the older system", at)


def _line(
    account: Account, kind: StatementKind, amount: int, words: str, at: dt.datetime, number: str | None = None
) -> None:
    line = NewLine(
        account_id=account.id,
        kind=kind,
        amount=amount,
        currency=account.currency,
        document_number=number,
        description=words,
        booked_on=at.date(),
    )
    write_statement_line(line, now=at)


def _put_refunds(world: World) -> None:
    """Money that was paid in and sent back: all of it, and a part of it."""
    for name, days, amount, back in (
        ("Evergreen Property Partners", 64, 30_000, 30_000),
        ("Granite State Bank", 48, 60_000, 25_000),
        ("Borealis Hosting", 15, 40_000, 40_000),
    ):
        account = world.accounts[name]
        world.agenda.note(max(world.ago(days, 16), account.created_at), _refund, world, account, amount, back)


def _refund(world: World, account: Account, amount: int, back: int, at: dt.datetime) -> None:
    """Take money in, and give what no invoice took of it back."""
    payment = receive(world, account, amount, PaymentKind.CARD, at)
    back = min(back, payment.amount - payment.amount_allocated)
    if back <= 0:
        return
    staff, later = world.as_staff("finance"), min(at + dt.timedelta(hours=20), world.now)
    refund = add(
        Refund(
            account_id=account.id,
            number=next_number(NumberedKind.REFUND, now=later),
            payment_id=payment.id,
            status=RefundStatus.SETTLED,
            currency=account.currency,
            amount=back,
            reason="Paid twice by mistake",
            refunded_by_id=staff.person_id,
            settled_at=later,
            created_at=later,
        )
    )
    payment.amount_refunded = back
    payment.status = PaymentStatus.REFUNDED if back == payment.amount else PaymentStatus.PARTIALLY_REFUNDED
    payment.version += 1
    for event, transfers in (("refund.started", refund_started(back)), ("refund.settled", refund_settled(back))):
        post(
            Entry(event, f"Refund {refund.number}", transfers, account.id, account.currency, document_kind="refund",
                  document_key=refund.number),
            actor=staff, now=later,
        )  # fmt: skip
    words = f"Refund of {minor_to_text(back, account.currency)} {account.currency} from payment {payment.number}"
    _line(account, StatementKind.REFUND, -back, words, later, refund.number)
    record_event("payment.refunded", payment, actor=staff, now=later, after={"amount": back, "refund": refund.number})


def _put_orders(world: World) -> None:
    """Orders that did not come to an invoice: a basket, and one that was called off."""
    acme = world.accounts["Acme Telecom"]
    for account, days, status in (
        (acme, 1, OrderStatus.DRAFT),
        (acme, 80, OrderStatus.CANCELLED),
        (world.accounts["Cirrus Voice"], 14, OrderStatus.CANCELLED),
    ):
        world.agenda.note(world.ago(days, 12, 20), _order, world, account, status)


def _order(world: World, account: Account, status: OrderStatus, at: dt.datetime) -> None:
    actor = world.as_owner(account)
    called_off = status is OrderStatus.CANCELLED
    order = add(
        Order(
            account_id=account.id,
            number=next_number(NumberedKind.ORDER, now=at),
            kind=OrderKind.PURCHASE,
            status=status,
            description="Hosted system for the branch office",
            currency=account.currency,
            net_total=15_900,
            total=15_900,
            placed_at=at if called_off else None,
            placed_by_id=actor.person_id,
            cancelled_at=at if called_off else None,
            created_at=at,
        )
    )
    record_event("order.cancelled" if called_off else "customer_order.created", order, actor=actor, now=at,
                 after={"status": status})  # fmt: skip


def payment_of(world: World, account: Account, amount: int, method: PaymentKind, at: dt.datetime) -> Payment:
    """A payment that was asked for and has not arrived."""
    actor = world.as_owner(account)
    return Payment(
        account_id=account.id,
        number=next_number(NumberedKind.PAYMENT, now=at),
        method=method,
        received_on=at.date(),
        currency=account.currency,
        amount=amount,
        paid_by_id=actor.person_id,
        created_at=at,
    )
