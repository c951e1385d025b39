"""Foretells what the house would bill, charge and say until some day. It reads every account: nobody waits for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import current_app

from domain.refusals import Refusal
from jobs.gateways import gateways_of
from jobs.registry import JobContext, handler
from services.rehearsing.asking import JOB, carry_out_rehearsal


@handler(JOB)
def rehearse_billing(job: JobContext) -> Mapping[str, Any]:
    """Because somebody asked; a refusal is the result and is not tried again."""
    gateways = gateways_of(current_app)
    job.step("One account after the other is foretold.")
    try:
        return carry_out_rehearsal(job.payload, gateways, now=job.now, tell=lambda done: job.progress(done, None))
    except Refusal as refusal:
        return {"refused": refusal.message}
