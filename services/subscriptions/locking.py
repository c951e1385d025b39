"""The one order in which a subscription is locked with what changes beside it (services/locks.py)."""

from __future__ import annotations

from sqlalchemy import and_, or_, select

from domain.invoices import PAYABLE_STATUSES
from extensions import db
from models.credit import UnbilledCharge
from models.invoice import Invoice
from models.license import License
from models.subscription import Subscription
from services.locks import lock_accounts, locked
from services.subscriptions.terms import load_subscription
from services.taking_back_charges import is_of


def lock_subscription(subscription_id: int) -> Subscription:
    """Lock a subscription, its license and its open invoices, which may be voided, then the account; read it anew.

    With its invoices go the bills that ask for its current period or a later one: they may be credited.
    """
    row = locked(db.session.get_one(Subscription, subscription_id))
    if row.license_id is not None:
        locked(db.session.get_one(License, row.license_id))
    is_open = and_(Invoice.subscription_id == row.id, Invoice.status.in_(PAYABLE_STATUSES))
    invoices = select(Invoice.id).where(or_(is_open, Invoice.id.in_(_bills_of(row))))
    db.session.execute(invoices.order_by(Invoice.id).with_for_update(key_share=True)).all()
    lock_accounts([row.account_id])
    return load_subscription(subscription_id)


def _bills_of(subscription: Subscription) -> list[int]:
    """Asked for by itself, so that the invoices are found by their keys."""
    bills = select(UnbilledCharge.invoice_id).where(
        is_of(subscription),
        UnbilledCharge.invoice_id.is_not(None),
        UnbilledCharge.period_to >= subscription.current_period_from,
    )
    return [each for each in set(db.session.scalars(bills)) if each is not None]
