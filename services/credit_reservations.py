"""Reserved credit: set aside while something is under way, spent on success and returned otherwise (SPEC D14).

    reservation = reserve_credit(account, amount=12_000, purpose="Order O-1", key="order-1", actor=actor, now=now)
    ...                                                     # what it is for is done, in transactions of its own
    spend_reservation(reservation, lines, actor=actor, now=now)      # or return_reservation(...)

What a crash leaves behind is returned by a job once it is over.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final

from sqlalchemy import ColumnElement, case, select, update

from domain.actor import Actor
from domain.money import LARGEST_AMOUNT, AmountTooLarge
from domain.refusals import Refusal
from domain.sentences import Amount, Sentence
from extensions import db
from models.account import Account, PaymentMode
from models.credit import CreditReservation, ReservationStatus
from models.ledger import LedgerAccount
from models.order import Order
from services.account_languages import written_for
from services.audit import record_event
from services.invoices import InvoiceLineValues, create_invoice, issue_invoice, totals_of
from services.ledger import NotEnoughFunds, ledger_account
from services.locks import guarded, lock_accounts, locked, reread
from services.paying.balance import settle_from_balance
from services.paying.claims import InvoicePart
from services.payment_modes import POT_OF_MODE
from services.payments import AmountNotPositive
from services.people import refuse_while_logged_in_as
from services.unbilled import SHOWN, keep_unbilled
from services.usable_credit import CreditFigures, figures_of, mode_and_currency

USUAL_HOLD: Final = dt.timedelta(minutes=30)
"""How long something may be under way before its credit is returned by itself."""
_AT_ONCE: Final = 200


class ReservationEnded(Refusal):
    message = "This credit is not reserved any more: it was spent, returned, or held for too long. Start again."


class MoreThanReserved(Refusal):
    """It costs more than was set aside. ``reserved`` is in minor units."""

    def __init__(self, reserved: int, currency: str) -> None:
        self.reserved = reserved
        super().__init__(
            Sentence("Only %(reserved)s are reserved for this. Start again.", reserved=Amount(reserved, currency))
        )


class ReservedForAnother(Refusal):
    message = "The same key was used to reserve another amount. Start again."


def reserve_credit(
    account: Account,
    *,
    amount: int,
    purpose: str,
    key: str,
    actor: Actor,
    now: dt.datetime,
    hold: dt.timedelta = USUAL_HOLD,
) -> CreditReservation:
    """Set an amount (minor units, tax included) aside out of what is usable, for as long as ``hold``.

    Asked again with the same key it gives the reservation that is there, whatever became of it. Refused:
    NotWhileLoggedInAs, AmountNotPositive, AmountTooLarge, ReservedForAnother, NotEnoughFunds.
    """
    refuse_while_logged_in_as(actor)
    if amount <= 0:
        raise AmountNotPositive
    if amount > LARGEST_AMOUNT:
        raise AmountTooLarge
    lock_accounts([account.id])
    there = reservation_of_key(account.id, key)
    if there is not None:
        if there.amount != amount:
            raise ReservedForAnother
        return there
    figures = figures_of(account.id, day=now.date())
    pot = ledger_account(POT_OF_MODE[figures.mode], account_id=account.id, currency=figures.currency, now=now)
    takes = update(LedgerAccount).where(LedgerAccount.id == pot.id, _usable(figures) >= amount)
    if not guarded(takes.values(reserved=LedgerAccount.reserved + amount)):
        raise NotEnoughFunds(figures_of(account.id, day=now.date()).usable, amount, figures.currency, usable=True)
    reservation = CreditReservation(
        account_id=account.id,
        status=ReservationStatus.HELD,
        currency=figures.currency,
        amount=amount,
        purpose=written_for(account.id, purpose),
        idempotency_key=key,
        expires_at=now + hold,
        created_at=now,
    )
    db.session.add(reservation)
    db.session.flush()
    after = {"amount": amount, "currency": figures.currency, "purpose": reservation.purpose}
    record_event("credit_reservation.reserved", reservation, actor=actor, now=now, after=after)
    return reservation


def spend_reservation(
    reservation: CreditReservation,
    lines: Sequence[InvoiceLineValues],
    *,
    actor: Actor,
    now: dt.datetime,
    order: Order | None = None,
) -> CreditReservation:
    """Spend what is set aside, or less, on what the lines say; the rest of it is usable again.

    Prepaid: an invoice that is paid from the balance at once. Postpaid: charges of the next invoice, with the ``order``
    they are of, if there is one. What was set aside is there for certain, also when a limit ended meanwhile.
    Refused: ReservationEnded, MoreThanReserved.
    """
    locked(reservation)
    lock_accounts([reservation.account_id])
    account = db.session.get_one(Account, reservation.account_id)
    total = totals_of(lines).total
    if total > reservation.amount:
        raise MoreThanReserved(reservation.amount, reservation.currency)
    mode, _currency = mode_and_currency(account.id)
    _end(reservation, ReservationStatus.SPENT, mode, now)
    if mode is PaymentMode.PREPAID:
        document = ("invoice", _sell(account, lines, reservation, actor, now))
    else:
        document = ("unbilled_charge", keep_unbilled(account, lines, now=now, order=order)[0].public_id)
    reservation.document_kind, reservation.document_key = document
    db.session.flush()
    after = {"amount": total, "currency": reservation.currency, document[0]: document[1]}
    record_event("credit_reservation.spent", reservation, actor=actor, now=now, after=after)
    return reservation


def return_reservation(reservation: CreditReservation, *, actor: Actor, now: dt.datetime) -> CreditReservation:
    """Make what is set aside usable again; once is enough. Refused: ReservationEnded when it was spent."""
    locked(reservation)
    lock_accounts([reservation.account_id])
    if reservation.status is ReservationStatus.RETURNED:
        return reservation
    mode, _currency = mode_and_currency(reservation.account_id)
    _end(reservation, ReservationStatus.RETURNED, mode, now)
    after = {"amount": reservation.amount, "currency": reservation.currency}
    record_event("credit_reservation.returned", reservation, actor=actor, now=now, after=after)
    return reservation


def reservations_left_behind(*, now: dt.datetime) -> Sequence[int]:
    """Some reservations that are over and that nobody spent or returned, by row numbers."""
    over = select(CreditReservation.id).where(
        CreditReservation.status == ReservationStatus.HELD, CreditReservation.expires_at <= now
    )
    return db.session.scalars(over.order_by(CreditReservation.expires_at).limit(_AT_ONCE)).all()


def return_left_behind(reservation_id: int, *, actor: Actor, now: dt.datetime) -> bool:
    """Return one of them, and say whether it still was one."""
    reservation = locked(db.session.get_one(CreditReservation, reservation_id))
    if reservation.status is not ReservationStatus.HELD or reservation.expires_at > now:
        return False
    return_reservation(reservation, actor=actor, now=now)
    return True


def held_reservations(account_id: int) -> Sequence[CreditReservation]:
    """What an account has set aside now, the newest first, as far as a page shows it."""
    held = select(CreditReservation).where(
        CreditReservation.account_id == account_id, CreditReservation.status == ReservationStatus.HELD
    )
    return db.session.scalars(held.order_by(CreditReservation.id.desc()).limit(SHOWN)).all()


def reservation_of_key(account_id: int, key: str) -> CreditReservation | None:
    """The reservation that was made with a key."""
    return db.session.scalar(
        select(CreditReservation).where(
            CreditReservation.account_id == account_id, CreditReservation.idempotency_key == key
        )
    )


def _usable(figures: CreditFigures) -> ColumnElement[int]:
    """What is usable as domain/credit.py has it, but with the row as it is when the UPDATE comes to it.

    What others may change at the same moment (the balance, what is reserved) is read there; the rest changes only with
    the account locked.
    """
    if figures.mode is PaymentMode.PREPAID:
        return LedgerAccount.balance + figures.limit - LedgerAccount.reserved
    due = LedgerAccount.balance + figures.balance
    return figures.limit + figures.unbilled + case((due > 0, due), else_=0) - LedgerAccount.reserved


def _end(reservation: CreditReservation, status: ReservationStatus, mode: PaymentMode, now: dt.datetime) -> None:
    """End a reservation once, and take it out of what is reserved. The account is locked."""
    ended = update(CreditReservation).where(
        CreditReservation.id == reservation.id, CreditReservation.status == ReservationStatus.HELD
    )
    if not guarded(ended.values(status=status, ended_at=now)):
        raise ReservationEnded
    reread(reservation)
    frees = update(LedgerAccount).where(
        LedgerAccount.account_id == reservation.account_id,
        LedgerAccount.kind == POT_OF_MODE[mode],
        LedgerAccount.currency == reservation.currency,
        LedgerAccount.reserved >= reservation.amount,
    )
    if not guarded(frees.values(reserved=LedgerAccount.reserved - reservation.amount)):
        raise RuntimeError(f"reservation {reservation.public_id} is not part of what its account has reserved")


def _sell(
    account: Account,
    lines: Sequence[InvoiceLineValues],
    reservation: CreditReservation,
    actor: Actor,
    now: dt.datetime,
) -> str:
    """Bill the lines and pay the invoice from the balance; give its number."""
    invoice = create_invoice(account, lines, description=reservation.purpose, actor=actor, now=now)
    issue_invoice(invoice, actor=actor, now=now)
    if invoice.can_pay:
        settle_from_balance(account, [InvoicePart(invoice, invoice.amount_due)], overdraft=None, actor=actor, now=now)
    return invoice.number
