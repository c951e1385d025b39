"""The outbox: written with the change, claimed once, sent outside of any transaction, and recorded."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from domain.actor import Actor, Source
from domain.deliveries import PAUSES
from domain.permissions import P
from domain.refusals import Refusal
from extensions import db
from integrations.mail import Answer, Attachment, Outcome
from models import (
    DeliveryState,
    DocumentKind,
    Job,
    Notification,
    NotificationChannel,
    NotificationDelivery,
    NotificationKind,
    Person,
    PhoneState,
)
from services.choosing_notifications import choose_notifications
from services.deliveries import (
    LEASE,
    NO_SENDER,
    DeliveryNotRetryable,
    Step,
    TextIsGone,
    cancel_deliveries,
    deliver,
    enqueue_late_deliveries,
    held_until,
    retry_delivery,
)
from services.document_jobs import DocumentName
from services.documents import DocumentNotMade
from services.invitations import invite_member
from services.notifications import queue_mail, tell, tell_account
from services.outgoing import Outgoing
from services.unit_of_work import unit_of_work
from tests.factories.people import MemberFactory, OwnerFactory

CLERK = Actor("Clerk", Source.STAFF)
MINUTE = dt.timedelta(minutes=1)


class Post:
    """A sender that answers as told, and remembers what it was given."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.sent: list[Outgoing] = []
        self.in_transaction: list[bool] = []

    def send(self, outgoing: Outgoing) -> Outcome:
        self.in_transaction.append(db.session().in_transaction())
        self.sent.append(outgoing)
        answer = self.answers.pop(0) if self.answers else Answer.TAKEN
        return Outcome(answer, "" if answer is Answer.TAKEN else f"the server said {answer.value}")

    @property
    def senders(self):
        return {NotificationChannel.EMAIL: self}


@pytest.fixture
def mail_id(session, now):
    mail = queue_mail("mia@acme.example", "test", "Hello", "The text.", now=now, html="<p>The text.</p>")
    session.commit()
    return mail.id


def row(mail_id):
    return db.session.get_one(NotificationDelivery, mail_id, populate_existing=True)


def jobs():
    return db.session.scalars(select(Job).where(Job.kind == "deliver").order_by(Job.id)).all()


def test_a_mail_and_its_job_come_with_the_change_or_not_at_all(session, now):
    person = MemberFactory().person
    session.commit()

    def change_ones_mind():
        with unit_of_work():
            tell(person, "password_changed", now=now)
            assert session.scalars(select(NotificationDelivery)).all()
            raise RuntimeError("changed my mind")

    with pytest.raises(RuntimeError, match="changed my mind"):
        change_ones_mind()
    assert session.scalars(select(NotificationDelivery)).all() == []
    assert session.scalars(select(Notification)).all() == []
    assert jobs() == []


def test_a_mail_is_sent_once(session, now, mail_id):
    post = Post()
    assert deliver(mail_id, post.senders, now=now) is Step.SENT
    assert deliver(mail_id, post.senders, now=now) is Step.NOTHING
    assert [(one.address, one.subject, one.text, one.html) for one in post.sent] == [
        ("mia@acme.example", "Hello", "The text.", "<p>The text.</p>")
    ]
    assert (row(mail_id).state, row(mail_id).sent_at, row(mail_id).attempts) == (DeliveryState.SENT, now, 1)


def test_no_transaction_is_open_while_it_is_sent(session, now, mail_id):
    post = Post()
    deliver(mail_id, post.senders, now=now)
    assert post.in_transaction == [False]


@pytest.mark.parametrize("answer", [Answer.LATER, Answer.UNKNOWN])
def test_a_failed_try_is_repeated_after_growing_pauses_with_the_same_message_id(session, now, mail_id, answer):
    post = Post(*[answer] * len(PAUSES))
    at = now
    for pause in PAUSES:
        assert deliver(mail_id, post.senders, now=at) is Step.POSTPONED
        assert row(mail_id).next_try_at == at + pause
        assert deliver(mail_id, post.senders, now=at) is Step.NOTHING
        at += pause
    assert deliver(mail_id, post.senders, now=at) is Step.SENT
    assert len({one.message_id for one in post.sent}) == 1
    assert {one.date for one in post.sent} == {now}
    assert len(post.sent) == len(PAUSES) + 1


def test_each_further_try_has_a_job_of_its_own(session, now, mail_id):
    deliver(mail_id, Post(Answer.LATER).senders, now=now)
    assert [job.run_at for job in jobs()] == [now, now + PAUSES[0]]


def test_the_pauses_grow_and_end_after_two_days():
    assert list(PAUSES) == sorted(PAUSES)
    assert dt.timedelta(hours=40) < sum(PAUSES, dt.timedelta()) <= dt.timedelta(hours=48)


def test_after_the_last_try_it_has_failed(session, now, mail_id):
    post = Post(*[Answer.LATER] * (len(PAUSES) + 1))
    at = now
    for pause in PAUSES:
        deliver(mail_id, post.senders, now=at)
        at += pause
    assert deliver(mail_id, post.senders, now=at) is Step.FAILED
    assert (row(mail_id).state, row(mail_id).error) == (DeliveryState.FAILED, "the server said later")


