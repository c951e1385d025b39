"""Requests about one's own data: one of a kind at a time, and an export of all that is kept, which only its person opens."""

from __future__ import annotations

import csv
import dataclasses
import datetime as dt
import io
import re

import pytest
from sqlalchemy import event, select

from domain.actor import Actor, Source
from extensions import Base, db
from jobs.data_requests import forget
from jobs.registry import JobContext
from models import AuditEvent, DataRequest, DataRequestKind, DataRequestStatus, File, Notification, NotificationDelivery
from panel.kinds import date_text
from services.data_requests.asking import (
    JOB,
    LONGEST_NOTE,
    NoteTooLong,
    RequestClosed,
    RequestOpenAlready,
    RequestUnknown,
    ask_about_data,
    requests_of,
    withdraw_request,
)
from services.data_requests.contents import LEFT_OUT, PIECE, TABLES, Asked, lines_about
from services.data_requests.links import ExportExpired, ExportUnknown, open_export
from services.data_requests.making import FOLDER, OPENS_FOR
from services.people import NotWhileLoggedInAs
from services.stored_files import stored_files
from tests.factories.activity import NotificationDeliveryFactory
from tests.factories.people import (
    AccountFactory,
    AllowedNetworkFactory,
    KnownDeviceFactory,
    MemberRoleGrantFactory,
    OwnerFactory,
    PersonFactory,
    SignInSessionFactory,
    SocialIdentityFactory,
    TotpFactorFactory,
)
from tests.factories.support import InboundMailFactory, MessageFactory, PolicyDecisionFactory
from tests.support.due_jobs import run_due_jobs

LINK = re.compile(r"/settings/your-data/file/(\S+)")


@pytest.fixture(autouse=True)
def _files(kept_files):
    """What is kept lies in a folder of this test."""


@pytest.fixture
def mia(session):
    person = PersonFactory(first_name="Mia", last_name="Marsh", email="mia@acme.example")
    OwnerFactory(account=AccountFactory(client_id="10001", name="Acme"), person=person)
    return person


@pytest.fixture
def herself(mia) -> Actor:
    return Actor("Mia Marsh", Source.PORTAL, person_id=mia.id, ip="192.0.2.7")


def mails(event: str) -> list[NotificationDelivery]:
    return list(db.session.scalars(select(NotificationDelivery).where(NotificationDelivery.event == event)))


def exported(mia, herself, now) -> tuple[str, str]:
    """The token that was mailed, and the file behind it as text."""
    ask_about_data(mia, DataRequestKind.EXPORT, actor=herself, now=now)
    assert run_due_jobs(JOB, now=now) == 1
    token = LINK.search(mails("data_export_ready")[-1].text)[1]
    with open_export(mia, token, actor=herself, now=now).content as content:
        return token, content.read().decode("utf-8")


def values_of(text: str) -> dict[tuple[str, str], str]:
    rows = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    assert next(rows) == ["record", "field", "value"]
    return {(record, field): value for record, field, value in rows}


@pytest.mark.parametrize("kind", DataRequestKind)
def test_one_request_of_a_kind_is_open_at_a_time(mia, herself, now, kind):
    first = ask_about_data(mia, kind, actor=herself, now=now)
    with pytest.raises(RequestOpenAlready):
        ask_about_data(mia, kind, actor=herself, now=now)
    withdraw_request(mia, first.public_id, actor=herself, now=now)
    ask_about_data(mia, kind, actor=herself, now=now)
    assert [request.status for request in requests_of(mia)] == [DataRequestStatus.OPEN, DataRequestStatus.WITHDRAWN]


def test_what_one_asked_does_not_stand_in_the_way_of_another(mia, herself, now):
    ask_about_data(PersonFactory(), DataRequestKind.DELETION, actor=herself, now=now)
    ask_about_data(mia, DataRequestKind.RESTRICTION, actor=herself, now=now)
    ask_about_data(mia, DataRequestKind.DELETION, actor=herself, now=now)
    assert len(requests_of(mia)) == 2


def test_a_request_is_due_in_30_days_told_and_recorded(mia, herself, now):
    request = ask_about_data(mia, DataRequestKind.DELETION, note=" I move on. ", actor=herself, now=now)
    assert (request.due_on, request.note) == (now.date() + dt.timedelta(days=30), "I move on.")
    assert date_text(request.due_on, "en") in mails("data_request_received")[0].text
    db.session.commit()
    row = db.session.scalars(select(AuditEvent).where(AuditEvent.event == "data_request.asked")).one()
    assert (row.actor_person_id, row.target_key, row.account_id) == (mia.id, request.public_id, None)


