"""Asks a payment provider whether it can be worked with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import current_app

from jobs.gateways import gateways_of
from jobs.registry import JobContext, handler
from services.gateway_checks import CHECK_JOB
from services.gateway_checks import check_gateway as ask


@handler(CHECK_JOB)
def check_gateway(job: JobContext) -> Mapping[str, Any]:
    """Kept as the job's result; no transaction is open meanwhile."""
    return ask(gateways_of(current_app).get(str(job.payload["gateway"])))
