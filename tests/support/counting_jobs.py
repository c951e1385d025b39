"""A kind of job whose doing can be seen from outside: each attempt adds a line to a file."""

from __future__ import annotations

import os
import time
from pathlib import Path

from domain.jobs import RetryPolicy
from jobs.registry import JobContext, handler

KIND = "test_line"


@handler(KIND, retry=RetryPolicy(most_attempts=60))
def add_line(job: JobContext) -> dict[str, int]:
    """Add the job's number to the file, in one write; a little before the attempt ends, so that it can be cut off."""
    line = f"{job.payload['number']} {job.attempt}\n".encode()
    file = os.open(job.payload["file"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    try:
        os.write(file, line)
    finally:
        os.close(file)
    time.sleep(job.payload.get("seconds", 0))
    return {"number": job.payload["number"]}


def numbers_in(file: Path) -> list[int]:
    """The numbers of the jobs that were done, one for each attempt that got so far."""
    if not file.exists():
        return []
    return [int(line.split()[0]) for line in file.read_text().splitlines() if line]
