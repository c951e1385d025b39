"""Provides what was paid for, bills what renews, and moves subscriptions on when a period is over."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping
from typing import Any

from flask import current_app

from jobs.gateways import gateways_of
from jobs.one_by_one import one_by_one, page_by_page
from jobs.registry import JobContext, clock, handler
from services.orders import FULFIL_JOB
from services.paying.charging import carry_out
from services.subscriptions.change_orders import abandoned_changes, give_up_change
from services.subscriptions.fulfilling import fulfil_order
from services.subscriptions.renewing import bill_renewal, due_renewals
from services.subscriptions.standing import ended_periods, move_on
from services.unit_of_work import unit_of_work
from services.unpaid_orders import give_up_order, unpaid_orders

log = logging.getLogger("foyer.subscriptions")


@handler(FULFIL_JOB)
def fulfil(job: JobContext) -> Mapping[str, Any]:
    """Provide what a paid order is about."""
    with unit_of_work():
        return {"status": fulfil_order(int(job.payload["order_id"]), actor=job.actor, now=job.now).value}


@clock("renew_subscriptions", every=dt.timedelta(minutes=15))
def renew(job: JobContext) -> Mapping[str, Any]:
    """One subscription after the other, each in a transaction of its own."""
    gateways = gateways_of(current_app)

    def bill(subscription_id: int) -> str:
        with unit_of_work():
            payment_id = bill_renewal(subscription_id, gateways, actor=job.actor, now=job.now)
        if payment_id is not None:
            carry_out(payment_id, gateways, actor=job.actor, now=job.now)
        return "looked_at"

    due = page_by_page(lambda after: due_renewals(today=job.now.date(), after=after))
    return one_by_one(due, bill, what="the renewal of subscription", log=log)


@clock("move_subscriptions_on", every=dt.timedelta(minutes=15))
def move(job: JobContext) -> Mapping[str, Any]:
    """Into the period that was paid, to expired, or to their end."""

    def one(subscription_id: int) -> str:
        with unit_of_work():
            return move_on(subscription_id, actor=job.actor, now=job.now).status.value

    ended = page_by_page(lambda after: ended_periods(today=job.now.date(), after=after))
    return one_by_one(ended, one, what="subscription", log=log)


@clock("give_up_orders", every=dt.timedelta(hours=1))
def give_up_purchases(job: JobContext) -> Mapping[str, Any]:
    """What was ordered, not provided and never paid."""

    def one(order_id: int) -> str:
        with unit_of_work():
            give_up_order(order_id, actor=job.actor, now=job.now)
            return "given_up"

    unpaid = page_by_page(lambda after: unpaid_orders(today=job.now.date(), after=after))
    return one_by_one(unpaid, one, what="order", log=log)


@clock("give_up_changes", every=dt.timedelta(hours=1))
def give_up(job: JobContext) -> Mapping[str, Any]:
    """Changes that nobody paid: their invoices would be reminded of, and the renewal waits for them."""

    def one(subscription_id: int) -> str:
        with unit_of_work():
            give_up_change(subscription_id, actor=job.actor, now=job.now)
            return "given_up"

    abandoned = page_by_page(lambda after: abandoned_changes(now=job.now, after=after))
    return one_by_one(abandoned, one, what="the change of subscription", log=log)
