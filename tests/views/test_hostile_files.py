"""Two hundred hostile files, sent to a ticket from its page and by mail: refused in words, or kept and never opened (issue 6)."""

from __future__ import annotations

import datetime as dt
import io
import unicodedata
from email.message import EmailMessage

import pytest
from sqlalchemy import select
from werkzeug.datastructures import FileStorage

from domain.permissions import MemberRole
from extensions import db
from jobs.mail_in import take_in
from models import File, InboundMail, InboundOutcome, MessageAttachment
from tests.factories.people import AccountFactory
from tests.support.desk import member_desk, staff_desk
from tests.support.hostile_files import hostile_files, hostile_names
from tests.support.mails import a_mail
from tests.support.mails.house import build_house
from tests.support.pages import page_of, said_by

pytestmark = pytest.mark.slow

LARGEST = 100_000
IMAGES = {"image/png", "image/jpeg", "image/gif", "image/webp"}
NEVER = {"text/html", "image/svg+xml", "application/xml", "text/xml", "application/xhtml+xml", "text/javascript"}
AT_ONCE = 10
PROGRAMS = [(name, content) for name, content, program in hostile_files() if program]
OTHERS = [(name, content) for name, content, program in hostile_files() if not program] + hostile_names()


@pytest.fixture
def house(app, session, kept_files):
    made = build_house()
    session.commit()
    return made


def in_tens(files):
    return [files[at : at + AT_ONCE] for at in range(0, len(files), AT_ONCE)]


def write(desk, number, files):
    """Fill in the form for an answer, with files that lie about what they are."""
    form = next(form for form in page_of(desk.get(f"/tickets/{number}")).forms if form.action.endswith("/answer"))
    sent = [FileStorage(io.BytesIO(content), filename=name, content_type="image/png") for name, content in files]
    return desk.client.post(form.action, data={**form.values, "title": "Files", "body": "See them.", "files": sent})


def mail_with(sender, to, files, *, number):
    mail = a_mail(sender, to, f"Files {number}", "See them.", message_id=f"<files{number}@acme.example>")
    mail.make_mixed()
    for name, content in files:
        part = EmailMessage()
        part.set_content(content, maintype="text", subtype="html", disposition="attachment")
        part.set_param("filename", name, "Content-Disposition", charset="utf-8")  # RFC 2231: ends of lines, too
        mail.attach(part)
    return mail.as_bytes()


def kept():
    db.session.rollback()
    rows = select(MessageAttachment.public_id, MessageAttachment.name, File.safe_image)
    return db.session.execute(
        rows.join(File, File.id == MessageAttachment.file_id).order_by(MessageAttachment.id)
    ).all()


def assert_never_opened(app, house, count):
    """Each is saved and not shown, but for images that are ones; nobody else finds it; its name is only a name."""
    found = kept()
    assert len(found) == count
    staff = staff_desk(app)
    strangers = member_desk(app, AccountFactory(client_id="99999"), MemberRole.OWNER)
    for public_id, name, safe_image in found:
        assert not any(unicodedata.category(each)[0] == "C" or each in '/\\<>:"' for each in name), name
        assert len(name) <= 120
        with staff.get(f"/attachments/{public_id}") as answer:
            kind, shown = answer.mimetype, answer.headers["Content-Disposition"]
            assert (answer.status_code, answer.headers["X-Content-Type-Options"]) == (200, "nosniff")
            assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
            assert kind not in NEVER, name
            assert shown.startswith("inline" if safe_image else "attachment"), name
            assert not safe_image or kind in IMAGES
            assert "Set-Cookie" not in shown
        assert strangers.get(f"/attachments/{public_id}").status_code == 404


def test_there_are_two_hundred_small_ones():
    every = PROGRAMS + OTHERS
    assert len({(name, content) for name, content in every}) == len(every) >= 200
    assert max(len(content) for _name, content in every) <= LARGEST


def test_from_a_page_programs_are_refused_in_words_and_the_others_are_never_opened(app, house):
    desk, number = member_desk(app, house.ticket.account, MemberRole.TICKETS), house.ticket.number
    for file in PROGRAMS:
        answer = write(desk, number, [("fine.txt", b"fine"), file])
        assert answer.status_code == 409, file[0]
        assert any("is a program, and programs are not taken" in said for said in said_by(answer)), file[0]
    assert kept() == []
    # An end of a line in a name ends the header: what follows is no file, and no browser sends it.
    files = [file for file in OTHERS if not {"\r", "\n"} & set(file[0])]
    for some in in_tens(files):
        answer = write(desk, number, some)
        assert answer.status_code == 303, ([name for name, _content in some], said_by(answer))
    assert_never_opened(app, house, len(files))
    page = staff_desk(app).get(f"/tickets/{number}").get_data(as_text=True)
    assert "<script>" not in page
    assert "<img src=x" not in page


def test_by_mail_programs_are_left_out_and_said_and_the_others_are_never_opened(app, house):
    now, to = dt.datetime.now(dt.UTC), house.corpus.reply
    for number, files in enumerate(in_tens(PROGRAMS) + in_tens(OTHERS)):
        raw = mail_with(house.corpus.member, to, files, number=number)
        take_in(raw, recipients=[to], sender=house.corpus.member, now=now)
    db.session.rollback()
    mails = db.session.scalars(select(InboundMail).order_by(InboundMail.id)).all()
    assert {mail.outcome for mail in mails} == {InboundOutcome.REPLY}
    with_programs = len(in_tens(PROGRAMS))
    assert all("is a program" in str(mail.reason) for mail in mails[:with_programs])
    assert [mail.reason for mail in mails[with_programs:] if mail.reason] == []
    assert_never_opened(app, house, len(OTHERS))
