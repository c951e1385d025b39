"""The desk for requests about people's own data: who is told what, and what a deletion leaves of somebody."""

from __future__ import annotations

import dataclasses

import pytest
from sqlalchemy import JSON, String, cast, or_, select
from sqlalchemy import Text as SqlText

from domain.permissions import P
from extensions import Base, db
from models import (
    AccountStatus,
    AuditEvent,
    DataRequestKind,
    DataRequestStatus,
    InboundMail,
    Member,
    MemberStatus,
    Message,
    MessageCc,
    NotificationDelivery,
    PolicyDecision,
    TicketParticipant,
)
from models.notification import NotificationChannel, NotificationKind, NotificationPreference
from services.audit import verify_chain
from services.books import check_books
from services.data_requests.asking import JOB as EXPORT_JOB
from services.data_requests.asking import RequestClosed, is_any_overdue
from services.data_requests.desk import (
    FORGET_JOB,
    LAST_MAIL_KEPT,
    DeletionNotCarriedOut,
    ErasedAlready,
    NotRestricted,
    OutcomeMissing,
    OwnsAccount,
    RequestNotStarted,
    RequestStarted,
    StepsOpen,
    StepUnknown,
    WorksHere,
    carry_out_request,
    check_off,
    close_request,
    lift_restriction,
    refuse_request,
    start_request,
)
from services.data_requests.steps import steps_of
from services.erased_traces import JOB as CONTENTS_JOB
from services.mail_files import keep_raw, raw_of
from services.notifications import tell_account
from services.people import NotWhileLoggedInAs
from services.step_up import ProofNeeded
from services.stored_files import stored_files
from tests.factories.activity import NotificationDeliveryFactory, NotificationFactory
from tests.factories.catalogue import FinancingRequestFactory
from tests.factories.people import (
    AccountFactory,
    AllowedNetworkFactory,
    KnownDeviceFactory,
    MemberFactory,
    MemberInvitationFactory,
    OwnerFactory,
    PersonFactory,
    SignInSessionFactory,
    SocialIdentityFactory,
    StaffMemberFactory,
    TelegramBindingFactory,
)
from tests.factories.support import (
    ChatMessageFactory,
    ChatSessionFactory,
    DataRequestFactory,
    DiscussionFactory,
    InboundMailFactory,
    MessageCcFactory,
    MessageFactory,
    PolicyDecisionFactory,
    TelegramDialogueFactory,
    TelegramFileFactory,
    TicketFactory,
    TicketParticipantFactory,
)
from tests.services.money import CLERK, fund, issued
from tests.support.due_jobs import run_due_jobs

NAME, ADDRESS = "Mirabella Marshfield", "mirabella@acme.example"


@pytest.fixture(autouse=True)
def _files(kept_files):
    """What is kept lies in a folder of this test."""


@pytest.fixture
def account(session):
    account = AccountFactory(client_id="10001", name="Acme", currency="EUR")
    OwnerFactory(account=account)
    return account


@pytest.fixture
def mia(account):
    person = PersonFactory(first_name="Mirabella", last_name="Marshfield", email=ADDRESS)
    MemberFactory(account=account, person=person, phone="+1 555 0100")
    return person


def asked(mia, kind=DataRequestKind.DELETION, **values):
    return DataRequestFactory(person=mia, kind=kind, **values)


def started(mia, now, kind=DataRequestKind.DELETION):
    return start_request(asked(mia, kind), actor=CLERK, now=now)


def carried_out(mia, now):
    request = started(mia, now)
    check_off(request, position=None, actor=CLERK, now=now)
    carry_out_request(request, actor=CLERK, now=now)
    db.session.commit()
    db.session.expire_all()
    return request


def answers() -> list[NotificationDelivery]:
    event = NotificationDelivery.event == "data_request_answered"
    return list(db.session.scalars(select(NotificationDelivery).where(event)))


def found_in_texts(*words: str) -> set[str]:
    """Every "table.column" of text whose value holds one of the words, in any case."""
    found = set()
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, String | SqlText | JSON) or hasattr(column.type, "load_dialect_impl"):
                text = cast(column, SqlText)
                holds = or_(*(text.icontains(word, autoescape=True) for word in words))
                if db.session.execute(select(table.c[next(iter(table.c.keys()))]).where(holds).limit(1)).first():
                    found.add(f"{table.name}.{column.name}")
    return found