def test_a_note_that_is_too_long_is_refused(mia, herself, now):
    with pytest.raises(NoteTooLong):
        ask_about_data(mia, DataRequestKind.DELETION, note="x" * (LONGEST_NOTE + 1), actor=herself, now=now)


def test_only_an_open_request_of_ones_own_is_withdrawn(mia, herself, now):
    request = ask_about_data(mia, DataRequestKind.DELETION, actor=herself, now=now)
    with pytest.raises(RequestUnknown):
        withdraw_request(PersonFactory(), request.public_id, actor=herself, now=now)
    withdraw_request(mia, request.public_id, actor=herself, now=now)
    with pytest.raises(RequestClosed):
        withdraw_request(mia, request.public_id, actor=herself, now=now)


def test_staff_who_are_logged_in_as_the_person_neither_ask_nor_open(mia, herself, now):
    inside = dataclasses.replace(herself, on_behalf_of_id=mia.id)
    token, _text = exported(mia, herself, now)
    with pytest.raises(NotWhileLoggedInAs):
        ask_about_data(mia, DataRequestKind.EXPORT, actor=inside, now=now)
    with pytest.raises(NotWhileLoggedInAs):
        open_export(mia, token, actor=inside, now=now)


def test_the_export_holds_what_is_kept_about_the_person(mia, herself, now):
    seat = OwnerFactory(account=AccountFactory(client_id="20002"), person=mia)
    MemberRoleGrantFactory(member=seat, role="billing")
    SignInSessionFactory(person=mia, ip="192.0.2.44", user_agent="Lynx")
    KnownDeviceFactory(person=mia, description="Firefox on Linux")
    AllowedNetworkFactory(person=mia, cidr="192.0.2.0/24")
    SocialIdentityFactory(person=mia, email="mia@elsewhere.example")
    MessageFactory(author=mia, body="It does not ring.", quoted="What Ann wrote")
    InboundMailFactory(sender="mia@acme.example", subject="No tone", person=None)
    PolicyDecisionFactory(person=mia)
    _token, text = exported(mia, herself, now)
    found = values_of(text)
    assert found["person 1", "email"] == "mia@acme.example"
    assert (found["seat 1", "account"], found["seat 2", "account"]) == ("10001", "20002")
    assert found["role 1", "role"] == "billing"
    assert found["session 1", "ip"] == "192.0.2.44"
    assert found["device 1", "description"] == "Firefox on Linux"
    assert found["network 1", "cidr"] == "192.0.2.0/24"
    assert found["social sign-in 1", "email"] == "mia@elsewhere.example"
    assert found["message 1", "body"] == "It does not ring."
    assert found["mail from you 1", "subject"] == "No tone"
    assert found["policy decision 1", "decision"] == "accepted"
    assert found["data request 1", "kind"] == "export"
    assert "What Ann wrote" not in text


def test_the_export_holds_no_secrets_and_nobody_else(mia, herself, now):
    mia.password_hash = "$argon2id$of-mia"
    factor = TotpFactorFactory(person=mia, secret="SEED-OF-MIA")
    signed_in = SignInSessionFactory(person=mia)
    device = KnownDeviceFactory(person=mia)
    NotificationDeliveryFactory(person=mia, text="Password: hunter2", secret=True)
    NotificationDeliveryFactory(person=mia, text="See https://portal.example/stop/tok3n now", secret=False)
    other = PersonFactory(first_name="Otto", last_name="Other", email="otto@other.example")
    OwnerFactory(account=AccountFactory(client_id="30003"), person=other)
    MessageFactory(author=other, body="Mine alone")
    NotificationDeliveryFactory(person=other, address="otto@other.example", text="For Otto")
    token, text = exported(mia, herself, now)
    secrets = (token, "argon2id", factor.secret, signed_in.token_hash, device.device_hash, "hunter2", "tok3n")
    others = ("Otto", "otto@other.example", "30003", "Mine alone")
    assert [word for word in (*secrets, *others) if word in text] == []
    assert "See [link] now" in text
    assert not re.search(r"\b[0-9a-f]{64}\b", text)


