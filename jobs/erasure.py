"""Deletes contents of files whose rows an erasure has deleted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jobs.registry import JobContext, handler
from services.erased_traces import JOB
from services.stored_files import stored_files


@handler(JOB)
def delete_contents(job: JobContext) -> Mapping[str, Any]:
    """One after the other; what is not there any more is fine."""
    keys = list(job.payload["keys"])
    for key in keys:
        stored_files.store.delete(str(key))
    return {"deleted": len(keys)}
