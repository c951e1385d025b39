"""Credit that ends by itself: reservations left behind, limits whose day has come, and months of postpaid accounts."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping
from typing import Any

from jobs.one_by_one import found_once, one_by_one
from jobs.registry import JobContext, clock
from services.credit_limits import accounts_with_ended_limits, put_ended_limits_away
from services.credit_reservations import reservations_left_behind, return_left_behind
from services.unbilled import accounts_to_bill, bill_month
from services.unit_of_work import unit_of_work

log = logging.getLogger("foyer.payments")


@clock("return_reservations", every=dt.timedelta(minutes=1))
def reservations(job: JobContext) -> Mapping[str, Any]:
    """Return what a crash left reserved."""

    def give_back(reservation_id: int) -> str | None:
        with unit_of_work():
            return "returned" if return_left_behind(reservation_id, actor=job.actor, now=job.now) else None

    found = found_once(reservations_left_behind, now=job.now)
    return one_by_one(found, give_back, what="reservation", log=log)


@clock("end_credit_limits", every=dt.timedelta(hours=1))
def limits(job: JobContext) -> Mapping[str, Any]:
    """Put temporary limits away that ended, and let the database know how low balances may stand now."""

    def put_away(account_id: int) -> str | None:
        with unit_of_work():
            return "put_away" if put_ended_limits_away(account_id, now=job.now) else None

    found = found_once(accounts_with_ended_limits, now=job.now)
    return one_by_one(found, put_away, what="credit limit of account", log=log)


@clock("bill_unbilled", every=dt.timedelta(minutes=10))
def months(job: JobContext) -> Mapping[str, Any]:
    """Bill what postpaid accounts used in the months that are over; their limit begins anew."""

    def bill(account_id: int) -> str | None:
        with unit_of_work():
            return "billed" if bill_month(account_id, actor=job.actor, now=job.now) else None

    found = found_once(accounts_to_bill, today=job.now.date())
    return one_by_one(found, bill, what="what was used by account", log=log)
