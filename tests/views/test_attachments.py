"""Attachments are fetched by whoever reads their ticket; pictures are shown, nothing else is served inline."""

from __future__ import annotations

import pytest

from domain.permissions import MemberRole, StaffRole
from extensions import db
from services.attachments import Upload, attach
from tests.factories.people import AccountFactory, DepartmentFactory, StaffDepartmentFactory, StaffMemberFactory
from tests.factories.support import DiscussionFactory, MessageFactory, TicketFactory
from tests.services.money import CLERK
from tests.support.desk import Desk, member_desk, staff_desk
from tests.support.hostile_files import hostile_files, picture

LOG = b"INVITE sip:100@pbx SIP/2.0\r\n" * 100


@pytest.fixture
def account(client, session):
    return AccountFactory(client_id="10001")


@pytest.fixture
def ticket(account):
    return TicketFactory(account=account)


@pytest.fixture
def message(ticket):
    return MessageFactory(discussion=DiscussionFactory(ticket=ticket))


def hang(message, now, *uploads: Upload):
    found = attach(db.session.merge(message), uploads, actor=CLERK, now=now)
    db.session.commit()
    return found


@pytest.fixture
def log(message, now):
    [found] = hang(message, now, Upload.of("trace.log", LOG))
    return found


def fetch(desk, attachment, **headers):
    with desk.get(f"/attachments/{attachment.public_id}", headers=headers) as answer:
        return answer.status_code, answer.get_data(), answer.headers


def test_a_member_who_reads_tickets_saves_a_file(app, account, log):
    status, content, headers = fetch(member_desk(app, account, MemberRole.TICKETS), log)
    assert (status, content) == (200, LOG)
    assert headers["Content-Disposition"] == "attachment; filename=trace.log"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert "private" in headers["Cache-Control"]


def test_a_piece_of_it_is_fetched(app, account, log):
    status, content, headers = fetch(member_desk(app, account, MemberRole.TICKETS), log, Range="bytes=10-19")
    assert (status, content) == (206, LOG[10:20])
    assert headers["Content-Range"] == f"bytes 10-19/{len(LOG)}"


def test_a_picture_is_shown_by_its_own_type(app, account, message, now):
    [shot] = hang(message, now, Upload.of("shot.html", picture("PNG")))
    status, _content, headers = fetch(member_desk(app, account, MemberRole.TICKETS), shot)
    assert (status, headers["Content-Type"]) == (200, "image/png")
    assert headers["Content-Disposition"].startswith("inline")
    assert "sandbox" in headers["Content-Security-Policy"]


def test_nothing_hostile_is_served_inline_or_as_what_a_browser_runs(app, account, message, now):
    desk = member_desk(app, account, MemberRole.TICKETS)
    for name, content, program in hostile_files():
        if program:
            continue
        [attached] = hang(message, now, Upload.of(name, content))
        status, _content, headers = fetch(desk, attached)
        kind = headers["Content-Type"].split(";")[0]
        assert status == 200
        assert headers["X-Content-Type-Options"] == "nosniff"
        if headers["Content-Disposition"].startswith("inline"):
            assert kind in ("image/png", "image/jpeg", "image/gif", "image/webp"), name
        else:
            assert kind not in ("text/html", "image/svg+xml", "application/xml", "text/xml"), name


@pytest.mark.parametrize("role", [MemberRole.BILLING, MemberRole.LICENSES])
def test_a_member_who_reads_no_tickets_is_refused(app, account, log, role):
    assert fetch(member_desk(app, account, role), log)[0] == 403


def test_a_member_of_another_account_finds_nothing(app, log):
    assert fetch(member_desk(app, AccountFactory(client_id="10002"), MemberRole.OWNER), log)[0] == 404


def test_what_hangs_on_an_internal_note_is_found_by_staff_alone(app, account, ticket, now):
    note = MessageFactory(discussion=DiscussionFactory(ticket=ticket), internal=True, from_staff=True)
    [attached] = hang(note, now, Upload.of("a.txt", b"a"))
    assert fetch(member_desk(app, account, MemberRole.OWNER), attached)[0] == 404
    assert fetch(staff_desk(app), attached)[0] == 200


def test_an_agent_fetches_those_of_their_departments_alone(app, ticket, log):
    here, elsewhere = DepartmentFactory(), DepartmentFactory()
    db.session.merge(ticket).department_id = here.id
    db.session.commit()
    for department, status in ((here, 200), (elsewhere, 404)):
        agent = StaffMemberFactory(role=StaffRole.SUPPORT_AGENT)
        StaffDepartmentFactory(staff_member=agent, department=department)
        assert fetch(Desk(app, agent.person, "/staff"), log)[0] == status


@pytest.mark.parametrize("guess", ["x", "0", "a" * 41, "%00", "1", "..%2f..%2fetc%2fpasswd"])
def test_guessing_finds_nothing(app, account, log, guess):
    assert member_desk(app, account, MemberRole.OWNER).get(f"/attachments/{guess}").status_code == 404


def test_the_folder_leads_to_the_tickets(app, account):
    answer = member_desk(app, account, MemberRole.TICKETS).get("/attachments/")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/portal/10001/tickets/")
