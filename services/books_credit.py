"""What must always be true of credit, checked like the rest of the books (services/books.py)."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import and_, func, select

from domain.postings import LedgerAccountKind
from domain.sentences import Sentence
from extensions import db
from models.account import Account
from models.credit import CreditLimit, CreditReservation, ReservationStatus, UnbilledCharge
from models.ledger import LedgerAccount
from models.order import Order


def overdrawn_balances() -> Iterator[tuple[str, str, Sentence]]:
    """Below zero only who was granted credit, by no more than the highest limit there ever was: what was drawn on a
    limit that ended is a debt, and right.
    """
    granted = select(
        CreditLimit.account_id, CreditLimit.currency, func.max(CreditLimit.amount).label("amount")
    ).group_by(CreditLimit.account_id, CreditLimit.currency)
    limits = granted.subquery()
    highest = func.coalesce(limits.c.amount, 0)
    of_pot = and_(limits.c.account_id == LedgerAccount.account_id, limits.c.currency == LedgerAccount.currency)
    found = (
        select(Account.client_id, LedgerAccount.balance, highest)
        .join(Account, Account.id == LedgerAccount.account_id)
        .outerjoin(limits, of_pot)
        .where(LedgerAccount.kind == LedgerAccountKind.FUNDS, LedgerAccount.balance < -highest)
        .order_by(LedgerAccount.id)
    )
    for client_id, balance, limit in db.session.execute(found):
        yield (
            "account",
            client_id,
            Sentence(
                "the balance is %(balance)s, and the highest credit limit was %(limit)s",
                balance=str(balance),
                limit=str(limit),
            ),
        )


def wrongly_reserved() -> Iterator[tuple[str, str, Sentence]]:
    """What is set aside of the pots is the sum of the reservations that are held."""
    pots = select(LedgerAccount.account_id, func.sum(LedgerAccount.reserved).label("amount"))
    set_aside = pots.where(LedgerAccount.account_id.is_not(None)).group_by(LedgerAccount.account_id).subquery()
    held = select(CreditReservation.account_id, func.sum(CreditReservation.amount).label("amount")).where(
        CreditReservation.status == ReservationStatus.HELD
    )
    wanted = held.group_by(CreditReservation.account_id).subquery()
    in_pots, in_rows = func.coalesce(set_aside.c.amount, 0), func.coalesce(wanted.c.amount, 0)
    found = (
        select(Account.client_id, in_pots, in_rows)
        .outerjoin(set_aside, set_aside.c.account_id == Account.id)
        .outerjoin(wanted, wanted.c.account_id == Account.id)
        .where(in_pots != in_rows)
        .order_by(Account.id)
    )
    for client_id, amount, reservations in db.session.execute(found):
        yield (
            "account",
            client_id,
            Sentence(
                "%(amount)s are set aside, the reservations held come to %(reservations)s",
                amount=str(amount),
                reservations=str(reservations),
            ),
        )


def wrongly_charged() -> Iterator[tuple[str, str, Sentence]]:
    """The charges of an order on credit come to what was ordered, those that were taken off since with them."""
    asked = func.sum(UnbilledCharge.total)
    found = (
        select(Order.number, Order.total, asked)
        .join(UnbilledCharge, UnbilledCharge.order_id == Order.id)
        .group_by(Order.id, Order.number, Order.total)
        .having(asked != Order.total)
        .order_by(Order.id)
    )
    for number, total, charged in db.session.execute(found):
        yield (
            "customer_order",
            number,
            Sentence(
                "the order is over %(total)s, its charges come to %(charged)s", total=str(total), charged=str(charged)
            ),
        )
