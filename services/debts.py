"""What an account owes late, and what comes of it: asked once for each page of a portal, in one statement.

Like services/seats.py it looks across accounts, for those of the person that are suspended, and stands on the tables,
which the scope of a visit does not narrow. It is bound to one account and one person.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from sqlalchemy import Select, and_, bindparam, func, or_, select

from domain.dunning import suspension_day
from domain.invoices import PAYABLE_STATUSES
from domain.permissions import MEMBER_GRANTS, MemberRole, P
from extensions import db
from models.account import Account, AccountStatus, SuspensionCause
from models.dunning_step import DunningKind, DunningStep
from models.invoice import Invoice
from models.member import Member, MemberRoleGrant, MemberStatus
from services.dunning import dunning_policy

_account = Account.__table__.c
_member = Member.__table__.c
_invoice = Invoice.__table__.c
_role = MemberRoleGrant.__table__.c
_step = DunningStep.__table__.c

_ROLES_THAT_READ: Final = tuple(role for role, grants in MEMBER_GRANTS.items() if P.INVOICES_READ in grants)


@dataclass(frozen=True, slots=True)
class Debt:
    """What is overdue in one account: how many invoices, and how much in minor units; both may be 0.

    ``suspended_on`` is set after the final warning. ``reads_invoices`` is about the person's own seat there.
    """

    account_id: int
    client_id: str
    account_name: str
    currency: str
    suspended_for: SuspensionCause | None
    invoices: int
    amount: int
    suspended_on: dt.date | None
    reads_invoices: bool


def debts_seen(account_id: int, person_id: int | None, *, now: dt.datetime) -> list[Debt]:
    """The debt of this account, and that of every suspended account in which the person has an enabled seat."""
    asked = {"account_id": account_id, "person_id": person_id, "today": now.date()}
    return [_debt(row, now) for row in db.session.execute(_statement(), asked).mappings()]


def _debt(row: Any, now: dt.datetime) -> Debt:
    suspended = row["status"] is AccountStatus.SUSPENDED
    suspended_on = None
    if row["warned_at"] is not None and not suspended:
        suspended_on = suspension_day(dunning_policy(), warned_on=row["warned_at"].date())
    return Debt(
        account_id=row["id"],
        client_id=row["client_id"],
        account_name=row["name"],
        currency=row["currency"],
        suspended_for=(row["suspension_cause"] or SuspensionCause.STAFF) if suspended else None,
        invoices=row["invoices"],
        amount=int(row["amount"] or 0),
        suspended_on=max(suspended_on, now.date()) if suspended_on is not None else None,
        reads_invoices=bool(row["reads_invoices"]),
    )


@cache
def _statement() -> Select[Any]:
    """Putting it together costs more than asking it, so that is done once."""
    overdue = and_(
        _invoice.account_id == _account.id,
        _invoice.status.in_(PAYABLE_STATUSES),
        _invoice.due_on < bindparam("today"),
        _invoice.amount_due > 0,
    )
    warned = and_(_step.invoice_id == _invoice.id, _step.kind == DunningKind.FINAL_WARNING, _step.done_at.is_not(None))
    own_seat = and_(_member.account_id == _account.id, _member.person_id == bindparam("person_id"))
    may_enter = and_(_member.status == MemberStatus.ENABLED, _member.portal_access)
    by_role = select(_role.id).where(_role.member_id == _member.id, _role.role.in_(_ROLES_THAT_READ)).exists()
    reads = or_(_member.is_owner, by_role) if MemberRole.OWNER in _ROLES_THAT_READ else by_role
    with_seat = Account.__table__.outerjoin(Member.__table__, own_seat)
    with_invoices = with_seat.outerjoin(Invoice.__table__, overdue)
    columns = (_account.id, _account.client_id, _account.name, _account.currency)
    return (
        select(
            *columns,
            _account.status,
            _account.suspension_cause,
            func.count(_invoice.id).label("invoices"),
            func.sum(_invoice.amount_due).label("amount"),
            func.min(_step.done_at).label("warned_at"),
            reads.label("reads_invoices"),
        )
        .select_from(with_invoices.outerjoin(DunningStep.__table__, warned))
        .where(
            or_(
                _account.id == bindparam("account_id"),
                and_(_account.status == AccountStatus.SUSPENDED, may_enter),
            )
        )
        .group_by(*columns, _account.status, _account.suspension_cause, _member.id, _member.is_owner)
        .order_by(_account.id)
    )
