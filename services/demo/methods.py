"""Stored payment methods, and tries to pay that are under way, unclear or failed."""

from __future__ import annotations

import calendar
import datetime as dt
from typing import Final

from sqlalchemy import select

from extensions import db
from models.account import Account
from models.gateway_event import GatewayEvent, GatewayEventStatus
from models.invoice import Invoice
from models.payment import AttemptOutcome, PaymentAttempt, PaymentKind, PaymentStatus
from models.payment_method import AutoTopUp, PaymentMethod, PaymentMethodKind, PaymentMethodStatus
from models.ticket import Ticket
from services.audit import record_event
from services.demo.habits import GATEWAY
from services.demo.money import payment_of
from services.demo.tickets import open_failed_payment_ticket
from services.demo.world import World, add, keep

_BRANDS: Final = ("Visa", "Mastercard", "American Express")
_KIND = PaymentMethodKind
_STATUS = PaymentMethodStatus
_DECLINED: Final = "The bank declined the card"


def put_methods(world: World) -> None:
    """Put stored methods and tries on the agenda."""
    for place, account in enumerate(world.accounts.values()):
        moment = account.created_at + dt.timedelta(days=3, hours=place % 7)
        world.agenda.note(moment, _store_methods, world, account, place)
    _put_tries(world)
    world.agenda.note(world.ago(6, 3), _hear, world, "customer.updated", GatewayEventStatus.IGNORED, "Nothing to do")
    world.agenda.note(world.ago(5, 3), _hear, world, "payment.settled", GatewayEventStatus.REFUSED, "Wrong signature")


def _store_methods(world: World, account: Account, place: int, at: dt.datetime) -> None:
    if account.name == "Acme Telecom":
        _card(world, account, at, expires_in=400, default=True)
        _card(world, account, at, expires_in=-40, status=_STATUS.EXPIRED)
        _card(world, account, at, expires_in=0)
        _card(world, account, at, expires_in=200, status=_STATUS.REMOVED)
        _store(world, account, at, _KIND.BILLING_AGREEMENT, "PayPal owner@acme.example")
    elif account.name == "Borealis Hosting":
        method = _store(world, account, at, _KIND.BANK_ACCOUNT, "Bank account DE…4711", default=True, last_four="4711")
        values = {"threshold": 50_000, "amount": 190_000, "currency": account.currency, "is_enabled": False}
        add(AutoTopUp(account_id=account.id, payment_method_id=method.id, created_at=at, **values))
        _store(world, account, at, _KIND.BILLING_AGREEMENT, "PayPal owner@borealis.example", status=_STATUS.PENDING)
    elif account.name == "Delta Dental":
        _card(world, account, at, expires_in=-120, status=_STATUS.EXPIRED)
    elif place % 3 == 0:
        _card(world, account, at, expires_in=60 * (place % 11 + 1), default=True)


def _card(
    world: World,
    account: Account,
    at: dt.datetime,
    *,
    expires_in: int,
    default: bool = False,
    status: PaymentMethodStatus = _STATUS.ACTIVE,
) -> None:
    day = world.today + dt.timedelta(days=expires_in)
    last_day = day.replace(day=calendar.monthrange(day.year, day.month)[1])
    if status is _STATUS.EXPIRED and last_day >= world.today:
        last_day = world.today.replace(day=1) - dt.timedelta(days=1)
    chance = world.chance(f"card {account.client_id} {expires_in}")
    brand, last_four = chance.choice(_BRANDS), f"{chance.randrange(10_000):04d}"
    _store(world, account, at, _KIND.CARD, f"{brand} ending in {last_four}", brand=brand, last_four=last_four,
           expires_on=last_day, default=default, status=status)  # fmt: skip


def _store(
    world: World,
    account: Account,
    at: dt.datetime,
    kind: PaymentMethodKind,
    label: str,
    *,
    brand: str | None = None,
    last_four: str | None = None,
    expires_on: dt.date | None = None,
    default: bool = False,
    status: PaymentMethodStatus = _STATUS.ACTIVE,
) -> PaymentMethod:
    actor = world.as_owner(account)
    chance = world.chance(f"method {account.client_id} {label}")
    method = add(
        PaymentMethod(
            account_id=account.id,
            kind=kind,
            status=status,
            is_default=default,
            label=label,
            brand=brand,
            last_four=last_four,
            expires_on=expires_on,
            gateway=GATEWAY,
            gateway_customer_ref=f"cus_{account.client_id}",
            gateway_method_ref=f"pm_{chance.getrandbits(48):012x}",
            added_by_id=actor.person_id,
            removed_at=world.ago(100) if status is _STATUS.REMOVED else None,
            created_at=at,
        )
    )
    record_event("payment_method.added", method, actor=actor, now=at, after={"label": label})
    return method


