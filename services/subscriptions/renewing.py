"""The renewal run: seven days before a period ends the next one is billed, once, and paid by itself (SPEC E3)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import aliased

from domain.actor import Actor
from domain.periods import PricedPeriod
from domain.refusals import Refusal
from domain.renewals import BILLED_BEFORE, billed_on, following_period, renewal_due_on
from domain.sentences import Sentence, joined
from extensions import db
from gateways.registry import Gateways
from models.account import Account, AccountStatus
from models.invoice import Invoice
from models.order import OrderKind, OrderLine
from models.payment_method import PaymentMethod
from models.subscription import Subscription, SubscriptionPeriod, SubscriptionStatus
from services.account_languages import written_for
from services.buying_on_credit import settle_on_credit
from services.invoices import create_invoice, issue_invoice, pay_invoice_from_balance, totals_of
from services.orders import place_order
from services.paying.claims import InvoicePart
from services.paying.intents import Wanted, begin_payment
from services.paying.offers import STORED_MEANS
from services.subscriptions.change_orders import refuse_while_changing
from services.subscriptions.locking import lock_subscription
from services.subscriptions.periods import anchor_of, current_period, following
from services.subscriptions.sold import written
from services.subscriptions.terms import lines_of, prices_of_next, renewal_terms
from services.taxes import tax_table
from services.usable_credit import figures_of

PREFIX: Final = "renewal-"
"""How the keys of the payments begin that renewals make."""
_AT_ONCE: Final = 200


def due_renewals(*, today: dt.date, after: int = 0, limit: int = _AT_ONCE) -> Sequence[int]:
    """Row numbers of subscriptions whose next period is to be billed, in their order; go on after the last one."""
    billed = aliased(SubscriptionPeriod)
    found = select(Subscription.id).where(
        Subscription.id > after,
        Subscription.status == SubscriptionStatus.ACTIVE,
        Subscription.renews_on <= today + BILLED_BEFORE,
        Subscription.current_period_to >= today,
        or_(Subscription.trial_ends_on.is_(None), Subscription.trial_ends_on <= today),
        ~exists().where(billed.subscription_id == Subscription.id, billed.period_from == Subscription.renews_on),
    )
    return db.session.scalars(found.order_by(Subscription.id).limit(limit)).all()


def next_period(subscription: Subscription) -> PricedPeriod:
    """The period after the current one."""
    return following_period(
        current_period(subscription),
        anchor=anchor_of(subscription),
        months=subscription.period.months,
        aligns=subscription.aligns_to_month,
    )


def bill_renewal(subscription_id: int, gateways: Gateways, *, actor: Actor, now: dt.datetime) -> int | None:
    """Bill the next period of one subscription; call it in a unit of work. Gives the payment that a stored method
    makes, to be carried out.

    The subscription is locked, so of two runners one finds the period billed. On credit where a postpaid account's
    covers it, else paid from the balance where that holds all of it, else by the default stored method, else the
    invoice stays unpaid. A change that waits for its payment goes first: billed without it, what it adds would be had
    in that period for nothing. Refused: ChangeUnderWay, PriceMissing, NotForSale, TaxRulesUnclear.
    """
    subscription = lock_subscription(subscription_id)
    if not _is_due(subscription, now.date()):
        return None
    refuse_while_changing(subscription)
    invoice = bill_next(subscription, actor=actor, now=now)
    return _pay(subscription.account, invoice, gateways, actor, now) if invoice is not None else None


def bill_next(subscription: Subscription, *, actor: Actor, now: dt.datetime) -> Invoice | None:
    """Issue the invoice over the next period and note the period as billed. The subscription is locked.

    None where a postpaid account's credit covers it: the period is paid, and the month's invoice brings it.
    """
    priced = next_period(subscription)
    first, last = priced.period.first, priced.period.last
    terms = renewal_terms(subscription, prices_of_next(subscription), first)
    classes = {terms.package.product_class_id, *(item.product.product_class_id for item in terms.items)}
    taxes = tax_table(subscription.account, classes, {first})
    lines = lines_of(terms, subscription.id, priced, taxes, actor=actor, now=now)
    words = Sentence("%(plan)s, %(first)s to %(last)s", plan=terms.package.name, first=first, last=last)
    totals = totals_of(lines)
    order = place_order(
        subscription.account_id,
        description=joined([subscription.number, words], ": "),
        kind=OrderKind.RENEWAL,
        currency=subscription.currency,
        net=totals.net,
        tax=totals.tax,
        actor=actor,
        now=now,
    )
    db.session.add(
        OrderLine(
            account_id=subscription.account_id,
            order_id=order.id,
            position=1,
            description=written_for(subscription.account_id, words),
            package_id=terms.package.id,
            subscription_id=subscription.id,
            currency=subscription.currency,
            unit_price=totals.net,
            net=totals.net,
            period_from=first,
            period_to=last,
        )
    )
    billed = SubscriptionPeriod(
        account_id=subscription.account_id,
        subscription_id=subscription.id,
        period_from=first,
        period_to=last,
        currency=subscription.currency,
        net=totals.net,
        terms=written(terms),
        created_at=now,
    )
    db.session.add(billed)
    db.session.flush()
    if settle_on_credit(order, lines, actor=actor, now=now):
        return None
    invoice = create_invoice(
        subscription.account,
        lines,
        description=words,
        order=order,
        subscription_id=subscription.id,
        currency=subscription.currency,
        actor=actor,
        now=now,
    )
    billed.invoice_id = invoice.id
    db.session.flush()
    return issue_invoice(invoice, actor=actor, now=now, due_on=renewal_due_on(first, today=now.date()))


def _is_due(subscription: Subscription, today: dt.date) -> bool:
    renews_on = subscription.renews_on
    return (
        subscription.status is SubscriptionStatus.ACTIVE
        and subscription.account.status is AccountStatus.ACTIVE
        and subscription.period.months > 0
        and renews_on is not None
        and billed_on(renews_on, trial_ends_on=subscription.trial_ends_on) <= today <= subscription.current_period_to
        and following(subscription) is None
    )


def _pay(account: Account, invoice: Invoice, gateways: Gateways, actor: Actor, now: dt.datetime) -> int | None:
    """Balance, else stored method, else failure: dunning goes on from there."""
    if not invoice.can_pay:
        return None
    if figures_of(account.id, day=now.date()).payable >= invoice.amount_due:
        pay_invoice_from_balance(invoice, actor=actor, now=now)
        return None
    method = db.session.scalar(
        select(PaymentMethod).where(PaymentMethod.account_id == account.id, PaymentMethod.is_default.is_(True))
    )
    means = STORED_MEANS.get(method.kind) if method is not None else None
    if method is None or means is None:
        return None
    parts = (InvoicePart(invoice, invoice.amount_due),)
    wanted = Wanted(means, method.gateway, f"{PREFIX}{invoice.number}", parts, method=method)
    try:
        return begin_payment(account, wanted, gateways=gateways, actor=actor, now=now).id
    except Refusal:
        return None  # the card has expired, or the gateway is not set up: dunning tells of it on the due day
