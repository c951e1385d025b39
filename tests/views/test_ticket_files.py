"""Files go with a message of a ticket from its pages: shown there, fetched there, and refused with what was typed kept."""

from __future__ import annotations

import io
import re

import pytest
from sqlalchemy import select

from domain.permissions import MemberRole
from extensions import db
from models import Message, MessageAttachment
from tests.factories.people import AccountFactory
from tests.factories.support import DiscussionFactory, MessageFactory, TicketFactory, TicketTypeFactory
from tests.services.money import rows_of
from tests.support.desk import member_desk, staff_desk
from tests.support.hostile_files import picture
from tests.support.pages import form_of, page_of, said_by

LOG = b"INVITE sip:100@pbx"


@pytest.fixture
def account(session):
    return AccountFactory(client_id="10001")


@pytest.fixture
def ticket(account):
    ticket = TicketFactory(account=account, number="T-900001")
    MessageFactory(discussion=DiscussionFactory(ticket=ticket))
    return ticket


@pytest.fixture
def member(app, account, ticket):
    return member_desk(app, account, MemberRole.TICKETS)


def write(desk, path, *files, **fields):
    """Fill in the form of the ticket's page that goes to ``path``, with files (name, content), and send it."""
    form = next(each for each in page_of(desk.get("/tickets/T-900001")).forms if each.action.endswith(path))
    sent = [(io.BytesIO(content), name) for name, content in files]
    return desk.client.post(
        form.action, data={**form.values, "title": "Trace", "body": "See files.", **fields, "files": sent}
    )


def links(desk):
    return [(text, url) for text, url in page_of(desk.get("/tickets/T-900001")).links if "/attachments/" in url]


def test_an_answer_with_files_shows_and_serves_them_to_both_sides(app, member):
    answer = write(member, "/answer", ("trace.log", LOG), ("screen.png", picture("PNG")))
    assert answer.status_code == 303
    for desk in (member, staff_desk(app)):
        (first, second) = links(desk)
        assert [first[0].split()[0], second[0].split()[0]] == ["trace.log", "screen.png"]
        with desk.client.get(first[1]) as fetched:
            assert fetched.get_data() == LOG
    text = member.get("/tickets/T-900001").get_data(as_text=True)
    assert text.count("<img src=") == 1  # the picture alone is shown
    assert "18 B" in text


def test_a_browser_that_chose_no_file_sends_a_message_without_any(member):
    assert write(member, "/answer", ("", b"")).status_code == 303
    assert rows_of(MessageAttachment) == 0


def test_another_discussion_begins_with_files(member):
    assert write(member, "/discuss", ("trace.log", LOG)).status_code == 303
    assert [text.split()[0] for text, _url in links(member)] == ["trace.log"]


def test_a_file_on_an_internal_note_is_seen_by_staff_alone(app, member):
    desk = staff_desk(app)
    assert write(desk, "/note", ("secret.log", LOG)).status_code == 303
    [(_text, url)] = links(desk)
    assert links(member) == []
    assert member.get(url.removeprefix("/staff")).status_code == 404


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("setup.exe", b"MZ", "“setup.exe” is a program"),
        ("empty.txt", b"", "“empty.txt” is empty"),
    ],
    ids=["program", "empty"],
)
def test_a_file_that_is_refused_sends_nothing_and_keeps_what_was_typed(member, name, content, said):
    before = rows_of(Message)
    answer = write(member, "/answer", ("fine.txt", LOG), (name, content), body="A long text that took an hour.")
    assert answer.status_code == 409
    page = answer.get_data(as_text=True)
    assert said in page
    assert "A long text that took an hour." in page
    assert (rows_of(Message), rows_of(MessageAttachment)) == (before, 0)


def test_each_refused_file_is_named_at_its_place_and_at_the_field(member):
    answer = write(member, "/answer", ("empty.txt", b""), ("fine.txt", LOG), ("setup.exe", b"MZ"))
    assert answer.status_code == 409
    assert form_of(answer).controls["files"].invalid
    page = answer.get_data(as_text=True)
    assert re.findall(r'data-file="(\d)">\s*<span class="visually-hidden">Error: </span>“(\S+)”', page) == [
        ("0", "empty.txt"),
        ("2", "setup.exe"),
    ]
    assert "choose them again" in page  # a browser without script keeps no files


def test_too_many_files_are_refused_at_the_field(member):
    answer = write(member, "/answer", *((f"{number}.txt", LOG) for number in range(11)))
    assert answer.status_code == 409
    assert form_of(answer).controls["files"].invalid
    assert any("At most 10 files" in each for each in said_by(answer))


@pytest.mark.parametrize("path", ["/tickets/T-900001", "/tickets/T-900001/answer", "/tickets/T-900001/discuss"])
def test_every_form_with_files_says_its_limits_and_can_carry_them_without_script(member, path):
    page = member.get(path).get_data(as_text=True)
    for form in re.findall(r'<form method="post"[^>]*>.*?</form>', page, re.DOTALL):
        if 'type="file"' in form:
            assert 'enctype="multipart/form-data"' in form
            for limit in ('data-most-files="10"', 'data-largest-file="20971520"', 'data-most-together="25165824"'):
                assert limit in form
    assert 'type="file"' in page


def test_the_page_of_an_answer_warns_before_it_is_left_and_a_dialog_does_not(member):
    assert "data-guard" in member.get("/tickets/T-900001/answer").get_data(as_text=True)
    fragment = member.get("/tickets/T-900001/answer", headers={"X-Fragment": "1"}).get_data(as_text=True)
    assert "<form" in fragment
    assert "data-guard" not in fragment


def test_a_ticket_is_opened_with_files(member):
    kind = TicketTypeFactory(name="General")
    answer = member.confirm(
        f"/tickets/new?ticket_type={kind.public_id}",
        subject="All down",
        description="Since 9.",
        files=[(io.BytesIO(LOG), "trace.log")],
    )
    assert answer.status_code == 303
    attached = db.session.scalars(select(MessageAttachment)).one()
    assert attached.name == "trace.log"
    assert attached.message_id == db.session.scalar(select(Message.id).order_by(Message.id.desc()).limit(1))
