"""The page of a job for whoever asked for it, and the mark in the header (UX 39)."""

from __future__ import annotations

import datetime as dt

import pytest

from domain.permissions import STAFF_GRANTS, MemberRole, P, StaffRole
from extensions import db
from models import AuditEvent, Job, Member, SignInSession, StaffMember
from models.job import JobState
from services.asked_jobs import CHECK_JOB, MACRO, MONTH_PACK, REHEARSAL
from services.month_packs.asking import JOB as PACK
from tests.factories.activity import JobFactory
from tests.factories.people import AccountFactory, LoginAsSessionFactory
from tests.support.desk import member_desk, staff_desk
from tests.support.due_jobs import run_due_jobs
from tests.support.pages import form_of, page_of

READERS = [role for role in StaffRole if P.STAFF_JOBS_READ in STAFF_GRANTS[role]]
STRANGERS = [role for role in StaffRole if P.STAFF_JOBS_READ not in STAFF_GRANTS[role]]
ACTORS = [role for role in StaffRole if P.STAFF_JOBS_RETRY in STAFF_GRANTS[role]]


@pytest.fixture
def account(session):
    return AccountFactory(client_id="10001")


@pytest.fixture
def mia(app, account):
    return member_desk(app, account, MemberRole.PAYMENTS)


def pack_of(desk, account, **values) -> Job:
    payload = {"account_id": account.id, "month": "2026-05", "in_portal": True}
    job = JobFactory(kind=MONTH_PACK, payload=payload, requested_by=desk.person, **values)
    db.session.commit()
    return job


def running(now: dt.datetime, **values):
    return {"state": JobState.RUNNING, "lease_until": now + dt.timedelta(minutes=1), "lease_holder": "a", **values}


def fresh(job: Job) -> Job:
    db.session.rollback()
    found = db.session.get(Job, job.id, populate_existing=True)
    assert found is not None
    return found


def cancel(desk, job):
    page = desk.get(f"/your-jobs/{job.public_id}")
    form = form_of(page)
    assert form.action == f"{desk.base}/your-jobs/{job.public_id}/cancel"
    return desk.client.post(form.action, data=form.values)


def test_a_job_says_how_far_it_is_its_step_and_its_log(mia, account, now):
    steps = [
        [now.isoformat(), "The documents are gathered and set."],
        [now.isoformat(), {"says": "Attempt %(number)s began.", "values": {"number": "2"}}],
    ]
    job = pack_of(mia, account, **running(now, progress_done=40, progress_total=90, steps=steps))
    page = page_of(mia.get(f"/your-jobs/{job.public_id}"))
    assert "Month pack" in page.text
    assert "40 of 90 are done." in page.text
    assert page.text.count("Attempt 2 began.") == 2  # the step, and the last line of the log
    assert page.text.count("The documents are gathered and set.") == 1
    assert "See what came of it" not in page.text
    part = mia.get(f"/your-jobs/progress/{job.public_id}").get_data(as_text=True)
    assert "40 of 90 are done." in part
    assert "<html" not in part


def test_what_was_asked_for_is_followed_to_its_result(app, account, session):
    mia = member_desk(app, account, MemberRole.PAYMENTS)
    month = f"{dt.datetime.now(dt.UTC).replace(day=1) - dt.timedelta(days=1):%Y-%m}"
    assert mia.post("/month-packs/ask", month=month).status_code == 303
    listed = page_of(mia.get("/your-jobs/"))
    (url,) = [url for _text, url in listed.links if url.startswith("/portal/10001/your-jobs/") and url[-1] != "/"]
    assert "Waiting" in page_of(mia.client.get(url)).text
    run_due_jobs(PACK)
    page = page_of(mia.client.get(url))
    assert "The documents are gathered and set." in page.text
    assert ("See what came of it", "/portal/10001/month-packs/") in page.links


def test_the_header_counts_ones_jobs_at_work_without_another_statement(mia, account, now):
    def mark():
        shown = mia.get("/").get_data(as_text=True)
        return shown.split("jobs-mark", 1)[1].split("</a>", 1)[0]

    assert "hidden>" in mark()
    job = pack_of(mia, account)
    assert "1 of your jobs is at work" in mark()
    assert mia.get("/counters/").json["your-jobs"] == {"number": 1, "text": "1", "words": "1 of your jobs is at work"}
    fresh(job).state = JobState.DONE
    db.session.commit()
    assert "1 of your jobs" not in mark()


