"""Asks the gateways what became of payments whose outcome nobody knows."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping
from typing import Any

from flask import current_app

from jobs.gateways import gateways_of
from jobs.one_by_one import found_once, one_by_one
from jobs.registry import JobContext, clock
from services.paying.checks import check_payment, payments_to_check

log = logging.getLogger("foyer.payments")


@clock("check_payments", every=dt.timedelta(seconds=20))
def check_payments(job: JobContext) -> Mapping[str, Any]:
    """Each in transactions of its own."""
    gateways = gateways_of(current_app)

    def check(payment_id: int) -> str:
        check_payment(payment_id, gateways, actor=job.actor, now=job.now)
        return "checked"

    return one_by_one(found_once(payments_to_check, now=job.now), check, what="payment", log=log)
