"""An attempt ends in a row that says how, whatever the handler did."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select, text

from domain.actor import Actor, Source
from domain.jobs import GiveUp, LeaseLost, RetryPolicy, TryLater
from domain.sentences import Sentence, from_kept
from extensions import db
from jobs.held import MOST_STEPS
from models.job import Job, JobState
from models.setting import Setting
from services.jobs import cancel_job
from services.unit_of_work import unit_of_work

STAFF = Actor("Sam", Source.STAFF)
QUICK = RetryPolicy(first_pause=dt.timedelta(seconds=10), growth=3, most_attempts=3, jitter=0)


def test_a_handler_is_told_what_it_needs_and_its_result_is_kept(attempts, ask, read, kinds, now):
    told = []

    @kinds.handler("count", retry=QUICK)
    def count(job):
        told.append(job)
        return {"rows": 3}

    job = ask("count", {"file": "a.csv"})
    assert attempts.run_next() is True
    assert attempts.run_next() is False
    row = read(job)
    assert (row.state, row.result, row.attempts, row.error) == (JobState.DONE, {"rows": 3}, 1, None)
    (context,) = told
    assert (context.job_id, context.kind, context.payload) == (job.id, "count", {"file": "a.csv"})
    assert (context.now, context.attempt, context.last) == (now, 1, False)
    assert (context.actor.name, context.actor.source) == ("count", Source.JOB)


def test_failed_attempts_rest_longer_each_time_and_the_last_is_the_end(attempts, ask, read, kinds, moving):
    last = []

    @kinds.handler("break", retry=QUICK)
    def fall(job):
        last.append(job.last)
        raise ConnectionError("the server is down")

    job, pauses = ask("break"), []
    while attempts.run_next():
        row = read(job)
        pauses.append((row.run_at - moving()).total_seconds())
        moving.move(seconds=max(pauses[-1], 0) - 1)
        if row.state is JobState.WAITING:
            assert attempts.run_next() is False
        moving.move(seconds=1)
    assert (pauses[:2], last) == ([10, 30], [False, False, True])
    row = read(job)
    assert (row.state, row.attempts, row.lease_until) == (JobState.FAILED, 3, None)
    assert row.error.startswith("ConnectionError: the server is down (at tests/jobs/test_attempts.py:")


def test_a_handler_may_give_up_or_say_when_to_come_back(attempts, ask, read, kinds, moving):
    @kinds.handler("no use")
    def give_up(job):
        raise GiveUp("There is no such address.")

    @kinds.handler("later")
    def come_back(job):
        raise TryLater("The server asks us to wait.", pause=dt.timedelta(minutes=7))

    first, second = ask("no use"), ask("later")
    assert attempts.run_next()
    assert attempts.run_next()
    assert (read(first).state, first.error) == (JobState.FAILED, "There is no such address.")
    assert (read(second).state, second.run_at) == (JobState.WAITING, moving() + dt.timedelta(minutes=7))


def test_an_unknown_kind_says_so_and_waits_for_a_newer_program(attempts, ask, read, kinds):
    job = ask("mystery")
    assert attempts.run_next()
    assert (read(job).state, job.error) == (
        JobState.WAITING,
        "this program has no handler for jobs of the kind 'mystery'",
    )


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt(), MemoryError(), RecursionError()])
def test_nothing_a_handler_raises_reaches_the_runner(attempts, ask, read, kinds, error):
    @kinds.handler("bad")
    def fall(job):
        raise error

    job = ask("bad")
    assert attempts.run_next() is True
    assert read(job).error.startswith(type(error).__name__)


def test_a_result_that_cannot_be_kept_is_the_handlers_error(attempts, ask, read, kinds):
    @kinds.handler("odd", retry=RetryPolicy(most_attempts=1))
    def odd(job):
        return {"what": object()}

    @kinds.handler("nul")
    def nul(job):
        return {"what": "a\x00b"}

    first, second = ask("odd"), ask("nul")
    attempts.run_next()
    attempts.run_next()
    assert read(first).state is JobState.FAILED
    assert "not JSON serializable" in first.error
    assert (read(second).state, second.result) == (JobState.DONE, {"what": "ab"})


def test_the_error_of_a_statement_is_told_without_its_values(attempts, ask, read, kinds):
    @kinds.handler("sql", retry=RetryPolicy(most_attempts=1))
    def sql(job):
        with unit_of_work():
            db.session.execute(text("SELECT no_such_column FROM job WHERE kind = :secret"), {"secret": "s3cr3t"})

    job = ask("sql")
    attempts.run_next()
    assert "no_such_column" in read(job).error
    assert "s3cr3t" not in job.error


def test_what_a_handler_left_unsaved_is_forgotten_and_the_next_job_starts_clean(attempts, ask, read, kinds, now):
    @kinds.handler("careless")
    def careless(job):
        db.session.add(Job(kind="never", run_at=now, created_at=now))
        db.session.flush()

    @kinds.handler("next")
    def clean(job):
        assert not db.session.new
        assert not db.session().in_transaction()
        with unit_of_work():
            return {"rows": len(db.session.scalars(select(Job).where(Job.kind == "never")).all())}

    careless_job, next_job = ask("careless"), ask("next")
    assert attempts.run_next()
    assert attempts.run_next()
    assert (read(careless_job).state, read(next_job).result) == (JobState.DONE, {"rows": 0})


def test_what_was_committed_before_a_failure_stays(attempts, ask, read, kinds, now):
    @kinds.handler("half")
    def half(job):
        with unit_of_work():
            db.session.add(Setting(key=f"half.{job.attempt}", value=1, changed_at=now))
        raise ValueError("the second half failed")

    ask("half")
    attempts.run_next()
    assert db.session.scalars(select(Setting.key)).all() == ["half.1"]


def test_progress_is_written_while_the_job_runs(attempts, ask, read, kinds):
    seen = []

    @kinds.handler("long")
    def long(job):
        job.progress(3, 10)
        attempts.keep_alive()
        seen.append(db.session.execute(select(Job.progress_done, Job.progress_total)).one())
        db.session.rollback()
        job.progress(10, 10)

    job = ask("long")
    attempts.run_next()
    assert [tuple(row) for row in seen] == [(3, 10)]
    assert (read(job).progress_done, job.progress_total) == (10, 10)


def test_a_job_that_is_asked_to_stop_stops_between_two_rows_and_keeps_what_it_did(attempts, ask, read, kinds, now):
    @kinds.handler("long")
    def long(job):
        for row in range(1, 6):
            with unit_of_work():
                db.session.add(Setting(key=f"row.{row}", value=row, changed_at=now))
                if row == 2:
                    cancel_job(db.session.get(Job, job.job_id), actor=STAFF, now=now)
            attempts.keep_alive()
            job.progress(row, 5)
            attempts.keep_alive()

    job = ask("long")
    assert attempts.run_next() is True
    row = read(job)
    assert (row.state, row.progress_done, row.progress_total) == (JobState.CANCELLED, 3, 5)
    assert (row.finished_at, row.lease_until, row.error) == (now, None, None)
    kept = set(db.session.scalars(select(Setting.key)))
    assert kept == {"row.1", "row.2", "row.3"}
    assert attempts.run_next() is False


def test_a_stop_that_is_asked_for_inside_a_unit_of_work_writes_nothing_of_it(attempts, ask, read, kinds, now):
    @kinds.handler("careful")
    def careful(job):
        with unit_of_work():
            cancel_job(db.session.get(Job, job.job_id), actor=STAFF, now=now)
        job.progress(1, 9)
        attempts.keep_alive()
        with unit_of_work():
            db.session.add(Setting(key="half", value=1, changed_at=now))
            db.session.flush()
            job.progress(2, 9)

    job = ask("careful")
    attempts.run_next()
    assert read(job).state is JobState.CANCELLED
    assert db.session.scalars(select(Setting.key)).all() == []


def test_who_is_asked_to_stop_after_the_last_row_is_done(attempts, ask, read, kinds, now):
    @kinds.handler("quick")
    def quick(job):
        with unit_of_work():
            cancel_job(db.session.get(Job, job.job_id), actor=STAFF, now=now)
        job.progress(1, 2)
        attempts.keep_alive()
        job.progress(2, 2)

    job = ask("quick")
    attempts.run_next()
    assert (read(job).state, job.progress_done) == (JobState.DONE, 2)


def test_the_steps_of_all_attempts_are_kept_in_their_order(attempts, ask, read, kinds, moving):
    @kinds.handler("steps", retry=QUICK)
    def steps(job):
        job.step(Sentence("The books of %(month)s are checked and closed.", month="2026-05"))
        if not job.last:
            raise ConnectionError

    job, began = ask("steps"), moving()
    for _attempt in range(3):
        assert attempts.run_next()
        moving.move(minutes=2)
    kept = read(job).steps
    assert [from_kept(text) for _moment, text in kept] == [
        "The books of 2026-05 are checked and closed.",
        "Attempt 2 began.",
        "The books of 2026-05 are checked and closed.",
        "Attempt 3 began.",
        "The books of 2026-05 are checked and closed.",
    ]
    assert [moment for moment, _text in kept][:2] == [
        began.isoformat(),
        (began + dt.timedelta(minutes=2)).isoformat(),
    ]


def test_a_log_that_is_full_keeps_its_newest_line(attempts, ask, read, kinds):
    @kinds.handler("talks")
    def talks(job):
        for number in range(MOST_STEPS + 50):
            job.step(f"Step {number}")

    job = ask("talks")
    attempts.run_next()
    kept = [text for _moment, text in read(job).steps]
    assert (len(kept), kept[0], kept[-1]) == (MOST_STEPS, "Step 0", f"Step {MOST_STEPS + 49}")


def test_a_lease_is_extended_before_it_ends(attempts, ask, read, kinds, moving):
    leases = []

    @kinds.handler("long")
    def long(job):
        for _ in range(3):
            moving.move(seconds=20)
            attempts.keep_alive()
            leases.append(db.session.scalars(select(Job.lease_until)).one() - moving())
            db.session.rollback()

    ask("long")
    attempts.run_next()
    assert leases == [dt.timedelta(minutes=1)] * 3


def test_a_handler_hears_that_its_lease_is_lost_and_nothing_is_written(attempts, ask, read, kinds, moving):
    heard = []

    @kinds.handler("slow")
    def slow(job):
        with unit_of_work():
            row = db.session.scalars(select(Job)).one()
            row.lease_holder = "another"
        moving.move(minutes=1)
        attempts.keep_alive()
        try:
            job.progress(1, 2)
        except LeaseLost as error:
            heard.append(error)
            raise

    job = ask("slow")
    assert attempts.run_next() is True
    assert len(heard) == 1
    row = read(job)
    assert (row.state, row.lease_holder, row.error, row.progress_done) == (JobState.RUNNING, "another", None, 0)


def test_a_handler_that_hears_nothing_of_it_writes_nothing_either(attempts, ask, read, kinds):
    @kinds.handler("slow")
    def slow(job):
        with unit_of_work():
            db.session.scalars(select(Job)).one().lease_holder = "another"
        return {"by": "the slow one"}

    job = ask("slow")
    assert attempts.run_next() is True
    assert (read(job).state, job.result, job.lease_holder) == (JobState.RUNNING, None, "another")


def test_a_job_in_hand_can_be_given_back(attempts, ask, read, kinds):
    @kinds.handler("long")
    def long(job):
        attempts.give_back_all()
        job.progress(1, 2)

    job = ask("long")
    attempts.run_next()
    assert (read(job).state, job.attempts, job.lease_until) == (JobState.WAITING, 0, None)


def test_two_handlers_of_one_kind_are_a_mistake(kinds):
    kinds.handler("count")(print)
    with pytest.raises(ValueError, match="two handlers"):
        kinds.handler("count")(print)
