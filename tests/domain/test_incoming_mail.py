"""Reading mails: whatever the bytes are, within limits, and never an error."""

from __future__ import annotations

import datetime as dt
import time
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.incoming_mail import (
    LONGEST_SUBJECT,
    MOST_RECIPIENTS,
    MOST_REFERENCES,
    IncomingMail,
    read_headers,
    read_mail,
)
from domain.mail_parser import DEEPEST, MOST_PARTS
from domain.mail_parts import LONGEST_TEXT, MOST_ATTACHMENTS

HEAD = b"From: Ann Miller <Ann@Acme.example>\r\nTo: support@provider.example\r\nSubject: It rings once\r\n"


def a_mail(body: bytes = b"Please help.\r\n", *more: bytes) -> bytes:
    return HEAD + b"".join(line + b"\r\n" for line in more) + b"\r\n" + body


def test_the_plain_facts_of_a_mail_are_read():
    mail = read_mail(
        a_mail(b"Please help.\r\n", b"Message-ID: <1@acme.example>", b"Date: Mon, 3 Mar 2025 10:00:00 +0100")
    )
    assert (mail.sender, mail.recipients) == ("ann@acme.example", ("support@provider.example",))
    assert (mail.subject, mail.text, mail.message_id) == ("It rings once", "Please help.", "<1@acme.example>")
    assert mail.date == dt.datetime(2025, 3, 3, 9, tzinfo=dt.UTC)
    assert mail.faults == ()


def test_what_it_answers_comes_before_the_newest_of_its_thread():
    mail = read_mail(a_mail(b"", b"In-Reply-To: <c@x>", b"References: <a@x> <b@x>\r\n <c@x>"))
    assert mail.references == ("<c@x>", "<b@x>", "<a@x>")


def test_of_a_long_thread_the_newest_are_kept():
    thread = b" ".join(b"<%d@x.example>" % number for number in range(3000))
    mail = read_mail(a_mail(b"", b"References: " + thread))
    assert len(mail.references) == MOST_REFERENCES
    assert mail.references[0] == "<2999@x.example>"


def test_two_addresses_in_from_are_nobody():
    mail = read_mail(b"From: ann@acme.example, bob@b.example\r\n\r\nHi")
    assert mail.sender == ""
    assert mail.senders == ("ann@acme.example", "bob@b.example")


def test_two_from_fields_are_nobody():
    assert read_mail(b"From: ann@acme.example\r\nFrom: bob@b.example\r\n\r\nHi").sender == ""


def test_an_address_in_the_name_is_not_the_sender():
    assert read_mail(b'From: "ann@acme.example" <bob@b.example>\r\n\r\nHi').sender == "bob@b.example"


def test_encoded_words_and_raw_bytes_in_a_subject_are_read():
    assert read_mail(b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n\r\n").subject == "Grüße"
    assert read_mail("Subject: Grüße\r\n\r\n".encode()).subject == "Grüße"
    assert read_mail("Subject: Grüße\r\n\r\n".encode("latin-1")).subject == "Grüße"


def test_a_huge_subject_is_cut_with_a_sign():
    mail = read_mail(b"Subject: " + b"very " * 10_000 + b"long\r\n\r\nHi")
    assert len(mail.subject) <= LONGEST_SUBJECT
    assert mail.subject.endswith("…")


def test_plain_text_is_preferred_and_html_is_read_where_there_is_no_other():
    both = EmailMessage()
    both.set_content("Plain.")
    both.add_alternative("<p>Page.</p>", subtype="html")
    assert read_mail(both.as_bytes()).text == "Plain."
    assert read_mail(a_mail(b"<p>Page.</p>", b"Content-Type: text/html")).text == "Page."


def test_an_empty_plain_form_gives_way_to_the_page():
    both = EmailMessage()
    both.set_content(" \n")
    both.add_alternative("<p>Page.</p>", subtype="html")
    assert read_mail(both.as_bytes()).text == "Page."


def test_attachments_keep_name_type_and_bytes():
    mail = EmailMessage()
    mail.set_content("See the file.")
    mail.add_attachment(b"%PDF-1", maintype="application", subtype="pdf", filename="../Übersicht.pdf")
    read = read_mail(mail.as_bytes())
    (file,) = read.attachments
    assert (file.name, file.content_type, file.content) == ("Übersicht.pdf", "application/pdf", b"%PDF-1")
    assert read.text == "See the file."


def test_a_calendar_among_the_forms_of_a_text_is_a_file():
    mail = EmailMessage()
    mail.set_content("Let us meet.")
    mail.add_alternative("BEGIN:VCALENDAR", subtype="calendar")
    read = read_mail(mail.as_bytes())
    assert read.text == "Let us meet."
    assert [file.name for file in read.attachments] == ["invitation.ics"]


def test_a_mail_that_is_attached_is_a_file_and_its_text_is_not_taken():
    inner, outer = EmailMessage(), EmailMessage()
    inner.set_content("Secret of another")
    outer.set_content("See the mail.")
    outer.add_attachment(inner)
    read = read_mail(outer.as_bytes())
    assert read.text == "See the mail."
    assert b"Secret of another" in read.attachments[0].content
    assert read.attachments[0].name.endswith(".eml")


def test_more_attachments_than_allowed_are_named_as_a_fault():
    mail = EmailMessage()
    mail.set_content("Many.")
    for _ in range(MOST_ATTACHMENTS + 5):
        mail.add_attachment(b"x", maintype="application", subtype="octet-stream", filename="x.bin")
    read = read_mail(mail.as_bytes())
    assert len(read.attachments) == MOST_ATTACHMENTS
    assert read.faults


def test_a_long_text_is_cut_and_said_so():
    read = read_mail(a_mail(b"word " * 100_000))
    assert len(read.text) == LONGEST_TEXT
    assert read.faults


@pytest.mark.parametrize(
    "charset", [b"utf-8", b"iso-8859-1", b"made-up", b"hex", b'"', b"", b"utf-16", b"=?utf-8?q?x?="]
)
def test_any_charset_a_mail_claims_gives_a_text(charset):
    assert read_mail(a_mail(b"Gr\xc3\xbc\xc3\x9fe", b"Content-Type: text/plain; charset=" + charset)).text


def nested(depth: int) -> bytes:
    parts = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (number, number) for number in range(depth)
    )
    return HEAD + parts + b"Content-Type: text/plain\r\n\r\nInside\r\n"


