"""Signing in, acting for others, and the log: what the database itself refuses."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError

from models import APPEND_ONLY, AuditEvent, PolicyDecision, SessionEnd
from models.triggers import create_statements, drop_statements
from tests.factories.activity import (
    AuditChainFactory,
    AuditEventFactory,
    ClockSlotFactory,
    JobFactory,
    NotificationDeliveryFactory,
    NotificationFactory,
)
from tests.factories.people import (
    AccountFactory,
    AllowedNetworkFactory,
    LoginAsSessionFactory,
    MemberFactory,
    PasswordResetFactory,
    SignInSessionFactory,
    SocialIdentityFactory,
)
from tests.factories.support import PolicyDecisionFactory

pytestmark = pytest.mark.usefixtures("session")


def test_an_ended_session_says_why(session, now):
    signed_in = SignInSessionFactory()
    signed_in.ended_at = now
    with pytest.raises(IntegrityError, match="end_has_reason"):
        session.flush()


def test_a_session_ends_with_a_reason(session, now):
    signed_in = SignInSessionFactory()
    signed_in.ended_at, signed_in.end_reason = now, SessionEnd.SIGNED_OUT
    session.flush()
    session.refresh(signed_in)
    assert (signed_in.ended_at, signed_in.end_reason) == (now, SessionEnd.SIGNED_OUT)


def test_a_person_has_one_live_reset():
    reset = PasswordResetFactory()
    with pytest.raises(IntegrityError):
        PasswordResetFactory(person=reset.person)


def test_a_superseded_reset_makes_room(session, now):
    first = PasswordResetFactory()
    first.superseded_at = now
    session.flush()
    assert PasswordResetFactory(person=first.person).id != first.id


def test_a_network_belongs_to_a_person_or_an_account():
    AllowedNetworkFactory(person=None, account=AccountFactory())
    with pytest.raises(IntegrityError, match="person_or_account"):
        AllowedNetworkFactory(account=AccountFactory())


def test_a_social_identity_is_bound_once():
    identity = SocialIdentityFactory()
    with pytest.raises(IntegrityError):
        SocialIdentityFactory(issuer=identity.issuer, subject=identity.subject)


def test_staff_look_as_one_member_at_a_time():
    first = LoginAsSessionFactory()
    with pytest.raises(IntegrityError):
        LoginAsSessionFactory(sign_in_session=first.sign_in_session, staff_member=first.staff_member)


def test_a_look_as_a_member_stays_in_their_account():
    member, stranger = MemberFactory(), AccountFactory()
    with pytest.raises(IntegrityError):
        LoginAsSessionFactory(member=member, account_id=stranger.id)


def test_a_look_as_a_member_has_a_reason():
    with pytest.raises(IntegrityError, match="reason_given"):
        LoginAsSessionFactory(reason="")


def test_a_sequence_is_given_once_in_a_chain():
    head = AuditChainFactory()
    AuditEventFactory(head=head, sequence=1)
    AuditEventFactory(head=head, sequence=2)
    AuditEventFactory(sequence=1)
    with pytest.raises(IntegrityError):
        AuditEventFactory(head=head, sequence=2)


def test_an_audit_event_cannot_be_changed(session):
    audited = AuditEventFactory()
    with pytest.raises(IntegrityError, match="append-only"):
        session.execute(update(AuditEvent).where(AuditEvent.id == audited.id).values(event="nothing.happened"))


def test_an_audit_event_cannot_be_removed(session):
    AuditEventFactory()
    with pytest.raises(IntegrityError, match="append-only"):
        session.execute(delete(AuditEvent))


def test_a_policy_decision_cannot_be_changed(session):
    PolicyDecisionFactory()
    with pytest.raises(IntegrityError, match="append-only"):
        session.execute(update(PolicyDecision).values(decision="declined"))


def test_the_guards_can_be_taken_off_and_put_back(session):
    audited = AuditEventFactory()
    connection = session.connection()
    for statement in drop_statements(connection.dialect.name):
        connection.exec_driver_sql(statement)
    session.execute(update(AuditEvent).values(source="staff"))
    for statement in create_statements(connection.dialect.name):
        connection.exec_driver_sql(statement)
    with pytest.raises(IntegrityError, match="append-only"):
        session.execute(update(AuditEvent).where(AuditEvent.id == audited.id).values(source="portal"))


def test_the_address_of_a_policy_decision_is_taken_away_and_nothing_else(session):
    decision = PolicyDecisionFactory(ip="192.0.2.7")
    session.execute(update(PolicyDecision).values(ip=None))
    session.refresh(decision)
    assert decision.ip is None
    for values in ({"ip": "192.0.2.8"}, {"ip": None, "decision": "declined"}):
        with pytest.raises(IntegrityError, match="append-only"), session.begin_nested():
            session.execute(update(PolicyDecision).values(values))


@pytest.mark.parametrize("table", APPEND_ONLY)
def test_each_append_only_table_has_its_guards(session, table):
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        named = "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND tbl_name = "
        expected = 2
    else:
        named = "SELECT count(*) FROM information_schema.triggers WHERE event_object_table = "
        expected = 2  # one trigger, one row for each of UPDATE and DELETE
    assert connection.exec_driver_sql(f"{named}'{table}'").scalar_one() >= expected


def test_a_tick_of_a_clock_is_taken_once():
    ClockSlotFactory()
    with pytest.raises(IntegrityError):
        ClockSlotFactory()


def test_a_job_with_the_same_key_is_written_once():
    JobFactory(unique_key="renew:1:2026-05")
    JobFactory()
    with pytest.raises(IntegrityError):
        JobFactory(unique_key="renew:1:2026-05")


def test_a_running_job_has_a_lease(session, now):
    job = JobFactory()
    job.state = "running"
    with pytest.raises(IntegrityError, match="running_has_lease"):
        session.flush()


def test_a_message_id_is_used_for_one_delivery():
    delivery = NotificationDeliveryFactory()
    with pytest.raises(IntegrityError):
        NotificationDeliveryFactory(message_id=delivery.message_id)


def test_a_notice_is_for_one_person_or_for_holders_of_a_permission():
    NotificationFactory(person=None, permission="invoices:read")
    with pytest.raises(IntegrityError, match="person_or_permission"):
        NotificationFactory(permission="invoices:read")


def test_a_moment_without_time_zone_is_an_error():
    with pytest.raises(Exception, match="a moment needs a time zone"):
        JobFactory(run_at=dt.datetime(2026, 5, 15))  # noqa: DTZ001


def test_events_of_the_provider_are_in_no_account(session):
    AuditEventFactory()
    of_account = AuditEventFactory(account=AccountFactory())
    owned = session.scalars(select(AuditEvent).where(AuditEvent.account_id == of_account.account_id)).all()
    assert owned == [of_account]
