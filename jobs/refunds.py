"""Sends money back through the gateways, and asks what became of refunds whose outcome nobody knows."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping
from typing import Any

from flask import current_app

from jobs.gateways import gateways_of
from jobs.one_by_one import found_once, one_by_one
from jobs.registry import JobContext, clock, handler
from services.refunds import JOB, carry_out_refund, refunds_to_check

log = logging.getLogger("foyer.payments")


@handler(JOB)
def send_refund(job: JobContext) -> Mapping[str, Any]:
    """Ask the gateway once. A lost answer is looked up by the clock."""
    gateways = gateways_of(current_app)
    status = carry_out_refund(int(job.payload["refund_id"]), gateways, actor=job.actor, now=job.now)
    return {"status": status.value}


@clock("check_refunds", every=dt.timedelta(seconds=60))
def check_refunds(job: JobContext) -> Mapping[str, Any]:
    """Each in transactions of its own."""
    gateways = gateways_of(current_app)

    def check(refund_id: int) -> str:
        return carry_out_refund(refund_id, gateways, actor=job.actor, now=job.now).value

    return one_by_one(found_once(refunds_to_check), check, what="refund", log=log)
