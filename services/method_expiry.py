"""Stored methods that expire: the owner is warned at each step once, then they are marked and charged no more."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final

from sqlalchemy import select

from domain.actor import Actor
from domain.dunning import parse_days
from domain.expiry import has_expired, warning_due
from domain.permissions import P
from extensions import db
from models.account import Account, AccountStatus
from models.notification import NotificationKind
from models.payment_method import PaymentMethod, PaymentMethodStatus
from services.audit import record_event
from services.locks import lock_accounts, locked
from services.notifications import tell_account
from services.settings import text_setting

_AT_ONCE: Final = 200


def expiring_methods(*, today: dt.date, after: int = 0, limit: int = _AT_ONCE) -> Sequence[int]:
    """Row numbers of methods in use that may have a step due, in their order; go on after the last one before."""
    last = today + dt.timedelta(days=max(_warning_days(), default=0))
    found = select(PaymentMethod.id).where(
        PaymentMethod.id > after, PaymentMethod.status == PaymentMethodStatus.ACTIVE, PaymentMethod.expires_on <= last
    )
    return db.session.scalars(found.order_by(PaymentMethod.id).limit(limit)).all()


def take_expiry_step(method_id: int, *, actor: Actor, now: dt.datetime) -> str | None:
    """Mark a method that has expired, or warn of it; gives "expired", "warned" or None. Call it in a unit of work.

    The row is locked and keeps the step, so of two runners one finds it taken. Members of an account that is not active
    cannot come in and are told nothing; if it is active again in time, the warning follows.
    """
    method = locked(db.session.get_one(PaymentMethod, method_id))
    if method.status is not PaymentMethodStatus.ACTIVE or method.expires_on is None:
        return None
    today = now.date()
    if has_expired(method.expires_on, today=today):
        _expire(method, actor, now)
        return "expired"
    step = warning_due(method.expires_on, _warning_days(), today=today, warned=method.expiry_warned_days)
    if step is None or not _told(method, "payment_method_expires", f"{step}", now):
        return None
    method.expiry_warned_days = step
    db.session.flush()
    return "warned"


def _expire(method: PaymentMethod, actor: Actor, now: dt.datetime) -> None:
    lock_accounts([method.account_id])
    was_default = method.is_default
    method.status, method.is_default = PaymentMethodStatus.EXPIRED, False
    method.version += 1
    db.session.flush()
    before = {"status": PaymentMethodStatus.ACTIVE, "is_default": was_default}
    after = {"status": method.status, "is_default": False}
    record_event("payment_method.expired", method, actor=actor, now=now, before=before, after=after)
    _told(method, "payment_method_expired", "expired", now)


def _told(method: PaymentMethod, event: str, step: str, now: dt.datetime) -> bool:
    account = db.session.get_one(Account, method.account_id)
    if account.status is not AccountStatus.ACTIVE:
        return False
    tell_account(
        account.id,
        P.PAYMENT_METHODS_READ,
        event,
        now=now,
        kind=NotificationKind.PAYMENTS,
        unique_key=f"method:{method.public_id}:{method.expires_on}:{step}",
        target=method,
        account=account.name,
        client_id=account.client_id,
        method=method.label,
        method_key=method.public_id,
        expires_on=method.expires_on or "",
    )
    return True


def _warning_days() -> tuple[int, ...]:
    return parse_days(text_setting("method_warning_days"))