def test_what_will_never_be_taken_fails_at_once(session, now, mail_id):
    assert deliver(mail_id, Post(Answer.NEVER).senders, now=now) is Step.FAILED
    assert row(mail_id).error == "the server said never"


def test_who_holds_it_sends_alone_until_the_lease_is_over(session, now, mail_id):
    class Dies(Exception):
        pass

    class Killed:
        def send(self, outgoing: Outgoing) -> Outcome:
            raise Dies

    with pytest.raises(Dies):
        deliver(mail_id, {NotificationChannel.EMAIL: Killed()}, now=now)
    post = Post()
    assert deliver(mail_id, post.senders, now=now + MINUTE) is Step.HELD
    assert held_until(mail_id) == now + LEASE
    assert deliver(mail_id, post.senders, now=now + LEASE) is Step.SENT
    assert post.sent[0].attempt == 2


def test_who_was_overtaken_writes_nothing_more(session, now, mail_id):
    inner = Post()

    class Slow:
        def send(self, outgoing: Outgoing) -> Outcome:
            assert deliver(mail_id, inner.senders, now=now + LEASE) is Step.SENT
            return Outcome(Answer.NEVER, "too late to matter")

    assert deliver(mail_id, {NotificationChannel.EMAIL: Slow()}, now=now) is Step.HELD
    assert (row(mail_id).state, row(mail_id).error) == (DeliveryState.SENT, None)


def test_a_secret_is_blanked_once_it_is_sent(session, now):
    mail = queue_mail("mia@acme.example", "test", "Hello", "The link.", now=now, secret=True, html="<p>The link.</p>")
    session.commit()
    deliver(mail.id, Post(Answer.LATER).senders, now=now)
    assert row(mail.id).text == "The link."
    deliver(mail.id, Post().senders, now=now + PAUSES[0])
    assert (row(mail.id).text, row(mail.id).html) == ("", None)


def test_what_is_no_secret_stays_to_be_read(session, now, mail_id):
    deliver(mail_id, Post().senders, now=now)
    assert row(mail_id).text == "The text."


def test_without_a_mail_server_it_waits_visibly(session, now, mail_id):
    assert deliver(mail_id, {}, now=now) is Step.NO_SENDER
    assert (row(mail_id).state, row(mail_id).error, row(mail_id).attempts) == (DeliveryState.WAITING, NO_SENDER, 0)
    assert deliver(mail_id, Post().senders, now=now + MINUTE) is Step.SENT


def test_what_was_left_behind_is_asked_for_again_once_an_hour(session, now, mail_id):
    post = Post()
    with unit_of_work():
        assert enqueue_late_deliveries(post.senders, now=now + MINUTE) == 0  # its own job is on its way
        assert enqueue_late_deliveries({}, now=now + 10 * MINUTE) == 0
        assert enqueue_late_deliveries(post.senders, now=now + 10 * MINUTE) == 1
        enqueue_late_deliveries(post.senders, now=now + 11 * MINUTE)
    assert len(jobs()) == 2


def test_what_waits_can_be_cancelled_for_one_person(session, now):
    mia, tom = MemberFactory().person, MemberFactory().person
    for person in (mia, tom):
        tell(person, "reset_link", now=now, secret=True, token="t" * 20, minutes=60)
    tell(mia, "password_changed", now=now)
    assert cancel_deliveries(["reset_link"], person_id=mia.id, now=now) == 1
    session.commit()
    found = session.scalars(select(NotificationDelivery).order_by(NotificationDelivery.id)).all()
    assert [row(mail.id).state for mail in found] == [
        DeliveryState.CANCELLED,
        DeliveryState.WAITING,
        DeliveryState.WAITING,
    ]
    assert row(found[0].id).text == ""
    assert deliver(found[0].id, Post().senders, now=now) is Step.NOTHING


def test_an_invitation_that_is_sent_again_takes_the_waiting_one_back(session, now):
    member = MemberFactory(status="invited")
    owner = Actor("Owner", Source.PORTAL)
    invite_member(member, actor=owner, now=now)
    invite_member(member, actor=owner, now=now)
    session.commit()
    states = session.scalars(select(NotificationDelivery.state).order_by(NotificationDelivery.id)).all()
    assert states == [DeliveryState.CANCELLED, DeliveryState.WAITING]


def test_staff_let_a_failed_one_be_sent_again(session, now, mail_id):
    deliver(mail_id, Post(Answer.NEVER).senders, now=now)
    with unit_of_work():
        retry_delivery(row(mail_id), actor=CLERK, now=now)
    post = Post()
    assert deliver(mail_id, post.senders, now=now) is Step.SENT
    assert len({job.id for job in jobs()}) == 2


def test_what_was_sent_is_not_sent_again(session, now, mail_id):
    deliver(mail_id, Post().senders, now=now)
    with pytest.raises(DeliveryNotRetryable), unit_of_work():
        retry_delivery(row(mail_id), actor=CLERK, now=now)


