"""Takes the steps that are due on unpaid invoices, and lets paid-up accounts in again."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping
from typing import Any

from flask import current_app

from jobs.gateways import gateways_of
from jobs.one_by_one import found_once, one_by_one, page_by_page
from jobs.registry import JobContext, clock
from services.dunning import accounts_suspended_for_debt, due_invoices, lift_suspension, take_steps
from services.paying.charging import carry_out
from services.unit_of_work import unit_of_work

log = logging.getLogger("foyer.payments")


@clock("dunning", every=dt.timedelta(minutes=10))
def take_due_steps(job: JobContext) -> Mapping[str, Any]:
    """One invoice after the other, each in a transaction of its own; then the accounts that owe nothing any more."""
    gateways = gateways_of(current_app)

    def take(invoice_id: int) -> str:
        with unit_of_work():
            payment_id = take_steps(invoice_id, gateways, actor=job.actor, now=job.now)
        if payment_id is not None:
            carry_out(payment_id, gateways, actor=job.actor, now=job.now)
        return "looked_at"

    def lift(account_id: int) -> str | None:
        """What a payment did not lift at once: a credit note, or an allocation by hand, settled the debt."""
        with unit_of_work():
            return "lifted" if lift_suspension(account_id, actor=job.actor, now=job.now) else None

    due = page_by_page(lambda after: due_invoices(today=job.now.date(), after=after))
    return {
        "invoices": one_by_one(due, take, what="the steps of invoice", log=log),
        "suspensions": one_by_one(found_once(accounts_suspended_for_debt), lift, what="suspended account", log=log),
    }
