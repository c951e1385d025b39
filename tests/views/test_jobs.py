"""The jobs in the back office: a stuck one is seen with its error, and retried with one click."""

from __future__ import annotations

import datetime as dt

import pytest

from domain.permissions import STAFF_GRANTS, MemberRole, P, StaffRole
from extensions import db
from models import AuditEvent, Job
from models.job import JobState
from tests.factories.people import AccountFactory
from tests.support.desk import member_desk, staff_desk
from tests.support.pages import said_by

READERS = [role for role in StaffRole if P.STAFF_JOBS_READ in STAFF_GRANTS[role]]
ACTORS = [role for role in StaffRole if P.STAFF_JOBS_RETRY in STAFF_GRANTS[role]]


@pytest.fixture
def technician(app, session):
    return staff_desk(app, ACTORS[0])


@pytest.fixture
def stuck(session, now):
    job = Job(
        kind="deliver",
        state=JobState.FAILED,
        run_at=now,
        attempts=10,
        payload={"delivery_id": 7},
        error="ConnectionRefusedError: nobody answers at mail.example",
        started_at=now,
        finished_at=now,
        created_at=now,
    )
    session.add(job)
    session.flush()
    return job


def fresh(job):
    db.session.rollback()
    return db.session.get(Job, job.id, populate_existing=True)


def test_the_list_shows_state_and_error_and_filters_by_both_kind_and_state(technician, stuck, session, now):
    session.add(Job(kind="tidy", state=JobState.DONE, run_at=now, finished_at=now, created_at=now))
    session.flush()
    for address in ("/jobs/", "/jobs/?state=failed", "/jobs/?kind=deliver"):
        assert "nobody answers at mail.example" in technician.get(address).text, address
    for address in ("/jobs/?state=done", "/jobs/?kind=tidy"):
        page = technician.get(address).text
        assert "nobody answers" not in page, address
        assert "tidy" in page, address


def test_the_page_of_a_job_shows_what_it_was_asked_its_result_and_who_has_it(technician, session, now):
    job = Job(
        kind="import",
        state=JobState.RUNNING,
        run_at=now,
        attempts=2,
        payload={"file": "accounts.csv"},
        progress_done=40,
        progress_total=90,
        lease_holder="host-a:77",
        lease_until=now + dt.timedelta(minutes=1),
        result={"rows": 12345},
        created_at=now,
    )
    session.add(job)
    session.flush()
    page = technician.get(f"/jobs/{job.public_id}").text
    for seen in ("accounts.csv", "40", "90", "host-a:77", "12345"):
        assert seen in page, seen


def test_a_stuck_job_is_retried_with_one_click(technician, stuck):
    answer = technician.confirm(f"/jobs/{stuck.public_id}/retry")
    assert "The job is due now." in technician.flashed(answer)
    job = fresh(stuck)
    assert (job.state, job.attempts, job.error) == (JobState.WAITING, 0, None)
    (told,) = db.session.query(AuditEvent).filter_by(event="job.retried").all()
    assert told.actor_person_id == technician.person.id


def test_a_waiting_job_is_cancelled(technician, session, now):
    job = Job(kind="tidy", run_at=now, created_at=now)
    session.add(job)
    session.flush()
    assert "The job is cancelled." in technician.flashed(technician.confirm(f"/jobs/{job.public_id}/cancel"))
    assert fresh(job).state is JobState.CANCELLED


def test_what_is_not_possible_is_refused_in_words(technician, stuck):
    answer = technician.post(f"/jobs/{stuck.public_id}/cancel")
    assert answer.status_code == 409
    assert "Only a job that waits or runs can be cancelled" in " ".join(said_by(answer))
    assert fresh(stuck).state is JobState.FAILED


@pytest.mark.parametrize("role", [role for role in READERS if role not in ACTORS])
def test_who_may_only_read_jobs_cannot_touch_them(app, session, stuck, role):
    desk = staff_desk(app, role)
    assert desk.get("/jobs/").status_code == 200
    assert desk.post(f"/jobs/{stuck.public_id}/retry").status_code == 403
    assert desk.post(f"/jobs/{stuck.public_id}/cancel").status_code == 403
    assert fresh(stuck).state is JobState.FAILED


def test_jobs_are_nobodys_business_in_the_portal(app, session, stuck):
    owner = member_desk(app, AccountFactory(client_id="10001"), MemberRole.OWNER)
    assert owner.get("/jobs/").status_code == 404
    assert owner.get(f"/jobs/{stuck.public_id}").status_code == 404
    assert fresh(stuck).state is JobState.FAILED