def test_a_mail_as_deep_as_any_that_somebody_wrote_is_read():
    assert read_mail(nested(DEEPEST - 1)).text == "Inside"


BOMBS = {
    "too deep": nested(5000),
    "too many parts": a_mail(b"--b\r\n\r\nx\r\n" * (MOST_PARTS * 100), b"Content-Type: multipart/mixed; boundary=b"),
    "mails within mails": HEAD + b"Content-Type: message/rfc822\r\n\r\n" * 5000,
    "headers without end": HEAD + b"X-More: of them\r\n" * 500_000,
    "a header without end": b"Subject: " + b"=?utf-8?q?a?= " * 200_000 + b"\r\n\r\n",
    "brackets without end": b"From: " + b"(" * 2_000_000 + b"\r\n\r\n",
    "a page of unfinished tags": a_mail(b"<a " * 200_000, b"Content-Type: text/html"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_mail_bomb_is_read_fast(name):
    begun = time.monotonic()
    mail = read_mail(BOMBS[name])
    assert mail.unread or mail.faults
    assert time.monotonic() - begun < 10


def test_a_clock_that_is_no_clock_gives_no_date():
    for date in (b"yesterday", b"Mon, 99 Foo 9999 99:99:99 +9999", b"Thu, 1 Jan 1970 00:00:00 +0000", b""):
        assert read_mail(a_mail(b"Hi", b"Date: " + date)).date is None


def test_of_a_mail_too_large_to_be_read_the_headers_are():
    mail = read_headers(a_mail(b"x" * 1_000_000, b"Message-ID: <1@x>"))
    assert (mail.sender, mail.message_id, mail.text) == ("ann@acme.example", "<1@x>", "")


def within_limits(mail: IncomingMail) -> bool:
    texts = [mail.subject, mail.text, mail.new, mail.quoted, *mail.senders, *mail.recipients, *mail.references]
    return (
        len(mail.subject) <= LONGEST_SUBJECT
        and len(mail.text) <= LONGEST_TEXT
        and len(mail.attachments) <= MOST_ATTACHMENTS
        and len(mail.recipients) <= MOST_RECIPIENTS
        and all("\0" not in text and text.encode() is not None for text in texts)
    )


@given(st.binary(max_size=2000))
def test_any_bytes_are_a_mail_within_limits(raw):
    assert within_limits(read_mail(raw))


PIECES = [
    *(b"From: ", b"To: ", b"Subject: ", b"Date: ", b"References: ", b"Content-Type: ", b"Content-Disposition: "),
    *(
        b"Content-Transfer-Encoding: ",
        b"multipart/mixed; boundary=b",
        b"multipart/alternative; boundary=",
        b"text/html",
    ),
    *(
        b"message/rfc822",
        b"message/delivery-status",
        b"text/plain; charset=",
        b"utf-16",
        b"base64",
        b"quoted-printable",
    ),
    *(
        b"x-uuencode",
        b"\r\n",
        b"\n",
        b"\r",
        b"\r\n\r\n",
        b"--b",
        b"--b--",
        b"=?utf-8?b?",
        b"?=",
        b"(",
        b")",
        b"<",
        b">",
    ),
    *(
        b'"',
        b"\0",
        b"\xff",
        b"\xc3\xbc",
        b"attachment; filename*=utf-8''%e4",
        b";",
        b"=",
        b"a@b.example",
        b",",
        b"[",
        b":",
    ),
    *(b"Mon, 99 Foo", b" ", b"\t", b"begin 644 x", b"=3D", b"QUJD", b"*0*=", b"%00"),
]


@settings(max_examples=400)
@given(st.lists(st.sampled_from(PIECES), max_size=60))
def test_any_pieces_of_mails_are_a_mail_within_limits(pieces):
    raw = b"".join(pieces)
    assert within_limits(read_mail(raw))
    assert within_limits(read_headers(raw))
