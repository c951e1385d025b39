"""Sending over SMTP, against a real server: what arrives, and how answers are sorted."""

from __future__ import annotations

import datetime as dt
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask_mail import Mail

from domain.mail_kinds import LOOP_HEADER
from integrations.mail import Answer, Attachment, FlaskMailer, Letter, LetterNotSafe, MailServer
from tests.support.smtp import SmtpServer

DATE = dt.datetime(2026, 5, 15, 9, 30, tzinfo=dt.UTC)


@pytest.fixture
def smtp() -> Iterator[SmtpServer]:
    server = SmtpServer().start()
    yield server
    server.stop()


@pytest.fixture
def mailer(smtp: SmtpServer) -> Iterator[FlaskMailer]:
    with MailerTo(smtp.port) as made:
        yield made


class MailerTo:
    """A mailer in the context of an app of its own."""

    def __init__(self, port: int, timeout: float = 5) -> None:
        app = Flask("mailing")
        self._context = app.app_context()
        self._mailer = FlaskMailer(
            Mail(app), MailServer("127.0.0.1", port, timeout=timeout), sender="TELCOware <no-reply@house.example>"
        )

    def __enter__(self) -> FlaskMailer:
        self._context.push()
        return self._mailer

    def __exit__(self, *_error: object) -> None:
        self._context.pop()


def letter(**other: Any) -> Letter:
    given = {
        "to": "mia@acme.example",
        "subject": "Grüße",
        "text": "Hallo Mia.\n.\nEin Punkt.",
        "html": "<p>Hallo Mia.</p>",
        "message_id": "<one@house.example>",
        "date": DATE,
    }
    return Letter(**{**given, **other})


def test_text_html_and_headers_arrive_as_given(smtp: SmtpServer, mailer: FlaskMailer) -> None:
    outcome = mailer.send(
        letter(
            reply_to="tickets@house.example",
            in_reply_to="<before@house.example>",
            headers={"List-Unsubscribe": "<https://portal.example/unsubscribe/x>"},
        )
    )
    assert outcome.answer is Answer.TAKEN
    [mail] = smtp.taken
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert plain.get_content().split() == ["Hallo", "Mia.", ".", "Ein", "Punkt."]
    assert "<p>Hallo Mia.</p>" in html.get_content()
    assert (mail["Subject"], mail["Message-ID"], mail["To"]) == ("Grüße", "<one@house.example>", "mia@acme.example")
    assert mail["Date"].datetime == DATE
    assert (mail["Reply-To"], mail["In-Reply-To"]) == ("tickets@house.example", "<before@house.example>")
    assert mail["From"] == "TELCOware <no-reply@house.example>"
    assert mail["List-Unsubscribe"] == "<https://portal.example/unsubscribe/x>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail[LOOP_HEADER]  # so that one that comes back is known


def test_an_attachment_arrives_byte_for_byte_beside_text_and_html(smtp: SmtpServer, mailer: FlaskMailer) -> None:
    content = bytes(range(256)) * 40
    assert mailer.send(letter(attachments=(Attachment("Über INV-1.pdf", content),))).answer is Answer.TAKEN
    [mail] = smtp.taken
    [file] = mail.iter_attachments()
    assert (file.get_filename(), file.get_content_type()) == ("Über INV-1.pdf", "application/pdf")
    assert file.get_payload(decode=True) == content
    assert mail.get_body(("plain",)) is not None
    assert mail.get_body(("html",)) is not None


@pytest.mark.parametrize(
    "attachment",
    [
        Attachment("a.pdf\r\nBcc: all@acme.example", b""),
        Attachment("", b""),
        Attachment("a.pdf", b"", "text/html\r\nX: y"),
        Attachment("a.pdf", b"", "pdf"),
    ],
)
def test_the_name_and_kind_of_an_attachment_write_no_headers(attachment: Attachment) -> None:
    with pytest.raises(LetterNotSafe):
        letter(attachments=(attachment,))


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("later", Answer.LATER),
        ("never", Answer.NEVER),
        ("full", Answer.NEVER),
        ("lost", Answer.UNKNOWN),
        ("mia", Answer.TAKEN),
    ],
)
def test_answers_are_sorted(smtp: SmtpServer, mailer: FlaskMailer, name: str, answer: Answer) -> None:
    assert mailer.send(letter(to=f"{name}@acme.example")).answer is answer


def test_the_words_of_the_server_are_kept_for_staff(mailer: FlaskMailer) -> None:
    assert mailer.send(letter(to="never@acme.example")).words == "550 5.1.1 Nobody of this name"


def test_only_what_was_lost_after_the_text_may_have_been_taken(smtp: SmtpServer, mailer: FlaskMailer) -> None:
    assert mailer.send(letter(to="lost@acme.example")).answer is Answer.UNKNOWN
    assert mailer.send(letter(to="lost@acme.example")).answer is Answer.UNKNOWN
    assert smtp.message_ids() == {"<one@house.example>": 2}


def test_a_server_that_is_down_is_tried_later() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, and nobody listens
        with MailerTo(taken.getsockname()[1]) as mailer:
            assert mailer.send(letter()).answer is Answer.LATER


def test_a_server_that_says_nothing_is_tried_later() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        with MailerTo(silent.getsockname()[1], timeout=0.2) as mailer:
            assert mailer.send(letter()).answer is Answer.LATER


BREAKS = ["\r\n", "\n", "\r", "\x00", "\u2028", "\x85"]


@pytest.mark.parametrize("line_break", BREAKS)
@pytest.mark.parametrize("header", ["to", "subject", "reply_to", "in_reply_to", "message_id"])
def test_no_header_takes_a_second_line(header: str, line_break: str) -> None:
    value = {"message_id": "<a@b>", "in_reply_to": "<a@b>"}.get(header, "mia@acme.example")
    with pytest.raises(LetterNotSafe):
        letter(**{header: f"{value}{line_break}Bcc: all@acme.example"})


@pytest.mark.parametrize(
    "to",
    [
        "mia@acme.example, tom@acme.example",
        "mia@acme.example tom@acme.example",
        "mia@acme.example;tom@acme.example",
        "Mia <mia@acme.example>",
        "mia@acme.example>,<tom@acme.example",
        "mia@tom@acme.example",
        "@acme.example",
        "mia",
        "",
        "mía@acme.example",
    ],
)
def test_a_letter_goes_to_one_plain_address(to: str) -> None:
    with pytest.raises(LetterNotSafe):
        letter(to=to)


@pytest.mark.parametrize("name", ["Bcc", "to", "From", "Cc", "Message-ID", "X\r\nBcc", "X:Y", ""])
def test_further_headers_are_none_of_those_that_say_who(name: str) -> None:
    with pytest.raises(LetterNotSafe):
        letter(headers={name: "x"})


def test_further_headers_take_one_line() -> None:
    with pytest.raises(LetterNotSafe):
        letter(headers={"List-Unsubscribe": "<x>\r\nBcc: all@acme.example"})


def test_a_sender_with_two_lines_is_refused_at_the_start() -> None:
    app = Flask("mailing")
    with pytest.raises(LetterNotSafe):
        FlaskMailer(Mail(app), MailServer("127.0.0.1", 25), sender="A <a@b.example>\r\nBcc: c@d.example")


def test_the_password_of_the_server_is_never_shown() -> None:
    assert "geheim" not in repr(MailServer("127.0.0.1", 25, username="u", password="geheim"))