def test_starting_makes_the_checklist_from_what_the_person_has(mia, account, now):
    bare = started(PersonFactory(), now)
    assert [step.title.split(":")[0] for step in steps_of(bare)] == ["Profile", "Ways to sign in"]
    MessageFactory(author=mia)
    PolicyDecisionFactory(person=mia)
    InboundMailFactory(sender=ADDRESS)
    fund(account, 500, now)
    lines = {step.title: step.decision.value for step in steps_of(started(mia, now))}
    assert lines["Messages in tickets"] == "replace"
    assert lines["Mails that came from the person"] == "remove"
    assert lines["Ledger"] == lines["Decisions on policies"] == "keep"
    assert all(step.reason for step in steps_of(bare))


@pytest.mark.parametrize("kind", [DataRequestKind.EXPORT, DataRequestKind.RESTRICTION])
def test_only_a_deletion_has_a_checklist(mia, now, kind):
    assert steps_of(started(mia, now, kind)) == []


def test_a_request_is_started_once(mia, now):
    request = started(mia, now)
    with pytest.raises(RequestStarted):
        start_request(request, actor=CLERK, now=now)


def test_a_request_that_is_closed_is_left_alone(mia, now):
    request = asked(mia, status=DataRequestStatus.WITHDRAWN, closed_at=now)
    with pytest.raises(RequestClosed):
        start_request(request, actor=CLERK, now=now)
    with pytest.raises(RequestClosed):
        refuse_request(request, outcome="No longer asked", actor=CLERK, now=now)
    with pytest.raises(RequestClosed):
        carry_out_request(request, actor=CLERK, now=now)


def test_refusing_tells_the_person_why(mia, now):
    request = asked(mia)
    with pytest.raises(OutcomeMissing):
        refuse_request(request, outcome="  ", actor=CLERK, now=now)
    refuse_request(request, outcome="You owe us money.", actor=CLERK, now=now)
    assert (request.status, request.closed_at) == (DataRequestStatus.REFUSED, now)
    (mail,) = answers()
    assert (mail.address, "You owe us money." in mail.text) == (ADDRESS, True)


@pytest.mark.parametrize("act", [carry_out_request, refuse_request])
def test_what_is_final_wants_a_recent_proof(mia, now, act):
    clerk = dataclasses.replace(CLERK, person_id=mia.id, proved_at=None)
    words = {"outcome": "No reason"} if act is refuse_request else {}
    with pytest.raises(ProofNeeded):
        act(started(mia, now), actor=clerk, now=now, **words)


def test_nobody_decides_while_logged_in_as_a_member(mia, now):
    inside = dataclasses.replace(CLERK, on_behalf_of_id=mia.id)
    with pytest.raises(NotWhileLoggedInAs):
        start_request(asked(mia), actor=inside, now=now)


def test_what_was_answered_in_another_way_is_closed_with_words(mia, now):
    request = started(mia, now, DataRequestKind.EXPORT)
    close_request(request, outcome="We handed it to you on paper.", actor=CLERK, now=now)
    assert request.status is DataRequestStatus.DONE
    assert "on paper" in answers()[0].text


def test_a_deletion_is_not_closed_before_it_is_carried_out(mia, now):
    with pytest.raises(DeletionNotCarriedOut):
        close_request(started(mia, now), outcome="Done.", actor=CLERK, now=now)


def test_an_export_that_failed_is_asked_for_anew(mia, now):
    request = started(mia, now, DataRequestKind.EXPORT)
    carry_out_request(request, actor=CLERK, now=now)
    assert run_due_jobs(EXPORT_JOB, now=now) == 1
    db.session.refresh(request)
    assert request.status is DataRequestStatus.DONE


def test_a_restriction_stops_newsletters_and_nothing_else(mia, account, now):
    by_mail = {"channel": NotificationChannel.EMAIL, "enabled": True}
    db.session.add(NotificationPreference(person_id=mia.id, kind=NotificationKind.NEWSLETTERS, **by_mail))
    request = started(mia, now, DataRequestKind.RESTRICTION)
    carry_out_request(request, actor=CLERK, now=now)
    assert (mia.restricted_at, request.status) == (now, DataRequestStatus.DONE)
    for kind, mailed in ((NotificationKind.NEWSLETTERS, 0), (NotificationKind.SERVICE_STATUS, 1)):
        notice = tell_account(account.id, P.NOTIFICATIONS_READ, "password_changed", now=now, kind=kind, people=[mia])
        sent = select(NotificationDelivery.id).where(NotificationDelivery.notification_id == notice.id)
        assert len(db.session.scalars(sent).all()) == mailed, kind


def test_a_restriction_is_lifted_once(mia, now):
    request = started(mia, now, DataRequestKind.RESTRICTION)
    carry_out_request(request, actor=CLERK, now=now)
    lift_restriction(request, actor=CLERK, now=now)
    assert mia.restricted_at is None
    with pytest.raises(NotRestricted):
        lift_restriction(request, actor=CLERK, now=now)


