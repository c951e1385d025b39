"""Whose jobs are whose: what somebody asked for, by the realm in which they look (UX 39)."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy.orm import Session

from domain.actor import Actor, Source
from jobs.registry import KINDS, load_handlers
from models import Job
from models.job import JobState
from services.asked_jobs import DATA_EXPORT, MACRO, MONTH_PACK, TITLES, asked_jobs, find_asked_job, find_job
from services.counters import waiting_for_member, waiting_for_staff
from services.jobs import cancel_job
from services.notices import Reader
from tests.factories.activity import JobFactory
from tests.factories.people import AccountFactory, PersonFactory


@pytest.fixture
def mia(session: Session):
    return PersonFactory()


@pytest.fixture
def account(session: Session):
    return AccountFactory()


def pack(person, account, *, in_portal: bool = True, **values) -> Job:
    payload = {"account_id": account.id, "month": "2026-05", "in_portal": in_portal}
    job: Job = JobFactory(kind=MONTH_PACK, payload=payload, requested_by=person, **values)
    return job


def test_every_kind_that_people_follow_has_something_that_does_it() -> None:
    load_handlers()
    assert set(TITLES) <= set(KINDS)


def test_a_portal_shows_the_jobs_asked_for_in_it_and_what_is_about_the_person(mia, account) -> None:
    own = pack(mia, account)
    export = JobFactory(kind=DATA_EXPORT, requested_by=mia)
    elsewhere = pack(mia, AccountFactory())
    in_back_office = pack(mia, account, in_portal=False)
    others = [pack(PersonFactory(), account), JobFactory(kind=DATA_EXPORT, requested_by=PersonFactory())]
    of_the_clock = JobFactory(kind="deliver", requested_by=mia)
    assert asked_jobs(mia.id, account.id) == [export, own]
    for job in (elsewhere, in_back_office, *others, of_the_clock):
        assert find_asked_job(job.public_id, person_id=mia.id, account_id=account.id) is None
    assert find_asked_job(own.public_id, person_id=mia.id, account_id=account.id) is own


def test_the_back_office_shows_what_was_asked_for_in_it(mia, account) -> None:
    macro = JobFactory(kind=MACRO, requested_by=mia)
    in_back_office = pack(mia, account, in_portal=False)
    pack(mia, account)
    JobFactory(kind=MACRO, requested_by=PersonFactory())
    assert asked_jobs(mia.id, None) == [in_back_office, macro]
    assert find_asked_job(macro.public_id, person_id=mia.id, account_id=None) is macro


def test_nobody_has_no_jobs_and_odd_keys_lead_nowhere(mia, account) -> None:
    job = pack(mia, account)
    assert asked_jobs(None, account.id) == []
    assert find_asked_job(job.public_id, person_id=None, account_id=account.id) is None
    assert find_asked_job("a\0b", person_id=mia.id, account_id=account.id) is None
    assert (find_job("a\0b"), find_job(job.public_id)) == (None, job)


def test_jobs_at_work_are_counted_until_they_end(mia, account, now: dt.datetime) -> None:
    first, second = pack(mia, account), pack(mia, account, state=JobState.DONE)
    macro = JobFactory(kind=MACRO, requested_by=mia)

    def of_member() -> int:
        reader = Reader(mia.id, account.id)
        return waiting_for_member(reader, member_id=None, tickets=False, chats=False, now=now).jobs

    assert (of_member(), waiting_for_staff(Reader(mia.id, None), agent_id=None, now=now).jobs) == (1, 1)
    second.state = JobState.RUNNING
    second.lease_until = now
    cancel_job(first, actor=Actor("Mia", Source.PORTAL), now=now)
    macro.state = JobState.FAILED
    assert (of_member(), waiting_for_staff(Reader(mia.id, None), agent_id=None, now=now).jobs) == (1, 0)
