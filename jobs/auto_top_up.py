"""Adds funds where an account's rule says so."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping
from typing import Any

from flask import current_app

from jobs.gateways import gateways_of
from jobs.one_by_one import found_once, one_by_one
from jobs.registry import JobContext, clock
from services.auto_top_up import begin_top_up, due_top_ups
from services.paying.charging import carry_out
from services.unit_of_work import unit_of_work

log = logging.getLogger("foyer.payments")


@clock("auto_top_up", every=dt.timedelta(minutes=2))
def top_up(job: JobContext) -> Mapping[str, Any]:
    """One account after the other."""
    gateways = gateways_of(current_app)

    def begin(rule_id: int) -> str | None:
        with unit_of_work():
            payment_id = begin_top_up(rule_id, gateways, actor=job.actor, now=job.now)
        if payment_id is None:
            return None
        carry_out(payment_id, gateways, actor=job.actor, now=job.now)
        return "begun"

    return one_by_one(found_once(due_top_ups, now=job.now), begin, what="auto top-up", log=log)