def test_the_file_is_read_by_spreadsheets_as_it_stands(mia, herself, now):
    mia.first_name = '=HYPERLINK("http://evil")'
    _token, text = exported(mia, herself, now)
    assert text.startswith("\ufeff")
    assert values_of(text)["person 1", "first name"] == """'=HYPERLINK("http://evil")"""


def test_the_mail_alone_holds_the_token_and_the_database_its_hash(mia, herself, now):
    token, _text = exported(mia, herself, now)
    (mail,) = mails("data_export_ready")
    assert (mail.address, mail.secret) == ("mia@acme.example", True)
    assert db.session.scalars(select(Notification.body).where(Notification.event == mail.event)).all() == [""]
    kept = [str(row) for row in db.session.execute(select(File.key, File.name)).all()]
    assert not [row for row in kept if token in row]


def test_the_export_closes_the_request_and_is_recorded(mia, herself, now):
    exported(mia, herself, now)
    (request,) = requests_of(mia)
    assert (request.status, request.closed_at) == (DataRequestStatus.DONE, now)
    db.session.commit()
    told = select(AuditEvent.event).where(AuditEvent.target_key == request.public_id).order_by(AuditEvent.id)
    events = db.session.scalars(told).all()
    assert events == ["data_request.asked", "person.data_exported", "person.data_fetched"]


def test_the_link_opens_for_nobody_else(mia, herself, now):
    token, _text = exported(mia, herself, now)
    with pytest.raises(ExportUnknown):
        open_export(PersonFactory(), token, actor=herself, now=now)


@pytest.mark.parametrize("token", ["", "no-such-token", "a\0b", "é", "x" * 500, "../../etc/passwd"])
def test_a_token_that_was_never_mailed_opens_nothing(mia, herself, now, token):
    exported(mia, herself, now)
    with pytest.raises(ExportUnknown):
        open_export(mia, token, actor=herself, now=now)


def test_the_link_ends_and_the_file_is_deleted_then(mia, herself, now):
    token, _text = exported(mia, herself, now)
    assert forget(JobContext(1, "forget_data_exports", {}, now))["lost"] == 0
    later = now + OPENS_FOR
    with pytest.raises(ExportExpired):
        open_export(mia, token, actor=herself, now=later)
    db.session.commit()
    forget(JobContext(1, "forget_data_exports", {}, later))
    assert list(stored_files.store.keys(FOLDER)) == []
    assert db.session.scalars(select(DataRequest.status)).all() == [DataRequestStatus.DONE]


def test_a_content_that_no_row_knows_is_deleted_while_none_is_being_made(mia, herself, now):
    stored_files.store.put(f"{FOLDER}/abc.csv", b"")
    request = ask_about_data(mia, DataRequestKind.EXPORT, actor=herself, now=now)
    db.session.commit()
    assert forget(JobContext(1, "forget_data_exports", {}, now))["lost"] == 0
    withdraw_request(mia, request.public_id, actor=herself, now=now)
    db.session.commit()
    assert forget(JobContext(1, "forget_data_exports", {}, now))["lost"] == 1


def test_an_export_that_was_withdrawn_is_not_made(mia, herself, now):
    request = ask_about_data(mia, DataRequestKind.EXPORT, actor=herself, now=now)
    withdraw_request(mia, request.public_id, actor=herself, now=now)
    assert run_due_jobs(JOB, now=now) == 1
    assert mails("data_export_ready") == []
    assert list(stored_files.store.keys(FOLDER)) == []


def test_each_table_costs_one_statement_however_much_there_is(mia):
    for _ in range(3):
        MessageFactory(author=mia)
        SignInSessionFactory(person=mia)
    db.session.commit()
    db.session.refresh(mia)
    statements: list[str] = []

    def note(_connection, _cursor, statement, *_others):
        statements.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        assert sum(1 for _ in lines_about(mia)) > PIECE / 25
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    assert len(statements) == len(TABLES)


def test_every_table_that_names_people_is_exported_or_left_out_on_purpose(session):
    people = {"person", "member", "staff_member"}
    naming = {
        table.name
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if any(key.column.table.name in people for key in column.foreign_keys)
    }
    asked = Asked(1, "mia@acme.example")
    statements = "\n".join(str(table.rows(asked)) for table in TABLES)
    read = {name for name in naming if re.search(rf"\b{name}\b", statements)}
    assert naming - read - LEFT_OUT == set()
    assert LEFT_OUT - naming == set()