def _put_tries(world: World) -> None:
    """Payments that have not arrived: asked for, unclear, and declined."""
    for name, days, status, method in (
        ("Acme Telecom", 0, PaymentStatus.BEING_CHECKED, PaymentKind.CARD),
        ("Acme Telecom", 1, PaymentStatus.PENDING, PaymentKind.CHEQUE),
        ("Acme Telecom", 9, PaymentStatus.FAILED, PaymentKind.CARD),
        ("Cirrus Voice", 3, PaymentStatus.PENDING, PaymentKind.BANK_TRANSFER),
        ("Delta Dental", 95, PaymentStatus.FAILED, PaymentKind.CARD),
        ("Delta Dental", 88, PaymentStatus.FAILED, PaymentKind.CARD),
        ("Redwood Credit Union", 2, PaymentStatus.FAILED, PaymentKind.PAYPAL_AGREEMENT),
    ):
        account = world.accounts[name]
        world.agenda.note(world.ago(days, 7, 15), _try, world, account, status, method)


def _try(world: World, account: Account, status: PaymentStatus, method: PaymentKind, at: dt.datetime) -> None:
    found = select(Invoice).where(Invoice.account_id == account.id, Invoice.can_pay).order_by(Invoice.id.desc())
    invoice = db.session.scalars(found).first()
    amount = invoice.amount_due if invoice is not None else 25_000
    payment = payment_of(world, account, amount, method, at)
    payment.status = status
    payment.description = f"Invoice {invoice.number}" if invoice is not None else "Add funds"
    failed = status is PaymentStatus.FAILED
    payment.failure_reason = _DECLINED if failed else None
    if method is not PaymentKind.CHEQUE and method is not PaymentKind.BANK_TRANSFER:
        payment.gateway, payment.gateway_ref = GATEWAY, f"sim_try_{payment.number}"
    add(payment)
    record_event("payment.started", payment, actor=world.as_owner(account), now=at, after={"amount": amount})
    if payment.gateway is None:
        return
    add(
        PaymentAttempt(
            account_id=account.id,
            payment_id=payment.id,
            attempt=1,
            gateway=GATEWAY,
            outcome=AttemptOutcome.DECLINED if failed else AttemptOutcome.UNKNOWN,
            started_at=at,
            finished_at=at + dt.timedelta(seconds=2 if failed else 30),
            idempotency_key=f"{payment.number}-1",
            code="card_declined" if failed else "timeout",
            message=_DECLINED if failed else "No answer within 30 seconds",
        )
    )
    add(
        GatewayEvent(
            gateway=GATEWAY,
            event_id=f"evt_{payment.number}",
            kind="payment.failed" if failed else "payment.started",
            status=GatewayEventStatus.PROCESSED if failed else GatewayEventStatus.RECEIVED,
            occurred_at=at,
            received_at=at,
            processed_at=at if failed else None,
            payment_id=payment.id,
            payload={"payment": payment.number, "amount": amount, "currency": payment.currency},
        )
    )
    if failed:
        record_event("payment.failed", payment, actor=world.system, now=at, after={"reason": _DECLINED})
        if invoice is not None and not _has_ticket(invoice):
            open_failed_payment_ticket(world, account, invoice, _DECLINED, at)


def _hear(world: World, kind: str, status: GatewayEventStatus, note: str, at: dt.datetime) -> None:
    """The gateway tells something that is about no payment of ours."""
    name = f"evt_{world.chance(kind).getrandbits(40):010x}"
    keep(
        GatewayEvent(
            gateway=GATEWAY,
            event_id=name,
            kind=kind,
            status=status,
            occurred_at=at,
            received_at=at,
            processed_at=at,
            payload={"kind": kind},
            note=note,
        )
    )


def _has_ticket(invoice: Invoice) -> bool:
    return db.session.scalars(select(Ticket.id).where(Ticket.invoice_id == invoice.id)).first() is not None