def test_a_text_that_is_gone_cannot_be_sent_again(session, now):
    person = MemberFactory().person
    mail = tell(person, "reset_link", now=now, secret=True, token="t" * 20, minutes=60)
    cancel_deliveries(["reset_link"], person_id=person.id, now=now)
    session.commit()
    with pytest.raises(TextIsGone), unit_of_work():
        retry_delivery(row(mail.id), actor=CLERK, now=now)


def test_a_reminder_with_a_key_is_told_once(session, now):
    person = MemberFactory().person
    first, second = (
        tell(person, "password_changed", now=now, unique_key="reminder:7", kind=NotificationKind.INVOICES)
        for _time in range(2)
    )
    assert first is not None
    assert first is second
    assert len(session.scalars(select(Notification)).all()) == 1


# Documents that go with a mail


class Archive:
    """Gives a PDF as told, and remembers for what it was asked and whether a transaction was open."""

    def __init__(self, *refused: Refusal) -> None:
        self.refused = list(refused)
        self.asked: list[tuple[int, DocumentKind, str]] = []
        self.in_transaction: list[bool] = []
        self.states: list[DeliveryState] = []

    def __call__(self, account_id, kind, number, *, now):
        self.in_transaction.append(db.session().in_transaction())
        self.asked.append((account_id, kind, number))
        self.states.append(db.session.scalars(select(NotificationDelivery.state)).one())
        if self.refused:
            raise self.refused.pop(0)
        return Attachment(f"{number}.pdf", b"%PDF")


@pytest.fixture
def with_document(session, now):
    """A mail with an invoice; give its row number."""
    account = OwnerFactory().account
    document = DocumentName(DocumentKind.INVOICE, "INV-1")
    kind = NotificationKind.INVOICES
    tell_account(account.id, P.INVOICES_READ, "password_changed", now=now, kind=kind, document=document)
    session.commit()
    return session.scalars(select(NotificationDelivery.id)).one()


def test_a_document_goes_with_its_mail(now, with_document):
    post, archive = Post(), Archive()
    assert deliver(with_document, post.senders, now=now, documents=archive) is Step.SENT
    assert archive.asked == [(row(with_document).account_id, DocumentKind.INVOICE, "INV-1")]
    assert post.sent[0].attachments == (Attachment("INV-1.pdf", b"%PDF"),)


def test_a_document_is_made_before_the_claim_and_in_no_transaction(now, with_document):
    post, archive = Post(), Archive()
    deliver(with_document, post.senders, now=now, documents=archive)
    assert archive.in_transaction == [False]
    assert archive.states == [DeliveryState.WAITING]
    assert post.in_transaction == [False]


def test_a_mail_waits_for_a_document_that_cannot_be_made_now(now, with_document):
    post, archive = Post(), Archive(DocumentNotMade())
    assert deliver(with_document, post.senders, now=now, documents=archive) is Step.POSTPONED
    assert (row(with_document).state, row(with_document).error) == (DeliveryState.WAITING, DocumentNotMade.message)
    assert post.sent == []
    later = now + PAUSES[0]
    assert deliver(with_document, post.senders, now=later, documents=archive) is Step.SENT
    assert len(post.sent) == 1


def test_a_mail_never_goes_without_its_document(now, with_document):
    post = Post()
    assert deliver(with_document, post.senders, now=now) is Step.POSTPONED
    assert post.sent == []


def test_what_is_not_due_makes_no_document(now, with_document):
    archive = Archive()
    deliver(with_document, Post().senders, now=now, documents=archive)
    deliver(with_document, Post().senders, now=now, documents=archive)
    assert len(archive.asked) == 1


def test_a_document_goes_by_mail_only(session, now):
    account = OwnerFactory(person__phone="+4930123456", person__phone_state=PhoneState.VERIFIED).account
    by_sms = {(NotificationKind.INVOICES, NotificationChannel.SMS): True}
    person = session.scalars(select(Person)).one()
    choose_notifications(person, by_sms, quiet_from=None, quiet_until=None, actor=CLERK, now=now)
    document = DocumentName(DocumentKind.INVOICE, "INV-1")
    kind = NotificationKind.INVOICES
    tell_account(account.id, P.INVOICES_READ, "password_changed", now=now, kind=kind, document=document)
    told = session.execute(select(NotificationDelivery.channel, NotificationDelivery.document_number)).all()
    assert sorted(told) == [(NotificationChannel.EMAIL, "INV-1"), (NotificationChannel.SMS, None)]


@pytest.mark.parametrize(
    "values",
    [{"document_kind": None}, {"document_number": None}, {"account_id": None}],
    ids=lambda values: next(iter(values)),
)
def test_a_document_is_named_as_a_whole_and_within_an_account(session, with_document, values):
    changed = update(NotificationDelivery).where(NotificationDelivery.id == with_document).values(values)
    with pytest.raises(IntegrityError):
        session.execute(changed)
    session.rollback()
