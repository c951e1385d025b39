"""Mails on their way in: committed before anybody says that they are kept, and asked for again while they cannot be."""

from __future__ import annotations

import datetime as dt
import logging
import smtplib
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from extensions import db
from integrations.mail_door import LOOPBACK
from jobs import mail_in
from jobs.mail_in import MailInDoor, fetch_mails, take_in
from jobs.registry import JobContext
from models import InboundMail, InboundOutcome
from services.mail_counts import mail_counts
from services.mail_threads import reply_addresses
from services.stored_files import stored_files
from tests.commands.test_serve import free_port
from tests.support.imap_server import ImapServer
from tests.support.mails import a_mail, corpus
from tests.support.mails.house import DOMAIN, SECRET, MailHouse, build_house

NOTHING_KEPT: list[Any] = []


@pytest.fixture
def house(app: Flask, session: Any, tmp_path: Path) -> MailHouse:
    made = build_house()
    session.commit()
    stored_files.bind_folder(tmp_path / "files")
    return made


def kept() -> list[tuple[str, InboundOutcome]]:
    """What another connection sees: the committed rows."""
    db.session.rollback()
    rows = db.session.execute(select(InboundMail.sender, InboundMail.outcome).order_by(InboundMail.id))
    return [(row.sender, row.outcome) for row in rows]


def away(*_given: Any, **_named: Any) -> None:
    raise OperationalError("SELECT 1", {}, Exception("the database is away"))


def stumbles(*_given: Any, **_named: Any) -> None:
    raise KeyError("a mistake of ours")


def job(now: dt.datetime) -> JobContext:
    return JobContext(job_id=1, kind="fetch_mails", payload={}, now=now)


# The door


@pytest.fixture
def lmtp(make_app: Any, house: MailHouse, tmp_path: Path) -> Iterator[smtplib.LMTP]:
    port = free_port()
    app = make_app(MAIL_IN_PORT=str(port), MAIL_IN_DOMAIN=house.corpus.domain)
    reply_addresses.bind(SECRET, DOMAIN)  # the new program has bound its own
    stored_files.bind_folder(tmp_path / "files")
    door = MailInDoor(app)
    door.start()
    try:
        with smtplib.LMTP(LOOPBACK, port) as client:
            yield client
    finally:
        door.stop()


def hand_over(lmtp: smtplib.LMTP, mail: EmailMessage, *recipients: str) -> None:
    lmtp.sendmail(str(mail["From"]), list(recipients), mail.as_bytes())
    for _ in recipients[1:]:
        assert lmtp.getreply()[0] == 250  # an answer for each; this client reads only the first by itself


def test_a_mail_is_committed_when_the_door_says_it_is_kept(lmtp: smtplib.LMTP, house: MailHouse) -> None:
    hand_over(lmtp, a_mail(house.corpus.member, house.corpus.reply, "Re: It", "Yes."), house.corpus.reply)
    assert kept() == [(house.corpus.member, InboundOutcome.REPLY)]


def test_of_several_recipients_the_discussion_counts(lmtp: smtplib.LMTP, house: MailHouse) -> None:
    mail = a_mail(house.corpus.member, "somebody@else.example", "Re: It", "Yes.")
    hand_over(lmtp, mail, house.corpus.support, house.corpus.reply)
    assert kept() == [(house.corpus.member, InboundOutcome.REPLY)]


