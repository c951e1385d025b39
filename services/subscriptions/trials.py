"""Trying a plan for some days, and giving back what was bought a moment ago (SPEC E3)."""

from __future__ import annotations

import datetime as dt
from typing import Final

from sqlalchemy import func, select

from domain.actor import Actor
from domain.periods import Period
from domain.proration import REFUND_DAYS, refundable_in_full
from domain.refusals import Refusal
from domain.sentences import Sentence
from extensions import db
from models.account import Account
from models.credit import UnbilledCharge
from models.credit_note import CreditReason
from models.invoice import Invoice
from models.order import OrderLine
from models.package import Package
from models.price import BillingPeriod
from models.subscription import Subscription, SubscriptionPeriod, SubscriptionStatus
from services.credit_notes import issue_credit_note
from services.locks import lock_accounts, locked
from services.people import refuse_while_logged_in_as
from services.pricing import price_list
from services.subscriptions.fulfilling import start_subscription
from services.subscriptions.locking import lock_subscription
from services.subscriptions.periods import ONE_DAY
from services.subscriptions.standing import terminate
from services.subscriptions.terms import codes_of, load_package
from services.taking_back_charges import is_of, take_back
from services.unbilled import charges_in_force

GIVEN_BACK: Final = Sentence("Given back within %(days)s days", days=REFUND_DAYS)


class NoTrial(Refusal):
    message = "There is no trial of this plan. Order it instead."


class TrialUsed(Refusal):
    message = "This plan was tried before. Order it instead."


class TooLateToGiveBack(Refusal):
    message = Sentence(
        "What was bought is given back in full within %(refund_days)s days, while nothing else was "
        "added. Open a ticket and we look into it.",
        refund_days=REFUND_DAYS,
    )


def start_trial(
    account: Account, package: Package, *, billing: BillingPeriod, actor: Actor, now: dt.datetime
) -> Subscription:
    """Begin a plan for its days of trial, once per account and plan. On its last day the first period is billed.

    Refused: NoTrial, TrialUsed, NotForSale, PriceMissing, NotWhileLoggedInAs.
    """
    refuse_while_logged_in_as(actor)
    lock_accounts([account.id])
    package = load_package(package.id)
    if package.trial_days <= 0 or not billing.months:
        raise NoTrial
    price = price_list(codes_of([package]), currency=account.currency).price_of(package.code, billing, now.date())
    if package.id in plans_had(account.id):
        raise TrialUsed
    return start_subscription(
        account,
        package,
        billing=billing,
        period=Period(now.date(), now.date() + (package.trial_days - 1) * ONE_DAY),
        price=price.amount,
        order=None,
        invoice=None,
        actor=actor,
        now=now,
        trial=True,
    )


def plans_had(account_id: int) -> set[int]:
    """Row numbers of the plans that an account has, had or tried: those it cannot try (any more)."""
    found = select(Subscription.package_id, Subscription.trial_package_id).where(Subscription.account_id == account_id)
    return {package_id for row in db.session.execute(found.distinct()) for package_id in row if package_id is not None}


def give_back(subscription_id: int, *, actor: Actor, now: dt.datetime) -> Subscription:
    """End a subscription that was bought at most 14 days ago; what was paid is balance again, by a credit note.

    What was bought on credit comes off the next invoice, or is credited on the bill that asks for it already.
    Refused: TooLateToGiveBack, NotWhileLoggedInAs, PaymentUnderWay.
    """
    refuse_while_logged_in_as(actor)
    bought = purchase_of(db.session.get_one(Subscription, subscription_id), today=now.date())
    if isinstance(bought, Invoice):
        locked(bought)
    subscription = lock_subscription(subscription_id)
    if bought is None or purchase_of(subscription, today=now.date()) != bought:
        raise TooLateToGiveBack
    if isinstance(bought, Invoice):
        issue_credit_note(
            bought,
            amount=bought.total - bought.amount_credited,
            reason=CreditReason.CANCELLED_SERVICE,
            actor=actor,
            now=now,
        )
    else:
        take_back(bought, reason=GIVEN_BACK, actor=actor, now=now)
    return terminate(subscription.id, reason=GIVEN_BACK, actor=actor, now=now)


def purchase_of(subscription: Subscription, *, today: dt.date) -> Invoice | list[UnbilledCharge] | None:
    """The invoice over the first paid period, or its charges where it was bought on credit, while it may be given back:
    alone on it, and nothing added since.
    """
    first = subscription.started_on if subscription.trial_ends_on is None else subscription.trial_ends_on + ONE_DAY
    if subscription.status is not SubscriptionStatus.ACTIVE or not refundable_in_full(first, today):
        return None
    invoices = select(SubscriptionPeriod.invoice_id).where(SubscriptionPeriod.subscription_id == subscription.id)
    ids = db.session.scalars(invoices).all()
    if len(ids) != 1:
        return None
    others = select(func.count()).select_from(Invoice).where(Invoice.subscription_id == subscription.id)
    if db.session.scalar(others.where(Invoice.id.is_distinct_from(ids[0]), Invoice.amount_paid > 0)):
        return None
    charges = charges_in_force(is_of(subscription))
    if ids[0] is None:
        orders = {each.order_id for each in charges}
        return charges if len(orders) == 1 and _is_alone(orders.pop()) else None
    invoice = db.session.get_one(Invoice, ids[0])
    return invoice if not charges and _is_alone(invoice.order_id) and invoice.amount_due == 0 else None


def _is_alone(order_id: int | None) -> bool:
    """Whether an order is over one thing."""
    return db.session.scalar(select(func.sum(OrderLine.quantity)).where(OrderLine.order_id == order_id)) == 1