def test_a_deletion_waits_for_every_line_of_its_checklist(mia, now):
    request = started(mia, now)
    with pytest.raises(StepsOpen):
        carry_out_request(request, actor=CLERK, now=now)
    check_off(request, position=1, actor=CLERK, now=now)
    with pytest.raises(StepUnknown):
        check_off(request, position=1, actor=CLERK, now=now)
    with pytest.raises(StepsOpen):
        carry_out_request(request, actor=CLERK, now=now)
    assert mia.erased_at is None


def test_nothing_is_checked_off_or_carried_out_before_the_start(mia, now):
    with pytest.raises(RequestNotStarted):
        check_off(asked(mia), position=None, actor=CLERK, now=now)
    with pytest.raises(RequestNotStarted):
        carry_out_request(asked(mia), actor=CLERK, now=now)


@pytest.mark.parametrize(
    ("status", "refused"),
    [(AccountStatus.ACTIVE, True), (AccountStatus.SUSPENDED, True), (AccountStatus.DELETED, False)],
)
def test_who_owns_an_account_is_not_erased(mia, now, status, refused):
    OwnerFactory(account=AccountFactory(status=status), person=mia)
    if not refused:
        assert carried_out(mia, now).status is DataRequestStatus.DONE
        return
    with pytest.raises(OwnsAccount):
        carried_out(mia, now)


def test_who_works_here_is_not_erased(session, now):
    with pytest.raises(WorksHere):
        carried_out(StaffMemberFactory().person, now)


def test_nobody_is_erased_twice(mia, now):
    carried_out(mia, now)
    with pytest.raises(ErasedAlready):
        carried_out(mia, now)


def test_the_erased_are_told_by_a_mail_that_forgets_them(mia, now):
    carried_out(mia, now)
    (mail,) = answers()
    assert mail.address == ADDRESS
    run_due_jobs(FORGET_JOB, now=now + LAST_MAIL_KEPT)
    db.session.refresh(mail)
    assert (mail.address, mail.text) == ("deleted", "")


@pytest.fixture
def traces(mia, account, now):
    """Something of the person in every corner that has a factory."""
    SignInSessionFactory(person=mia, user_agent=f"Browser of {NAME}")
    KnownDeviceFactory(person=mia, description=f"Phone of {NAME}")
    AllowedNetworkFactory(person=mia, note=NAME)
    SocialIdentityFactory(person=mia, email=ADDRESS)
    TelegramBindingFactory(person=mia, chat_id=7001, chat_name=NAME)
    dialogue = TelegramDialogueFactory(person=mia, text=f"I am {NAME}", answers={"call": ADDRESS})
    TelegramFileFactory(dialogue=dialogue, file__name=f"{NAME}.txt")
    NotificationDeliveryFactory(person=mia, address="7001", text=f"Hello {NAME}", remote_id="501")
    NotificationFactory(person=mia, account=account, title=f"Hello {NAME}")
    NotificationDeliveryFactory(person=mia, address=ADDRESS, text=f"Hello {NAME}")
    NotificationDeliveryFactory(person=None, address=ADDRESS, text=f"Hello {ADDRESS}")
    MemberInvitationFactory(member=account_seat(mia), email=ADDRESS)
    FinancingRequestFactory(account=account, requested_by=mia, contact=NAME, email=ADDRESS)
    PolicyDecisionFactory(person=mia, ip="192.0.2.7")
    account.contact_name, account.contact_email, account.billing_email = NAME, ADDRESS, ADDRESS
    ticket = TicketFactory(account=account, opened_by=mia, subject=f"{NAME} cannot call", answers={"call": ADDRESS})
    discussion = DiscussionFactory(ticket=ticket, title=f"Call of {NAME}")
    TicketParticipantFactory(ticket=ticket, person=mia)
    MessageFactory(discussion=discussion, author=mia, body=f"It is silent.\n{NAME}, {ADDRESS}")
    answer = MessageFactory(discussion=discussion, body=f"Dear {NAME},", quoted=f"{NAME} <{ADDRESS}> wrote")
    MessageCcFactory(message=answer, email=ADDRESS)
    elsewhere = TicketFactory()
    TicketParticipantFactory(ticket=elsewhere, person=None, email=ADDRESS)
    MessageFactory(
        discussion=DiscussionFactory(ticket=elsewhere), author=None, author_email=ADDRESS, body=f"I am {NAME}"
    )
    chat = ChatSessionFactory(member=account_seat(mia))
    ChatMessageFactory(chat_session=chat, author=mia, text=f"I am {NAME}")
    ChatMessageFactory(chat_session=chat, sequence=2, text=f"Hello {NAME}")
    raw = keep_raw(f"From: {ADDRESS}\n\nI am {NAME}".encode(), now=now)
    InboundMailFactory(sender=ADDRESS, subject=f"From {NAME}", file=raw, person=None)
    InboundMailFactory(sender=f"{ADDRESS}, otto@acme.example", subject=NAME, person=None)
    db.session.commit()
    return raw.key