def test_while_the_database_is_away_the_sender_keeps_the_mail(
    lmtp: smtplib.LMTP, house: MailHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    mail = a_mail(house.corpus.stranger, house.corpus.support)
    with monkeypatch.context() as patch:
        patch.setattr(mail_in, "receive_mail", away)
        with pytest.raises(smtplib.SMTPDataError) as refused:
            hand_over(lmtp, mail, house.corpus.support)
    assert refused.value.smtp_code == 451
    assert kept() == NOTHING_KEPT
    hand_over(lmtp, mail, house.corpus.support)
    assert kept() == [(house.corpus.stranger, InboundOutcome.HELD)]


def test_without_a_port_nothing_listens(app: Flask) -> None:
    door = MailInDoor(app)
    door.start()
    assert door._door is None
    door.stop()


def test_a_port_that_is_taken_is_said_and_the_program_runs_on(
    lmtp: smtplib.LMTP, make_app: Any, caplog: pytest.LogCaptureFixture
) -> None:
    second = MailInDoor(make_app(MAIL_IN_PORT=str(lmtp.sock.getpeername()[1])))
    with caplog.at_level(logging.ERROR):
        second.start()
    assert "cannot be used" in caplog.text
    second.stop()


# Whatever goes wrong


def test_a_mail_that_we_stumble_over_is_held(
    app: Flask, house: MailHouse, now: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail_in, "receive_mail", stumbles)
    take_in(a_mail(house.corpus.member, house.corpus.reply).as_bytes(), recipients=[], sender=None, now=now)
    db.session.rollback()
    mail = db.session.scalars(select(InboundMail)).one()
    assert (mail.outcome, mail.reason) == (InboundOutcome.HELD, "It could not be handled (KeyError).")


def test_where_files_cannot_be_kept_neither_is_the_mail(app: Flask, house: MailHouse, now: dt.datetime) -> None:
    class Full:
        def put_chunks(self, *_given: Any) -> None:
            raise OSError("no space left")

    stored_files.bind(Full())  # type: ignore[arg-type]
    with pytest.raises(OSError, match="no space"):
        take_in(a_mail(house.corpus.member, house.corpus.reply).as_bytes(), recipients=[], sender=None, now=now)
    assert kept() == NOTHING_KEPT


# The mailbox


@pytest.fixture
def mailbox() -> Iterator[ImapServer]:
    with ImapServer().running() as server:
        yield server


@pytest.fixture
def with_mailbox(make_app: Any, mailbox: ImapServer, house: MailHouse, tmp_path: Path) -> Flask:
    app = make_app(
        MAIL_IN_IMAP_SERVER="127.0.0.1",
        MAIL_IN_IMAP_PORT=str(mailbox.port),
        MAIL_IN_IMAP_USE_SSL="false",
        MAIL_IN_IMAP_USERNAME=mailbox.username,
        MAIL_IN_IMAP_PASSWORD=mailbox.password,
    )
    stored_files.bind_folder(tmp_path / "files")
    return app


def test_mails_of_the_mailbox_are_committed_and_then_marked(
    with_mailbox: Flask, mailbox: ImapServer, house: MailHouse, now: dt.datetime
) -> None:
    samples = [sample for sample in corpus(house.corpus) if sample.sender is None][:5]
    mailbox.put(*(sample.content for sample in samples))
    with with_mailbox.app_context():
        assert fetch_mails(job(now)) == {"fetched": 5}
    assert len(kept()) == 5
    assert mailbox.unseen == []
    assert mail_counts(since=now.date()).received == 5


def test_while_the_database_is_away_mails_stay_unseen(
    with_mailbox: Flask, mailbox: ImapServer, house: MailHouse, now: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailbox.put(a_mail(house.corpus.stranger, house.corpus.support).as_bytes())
    monkeypatch.setattr(mail_in, "receive_mail", away)
    with with_mailbox.app_context(), pytest.raises(OperationalError):
        fetch_mails(job(now))
    assert len(mailbox.unseen) == 1
    assert kept() == NOTHING_KEPT


def test_a_mail_that_was_kept_but_not_marked_is_kept_once(
    with_mailbox: Flask, mailbox: ImapServer, house: MailHouse, now: dt.datetime
) -> None:
    mailbox.put(a_mail(house.corpus.stranger, house.corpus.support).as_bytes())
    for _ in range(2):
        with with_mailbox.app_context():
            fetch_mails(job(now))
        for mail in mailbox.mails.values():
            mail.seen = False
    assert len(kept()) == 1


def test_a_mailbox_out_of_reach_is_said_and_waits_for_the_next_slot(
    with_mailbox: Flask, mailbox: ImapServer, now: dt.datetime
) -> None:
    mailbox.password = "changed meanwhile"
    with with_mailbox.app_context():
        assert "wrong password" in str(fetch_mails(job(now)))


def test_without_a_mailbox_nothing_is_fetched(app: Flask, session: Any, now: dt.datetime) -> None:
    assert fetch_mails(job(now)) == {}
