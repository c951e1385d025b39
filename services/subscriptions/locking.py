"""The one order in which a subscription is locked with what changes beside it (services/locks.py)."""

from __future__ import annotations

from sqlalchemy import select

from domain.invoices import PAYABLE_STATUSES
from extensions import db
from models.invoice import Invoice
from models.license import License
from models.subscription import Subscription
from services.locks import lock_accounts, locked
from services.subscriptions.terms import load_subscription


def lock_subscription(subscription_id: int) -> Subscription:
    """Lock a subscription, its license and its open invoices, which may be voided, then the account; read it anew."""
    row = locked(db.session.get_one(Subscription, subscription_id))
    if row.license_id is not None:
        locked(db.session.get_one(License, row.license_id))
    open_invoices = select(Invoice.id).where(Invoice.subscription_id == row.id, Invoice.status.in_(PAYABLE_STATUSES))
    db.session.execute(open_invoices.order_by(Invoice.id).with_for_update(key_share=True)).all()
    lock_accounts([row.account_id])
    return load_subscription(subscription_id)