def test_a_waiting_job_is_cancelled_by_who_asked_for_it(mia, account):
    job = pack_of(mia, account)
    assert "The job is cancelled." in mia.flashed(cancel(mia, job))
    assert fresh(job).state is JobState.CANCELLED
    (told,) = db.session.query(AuditEvent).filter_by(event="job.cancelled").all()
    assert told.actor_person_id == mia.person.id
    assert "Cancel this job" not in mia.get(f"/your-jobs/{job.public_id}").text
    again = mia.post(f"/your-jobs/{job.public_id}/cancel")
    assert "only once" in mia.flashed(again)


def test_a_running_job_is_asked_to_stop(mia, account, now):
    job = pack_of(mia, account, **running(now))
    assert "The job is asked to stop." in mia.flashed(cancel(mia, job))
    assert (fresh(job).state, job.cancel_asked_at is not None) == (JobState.RUNNING, True)
    page = mia.get(f"/your-jobs/{job.public_id}").text
    assert "Is stopping" in page
    assert "Cancel this job" not in page


def test_cancelling_needs_the_token_of_the_page(mia, account):
    job = pack_of(mia, account)
    answer = mia.client.post(f"/portal/10001/your-jobs/{job.public_id}/cancel")
    assert answer.status_code in (303, 400, 422)
    assert fresh(job).state is JobState.WAITING


def test_others_do_not_find_it(app, mia, account):
    job = pack_of(mia, account)
    owner = member_desk(app, account, MemberRole.OWNER)
    outsider = member_desk(app, AccountFactory(client_id="10002"), MemberRole.OWNER)
    for desk in (owner, outsider, *(staff_desk(app, role) for role in STRANGERS)):
        for path in (f"/your-jobs/{job.public_id}", f"/your-jobs/progress/{job.public_id}"):
            assert desk.get(path).status_code == 404, (desk.base, path)
        assert desk.post(f"/your-jobs/{job.public_id}/cancel").status_code == 404
        assert "Month pack" not in page_of(desk.get("/your-jobs/")).text.replace("Month packs", "")
    assert fresh(job).state is JobState.WAITING


def test_who_is_logged_in_as_the_member_does_not_find_it_either(app, mia, account):
    now = dt.datetime.now(dt.UTC)
    job = pack_of(mia, account)
    clerk = staff_desk(app)
    LoginAsSessionFactory(
        staff_member=db.session.query(StaffMember).filter_by(person_id=clerk.person.id).one(),
        member=db.session.query(Member).filter_by(person_id=mia.person.id).one(),
        sign_in_session=db.session.query(SignInSession).filter_by(person_id=clerk.person.id).one(),
        expires_at=now + dt.timedelta(hours=1),
    )
    db.session.commit()
    assert clerk.client.get("/portal/10001/").status_code == 200
    assert clerk.client.get(f"/portal/10001/your-jobs/{job.public_id}").status_code == 404
    assert clerk.client.get("/portal/10001/counters/").json["your-jobs"]["number"] == 0


@pytest.mark.parametrize("role", READERS)
def test_staff_who_read_jobs_see_all_with_the_error_and_retry_where_they_may(app, mia, account, now, role):
    job = pack_of(mia, account, state=JobState.FAILED, attempts=3, error="ValueError: no paper", finished_at=now)
    desk = staff_desk(app, role)
    page = page_of(desk.get(f"/your-jobs/{job.public_id}"))
    assert "ValueError: no paper" in page.text
    retry = ("Retry", f"/staff/jobs/{job.public_id}/retry")
    assert (retry in page.links) == (role in ACTORS)
    assert f"/staff/your-jobs/{job.public_id}" in desk.get(f"/jobs/{job.public_id}/how-it-goes").location
    own = page_of(mia.get(f"/your-jobs/{job.public_id}"))
    assert "ValueError" not in own.text
    assert "This could not be done." in own.text
    assert not [label for label, _url in own.links if label == "Retry"]


def test_who_may_only_read_jobs_cancels_none_of_others(app, mia, account):
    job = pack_of(mia, account)
    for role in READERS:
        answer = staff_desk(app, role).post(f"/your-jobs/{job.public_id}/cancel")
        assert answer.status_code == (303 if role in ACTORS else 403)
        if role in ACTORS:
            assert fresh(job).state is JobState.CANCELLED
            job.state, job.finished_at = JobState.WAITING, None
            db.session.commit()


@pytest.mark.parametrize(
    ("kind", "result"), [(MACRO, "ticket-macros/runs/"), (CHECK_JOB, "books/"), (REHEARSAL, "rehearsal/")]
)
def test_each_kind_leads_to_its_result(app, session, now, kind, result):
    desk = staff_desk(app)
    job = JobFactory(kind=kind, state=JobState.DONE, requested_by=desk.person, finished_at=now)
    db.session.commit()
    links = dict(page_of(desk.get(f"/your-jobs/{job.public_id}")).links)
    assert links["See what came of it"].startswith(f"/staff/{result}")
