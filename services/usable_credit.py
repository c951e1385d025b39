"""What an account may still spend, by the formulas of domain/credit.py on the rows as they are (SPEC D14)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Select, and_, bindparam, func, or_, select
from sqlalchemy.orm import aliased

from domain.credit import GrantedLimit, Postpaid, Prepaid, limit_on
from domain.postings import LedgerAccountKind
from extensions import db
from models.account import Account, PaymentMode
from models.credit import CreditLimit, UnbilledCharge
from models.ledger import LedgerAccount


@dataclass(frozen=True, slots=True)
class CreditFigures:
    """The figures of one account in minor units of its currency; what is owed is negative.

    ``balance`` is the money we hold (below zero: what a prepaid account drew on its limit). ``due`` is balance less
    what invoices ask for. ``limits`` are the grants in force, ``limit`` is the one of them that counts.
    """

    mode: PaymentMode
    currency: str
    balance: int
    due: int
    unbilled: int
    reserved: int
    limit: int
    limits: tuple[CreditLimit, ...]

    @property
    def usable(self) -> int:
        if self.mode is PaymentMode.PREPAID:
            return Prepaid(self.balance, self.limit, self.reserved).usable
        return Postpaid(self.unbilled, self.due, self.limit, self.reserved).usable

    @property
    def owed(self) -> int:
        """What invoices ask for, as an amount above zero."""
        return self.balance - self.due

    @property
    def payable(self) -> int:
        """What invoices can be paid with from the balance: of a postpaid account money only, and no limit."""
        return self.usable if self.mode is PaymentMode.PREPAID else self.balance

    @property
    def current_balance(self) -> int:
        """Prepaid: the balance. Postpaid: unbilled and amount due together."""
        if self.mode is PaymentMode.PREPAID:
            return self.balance
        return Postpaid(self.unbilled, self.due, self.limit, self.reserved).current_balance


def figures_of(account_id: int, *, day: dt.date) -> CreditFigures:
    """Read the figures in one statement; ``day`` decides which limits are in force."""
    rows = db.session.execute(_figures(), {"account_id": account_id, "day": day}).all()
    mode, currency, balance, asked, reserved, used, _limit = rows[0]
    in_force = [row[-1] for row in rows if row[-1] is not None]
    return CreditFigures(
        mode=mode,
        currency=currency,
        balance=balance,
        due=balance + asked,
        unbilled=-int(used),  # PostgreSQL sums BIGINT to a decimal
        reserved=reserved,
        limit=highest(in_force, day),
        limits=tuple(in_force),
    )


@cache
def _figures() -> Select[*tuple[Any, ...]]:
    """Put together once: the portal's first page asks it, and making it takes longer than its answer."""
    funds, receivable = aliased(LedgerAccount), aliased(LedgerAccount)
    return (
        select(
            Account.payment_mode,
            Account.currency,
            func.coalesce(funds.balance, 0),
            func.coalesce(receivable.balance, 0),
            func.coalesce(funds.reserved, 0) + func.coalesce(receivable.reserved, 0),
            _used(Account.id, Account.currency).scalar_subquery(),
            CreditLimit,
        )
        .outerjoin(funds, _pot(funds, LedgerAccountKind.FUNDS))
        .outerjoin(receivable, _pot(receivable, LedgerAccountKind.RECEIVABLE))
        .outerjoin(
            CreditLimit,
            and_(
                CreditLimit.account_id == Account.id,
                CreditLimit.currency == Account.currency,
                _in_force(bindparam("day")),
            ),
        )
        .where(Account.id == bindparam("account_id"))
        .order_by(CreditLimit.amount.desc(), CreditLimit.id)
    )


def mode_and_currency(account_id: int) -> tuple[PaymentMode, str]:
    """How an account pays, as the database has it now: another request may have switched it."""
    row = db.session.execute(select(Account.payment_mode, Account.currency).where(Account.id == account_id)).one()
    return row.payment_mode, row.currency


def limits_in_force(account_id: int, currency: str, day: dt.date) -> Sequence[CreditLimit]:
    """The grants that count on a day, the highest first."""
    found = select(CreditLimit).where(
        CreditLimit.account_id == account_id, CreditLimit.currency == currency, _in_force(day)
    )
    return db.session.scalars(found.order_by(CreditLimit.amount.desc(), CreditLimit.id)).all()


def highest(limits: Sequence[CreditLimit], day: dt.date) -> int:
    """The limit that counts of several grants."""
    return limit_on(day, [GrantedLimit(each.amount, each.valid_from, each.valid_to) for each in limits])


def limit_of(account_id: int, currency: str, *, day: dt.date) -> int:
    """The limit that counts on a day; nothing when none was granted."""
    return highest(limits_in_force(account_id, currency, day), day)


def unbilled_of(account_id: int, currency: str) -> int:
    """What was used and not billed yet, as what is owed: never above zero."""
    return -int(db.session.scalar(_used(account_id, currency)) or 0)  # PostgreSQL sums BIGINT to a decimal


def overdraft_of(account_id: int, *, day: dt.date) -> int:
    """How far below zero spending may take the balance: to the limit of a prepaid account, and of no other.

    The limit of a postpaid account holds for what is unbilled: invoices are paid with money.
    """
    mode, currency = mode_and_currency(account_id)
    return limit_of(account_id, currency, day=day) if mode is PaymentMode.PREPAID else 0


def _in_force(day: dt.date | BindParameter[dt.date]) -> ColumnElement[bool]:
    return and_(
        CreditLimit.withdrawn_at.is_(None),
        CreditLimit.valid_from <= day,
        or_(CreditLimit.valid_to.is_(None), CreditLimit.valid_to > day),
    )


def _pot(pot: type[LedgerAccount], kind: LedgerAccountKind) -> ColumnElement[bool]:
    return and_(pot.account_id == Account.id, pot.currency == Account.currency, pot.kind == kind)


def _used(account_id: Any, currency: Any) -> Select[Any]:
    """What was used and not billed yet."""
    return select(func.coalesce(func.sum(UnbilledCharge.total), 0)).where(
        UnbilledCharge.account_id == account_id,
        UnbilledCharge.currency == currency,
        UnbilledCharge.is_unbilled,
    )
