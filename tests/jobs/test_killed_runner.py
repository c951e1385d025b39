"""The runner is killed in the middle of its work, again and again, and no job is lost."""

from __future__ import annotations

import signal
from collections import Counter

import pytest
from sqlalchemy import select

from extensions import db
from models.job import Job, JobState
from services.jobs import enqueue
from services.unit_of_work import unit_of_work
from tests.support.counting_jobs import KIND, numbers_in
from tests.support.runner_process import RunnerProcess, kill_while, wait_for

pytestmark = pytest.mark.slow

JOBS = 1000
# On SQLite as often as was promised; on PostgreSQL, where a crash is another program's matter too, a few times.
KILLS = {"sqlite": 50, "postgresql": 10}
THREADS = 4


@pytest.fixture
def runner(session, database, tmp_path):
    made = RunnerProcess(
        database.url, tmp_path, kinds="tests.support.counting_jobs", lease_seconds=5, JOBS_THREADS=str(THREADS)
    )
    yield made
    made.kill()


def ask(now, tmp_path, count, seconds=0.0):
    with unit_of_work():
        for number in range(count):
            enqueue(KIND, {"number": number, "file": str(tmp_path / "lines"), "seconds": seconds}, now=now)


def states():
    with unit_of_work():
        return Counter(db.session.scalars(select(Job.state).where(Job.kind == KIND)))


def test_kills_among_a_thousand_jobs_lose_none(session, database, now, tmp_path, runner):
    kills = KILLS[database.dialect]
    ask(now, tmp_path, JOBS, seconds=0.01)
    lines = tmp_path / "lines"
    before = 0

    def some_more_are_done(_kill: int) -> bool:
        nonlocal before
        done = len(numbers_in(lines))
        if done < before + JOBS // (kills + 2):
            return False
        before = done
        return True

    kill_while(runner, times=kills, after=some_more_are_done)
    runner.start()
    wait_for(lambda: set(states()) == {JobState.DONE}, what="the end of all jobs")
    assert runner.stop() == 0
    done = Counter(numbers_in(lines))
    assert set(done) == set(range(JOBS))
    # Only what was in hand at a kill may be done again.
    assert sum(done.values()) - JOBS <= kills * THREADS
    assert states() == {JobState.DONE: JOBS}


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
def test_a_runner_that_is_stopped_finishes_what_it_has_in_hand(session, now, tmp_path, runner, by):
    ask(now, tmp_path, 2 * THREADS, seconds=2)
    runner.start()
    wait_for(lambda: len(numbers_in(tmp_path / "lines")) >= THREADS, what="the first jobs")
    assert runner.stop(by) == 0
    after = states()
    assert after[JobState.RUNNING] == 0
    assert after[JobState.DONE] == len(numbers_in(tmp_path / "lines"))
    assert after[JobState.DONE] + after[JobState.WAITING] == 2 * THREADS
    assert "Traceback" not in runner.said()
