"""Warns of stored methods that expire, and marks what has expired."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping
from typing import Any

from jobs.one_by_one import one_by_one, page_by_page
from jobs.registry import JobContext, clock
from services.method_expiry import expiring_methods, take_expiry_step
from services.unit_of_work import unit_of_work

log = logging.getLogger("foyer.payments")


@clock("payment_method_expiry", every=dt.timedelta(hours=1))
def look_at_expiry(job: JobContext) -> Mapping[str, Any]:
    """Each in a transaction of its own."""

    def look(method_id: int) -> str | None:
        with unit_of_work():
            return take_expiry_step(method_id, actor=job.actor, now=job.now)

    found = page_by_page(lambda after: expiring_methods(today=job.now.date(), after=after))
    return one_by_one(found, look, what="the expiry of payment method", log=log)
