"""How a subscription moves on by itself: into the period that was paid, to expired, back, and to its end (SPEC E3)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final

from sqlalchemy import and_, false, or_, select

from domain.actor import Actor
from domain.invoices import PAYABLE_STATUSES
from domain.refusals import Refusal
from domain.renewals import is_over_for_good
from domain.sentences import Sentence
from extensions import db
from models.credit import UnbilledCharge
from models.invoice import Invoice
from models.license import License, LicenseStatus
from models.order import Order, OrderKind
from models.subscription import Subscription, SubscriptionChangeKind, SubscriptionPeriod, SubscriptionStatus
from services.audit import record_event
from services.invoices import InvoiceNotVoidable, void_invoice
from services.locks import locked
from services.orders import cancel_order
from services.people import refuse_while_logged_in_as
from services.settings import number_setting
from services.subscriptions.applying import adopt
from services.subscriptions.change_orders import change_under_way, invoice_of, refuse_while_changing
from services.subscriptions.history import tell_change
from services.subscriptions.locking import lock_subscription
from services.subscriptions.periods import ONE_DAY, billed_ahead, following, is_nobodys, is_paid
from services.subscriptions.renewing import bill_next
from services.subscriptions.sold import terms_of_period
from services.taking_back_charges import is_of, take_back
from services.unbilled import charges_in_force

_AT_ONCE: Final = 200
_LIVE: Final = (SubscriptionStatus.ACTIVE, SubscriptionStatus.EXPIRED)


class NotExpired(Refusal):
    message = "Only an expired subscription is reactivated. Reload the page to see how it stands."


class Terminated(Refusal):
    message = "This subscription is terminated. Order it anew."


class RenewalNotSwitchable(Refusal):
    message = "Only an active subscription renews. Reactivate it first."


class RenewalBilled(Refusal):
    message = "The next period is billed already. Pay it or have its invoice voided, or end the one after it."


def reactivation_days() -> int:
    """So many days after its last day an expired subscription can be had back as it was."""
    return number_setting("reactivation_days")


def ended_periods(*, today: dt.date, after: int = 0, limit: int = _AT_ONCE) -> Sequence[int]:
    """Row numbers of subscriptions whose period is over, in their order; go on after the last one of the answer."""
    found = select(Subscription.id).where(
        Subscription.id > after,
        or_(
            and_(Subscription.status == SubscriptionStatus.ACTIVE, Subscription.current_period_to < today),
            and_(
                Subscription.status == SubscriptionStatus.EXPIRED,
                Subscription.current_period_to < today - reactivation_days() * ONE_DAY,
            ),
        ),
    )
    return db.session.scalars(found.order_by(Subscription.id).limit(limit)).all()


def move_on(subscription_id: int, *, actor: Actor, now: dt.datetime) -> Subscription:
    """Take the period that was paid; without one expire, and after the days of grace end. Call it in a unit of work.

    What is paid ahead lets the license run on at once: it must not seem over until this is called on the day itself.

    Told twice it changes nothing.
    """
    subscription, today = lock_subscription(subscription_id), now.date()
    if subscription.status not in _LIVE:
        return subscription
    while subscription.current_period_to < today:
        ahead = following(subscription)
        if ahead is None or not is_paid(ahead):
            break
        _enter(subscription, ahead, actor, now)
    if subscription.current_period_to >= today:
        _let_license_run_on(subscription)
        return subscription
    if subscription.status is SubscriptionStatus.ACTIVE:
        _expire(subscription, actor, now)
    if is_over_for_good(subscription.current_period_to, grace=reactivation_days() * ONE_DAY, today=today):
        _terminate(subscription, actor, now, reason="It was not reactivated in time")
    return subscription


def reactivate(subscription_id: int, *, actor: Actor, now: dt.datetime) -> Invoice | None:
    """The invoice whose payment brings an expired subscription back: the one it has already, or a new one.

    None where that is on credit: it comes back by itself in a moment.

    Refused: NotExpired, Terminated, ChangeUnderWay, NotWhileLoggedInAs, PriceMissing, TaxRulesUnclear.
    """
    refuse_while_logged_in_as(actor)
    subscription = lock_subscription(subscription_id)
    if subscription.status is SubscriptionStatus.TERMINATED:
        raise Terminated
    if subscription.status is not SubscriptionStatus.EXPIRED:
        raise NotExpired
    ahead = billed_ahead(subscription)
    if ahead is not None:
        return db.session.get_one(Invoice, ahead.invoice_id) if ahead.invoice_id is not None else None
    refuse_while_changing(subscription)
    _forget_nobodys(subscription)
    subscription.renews_on = subscription.current_period_to + ONE_DAY
    return bill_next(subscription, actor=actor, now=now)


def switch_renewal(subscription: Subscription, *, renews: bool, actor: Actor, now: dt.datetime) -> Subscription:
    """Let a subscription end with its period, or renew after all. One that is billed ahead renews in any case.

    Where the next period was billed and its invoice voided, renewing after all bills it anew.

    Refused: RenewalNotSwitchable, RenewalBilled, NotWhileLoggedInAs.
    """
    refuse_while_logged_in_as(actor)
    locked(subscription)
    if subscription.status is not SubscriptionStatus.ACTIVE:
        raise RenewalNotSwitchable
    ahead = billed_ahead(subscription) if not renews else None
    if ahead is not None and ahead.invoice_id is None:
        raise RenewalBilled("The next period is paid on credit already. End the one after it, or ask us in a ticket.")
    if ahead is not None:
        raise RenewalBilled
    if renews:
        _forget_nobodys(subscription)
    before = subscription.renews_on
    subscription.renews_on = subscription.current_period_to + ONE_DAY if renews else None
    subscription.version += 1
    db.session.flush()
    record_event(
        "subscription.renewal_changed",
        subscription,
        actor=actor,
        now=now,
        before={"renews_on": before},
        after={"renews_on": subscription.renews_on},
    )
    return subscription


def terminate(subscription_id: int, *, reason: str, actor: Actor, now: dt.datetime) -> Subscription:
    """End a subscription for good, with its license; open invoices of its next period or a change are voided, and what
    was put on credit for the time after it is taken back.

    Refused: Terminated, PaymentUnderWay, NotWhileLoggedInAs.
    """
    refuse_while_logged_in_as(actor)
    subscription = lock_subscription(subscription_id)
    if not subscription.can_terminate:
        raise Terminated
    _terminate(subscription, actor, now, reason=reason)
    return subscription


def _enter(subscription: Subscription, period: SubscriptionPeriod, actor: Actor, now: dt.datetime) -> None:
    was_expired = subscription.status is SubscriptionStatus.EXPIRED
    terms = terms_of_period(subscription, period)
    adopt(subscription, terms, actor=actor, now=now)
    before = Sentence("to %(day)s", day=subscription.current_period_to)
    subscription.current_period_from, subscription.current_period_to = period.period_from, period.period_to
    subscription.renews_on = period.period_to + ONE_DAY
    subscription.status = SubscriptionStatus.ACTIVE
    _follow_with_license(subscription, LicenseStatus.ACTIVE)
    invoice = db.session.get(Invoice, period.invoice_id) if period.invoice_id is not None else None
    tell_change(
        subscription,
        SubscriptionChangeKind.REACTIVATED if was_expired else SubscriptionChangeKind.RENEWED,
        actor=actor,
        now=now,
        before=before,
        after=Sentence("to %(day)s", day=period.period_to),
        invoice=invoice,
        amount=period.net,
        effective_on=period.period_from,
    )
    db.session.refresh(subscription, ["package", "items", "next_package"])


def _forget_nobodys(subscription: Subscription) -> None:
    """A period is billed once: the row of one that came to nothing makes way for the next invoice."""
    ahead = following(subscription)
    if ahead is not None and is_nobodys(ahead):
        db.session.delete(ahead)
        db.session.flush()


def _expire(subscription: Subscription, actor: Actor, now: dt.datetime) -> None:
    subscription.status = SubscriptionStatus.EXPIRED
    _follow_with_license(subscription, LicenseStatus.EXPIRED)
    tell_change(subscription, SubscriptionChangeKind.EXPIRED, actor=actor, now=now)


def _terminate(subscription: Subscription, actor: Actor, now: dt.datetime, *, reason: str) -> None:
    _void_open(subscription, actor, now)
    before = subscription.status
    subscription.status, subscription.terminated_on = SubscriptionStatus.TERMINATED, now.date()
    subscription.renews_on, subscription.next_package_id = None, None
    _follow_with_license(subscription, LicenseStatus.TERMINATED)
    tell_change(
        subscription,
        SubscriptionChangeKind.TERMINATED,
        actor=actor,
        now=now,
        before=before.value,
        after=reason or None,
    )


def _void_open(subscription: Subscription, actor: Actor, now: dt.datetime) -> None:
    """What nobody paid for the time after the end is owed no more; what is partly paid stays for staff to credit.

    What was put on credit is taken back, billed or not: a change that is not made yet, and what begins after the end.
    """
    order = change_under_way(subscription)
    invoices = [invoice_of(order)] if order is not None else []
    if order is not None:
        cancel_order(order.id, actor=actor, now=now)
    open_renewals = (
        select(Invoice)
        .join(SubscriptionPeriod, SubscriptionPeriod.invoice_id == Invoice.id)
        .join(Order, Order.id == Invoice.order_id)
        .where(
            SubscriptionPeriod.subscription_id == subscription.id,
            SubscriptionPeriod.period_from > subscription.current_period_to,
            Invoice.status.in_(PAYABLE_STATUSES),
            Order.kind == OrderKind.RENEWAL,
        )
    )
    invoices += db.session.scalars(open_renewals).all()
    for invoice in invoices:
        if invoice is not None:
            try:
                void_invoice(invoice, actor=actor, now=now, reason=f"{subscription.number} has ended")
            except InvoiceNotVoidable:
                continue
    not_begun = UnbilledCharge.period_from > subscription.current_period_to
    not_made = UnbilledCharge.order_id == order.id if order is not None else false()
    charges = charges_in_force(is_of(subscription), or_(not_begun, not_made))
    take_back(charges, reason=f"{subscription.number} has ended", actor=actor, now=now)


def _let_license_run_on(subscription: Subscription) -> None:
    ahead = following(subscription)
    if subscription.status is SubscriptionStatus.ACTIVE and ahead is not None and is_paid(ahead):
        _follow_with_license(subscription, LicenseStatus.ACTIVE, until=ahead.period_to)


def _follow_with_license(subscription: Subscription, status: LicenseStatus, *, until: dt.date | None = None) -> None:
    """The license stands as the subscription does, and keeps its items, hardware and settings meanwhile.

    One that staff suspended stays so until it ends; its days are counted all the same.
    """
    if subscription.license_id is None:
        return
    license = locked(db.session.get_one(License, subscription.license_id))
    if license.status is LicenseStatus.SUSPENDED and status is not LicenseStatus.TERMINATED:
        status = LicenseStatus.SUSPENDED
    elif status is LicenseStatus.ACTIVE and license.activated_at is None:
        status = LicenseStatus.NOT_ACTIVATED
    until = until or subscription.current_period_to
    if license.status is LicenseStatus.TERMINATED or (license.status, license.expires_on) == (status, until):
        return
    license.status, license.expires_on = status, until
    license.version += 1
    db.session.flush()
