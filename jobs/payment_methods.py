"""Lets gateways forget stored methods, and finds those whose person never came back from the gateway's page."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping
from typing import Any

from flask import current_app

from jobs.gateways import gateways_of
from jobs.one_by_one import found_once, one_by_one
from jobs.registry import JobContext, clock, handler
from services.payment_methods import FORGET_JOB, check_storing, forget_at_gateway, methods_to_check

log = logging.getLogger("foyer.payments")


class NoClearAnswer(Exception):
    """The gateway did not say that it has forgotten the method: the job is tried again."""


@handler(FORGET_JOB)
def forget(job: JobContext) -> Mapping[str, Any]:
    """Ask until the gateway has none such any more."""
    if not forget_at_gateway(int(job.payload["method_id"]), gateways_of(current_app)):
        raise NoClearAnswer
    return {"forgotten": True}


@clock("check_payment_methods", every=dt.timedelta(minutes=1))
def check_pending(job: JobContext) -> Mapping[str, Any]:
    """Each in transactions of its own."""
    gateways = gateways_of(current_app)

    def check(method_id: int) -> str:
        check_storing(method_id, gateways, actor=job.actor, now=job.now)
        return "checked"

    return one_by_one(found_once(methods_to_check, now=job.now), check, what="stored method", log=log)
