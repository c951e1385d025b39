"""A ticket from the portal to its rating, half of it by mail; and a stranger's mail, from the door to an answer (SPEC F)."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from domain.permissions import MemberRole, StaffRole
from extensions import db
from models import InboundMail, Message, MessageSource, Ticket, TicketStatus
from tests.factories.people import AccountFactory, DepartmentFactory, StaffDepartmentFactory
from tests.factories.support import TicketTypeFactory
from tests.support.mail_door import mail_door
from tests.support.mails import a_mail, raw
from tests.support.somebody import Somebody
from tests.support.townspeople import MINUTE, member_of, one_of_the_staff, owner_of

pytestmark = pytest.mark.slow

DOMAIN = "mail.provider.example"
HELP = f"help@{DOMAIN}"
IDA, MAX, ANN, EVA = "ida@fjord.example", "max@fjord.example", "ann@provider.example", "eva@elsewhere.example"
HOME = "/portal/20001"


@pytest.fixture
def app(keep_app):
    return keep_app(MAIL_IN_DOMAIN=DOMAIN)


@pytest.fixture
def door(app, post, kept_files):
    """The mail server in front, and the house that it brings mails to."""
    account = AccountFactory(client_id="20001", name="Fjord Telecom")
    owner_of(account, IDA, "Ida Berg")
    member_of(account, MAX, "Max Lund", MemberRole.TICKETS)
    support = DepartmentFactory(name="Support", email=HELP)
    ann = one_of_the_staff(ANN, "Ann Lee", StaffRole.SUPPORT_AGENT)
    StaffDepartmentFactory(staff_member=ann, department=support)
    TicketTypeFactory(key="question", name="Question", department=support)
    db.session.commit()
    with mail_door(app) as door:
        yield door


def from_a_phone(letter, *, text):
    """What a phone makes of an answer: multipart, the old text below a line, and its signature."""
    quoted = "\r\n".join(f"> {line}" for line in letter.text.splitlines())
    plain = f"{text}\r\n\r\nMax Lund\r\nSent from my phone\r\n\r\nOn Fri, 15 May 2026 at 09:40, Support wrote:\r\n\r\n{quoted}\r\n"
    html = (
        f'<html><body dir="auto"><div>{text}</div><div id="AppleMailSignature">Max Lund<br>Sent from my phone</div>'
        f'<blockquote type="cite">On Fri, 15 May 2026, Support wrote:<br>{letter.html}</blockquote></body></html>'
    )
    return plain, html


def reply_address(post, email, about):
    """Where the newest mail to somebody wants its answers, as their mail program reads it."""
    letter = post.letter_to(email, about)
    return letter, post.header_of(letter, "Reply-To")


def counted(ann):
    """received, replies, new tickets, held and rejected, as the first page of the staff says them; they add up."""
    ann.goes("/staff/")
    [words] = re.findall(
        r"= ([\d,]+) replies \+ ([\d,]+) new tickets \+ ([\d,]+) held \+ ([\d,]+) rejected", ann.page.text
    )
    [received] = re.findall(r"Mails in 7 days\s+([\d,]+)", ann.page.text)
    parts = [int(each) for each in words]
    assert int(received) == sum(parts)
    return int(received), *parts


def test_a_ticket_from_the_portal_is_answered_from_a_phone_and_at_the_desk_solved_and_rated(
    app, session, clock, post, door
):
    # Ida asks in the portal, with Max in copy.
    ida = Somebody(app, IDA).signs_in()
    ida.goes(f"{HOME}/tickets/new").presses("Continue")
    ida.presses("Save", subject="Phones ring once", description="Since Monday.", copies="Max@Fjord.example")
    assert ida.sees("Phones ring once"), ida
    number = db.session.scalars(select(Ticket.number)).one()
    assert f"/{number}" in ida.where

    # Max reads it on his phone and answers from there.
    clock.shift(10 * MINUTE)
    letter, address = reply_address(post, MAX, "Phones ring once")
    assert "Since Monday." in letter.text
    plain, html = from_a_phone(letter, text="It is only the second floor.")
    mail = a_mail(
        MAX,
        address,
        f"Re: {letter.subject}",
        plain,
        html=html,
        answers=letter.message_id,
        message_id="<p1@phone.example>",
    )
    door.brings(mail, to=address)
    told = db.session.scalars(select(InboundMail)).one()
    assert (told.outcome.value, told.reason) == ("reply", None)

    # Ann finds it on her desk: what is new before her, what was quoted folded away.
    ann = Somebody(app, ANN).signs_in()
    ann.goes("/staff/tickets/").clicks(number)
    assert ann.sees("It is only the second floor.")
    page = ann.answer.get_data(as_text=True)
    folded = re.search(r"<details>\s*<summary>Quoted text</summary>(.*?)</details>", page, re.DOTALL)[1]
    assert "Since Monday." in folded
    assert "second floor" not in folded
    message = db.session.scalars(select(Message).where(Message.source == MessageSource.EMAIL)).one()
    assert "Since Monday" not in message.body
    assert counted(ann) == (1, 1, 0, 0, 0)
    ann.goes(f"/staff/tickets/{number}").presses(
        "Send answer", title="Second floor", body="A **switch** there is down."
    )
    assert ann.sees("Your answer is sent."), ann

    # Both customers get the mail; Ida solves the ticket and says how it went.
    clock.shift(10 * MINUTE)
    for email in (IDA, MAX):
        assert "A **switch** there is down." in post.letter_to(email, number).text
    assert [mail.subject for mail in post.letters_to(ANN) if "Second floor" in mail.text] == []
    ida.goes(f"{HOME}/tickets/{number}")
    assert ida.sees("A switch there is down.")
    ida.clicks("Solve", to=number).presses("Solve")
    assert ida.sees("The ticket is solved."), ida
    ida.presses("Send rating", rating="5", comment="Quick.")
    assert ida.sees("Thank you for your rating."), ida
    db.session.expire_all()
    ticket = db.session.scalars(select(Ticket)).one()
    assert (ticket.status, ticket.rating, ticket.rating_comment) == (TicketStatus.SOLVED, 5, "Quick.")
    ann.goes(f"/staff/tickets/{number}")
    assert ann.sees("Quick.")


def test_a_stranger_is_held_let_in_and_answers_in_the_thread(app, session, clock, post, door):
    ann = Somebody(app, ANN).signs_in()
    assert counted(ann) == (0, 0, 0, 0, 0)

    # A stranger, a bounce and a member write; each ends once.
    door.brings(a_mail(EVA, HELP, "Our lines at Fjord", "We look after Fjord's phones. <b>Help.</b>"), to=HELP)
    assert counted(ann) == (1, 0, 0, 1, 0)
    bounce = raw(
        "From: MAILER-DAEMON@x.example", "Auto-Submitted: auto-replied", "Subject: Not delivered", body="Sorry."
    )
    door.brings(bounce, to=HELP, sender="")
    assert counted(ann) == (2, 0, 0, 1, 1)
    door.brings(a_mail(IDA, HELP, "A question", "What does a seat cost?"), to=HELP)
    assert counted(ann) == (3, 0, 1, 1, 1)
    assert post.letters_to(EVA) == []  # nothing is told to whoever is held

    # Ann reads what waits, and lets it in as a ticket of the account that she knows it belongs to.
    ann.goes("/staff/").clicks("Open: Mails held")
    ann.clicks("Our lines at Fjord")
    assert ann.sees("We look after Fjord's phones. <b>Help.</b>")
    assert ann.sees("Its sender is not known here.")
    ann.clicks("Let in")
    assert ann.presses("Let in", account="99999").complaints
    assert counted(ann) == (3, 0, 1, 1, 1)
    mail_key = db.session.scalars(select(InboundMail.public_id).where(InboundMail.sender == EVA)).one()
    ann.goes(f"/staff/inbound-mails/{mail_key}/let-in").presses("Let in", account="20001")
    assert ann.sees("A ticket is open for it."), ann
    assert counted(ann) == (3, 0, 2, 0, 1)

    # She answers at her desk; the stranger gets a mail, and what they answer is one of the ticket.
    number = db.session.scalars(select(Ticket.number).where(Ticket.subject == "Our lines at Fjord")).one()
    ann.goes(f"/staff/tickets/{number}").presses("Send answer", title="Which lines?", body="Tell us their numbers.")
    clock.shift(10 * MINUTE)
    letter, address = reply_address(post, EVA, number)
    assert "Tell us their numbers." in letter.text
    answer = a_mail(EVA, address, f"Re: {letter.subject}", "100 to 120.", answers=letter.message_id)
    door.brings(answer, to=address)
    assert counted(ann) == (4, 1, 2, 0, 1)
    ann.goes(f"/staff/tickets/{number}")
    assert ann.sees("100 to 120.")

    # Another stranger is let in as an answer in the same ticket, a third is rejected.
    door.brings(a_mail("leo@elsewhere.example", HELP, "Fjord again", "And 130."), to=HELP)
    door.brings(a_mail("spam@junk.example", HELP, "Win a car", "Click."), to=HELP)
    assert counted(ann) == (6, 1, 2, 2, 1)
    ann.goes("/staff/inbound-mails/?outcome=held").clicks("Fjord again").clicks("Let in")
    ann.presses("Let in", ticket=number)
    assert ann.sees("It is an answer in the ticket."), ann
    assert counted(ann) == (6, 2, 2, 1, 1)
    ann.goes("/staff/inbound-mails/?outcome=held").clicks("Win a car").clicks("Reject").presses("Reject")
    assert counted(ann) == (6, 2, 2, 0, 2)
    ann.goes(f"/staff/tickets/{number}")
    assert ann.sees("And 130.")
    messages = db.session.scalars(
        select(Message).join(Message.discussion).where(Message.source == MessageSource.EMAIL)
    ).all()
    assert [each.author_email for each in messages if each.author_email] == [EVA, EVA, "leo@elsewhere.example"]