def account_seat(mia):
    return db.session.scalars(select(Member).where(Member.person_id == mia.id)).one()


ALLOWED = {
    "audit_event.actor_name",  # the audit keeps its rows: its chain allows no change
    "audit_event.before",
    "audit_event.after",
}


def test_after_erasure_name_and_address_stand_nowhere_but_in_what_is_allowed(mia, traces, now):
    assert len(found_in_texts(NAME, ADDRESS)) > 15
    carried_out(mia, now)
    run_due_jobs(FORGET_JOB, now=now + LAST_MAIL_KEPT)
    assert found_in_texts(NAME, "Mirabella", ADDRESS) - ALLOWED == set()


def test_the_raw_mail_and_its_content_are_gone_after_erasure(mia, traces, now):
    carried_out(mia, now)
    assert run_due_jobs(CONTENTS_JOB, now=now) == 2  # of mails, and of what was not sent from the chat
    assert not stored_files.store.exists(traces)
    mails = db.session.scalars(select(InboundMail)).all()
    assert {(mail.sender, mail.subject, raw_of(mail)) for mail in mails} == {("deleted", "", None)}


def test_the_messages_stay_with_the_name_replaced(mia, traces, now):
    before = len(db.session.scalars(select(Message.id)).all())
    carried_out(mia, now)
    bodies = db.session.scalars(select(Message.body)).all()
    assert len(bodies) == before
    assert "It is silent.\ndeleted person, deleted" in bodies
    assert db.session.scalars(select(MessageCc.id)).all() == []
    assert db.session.scalars(select(TicketParticipant.email).where(TicketParticipant.email.is_not(None))).all() == []


def test_a_decision_stays_without_its_address(mia, traces, now):
    carried_out(mia, now)
    assert [(row.person_id, row.ip) for row in db.session.scalars(select(PolicyDecision))] == [(mia.id, None)]


def test_nothing_of_anybody_else_changes(mia, traces, now):
    other = PersonFactory(first_name="Otto", last_name="Other", email=f"x{ADDRESS}")
    kept = InboundMailFactory(sender=f"x{ADDRESS}", subject="Mine")
    written = MessageFactory(author=other, body="Mine alone")
    decision = PolicyDecisionFactory(person=other, ip="192.0.2.9")
    carried_out(mia, now)
    assert (kept.sender, kept.subject, written.body, decision.ip) == (f"x{ADDRESS}", "Mine", "Mine alone", "192.0.2.9")
    assert (other.name, other.email) == ("Otto Other", f"x{ADDRESS}")


def test_the_books_and_the_documents_are_unchanged(mia, account, now):
    fund(account, 20_000, now)
    issued(account, now, net=1_000)
    db.session.commit()
    before = books()
    carried_out(mia, now)
    assert books() == before
    assert check_books() == []
    assert verify_chain(None) is None


def books() -> list[list[tuple]]:
    tables = (
        "ledger_account",
        "ledger_entry",
        "ledger_posting",
        "invoice",
        "invoice_line",
        "payment",
        "statement_line",
    )
    found = [Base.metadata.tables[name] for name in tables]
    return [[tuple(row) for row in db.session.execute(select(table).order_by(table.c.id))] for table in found]


def test_the_seats_are_disabled_and_nobody_signs_in(mia, now):
    carried_out(mia, now)
    assert account_seat(mia).status is MemberStatus.DISABLED
    assert not mia.can_sign_in


def test_each_outcome_is_recorded(mia, now):
    request = carried_out(mia, now)
    events = select(AuditEvent.event).where(AuditEvent.target_key == request.public_id).order_by(AuditEvent.id)
    assert db.session.scalars(events).all() == ["data_request.started", "data_request.step_done", "data_request.done"]


def test_what_is_open_after_its_day_is_overdue(mia, now):
    request = asked(mia, due_on=now.date())
    assert not is_any_overdue(today=now.date())
    request.due_on = request.due_on.replace(year=2020)
    assert is_any_overdue(today=now.date())
    refuse_request(request, outcome="Not yours", actor=CLERK, now=now)
    assert not is_any_overdue(today=now.date())
