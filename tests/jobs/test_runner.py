"""Threads inside the process take jobs soon after their commit, each job once, and stop cleanly."""

from __future__ import annotations

import datetime as dt
import threading
from collections import Counter

import pytest
from flask import current_app
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from extensions import db
from jobs import runner as runner_module
from jobs.attempt import Attempts
from jobs.runner import Runner
from models.job import Job, JobState
from services.jobs import enqueue
from services.unit_of_work import unit_of_work
from tests.support.runner_process import wait_for

NEVER = 3600.0  # a poll that finds nothing within a test: what is found was announced


@pytest.fixture
def start(session):
    """Start a runner on the app under test, at the real time."""
    started = []

    def start_one(*, threads=4, poll=NEVER):
        app = current_app._get_current_object()
        runner = Runner(Attempts(app, lease=dt.timedelta(minutes=1)), threads=threads, poll=poll)
        started.append(runner)
        runner.start()
        return runner

    yield start_one
    for runner in started:
        runner.stop(patience=20)


def states():
    with unit_of_work():
        return Counter(db.session.scalars(select(Job.state)))


def ask_now(kind, count=1, **payload):
    with unit_of_work():
        for number in range(count):
            enqueue(kind, {"number": number, **payload}, now=dt.datetime.now(dt.UTC))


def test_idle_threads_wake_up_at_the_commit(kinds, start):
    done = threading.Event()
    kinds.handler("wave")(lambda _job: done.set())
    start()
    ask_now("wave")
    assert done.wait(30)


def test_a_poll_finds_jobs_of_other_processes(kinds, start, session):
    kinds.handler("wave")(lambda _job: None)
    start(poll=0.05)
    moment = dt.datetime.now(dt.UTC)
    with unit_of_work():
        session.add(Job(kind="wave", run_at=moment, created_at=moment))  # not announced to anybody
    wait_for(lambda: states() == {JobState.DONE: 1}, patience=30)
    assert states() == {JobState.DONE: 1}


def test_a_job_of_later_is_done_when_it_is_due_without_a_poll(kinds, start):
    kinds.handler("wave")(lambda _job: None)
    with unit_of_work():
        moment = dt.datetime.now(dt.UTC)
        enqueue("wave", {}, now=moment, run_at=moment + dt.timedelta(seconds=0.3))
    start()
    wait_for(lambda: states() == {JobState.DONE: 1}, patience=30)
    assert states() == {JobState.DONE: 1}


def test_sixteen_threads_do_each_job_once_and_errors_stop_none(kinds, start):
    done, lock = Counter(), threading.Lock()

    @kinds.handler("count")
    def count(job):
        with lock:
            done[job.payload["number"]] += 1
        if job.payload["number"] % 5 == 0:
            raise SystemExit("a bad handler")

    start(threads=16)
    ask_now("count", 200)
    wait_for(lambda: states()[JobState.DONE] == 160 and states()[JobState.RUNNING] == 0, patience=60)
    assert done == Counter(range(200))


def test_a_stop_waits_for_the_job_in_hand_and_takes_no_other(kinds, start):
    begun, may_end = threading.Event(), threading.Event()

    @kinds.handler("long")
    def long(job):
        begun.set()
        may_end.wait(30)

    runner = start(threads=1)
    ask_now("long", 2)
    assert begun.wait(30)
    stopping = threading.Thread(target=runner.stop, args=(30,))
    stopping.start()
    may_end.set()
    stopping.join(30)
    assert states() == {JobState.DONE: 1, JobState.WAITING: 1}


def test_a_stop_gives_back_what_takes_too_long(kinds, start, session):
    begun, may_end = threading.Event(), threading.Event()

    @kinds.handler("endless")
    def endless(job):
        begun.set()
        may_end.wait(60)

    runner = start(threads=1)
    ask_now("endless")
    assert begun.wait(30)
    runner.stop(patience=0)
    assert states() == {JobState.WAITING: 1}
    may_end.set()
    runner.stop(patience=30)
    assert states() == {JobState.WAITING: 1}
    assert session.scalars(select(Job.attempts)).one() == 0


def test_a_database_that_is_away_for_a_while_stops_no_runner(kinds, start, monkeypatch, caplog):
    real, calls = runner_module.next_due_at, []

    def away_at_first():
        calls.append(1)
        if len(calls) < 4:
            raise OperationalError("SELECT 1", {}, Exception("the server closed the connection"))
        return real()

    monkeypatch.setattr(runner_module, "next_due_at", away_at_first)
    kinds.handler("wave")(lambda _job: None)
    start(threads=1, poll=0.05)
    ask_now("wave")
    wait_for(lambda: states() == {JobState.DONE: 1}, patience=30)
    assert "a runner waits for the database: the server closed the connection" in caplog.text
