"""Announcements: what is refused when one is written, that it is sent once, and whom the job tells."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.actor import Actor, Source
from domain.refusals import Refusal
from extensions import db
from jobs import announcements as announcements_job
from models import (
    AccountStatus,
    Announcement,
    AnnouncementAccount,
    AnnouncementKind,
    AuditEvent,
    Job,
    JobState,
    Notification,
    NotificationChannel,
    NotificationDelivery,
    NotificationKind,
    Person,
)
from services import announcements
from services.announcements import (
    JOB,
    AccountsAndAll,
    AccountsMissing,
    AccountsUnknown,
    AnnouncementOver,
    AnnouncementSent,
    AnnouncementTextMissing,
    AnnouncementTextTooLong,
    BlockWithoutEnd,
    EndsBeforeStart,
    TooManyAccounts,
    accounts_counted,
    client_ids_of,
    create_announcement,
    edit_announcement,
    send_announcement,
)
from services.audit import write_waiting_events
from services.choosing_notifications import choose_notifications
from services.step_up import ProofNeeded
from services.unit_of_work import unit_of_work
from tests.factories.people import AccountFactory, MemberFactory, StaffMemberFactory
from tests.factories.support import TicketTypeFactory
from tests.support.due_jobs import run_due_jobs, runner_at

HOUR = dt.timedelta(hours=1)


@pytest.fixture
def staff(session: Session, now: dt.datetime) -> Actor:
    row = StaffMemberFactory()
    return Actor("Sam", Source.STAFF, person_id=row.person_id, staff_member_id=row.id, proved_at=now)


@pytest.fixture
def values(now: dt.datetime) -> dict[str, Any]:
    return {
        "kind": AnnouncementKind.SERVICE_STATUS,
        "title": "Maintenance on Sunday",
        "body": "Calls may **drop**.",
        "for_all": True,
        "starts_at": now,
        "ends_at": now + HOUR,
        "client_ids": "",
    }


@dataclass(frozen=True)
class Seat:
    """A member, known also after the session forgot them."""

    person: Person
    email: str | None
    account_id: int


def seat(client_id: str) -> Seat:
    member = MemberFactory(account__client_id=client_id)
    return Seat(member.person, member.person.email, member.account_id)


@pytest.fixture
def acme(session: Session) -> Seat:
    return seat("10001")


@pytest.fixture
def bolt(session: Session) -> Seat:
    return seat("10002")


def written(values: dict[str, Any], actor: Actor, now: dt.datetime, **other: Any) -> Announcement:
    return create_announcement({**values, **other}, actor=actor, now=now)


def sent(values: dict[str, Any], actor: Actor, now: dt.datetime, **other: Any) -> Announcement:
    announcement = send_announcement(written(values, actor, now, **other), actor=actor, now=now)
    run_due_jobs(JOB, now=now)
    return announcement


def mailed() -> list[str]:
    found = select(NotificationDelivery.address).where(NotificationDelivery.event == "announcement")
    return sorted(db.session.scalars(found))


def noticed() -> list[int | None]:
    found = select(Notification.account_id).where(Notification.event == "announcement")
    return sorted(db.session.scalars(found), key=str)


# Writing


@pytest.mark.parametrize(
    ("typed", "refusal"),
    [
        ({"body": " \n"}, AnnouncementTextMissing),
        ({"body": "x" * 20_001}, AnnouncementTextTooLong),
        ({"ends_at": dt.datetime(2020, 1, 1, tzinfo=dt.UTC)}, EndsBeforeStart),
        ({"for_all": False}, AccountsMissing),
        ({"client_ids": "10001"}, AccountsAndAll),
        ({"for_all": False, "client_ids": "10001, 99999"}, AccountsUnknown),
        ({"for_all": False, "client_ids": " ".join(str(each) for each in range(1001))}, TooManyAccounts),
    ],
)
def test_what_cannot_be_announced_is_refused_by_name(
    values: dict[str, Any], staff: Actor, acme: Seat, now: dt.datetime, typed: dict[str, Any], refusal: type[Refusal]
) -> None:
    with pytest.raises(refusal):
        written(values, staff, now, **typed)


def test_tickets_are_held_back_for_a_time_only(values: dict[str, Any], staff: Actor, now: dt.datetime) -> None:
    with pytest.raises(BlockWithoutEnd):
        written(values, staff, now, blocked_ticket_type=TicketTypeFactory(), ends_at=None)


def test_a_deleted_account_is_not_chosen(values: dict[str, Any], staff: Actor, now: dt.datetime) -> None:
    AccountFactory(client_id="10003", status=AccountStatus.DELETED)
    with pytest.raises(AccountsUnknown):
        written(values, staff, now, for_all=False, client_ids="10003")


def test_chosen_accounts_are_kept_and_audited(
    values: dict[str, Any], staff: Actor, acme: Seat, bolt: Seat, now: dt.datetime
) -> None:
    announcement = written(values, staff, now, for_all=False, client_ids="10002;10001\n10001")
    write_waiting_events()
    assert client_ids_of(announcement) == "10001, 10002"
    assert announcement.written_by_id == staff.staff_member_id
    event = db.session.scalars(select(AuditEvent).where(AuditEvent.event == "announcement.accounts_chosen")).one()
    assert event.after == {"accounts": ["10001", "10002"]}


def test_others_are_chosen_before_it_is_sent(
    values: dict[str, Any], staff: Actor, acme: Seat, bolt: Seat, now: dt.datetime
) -> None:
    announcement = written(values, staff, now, for_all=False, client_ids="10001")
    edit_announcement(announcement, {"client_ids": "10002"}, actor=staff, now=now)
    assert client_ids_of(announcement) == "10002"
    edit_announcement(announcement, {"client_ids": "", "for_all": True}, actor=staff, now=now)
    assert db.session.scalars(select(AnnouncementAccount)).all() == []


def test_what_was_told_does_not_change_and_its_time_does(
    values: dict[str, Any], staff: Actor, now: dt.datetime
) -> None:
    announcement = send_announcement(written(values, staff, now), actor=staff, now=now)
    for change in ({"title": "Another"}, {"body": "Another"}, {"for_all": False, "client_ids": "10001"}):
        with pytest.raises(AnnouncementSent):
            edit_announcement(announcement, change, actor=staff, now=now)
    edit_announcement(announcement, {"ends_at": now + 2 * HOUR, "emergency": True}, actor=staff, now=now)
    assert (announcement.ends_at, announcement.emergency) == (now + 2 * HOUR, True)


# Sending


def test_it_is_sent_once(values: dict[str, Any], staff: Actor, now: dt.datetime) -> None:
    announcement = written(values, staff, now)
    send_announcement(announcement, actor=staff, now=now)
    with pytest.raises(AnnouncementSent):
        send_announcement(announcement, actor=staff, now=now)
    assert len(db.session.scalars(select(Job).where(Job.kind == JOB)).all()) == 1


def test_sending_wants_a_recent_proof(values: dict[str, Any], staff: Actor, now: dt.datetime) -> None:
    announcement = written(values, staff, now)
    with pytest.raises(ProofNeeded):
        send_announcement(announcement, actor=staff, now=now + HOUR)


def test_what_is_over_is_not_sent(values: dict[str, Any], staff: Actor, now: dt.datetime) -> None:
    announcement = written(values, staff, now, starts_at=now - 2 * HOUR, ends_at=now - HOUR)
    with pytest.raises(AnnouncementOver):
        send_announcement(announcement, actor=staff, now=now)


def test_all_accounts_are_told_but_deleted_ones(
    values: dict[str, Any], staff: Actor, acme: Seat, bolt: Seat, now: dt.datetime
) -> None:
    gone = MemberFactory(account__status=AccountStatus.DELETED).account_id
    announcement = sent(values, staff, now)
    assert mailed() == sorted([acme.email, bolt.email])
    assert gone not in noticed()
    assert accounts_counted(announcement) == len(noticed())


def test_only_the_chosen_accounts_are_told(
    values: dict[str, Any], staff: Actor, acme: Seat, bolt: Seat, now: dt.datetime
) -> None:
    announcement = sent(values, staff, now, for_all=False, client_ids="10002")
    assert (mailed(), noticed()) == ([bolt.email], [bolt.account_id])
    assert accounts_counted(announcement) == 1


def test_more_accounts_than_are_counted_are_not_counted_to_the_end(
    values: dict[str, Any], staff: Actor, acme: Seat, bolt: Seat, now: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(announcements, "MOST_COUNTED", 1)
    assert accounts_counted(written(values, staff, now)) == 2


@pytest.mark.parametrize("kind", [AnnouncementKind.NOTICE, AnnouncementKind.SERVICE_STATUS])
def test_who_switched_service_status_off_reads_it_in_the_portal_only(
    values: dict[str, Any], staff: Actor, acme: Seat, bolt: Seat, now: dt.datetime, kind: AnnouncementKind
) -> None:
    wanted = {(NotificationKind.SERVICE_STATUS, NotificationChannel.EMAIL): False}
    choose_notifications(
        acme.person, wanted, quiet_from=None, quiet_until=None, actor=Actor("Mia", Source.PORTAL), now=now
    )
    sent(values, staff, now, kind=kind)
    assert mailed() == [bolt.email]
    assert acme.account_id in noticed()


def test_a_newsletter_is_mailed_to_who_wants_it_with_one_click_to_stop_it(
    values: dict[str, Any], staff: Actor, acme: Seat, bolt: Seat, now: dt.datetime
) -> None:
    wanted = {(NotificationKind.NEWSLETTERS, NotificationChannel.EMAIL): True}
    choose_notifications(
        acme.person, wanted, quiet_from=None, quiet_until=None, actor=Actor("Mia", Source.PORTAL), now=now
    )
    sent(values, staff, now, kind=AnnouncementKind.NEWSLETTER)
    mail = db.session.scalars(select(NotificationDelivery)).one()
    assert mail.address == acme.email
    assert mail.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "/unsubscribe/" in mail.headers["List-Unsubscribe"]
    assert "/unsubscribe/" in mail.text
    assert {acme.account_id, bolt.account_id} <= set(noticed())


@pytest.mark.parametrize("kind", [AnnouncementKind.SERVICE_STATUS, AnnouncementKind.NEWSLETTER])
def test_a_job_that_runs_again_tells_nobody_twice(
    values: dict[str, Any], staff: Actor, acme: Seat, bolt: Seat, now: dt.datetime, kind: AnnouncementKind
) -> None:
    sent(values, staff, now, kind=kind)
    before = (mailed(), noticed())
    job = db.session.scalars(select(Job).where(Job.kind == JOB)).one()
    with unit_of_work():
        job.state, job.run_at, job.attempts, job.finished_at = JobState.WAITING, now, 0, None
    run_due_jobs(JOB, now=now + HOUR)
    assert (mailed(), noticed()) == before


def test_an_account_that_fails_is_told_by_the_next_attempt_and_the_others_now(
    values: dict[str, Any], staff: Actor, acme: Seat, bolt: Seat, now: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell, failing = announcements_job.tell_of_announcement, [acme.account_id]

    def tell_but_one(announcement_id: int, account_id: int, *, now: dt.datetime) -> bool:
        told = tell(announcement_id, account_id, now=now)
        if account_id in failing:
            raise ConnectionError("killed after it told and before the commit")
        return told

    monkeypatch.setattr(announcements_job, "tell_of_announcement", tell_but_one)
    announcement = send_announcement(written(values, staff, now), actor=staff, now=now)
    assert announcement.sent_at == now
    job_id = db.session.scalars(select(Job.public_id).where(Job.kind == JOB)).one()
    db.session.commit()
    assert runner_at(now).run_next(job_id)
    assert mailed() == [bolt.email]
    failing.clear()
    run_due_jobs(JOB, now=now + HOUR)
    assert mailed() == sorted([acme.email, bolt.email])


def test_a_mail_shows_it_as_it_is_meant_and_never_as_what_it_could_do(
    values: dict[str, Any], staff: Actor, acme: Seat, now: dt.datetime
) -> None:
    body = "Lines are **down**.\n\n- See [status](https://status.example/)\n\n<script>alert(1)</script>"
    sent(values, staff, now, body=body)
    [mail] = db.session.scalars(select(NotificationDelivery)).all()
    assert "<strong>down</strong>" in str(mail.html)
    assert 'href="https://status.example/"' in str(mail.html)
    assert "<script>" not in str(mail.html)
    assert "&lt;script&gt;alert(1)" in str(mail.html)
    assert "Lines are down.\n" in mail.text
    assert "- See status" in mail.text
    assert "https://status.example/" in mail.text
    assert "<script>alert(1)</script>" in mail.text
