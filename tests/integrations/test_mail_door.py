"""Mails are handed over by LMTP or SMTP on this machine, and taken only once they are kept."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

from integrations.mail_door import LARGEST_TAKEN, LOOPBACK, MailDoor

Kept = list[tuple[bytes, Sequence[str], str]]
MAIL = b"From: a@b.example\r\nSubject: Hi\r\n\r\n.dot\r\nHello\r\n"


@contextmanager
def door(take=None, *, lmtp: bool = True) -> Iterator[tuple[MailDoor, Kept]]:
    kept: Kept = []
    made = MailDoor(take or (lambda *mail: kept.append(mail)), port=0, lmtp=lmtp)
    made.start()
    try:
        yield made, kept
    finally:
        made.stop()


def client(made: MailDoor, *, lmtp: bool = True) -> smtplib.SMTP:
    return smtplib.LMTP(LOOPBACK, made.port) if lmtp else smtplib.SMTP(LOOPBACK, made.port)


@pytest.mark.parametrize("lmtp", [True, False])
def test_a_mail_is_handed_over_as_it_is(lmtp):
    with door(lmtp=lmtp) as (made, kept), client(made, lmtp=lmtp) as server:
        server.sendmail("a@b.example", ["support@p.example"], MAIL)
        assert kept == [(MAIL, ["support@p.example"], "a@b.example")]


def test_by_lmtp_each_recipient_gets_an_answer_and_the_mail_is_kept_once():
    with door() as (made, kept), client(made) as server:
        server.sendmail("a@b.example", ["one@p.example", "two@p.example", "three@p.example"], MAIL)
        further = [server.getreply()[0] for _ in range(2)]  # this client reads only the first by itself
        assert further == [250, 250]
        assert server.noop()[1] != b"2.0.0 OK, kept"  # and no more than that
        assert len(kept) == 1


def test_an_empty_sender_stays_empty():
    with door() as (made, kept), client(made) as server:
        server.sendmail("", ["support@p.example"], MAIL)
        assert kept[0][2] == ""


@pytest.mark.parametrize("lmtp", [True, False])
def test_a_mail_that_is_not_kept_is_asked_for_again(lmtp):
    def take(*_mail: object) -> None:
        raise OSError("the database is away")

    with door(take, lmtp=lmtp) as (made, _kept), client(made, lmtp=lmtp) as server:
        with pytest.raises(smtplib.SMTPDataError) as refused:
            server.sendmail("a@b.example", ["support@p.example"], MAIL)
        assert refused.value.smtp_code == 451


def test_lines_longer_than_the_standard_allows_are_taken():
    with door() as (made, kept), client(made) as server:
        server.sendmail("a@b.example", ["support@p.example"], MAIL + b"x" * 200_000 + b"\r\n")
        assert len(kept[0][0]) > 200_000


def test_a_mail_larger_than_any_is_refused_before_it_is_sent():
    with door() as (made, kept), client(made) as server:
        server.ehlo_or_helo_if_needed()
        code, _words = server.mail("a@b.example", [f"SIZE={LARGEST_TAKEN + 1}"])
        assert code == 552
        assert kept == []


def test_a_port_that_is_taken_is_an_error_at_the_start():
    with door() as (made, _kept):
        second = MailDoor(lambda *_mail: None, port=made.port, lmtp=True)
        with pytest.raises(OSError, match="in use"):
            second.start()
