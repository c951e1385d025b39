"""The same over a broker: killed again and again, with messages unacknowledged, and no job is lost."""

from __future__ import annotations

import secrets
from collections import Counter

import pytest
from sqlalchemy import select

from extensions import db
from models.job import Job, JobState
from services.jobs import enqueue
from services.unit_of_work import unit_of_work
from tests.support.counting_jobs import KIND, numbers_in
from tests.support.runner_process import RunnerProcess, kill_while, wait_for
from tests.support.surroundings import RABBITMQ, RABBITMQ_URL, REDIS, REDIS_URL

pytestmark = pytest.mark.slow

JOBS = 80
KILLS = 2


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
@pytest.mark.parametrize(
    ("found", "url"), [(RABBITMQ, RABBITMQ_URL), (REDIS, f"{REDIS_URL}/9")], ids=["rabbitmq", "redis"]
)
def test_kills_among_jobs_that_a_broker_announces_lose_none(session, database, now, tmp_path, found, url):
    found.require()
    lines, mark = tmp_path / "lines", secrets.token_hex(4)
    with unit_of_work():
        for number in range(JOBS):
            payload = {"number": number, "file": str(lines), "seconds": 0.02}
            enqueue(KIND, payload, now=now, unique_key=f"{mark}:{number}")
    runner = RunnerProcess(database.url, tmp_path, kinds="tests.support.counting_jobs", lease_seconds=5, BROKER_URL=url)
    try:
        kill_while(runner, times=KILLS, after=lambda kill: len(numbers_in(lines)) >= 15 * (kill + 1))
        runner.start()
        wait_for(lambda: states() == {JobState.DONE: JOBS}, what="the end of all jobs")
        assert runner.stop() == 0
    finally:
        runner.kill()
    done = Counter(numbers_in(lines))
    assert set(done) == set(range(JOBS))
    assert sum(done.values()) - JOBS <= KILLS * 4


def states():
    with unit_of_work():
        return Counter(db.session.scalars(select(Job.state).where(Job.kind == KIND)))
